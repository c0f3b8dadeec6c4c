//! RFC 9293 section 3.10.7.4: SEGMENT ARRIVES in SYN-RECEIVED and beyond, the eight steps in order.

use core::ops::Range;

use super::idealized::Idealized;
use super::outcome::Outcome;
use crate::machine::connection::Connection;
use crate::machine::context::Context;
use crate::machine::error::Refusal;
use crate::machine::outbox::End;
use crate::machine::segment::{Control, Segment};
use crate::machine::seq::SeqNumber;
use crate::machine::tcb::{Flags, Origin, Phase, Synchronized, Tcb};
use crate::machine::time::Instant;

impl Connection {
    #[cfg_attr(feature = "fast-path", inline(never))]
    pub(crate) fn arrives_in_other_states(
        &mut self,
        segment: &Segment,
        before: Instant,
    ) -> Result<Range<usize>, Refusal> {
        self.context.outbox.pass_time(before, self.context.now);
        let Tcb::Synchronized(tcb) = &mut self.tcb else { return Ok(0..0) };
        // First, check sequence number; second, check the RST bit, of which the number is half the test.
        if segment.is_rst() {
            let early = tcb.check_rst(segment, &self.context);
            return self.return_early(segment, early);
        }
        if let Err(early) = tcb.check_timestamp(segment, &self.context) {
            return self.return_early(segment, early);
        }
        if !tcb.is_acceptable(segment) {
            let early = tcb.unacceptable(segment, &mut self.context);
            return self.return_early(segment, early);
        }
        // Third, check security: there is none to check (RFC 9293 appendix A.1).
        // Fourth, check the SYN bit.
        if segment.is_syn() && !tcb.is_syn_again(segment) {
            let early = tcb.check_syn(segment, &self.context);
            return self.return_early(segment, early);
        }
        // Fifth to eighth.
        let idealized = tcb.idealize(segment);
        match tcb.check_ack(&idealized, &mut self.context) {
            Ok(()) if tcb.has_no_reader(&idealized) => self.return_early(segment, Outcome::AbortAndClose),
            Ok(()) => {
                let payload = tcb.steps_six_to_eight(&idealized, &mut self.context);
                tcb.rearm_keep_alive(&mut self.context);
                Ok(payload)
            }
            Err(early) => self.return_early(segment, early),
        }
    }

    /// The SYN,ACK that established goes on with the sixth step.
    #[cfg_attr(feature = "fast-path", inline(never))]
    pub(super) fn steps_six_to_eight_of_syn(&mut self, segment: &Segment) -> Range<usize> {
        let Tcb::Synchronized(tcb) = &mut self.tcb else { return 0..0 };
        let idealized = tcb.idealize(segment);
        let payload = tcb.steps_six_to_eight(&idealized, &mut self.context);
        tcb.rearm_keep_alive(&mut self.context);
        payload
    }
}

impl Synchronized {
    /// Steps six to eight, where SYN-SENT joins in.
    #[inline]
    fn steps_six_to_eight(&mut self, idealized: &Idealized<'_>, context: &mut Context) -> Range<usize> {
        if cfg!(feature = "urgent") && idealized.header.control().contains(Control::URG) {
            self.check_urg(idealized.header, context);
        }
        let range = self.process_text(idealized, context);
        self.check_fin(idealized, context);
        range
    }

    /// RFC 7323 5.3, R1, which stands before the sequence number.
    #[inline]
    fn check_timestamp(&self, segment: &Segment, context: &Context) -> Result<(), Outcome> {
        if !self.snd.flags.intersects(Flags::TIMESTAMPS) {
            return Ok(());
        }
        match segment.options().timestamps() {
            Some((value, _)) if self.rcv.is_old(value, context) => Err(Outcome::Acknowledge(Refusal::OldTimestamp)),
            Some(_) => Ok(()),
            // D26: a peer that started afresh without them must be cured.
            None if segment.is_syn() || context.policy.tolerates_missing_timestamps() => Ok(()),
            None => Err(Outcome::Drop(Refusal::NoTimestamp)),
        }
    }

    /// RFC 7323 5.3, R3, of a segment whose acknowledgment was acceptable (D30).
    #[inline]
    pub(crate) fn note_timestamp(&mut self, segment: &Segment, context: &Context) {
        if self.snd.flags.intersects(Flags::TIMESTAMPS) {
            self.rcv.note_timestamp(segment, context);
        }
    }

    /// Second, check the RST bit, with RFC 5961 section 3.2.
    #[inline]
    fn check_rst(&self, segment: &Segment, context: &Context) -> Outcome {
        let exact = segment.seq() == self.rcv.nxt;
        // D11: a reset is tested on its own SEG.SEQ, whatever it carries (SHLD-2, MUST-66).
        if !exact && !self.rcv.in_window(segment.seq()) {
            return Outcome::Drop(Refusal::ResetOutsideWindow);
        }
        if let Phase::TimeWait { challenged } = self.phase {
            // RFC 1337: 2 MSL is a promise. But a peer that started afresh must not be locked out (D14).
            let allowed = context.policy.reset_in_time_wait() || (challenged && exact);
            if !allowed {
                return Outcome::Drop(Refusal::ResetInTimeWait);
            }
        }
        if context.policy.rfc5961() && !exact {
            return Outcome::Acknowledge(Refusal::ResetNotAtRcvNxt);
        }
        match self.phase {
            Phase::SynReceived(Origin::Passive | Origin::Listener) => Outcome::Listen(End::Refused),
            Phase::SynReceived(Origin::Active) => Outcome::Close(Some(End::Refused)),
            // D19: refused before our SYN is acknowledged, reset after.
            Phase::FinWait1 if self.snd.is_opening() => Outcome::Close(Some(End::Refused)),
            Phase::Established | Phase::FinWait1 | Phase::FinWait2 | Phase::CloseWait => {
                Outcome::Close(Some(End::Reset))
            }
            // D19: without the acknowledgment of our FIN it is no graceful end.
            Phase::Closing | Phase::LastAck => Outcome::Close(Some(End::Reset)),
            Phase::TimeWait { .. } => Outcome::Close(None),
        }
    }

    /// Fourth, check the SYN bit, with RFC 5961 section 4.2.
    fn check_syn(&self, segment: &Segment, context: &Context) -> Outcome {
        let in_window = self.rcv.in_window(segment.seq());
        match self.phase {
            // D23
            Phase::SynReceived(Origin::Passive | Origin::Listener) if in_window => Outcome::Listen(End::Reset),
            Phase::SynReceived(_)
            | Phase::Established
            | Phase::FinWait1
            | Phase::FinWait2
            | Phase::CloseWait
            | Phase::Closing
            | Phase::LastAck
                if in_window && !context.policy.rfc5961() =>
            {
                Outcome::ResetAndClose
            }
            // D5 for TIME-WAIT.
            Phase::SynReceived(_)
            | Phase::Established
            | Phase::FinWait1
            | Phase::FinWait2
            | Phase::CloseWait
            | Phase::Closing
            | Phase::LastAck
            | Phase::TimeWait { .. } => Outcome::Acknowledge(Refusal::SynChallenged),
        }
    }

    /// Fifth, check the ACK field, with RFC 5961 section 5.2.
    #[inline]
    fn check_ack(&mut self, idealized: &Idealized<'_>, context: &mut Context) -> Result<(), Outcome> {
        let Some(ack) = idealized.header.ack() else {
            return Err(self.without_ack(idealized, context));
        };
        if self.snd.is_opening() {
            return self.check_ack_of_syn(ack, idealized, context);
        }
        self.check_range(ack, context)?;
        if self.is_time_wait() {
            return self.check_step_in_time_wait(idealized, context);
        }
        if self.snd.una.le(ack) {
            self.snd.process_ack(idealized.seq, idealized.header, context);
        }
        self.note_timestamp(idealized.header, context);
        self.note_congestion(idealized.header, context);
        // MUST-37: an answer to a probe is progress, as long as it takes.
        if self.snd.wnd == 0 && self.snd.una != self.snd.nxt && self.snd.recovery.is_probing() {
            self.snd.probe_answered(context);
        }
        self.after_ack(idealized.fin && idealized.seq == self.rcv.nxt, context)
    }

    /// RFC 3168 section 6.1: the peer echoes a mark, and hears of ours.
    #[inline]
    fn note_congestion(&mut self, segment: &Segment, context: &mut Context) {
        if self.snd.flags.intersects(Flags::ECN) {
            // Each ACK says whether anything that it acknowledges was marked (6.1.3), whatever the peer has heard
            // before.
            if segment.control().contains(Control::CWR) && !self.snd.flags.intersects(Flags::ECHO_UNSENT) {
                self.snd.flags.remove(Flags::ECHO);
            }
            if segment.control().contains(Control::ECE) {
                context.outbox.signal_congestion();
            }
        }
    }

    /// SND.UNA - MAX.SND.WND =< SEG.ACK =< SND.NXT (MAY-12)
    fn check_range(&self, ack: SeqNumber, context: &Context) -> Result<(), Outcome> {
        if !ack.le(self.snd.nxt) && !ack.le(self.snd.una) {
            return Err(Outcome::Acknowledge(Refusal::AckOfUnsent));
        }
        if context.policy.rfc5961() && !self.oldest_ack().le(ack) {
            return Err(Outcome::Acknowledge(Refusal::AckTooOld));
        }
        Ok(())
    }

    /// SND.UNA - MAX.SND.WND. D1: one segment may always have been in flight.
    fn oldest_ack(&self) -> SeqNumber {
        self.snd.una.back(self.snd.max_wnd.max(u32::from(self.snd.mss)))
    }

    pub(super) fn is_in_range(&self, ack: SeqNumber) -> bool {
        ack - self.oldest_ack() <= self.snd.nxt - self.oldest_ack()
    }

    /// "If the ACK bit is off, drop the segment"; but a SYN sent again asks for our SYN,ACK again (D6).
    #[cold]
    fn without_ack(&mut self, idealized: &Idealized<'_>, context: &mut Context) -> Outcome {
        if self.is_syn_again(idealized.header) {
            self.take_back(idealized.header);
            self.note_timestamp(idealized.header, context);
            if context.outbox.is_syn_requested() || self.may_challenge(context) {
                context.outbox.request_syn();
            }
            return Outcome::Drop(Refusal::SynRepeated);
        }
        Outcome::Drop(Refusal::NoAck)
    }

    /// SYN-RECEIVED, and FIN-WAIT-1 while our SYN is unacknowledged (D8).
    fn check_ack_of_syn(
        &mut self,
        ack: SeqNumber,
        idealized: &Idealized<'_>,
        context: &mut Context,
    ) -> Result<(), Outcome> {
        // D9: what it acknowledges was never sent, or is older than this connection.
        if !(self.snd.una.lt(ack) && ack.le(self.snd.nxt)) {
            return Err(Outcome::Reset(Refusal::AckInSynReceived));
        }
        if idealized.header.is_syn() {
            self.snd.take_back_ecn(idealized.header);
        }
        self.snd.acknowledge(ack, idealized.header, context);
        self.snd.set_window(idealized.seq, self.snd.window_of(idealized.header));
        self.note_timestamp(idealized.header, context);
        if let Phase::SynReceived(_) = self.phase {
            self.enter(Phase::Established, context);
            // A CLOSE that was queued.
            if self.snd.is_closing() {
                self.enter(Phase::FinWait1, context);
            }
        }
        self.after_ack(idealized.fin && idealized.seq == self.rcv.nxt, context)
    }

    /// What the acknowledgment of our FIN leads to, state by state. In FIN-WAIT-1 a FIN of the peer that comes with it
    /// leads to TIME-WAIT in the eighth step, in one transition (D22).
    #[inline]
    pub(crate) fn after_ack(&mut self, fin_follows: bool, context: &mut Context) -> Result<(), Outcome> {
        match self.phase {
            Phase::SynReceived(_) | Phase::Established | Phase::TimeWait { .. } => {}
            // The rest of the queue may have become free to go, and with it a CLOSE that waits for that.
            Phase::CloseWait => self.enter_last_ack(context),
            Phase::FinWait1 if self.snd.fin_acknowledged() && !fin_follows => self.enter_fin_wait_2(context),
            Phase::FinWait1 => {}
            Phase::FinWait2 => {}
            Phase::Closing if self.snd.fin_acknowledged() => self.enter_time_wait(context),
            Phase::LastAck if self.snd.fin_acknowledged() => return Err(Outcome::Close(None)),
            Phase::Closing | Phase::LastAck => {}
        }
        Ok(())
    }

    /// TIME-WAIT expects nothing but a FIN sent again, and that lies left of the window. An acknowledgment in order is
    /// passed over in silence, anything else gets an ACK (D3, D10).
    #[cold]
    fn check_step_in_time_wait(&mut self, idealized: &Idealized<'_>, context: &mut Context) -> Result<(), Outcome> {
        if idealized.carries() {
            context.outbox.request_ack();
            return Err(Outcome::Drop(Refusal::OutOfStepInTimeWait));
        }
        if idealized.seq != self.rcv.nxt {
            return Err(Outcome::Acknowledge(Refusal::OutOfStepInTimeWait));
        }
        Ok(())
    }

    /// The user is gone: payload would be lost, and the peer is to know (SHLD-3).
    fn has_no_reader(&self, idealized: &Idealized<'_>) -> bool {
        let reads = matches!(self.phase, Phase::FinWait1 | Phase::FinWait2);
        self.snd.flags.intersects(Flags::DETACHED) && reads && idealized.len() > 0
    }

    /// Sixth, check the URG bit: RCV.UP moves on, and the user is told whenever it does, if there is anything urgent
    /// that he has not consumed (MUST-32). The pointer counts to the byte behind the urgent ones (MUST-62).
    #[cold]
    fn check_urg(&mut self, segment: &Segment, context: &mut Context) {
        match self.phase {
            Phase::Established | Phase::FinWait1 | Phase::FinWait2 => {
                let up = segment.seq() + u32::from(segment.urgent());
                if self.rcv.up.max(self.rcv.read).lt(up) {
                    self.rcv.up = up;
                    context.outbox.signal_urgent();
                }
            }
            // "This should not occur": after the peer's FIN there is nothing urgent.
            Phase::SynReceived(_) | Phase::CloseWait | Phase::Closing | Phase::LastAck | Phase::TimeWait { .. } => {}
        }
    }

    /// Seventh, process the segment text: what starts at RCV.NXT is the user's.
    fn process_text(&mut self, idealized: &Idealized<'_>, context: &mut Context) -> Range<usize> {
        match self.phase {
            Phase::Established | Phase::FinWait1 | Phase::FinWait2 => {}
            // "This should not occur": after the peer's FIN there is no text (D10).
            Phase::SynReceived(_) | Phase::CloseWait | Phase::Closing | Phase::LastAck | Phase::TimeWait { .. } => {
                return 0..0;
            }
        }
        if idealized.seq != self.rcv.nxt {
            if idealized.carries() {
                // Ahead of a gap (MAY-13): a duplicate ACK at once, and one for each (RFC 5681 section 4.2).
                self.note_ahead(idealized.seq + idealized.len() + u32::from(idealized.fin));
                context.duplicate_ack();
            }
            return 0..0;
        }
        if idealized.len() == 0 {
            if idealized.carries() {
                // Refused for want of room: the peer is told RCV.NXT at once.
                context.outbox.request_ack();
            }
            return 0..0;
        }
        if idealized.len() < u32::from(idealized.header.payload_len()) || self.snd.flags.intersects(Flags::GAP) {
            // Some of it is known already, or has no room: an ACK was lost, or the window is closed now. Or it fills a
            // gap, in whole or in part (RFC 5681 section 4.2).
            context.outbox.request_ack();
        } else {
            context.acknowledge_text(idealized.len());
        }
        context.drop_duplicate_acks();
        self.rcv.advance(idealized.len());
        self.close_gap();
        usize::from(idealized.payload.start)..usize::from(idealized.payload.end)
    }

    /// Eighth, check the FIN bit.
    fn check_fin(&mut self, idealized: &Idealized<'_>, context: &mut Context) {
        // With payload before it missing, the FIN is not reached yet.
        if idealized.fin && idealized.seq + idealized.len() == self.rcv.nxt {
            self.receive_fin(context);
        }
    }

    /// The FIN is at RCV.NXT.
    #[inline]
    pub(crate) fn receive_fin(&mut self, context: &mut Context) {
        match self.phase {
            Phase::SynReceived(_) => {}
            Phase::Established => {
                self.take_fin(context);
                self.enter(Phase::CloseWait, context);
            }
            Phase::FinWait1 => {
                self.take_fin(context);
                if self.snd.fin_acknowledged() {
                    self.enter_time_wait(context);
                } else {
                    self.enter(Phase::Closing, context);
                }
            }
            Phase::FinWait2 => {
                self.take_fin(context);
                self.enter_time_wait(context);
            }
            // D10: there is one FIN, and RCV.NXT has passed it.
            Phase::CloseWait | Phase::Closing | Phase::LastAck | Phase::TimeWait { .. } => {}
        }
    }

    /// "Signal the user, advance RCV.NXT over the FIN, and send an acknowledgment for it."
    fn take_fin(&mut self, context: &mut Context) {
        // Nothing behind it can be urgent.
        self.rcv.up = self.rcv.up.min(self.rcv.nxt) + 1;
        self.rcv.advance(1);
        context.drop_duplicate_acks();
        // D28: a FIN takes no buffer.
        self.rcv.edge += 1;
        self.rcv.read += 1;
        context.outbox.signal_closing();
        context.outbox.request_ack();
    }
}
