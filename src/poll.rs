//! What is due next, as a function of the variables; and what comes out of a connection.

mod forms;
mod pieces;

use core::ops::Range;

use crate::connection::{Connection, Endpoint};
use crate::due::What;
use crate::icmp::IcmpError;
use crate::segment::{Control, Segment};
use crate::state::Transition;
use crate::tcb::{Flags, Pace, Phase, Snd, Synchronized, Tcb};
use crate::time::Instant;
use pieces::Piece;

/// What [`poll`](Connection::poll) hands out, in this order: transitions, signals, segments, and then `Wait`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Output {
    /// The state has changed. Signals of the same drain come behind it, `Acknowledged` of the last bytes too: keep the
    /// send queue until `Wait`.
    Transition(Transition),
    /// The user is to be told.
    Signal(Signal),
    /// A segment to be sent to the peer.
    Transmit(Transmit),
    /// Drained. `Some`: call [`timeout`](Connection::timeout) then, unless something else happens before. `None`:
    /// nothing will happen of itself.
    Wait(Option<Instant>),
}

/// A segment to be sent, and the payload that goes into it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Transmit {
    /// The header.
    pub segment: Segment,
    /// Which bytes of the user's send queue to put in, counted from its front as it is after every
    /// [`Signal::Acknowledged`] so far. Empty where a probe of keep-alive carries an octet that is none of it
    /// ([`keep_alive_octet`](crate::Config::keep_alive_octet)).
    pub payload: Range<usize>,
}

/// What the user is told, RFC 9293 section 3.10: "signal" there is a delayed response. Of several that are due,
/// `Acknowledged` comes first and an end last. A peer that closes and one that resets are told apart (MUST-12).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Signal {
    /// So many bytes at the front of the send queue have reached the peer: drop them. SYN and FIN are never counted.
    Acknowledged(usize),
    /// The peer echoes a mark of congestion (ECE of RFC 3168): the congestion window is to be reduced, once for each
    /// window of data, and [`congestion_window_reduced`](Connection::congestion_window_reduced) to be called.
    CongestionExperienced,
    /// The peer has sent urgent data, or more of it: it should be consumed quickly (RFC 9293 section 3.8.5, MUST-32).
    /// `Status::urgent` tells how much there is.
    Urgent,
    /// The peer has sent its FIN: "connection closing". No payload comes after it; the connection ends when our user
    /// has closed too. (It is no [`CallError::ConnectionClosing`](crate::CallError::ConnectionClosing).)
    Closing,
    /// The retransmission timer has fired, and what is at the front of the send queue, or our SYN or FIN, goes out
    /// again: to a congestion controller the loss of all that is in flight (RFC 5681 section 3.1). It is told each
    /// time, but not of what goes out behind a closed window (D48), nor in SYN-RECEIVED after a passive OPEN, where
    /// `Status::retransmissions` tells it.
    RetransmissionTimeout,
    /// The end: the peer has refused the connection, by a reset before or with the acknowledgment of our SYN.
    Refused,
    /// The end: "connection reset" by the peer; or by us, where payload came once the user was gone
    /// ([`detach`](Connection::detach)).
    Reset,
    /// The end: the user timeout (RFC 9293 section 3.9.1.1), R2 (section 3.8.3), keep-alive (section 3.8.4), or the
    /// policy for FIN-WAIT-2.
    TimedOut,
    /// The end: a hard ICMP error.
    Unreachable(IcmpError),
    /// A soft ICMP error, or a hard one that does not end the connection: something may be wrong on the way. Of several
    /// before a poll, the last.
    SoftError(IcmpError),
    /// R1 of RFC 9293 section 3.8.3 is reached: the same segment has been sent again so often that the connection may
    /// be in trouble. The host may tell its IP layer to look for another route ("negative advice").
    Retransmitting,
}

impl Signal {
    /// Whether it is the end of the connection: one of [`Refused`](Signal::Refused), [`Reset`](Signal::Reset),
    /// [`TimedOut`](Signal::TimedOut) and [`Unreachable`](Signal::Unreachable). A graceful end has no signal, and the
    /// user's own ABORT none either: the transition to CLOSED tells these.
    #[must_use]
    pub const fn is_end(&self) -> bool {
        matches!(self, Signal::Refused | Signal::Reset | Signal::TimedOut | Signal::Unreachable(_))
    }
}

impl Connection {
    /// What is due, in the order of [`What`].
    pub(crate) fn poll_due(&mut self, now: Instant) -> Output {
        let what = self.endpoint.due.what;
        if what == What::ACK {
            self.endpoint.clock_straight(now);
            return self.bare_ack();
        }
        if what.intersects(What::NEWS | What::DELAYED_ACK) {
            return self.news(now);
        }
        self.endpoint.clock_straight(now);
        if what.difference(What::ACK) == What::LOOK {
            return self.payload();
        }
        self.next_segment()
    }

    #[inline(never)]
    fn bare_ack(&mut self) -> Output {
        match &mut self.tcb {
            Tcb::Synchronized(tcb) if tcb.snd.flags.intersects(Flags::DRESSED) || !tcb.snd.is_within_window() => {
                self.dressed_ack()
            }
            Tcb::Synchronized(tcb) => {
                self.endpoint.due.has_acknowledged();
                bare(tcb.plain_ack(&self.endpoint))
            }
            Tcb::Closed | Tcb::Listen | Tcb::SynSent(_) => wait(&mut self.endpoint),
        }
    }

    #[inline(never)]
    fn dressed_ack(&mut self) -> Output {
        match &mut self.tcb {
            Tcb::Synchronized(tcb) => {
                self.endpoint.due.has_acknowledged();
                let mut ack = tcb.bare_ack(&self.endpoint);
                tcb.dress(&mut ack, &self.endpoint);
                bare(ack)
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
                // RFC 3168 6.1.1.1: sent again it offers no ECN, which may be why it was lost.
                tcb.offer.ecn_withdrawn |= endpoint.timer.is_some();
                let segment = tcb.next_syn(endpoint);
                tcb.snd.syn(segment, endpoint)
            }
            Tcb::Closed | Tcb::Listen | Tcb::SynSent(_) | Tcb::Synchronized(_) => wait(endpoint),
        }
    }

    /// Transitions, signals, and the reset, which needs no TCB; then what is due beside a delayed ACK.
    #[inline(never)]
    pub(crate) fn news(&mut self, now: Instant) -> Output {
        let endpoint = &mut self.endpoint;
        if endpoint.due.what.contains(What::TRANSITIONS) {
            return Output::Transition(endpoint.due.next_transition());
        }
        if endpoint.due.what.contains(What::SIGNALS) {
            return Output::Signal(endpoint.due.next_signal());
        }
        if endpoint.due.what.contains(What::RESET) && !endpoint.due.what.contains(What::RESET_HAS_TS) {
            return bare(endpoint.due.next_reset());
        }
        self.timed(now)
    }

    /// What goes out with the time, where an ACK may be delayed: the reset with timestamps, and segments.
    #[inline(never)]
    fn timed(&mut self, now: Instant) -> Output {
        self.endpoint.clock(now);
        if self.endpoint.due.what.contains(What::RESET) {
            return bare(self.endpoint.due.next_stamped_reset(self.endpoint.timestamp()));
        }
        self.next_segment()
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

impl Snd {
    /// `<SEQ=ISS><CTL=SYN>` or `<SEQ=ISS><ACK=RCV.NXT><CTL=SYN,ACK>`
    #[inline(never)]
    fn syn(&mut self, segment: Segment, endpoint: &mut Endpoint) -> Output {
        if endpoint.timer.is_none() {
            self.restart_timer(endpoint);
            self.time(endpoint.now);
        } else {
            // Karn: sent twice it is not timed.
            if self.is_steady() {
                self.pace = Pace::Untimed;
            }
            self.front_sent_at = endpoint.now.as_millis_low();
            self.time_again(endpoint.policy.syn_r2, endpoint);
        }
        bare(segment)
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
            if self.snd.persists() {
                self.snd.probes();
            }
            return self.segment_of(piece, endpoint);
        }
        if endpoint.due.what.contains(What::LOOK) {
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
        if endpoint.due.take(What::ACK) || endpoint.take_duplicate_ack() {
            endpoint.due.take(What::LOOK | What::DELAYED_ACK);
            let mut ack = self.bare_ack(endpoint);
            self.dress(&mut ack, endpoint);
            return bare(ack);
        }
        wait(endpoint)
    }

    /// `<SEQ=SND.NXT-1><ACK=RCV.NXT><CTL=ACK>`, which no window holds, so that the peer answers it (RFC 9293 section
    /// 3.8.4, SHLD-12, MAY-6). The peer uses no more of it: an ACK that is due follows, and the window is what it was.
    #[cold]
    fn keep_alive_probe(&mut self, endpoint: &Endpoint) -> Output {
        let octet = u16::from(endpoint.policy.keep_alive_octet());
        let probe = Segment::new(self.snd.nxt.back(1), self.rcv.nxt, Control::ACK);
        let mut probe = probe.with_payload(octet).with_window(self.rcv.window_field());
        self.dress(&mut probe, endpoint);
        bare(probe)
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
        // RFC 3168 sections 6.1.2 and 6.1.6: on the first new payload, which no window probe is.
        let fresh = piece.payload > 0 && piece.from == self.snd.nxt && self.snd.wnd > 0;
        if fresh && self.snd.flags.contains(Flags::REDUCED) {
            self.snd.flags.remove(Flags::REDUCED);
            control |= Control::CWR;
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
