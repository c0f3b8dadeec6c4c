//! Two ends over a simulated network, in virtual time.

use core::fmt;
use core::time::Duration;
use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use super::end::End;
use super::network::{Flight, Network, Random};
use super::trace::{Event, Trace, What};
use super::{Side, after};
use crate::config::Config;
use crate::connection::{Connection, Open};
use crate::error::CallError;
use crate::poll::{Output, Signal, Transmit};
use crate::segment::Segment;
use crate::state::State;
use crate::status::Status;
use crate::time::Instant;

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
/// After every event it polls until `Wait`. What it is given to see it checks: the bytes arrive in order and are those
/// that were sent, and the promises of the contract hold; see [`Violation`].
#[derive(Clone, Debug)]
pub struct Pair {
    now: Instant,
    ends: [End; 2],
    network: Network,
    random: Random,
    flights: Vec<Flight>,
    /// The number of the next segment.
    number: u64,
    trace: Trace,
    recording: bool,
    violation: Option<Violation>,
}

/// Something that must never happen.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Violation {
    /// The bytes that this end was given are not those that its peer sent.
    Bytes(Side),
    /// This end was given bytes of two lives of its peer in one of its own.
    TwoLives(Side),
    /// This end acknowledged more than its peer's user has sent.
    Acknowledged(Side),
    /// The payload of a segment is not in the send queue of this end, or not as long as the segment says.
    Payload(Side, Segment),
    /// This end's `Wait` and `deadline()` differ.
    Deadline(Side),
    /// The deadline of this end does not move on when its time has come.
    Stuck(Side),
    /// This end puts something out for ever.
    NeverWaits(Side),
    /// The two ends never come to rest.
    NeverRests,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Violation::Bytes(side) => write!(f, "{side} was given other bytes than its peer sent"),
            Violation::TwoLives(side) => write!(f, "{side} was given bytes of two lives of its peer"),
            Violation::Acknowledged(side) => write!(f, "more bytes of {side} were acknowledged than it sent"),
            Violation::Payload(side, segment) => write!(f, "{side} has no such payload for {segment}"),
            Violation::Deadline(side) => write!(f, "Wait and deadline() of {side} differ"),
            Violation::Stuck(side) => write!(f, "the deadline of {side} does not move on"),
            Violation::NeverWaits(side) => write!(f, "{side} puts something out for ever"),
            Violation::NeverRests => f.write_str("the two ends never come to rest"),
        }
    }
}

impl core::error::Error for Violation {}

/// More outputs than this of one event are a connection that never waits.
const MOST_OUTPUTS: usize = 1_000_000;
/// More steps than this are two ends that never come to rest.
const MOST_STEPS: usize = 1_000_000;

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
            flights: Vec::new(),
            number: 0,
            trace: Trace::default(),
            recording: true,
            violation: None,
        };
        for side in [Side::A, Side::B] {
            pair.record(side, What::Start);
        }
        pair
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
        &self.flights
    }

    /// All that has happened.
    #[must_use]
    pub fn trace(&self) -> &Trace {
        &self.trace
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
        if self.recording {
            let state = self.state(side);
            self.trace.events.push(Event { at: self.now, side, state, what });
        }
    }

    /// Records what came out of an event behind the event itself.
    fn record_and_drain(&mut self, side: Side, what: What) {
        self.record(side, what);
        let index = self.trace.events.len().saturating_sub(1);
        self.drain(side);
        let state = self.state(side);
        if self.recording
            && let Some(event) = self.trace.events.get_mut(index)
        {
            event.state = state;
        }
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

    /// B opens passively, A actively, and they are driven until both are ESTABLISHED, or A has given up.
    ///
    /// # Errors
    ///
    /// The first violation. A call that fails, because an end is open, changes nothing.
    pub fn handshake(&mut self) -> Result<(), Violation> {
        let _ = self.open(Side::B, Open::Passive);
        let _ = self.open(Side::A, Open::Active);
        let open = |pair: &Pair, side| matches!(pair.state(side), State::SynSent | State::SynReceived | State::Listen);
        self.drive_while(|pair| open(pair, Side::A) || (open(pair, Side::B) && pair.state(Side::A) != State::Closed))
    }

    /// SEND.
    ///
    /// # Errors
    ///
    /// As of [`Connection::send`].
    pub fn send(&mut self, side: Side, bytes: &[u8]) -> Result<(), CallError> {
        let now = self.now;
        let end = self.end_mut(side);
        end.connection.send(bytes.len(), now)?;
        end.append(bytes);
        self.record_and_drain(side, What::Call(format!("send {}", bytes.len())));
        Ok(())
    }

    /// The user consumes up to so many bytes of the receive queue. Needed only after [`stop_reading`](Self::stop_reading).
    pub fn read(&mut self, side: Side, most: usize) -> Vec<u8> {
        let bytes = self.end_mut(side).read(most);
        if !bytes.is_empty() {
            self.record_and_drain(side, What::Call(format!("receive {}", bytes.len())));
        }
        bytes
    }

    /// From now on nothing is consumed but by [`read`](Self::read). At first all is consumed as it is delivered.
    pub fn stop_reading(&mut self, side: Side) {
        self.end_mut(side).reads = false;
    }

    /// CLOSE.
    ///
    /// # Errors
    ///
    /// As of [`Connection::close`].
    pub fn close(&mut self, side: Side) -> Result<(), CallError> {
        self.call(side, "close", Connection::close)
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

    /// The host forgets the connection, and is ready for another one.
    pub fn crash(&mut self, side: Side) {
        let isn_offset = self.end(side).isn_offset;
        let end = self.end_mut(side);
        end.connection = Connection::new(&end.config, isn_offset);
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

/// The passing of time.
impl Pair {
    /// Until nothing is in flight and no timer runs. An end in TIME-WAIT is driven to CLOSED.
    ///
    /// # Errors
    ///
    /// The first violation; likewise for the other ways to drive.
    pub fn drive(&mut self) -> Result<(), Violation> {
        self.drive_while(|_| true)
    }

    /// While this holds, and there is anything to happen.
    ///
    /// # Errors
    ///
    /// The first violation.
    pub fn drive_while(&mut self, mut condition: impl FnMut(&Pair) -> bool) -> Result<(), Violation> {
        for _ in 0..MOST_STEPS {
            if !condition(self) || !self.step()? {
                return self.check();
            }
        }
        Err(Violation::NeverRests)
    }

    /// Until nothing is in flight; timers whose time comes before fire.
    ///
    /// # Errors
    ///
    /// The first violation.
    pub fn settle(&mut self) -> Result<(), Violation> {
        self.drive_while(|pair| pair.flights.iter().any(|flight| flight.arrives.is_some()))
    }

    /// For so long.
    ///
    /// # Errors
    ///
    /// The first violation.
    pub fn drive_for(&mut self, time: Duration) -> Result<(), Violation> {
        self.drive_until(after(self.now, time))
    }

    /// Until then.
    ///
    /// # Errors
    ///
    /// The first violation.
    pub fn drive_until(&mut self, end: Instant) -> Result<(), Violation> {
        self.drive_while(|pair| pair.next_event().is_some_and(|next| next <= end))?;
        self.now = self.now.max(end);
        Ok(())
    }

    /// When the next segment arrives or the next timer fires.
    #[must_use]
    pub fn next_event(&self) -> Option<Instant> {
        let arrivals = self.flights.iter().filter_map(|flight| flight.arrives);
        let deadlines = self.ends.iter().filter_map(|end| end.connection.deadline());
        arrivals.chain(deadlines).min()
    }

    /// The next event: a segment arrives or, if none comes before, a timer fires. False if there is none.
    ///
    /// # Errors
    ///
    /// The first violation.
    pub fn step(&mut self) -> Result<bool, Violation> {
        self.check()?;
        let Some(next) = self.next_event() else { return Ok(false) };
        self.now = self.now.max(next);
        let arriving = self.flights.iter().enumerate().filter(|(_, flight)| flight.arrives == Some(next));
        if let Some((index, _)) = arriving.min_by_key(|(_, flight)| flight.number) {
            self.deliver(index);
        } else {
            let due = |side: &Side| self.connection(*side).deadline() == Some(next);
            if let Some(side) = [Side::A, Side::B].into_iter().find(due) {
                self.timeout(side);
            }
        }
        self.check()?;
        Ok(true)
    }

    fn check(&self) -> Result<(), Violation> {
        self.violation.clone().map_or(Ok(()), Err)
    }

    fn violate(&mut self, violation: Violation) {
        self.violation.get_or_insert(violation);
    }

    fn timeout(&mut self, side: Side) {
        let now = self.now;
        let from = self.state(side);
        self.end_mut(side).connection.timeout(now);
        self.record_and_drain(side, What::Timeout(from));
        if self.connection(side).deadline().is_some_and(|next| next <= now) {
            self.violate(Violation::Stuck(side));
        }
    }
}

/// The network, by hand. A segment in flight is named by its place in [`in_flight`](Pair::in_flight); where there is none
/// of this place, nothing happens, and the result is false.
impl Pair {
    /// It arrives now.
    pub fn deliver(&mut self, index: usize) -> bool {
        if index >= self.flights.len() {
            return false;
        }
        let flight = self.flights.remove(index);
        let to = flight.from.other();
        let now = self.now;
        let outcome = self.end_mut(to).connection.segment_arrives(&flight.segment, now);
        if let Ok(range) = &outcome {
            let [a, b] = &mut self.ends;
            let (sender, receiver) = match flight.from {
                Side::A => (a, b),
                Side::B => (b, a),
            };
            let sent = sender.sent_in(flight.life);
            if let Err(violation) = receiver.deliver(to, &flight, range.clone(), sent) {
                self.violate(violation);
            }
        }
        self.record_and_drain(to, What::Arrived(flight.number, flight.segment, outcome));
        true
    }

    /// It is lost.
    pub fn lose(&mut self, index: usize) -> bool {
        if index >= self.flights.len() {
            return false;
        }
        let flight = self.flights.remove(index);
        self.record(flight.from, What::Lost(flight.number, flight.segment));
        true
    }

    /// There is one more of it, behind all others.
    pub fn duplicate(&mut self, index: usize) -> bool {
        let Some(flight) = self.flights.get(index).cloned() else { return false };
        self.record(flight.from, What::Duplicated(flight.number, flight.segment));
        self.flights.push(flight);
        true
    }

    /// It waits until it is delivered by hand.
    pub fn hold(&mut self, index: usize) -> bool {
        let Some(flight) = self.flights.get_mut(index) else { return false };
        flight.arrives = None;
        true
    }

    /// A segment that `from` has not sent, an old one or a forged one, with as many bytes of payload as it says, goes on
    /// its way.
    pub fn inject(&mut self, from: Side, segment: Segment, payload: &[u8]) {
        let number = self.number;
        self.record(from, What::Injected(number, segment));
        self.launch(from, segment, payload.to_vec());
    }

    /// A segment goes on its way, and the network does with it what it does.
    fn launch(&mut self, from: Side, segment: Segment, payload: Vec<u8>) {
        let number = self.number;
        self.number = self.number.saturating_add(1);
        if self.random.happens(self.network.loss) {
            return self.record(from, What::Lost(number, segment));
        }
        let life = self.end(from).life();
        let arrives = self.arrival();
        let flight = Flight { from, segment, payload, arrives, number, life };
        if self.random.happens(self.network.duplication) {
            self.record(from, What::Duplicated(number, segment));
            let arrives = self.arrival();
            self.flights.push(Flight { arrives, ..flight.clone() });
        }
        self.flights.push(flight);
    }

    fn arrival(&mut self) -> Option<Instant> {
        let late = self.random.up_to(self.network.jitter);
        (!self.network.by_hand).then(|| after(self.now, self.network.delay.saturating_add(late)))
    }

    /// Polls until `Wait`, the rule of the contract.
    fn drain(&mut self, side: Side) {
        for _ in 0..MOST_OUTPUTS {
            let now = self.now;
            let output = self.end_mut(side).connection.poll(now);
            match output {
                Output::Transition(transition) => {
                    if transition.to == State::Listen {
                        self.end_mut(side).begin_life();
                    }
                    self.record(side, What::Transition(transition));
                }
                Output::Signal(signal) => {
                    if !self.end_mut(side).signal(signal) {
                        self.violate(Violation::Acknowledged(side));
                    }
                    self.record(side, What::Signal(signal));
                }
                Output::Transmit(Transmit { segment, payload }) => match self.end(side).payload(&segment, payload) {
                    Some(payload) => {
                        self.record(side, What::Sent(self.number, segment));
                        self.launch(side, segment, payload);
                    }
                    None => self.violate(Violation::Payload(side, segment)),
                },
                Output::Wait(deadline) => {
                    if deadline != self.connection(side).deadline() {
                        self.violate(Violation::Deadline(side));
                    }
                    return;
                }
            }
        }
        self.violate(Violation::NeverWaits(side));
    }
}
