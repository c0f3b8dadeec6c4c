//! Round-trip timing (RFC 6298 section 3), and retransmission after a loss (D16).

use crate::machine::seq::SeqNumber;
use crate::machine::time::Instant;

/// Round-trip timing and loss recovery of the data between SND.UNA and SND.NXT.
///
/// Karn's algorithm takes round-trip times only from segments that were sent once. So timing and recovery exclude each
/// other, and one field holds the state of both.
///
/// ```text
///               a segment is sent          its ACK: a sample
///    Untimed ----------------------> Timed -----------------> Untimed
///
///               timeout, window open         new payload is sent            ACK beyond `recover`: a sample
///    any state ---------------------> GoBackN -------------------> PastRecover ---------------------------> Untimed
///                                        | ACK of `recover`             | ACK of `recover`
///                                        v                              v
///                                     Untimed                         Timed
///
///               a probe is sent            the window opens; in flight:
///    any state -----------------> Probing ---------------------------------> Untimed: nothing
///                                                                            Refused: the probe
///                                                                            GoBackN: more
///
///               the probe is sent again: alone, or with new payload
///    Refused   -----------------------------------------------------> Untimed, or Timed
///
///               the caller reports a loss             all of it is sent, or acknowledged
///    steady    ---------------------------> Requested ----------------------------------> Untimed
///    PastRecover -------------------------> GoBackN
///
///               the caller takes over
///    GoBackN or PastRecover --> Untimed
/// ```
///
/// `steady` is `Untimed` or `Timed`. An ACK of everything in flight leads to `Untimed` from any state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) enum Recovery {
    /// No segment is timed, and no recovery is under way.
    Untimed,
    /// The segment that ends at `end` is timed. It was sent at `sent_at`, in microseconds modulo 2^32.
    Timed { end: SeqNumber, sent_at: u32 },
    /// The window is closed, and a probe has been sent.
    Probing,
    /// After a timeout: everything from `cursor` up to `recover` is sent again, within `credit`, before anything new.
    /// (`recover` is SND.NXT at the timeout, as in RFC 6582.)
    GoBackN { recover: SeqNumber, cursor: SeqNumber, credit: u32 },
    /// Everything up to `recover` has been sent again, and new payload has followed: the first of it at `sent_at`, in
    /// microseconds modulo 2^32. `credit` still bounds what is sent.
    PastRecover { recover: SeqNumber, credit: u32, sent_at: u32 },
    /// The caller has marked data as lost: from `cursor` up to `until` it is sent again.
    Requested { cursor: SeqNumber, until: SeqNumber },
    /// The window has opened, and the probe, which alone is in flight, was refused: it is sent again, once. This is no
    /// recovery, and sending goes on as before (D40).
    Refused,
}

impl Recovery {
    /// Returns whether no recovery is under way, and no probe is out: only new data is sent.
    #[inline]
    pub(crate) fn is_steady(&self) -> bool {
        matches!(self, Recovery::Untimed | Recovery::Timed { .. })
    }

    /// Returns whether a zero-window probe is out.
    #[inline]
    pub(crate) fn is_probing(&self) -> bool {
        matches!(self, Recovery::Probing)
    }

    /// Times the segment that ends at `end`, unless another segment is timed, or Karn's algorithm forbids it.
    #[inline]
    pub(crate) fn start_timing(&mut self, end: SeqNumber, now: Instant) {
        if let Recovery::Untimed = self {
            *self = Recovery::Timed { end, sent_at: micros(now) };
        }
    }

    /// Stops the timing of a segment that is about to be sent again (Karn).
    pub(crate) fn stop_timing(&mut self) {
        if self.is_steady() {
            *self = Recovery::Untimed;
        }
    }

    /// Stops the timing of what is in flight, for a connection that moves to another clock: `was` on one clock is `now`
    /// on the other.
    pub(crate) fn rebase_clock(&mut self, was: Instant, now: Instant) {
        self.stop_timing();
        if let Recovery::PastRecover { sent_at, .. } = self {
            *sent_at = micros(now).wrapping_sub(micros(was).wrapping_sub(*sent_at));
        }
    }

    /// Ends the recovery after a timeout: the caller goes on with it. A refused probe is still sent again.
    pub(crate) fn take_over(&mut self) {
        match self {
            Recovery::GoBackN { .. } | Recovery::PastRecover { .. } => *self = Recovery::Untimed,
            Recovery::Untimed
            | Recovery::Timed { .. }
            | Recovery::Probing
            | Recovery::Requested { .. }
            | Recovery::Refused => {}
        }
    }

    /// Takes an ACK. Returns the round-trip time, in microseconds, if the ACK covers the timed segment.
    #[inline]
    pub(crate) fn sample_timed(&mut self, ack: SeqNumber, now: Instant) -> Option<u32> {
        if let Recovery::Timed { end, sent_at } = *self
            && end.le(ack)
        {
            *self = Recovery::Untimed;
            return Some(micros(now).wrapping_sub(sent_at));
        }
        None
    }

    /// Takes an ACK that advances SND.UNA by `advance` during recovery. It releases twice what it acknowledges: the
    /// data that has left the network, and as much again, as in slow start (RFC 5681 section 3.1). Returns the
    /// round-trip time, in microseconds, if the ACK yields one.
    pub(crate) fn acknowledged(&mut self, ack: SeqNumber, advance: u32, now: Instant) -> Option<u32> {
        let released = advance.saturating_mul(2);
        match self {
            Recovery::Untimed | Recovery::Timed { .. } | Recovery::Probing => {}
            // Only the probe was in flight.
            Recovery::Refused => *self = Recovery::Untimed,
            Recovery::GoBackN { recover: until, .. } | Recovery::Requested { until, .. } if until.le(ack) => {
                *self = Recovery::Untimed;
            }
            Recovery::GoBackN { cursor, credit, .. } => {
                *cursor = cursor.max(ack);
                *credit = credit.saturating_add(released);
            }
            Recovery::Requested { cursor, .. } => *cursor = cursor.max(ack),
            Recovery::PastRecover { recover, sent_at, .. } if recover.lt(ack) => {
                let rtt = micros(now).wrapping_sub(*sent_at);
                *self = Recovery::Untimed;
                return Some(rtt);
            }
            // Everything that was sent again has arrived; the timed payload is still in flight.
            Recovery::PastRecover { recover, sent_at, .. } if *recover == ack => {
                *self = Recovery::Timed { end: *recover + 1, sent_at: *sent_at };
            }
            Recovery::PastRecover { credit, .. } => *credit = credit.saturating_add(released),
        }
        None
    }

    /// Takes note that the segment from `from` up to `end` is sent now. `is_new` says that it ends beyond SND.NXT.
    #[inline]
    pub(crate) fn sent(&mut self, from: SeqNumber, end: SeqNumber, is_new: bool, now: Instant) {
        let used = end.ahead_of(from);
        match self {
            Recovery::Untimed | Recovery::Timed { .. } | Recovery::Probing => {}
            Recovery::Refused => {
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

    /// Marks the data from `from` up to `until` as lost, by the caller's loss detection. After a timeout all of it is
    /// sent again in any case: the call only adds `credit`, and moves `cursor` back to `from` if it is ahead. Once new
    /// payload has followed, go-back-N begins again at `from`, with this `credit`. A probe is in hand already.
    pub(crate) fn mark_lost(&mut self, from: SeqNumber, until: SeqNumber, credit: u32, nxt: SeqNumber) {
        match self {
            Recovery::Probing | Recovery::Refused => {}
            Recovery::Untimed | Recovery::Timed { .. } | Recovery::Requested { .. } => {
                *self = Recovery::Requested { cursor: from, until };
            }
            Recovery::GoBackN { cursor, credit: left, .. } => {
                *cursor = cursor.min(from);
                *left = left.saturating_add(credit);
            }
            // The lost data may include new payload that was sent after the timeout.
            Recovery::PastRecover { .. } => *self = Recovery::GoBackN { recover: nxt, cursor: from, credit },
        }
    }
}

fn micros(now: Instant) -> u32 {
    now.as_micros() as u32
}
