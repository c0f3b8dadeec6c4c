//! The outputs of a program or of another TCP, as a script takes them.

use std::vec::Vec;

use crate::{Output, Segment, Signal, Transition};

/// An output of a [`Subject`](super::Subject), or of a [`Glue`](super::Glue) that polls by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Emitted {
    /// A segment went to the network, with this payload.
    Segment(Segment, Vec<u8>),
    /// The user got a signal.
    Signal(Signal),
    /// The state changed. If no change is told, the script sees only the state after each event.
    Transition(Transition),
    /// The output of a poll of a [`Connection`](crate::Connection), with the payload of its segment if the program
    /// keeps bytes.
    Polled(Output, Option<Vec<u8>>),
}
