//! What must never happen between two ends, or is waited for in vain.

use core::fmt;

use super::Side;
use crate::Segment;

/// Something that must never happen; or, of the last two, that one waits for in vain.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Violation {
    /// The bytes that this end was given are not those that its peer sent.
    Bytes(Side),
    /// This end was given bytes of another life of its peer than the one whose SYN began this life of its own.
    TwoLives(Side),
    /// This end acknowledged more than its peer's user has sent.
    Acknowledged(Side),
    /// The payload of a segment is not in the send queue of this end, or not as long as the segment says.
    Payload(Side, Segment),
    /// This end's `Wait` and `deadline()` differ.
    Deadline(Side),
    /// The deadline of this end does not move on when its time has come.
    Stuck(Side),
    /// This end puts something out without end.
    NeverWaits(Side),
    /// Driven on and on, the two ends do not come to rest: a million steps in which no state changed and no byte was
    /// delivered; or, where they are driven [until some time](super::Pair::drive_until), a million steps at the same
    /// moment.
    ///
    /// With [`keep_alive`](crate::Config::keep_alive) on, and where a window that stays closed is probed, ESTABLISHED
    /// never rests, and is no worse for it: drive such ends for some time, or while something holds. It is not kept as
    /// a [`violation`](super::Pair::violation): they can be driven on.
    NeverRests,
    /// A [`handshake`](super::Pair::handshake) came to nothing: this end is not open in the end, and nothing more is to
    /// happen, or it has given up. It is not kept as a violation either.
    NotOpen(Side),
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Violation::Bytes(side) => write!(f, "{side} was given other bytes than its peer sent"),
            Violation::TwoLives(side) => write!(f, "{side} was given bytes of another life of its peer"),
            Violation::Acknowledged(side) => write!(f, "more bytes of {side} were acknowledged than it sent"),
            Violation::Payload(side, segment) => write!(f, "{side} has no such payload for {segment}"),
            Violation::Deadline(side) => write!(f, "Wait and deadline() of {side} differ"),
            Violation::Stuck(side) => write!(f, "the deadline of {side} does not move on"),
            Violation::NeverWaits(side) => write!(f, "{side} puts something out without end"),
            Violation::NeverRests => f.write_str("the two ends never come to rest"),
            Violation::NotOpen(side) => write!(f, "the handshake has not opened {side}"),
        }
    }
}

impl core::error::Error for Violation {}
