//! One end of a pair: a connection, and the bytes of its user.

use core::ops::Range;
use std::vec;
use std::vec::Vec;

use super::Side;
use super::cookies::Cookies;
use super::network::Flight;
use super::reassembly::Reassembly;
use super::violation::Violation;
use crate::{Config, Connection, Control, Instant, Refusal, Segment, Signal, State};

#[derive(Clone, Debug)]
pub(super) struct End {
    pub(super) connection: Connection,
    pub(super) isn_offset: u32,
    pub(super) signals: Vec<Signal>,
    /// The events that the user of `Pair::drive_with` knows.
    pub(super) told: Told,
    /// The bytes that the user has sent, one entry for each life of the connection. The last entry is the current life.
    lives: Vec<Vec<u8>>,
    /// The number of acknowledged bytes in this life. The send queue begins behind them.
    acknowledged: usize,
    /// All bytes that were delivered in this life.
    pub(super) received: Vec<u8>,
    /// The number of bytes in `received` that the user has consumed.
    consumed: usize,
    /// The user consumes bytes as soon as they are delivered.
    pub(super) reads: bool,
    /// The initial sequence number of every life, whatever the clock says; `None` where the connection chooses it.
    pub(super) iss: Option<u32>,
    /// Segments ahead of a gap.
    pub(super) reassembly: Reassembly,
    /// A script plays this end. Its connection gets no segments.
    pub(super) is_played: bool,
    /// Answers SYNs in LISTEN with cookies.
    pub(super) cookies: Option<Cookies>,
    /// The outputs are kept back.
    pub(super) corked: bool,
    /// Segments that answer the last segment, beside the outputs of the connection.
    pub(super) answers: Vec<Segment>,
    /// The life of the peer whose SYN has set IRS. Only bytes of this life may be delivered.
    peers_life: Option<usize>,
}

/// The events of one end that the user of `Pair::drive_with` knows.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Told {
    pub(super) connected: bool,
    /// Whether the end has left CLOSED, as far as the user knows.
    pub(super) open: bool,
    /// The number of bytes delivered in this life.
    pub(super) received: usize,
    /// The number of signals.
    pub(super) signals: usize,
}

impl End {
    pub(super) fn new(config: &Config, isn_offset: u32) -> End {
        End {
            connection: Connection::new(config, isn_offset),
            isn_offset,
            signals: Vec::new(),
            told: Told::default(),
            lives: vec![Vec::new()],
            acknowledged: 0,
            received: Vec::new(),
            consumed: 0,
            reads: true,
            iss: None,
            reassembly: Reassembly::default(),
            is_played: false,
            cookies: None,
            corked: false,
            answers: Vec::new(),
            peers_life: None,
        }
    }

    /// Begins a life, on entry to LISTEN or on leaving CLOSED: both queues are empty then.
    pub(super) fn begin_life(&mut self) {
        if !self.sent().is_empty() {
            self.lives.push(Vec::new());
        }
        self.acknowledged = 0;
        self.received.clear();
        self.reassembly.clear();
        self.consumed = 0;
        self.peers_life = None;
        (self.told.connected, self.told.received) = (false, 0);
    }

    pub(super) fn life(&self) -> usize {
        self.lives.len().saturating_sub(1)
    }

    pub(super) fn sent(&self) -> &[u8] {
        self.sent_in(self.life())
    }

    pub(super) fn sent_in(&self, life: usize) -> &[u8] {
        self.lives.get(life).map_or(&[], Vec::as_slice)
    }

    pub(super) fn send_queue(&self) -> &[u8] {
        self.sent().get(self.acknowledged..).unwrap_or_default()
    }

    pub(super) fn append(&mut self, bytes: &[u8]) {
        if let Some(sent) = self.lives.last_mut() {
            sent.extend_from_slice(bytes);
        }
    }

    /// Returns the bytes that go into a segment, if the send queue has them. The octet of a keep-alive probe does not
    /// come from the send queue.
    pub(super) fn payload(&self, segment: &Segment, range: Range<usize>) -> Option<Vec<u8>> {
        if range.is_empty() && segment.payload_len() == 1 {
            return Some(vec![0]);
        }
        let bytes = self.send_queue().get(range)?;
        (bytes.len() == usize::from(segment.payload_len())).then(|| bytes.to_vec())
    }

    /// Takes a signal. Returns false if more bytes are acknowledged than were sent.
    pub(super) fn signal(&mut self, signal: Signal) -> bool {
        if let Signal::Acknowledged(bytes) = signal {
            self.acknowledged = self.acknowledged.saturating_add(bytes);
            return self.acknowledged <= self.sent().len();
        }
        self.signals.push(signal);
        true
    }

    /// Makes the connection choose `iss` as its next initial sequence number. Call it before every event in which the
    /// connection may choose that number.
    pub(super) fn choose_iss(&mut self, now: Instant) {
        if let Some(iss) = self.iss {
            self.connection.set_isn_offset(iss.wrapping_sub((now.as_micros() / 4) as u32));
        }
    }

    /// Hands a segment to the connection. A SYN that sets IRS also sets `peers_life`.
    pub(super) fn segment_arrives(&mut self, flight: &Flight, now: Instant) -> Result<Range<usize>, Refusal> {
        if self.connection.state() == State::Listen
            && let Some(cookies) = &self.cookies
        {
            let answer = cookies.segment_arrives(&flight.segment, now);
            self.answers.extend(answer.segment);
            self.connection = answer.connection.unwrap_or_else(|| self.connection.clone());
            return answer.outcome;
        }
        let irs = |end: &End| end.connection.status().irs;
        if !flight.segment.control().contains(Control::SYN) {
            return self.connection.segment_arrives(&flight.segment, now);
        }
        self.choose_iss(now);
        let before = irs(self);
        let outcome = self.connection.segment_arrives(&flight.segment, now);
        if irs(self).is_some_and(|irs| before != Some(irs)) {
            self.peers_life = Some(flight.life);
        }
        outcome
    }

    /// Appends the delivered bytes of a segment to the receive queue. `sent` has all bytes that the peer sent in that
    /// life, or is `None` where a script plays the peer.
    pub(super) fn deliver(
        &mut self,
        side: Side,
        flight: &Flight,
        range: Range<usize>,
        sent: Option<&[u8]>,
    ) -> Result<(), Violation> {
        if range.is_empty() {
            return Ok(());
        }
        let Some(bytes) = flight.payload.get(range) else {
            return Err(Violation::Payload(side, flight.segment));
        };
        // A connection whose SYN did not come this way, such as a child of a listener, belongs to the first life it
        // hears.
        if *self.peers_life.get_or_insert(flight.life) != flight.life {
            return Err(Violation::TwoLives(side));
        }
        let is_sent = |sent: &[u8]| sent.get(self.received.len()..).is_some_and(|rest| rest.starts_with(bytes));
        if !sent.is_none_or(is_sent) {
            return Err(Violation::Bytes(side));
        }
        self.received.extend_from_slice(bytes);
        if self.reads {
            self.read(usize::MAX);
        }
        Ok(())
    }

    /// Consumes up to `most` bytes for the user, and reports them by RECEIVE.
    pub(super) fn read(&mut self, most: usize) -> Vec<u8> {
        let unread = self.received.get(self.consumed..).unwrap_or_default();
        let bytes = unread.get(..most.min(unread.len())).unwrap_or_default().to_vec();
        // RECEIVE fails after the end of the connection, which does no harm here.
        let _ = self.connection.receive(bytes.len());
        self.consumed = self.consumed.saturating_add(bytes.len());
        bytes
    }
}
