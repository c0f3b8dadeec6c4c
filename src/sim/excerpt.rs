//! The beginning and the end of a text that may be too long to read.

use core::fmt;
use std::collections::VecDeque;
use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

/// Lines of text. When they are too many, the lines in the middle are left out.
#[derive(Clone, Debug, Default)]
pub(super) struct Excerpt {
    head: Vec<String>,
    tail: VecDeque<String>,
    left_out: usize,
    /// The last line, as long as its line break has not been written.
    unfinished: String,
}

const HEAD: usize = 40;
const TAIL: usize = 160;

impl Excerpt {
    pub(super) fn push(&mut self, line: String) {
        if self.head.len() < HEAD {
            return self.head.push(line);
        }
        self.tail.push_back(line);
        if self.tail.len() > TAIL {
            self.tail.pop_front();
            self.left_out = self.left_out.saturating_add(1);
        }
    }

    /// Appends the lines of another excerpt, each with the prefix `start`. If `other` has left lines out, its head
    /// fills this head and its tail replaces this tail, so that the gap is at the same place.
    pub(super) fn append(&mut self, other: Excerpt, start: &str) {
        other.head.iter().for_each(|line| self.push(format!("{start}{line}")));
        self.left_out = self.left_out.saturating_add(other.left_out);
        other.tail.iter().for_each(|line| self.push(format!("{start}{line}")));
    }

    /// Returns the lines. If lines are left out, a line in the middle counts them.
    pub(super) fn lines(&self) -> Vec<String> {
        let left_out = (self.left_out > 0).then(|| format!("... {} lines left out ...", self.left_out));
        let end = (!self.unfinished.is_empty()).then(|| self.unfinished.clone());
        self.head.iter().cloned().chain(left_out).chain(self.tail.iter().cloned()).chain(end).collect()
    }
}

impl fmt::Write for Excerpt {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for piece in text.split_inclusive('\n') {
            self.unfinished.push_str(piece);
            if let Some(line) = self.unfinished.strip_suffix('\n') {
                let line = line.to_string();
                self.unfinished.clear();
                self.push(line);
            }
        }
        Ok(())
    }
}
