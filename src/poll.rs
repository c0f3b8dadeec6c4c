//! What is due next, as a function of the variables; and what comes out of a connection.

use core::ops::Range;

use crate::connection::{Connection, Endpoint};
use crate::options::Options;
use crate::segment::{Control, Segment};
use crate::seq::SeqNumber;
use crate::state::{State, Transition};
use crate::tcb::{Pace, Phase, Rcv, Snd, Synchronized, Tcb};
use crate::time::Instant;

/// What [`poll`](Connection::poll) hands out, in this order: transitions, signals, segments, and then `Wait`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Output {
    /// The state has changed.
    Transition(Transition),
    /// The user is to be told.
    Signal(Signal),
    /// A segment to be sent to the peer.
    Transmit(Transmit),
    /// Drained. `Some`: call [`timeout`](Connection::timeout) then, unless something else happens before.
    Wait(Option<Instant>),
}

/// A segment to be sent, and the payload that goes into it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Transmit {
    /// The header.
    pub segment: Segment,
    /// Which bytes of the user's send queue to put in, counted from its front as it is after every
    /// [`Signal::Acknowledged`] so far.
    pub payload: Range<usize>,
}

/// What the user is told, RFC 9293 section 3.10: "signal" there is a delayed response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Signal {
    /// So many bytes at the front of the send queue have reached the peer: drop them. SYN and FIN are never counted.
    Acknowledged(usize),
    /// The peer has sent its FIN: "connection closing". No payload comes after it.
    Closing,
    /// The end: the peer has refused the connection, by a reset before or with the acknowledgment of our SYN.
    Refused,
    /// The end: "connection reset" by the peer.
    Reset,
    /// The end: the user timeout, R2, or the policy for FIN-WAIT-2.
    TimedOut,
    /// R1 is reached: the same segment has been sent again so often that the connection may be in trouble.
    Retransmitting,
}

bitflags::bitflags! {
    /// What is due, in the order in which it is handed out.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    struct What: u8 {
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

        const SEGMENTS = Self::RESET.bits() | Self::RESET_HAS_ACK.bits() | Self::OF_TCB.bits();
        /// What is nothing without a TCB.
        const OF_TCB = Self::SYN.bits() | Self::FRONT.bits() | Self::LOOK.bits() | Self::ACK.bits();
    }

    /// In the order in which they are handed out; the last three are ends.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    struct Signals: u8 {
        const ACKNOWLEDGED = 1;
        const RETRANSMITTING = 2;
        const CLOSING = 4;
        const REFUSED = 8;
        const RESET = 16;
        const TIMED_OUT = 32;
    }
}

/// What is due to be handed out.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Due {
    what: What,
    signals: Signals,
    /// The states that were left, oldest first; each transition leads to the next one, the last to the present state.
    left: [State; 3],
    transitions: u8,
    acknowledged: u32,
    /// The number in the reset.
    reset: SeqNumber,
}

impl Due {
    pub(crate) const NOTHING: Due = Due {
        what: What::empty(),
        signals: Signals::empty(),
        left: [State::Closed; 3],
        transitions: 0,
        acknowledged: 0,
        reset: SeqNumber(0),
    };

    #[inline]
    pub(crate) const fn is_nothing(&self) -> bool {
        self.what.is_empty()
    }

    /// A transition. Of more than three the later ones fold into the third; one that ends where it began vanishes.
    pub(crate) fn transition(&mut self, from: State, to: State) {
        self.what |= What::TRANSITIONS;
        if let Some(left) = self.left.get_mut(usize::from(self.transitions)) {
            *left = from;
            self.transitions = self.transitions.saturating_add(1);
        } else if self.left[2] == to {
            self.left[2] = State::Closed;
            self.transitions = 2;
        }
    }

    fn next_transition(&mut self, state: State) -> Transition {
        let [from, second, third] = self.left;
        self.transitions = self.transitions.saturating_sub(1);
        self.left = [second, third, State::Closed];
        if self.transitions == 0 {
            self.what.remove(What::TRANSITIONS);
            self.left = [State::Closed; 3];
            return Transition { from, to: state };
        }
        Transition { from, to: second }
    }

    pub(crate) fn signal(&mut self, signal: Signal) {
        self.signals |= match signal {
            Signal::Acknowledged(_) => Signals::ACKNOWLEDGED,
            Signal::Retransmitting => Signals::RETRANSMITTING,
            Signal::Closing => Signals::CLOSING,
            Signal::Refused => Signals::REFUSED,
            Signal::Reset => Signals::RESET,
            Signal::TimedOut => Signals::TIMED_OUT,
        };
        self.what |= What::SIGNALS;
    }

    #[inline]
    pub(crate) fn acknowledged(&mut self, bytes: u32) {
        if bytes > 0 {
            self.acknowledged = self.acknowledged.saturating_add(bytes);
            self.signals |= Signals::ACKNOWLEDGED;
            self.what |= What::SIGNALS;
        }
    }

    fn next_signal(&mut self) -> Signal {
        let first = Signals::from_bits_truncate(self.signals.bits() & self.signals.bits().wrapping_neg());
        self.signals.remove(first);
        if self.signals.is_empty() {
            self.what.remove(What::SIGNALS);
        }
        match first {
            Signals::RETRANSMITTING => Signal::Retransmitting,
            Signals::CLOSING => Signal::Closing,
            Signals::REFUSED => Signal::Refused,
            Signals::RESET => Signal::Reset,
            Signals::TIMED_OUT => Signal::TimedOut,
            _ => Signal::Acknowledged(core::mem::take(&mut self.acknowledged) as usize),
        }
    }

    /// A reset; a later one replaces it.
    pub(crate) fn reset(&mut self, reset: &Segment) {
        match reset.ack() {
            Some(ack) => {
                self.reset = ack;
                self.what |= What::RESET | What::RESET_HAS_ACK;
            }
            None => self.reset_at(reset.seq()),
        }
    }

    /// `<SEQ=seq><CTL=RST>`
    pub(crate) fn reset_at(&mut self, seq: SeqNumber) {
        self.reset = seq;
        self.what.remove(What::RESET_HAS_ACK);
        self.what |= What::RESET;
    }

    fn next_reset(&mut self) -> Segment {
        let has_ack = self.what.contains(What::RESET_HAS_ACK);
        self.what.remove(What::RESET | What::RESET_HAS_ACK);
        let number = core::mem::take(&mut self.reset);
        if has_ack { Segment::reset_acknowledging(number) } else { Segment::reset_at(number) }
    }

    pub(crate) fn syn(&mut self) {
        self.what |= What::SYN;
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

    pub(crate) fn ack_is_due(&self) -> bool {
        self.what.contains(What::ACK)
    }

    /// The TCB is gone, and with it all that was to be sent for it. A reset is not of the TCB.
    pub(crate) fn drop_segments(&mut self) {
        self.what.remove(What::OF_TCB);
    }

    fn take(&mut self, what: What) -> bool {
        let due = self.what.contains(what);
        self.what.remove(what);
        due
    }
}

impl Connection {
    pub(crate) fn poll_due(&mut self) -> Output {
        if let Tcb::Synchronized(tcb) = &mut self.tcb {
            tcb.enter_last_ack(&mut self.endpoint);
        }
        let endpoint = &mut self.endpoint;
        if endpoint.due.what.contains(What::TRANSITIONS) {
            return Output::Transition(endpoint.due.next_transition(self.tcb.state()));
        }
        if endpoint.due.what.contains(What::SIGNALS) {
            return Output::Signal(endpoint.due.next_signal());
        }
        if endpoint.due.what.contains(What::RESET) {
            return Output::Transmit(Transmit { segment: endpoint.due.next_reset(), payload: 0..0 });
        }
        let transmit = match &mut self.tcb {
            Tcb::Closed | Tcb::Listen => None,
            Tcb::SynSent(snd) => snd.next_syn(endpoint),
            Tcb::Synchronized(tcb) => tcb.next_segment(endpoint),
        };
        match transmit {
            Some(transmit) => Output::Transmit(transmit),
            None => {
                endpoint.due.what.remove(What::OF_TCB);
                Output::Wait(endpoint.timers.earliest())
            }
        }
    }
}

/// A stretch of the send sequence space that goes into one segment.
struct Piece {
    from: SeqNumber,
    payload: u32,
    fin: bool,
}

impl Snd {
    /// `<SEQ=ISS><CTL=SYN>`
    fn next_syn(&mut self, endpoint: &mut Endpoint) -> Option<Transmit> {
        if !endpoint.due.take(What::SYN) {
            return None;
        }
        let window = endpoint.syn_window();
        Some(self.syn(Control::SYN, SeqNumber(0), window, endpoint))
    }

    fn syn(&mut self, control: Control, ack: SeqNumber, window: u16, endpoint: &mut Endpoint) -> Transmit {
        // Karn: only a SYN that has been sent once is timed.
        if endpoint.timers.retransmission.is_none() {
            self.time(endpoint.now);
        } else {
            self.pace = Pace::Untimed;
        }
        self.arm(endpoint);
        let options = Options::NONE.with_mss(endpoint.policy.mss);
        let segment = Segment::new(self.iss, ack, control).with_window(window).with_options(options);
        Transmit { segment, payload: 0..0 }
    }

    /// How much payload may go out from `from` on: the peer's window, and the caller's limit.
    fn room(&self, from: SeqNumber, endpoint: &Endpoint) -> u32 {
        (self.una + self.wnd.min(endpoint.limit)).ahead_of(from)
    }

    /// Where the next segment starts, and how many numbers it may take.
    fn cursor(&self) -> (SeqNumber, u32) {
        match self.pace {
            Pace::Recovering { cursor, credit, .. } => (cursor, credit),
            Pace::Untimed | Pace::Timed { .. } => (self.nxt, u32::MAX),
        }
    }

    /// The segment that the variables allow, if any: by the peer's maximum segment size, its window, the caller's
    /// limit, and what recovery has earned (D16). The FIN rides on the last payload (D27).
    fn next_piece(&self, endpoint: &Endpoint) -> Option<Piece> {
        let (from, credit) = self.cursor();
        if self.syn {
            // D8: nothing but a FIN can go before our SYN is acknowledged, and no window holds it back.
            let fin = self.fin && self.nxt == self.end;
            return fin.then_some(Piece { from: self.end, payload: 0, fin });
        }
        let payload = self.end.ahead_of(from).min(self.room(from, endpoint)).min(u32::from(self.mss));
        let behind = from + payload;
        let fin = self.fin && behind == self.end && behind.lt(self.right_edge());
        let len = payload.saturating_add(u32::from(fin));
        (len > 0 && len <= credit).then_some(Piece { from, payload, fin })
    }

    /// What is at SND.UNA, once more (RFC 6298 section 5.4); behind a closed window one byte of it, or the FIN, to
    /// probe with (RFC 9293 section 3.8.6.1, MUST-35, MUST-36).
    fn front_piece(&self, endpoint: &Endpoint) -> Option<Piece> {
        let sent = if self.una == self.nxt { self.una + 1 } else { self.nxt };
        let allowed = self.wnd.max(1).min(endpoint.limit).min(u32::from(self.mss));
        let payload = self.end.min(sent).ahead_of(self.una).min(allowed);
        let behind = self.una + payload;
        let room = behind.lt(self.una + self.wnd.max(1));
        let fin = self.fin && behind == self.end && sent.gt(self.end) && room;
        (payload > 0 || fin).then_some(Piece { from: self.una, payload, fin })
    }

    /// The piece is handed out.
    fn sent(&mut self, piece: &Piece, endpoint: &mut Endpoint) {
        let behind = piece.from + piece.payload + u32::from(piece.fin);
        let fresh = piece.from == self.nxt;
        self.nxt = self.nxt.max(behind);
        if let Pace::Recovering { cursor, credit, .. } = &mut self.pace {
            *credit = credit.saturating_sub(behind.ahead_of(piece.from));
            *cursor = cursor.max(behind);
        }
        self.arm(endpoint);
        if fresh && self.wnd > 0 {
            self.time(endpoint.now);
        }
    }

    /// The last payload of the queue goes out in this drain: "all preceding SENDs have been segmentized".
    fn is_segmentized(&self, endpoint: &Endpoint) -> bool {
        let (from, credit) = self.cursor();
        let is_probed = endpoint.due.what.contains(What::FRONT) && self.una == self.nxt;
        let probe = u32::from(is_probed).min(endpoint.limit);
        self.end.ahead_of(from) <= self.room(from, endpoint).min(credit).max(probe)
    }
}

impl Synchronized {
    /// RFC 9293 3.10.4, CLOSE-WAIT: the CLOSE waits until all preceding SENDs have been segmentized, and then LAST-ACK
    /// is entered.
    pub(crate) fn enter_last_ack(&mut self, endpoint: &mut Endpoint) {
        if self.phase == Phase::CloseWait && self.snd.fin && self.snd.is_segmentized(endpoint) {
            self.enter(Phase::LastAck, endpoint);
        }
    }

    fn next_segment(&mut self, endpoint: &mut Endpoint) -> Option<Transmit> {
        if endpoint.due.take(What::SYN) {
            endpoint.due.take(What::ACK);
            let window = self.rcv.advertise(self.snd.syn, endpoint);
            return Some(self.snd.syn(Control::SYN | Control::ACK, self.rcv.nxt, window, endpoint));
        }
        if endpoint.due.take(What::FRONT)
            && let Some(piece) = self.snd.front_piece(endpoint)
        {
            return Some(self.segment_of(piece, endpoint));
        }
        if endpoint.due.what.contains(What::LOOK) && self.may_send() {
            if let Some(piece) = self.snd.next_piece(endpoint) {
                return Some(self.segment_of(piece, endpoint));
            }
            // Only a closed window can hold back all there is while nothing is in flight: it will be probed.
            if self.snd.wnd == 0 && self.snd.nxt != self.snd.last() {
                self.snd.arm(endpoint);
            }
            endpoint.due.what.remove(What::LOOK);
        }
        endpoint.due.take(What::ACK).then(|| {
            let window = self.rcv.advertise(self.snd.syn, endpoint);
            let segment = Segment::new(self.bare_seq(), self.rcv.nxt, Control::ACK).with_window(window);
            Transmit { segment, payload: 0..0 }
        })
    }

    /// Whether payload or a FIN may go out: after ESTABLISHED, and the FIN of a CLOSE in SYN-RECEIVED before (D8).
    fn may_send(&self) -> bool {
        match self.phase {
            Phase::SynReceived(_) | Phase::TimeWait { .. } => false,
            // The FIN of a pending CLOSE takes LAST-ACK with it.
            Phase::CloseWait
            | Phase::Established
            | Phase::FinWait1
            | Phase::FinWait2
            | Phase::Closing
            | Phase::LastAck => true,
        }
    }

    /// SEG.SEQ of a segment that carries nothing: SND.NXT, but no further than the peer's window reaches, or else the
    /// peer refuses it (D17).
    fn bare_seq(&self) -> SeqNumber {
        if self.snd.syn { self.snd.nxt } else { self.snd.nxt.min(self.snd.right_edge()) }
    }

    fn segment_of(&mut self, piece: Piece, endpoint: &mut Endpoint) -> Transmit {
        endpoint.due.take(What::ACK);
        let mut control = Control::ACK;
        if piece.fin {
            control |= Control::FIN;
        }
        // MUST-61: the last of the queue is pushed.
        if piece.payload > 0 && piece.from + piece.payload == self.snd.end {
            control |= Control::PSH;
        }
        self.snd.sent(&piece, endpoint);
        let start = piece.from.ahead_of(self.snd.front()) as usize;
        let window = self.rcv.advertise(self.snd.syn, endpoint);
        let segment = Segment::new(piece.from, self.rcv.nxt, control)
            .with_payload(u16::try_from(piece.payload).unwrap_or(u16::MAX))
            .with_window(window);
        Transmit { segment, payload: start..start.saturating_add(piece.payload as usize) }
    }
}

impl Rcv {
    /// The window of a segment that is handed out; from now on the peer knows it. While our SYN is unacknowledged it
    /// does not grow (D8).
    fn advertise(&mut self, syn_unacknowledged: bool, endpoint: &Endpoint) -> u16 {
        if !syn_unacknowledged {
            self.edge = self.offer(endpoint);
        }
        u16::try_from(self.wnd()).unwrap_or(u16::MAX)
    }
}
