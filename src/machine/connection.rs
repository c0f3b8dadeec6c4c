//! The connection: the events of RFC 9293 section 3.10 as methods.

use core::ops::Range;

use crate::machine::config::{Config, Policy};
use crate::machine::context::Context;
use crate::machine::error::{CallError, Refusal};
use crate::machine::outbox::{End, Outbox};
use crate::machine::output::Output;
use crate::machine::segment::Segment;
use crate::machine::state::State;
use crate::machine::status::Status;
use crate::machine::tcb::{Flags, Phase, Tcb};
use crate::machine::time::Instant;

/// The life of one TCP connection, from CLOSED to CLOSED (RFC 9293 section 3.10).
///
/// # How it is driven
///
/// **After every event, poll until [`Output::Wait`].** An event is a user call, a segment that arrives, or a timeout;
/// several segments may be handed in before polling, and then one ACK answers them all.
///
/// ```
/// use tcp_lifecycle::{Config, Connection, Instant, Open, Output, State};
///
/// let now = Instant::ZERO;
/// let mut connection = Connection::new(&Config::DEFAULT, 100);
/// connection.open(Open::Active, now)?;
/// loop {
///     match connection.poll(now) {
///         Output::Transition(transition) => println!("{transition}"),
///         Output::Signal(signal) => println!("{signal:?}"),
///         Output::Transmit(ref transmit) => println!("{}", transmit.segment),
///         Output::Wait(until) => break assert!(until.is_some()), // call timeout() then
///     }
/// }
/// assert_eq!(connection.state(), State::SynSent);
/// # Ok::<(), tcp_lifecycle::CallError>(())
/// ```
///
/// A caller without room for a segment may stop polling and go on later: nothing is lost, what is due coalesces, and
/// [`deadline`](Self::deadline) stays true. Free a connection only at `Wait` in CLOSED: the reset of an ABORT comes
/// after the transition.
///
/// In CLOSED and LISTEN segments may come from different peers: poll after every one. From SYN-RECEIVED on, hand in
/// only those of the peer whose SYN it was. Segments come with a checksum that has been verified.
///
/// Time may stand still or go back, in which case it stands still for the connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Connection {
    pub(crate) context: Context,
    pub(crate) tcb: Tcb,
}

/// Header prediction is on.
pub(crate) const PREDICTS: bool = cfg!(feature = "fast-path");

/// Who opens the connection (RFC 9293 section 3.9.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Open {
    /// We send the first SYN.
    Active,
    /// We wait for a peer's SYN.
    Passive,
}

/// Making one, and looking at it.
impl Connection {
    /// A connection in CLOSED. It takes the policies of `config`, each value the nearest that makes sense (see
    /// [`Config::check`]).
    ///
    /// The initial sequence number of a life is M + F as in RFC 9293 section 3.4.1: M is the time of its SYN in units
    /// of 4 microseconds, F is `isn_offset`, which should come from a keyed hash of the two sockets (RFC 6528). At
    /// [`Instant::ZERO`] the initial sequence number is `isn_offset`.
    #[inline(always)]
    #[must_use]
    pub const fn new(config: &Config, isn_offset: u32) -> Connection {
        Connection::with_policy(Policy::new(config), isn_offset)
    }

    /// The same with policies that are made once for many connections.
    #[inline(always)]
    #[must_use]
    pub const fn with_policy(policy: Policy, isn_offset: u32) -> Connection {
        Connection {
            context: Context {
                now: Instant::ZERO,
                timer: None,
                last_progress: 0,
                outbox: Outbox::EMPTY,
                limit: u32::MAX,
                isn_offset,
                timestamp_offset: 0,
                duplicate_acks: 0,
                policy,
            },
            tcb: Tcb::Closed,
        }
    }

    /// The state, as of the last event.
    #[inline]
    #[must_use]
    pub const fn state(&self) -> State {
        self.tcb.state()
    }

    /// The STATUS call, RFC 9293 section 3.10.6: every variable, as plain data. Allowed in every state; what a state
    /// does not have is `None` or zero.
    #[must_use]
    pub fn status(&self) -> Status {
        Status::of(&self.tcb, &self.context)
    }

    /// Nothing is due: [`poll`](Self::poll) gives [`Output::Wait`]. Otherwise it may give something else first; what
    /// that is, `clone().poll(now)` tells without committing to it.
    #[inline]
    #[must_use]
    pub const fn is_drained(&self) -> bool {
        self.context.outbox.is_drained()
    }

    /// When [`timeout`](Self::timeout) is to be called unless something else happens before: what
    /// [`Output::Wait`] says. Not drained, the earliest timer of what was handed out so far: `None` between OPEN and
    /// the first drain. A deadline beyond the last [`Instant`] there is never comes, and is none.
    #[inline]
    #[must_use]
    pub const fn deadline(&self) -> Option<Instant> {
        self.context.deadline()
    }
}

/// The user calls, RFC 9293 section 3.10.1 to 3.10.5.
///
/// A call that cannot be carried out changes nothing.
impl Connection {
    /// OPEN, RFC 9293 section 3.10.1. Allowed in CLOSED, once the last life has been drained; in LISTEN
    /// [`Open::Active`] turns the connection active.
    ///
    /// # Errors
    ///
    /// [`CallError::ConnectionAlreadyExists`] in any other state.
    pub fn open(&mut self, open: Open, now: Instant) -> Result<(), CallError> {
        self.at(now, |connection| connection.call_open(open))
    }

    /// SEND, RFC 9293 section 3.10.2: `bytes` more bytes are in the user's send queue. Allowed in SYN-SENT,
    /// SYN-RECEIVED (they wait for ESTABLISHED), ESTABLISHED and CLOSE-WAIT.
    ///
    /// Whatever leads to LISTEN or CLOSED empties the queue, and the transition is all that tells it: a CLOSE in
    /// SYN-SENT; in SYN-RECEIVED after a passive OPEN a reset, another SYN, a timeout or a hard ICMP error.
    ///
    /// # Errors
    ///
    /// [`CallError::ConnectionDoesNotExist`] in CLOSED, [`CallError::RemoteSocketUnspecified`] in LISTEN,
    /// [`CallError::ConnectionClosing`] after CLOSE, [`CallError::InsufficientResources`] when more than 2^30 bytes
    /// would be queued.
    #[inline]
    pub fn send(&mut self, bytes: usize, now: Instant) -> Result<(), CallError> {
        if PREDICTS
            && let Tcb::Synchronized(tcb) = &mut self.tcb
            && tcb.phase == Phase::Established
            && !tcb.snd.flags.intersects(Flags::HAS_TIMED_POLICY)
            && let Some(end) = tcb.snd.queued(bytes)
        {
            tcb.snd.end = end;
            self.context.advance_clock_only(now);
            self.context.outbox.request_data();
            return Ok(());
        }
        self.send_in_other_states(bytes, now)
    }

    /// SEND with the URGENT flag, RFC 9293 section 3.10.2: as [`send`](Self::send), and everything that is queued by
    /// now is urgent. The peer is told at once, even where its window is closed (RFC 9293 section 3.8.5, MUST-30,
    /// MUST-31).
    ///
    /// New applications should not use it: what the peer makes of it differs between systems (RFC 6093).
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send).
    #[cfg(feature = "urgent")]
    pub fn send_urgent(&mut self, bytes: usize, now: Instant) -> Result<(), CallError> {
        self.at(now, |connection| connection.call_send_urgent(bytes))
    }

    /// RECEIVE, RFC 9293 section 3.10.3: the user has consumed `bytes` of what was delivered, and the window may open
    /// by as much. Allowed in any state but CLOSED; no bytes at all in CLOSED, too.
    ///
    /// # Errors
    ///
    /// [`CallError::ConnectionDoesNotExist`] in CLOSED; for more bytes than were delivered and not yet reported,
    /// [`CallError::ConnectionClosing`] after the peer's FIN, else [`CallError::NotDelivered`].
    pub fn receive(&mut self, bytes: usize) -> Result<(), CallError> {
        self.call_receive(bytes)
    }

    /// CLOSE, RFC 9293 section 3.10.4: the user has no more to send; what is queued is sent, then a FIN. Payload may
    /// still arrive. Allowed once, in any state but CLOSED.
    ///
    /// In LISTEN and SYN-SENT the connection ends at once, in CLOSED, and the bytes that are queued are dropped with no
    /// more than that transition: who wants them sent waits for ESTABLISHED. CLOSE is a half-close, and the user goes
    /// on to read; one who does not calls [`detach`](Self::detach) in its place or after it. With
    /// [`half_duplex_close`](crate::Config::half_duplex_close) CLOSE is `detach`.
    ///
    /// # Errors
    ///
    /// [`CallError::ConnectionDoesNotExist`] in CLOSED, [`CallError::ConnectionClosing`] the second time.
    pub fn close(&mut self, now: Instant) -> Result<(), CallError> {
        self.at(now, |connection| connection.call_close())
    }

    /// The user is gone, which the RFC has no call for: `close(2)` of a socket API, where CLOSE is
    /// `shutdown(SHUT_WR)`. It closes, if that has not been done. Nobody reads from now on: bytes that are unread reset
    /// the connection at once, payload that arrives later resets it when it comes, with [`Signal::Reset`], so that the
    /// peer learns that it is lost (RFC 1122 section 4.2.2.13, SHLD-3); and FIN-WAIT-2 lasts no longer than
    /// [`fin_wait_2_timeout`](crate::Config::fin_wait_2_timeout). Allowed once, in any state but CLOSED; in LISTEN and
    /// SYN-SENT it is CLOSE.
    ///
    /// # Errors
    ///
    /// [`CallError::ConnectionDoesNotExist`] in CLOSED, [`CallError::ConnectionClosing`] the second time.
    ///
    /// [`Signal::Reset`]: crate::Signal::Reset
    #[doc(alias = "shutdown")]
    pub fn detach(&mut self, now: Instant) -> Result<(), CallError> {
        self.at(now, |connection| connection.call_detach())
    }

    /// ABORT, RFC 9293 section 3.10.5: the connection ends at once, with a reset where the RFC says so. Allowed in any
    /// state but CLOSED.
    ///
    /// # Errors
    ///
    /// [`CallError::ConnectionDoesNotExist`] in CLOSED.
    pub fn abort(&mut self) -> Result<(), CallError> {
        self.call_abort()
    }
}

/// Segments and time, and what comes of them.
impl Connection {
    /// SEGMENT ARRIVES, RFC 9293 section 3.10.7.
    ///
    /// Returns the range of the segment's payload that the caller must now append to its receive queue; it is empty for
    /// most. Once its user has consumed them, [`receive`](Self::receive) is to be told. Only what starts at RCV.NXT is
    /// taken. A segment further ahead is answered with a duplicate ACK and an empty range; a caller that keeps such
    /// payload hands it in again once the gap is filled, as [`reassembled`](Self::reassembled) makes it. Without that
    /// the peer sends all of it again: nothing fails, but under loss throughput may fall to a hundredth.
    ///
    /// # Errors
    ///
    /// A [`Refusal`] says that processing ended in steps one to five without effect on the state, on SND, RCV or the
    /// user, and why. It is information, not a failure: the answer that is due, if any, comes out of
    /// [`poll`](Self::poll). What it may still change is of the connection's own care: a repeated SYN takes the offer
    /// of ECN back, a challenge in TIME-WAIT lets the reset that answers it count (D14), a segment that comes again
    /// renews the timestamp to echo (D30), and a probe is a sign of life (D39).
    #[inline(always)]
    pub fn segment_arrives(&mut self, segment: &Segment, now: Instant) -> Result<Range<usize>, Refusal> {
        let before = self.context.now;
        self.context.advance_clock_only(now);
        match &mut self.tcb {
            Tcb::Synchronized(tcb) if PREDICTS && tcb.is_in_order(segment) => {
                if !tcb.is_quiet(segment) {
                    return self.arrives_in_order(segment, before);
                }
                if tcb.snd.flags.intersects(Flags::KEEPS_ALIVE) {
                    return self.arrives_quietly(segment);
                }
                Ok(tcb.process_quiet(segment, &mut self.context))
            }
            Tcb::Synchronized(_) => self.arrives_in_other_states(segment, before),
            Tcb::Closed | Tcb::Listen | Tcb::SynSent(_) => self.arrives(segment, before),
        }
    }

    /// The timeouts of RFC 9293 section 3.10.8 whose time has come. Before the deadline it does nothing.
    pub fn timeout(&mut self, now: Instant) {
        let now = now.max(self.context.now);
        if self.deadline().is_some_and(|deadline| deadline <= now) {
            self.context.advance_clock(now);
            self.timeouts();
        }
    }

    /// What is due next: transitions, then signals, then segments, then [`Output::Wait`]. Handing it out commits it: a
    /// segment that cannot be sent is a segment lost.
    #[inline]
    #[must_use]
    pub fn poll(&mut self, now: Instant) -> Output {
        if self.context.outbox.is_empty() {
            return Output::Wait(self.context.timer);
        }
        if self.context.outbox.has_transition() {
            return Output::Transition(self.context.outbox.pop_transition());
        }
        self.poll_due(now)
    }
}

impl Connection {
    #[cfg_attr(feature = "fast-path", inline(never))]
    pub(crate) fn send_in_other_states(&mut self, bytes: usize, now: Instant) -> Result<(), CallError> {
        self.at(now, |connection| connection.call_send(bytes))
    }

    /// A call at this moment. One that cannot be carried out changes nothing, the clock included.
    #[inline]
    fn at(
        &mut self,
        now: Instant,
        call: impl FnOnce(&mut Connection) -> Result<(), CallError>,
    ) -> Result<(), CallError> {
        let before = (self.context.now, self.context.outbox.ack_by);
        self.context.advance_clock(now);
        call(self).inspect_err(|_| (self.context.now, self.context.outbox.ack_by) = before)
    }

    /// "Delete the TCB, enter the CLOSED state": all timers stop, and what was due of segments is gone.
    pub(crate) fn delete_tcb(&mut self) {
        self.leave_tcb(Tcb::Closed);
    }

    /// "Return this connection to the LISTEN state", without a word to the user. A child of a listener ends; and so
    /// does the connection of a user who has closed, who is told of the end (D18).
    pub(crate) fn return_to_listen(&mut self, end: End) {
        if matches!(&self.tcb, Tcb::Synchronized(tcb) if tcb.snd.is_closing()) {
            return self.close_with(end);
        }
        let next = if self.tcb.is_of_listener() { Tcb::Closed } else { Tcb::Listen };
        self.leave_tcb(next);
        self.context.outbox.drop_soft_error();
    }

    fn leave_tcb(&mut self, next: Tcb) {
        self.enter(next);
        self.context.outbox.drop_segments();
        self.context.duplicate_acks = 0;
        self.context.timer = None;
    }

    pub(crate) fn enter(&mut self, tcb: Tcb) {
        self.context.outbox.record_transition(self.tcb.state(), tcb.state());
        self.tcb = tcb;
    }

    /// The end that the user is told of.
    pub(crate) fn close_with(&mut self, end: End) {
        self.delete_tcb();
        self.context.outbox.signal_end(end);
    }
}
