//! RFC 9293 section 3.10.7.4, first step: check the sequence number. Decides which segments are acceptable, and which
//! parts of an unacceptable segment are still used.

use super::outcome::Outcome;
use crate::machine::context::Context;
use crate::machine::error::Refusal;
use crate::machine::segment::Segment;
use crate::machine::tcb::{Flags, Phase, Synchronized};

/// The distance left of RCV.NXT within which the acknowledgment of a segment is still used, in sequence numbers (D4).
const ACK_DISTANCE: u32 = 65_536;

impl Synchronized {
    /// Returns whether the segment passes the four cases of Table 6, or this crate's exceptions to them (D2, D17, D24,
    /// D28).
    #[inline]
    pub(super) fn is_acceptable(&self, segment: &Segment) -> bool {
        segment.seq() == self.rcv.nxt || self.is_acceptable_by_table_6(segment)
    }

    fn is_acceptable_by_table_6(&self, segment: &Segment) -> bool {
        // D2: a repeated SYN is cut off before the test, so that crossing SYN,ACKs establish the connection (Figure 7).
        let repeated_syn = u32::from(self.is_repeated_syn(segment));
        let (seq, len) = (segment.seq() + repeated_syn, segment.len().wrapping_sub(repeated_syn));
        // D24: a segment at RCV.NXT passes even if the window is zero. Then its ACK and window are used, but not its
        // payload.
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

    /// Returns whether the segment repeats the peer's SYN while our SYN is unacknowledged.
    pub(super) fn is_repeated_syn(&self, segment: &Segment) -> bool {
        self.snd.is_syn_unacknowledged() && segment.is_syn() && segment.seq() == self.rcv.irs
    }

    /// Returns whether the segment is a bare ACK at the right edge of our window, or at RCV.NXT+1 if the window is
    /// zero. An honest peer sends such an ACK after it has filled our window, or probed our zero window. All that it
    /// sent was lost (D17).
    fn is_ack_at_right_edge(&self, segment: &Segment) -> bool {
        let right = if self.rcv.wnd() == 0 { self.rcv.nxt + 1 } else { self.rcv.edge };
        segment.len() == 0 && segment.seq() == right && !self.is_time_wait()
    }

    pub(super) fn is_time_wait(&self) -> bool {
        matches!(self.phase, Phase::TimeWait { .. })
    }

    /// Answers an unacceptable segment with an ACK. First uses the parts of the segment that still count (D3, D4, D30,
    /// D39).
    #[cold]
    pub(super) fn unacceptable(&mut self, segment: &Segment, context: &mut Context) -> Outcome {
        // Fast path: the acknowledgment is in range, and nothing of the segment can be used.
        if segment.ack() == Some(self.snd.una)
            && self.snd.wnd > 0
            && !self.snd.flags.intersects(Flags::USES_OLD_SEGMENTS)
            && !self.is_time_wait()
        {
            return self.answer_unacceptable(segment, context);
        }
        self.use_unacceptable(segment, context)
    }

    /// Uses the parts of an unacceptable segment that still count, then answers it. Nothing counts unless the segment
    /// lies left of RCV.NXT and its acknowledgment is in range, which shows that the sender knows our sequence numbers.
    #[cfg_attr(feature = "fast-path", inline(never))]
    fn use_unacceptable(&mut self, segment: &Segment, context: &mut Context) -> Outcome {
        if !segment.ack().is_some_and(|ack| self.is_in_range(ack)) {
            return Outcome::Acknowledge(Refusal::NotAcceptable);
        }
        let distance = self.rcv.nxt - segment.seq();
        let ends_at_rcv_nxt = segment.len() > 0 && segment.len() == distance;
        if self.is_time_wait() {
            if ends_at_rcv_nxt && segment.is_fin() && !segment.is_syn() {
                // D3: our ACK of the peer's FIN was lost. The 2 MSL restart.
                context.start_time_wait();
                return Outcome::AcknowledgeUsed;
            }
        } else if distance <= ACK_DISTANCE && !segment.is_syn() && !self.snd.is_syn_unacknowledged() {
            // D30: our ACK of this segment was lost. The timestamp to echo must be that of the retransmission, which
            // our next ACK answers.
            if ends_at_rcv_nxt {
                self.note_timestamp(segment, context);
            }
            // D39: we accepted the peer's window probe, and our ACK was lost. The peer now answers keep-alive from
            // RCV.NXT-1, and is alive.
            if distance == 1 && self.snd.flags.intersects(Flags::KEEPS_ALIVE) {
                self.rearm_keep_alive(context);
            }
            // D4: a new acknowledgment or a larger window is used before the segment is answered.
            if self.snd.una.lt(segment.ack_number()) || self.is_window_update(segment) {
                self.snd.process_ack(segment.seq(), segment, context);
                let early = self.after_ack(false, context).err();
                self.rearm_keep_alive(context);
                return early.unwrap_or(Outcome::AcknowledgeUsed);
            }
        }
        self.answer_unacceptable(segment, context)
    }

    /// Returns whether the segment is a bare ACK left of the window that opens a zero window of the peer (D4). The peer
    /// sends it there after we have accepted its window probe, while our ACK of the probe is under way (D17).
    fn is_window_update(&self, segment: &Segment) -> bool {
        self.snd.wnd == 0
            && segment.len() == 0
            && segment.window() > 0
            && segment.ack_number() == self.snd.una
            && self.snd.is_newer(segment.seq())
    }

    /// Answers an unacceptable segment of which nothing is used. Its acknowledgment is in range. The answer is not
    /// rate-limited if an off-path attacker can hardly have sent the segment, by its sequence numbers (D12):
    ///
    /// * a keep-alive or window probe at RCV.NXT-1;
    /// * payload or a FIN that begins between RCV.NXT less the largest window ever offered and one past the right edge;
    /// * the SYN of this connection.
    #[inline]
    fn answer_unacceptable(&self, segment: &Segment, context: &Context) -> Outcome {
        // A keep-alive probe may carry an octet, even if no window was ever offered.
        let oldest = self.rcv.nxt.back(self.largest_window_offered(context).max(1));
        let is_genuine = if segment.is_syn() {
            segment.seq() == self.rcv.irs
        } else if segment.len() == 0 {
            segment.seq() + 1 == self.rcv.nxt
        } else {
            segment.seq() - oldest <= self.rcv.edge + 1 - oldest
        };
        if is_genuine {
            Outcome::AcknowledgeUnlimited(Refusal::NotAcceptable)
        } else {
            Outcome::Acknowledge(Refusal::NotAcceptable)
        }
    }

    /// Returns an upper bound for the windows offered in this life of the connection, in bytes. The window of our SYN
    /// is never scaled.
    #[inline]
    fn largest_window_offered(&self, context: &Context) -> u32 {
        let buffer = context.policy.receive_buffer;
        if buffer <= u32::from(u16::MAX) && !self.snd.flags.intersects(Flags::BUFFER_SHRUNK) {
            return buffer;
        }
        let scale = if self.snd.is_syn_unacknowledged() { 0 } else { self.rcv.scale };
        let field = u32::from(u16::MAX).wrapping_shl(u32::from(scale));
        if self.snd.flags.intersects(Flags::BUFFER_SHRUNK) { field } else { field.min(buffer) }
    }
}
