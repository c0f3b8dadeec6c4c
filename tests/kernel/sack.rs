//! SACK blocks of the kernel (RFC 2018).

use std::cell::Cell;
use std::rc::Rc;

use tcp_lifecycle::wire::Header;
use tcp_lifecycle::{Control, SackBlocks};

use crate::harness::{Case, bytes, we_connect, with_kernel};
use crate::link::Fate;
use crate::options::ALL;
use crate::packets::parse;

/// A full segment beside timestamps.
const FULL: usize = 1448;

/// The header that the kernel sent last. Whether a packet is laid out as ours is checked wherever one is received.
fn watch(case: &mut Case) -> Rc<Cell<Option<Header>>> {
    let last = Rc::new(Cell::new(None));
    let seen = last.clone();
    case.to_us.treat(move |packet| seen.set(parse(&packet.bytes).map(|packet| packet.header)));
    last
}

fn blocks(last: &Cell<Option<Header>>) -> SackBlocks {
    last.get().map_or(SackBlocks::NONE, |header| header.sack)
}

/// Every second segment is lost: each of the others is a block, and beside timestamps three have room.
#[test]
fn the_kernel_reports_each_gap_in_a_block_and_three_have_room_beside_timestamps() {
    with_kernel(ALL, |case| {
        we_connect(case);
        let first = case.us.connection.status().snd_nxt.expect("SND.NXT");
        let mut number = 0;
        case.to_kernel.decide(move |segment| {
            number += usize::from(segment.payload_len() > 0);
            if segment.payload_len() > 0 && number % 2 == 1 && number < 10 { Fate::IsLost } else { Fate::Arrives }
        });
        let last = watch(case);
        case.send(&bytes(8 * FULL));
        case.until("the kernel reports three gaps", |_| blocks(&last).len() == 3);
        let header = last.get().expect("a header");
        assert_eq!(header.segment.ack(), Some(first));
        assert!(header.segment.options().timestamps().is_some() && header.segment.control() == Control::ACK);
        for block in &header.sack {
            assert_eq!(block.right - block.left, FULL as u32);
            assert_eq!((block.left - first) as usize / FULL % 2, 1, "{block:?}");
        }
        case.until("all has been read", |case| case.peer.received.len() == 8 * FULL);
        assert!(case.peer.received == bytes(8 * FULL));
    });
}
