//! The context of a TCB: the clock, the timer, the outbox and the policies.

use crate::machine::config::Policy;
use crate::machine::outbox::{Outbox, Pending};
use crate::machine::seq::SeqNumber;
use crate::machine::time::{Instant, Span};

/// The part of a connection that outlives its TCB: the clock, the timer, the outbox and the policies.
///
/// At most one timer runs at a time. The state, SND.WND and the data in flight tell its purpose:
///
/// | state | the timer waits for | started by | stopped by |
/// |---|---|---|---|
/// | a SYN in flight; payload or a FIN in flight, behind an open window | retransmission (RFC 6298) | the first segment in flight; restarted by an ACK of new data | the ACK of everything in flight |
/// | unsent data or a probe in flight, behind a zero window | the next zero-window probe (RFC 9293 section 3.8.6.1) | the poll that finds the window closed | nothing: a larger window turns it into the override, or data that is sent into retransmission |
/// | unsent data, and a small window | the override of silly-window avoidance (section 3.8.6.2.1) | the poll that finds the window small | data that is sent |
/// | idle, with the keep-alive policy | keep-alive (section 3.8.4) | the poll that finds the connection idle, each accepted segment | SEND, CLOSE |
/// | FIN-WAIT-2 after `detach` | the end of `fin_wait_2_timeout` | entering the state, or `detach` | the peer's FIN |
/// | TIME-WAIT | 2 MSL (section 3.6.1) | entering the state; restarted by each repeated FIN | ABORT, or a reset that is allowed (D14) |
///
/// The delayed ACK has its own deadline, in the [outbox](Outbox).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
// In this order, for `Connection`.
#[cfg_attr(feature = "fast-path", repr(C))]
pub(crate) struct Context {
    pub(crate) outbox: Outbox,
    /// The time of the last progress on unacknowledged data, in milliseconds ([`Instant::as_millis_ceil_low`]).
    pub(crate) last_progress: u32,
    /// The latest time that the caller has given.
    pub(crate) now: Instant,
    /// The retransmission timer, or another of the table above.
    pub(crate) timer: Option<Instant>,
    /// The caller's bound on payload in flight, in bytes, set by [`Connection::limit`](crate::Connection::limit).
    pub(crate) limit: u32,
    /// F of RFC 9293 section 3.4.1.
    pub(crate) isn_offset: u32,
    pub(crate) policy: Policy,
    /// The offset of TSval from the clock, in steps of 2^16 ms.
    pub(crate) timestamp_offset: u16,
    /// The number of duplicate ACKs that are due.
    pub(crate) duplicate_acks: u8,
    /// The option space that the caller keeps for itself in segments with payload, in bytes. The maximum segment size
    /// of the TCB leaves it out.
    pub(crate) reserved: u8,
}

impl Context {
    /// Advances the clock to `now`. An earlier time leaves the clock as it is: the clock never goes back.
    #[inline]
    pub(crate) fn advance_clock(&mut self, now: Instant) {
        if now > self.now {
            self.outbox.pass_time(self.now, now);
            self.now = now;
        }
    }

    /// Advances the clock and nothing else, where no ACK can be delayed.
    #[inline]
    pub(crate) fn advance_clock_only(&mut self, now: Instant) {
        if now > self.now {
            self.now = now;
        }
    }

    /// Returns the earlier of the timer and the deadline of the delayed ACK.
    #[inline]
    pub(crate) const fn deadline(&self) -> Option<Instant> {
        Instant::earliest(self.timer, self.outbox.ack_deadline(self.now))
    }

    /// Returns the TSval of this moment, Snd.TSclock of RFC 7323 appendix C: the time in milliseconds, plus the offset
    /// of this connection (section 7.1).
    #[inline]
    pub(crate) fn timestamp(&self) -> u32 {
        self.now.as_millis_low().wrapping_add(u32::from(self.timestamp_offset) << 16)
    }

    /// Chooses the initial sequence number, M + F (RFC 9293 section 3.4.1). M is the clock in units of 4 microseconds,
    /// F is `isn_offset` (MUST-8, SHLD-1).
    pub(crate) fn choose_isn(&self) -> SeqNumber {
        SeqNumber(self.isn_offset) + (self.now.as_micros() / 4) as u32
    }

    /// Returns an F with which an ISS chosen at `now` lies right of `nxt`. This is `isn_offset`, if that suffices.
    pub(crate) const fn isn_offset_beyond(isn_offset: u32, nxt: SeqNumber, now: Instant) -> u32 {
        let clock = (now.as_micros() / 4) as u32;
        if nxt.lt(SeqNumber(isn_offset).forward(clock)) { isn_offset } else { nxt.forward(1).back(clock).0 }
    }
}

impl Context {
    /// Notes progress, or the start of a new wait. The user timeout, R1 and R2 count from here.
    #[inline]
    pub(crate) fn note_progress(&mut self) {
        self.last_progress = self.now.as_millis_ceil_low();
    }

    /// Returns the milliseconds since the last progress, modulo 2^32. After 49 days without progress they wrap to zero.
    fn since_progress(&self) -> u32 {
        self.now.as_millis_ceil_low().wrapping_sub(self.last_progress)
    }

    /// Returns whether `span` has passed since the last progress.
    pub(crate) fn is_past(&self, span: Span) -> bool {
        span.is_over(self.since_progress())
    }

    /// Returns the moment when the user timeout ends, counted from the last progress.
    pub(crate) fn user_timeout(&self) -> Option<Instant> {
        self.policy.user_timeout.after(self.last_progress())
    }

    /// Returns the moment `millis` milliseconds after the last progress.
    pub(crate) fn after_progress(&self, millis: u64) -> Option<Instant> {
        self.last_progress().after_millis(millis)
    }

    /// Returns the moment of the last progress, to the millisecond.
    fn last_progress(&self) -> Instant {
        let millis = self.now.as_millis_ceil().saturating_sub(u64::from(self.since_progress()));
        Instant::from_micros(millis.saturating_mul(1_000))
    }

    /// Starts or restarts the 2 MSL of TIME-WAIT.
    pub(crate) fn start_time_wait(&mut self) {
        let msl = self.policy.msl;
        self.timer = if msl.is_forever() { None } else { self.now.after_millis(msl.millis().wrapping_mul(2)) };
    }
}

/// Delayed ACKs (RFC 9293 section 3.8.6.3) and duplicate ACKs. Acknowledgments at a gap are not delayed (RFC 5681
/// section 4.2).
impl Context {
    /// Requests a duplicate ACK for an out-of-order segment. Each such segment gets its own, because the peer counts
    /// duplicate ACKs (RFC 5681 section 3.2). If an ACK is delayed, that ACK is sent at once in place of a duplicate.
    pub(crate) fn duplicate_ack(&mut self) {
        if self.outbox.take(Pending::DELAYED_ACK) {
            return self.outbox.request_ack();
        }
        self.duplicate_acks = self.duplicate_acks.saturating_add(1);
        self.outbox.request_duplicate_acks();
    }

    /// Drops the duplicate ACKs that are due: RCV.NXT has advanced, and one ACK tells the peer everything (D46).
    pub(crate) fn drop_duplicate_acks(&mut self) {
        self.duplicate_acks = 0;
        self.outbox.take(Pending::DUPLICATE_ACKS);
    }

    /// Takes one duplicate ACK out of those that are due. Returns whether there was one.
    pub(crate) fn take_duplicate_ack(&mut self) -> bool {
        let due = self.duplicate_acks > 0;
        self.duplicate_acks = self.duplicate_acks.saturating_sub(1);
        if self.duplicate_acks == 0 {
            self.outbox.take(Pending::DUPLICATE_ACKS);
        }
        due
    }

    /// Acknowledges `payload` bytes that have arrived in order in one segment, at once or within the delay of the
    /// policy. A segment of two maximum segment sizes or more was merged on the way. It counts as the segments that it
    /// was made of, and is acknowledged at once (SHLD-19).
    pub(crate) fn acknowledge_text(&mut self, payload: u32) {
        let delay = self.policy.delayed_ack;
        if !self.policy.delays_acks() || payload >= 2 * u32::from(self.policy.mss) {
            self.outbox.request_ack();
        } else {
            self.outbox.delay_ack(delay.millis(), self.now);
        }
    }
}

impl Context {
    /// Returns the moment when the current 2 MSL began.
    pub(crate) fn time_wait_since(&self) -> Instant {
        let lasts = self.policy.msl.millis().saturating_mul(2_000);
        Instant::from_micros(self.timer.unwrap_or(self.now).as_micros().saturating_sub(lasts))
    }
}
