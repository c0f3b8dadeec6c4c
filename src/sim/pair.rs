//! Two ends over a simulated network, in virtual time.

mod drive;
mod network;

use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use super::Side;
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
/// After every event it polls until `Wait`. It checks that the bytes arrive in order and are those that were sent, and
/// that the promises of the contract hold; see [`Violation`].
///
/// Beyond the machine it does what each user of one has to do: it keeps the bytes of both queues, and it reassembles. A
/// segment ahead of a gap is kept until the gap is filled, and handed in again with the acknowledgment, window and
/// options of the segment that filled it ([`What::Reassembled`]; RFC 9293 section 3.10.7.4, MAY-13). It has no
/// congestion control and no fast retransmit: a lost segment waits for the retransmission timer. A program that wants
/// more says so by [`call`](Self::call), with [`limit`](Connection::limit) and [`retransmit`](Connection::retransmit).
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

/// Making one, and looking at it.
impl Pair {
    /// Two ends in CLOSED, with the initial sequence numbers 100 and 300 at time zero.
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

    /// This connection as A, with this initial sequence number whenever it chooses one, and B whose part is played. Who
    /// plays it says when A reads, too.
    pub(super) fn with_script(a: Connection, iss: u32, network: Network) -> Pair {
        let mut pair = Pair::new(&Config::DEFAULT, &Config::DEFAULT, network);
        let [end, peer] = &mut pair.ends;
        (end.connection, end.iss, end.reads, peer.is_played) = (a, Some(iss), false, true);
        pair.trace = Trace { played: Some(Side::B), ..Trace::default() };
        pair.start_trace();
        pair
    }

    /// The next initial sequence number of A, whose peer is played.
    pub(super) fn set_iss(&mut self, iss: u32) {
        self.end_mut(Side::A).iss = Some(iss);
    }

    /// Virtual time. It begins at zero, and passes only while the pair is driven.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.now
    }

    /// One of the connections.
    #[must_use]
    pub fn connection(&self, side: Side) -> &Connection {
        &self.end(side).connection
    }

    /// The state of one of the connections.
    #[must_use]
    pub fn state(&self, side: Side) -> State {
        self.connection(side).state()
    }

    /// STATUS of one of the connections.
    #[must_use]
    pub fn status(&self, side: Side) -> Status {
        self.connection(side).status()
    }

    /// All bytes that were delivered in this life, read or not.
    #[must_use]
    pub fn received(&self, side: Side) -> &[u8] {
        &self.end(side).received
    }

    /// All bytes that the user has sent in this life, acknowledged or not.
    #[must_use]
    pub fn sent(&self, side: Side) -> &[u8] {
        self.end(side).sent()
    }

    /// The front of the send queue on: what the user has sent and the peer has not acknowledged.
    #[must_use]
    pub fn send_queue(&self, side: Side) -> &[u8] {
        self.end(side).send_queue()
    }

    /// All signals since the pair was made, but for [`Signal::Acknowledged`].
    #[must_use]
    pub fn signals(&self, side: Side) -> &[Signal] {
        &self.end(side).signals
    }

    /// What is in the network, in the order in which it was sent.
    #[must_use]
    pub fn in_flight(&self) -> &[Flight] {
        self.flights.as_slice()
    }

    /// How many segments there were, and how many of them the network did something to.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// All that has happened.
    #[must_use]
    pub fn trace(&self) -> &Trace {
        &self.trace
    }

    /// All that has happened, and from now on another trace: so that in a long run it does not grow without end.
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

    /// The first thing that happened and must never happen, if any. Driving on returns it.
    #[must_use]
    pub fn violation(&self) -> Option<&Violation> {
        self.violation.as_ref()
    }

    /// Whether events are recorded in the trace from now on. They are, at first.
    pub fn set_recording(&mut self, recording: bool) {
        self.recording = recording;
    }

    /// From now on this subscriber is told of every event as it happens, before anything that comes of it: transitions,
    /// signals, segments sent, delivered, refused or lost, calls and timeouts. It is told whether or not a trace is
    /// recorded. A clone of the pair has no subscribers.
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

    /// Another network from now on; what is in flight stays as it is.
    pub fn set_network(&mut self, network: Network) {
        self.network = network;
        self.random = Random::new(network.seed);
    }

    /// A remark for the trace.
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

    /// Records an event, and behind it what comes out of it. Polling does not change the state.
    fn record_and_drain(&mut self, side: Side, what: What) {
        self.record(side, what);
        self.drain(side);
    }
}

/// The user calls. The first of a life empties what was sent and received in the life before.
impl Pair {
    /// OPEN.
    ///
    /// # Errors
    ///
    /// As of [`Connection::open`]; likewise for the other calls.
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

    /// B opens passively, A actively, and they are driven until both are ESTABLISHED.
    ///
    /// # Errors
    ///
    /// The first violation; [`Violation::NotOpen`] if an end has given up, or nothing more is to happen. A call that
    /// fails, because an end is open, changes nothing.
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
    /// As of [`Connection::send`].
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
    /// As of [`Connection::send_urgent`].
    pub fn send_urgent(&mut self, side: Side, bytes: &[u8]) -> Result<(), CallError> {
        let now = self.now;
        let end = self.end_mut(side);
        end.choose_iss(now);
        end.connection.send_urgent(bytes.len(), now)?;
        end.append(bytes);
        self.record_and_drain(side, What::Call(format!("send urgent {}", bytes.len())));
        Ok(())
    }

    /// The user consumes up to `most` bytes of the receive queue. Needed only after
    /// [`stop_reading`](Self::stop_reading).
    pub fn read(&mut self, side: Side, most: usize) -> Vec<u8> {
        let bytes = self.end_mut(side).read(most);
        if !bytes.is_empty() {
            self.record_and_drain(side, What::Call(format!("receive {}", bytes.len())));
        }
        bytes
    }

    /// From now on nothing is consumed but by [`read`](Self::read), until [`start_reading`](Self::start_reading). At
    /// first all is consumed as it is delivered.
    pub fn stop_reading(&mut self, side: Side) {
        self.end_mut(side).reads = false;
    }

    /// From now on all is consumed as it is delivered; what waits, at once.
    pub fn start_reading(&mut self, side: Side) {
        self.end_mut(side).reads = true;
        self.read(side, usize::MAX);
    }

    /// CLOSE.
    ///
    /// # Errors
    ///
    /// As of [`Connection::close`].
    pub fn close(&mut self, side: Side) -> Result<(), CallError> {
        self.call(side, "close", Connection::close)
    }

    /// The user is gone.
    ///
    /// # Errors
    ///
    /// As of [`Connection::detach`].
    pub fn detach(&mut self, side: Side) -> Result<(), CallError> {
        self.call(side, "detach", Connection::detach)
    }

    /// ABORT.
    ///
    /// # Errors
    ///
    /// As of [`Connection::abort`].
    pub fn abort(&mut self, side: Side) -> Result<(), CallError> {
        self.call(side, "abort", |connection, _| connection.abort())
    }

    /// Any other call, by the name under which the trace shall have it. It must not send, receive or open.
    pub fn call<T>(&mut self, side: Side, name: &str, call: impl FnOnce(&mut Connection, Instant) -> T) -> T {
        let now = self.now;
        let result = call(&mut self.end_mut(side).connection, now);
        self.record_and_drain(side, What::Call(name.to_string()));
        result
    }

    /// The host forgets the connection, and is ready for another one with the same policies: those of
    /// [`new`](Self::new), or of the last [`configure`](Connection::configure).
    pub fn crash(&mut self, side: Side) {
        let end = self.end_mut(side);
        end.connection = Connection::new(&end.connection.config(), end.isn_offset);
        end.begin_life();
        self.record(side, What::Crashed);
    }

    /// The F of the next initial sequence number of this end.
    pub fn set_isn_offset(&mut self, side: Side, isn_offset: u32) {
        let end = self.end_mut(side);
        end.isn_offset = isn_offset;
        end.connection.set_isn_offset(isn_offset);
    }
}
