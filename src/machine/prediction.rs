//! Header prediction: which short path a segment takes. `fast_path.rs` has the paths.

use crate::machine::segment::{Control, Segment};
use crate::machine::seq::SeqNumber;
use crate::machine::tcb::{Flags, Phase, Synchronized};

/// The path of a segment in order.
pub(crate) enum Prediction {
    /// In ESTABLISHED, [acknowledges nothing new](Synchronized::is_quiet).
    Quiet,
    /// In ESTABLISHED, [acknowledges data](Synchronized::is_new_ack).
    NewAck,
    /// In ESTABLISHED, may be quiet; timestamps, delayed ACKs or keep-alive take a part.
    FeaturedQuiet,
    /// In ESTABLISHED, may acknowledge data, with the same features.
    FeaturedNewAck,
    /// Has a FIN.
    Fin,
    /// Has no FIN, in another state than ESTABLISHED: may be the ACK of our SYN or FIN.
    ControlAck,
    /// Any other segment.
    Unpredicted,
}

impl Synchronized {
    /// Returns whether the segment is at RCV.NXT and has ACK, and no other control bits than FIN, PSH and AE (Accurate
    /// ECN).
    #[inline(always)]
    pub(crate) fn is_in_order(&self, segment: &Segment) -> bool {
        const TESTED: Control = Control::FIN.union(Control::PSH).union(Control::AE).complement();
        segment.control().intersection(TESTED) == Control::ACK && segment.seq() == self.rcv.nxt
    }

    /// Predicts the path of a segment [in order](Self::is_in_order).
    #[inline(always)]
    pub(crate) fn predict(&self, segment: &Segment) -> Prediction {
        if u32::from(segment.payload_len()) != segment.len() {
            return Prediction::Fin;
        }
        if !matches!(self.phase, Phase::Established) {
            return Prediction::ControlAck;
        }
        let is_old_ack = segment.ack_number() == self.snd.una;
        // A gap goes there too, and from there to the eight steps.
        let is_featured = self.snd.flags.intersects(Flags::GAP | Flags::SEES_QUIET);
        match is_old_ack {
            true if is_featured => Prediction::FeaturedQuiet,
            false if is_featured => Prediction::FeaturedNewAck,
            true if self.is_quiet(segment) => Prediction::Quiet,
            false if self.is_new_ack(segment) => Prediction::NewAck,
            _ => Prediction::Unpredicted,
        }
    }

    /// Returns whether the fifth step only has to note the window: no data waits for one, there is no gap, and the text
    /// fits our window. The caller has tested that the state is ESTABLISHED and SEG.ACK is SND.UNA.
    #[inline(always)]
    pub(crate) fn is_quiet(&self, segment: &Segment) -> bool {
        let snd = &self.snd;
        let is_idle = snd.una == snd.nxt && snd.nxt == snd.end;
        !snd.flags.intersects(Flags::GAP)
            && segment.len() <= self.rcv.wnd()
            && snd.wnd > 0
            // With data in flight, a bare ACK may be a duplicate ACK.
            && (is_idle || (segment.len() > 0 && snd.scaled_window_of(segment) == snd.wnd))
    }

    /// Returns whether the segment acknowledges data in flight, its text fits our window, and there is no gap, no
    /// urgent data, no recovery and no closed window. The caller has tested that the state is ESTABLISHED and SEG.ACK
    /// is not SND.UNA.
    #[inline(always)]
    pub(crate) fn is_new_ack(&self, segment: &Segment) -> bool {
        let snd = &self.snd;
        !snd.flags.intersects(Flags::GAP | Flags::URGENT)
            && segment.len() <= self.rcv.wnd()
            && segment.ack_number() - snd.una <= snd.nxt - snd.una
            && snd.wnd > 0
            && snd.recovery.is_steady()
    }

    /// Returns whether a segment with FIN has no payload and acknowledges nothing new, in ESTABLISHED or FIN-WAIT-2.
    /// (In FIN-WAIT-1 our own FIN is in flight.) We have nothing in flight and nothing to send. No policy has a timer.
    /// (A FIN needs no window, D28.)
    #[inline(always)]
    pub(crate) fn is_fin_predicted(&self, segment: &Segment) -> bool {
        let snd = &self.snd;
        matches!(self.phase, Phase::Established | Phase::FinWait2)
            && segment.payload_len() == 0
            && segment.ack_number() == snd.una
            && snd.una == snd.nxt
            && snd.nxt == snd.last()
            && snd.wnd > 0
            && !snd.flags.intersects(Flags::GAP | Flags::HAS_TIMED_POLICY)
    }

    /// Returns whether a segment without text acknowledges all that we have to send, and with it our SYN or our FIN. No
    /// policy has a timer.
    #[inline(always)]
    pub(crate) fn is_control_ack_predicted(&self, segment: &Segment) -> bool {
        let (snd, ack) = (&self.snd, segment.ack_number());
        let is_of_everything = segment.len() == 0 && ack == snd.nxt && ack == snd.last() && ack != snd.una;
        if !is_of_everything
            || !snd.recovery.is_steady()
            || snd.flags.intersects(Flags::GAP | Flags::URGENT | Flags::HAS_TIMED_POLICY)
        {
            return false;
        }
        match self.phase {
            // After a timeout of our SYN the RTO begins again (RFC 6298 section 5.7).
            Phase::SynReceived(_) => snd.retransmissions == 0,
            // D8: a CLOSE in SYN-RECEIVED leaves our SYN unacknowledged.
            Phase::FinWait1 | Phase::Closing | Phase::LastAck => !snd.is_syn_unacknowledged(),
            Phase::Established | Phase::FinWait2 | Phase::CloseWait | Phase::TimeWait { .. } => false,
        }
    }

    /// Returns whether steps one to four let the segment pass, its ACK is predicted, and this state takes its payload
    /// and FIN.
    #[inline(always)]
    pub(crate) fn is_predicted(&self, segment: &Segment) -> bool {
        let is_taken = match self.phase {
            Phase::TimeWait { .. } => false,
            _ if segment.len() == 0 => true,
            Phase::Established => true,
            Phase::FinWait1 | Phase::FinWait2 => {
                segment.payload_len() == 0 || !self.snd.flags.intersects(Flags::DETACHED)
            }
            Phase::SynReceived(_) | Phase::CloseWait | Phase::Closing | Phase::LastAck => false,
        };
        is_taken
            && segment.len() <= self.rcv.wnd()
            && self.is_ack_predicted(segment)
            && self.is_stamped_in_order(segment)
    }

    /// Returns whether the segment acknowledges something new, or changes no window that any data waits for.
    #[inline(always)]
    pub(crate) fn is_ack_predicted(&self, segment: &Segment) -> bool {
        let snd = &self.snd;
        let bytes = segment.ack_number() - snd.una;
        if bytes > snd.nxt - snd.una || snd.wnd == 0 || snd.flags.intersects(Flags::SYN | Flags::GAP) {
            // Of these rare cases one is predicted: the ACK of our SYN, with nothing else in flight or queued.
            let is_of_syn = snd.is_syn_unacknowledged() && bytes == 1 && snd.last() == segment.ack_number();
            return is_of_syn && snd.recovery.is_steady();
        }
        if bytes > 0 {
            return snd.recovery.is_steady();
        }
        let is_idle = snd.una == snd.nxt && snd.nxt == snd.last();
        is_idle || (segment.len() > 0 && snd.scaled_window_of(segment) == snd.wnd && snd.recovery.is_steady())
    }

    /// Returns whether the segment has a timestamp that is TS.Recent or newer, where timestamps are agreed (RFC 7323
    /// section 5.3, R1).
    #[inline(always)]
    pub(crate) fn is_stamped_in_order(&self, segment: &Segment) -> bool {
        let is_newer = |(value, _): (u32, u32)| SeqNumber(self.rcv.ts_recent).le(SeqNumber(value));
        !self.snd.flags.intersects(Flags::TIMESTAMPS) || segment.options().timestamps().is_some_and(is_newer)
    }
}
