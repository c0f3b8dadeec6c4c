//! The transmission control block, RFC 9293 section 3.3.1: the variables, each where the RFC gives it a meaning.

use crate::connection::{Endpoint, Open};
use crate::rto::Rto;
use crate::segment::Segment;
use crate::seq::SeqNumber;
use crate::state::State;
use crate::time::Instant;

/// What there is of a connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Tcb {
    /// CLOSED: no TCB.
    Closed,
    /// LISTEN: no sequence numbers yet.
    Listen,
    /// SYN-SENT: our numbers, none of the peer's.
    SynSent(Snd),
    /// SYN-RECEIVED and beyond: both.
    Synchronized(Synchronized),
}

impl Tcb {
    pub(crate) const fn state(&self) -> State {
        match self {
            Tcb::Closed => State::Closed,
            Tcb::Listen => State::Listen,
            Tcb::SynSent(_) => State::SynSent,
            Tcb::Synchronized(tcb) => tcb.phase.state(),
        }
    }
}

/// The states from SYN-RECEIVED on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Phase {
    /// With the OPEN that it came from (MUST-11).
    SynReceived(Open),
    Established,
    FinWait1,
    FinWait2,
    CloseWait,
    Closing,
    LastAck,
    TimeWait {
        /// A SYN of a peer that started afresh has been challenged here (D14).
        challenged: bool,
    },
}

impl Phase {
    pub(crate) const fn state(self) -> State {
        match self {
            Phase::SynReceived(_) => State::SynReceived,
            Phase::Established => State::Established,
            Phase::FinWait1 => State::FinWait1,
            Phase::FinWait2 => State::FinWait2,
            Phase::CloseWait => State::CloseWait,
            Phase::Closing => State::Closing,
            Phase::LastAck => State::LastAck,
            Phase::TimeWait { .. } => State::TimeWait,
        }
    }
}

/// A connection that knows both sequence number spaces.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Synchronized {
    pub(crate) phase: Phase,
    pub(crate) limiter: Limiter,
    pub(crate) snd: Snd,
    pub(crate) rcv: Rcv,
}

impl Synchronized {
    pub(crate) fn new(origin: Open, snd: Snd, syn: &Segment, endpoint: &Endpoint) -> Synchronized {
        Synchronized {
            phase: Phase::SynReceived(origin),
            limiter: Limiter::default(),
            snd,
            rcv: Rcv::new(syn.seq(), endpoint),
        }
    }

    pub(crate) fn enter(&mut self, phase: Phase, endpoint: &mut Endpoint) {
        endpoint.due.transition(self.phase.state(), phase.state());
        self.phase = phase;
    }

    /// FIN-WAIT-2, whose idle time is counted from here (D20).
    pub(crate) fn enter_fin_wait_2(&mut self, endpoint: &mut Endpoint) {
        self.enter(Phase::FinWait2, endpoint);
        endpoint.timer = endpoint.policy.fin_wait_2_timeout.after(endpoint.now);
    }

    /// TIME-WAIT: 2 MSL begin (MUST-13), and nothing else is timed any more.
    pub(crate) fn enter_time_wait(&mut self, endpoint: &mut Endpoint) {
        self.enter(Phase::TimeWait { challenged: false }, endpoint);
        endpoint.start_time_wait();
    }
}

/// The send sequence space, RFC 9293 Figure 3, and the user's send queue beside it.
///
/// ```text
///      una              nxt            end
/// ------|----------------|--------------|-----
///       | in flight      | unsent       | FIN, once the user has closed
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Snd {
    /// Our initial sequence number, which is our SYN's.
    pub(crate) iss: SeqNumber,
    /// SND.UNA
    pub(crate) una: SeqNumber,
    /// SND.NXT; never rolled back.
    pub(crate) nxt: SeqNumber,
    /// The number behind the last byte of the user's send queue: that of the FIN, when there is one.
    pub(crate) end: SeqNumber,
    /// SND.WND
    pub(crate) wnd: u32,
    /// SND.WL1
    pub(crate) wl1: SeqNumber,
    /// SND.WL2
    pub(crate) wl2: SeqNumber,
    /// MAX.SND.WND of RFC 5961 section 5.2
    pub(crate) max_wnd: u32,
    pub(crate) pace: Pace,
    pub(crate) rto: Rto,
    /// The most payload bytes in a segment: what the peer's MSS and our own bound allow.
    pub(crate) mss: u16,
    /// How often the front has been sent again.
    pub(crate) retransmissions: u8,
    /// Our SYN is not acknowledged yet.
    pub(crate) syn: bool,
    /// The user has closed: a FIN stands at `end`.
    pub(crate) fin: bool,
}

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
    /// A timeout happened, or a closed window opened: from `cursor` to `recover` all is sent again, as far as `credit`
    /// goes, before anything new (D16).
    Recovering {
        recover: SeqNumber,
        cursor: SeqNumber,
        credit: u32,
    },
}

impl Snd {
    pub(crate) fn new(iss: SeqNumber, endpoint: &Endpoint) -> Snd {
        Snd {
            iss,
            una: iss,
            nxt: iss + 1,
            end: iss + 1,
            wnd: 0,
            wl1: SeqNumber(0),
            wl2: SeqNumber(0),
            max_wnd: 0,
            pace: Pace::Untimed,
            rto: Rto::new(&endpoint.policy),
            mss: endpoint.policy.default_peer_mss,
            retransmissions: 0,
            syn: true,
            fin: false,
        }
    }

    /// The first number after SND.UNA that is payload: the front of the user's send queue.
    pub(crate) fn front(&self) -> SeqNumber {
        if self.syn { self.iss + 1 } else { self.una }
    }

    /// The number behind all that is queued, the FIN included.
    #[inline]
    pub(crate) fn last(&self) -> SeqNumber {
        if self.fin { self.end + 1 } else { self.end }
    }

    /// SND.UNA + SND.WND
    pub(crate) fn right_edge(&self) -> SeqNumber {
        self.una + self.wnd
    }

    /// "Our FIN is acknowledged", which is more than any acknowledgment.
    #[inline]
    pub(crate) fn fin_acknowledged(&self) -> bool {
        self.fin && self.una == self.end + 1
    }

    /// RFC 9293 3.7.1: what the peer's SYN says of segment sizes, within our own bound (MUST-14, MUST-15, MUST-16).
    pub(crate) fn agree_mss(&mut self, syn: &Segment, endpoint: &Endpoint) {
        let peer = syn.options().mss().unwrap_or(endpoint.policy.default_peer_mss);
        self.mss = peer.max(crate::config::LEAST_PEER_MSS).min(endpoint.policy.max_payload);
        // D1: the window of a SYN counts for MAX.SND.WND, and one segment always does.
        self.max_wnd = u32::from(syn.window()).max(u32::from(self.mss));
    }

    /// The assignments of RFC 9293 3.10.7.3 and 3.10.7.4 for the first acknowledgment of our SYN (D1).
    #[inline]
    pub(crate) fn set_window(&mut self, seq: SeqNumber, ack: SeqNumber, window: u32) {
        self.wnd = window;
        self.wl1 = seq;
        self.wl2 = ack;
        self.max_wnd = self.max_wnd.max(window);
    }

    /// SND.UNA <- SEG.ACK, for SND.UNA < SEG.ACK =< SND.NXT.
    pub(crate) fn acknowledge(&mut self, ack: SeqNumber, endpoint: &mut Endpoint) {
        let payload = ack.min(self.end).ahead_of(self.front());
        let advance = ack - self.una;
        let now = endpoint.now;
        match &mut self.pace {
            Pace::Untimed => {}
            Pace::Timed { end, at } => {
                if end.le(ack) {
                    let rtt = (now.as_micros() as u32).wrapping_sub(*at);
                    self.pace = Pace::Untimed;
                    self.rto.sample(rtt, &endpoint.policy);
                }
            }
            Pace::Recovering { recover, cursor, credit } => {
                if recover.le(ack) {
                    self.pace = Pace::Untimed;
                } else {
                    *cursor = cursor.max(ack);
                    *credit = credit.saturating_add(advance.saturating_mul(2));
                    endpoint.due.look();
                }
            }
        }
        if self.syn {
            self.syn_acknowledged(endpoint);
        }
        self.una = ack;
        // RFC 6298 5.2 and 5.3: off when all is acknowledged, else afresh.
        if self.una == self.nxt {
            self.retransmissions = 0;
            endpoint.timer = None;
        } else {
            self.restart_timer(endpoint);
        }
        if self.nxt != self.last() {
            endpoint.due.look();
        }
        endpoint.due.acknowledged(payload);
    }

    /// The same for what is nothing but payload, and not in recovery.
    #[inline(always)]
    pub(crate) fn payload_acknowledged(&mut self, bytes: u32, endpoint: &mut Endpoint) {
        self.una += bytes;
        if let Pace::Timed { end, at } = self.pace
            && end.le(self.una)
        {
            self.pace = Pace::Untimed;
            self.rto.sample((endpoint.now.as_micros() as u32).wrapping_sub(at), &endpoint.policy);
        }
        if self.una == self.nxt {
            self.retransmissions = 0;
            endpoint.timer = None;
        } else {
            self.restart_timer(endpoint);
        }
        if self.nxt != self.end {
            endpoint.due.look();
        }
        endpoint.due.acknowledged(bytes);
    }

    #[cold]
    fn syn_acknowledged(&mut self, endpoint: &mut Endpoint) {
        self.syn = false;
        endpoint.due.syn_acknowledged();
        if self.retransmissions > 0 {
            self.rto.after_syn_timeout(&endpoint.policy);
        }
    }

    /// SND.WL1 < SEG.SEQ, or SND.WL1 = SEG.SEQ and SND.WL2 =< SEG.ACK: the segment is not older than the last that set
    /// the window.
    #[inline]
    pub(crate) fn is_newer(&self, seq: SeqNumber, ack: SeqNumber) -> bool {
        self.wl1.lt(seq) || (self.wl1 == seq && self.wl2.le(ack))
    }

    /// SND.WND, SND.WL1, SND.WL2 <- the segment's, if it is not older than the last that set them.
    #[inline(always)]
    pub(crate) fn note_window(&mut self, seq: SeqNumber, segment: &Segment) {
        let ack = segment.ack_number();
        if self.is_newer(seq, ack) {
            self.set_window(seq, ack, u32::from(segment.window()));
        }
    }

    /// For SND.UNA =< SEG.ACK =< SND.NXT: what is acknowledged, and the window. `seq` is where the new of it begins.
    #[inline]
    pub(crate) fn use_ack(&mut self, seq: SeqNumber, segment: &Segment, endpoint: &mut Endpoint) {
        if self.una != segment.ack_number() {
            self.acknowledge(segment.ack_number(), endpoint);
        }
        let was = self.wnd;
        self.note_window(seq, segment);
        if self.wnd != was && (self.nxt != self.last() || self.una != self.nxt) {
            self.window_changed(was, endpoint);
        }
    }

    #[cold]
    fn window_changed(&mut self, was: u32, endpoint: &mut Endpoint) {
        endpoint.due.look();
        if was == 0 {
            // Probing is over. What was refused is sent again at once (D17).
            self.rto.answered();
            if self.una == self.nxt {
                endpoint.timer = None;
            } else {
                self.pace = Pace::Recovering { recover: self.nxt, cursor: self.una, credit: u32::MAX };
                self.restart_timer(endpoint);
            }
        }
    }

    /// Something was sent that waits for the network: the timer runs, if it did not yet (RFC 6298 section 5.1).
    #[inline]
    pub(crate) fn arm(&mut self, endpoint: &mut Endpoint) {
        if endpoint.timer.is_none() {
            self.restart_timer(endpoint);
        }
    }

    /// There is progress, or something new to wait for: R1, R2, the user timeout and the RTO count from here. (No RTO
    /// is longer than the user timeout.)
    #[inline]
    pub(crate) fn restart_timer(&mut self, endpoint: &mut Endpoint) {
        self.retransmissions = 0;
        endpoint.since = endpoint.now;
        endpoint.timer = Some(endpoint.now.after_millis(self.rto.millis(&endpoint.policy)));
    }

    /// The timer for the next try: one RTO from here, but no later than the user timeout.
    pub(crate) fn time_next_try(&mut self, endpoint: &mut Endpoint) {
        let next = Some(endpoint.now.after_millis(self.rto.millis(&endpoint.policy)));
        endpoint.timer = Instant::earliest(next, endpoint.policy.user_timeout.after(endpoint.since));
    }

    /// A probe was answered: progress, for which the next one need not wait longer, unless it was the user timeout that
    /// was waited for.
    #[cold]
    pub(crate) fn probe_answered(&mut self, endpoint: &mut Endpoint) {
        let limit = endpoint.policy.user_timeout.after(endpoint.since);
        self.retransmissions = 0;
        endpoint.since = endpoint.now;
        if endpoint.timer == limit {
            self.time_next_try(endpoint);
        }
    }

    /// Begins to time the segment that ends at SND.NXT, if nothing forbids it.
    #[inline]
    pub(crate) fn time(&mut self, now: Instant) {
        if self.pace == Pace::Untimed {
            self.pace = Pace::Timed { end: self.nxt, at: now.as_micros() as u32 };
        }
    }
}

/// The receive sequence space, RFC 9293 Figure 4, and how much of it the user has not consumed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Rcv {
    /// The peer's initial sequence number.
    pub(crate) irs: SeqNumber,
    /// RCV.NXT
    pub(crate) nxt: SeqNumber,
    /// RCV.NXT + RCV.WND as the peer has been told; never moves back (SHLD-14).
    pub(crate) edge: SeqNumber,
    /// Up to here the user has consumed what was delivered, and reported it.
    pub(crate) read: SeqNumber,
}

impl Rcv {
    /// RFC 9293 3.10.7.2, third, and 3.10.7.3, fourth: IRS and RCV.NXT from the peer's SYN.
    fn new(irs: SeqNumber, endpoint: &Endpoint) -> Rcv {
        let nxt = irs + 1;
        Rcv { irs, nxt, edge: nxt + u32::from(endpoint.syn_window()), read: nxt }
    }

    /// RCV.WND
    #[inline]
    pub(crate) fn wnd(&self) -> u32 {
        self.edge - self.nxt
    }

    /// RCV.NXT =< seq < RCV.NXT+RCV.WND
    #[inline]
    pub(crate) fn in_window(&self, seq: SeqNumber) -> bool {
        seq - self.nxt < self.wnd()
    }

    /// Bytes delivered that the user has not reported as consumed.
    #[inline]
    pub(crate) fn unread(&self) -> u32 {
        self.nxt - self.read
    }

    /// The right edge that a segment sent now would offer: further only by as much as is worth a segment (RFC 9293
    /// section 3.8.6.2.2, MUST-39).
    #[inline]
    pub(crate) fn offer(&self, endpoint: &Endpoint) -> SeqNumber {
        let worth = u32::from(endpoint.policy.worth);
        let right = self.read + endpoint.policy.receive_buffer;
        if right.ahead_of(self.edge) < worth { self.edge } else { self.capped_offer(right, worth) }
    }

    /// No more than the field can say.
    #[inline(never)]
    fn capped_offer(&self, right: SeqNumber, worth: u32) -> SeqNumber {
        let gain = right.min(self.nxt + u32::from(u16::MAX)).ahead_of(self.edge);
        if gain < worth { self.edge } else { self.edge + gain }
    }
}

/// How many challenges may still go out (RFC 5961 section 7): so many in each period, one count for each connection,
/// since a shared one would tell an attacker of the others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Limiter {
    /// The start of the period, in milliseconds modulo 2^32.
    start: u32,
    sent: u8,
}

impl Limiter {
    pub(crate) fn allows(&mut self, endpoint: &Endpoint) -> bool {
        let now = endpoint.now.as_millis_low();
        if self.sent == 0 || u64::from(now.wrapping_sub(self.start)) >= endpoint.policy.challenge_period.millis() {
            self.start = now;
            self.sent = 0;
        }
        if self.sent >= endpoint.policy.challenge_limit {
            return false;
        }
        self.sent = self.sent.saturating_add(1);
        true
    }
}
