//! The variables that a line with a state may name.

use core::fmt;
use core::time::Duration;
use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use super::hint::hint;
use super::text::{Mistake, duration, number};
use crate::{Connection, Instant, SeqNumber, Status};

/// `SND.NXT=100`
#[derive(Clone, Debug)]
pub(super) struct Variable {
    pub(super) name: String,
    pub(super) value: Value,
}

/// The value of a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Value {
    /// The state does not have the variable.
    None,
    /// A number: a sequence number, a count, or a number of bytes. A flag is 1 or 0.
    Number(u64),
    /// A length of time. A deadline counts from now.
    Time(Duration),
}

impl fmt::Display for Variable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}=", self.name)?;
        match self.value {
            Value::None => f.write_str("none"),
            Value::Number(number) => write!(f, "{number}"),
            Value::Time(time) => write!(f, "{time:?}"),
        }
    }
}

impl Value {
    fn seq(seq: Option<SeqNumber>) -> Value {
        Value::number(seq.map(|seq| seq.0))
    }

    fn number(number: Option<impl Into<u64>>) -> Value {
        number.map_or(Value::None, |number| Value::Number(number.into()))
    }

    fn time(time: Option<Duration>) -> Value {
        time.map_or(Value::None, Value::Time)
    }
}

type Read = fn(&Status) -> Value;

/// The variables of [`Status`].
const VARIABLES: [(&str, Read); 26] = [
    ("ISS", |status| Value::seq(status.iss)),
    ("IRS", |status| Value::seq(status.irs)),
    ("SND.UNA", |status| Value::seq(status.snd_una)),
    ("SND.NXT", |status| Value::seq(status.snd_nxt)),
    ("SND.WND", |status| Value::number(status.snd_wnd)),
    ("SND.UP", |status| Value::seq(status.snd_up)),
    ("RCV.UP", |status| Value::seq(status.rcv_up)),
    ("URGENT", |status| Value::number(Some(status.urgent))),
    ("RCV.NXT", |status| Value::seq(status.rcv_nxt)),
    ("RCV.WND", |status| Value::number(status.rcv_wnd)),
    ("UNSENT", |status| Value::number(Some(status.unsent))),
    ("IN-FLIGHT", |status| Value::number(Some(status.in_flight))),
    ("UNREAD", |status| Value::number(Some(status.unread))),
    ("RTO", |status| Value::time(status.rto)),
    ("SRTT", |status| Value::time(status.srtt)),
    ("RTTVAR", |status| Value::time(status.rttvar)),
    ("RETRANSMISSIONS", |status| Value::number(Some(status.retransmissions))),
    ("DUPLICATE-ACKS", |status| Value::number(Some(status.duplicate_acks))),
    ("PEER-MSS", |status| Value::number(status.peer_mss)),
    ("SND.SCALE", |status| Value::number(status.snd_scale)),
    ("RCV.SCALE", |status| Value::number(status.rcv_scale)),
    ("DETACHED", |status| Value::number(Some(status.detached))),
    ("SCALE", |status| Value::number(Some(status.window_scaling))),
    ("ECN", |status| Value::number(Some(status.ecn))),
    ("TIMESTAMPS", |status| Value::number(Some(status.timestamps))),
    ("SACK", |status| Value::number(Some(status.sack_permitted))),
];

/// The time until the deadline of the connection, which is not in [`Status`].
const DEADLINE: &str = "DEADLINE";

/// The time until the timer of [`Status`] runs out, counted from now.
const TIMER: &str = "TIMER";

/// Returns the value of a variable now; `None` if no variable has this name.
pub(super) fn look_up(name: &str, connection: &Connection, now: Instant) -> Option<Value> {
    let from_now = |at: Option<Instant>| Some(Value::time(at.map(|at| at.saturating_duration_since(now))));
    match name {
        DEADLINE => return from_now(connection.deadline()),
        TIMER => return from_now(connection.status().timer),
        _ => {}
    }
    let (_, value) = VARIABLES.iter().find(|(known, _)| *known == name)?;
    Some(value(&connection.status()))
}

/// Parses `NAME=value NAME=value`.
pub(super) fn parse<'t>(words: impl Iterator<Item = &'t str>) -> Result<Vec<Variable>, Mistake<'t>> {
    let mut variables: Vec<Variable> = Vec::new();
    for word in words {
        let variable = parse_one(word)?;
        if variables.iter().any(|other| other.name == variable.name) {
            return Err(Mistake::new(word, format!("`{}` stands twice", variable.name)));
        }
        variables.push(variable);
    }
    Ok(variables)
}

fn parse_one(text: &str) -> Result<Variable, Mistake<'_>> {
    let (name, value) =
        text.split_once('=').ok_or_else(|| Mistake::new(text, format!("`{text}` is not: VARIABLE=value")))?;
    let mut known = VARIABLES.iter().map(|(known, _)| *known).chain([DEADLINE, TIMER]);
    if !known.clone().any(|known| known == name) {
        return Err(Mistake::new(name, format!("`{name}` is no variable{}", hint(name, &mut known))));
    }
    let value = match (value, name) {
        ("none", _) => Value::None,
        (_, "RTO" | "SRTT" | "RTTVAR" | DEADLINE | TIMER) => Value::Time(duration(value)?),
        _ => Value::Number(number(value)?),
    };
    Ok(Variable { name: name.to_string(), value })
}
