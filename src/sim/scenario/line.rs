//! Parses one line of a scenario. The documentation of [`Scenario`] explains the lines.
//!
//! [`Scenario`]: crate::sim::Scenario

use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use crate::sim::Side;
use crate::sim::hint::did_you_mean;
use crate::sim::line::{self, Call, Outcome};
use crate::sim::octets::split_once_outside;
use crate::sim::pattern::Pattern;
use crate::sim::policy::{self, Setting};
use crate::sim::text::{Length, Mistake, number};

/// One line of a scenario, parsed.
#[derive(Clone, Debug)]
pub(super) enum Line {
    /// An event or an expectation at one end, as a script writes it.
    At(Side, line::Line),
    /// Policies of both ends.
    Config(Vec<Setting>),
    /// Whether the user of this end reads what is delivered at once.
    Reading(Side, bool),
    /// This end answers SYNs with cookies.
    Cookies(Side),
    /// Something happens to a segment in the network.
    Fate(Fate, Choice, Option<Outcome>),
    /// All segments in flight are delivered, and those that they cause.
    DeliverAll,
    /// A segment that its sender has not sent.
    Inject(Side, Pattern),
    /// A call of the receiver's user, before the receiver answers a segment that is delivered.
    DeliverAndCall(Choice, Option<Outcome>, Side, Call),
    /// Time passes.
    Time(Length),
    /// Time passes until the next timer fires.
    NextTimer,
    /// A remark for the trace.
    Note(String),
}

/// What happens to a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Deliver,
    Lose,
    Double,
    Delay,
}

/// The choice of a segment in flight.
#[derive(Clone, Debug)]
pub(super) enum Choice {
    /// By its place in the network, counted from one.
    Place(usize),
    Like(Pattern),
}

const VERBS: [(&str, Fate); 4] =
    [("deliver", Fate::Deliver), ("lose", Fate::Lose), ("double", Fate::Double), ("delay", Fate::Delay)];

/// The beginnings of lines.
const BEGINNINGS: [&str; 10] = ["A:", "B:", "deliver", "lose", "double", "delay", "inject", "config", "note", "+"];

/// Parses a line without its comment. The line must not be empty.
pub(super) fn parse(line: &str) -> Result<Line, Mistake<'_>> {
    if let Some((event, call)) = split_once_outside(line, " & ") {
        return joined(event.trim_end(), call.trim_start());
    }
    let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let rest = rest.trim_start();
    if let Some(side) = side(line.get(..2).and_then(|start| start.strip_suffix(':')).unwrap_or_default()) {
        return at(side, line.get(2..).unwrap_or_default().trim_start());
    }
    if let Some((_, fate)) = VERBS.iter().find(|(verb, _)| *verb == word) {
        return match rest {
            "all" if *fate == Fate::Deliver => Ok(Line::DeliverAll),
            _ => fate_of(*fate, rest),
        };
    }
    match word {
        "inject" => inject(rest),
        "config" => policy::parse(rest).map(Line::Config),
        "note" => Ok(Line::Note(rest.to_string())),
        "+" if rest == "next" => Ok(Line::NextTimer),
        _ if line.starts_with('+') => Length::parse(line.get(1..).unwrap_or_default()).map(Line::Time),
        _ => {
            let hint = line::meant(line, &BEGINNINGS).map(|meant| did_you_mean(&meant));
            let why = format!("a line begins with one of {}", BEGINNINGS.join(", "));
            Err(Mistake::new(line, format!("{why}{}", hint.unwrap_or_default())))
        }
    }
}

/// `deliver & B: close`
fn joined<'t>(event: &'t str, call: &'t str) -> Result<Line, Mistake<'t>> {
    match (parse(event)?, parse(call)?) {
        (Line::Fate(Fate::Deliver, choice, outcome), Line::At(side, line::Line::Call(call, None))) => {
            Ok(Line::DeliverAndCall(choice, outcome, side, call))
        }
        _ => Err(Mistake::new(call, "only a call can be joined, and only to the delivery of one segment")),
    }
}

fn side(name: &str) -> Option<Side> {
    match name {
        "A" => Some(Side::A),
        "B" => Some(Side::B),
        _ => None,
    }
}

/// The part of a line behind `A:` or `B:`.
fn at(side: Side, text: &str) -> Result<Line, Mistake<'_>> {
    match text {
        "" => Err(Mistake::new(text, format!("a call, a state or a segment is missing behind {side}:"))),
        "stop reading" => Ok(Line::Reading(side, false)),
        "start reading" => Ok(Line::Reading(side, true)),
        "answer with cookies" => Ok(Line::Cookies(side)),
        _ if text.starts_with('+') => Err(Mistake::new(text, "time passes at both ends")),
        _ => line::parse(text).map(|line| Line::At(side, line)),
    }
}

/// The part of a line behind a verb of the network: which segment, and the outcome.
fn fate_of(fate: Fate, text: &str) -> Result<Line, Mistake<'_>> {
    if text.starts_with("-->") || text.starts_with("<--") {
        return Err(Mistake::new(text, "a segment in flight is written without an arrow"));
    }
    let (choice, rest) = if text.starts_with('<') {
        let (segment, rest) = line::split_segment(text)?;
        (Choice::Like(Pattern::parse(segment)?), rest.trim())
    } else {
        let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        match word.starts_with(|c: char| c.is_ascii_digit()) {
            true => (Choice::Place(number(word)?), rest.trim()),
            false => (Choice::Place(1), text),
        }
    };
    match rest {
        "" => Ok(Line::Fate(fate, choice, None)),
        _ if fate == Fate::Deliver => Ok(Line::Fate(fate, choice, Some(line::outcome(rest)?))),
        _ => Err(Mistake::new(rest, format!("`{rest}` is no number of a segment in flight, and no segment"))),
    }
}

fn inject(text: &str) -> Result<Line, Mistake<'_>> {
    let (name, segment) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let from = side(name).ok_or_else(|| Mistake::new(text, "the end in whose name it is sent is missing: A or B"))?;
    let (segment, rest) = line::split_segment(segment)?;
    match rest.trim() {
        "" => Pattern::parse(segment).map(|segment| Line::Inject(from, segment)),
        rest => Err(Mistake::new(rest, "nothing stands behind a segment that is injected")),
    }
}
