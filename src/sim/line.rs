//! Parses one line of a script. The documentation of [`Script`] explains the lines.
//!
//! [`Script`]: super::Script

use core::fmt;
use core::ops::Range;
use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use super::hint::{did_you_mean, hint, nearest};
use super::octets::{self, Octets, find_outside, split_once_outside};
use super::pattern::Pattern;
use super::policy::{self, Setting};
use super::text::{Length, Mistake, number, range, state};
use super::variable::{self, Variable};
use crate::{IcmpError, Open, State, Transition};

/// One line of a script, parsed.
#[derive(Clone, Debug)]
pub(super) enum Line {
    /// Policies, set before the first event.
    Config(Vec<Setting>),
    /// The next initial sequence number.
    Iss(u32),
    /// A user call, and the error that it must return.
    Call(Call, Option<String>),
    /// `<--`: a segment arrives.
    Arrives(Pattern, Outcome),
    /// An ICMP error that quotes this sequence number arrives.
    Icmp(IcmpError, u32, Outcome),
    /// `-->`: a segment must have been put out, with these bytes.
    Sends(Pattern, Option<Payload>),
    /// A signal must have been put out.
    Signal(String),
    /// A transition must have been put out.
    Transition(Transition),
    /// The state, and some of the variables, must be these.
    State(State, Vec<Variable>),
    /// Time passes.
    Time(Length),
}

/// A user call.
#[derive(Clone, Debug)]
pub(super) enum Call {
    Open(Open),
    Send(Octets),
    SendUrgent(Octets),
    Receive(Octets),
    Close,
    Detach,
    Abort,
    AcknowledgeNow,
    Limit(u32),
    Retransmit(Range<usize>),
    CongestionExperienced,
    CongestionWindowReduced,
    /// Other policies during the life of the connection.
    Configure(Vec<Setting>),
    /// Not a call of the RFC: the host forgets the connection.
    Crash,
}

/// The expected payload of an outbound segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Payload {
    /// This range of the send queue.
    Range(Range<usize>),
    /// These bytes.
    Text(Vec<u8>),
}

/// The expected outcome of a segment or an ICMP error that arrives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// All of its payload is delivered. A segment without payload may be accepted or refused.
    Whole,
    /// It is not refused.
    Accepted,
    /// These bytes of it are delivered.
    Delivers(Range<usize>),
    /// It is refused, for this reason if one is written.
    Refused(String),
}

/// A line without its comment and the white space around it.
pub(super) fn without_comment(line: &str) -> &str {
    split_once_outside(line, "#").map_or(line, |(line, _)| line).trim()
}

/// Parses a line as [`without_comment`] returns it. The line must not be empty.
pub(super) fn parse(line: &str) -> Result<Line, Mistake<'_>> {
    if let Some(rest) = line.strip_prefix("<--") {
        return arrives(rest);
    }
    if let Some(rest) = line.strip_prefix("-->") {
        return sends(rest);
    }
    if let Some(rest) = line.strip_prefix('+') {
        return Length::parse(rest).map(Line::Time);
    }
    if let Some(rest) = line.strip_prefix("signal:") {
        return signal(rest.trim()).map(Line::Signal);
    }
    if let Some(rest) = line.strip_prefix("config ") {
        return policy::parse(rest).map(Line::Config);
    }
    if let Some(rest) = line.strip_prefix("configure ") {
        return policy::parse(rest).map(|settings| Line::Call(Call::Configure(settings), None));
    }
    if let Some(rest) = line.strip_prefix("icmp ") {
        return icmp(rest);
    }
    if let Some(why) = misplaced_arrow(line) {
        return Err(Mistake::new(line, why));
    }
    if let Some((from, to)) = split_once_outside(line, "->") {
        return Ok(Line::Transition(Transition { from: before_or_after(from)?, to: before_or_after(to)? }));
    }
    if let Some(rest) = line.strip_prefix("ISS=") {
        return number(rest).map(Line::Iss);
    }
    let mut words = line.split_whitespace();
    match words.next().and_then(|word| state(word).ok()) {
        Some(state) => Ok(Line::State(state, variable::parse(words)?)),
        None => call(line),
    }
}

/// Returns why a line is wrong that has a segment, or a long arrow, at another place than a script has it.
fn misplaced_arrow(line: &str) -> Option<String> {
    let segment = find_outside(line, "<SEQ").and_then(|start| line.split_at_checked(start));
    match (segment, split_once_outside(line, "-->")) {
        (Some(("", _)), _) => Some("an arrow is missing before the segment: `-->` goes out, `<--` arrives".to_string()),
        (Some((before, segment)), _) if !before.contains(char::is_alphanumeric) => {
            let arrow = if before.contains('<') { "<--" } else { "-->" };
            Some(format!("`{}` is no arrow{}", before.trim(), did_you_mean(&format!("{arrow} {segment}"))))
        }
        (Some(_), _) => {
            Some("a segment has a line of its own, which begins with its arrow: `-->` or `<--`".to_string())
        }
        (None, Some((from, to))) => {
            let states = state(from).and_then(|from| Ok((from, state(to)?)));
            let hint = states.map(|(from, to)| did_you_mean(&Transition { from, to }.to_string()));
            Some(format!("`-->` stands before a segment{}", hint.unwrap_or_default()))
        }
        (None, None) => None,
    }
}

/// A state beside the arrow of a transition.
fn before_or_after(name: &str) -> Result<State, Mistake<'_>> {
    let name = name.trim();
    match call(name) {
        Ok(_) => Err(Mistake::new(name, format!("`{name}` is a call, and `->` stands between two states"))),
        Err(_) => state(name),
    }
}

/// `<SEQ=100><CTL=SYN>   refused: ...`, without the arrow.
fn arrives(text: &str) -> Result<Line, Mistake<'_>> {
    let (segment, rest) = split_segment(text)?;
    Ok(Line::Arrives(Pattern::parse(segment)?, outcome(rest)?))
}

/// `PortUnreachable 100   refused`, without the word before it.
fn icmp(text: &str) -> Result<Line, Mistake<'_>> {
    let text = text.trim();
    let (name, rest) = text
        .split_once(char::is_whitespace)
        .ok_or_else(|| Mistake::new(text, "an ICMP error quotes a sequence number"))?;
    let (quoted, rest) = rest.trim().split_once(char::is_whitespace).unwrap_or((rest.trim(), ""));
    let error = icmp_error(name)?;
    let outcome = if rest.trim().is_empty() { Outcome::Accepted } else { outcome(rest)? };
    Ok(Line::Icmp(error, number(quoted)?, outcome))
}

fn icmp_error(name: &str) -> Result<IcmpError, Mistake<'_>> {
    let error = IcmpError::ALL.into_iter().find(|error| format!("{error:?}") == name);
    error.ok_or_else(|| {
        let known = IcmpError::ALL.map(|error| format!("{error:?}"));
        let hint = hint(name, known.iter().map(String::as_str));
        Mistake::new(name, format!("`{name}` is no ICMP error such as PortUnreachable{hint}"))
    })
}

/// The kind of value that follows the name of a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Nothing,
    Bytes,
    Icmp,
}

/// The names of all [`Signal`](crate::Signal)s.
const SIGNALS: [(&str, Told); 11] = [
    ("Acknowledged", Told::Bytes),
    ("CongestionExperienced", Told::Nothing),
    ("Urgent", Told::Nothing),
    ("Closing", Told::Nothing),
    ("Refused", Told::Nothing),
    ("Reset", Told::Nothing),
    ("TimedOut", Told::Nothing),
    ("Unreachable", Told::Icmp),
    ("SoftError", Told::Icmp),
    ("RetransmissionTimeout", Told::Nothing),
    ("Retransmitting", Told::Nothing),
];

/// Parses `Acknowledged 10`, and returns it as it is printed.
fn signal(text: &str) -> Result<String, Mistake<'_>> {
    let (name, value) = text.split_at(text.find(char::is_whitespace).unwrap_or(text.len()));
    let value = value.trim();
    let known = SIGNALS.iter().find(|(known, _)| *known == name);
    let hint = || hint(name, SIGNALS.map(|(known, _)| known));
    let (_, told) = known.ok_or_else(|| Mistake::new(name, format!("`{name}` is no signal{}", hint())))?;
    match told {
        Told::Nothing if value.is_empty() => Ok(name.to_string()),
        Told::Nothing => Err(Mistake::new(value, format!("nothing stands behind {name}"))),
        Told::Bytes | Told::Icmp if value.is_empty() => {
            Err(Mistake::new(value, format!("something is missing behind {name}")))
        }
        Told::Bytes => Ok(format!("{name} {}", number::<usize>(value)?)),
        Told::Icmp => Ok(format!("{name} {:?}", icmp_error(value)?)),
    }
}

/// Parses the outcome that stands behind a segment.
pub(super) fn outcome(text: &str) -> Result<Outcome, Mistake<'_>> {
    let text = text.trim();
    if let Some(rest) = text.strip_prefix("delivers ") {
        return match rest.trim() {
            "nothing" => Ok(Outcome::Delivers(0..0)),
            bytes => range(bytes).map(Outcome::Delivers),
        };
    }
    if let Some(rest) = text.strip_prefix("refused") {
        return Ok(Outcome::Refused(rest.trim_start_matches(':').trim().to_string()));
    }
    match text {
        "" => Ok(Outcome::Whole),
        "accepted" => Ok(Outcome::Accepted),
        _ => {
            let why = format!("`{text}` is none of: delivers 0..10, delivers nothing, accepted, refused, refused: why");
            Err(Mistake::new(text, why))
        }
    }
}

/// `<SEQ=100><CTL=SYN>   bytes 0..10`, without the arrow.
fn sends(text: &str) -> Result<Line, Mistake<'_>> {
    let (segment, rest) = split_segment(text)?;
    let pattern = Pattern::parse(segment)?;
    let bytes = match rest.trim().strip_prefix("bytes ").map(str::trim_start) {
        Some(text) if text.starts_with('"') => Some(Payload::Text(string_of(&pattern, text)?)),
        Some(bytes) => Some(Payload::Range(range(bytes)?)),
        None if rest.trim().is_empty() => pattern.payload().map(|bytes| Payload::Text(bytes.to_vec())),
        None => {
            let why = format!("`{}` is not: bytes 0..10, or bytes \"hello\"", rest.trim());
            return Err(Mistake::new(rest.trim(), why));
        }
    };
    Ok(Line::Sends(pattern, bytes))
}

/// Parses the string behind a segment, which must have the length of its payload.
fn string_of<'t>(pattern: &Pattern, text: &'t str) -> Result<Vec<u8>, Mistake<'t>> {
    let (bytes, payload) = (octets::string(text)?, usize::from(pattern.segment.payload_len()));
    if bytes.len() == payload && pattern.payload().is_none_or(|written| written == bytes) {
        return Ok(bytes);
    }
    Err(Mistake::new(text, format!("{text} is not a payload of {payload} bytes, or not the one in the segment")))
}

/// Splits a text into the segment at its start, and the rest.
pub(super) fn split_segment(text: &str) -> Result<(&str, &str), Mistake<'_>> {
    let text = text.trim_start();
    let mut rest = text;
    while let Some((_, after)) =
        rest.strip_prefix('<').filter(|rest| !rest.starts_with('-')).and_then(|r| split_once_outside(r, ">"))
    {
        rest = after;
    }
    if let Some(string) = rest.strip_prefix("<DATA=").filter(|value| value.starts_with('"')) {
        octets::string(string)?;
        return Err(Mistake::new(string, "`>` is missing behind the string"));
    }
    let len = text.len().saturating_sub(rest.len());
    match text.split_at_checked(len) {
        Some((segment, rest)) if len > 0 => Ok((segment, rest)),
        Some(_) | None => {
            Err(Mistake::new(text, format!("`{text}` does not begin with a segment such as <SEQ=100><CTL=SYN>")))
        }
    }
}

fn call(line: &str) -> Result<Line, Mistake<'_>> {
    let (call, error) = match split_once_outside(line, "=>") {
        Some((call, error)) => (call, Some(error_text(error.trim())?)),
        None => (line, None),
    };
    if let Some(call) = of_octets(call.trim())? {
        return Ok(Line::Call(call, error));
    }
    let words: Vec<&str> = call.split_whitespace().collect();
    let call = match *words {
        ["open", "active"] => Call::Open(Open::Active),
        ["open", "passive"] => Call::Open(Open::Passive),
        ["open"] => return Err(Mistake::new(line, "an open is active or passive: `open active` or `open passive`")),
        ["close"] => Call::Close,
        ["detach"] => Call::Detach,
        ["abort"] => Call::Abort,
        ["acknowledge", "now"] => Call::AcknowledgeNow,
        ["limit", bytes] => Call::Limit(number(bytes)?),
        ["retransmit", bytes] => Call::Retransmit(range(bytes)?),
        ["congestion", "experienced"] => Call::CongestionExperienced,
        ["congestion", "window", "reduced"] => Call::CongestionWindowReduced,
        ["crash"] => Call::Crash,
        _ => {
            let why = format!("`{line}` is no segment, call, signal, state, policy or length of time");
            let time = Length::find(line).map(|time| format!("+ {time}"));
            let meant = time.or_else(|| near(line, beginnings()).map(ToString::to_string));
            let hint = meant.map(|meant| did_you_mean(&meant)).unwrap_or_default();
            return Err(Mistake::new(line, format!("{why}{hint}")));
        }
    };
    Ok(Line::Call(call, error))
}

/// Parses `error: connection closing`, the part of a call behind `=>`.
fn error_text(text: &str) -> Result<String, Mistake<'_>> {
    let why = text.strip_prefix("error:").map(str::trim).filter(|why| !why.is_empty());
    why.map(ToString::to_string).ok_or_else(|| {
        Mistake::new(text, "behind `=>` stand `error:` and its text, as in `=> error: connection closing`")
    })
}

/// Returns the line of a scenario or of a figure that a line becomes with its end or its `+`: `A: close`, `+ 5s`.
pub(super) fn completed(line: &str) -> Option<String> {
    let time = Length::find(line).map(|time| format!("+ {time}"));
    time.or_else(|| parse(line).is_ok().then(|| format!("A: {line}")))
}

/// Returns the line of a scenario or of a figure that may be meant. `known` are the beginnings of its other lines.
pub(super) fn meant(line: &str, known: &[&'static str]) -> Option<String> {
    let near = || near(line, known.iter().copied().chain(beginnings()));
    let with_end = |near: &str| if known.contains(&near) { near.to_string() } else { format!("A: {near}") };
    completed(line).or_else(|| near().map(with_end))
}

/// The calls with bytes.
const OF_OCTETS: [(&str, OfOctets); 3] =
    [("send urgent ", Call::SendUrgent), ("send ", Call::Send), ("receive ", Call::Receive)];

type OfOctets = fn(Octets) -> Call;

/// Parses a call with bytes: `send 10`, `send urgent 10`, `receive "hello"`. Returns `None` if it is another call, or
/// if it has more words.
fn of_octets(call: &str) -> Result<Option<Call>, Mistake<'_>> {
    let found = OF_OCTETS.iter().find_map(|(name, call_of)| Some((call.strip_prefix(name)?.trim_start(), call_of)));
    match found {
        Some((bytes, call_of)) if bytes.starts_with('"') || !bytes.contains(char::is_whitespace) => {
            Octets::parse(bytes).map(|octets| Some(call_of(octets)))
        }
        Some(_) | None => Ok(None),
    }
}

/// Returns the beginning of a line that is near to the words of a line, or else to its first word.
fn near(line: &str, known: impl Iterator<Item = &'static str> + Clone) -> Option<&'static str> {
    let words = without_numbers(line);
    nearest(&words, known.clone()).or_else(|| nearest(words.split_whitespace().next()?, known))
}

/// Returns the possible beginnings of a line, for hints.
fn beginnings() -> impl Iterator<Item = &'static str> + Clone {
    const CALLS: [&str; 20] = [
        "open active",
        "open passive",
        "send",
        "send urgent",
        "receive",
        "close",
        "detach",
        "abort",
        "acknowledge now",
        "limit",
        "retransmit",
        "congestion experienced",
        "congestion window reduced",
        "crash",
        "config",
        "configure",
        "icmp",
        "signal:",
        "ISS=",
        "+",
    ];
    CALLS.into_iter().chain(State::ALL.iter().map(|state| state.name()))
}

/// Returns the words before the first word with a digit, a value or a string.
fn without_numbers(line: &str) -> String {
    let is_value =
        |word: &&str| word.contains(|c: char| c.is_ascii_digit() && !word.contains('-')) || word.contains(['=', '"']);
    line.split_whitespace().take_while(|word| !is_value(word)).collect::<Vec<_>>().join(" ")
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Call::Open(Open::Active) => f.write_str("open active"),
            Call::Open(Open::Passive) => f.write_str("open passive"),
            Call::Send(bytes) => write!(f, "send {bytes}"),
            Call::SendUrgent(bytes) => write!(f, "send urgent {bytes}"),
            Call::Receive(bytes) => write!(f, "receive {bytes}"),
            Call::Close => f.write_str("close"),
            Call::Detach => f.write_str("detach"),
            Call::Abort => f.write_str("abort"),
            Call::AcknowledgeNow => f.write_str("acknowledge now"),
            Call::Limit(bytes) => write!(f, "limit {bytes}"),
            Call::Retransmit(range) => write!(f, "retransmit {range:?}"),
            Call::CongestionExperienced => f.write_str("congestion experienced"),
            Call::CongestionWindowReduced => f.write_str("congestion window reduced"),
            Call::Configure(settings) => {
                let separators = core::iter::once(" ").chain(core::iter::repeat(", "));
                f.write_str("configure")?;
                settings.iter().zip(separators).try_for_each(|(setting, before)| write!(f, "{before}{setting}"))
            }
            Call::Crash => f.write_str("crash"),
        }
    }
}
