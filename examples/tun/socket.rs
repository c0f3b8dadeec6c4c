//! A connection with the parts that the crate leaves to its caller: the send queue, the receive queue, and reassembly.
//! It does no I/O, as the crate does none.

use std::net::SocketAddr;

use tcp_lifecycle::{CallError, Config, Connection, Instant, Output, Refusal, Segment, Signal, State, TimeWait};

use crate::reassembly::Reassembly;

/// How many full segments may be in flight: the initial window of RFC 6928, which never changes here. A host in a
/// network that others use too needs congestion control, as in `examples/congestion`: RFC 9293 asks for it (section
/// 3.8.2, MUST-19).
const IN_FLIGHT: u32 = 10;

pub(crate) struct Socket {
    remote: SocketAddr,
    connection: Connection,
    /// The bytes that the user has sent and the peer has not acknowledged.
    send_queue: Vec<u8>,
    /// The bytes that have been delivered and the user has not consumed.
    receive_queue: Vec<u8>,
    reassembly: Reassembly,
    /// Segments with their payload, for the network.
    outbox: Vec<(Segment, Vec<u8>)>,
    deadline: Option<Instant>,
    has_closed: bool,
    peer_has_closed: bool,
    failure: Option<&'static str>,
}

/// The events of a connection's life. After every event the connection is polled until `Wait`. A host that takes in
/// many segments at once may poll after the last of them only: then one ACK answers all that arrived in order.
impl Socket {
    /// Creates a socket around a connection that has been opened.
    pub(crate) fn new(remote: SocketAddr, mut connection: Connection, config: &Config, now: Instant) -> Socket {
        connection.limit(IN_FLIGHT * u32::from(config.mss));
        let mut socket = Socket {
            remote,
            connection,
            send_queue: Vec::new(),
            receive_queue: Vec::new(),
            // The payload itself lies within the window; the other half is for overlaps, and for small segments.
            reassembly: Reassembly::new(2 * config.receive_buffer as usize),
            outbox: Vec::new(),
            deadline: None,
            has_closed: false,
            peer_has_closed: false,
            failure: None,
        };
        socket.drain(now);
        socket
    }

    /// Adds payload that arrived with the segment that established the connection.
    pub(crate) fn with_received(mut self, payload: &[u8]) -> Socket {
        self.receive_queue.extend_from_slice(payload);
        self
    }

    pub(crate) fn send(&mut self, bytes: &[u8], now: Instant) -> Result<(), CallError> {
        self.connection.send(bytes.len(), now)?;
        self.send_queue.extend_from_slice(bytes);
        self.drain(now);
        Ok(())
    }

    /// Returns all bytes that have been received, and consumes them.
    pub(crate) fn receive(&mut self, now: Instant) -> Result<Vec<u8>, CallError> {
        // In CLOSED there is no peer that a wider window has to be announced to.
        if !self.receive_queue.is_empty() && self.state() != State::Closed {
            self.connection.receive(self.receive_queue.len())?;
            self.drain(now);
        }
        Ok(std::mem::take(&mut self.receive_queue))
    }

    pub(crate) fn close(&mut self, now: Instant) -> Result<(), CallError> {
        self.connection.close(now)?;
        self.has_closed = true;
        self.drain(now);
        Ok(())
    }

    pub(crate) fn abort(&mut self, now: Instant) -> Result<(), CallError> {
        self.connection.abort()?;
        self.drain(now);
        Ok(())
    }

    /// Hands in a segment. An error says why the segment had no effect.
    pub(crate) fn segment_arrives(&mut self, segment: &Segment, payload: &[u8], now: Instant) -> Result<(), Refusal> {
        let arrival = self.connection.segment_arrives(segment, now).map(|range| {
            self.receive_queue.extend_from_slice(&payload[range]);
            self.reassemble(segment, payload, now);
        });
        self.drain(now);
        arrival
    }

    /// Keeps a segment that is ahead of RCV.NXT. Any other may have filled the gap: kept payload that is now in order
    /// is handed in.
    fn reassemble(&mut self, arrived: &Segment, payload: &[u8], now: Instant) {
        let Some(rcv_nxt) = self.connection.status().rcv_nxt else { return };
        if rcv_nxt.lt(arrived.seq()) {
            self.reassembly.keep(arrived, payload);
        }
        while let Some(rcv_nxt) = self.connection.status().rcv_nxt
            && let Some((segment, payload)) = self.reassembly.next(rcv_nxt, arrived)
        {
            if let Ok(range) = self.connection.segment_arrives(&segment, now) {
                self.receive_queue.extend_from_slice(&payload[range]);
            }
        }
    }

    /// Handles the timeouts. Before the deadline this does nothing.
    pub(crate) fn timeout(&mut self, now: Instant) {
        if self.deadline.is_some_and(|deadline| deadline <= now) {
            self.connection.timeout(now);
            self.drain(now);
        }
    }

    /// Polls until `Wait`, as the crate's one rule demands.
    fn drain(&mut self, now: Instant) {
        loop {
            match self.connection.poll(now) {
                Output::Transition(transition) => eprintln!("{} {transition}", self.remote),
                Output::Signal(signal) => self.signal(signal),
                Output::Transmit(transmit) => {
                    let payload = self.send_queue[transmit.payload].to_vec();
                    self.outbox.push((transmit.segment, payload));
                }
                Output::Wait(deadline) => {
                    self.deadline = deadline;
                    return;
                }
            }
        }
    }

    fn signal(&mut self, signal: Signal) {
        match signal {
            Signal::Acknowledged(bytes) => drop(self.send_queue.drain(..bytes)),
            Signal::Closing => self.peer_has_closed = true,
            Signal::Refused => self.failure = Some("connection refused"),
            Signal::Reset => self.failure = Some("connection reset"),
            Signal::TimedOut => self.failure = Some("connection timed out"),
            // R1 is reached, or the signal is unknown to this example.
            Signal::Retransmitting | _ => eprintln!("{} {signal:?}", self.remote),
        }
    }
}

/// Queries of the user and of the host.
impl Socket {
    pub(crate) fn state(&self) -> State {
        self.connection.state()
    }

    /// Whether a half-open connection would reset this ACK because it acknowledges a SYN,ACK other than ours.
    pub(crate) fn acknowledges_another(&self, segment: &Segment) -> bool {
        self.state() == State::SynReceived
            && segment.ack().is_some_and(|ack| Some(ack) != self.connection.status().snd_nxt)
    }

    /// Whether the user may still call SEND.
    pub(crate) fn may_send(&self) -> bool {
        matches!(self.state(), State::Established | State::CloseWait) && !self.has_closed
    }

    pub(crate) fn unacknowledged(&self) -> usize {
        self.send_queue.len()
    }

    pub(crate) fn received(&self) -> &[u8] {
        &self.receive_queue
    }

    pub(crate) fn peer_has_closed(&self) -> bool {
        self.peer_has_closed
    }

    /// Why the connection ended, if it did not end gracefully.
    pub(crate) fn failure(&self) -> Option<&'static str> {
        self.failure
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    pub(crate) fn outgoing(&mut self) -> impl Iterator<Item = (Segment, Vec<u8>)> + '_ {
        self.outbox.drain(..)
    }

    /// Whether the connection has ended: it has been polled until `Wait`, and is in its initial state again.
    pub(crate) fn is_over(&self) -> bool {
        self.state() == State::Closed
    }

    /// The connection as a `TimeWait`, once the user has received everything and only the 2 MSL remain.
    pub(crate) fn time_wait(&self) -> Option<TimeWait> {
        self.receive_queue.is_empty().then(|| self.connection.time_wait())?
    }
}
