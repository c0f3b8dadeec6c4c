//! RFC 9293 section 3.10.7: SEGMENT ARRIVES. The dispatch to the four subsections, and the ways in which processing
//! ends early.

mod acceptable;
mod closed;
mod icmp;
mod idealized;
mod listen;
mod outcome;
mod syn_sent;
mod synchronized;

use core::ops::Range;

pub(crate) use self::outcome::Outcome;
use crate::machine::connection::Connection;
use crate::machine::error::Refusal;
use crate::machine::outbox::End;
use crate::machine::segment::Segment;
use crate::machine::tcb::{Phase, Tcb};
use crate::machine::time::Instant;

impl Connection {
    /// SEGMENT ARRIVES, after a moment `before` in which an ACK may have become late.
    #[cfg_attr(feature = "fast-path", inline(never))]
    pub(crate) fn arrives(&mut self, segment: &Segment, before: Instant) -> Result<Range<usize>, Refusal> {
        match self.tcb {
            Tcb::Closed => self.arrives_in_closed(segment),
            Tcb::Listen => self.arrives_in_listen(segment),
            Tcb::SynSent(_) => self.arrives_in_syn_sent(segment),
            Tcb::Synchronized(_) => self.arrives_in_other_states(segment, before),
        }
    }

    #[cfg_attr(feature = "fast-path", inline(never))]
    fn return_early(&mut self, segment: &Segment, early: Outcome) -> Result<Range<usize>, Refusal> {
        match early {
            Outcome::Drop(refusal) => Err(refusal),
            Outcome::Acknowledge(refusal) => {
                self.acknowledge_refused(segment);
                Err(refusal)
            }
            Outcome::AcknowledgeGenuine(refusal) => {
                self.context.outbox.request_ack();
                Err(refusal)
            }
            Outcome::AcknowledgeUsed => {
                self.context.outbox.request_ack();
                Ok(0..0)
            }
            Outcome::Reset(refusal) => {
                self.reset(segment);
                Err(refusal)
            }
            Outcome::Listen(end) => {
                self.return_to_listen(end);
                Ok(0..0)
            }
            Outcome::Close(None) => {
                self.delete_tcb();
                Ok(0..0)
            }
            Outcome::Close(Some(end)) => {
                self.close_with(end);
                Ok(0..0)
            }
            Outcome::ResetAndClose => {
                self.close_with(End::Reset);
                self.reset(segment);
                Ok(0..0)
            }
            Outcome::AbortAndClose => {
                self.delete_tcb_with_reset();
                self.context.outbox.signal_end(End::Reset);
                Ok(0..0)
            }
        }
    }

    fn reset(&mut self, segment: &Segment) {
        if !segment.is_rst() {
            self.context.outbox.request_reset(segment);
        }
    }

    /// The answer to a segment that was refused and may be anybody's, within the limiter (D12, RFC 5961 section 7).
    #[inline]
    fn acknowledge_refused(&mut self, segment: &Segment) {
        let Tcb::Synchronized(tcb) = &mut self.tcb else { return };
        if !self.context.outbox.is_ack_requested() && !tcb.may_challenge(&self.context) {
            return;
        }
        self.context.outbox.request_ack();
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
