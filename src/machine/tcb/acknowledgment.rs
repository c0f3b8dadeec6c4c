//! The fifth step of RFC 9293 section 3.10.7.4 in the send sequence space: SND.UNA, the window, the round-trip time.

use super::recovery::Recovery;
use super::snd::{Flags, Snd};
use crate::machine::context::Context;
use crate::machine::outbox::Pending;
use crate::machine::rto::Rto;
use crate::machine::segment::Segment;
use crate::machine::seq::SeqNumber;

impl Snd {
    /// SND.UNA <- SEG.ACK, for SND.UNA < SEG.ACK =< SND.NXT.
    #[cfg_attr(feature = "fast-path", inline(always))]
    pub(crate) fn acknowledge(&mut self, ack: SeqNumber, segment: &Segment, context: &mut Context) {
        // The FIN lies behind the send queue, and the SYN before it: neither counts as payload.
        let payload = ack.min(self.end) - self.una;
        let payload = if self.is_syn_unacknowledged() { payload.saturating_sub(1) } else { payload };
        let rtt = if self.recovery.is_steady() {
            self.recovery.sample_timed(ack, context.now)
        } else {
            self.acknowledge_in_recovery(ack, segment, context)
        };
        if let Some(rtt) = rtt {
            self.sample(rtt);
        }
        if self.flags.intersects(Flags::SYN | Flags::URGENT) {
            self.syn_or_urgent_acknowledged(ack, context);
        }
        self.advance_una(ack, payload, context);
    }

    /// SND.UNA <- SEG.ACK, which acknowledges `payload` bytes of the send queue.
    #[cfg_attr(feature = "fast-path", inline(always))]
    pub(crate) fn advance_una(&mut self, ack: SeqNumber, payload: u32, context: &mut Context) {
        self.una = ack;
        if self.nxt != self.last() {
            context.outbox.request_data();
        }
        context.outbox.signal_acknowledged(payload);
        // RFC 6298 5.2 and 5.3: the timer stops when everything is acknowledged; otherwise it restarts.
        if self.una == self.nxt {
            self.all_acknowledged(context);
        } else {
            self.duplicates = 0;
            self.restart_timer(context);
        }
    }

    /// Stops the timer, since nothing is in flight any more.
    #[cfg_attr(feature = "fast-path", inline(always))]
    pub(crate) fn all_acknowledged(&mut self, context: &mut Context) {
        self.duplicates = 0;
        self.retransmissions = 0;
        context.timer = None;
        context.outbox.take(Pending::RETRANSMIT);
    }

    /// Takes an ACK during recovery. Returns the round-trip time, in microseconds, if the ACK yields one.
    #[cold]
    #[cfg_attr(feature = "fast-path", inline(never))]
    fn acknowledge_in_recovery(&mut self, ack: SeqNumber, segment: &Segment, context: &mut Context) -> Option<u32> {
        let advance = ack - self.una;
        context.outbox.request_data();
        // An ACK of a part shows that the peer takes data, although its window reads zero. The rest is less than one
        // step of its scale, so the field is rounded, and the rest is sent again (RFC 7323 section 2.4, D48).
        if self.recovery.is_probing() && ack != self.nxt && self.is_rounding(self.nxt - ack) {
            self.recovery = Recovery::GoBackN { recover: self.nxt, cursor: ack, credit: advance.saturating_mul(2) };
            self.backoff = 0;
            return self.echoed(segment, context);
        }
        // RFC 7323 4.1: the echo of our timestamp yields a round-trip time even for a retransmission (D44).
        self.recovery.acknowledged(ack, advance, context.now).or_else(|| self.echoed(segment, context))
    }

    #[inline]
    pub(crate) fn sample(&mut self, rtt: u32) {
        self.rto.sample(rtt);
        self.backoff = 0;
    }

    /// Returns the round-trip time, in microseconds, from the echo of our timestamp. The timestamp must not be older
    /// than the last retransmission of the front: the ACK of an earlier segment was lost then. An echo from the future,
    /// which we never sent, wraps to a greater age. An echo of zero does not count: some peers send zero when they have
    /// nothing to echo.
    fn echoed(&self, segment: &Segment, context: &Context) -> Option<u32> {
        if !self.flags.intersects(Flags::TIMESTAMPS) {
            return None;
        }
        let (_, echo) = segment.options().timestamps()?;
        let millis = context.timestamp().wrapping_sub(echo);
        let most = context.now.as_millis_low().wrapping_sub(self.front_sent_at);
        (echo != 0 && millis <= most).then_some(millis.saturating_mul(1_000))
    }

    #[cfg_attr(feature = "fast-path", inline(never))]
    fn syn_or_urgent_acknowledged(&mut self, ack: SeqNumber, context: &mut Context) {
        if self.is_syn_unacknowledged() {
            self.flags.remove(Flags::SYN);
            context.outbox.syn_acknowledged();
            // RFC 6298 5.7: after a timeout of our SYN the estimate begins again.
            if self.retransmissions > 0 {
                self.rto = Rto::after_syn_timeout(&context.policy);
                self.backoff = 0;
            }
        }
        if self.up.le(ack) {
            self.flags.remove(Flags::URGENT);
        }
    }

    /// Returns whether SND.WL1 < SEG.SEQ, or SND.WL1 = SEG.SEQ and SND.WL2 =< SEG.ACK, for SND.UNA =< SEG.ACK. Then the
    /// segment is not older than the last that set the window.
    #[inline]
    pub(crate) fn is_newer(&self, seq: SeqNumber) -> bool {
        self.wl1.le(seq)
    }

    /// Sets SND.WND and SND.WL1 from the segment, unless it is older than the last that set them.
    #[cfg_attr(feature = "fast-path", inline(always))]
    pub(crate) fn note_window(&mut self, seq: SeqNumber, segment: &Segment) {
        if self.is_newer(seq) {
            self.set_window(seq, self.window_of(segment));
        }
    }

    /// Takes the acknowledgment and the window of a segment with SND.UNA =< SEG.ACK =< SND.NXT. `seq` is for SND.WL1:
    /// SEG.SEQ, after trimming to the receive window if the segment is acceptable.
    #[inline]
    pub(crate) fn process_ack(&mut self, seq: SeqNumber, segment: &Segment, context: &mut Context) {
        let (ack, was) = (segment.ack_number(), self.wnd);
        if self.una != ack {
            self.acknowledge(ack, segment, context);
            // A segment that acknowledges more is never older, whatever SND.WL1 says (D24).
            self.set_window(seq, self.window_of(segment));
        } else {
            if self.is_duplicate(segment) {
                self.duplicates = self.duplicates.saturating_add(1);
            }
            self.note_window(seq, segment);
        }
        if self.wnd != was {
            self.window_changed(was, context);
        }
    }

    /// Returns whether an ACK of SND.UNA is a duplicate ACK (RFC 5681 section 2): it has nothing else to say, and data
    /// is in flight. Behind a closed window such an ACK answers a probe, and does not count.
    fn is_duplicate(&self, segment: &Segment) -> bool {
        segment.len() == 0 && self.una != self.nxt && self.wnd > 0 && self.window_of(segment) == self.wnd
    }
}
