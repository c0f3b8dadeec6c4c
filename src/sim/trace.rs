//! What happened between two ends, event by event.

use core::ops::Range;
use std::collections::{BTreeMap, BTreeSet};
use std::string::String;
use std::vec::Vec;

use super::Side;
use crate::{Instant, Refusal, Segment, Signal, State, Transition};

/// Everything that happened between two ends. A trace prints as a ladder, as the RFC prints its figures.
/// [`mermaid`](Trace::mermaid) makes a sequence diagram of it. With the feature `pcapng` it can be written as a
/// capture.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Trace {
    pub(super) events: Vec<Event>,
    /// The payload of each segment that has some, by the number of the segment.
    pub(super) payloads: BTreeMap<u64, Vec<u8>>,
    /// The numbers of the segments that may be marked.
    pub(super) ecn_capable: BTreeSet<u64>,
    /// The end that a script plays. Its state means nothing.
    pub(super) played: Option<Side>,
}

impl Trace {
    /// Keeps the payload of a segment in the trace, and whether it may be marked. The segment may be in the trace
    /// already.
    pub(super) fn keep(&mut self, number: u64, payload: &[u8], ecn_capable: bool) {
        if !payload.is_empty() {
            self.payloads.entry(number).or_insert_with(|| payload.to_vec());
        }
        if ecn_capable {
            self.ecn_capable.insert(number);
        }
    }

    /// Returns the events, oldest first.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// Returns the payload of the segment with this number.
    #[must_use]
    pub fn payload(&self, number: u64) -> &[u8] {
        self.payloads.get(&number).map_or(&[], Vec::as_slice)
    }
}

/// An event at one end.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Event {
    /// When it happened.
    pub at: Instant,
    /// The end to which it happened.
    pub side: Side,
    /// The state of this end after the event.
    pub state: State,
    /// What happened.
    pub what: What,
}

/// What happened to an end.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum What {
    /// The trace began, with the end in the state of the event.
    Start,
    /// The user made a call.
    Call(String),
    /// The end sent a segment. Each segment has a number.
    Sent(u64, Segment),
    /// A segment from this end was put into the network, but the end has not sent it.
    Injected(u64, Segment),
    /// The network lost a segment that the end sent.
    Lost(u64, Segment),
    /// A black hole or a partition swallowed a segment that the end sent.
    Swallowed(u64, Segment),
    /// The network duplicated a segment that the end sent.
    Duplicated(u64, Segment),
    /// The network holds back a segment that the end sent.
    HeldBack(u64, Segment),
    /// A segment arrived with a bad checksum, and was dropped.
    Corrupted(u64, Segment),
    /// A segment arrived. These bytes of its payload were delivered, or it was refused.
    Arrived(u64, Segment, Result<Range<usize>, Refusal>),
    /// The segment that has just arrived was marked with Congestion Experienced. The connection was told, unless it
    /// refused the segment.
    Marked(u64, Segment),
    /// A segment that had arrived ahead of a gap was handed in again, with the acknowledgment and window in force and
    /// the options of the segment that filled the gap. These bytes of its payload were delivered, or it was refused.
    Reassembled(u64, Segment, Result<Range<usize>, Refusal>),
    /// A timer fired in this state.
    Timeout(State),
    /// The state of the end changed.
    Transition(Transition),
    /// The user got a signal.
    Signal(Signal),
    /// The host forgot the connection.
    Crashed,
    /// A remark, by [`Pair::note`](super::Pair::note).
    Note(String),
}

impl What {
    /// Returns the number of the segment that the event is about, and the segment.
    #[must_use]
    pub const fn segment(&self) -> Option<(u64, Segment)> {
        match self {
            What::Sent(number, segment)
            | What::Injected(number, segment)
            | What::Lost(number, segment)
            | What::Swallowed(number, segment)
            | What::Duplicated(number, segment)
            | What::HeldBack(number, segment)
            | What::Corrupted(number, segment)
            | What::Marked(number, segment)
            | What::Arrived(number, segment, _)
            | What::Reassembled(number, segment, _) => Some((*number, *segment)),
            What::Start
            | What::Call(_)
            | What::Timeout(_)
            | What::Transition(_)
            | What::Signal(_)
            | What::Crashed
            | What::Note(_) => None,
        }
    }
}
