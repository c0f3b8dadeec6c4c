//! Two kinds of ends. The receiver is a stream; the sender is a stream, or a bare connection.

use tcp_lifecycle::stream::{self, Event, Stream, StreamConfig};
use tcp_lifecycle::{Config, Connection, Ecn, Instant, Open, Output, SackBlocks, Segment, State};

/// A segment with its SACK blocks and payload.
pub(crate) type Packet = (Segment, SackBlocks, Vec<u8>);

pub(crate) trait End {
    fn segment_arrives(&mut self, packet: &Packet, now: Instant);
    fn timeout(&mut self, now: Instant);
    fn deadline(&self) -> Option<Instant>;
    /// Lets the user act, and returns what is to be sent.
    fn drain(&mut self, now: Instant) -> Vec<Packet>;
}

/// A stream, and a user that writes some bytes, shuts down, and reads everything at once.
pub(crate) struct Streamed {
    stream: Stream,
    to_write: usize,
    pub(crate) read: usize,
}

impl Streamed {
    pub(crate) fn open(config: &StreamConfig, open: Open, to_write: usize) -> Streamed {
        let mut stream = Stream::new(config, 100);
        stream.open(open, Instant::ZERO).expect("it is in CLOSED");
        Streamed { stream, to_write, read: 0 }
    }
}

impl End for Streamed {
    fn segment_arrives(&mut self, (segment, sack, payload): &Packet, now: Instant) {
        let _ = self.stream.segment_arrives(segment, sack, Ecn::NotEct, payload, now);
    }

    fn timeout(&mut self, now: Instant) {
        self.stream.timeout(now);
    }

    fn deadline(&self) -> Option<Instant> {
        self.stream.deadline()
    }

    fn drain(&mut self, now: Instant) -> Vec<Packet> {
        let mut packets = Vec::new();
        loop {
            match self.stream.poll(now) {
                stream::Output::Event(Event::Connected | Event::Writable) if self.to_write > 0 => {
                    self.to_write -= self.stream.write(&vec![0; self.to_write], now).expect("it is open");
                    if self.to_write == 0 {
                        self.stream.shutdown(now);
                    }
                }
                stream::Output::Event(Event::Readable) => {
                    let (front, back) = self.stream.readable();
                    let bytes = front.len() + back.len();
                    self.stream.consume(bytes);
                    self.read += bytes;
                }
                stream::Output::Event(_) => {}
                stream::Output::Transmit(transmit) => {
                    packets.push((transmit.segment, transmit.sack, transmit.payload.concat()));
                }
                stream::Output::Wait(_) => return packets,
            }
        }
    }
}

/// A bare connection that sends, with a constant limit on the bytes in flight. A lost segment waits for the
/// retransmission timeout.
pub(crate) struct Bare {
    connection: Connection,
    to_write: usize,
}

impl Bare {
    pub(crate) fn open(config: &Config, to_write: usize, limit: u32) -> Bare {
        let mut connection = Connection::new(config, 100);
        connection.limit(limit);
        connection.open(Open::Active, Instant::ZERO).expect("it is in CLOSED");
        Bare { connection, to_write }
    }
}

impl End for Bare {
    fn segment_arrives(&mut self, (segment, ..): &Packet, now: Instant) {
        let _ = self.connection.segment_arrives(segment, now);
    }

    fn timeout(&mut self, now: Instant) {
        self.connection.timeout(now);
    }

    fn deadline(&self) -> Option<Instant> {
        self.connection.deadline()
    }

    fn drain(&mut self, now: Instant) -> Vec<Packet> {
        let mut packets = Vec::new();
        loop {
            match self.connection.poll(now) {
                Output::Transition(transition) if transition.to == State::Established => {
                    self.connection.send(self.to_write, now).expect("it is open");
                    self.connection.close(now).expect("it is open");
                }
                // All bytes are zero, so no queue is needed.
                Output::Transmit(transmit) => {
                    packets.push((transmit.segment, SackBlocks::NONE, vec![0; transmit.payload.len()]));
                }
                Output::Signal(_) | Output::Transition(_) => {}
                Output::Wait(_) => return packets,
            }
        }
    }
}
