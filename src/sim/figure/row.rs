//! The rows of a figure, parsed.

use std::format;
use std::vec;
use std::vec::Vec;

use crate::State;
use crate::sim::Side;
use crate::sim::hint::did_you_mean;
use crate::sim::line::{self, Line, Outcome};
use crate::sim::octets;
use crate::sim::pattern::Pattern;
use crate::sim::text::{self, Mistake};

#[derive(Clone, Debug)]
pub(super) enum Row {
    /// A line of a script for one end.
    One(Side, Line),
    /// A call that is made before the end is polled for its previous event.
    Joined(Side, Line),
    /// Time or policies, for both ends.
    Both(Line),
    /// The states of A and B.
    States(State, State),
    /// A segment on its way through the network.
    Passage(Passage),
}

#[derive(Clone, Debug)]
pub(super) struct Passage {
    pub(super) from: Side,
    pub(super) origin: Origin,
    pub(super) pattern: Pattern,
    pub(super) fate: Fate,
    pub(super) outcome: Outcome,
    /// The state of A after the row, if the row gives it.
    pub(super) a: Option<State>,
    /// The state of B after the row, if the row gives it.
    pub(super) b: Option<State>,
}

/// Where a segment comes from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Origin {
    /// Its sender puts it out now.
    PutOut,
    /// The network has held it back.
    Held,
    /// It is a copy of a segment that was sent before.
    Again,
    /// It is an old duplicate, from before this exchange.
    Old,
}

/// The fate of a segment in the network.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fate {
    Arrives,
    Held,
    Lost,
}

/// Reads a line. A line with both `A:` and `B:` becomes two rows.
pub(super) fn parse(line: &str) -> Result<Vec<Row>, Mistake<'_>> {
    if let Some(rest) = line.strip_prefix("A:") {
        return match octets::split_once_outside(rest, "B:") {
            Some((a, b)) => Ok(vec![one(Side::A, a)?, one(Side::B, b)?]),
            None => Ok(vec![one(Side::A, rest)?]),
        };
    }
    if let Some(rest) = line.strip_prefix("B:") {
        return Ok(vec![one(Side::B, rest)?]);
    }
    if line.starts_with('+') || line.starts_with("config ") {
        return Ok(vec![Row::Both(line::parse(line)?)]);
    }
    let row = without_number(line);
    let Some(start) = row.find("<SEQ") else {
        return Ok(vec![states(line, row)?]);
    };
    let (left, rest) = row.split_at_checked(start).unwrap_or((row, ""));
    let (segment, right) = line::split_segment(rest)?;
    Ok(vec![Row::Passage(passage(left.trim(), segment, right.trim())?)])
}

/// A row without a segment. `line` is the row with its number.
fn states<'t>(line: &'t str, row: &'t str) -> Result<Row, Mistake<'t>> {
    let meant = match row.split_once(char::is_whitespace).map(|(a, b)| Ok((text::state(a)?, text::state(b)?))) {
        Some(Ok((a, b))) => return Ok(Row::States(a, b)),
        Some(Err(mistake)) => line::completed(line).ok_or(mistake).map(Some)?,
        None => line::completed(line).or_else(|| line::meant(row, &["A:", "B:", "config", "+"])),
    };
    let hint = meant.map(|meant| did_you_mean(&meant)).unwrap_or_default();
    Err(Mistake::new(row, format!("neither a segment nor the states of both ends{hint}")))
}

fn one(side: Side, text: &str) -> Result<Row, Mistake<'_>> {
    if let Some(call) = text.trim_start().strip_prefix('&') {
        return match line::parse(call.trim())? {
            call @ Line::Call(..) => Ok(Row::Joined(side, call)),
            Line::Config(_)
            | Line::Iss(_)
            | Line::Arrives(..)
            | Line::Icmp(..)
            | Line::Sends(..)
            | Line::Signal(_)
            | Line::Transition(_)
            | Line::State(..)
            | Line::Time(_) => Err(Mistake::new(call.trim(), "only a call can be joined")),
        };
    }
    match line::parse(text.trim())? {
        Line::Arrives(..) | Line::Sends(..) => {
            Err(Mistake::new(text.trim(), "a segment between two ends stands in a row of its own"))
        }
        Line::Time(_) => Err(Mistake::new(text.trim(), "time passes for both ends")),
        line @ (Line::Config(_)
        | Line::Iss(_)
        | Line::Call(..)
        | Line::Icmp(..)
        | Line::Signal(_)
        | Line::Transition(_)
        | Line::State(..)) => Ok(Row::One(side, line)),
    }
}

/// Removes the number of a row, such as `2a.` in `2a. SYN-SENT --> ...`.
fn without_number(line: &str) -> &str {
    match line.split_once(char::is_whitespace) {
        Some((_, row)) if line.starts_with(|c: char| c.is_ascii_digit()) => row.trim_start(),
        Some(_) | None => line,
    }
}

fn passage<'t>(left: &'t str, segment: &'t str, right: &'t str) -> Result<Passage, Mistake<'t>> {
    let (left, arrow) = match left.rsplit_once(char::is_whitespace) {
        Some((left, arrow)) => (left.trim(), arrow),
        None => ("", left),
    };
    let (end, right) = match right.split_once(char::is_whitespace) {
        Some((end, right)) => (end, right.trim()),
        None => (right, ""),
    };
    let (from, at_origin, at_end) = match (arrow, end) {
        ("-->", "-->" | "..." | "x") | ("...", "-->") => (Side::A, arrow, end),
        ("<--" | "..." | "x", "<--") | ("<--", "...") => (Side::B, end, arrow),
        _ => {
            let why = format!("`{arrow}` and `{end}` around a segment do not say where it goes");
            return Err(Mistake::new(segment, why));
        }
    };
    let (a, after_a) = Beside::parse(left)?;
    let (b, after_b) = Beside::parse(right)?;
    if !after_a.is_empty() {
        return Err(Mistake::new(after_a, format!("`{after_a}` between the state and the arrow")));
    }
    let origin = match (at_origin, a.note().or(b.note())) {
        ("...", None) => Origin::Held,
        ("...", Some("(again)")) => Origin::Again,
        ("...", Some("(duplicate)")) => Origin::Old,
        (_, None) => Origin::PutOut,
        (_, Some(note)) => {
            return Err(Mistake::new(note, format!("{note} stands for a segment that was just put out")));
        }
    };
    let fate = match at_end {
        "..." => Fate::Held,
        "x" => Fate::Lost,
        _ => Fate::Arrives,
    };
    let pattern = Pattern::parse(segment)?;
    let outcome = line::outcome(after_b)?;
    Ok(Passage { from, origin, pattern, fate, outcome, a: a.state(), b: b.state() })
}

/// The text at the left or the right of a row: a state, a note, or neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Beside<'t> {
    Nothing,
    State(State),
    Note(&'t str),
}

impl<'t> Beside<'t> {
    /// Reads the state or note at the start of `text`. Also returns the text behind it.
    fn parse(text: &'t str) -> Result<(Beside<'t>, &'t str), Mistake<'t>> {
        let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        match word {
            "" => Ok((Beside::Nothing, "")),
            "(again)" | "(duplicate)" => Ok((Beside::Note(word), rest.trim())),
            "delivers" | "accepted" | "refused" | "refused:" => Ok((Beside::Nothing, text)),
            _ => Ok((Beside::State(text::state(word)?), rest.trim())),
        }
    }

    fn state(self) -> Option<State> {
        match self {
            Beside::State(state) => Some(state),
            Beside::Nothing | Beside::Note(_) => None,
        }
    }

    fn note(self) -> Option<&'t str> {
        match self {
            Beside::Note(note) => Some(note),
            Beside::Nothing | Beside::State(_) => None,
        }
    }
}
