//! What is due to be handed out: which transitions, which signal, an ACK, a reset and its numbers, data or FIN to look
//! at.

use crate::icmp::IcmpError;
use crate::options::Options;
use crate::poll::Signal;
use crate::segment::Segment;
use crate::seq::SeqNumber;
use crate::state::{State, Transition};
use crate::time::Instant;

/// The end that the user is told of; the user's own and a graceful one have none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Refused,
    Reset,
    TimedOut,
    Unreachable(IcmpError),
}

bitflags::bitflags! {
    /// What is due, in the order in which it is handed out, but for a probe of keep-alive, which goes before an ACK.
    /// (`RESET_HAS_..` is the form of a reset, and `DELAYED_ACK` is not due yet.)
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub(crate) struct What: u16 {
        const TRANSITIONS = 1;
        const SIGNALS = 2;
        /// A reset, whose form the other bit tells.
        const RESET = 4;
        const RESET_HAS_ACK = 8;
        /// Our SYN, or SYN,ACK.
        const SYN = 16;
        /// What is at the front of the send queue, because a timer fired.
        const FRONT = 32;
        /// Payload and FIN to be looked at: the variables say whether any can go.
        const LOOK = 64;
        const ACK = 128;
        /// The reset carries timestamps, those of an ABORT with a TSval of ours.
        const RESET_HAS_TS = 256;
        const RESET_HAS_TSVAL = 512;
        /// An ACK that can wait until `ack_by`.
        const DELAYED_ACK = 1024;
        /// A probe of keep-alive.
        const KEEP_ALIVE = 2048;
        /// ACKs of segments ahead of a gap, each of its own.
        const DUPLICATE_ACKS = 4096;

        /// What is handed out before anything of the TCB.
        const NEWS = Self::TRANSITIONS.bits() | Self::SIGNALS.bits() | Self::RESET.bits();
        const OF_RESET = Self::RESET.bits()
            | Self::RESET_HAS_ACK.bits()
            | Self::RESET_HAS_TS.bits()
            | Self::RESET_HAS_TSVAL.bits();
        /// What has been looked at, when nothing of it makes a segment.
        const SEGMENTS = Self::SYN.bits()
            | Self::FRONT.bits()
            | Self::LOOK.bits()
            | Self::ACK.bits()
            | Self::KEEP_ALIVE.bits()
            | Self::DUPLICATE_ACKS.bits();
        /// What is nothing without a TCB.
        const OF_TCB = Self::SEGMENTS.bits() | Self::DELAYED_ACK.bits();
    }

    /// In the order in which they are handed out; the last four are ends.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    struct Signals: u16 {
        const ACKNOWLEDGED = 1;
        const RETRANSMISSION_TIMEOUT = 2;
        const RETRANSMITTING = 4;
        const SOFT_ERROR = 8;
        const CONGESTION = 16;
        const URGENT = 32;
        const CLOSING = 64;
        const REFUSED = 128;
        const RESET = 256;
        const TIMED_OUT = 512;
        const UNREACHABLE = 1024;
        /// Which ICMP error is signalled: its place in [`IcmpError::ALL`].
        const ERROR = 0xF000;
    }
}

const ERROR_SHIFT: u32 = 12;

/// The states that were left, three at most and oldest first, and the one that was reached: four bits each, one more
/// than the place in [`State::ALL`], and zero for none. Each transition leads to the state that was left next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Passed(u16);

impl Passed {
    const NONE: Passed = Passed(0);
    const FIRST: u32 = 0;
    const SECOND: u32 = 4;
    const THIRD: u32 = 8;
    const REACHED: u32 = 12;

    fn at(self, place: u32) -> Option<State> {
        State::ALL.get(usize::from((self.0 >> place) & 0xF).wrapping_sub(1)).copied()
    }

    fn set(&mut self, place: u32, state: State) {
        self.0 = self.0 & !(0xF << place) | (state as u16).wrapping_add(1) << place;
    }

    /// Of more than three the later ones fold into the third; one that ends where it began vanishes.
    fn push(&mut self, from: State, to: State) {
        self.set(Passed::REACHED, to);
        match (self.at(Passed::FIRST), self.at(Passed::SECOND), self.at(Passed::THIRD)) {
            (None, _, _) => self.set(Passed::FIRST, from),
            (_, None, _) => self.set(Passed::SECOND, from),
            (_, _, None) => self.set(Passed::THIRD, from),
            (_, _, Some(third)) if third == to => self.0 &= !(0xF << Passed::THIRD),
            (_, _, Some(_)) => {}
        }
    }

    /// The oldest transition; none is left if there is no second one.
    fn pop(&mut self) -> Transition {
        let reached = self.at(Passed::REACHED).unwrap_or(State::Closed);
        let from = self.at(Passed::FIRST).unwrap_or(reached);
        let second = self.at(Passed::SECOND);
        *self = match second {
            Some(_) => Passed((self.0 & 0xF000) | ((self.0 & 0x0FFF) >> Passed::SECOND)),
            None => Passed::NONE,
        };
        Transition { from, to: second.unwrap_or(reached) }
    }
}

/// What is due to be handed out.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Due {
    pub(crate) what: What,
    signals: Signals,
    passed: Passed,
    /// When the delayed ACK is due, in milliseconds modulo 2^16.
    pub(crate) ack_by: u16,
    acknowledged: u32,
    /// The number in the reset.
    reset: SeqNumber,
    /// TSecr of the reset.
    reset_echo: u32,
}

impl Due {
    pub(crate) const NOTHING: Due = Due {
        what: What::empty(),
        signals: Signals::empty(),
        passed: Passed::NONE,
        ack_by: 0,
        acknowledged: 0,
        reset: SeqNumber(0),
        reset_echo: 0,
    };

    #[inline]
    pub(crate) const fn is_nothing(&self) -> bool {
        self.what.is_empty()
    }

    /// Nothing can be handed out: an ACK that is delayed waits for its timer.
    pub(crate) const fn is_drained(&self) -> bool {
        self.what.difference(What::DELAYED_ACK).is_empty()
    }

    pub(crate) fn transition(&mut self, from: State, to: State) {
        self.what |= What::TRANSITIONS;
        self.passed.push(from, to);
    }

    #[inline]
    pub(crate) fn next_transition(&mut self) -> Transition {
        let transition = self.passed.pop();
        if self.passed == Passed::NONE {
            self.what.remove(What::TRANSITIONS);
        }
        transition
    }

    pub(crate) fn end(&mut self, end: End) {
        let signal = match end {
            End::Refused => Signals::REFUSED,
            End::Reset => Signals::RESET,
            End::TimedOut => Signals::TIMED_OUT,
            End::Unreachable(error) => {
                self.signals.remove(Signals::SOFT_ERROR);
                self.set_error(error);
                Signals::UNREACHABLE
            }
        };
        self.signal(signal);
    }

    pub(crate) fn soft_error(&mut self, error: IcmpError) {
        self.set_error(error);
        self.signal(Signals::SOFT_ERROR);
    }

    fn set_error(&mut self, error: IcmpError) {
        let place = Signals::from_bits_retain((error as u16) << ERROR_SHIFT);
        self.signals = self.signals.difference(Signals::ERROR).union(place);
    }

    fn take_error(&mut self) -> IcmpError {
        let place = self.signals.bits() >> ERROR_SHIFT;
        self.signals.remove(Signals::ERROR);
        IcmpError::ALL.get(usize::from(place)).copied().unwrap_or(IcmpError::SourceQuench)
    }

    /// "Signal the user: connection closing."
    pub(crate) fn closing(&mut self) {
        self.signal(Signals::CLOSING);
    }

    pub(crate) fn congestion(&mut self) {
        self.signal(Signals::CONGESTION);
    }

    pub(crate) fn urgent(&mut self) {
        self.signal(Signals::URGENT);
    }

    pub(crate) fn retransmission_timeout(&mut self) {
        self.signal(Signals::RETRANSMISSION_TIMEOUT);
    }

    pub(crate) fn retransmitting(&mut self) {
        self.signal(Signals::RETRANSMITTING);
    }

    #[inline]
    pub(crate) fn acknowledged(&mut self, bytes: u32) {
        if bytes > 0 {
            self.acknowledged = self.acknowledged.saturating_add(bytes);
            self.signal(Signals::ACKNOWLEDGED);
        }
    }

    #[inline]
    fn signal(&mut self, signal: Signals) {
        self.signals |= signal;
        self.what |= What::SIGNALS;
    }

    #[inline]
    pub(crate) fn next_signal(&mut self) -> Signal {
        if self.signals == Signals::ACKNOWLEDGED {
            self.signals = Signals::empty();
            self.what.remove(What::SIGNALS);
            return Signal::Acknowledged(core::mem::take(&mut self.acknowledged) as usize);
        }
        self.next_of_signals()
    }

    #[cold]
    fn next_of_signals(&mut self) -> Signal {
        let first = Signals::from_bits_retain(self.signals.bits() & self.signals.bits().wrapping_neg());
        self.signals.remove(first);
        let signal = match first {
            Signals::RETRANSMISSION_TIMEOUT => Signal::RetransmissionTimeout,
            Signals::RETRANSMITTING => Signal::Retransmitting,
            Signals::CONGESTION => Signal::CongestionExperienced,
            Signals::URGENT => Signal::Urgent,
            Signals::CLOSING => Signal::Closing,
            Signals::REFUSED => Signal::Refused,
            Signals::RESET => Signal::Reset,
            Signals::TIMED_OUT => Signal::TimedOut,
            Signals::SOFT_ERROR => Signal::SoftError(self.take_error()),
            Signals::UNREACHABLE => Signal::Unreachable(self.take_error()),
            _ => Signal::Acknowledged(core::mem::take(&mut self.acknowledged) as usize),
        };
        if self.signals.is_empty() {
            self.what.remove(What::SIGNALS);
        }
        signal
    }

    /// The reset that answers a segment which is none, as [`Segment::reset`] has it; a later one replaces it.
    pub(crate) fn reset(&mut self, segment: &Segment) {
        self.what = self.what.difference(What::OF_RESET).union(What::RESET);
        self.reset = match segment.ack() {
            Some(ack) => ack,
            None => {
                self.what |= What::RESET_HAS_ACK;
                segment.seq() + segment.len()
            }
        };
        self.reset_echo = match segment.options().timestamps() {
            Some((value, _)) => {
                self.what |= What::RESET_HAS_TS;
                value
            }
            None => 0,
        };
    }

    /// The reset of an ABORT, `<SEQ=SND.NXT><CTL=RST>`, with our timestamp of the moment it goes out (D30). Without ACK
    /// it echoes nothing (RFC 7323 section 3.2).
    pub(crate) fn abort(&mut self, seq: SeqNumber, stamped: bool) {
        self.what = self.what.difference(What::OF_RESET).union(What::RESET);
        self.reset = seq;
        if stamped {
            self.what |= What::RESET_HAS_TS | What::RESET_HAS_TSVAL;
        }
        self.reset_echo = 0;
    }

    #[inline]
    pub(crate) fn next_reset(&mut self) -> Segment {
        let has_ack = self.what.contains(What::RESET_HAS_ACK);
        self.what.remove(What::OF_RESET);
        let number = core::mem::take(&mut self.reset);
        if has_ack { Segment::reset_acknowledging(number) } else { Segment::reset_at(number) }
    }

    pub(crate) fn next_stamped_reset(&mut self, timestamp: u32) -> Segment {
        let value = if self.what.contains(What::RESET_HAS_TSVAL) { timestamp } else { 0 };
        let echo = core::mem::take(&mut self.reset_echo);
        self.next_reset().with_options(Options::NONE.with_timestamps(value, echo))
    }

    pub(crate) fn syn(&mut self) {
        self.what |= What::SYN;
    }

    pub(crate) fn syn_is_due(&self) -> bool {
        self.what.contains(What::SYN)
    }

    /// Our SYN is acknowledged before it could go out again. What it would have acknowledged, an ACK will.
    pub(crate) fn syn_acknowledged(&mut self) {
        if self.take(What::SYN) {
            self.ack();
        }
    }

    pub(crate) fn front(&mut self) {
        self.what |= What::FRONT | What::LOOK;
    }

    #[inline]
    pub(crate) fn look(&mut self) {
        self.what |= What::LOOK;
    }

    #[inline]
    pub(crate) fn ack(&mut self) {
        self.what |= What::ACK;
    }

    /// Some ACKs are each of its own: how many, the endpoint counts.
    pub(crate) fn duplicate_acks(&mut self) {
        self.what |= What::DUPLICATE_ACKS;
    }

    /// An ACK can wait `delay` milliseconds from `now`; but every second segment is acknowledged at once (RFC
    /// 9293 section 3.8.6.3, SHLD-18, SHLD-19).
    pub(crate) fn ack_within(&mut self, delay: u64, now: Instant) {
        if self.what.contains(What::DELAYED_ACK) {
            return self.ack();
        }
        self.what |= What::DELAYED_ACK;
        self.ack_by = (now.as_millis_up() as u16).wrapping_add(delay as u16);
    }

    /// When the delayed ACK is due: at most half a second ahead, as long as each moment that passes is told to
    /// [`pass`](Self::pass).
    pub(crate) const fn ack_deadline(&self, now: Instant) -> Option<Instant> {
        if !self.what.contains(What::DELAYED_ACK) {
            return None;
        }
        let passed = now.as_micros() / 1_000;
        let ahead = self.ack_by.wrapping_sub(passed as u16);
        Instant::ZERO.after_millis(passed.saturating_add(ahead as u64))
    }

    /// What is late stays late, however late it becomes.
    pub(crate) fn pass(&mut self, from: Instant, to: Instant) {
        if self.ack_deadline(from).is_some_and(|deadline| deadline <= to) {
            self.ack_by = (to.as_micros() / 1_000) as u16;
        }
    }

    /// An ACK that is delayed waits no longer.
    pub(crate) fn ack_no_later(&mut self) {
        if self.take(What::DELAYED_ACK) {
            self.ack();
        }
    }

    /// A segment goes out that acknowledges.
    pub(crate) fn has_acknowledged(&mut self) {
        self.what.remove(What::ACK | What::DELAYED_ACK);
    }

    pub(crate) fn keep_alive(&mut self) {
        self.what |= What::KEEP_ALIVE;
    }

    pub(crate) fn ack_is_due(&self) -> bool {
        self.what.contains(What::ACK)
    }

    /// The TCB is gone, and with it all that was to be sent for it. A reset is not of the TCB.
    pub(crate) fn drop_segments(&mut self) {
        self.what.remove(What::OF_TCB);
    }

    /// One that has not been handed out was about a peer that is gone.
    pub(crate) fn drop_soft_error(&mut self) {
        if self.signals.contains(Signals::SOFT_ERROR) {
            self.take_error();
            self.signals.remove(Signals::SOFT_ERROR);
            self.what.set(What::SIGNALS, !self.signals.is_empty());
        }
    }

    /// Drained: what was to be looked at has been.
    pub(crate) fn has_looked(&mut self) {
        self.what.remove(What::SEGMENTS);
    }

    pub(crate) fn take(&mut self, what: What) -> bool {
        let due = self.what.contains(what);
        self.what.remove(what);
        due
    }
}
