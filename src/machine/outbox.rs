//! The outbox: what `poll` has to hand out, coalesced.
//!
//! Events do not queue segments. They set bits, and `poll` makes each segment from the variables of its moment, so that
//! an ACK always carries the latest RCV.NXT and window, and the outbox needs no memory. A second request for the same
//! thing changes nothing.
//!
//! | order | bits | handed out as | what is kept of it |
//! |---|---|---|---|
//! | 1 | `TRANSITIONS` | [`Transition`]s, oldest first | three states that were left, and the one that was reached |
//! | 2 | `SIGNALS` | [`Signal`]s, ends last | one bit for each kind, the bytes acknowledged, one ICMP error |
//! | 3 | `RESET`, `RESET_HAS_..` | the last reset that is due | its number and its echo |
//! | 4 | `SYN` | our SYN, or SYN,ACK | |
//! | 5 | `RETRANSMIT` | the segment at SND.UNA, since its timer fired | |
//! | 6 | `DATA` | payload and FIN, as far as the variables allow | |
//! | 7 | `KEEP_ALIVE` | a probe of keep-alive | |
//! | 8 | `ACK`, `DUPLICATE_ACKS` | bare ACKs, where nothing above has carried one | how many are due is the context's |
//! | - | `DELAYED_ACK` | nothing until its time | when it becomes an `ACK` |

use crate::machine::icmp::IcmpError;
use crate::machine::options::Options;
use crate::machine::output::Signal;
use crate::machine::segment::Segment;
use crate::machine::seq::SeqNumber;
use crate::machine::state::{State, Transition};
use crate::machine::time::Instant;

/// The end that the user is told of; the user's own and a graceful one have none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Refused,
    Reset,
    TimedOut,
    Unreachable(IcmpError),
}

bitflags::bitflags! {
    /// What is due. The table above has the order. What belongs to a feature that is off has no bit.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub(crate) struct Pending: u16 {
        const TRANSITIONS = 1;
        const SIGNALS = 2;
        /// A reset, whose form the other bit tells.
        const RESET = 4;
        const RESET_HAS_ACK = 8;
        /// Our SYN, or SYN,ACK.
        const SYN = 16;
        /// What is at the front of the send queue, because a timer fired.
        const RETRANSMIT = 32;
        /// Payload and FIN to be looked at: the variables say whether any can go.
        const DATA = 64;
        const ACK = 128;
        /// The reset carries timestamps, those of an ABORT with a TSval of ours.
        const RESET_HAS_TS = if cfg!(feature = "timestamps") { 256 } else { 0 };
        const RESET_HAS_TSVAL = if cfg!(feature = "timestamps") { 512 } else { 0 };
        /// An ACK that can wait until `ack_by`.
        const DELAYED_ACK = if cfg!(feature = "delayed-ack") { 1024 } else { 0 };
        /// A probe of keep-alive.
        const KEEP_ALIVE = if cfg!(feature = "keep-alive") { 2048 } else { 0 };
        /// ACKs of segments ahead of a gap, each of its own.
        const DUPLICATE_ACKS = 4096;

        const OF_RESET = Self::RESET.bits()
            | Self::RESET_HAS_ACK.bits()
            | Self::RESET_HAS_TS.bits()
            | Self::RESET_HAS_TSVAL.bits();
        /// What has been looked at, when nothing of it makes a segment.
        const SEGMENTS = Self::SYN.bits()
            | Self::RETRANSMIT.bits()
            | Self::DATA.bits()
            | Self::ACK.bits()
            | Self::KEEP_ALIVE.bits()
            | Self::DUPLICATE_ACKS.bits();
        /// What is nothing without a TCB.
        const NEEDS_TCB = Self::SEGMENTS.bits() | Self::DELAYED_ACK.bits();
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

/// The transitions that nobody has polled: the states that were left, three at most and oldest first, and the state
/// that was reached. Each state that was left leads to the next. Four bits for each: its place in [`State::ALL`] and
/// one, or zero for none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct TransitionLog(u16);

impl TransitionLog {
    const EMPTY: TransitionLog = TransitionLog(0);
    const FIRST: u32 = 0;
    const SECOND: u32 = 4;
    const THIRD: u32 = 8;
    const REACHED: u32 = 12;

    /// Each state behind CLOSED for none, and as many as four bits can say, so that no bound is checked.
    const STATES: [State; 16] = {
        let [closed, listen, syn_sent, syn_received, established, fin_wait_1, fin_wait_2, rest @ ..] = State::ALL;
        let [close_wait, closing, last_ack, time_wait] = rest;
        [
            closed,
            closed,
            listen,
            syn_sent,
            syn_received,
            established,
            fin_wait_1,
            fin_wait_2,
            close_wait,
            closing,
            last_ack,
            time_wait,
            closed,
            closed,
            closed,
            closed,
        ]
    };

    #[inline]
    const fn bits(state: State, place: u32) -> u16 {
        (state as u16).wrapping_add(1) << place
    }

    #[inline]
    const fn has(self, place: u32) -> bool {
        self.0 >> place & 0xF != 0
    }

    /// The state at `place`; CLOSED where there is none.
    #[inline]
    fn get(self, place: u32) -> State {
        let bits = usize::from(self.0 >> place & 0xF);
        TransitionLog::STATES.get(bits).copied().unwrap_or(State::Closed)
    }

    #[inline]
    fn push(&mut self, from: State, to: State) {
        if self.has(TransitionLog::FIRST) {
            return self.push_behind(from, to);
        }
        self.0 = TransitionLog::bits(from, TransitionLog::FIRST) | TransitionLog::bits(to, TransitionLog::REACHED);
    }

    /// Of more than three the later ones fold into the third; one that ends where it began vanishes.
    #[cold]
    fn push_behind(&mut self, from: State, to: State) {
        self.0 = self.0 & !(0xF << TransitionLog::REACHED) | TransitionLog::bits(to, TransitionLog::REACHED);
        if !self.has(TransitionLog::SECOND) {
            self.0 |= TransitionLog::bits(from, TransitionLog::SECOND);
        } else if !self.has(TransitionLog::THIRD) {
            self.0 |= TransitionLog::bits(from, TransitionLog::THIRD);
        } else if self.get(TransitionLog::THIRD) == to {
            self.0 &= !(0xF << TransitionLog::THIRD);
        }
    }

    /// The oldest transition. There must be one.
    #[inline]
    fn pop(&mut self) -> Transition {
        let from = self.get(TransitionLog::FIRST);
        if !self.has(TransitionLog::SECOND) {
            let to = self.get(TransitionLog::REACHED);
            *self = TransitionLog::EMPTY;
            return Transition { from, to };
        }
        let to = self.get(TransitionLog::SECOND);
        self.0 = self.0 & 0xF << TransitionLog::REACHED | self.0 >> TransitionLog::SECOND & 0xFF;
        Transition { from, to }
    }
}

/// What is due to be handed out.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Outbox {
    pub(crate) pending: Pending,
    signals: Signals,
    transitions: TransitionLog,
    /// When the delayed ACK is due, in milliseconds modulo 2^16.
    pub(crate) ack_by: u16,
    acknowledged: u32,
    /// The number in the reset.
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

    /// Nothing can be handed out: an ACK that is delayed waits for its timer.
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
        let transition = self.transitions.pop();
        if self.transitions == TransitionLog::EMPTY {
            self.pending.remove(Pending::TRANSITIONS);
        }
        transition
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
        let place = Signals::from_bits_retain((error as u16) << ERROR_SHIFT);
        self.signals = self.signals.difference(Signals::ERROR).union(place);
    }

    fn take_error(&mut self) -> IcmpError {
        let place = self.signals.bits() >> ERROR_SHIFT;
        self.signals.remove(Signals::ERROR);
        IcmpError::ALL.get(usize::from(place)).copied().unwrap_or(IcmpError::SourceQuench)
    }

    /// "Signal the user: connection closing."
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

    #[inline]
    pub(crate) fn pop_signal(&mut self) -> Signal {
        // Most often there is one.
        let signal = match self.signals {
            Signals::ACKNOWLEDGED => Signal::Acknowledged(core::mem::take(&mut self.acknowledged) as usize),
            Signals::CLOSING => Signal::Closing,
            _ => return self.next_of_signals(),
        };
        self.signals = Signals::empty();
        self.pending.remove(Pending::SIGNALS);
        signal
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
            self.pending.remove(Pending::SIGNALS);
        }
        signal
    }

    /// The reset that answers a segment which is none, as [`Segment::reset`] has it; a later one replaces it.
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

    /// The reset of an ABORT, `<SEQ=SND.NXT><CTL=RST>`, with our timestamp of the moment it goes out (D30). Without ACK
    /// it echoes nothing (RFC 7323 section 3.2).
    pub(crate) fn request_abort_reset(&mut self, seq: SeqNumber, stamped: bool) {
        self.pending = self.pending.difference(Pending::OF_RESET).union(Pending::RESET);
        self.reset = seq;
        if stamped {
            self.pending |= Pending::RESET_HAS_TS | Pending::RESET_HAS_TSVAL;
        }
        self.reset_echo = 0;
    }

    #[inline]
    pub(crate) fn take_reset(&mut self) -> Segment {
        let has_ack = self.pending.intersects(Pending::RESET_HAS_ACK);
        self.pending.remove(Pending::OF_RESET);
        let number = core::mem::take(&mut self.reset);
        if has_ack { Segment::reset_acknowledging(number) } else { Segment::reset_at(number) }
    }

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

    /// Our SYN is acknowledged before it could go out again. What it would have acknowledged, an ACK will.
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

    /// Some ACKs are each of its own: how many, the context counts.
    pub(crate) fn request_duplicate_acks(&mut self) {
        self.pending |= Pending::DUPLICATE_ACKS;
    }

    /// An ACK can wait `delay` milliseconds from `now`; but every second segment is acknowledged at once (RFC
    /// 9293 section 3.8.6.3, SHLD-18, SHLD-19).
    pub(crate) fn delay_ack(&mut self, delay: u64, now: Instant) {
        if self.pending.intersects(Pending::DELAYED_ACK) {
            return self.request_ack();
        }
        self.pending |= Pending::DELAYED_ACK;
        self.ack_by = (now.as_millis_up() as u16).wrapping_add(delay as u16);
    }

    /// When the delayed ACK is due: at most half a second ahead, as long as each moment that passes is told to
    /// [`pass_time`](Self::pass_time).
    pub(crate) const fn ack_deadline(&self, now: Instant) -> Option<Instant> {
        if !self.pending.intersects(Pending::DELAYED_ACK) {
            return None;
        }
        let passed = now.as_millis();
        let ahead = self.ack_by.wrapping_sub(passed as u16);
        Instant::ZERO.after_millis(passed.saturating_add(ahead as u64))
    }

    /// What is late stays late, however late it becomes.
    pub(crate) fn pass_time(&mut self, from: Instant, to: Instant) {
        if self.ack_deadline(from).is_some_and(|deadline| deadline <= to) {
            self.ack_by = (to.as_millis()) as u16;
        }
    }

    /// An ACK that is delayed waits no longer.
    pub(crate) fn stop_delaying_ack(&mut self) {
        if self.take(Pending::DELAYED_ACK) {
            self.request_ack();
        }
    }

    /// A segment goes out that acknowledges.
    pub(crate) fn clear_acks(&mut self) {
        self.pending.remove(Pending::ACK | Pending::DELAYED_ACK);
    }

    pub(crate) fn request_keep_alive(&mut self) {
        self.pending |= Pending::KEEP_ALIVE;
    }

    pub(crate) fn is_ack_requested(&self) -> bool {
        self.pending.intersects(Pending::ACK)
    }

    /// The TCB is gone, and with it all that was to be sent for it. A reset is not of the TCB.
    pub(crate) fn drop_segments(&mut self) {
        self.pending.remove(Pending::NEEDS_TCB);
    }

    /// One that has not been handed out was about a peer that is gone.
    pub(crate) fn drop_soft_error(&mut self) {
        if self.signals.contains(Signals::SOFT_ERROR) {
            self.take_error();
            self.signals.remove(Signals::SOFT_ERROR);
            self.pending.set(Pending::SIGNALS, !self.signals.is_empty());
        }
    }

    /// Drained: what was to be looked at has been.
    pub(crate) fn clear_segments(&mut self) {
        self.pending.remove(Pending::SEGMENTS);
    }

    pub(crate) fn take(&mut self, pending: Pending) -> bool {
        let due = self.pending.intersects(pending);
        self.pending.remove(pending);
        due
    }
}
