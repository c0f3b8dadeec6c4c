//! What is due next, as a function of the variables; and what comes out of a connection.

use core::ops::Range;

use crate::connection::{Connection, Endpoint};
use crate::due::What;
use crate::icmp::IcmpError;
use crate::options::Options;
use crate::segment::{Control, Segment};
use crate::seq::SeqNumber;
use crate::state::Transition;
use crate::tcb::{Flags, Pace, Phase, Rcv, Snd, SynSent, Synchronized, Tcb};
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

/// What the user is told, RFC 9293 section 3.10: "signal" there is a delayed response. A peer that closes and one that
/// resets are told apart (MUST-12).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Signal {
    /// So many bytes at the front of the send queue have reached the peer: drop them. SYN and FIN are never counted.
    Acknowledged(usize),
    /// The peer has sent urgent data, or more of it: it should be consumed quickly (RFC 9293 section 3.8.5, MUST-32).
    /// `Status::urgent` tells how much there is.
    Urgent,
    /// The peer has sent its FIN: "connection closing". No payload comes after it.
    Closing,
    /// The end: the peer has refused the connection, by a reset before or with the acknowledgment of our SYN.
    Refused,
    /// The end: "connection reset" by the peer.
    Reset,
    /// The end: the user timeout, R2, or the policy for FIN-WAIT-2.
    TimedOut,
    /// The end: a hard ICMP error.
    Unreachable(IcmpError),
    /// A soft ICMP error, or a hard one that does not end the connection: something may be wrong on the way.
    SoftError(IcmpError),
    /// R1 is reached: the same segment has been sent again so often that the connection may be in trouble.
    Retransmitting,
}

impl Connection {
    /// What is due, in the order of [`What`].
    pub(crate) fn poll_due(&mut self, now: Instant) -> Output {
        self.endpoint.clock(now);
        let what = self.endpoint.due.what;
        if what.intersects(What::NEWS) {
            return self.news();
        }
        if what == What::ACK {
            return self.bare_ack();
        }
        if what.difference(What::ACK) == What::LOOK {
            return self.payload();
        }
        self.next_segment()
    }

    #[inline(never)]
    fn bare_ack(&mut self) -> Output {
        match &mut self.tcb {
            Tcb::Synchronized(tcb) if tcb.snd.flags.intersects(Flags::DRESSED) => self.dressed_ack(),
            Tcb::Synchronized(tcb) => {
                let ack = tcb.bare_ack(&mut self.endpoint);
                bare(ack)
            }
            Tcb::Closed | Tcb::Listen | Tcb::SynSent(_) => wait(&mut self.endpoint),
        }
    }

    #[inline(never)]
    fn dressed_ack(&mut self) -> Output {
        match &mut self.tcb {
            Tcb::Synchronized(tcb) => {
                let ack = tcb.bare_ack(&mut self.endpoint);
                bare(tcb.dressed(ack, &self.endpoint))
            }
            Tcb::Closed | Tcb::Listen | Tcb::SynSent(_) => wait(&mut self.endpoint),
        }
    }

    #[inline(never)]
    pub(crate) fn next_segment(&mut self) -> Output {
        if let Tcb::Synchronized(tcb) = &mut self.tcb {
            return tcb.next_of_queue(&mut self.endpoint);
        }
        self.next_without_tcb()
    }

    #[inline(never)]
    fn next_without_tcb(&mut self) -> Output {
        let endpoint = &mut self.endpoint;
        match &mut self.tcb {
            Tcb::SynSent(tcb) if endpoint.due.take(What::SYN) => {
                let segment = tcb.next_syn(endpoint);
                tcb.snd.syn(segment, endpoint)
            }
            Tcb::Closed | Tcb::Listen | Tcb::SynSent(_) | Tcb::Synchronized(_) => wait(endpoint),
        }
    }

    /// Transitions, signals, and the reset, which needs no TCB.
    #[inline(never)]
    pub(crate) fn news(&mut self) -> Output {
        let endpoint = &mut self.endpoint;
        if endpoint.due.what.contains(What::TRANSITIONS) {
            return Output::Transition(endpoint.due.next_transition());
        }
        if endpoint.due.what.contains(What::SIGNALS) {
            return Output::Signal(endpoint.due.next_signal());
        }
        if endpoint.due.what.contains(What::RESET_HAS_TS) {
            return self.stamped_reset();
        }
        bare(endpoint.due.next_reset())
    }

    #[inline(never)]
    fn stamped_reset(&mut self) -> Output {
        bare(self.endpoint.due.next_stamped_reset(self.endpoint.now))
    }
}

/// A segment that carries no payload.
#[inline]
fn bare(segment: Segment) -> Output {
    Output::Transmit(Transmit { segment, payload: 0..0 })
}

/// Drained: what is due of segments is nothing.
fn wait(endpoint: &mut Endpoint) -> Output {
    endpoint.due.has_looked();
    Output::Wait(endpoint.deadline())
}

/// A stretch of the send sequence space that goes into one segment.
struct Piece {
    from: SeqNumber,
    payload: u32,
    fin: bool,
}

impl Snd {
    /// `<SEQ=ISS><CTL=SYN>` or `<SEQ=ISS><ACK=RCV.NXT><CTL=SYN,ACK>`
    #[inline(never)]
    fn syn(&mut self, segment: Segment, endpoint: &mut Endpoint) -> Output {
        if endpoint.timer.is_none() {
            self.restart_timer(endpoint);
            self.time(endpoint.now);
        } else {
            // Karn: sent twice it is not timed. And the next try is one timeout from here (RFC 6298 section 5), but a peer
            // that repeats its SYN does not put off R2 for ever.
            self.pace = Pace::Untimed;
            if !endpoint.is_past(endpoint.policy.syn_r2) {
                self.time_next_try(endpoint);
            }
        }
        bare(segment)
    }

    /// How much payload may go out from `from` on: the peer's window, and the caller's limit.
    fn room(&self, from: SeqNumber, endpoint: &Endpoint) -> u32 {
        (self.una + self.wnd.min(endpoint.limit)).ahead_of(from)
    }

    /// Where the next segment starts, up to where it may go, and how many numbers have been earned.
    fn cursor(&self) -> (SeqNumber, SeqNumber, u32) {
        match self.pace {
            Pace::Untimed | Pace::Timed { .. } => (self.nxt, self.last(), u32::MAX),
            Pace::Recovering { cursor, credit, .. } => (cursor, self.last(), credit),
            Pace::Renewing { credit, .. } => (self.nxt, self.last(), credit),
            Pace::Resending { cursor, until } => (cursor, until, u32::MAX),
        }
    }

    /// The segment that the variables allow, if any: by the peer's maximum segment size, its window, the caller's
    /// limit, and what recovery has earned (D16). The FIN rides on the last payload (D27).
    #[inline]
    fn next_piece(&self, endpoint: &Endpoint) -> Option<Piece> {
        if self.is_opening() {
            // D8: nothing but a FIN can go before our SYN is acknowledged, and no window holds it back.
            let fin = self.is_closing() && self.nxt == self.end;
            return fin.then_some(Piece { from: self.end, payload: 0, fin });
        }
        let (from, until, credit) = self.cursor();
        let queued = self.end.min(until).ahead_of(from);
        let payload = queued.min(self.room(from, endpoint)).min(u32::from(self.mss));
        if from == self.nxt && !self.is_worth_sending(payload, queued, endpoint) {
            return None;
        }
        let behind = from + payload;
        let fin = self.is_closing() && behind == self.end && behind.lt(until) && behind.lt(self.right_edge());
        let len = payload.saturating_add(u32::from(fin));
        (len > 0 && len <= credit).then_some(Piece { from, payload, fin })
    }

    /// RFC 9293 section 3.8.6.2.1: no silly segments (MUST-38); and Nagle's algorithm (section 3.7.4, SHLD-7), which a
    /// user who has closed need not wait for. `queued` is D, and `payload` the least of D, the window, the limit and a
    /// full segment.
    #[inline]
    pub(crate) fn is_worth_sending(&self, payload: u32, queued: u32, endpoint: &Endpoint) -> bool {
        if payload == u32::from(self.mss) {
            return true;
        }
        let waits = self.una != self.nxt && endpoint.policy.nagle() && !self.is_closing();
        // All there is; or, where the caller's limit is the bound, all that may go while nothing is in flight; or half
        // the largest window.
        let limited = endpoint.limit < self.wnd && self.una == self.nxt;
        !waits && (payload == queued || limited || payload >= (self.max_wnd / 2).max(1))
    }

    /// The caller's limit holds back all there is, and nothing is in flight.
    pub(crate) fn is_paused(&self, endpoint: &Endpoint) -> bool {
        endpoint.limit == 0 && self.una == self.nxt && self.nxt != self.end
    }

    /// What is at SND.UNA, once more (RFC 6298 section 5.4); behind a closed window one byte of it, or the FIN, to
    /// probe with (RFC 9293 section 3.8.6.1, MUST-35, MUST-36); behind one that is too small as much as fits (the
    /// override of section 3.8.6.2.1). What is in flight already is not bound by the limit.
    #[cold]
    fn front_piece(&self, endpoint: &Endpoint) -> Option<Piece> {
        if self.is_paused(endpoint) {
            return None;
        }
        let sent = if self.una == self.nxt { self.una + self.room(self.una, endpoint).max(1) } else { self.nxt };
        let allowed = self.wnd.max(1).min(u32::from(self.mss));
        let payload = self.end.min(sent).ahead_of(self.una).min(allowed);
        let behind = self.una + payload;
        let room = behind.lt(self.una + self.wnd.max(1));
        let fin = self.is_closing() && behind == self.end && sent.gt(self.end) && room;
        (payload > 0 || fin).then_some(Piece { from: self.una, payload, fin })
    }

    /// The piece is handed out.
    #[inline]
    fn sent(&mut self, piece: &Piece, endpoint: &mut Endpoint) {
        let behind = piece.from + piece.payload + u32::from(piece.fin);
        let fresh = piece.from == self.nxt;
        // A timer that ran without anything in flight was that of a window too small.
        if fresh && self.una == self.nxt && self.wnd > 0 {
            self.restart_timer(endpoint);
        }
        self.nxt = self.nxt.max(behind);
        match &mut self.pace {
            Pace::Untimed | Pace::Timed { .. } => {}
            Pace::Recovering { recover, credit, .. } if fresh => {
                let (recover, credit) = (*recover, credit.saturating_sub(behind.ahead_of(piece.from)));
                self.pace = Pace::Renewing { recover, credit, at: endpoint.now.as_micros() as u32 };
            }
            Pace::Recovering { cursor, credit, .. } => {
                *credit = credit.saturating_sub(behind.ahead_of(piece.from));
                *cursor = cursor.max(behind);
            }
            Pace::Renewing { credit, .. } => *credit = credit.saturating_sub(behind.ahead_of(piece.from)),
            Pace::Resending { until, .. } if until.le(behind) => self.pace = Pace::Untimed,
            Pace::Resending { cursor, .. } => *cursor = cursor.max(behind),
        }
        self.arm(endpoint);
        if fresh && self.wnd > 0 {
            self.time(endpoint.now);
        }
    }

    /// The last payload of the queue goes out in this drain: "all preceding SENDs have been segmentized".
    #[cold]
    fn is_segmentized(&self, endpoint: &Endpoint) -> bool {
        let (from, _, credit) = self.cursor();
        let is_probed = endpoint.due.what.contains(What::FRONT) && self.una == self.nxt;
        self.end.ahead_of(from) <= self.room(from, endpoint).min(credit).max(u32::from(is_probed))
    }
}

impl Synchronized {
    /// RFC 9293 3.10.4, CLOSE-WAIT: the CLOSE waits until all preceding SENDs have been segmentized, and then LAST-ACK
    /// is entered. To be called after each event that can make it so, so that the transition comes before the segments.
    pub(crate) fn enter_last_ack(&mut self, endpoint: &mut Endpoint) {
        if self.phase == Phase::CloseWait && self.snd.is_closing() && self.snd.is_segmentized(endpoint) {
            self.enter(Phase::LastAck, endpoint);
        }
    }

    #[inline]
    pub(crate) fn transmit(
        &mut self,
        from: SeqNumber,
        control: Control,
        start: usize,
        payload: u32,
        endpoint: &mut Endpoint,
    ) -> Output {
        let segment = self.header(from, control, payload, endpoint);
        Output::Transmit(Transmit { segment, payload: start..start.wrapping_add(payload as usize) })
    }

    /// A segment that acknowledges, with the window and the options that all of them have.
    #[inline(always)]
    fn header(&mut self, from: SeqNumber, control: Control, payload: u32, endpoint: &mut Endpoint) -> Segment {
        let window = self.rcv.advertise(self.snd.is_opening(), endpoint);
        let segment = Segment::new(from, self.rcv.nxt, control).with_payload(payload as u16).with_window(window);
        if self.snd.flags.intersects(Flags::DRESSED) { self.dressed(segment, endpoint) } else { segment }
    }

    /// With timestamps, where they were agreed; and with the urgent pointer, which counts from SEG.SEQ to the byte behind
    /// the urgent ones (RFC 9293 section 3.8.5, MUST-62), as far as its field reaches.
    #[cold]
    fn dressed(&self, mut segment: Segment, endpoint: &Endpoint) -> Segment {
        if self.snd.flags.contains(Flags::TIMESTAMPS) {
            segment = segment.with_options(self.stamp(endpoint));
        }
        let urgent = self.snd.up.ahead_of(segment.seq());
        if self.snd.flags.contains(Flags::URGENT) && urgent > 0 {
            segment = segment.with_urgency(u16::try_from(urgent).unwrap_or(u16::MAX));
        }
        segment
    }

    #[inline(never)]
    fn next_of_queue(&mut self, endpoint: &mut Endpoint) -> Output {
        if endpoint.due.take(What::SYN) {
            endpoint.due.has_acknowledged();
            let segment = self.syn_ack(endpoint);
            return self.snd.syn(segment, endpoint);
        }
        if endpoint.due.take(What::FRONT)
            && let Some(piece) = self.snd.front_piece(endpoint)
        {
            return self.segment_of(piece, endpoint);
        }
        if endpoint.due.what.contains(What::LOOK) && self.may_send() {
            if let Some(piece) = self.snd.next_piece(endpoint) {
                return self.segment_of(piece, endpoint);
            }
            // Only a window that is closed, or too small to be worth it, can hold back all there is while nothing is in
            // flight: it will be probed, or overridden. (The caller's limit can too; that waits for the caller.)
            if self.snd.una == self.snd.nxt && self.snd.nxt != self.snd.last() && !self.snd.is_paused(endpoint) {
                self.snd.hold(endpoint);
            }
            if endpoint.timer.is_none() && self.is_kept_alive(endpoint) {
                endpoint.timer = endpoint.policy.keep_alive_idle.after(endpoint.now);
            }
        }
        if endpoint.due.take(What::KEEP_ALIVE) && self.is_kept_alive(endpoint) {
            return self.keep_alive_probe(endpoint);
        }
        if endpoint.due.what.contains(What::ACK) {
            let ack = self.bare_ack(endpoint);
            return bare(self.dressed(ack, endpoint));
        }
        wait(endpoint)
    }

    /// `<SEQ=SND.NXT-1><ACK=RCV.NXT><CTL=ACK>`, which no window holds, so that the peer answers it (RFC 9293 section
    /// 3.8.4, SHLD-12, MAY-6).
    #[cold]
    fn keep_alive_probe(&mut self, endpoint: &mut Endpoint) -> Output {
        endpoint.due.has_acknowledged();
        let octet = u32::from(endpoint.policy.keep_alive_octet());
        bare(self.header(self.snd.nxt.back(1), Control::ACK, octet, endpoint))
    }

    /// `<SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK>`, when nothing else is due.
    #[inline]
    fn bare_ack(&mut self, endpoint: &mut Endpoint) -> Segment {
        endpoint.due.drop_segments();
        let window = self.rcv.advertise(self.snd.is_opening(), endpoint);
        Segment::new(self.bare_seq(), self.rcv.nxt, Control::ACK).with_window(window)
    }

    /// `<SEQ=ISS><ACK=RCV.NXT><CTL=SYN,ACK>`, with the options that were agreed. Its window is never scaled.
    fn syn_ack(&mut self, endpoint: &Endpoint) -> Segment {
        let mut options = Options::NONE.with_mss(endpoint.policy.mss);
        if self.snd.flags.contains(Flags::TIMESTAMPS) {
            options = self.stamp(endpoint).with_mss(endpoint.policy.mss);
        }
        if self.snd.flags.contains(Flags::SCALE) {
            options = options.with_window_scale(self.rcv.scale);
        }
        if self.snd.flags.contains(Flags::SACK) {
            options = options.with_sack_permitted();
        }
        self.rcv.unacknowledged = false;
        Segment::new(self.snd.iss, self.rcv.nxt, Control::SYN | Control::ACK)
            .with_window(u16::try_from(self.rcv.wnd()).unwrap_or(u16::MAX))
            .with_options(options)
    }

    /// The timestamps of a segment that goes out now, where they were agreed (RFC 7323 section 3.2).
    #[cold]
    fn stamp(&self, endpoint: &Endpoint) -> Options {
        Options::NONE.with_timestamps(endpoint.now.as_millis_low(), self.rcv.ts_recent)
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
        if self.snd.is_opening() { self.snd.nxt } else { self.snd.nxt.min(self.snd.right_edge()) }
    }

    #[inline(always)]
    fn segment_of(&mut self, piece: Piece, endpoint: &mut Endpoint) -> Output {
        let behind = piece.from + piece.payload;
        let mut control = Control::ACK;
        if piece.fin {
            control |= Control::FIN;
        }
        // MUST-60, MUST-61: nothing waits for a PUSH, and the last of the queue is pushed.
        if piece.payload > 0 && behind == self.snd.end {
            control |= Control::PSH;
        }
        self.snd.sent(&piece, endpoint);
        // It acknowledges too; and when all is sent there is nothing more to look at.
        endpoint.due.has_acknowledged();
        if self.snd.nxt == self.snd.last() && self.snd.is_steady() {
            endpoint.due.take(What::LOOK);
        }
        let start = piece.from.ahead_of(self.snd.front()) as usize;
        self.transmit(piece.from, control, start, piece.payload, endpoint)
    }
}

impl SynSent {
    /// `<SEQ=ISS><CTL=SYN>`
    fn next_syn(&self, endpoint: &Endpoint) -> Segment {
        let mut options = self.offer.options;
        if options.timestamps().is_some() {
            // There is nothing to echo yet.
            options = options.with_timestamps(endpoint.now.as_millis_low(), 0);
        }
        Segment::new(self.snd.iss, SeqNumber(0), Control::SYN).with_window(self.offer.window).with_options(options)
    }
}

impl Rcv {
    #[inline(never)]
    fn move_edge(&mut self, syn_unacknowledged: bool, endpoint: &Endpoint) {
        if !syn_unacknowledged {
            self.edge = self.offer(endpoint);
        }
    }

    /// The window of a segment that is handed out; from now on the peer knows it. While our SYN is unacknowledged it
    /// does not grow (D8).
    #[inline]
    pub(crate) fn advertise(&mut self, syn_unacknowledged: bool, endpoint: &Endpoint) -> u16 {
        // For most there is nothing to gain.
        if self.edge.lt(self.read + endpoint.policy.receive_buffer) {
            self.move_edge(syn_unacknowledged, endpoint);
        }
        self.unacknowledged = false;
        u16::try_from(self.wnd() >> self.scale).unwrap_or(u16::MAX)
    }
}
