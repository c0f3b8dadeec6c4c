//! A sender whose peer sends no SACK blocks: RFC 3042, RFC 5681 section 3.2, RFC 6582.

use crate::peer::{Peer, RTT, Setup};
use crate::recovery::{TEN, count, ten_in_flight, without_sack};

#[test]
fn without_sack_two_duplicates_send_new_segments_and_the_third_the_hole() {
    let mut peer = Peer::open(without_sack());
    assert_eq!(peer.write(20), TEN);
    peer.wait(RTT);
    assert_eq!(peer.ack(0, &[]), "10");
    assert_eq!(peer.ack(0, &[]), "11");
    assert_eq!(peer.calls(), [""; 0]);
    assert_eq!(peer.ack(0, &[]), "0");
    // RFC 5681 section 3.2, step 2: the two new segments do not count.
    assert_eq!(peer.calls(), ["congested 5000"]);
    assert_eq!(peer.stream.counters().timeouts, 0);
}

#[test]
fn with_sack_the_new_segments_of_limited_transmit_do_not_count_either() {
    let mut peer = Peer::open(Setup::default());
    assert_eq!(peer.write(20), TEN);
    peer.wait(RTT);
    assert_eq!(peer.ack(0, &[1..2]), "10");
    assert_eq!(peer.ack(0, &[1..3]), "11");
    assert_eq!(peer.ack(0, &[1..4]), "0");
    assert_eq!(peer.calls(), ["congested 5000"]);
}

#[test]
fn without_sack_a_partial_acknowledgment_sends_the_next_hole_at_once() {
    let mut peer = ten_in_flight(without_sack());
    (0..2).for_each(|_| assert_eq!(peer.ack(0, &[]), ""));
    assert_eq!(peer.ack(0, &[]), "0");
    (0..4).for_each(|_| assert_eq!(peer.ack(0, &[]), ""));
    peer.wait(RTT);
    assert_eq!(peer.ack(4, &[]), "4");
    peer.wait(RTT);
    assert_eq!(peer.ack(7, &[]), "7");
    assert_eq!(peer.calls(), ["congested 5000"], "once for the window");
    peer.wait(RTT);
    assert_eq!(peer.ack(10, &[]), "");
    assert_eq!(peer.write(10), "10 11 12 13 14", "the window is ssthresh");
    assert_eq!(peer.stream.counters().timeouts, 0);
}

#[test]
fn without_sack_more_duplicates_let_out_new_segments_up_to_the_threshold() {
    let mut peer = ten_in_flight(without_sack());
    (0..3).for_each(|_| _ = peer.ack(0, &[]));
    peer.write(20);
    let sent: Vec<u64> = (0..6).map(|_| count(&peer.ack(0, &[]))).collect();
    let total: u64 = sent.iter().sum();
    // Nine of ten have arrived, and the retransmission is in flight: four more make ssthresh.
    assert_eq!(total, 4, "{sent:?}");
    assert!(sent.iter().all(|&sent| sent <= 1), "{sent:?}");
}

#[test]
fn duplicates_of_what_was_acknowledged_before_are_no_loss_after_recovery() {
    // RFC 6582 section 4.1: duplicates below `recover` do not start another recovery.
    let mut peer = ten_in_flight(without_sack());
    (0..3).for_each(|_| _ = peer.ack(0, &[]));
    peer.wait(RTT);
    peer.ack(10, &[]);
    peer.calls();
    assert_eq!(peer.write(3), "10 11 12");
    peer.wait(RTT);
    peer.ack(13, &[]);
    assert_eq!(peer.calls(), [""; 0]);
    assert_eq!(peer.stream.counters().retransmissions, 1);
}
