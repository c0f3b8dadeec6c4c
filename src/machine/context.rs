//! The context of a TCB: the clock, the timer, the outbox and the policies.

use crate::machine::config::Policy;
use crate::machine::outbox::{Outbox, Pending};
use crate::machine::seq::SeqNumber;
use crate::machine::time::{Instant, Span};

/// What a connection has beside its TCB, and keeps when that is deleted: the clock, the timer, the outbox and the
/// policies.
///
/// One timer runs at a time. What it waits for follows from the state:
///
/// | state | it waits for | started by | stopped by |
/// |---|---|---|---|
/// | any with data in flight | retransmission (RFC 6298) | the first segment in flight, an ACK of new data | the ACK of all |
/// | unsent data behind a closed window | a probe (RFC 9293 section 3.8.6.1) | the poll that finds it closed | a larger window |
/// | unsent data behind a small window | an override (section 3.8.6.2.1) | the poll that finds it small | a larger window |
/// | idle, with the policy | keep-alive (section 3.8.4) | each segment that is accepted | SEND, CLOSE |
/// | FIN-WAIT-2 without a user | the end of the policy's timeout | the state, or `detach` | the peer's FIN |
/// | TIME-WAIT | 2 MSL (section 3.6.1) | the state, and each FIN that comes again | nothing |
///
/// The delayed ACK has a time of its own, in the [outbox](Outbox).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Context {
    pub(crate) now: Instant,
    /// See the table above.
    pub(crate) timer: Option<Instant>,
    /// The moment of the last progress of what is unacknowledged, in milliseconds ([`Instant::as_millis_up`]).
    pub(crate) last_progress: u32,
    pub(crate) outbox: Outbox,
    pub(crate) limit: u32,
    pub(crate) isn_offset: u32,
    /// What TSval is ahead of the clock, in steps of 2^16 ms.
    pub(crate) timestamp_offset: u16,
    /// How many duplicate ACKs are due.
    pub(crate) duplicate_acks: u8,
    pub(crate) policy: Policy,
}

impl Context {
    /// Time that goes back stands still.
    #[inline]
    pub(crate) fn advance_clock(&mut self, now: Instant) {
        if now > self.now {
            self.outbox.pass_time(self.now, now);
            self.now = now;
        }
    }

    /// The same where no ACK is delayed.
    #[inline]
    pub(crate) fn advance_clock_only(&mut self, now: Instant) {
        if now > self.now {
            self.now = now;
        }
    }

    /// The earlier of the timer and the delayed ACK.
    #[inline]
    pub(crate) const fn deadline(&self) -> Option<Instant> {
        Instant::earliest(self.timer, self.outbox.ack_deadline(self.now))
    }

    /// Snd.TSclock of RFC 7323 appendix C: the time in milliseconds, with the offset of this connection (section 7.1).
    #[inline]
    pub(crate) fn timestamp(&self) -> u32 {
        self.now.as_millis_low().wrapping_add(u32::from(self.timestamp_offset) << 16)
    }

    /// RFC 9293 section 3.4.1: ISN = M + F, M a clock of 4 microseconds (MUST-8, SHLD-1).
    pub(crate) fn choose_isn(&self) -> SeqNumber {
        SeqNumber(self.isn_offset) + (self.now.as_micros() / 4) as u32
    }

    /// The F with which an ISS chosen now is right of `nxt`: `isn_offset`, if it will do.
    pub(crate) const fn isn_offset_beyond(isn_offset: u32, nxt: SeqNumber, now: Instant) -> u32 {
        let clock = (now.as_micros() / 4) as u32;
        if nxt.lt(SeqNumber(isn_offset).forward(clock)) { isn_offset } else { nxt.forward(1).back(clock).0 }
    }
}

impl Context {
    /// There is progress, or something new to wait for.
    #[inline]
    pub(crate) fn progress(&mut self) {
        self.last_progress = self.now.as_millis_up();
    }

    /// Milliseconds since the last progress, modulo 2^32: after 49 days without any event they wrap to zero.
    fn idle(&self) -> u32 {
        self.now.as_millis_up().wrapping_sub(self.last_progress)
    }

    /// So long ago was the last progress.
    pub(crate) fn is_past(&self, span: Span) -> bool {
        span.is_over(self.idle())
    }

    /// When the user timeout ends, counted from the last progress.
    pub(crate) fn user_timeout(&self) -> Option<Instant> {
        self.policy.user_timeout.after(self.last_progress())
    }

    /// So many milliseconds after the last progress.
    pub(crate) fn after_progress(&self, millis: u64) -> Option<Instant> {
        self.last_progress().after_millis(millis)
    }

    fn last_progress(&self) -> Instant {
        let millis = self.now.as_millis_ceil().saturating_sub(u64::from(self.idle()));
        Instant::from_micros(millis.saturating_mul(1_000))
    }

    /// The 2 MSL of TIME-WAIT begin, or begin again.
    pub(crate) fn start_time_wait(&mut self) {
        let msl = self.policy.msl;
        self.timer = if msl.is_forever() { None } else { self.now.after_millis(msl.millis().wrapping_mul(2)) };
    }
}

/// RFC 9293 section 3.8.6.3: acknowledgments may be delayed; RFC 5681 section 4.2: those at a gap are not.
impl Context {
    /// A segment ahead of a gap has come: an ACK of its own, since the peer counts them (RFC 5681 section 3.2). It
    /// stands for the delayed ACK of what came before.
    pub(crate) fn duplicate_ack(&mut self) {
        if self.outbox.take(Pending::DELAYED_ACK) {
            return self.outbox.request_ack();
        }
        self.duplicate_acks = self.duplicate_acks.saturating_add(1);
        self.outbox.request_duplicate_acks();
    }

    /// RCV.NXT has advanced: one ACK tells it all.
    pub(crate) fn drop_duplicate_acks(&mut self) {
        self.duplicate_acks = 0;
        self.outbox.take(Pending::DUPLICATE_ACKS);
    }

    /// One of them goes out, if there is one.
    pub(crate) fn take_duplicate_ack(&mut self) -> bool {
        let due = self.duplicate_acks > 0;
        self.duplicate_acks = self.duplicate_acks.saturating_sub(1);
        if self.duplicate_acks == 0 {
            self.outbox.take(Pending::DUPLICATE_ACKS);
        }
        due
    }

    /// So much payload in order has come in one segment: an ACK, at once or within the time that the policy allows.
    /// What was put together on the way counts as the segments that it was (SHLD-19).
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
    /// When the 2 MSL that are running began.
    pub(crate) fn time_wait_since(&self) -> Instant {
        let lasts = self.policy.msl.millis().saturating_mul(2_000);
        Instant::from_micros(self.timer.unwrap_or(self.now).as_micros().saturating_sub(lasts))
    }
}
