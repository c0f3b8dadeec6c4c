//! The choice of the next piece of the send queue: RFC 9293 sections 3.7.4 (Nagle's algorithm) and 3.8.6 (windows), and
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
    /// Returns the peer's window for a segment at `from`: SND.WND for new data, [`wnd_in_flight`](Self::wnd_in_flight)
    /// for data that is sent again.
    fn wnd_from(&self, from: SeqNumber) -> u32 {
        if from == self.nxt { self.wnd } else { self.wnd_in_flight() }
    }

    /// Returns how many payload bytes the peer's window and the caller's limit allow at `from`.
    fn room(&self, from: SeqNumber, context: &Context) -> u32 {
        (self.una + self.wnd_from(from).min(context.limit)).ahead_of(from)
    }

    /// Returns where the next segment starts, where it must end, and its credit, in sequence numbers.
    fn send_range(&self) -> (SeqNumber, SeqNumber, u32) {
        match self.recovery {
            Recovery::Untimed | Recovery::Timed { .. } | Recovery::Probing => (self.nxt, self.last(), u32::MAX),
            Recovery::GoBackN { cursor, credit, .. } => (cursor, self.last(), credit),
            Recovery::PastRecover { credit, .. } => (self.nxt, self.last(), credit),
            Recovery::Requested { cursor, until } => (cursor, until, u32::MAX),
            Recovery::Refused => (self.una, self.last(), u32::MAX),
        }
    }

    /// Returns the next segment that may be sent, if any. The peer's maximum segment size, its window, the caller's
    /// limit, and the credit of recovery (D16) bound it. The FIN rides on the last payload (D27).
    #[inline]
    pub(super) fn next_piece(&self, context: &Context) -> Option<Piece> {
        if self.is_syn_unacknowledged() {
            // D8: only a FIN can be sent before our SYN is acknowledged, and no window holds it back.
            let fin = self.has_closed() && self.nxt == self.end;
            return fin.then_some(Piece { from: self.end, payload: 0, fin });
        }
        let (from, until, credit) = self.send_range();
        let queued = self.end.min(until).ahead_of(from);
        let mut payload = queued.min(self.room(from, context)).min(u32::from(self.mss));
        if from == self.nxt {
            if !self.is_worth_sending(payload, queued, context) {
                return None;
            }
        } else if self.is_silly(payload, queued) {
            // The data in flight is sent again, and the new data behind it waits.
            payload = payload.min(self.nxt.ahead_of(from));
        }
        let after = from + payload;
        let right_edge = self.una + self.wnd_from(from);
        // The FIN follows the last payload, if the range goes that far and the window has room.
        let fin = self.has_closed() && after == self.end && after.lt(until) && after.lt(right_edge);
        let len = payload.saturating_add(u32::from(fin));
        (len > 0 && len <= credit).then_some(Piece { from, payload, fin })
    }

    /// Returns whether the sender's silly-window avoidance (RFC 9293 section 3.8.6.2.1, MUST-38) and Nagle's algorithm
    /// (section 3.7.4, SHLD-7) let new data go. `queued` is the RFC's D. `payload` is min(D, U, Eff.snd.MSS), where the
    /// caller's limit bounds U, too.
    #[inline]
    pub(crate) fn is_worth_sending(&self, payload: u32, queued: u32, context: &Context) -> bool {
        // (1) A segment of the maximum size.
        if payload == u32::from(self.mss) {
            return true;
        }
        // (2) and (3) SND.NXT = SND.UNA, or Nagle's algorithm is off. It holds nothing back once the user has closed
        // (D41).
        let waits = self.una != self.nxt && context.policy.nagle() && !self.has_closed();
        // Where the caller's limit is the bound, all that it allows is sent while nothing is in flight (D41).
        let limited = context.limit < self.wnd && self.una == self.nxt;
        (!waits && !self.is_silly(payload, queued)) || limited
    }

    /// Returns whether `payload` is less than Eff.snd.MSS, less than D, and less than half the largest window. The
    /// RFC's Fs is 1/2, and its Max(SND.WND) is MAX.SND.WND.
    #[inline]
    fn is_silly(&self, payload: u32, queued: u32) -> bool {
        payload != queued && payload < u32::from(self.mss) && payload < (self.max_wnd / 2).max(1)
    }

    /// Returns whether the caller's limit holds back all data, and nothing is in flight.
    pub(crate) fn is_held_by_limit(&self, context: &Context) -> bool {
        context.limit == 0 && self.una == self.nxt && self.nxt != self.end
    }

    /// Returns the segment at SND.UNA that the timer asks for: a retransmission, a probe, or an override.
    #[cold]
    pub(super) fn front_piece(&self, context: &Context) -> Option<Piece> {
        if self.is_held_by_limit(context) {
            return None;
        }
        let until = if self.una == self.nxt {
            // Nothing is in flight. One byte, or the FIN, probes a closed window (RFC 9293 section 3.8.6.1, MUST-35,
            // MUST-36). As much as fits overrides silly-window avoidance (section 3.8.6.2.1).
            self.una + self.room(self.una, context).max(1)
        } else {
            // RFC 6298 section 5.4: the earliest segment in flight. The caller's limit does not bound it.
            self.nxt
        };
        // Behind a closed window the segment is a probe, of one byte at least.
        let window = self.wnd_in_flight().max(1);
        let payload = self.end.min(until).ahead_of(self.una).min(window).min(u32::from(self.mss));
        let after = self.una + payload;
        let fin = self.has_closed() && after == self.end && after.lt(until) && after.lt(self.una + window);
        (payload > 0 || fin).then_some(Piece { from: self.una, payload, fin })
    }

    /// Updates SND.NXT, the timer and the recovery for a piece that is sent now.
    #[inline]
    pub(super) fn sent(&mut self, piece: &Piece, context: &mut Context) {
        let after = piece.from + piece.payload + u32::from(piece.fin);
        let is_first_time = piece.from == self.nxt;
        let is_new = self.nxt.lt(after);
        // RFC 6298 5.1: the first data in flight starts the timer. With an open window a running timer is the override
        // timer, and restarts. With a closed window it is the probe timer, and keeps running.
        if is_first_time && self.una == self.nxt && (self.wnd > 0 || context.timer.is_none()) {
            self.restart_timer(context);
        }
        self.nxt = self.nxt.max(after);
        self.recovery.sent(piece.from, after, is_new, context.now);
        if !is_first_time && piece.from == self.una {
            self.rearm_after_resend(context.policy.r2, context);
        }
        // A retransmission of the front, or a probe, whose first sending counts too.
        if piece.from == self.una && !(is_first_time && self.wnd > 0) {
            self.front_sent_at = context.now.as_millis_low();
        }
        if is_first_time && self.wnd > 0 {
            self.recovery.start_timing(self.nxt, context.now);
        }
    }

    /// Returns whether "all preceding SENDs have been segmentized": the last payload of the queue is sent, or will be
    /// sent before `poll` waits again.
    #[cold]
    pub(super) fn is_segmentized(&self, context: &Context) -> bool {
        let (from, _, credit) = self.send_range();
        let is_probed = context.outbox.pending.intersects(Pending::RETRANSMIT) && self.una == self.nxt;
        // The FIN on the last payload takes one sequence number of the credit.
        let credit = credit.saturating_sub(u32::from(self.end.lt(self.right_edge())));
        let sendable = self.room(from, context).min(credit).max(u32::from(is_probed));
        self.end == self.nxt || self.end.ahead_of(from) <= sendable
    }
}
