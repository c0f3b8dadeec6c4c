//! The connection: the events of RFC 9293 section 3.10 as methods.

use core::ops::Range;

use crate::machine::config::{Config, Policy};
use crate::machine::context::Context;
use crate::machine::error::{CallError, Refusal};
use crate::machine::outbox::{End, Outbox, Pending};
use crate::machine::output::Output;
use crate::machine::prediction::Prediction;
use crate::machine::segment::Segment;
use crate::machine::state::State;
use crate::machine::status::Status;
use crate::machine::tcb::{Flags, Phase, Tcb};
use crate::machine::time::Instant;

#[cfg(test)]
mod layout;

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
/// A caller without room for a segment may stop polling and go on later. No request is lost: those for the same thing
/// coalesce, and so do the transitions after the second that waits. [`deadline`](Self::deadline) stays true. Free a
/// connection only at `Wait` in CLOSED, since the reset of an ABORT comes after the transition.
///
/// In CLOSED and LISTEN segments may come from different peers: poll after each. From SYN-RECEIVED on, hand in only
/// segments of the peer that sent the SYN. The caller verifies checksums before it hands a segment in.
///
/// Time may stand still. If it goes back, it stands still for the connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
// The TCB and the head of the context lie side by side: each segment touches them.
#[cfg_attr(feature = "fast-path", repr(C))]
pub struct Connection {
    pub(crate) tcb: Tcb,
    pub(crate) context: Context,
}

/// Whether header prediction is compiled in.
pub(crate) const PREDICTS: bool = cfg!(feature = "fast-path");

/// Who opens the connection (RFC 9293 section 3.9.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Open {
    /// We send the first SYN.
    Active,
    /// We wait for a peer's SYN.
    Passive,
}

#[cfg(feature = "defmt")]
impl defmt::Format for Connection {
    /// Writes the [`Status`].
    fn format(&self, f: defmt::Formatter<'_>) {
        self.status().format(f);
    }
}

/// The life of a connection, in the order of use.
///
/// A call that returns an error changes nothing.
impl Connection {
    /// Makes a connection in CLOSED with the policies of `config`. A value that makes no sense is replaced by the
    /// nearest one that does; [`Config::check`] finds such values.
    ///
    /// The initial sequence number is M + F (RFC 9293 section 3.4.1). M is the time of the SYN in units of 4
    /// microseconds. F is `isn_offset`, and should be a keyed hash of the two sockets (RFC 6528). At [`Instant::ZERO`]
    /// the initial sequence number is `isn_offset`.
    #[inline(always)]
    #[must_use]
    pub const fn new(config: &Config, isn_offset: u32) -> Connection {
        Connection::with_policy(Policy::new(config), isn_offset)
    }

    /// Makes a connection in CLOSED, as [`new`](Self::new) does, with policies made once for many connections.
    #[inline(always)]
    #[must_use]
    pub const fn with_policy(policy: Policy, isn_offset: u32) -> Connection {
        Connection {
            context: Context {
                outbox: Outbox::EMPTY,
                last_progress: 0,
                now: Instant::ZERO,
                timer: None,
                limit: u32::MAX,
                isn_offset,
                timestamp_offset: 0,
                duplicate_acks: 0,
                reserved: 0,
                policy,
            },
            tcb: Tcb::Closed,
        }
    }

    /// OPEN, RFC 9293 section 3.10.1. Allowed in CLOSED, and in LISTEN with [`Open::Active`], which turns the
    /// connection active. A connection that has been open before must be drained first.
    ///
    /// # Errors
    ///
    /// [`CallError::ConnectionAlreadyExists`] in any other state.
    pub fn open(&mut self, open: Open, now: Instant) -> Result<(), CallError> {
        self.at(now, |connection| connection.call_open(open))
    }

    /// SEND, RFC 9293 section 3.10.2: the user has put `bytes` more bytes into its send queue. Allowed in SYN-SENT and
    /// SYN-RECEIVED, where the bytes wait for ESTABLISHED, and in ESTABLISHED and CLOSE-WAIT.
    ///
    /// A transition to LISTEN or CLOSED empties the queue without a signal. In SYN-SENT a CLOSE causes it; in
    /// SYN-RECEIVED after a passive OPEN a reset, another SYN, a timeout or a hard ICMP error.
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
            && let Some(end) = tcb.snd.end_after(bytes)
        {
            tcb.snd.end = end;
            self.context.advance_clock_only(now);
            self.context.outbox.request_data();
            return Ok(());
        }
        self.send_slow_path(bytes, now)
    }

    /// RECEIVE, RFC 9293 section 3.10.3: the user has consumed `bytes` bytes of the delivered payload, and the receive
    /// window may open by as much. Allowed in every state but CLOSED, where `bytes` must be zero.
    ///
    /// # Errors
    ///
    /// [`CallError::ConnectionDoesNotExist`] in CLOSED. For more bytes than were delivered and not yet reported:
    /// [`CallError::ConnectionClosing`] after the peer's FIN, otherwise [`CallError::NotDelivered`].
    pub fn receive(&mut self, bytes: usize) -> Result<(), CallError> {
        self.call_receive(bytes)
    }

    /// CLOSE, RFC 9293 section 3.10.4: the user has no more to send. The queued bytes go out, then a FIN. Payload may
    /// still arrive. Allowed once, in every state but CLOSED.
    ///
    /// In LISTEN and SYN-SENT the connection enters CLOSED at once and drops the queued bytes. CLOSE is a half-close:
    /// the user goes on reading. A user that does not read any more calls [`detach`](Self::detach) instead of CLOSE or
    /// after it. With [`half_duplex_close`](crate::Config::half_duplex_close) CLOSE is `detach`.
    ///
    /// # Errors
    ///
    /// [`CallError::ConnectionDoesNotExist`] in CLOSED, [`CallError::ConnectionClosing`] the second time.
    #[doc(alias = "half-close")]
    #[doc(alias = "shutdown")]
    pub fn close(&mut self, now: Instant) -> Result<(), CallError> {
        self.at(now, |connection| connection.call_close())
    }

    /// SEGMENT ARRIVES, RFC 9293 section 3.10.7.
    ///
    /// Returns the range of the segment's payload that the caller must now append to its receive queue. The range is
    /// often empty. Report the bytes with [`receive`](Self::receive) once the user has consumed them.
    ///
    /// The connection takes payload at RCV.NXT only. A segment ahead of a gap gets a duplicate ACK and an empty range.
    /// A caller that keeps such payload hands it in again when the gap is filled, in the form that
    /// [`reassembled`](Self::reassembled) makes. Without such a buffer the peer sends everything again: the transfer is
    /// still correct, but under loss throughput may fall to a hundredth.
    ///
    /// # Errors
    ///
    /// A [`Refusal`] says that processing ended in steps one to five, and why. The segment has no effect on the state,
    /// on SND, on RCV or on the user. A refusal is information, not a failure: the answer that is due, if any, comes
    /// out of [`poll`](Self::poll). Four details may still change: a repeated SYN withdraws each option that it no
    /// longer offers (D6); a SYN that is challenged in TIME-WAIT makes the reset that answers count (D14); a repeated
    /// segment renews the timestamp to echo (D30); a keep-alive probe is a sign of life (D39).
    #[doc(alias = "header prediction")]
    #[doc(alias = "handle_input")]
    #[inline(always)]
    pub fn segment_arrives(&mut self, segment: &Segment, now: Instant) -> Result<Range<usize>, Refusal> {
        match &mut self.tcb {
            Tcb::Synchronized(tcb) if PREDICTS && tcb.is_in_order(segment) => match tcb.predict(segment) {
                Prediction::Quiet => {
                    self.context.advance_clock_only(now);
                    tcb.snd.note_window_without_syn(segment);
                    Ok(tcb.take_text(segment, &mut self.context))
                }
                Prediction::NewAck => {
                    self.context.advance_clock_only(now);
                    tcb.take_new_ack(segment, &mut self.context);
                    Ok(tcb.take_text(segment, &mut self.context))
                }
                Prediction::FeaturedQuiet => self.arrives_quietly(segment, now),
                Prediction::FeaturedNewAck => self.arrives_with_new_ack(segment, now),
                Prediction::Fin => self.arrives_with_fin(segment, now),
                Prediction::ControlAck => self.arrives_with_control_ack(segment, now),
                Prediction::Unpredicted => self.arrives_in_other_states(segment, now),
            },
            Tcb::Synchronized(_) => self.arrives_in_other_states(segment, now),
            Tcb::Closed | Tcb::Listen | Tcb::SynSent(_) => self.arrives(segment, now),
        }
    }

    /// Carries out the timeouts of RFC 9293 section 3.10.8 whose time has come. Before the deadline the call does
    /// nothing.
    #[doc(alias = "handle_timeout")]
    pub fn timeout(&mut self, now: Instant) {
        let now = now.max(self.context.now);
        if self.deadline().is_some_and(|deadline| deadline <= now) {
            self.context.advance_clock(now);
            self.timeouts();
        }
    }

    /// Returns the next output: transitions first, then signals, then segments, then [`Output::Wait`]. An output that
    /// has been returned is committed: a segment that the caller cannot send is a lost segment.
    #[doc(alias = "poll_transmit")]
    #[inline]
    #[must_use]
    pub fn poll(&mut self, now: Instant) -> Output {
        if self.context.outbox.is_empty() {
            // No ACK is delayed, so the timer is the only deadline.
            return Output::Wait(self.context.timer);
        }
        if self.context.outbox.has_transition() {
            return Output::Transition(self.context.outbox.pop_transition());
        }
        match self.context.outbox.pending.difference(Pending::ACK) {
            more if PREDICTS && more.is_empty() => self.poll_bare_ack(now),
            Pending::DATA if PREDICTS => self.poll_payload(now),
            _ => self.poll_due(now),
        }
    }

    /// Returns when to call [`timeout`](Self::timeout), unless another event comes first; [`Output::Wait`] has the same
    /// moment. Before the connection is drained, it is the earliest timer of the segments handed out so far: `None`
    /// between OPEN and the first poll. A deadline beyond the last [`Instant`] is `None`.
    #[doc(alias = "poll_at")]
    #[doc(alias = "poll_timeout")]
    #[inline]
    #[must_use]
    pub const fn deadline(&self) -> Option<Instant> {
        self.context.deadline()
    }

    /// Returns the state after the last event.
    #[inline]
    #[must_use]
    pub const fn state(&self) -> State {
        self.tcb.state()
    }

    /// STATUS, RFC 9293 section 3.10.6: returns every variable as plain data. Allowed in every state. A variable that
    /// the state does not have is `None` or zero.
    #[doc(alias = "TCP_INFO")]
    #[inline(always)]
    #[must_use]
    pub fn status(&self) -> Status {
        Status::of(&self.tcb, &self.context)
    }

    /// Tells whether nothing is due, so that [`poll`](Self::poll) returns [`Output::Wait`]. To see the next output
    /// without committing to it, call `clone().poll(now)`.
    #[inline]
    #[must_use]
    pub const fn is_drained(&self) -> bool {
        self.context.outbox.is_drained()
    }

    /// Advances the clock, and returns its time: `now`, or the latest time before if that is later.
    #[cfg(feature = "stream")]
    pub(crate) fn clock(&mut self, now: Instant) -> Instant {
        self.context.advance_clock(now);
        self.context.now
    }

    /// Tells whether the next output is a transition or a signal.
    #[cfg(feature = "stream")]
    pub(crate) const fn has_transition_or_signal(&self) -> bool {
        self.context.outbox.pending.intersects(Pending::TRANSITIONS.union(Pending::SIGNALS))
    }

    /// Returns the length of the user's send queue, in bytes.
    #[cfg(all(feature = "stream", feature = "serde"))]
    pub(crate) fn queued(&self) -> u32 {
        self.tcb.snd().map_or(0, |snd| snd.end.ahead_of(snd.front()))
    }

    /// Tells whether the next output is a transition.
    #[cfg(feature = "stream")]
    pub(crate) const fn has_transition(&self) -> bool {
        self.context.outbox.has_transition()
    }
}

/// The other user calls.
impl Connection {
    /// Tells the connection that the user is gone. This is `close(2)` of a socket API, where CLOSE is
    /// `shutdown(SHUT_WR)`; the RFC has no such call. It closes the connection, if the user has not. Allowed once, in
    /// every state but CLOSED; in LISTEN and SYN-SENT it is CLOSE.
    ///
    /// From now on nobody reads, and the peer learns that its payload is lost (RFC 1122 section 4.2.2.13, SHLD-3):
    /// unread bytes reset the connection at once, and payload that arrives later resets it with [`Signal::Reset`].
    /// FIN-WAIT-2 lasts no longer than [`fin_wait_2_timeout`](crate::Config::fin_wait_2_timeout).
    ///
    /// # Errors
    ///
    /// [`CallError::ConnectionDoesNotExist`] in CLOSED, [`CallError::ConnectionClosing`] the second time.
    ///
    /// [`Signal::Reset`]: crate::Signal::Reset
    #[doc(alias = "close(2)")]
    pub fn detach(&mut self, now: Instant) -> Result<(), CallError> {
        self.at(now, |connection| connection.call_detach())
    }

    /// ABORT, RFC 9293 section 3.10.5: ends the connection at once, with a reset in the states where the RFC demands
    /// one. Allowed in every state but CLOSED.
    ///
    /// # Errors
    ///
    /// [`CallError::ConnectionDoesNotExist`] in CLOSED.
    #[doc(alias = "reset")]
    pub fn abort(&mut self) -> Result<(), CallError> {
        self.call_abort()
    }

    /// SEND with the URGENT flag, RFC 9293 section 3.10.2: as [`send`](Self::send), and all bytes queued by now are
    /// urgent, however many they are (RFC 9293 section 3.8.5, MUST-30, MUST-31). The next segment tells the peer, even
    /// if its window is closed.
    ///
    /// New applications should not use it: systems interpret it in different ways (RFC 6093).
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send).
    #[cfg(feature = "urgent")]
    pub fn send_urgent(&mut self, bytes: usize, now: Instant) -> Result<(), CallError> {
        self.at(now, |connection| connection.call_send_urgent(bytes))
    }
}

impl Connection {
    #[cfg_attr(feature = "fast-path", inline(never))]
    pub(crate) fn send_slow_path(&mut self, bytes: usize, now: Instant) -> Result<(), CallError> {
        self.at(now, |connection| connection.call_send(bytes))
    }

    /// Carries out a call at the moment `now`. A call that fails changes nothing, the clock included.
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

    /// "Delete the TCB, enter the CLOSED state": timers stop, and segments that were due are dropped.
    pub(crate) fn delete_tcb(&mut self) {
        self.leave_tcb(Tcb::Closed);
    }

    /// "Return this connection to the LISTEN state", without a signal. A child of a listener enters CLOSED instead. If
    /// the user has closed, the connection enters CLOSED too, and the user is signalled (D18).
    pub(crate) fn return_to_listen(&mut self, end: End) {
        if matches!(&self.tcb, Tcb::Synchronized(tcb) if tcb.snd.has_closed()) {
            return self.close_with(end);
        }
        let next = if self.tcb.is_of_listener() { Tcb::Closed } else { Tcb::Listen };
        self.leave_tcb(next);
        self.context.outbox.drop_soft_error();
    }

    fn leave_tcb(&mut self, next: Tcb) {
        self.enter([self.tcb.state(), next.state()], next);
        self.context.outbox.drop_segments();
        (self.context.duplicate_acks, self.context.reserved) = (0, 0);
        self.context.timer = None;
    }

    /// Goes from one state to another, with the TCB of the new state.
    pub(crate) fn enter(&mut self, [from, to]: [State; 2], tcb: Tcb) {
        self.context.outbox.record_transition(from, to);
        self.tcb = tcb;
    }

    /// Enters CLOSED with a signal.
    pub(crate) fn close_with(&mut self, end: End) {
        self.delete_tcb();
        self.context.outbox.signal_end(end);
    }
}
