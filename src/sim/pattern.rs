//! A segment as a script writes it.

use core::fmt;
use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use super::text::Mistake;
use crate::{Control, ParseSegmentError, Segment};

/// A segment as a script writes it. SEQ, ACK, DATA and CTL are always compared, even if they are absent. PSH and all
/// other fields are compared only if they are written.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    pub(super) segment: Segment,
    written: Vec<String>,
    /// The options that must not be there.
    absent: Vec<&'static str>,
}

/// The names of the options in the notation.
pub(super) const OPTIONS: [&str; 4] = ["MSS", "WS", "SACK", "TS"];

impl Pattern {
    pub(super) fn parse(written: &str) -> Result<Pattern, Mistake<'_>> {
        let (mut text, mut absent) = (written.to_string(), Vec::new());
        for option in OPTIONS {
            let field = format!("<{option}=none>");
            if text.contains(&field) {
                text = text.replacen(&field, "", 1);
                absent.push(option);
            }
        }
        let segment = text.parse().map_err(|error| Mistake::new(fault(written, error), format!("{error}")))?;
        let name = |field: &str| field.split(['=', '>']).next().unwrap_or_default().trim().to_string();
        let pattern = Pattern { segment, written: text.split('<').skip(1).map(name).collect(), absent };
        match pattern.absent.iter().find(|option| pattern.writes(option)) {
            Some(option) => Err(Mistake::new(written, format!("<{option}=none> beside an option {option}"))),
            None => Ok(pattern),
        }
    }

    pub(super) fn writes(&self, field: &str) -> bool {
        self.written.iter().any(|name| name == field)
    }

    /// Returns whether this option must not be there.
    pub(super) fn is_absent(&self, option: &str) -> bool {
        self.absent.contains(&option)
    }

    /// Returns the segment; if it writes no window, with the window `last`.
    pub(super) fn with_window(&self, last: u16) -> Segment {
        if self.writes("WND") { self.segment } else { self.segment.with_window(last) }
    }

    /// Returns the pattern without these fields, and whether it had one of them.
    pub(super) fn without(mut self, fields: &[&str]) -> (Pattern, bool) {
        let before = self.written.len().saturating_add(self.absent.len());
        self.written.retain(|name| !fields.contains(&name.as_str()));
        self.absent.retain(|name| !fields.contains(name));
        let after = self.written.len().saturating_add(self.absent.len());
        (self, after < before)
    }

    pub(super) fn matches(&self, other: &Segment) -> bool {
        let this = &self.segment;
        let control = |segment: &Segment| segment.control().difference(Control::PSH);
        let pushed = !this.control().contains(Control::PSH) || other.control().contains(Control::PSH);
        let (mine, its) = (this.options(), other.options());
        this.seq() == other.seq()
            && this.ack() == other.ack()
            && control(this) == control(other)
            && pushed
            && this.payload_len() == other.payload_len()
            && (!self.writes("WND") || this.window() == other.window())
            && (!self.writes("URG") || this.urgent() == other.urgent())
            && (!self.writes("MSS") || mine.mss() == its.mss())
            && (!self.writes("WS") || mine.window_scale() == its.window_scale())
            && (!self.writes("SACK") || its.sack_permitted())
            && (!self.writes("TS") || mine.timestamps() == its.timestamps())
            && !self.absent.iter().any(|option| has(other, option))
    }
}

fn has(segment: &Segment, option: &str) -> bool {
    let options = segment.options();
    match option {
        "MSS" => options.mss().is_some(),
        "WS" => options.window_scale().is_some(),
        "SACK" => options.sack_permitted(),
        _ => options.timestamps().is_some(),
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.segment)?;
        self.absent.iter().try_for_each(|option| write!(f, "<{option}=none>"))
    }
}

/// Returns the field that is invalid or stands there twice; or the whole segment, if no single field is at fault.
fn fault(segment: &str, error: ParseSegmentError) -> &str {
    let name = |field: &str| field.split('=').next().unwrap_or_default().trim().to_string();
    let mut before: Vec<String> = Vec::new();
    let mut rest = segment;
    while let Some((_, inside)) = rest.split_once('<') {
        let Some((field, after)) = inside.split_once('>') else { break };
        let is_none = format!("<{field}>").parse::<Segment>().is_err_and(|alone| alone == error);
        let is_twice = before.contains(&name(field));
        if (error == ParseSegmentError::Fields && is_twice) || (error != ParseSegmentError::Fields && is_none) {
            return field;
        }
        before.push(name(field));
        rest = after;
    }
    segment
}
