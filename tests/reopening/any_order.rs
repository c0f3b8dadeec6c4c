//! Payload is delivered exactly once and in order, whatever the order in which it arrives, and however often.

use proptest::collection::vec;
use proptest::prelude::*;
use tcp_lifecycle::{Config, Connection, Control, Instant, Open, Options, Segment, SeqNumber};

use crate::cases::cases;
use crate::host::PAIR;
use crate::socket::Socket;

/// The length of the peer's stream, which is chosen so that a window takes all of it.
const LENGTH: usize = 3_000;

/// A part of the stream in a segment, with the FIN if it is the end.
#[derive(Clone, Debug)]
struct Piece {
    start: usize,
    len: usize,
}

fn pieces() -> impl Strategy<Value = Vec<Piece>> {
    let piece = (0..LENGTH, 1..700_usize).prop_map(|(start, len)| Piece { start, len: len.min(LENGTH - start) });
    vec(piece, 0..60)
}

fn stream() -> Vec<u8> {
    (0..LENGTH).map(|index| (index * 7 % 253) as u8).collect()
}

struct Receiver {
    socket: Socket,
    irs: SeqNumber,
    stamped: bool,
    /// A new TSval for each segment, in the order of arrival.
    tsval: u32,
    stream: Vec<u8>,
    received: Vec<u8>,
}

impl Receiver {
    fn new(config: &Config, irs: u32) -> Receiver {
        let mut connection = Connection::new(config, 100);
        connection.open(Open::Active, Instant::ZERO).unwrap();
        let socket = Socket::new(PAIR.1, connection, config, Instant::ZERO);
        let stamped = config.timestamps;
        let irs = SeqNumber(irs);
        let mut receiver = Receiver { socket, irs, stamped, tsval: 0, stream: stream(), received: Vec::new() };
        let syn_ack = Segment::new(irs, SeqNumber(101), Control::SYN | Control::ACK);
        let syn_ack = syn_ack.with_options(receiver.stamp());
        receiver.socket.segment_arrives(&syn_ack, &[], Instant::ZERO).unwrap();
        receiver
    }

    fn stamp(&mut self) -> Options {
        self.tsval += 1;
        if self.stamped { Options::NONE.with_timestamps(self.tsval, 0) } else { Options::NONE }
    }

    fn arrives(&mut self, piece: &Piece) {
        let end = piece.start + piece.len;
        let control = if end == LENGTH { Control::FIN | Control::ACK } else { Control::ACK };
        let segment = Segment::new(self.irs + 1 + piece.start as u32, SeqNumber(101), control)
            .with_payload(piece.len as u16)
            .with_options(self.stamp());
        let _ = self.socket.segment_arrives(&segment, &self.stream[piece.start..end], Instant::ZERO);
        self.received.extend(self.socket.receive(Instant::ZERO).unwrap());
        // Its acknowledgments are not needed.
        self.socket.outgoing().for_each(drop);
    }

    /// Hands in everything that is still missing, in order; and the FIN alone, if the window had no room for it.
    fn rest_arrives(&mut self) {
        for _ in 0..LENGTH {
            let start = self.received.len();
            self.arrives(&Piece { start, len: 500.min(LENGTH - start) });
            if self.socket.peer_has_closed() {
                return;
            }
        }
    }
}

/// How much of the stream has arrived without a gap.
fn without_gap(come: &[Piece]) -> usize {
    let mut reached = 0;
    while let Some(piece) = come.iter().find(|piece| piece.start <= reached && reached < piece.start + piece.len) {
        reached = piece.start + piece.len;
    }
    reached
}

proptest! {
    #![proptest_config(cases(256))]

    /// With room for all of it, everything that has arrived without a gap is delivered at once.
    #[test]
    fn what_has_come_without_a_gap_is_delivered_at_once(
        pieces in pieces(),
        irs in prop_oneof![any::<u32>(), u32::MAX - LENGTH as u32..=u32::MAX],
        timestamps in any::<bool>(),
    ) {
        let config = Config { receive_buffer: 1 << 16, timestamps, ..Config::DEFAULT };
        let mut receiver = Receiver::new(&config, irs);
        for count in 1..=pieces.len() {
            receiver.arrives(&pieces[count - 1]);
            let reached = without_gap(&pieces[..count]);
            prop_assert_eq!(&receiver.received, &receiver.stream[..reached]);
            prop_assert_eq!(receiver.socket.peer_has_closed(), reached == LENGTH);
        }
        receiver.rest_arrives();
        prop_assert_eq!(&receiver.received, &receiver.stream);
        prop_assert!(receiver.socket.peer_has_closed());
    }

    /// With a small window and little room, the delivered bytes are still the stream, and the stream is complete in the
    /// end.
    #[test]
    fn with_little_room_nothing_is_out_of_order_or_delivered_twice(
        pieces in pieces(),
        receive_buffer in 100..2_000_u32,
        irs in any::<u32>(),
        timestamps in any::<bool>(),
    ) {
        let config = Config { receive_buffer, timestamps, ..Config::DEFAULT };
        let mut receiver = Receiver::new(&config, irs);
        for (index, piece) in pieces.iter().enumerate() {
            receiver.arrives(piece);
            prop_assert!(receiver.received.len() <= without_gap(&pieces[..=index]));
            prop_assert!(receiver.stream.starts_with(&receiver.received));
        }
        receiver.rest_arrives();
        prop_assert_eq!(&receiver.received, &receiver.stream);
        prop_assert!(receiver.socket.peer_has_closed());
    }
}
