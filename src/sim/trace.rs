//! What happened between two ends, event by event.

use core::ops::Range;
use std::collections::{BTreeMap, BTreeSet};
use std::string::String;
use std::vec::Vec;

use super::Side;
use crate::{Instant, Refusal, Segment, Signal, State, Transition};

/// All that happened between two ends. It prints as the RFC prints its figures, as a ladder;
/// [`mermaid`](Trace::mermaid) makes a sequence diagram of it, and with the feature `pcapng` it is written as a
/// capture.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    pub(super) events: Vec<Event>,
    /// By the number of the segment, where there is any.
    pub(super) payloads: BTreeMap<u64, Vec<u8>>,
    /// The numbers of the segments that may be marked.
    pub(super) ecn_capable: BTreeSet<u64>,
    /// The end whose part a script plays: its state says nothing.
    pub(super) played: Option<Side>,
}

impl Trace {
    /// The payload of a segment that stands in it, whether or not it stood there before.
    pub(super) fn keep(&mut self, number: u64, payload: &[u8], ecn_capable: bool) {
        if !payload.is_empty() {
            self.payloads.entry(number).or_insert_with(|| payload.to_vec());
        }
        if ecn_capable {
            self.ecn_capable.insert(number);
        }
    }

    /// The events, oldest first.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// The bytes of payload of the segment with this number.
    #[must_use]
    pub fn payload(&self, number: u64) -> &[u8] {
        self.payloads.get(&number).map_or(&[], Vec::as_slice)
    }
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event {
    /// When.
    pub at: Instant,
    /// To which end.
    pub side: Side,
    /// The state of this end after it.
    pub state: State,
    /// What.
    pub what: What,
}

/// What happened to an end.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum What {
    /// It was in this state when the trace began.
    Start,
    /// The user called.
    Call(String),
    /// It sent a segment; each has a number.
    Sent(u64, Segment),
    /// A segment went on its way that this end has not sent.
    Injected(u64, Segment),
    /// The network lost the segment that it sent.
    Lost(u64, Segment),
    /// A black hole or a partition swallowed the segment that it sent.
    Swallowed(u64, Segment),
    /// The network made one more of the segment that it sent.
    Duplicated(u64, Segment),
    /// The network holds back the segment that it sent.
    HeldBack(u64, Segment),
    /// A segment arrived with a bad checksum, and was dropped.
    Corrupted(u64, Segment),
    /// A segment arrived, and these bytes of it were delivered, or it was refused.
    Arrived(u64, Segment, Result<Range<usize>, Refusal>),
    /// The segment that has just arrived was marked with Congestion Experienced. The connection is told of it, but for
    /// one that it refused.
    Marked(u64, Segment),
    /// A segment that had arrived ahead of a gap was handed in again, with the acknowledgment, window and options of
    /// the one that filled the gap. These bytes of it were delivered, or it was refused.
    Reassembled(u64, Segment, Result<Range<usize>, Refusal>),
    /// A timer fired in this state.
    Timeout(State),
    /// Its state changed.
    Transition(Transition),
    /// The user was told.
    Signal(Signal),
    /// The host forgot the connection.
    Crashed,
    /// A remark of the one who ran it.
    Note(String),
}

impl What {
    /// The segment that it is about, and its number.
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
