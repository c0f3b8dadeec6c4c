//! The ways in which the processing of a segment can end early.

use crate::machine::error::Refusal;
use crate::machine::outbox::End;

/// How the processing of a segment ends before its last step, where the RFC says "and return".
#[derive(Debug)]
pub(crate) enum Outcome {
    /// Drop the segment.
    Drop(Refusal),
    /// Send `<SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK>` within the rate limit of challenge ACKs, and drop the segment.
    Acknowledge(Refusal),
    /// Send the same ACK without a rate limit, and drop the segment: only the peer can have sent it (D12).
    AcknowledgeUnlimited(Refusal),
    /// Send the same ACK without a rate limit. The segment lies outside the window, but part of it has been used.
    AcknowledgeUsed,
    /// Send a reset that the sender of the segment will accept, and drop the segment.
    Reset(Refusal),
    /// Return to LISTEN; a child of a `Listener` enters CLOSED instead. If the user has called CLOSE, enter CLOSED and
    /// signal this end (D18).
    Listen(End),
    /// Delete the TCB and enter CLOSED. Signal the end, if there is one; a graceful end has no signal.
    Close(Option<End>),
    /// Send the same reset as `Reset`, enter CLOSED, and signal "connection reset".
    ResetAndClose,
    /// Send the reset of an ABORT, enter CLOSED, and signal "connection reset".
    AbortAndClose,
}
