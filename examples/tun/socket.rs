//! A connection with all that the crate leaves to its caller: the two queues, and the packets that come of it.

use std::collections::VecDeque;
use std::net::SocketAddrV4;

use tcp_lifecycle::{CallError, Connection, Instant, Open, Output, Signal, State};

use crate::wire::{Packet, emit};

pub(crate) struct Socket {
    pub(crate) local: SocketAddrV4,
    pub(crate) remote: SocketAddrV4,
    connection: Connection,
    /// What the user has sent and the peer has not acknowledged.
    send_queue: Vec<u8>,
    /// What has been delivered and the user has not consumed.
    receive_queue: Vec<u8>,
    /// Packets for the device.
    outbox: VecDeque<Vec<u8>>,
    deadline: Option<Instant>,
    has_closed: bool,
    peer_has_closed: bool,
    failure: Option<&'static str>,
    verbose: bool,
}

/// The events of a connection's life. After every one it is polled until `Wait`.
impl Socket {
    pub(crate) fn new(local: SocketAddrV4, remote: SocketAddrV4, connection: Connection, verbose: bool) -> Socket {
        Socket {
            local,
            remote,
            connection,
            send_queue: Vec::new(),
            receive_queue: Vec::new(),
            outbox: VecDeque::new(),
            deadline: None,
            has_closed: false,
            peer_has_closed: false,
            failure: None,
            verbose,
        }
    }

    pub(crate) fn open(&mut self, open: Open, now: Instant) -> Result<(), CallError> {
        self.connection.open(open, now)?;
        self.drain(now);
        Ok(())
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
        if self.connection.state() != State::Closed {
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

    pub(crate) fn segment_arrives(&mut self, packet: &Packet<'_>, now: Instant) {
        if self.verbose {
            eprintln!("{} {} <-- {}", self.remote, self.connection.state(), packet.segment);
        }
        match self.connection.segment_arrives(&packet.segment, now) {
            Ok(range) => self.receive_queue.extend_from_slice(&packet.payload[range]),
            Err(refusal) if self.verbose => eprintln!("{} {refusal} ({})", self.remote, refusal.citation()),
            Err(_) => {}
        }
        self.drain(now);
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
                    if self.verbose {
                        eprintln!("{} {} --> {}", self.remote, self.connection.state(), transmit.segment);
                    }
                    let payload = &self.send_queue[transmit.payload];
                    self.outbox.push_back(emit(self.local, self.remote, &transmit.segment, payload));
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

    pub(crate) fn next_packet(&mut self) -> Option<Vec<u8>> {
        self.outbox.pop_front()
    }

    /// Nothing will come of it any more: it has been polled until `Wait`, and is where it began.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.state(), State::Closed | State::Listen)
    }
}
