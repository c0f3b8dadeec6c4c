//! RFC 9293 section 3.10.7.3: SEGMENT ARRIVES in SYN-SENT.

use core::ops::Range;

use super::outcome::Outcome;
use crate::machine::connection::Connection;
use crate::machine::error::Refusal;
use crate::machine::outbox::End;
use crate::machine::segment::{Control, Segment};
use crate::machine::seq::SeqNumber;
use crate::machine::state::State;
use crate::machine::tcb::{Origin, Phase, Recovery, Snd, Synchronized, Tcb};

impl Connection {
    #[cfg_attr(feature = "fast-path", inline(never))]
    pub(super) fn arrives_in_syn_sent(&mut self, segment: &Segment) -> Result<Range<usize>, Refusal> {
        let Tcb::SynSent(tcb) = &self.tcb else { return Ok(0..0) };
        if let Err(early) = tcb.snd.check(segment) {
            return self.return_early(segment, early);
        }
        let tcb = Synchronized::new(Origin::Active, tcb.snd.clone(), &tcb.offer, segment, &self.context);
        self.context.outbox.drop_segments();
        // The policies may have changed since the SYN offered a window scale. The buffer must hold one step of that
        // scale.
        self.context.policy.raise_buffer_to_step(tcb.rcv.scale);
        match segment.ack() {
            Some(ack) => Ok(self.enter_established(tcb, ack, segment)),
            None => {
                self.simultaneous_open(tcb, segment);
                Ok(0..0)
            }
        }
    }

    /// Enters ESTABLISHED after the acknowledgment of our SYN, requests an ACK, and goes on with the sixth step.
    fn enter_established(&mut self, mut tcb: Synchronized, ack: SeqNumber, segment: &Segment) -> Range<usize> {
        tcb.phase = Phase::Established;
        tcb.snd.acknowledge(ack, segment, &mut self.context);
        tcb.snd.set_window(segment.seq(), tcb.snd.window_of(segment));
        self.enter([State::SynSent, State::Established], Tcb::Synchronized(tcb));
        self.context.outbox.request_ack();
        // Most SYN,ACKs carry nothing else.
        let is_bare = segment.len() == 1 && !segment.control().contains(Control::URG);
        if is_bare && !self.context.policy.keeps_alive() { 0..0 } else { self.steps_six_to_eight_of_syn(segment) }
    }

    /// Handles a simultaneous open (MUST-10): enters SYN-RECEIVED and requests a SYN,ACK (D1). Payload or a FIN on the
    /// peer's SYN is not acknowledged, so the peer sends it again (D13). The next acknowledgment may answer either our
    /// SYN or our SYN,ACK, so neither is timed (Karn's algorithm).
    fn simultaneous_open(&mut self, mut tcb: Synchronized, segment: &Segment) {
        tcb.snd.set_window(segment.seq(), tcb.snd.window_of(segment));
        tcb.snd.recovery = Recovery::Untimed;
        self.enter([State::SynSent, State::SynReceived], Tcb::Synchronized(tcb));
        self.context.outbox.request_syn();
    }
}

impl Snd {
    /// Runs the five checks of section 3.10.7.3. `Ok` means that the segment is an acceptable SYN or SYN,ACK.
    fn check(&self, segment: &Segment) -> Result<(), Outcome> {
        // First, check the ACK bit.
        if let Some(ack) = segment.ack()
            && !(self.una.lt(ack) && ack.le(self.nxt))
        {
            return Err(if segment.is_rst() {
                Outcome::Drop(Refusal::ResetWithBadAckInSynSent)
            } else {
                Outcome::Reset(Refusal::AckInSynSent)
            });
        }
        // Second, check the RST bit. D49: RCV.NXT does not exist yet, so SEG.SEQ is not compared with it. The
        // acknowledgment of our SYN is enough: only the peer can know that number.
        if segment.is_rst() {
            return Err(match segment.ack() {
                Some(_) => Outcome::Close(Some(End::Refused)),
                None => Outcome::Drop(Refusal::ResetWithoutAckInSynSent),
            });
        }
        // Third, check the security: there is none to check (RFC 9293 appendix A.1).
        // Fourth, check the SYN bit. Fifth, drop a segment with neither SYN nor RST.
        if segment.is_syn() { Ok(()) } else { Err(Outcome::Drop(Refusal::NoSynInSynSent)) }
    }
}
