//! Our end: a connection of this crate, and the user behind it.

use std::collections::VecDeque;
use std::{fmt, mem};

use tcp_lifecycle::{Connection, Instant, Open, Output, Refusal, Segment, Signal, State, Transition};

/// The number of lines of the exchange that are kept for the report of a failed case.
const TRACE: usize = 120;

/// One connection, and the bytes that its user has sent and received.
#[derive(Debug)]
pub(crate) struct Us {
    pub(crate) connection: Connection,
    /// All bytes that our user has consumed.
    pub(crate) received: Vec<u8>,
    /// All signals except acknowledgments and timeouts, since a busy machine causes those too.
    pub(crate) signals: Vec<Signal>,
    /// How often the retransmission timer has fired.
    pub(crate) timeouts: usize,
    /// Why segments had no effect.
    pub(crate) refusals: Vec<Refusal>,
    /// Our user consumes nothing.
    pub(crate) stalled: bool,
    /// Segments to be sent, with their payload.
    pub(crate) outgoing: VecDeque<(Segment, Vec<u8>)>,
    unread: Vec<u8>,
    queue: Vec<u8>,
    transitions: Vec<(Transition, Instant)>,
    trace: VecDeque<String>,
}

impl Us {
    pub(crate) fn new(connection: Connection) -> Us {
        Us {
            connection,
            received: Vec::new(),
            signals: Vec::new(),
            timeouts: 0,
            refusals: Vec::new(),
            stalled: false,
            outgoing: VecDeque::new(),
            unread: Vec::new(),
            queue: Vec::new(),
            transitions: Vec::new(),
            trace: VecDeque::new(),
        }
    }

    /// Replaces the connection; of the last one only the trace is kept.
    pub(crate) fn begin(&mut self, connection: Connection, payload: &[u8], now: Instant) {
        let trace = mem::take(&mut self.trace);
        *self = Us { trace, ..Us::new(connection) };
        self.unread.extend_from_slice(payload);
        self.drain(now);
        self.consume(now);
    }

    pub(crate) fn state(&self) -> State {
        self.connection.state()
    }

    /// The states that we have entered, in order, spelled as in the RFC. The child of a listener begins in LISTEN.
    #[track_caller]
    pub(crate) fn path(&self) -> String {
        let mut state = self.transitions.first().map_or(State::Closed, |(first, _)| first.from);
        let mut names = Vec::new();
        for (transition, _) in &self.transitions {
            assert_eq!(transition.from, state, "a transition is missing before {transition}");
            state = transition.to;
            names.push(state.name());
        }
        assert_eq!(state, self.state(), "a transition is missing at the end");
        names.join(" ")
    }

    /// When we last entered `state`.
    #[track_caller]
    pub(crate) fn entered(&self, state: State) -> Instant {
        let entry = self.transitions.iter().rfind(|(transition, _)| transition.to == state);
        entry.expect("we have been there").1
    }

    pub(crate) fn has_been_in(&self, state: State) -> bool {
        self.transitions.iter().any(|(transition, _)| transition.to == state)
    }

    /// Bytes that we have sent and that the kernel has not acknowledged.
    pub(crate) fn unacknowledged(&self) -> usize {
        self.queue.len()
    }

    /// The last lines of the exchange.
    pub(crate) fn trace(&self) -> impl Iterator<Item = &String> {
        self.trace.iter()
    }

    pub(crate) fn note(&mut self, now: Instant, line: fmt::Arguments<'_>) {
        if self.trace.len() == TRACE {
            self.trace.pop_front();
        }
        self.trace.push_back(format!("{:>12} {line}", now.to_string()));
    }
}

/// The events. After each of them, the connection is polled until `Wait`.
impl Us {
    pub(crate) fn open(&mut self, open: Open, now: Instant) {
        self.note(now, format_args!("OPEN {open:?}"));
        self.connection.open(open, now).expect("OPEN");
        self.drain(now);
    }

    pub(crate) fn send(&mut self, bytes: &[u8], now: Instant) {
        self.note(now, format_args!("SEND {}", bytes.len()));
        self.queue.extend_from_slice(bytes);
        self.connection.send(bytes.len(), now).expect("SEND");
        self.drain(now);
    }

    pub(crate) fn send_urgent(&mut self, bytes: &[u8], now: Instant) {
        self.note(now, format_args!("SEND {} URGENT", bytes.len()));
        self.queue.extend_from_slice(bytes);
        self.connection.send_urgent(bytes.len(), now).expect("SEND");
        self.drain(now);
    }

    pub(crate) fn close(&mut self, now: Instant) {
        self.note(now, format_args!("CLOSE"));
        self.connection.close(now).expect("CLOSE");
        self.drain(now);
    }

    pub(crate) fn abort(&mut self, now: Instant) {
        self.note(now, format_args!("ABORT"));
        self.connection.abort().expect("ABORT");
        self.drain(now);
    }

    /// Handles a segment that has reached our host.
    pub(crate) fn arrives(&mut self, segment: &Segment, payload: &[u8], now: Instant) {
        self.take(segment, payload, now);
        self.consume(now);
        self.drain(now);
    }

    /// Handles a segment that has reached our host in a packet with a mark of congestion.
    pub(crate) fn arrives_marked(&mut self, segment: &Segment, payload: &[u8], now: Instant) {
        if self.take(segment, payload, now) {
            self.note(now, format_args!("    congestion experienced"));
            self.connection.congestion_experienced();
        }
        self.consume(now);
        self.drain(now);
    }

    /// Returns whether the segment has had an effect.
    fn take(&mut self, segment: &Segment, payload: &[u8], now: Instant) -> bool {
        match self.connection.segment_arrives(segment, now) {
            Ok(range) => {
                self.unread.extend_from_slice(&payload[range]);
                true
            }
            Err(refusal) => {
                self.note(now, format_args!("    {refusal}"));
                self.refusals.push(refusal);
                false
            }
        }
    }

    /// Fires the timer, if it is due; returns whether it was.
    pub(crate) fn timeout(&mut self, now: Instant) -> bool {
        let due = self.connection.deadline().is_some_and(|deadline| deadline <= now);
        if due {
            self.connection.timeout(now);
            self.drain(now);
        }
        due
    }

    /// Our user consumes what has been delivered.
    pub(crate) fn consume(&mut self, now: Instant) {
        if self.stalled || self.unread.is_empty() {
            return;
        }
        if self.state() != State::Closed {
            self.connection.receive(self.unread.len()).expect("RECEIVE");
        }
        self.received.append(&mut self.unread);
        self.drain(now);
    }

    fn drain(&mut self, now: Instant) {
        loop {
            match self.connection.poll(now) {
                Output::Transition(transition) => {
                    self.note(now, format_args!("    {transition}"));
                    self.transitions.push((transition, now));
                }
                Output::Signal(Signal::Acknowledged(bytes)) => drop(self.queue.drain(..bytes)),
                Output::Signal(signal) => {
                    self.note(now, format_args!("    {signal:?}"));
                    if signal == Signal::RetransmissionTimeout {
                        self.timeouts += 1;
                    } else {
                        self.signals.push(signal);
                    }
                }
                Output::Transmit(transmit) => {
                    let mut payload = self.queue[transmit.payload].to_vec();
                    // An octet of keep-alive is not from the queue.
                    payload.resize(usize::from(transmit.segment.payload_len()), 0);
                    self.outgoing.push_back((transmit.segment, payload));
                }
                Output::Wait(_) => return,
            }
        }
    }
}
