//! Payload is delivered once and in order, whatever the order in which it arrives, and however often.

use std::ops::Range;

use proptest::collection::vec;
use proptest::prelude::*;
use tcp_lifecycle::Control;
use tcp_lifecycle::stream::Event;

use crate::cases::cases;
use crate::peer::{Peer, Setup, byte_at};

/// The bytes of the peer, before its FIN.
const LENGTH: u64 = 3_000;

fn pieces() -> impl Strategy<Value = Vec<Range<u64>>> {
    vec((0..LENGTH, 1..700_u64).prop_map(|(start, len)| start..LENGTH.min(start + len)), 0..60)
}

struct Receiver {
    peer: Peer,
    read: Vec<u8>,
}

impl Receiver {
    fn new(receive_buffer: u32, timestamps: bool) -> Receiver {
        let mut setup = Setup { timestamps, ..Setup::default() };
        setup.config.tcp.receive_buffer = receive_buffer;
        setup.config.max_receive_buffer = receive_buffer;
        Receiver { peer: Peer::open(setup), read: Vec::new() }
    }

    /// A piece arrives, with the FIN if it is the last; the user reads what it can.
    fn arrives(&mut self, piece: Range<u64>) {
        let fin = if piece.end == LENGTH { Control::FIN } else { Control::empty() };
        let _ = self.peer.arrives_with(piece, Control::ACK | fin);
        let mut buffer = [0; LENGTH as usize];
        while let Ok(count @ 1..) = self.peer.stream.read(&mut buffer) {
            self.read.extend_from_slice(&buffer[..count]);
        }
        self.peer.drain();
    }

    fn is_at_end(&self) -> bool {
        self.peer.events.contains(&Event::EndOfStream)
    }

    /// The missing bytes arrive in order, and the FIN alone, if the window had no room for it.
    fn rest_arrives(&mut self) {
        while !self.is_at_end() {
            let start = self.read.len() as u64;
            self.arrives(start..LENGTH.min(start + 500));
            assert!(self.read.len() as u64 > start || start == LENGTH);
        }
    }
}

/// How many bytes have arrived without a gap.
fn without_gap(pieces: &[Range<u64>]) -> u64 {
    let mut reached = 0;
    while let Some(piece) = pieces.iter().find(|piece| piece.contains(&reached)) {
        reached = piece.end;
    }
    reached
}

fn bytes(len: u64) -> Vec<u8> {
    (0..len).map(byte_at).collect()
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn what_has_arrived_without_a_gap_is_delivered_at_once(pieces in pieces(), timestamps: bool) {
        let mut receiver = Receiver::new(1 << 16, timestamps);
        for count in 1..=pieces.len() {
            receiver.arrives(pieces[count - 1].clone());
            let reached = without_gap(&pieces[..count]);
            prop_assert_eq!(&receiver.read, &bytes(reached));
            prop_assert_eq!(receiver.is_at_end(), reached == LENGTH);
        }
        receiver.rest_arrives();
        prop_assert_eq!(&receiver.read, &bytes(LENGTH));
    }

    #[test]
    fn with_a_small_window_nothing_is_out_of_order_or_delivered_twice(
        pieces in pieces(),
        receive_buffer in 100..2_000_u32,
        timestamps: bool,
    ) {
        let mut receiver = Receiver::new(receive_buffer, timestamps);
        for (index, piece) in pieces.iter().enumerate() {
            receiver.arrives(piece.clone());
            prop_assert!(receiver.read.len() as u64 <= without_gap(&pieces[..=index]));
            prop_assert_eq!(&receiver.read, &bytes(receiver.read.len() as u64));
        }
        receiver.rest_arrives();
        prop_assert_eq!(&receiver.read, &bytes(LENGTH));
    }
}
