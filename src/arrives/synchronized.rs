//! RFC 9293 section 3.10.7.4: SEGMENT ARRIVES in SYN-RECEIVED and beyond, the eight steps in order.

use core::ops::Range;

use super::Return;
use super::text::Text;
use crate::connection::{Connection, Endpoint};
use crate::due::End;
use crate::error::Refusal;
use crate::segment::{Control, Segment};
use crate::seq::SeqNumber;
use crate::tcb::{Flags, Origin, Pace, Phase, Synchronized, Tcb};
use crate::time::Instant;

impl Connection {
    #[inline(never)]
    pub(super) fn arrives_in_other_states(
        &mut self,
        segment: &Segment,
        before: Instant,
    ) -> Result<Range<usize>, Refusal> {
        self.endpoint.due.pass(before, self.endpoint.now);
        let Tcb::Synchronized(tcb) = &mut self.tcb else { return Ok(0..0) };
        // First, check sequence number; second, check the RST bit, of which the number is half the test.
        if segment.is_rst() {
            let early = tcb.check_rst(segment, &self.endpoint);
            return self.return_early(segment, early);
        }
        if let Err(early) = tcb.check_timestamp(segment, &self.endpoint) {
            return self.return_early(segment, early);
        }
        if !tcb.is_acceptable(segment) {
            let early = tcb.unacceptable(segment, &mut self.endpoint);
            return self.return_early(segment, early);
        }
        // Third, check security: there is none to check (RFC 9293 appendix A.1).
        // Fourth, check the SYN bit.
        if segment.is_syn() && !tcb.is_syn_again(segment) {
            let early = tcb.check_syn(segment, &self.endpoint);
            return self.return_early(segment, early);
        }
        // Fifth to eighth.
        let text = tcb.idealize(segment);
        match tcb.check_ack(&text, &mut self.endpoint) {
            Ok(()) if tcb.refuses(&text) => self.return_early(segment, Return::AbortAndClose),
            Ok(()) => {
                let payload = tcb.sixth_step_on(&text, &mut self.endpoint);
                tcb.rearm_keep_alive(&mut self.endpoint);
                Ok(payload)
            }
            Err(early) => self.return_early(segment, early),
        }
    }

    /// The SYN,ACK that established goes on with the sixth step.
    pub(super) fn sixth_step_of_syn(&mut self, segment: &Segment) -> Range<usize> {
        let Tcb::Synchronized(tcb) = &mut self.tcb else { return 0..0 };
        let text = tcb.idealize(segment);
        let payload = tcb.sixth_step_on(&text, &mut self.endpoint);
        tcb.rearm_keep_alive(&mut self.endpoint);
        payload
    }
}

impl Synchronized {
    /// Steps six to eight, where SYN-SENT joins in.
    #[inline(always)]
    fn sixth_step_on(&mut self, text: &Text<'_>, endpoint: &mut Endpoint) -> Range<usize> {
        if text.header.control().contains(Control::URG) {
            self.check_urg(text.header, endpoint);
        }
        let range = self.process_text(text, endpoint);
        self.check_fin(text, endpoint);
        range
    }

    /// RFC 7323 5.3, R1, which stands before the sequence number.
    #[inline]
    fn check_timestamp(&self, segment: &Segment, endpoint: &Endpoint) -> Result<(), Return> {
        if !self.snd.flags.contains(Flags::TIMESTAMPS) {
            return Ok(());
        }
        match segment.options().timestamps() {
            Some((value, _)) if self.rcv.is_old(value, endpoint) => Err(Return::Acknowledge(Refusal::OldTimestamp)),
            Some(_) => Ok(()),
            // D26: a peer that started afresh without them must be cured.
            None if segment.is_syn() || endpoint.policy.tolerates_missing_timestamps() => Ok(()),
            None => Err(Return::Drop(Refusal::NoTimestamp)),
        }
    }

    /// RFC 7323 5.3, R3, of a segment whose acknowledgment was acceptable (D30).
    #[inline]
    pub(super) fn note_timestamp(&mut self, segment: &Segment, endpoint: &Endpoint) {
        if self.snd.flags.contains(Flags::TIMESTAMPS) {
            self.rcv.note_timestamp(segment, endpoint);
        }
    }

    /// Second, check the RST bit, with RFC 5961 section 3.2.
    #[inline(always)]
    fn check_rst(&self, segment: &Segment, endpoint: &Endpoint) -> Return {
        let exact = segment.seq() == self.rcv.nxt;
        // D11: a reset is tested on its own SEG.SEQ, whatever it carries (SHLD-2, MUST-66).
        if !exact && !self.rcv.in_window(segment.seq()) {
            return Return::Drop(Refusal::ResetOutsideWindow);
        }
        if let Phase::TimeWait { challenged } = self.phase {
            // RFC 1337: 2 MSL is a promise. But a peer that started afresh must not be locked out (D14).
            let allowed = endpoint.policy.reset_in_time_wait() || (challenged && exact);
            if !allowed {
                return Return::Drop(Refusal::ResetInTimeWait);
            }
        }
        if endpoint.policy.rfc5961() && !exact {
            return Return::Acknowledge(Refusal::ResetNotAtRcvNxt);
        }
        match self.phase {
            Phase::SynReceived(Origin::Passive | Origin::Listener) => Return::Listen(End::Refused),
            Phase::SynReceived(Origin::Active) => Return::Close(Some(End::Refused)),
            // D19: refused before our SYN is acknowledged, reset after.
            Phase::FinWait1 if self.snd.is_opening() => Return::Close(Some(End::Refused)),
            Phase::Established | Phase::FinWait1 | Phase::FinWait2 | Phase::CloseWait => {
                Return::Close(Some(End::Reset))
            }
            // D19: without the acknowledgment of our FIN it is no graceful end.
            Phase::Closing | Phase::LastAck => Return::Close(Some(End::Reset)),
            Phase::TimeWait { .. } => Return::Close(None),
        }
    }

    /// Fourth, check the SYN bit, with RFC 5961 section 4.2.
    fn check_syn(&self, segment: &Segment, endpoint: &Endpoint) -> Return {
        let in_window = self.rcv.in_window(segment.seq());
        match self.phase {
            // D23
            Phase::SynReceived(Origin::Passive | Origin::Listener) if in_window => Return::Listen(End::Reset),
            Phase::SynReceived(_)
            | Phase::Established
            | Phase::FinWait1
            | Phase::FinWait2
            | Phase::CloseWait
            | Phase::Closing
            | Phase::LastAck
                if in_window && !endpoint.policy.rfc5961() =>
            {
                Return::ResetAndClose
            }
            // D5 for TIME-WAIT.
            Phase::SynReceived(_)
            | Phase::Established
            | Phase::FinWait1
            | Phase::FinWait2
            | Phase::CloseWait
            | Phase::Closing
            | Phase::LastAck
            | Phase::TimeWait { .. } => Return::Acknowledge(Refusal::SynChallenged),
        }
    }

    /// Fifth, check the ACK field, with RFC 5961 section 5.2.
    #[inline]
    fn check_ack(&mut self, text: &Text<'_>, endpoint: &mut Endpoint) -> Result<(), Return> {
        let Some(ack) = text.header.ack() else {
            return Err(self.without_ack(text, endpoint));
        };
        if self.snd.is_opening() {
            return self.check_ack_of_syn(ack, text, endpoint);
        }
        self.check_range(ack, endpoint)?;
        if self.is_time_wait() {
            return self.check_step_in_time_wait(text, endpoint);
        }
        if self.snd.una.le(ack) {
            self.snd.use_ack(text.seq, text.header, endpoint);
        }
        self.note_timestamp(text.header, endpoint);
        self.note_congestion(text.header, endpoint);
        // MUST-37: an answer to a probe is progress, as long as it takes.
        if self.snd.wnd == 0 && self.snd.una != self.snd.nxt && self.snd.pace == Pace::Probing {
            self.snd.probe_answered(endpoint);
        }
        self.after_ack(text.fin && text.seq == self.rcv.nxt, endpoint)
    }

    /// RFC 3168 section 6.1: the peer echoes a mark, and hears of ours.
    #[inline]
    fn note_congestion(&mut self, segment: &Segment, endpoint: &mut Endpoint) {
        if self.snd.flags.contains(Flags::ECN) {
            // Each ACK says whether anything that it acknowledges was marked (6.1.3), whatever the peer has heard
            // before.
            if segment.control().contains(Control::CWR) && !self.snd.flags.contains(Flags::UNTOLD) {
                self.snd.flags.remove(Flags::ECHO);
            }
            if segment.control().contains(Control::ECE) {
                endpoint.due.congestion();
            }
        }
    }

    /// SND.UNA - MAX.SND.WND =< SEG.ACK =< SND.NXT (MAY-12)
    fn check_range(&self, ack: SeqNumber, endpoint: &Endpoint) -> Result<(), Return> {
        if !ack.le(self.snd.nxt) && !ack.le(self.snd.una) {
            return Err(Return::Acknowledge(Refusal::AckOfUnsent));
        }
        if endpoint.policy.rfc5961() && !self.oldest_ack().le(ack) {
            return Err(Return::Acknowledge(Refusal::AckTooOld));
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
    fn without_ack(&mut self, text: &Text<'_>, endpoint: &mut Endpoint) -> Return {
        if self.is_syn_again(text.header) {
            self.take_back(text.header);
            self.note_timestamp(text.header, endpoint);
            if endpoint.due.syn_is_due() || self.may_challenge(endpoint) {
                endpoint.due.syn();
            }
            return Return::Drop(Refusal::SynRepeated);
        }
        Return::Drop(Refusal::NoAck)
    }

    /// SYN-RECEIVED, and FIN-WAIT-1 while our SYN is unacknowledged (D8).
    fn check_ack_of_syn(&mut self, ack: SeqNumber, text: &Text<'_>, endpoint: &mut Endpoint) -> Result<(), Return> {
        // D9: what it acknowledges was never sent, or is older than this connection.
        if !(self.snd.una.lt(ack) && ack.le(self.snd.nxt)) {
            return Err(Return::Reset(Refusal::AckInSynReceived));
        }
        if text.header.is_syn() {
            self.snd.take_back_ecn(text.header);
        }
        self.snd.acknowledge(ack, text.header, endpoint);
        self.snd.set_window(text.seq, ack, self.snd.window_of(text.header));
        self.note_timestamp(text.header, endpoint);
        endpoint.due.look();
        if let Phase::SynReceived(_) = self.phase {
            self.enter(Phase::Established, endpoint);
            // A CLOSE that was queued.
            if self.snd.is_closing() {
                self.enter(Phase::FinWait1, endpoint);
            }
        }
        self.after_ack(text.fin && text.seq == self.rcv.nxt, endpoint)
    }

    /// What the acknowledgment of our FIN leads to, state by state. In FIN-WAIT-1 a FIN of the peer that comes with it
    /// leads to TIME-WAIT in the eighth step, in one transition (D22).
    #[inline]
    pub(super) fn after_ack(&mut self, fin_follows: bool, endpoint: &mut Endpoint) -> Result<(), Return> {
        match self.phase {
            Phase::SynReceived(_) | Phase::Established | Phase::TimeWait { .. } => {}
            // The rest of the queue may have become free to go, and with it a CLOSE that waits for that.
            Phase::CloseWait => self.enter_last_ack(endpoint),
            Phase::FinWait1 if self.snd.fin_acknowledged() && !fin_follows => self.enter_fin_wait_2(endpoint),
            Phase::FinWait1 => {}
            Phase::FinWait2 => {}
            Phase::Closing if self.snd.fin_acknowledged() => self.enter_time_wait(endpoint),
            Phase::LastAck if self.snd.fin_acknowledged() => return Err(Return::Close(None)),
            Phase::Closing | Phase::LastAck => {}
        }
        Ok(())
    }

    /// TIME-WAIT expects nothing but a FIN sent again, and that lies left of the window. An acknowledgment in order is
    /// passed over in silence, anything else gets an ACK (D3, D10).
    #[cold]
    fn check_step_in_time_wait(&mut self, text: &Text<'_>, endpoint: &mut Endpoint) -> Result<(), Return> {
        if text.carries() {
            endpoint.due.ack();
            return Err(Return::Drop(Refusal::OutOfStepInTimeWait));
        }
        if text.seq != self.rcv.nxt {
            return Err(Return::Acknowledge(Refusal::OutOfStepInTimeWait));
        }
        Ok(())
    }

    /// The user is gone: payload would be lost, and the peer is to know (SHLD-3).
    fn refuses(&self, text: &Text<'_>) -> bool {
        let reads = matches!(self.phase, Phase::FinWait1 | Phase::FinWait2);
        self.snd.flags.contains(Flags::DETACHED) && reads && text.len() > 0
    }

    /// Sixth, check the URG bit: RCV.UP moves on, and the user is told whenever it does, if there is anything urgent
    /// that he has not consumed (MUST-32). The pointer counts to the byte behind the urgent ones (MUST-62).
    #[cold]
    fn check_urg(&mut self, segment: &Segment, endpoint: &mut Endpoint) {
        match self.phase {
            Phase::Established | Phase::FinWait1 | Phase::FinWait2 => {
                let up = segment.seq() + u32::from(segment.urgent());
                if self.rcv.up.max(self.rcv.read).lt(up) {
                    self.rcv.up = up;
                    endpoint.due.urgent();
                }
            }
            // "This should not occur": after the peer's FIN there is nothing urgent.
            Phase::SynReceived(_) | Phase::CloseWait | Phase::Closing | Phase::LastAck | Phase::TimeWait { .. } => {}
        }
    }

    /// Seventh, process the segment text: what starts at RCV.NXT is the user's.
    fn process_text(&mut self, text: &Text<'_>, endpoint: &mut Endpoint) -> Range<usize> {
        match self.phase {
            Phase::Established | Phase::FinWait1 | Phase::FinWait2 => {}
            // "This should not occur": after the peer's FIN there is no text (D10).
            Phase::SynReceived(_) | Phase::CloseWait | Phase::Closing | Phase::LastAck | Phase::TimeWait { .. } => {
                return 0..0;
            }
        }
        if text.seq != self.rcv.nxt {
            if text.carries() {
                // Ahead of a gap (MAY-13): a duplicate ACK at once, and one for each (RFC 5681 section 4.2).
                self.note_ahead(text.seq + text.len() + u32::from(text.fin));
                endpoint.duplicate_ack();
            }
            return 0..0;
        }
        if text.len() == 0 {
            if text.carries() {
                // Refused for want of room: the peer is told RCV.NXT at once.
                endpoint.due.ack();
            }
            return 0..0;
        }
        if text.len() < u32::from(text.header.payload_len()) || self.snd.flags.contains(Flags::GAP) {
            // Some of it is known already, or has no room: an ACK was lost, or the window is closed now. Or it fills a
            // gap, in whole or in part (RFC 5681 section 4.2).
            endpoint.due.ack();
        } else {
            endpoint.acknowledge_text(text.len());
        }
        endpoint.drop_duplicate_acks();
        self.rcv.advance(text.len());
        self.close_gap();
        usize::from(text.payload.start)..usize::from(text.payload.end)
    }

    /// Eighth, check the FIN bit.
    fn check_fin(&mut self, text: &Text<'_>, endpoint: &mut Endpoint) {
        // With payload before it missing, the FIN is not reached yet.
        if !text.fin || text.seq + text.len() != self.rcv.nxt {
            return;
        }
        match self.phase {
            Phase::SynReceived(_) => {}
            Phase::Established => {
                self.take_fin(endpoint);
                self.enter(Phase::CloseWait, endpoint);
            }
            Phase::FinWait1 => {
                self.take_fin(endpoint);
                if self.snd.fin_acknowledged() {
                    self.enter_time_wait(endpoint);
                } else {
                    self.enter(Phase::Closing, endpoint);
                }
            }
            Phase::FinWait2 => {
                self.take_fin(endpoint);
                self.enter_time_wait(endpoint);
            }
            // D10: there is one FIN, and RCV.NXT has passed it.
            Phase::CloseWait | Phase::Closing | Phase::LastAck | Phase::TimeWait { .. } => {}
        }
    }

    /// "Signal the user, advance RCV.NXT over the FIN, and send an acknowledgment for it."
    fn take_fin(&mut self, endpoint: &mut Endpoint) {
        // Nothing behind it can be urgent.
        self.rcv.up = self.rcv.up.min(self.rcv.nxt) + 1;
        self.rcv.advance(1);
        endpoint.drop_duplicate_acks();
        // D28: a FIN takes no buffer.
        self.rcv.edge += 1;
        self.rcv.read += 1;
        endpoint.due.closing();
        endpoint.due.ack();
    }
}
