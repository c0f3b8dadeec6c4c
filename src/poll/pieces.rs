//! Which stretch of the send queue goes out next: RFC 9293 sections 3.7.4 (Nagle's algorithm) and 3.8.6 (windows), and
//! what recovery has earned.

use crate::connection::Endpoint;
use crate::due::What;
use crate::seq::SeqNumber;
use crate::tcb::{Pace, Snd};

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
    fn room(&self, from: SeqNumber, endpoint: &Endpoint) -> u32 {
        (self.una + self.wnd_from(from).min(endpoint.limit)).ahead_of(from)
    }

    /// Where the next segment starts, up to where it may go, and how many numbers have been earned.
    fn cursor(&self) -> (SeqNumber, SeqNumber, u32) {
        match self.pace {
            Pace::Untimed | Pace::Timed { .. } | Pace::Probing => (self.nxt, self.last(), u32::MAX),
            Pace::Recovering { cursor, credit, .. } => (cursor, self.last(), credit),
            Pace::Renewing { credit, .. } => (self.nxt, self.last(), credit),
            Pace::Resending { cursor, until } => (cursor, until, u32::MAX),
        }
    }

    /// The segment that the variables allow, if any: by the peer's maximum segment size, its window, the caller's
    /// limit, and what recovery has earned (D16). The FIN rides on the last payload (D27).
    #[inline]
    pub(super) fn next_piece(&self, endpoint: &Endpoint) -> Option<Piece> {
        if self.is_opening() {
            // D8: nothing but a FIN can go before our SYN is acknowledged, and no window holds it back.
            let fin = self.is_closing() && self.nxt == self.end;
            return fin.then_some(Piece { from: self.end, payload: 0, fin });
        }
        let (from, until, credit) = self.cursor();
        let queued = self.end.min(until).ahead_of(from);
        let mut payload = queued.min(self.room(from, endpoint)).min(u32::from(self.mss));
        if from == self.nxt {
            if !self.is_worth_sending(payload, queued, endpoint) {
                return None;
            }
        } else if self.is_silly(payload, queued) {
            // What is sent again goes, and what is new behind it waits.
            payload = payload.min(self.nxt.ahead_of(from));
        }
        let behind = from + payload;
        let right_edge = self.una + self.wnd_from(from);
        let fin = self.is_closing() && behind == self.end && behind.lt(until) && behind.lt(right_edge);
        let len = payload.saturating_add(u32::from(fin));
        (len > 0 && len <= credit).then_some(Piece { from, payload, fin })
    }

    /// RFC 9293 section 3.8.6.2.1: no silly segments (MUST-38); and Nagle's algorithm (section 3.7.4, SHLD-7), which a
    /// user who has closed need not wait for. `queued` is D, and `payload` the least of D, the window, the limit and a
    /// full segment.
    #[inline]
    pub(crate) fn is_worth_sending(&self, payload: u32, queued: u32, endpoint: &Endpoint) -> bool {
        if payload == u32::from(self.mss) {
            return true;
        }
        let waits = self.una != self.nxt && endpoint.policy.nagle() && !self.is_closing();
        // Where the caller's limit is the bound, all that may go while nothing is in flight.
        let limited = endpoint.limit < self.wnd && self.una == self.nxt;
        !waits && (limited || !self.is_silly(payload, queued))
    }

    /// Neither a full segment, nor all there is, nor half the largest window.
    #[inline]
    fn is_silly(&self, payload: u32, queued: u32) -> bool {
        payload < u32::from(self.mss) && payload != queued && payload < (self.max_wnd / 2).max(1)
    }

    /// The caller's limit holds back all there is, and nothing is in flight.
    pub(crate) fn is_paused(&self, endpoint: &Endpoint) -> bool {
        endpoint.limit == 0 && self.una == self.nxt && self.nxt != self.end
    }

    /// What is at SND.UNA, once more (RFC 6298 section 5.4); behind a closed window one byte of it, or the FIN, to
    /// probe with (RFC 9293 section 3.8.6.1, MUST-35, MUST-36); behind one that is too small as much as fits (the
    /// override of section 3.8.6.2.1). What is in flight already is not bound by the limit, nor by a window that the
    /// rounding of its field alone has taken back (RFC 7323 section 2.4).
    #[cold]
    pub(super) fn front_piece(&self, endpoint: &Endpoint) -> Option<Piece> {
        if self.is_paused(endpoint) {
            return None;
        }
        let sent = if self.una == self.nxt { self.una + self.room(self.una, endpoint).max(1) } else { self.nxt };
        let allowed = self.wnd_in_flight().max(1);
        let payload = self.end.min(sent).ahead_of(self.una).min(allowed).min(u32::from(self.mss));
        let behind = self.una + payload;
        let room = behind.lt(self.una + allowed);
        let fin = self.is_closing() && behind == self.end && sent.gt(self.end) && room;
        (payload > 0 || fin).then_some(Piece { from: self.una, payload, fin })
    }

    /// The piece is handed out.
    #[inline]
    pub(super) fn sent(&mut self, piece: &Piece, endpoint: &mut Endpoint) {
        let behind = piece.from + piece.payload + u32::from(piece.fin);
        let fresh = piece.from == self.nxt;
        let is_new = self.nxt.lt(behind);
        // RFC 6298 5.1. A timer that ran without anything in flight was that of a window too small, if not of a probe.
        if fresh && self.una == self.nxt && (self.wnd > 0 || endpoint.timer.is_none()) {
            self.restart_timer(endpoint);
        }
        self.nxt = self.nxt.max(behind);
        match &mut self.pace {
            Pace::Untimed | Pace::Timed { .. } | Pace::Probing => {}
            // A refused probe has gone again, and all goes on as ever.
            Pace::Recovering { credit: u32::MAX, .. } => {
                let at = endpoint.now.as_micros() as u32;
                self.pace = if is_new { Pace::Timed { end: self.nxt, at } } else { Pace::Untimed };
            }
            Pace::Recovering { recover, credit, .. } if is_new => {
                let (recover, credit) = (*recover, credit.saturating_sub(behind.ahead_of(piece.from)));
                self.pace = Pace::Renewing { recover, credit, at: endpoint.now.as_micros() as u32 };
            }
            Pace::Recovering { cursor, credit, .. } => {
                *credit = credit.saturating_sub(behind.ahead_of(piece.from));
                *cursor = cursor.max(behind);
            }
            Pace::Renewing { credit, .. } => *credit = credit.saturating_sub(behind.ahead_of(piece.from)),
            Pace::Resending { until, .. } if until.le(behind) => self.pace = Pace::Untimed,
            Pace::Resending { cursor, .. } => *cursor = cursor.max(behind),
        }
        if !fresh && piece.from == self.una {
            self.time_again(endpoint.policy.r2, endpoint);
        }
        if piece.from == self.una && !(fresh && self.wnd > 0) {
            self.front_sent_at = endpoint.now.as_millis_low();
        }
        if fresh && self.wnd > 0 {
            self.time(endpoint.now);
        }
    }

    /// "All preceding SENDs have been segmentized": the last payload of the queue has gone out, or does in this drain.
    #[cold]
    pub(super) fn is_segmentized(&self, endpoint: &Endpoint) -> bool {
        let (from, _, credit) = self.cursor();
        let is_probed = endpoint.due.what.contains(What::FRONT) && self.una == self.nxt;
        // The FIN that rides on it has to be earned too.
        let earned = credit.saturating_sub(u32::from(self.end.lt(self.right_edge())));
        let goes = self.room(from, endpoint).min(earned).max(u32::from(is_probed));
        self.end == self.nxt || self.end.ahead_of(from) <= goes
    }
}
