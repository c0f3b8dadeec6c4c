//! Which stretch of the send queue goes out next: RFC 9293 sections 3.7.4 (Nagle's algorithm) and 3.8.6 (windows), and
//! the credit of recovery.

use crate::machine::context::Context;
use crate::machine::outbox::Pending;
use crate::machine::seq::SeqNumber;
use crate::machine::tcb::{Recovery, Snd};

/// A stretch of the send sequence space that goes into one segment.
pub(super) struct Piece {
    pub(super) from: SeqNumber,
    pub(super) payload: u32,
    pub(super) fin: bool,
}

impl Snd {
    /// SND.WND for what goes out from `from` on.
    fn wnd_from(&self, from: SeqNumber) -> u32 {
        if from == self.nxt { self.wnd } else { self.wnd_in_flight() }
    }

    /// How much payload may go out from `from` on: the peer's window, and the caller's limit.
    fn room(&self, from: SeqNumber, context: &Context) -> u32 {
        (self.una + self.wnd_from(from).min(context.limit)).ahead_of(from)
    }

    /// Where the next segment starts, where it must end, and the credit for it, in sequence numbers.
    fn cursor(&self) -> (SeqNumber, SeqNumber, u32) {
        match self.recovery {
            Recovery::Untimed | Recovery::Timed { .. } | Recovery::Probing => (self.nxt, self.last(), u32::MAX),
            Recovery::GoBackN { cursor, credit, .. } => (cursor, self.last(), credit),
            Recovery::PastRecover { credit, .. } => (self.nxt, self.last(), credit),
            Recovery::Requested { cursor, until } => (cursor, until, u32::MAX),
        }
    }

    /// The segment that the variables allow, if any: by the peer's maximum segment size, its window, the caller's
    /// limit, and the credit of recovery (D16). The FIN rides on the last payload (D27).
    #[inline]
    pub(super) fn next_piece(&self, context: &Context) -> Option<Piece> {
        if self.is_opening() {
            // D8: nothing but a FIN can go before our SYN is acknowledged, and no window holds it back.
            let fin = self.is_closing() && self.nxt == self.end;
            return fin.then_some(Piece { from: self.end, payload: 0, fin });
        }
        let (from, until, credit) = self.cursor();
        let queued = self.end.min(until).ahead_of(from);
        let mut payload = queued.min(self.room(from, context)).min(u32::from(self.mss));
        if from == self.nxt {
            if !self.is_worth_sending(payload, queued, context) {
                return None;
            }
        } else if self.is_silly(payload, queued) {
            // What is sent again goes, and what is new behind it waits.
            payload = payload.min(self.nxt.ahead_of(from));
        }
        let after = from + payload;
        let right_edge = self.una + self.wnd_from(from);
        let fin = self.is_closing() && after == self.end && after.lt(until) && after.lt(right_edge);
        let len = payload.saturating_add(u32::from(fin));
        (len > 0 && len <= credit).then_some(Piece { from, payload, fin })
    }

    /// RFC 9293 section 3.8.6.2.1: the sender avoids silly windows (MUST-38), and Nagle's algorithm (section 3.7.4,
    /// SHLD-7). `queued` is the RFC's D; `payload` is min(D, U, Eff.snd.MSS), where the caller's limit bounds U too.
    #[inline]
    pub(crate) fn is_worth_sending(&self, payload: u32, queued: u32, context: &Context) -> bool {
        // (1) A segment of the maximum size.
        if payload == u32::from(self.mss) {
            return true;
        }
        // (2) and (3) SND.NXT = SND.UNA, or Nagle's algorithm is off. A user who has closed does not wait for it.
        let waits = self.una != self.nxt && context.policy.nagle() && !self.is_closing();
        // Where the caller's limit is the bound, all that may go while nothing is in flight.
        let limited = context.limit < self.wnd && self.una == self.nxt;
        !waits && (limited || !self.is_silly(payload, queued))
    }

    /// Less than Eff.snd.MSS, than D, and than half the largest window: Fs is 1/2, and Max(SND.WND) MAX.SND.WND.
    #[inline]
    fn is_silly(&self, payload: u32, queued: u32) -> bool {
        payload < u32::from(self.mss) && payload != queued && payload < (self.max_wnd / 2).max(1)
    }

    /// The caller's limit holds back all there is, and nothing is in flight.
    pub(crate) fn is_paused(&self, context: &Context) -> bool {
        context.limit == 0 && self.una == self.nxt && self.nxt != self.end
    }

    /// The segment at SND.UNA that the timer asks for: a retransmission, a probe, or an override.
    #[cold]
    pub(super) fn front_piece(&self, context: &Context) -> Option<Piece> {
        if self.is_paused(context) {
            return None;
        }
        let until = if self.una == self.nxt {
            // Nothing is in flight: one byte or the FIN probes a closed window (RFC 9293 section 3.8.6.1, MUST-35,
            // MUST-36); as much as fits overrides silly-window avoidance (section 3.8.6.2.1).
            self.una + self.room(self.una, context).max(1)
        } else {
            // RFC 6298 section 5.4: the earliest segment in flight. The limit does not bound it.
            self.nxt
        };
        // Behind a closed window it is a probe again.
        let window = self.wnd_in_flight().max(1);
        let payload = self.end.min(until).ahead_of(self.una).min(window).min(u32::from(self.mss));
        let after = self.una + payload;
        let fin = self.is_closing() && after == self.end && after.lt(until) && after.lt(self.una + window);
        (payload > 0 || fin).then_some(Piece { from: self.una, payload, fin })
    }

    /// The piece is handed out.
    #[inline]
    pub(super) fn sent(&mut self, piece: &Piece, context: &mut Context) {
        let after = piece.from + piece.payload + u32::from(piece.fin);
        let is_first_time = piece.from == self.nxt;
        let is_new = self.nxt.lt(after);
        // RFC 6298 5.1. A timer that ran without anything in flight was that of a window too small, if not of a probe.
        if is_first_time && self.una == self.nxt && (self.wnd > 0 || context.timer.is_none()) {
            self.restart_timer(context);
        }
        self.nxt = self.nxt.max(after);
        self.recovery.sent(piece.from, after, is_new, context.now);
        if !is_first_time && piece.from == self.una {
            self.rearm_after_resend(context.policy.r2, context);
        }
        if piece.from == self.una && !(is_first_time && self.wnd > 0) {
            self.front_sent_at = context.now.as_millis_low();
        }
        if is_first_time && self.wnd > 0 {
            self.recovery.time(self.nxt, context.now);
        }
    }

    /// "All preceding SENDs have been segmentized": the last payload of the queue has gone out, or does in this drain.
    #[cold]
    pub(super) fn is_segmentized(&self, context: &Context) -> bool {
        let (from, _, credit) = self.cursor();
        let is_probed = context.outbox.pending.intersects(Pending::RETRANSMIT) && self.una == self.nxt;
        // The FIN that rides on it takes one of the credit.
        let credit = credit.saturating_sub(u32::from(self.end.lt(self.right_edge())));
        let sendable = self.room(from, context).min(credit).max(u32::from(is_probed));
        self.end == self.nxt || self.end.ahead_of(from) <= sendable
    }
}
