//! What is timed, and what is sent again: RFC 6298 sections 3 and 5, and how recovery goes on (D16).

use super::Snd;
use crate::connection::Endpoint;
use crate::seq::SeqNumber;
use crate::time::Instant;

/// What the numbers between SND.UNA and SND.NXT are going through. A round-trip time is taken only of what has been
/// sent once (Karn), so that timing and recovery exclude each other.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Pace {
    Untimed,
    /// The segment that ends here was sent at this moment, in microseconds modulo 2^32.
    Timed {
        end: SeqNumber,
        at: u32,
    },
    /// The window is closed, and a probe has gone out.
    Probing,
    /// A timeout happened, or a probed window opened: from `cursor` to `recover` all is sent again, as far as `credit`
    /// goes, before anything new (D16).
    Recovering {
        recover: SeqNumber,
        cursor: SeqNumber,
        credit: u32,
    },
    /// All has been sent again, and behind it, since this moment, something new: an acknowledgment beyond `recover`
    /// tells the round-trip time of that.
    Renewing {
        recover: SeqNumber,
        credit: u32,
        at: u32,
    },
    /// The caller holds it for lost: from `cursor` up to `until` it is sent again.
    Resending {
        cursor: SeqNumber,
        until: SeqNumber,
    },
}

impl Snd {
    /// What goes on is sent in order, and once.
    #[inline]
    pub(crate) fn is_steady(&self) -> bool {
        matches!(self.pace, Pace::Untimed | Pace::Timed { .. })
    }

    /// Begins to time the segment that ends at SND.NXT, if nothing forbids it.
    #[inline]
    pub(crate) fn time(&mut self, now: Instant) {
        if self.pace == Pace::Untimed {
            self.pace = Pace::Timed { end: self.nxt, at: now.as_micros() as u32 };
        }
    }

    /// For SND.UNA < SEG.ACK =< SND.NXT, `advance` above SND.UNA: the time measured, in microseconds.
    #[inline]
    pub(super) fn pace_acknowledged(&mut self, ack: SeqNumber, advance: u32, endpoint: &mut Endpoint) -> Option<u32> {
        let since = |at: u32| (endpoint.now.as_micros() as u32).wrapping_sub(at);
        let mut timed = None;
        let is_rest_rounding = ack != self.nxt && self.is_rounding(self.nxt - ack);
        match &mut self.pace {
            Pace::Timed { end, at } if end.le(ack) => {
                timed = Some(since(*at));
                self.pace = Pace::Untimed;
            }
            Pace::Untimed | Pace::Timed { .. } => return None,
            // The window is closed by rounding alone: the peer takes what is in flight (RFC 7323 section 2.4).
            Pace::Probing if is_rest_rounding => {
                let credit = advance.saturating_mul(2);
                self.pace = Pace::Recovering { recover: self.nxt, cursor: ack, credit };
                self.backoff = 0;
            }
            // The probe was taken. Whether more may follow, the window tells.
            Pace::Probing => {}
            Pace::Renewing { recover, at, .. } if recover.lt(ack) => {
                timed = Some(since(*at));
                self.pace = Pace::Untimed;
            }
            // All that was sent again has arrived; what is timed is still on its way.
            Pace::Renewing { recover, at, .. } if *recover == ack => {
                self.pace = Pace::Timed { end: *recover + 1, at: *at };
            }
            Pace::Recovering { recover: until, .. } | Pace::Resending { until, .. } if until.le(ack) => {
                self.pace = Pace::Untimed;
            }
            Pace::Renewing { credit, .. } => *credit = credit.saturating_add(advance.saturating_mul(2)),
            Pace::Recovering { cursor, credit, .. } => {
                *cursor = cursor.max(ack);
                *credit = credit.saturating_add(advance.saturating_mul(2));
            }
            Pace::Resending { cursor, .. } => *cursor = cursor.max(ack),
        }
        endpoint.due.look();
        timed
    }
}
