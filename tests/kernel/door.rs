//! The answers at our port while there is no connection: those of a listener, or of the last incarnation in TIME-WAIT.

use std::hash::RandomState;
use std::net::SocketAddr;
use std::ops::Range;

use tcp_lifecycle::isn::IsnHash;
use tcp_lifecycle::listener::{Arrival, Listener};
use tcp_lifecycle::{Config, Connection, Instant, Open, Output, Refusal, Segment, State, TimeWait};

use crate::harness::{ISN_OFFSET, OURS, THEIRS};

/// The last incarnation, in TIME-WAIT.
#[derive(Debug)]
pub(crate) enum LastLife {
    Whole(Connection),
    Compact(TimeWait),
}

/// Answers segments to our port that are for no connection.
#[derive(Debug)]
pub(crate) struct Door {
    config: Config,
    listener: Option<Listener<RandomState>>,
    has_room: bool,
    pub(crate) last_life: Option<LastLife>,
    /// The refusals of the listener.
    pub(crate) refusals: Vec<Refusal>,
}

/// The answer to a segment.
#[derive(Debug)]
pub(crate) enum Answer {
    Segments(Vec<Segment>),
    /// A connection, and the part of the payload that is to be delivered.
    Life(Box<Connection>, Range<usize>),
}

impl Door {
    pub(crate) fn new(config: Config) -> Door {
        Door { config, listener: None, has_room: true, last_life: None, refusals: Vec::new() }
    }

    /// Starts a listener. Without room it answers a SYN with a cookie.
    pub(crate) fn listen(&mut self, has_room: bool) {
        self.listener = Some(Listener::new(&self.config, IsnHash::new(RandomState::new())));
        self.has_room = has_room;
    }

    /// Whether there is a listener or a TIME-WAIT.
    pub(crate) fn is_open(&self) -> bool {
        self.listener.is_some() || self.last_life.is_some()
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        match self.last_life.as_ref()? {
            LastLife::Whole(connection) => connection.deadline(),
            LastLife::Compact(time_wait) => time_wait.deadline(&self.config),
        }
    }

    pub(crate) fn arrives(&mut self, segment: &Segment, local: SocketAddr, remote: SocketAddr, now: Instant) -> Answer {
        if (local, remote) == (OURS, THEIRS) && self.last_life.is_some() {
            return match self.reopens(segment, now) {
                Some(isn_offset) => self.opens_anew(segment, isn_offset, now),
                None => Answer::Segments(self.time_waits(segment, now)),
            };
        }
        // A host without a connection (RFC 9293 section 3.10.7.1).
        let Some(listener) = self.listener.as_ref().filter(|_| local == OURS) else {
            return Answer::Segments(segment.reset().into_iter().collect());
        };
        match listener.segment_arrives(segment, OURS, remote, now) {
            Arrival::Syn(syn) if self.has_room => Answer::Life(Box::new(syn.accept()), 0..0),
            Arrival::Syn(syn) => Answer::Segments(vec![syn.cookie()]),
            Arrival::Completed { connection, payload } => Answer::Life(Box::new(connection), payload),
            Arrival::Refused { refusal, reset } => {
                self.refusals.push(refusal);
                Answer::Segments(reset.into_iter().collect())
            }
        }
    }

    fn reopens(&self, segment: &Segment, now: Instant) -> Option<u32> {
        match self.last_life.as_ref()? {
            LastLife::Whole(connection) => connection.reopens(segment, now),
            LastLife::Compact(time_wait) => time_wait.reopens(segment, ISN_OFFSET, now, &self.config),
        }
    }

    /// The SYN opens another connection, whose initial sequence number is beyond the last incarnation.
    fn opens_anew(&self, syn: &Segment, isn_offset: u32, now: Instant) -> Answer {
        let connection = match self.listener.as_ref().map(|door| door.segment_arrives(syn, OURS, THEIRS, now)) {
            Some(Arrival::Syn(syn)) => syn.accept_with(isn_offset),
            Some(other) => panic!("a SYN is no {other:?}"),
            None => {
                let mut connection = Connection::new(&self.config, isn_offset);
                connection.open(Open::Passive, now).expect("OPEN");
                connection.segment_arrives(syn, now).expect("a SYN in LISTEN");
                connection
            }
        };
        Answer::Life(Box::new(connection), 0..0)
    }

    /// Hands the segment to TIME-WAIT; returns its answers.
    fn time_waits(&mut self, segment: &Segment, now: Instant) -> Vec<Segment> {
        let outcome = match &mut self.last_life {
            Some(LastLife::Whole(connection)) => connection.segment_arrives(segment, now),
            Some(LastLife::Compact(time_wait)) => time_wait.segment_arrives(segment, now, &self.config),
            None => return Vec::new(),
        };
        self.refusals.extend(outcome.err());
        self.drain(now)
    }

    /// Ends TIME-WAIT after 2 MSL; returns whether it has ended.
    pub(crate) fn timeout(&mut self, now: Instant) -> bool {
        let due = self.deadline().is_some_and(|deadline| deadline <= now);
        match &mut self.last_life {
            Some(LastLife::Whole(connection)) => connection.timeout(now),
            Some(LastLife::Compact(time_wait)) => time_wait.timeout(now, &self.config),
            None => return false,
        }
        assert_eq!(self.drain(now), [], "a timeout in TIME-WAIT sends nothing");
        due
    }

    /// The segments that TIME-WAIT sends. Once it has ended, it is dropped.
    fn drain(&mut self, now: Instant) -> Vec<Segment> {
        let mut segments = Vec::new();
        while let Some(last_life) = &mut self.last_life {
            let output = match last_life {
                LastLife::Whole(connection) => connection.poll(now),
                LastLife::Compact(time_wait) => time_wait.poll(now, &self.config),
            };
            match output {
                Output::Transmit(transmit) => segments.push(transmit.segment),
                Output::Transition(transition) if transition.to == State::Closed => self.last_life = None,
                Output::Transition(_) | Output::Signal(_) => panic!("{output:?} in TIME-WAIT"),
                Output::Wait(_) => break,
            }
        }
        segments
    }
}
