//! The sending end of a connection with its controller. The test acts as the receiver.

use std::ops::Range;
use std::time::Duration;

use tcp_lifecycle::{Config, Connection, Control, Instant, Open, Options, Output, Segment, SeqNumber};

use crate::reno::Reno;

/// Payload bytes of a full segment.
pub(crate) const SMSS: u32 = 1_000;
/// The retransmission timeout with round-trip times of a few milliseconds.
pub(crate) const RTO: Duration = Duration::from_secs(1);
const ISS: SeqNumber = SeqNumber(100);
/// The first byte of payload.
const FIRST: SeqNumber = SeqNumber(101);
const RCV_NXT: SeqNumber = SeqNumber(300);
const WINDOW: u16 = u16::MAX;

/// A range of the bytes that the user has sent.
pub(crate) type Bytes = (u32, u32);

/// A sender in ESTABLISHED, with far more to send than it may.
pub(crate) struct Sender {
    pub(crate) connection: Connection,
    pub(crate) reno: Reno,
    pub(crate) now: Instant,
}

impl Sender {
    /// Opens to a peer that accepts segments of `mss` bytes. The SYN is sent `syns` times.
    #[track_caller]
    pub(crate) fn open(mss: u16, syns: u32) -> Sender {
        let connection = Connection::new(&Config::DEFAULT, ISS.0);
        Sender { connection, reno: Reno::new(), now: Instant::ZERO }.handshake(mss, syns)
    }

    /// Opens from CLOSED.
    #[track_caller]
    pub(crate) fn handshake(mut self, mss: u16, syns: u32) -> Sender {
        self.connection.set_isn_offset(ISS.0.wrapping_sub((self.now.as_micros() / 4) as u32));
        self.connection.open(Open::Active, self.now).unwrap();
        self.drain();
        for _ in 1..syns {
            self.time_out();
        }
        // The handshake takes a millisecond, so the timeout is at its minimum.
        self.now = self.now + Duration::from_millis(1);
        let syn_ack = Segment::new(RCV_NXT + u32::MAX, FIRST, Control::SYN | Control::ACK).with_window(WINDOW);
        self.arrives(&syn_ack.with_options(Options::default().with_mss(mss)));
        self
    }

    /// A sender of segments of [`SMSS`] bytes, with the initial window in flight.
    #[track_caller]
    pub(crate) fn sending() -> Sender {
        let mut sender = Sender::open(SMSS as u16, 1);
        assert_eq!(sender.send(1_000_000), segments(0..4));
        sender
    }

    /// A sender with this many segments in flight, reached by slow start, and everything before them acknowledged.
    #[track_caller]
    pub(crate) fn with_in_flight(segments: u32) -> Sender {
        let mut sender = Sender::sending();
        // Each acknowledgment of a segment removes one from the network and releases two.
        for acknowledged in 1..=segments - 4 {
            sender.acknowledge(acknowledged);
        }
        assert_eq!(sender.in_flight(), segments);
        sender
    }

    #[track_caller]
    pub(crate) fn send(&mut self, bytes: usize) -> Vec<Bytes> {
        self.connection.send(bytes, self.now).unwrap();
        self.drain()
    }

    /// Acknowledges this many segments; returns the payload that is released.
    #[track_caller]
    pub(crate) fn acknowledge(&mut self, segments: u32) -> Vec<Bytes> {
        self.acknowledge_bytes(segments * SMSS)
    }

    #[track_caller]
    pub(crate) fn acknowledge_bytes(&mut self, bytes: u32) -> Vec<Bytes> {
        self.arrives(&Segment::new(RCV_NXT, FIRST + bytes, Control::ACK).with_window(WINDOW))
    }

    /// Acknowledges each segment that is in flight now; returns everything that is sent in this round trip.
    #[track_caller]
    pub(crate) fn round_trip(&mut self) -> Vec<Bytes> {
        let before = self.acknowledged();
        let in_flight = self.in_flight();
        (1..=in_flight).flat_map(|more| self.acknowledge(before + more)).collect()
    }

    /// Repeats the last acknowledgment this many times.
    #[track_caller]
    pub(crate) fn duplicates(&mut self, count: u32) -> Vec<Bytes> {
        let acknowledged = self.acknowledged();
        (0..count).flat_map(|_| self.acknowledge(acknowledged)).collect()
    }

    /// Lets the deadline pass.
    #[track_caller]
    pub(crate) fn time_out(&mut self) -> Vec<Bytes> {
        self.now = self.connection.deadline().expect("no timer runs");
        self.connection.timeout(self.now);
        self.drain()
    }

    #[track_caller]
    pub(crate) fn arrives(&mut self, segment: &Segment) -> Vec<Bytes> {
        self.connection.segment_arrives(segment, self.now).unwrap();
        self.drain()
    }

    /// The payload that is sent.
    #[track_caller]
    pub(crate) fn drain(&mut self) -> Vec<Bytes> {
        self.reno.after_event(&mut self.connection, self.now);
        let mut sent = Vec::new();
        loop {
            match self.connection.poll(self.now) {
                Output::Transmit(transmit) if transmit.segment.payload_len() > 0 => {
                    let start = transmit.segment.seq() - FIRST;
                    sent.push((start, start + u32::from(transmit.segment.payload_len())));
                }
                Output::Transmit(_) | Output::Transition(_) | Output::Signal(_) => {}
                Output::Wait(_) => return sent,
            }
        }
    }

    /// The number of segments in flight.
    pub(crate) fn in_flight(&self) -> u32 {
        self.connection.status().in_flight / SMSS
    }

    /// The number of segments acknowledged.
    #[track_caller]
    pub(crate) fn acknowledged(&self) -> u32 {
        (self.connection.status().snd_una.unwrap() - FIRST) / SMSS
    }
}

/// Full segments, by their numbers.
pub(crate) fn segments(numbers: Range<u32>) -> Vec<Bytes> {
    numbers.map(|number| (number * SMSS, (number + 1) * SMSS)).collect()
}
