//! What comes out of a stream: events for the user, segments for the peer.

use bitflags::bitflags;

use crate::{Ecn, IcmpError, Instant, SackBlocks, Segment};

/// The output of [`Stream::poll`](super::Stream::poll): events, segments, and then `Wait`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output<'a> {
    /// Something has happened that the user should know.
    Event(Event),
    /// A segment to be sent to the peer.
    Transmit(Transmit<'a>),
    /// Nothing is left to hand out. `Some`: call [`timeout`](super::Stream::timeout) at that moment, unless another
    /// event comes first.
    Wait(Option<Instant>),
}

/// A segment to be sent to the peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transmit<'a> {
    /// The header.
    pub segment: Segment,
    /// The SACK blocks, to be added to the options of the segment. There is room for them.
    pub sack: SackBlocks,
    /// The ECN codepoint of the packet.
    pub ecn: Ecn,
    /// The payload, in two parts.
    pub payload: [&'a [u8]; 2],
}

/// Something that the user should know. Several of the same kind before a poll are one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Event {
    /// The connection is established: both ends have agreed.
    Connected,
    /// Bytes can be read, or more bytes.
    Readable,
    /// Bytes can be written again, after [`write`](super::Stream::write) has taken fewer than it was given.
    Writable,
    /// The peer has sent its FIN: once everything is read, [`read`](super::Stream::read) returns 0.
    EndOfStream,
    /// The peer has sent urgent data, or more of it (RFC 9293 section 3.8.5).
    Urgent,
    /// A soft ICMP error has arrived: there may be a problem on the path.
    SoftError(IcmpError),
    /// The same segment has been sent again so often that the connection may be in trouble (R1, RFC 9293 section
    /// 3.8.3).
    Retransmitting,
    /// The connection has ended, in this way. It is the last event.
    Ended(End),
}

/// How a connection has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum End {
    /// Both ends have closed, and everything has arrived.
    #[error("closed")]
    Closed,
    /// The user has aborted it.
    #[error("aborted")]
    Aborted,
    /// The peer has refused it.
    #[error("connection refused")]
    Refused,
    /// A reset: of the peer, or ours, because bytes arrived after the user was gone.
    #[error("connection reset")]
    Reset,
    /// A timeout: [`Signal::TimedOut`](crate::Signal::TimedOut).
    #[error("timed out")]
    TimedOut,
    /// A hard ICMP error.
    #[error("unreachable: {0}")]
    Unreachable(IcmpError),
}

bitflags! {
    /// The events that are due, in their order.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(super) struct Pending: u16 {
        const CONNECTED = 1;
        const READABLE = 2;
        const WRITABLE = 4;
        const END_OF_STREAM = 8;
        const URGENT = 16;
        const SOFT_ERROR = 32;
        const RETRANSMITTING = 64;
        const ENDED = 128;
        /// The user has called ABORT.
        const ABORTED = 256;
        /// The peer's FIN has arrived.
        const AT_END = 512;
        /// The user has closed.
        const SHUT = 1024;
    }
}
