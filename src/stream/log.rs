//! A log of what happens to a stream, in the order of events.

use alloc::collections::VecDeque;

use super::output::Event;
use crate::{IcmpError, Instant, Refusal, Segment, Transition};

/// An entry of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum LogEntry {
    /// A segment has arrived; it had an effect, or was refused.
    Arrived(Segment, Result<(), Refusal>),
    /// A segment was handed out.
    Sent(Segment),
    /// The connection has changed its state.
    Transition(Transition),
    /// An event was handed out.
    Event(Event),
    /// An ICMP error has arrived.
    Icmp(IcmpError),
    /// The retransmission timer has fired.
    RetransmissionTimeout,
    /// This many bytes in flight were found lost.
    Lost(u64),
    /// The path takes no larger segments than this, in bytes with the header.
    MaxSegment(u16),
}

/// The last entries, as many as the user wants.
#[derive(Clone, Debug, Default)]
pub(super) struct Log {
    pub(super) entries: VecDeque<(Instant, LogEntry)>,
    pub(super) most: usize,
}
