//! Fast retransmit and fast recovery (RFC 5681 section 3.2), partial acknowledgments (RFC 6582), timeouts (RFC 5681
//! section 3.1).

use tcp_lifecycle::{Control, Segment, SeqNumber};

use crate::sender::{SMSS, Sender, segments};

#[test]
fn the_third_duplicate_sends_the_front_again_at_once_and_halves_the_window() {
    let mut sender = Sender::with_in_flight(16);
    // Limited transmit: one new segment for each of the first two duplicates, and the window stays.
    assert_eq!(sender.duplicates(1), segments(28..29));
    assert_eq!(sender.duplicates(1), segments(29..30));
    assert_eq!(sender.reno.cwnd, 16 * SMSS);
    assert_eq!(sender.duplicates(1), segments(12..13));
    assert!(sender.reno.recovering);
    // Segments sent by limited transmit do not count.
    assert_eq!((sender.reno.ssthresh, sender.reno.cwnd), (8 * SMSS, 11 * SMSS));
}

#[test]
fn each_further_duplicate_stands_for_a_segment_that_has_left_the_network() {
    let mut sender = Sender::with_in_flight(16);
    sender.duplicates(3);
    // 18 segments are in flight, and the window is 11.
    assert_eq!(sender.duplicates(7), []);
    assert_eq!(sender.duplicates(5), segments(30..35));
    assert_eq!(sender.reno.cwnd, 23 * SMSS);
}

#[test]
fn a_full_acknowledgment_ends_fast_recovery() {
    let mut sender = Sender::with_in_flight(16);
    sender.duplicates(3 + 12);
    assert_eq!(sender.in_flight(), 23);
    // Everything up to the 30th, the last segment sent by then. Five are in flight, and no burst follows.
    assert_eq!(sender.acknowledge(30), segments(35..36));
    assert!(!sender.reno.recovering);
    assert_eq!((sender.reno.ssthresh, sender.reno.cwnd), (8 * SMSS, 6 * SMSS));
}

#[test]
fn a_full_acknowledgment_with_nothing_in_flight_leaves_two_segments() {
    let mut sender = Sender::with_in_flight(16);
    sender.duplicates(3);
    sender.acknowledge(30);
    assert_eq!((sender.reno.ssthresh, sender.reno.cwnd), (8 * SMSS, 2 * SMSS));
}

#[test]
fn half_of_what_is_in_flight_counts_and_not_half_of_the_window() {
    let mut sender = Sender::open(1_000, 1);
    sender.send(12_000);
    for acknowledged in 1..=12 {
        sender.acknowledge(acknowledged);
    }
    assert_eq!(sender.reno.cwnd, 16 * SMSS);
    assert_eq!(sender.send(6_000), segments(12..18));
    sender.duplicates(3);
    assert_eq!(sender.reno.ssthresh, 3 * SMSS);
}

#[test]
fn what_was_counted_before_a_loss_does_not_count_after_it() {
    // In congestion avoidance with a window of eight, and six of them acknowledged.
    let avoiding = || {
        let mut sender = Sender::with_in_flight(16);
        sender.duplicates(3 + 14);
        sender.acknowledge(30);
        for acknowledged in 31..=36 {
            sender.acknowledge(acknowledged);
        }
        assert_eq!((sender.in_flight(), sender.reno.cwnd), (8, 8 * SMSS));
        sender
    };
    let mut sender = avoiding();
    sender.duplicates(3 + 6);
    sender.acknowledge(46);
    assert_eq!((sender.in_flight(), sender.reno.cwnd), (4, 4 * SMSS));
    sender.round_trip();
    assert_eq!(sender.reno.cwnd, 5 * SMSS);

    let mut sender = avoiding();
    sender.time_out();
    sender.acknowledge(44);
    for window in [2, 4, 5] {
        assert_eq!(sender.reno.cwnd, window * SMSS);
        sender.round_trip();
    }
}

#[test]
fn a_partial_acknowledgment_sends_the_next_hole_again() {
    let mut sender = Sender::with_in_flight(16);
    sender.duplicates(3);
    sender.duplicates(9);
    assert_eq!(sender.reno.cwnd, 20 * SMSS);
    // Segment 12 is repaired, and 17 is missing too: five have left the network, and one more is sent for them.
    assert_eq!(sender.acknowledge(17), [segments(17..18), segments(32..33)].concat());
    assert!(sender.reno.recovering);
    assert_eq!((sender.reno.ssthresh, sender.reno.cwnd), (8 * SMSS, 16 * SMSS));
    // The same again.
    assert_eq!(sender.acknowledge(18), [segments(18..19), segments(33..34)].concat());
    sender.acknowledge(30);
    assert!(!sender.reno.recovering);
    assert_eq!(sender.reno.ssthresh, 8 * SMSS);
}

#[test]
fn ssthresh_is_never_below_two_segments() {
    let mut sender = Sender::open(1_000, 1);
    assert_eq!(sender.send(3_000), segments(0..3));
    assert_eq!(sender.duplicates(3), segments(0..1));
    assert_eq!((sender.reno.ssthresh, sender.reno.cwnd), (2 * SMSS, 5 * SMSS));
    let mut sender = Sender::sending();
    sender.time_out();
    assert_eq!((sender.reno.ssthresh, sender.reno.cwnd), (2 * SMSS, SMSS));
}

#[test]
fn a_timeout_leaves_one_segment_and_half_of_what_was_in_flight() {
    let mut sender = Sender::with_in_flight(16);
    assert_eq!(sender.time_out(), segments(12..13));
    assert_eq!((sender.reno.ssthresh, sender.reno.cwnd), (8 * SMSS, SMSS));
    // Slow start again; segments that were in flight before the timeout come first.
    assert_eq!(sender.acknowledge(13), segments(13..15));
    assert_eq!(sender.acknowledge(14), segments(15..17));
    assert_eq!(sender.acknowledge(15), segments(17..19));
}

#[test]
fn a_second_timeout_of_the_same_segment_leaves_ssthresh() {
    let mut sender = Sender::with_in_flight(16);
    for _ in 0..3 {
        assert_eq!(sender.time_out(), segments(12..13));
        assert_eq!((sender.reno.ssthresh, sender.reno.cwnd), (8 * SMSS, SMSS));
    }
}

#[test]
fn a_timeout_ends_fast_recovery() {
    let mut sender = Sender::with_in_flight(16);
    sender.duplicates(8);
    assert_eq!(sender.reno.cwnd, 16 * SMSS);
    assert_eq!(sender.time_out(), segments(12..13));
    assert!(!sender.reno.recovering);
    assert_eq!((sender.reno.ssthresh, sender.reno.cwnd), (8 * SMSS, SMSS));
    // From here on an acknowledgment is not partial: slow start.
    sender.acknowledge(13);
    assert_eq!(sender.reno.cwnd, 2 * SMSS);
}

#[test]
fn duplicates_of_what_a_timeout_sent_needlessly_are_no_loss() {
    let mut sender = Sender::with_in_flight(16);
    sender.time_out();
    // The acknowledgments had been lost, not the segments: the segments sent now were received before.
    sender.acknowledge(13);
    sender.acknowledge(28);
    let window = sender.reno.cwnd;
    assert_eq!(sender.duplicates(5), []);
    assert_eq!((sender.reno.cwnd, sender.reno.recovering), (window, false));
    // Beyond the flight at the timeout, three duplicates indicate a loss again.
    sender.acknowledge(29);
    assert_eq!(sender.duplicates(3).last(), segments(29..30).last());
    assert!(sender.reno.recovering);
}

#[test]
fn a_probe_of_a_closed_window_is_no_loss() {
    let mut sender = Sender::with_in_flight(16);
    sender.arrives(&Segment::new(SeqNumber(300), SeqNumber(101 + 28 * SMSS), Control::ACK));
    let (ssthresh, cwnd) = (sender.reno.ssthresh, sender.reno.cwnd);
    assert_eq!(sender.time_out(), [(28_000, 28_001)]);
    assert_eq!((sender.reno.ssthresh, sender.reno.cwnd), (ssthresh, cwnd));
}

#[test]
fn a_fin_behind_the_front_goes_out_again_with_it() {
    let mut sender = Sender::open(1_000, 1);
    sender.send(300);
    sender.connection.close(sender.now).unwrap();
    sender.drain();
    assert_eq!(sender.connection.status().in_flight, 301);
    assert_eq!(sender.duplicates(3), [(0, 300)]);
}
