//! One line of a script, as it is understood. What the lines mean is told in the documentation of [`Script`].
//!
//! [`Script`]: super::Script

use core::fmt;
use core::ops::Range;
use core::time::Duration;
use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use super::policy::{self, Setting};
use super::variable::{self, Variable};
use crate::config::Config;
use crate::connection::Open;
use crate::icmp::IcmpError;
use crate::segment::{Control, Segment};
use crate::state::{State, Transition};

/// What one line says.
#[derive(Clone, Debug)]
pub(super) enum Line {
    /// Policies, for before the first event.
    Config(Vec<Setting>),
    /// The next initial sequence number.
    Iss(u32),
    /// A user call, and the error that it must return.
    Call(Call, Option<String>),
    /// `<--`: a segment arrives.
    Arrives(Pattern, Outcome),
    /// An ICMP error arrives that quotes this sequence number.
    Icmp(IcmpError, u32, Outcome),
    /// `-->`: a segment must have been put out, with these bytes of the send queue.
    Sends(Pattern, Option<Range<usize>>),
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
    Send(usize),
    SendUrgent(usize),
    Receive(usize),
    Close,
    Abort,
    Limit(u32),
    Retransmit(Range<usize>),
    CongestionExperienced,
    CongestionWindowReduced,
    /// Other policies in mid-life.
    Configure(Vec<Setting>),
    /// No call of the RFC's: the host loses all it knew of the connection.
    Crash,
}

/// What must come of a segment that arrives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// All of its payload is delivered; nothing is said of a segment without payload.
    Whole,
    /// It is not refused.
    Accepted,
    /// These bytes of it are delivered.
    Delivers(Range<usize>),
    /// It is refused, for this reason if one is written.
    Refused(String),
}

/// A length of time, some of which may be counted in MSL.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Length {
    time: Duration,
    msl: u32,
}

impl Length {
    pub(super) fn with(self, config: &Config) -> Duration {
        self.time.saturating_add(config.msl.saturating_mul(self.msl))
    }
}

/// A segment as a script writes it: only what is written is compared. SEQ, ACK and DATA are always compared, absent
/// ones too, and CTL but for PSH.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    pub(super) segment: Segment,
    written: Vec<String>,
    /// The options that must not be there.
    absent: Vec<&'static str>,
}

/// The names of the options in the notation.
const OPTIONS: [&str; 4] = ["MSS", "WS", "SACK", "TS"];

impl Pattern {
    pub(super) fn parse(text: &str) -> Result<Pattern, String> {
        let (mut text, mut absent) = (text.to_string(), Vec::new());
        for option in OPTIONS {
            let field = format!("<{option}=none>");
            if text.contains(&field) {
                text = text.replacen(&field, "", 1);
                absent.push(option);
            }
        }
        let segment = text.parse().map_err(|error| format!("{error}"))?;
        let name = |field: &str| field.split(['=', '>']).next().unwrap_or_default().trim().to_string();
        let pattern = Pattern { segment, written: text.split('<').skip(1).map(name).collect(), absent };
        match pattern.absent.iter().find(|option| pattern.writes(option)) {
            Some(option) => Err(format!("<{option}=none> beside an option {option}")),
            None => Ok(pattern),
        }
    }

    pub(super) fn writes(&self, field: &str) -> bool {
        self.written.iter().any(|name| name == field)
    }

    /// The segment, with the window that the peer said last where it writes none.
    pub(super) fn with_window(&self, last: u16) -> Segment {
        if self.writes("WND") { self.segment } else { self.segment.with_window(last) }
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

/// A line without its comment and the white space around it.
pub(super) fn without_comment(line: &str) -> &str {
    line.split('#').next().unwrap_or_default().trim()
}

/// Reads a line that [`without_comment`] has left something of.
pub(super) fn parse(line: &str) -> Result<Line, String> {
    if let Some(rest) = line.strip_prefix("<--") {
        return arrives(rest);
    }
    if let Some(rest) = line.strip_prefix("-->") {
        return sends(rest);
    }
    if let Some(rest) = line.strip_prefix('+') {
        return length(rest).map(Line::Time);
    }
    if let Some(rest) = line.strip_prefix("signal:") {
        return Ok(Line::Signal(rest.trim().to_string()));
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
    if let Some((from, to)) = line.split_once("->") {
        return Ok(Line::Transition(Transition { from: state(from)?, to: state(to)? }));
    }
    if let Some(rest) = line.strip_prefix("ISS=") {
        return number(rest).map(Line::Iss);
    }
    let mut words = line.split_whitespace();
    match words.next().and_then(|word| state(word).ok()) {
        Some(state) => Ok(Line::State(state, words.map(variable::parse).collect::<Result<_, _>>()?)),
        None => call(line),
    }
}

/// `<SEQ=100><CTL=SYN>   refused: ...`, without the arrow.
fn arrives(text: &str) -> Result<Line, String> {
    let (segment, rest) = split_segment(text)?;
    Ok(Line::Arrives(Pattern::parse(segment)?, outcome(rest)?))
}

/// `PortUnreachable 100   refused`, without the word before it.
fn icmp(text: &str) -> Result<Line, String> {
    let (name, rest) = text.trim().split_once(char::is_whitespace).ok_or("an ICMP error quotes a sequence number")?;
    let (quoted, rest) = rest.trim().split_once(char::is_whitespace).unwrap_or((rest.trim(), ""));
    let error = IcmpError::ALL.into_iter().find(|error| format!("{error:?}") == name);
    let error = error.ok_or_else(|| format!("`{name}` is no ICMP error such as PortUnreachable"))?;
    let outcome = if rest.trim().is_empty() { Outcome::Accepted } else { outcome(rest)? };
    Ok(Line::Icmp(error, number(quoted)?, outcome))
}

/// What stands behind the segment.
pub(super) fn outcome(text: &str) -> Result<Outcome, String> {
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
        _ => Err(format!("`{text}` is none of: delivers 0..10, delivers nothing, accepted, refused, refused: why")),
    }
}

/// `<SEQ=100><CTL=SYN>   bytes 0..10`, without the arrow.
fn sends(text: &str) -> Result<Line, String> {
    let (segment, rest) = split_segment(text)?;
    let bytes = match rest.trim().strip_prefix("bytes ") {
        Some(bytes) => Some(range(bytes)?),
        None if rest.trim().is_empty() => None,
        None => return Err(format!("`{}` is not: bytes 0..10", rest.trim())),
    };
    Ok(Line::Sends(Pattern::parse(segment)?, bytes))
}

/// The segment at the start of a text, and what follows it.
pub(super) fn split_segment(text: &str) -> Result<(&str, &str), String> {
    let text = text.trim_start();
    let mut rest = text;
    while let Some((_, after)) =
        rest.strip_prefix('<').filter(|rest| !rest.starts_with('-')).and_then(|r| r.split_once('>'))
    {
        rest = after;
    }
    let len = text.len().saturating_sub(rest.len());
    match text.split_at_checked(len) {
        Some((segment, rest)) if len > 0 => Ok((segment, rest)),
        Some(_) | None => Err(format!("`{text}` does not begin with a segment such as <SEQ=100><CTL=SYN>")),
    }
}

fn call(line: &str) -> Result<Line, String> {
    let (call, error) = match line.split_once("=>") {
        Some((call, error)) => {
            let error = error.trim().strip_prefix("error:").ok_or("what follows `=>` is not: error: why")?;
            (call, Some(error.trim().to_string()))
        }
        None => (line, None),
    };
    let words: Vec<&str> = call.split_whitespace().collect();
    let call = match *words {
        ["open", "active"] => Call::Open(Open::Active),
        ["open", "passive"] => Call::Open(Open::Passive),
        ["send", bytes] => Call::Send(number(bytes)?),
        ["send", "urgent", bytes] => Call::SendUrgent(number(bytes)?),
        ["receive", bytes] => Call::Receive(number(bytes)?),
        ["close"] => Call::Close,
        ["abort"] => Call::Abort,
        ["limit", bytes] => Call::Limit(number(bytes)?),
        ["retransmit", bytes] => Call::Retransmit(range(bytes)?),
        ["congestion", "experienced"] => Call::CongestionExperienced,
        ["congestion", "window", "reduced"] => Call::CongestionWindowReduced,
        ["crash"] => Call::Crash,
        _ => return Err(format!("`{line}` is no segment, call, signal, state, policy or length of time")),
    };
    Ok(Line::Call(call, error))
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
            Call::Abort => f.write_str("abort"),
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

pub(super) fn state(name: &str) -> Result<State, String> {
    let name = name.trim();
    State::ALL.into_iter().find(|state| state.name() == name).ok_or_else(|| format!("`{name}` is no state"))
}

pub(super) fn number<T: core::str::FromStr>(text: &str) -> Result<T, String> {
    let text = text.trim();
    text.parse().map_err(|_| format!("`{text}` is no number, or too large a one"))
}

fn range(text: &str) -> Result<Range<usize>, String> {
    let (start, end) = text.split_once("..").ok_or_else(|| format!("`{text}` is no range such as 0..10"))?;
    Ok(number(start)?..number(end)?)
}

/// `4m`, `1m 30s`, `2 MSL`
fn length(text: &str) -> Result<Length, String> {
    if let Some(times) = text.trim().strip_suffix("MSL") {
        return Ok(Length { msl: number(times)?, ..Length::default() });
    }
    Ok(Length { time: duration(text)?, msl: 0 })
}

/// `4m`, `1m 30s`, `1.5s`
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let mut sum = Duration::ZERO;
    let mut words = text.split_whitespace().peekable();
    if words.peek().is_none() {
        return Err("a length of time is missing".to_string());
    }
    for word in words {
        let digits = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let micros = match word.strip_prefix(digits) {
            Some("us") => 1.0,
            Some("ms") => 1e3,
            Some("s") => 1e6,
            Some("m") => 60e6,
            Some("h") => 3600e6,
            Some(_) | None => return Err(format!("`{word}` is no length of time such as 200ms, 1.5s, 4m or 2h")),
        };
        let count: f64 = number(digits)?;
        if !(0.0..=1e9).contains(&count) {
            return Err(format!("`{word}` is too long a time, or a negative one"));
        }
        sum = sum.saturating_add(Duration::from_micros((count * micros).round() as u64));
    }
    Ok(sum)
}
