//! A segment as a script writes it.

use core::fmt;
use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use super::octets;
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
    /// The payload, if it is written as a string.
    payload: Option<Vec<u8>>,
}

/// The names of the options in the notation.
pub(super) const OPTIONS: [&str; 4] = ["MSS", "WS", "SACK", "TS"];

impl Pattern {
    pub(super) fn parse(written: &str) -> Result<Pattern, Mistake<'_>> {
        let (mut text, payload) = without_string(written)?;
        let mut absent = Vec::new();
        for option in OPTIONS {
            let field = format!("<{option}=none>");
            if text.contains(&field) {
                text = text.replacen(&field, "", 1);
                absent.push(option);
            }
        }
        let segment = text.parse().map_err(|error| not_a_segment(written, error))?;
        let name = |field: &str| field.split(['=', '>']).next().unwrap_or_default().trim().to_string();
        let pattern = Pattern { segment, written: text.split('<').skip(1).map(name).collect(), absent, payload };
        match pattern.absent.iter().find(|option| pattern.writes(option)) {
            Some(option) => Err(Mistake::new(written, format!("<{option}=none> beside an option {option}"))),
            None => Ok(pattern),
        }
    }

    /// Returns the payload, if it is written as a string.
    pub(super) fn payload(&self) -> Option<&[u8]> {
        self.payload.as_deref()
    }

    /// Returns whether a segment with this payload is like the pattern.
    pub(super) fn is_like(&self, segment: &Segment, payload: &[u8]) -> bool {
        self.matches(segment) && self.payload().is_none_or(|written| written == payload)
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

/// Replaces a payload that is written as a string by the number of its bytes. Returns the payload, too.
fn without_string(written: &str) -> Result<(String, Option<Vec<u8>>), Mistake<'_>> {
    const FIELD: &str = "<DATA=\"";
    let whole = || (written.to_string(), None);
    let Some(start) = written.find(FIELD) else { return Ok(whole()) };
    let Some((before, field)) = written.split_at_checked(start) else { return Ok(whole()) };
    let value = field.strip_prefix("<DATA=").unwrap_or_default();
    let Some((string, after)) = octets::split_once_outside(value, ">") else {
        return Err(Mistake::new(value, "the quotation mark at the end of the string is missing"));
    };
    let payload = octets::string(string.trim_end())?;
    if u16::try_from(payload.len()).is_err() {
        return Err(Mistake::new(string, "a segment has at most 65535 bytes of payload"));
    }
    Ok((format!("{before}<DATA={}>{after}", payload.len()), Some(payload)))
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
        let segment = self.segment.to_string();
        match &self.payload {
            Some(payload) => {
                let number = format!("<DATA={}>", self.segment.payload_len());
                f.write_str(&segment.replacen(&number, &format!("<DATA={}>", octets::quoted(payload)), 1))?;
            }
            None => f.write_str(&segment)?,
        }
        self.absent.iter().try_for_each(|option| write!(f, "<{option}=none>"))
    }
}

fn not_a_segment(written: &str, error: ParseSegmentError) -> Mistake<'_> {
    let field = |start: &str| written.split(['<', '>']).find(|field| field.starts_with(start));
    let Some(control) = field("CTL=").filter(|_| error == ParseSegmentError::Ack) else {
        return Mistake::new(fault(written, error), error.to_string());
    };
    let why = match field("ACK=") {
        Some(ack) => format!("<{ack}> needs the bit ACK: write <{control},ACK>, or leave <{ack}> out"),
        None => format!("the bit ACK in <{control}> needs a field such as <ACK=301>, the next number that is expected"),
    };
    Mistake::new(control, why)
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
