//! Events between two ends that must never happen, or that do not come.

use core::fmt;

use super::Side;
use crate::Segment;

/// An event that must never happen. The last two variants are different: they are events that do not come.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Violation {
    /// This end was given bytes that its peer did not send.
    Bytes(Side),
    /// This end was given bytes from a life of its peer to which the SYN of this connection does not belong.
    TwoLives(Side),
    /// More bytes of this end were acknowledged than its user sent.
    Acknowledged(Side),
    /// This end sent a segment whose payload is not in its send queue, or has another length than the segment says.
    Payload(Side, Segment),
    /// This end's `Wait` and `deadline()` differ.
    Deadline(Side),
    /// The deadline of this end does not advance after its timeout.
    Stuck(Side),
    /// This end produces outputs without end.
    NeverWaits(Side),
    /// The two ends do not come to rest. There were a million steps in which no state changed and no byte was
    /// delivered; or, when driven [until some time](super::Pair::drive_until), a million steps at the same time.
    ///
    /// This is normal with [`keep_alive`](crate::Config::keep_alive) on, or while a closed window is probed:
    /// ESTABLISHED never rests then. Drive such ends for some time, or while a condition holds. The pair does not keep
    /// this as a [`violation`](super::Pair::violation), so that it can be driven further.
    NeverRests,
    /// A [`handshake`](super::Pair::handshake) failed. This end is not open, and it has given up or nothing more is due
    /// to happen. The pair does not keep this as a violation either.
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
