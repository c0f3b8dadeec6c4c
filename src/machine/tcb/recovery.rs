//! Round-trip timing (RFC 6298 section 3), and what is sent again after a loss (D16).

use crate::machine::seq::SeqNumber;
use crate::machine::time::Instant;

/// What the numbers between SND.UNA and SND.NXT go through.
///
/// Karn's algorithm takes a round-trip time only of what was sent once. So timing and recovery exclude each other, and
/// one field tells which of them is under way.
///
/// ```text
///               a segment is sent          its ACK: a sample
///    Untimed ----------------------> Timed -----------------> Untimed
///
///               timeout              new payload is sent              ACK beyond `recover`: a sample
///    any state --------> GoBackN -------------------------> PastRecover -----------------------------> Untimed
///                           | ACK of `recover`                  | ACK of `recover`
///                           v                                   v
///                        Untimed                              Timed
///
///               a probe is sent               the window opens
///    any state -----------------> Probing --------------------> GoBackN
///
///               the caller asks for it             all of it is sent, or acknowledged
///    steady    ------------------------> Requested ----------------------------------> Untimed
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Recovery {
    /// Nothing is timed, and all is sent once.
    Untimed,
    /// The segment that ends at `end` was sent at this moment, in microseconds modulo 2^32.
    Timed { end: SeqNumber, sent_at: u32 },
    /// The window is closed, and a probe has been sent.
    Probing,
    /// From `cursor` up to `recover` all is sent again, before anything new, within `credit`. (`recover` is the SND.NXT
    /// of the timeout, as in RFC 6582.)
    GoBackN { recover: SeqNumber, cursor: SeqNumber, credit: u32 },
    /// All up to `recover` has been sent again, and new payload since this moment, in microseconds modulo 2^32.
    PastRecover { recover: SeqNumber, credit: u32, sent_at: u32 },
    /// The caller holds it for lost: from `cursor` up to `until` it is sent again.
    Requested { cursor: SeqNumber, until: SeqNumber },
}

/// The credit that nothing uses up.
pub(crate) const UNBOUNDED: u32 = u32::MAX;

impl Recovery {
    /// All is sent in order, and once.
    #[inline]
    pub(crate) fn is_steady(&self) -> bool {
        matches!(self, Recovery::Untimed | Recovery::Timed { .. })
    }

    /// A probe of a closed window is out.
    #[inline]
    pub(crate) fn is_probing(&self) -> bool {
        matches!(self, Recovery::Probing)
    }

    /// Times the segment that ends at `end`, unless another is timed, or Karn's algorithm forbids it.
    #[inline]
    pub(crate) fn time(&mut self, end: SeqNumber, now: Instant) {
        if let Recovery::Untimed = self {
            *self = Recovery::Timed { end, sent_at: micros(now) };
        }
    }

    /// Stops the timing of what is about to be sent again (Karn).
    pub(crate) fn stop_timing(&mut self) {
        if self.is_steady() {
            *self = Recovery::Untimed;
        }
    }

    /// Takes the acknowledgment of the segment that is timed: the round-trip time, in microseconds.
    #[inline]
    pub(crate) fn timed(&mut self, ack: SeqNumber, now: Instant) -> Option<u32> {
        if let Recovery::Timed { end, sent_at } = *self
            && end.le(ack)
        {
            *self = Recovery::Untimed;
            return Some(micros(now).wrapping_sub(sent_at));
        }
        None
    }

    /// Takes an ACK that advances SND.UNA by `advance`, where not all is sent once. An ACK releases twice what it
    /// acknowledges: what has left the network, and as much again, as in slow start (RFC 5681 section 3.1). The
    /// round-trip time, in microseconds, if the ACK tells one.
    pub(crate) fn acknowledged(&mut self, ack: SeqNumber, advance: u32, now: Instant) -> Option<u32> {
        let earned = advance.saturating_mul(2);
        match self {
            Recovery::Untimed | Recovery::Timed { .. } | Recovery::Probing => {}
            Recovery::GoBackN { recover: until, .. } | Recovery::Requested { until, .. } if until.le(ack) => {
                *self = Recovery::Untimed;
            }
            Recovery::GoBackN { cursor, credit, .. } => {
                *cursor = cursor.max(ack);
                *credit = credit.saturating_add(earned);
            }
            Recovery::Requested { cursor, .. } => *cursor = cursor.max(ack),
            Recovery::PastRecover { recover, sent_at, .. } if recover.lt(ack) => {
                let rtt = micros(now).wrapping_sub(*sent_at);
                *self = Recovery::Untimed;
                return Some(rtt);
            }
            // All that was sent again has arrived; what is timed is in flight.
            Recovery::PastRecover { recover, sent_at, .. } if *recover == ack => {
                *self = Recovery::Timed { end: *recover + 1, sent_at: *sent_at };
            }
            Recovery::PastRecover { credit, .. } => *credit = credit.saturating_add(earned),
        }
        None
    }

    /// Takes the segment from `from` up to `end` that is sent now; `is_new` where it ends beyond SND.NXT.
    #[inline]
    pub(crate) fn sent(&mut self, from: SeqNumber, end: SeqNumber, is_new: bool, now: Instant) {
        let used = end.ahead_of(from);
        match self {
            Recovery::Untimed | Recovery::Timed { .. } | Recovery::Probing => {}
            // A refused probe is sent again, and all goes on as before.
            Recovery::GoBackN { credit: UNBOUNDED, .. } => {
                *self = if is_new { Recovery::Timed { end, sent_at: micros(now) } } else { Recovery::Untimed };
            }
            Recovery::GoBackN { recover, credit, .. } if is_new => {
                let (recover, credit) = (*recover, credit.saturating_sub(used));
                *self = Recovery::PastRecover { recover, credit, sent_at: micros(now) };
            }
            Recovery::GoBackN { cursor, credit, .. } => {
                *credit = credit.saturating_sub(used);
                *cursor = cursor.max(end);
            }
            Recovery::PastRecover { credit, .. } => *credit = credit.saturating_sub(used),
            Recovery::Requested { until, .. } if until.le(end) => *self = Recovery::Untimed,
            Recovery::Requested { cursor, .. } => *cursor = cursor.max(end),
        }
    }

    /// Marks what lies from `from` up to `until` as lost, by the caller's loss detection. After a timeout all is sent
    /// again in any case: then the call adds `credit`, and goes back as far as `from`.
    pub(crate) fn mark_lost(&mut self, from: SeqNumber, until: SeqNumber, credit: u32, nxt: SeqNumber) {
        match self {
            Recovery::Probing => {}
            Recovery::Untimed | Recovery::Timed { .. } | Recovery::Requested { .. } => {
                *self = Recovery::Requested { cursor: from, until };
            }
            Recovery::GoBackN { cursor, credit: left, .. } => {
                *cursor = cursor.min(from);
                *left = left.saturating_add(credit);
            }
            // The new payload since the timeout may be among it.
            Recovery::PastRecover { .. } => *self = Recovery::GoBackN { recover: nxt, cursor: from, credit },
        }
    }
}

fn micros(now: Instant) -> u32 {
    now.as_micros() as u32
}
