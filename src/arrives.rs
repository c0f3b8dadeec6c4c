//! RFC 9293 section 3.10.7: SEGMENT ARRIVES. The dispatch to the four subsections, and the ways in which processing
//! ends early.

mod acceptable;
mod closed;
mod listen;
mod syn_sent;
mod synchronized;
mod text;

use core::ops::Range;

use crate::connection::Connection;
use crate::due::End;
use crate::error::Refusal;
use crate::segment::Segment;
use crate::tcb::{Phase, Tcb};
use crate::time::Instant;

/// How the processing of a segment ends before its last step: "and return".
#[derive(Debug)]
enum Return {
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

impl Connection {
    /// SEGMENT ARRIVES, after a moment `before` in which an ACK may have become late.
    pub(crate) fn arrives(&mut self, segment: &Segment, before: Instant) -> Result<Range<usize>, Refusal> {
        match self.tcb {
            Tcb::Closed => self.arrives_in_closed(segment),
            Tcb::Listen => self.arrives_in_listen(segment),
            Tcb::SynSent(_) => self.arrives_in_syn_sent(segment),
            Tcb::Synchronized(_) => self.arrives_in_other_states(segment, before),
        }
    }

    #[inline(never)]
    fn return_early(&mut self, segment: &Segment, early: Return) -> Result<Range<usize>, Refusal> {
        match early {
            Return::Drop(refusal) => Err(refusal),
            Return::Acknowledge(refusal) => {
                self.acknowledge_refused(segment);
                Err(refusal)
            }
            Return::AcknowledgeGenuine(refusal) => {
                self.endpoint.due.ack();
                Err(refusal)
            }
            Return::AcknowledgeUsed => {
                self.endpoint.due.ack();
                Ok(0..0)
            }
            Return::Reset(refusal) => {
                self.reset(segment);
                Err(refusal)
            }
            Return::Listen(end) => {
                self.return_to_listen(end);
                Ok(0..0)
            }
            Return::Close(None) => {
                self.delete_tcb();
                Ok(0..0)
            }
            Return::Close(Some(end)) => {
                self.close_with(end);
                Ok(0..0)
            }
            Return::ResetAndClose => {
                self.close_with(End::Reset);
                self.reset(segment);
                Ok(0..0)
            }
            Return::AbortAndClose => {
                self.delete_tcb_with_reset();
                self.endpoint.due.end(End::Reset);
                Ok(0..0)
            }
        }
    }

    fn reset(&mut self, segment: &Segment) {
        if !segment.is_rst() {
            self.endpoint.due.reset(segment);
        }
    }

    /// The answer to a segment that was refused and may be anybody's, within the limiter (D12, RFC 5961 section 7).
    #[inline]
    fn acknowledge_refused(&mut self, segment: &Segment) {
        let Tcb::Synchronized(tcb) = &mut self.tcb else { return };
        if !self.endpoint.due.ack_is_due() && !tcb.may_challenge(&self.endpoint) {
            return;
        }
        self.endpoint.due.ack();
        // D14: a peer that starts afresh will answer this with a reset.
        if let Phase::TimeWait { challenged } = &mut tcb.phase
            && segment.is_syn()
            && segment.ack().is_none()
            && segment.seq() != tcb.rcv.irs
        {
            *challenged = true;
        }
    }
}
