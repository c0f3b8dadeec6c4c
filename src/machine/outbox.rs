//! The outbox: the pending output of a connection, coalesced.
//!
//! Events do not queue segments. They set bits, and `poll` builds each segment from the variables at the time of the
//! poll. So an ACK always carries the latest RCV.NXT and window, and the outbox allocates no memory. A second request
//! for the same thing changes nothing.
//!
//! | order | bits | handed out as | stored |
//! |---|---|---|---|
//! | 1 | `TRANSITIONS` | [`Transition`]s, oldest first | up to three states that were left, and the state that was reached |
//! | 2 | `SIGNALS` | [`Signal`]s, ends last | one bit for each kind, the number of bytes acknowledged, one ICMP error |
//! | 3 | `RESET`, `RESET_HAS_..` | the last reset that was requested | its sequence or acknowledgment number, and its TSecr |
//! | 4 | `SYN` | our SYN, or SYN,ACK | |
//! | 5 | `RETRANSMIT` | the segment at SND.UNA, because a timer has fired | |
//! | 6 | `DATA` | payload and FIN, as far as the variables allow | |
//! | 7 | `KEEP_ALIVE` | a keep-alive probe | |
//! | 8 | `ACK`, `DUPLICATE_ACKS` | a bare ACK, unless a segment above has acknowledged; duplicate ACKs in any case | the number of duplicate ACKs, in the context |
//! | - | `DELAYED_ACK` | nothing, until it becomes an `ACK` | the deadline |

mod transition_log;

use self::transition_log::TransitionLog;
use crate::machine::icmp::IcmpError;
use crate::machine::options::Options;
use crate::machine::output::{Output, Signal};
use crate::machine::segment::Segment;
use crate::machine::seq::SeqNumber;
use crate::machine::state::{State, Transition};
use crate::machine::time::Instant;

/// An end of the connection that is signalled to the user. A graceful end and the user's own calls have no signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Refused,
    Reset,
    TimedOut,
    Unreachable(IcmpError),
}

bitflags::bitflags! {
    /// The kinds of pending output; the table above gives their order. The bits of a disabled feature are zero.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
    pub(crate) struct Pending: u16 {
        const TRANSITIONS = 1;
        const SIGNALS = 2;
        /// A reset. With `RESET_HAS_ACK` its form is `<SEQ=0><ACK=n><CTL=RST,ACK>`, otherwise `<SEQ=n><CTL=RST>`.
        const RESET = 4;
        const RESET_HAS_ACK = 8;
        /// Our SYN, or SYN,ACK.
        const SYN = 16;
        /// The segment at SND.UNA, because a timer has fired.
        const RETRANSMIT = 32;
        /// Payload and FIN may be due: the variables say whether any can go.
        const DATA = 64;
        const ACK = 128;
        /// The reset carries timestamps. With `RESET_HAS_TSVAL`, as for an ABORT, TSval is our clock; otherwise it is
        /// zero.
        const RESET_HAS_TS = if cfg!(feature = "timestamps") { 256 } else { 0 };
        const RESET_HAS_TSVAL = if cfg!(feature = "timestamps") { 512 } else { 0 };
        /// An ACK that can wait until `ack_by`.
        const DELAYED_ACK = if cfg!(feature = "delayed-ack") { 1024 } else { 0 };
        /// A keep-alive probe.
        const KEEP_ALIVE = if cfg!(feature = "keep-alive") { 2048 } else { 0 };
        /// Duplicate ACKs, one for each out-of-order segment.
        const DUPLICATE_ACKS = 4096;

        const OF_RESET = Self::RESET.bits()
            | Self::RESET_HAS_ACK.bits()
            | Self::RESET_HAS_TS.bits()
            | Self::RESET_HAS_TSVAL.bits();
        /// The requests that `poll` clears when none of them yields a segment any more.
        const SEGMENTS = Self::SYN.bits()
            | Self::RETRANSMIT.bits()
            | Self::DATA.bits()
            | Self::ACK.bits()
            | Self::KEEP_ALIVE.bits()
            | Self::DUPLICATE_ACKS.bits();
        /// The requests that end with the TCB.
        const NEEDS_TCB = Self::SEGMENTS.bits() | Self::DELAYED_ACK.bits();
    }

    /// Pending signals, handed out from the lowest bit up. The four from `REFUSED` on are ends of the connection.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
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
        /// The ICMP error that is signalled: its index in [`IcmpError::ALL`].
        const ERROR = 0xF000;
    }
}

const ERROR_SHIFT: u32 = 12;

/// The output that is waiting to be handed out.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Outbox {
    pub(crate) pending: Pending,
    signals: Signals,
    transitions: TransitionLog,
    /// The deadline of the delayed ACK, in milliseconds modulo 2^16.
    pub(crate) ack_by: u16,
    /// The bytes to signal as acknowledged.
    acknowledged: u32,
    /// The sequence number of the reset; with `RESET_HAS_ACK` its acknowledgment number.
    reset: SeqNumber,
    /// TSecr of the reset.
    reset_echo: u32,
}

impl Outbox {
    pub(crate) const EMPTY: Outbox = Outbox {
        pending: Pending::empty(),
        signals: Signals::empty(),
        transitions: TransitionLog::EMPTY,
        ack_by: 0,
        acknowledged: 0,
        reset: SeqNumber(0),
        reset_echo: 0,
    };

    #[inline]
    pub(crate) const fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    /// Returns whether nothing can be handed out now. A delayed ACK does not count: it waits for its deadline.
    pub(crate) const fn is_drained(&self) -> bool {
        self.pending.difference(Pending::DELAYED_ACK).is_empty()
    }

    #[inline]
    pub(crate) fn record_transition(&mut self, from: State, to: State) {
        self.pending |= Pending::TRANSITIONS;
        self.transitions.push(from, to);
    }

    #[inline]
    pub(crate) const fn has_transition(&self) -> bool {
        self.pending.intersects(Pending::TRANSITIONS)
    }

    #[inline]
    pub(crate) fn pop_transition(&mut self) -> Transition {
        if self.transitions.has_several() {
            return self.pop_first_transition();
        }
        self.pending.remove(Pending::TRANSITIONS);
        self.transitions.pop_only()
    }

    #[cold]
    #[cfg_attr(feature = "fast-path", inline(never))]
    fn pop_first_transition(&mut self) -> Transition {
        self.transitions.pop_first()
    }

    pub(crate) fn signal_end(&mut self, end: End) {
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

    pub(crate) fn signal_soft_error(&mut self, error: IcmpError) {
        self.set_error(error);
        self.signal(Signals::SOFT_ERROR);
    }

    fn set_error(&mut self, error: IcmpError) {
        let bits = Signals::from_bits_retain((error as u16) << ERROR_SHIFT);
        self.signals = self.signals.difference(Signals::ERROR).union(bits);
    }

    fn take_error(&mut self) -> IcmpError {
        let index = self.signals.bits() >> ERROR_SHIFT;
        self.signals.remove(Signals::ERROR);
        IcmpError::ALL.get(usize::from(index)).copied().unwrap_or(IcmpError::SourceQuench)
    }

    /// Signals "connection closing".
    pub(crate) fn signal_closing(&mut self) {
        self.signal(Signals::CLOSING);
    }

    pub(crate) fn signal_congestion(&mut self) {
        self.signal(Signals::CONGESTION);
    }

    pub(crate) fn signal_urgent(&mut self) {
        self.signal(Signals::URGENT);
    }

    pub(crate) fn signal_retransmission_timeout(&mut self) {
        self.signal(Signals::RETRANSMISSION_TIMEOUT);
    }

    pub(crate) fn signal_retransmitting(&mut self) {
        self.signal(Signals::RETRANSMITTING);
    }

    #[inline]
    pub(crate) fn signal_acknowledged(&mut self, bytes: u32) {
        if bytes > 0 {
            self.acknowledged = self.acknowledged.saturating_add(bytes);
            self.signal(Signals::ACKNOWLEDGED);
        }
    }

    #[inline]
    fn signal(&mut self, signal: Signals) {
        self.signals |= signal;
        self.pending |= Pending::SIGNALS;
    }

    /// Takes the first signal.
    #[inline]
    pub(crate) fn pop_signal(&mut self) -> Output {
        // Fast path: usually a single signal is due.
        let signal = match self.signals {
            Signals::ACKNOWLEDGED => Signal::Acknowledged(core::mem::take(&mut self.acknowledged) as usize),
            Signals::CLOSING => Signal::Closing,
            _ => return self.pop_first_of_signals(),
        };
        self.signals = Signals::empty();
        self.pending.remove(Pending::SIGNALS);
        Output::Signal(signal)
    }

    #[cold]
    #[cfg_attr(feature = "fast-path", inline(never))]
    fn pop_first_of_signals(&mut self) -> Output {
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
            self.pending.remove(Pending::SIGNALS);
        }
        Output::Signal(signal)
    }

    /// Requests the reset that answers `segment`, in the form of [`Segment::reset`]. A later reset replaces it.
    pub(crate) fn request_reset(&mut self, segment: &Segment) {
        self.pending = self.pending.difference(Pending::OF_RESET).union(Pending::RESET);
        self.reset = match segment.ack() {
            Some(ack) => ack,
            None => {
                self.pending |= Pending::RESET_HAS_ACK;
                segment.seq() + segment.len()
            }
        };
        self.reset_echo = match segment.options().timestamps() {
            Some((value, _)) => {
                self.pending |= Pending::RESET_HAS_TS;
                value
            }
            None => 0,
        };
    }

    /// Requests the reset of an ABORT, `<SEQ=SND.NXT><CTL=RST>`. (`seq` is less than SND.NXT if the peer's window does
    /// not reach that far, D17.) If `stamped`, its TSval is that of the moment when it is handed out (D30). A reset
    /// without ACK echoes no timestamp (RFC 7323 section 3.2).
    pub(crate) fn request_abort_reset(&mut self, seq: SeqNumber, stamped: bool) {
        self.pending = self.pending.difference(Pending::OF_RESET).union(Pending::RESET);
        self.reset = seq;
        if stamped {
            self.pending |= Pending::RESET_HAS_TS | Pending::RESET_HAS_TSVAL;
        }
        self.reset_echo = 0;
    }

    /// Takes the reset, without timestamps.
    #[inline]
    pub(crate) fn take_reset(&mut self) -> Segment {
        let has_ack = self.pending.intersects(Pending::RESET_HAS_ACK);
        self.pending.remove(Pending::OF_RESET);
        let number = core::mem::take(&mut self.reset);
        if has_ack { Segment::reset_acknowledging(number) } else { Segment::reset_at(number) }
    }

    /// Takes the reset, with timestamps. `timestamp` is the TSval of this moment.
    pub(crate) fn take_stamped_reset(&mut self, timestamp: u32) -> Segment {
        let value = if self.pending.intersects(Pending::RESET_HAS_TSVAL) { timestamp } else { 0 };
        let echo = core::mem::take(&mut self.reset_echo);
        self.take_reset().with_options(Options::NONE.with_timestamps(value, echo))
    }

    pub(crate) fn request_syn(&mut self) {
        self.pending |= Pending::SYN;
    }

    pub(crate) fn is_syn_requested(&self) -> bool {
        self.pending.intersects(Pending::SYN)
    }

    /// Drops a SYN or SYN,ACK of ours that is due, because our SYN has been acknowledged. An ACK takes its place, and
    /// carries the acknowledgment.
    pub(crate) fn syn_acknowledged(&mut self) {
        if self.take(Pending::SYN) {
            self.request_ack();
        }
    }

    pub(crate) fn request_retransmission(&mut self) {
        self.pending |= Pending::RETRANSMIT | Pending::DATA;
    }

    #[inline]
    pub(crate) fn request_data(&mut self) {
        self.pending |= Pending::DATA;
    }

    #[inline]
    pub(crate) fn request_ack(&mut self) {
        self.pending |= Pending::ACK;
    }

    /// Requests duplicate ACKs; [`Context`](crate::machine::context::Context) counts them.
    pub(crate) fn request_duplicate_acks(&mut self) {
        self.pending |= Pending::DUPLICATE_ACKS;
    }

    /// Requests an ACK that may wait `delay` milliseconds from `now`. If an ACK is delayed already, this is the second
    /// segment, and the ACK is due at once (RFC 9293 section 3.8.6.3, SHLD-18, SHLD-19).
    pub(crate) fn delay_ack(&mut self, delay: u64, now: Instant) {
        if self.pending.intersects(Pending::DELAYED_ACK) {
            return self.request_ack();
        }
        self.pending |= Pending::DELAYED_ACK;
        self.ack_by = (now.as_millis_ceil_low() as u16).wrapping_add(delay as u16);
    }

    /// Returns the moment when the delayed ACK is due, at most half a second ahead. This requires that
    /// [`pass_time`](Self::pass_time) is told of each advance of the clock, since `ack_by` wraps.
    pub(crate) const fn ack_deadline(&self, now: Instant) -> Option<Instant> {
        if !self.pending.intersects(Pending::DELAYED_ACK) {
            return None;
        }
        let passed = now.as_millis();
        let ahead = self.ack_by.wrapping_sub(passed as u16);
        Instant::ZERO.after_millis(passed.saturating_add(ahead as u64))
    }

    /// Notes that the clock advances from `from` to `to`. An ACK that is overdue becomes due at `to`, so that its
    /// deadline does not wrap into the future.
    pub(crate) fn pass_time(&mut self, from: Instant, to: Instant) {
        if self.ack_deadline(from).is_some_and(|deadline| deadline <= to) {
            self.ack_by = (to.as_millis()) as u16;
        }
    }

    /// Makes a delayed ACK due now.
    pub(crate) fn stop_delaying_ack(&mut self) {
        if self.take(Pending::DELAYED_ACK) {
            self.request_ack();
        }
    }

    /// Clears the ACK that is due or delayed: the segment that goes out acknowledges. Duplicate ACKs stay due.
    pub(crate) fn clear_acks(&mut self) {
        self.pending.remove(Pending::ACK | Pending::DELAYED_ACK);
    }

    pub(crate) fn request_keep_alive(&mut self) {
        self.pending |= Pending::KEEP_ALIVE;
    }

    pub(crate) fn is_ack_requested(&self) -> bool {
        self.pending.intersects(Pending::ACK)
    }

    /// Drops every request that belongs to the TCB, which ends here. A reset does not belong to it, and stays.
    pub(crate) fn drop_segments(&mut self) {
        self.pending.remove(Pending::NEEDS_TCB);
    }

    /// Drops a soft ICMP error that has not been handed out: the peer that it was about is gone.
    pub(crate) fn drop_soft_error(&mut self) {
        if self.signals.contains(Signals::SOFT_ERROR) {
            self.take_error();
            self.signals.remove(Signals::SOFT_ERROR);
            self.pending.set(Pending::SIGNALS, !self.signals.is_empty());
        }
    }

    /// Clears the requests for segments, because none of them yields a segment any more.
    pub(crate) fn clear_segments(&mut self) {
        self.pending.remove(Pending::SEGMENTS);
    }

    /// Clears `pending`, and returns whether any of it was set.
    pub(crate) fn take(&mut self, pending: Pending) -> bool {
        let due = self.pending.intersects(pending);
        self.pending.remove(pending);
        due
    }
}

#[cfg(feature = "serde")]
impl Outbox {
    /// Returns whether events can have left this outbox in `state`.
    pub(crate) fn is_sound(&self, state: State) -> bool {
        let (pending, signals) = (self.pending, self.signals);
        let transitions = if self.has_transition() {
            self.transitions.leads_to(state)
        } else {
            self.transitions == TransitionLog::EMPTY
        };
        let has_error = signals.intersects(Signals::SOFT_ERROR | Signals::UNREACHABLE);
        let error = usize::from((signals & Signals::ERROR).bits() >> ERROR_SHIFT);
        Pending::all().contains(pending)
            && Signals::all().contains(signals)
            && transitions
            && pending.contains(Pending::SIGNALS) != signals.is_empty()
            && error < IcmpError::ALL.len()
            && (has_error || error == 0)
            && signals.contains(Signals::ACKNOWLEDGED) == (self.acknowledged > 0)
            && (pending.contains(Pending::RESET) || !pending.intersects(Pending::OF_RESET))
    }
}
