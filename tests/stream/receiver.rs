//! A receiver, by segments made by hand: RFC 2018, RFC 2883, RFC 5681 section 4.2, RFC 9293 section 3.10.7.4, and what
//! the user sees of it.

use std::collections::BTreeSet;
use std::ops::Range;
use std::time::Duration;

use tcp_lifecycle::stream::{Event, ReadError};
use tcp_lifecycle::{Config, Control, State};

use crate::peer::{Peer, RTT, SEGMENT, Setup, byte_at};

/// What a segment of the stream says of the peer's bytes: the acknowledgment, and the blocks in their order.
pub(crate) fn told(peer: &Peer, index: usize) -> String {
    let sent = &peer.sent[index];
    let byte = |seq: tcp_lifecycle::SeqNumber| seq.0.wrapping_sub(Peer::peer_seq(0).0);
    let mut text = format!("ack {}", byte(sent.segment.ack().expect("an acknowledgment")));
    for block in &sent.sack {
        text += &format!(" {}..{}", byte(block.left), byte(block.right));
    }
    text
}

/// The bytes arrive. Returns what the answers say.
pub(crate) fn arrives(peer: &mut Peer, bytes: Range<u64>) -> String {
    arrives_with(peer, bytes, Control::ACK)
}

pub(crate) fn arrives_with(peer: &mut Peer, bytes: Range<u64>, control: Control) -> String {
    let before = peer.sent.len();
    // A duplicate is refused, which is no failure.
    let _ = peer.arrives_with(bytes, control);
    (before..peer.sent.len()).map(|index| told(peer, index)).collect::<Vec<_>>().join("; ")
}

pub(crate) fn with_tcp(change: impl FnOnce(&mut Config)) -> Setup {
    let mut setup = Setup::default();
    change(&mut setup.config.tcp);
    setup
}

/// Buffers of so many bytes, which do not grow.
pub(crate) fn with_buffer(bytes: u32) -> Setup {
    let mut setup = with_tcp(|tcp| tcp.receive_buffer = bytes);
    setup.config.max_receive_buffer = bytes;
    setup
}

/// Reads everything, and checks it. Returns how many bytes there were.
#[track_caller]
pub(crate) fn read_all(peer: &mut Peer, from: u64) -> u64 {
    let (mut buffer, mut at) = ([0; 777], from);
    while let Ok(count @ 1..) = peer.stream.read(&mut buffer) {
        for &value in &buffer[..count] {
            assert_eq!(value, byte_at(at), "byte {at}");
            at += 1;
        }
    }
    peer.drain();
    at - from
}

// RFC 2018 section 4

#[test]
fn the_block_of_the_last_segment_comes_first_and_the_others_by_age() {
    let mut peer = Peer::open(Setup::default());
    assert_eq!(arrives(&mut peer, 0..1_000), "ack 1000");
    assert_eq!(arrives(&mut peer, 2_000..3_000), "ack 1000 2000..3000");
    assert_eq!(arrives(&mut peer, 6_000..7_000), "ack 1000 6000..7000 2000..3000");
    assert_eq!(arrives(&mut peer, 4_000..5_000), "ack 1000 4000..5000 6000..7000 2000..3000");
    assert_eq!(arrives(&mut peer, 8_000..9_000), "ack 1000 8000..9000 4000..5000 6000..7000 2000..3000");
    assert_eq!(arrives(&mut peer, 10_000..10_001), "ack 1000 10000..10001 8000..9000 4000..5000 6000..7000");
    // A segment that makes a block longer, and one that makes one of two.
    assert_eq!(arrives(&mut peer, 3_000..3_500), "ack 1000 2000..3500 10000..10001 8000..9000 4000..5000");
    assert_eq!(arrives(&mut peer, 5_000..6_000), "ack 1000 4000..7000 2000..3500 10000..10001 8000..9000");
}

#[test]
fn blocks_that_are_acknowledged_are_told_no_more() {
    let mut peer = Peer::open(Setup::default());
    arrives(&mut peer, 1_000..2_000);
    arrives(&mut peer, 3_000..4_000);
    assert_eq!(arrives(&mut peer, 0..1_000), "ack 2000 3000..4000");
    assert_eq!(arrives(&mut peer, 2_000..3_000), "ack 4000");
    assert_eq!(arrives(&mut peer, 4_000..5_000), "ack 5000");
}

#[test]
fn beside_timestamps_there_is_room_for_three_blocks() {
    let mut peer = Peer::open(Setup { timestamps: true, ..Setup::default() });
    for block in [1, 3, 5] {
        arrives(&mut peer, block * 1_000..block * 1_000 + 500);
    }
    assert_eq!(arrives(&mut peer, 7_000..7_500), "ack 0 7000..7500 5000..5500 3000..3500");
}

#[test]
fn without_sack_permitted_there_are_no_blocks() {
    let mut peer = Peer::open(Setup { sack: false, ..Setup::default() });
    assert_eq!(arrives(&mut peer, 1_000..2_000), "ack 0");
    assert_eq!(arrives(&mut peer, 0..1_000), "ack 2000");
    assert_eq!(arrives(&mut peer, 0..1_000), "ack 2000");
}

// RFC 2883 section 4

#[test]
fn what_arrives_twice_is_told_first_and_once() {
    let mut peer = Peer::open(Setup::default());
    arrives(&mut peer, 0..1_000);
    arrives(&mut peer, 1_000..2_000);
    assert_eq!(arrives(&mut peer, 0..1_000), "ack 2000 0..1000");
    assert_eq!(arrives(&mut peer, 2_000..3_000), "ack 3000");
    // Beside a block above the acknowledgment.
    assert_eq!(arrives(&mut peer, 4_000..5_000), "ack 3000 4000..5000");
    assert_eq!(arrives(&mut peer, 1_000..3_000), "ack 3000 1000..3000 4000..5000");
    assert_eq!(arrives(&mut peer, 6_000..7_000), "ack 3000 6000..7000 4000..5000");
}

#[test]
fn a_duplicate_above_the_acknowledgment_comes_before_the_block_that_contains_it() {
    let mut peer = Peer::open(Setup::default());
    arrives(&mut peer, 1_000..2_000);
    arrives(&mut peer, 2_000..3_000);
    arrives(&mut peer, 5_000..6_000);
    assert_eq!(arrives(&mut peer, 1_500..2_500), "ack 0 1500..2500 1000..3000 5000..6000");
    // A whole block, again.
    assert_eq!(arrives(&mut peer, 5_000..6_000), "ack 0 5000..6000 5000..6000 1000..3000");
}

#[test]
fn only_the_part_that_had_arrived_is_a_duplicate() {
    let mut peer = Peer::open(Setup::default());
    arrives(&mut peer, 0..1_000);
    assert_eq!(arrives(&mut peer, 500..1_500), "ack 1500 500..1000");
    arrives(&mut peer, 3_000..4_000);
    assert_eq!(arrives(&mut peer, 3_500..4_500), "ack 1500 3500..4000 3000..4500");
    // The rest of a gap, and bytes behind it that had arrived.
    assert_eq!(arrives(&mut peer, 1_500..3_500), "ack 4500 3000..3500");
}

// SACK and payload

#[test]
fn segments_with_payload_have_blocks_and_stay_within_the_maximum_segment_size() {
    for timestamps in [false, true] {
        let mut peer = Peer::open(Setup { timestamps, ..with_tcp(|tcp| tcp.nagle = false) });
        let mss = if timestamps { 1_012 } else { 1_000 };
        for gaps in 1..=5 {
            arrives(&mut peer, gaps * 2_000..gaps * 2_000 + 1_000);
            let before = peer.sent.len();
            peer.write_bytes(2_500);
            assert!(peer.sent.len() > before, "payload goes out");
            let mut largest = 0;
            for sent in &peer.sent[before..] {
                let options = sent.segment.options().wire_len() + sent.sack.wire_len();
                assert!(options <= 40, "{options} bytes of options");
                assert!(sent.payload.len() + options <= mss, "{} and {options} bytes", sent.payload.len());
                assert!(!sent.sack.is_empty(), "{}", sent.segment);
                largest = largest.max(sent.payload.len() + options);
            }
            assert_eq!(largest, mss, "no room is wasted");
            peer.wait(RTT);
            let una = peer.stream.counters().bytes_written;
            peer.ack_bytes(una, &[]);
        }
        // The gaps are filled: full segments again.
        arrives(&mut peer, 0..11_000);
        let before = peer.sent.len();
        peer.write_bytes(1_000);
        assert!(peer.sent[before..].iter().all(|sent| sent.payload.len() == 1_000 && sent.sack.is_empty()));
    }
}

// RFC 5681 section 4.2

#[test]
fn a_segment_ahead_of_a_gap_and_one_that_fills_it_are_acknowledged_at_once() {
    let mut peer = Peer::open(with_tcp(|tcp| tcp.delayed_ack = Some(Duration::from_millis(40))));
    // Bytes in order may wait, after the first ones of a connection.
    for segment in 0..30 {
        arrives(&mut peer, segment * 1_000..(segment + 1) * 1_000);
        peer.wait(100);
    }
    assert_eq!(arrives(&mut peer, 30_000..31_000), "", "a delayed acknowledgment");
    assert_eq!(arrives(&mut peer, 32_000..33_000), "ack 31000 32000..33000");
    assert_eq!(arrives(&mut peer, 34_000..35_000), "ack 31000 34000..35000 32000..33000");
    assert_eq!(arrives(&mut peer, 31_000..31_500), "ack 31500 34000..35000 32000..33000", "a part of the gap");
    assert_eq!(arrives(&mut peer, 31_500..32_000), "ack 33000 34000..35000", "the first gap");
    assert_eq!(arrives(&mut peer, 33_000..34_000), "ack 35000", "the last gap");
    assert_eq!(arrives(&mut peer, 35_000..36_000), "", "in order again");
    assert_eq!(peer.wait(40), "ack");
    // Small ones too.
    assert_eq!(arrives(&mut peer, 36_020..36_030), "ack 36000 36020..36030");
    assert_eq!(arrives(&mut peer, 36_000..36_020), "ack 36030");
    assert_eq!(read_all(&mut peer, 0), 36_030);
}

// The FIN

#[test]
fn a_fin_ahead_of_a_gap_counts_when_the_gap_is_filled() {
    for payload in [1_000, 0] {
        let mut peer = Peer::open(Setup::default());
        let end = 1_000 + payload;
        let answer = arrives_with(&mut peer, 1_000..end, Control::FIN | Control::ACK);
        if payload > 0 {
            assert_eq!(answer, "ack 0 1000..2001", "the block covers the FIN");
        }
        assert_eq!(peer.stream.state(), State::Established);
        assert_eq!(peer.stream.read(&mut [0; 10]), Err(ReadError::Blocked));
        assert_eq!(peer.events, []);
        peer.nxt = 0;
        let answer = arrives(&mut peer, 0..1_000);
        if payload == 0 {
            // A FIN alone need not be kept: the peer sends it again.
            if peer.stream.state() == State::Established {
                arrives_with(&mut peer, 1_000..1_000, Control::FIN | Control::ACK);
            }
        } else {
            assert_eq!(answer, "ack 2001");
        }
        assert_eq!(peer.stream.state(), State::CloseWait);
        assert_eq!(read_all(&mut peer, 0), end);
        assert_eq!(peer.stream.read(&mut [0; 10]), Ok(0));
        assert_eq!(peer.events.iter().filter(|event| **event == Event::EndOfStream).count(), 1);
    }
}

#[test]
fn a_fin_beyond_the_window_is_not_taken() {
    let mut peer = Peer::open(with_buffer(4_000));
    arrives_with(&mut peer, 1_000..4_500, Control::FIN | Control::ACK);
    peer.nxt = 0;
    assert_eq!(arrives(&mut peer, 0..1_000), "ack 4000");
    assert_eq!(peer.stream.state(), State::Established);
    assert_eq!(read_all(&mut peer, 0), 4_000);
    arrives_with(&mut peer, 4_000..4_500, Control::FIN | Control::ACK);
    assert_eq!(peer.stream.state(), State::CloseWait);
    assert_eq!(read_all(&mut peer, 4_000), 500);
}

// The window

#[test]
fn payload_beyond_the_window_is_cut() {
    let mut peer = Peer::open(with_buffer(4_000));
    assert_eq!(arrives(&mut peer, 1_000..6_000), "ack 0 1000..4000");
    assert_eq!(arrives(&mut peer, 0..1_000), "ack 4000");
    assert_eq!(arrives(&mut peer, 4_000..4_001), "ack 4000", "the window is closed");
    assert_eq!(read_all(&mut peer, 0), 4_000);
    assert_eq!(arrives(&mut peer, 4_000..9_000), "ack 8000");
    assert_eq!(read_all(&mut peer, 4_000), 4_000);
    assert_eq!(peer.stream.counters().bytes_received, 8_000);
}

#[test]
fn at_most_1024_pieces_are_kept_and_only_those_are_told() {
    let mut peer = Peer::open(Setup::default());
    let mut told_of = BTreeSet::new();
    for piece in 0..2_000 {
        let byte = 2 * piece + 1;
        let answer = arrives(&mut peer, byte..byte + 1);
        if answer.contains(&format!(" {byte}..")) {
            told_of.insert(byte);
        }
    }
    assert_eq!(told_of.len(), 1_024);
    let (mut byte, mut again) = (0, BTreeSet::new());
    while byte < 4_000 {
        if byte % 2 == 1 {
            again.insert(byte);
        }
        arrives(&mut peer, byte..byte + 1);
        let next = peer.stream.counters().bytes_received;
        assert!(next > byte, "byte {byte}");
        byte = next;
    }
    assert_eq!(again.len(), 976);
    assert!(told_of.is_disjoint(&again), "what was told is kept");
    assert_eq!(read_all(&mut peer, 0), 4_000);
}

#[test]
fn overlapping_pieces_give_the_same_bytes_in_every_order() {
    let pieces = [0..1_500, 1_000..2_500, 2_000..4_000, 2_400..3_500, 3_000..5_000];
    let mut orders = vec![vec![]];
    for _ in 0..pieces.len() {
        orders = orders
            .into_iter()
            .flat_map(|order: Vec<usize>| {
                (0..5)
                    .filter(|piece| !order.contains(piece))
                    .map(|piece| [&order[..], &[piece]].concat())
                    .collect::<Vec<_>>()
            })
            .collect();
    }
    assert_eq!(orders.len(), 120);
    for order in orders {
        let mut peer = Peer::open(Setup::default());
        for &piece in &order {
            arrives(&mut peer, pieces[piece].clone());
        }
        assert_eq!(told(&peer, peer.sent.len() - 1).split(' ').nth(1), Some("5000"), "{order:?}");
        assert_eq!(read_all(&mut peer, 0), 5_000, "{order:?}");
        assert_eq!(peer.stream.counters().bytes_received, 5_000);
    }
}

// The size of the buffer

fn offered(peer: &Peer) -> u64 {
    peer.stream.connection().status().rcv_wnd.expect("a window").into()
}

/// Rounds in which the peer fills the window, and the user reads.
fn rounds(peer: &mut Peer, rounds: usize) -> Vec<u64> {
    let mut windows = Vec::new();
    for _ in 0..rounds {
        let end = peer.nxt + offered(peer) / SEGMENT * SEGMENT;
        while peer.nxt < end {
            let start = peer.nxt;
            arrives(peer, start..start + SEGMENT);
            read_all(peer, start);
        }
        peer.wait(RTT);
        windows.push(offered(peer));
    }
    windows
}

fn growing() -> Setup {
    let mut setup = with_tcp(|tcp| tcp.receive_buffer = 64_000);
    setup.config.max_receive_buffer = 300_000;
    setup
}

#[test]
fn the_buffer_grows_with_a_user_that_reads_up_to_its_bound() {
    let mut peer = Peer::open(growing());
    let windows = rounds(&mut peer, 12);
    assert!(windows.is_sorted(), "{windows:?}");
    assert!(windows.iter().all(|&window| window <= 300_000), "{windows:?}");
    assert!(windows[11] > 290_000, "{windows:?}");
    assert!(windows[1] < 200_000, "it takes some rounds: {windows:?}");
}

#[test]
fn the_buffer_does_not_grow_for_a_user_that_does_not_read() {
    let mut peer = Peer::open(growing());
    for segment in 0..64 {
        if segment == 40 {
            peer.wait(RTT);
        }
        arrives(&mut peer, segment * SEGMENT..(segment + 1) * SEGMENT);
        assert_eq!(offered(&peer) + (segment + 1) * SEGMENT, 64_000, "{segment}");
    }
    assert_eq!(read_all(&mut peer, 0), 64_000);
    assert_eq!(offered(&peer), 64_000);
}

#[test]
fn the_buffer_does_not_grow_for_a_slow_flow() {
    let mut peer = Peer::open(growing());
    for start in 0..100 {
        arrives(&mut peer, start * 1_000..(start + 1) * 1_000);
        read_all(&mut peer, start * 1_000);
        peer.wait(RTT / 10);
    }
    assert!(offered(&peer) <= 64_000, "{}", offered(&peer));
}
