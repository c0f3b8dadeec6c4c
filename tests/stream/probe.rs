//! The tail loss probe, by segments made by hand: RFC 8985 section 7.

use std::time::Duration;

use tcp_lifecycle::{Control, Ecn};

use crate::peer::{Peer, RTT, SEGMENT, Setup};
use crate::recovery::{TEN, ten_in_flight, without_sack};

/// After one round trip of 100 ms (RFC 6298 section 2.2).
const RTO: Duration = Duration::from_millis(300);

#[test]
fn a_tail_that_is_not_acknowledged_is_probed_after_two_round_trips_with_its_last_segment() {
    let mut peer = Peer::open(Setup::default());
    assert_eq!(peer.write(3), "0 1 2");
    assert_eq!(peer.wait(2 * RTT - 1), "");
    assert_eq!(peer.wait(1), "2");
    assert_eq!(peer.stream.counters().timeouts, 0);
    assert_eq!(peer.calls(), [""; 0]);
}

#[test]
fn a_probe_has_new_bytes_if_there_are_some() {
    let mut peer = Peer::open(Setup::default());
    assert_eq!(peer.write(12), TEN);
    assert_eq!(peer.wait(2 * RTT - 1), "");
    assert_eq!(peer.wait(1), "10");
}

#[test]
fn a_probe_without_an_answer_is_the_only_one() {
    let mut peer = Peer::open(Setup::default());
    peer.write(3);
    assert_eq!(peer.wait(2 * RTT), "2");
    let probed = peer.now;
    assert_eq!(peer.wait_for(), "0");
    assert_eq!(peer.stream.counters().timeouts, 1);
    // RFC 8985 section 7.3: the retransmission timer began with the probe.
    assert_eq!(peer.now.saturating_duration_since(probed), RTO);
}

/// A poll starts the timer of the probe. If it comes later than the probe should have gone, the probe goes at once.
#[test]
fn a_probe_is_late_where_nobody_polls_after_an_acknowledgment() {
    let mut peer = Peer::open(Setup::default());
    peer.write(4);
    peer.now = peer.now + Duration::from_millis(RTT);
    peer.una = 2 * SEGMENT;
    let ack = peer.segment(Control::ACK);
    peer.stream.segment_arrives(&ack, &[], Ecn::NotEct, &[], peer.now).unwrap();
    peer.now = peer.now + Duration::from_millis(2 * RTT + 1);
    assert_eq!(peer.drain(), "");
    assert_eq!(peer.stream.deadline(), Some(peer.now));
    assert_eq!(peer.wait(0), "3");
    assert!(peer.stream.deadline() > Some(peer.now));
    assert_eq!(peer.stream.counters().timeouts, 0);
}

#[test]
fn the_answer_to_a_probe_finds_the_rest_of_the_tail() {
    let mut peer = Peer::open(Setup::default());
    peer.write(5);
    assert_eq!(peer.wait(2 * RTT), "4");
    // It comes just before the retransmission timer fires.
    peer.wait(RTO.as_millis() as u64 - 1);
    peer.now = peer.now + Duration::from_millis(1);
    let resent = peer.ack(0, &[4..5]);
    assert!(resent.starts_with('0'), "{resent}");
    assert_eq!(peer.calls(), ["congested 2500"]);
    assert_eq!(peer.stream.counters().timeouts, 0);
}

/// The last of four segments is lost, and the probe repairs it.
#[track_caller]
fn probed() -> Peer {
    let mut peer = Peer::open(Setup::default());
    peer.write(4);
    peer.wait(RTT);
    assert_eq!(peer.ack(2, &[]), "");
    assert_eq!(peer.wait_for(), "3");
    assert_eq!(peer.stream.counters().timeouts, 0, "a probe");
    peer.wait(1);
    assert_eq!(peer.ack(3, &[]), "");
    peer.wait(RTT);
    peer
}

#[test]
fn a_loss_that_the_probe_has_repaired_is_congestion() {
    let mut peer = probed();
    peer.ack(4, &[]);
    assert_eq!(peer.write(1), "4");
    peer.wait(RTT);
    peer.ack(5, &[]);
    assert_eq!(peer.calls().len(), 1, "the loss of one segment");
}

#[test]
fn a_probe_that_arrived_twice_is_no_congestion() {
    let mut peer = probed();
    peer.ack(4, &[3..4]);
    assert_eq!(peer.write(1), "4");
    peer.wait(RTT);
    peer.ack(5, &[]);
    assert_eq!(peer.calls(), [""; 0]);
}

#[test]
fn without_sack_there_is_no_probe() {
    let mut peer = Peer::open(without_sack());
    peer.write(3);
    assert_eq!(peer.wait_for(), "0");
    assert_eq!(peer.stream.counters().timeouts, 1);
}

#[test]
fn where_the_retransmission_timer_comes_first_the_probe_goes_in_its_place() {
    // Section 7.2: a segment alone would be probed after 400 ms, since its acknowledgment may be delayed.
    let mut peer = Peer::open(Setup::default());
    assert_eq!(peer.write(1), "0");
    assert_eq!(peer.wait(299), "");
    assert_eq!(peer.wait(1), "0");
    assert_eq!(peer.stream.counters().timeouts, 0);
    assert_eq!(peer.wait(299), "");
    assert_eq!(peer.wait(1), "0");
    assert_eq!(peer.stream.counters().timeouts, 1);
    assert_eq!(peer.calls(), ["timed out"]);
}

#[test]
fn a_probe_with_new_bytes_restarts_the_retransmission_timer_too() {
    let mut peer = Peer::open(Setup::default());
    peer.write(12);
    assert_eq!(peer.wait(2 * RTT), "10");
    assert_eq!(peer.wait(299), "");
    assert_eq!(peer.stream.counters().timeouts, 0);
    peer.wait(1);
    assert_eq!(peer.stream.counters().timeouts, 1);
}

#[test]
fn in_fast_recovery_a_probe_sends_the_first_segment_again() {
    let mut peer = ten_in_flight(Setup::default());
    assert_eq!(peer.ack(0, &[1..4]), "0");
    // The acknowledgment of everything is lost, and no other follows.
    assert_eq!(peer.wait(2 * RTT - 1), "");
    assert_eq!(peer.wait(1), "0");
    assert_eq!(peer.wait(RTT), "");
    peer.ack(10, &[0..1]);
    assert_eq!(peer.stream.counters().timeouts, 0);
    assert_eq!(peer.calls(), ["congested 5000"]);
}

#[test]
fn a_probe_that_is_late_goes_at_once() {
    let mut peer = Peer::open(Setup::default());
    assert_eq!(peer.stream.write(&[0; 2 * SEGMENT as usize], peer.now), Ok(2 * SEGMENT as usize));
    // The program sends both segments, and polls again only after a pause.
    assert!(peer.stream.poll_transmit(peer.now).is_some() && peer.stream.poll_transmit(peer.now).is_some());
    peer.now = peer.now + Duration::from_millis(2 * RTT + 50);
    peer.drain();
    assert_eq!(peer.stream.deadline(), Some(peer.now));
}
