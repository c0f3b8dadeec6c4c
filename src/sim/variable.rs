//! The variables that a line with a state may name.

use core::fmt;
use core::time::Duration;
use std::format;
use std::string::{String, ToString};

use super::line::{duration, number};
use crate::connection::Connection;
use crate::seq::SeqNumber;
use crate::time::Instant;

/// `SND.NXT=100`
#[derive(Clone, Debug)]
pub(super) struct Variable {
    pub(super) name: String,
    pub(super) value: Value,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value {
    None,
    Number(u64),
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

/// What a variable is now; `None` if there is none of this name.
pub(super) fn look_up(name: &str, connection: &Connection, now: Instant) -> Option<Value> {
    let status = connection.status();
    Some(match name {
        "ISS" => Value::seq(status.iss),
        "IRS" => Value::seq(status.irs),
        "SND.UNA" => Value::seq(status.snd_una),
        "SND.NXT" => Value::seq(status.snd_nxt),
        "SND.WND" => Value::number(status.snd_wnd),
        "SND.UP" => Value::seq(status.snd_up),
        "RCV.UP" => Value::seq(status.rcv_up),
        "URGENT" => Value::number(Some(status.urgent)),
        "RCV.NXT" => Value::seq(status.rcv_nxt),
        "RCV.WND" => Value::number(status.rcv_wnd),
        "UNSENT" => Value::number(Some(status.unsent)),
        "IN-FLIGHT" => Value::number(Some(status.in_flight)),
        "UNREAD" => Value::number(Some(status.unread)),
        "RTO" => Value::time(status.rto),
        "SRTT" => Value::time(status.srtt),
        "RTTVAR" => Value::time(status.rttvar),
        "RETRANSMISSIONS" => Value::number(Some(status.retransmissions)),
        "DUPLICATE-ACKS" => Value::number(Some(status.duplicate_acks)),
        "PEER-MSS" => Value::number(status.peer_mss),
        "SND.SCALE" => Value::number(status.snd_scale),
        "RCV.SCALE" => Value::number(status.rcv_scale),
        "ECN" => Value::number(Some(status.ecn)),
        "TIMESTAMPS" => Value::number(Some(status.timestamps)),
        "SACK" => Value::number(Some(status.sack_permitted)),
        "DEADLINE" => Value::time(connection.deadline().map(|at| at.saturating_duration_since(now))),
        _ => return None,
    })
}

/// Reads `NAME=value`.
pub(super) fn parse(text: &str) -> Result<Variable, String> {
    let (name, value) = text.split_once('=').ok_or_else(|| format!("`{text}` is not: VARIABLE=value"))?;
    let known = look_up(name, &Connection::new(&crate::config::Config::DEFAULT, 0), Instant::ZERO);
    if known.is_none() {
        return Err(format!("`{name}` is no variable"));
    }
    let value = match (value, name) {
        ("none", _) => Value::None,
        (_, "RTO" | "SRTT" | "RTTVAR" | "DEADLINE") => Value::Time(duration(value)?),
        _ => Value::Number(number(value)?),
    };
    Ok(Variable { name: name.to_string(), value })
}
