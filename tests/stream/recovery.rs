//! A sender that loses segments, against a peer by hand: RFC 8985, RFC 6937, RFC 5681, RFC 6582, RFC 3042, RFC 3168.

use tcp_lifecycle::stream::Event;
use tcp_lifecycle::{Control, Ecn};

use crate::peer::{Peer, RTT, SEGMENT, Sent, Setup};

pub(crate) const TEN: &str = "0 1 2 3 4 5 6 7 8 9";

/// Ten segments are in flight, sent at 100 ms; it is 200 ms.
#[track_caller]
pub(crate) fn ten_in_flight(setup: Setup) -> Peer {
    let mut peer = Peer::open(setup);
    assert_eq!(peer.write(10), TEN);
    assert_eq!(peer.wait(RTT), "");
    peer
}

pub(crate) fn without_sack() -> Setup {
    Setup { sack: false, ..Setup::default() }
}

pub(crate) fn count(sent: &str) -> u64 {
    sent.split_whitespace().count() as u64
}

// RFC 8985 section 6.2: RACK

#[test]
fn three_segments_sacked_above_a_hole_send_the_hole_at_once_and_only_it() {
    let mut peer = ten_in_flight(Setup::default());
    assert_eq!(peer.ack(0, &[1..2]), "");
    assert_eq!(peer.ack(0, &[1..3]), "");
    assert_eq!(peer.calls(), [""; 0]);
    assert_eq!(peer.ack(0, &[1..4]), "0");
    assert_eq!(peer.calls(), ["congested 5000"]);
    assert_eq!(peer.ack(0, &[1..5]), "");
    assert_eq!(peer.wait(50), "");
}

#[test]
fn one_sack_block_of_three_segments_is_as_good_as_three() {
    let mut peer = ten_in_flight(Setup::default());
    assert_eq!(peer.ack(0, &[1..4]), "0");
}

#[test]
fn fewer_segments_above_a_hole_wait_for_a_quarter_of_the_round_trip_time() {
    for last in [2, 3] {
        let mut peer = ten_in_flight(Setup::default());
        assert_eq!(peer.ack(0, &[1..last]), "");
        assert_eq!(peer.wait(24), "");
        assert_eq!(peer.calls(), [""; 0]);
        assert_eq!(peer.wait(1), "0");
        assert_eq!(peer.calls(), ["congested 5000"]);
    }
}

#[test]
fn a_hole_that_is_filled_within_the_reordering_window_is_no_loss() {
    let mut peer = ten_in_flight(Setup::default());
    assert_eq!(peer.ack(0, &[1..3]), "");
    assert_eq!(peer.wait(20), "");
    assert_eq!(peer.ack(3, &[]), "");
    assert_eq!(peer.wait(50), "");
    assert_eq!(peer.calls(), [""; 0]);
}

#[test]
fn two_holes_go_out_in_order() {
    let mut peer = ten_in_flight(Setup::default());
    assert_eq!(peer.ack(0, &[1..4, 5..6]), "0");
    // 4 is below a segment that was sent after it; in recovery nothing waits.
    assert_eq!(peer.ack(0, &[1..4, 5..8]), "4");
    assert_eq!(peer.calls(), ["congested 5000"]);
}

#[test]
fn a_retransmission_that_is_lost_is_found_by_time() {
    let mut peer = Peer::open(Setup::default());
    assert_eq!(peer.write(20), TEN);
    peer.wait(RTT);
    assert_eq!(peer.ack(0, &[1..2]), "10");
    peer.wait(1);
    assert_eq!(peer.ack(0, &[1..3]), "11");
    peer.wait(1);
    assert_eq!(peer.ack(0, &[1..4]), "0");
    peer.wait(1);
    let after = peer.ack(0, &[1..10]);
    assert!(after.starts_with("12"), "new segments after the retransmission: {after}");
    assert_eq!(peer.wait(RTT - 3), "");
    // What was sent before the retransmission says nothing of it.
    assert!(!peer.ack(0, &[1..11]).split(' ').any(|segment| segment == "0"));
    peer.wait(1);
    assert!(!peer.ack(0, &[1..12]).split(' ').any(|segment| segment == "0"));
    peer.wait(2);
    assert!(peer.ack(0, &[1..13]).split(' ').any(|segment| segment == "0"), "the retransmission is lost");
    assert_eq!(peer.stream.counters().timeouts, 0);
    assert_eq!(peer.calls().len(), 1, "one reduction for the window");
}

#[test]
fn the_window_for_reordering_grows_with_each_duplicate() {
    let mut peer = ten_in_flight(Setup::default());
    assert_eq!(peer.ack(0, &[1..2]), "");
    peer.wait(10);
    // The first segment was late: from now on three segments above a hole are no sign of a loss.
    assert_eq!(peer.ack(2, &[]), "");
    assert_eq!(peer.ack(10, &[]), "");
    assert_eq!(peer.write(10), "10 11 12 13 14 15 16 17 18 19");
    peer.wait(RTT);
    assert_eq!(peer.ack(10, &[11..14]), "");
    assert_eq!(peer.wait(24), "");
    assert_eq!(peer.wait(1), "10");
    peer.wait(5);
    peer.ack(20, &[]);
    peer.wait(RTT);
    // It has arrived twice.
    peer.ack(20, &[10..11]);
    assert_eq!(peer.write(5), "20 21 22 23 24");
    peer.wait(RTT);
    assert_eq!(peer.ack(20, &[21..24]), "");
    assert_eq!(peer.wait(49), "");
    assert_eq!(peer.wait(1), "20");
}

// RFC 5681 section 3.1: the retransmission timeout

#[test]
fn a_timeout_sends_one_segment_and_then_slow_start() {
    let mut peer = Peer::open(Setup::default());
    assert_eq!(peer.write(10), TEN);
    assert_eq!(peer.wait_for(), "9", "a probe");
    assert_eq!(peer.wait_for(), "0");
    assert_eq!(peer.calls(), ["timed out"]);
    peer.wait(RTT);
    assert_eq!(peer.ack(1, &[]), "1 2");
    peer.wait(RTT);
    assert_eq!(peer.ack(2, &[]), "3 4");
    assert_eq!(peer.ack(3, &[]), "5 6");
    assert_eq!(peer.calls(), [""; 0]);
}

#[test]
fn a_timer_that_fires_again_doubles_and_sends_the_same_segment() {
    let mut peer = Peer::open(without_sack());
    peer.write(3);
    let mut last = peer.now;
    let mut waits = Vec::new();
    for _ in 0..4 {
        assert_eq!(peer.wait_for(), "0");
        waits.push(peer.now.saturating_duration_since(last).as_millis());
        last = peer.now;
    }
    assert_eq!(waits, [300, 600, 1_200, 2_400]);
    assert_eq!(peer.calls(), ["timed out", "timed out again", "timed out again", "timed out again"]);
}

#[test]
fn of_two_segments_in_one_tick_of_the_clock_the_one_that_was_sent_again_is_the_later() {
    let mut peer = Peer::open(Setup::default());
    assert_eq!(peer.write(10), TEN);
    // No time passes: the clock is coarse, or the path is short.
    assert!(peer.ack(0, &[1..4]).starts_with("0"));
    for last in 5..10 {
        let sent = peer.ack(0, &[1..last]);
        assert!(!sent.split(' ').any(|segment| segment == "0"), "{sent}");
    }
    assert_eq!(peer.stream.counters().retransmissions, 1);
}

#[test]
fn acknowledgments_that_come_together_with_a_loss_do_not_make_the_flight_smaller() {
    let mut peer = ten_in_flight(Setup::default());
    for una in 1..5 {
        peer.una = una * SEGMENT;
        let ack = peer.segment(Control::ACK);
        peer.stream.segment_arrives(&ack, &[], Ecn::NotEct, &[], peer.now).unwrap();
    }
    // Nothing could be sent in between.
    peer.ack(4, &[5..8]);
    assert_eq!(peer.calls(), ["congested 5000"]);
}

#[test]
fn what_was_sacked_is_not_sent_again_after_a_timeout() {
    let mut peer = Peer::open(Setup::default());
    peer.write(6);
    peer.wait(RTT);
    peer.ack(0, &[2..3, 4..5]);
    while peer.stream.counters().timeouts == 0 {
        peer.wait_for();
    }
    let before = peer.sent.len();
    peer.wait(RTT);
    let mut sent = peer.ack(1, &[2..3, 4..5]);
    peer.wait(RTT);
    sent = format!("{sent} {}", peer.ack(3, &[4..5]));
    assert_eq!(sent.split_whitespace().collect::<Vec<_>>(), ["1", "3", "5"]);
    assert_eq!(peer.sent.len() - before, 3);
}

#[test]
fn a_segment_that_was_sent_just_before_a_timeout_is_not_lost() {
    // RFC 8985 section 6.3
    let mut peer = Peer::open(Setup::default());
    peer.write(1);
    peer.wait(RTT);
    peer.ack(1, &[]);
    assert_eq!(peer.write(3), "1 2 3");
    assert_eq!(peer.wait_for(), "3", "a probe");
    peer.wait(200);
    assert_eq!(peer.write(1), "4");
    assert_eq!(peer.wait(60), "1");
    assert_eq!(peer.calls(), ["timed out"]);
    peer.wait(50);
    // The window is two segments; 4 is still in the network.
    assert_eq!(peer.ack(2, &[]), "2");
}

// RFC 3168 section 6.1.2

#[test]
fn an_echo_of_a_mark_reduces_the_window_once_for_its_bytes() {
    let mut peer = ten_in_flight(Setup { ecn: true, ..Setup::default() });
    assert_eq!(peer.ack_with_echo(1), "");
    assert_eq!(peer.calls(), ["congested 5000"]);
    assert_eq!(peer.ack_with_echo(2), "");
    assert_eq!(peer.ack_with_echo(7), "");
    assert_eq!(peer.calls(), [""; 0]);
    assert_eq!(peer.ack(10, &[]), "");
    assert_eq!(peer.write(4), "10cwr 11 12 13");
    peer.wait(RTT);
    peer.ack(12, &[]);
    assert_eq!(peer.write(2), "14 15");
    peer.wait(RTT);
    peer.ack_with_echo(14);
    assert_eq!(peer.calls().len(), 1, "another window");
}

// The peer's window

#[test]
fn a_window_that_closes_in_recovery_keeps_new_bytes_back() {
    let mut peer = ten_in_flight(Setup::default());
    assert_eq!(peer.ack(0, &[1..4]), "0");
    peer.window = 0;
    let written = peer.write(10);
    assert_eq!(written, "", "recovery");
    for last in 5..=10 {
        let sent = peer.ack(0, &[1..last]);
        assert!(sent.split_whitespace().all(|segment| segment == "0"), "{sent}");
    }
    peer.wait(RTT);
    assert_eq!(peer.ack(10, &[]), "", "closed");
    peer.window = 1_000;
    peer.wait(RTT);
    assert_eq!(peer.ack(10, &[]), "10 11 12 13 14");
}

// SACK blocks that cannot be

#[test]
fn contradictory_sack_blocks_do_no_harm() {
    #[expect(clippy::reversed_empty_ranges, reason = "the peer is wrong")]
    let blocks = [
        vec![20..30],
        vec![9..11],
        vec![10..12, 11..30],
        vec![5..2],
        vec![3..3],
        vec![0..0],
        vec![2_000_000..2_000_003],
        vec![2..2_000],
        vec![4..4_000_000],
    ];
    for block in blocks {
        let mut peer = ten_in_flight(Setup::default());
        assert_eq!(peer.ack(0, &block), "", "{block:?}");
        assert_eq!(peer.wait(RTT / 2), "", "{block:?}");
        assert_eq!(peer.calls(), [""; 0], "{block:?}");
        assert_eq!(peer.ack(10, &[]), "", "{block:?}");
        assert_eq!(count(&peer.write(5)), 5, "{block:?}");
        peer.wait(RTT);
        peer.ack(15, &[]);
        assert_eq!(peer.stream.queued(), 0);
        assert_eq!(peer.stream.counters().retransmissions, 0, "{block:?}");
    }
}

#[test]
fn sack_blocks_left_of_the_acknowledgment_do_no_harm() {
    let mut peer = ten_in_flight(Setup::default());
    assert_eq!(peer.ack(5, &[]), "");
    assert_eq!(peer.ack(5, &[1..3, 0..4]), "");
    assert_eq!(peer.ack(5, &[3..5]), "");
    // One that lies on both sides.
    assert_eq!(peer.ack(5, &[2..7]), "");
    assert_eq!(peer.ack(10, &[]), "");
    assert_eq!(peer.stream.counters().retransmissions, 0);
    assert_eq!(peer.calls(), [""; 0]);
}

#[test]
fn overlapping_sack_blocks_count_once() {
    let mut peer = ten_in_flight(Setup::default());
    assert_eq!(peer.ack(0, &[2..3, 2..4, 3..4, 2..4]), "", "two segments, and not more");
    assert_eq!(peer.ack(0, &[2..3, 2..4]), "");
    assert_eq!(peer.ack(0, &[3..5, 2..4]), "0", "three");
}

#[test]
fn bytes_that_the_peer_has_sacked_and_dropped_are_sent_again() {
    let mut peer = ten_in_flight(Setup::default());
    assert_eq!(peer.ack(0, &[1..4]), "0");
    peer.wait(RTT);
    // The peer has dropped what it had reported (RFC 2018 section 8).
    let (mut una, dropped) = (1, peer.sent.len());
    peer.ack(una, &[]);
    for _ in 0..100 {
        peer.wait(RTT);
        let first = |sent: &Sent| sent.segment.seq().0.wrapping_sub(peer.sent[1].segment.seq().0) as u64 / SEGMENT;
        let arrived: Vec<u64> = peer.sent[dropped..].iter().map(first).collect();
        while arrived.contains(&una) {
            una += 1;
        }
        peer.ack(una, &[]);
    }
    assert_eq!(peer.stream.queued(), 0, "{una} is not sent again");
}

#[test]
fn an_acknowledgment_in_the_middle_of_a_segment_does_no_harm() {
    let mut peer = ten_in_flight(Setup::default());
    let sent = peer.ack_bytes(500, &[2_000..5_000]);
    assert!(sent.starts_with("500..1000"), "{sent}");
    peer.wait(RTT);
    assert_eq!(peer.ack_bytes(10_000, &[]), "");
    assert_eq!(peer.stream.queued(), 0);
    assert_eq!(peer.events.iter().filter(|event| **event == Event::Writable).count(), 0);
}

#[test]
fn a_fin_that_is_lost_is_sent_again() {
    let mut peer = Peer::open(Setup::default());
    peer.write(2);
    peer.stream.shutdown(peer.now);
    let sent = peer.drain();
    assert_eq!(sent, "fin");
    peer.wait(RTT);
    peer.ack(2, &[]);
    assert_eq!(peer.wait_for(), "fin");
    peer.wait(RTT);
    assert_eq!(peer.ack_bytes(2 * SEGMENT + 1, &[]), "");
    assert_eq!(peer.wait(1_000), "");
}
