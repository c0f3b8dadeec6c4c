//! What happened between two ends, event by event.

use core::ops::Range;
use std::string::String;
use std::vec::Vec;

use super::Side;
use crate::error::Refusal;
use crate::poll::Signal;
use crate::segment::Segment;
use crate::state::{State, Transition};
use crate::time::Instant;

/// All that happened between two ends. It prints as the RFC prints its figures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    pub(super) events: Vec<Event>,
}

impl Trace {
    /// The events, oldest first.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        &self.events
    }
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// The network made one more of the segment that it sent.
    Duplicated(u64, Segment),
    /// A segment arrived, and these bytes of it were delivered, or it was refused.
    Arrived(u64, Segment, Result<Range<usize>, Refusal>),
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
