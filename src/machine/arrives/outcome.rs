//! The ways in which the processing of a segment ends early.

use crate::machine::error::Refusal;
use crate::machine::outbox::End;

/// How the processing of a segment ends before its last step: "and return".
#[derive(Debug)]
pub(crate) enum Outcome {
    /// Drop the segment.
    Drop(Refusal),
    /// Send `<SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK>`, and drop the segment.
    Acknowledge(Refusal),
    /// The same, whatever the limiter says.
    AcknowledgeGenuine(Refusal),
    /// The same for a segment that lies outside the window, but of which something has been used.
    AcknowledgeUsed,
    /// Send the reset that the segment's sender will accept, and drop the segment.
    Reset(Refusal),
    /// Return to LISTEN; a user who has closed is told of this end.
    Listen(End),
    /// Delete the TCB and enter CLOSED; the user is told how, unless it was a graceful end.
    Close(Option<End>),
    /// Send that reset, and close: "connection reset".
    ResetAndClose,
    /// Send the reset of an ABORT, and close: "connection reset".
    AbortAndClose,
}
