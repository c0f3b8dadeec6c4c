//! One line of a script, as it is understood. What the lines mean is told in the documentation of [`Script`].
//!
//! [`Script`]: super::Script

use core::ops::Range;
use core::time::Duration;
use std::string::{String, ToString};
use std::vec::Vec;
use std::{format, vec};

use super::variable::{self, Variable};
use crate::config::{Config, KeepAlive};
use crate::connection::Open;
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

/// A policy that a script sets.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    name: String,
    value: String,
}

/// A segment as a script writes it: only what is written is compared. SEQ, ACK and DATA are always compared, absent
/// ones too, and CTL but for PSH.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    pub(super) segment: Segment,
    written: Vec<String>,
}

impl Pattern {
    pub(super) fn parse(text: &str) -> Result<Pattern, String> {
        let segment = text.parse().map_err(|error| format!("{error}"))?;
        let name = |field: &str| field.split(['=', '>']).next().unwrap_or_default().trim().to_string();
        Ok(Pattern { segment, written: text.split('<').skip(1).map(name).collect() })
    }

    pub(super) fn writes(&self, field: &str) -> bool {
        self.written.iter().any(|name| name == field)
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
        return settings(rest).map(Line::Config);
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
        ["crash"] => Call::Crash,
        _ => return Err(format!("`{line}` is no segment, call, signal, state, policy or length of time")),
    };
    Ok(Line::Call(call, error))
}

impl core::fmt::Display for Call {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Call::Open(Open::Active) => f.write_str("open active"),
            Call::Open(Open::Passive) => f.write_str("open passive"),
            Call::Send(bytes) => write!(f, "send {bytes}"),
            Call::SendUrgent(bytes) => write!(f, "send urgent {bytes}"),
            Call::Receive(bytes) => write!(f, "receive {bytes}"),
            Call::Close => f.write_str("close"),
            Call::Abort => f.write_str("abort"),
            Call::Limit(bytes) => write!(f, "limit {bytes}"),
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

/// `msl=30s, mss=100`
fn settings(text: &str) -> Result<Vec<Setting>, String> {
    let mut settings = vec![];
    for part in text.split(',') {
        let (name, value) = part.split_once('=').ok_or_else(|| format!("`{}` is not: policy=value", part.trim()))?;
        let setting = Setting { name: name.trim().to_string(), value: value.trim().to_string() };
        setting.apply(&mut Config::DEFAULT.clone())?;
        settings.push(setting);
    }
    Ok(settings)
}

impl Setting {
    pub(super) fn apply(&self, config: &mut Config) -> Result<(), String> {
        let value = self.value.as_str();
        match self.name.as_str() {
            "mss" => config.mss = number(value)?,
            "max_segment" => config.max_segment = number(value)?,
            "default_peer_mss" => config.default_peer_mss = number(value)?,
            "receive_buffer" => config.receive_buffer = number(value)?,
            "window_scale" => config.window_scale = if value == "none" { None } else { Some(number(value)?) },
            "timestamps" => config.timestamps = switch(value)?,
            "sack_permitted" => config.sack_permitted = switch(value)?,
            "msl" => config.msl = duration(value)?,
            "fin_wait_2_timeout" => config.fin_wait_2_timeout = or_none(value)?,
            "user_timeout" => config.user_timeout = or_none(value)?,
            "r1" => config.r1 = number(value)?,
            "r2" => config.r2 = or_none(value)?.unwrap_or(Duration::MAX),
            "syn_r2" => config.syn_r2 = or_none(value)?.unwrap_or(Duration::MAX),
            "rto_initial" => config.rto_initial = duration(value)?,
            "rto_min" => config.rto_min = duration(value)?,
            "rto_max" => config.rto_max = duration(value)?,
            "reset_in_time_wait" => config.reset_in_time_wait = switch(value)?,
            "nagle" => config.nagle = switch(value)?,
            "delayed_ack" => config.delayed_ack = or_none(value)?,
            "keep_alive" => config.keep_alive = keep_alive(value)?,
            "keep_alive_octet" => config.keep_alive_octet = switch(value)?,
            "half_duplex_close" => config.half_duplex_close = switch(value)?,
            "icmp_aborts" => config.icmp_aborts = switch(value)?,
            "rfc5961" => config.rfc5961 = switch(value)?,
            "challenge_limit" => config.challenge_limit = number(value)?,
            "challenge_period" => config.challenge_period = duration(value)?,
            name => return Err(format!("`{name}` is no policy")),
        }
        Ok(())
    }
}

/// `none`, `on`, or `2h 75s 9`: idle time, interval and probes.
fn keep_alive(value: &str) -> Result<Option<KeepAlive>, String> {
    match value.split_whitespace().collect::<Vec<_>>().as_slice() {
        ["none"] => Ok(None),
        ["on"] => Ok(Some(KeepAlive::DEFAULT)),
        [idle, interval, probes] => {
            Ok(Some(KeepAlive { idle: duration(idle)?, interval: duration(interval)?, probes: number(probes)? }))
        }
        _ => Err(format!("`{value}` is not: none, on, or idle interval probes")),
    }
}

fn or_none(value: &str) -> Result<Option<Duration>, String> {
    if value == "none" { Ok(None) } else { duration(value).map(Some) }
}

fn switch(value: &str) -> Result<bool, String> {
    match value {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err(format!("`{value}` is neither on nor off")),
    }
}
