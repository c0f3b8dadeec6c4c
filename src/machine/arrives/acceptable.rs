//! RFC 9293 section 3.10.7.4, first: check sequence number. Which segments are acceptable, and what counts all the same
//! of those that are not.

use super::outcome::Outcome;
use crate::machine::context::Context;
use crate::machine::error::Refusal;
use crate::machine::segment::Segment;
use crate::machine::tcb::{Flags, Phase, Synchronized};

/// How far left of RCV.NXT the acknowledgment of a segment still counts (D4).
const ACK_DISTANCE: u32 = 65_536;

impl Synchronized {
    /// The four cases of Table 6, and what is let through besides.
    #[inline]
    pub(super) fn is_acceptable(&self, segment: &Segment) -> bool {
        segment.seq() == self.rcv.nxt || self.is_acceptable_out_of_order(segment)
    }

    fn is_acceptable_out_of_order(&self, segment: &Segment) -> bool {
        // D2: a SYN that we know is cut off before the test, so that crossing SYN,ACKs establish (Figure 7).
        let known = u32::from(self.is_syn_again(segment));
        let (seq, len) = (segment.seq() + known, segment.len().wrapping_sub(known));
        // D24: behind a closed window nothing of it is taken, but its ACK and window are used.
        if seq == self.rcv.nxt || self.rcv.in_window(seq) {
            return true;
        }
        if len == 0 {
            return self.is_ack_at_right_edge(segment);
        }
        // D28: a FIN may lie at the right edge.
        let last = (seq + len).back(1);
        self.rcv.in_window(last) || (segment.is_fin() && len > 1 && self.rcv.in_window(last.back(1)))
    }

    /// The peer's SYN once more, while our SYN is unacknowledged.
    pub(super) fn is_syn_again(&self, segment: &Segment) -> bool {
        self.snd.is_opening() && segment.is_syn() && segment.seq() == self.rcv.irs
    }

    /// A bare ACK of a peer that has filled our window, or sent a probe behind it, all of which we have missed (D17).
    fn is_ack_at_right_edge(&self, segment: &Segment) -> bool {
        let right = if self.rcv.wnd() == 0 { self.rcv.nxt + 1 } else { self.rcv.edge };
        segment.len() == 0 && segment.seq() == right && !self.is_time_wait()
    }

    pub(super) fn is_time_wait(&self) -> bool {
        matches!(self.phase, Phase::TimeWait { .. })
    }

    /// "An acknowledgment should be sent in reply."
    #[cold]
    pub(super) fn unacceptable(&mut self, segment: &Segment, context: &mut Context) -> Outcome {
        if segment.ack() == Some(self.snd.una)
            && self.snd.wnd > 0
            && !self.snd.flags.intersects(Flags::USES_OLD_SEGMENTS)
            && !self.is_time_wait()
        {
            return self.answer_unacceptable(segment, context);
        }
        self.use_unacceptable(segment, context)
    }

    /// What counts all the same of a segment left of the window, if its acknowledgment is in range: its sender knows
    /// our numbers.
    #[cfg_attr(feature = "fast-path", inline(never))]
    fn use_unacceptable(&mut self, segment: &Segment, context: &mut Context) -> Outcome {
        if !segment.ack().is_some_and(|ack| self.is_in_range(ack)) {
            return Outcome::Acknowledge(Refusal::NotAcceptable);
        }
        let left = self.rcv.nxt - segment.seq();
        let ends_at_rcv_nxt = segment.len() > 0 && segment.len() == left;
        if self.is_time_wait() {
            if ends_at_rcv_nxt && segment.is_fin() && !segment.is_syn() {
                // D3: the acknowledgment of the peer's FIN was lost; 2 MSL from here.
                context.start_time_wait();
                return Outcome::AcknowledgeUsed;
            }
        } else if left <= ACK_DISTANCE && !segment.is_syn() && !self.snd.is_opening() {
            // Our acknowledgment of it was lost: its echo tells which transmission the next one answers (D30).
            if ends_at_rcv_nxt {
                self.note_timestamp(segment, context);
            }
            // A peer whose probe was taken, and the acknowledgment lost, answers from there, and is alive (D39).
            if left == 1 && self.snd.flags.intersects(Flags::KEEPS_ALIVE) {
                self.rearm_keep_alive(context);
            }
            // D4
            if self.snd.una.lt(segment.ack_number()) || self.is_window_update(segment) {
                self.snd.process_ack(segment.seq(), segment, context);
                let early = self.after_ack(false, context).err();
                self.rearm_keep_alive(context);
                return early.unwrap_or(Outcome::AcknowledgeUsed);
            }
        }
        self.answer_unacceptable(segment, context)
    }

    /// A bare ACK that opens the window, of a peer whose probe was taken, and the acknowledgment is on its way: D17 has
    /// it step back.
    fn is_window_update(&self, segment: &Segment) -> bool {
        self.snd.wnd == 0
            && segment.len() == 0
            && segment.window() > 0
            && segment.ack_number() == self.snd.una
            && self.snd.is_newer(segment.seq())
    }

    /// Nothing of it counts. Its acknowledgment is in range, and so its answer is not limited if it is the peer's own,
    /// as far as its numbers can tell (D12): a probe one left of RCV.NXT; payload or a FIN from the largest window left
    /// of RCV.NXT up to one past the right edge; or the SYN of this life.
    #[inline]
    fn answer_unacceptable(&self, segment: &Segment, context: &Context) -> Outcome {
        let oldest = self.rcv.nxt.back(self.most_window(context));
        let is_genuine = if segment.is_syn() {
            segment.seq() == self.rcv.irs
        } else if segment.len() == 0 {
            segment.seq() + 1 == self.rcv.nxt
        } else {
            segment.seq() - oldest <= self.rcv.edge + 1 - oldest
        };
        if is_genuine {
            Outcome::AcknowledgeGenuine(Refusal::NotAcceptable)
        } else {
            Outcome::Acknowledge(Refusal::NotAcceptable)
        }
    }

    /// No window that was offered in this life was larger. That of our SYN is never scaled.
    #[inline]
    fn most_window(&self, context: &Context) -> u32 {
        let buffer = context.policy.receive_buffer;
        if buffer <= u32::from(u16::MAX) && !self.snd.flags.intersects(Flags::SHRUNK) {
            return buffer;
        }
        let scale = if self.snd.is_opening() { 0 } else { self.rcv.scale };
        let field = u32::from(u16::MAX).wrapping_shl(u32::from(scale));
        if self.snd.flags.intersects(Flags::SHRUNK) { field } else { field.min(buffer) }
    }
}
