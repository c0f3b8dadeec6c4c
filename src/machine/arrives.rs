//! RFC 9293 section 3.10.7: SEGMENT ARRIVES. Dispatches to the four subsections, and carries out the outcomes that end
//! processing early.

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
    /// Runs SEGMENT ARRIVES.
    #[cfg_attr(feature = "fast-path", inline(never))]
    pub(crate) fn arrives(&mut self, segment: &Segment, now: Instant) -> Result<Range<usize>, Refusal> {
        // No ACK is delayed before SYN-RECEIVED.
        if !matches!(self.tcb, Tcb::Synchronized(_)) {
            self.context.advance_clock_only(now);
        }
        match self.tcb {
            Tcb::Closed => self.arrives_in_closed(segment),
            Tcb::Listen => self.arrives_in_listen(segment),
            Tcb::SynSent(_) => self.arrives_in_syn_sent(segment),
            Tcb::Synchronized(_) => self.arrives_in_other_states(segment, now),
        }
    }

    /// Carries out the outcome of a segment whose processing ends before its last step.
    #[cfg_attr(feature = "fast-path", inline(never))]
    fn return_early(&mut self, segment: &Segment, early: Outcome) -> Result<Range<usize>, Refusal> {
        match early {
            Outcome::Drop(refusal) => Err(refusal),
            Outcome::Acknowledge(refusal) => {
                self.acknowledge_refused(segment);
                Err(refusal)
            }
            Outcome::AcknowledgeUnlimited(refusal) => {
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

    /// Requests the reset that answers `segment`; a reset is never answered with a reset.
    fn reset(&mut self, segment: &Segment) {
        if !segment.is_rst() {
            self.context.outbox.request_reset(segment);
        }
    }

    /// Requests the ACK that answers a refused segment, within the rate limit of challenge ACKs (D12, RFC 5961 section
    /// 7). Anybody may have sent such a segment. If an ACK is due already, the request takes no token.
    #[inline]
    fn acknowledge_refused(&mut self, segment: &Segment) {
        let Tcb::Synchronized(tcb) = &mut self.tcb else { return };
        if !self.context.outbox.is_ack_requested() && !tcb.take_challenge_token(&self.context) {
            return;
        }
        self.context.outbox.request_ack();
        // D14: a restarted peer will answer this challenge ACK with a reset.
        if let Phase::TimeWait { challenged } = &mut tcb.phase
            && segment.is_syn()
            && segment.ack().is_none()
            && segment.seq() != tcb.rcv.irs
        {
            *challenged = true;
        }
    }
}
