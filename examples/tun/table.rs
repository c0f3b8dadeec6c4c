//! The table of connections, by their pairs of sockets: it finds the connection that a segment is for, and answers a
//! segment of no connection. It does no I/O, as the crate does none.
//!
//! The passive side is a [`Listener`]: it has room for a bounded number of half-open connections, and uses cookies
//! beyond. A connection in TIME-WAIT becomes a `TimeWait` in a table of its own, where a SYN can reopen it.
//!
//! A segment is for the first of these that takes it:
//!
//! 1. The listener, for the ACK of a cookie that a half-open connection would reset.
//! 2. TIME-WAIT, for segments of the previous incarnation while the new connection is half-open.
//! 3. The connection.
//! 4. TIME-WAIT, where there is no connection: a SYN starts a new incarnation, other segments get an answer.
//! 5. The listener, for everything else.

use std::collections::HashMap;
use std::hash::RandomState;
use std::net::SocketAddr;

use tcp_lifecycle::isn::IsnHash;
use tcp_lifecycle::listener::{Arrival, Listener};
use tcp_lifecycle::{CallError, Config, Connection, Instant, Open, Refusal, Segment, State};

use crate::socket::Socket;
use crate::time_waits::TimeWaits;

/// The most connections, and the most of them that may be in SYN-RECEIVED.
pub(crate) const MOST_CONNECTIONS: usize = 1_024;
pub(crate) const MOST_HALF_OPEN: usize = 128;

/// The two sockets, ours first.
pub(crate) type Pair = (SocketAddr, SocketAddr);

/// A segment to be sent.
pub(crate) struct Outgoing {
    pub(crate) pair: Pair,
    pub(crate) segment: Segment,
    pub(crate) payload: Vec<u8>,
}

pub(crate) struct Table {
    config: Config,
    isn: IsnHash<RandomState>,
    listener: Listener<RandomState>,
    listens_at: Option<u16>,
    sockets: HashMap<Pair, Socket>,
    time_waits: TimeWaits,
    outbox: Vec<Outgoing>,
}

/// The calls of the host and its users.
impl Table {
    /// Creates an empty table. All connections have these policies. The key of their initial sequence numbers is
    /// random.
    pub(crate) fn new(config: &Config) -> Table {
        let key = RandomState::new();
        Table {
            config: *config,
            isn: IsnHash::new(key.clone()),
            listener: Listener::new(config, IsnHash::new(key)),
            listens_at: None,
            sockets: HashMap::new(),
            time_waits: TimeWaits::new(config),
            outbox: Vec::new(),
        }
    }

    /// Accepts connections to this port from now on.
    pub(crate) fn listen(&mut self, port: u16) {
        self.listens_at = Some(port);
    }

    /// Opens a connection. A pair of sockets has at most one connection, including those in TIME-WAIT.
    pub(crate) fn connect(&mut self, pair: Pair, now: Instant) -> Result<(), CallError> {
        if self.sockets.contains_key(&pair) || self.time_waits.contains(&pair) {
            return Err(CallError::ConnectionAlreadyExists);
        }
        let mut connection = Connection::new(&self.config, self.isn_offset(pair));
        connection.set_timestamp_offset(self.isn.timestamp_offset(pair.0, pair.1));
        connection.open(Open::Active, now)?;
        self.insert(pair, Socket::new(pair.1, connection, &self.config, now));
        Ok(())
    }

    pub(crate) fn sockets(&mut self) -> impl Iterator<Item = &mut Socket> {
        self.sockets.values_mut()
    }

    /// Returns the segments to send. Connections that have ended are freed. A connection in TIME-WAIT that has nothing
    /// more for its user becomes a `TimeWait`.
    pub(crate) fn outgoing(&mut self) -> Vec<Outgoing> {
        let mut outgoing = std::mem::take(&mut self.outbox);
        self.sockets.retain(|&pair, socket| {
            outgoing.extend(outgoing_of(pair, socket));
            let time_wait = socket.time_wait();
            let stays = !socket.is_over() && time_wait.is_none();
            if let Some(time_wait) = time_wait {
                self.time_waits.insert(pair, time_wait);
            }
            stays
        });
        outgoing
    }

    pub(crate) fn timeout(&mut self, now: Instant) {
        for socket in self.sockets.values_mut() {
            socket.timeout(now);
        }
        self.time_waits.timeout(now);
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.sockets.values().filter_map(Socket::deadline).chain(self.time_waits.deadline()).min()
    }
}

/// The arrival of segments.
impl Table {
    /// Hands in a segment. An error says why the segment had no effect.
    pub(crate) fn segment_arrives(
        &mut self,
        pair: Pair,
        segment: &Segment,
        payload: &[u8],
        now: Instant,
    ) -> Result<(), Refusal> {
        if let Some(outcome) = self.arrives_by_cookie(pair, segment, payload, now) {
            return outcome;
        }
        // While the new connection is half-open, its SYN may prove to be an old duplicate. So segments of the previous
        // incarnation, above all its peer's FIN, still go to TIME-WAIT.
        if let Some(socket) = self.sockets.get_mut(&pair).filter(|socket| !socket.is_over())
            && !self.time_waits.expects(&pair, segment, now)
        {
            socket.segment_arrives(segment, payload, now)?;
            // Now the SYN is known to be no old duplicate. A new connection that ends earlier leaves TIME-WAIT as it
            // was.
            if !matches!(socket.state(), State::SynReceived | State::Closed) {
                self.time_waits.remove(&pair);
            }
            return Ok(());
        }
        let listens = self.listens_at == Some(pair.0.port());
        if self.time_waits.contains(&pair) {
            if listens && self.reopens(pair, segment, now) {
                Ok(())
            } else {
                self.arrives_in_time_wait(pair, segment, now)
            }
        } else if listens {
            self.arrives_in_listen(pair, segment, payload, now)
        } else {
            // RFC 9293 section 3.10.7.1: there is no connection.
            self.answer(pair, segment.reset());
            Ok(())
        }
    }

    fn arrives_in_time_wait(&mut self, pair: Pair, segment: &Segment, now: Instant) -> Result<(), Refusal> {
        let (outcome, answer) = self.time_waits.segment_arrives(pair, segment, now);
        self.answer(pair, answer);
        outcome
    }

    /// A SYN to TIME-WAIT may start a new incarnation, RFC 9293 section 3.6.1 (MAY-2) and RFC 6191. The TIME-WAIT of
    /// the previous incarnation is kept until the new connection is established.
    fn reopens(&mut self, pair: Pair, segment: &Segment, now: Instant) -> bool {
        let Some(isn_offset) = self.time_waits.reopens(&pair, segment, self.isn_offset(pair), now) else {
            return false;
        };
        // The SYN is to replace the previous incarnation. So it needs no place among the half-open connections, of
        // which a flood leaves none. It gets no cookie, since a cookie would not lie beyond the previous sequence
        // numbers.
        if self.sockets.len() < MOST_CONNECTIONS
            && let Arrival::Syn(syn) = self.listener.segment_arrives(segment, pair.0, pair.1, now)
        {
            let connection = syn.accept_with(isn_offset);
            self.insert(pair, Socket::new(pair.1, connection, &self.config, now));
        }
        true
    }

    /// Handles a SYN that was answered with a cookie, was retransmitted, and then found room. If the peer has received
    /// the cookie, the half-open connection would reset the peer's ACK, so the listener is asked first. The half-open
    /// connection has not been shown to any user, and is replaced by the connection that the listener completes.
    fn arrives_by_cookie(
        &mut self,
        pair: Pair,
        segment: &Segment,
        payload: &[u8],
        now: Instant,
    ) -> Option<Result<(), Refusal>> {
        let is_strange = self.sockets.get(&pair)?.acknowledges_another(segment);
        // A SYN to TIME-WAIT never got a cookie.
        if !is_strange || self.time_waits.contains(&pair) {
            return None;
        }
        match self.listener.segment_arrives(segment, pair.0, pair.1, now) {
            Arrival::Completed { connection, payload: range } => {
                self.insert(pair, Socket::new(pair.1, connection, &self.config, now).with_received(&payload[range]));
                Some(Ok(()))
            }
            // The ACK may still be the cookie's. The listener refuses it in silence, and so does the table.
            Arrival::Refused { refusal: Refusal::NoTimestamp, .. } => Some(Err(Refusal::NoTimestamp)),
            Arrival::Syn(_) | Arrival::Refused { .. } => None,
        }
    }

    fn arrives_in_listen(
        &mut self,
        pair: Pair,
        segment: &Segment,
        payload: &[u8],
        now: Instant,
    ) -> Result<(), Refusal> {
        match self.listener.segment_arrives(segment, pair.0, pair.1, now) {
            Arrival::Syn(syn) if self.has_room_for_half_open() => {
                let connection = syn.accept();
                self.insert(pair, Socket::new(pair.1, connection, &self.config, now));
            }
            Arrival::Syn(syn) => {
                let cookie = syn.cookie();
                self.answer(pair, Some(cookie));
            }
            Arrival::Completed { connection, payload: range } if self.sockets.len() < MOST_CONNECTIONS => {
                let socket = Socket::new(pair.1, connection, &self.config, now).with_received(&payload[range]);
                self.insert(pair, socket);
            }
            // The peer will retransmit what is not acknowledged.
            Arrival::Completed { .. } => {}
            Arrival::Refused { refusal, reset } => {
                self.answer(pair, reset);
                return Err(refusal);
            }
        }
        Ok(())
    }

    fn has_room_for_half_open(&self) -> bool {
        let half_open = self.sockets.values().filter(|socket| socket.state() == State::SynReceived).count();
        half_open < MOST_HALF_OPEN && self.sockets.len() < MOST_CONNECTIONS
    }

    fn insert(&mut self, pair: Pair, socket: Socket) {
        if let Some(mut over) = self.sockets.insert(pair, socket) {
            self.outbox.extend(outgoing_of(pair, &mut over));
        }
    }

    fn answer(&mut self, pair: Pair, answer: Option<Segment>) {
        self.outbox.extend(answer.map(|segment| Outgoing { pair, segment, payload: Vec::new() }));
    }

    fn isn_offset(&self, pair: Pair) -> u32 {
        self.isn.offset(pair.0, pair.1)
    }
}

fn outgoing_of(pair: Pair, socket: &mut Socket) -> impl Iterator<Item = Outgoing> + '_ {
    socket.outgoing().map(move |(segment, payload)| Outgoing { pair, segment, payload })
}
