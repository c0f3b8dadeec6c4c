//! RFC 9293 section 3.10.7.4: SEGMENT ARRIVES in SYN-RECEIVED and later states, the eight steps in order.

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
    /// SEGMENT ARRIVES in SYN-RECEIVED and later states.
    #[cfg_attr(feature = "fast-path", inline(never))]
    pub(crate) fn arrives_in_other_states(&mut self, segment: &Segment, now: Instant) -> Result<Range<usize>, Refusal> {
        self.context.advance_clock(now);
        let Tcb::Synchronized(tcb) = &mut self.tcb else { return Ok(0..0) };
        // First, check sequence number; second, check the RST bit. A reset has its own test of the sequence number
        // (D11).
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
        if segment.is_syn() && !tcb.is_repeated_syn(segment) {
            let early = tcb.check_syn(segment, &self.context);
            return self.return_early(segment, early);
        }
        // Fifth to eighth.
        let idealized = tcb.idealize(segment);
        match tcb.check_ack(&idealized, &mut self.context) {
            // D45: the ACK counts, and the payload resets the connection.
            Ok(()) if tcb.is_payload_after_detach(&idealized) => self.return_early(segment, Outcome::AbortAndClose),
            Ok(()) => {
                let payload = tcb.steps_six_to_eight(&idealized, &mut self.context);
                tcb.rearm_keep_alive(&mut self.context);
                Ok(payload)
            }
            Err(early) => self.return_early(segment, early),
        }
    }

    /// Runs steps six to eight on the SYN,ACK that established the connection.
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
    /// Runs steps six to eight. SYN-SENT joins the eight steps here.
    #[inline]
    fn steps_six_to_eight(&mut self, idealized: &Idealized<'_>, context: &mut Context) -> Range<usize> {
        if cfg!(feature = "urgent") && idealized.header.control().contains(Control::URG) {
            self.check_urg(idealized.header, context);
        }
        let range = self.process_text(idealized, context);
        self.check_fin(idealized, context);
        range
    }

    /// Checks the timestamp (PAWS, RFC 7323 section 5.3, R1). This test comes before that of the sequence number.
    #[inline]
    fn check_timestamp(&self, segment: &Segment, context: &Context) -> Result<(), Outcome> {
        if !self.snd.flags.intersects(Flags::TIMESTAMPS) {
            return Ok(());
        }
        match segment.options().timestamps() {
            Some((value, _)) if self.rcv.is_old(value, context) => Err(Outcome::Acknowledge(Refusal::OldTimestamp)),
            Some(_) => Ok(()),
            // D26: a restarted peer may send a SYN without timestamps, and needs the challenge ACK to recover.
            None if segment.is_syn() || context.policy.tolerate_missing_timestamps() => Ok(()),
            None => Err(Outcome::Drop(Refusal::NoTimestamp)),
        }
    }

    /// Updates TS.Recent (RFC 7323 section 5.3, R3). The acknowledgment of the segment is acceptable, or the segment is
    /// a repeated SYN (D30).
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
        // D11: a reset is tested on its own SEG.SEQ, untrimmed, even if it carries payload (SHLD-2), or the window is
        // zero (MUST-66).
        if !exact && !self.rcv.in_window(segment.seq()) {
            return Outcome::Drop(Refusal::ResetOutsideWindow);
        }
        if let Phase::TimeWait { challenged } = self.phase {
            // RFC 1337: a reset must not cut the 2 MSL short. But a restarted peer must not be locked out (D14): its
            // reset at RCV.NXT, in answer to our challenge ACK, counts.
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
            // D19: `Refused` before our SYN is acknowledged, `Reset` afterwards.
            Phase::FinWait1 if self.snd.is_syn_unacknowledged() => Outcome::Close(Some(End::Refused)),
            Phase::Established | Phase::FinWait1 | Phase::FinWait2 | Phase::CloseWait => {
                Outcome::Close(Some(End::Reset))
            }
            // D19: the end is not graceful unless our FIN is acknowledged.
            Phase::Closing | Phase::LastAck => Outcome::Close(Some(End::Reset)),
            Phase::TimeWait { .. } => Outcome::Close(None),
        }
    }

    /// Fourth, check the SYN bit, with RFC 5961 section 4.2.
    fn check_syn(&self, segment: &Segment, context: &Context) -> Outcome {
        let in_window = self.rcv.in_window(segment.seq());
        match self.phase {
            // D23: after a passive OPEN, another SYN returns the connection to LISTEN.
            Phase::SynReceived(Origin::Passive | Origin::Listener) if in_window => Outcome::Listen(End::Reset),
            Phase::SynReceived(_)
            | Phase::Established
            | Phase::FinWait1
            | Phase::FinWait2
            | Phase::CloseWait
            | Phase::Closing
            | Phase::LastAck => {
                if in_window && !context.policy.rfc5961() {
                    Outcome::ResetAndClose
                } else {
                    Outcome::Acknowledge(Refusal::SynChallenged)
                }
            }
            // D5: TIME-WAIT challenges a SYN, too.
            Phase::TimeWait { .. } => Outcome::Acknowledge(Refusal::SynChallenged),
        }
    }

    /// Fifth, check the ACK field, with RFC 5961 section 5.2.
    #[inline]
    fn check_ack(&mut self, idealized: &Idealized<'_>, context: &mut Context) -> Result<(), Outcome> {
        let Some(ack) = idealized.header.ack() else {
            return Err(self.without_ack(idealized, context));
        };
        if self.snd.is_syn_unacknowledged() {
            return self.check_ack_of_syn(ack, idealized, context);
        }
        self.check_range(ack, context)?;
        if self.is_time_wait() {
            return self.check_in_time_wait(idealized);
        }
        if self.snd.una.le(ack) {
            self.snd.process_ack(idealized.seq, idealized.header, context);
        }
        self.note_timestamp(idealized.header, context);
        self.note_congestion(idealized.header, context);
        // MUST-37: an answer to a zero-window probe is progress, however long the window stays closed.
        if self.snd.wnd == 0 && self.snd.una != self.snd.nxt && self.snd.recovery.is_probing() {
            self.snd.probe_answered(context);
        }
        self.after_ack(idealized.fin && idealized.seq == self.rcv.nxt, context)
    }

    /// Processes CWR and ECE (RFC 3168 section 6.1). CWR ends our echo of a congestion mark; ECE is signalled to the
    /// user.
    #[inline]
    fn note_congestion(&mut self, segment: &Segment, context: &mut Context) {
        if self.snd.flags.intersects(Flags::ECN) {
            // Each ACK must echo a mark on anything that it acknowledges (section 6.1.3). CWR does not answer a mark
            // that no segment has echoed yet.
            if segment.control().contains(Control::CWR) && !self.snd.flags.intersects(Flags::ECHO_UNSENT) {
                self.snd.flags.remove(Flags::ECHO);
            }
            if segment.control().contains(Control::ECE) {
                context.outbox.signal_congestion();
            }
        }
    }

    /// Checks that SND.UNA - MAX.SND.WND =< SEG.ACK =< SND.NXT (MAY-12). The lower bound applies only with the policy
    /// for RFC 5961.
    fn check_range(&self, ack: SeqNumber, context: &Context) -> Result<(), Outcome> {
        // Modulo 2^32 a very old ACK may compare right of SND.NXT. It is then still left of SND.UNA.
        if !ack.le(self.snd.nxt) && !ack.le(self.snd.una) {
            return Err(Outcome::Acknowledge(Refusal::AckOfUnsent));
        }
        if context.policy.rfc5961() && !self.oldest_acceptable_ack().le(ack) {
            return Err(Outcome::Acknowledge(Refusal::AckTooOld));
        }
        Ok(())
    }

    /// Returns SND.UNA - MAX.SND.WND. MAX.SND.WND counts as one segment at least, since one segment may always have
    /// been in flight (D1).
    fn oldest_acceptable_ack(&self) -> SeqNumber {
        self.snd.una.back(self.snd.max_wnd.max(u32::from(self.snd.mss)))
    }

    /// Returns whether SND.UNA - MAX.SND.WND =< SEG.ACK =< SND.NXT.
    pub(super) fn is_in_range(&self, ack: SeqNumber) -> bool {
        ack - self.oldest_acceptable_ack() <= self.snd.nxt - self.oldest_acceptable_ack()
    }

    /// Drops a segment without ACK. A repeated SYN also asks for our SYN,ACK again (D6).
    #[cold]
    fn without_ack(&mut self, idealized: &Idealized<'_>, context: &mut Context) -> Outcome {
        if self.is_repeated_syn(idealized.header) {
            self.withdraw_options(idealized.header);
            self.note_timestamp(idealized.header, context);
            if context.outbox.is_syn_requested() || self.take_challenge_token(context) {
                context.outbox.request_syn();
            }
            return Outcome::Drop(Refusal::SynRepeated);
        }
        Outcome::Drop(Refusal::NoAck)
    }

    /// Checks the ACK field in SYN-RECEIVED, and in FIN-WAIT-1 while our SYN is unacknowledged (D8).
    fn check_ack_of_syn(
        &mut self,
        ack: SeqNumber,
        idealized: &Idealized<'_>,
        context: &mut Context,
    ) -> Result<(), Outcome> {
        // D9: the acknowledged number was never sent, or belongs to an earlier connection.
        if !(self.snd.una.lt(ack) && ack.le(self.snd.nxt)) {
            return Err(Outcome::Reset(Refusal::AckInSynReceived));
        }
        if idealized.header.is_syn() {
            self.snd.withdraw_ecn(idealized.header);
        }
        self.snd.acknowledge(ack, idealized.header, context);
        self.snd.set_window(idealized.seq, self.snd.window_of(idealized.header));
        self.note_timestamp(idealized.header, context);
        if let Phase::SynReceived(_) = self.phase {
            self.enter(Phase::Established, context);
            // The user has called CLOSE in SYN-RECEIVED.
            if self.snd.has_closed() {
                self.enter(Phase::FinWait1, context);
            }
        }
        self.after_ack(idealized.fin && idealized.seq == self.rcv.nxt, context)
    }

    /// Makes the transition that follows an acknowledgment of our FIN. `has_fin` is true if the same segment begins at
    /// RCV.NXT and carries the peer's FIN. FIN-WAIT-1 then waits for the eighth step, which enters TIME-WAIT in one
    /// transition (D22).
    #[inline]
    pub(crate) fn after_ack(&mut self, has_fin: bool, context: &mut Context) -> Result<(), Outcome> {
        match self.phase {
            Phase::SynReceived(_) | Phase::Established | Phase::TimeWait { .. } => {}
            // The ACK may have freed the rest of the send queue. A CLOSE waits until all of the queue can go (D36).
            Phase::CloseWait => self.enter_last_ack(context),
            Phase::FinWait1 if self.snd.fin_acknowledged() && !has_fin => self.enter_fin_wait_2(context),
            Phase::FinWait1 => {}
            Phase::FinWait2 => {}
            Phase::Closing if self.snd.fin_acknowledged() => self.enter_time_wait(context),
            Phase::LastAck if self.snd.fin_acknowledged() => return Err(Outcome::Close(None)),
            Phase::Closing | Phase::LastAck => {}
        }
        Ok(())
    }

    /// Checks a segment in TIME-WAIT. The only segment expected here is a repeated FIN, which lies left of the window.
    /// A bare ACK at RCV.NXT is ignored without an answer; any other segment is answered with an ACK (D3, D10).
    #[cold]
    fn check_in_time_wait(&self, idealized: &Idealized<'_>) -> Result<(), Outcome> {
        if idealized.has_text_or_fin() {
            return Err(Outcome::AcknowledgeUnlimited(Refusal::OutOfStepInTimeWait));
        }
        if idealized.seq != self.rcv.nxt {
            return Err(Outcome::Acknowledge(Refusal::OutOfStepInTimeWait));
        }
        Ok(())
    }

    /// Returns whether payload has arrived that nobody will read, because the user has called `detach`. The payload is
    /// lost, and a reset must tell the peer so (SHLD-3).
    fn is_payload_after_detach(&self, idealized: &Idealized<'_>) -> bool {
        let reads = matches!(self.phase, Phase::FinWait1 | Phase::FinWait2);
        self.snd.flags.intersects(Flags::DETACHED) && reads && idealized.len() > 0
    }

    /// Sixth, check the URG bit. RCV.UP advances if the pointer lies beyond both RCV.UP and the data that the user has
    /// consumed, even if the window is zero (MUST-66). Each advance is signalled (MUST-32). The pointer refers to the
    /// byte after the urgent data (MUST-62).
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
            // Not reached: the fifth step leaves SYN-RECEIVED, or ends the processing.
            Phase::SynReceived(_) => {}
            // "This should not occur": no urgent data follows the peer's FIN.
            Phase::CloseWait | Phase::Closing | Phase::LastAck | Phase::TimeWait { .. } => {}
        }
    }

    /// Seventh, process the segment text. Returns the range of the payload to deliver, which starts at RCV.NXT.
    fn process_text(&mut self, idealized: &Idealized<'_>, context: &mut Context) -> Range<usize> {
        match self.phase {
            Phase::Established | Phase::FinWait1 | Phase::FinWait2 => {}
            // Not reached: the fifth step leaves SYN-RECEIVED, or ends the processing.
            Phase::SynReceived(_) => return 0..0,
            // "This should not occur": no text follows the peer's FIN (D10).
            Phase::CloseWait | Phase::Closing | Phase::LastAck | Phase::TimeWait { .. } => {
                return 0..0;
            }
        }
        if idealized.seq != self.rcv.nxt {
            if idealized.has_text_or_fin() {
                // An out-of-order segment (MAY-13) gets a duplicate ACK at once, each its own (RFC 5681 section 4.2).
                self.note_out_of_order(idealized.seq + idealized.len() + u32::from(idealized.fin));
                context.duplicate_ack();
            }
            return 0..0;
        }
        if idealized.len() == 0 {
            if idealized.has_text_or_fin() {
                // There is no room for the payload, or the segment carries a FIN alone. The peer is told RCV.NXT at
                // once.
                context.outbox.request_ack();
            }
            return 0..0;
        }
        if idealized.len() < u32::from(idealized.header.payload_len()) || self.snd.flags.intersects(Flags::GAP) {
            // An ACK at once: part of the payload is old, so an ACK was lost; or part has no room, so the window is
            // closed now; or the segment fills a gap, in whole or in part (RFC 5681 section 4.2).
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
        // A FIN behind missing payload is not at RCV.NXT yet.
        if idealized.fin && idealized.seq + idealized.len() == self.rcv.nxt {
            self.receive_fin(context);
        }
    }

    /// Processes the peer's FIN at RCV.NXT.
    #[inline]
    pub(crate) fn receive_fin(&mut self, context: &mut Context) {
        match self.phase {
            // Not reached: the fifth step leaves SYN-RECEIVED, or ends the processing.
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
            // D10: RCV.NXT has already passed the peer's FIN.
            Phase::CloseWait | Phase::Closing | Phase::LastAck | Phase::TimeWait { .. } => {}
        }
    }

    /// Advances RCV.NXT over the FIN, signals the user, and requests an ACK.
    pub(crate) fn take_fin(&mut self, context: &mut Context) {
        // No urgent data follows the FIN. RCV.UP moves with it, as `read` does.
        self.rcv.up = self.rcv.up.min(self.rcv.nxt) + 1;
        self.rcv.advance(1);
        // The FIN may be the last of what has arrived ahead of the gap.
        self.close_gap();
        context.drop_duplicate_acks();
        // D28: a FIN takes no buffer space.
        self.rcv.edge += 1;
        self.rcv.read += 1;
        context.outbox.signal_closing();
        context.outbox.request_ack();
    }
}
