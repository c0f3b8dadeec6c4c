//! The beginning and the end of a text that may be too long to be read.

use core::fmt;
use std::collections::VecDeque;
use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

/// Lines, of which those in the middle are left out when there are too many.
#[derive(Clone, Debug, Default)]
pub(super) struct Excerpt {
    head: Vec<String>,
    tail: VecDeque<String>,
    left_out: usize,
    /// Written without its end yet.
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

    /// Takes over the lines of another one, each behind this beginning. Where it leaves lines out, so does this one
    /// there: its head is full then, and none of its tail is older.
    pub(super) fn append(&mut self, other: Excerpt, start: &str) {
        other.head.iter().for_each(|line| self.push(format!("{start}{line}")));
        self.left_out = self.left_out.saturating_add(other.left_out);
        other.tail.iter().for_each(|line| self.push(format!("{start}{line}")));
    }

    /// The lines, with one in the middle that counts those that are left out.
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
