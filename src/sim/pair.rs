//! Two ends over a simulated network, in virtual time.

mod drive;
mod network;
mod users;

use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

pub use self::users::UserEvent;
use super::Side;
use super::cookies::Cookies;
use super::end::End;
use super::flights::Flights;
use super::network::{Counts, Flight, Network, Outage, Random};
use super::subscribers::Subscribers;
use super::trace::{Event, Trace, What};
use super::violation::Violation;
use crate::{CallError, Config, Connection, Instant, Open, Signal, State, Status};

/// Two connections, the bytes that their users send and receive, and the network between them.
///
/// ```
/// use tcp_lifecycle::sim::{Network, Pair, Side};
/// use tcp_lifecycle::{Config, State};
///
/// let mut pair = Pair::new(&Config::DEFAULT, &Config::DEFAULT, Network::faulty(7));
/// pair.handshake()?; // B listens, A opens
/// pair.send(Side::A, b"hello")?;
/// pair.close(Side::A)?;
/// pair.drive_while(|pair| pair.state(Side::B) != State::CloseWait)?;
/// assert_eq!(pair.received(Side::B), b"hello");
/// pair.close(Side::B)?;
/// pair.drive()?; // until nothing is in flight and no timer runs
/// assert_eq!((pair.state(Side::A), pair.state(Side::B)), (State::Closed, State::Closed));
/// println!("{}", pair.trace()); // as a ladder between A and B
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// After every event the pair polls until `Wait`. It checks that the bytes arrive in order and unchanged, and that each
/// connection keeps its contract; see [`Violation`].
///
/// The pair does the part of each connection's caller: it keeps the bytes of both queues, and it reassembles. It keeps
/// a segment ahead of a gap until the gap is filled. Then it hands the segment in again, with the acknowledgment and
/// window in force and the options of the segment that filled the gap ([`What::Reassembled`]; RFC 9293 section
/// 3.10.7.4, MAY-13). It has no congestion control and no fast retransmit: a lost segment waits for the retransmission
/// timer. A program can add both by [`call`](Self::call), with [`limit`](Connection::limit) and
/// [`retransmit`](Connection::retransmit).
#[derive(Clone, Debug)]
pub struct Pair {
    now: Instant,
    ends: [End; 2],
    network: Network,
    random: Random,
    outages: Vec<Outage>,
    flights: Flights,
    /// The number of the next segment.
    number: u64,
    counts: Counts,
    trace: Trace,
    recording: bool,
    subscribers: Subscribers,
    violation: Option<Violation>,
}

/// Construction and inspection.
impl Pair {
    /// Makes two ends in CLOSED, with the initial sequence numbers 100 and 300 at time zero.
    #[must_use]
    pub fn new(a: &Config, b: &Config, network: Network) -> Pair {
        let mut pair = Pair {
            now: Instant::ZERO,
            ends: [End::new(a, 100), End::new(b, 300)],
            network,
            random: Random::new(network.seed),
            outages: Vec::new(),
            flights: Flights::default(),
            number: 0,
            counts: Counts::default(),
            trace: Trace::default(),
            recording: true,
            subscribers: Subscribers::default(),
            violation: None,
        };
        pair.start_trace();
        pair
    }

    /// Makes a pair of this connection as A, with `iss` as its initial sequence number at any time, and of B, which a
    /// script plays. The script also decides when A reads.
    pub(super) fn with_script(a: Connection, iss: u32, network: Network) -> Pair {
        let mut pair = Pair::new(&Config::DEFAULT, &Config::DEFAULT, network);
        let [end, peer] = &mut pair.ends;
        (end.connection, end.iss, end.reads, peer.is_played) = (a, Some(iss), false, true);
        pair.trace = Trace { played: Some(Side::B), ..Trace::default() };
        pair.start_trace();
        pair
    }

    /// Sets the initial sequence number of every life of this end from now on, whatever the clock says. See
    /// [`set_isn_offset`](Self::set_isn_offset) for numbers that the clock moves on.
    pub fn set_iss(&mut self, side: Side, iss: u32) {
        self.end_mut(side).iss = Some(iss);
    }

    /// Keeps back the outputs of this end, until it is no longer corked.
    pub(super) fn set_corked(&mut self, side: Side, corked: bool) {
        self.end_mut(side).corked = corked;
        self.drain(side);
    }

    /// Takes the first violation, so that the pair can be driven on.
    pub(super) fn take_violation(&mut self) -> Option<Violation> {
        self.violation.take()
    }

    /// Makes this end answer each SYN that arrives in LISTEN with a cookie (RFC 4987 section 3.6), as a listener
    /// without room does, until it crashes.
    pub(super) fn answer_with_cookies(&mut self, side: Side) {
        let end = self.end_mut(side);
        end.cookies = Some(Cookies::new(&end.connection.config()));
        self.record(side, What::Call("answer with cookies".to_string()));
    }

    /// Returns the virtual time. It begins at zero, and passes only while the pair is driven.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.now
    }

    /// Returns one of the connections.
    #[must_use]
    pub fn connection(&self, side: Side) -> &Connection {
        &self.end(side).connection
    }

    /// Returns the state of one of the connections.
    #[must_use]
    pub fn state(&self, side: Side) -> State {
        self.connection(side).state()
    }

    /// Returns the STATUS of one of the connections.
    #[must_use]
    pub fn status(&self, side: Side) -> Status {
        self.connection(side).status()
    }

    /// Returns all bytes that were delivered in this life, read or not.
    #[must_use]
    pub fn received(&self, side: Side) -> &[u8] {
        &self.end(side).received
    }

    /// Returns all bytes that the user has sent in this life, acknowledged or not.
    #[must_use]
    pub fn sent(&self, side: Side) -> &[u8] {
        self.end(side).sent()
    }

    /// Returns the send queue: the bytes that the user has sent and the peer has not acknowledged.
    #[must_use]
    pub fn send_queue(&self, side: Side) -> &[u8] {
        self.end(side).send_queue()
    }

    /// Returns all signals since the pair was made, except [`Signal::Acknowledged`].
    #[must_use]
    pub fn signals(&self, side: Side) -> &[Signal] {
        &self.end(side).signals
    }

    /// Returns the segments in the network, in the order of sending.
    #[must_use]
    pub fn in_flight(&self) -> &[Flight] {
        self.flights.as_slice()
    }

    /// Returns how many segments there were, and how many faults of each kind.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Returns the trace of all that has happened, or of all since [`take_trace`](Self::take_trace).
    #[must_use]
    pub fn trace(&self) -> &Trace {
        &self.trace
    }

    /// Takes the trace, and begins a new one, so that the trace of a long run does not grow without bound.
    ///
    /// ```
    /// use tcp_lifecycle::Config;
    /// use tcp_lifecycle::sim::{Network, Pair, Side};
    ///
    /// let mut pair = Pair::new(&Config::DEFAULT, &Config::DEFAULT, Network::PERFECT);
    /// pair.handshake()?;
    /// println!("{}", pair.take_trace());
    /// pair.send(Side::A, b"hello")?;
    /// pair.settle()?;
    /// println!("{}", pair.trace()); // begins in ESTABLISHED
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    pub fn take_trace(&mut self) -> Trace {
        let next = Trace { played: self.trace.played, ..Trace::default() };
        let trace = core::mem::replace(&mut self.trace, next);
        if self.recording {
            self.start_trace();
        }
        trace
    }

    fn start_trace(&mut self) {
        for side in Side::BOTH {
            self.trace.events.push(Event { at: self.now, side, state: self.state(side), what: What::Start });
        }
    }

    /// Returns the first violation, if there is one. From then on, driving the pair returns it too.
    #[must_use]
    pub fn violation(&self) -> Option<&Violation> {
        self.violation.as_ref()
    }

    /// Sets whether events are recorded in the trace from now on. By default they are.
    pub fn set_recording(&mut self, recording: bool) {
        self.recording = recording;
    }

    /// Calls `subscriber` for every event from now on, as it happens and before its consequences. The events are
    /// transitions, signals, segments sent, delivered, refused or lost, calls and timeouts. The subscriber is called
    /// whether or not a trace is recorded. A clone of the pair has no subscribers.
    ///
    /// ```
    /// use std::sync::mpsc;
    /// use tcp_lifecycle::sim::{Network, Pair, Side, What};
    /// use tcp_lifecycle::{Config, State};
    ///
    /// let (sender, transitions) = mpsc::channel();
    /// let mut pair = Pair::new(&Config::DEFAULT, &Config::DEFAULT, Network::PERFECT);
    /// pair.subscribe(move |event| {
    ///     if let (Side::A, What::Transition(transition)) = (event.side, &event.what) {
    ///         let _ = sender.send(transition.to);
    ///     }
    /// });
    /// pair.handshake()?;
    /// assert_eq!(transitions.try_iter().collect::<Vec<_>>(), [State::SynSent, State::Established]);
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    pub fn subscribe(&mut self, subscriber: impl FnMut(&Event) + Send + Sync + 'static) {
        self.subscribers.add(subscriber);
    }

    /// Replaces the network from now on. Segments in flight stay as they are.
    pub fn set_network(&mut self, network: Network) {
        self.network = network;
        self.random = Random::new(network.seed);
    }

    /// Adds a remark to the trace.
    pub fn note(&mut self, note: impl Into<String>) {
        self.record(Side::A, What::Note(note.into()));
    }

    fn end(&self, side: Side) -> &End {
        let [a, b] = &self.ends;
        match side {
            Side::A => a,
            Side::B => b,
        }
    }

    fn end_mut(&mut self, side: Side) -> &mut End {
        let [a, b] = &mut self.ends;
        match side {
            Side::A => a,
            Side::B => b,
        }
    }

    fn record(&mut self, side: Side, what: What) {
        self.counts.count(&what);
        if !self.recording && self.subscribers.are_none() {
            return;
        }
        let event = Event { at: self.now, side, state: self.state(side), what };
        self.subscribers.tell(&event);
        if self.recording {
            self.trace.events.push(event);
        }
    }

    /// Records an event, then the outputs that it leads to. Polling does not change the state.
    fn record_and_drain(&mut self, side: Side, what: What) {
        self.record(side, what);
        self.drain(side);
    }
}

/// The user calls. The first call of a life forgets the bytes that were sent and received in the life before.
impl Pair {
    /// OPEN.
    ///
    /// # Errors
    ///
    /// Those of [`Connection::open`].
    pub fn open(&mut self, side: Side, open: Open) -> Result<(), CallError> {
        let now = self.now;
        let end = self.end_mut(side);
        let from = end.connection.state();
        end.choose_iss(now);
        end.connection.open(open, now)?;
        if from == State::Closed {
            end.begin_life();
        }
        let name = match open {
            Open::Active => "open active",
            Open::Passive => "open passive",
        };
        self.record_and_drain(side, What::Call(name.to_string()));
        Ok(())
    }

    /// Opens B passively and A actively, and drives both until they are ESTABLISHED.
    ///
    /// # Errors
    ///
    /// Returns the first violation, or [`Violation::NotOpen`] if an end has given up or nothing more is due to happen.
    /// An OPEN that fails, because the end is open already, changes nothing.
    pub fn handshake(&mut self) -> Result<(), Violation> {
        let _ = self.open(Side::B, Open::Passive);
        let _ = self.open(Side::A, Open::Active);
        let open = |pair: &Pair, side| matches!(pair.state(side), State::SynSent | State::SynReceived | State::Listen);
        self.drive_while(|pair| open(pair, Side::A) || (open(pair, Side::B) && pair.state(Side::A) != State::Closed))?;
        let closed = |pair: &Pair, side| open(pair, side) || pair.state(side) == State::Closed;
        Side::BOTH.into_iter().find(|side| closed(self, *side)).map_or(Ok(()), |side| Err(Violation::NotOpen(side)))
    }

    /// SEND.
    ///
    /// # Errors
    ///
    /// Those of [`Connection::send`].
    pub fn send(&mut self, side: Side, bytes: &[u8]) -> Result<(), CallError> {
        let now = self.now;
        let end = self.end_mut(side);
        end.choose_iss(now);
        end.connection.send(bytes.len(), now)?;
        end.append(bytes);
        self.record_and_drain(side, What::Call(format!("send {}", bytes.len())));
        Ok(())
    }

    /// SEND with the URGENT flag.
    ///
    /// # Errors
    ///
    /// Those of [`Connection::send_urgent`].
    pub fn send_urgent(&mut self, side: Side, bytes: &[u8]) -> Result<(), CallError> {
        let now = self.now;
        let end = self.end_mut(side);
        end.choose_iss(now);
        end.connection.send_urgent(bytes.len(), now)?;
        end.append(bytes);
        self.record_and_drain(side, What::Call(format!("send urgent {}", bytes.len())));
        Ok(())
    }

    /// Consumes up to `most` bytes of the receive queue for the user, and returns them. Needed only after
    /// [`stop_reading`](Self::stop_reading).
    pub fn read(&mut self, side: Side, most: usize) -> Vec<u8> {
        let bytes = self.end_mut(side).read(most);
        if !bytes.is_empty() {
            self.record_and_drain(side, What::Call(format!("receive {}", bytes.len())));
        }
        bytes
    }

    /// Stops the user from consuming bytes as they are delivered, which is the default. Only [`read`](Self::read)
    /// consumes bytes then, until [`start_reading`](Self::start_reading).
    pub fn stop_reading(&mut self, side: Side) {
        self.end_mut(side).reads = false;
    }

    /// Consumes all unread bytes at once, and from now on all bytes as they are delivered.
    pub fn start_reading(&mut self, side: Side) {
        self.end_mut(side).reads = true;
        self.read(side, usize::MAX);
    }

    /// CLOSE.
    ///
    /// # Errors
    ///
    /// Those of [`Connection::close`].
    pub fn close(&mut self, side: Side) -> Result<(), CallError> {
        self.call(side, "close", Connection::close)
    }

    /// Tells the connection that the user is gone.
    ///
    /// # Errors
    ///
    /// Those of [`Connection::detach`].
    pub fn detach(&mut self, side: Side) -> Result<(), CallError> {
        self.call(side, "detach", Connection::detach)
    }

    /// ABORT.
    ///
    /// # Errors
    ///
    /// Those of [`Connection::abort`].
    pub fn abort(&mut self, side: Side) -> Result<(), CallError> {
        self.call(side, "abort", |connection, _| connection.abort())
    }

    /// Makes any other call, which the trace records as `name`. The call must not send, receive or open.
    pub fn call<T>(&mut self, side: Side, name: &str, call: impl FnOnce(&mut Connection, Instant) -> T) -> T {
        let now = self.now;
        let result = call(&mut self.end_mut(side).connection, now);
        self.record_and_drain(side, What::Call(name.to_string()));
        result
    }

    /// Makes the host forget the connection. A new connection takes its place, with the same policies: those of
    /// [`new`](Self::new), or of the last [`configure`](Connection::configure).
    pub fn crash(&mut self, side: Side) {
        let end = self.end_mut(side);
        end.connection = Connection::new(&end.connection.config(), end.isn_offset);
        end.cookies = None;
        end.begin_life();
        self.record(side, What::Crashed);
    }

    /// Sets the ISN offset of this end: the F of its next initial sequence number.
    pub fn set_isn_offset(&mut self, side: Side, isn_offset: u32) {
        let end = self.end_mut(side);
        end.isn_offset = isn_offset;
        end.connection.set_isn_offset(isn_offset);
    }
}
