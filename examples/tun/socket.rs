//! A connection with what the crate leaves to its caller: the send queue, the receive queue, and what has come ahead of
//! its turn. Without I/O, as the crate is.

use std::net::SocketAddrV4;

use tcp_lifecycle::{CallError, Config, Connection, Instant, Output, Refusal, Segment, Signal, State, TimeWait};

use crate::reassembly::Reassembly;

/// How many full segments may be in flight: the first congestion window of RFC 6928, which stays here as it is. A host in
/// a network that others use too has congestion control for it, as in `examples/congestion`: RFC 9293 asks for it (section
/// 3.8.2, MUST-19).
const IN_FLIGHT: u32 = 10;

pub(crate) struct Socket {
    remote: SocketAddrV4,
    connection: Connection,
    /// What the user has sent and the peer has not acknowledged.
    send_queue: Vec<u8>,
    /// What has been delivered and the user has not consumed.
    receive_queue: Vec<u8>,
    reassembly: Reassembly,
    /// Segments with their payload, for the network.
    outbox: Vec<(Segment, Vec<u8>)>,
    deadline: Option<Instant>,
    has_closed: bool,
    peer_has_closed: bool,
    failure: Option<&'static str>,
}

/// The events of a connection's life. After every one it is polled until `Wait`. A host that takes in many segments at
/// once may poll after the last of them: then one ACK answers all that came in order.
impl Socket {
    /// With a connection that has been opened.
    pub(crate) fn new(remote: SocketAddrV4, mut connection: Connection, config: &Config, now: Instant) -> Socket {
        connection.limit(IN_FLIGHT * u32::from(config.mss));
        let mut socket = Socket {
            remote,
            connection,
            send_queue: Vec::new(),
            receive_queue: Vec::new(),
            // What is ahead lies in the window; the other half is for overlaps, and for small segments.
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

    /// With payload that came with the segment which established the connection.
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

    /// Takes all that has been received.
    pub(crate) fn receive(&mut self, now: Instant) -> Result<Vec<u8>, CallError> {
        // In CLOSED nobody has to be told that the window opens.
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

    /// An error says why the segment had no effect.
    pub(crate) fn segment_arrives(&mut self, segment: &Segment, payload: &[u8], now: Instant) -> Result<(), Refusal> {
        let arrival = self.connection.segment_arrives(segment, now).map(|range| {
            self.receive_queue.extend_from_slice(&payload[range]);
            self.reassemble(segment, payload, now);
        });
        self.drain(now);
        arrival
    }

    /// A segment that is ahead of RCV.NXT is kept; one that is not may have filled the gap before what was.
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

    /// Before the deadline this does nothing.
    pub(crate) fn timeout(&mut self, now: Instant) {
        if self.deadline.is_some_and(|deadline| deadline <= now) {
            self.connection.timeout(now);
            self.drain(now);
        }
    }

    /// The rule of the contract.
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
            // R1 is reached, or it is nothing that this example knows of.
            Signal::Retransmitting | _ => eprintln!("{} {signal:?}", self.remote),
        }
    }
}

/// What its user and its host look at.
impl Socket {
    pub(crate) fn state(&self) -> State {
        self.connection.state()
    }

    /// Whether a half-open connection would reset this ACK: it acknowledges another SYN,ACK than ours.
    pub(crate) fn acknowledges_another(&self, segment: &Segment) -> bool {
        self.state() == State::SynReceived
            && segment.ack().is_some_and(|ack| Some(ack) != self.connection.status().snd_nxt)
    }

    /// The user may still call SEND.
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

    /// How the connection ended, if that was not gracefully.
    pub(crate) fn failure(&self) -> Option<&'static str> {
        self.failure
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    pub(crate) fn outgoing(&mut self) -> impl Iterator<Item = (Segment, Vec<u8>)> + '_ {
        self.outbox.drain(..)
    }

    /// Nothing will come of it any more: it has been polled until `Wait`, and is where it began.
    pub(crate) fn is_over(&self) -> bool {
        self.state() == State::Closed
    }

    /// All that has to be kept, once its user has got everything and only the 2 MSL remain.
    pub(crate) fn time_wait(&self) -> Option<TimeWait> {
        self.receive_queue.is_empty().then(|| self.connection.time_wait())?
    }
}
