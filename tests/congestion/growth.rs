//! The initial window, slow start, and congestion avoidance (RFC 5681 section 3.1); idle connections (section 4.1).

use std::time::Duration;

use crate::sender::{RTO, SMSS, Sender, segments};

#[test]
fn the_initial_window_is_of_four_segments_or_less() {
    for (mss, segments) in [(536, 4), (1_095, 4), (1_096, 3), (2_190, 3), (2_191, 2), (9_000, 2)] {
        let mut sender = Sender::open(mss, 1);
        assert_eq!(sender.reno.cwnd, segments * u32::from(mss));
        assert_eq!(sender.send(60_000).len() as u32, segments);
    }
}

#[test]
fn the_initial_window_is_of_one_segment_if_the_syn_was_lost() {
    let mut sender = Sender::open(1_000, 2);
    assert_eq!(sender.send(60_000), segments(0..1));
}

#[test]
fn slow_start_doubles_the_window_each_round_trip() {
    let mut sender = Sender::sending();
    for window in [8, 16, 32, 64] {
        sender.round_trip();
        assert_eq!(sender.in_flight(), window);
        assert_eq!(sender.reno.cwnd, window * SMSS);
    }
}

#[test]
fn in_slow_start_an_acknowledgment_of_many_segments_counts_as_one() {
    let mut sender = Sender::sending();
    assert_eq!(sender.acknowledge(4), segments(4..9));
    // An acknowledgment of few bytes counts for that many only.
    sender.acknowledge_bytes(4 * SMSS + 10);
    assert_eq!(sender.reno.cwnd, 5 * SMSS + 10);
}

#[test]
fn congestion_avoidance_grows_by_one_segment_each_round_trip() {
    let mut sender = Sender::with_in_flight(16);
    sender.duplicates(3 + 14);
    sender.acknowledge(12 + 18);
    // Fast recovery has ended, with half of the window.
    assert_eq!((sender.in_flight(), sender.reno.cwnd), (8, 8 * SMSS));
    for window in [9, 10, 11, 12] {
        sender.round_trip();
        assert_eq!(sender.in_flight(), window);
        assert_eq!((sender.reno.cwnd, sender.reno.ssthresh), (window * SMSS, 8 * SMSS));
    }
}

#[test]
fn slow_start_ends_where_the_window_reaches_ssthresh() {
    let mut sender = Sender::with_in_flight(16);
    assert_eq!(sender.time_out(), segments(12..13));
    // All segments but the first were received, and have been kept.
    sender.acknowledge(28);
    let mut windows = Vec::new();
    for _ in 0..6 {
        windows.push(sender.in_flight());
        sender.round_trip();
    }
    assert_eq!(windows, [2, 4, 8, 9, 10, 11]);
}

#[test]
fn after_an_idle_time_of_one_timeout_the_window_is_the_initial_one() {
    for (idle, window) in [(RTO, 16), (RTO + Duration::from_millis(1), 4)] {
        let mut sender = Sender::open(1_000, 1);
        sender.send(12_000);
        for acknowledged in 1..=12 {
            sender.acknowledge(acknowledged);
        }
        assert_eq!((sender.in_flight(), sender.reno.cwnd), (0, 16 * SMSS));
        sender.now = sender.now + idle;
        assert_eq!(sender.send(60_000), segments(12..12 + window));
    }
}

#[test]
fn where_something_is_in_flight_nothing_is_idle() {
    let mut sender = Sender::open(1_000, 1);
    sender.send(12_000);
    for acknowledged in 1..=12 {
        sender.acknowledge(acknowledged);
    }
    sender.now = sender.now + (RTO - Duration::from_millis(300));
    sender.send(2_000);
    sender.now = sender.now + Duration::from_millis(600);
    assert_eq!(sender.send(60_000), segments(14..28));
}

#[test]
fn a_new_life_knows_nothing_of_the_last_one() {
    let mut sender = Sender::with_in_flight(16);
    sender.duplicates(3);
    sender.connection.abort().unwrap();
    sender.drain();
    let mut fresh = sender.handshake(1_000, 1);
    assert_eq!(fresh.send(60_000), segments(0..4));
    assert_eq!((fresh.reno.cwnd, fresh.reno.ssthresh), (4 * SMSS, u32::MAX));
    assert!(!fresh.reno.recovering);
}
