//! The outputs of a subject, with the numbers of the script.

use core::ops::Range;
use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use crate::sim::difference::describe_signal;
use crate::{Control, Segment, Signal, Transition};

/// An output that no line has listed yet.
#[derive(Clone, Debug)]
pub(in crate::sim) enum Put {
    Transition(Transition),
    /// A change of state that the subject does not tell. There may have been other states in between.
    Change(Transition),
    Signal(Signal),
    Segment(PutSegment),
}

/// A segment that was put out.
#[derive(Clone, Debug)]
pub(in crate::sim) struct PutSegment {
    pub(in crate::sim) segment: Segment,
    /// The range of the send queue in it, if it is known.
    pub(in crate::sim) range: Option<Range<usize>>,
    /// Its payload, if the subject keeps bytes.
    pub(in crate::sim) payload: Option<Vec<u8>>,
}

impl Put {
    pub(super) fn is_transition(&self) -> bool {
        matches!(self, Put::Transition(_) | Put::Change(_))
    }

    /// Returns whether it is a segment with nothing but an ACK.
    pub(super) fn is_pure_ack(&self) -> bool {
        matches!(self, Put::Segment(PutSegment { segment, .. })
            if segment.control() == Control::ACK && segment.payload_len() == 0)
    }

    /// Returns it as a script writes it.
    pub(super) fn describe(&self) -> String {
        match self {
            Put::Transition(transition) | Put::Change(transition) => transition.to_string(),
            Put::Signal(signal) => describe_signal(*signal),
            Put::Segment(PutSegment { segment, .. }) => format!("--> {segment}"),
        }
    }
}
