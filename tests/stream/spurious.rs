//! Losses that were none: RFC 3522 by timestamps, RFC 3708 by reports of duplicates.

use crate::peer::{Peer, RTT, Setup};
use crate::recovery::{count, ten_in_flight};

fn with_timestamps() -> Setup {
    Setup { timestamps: true, ..Setup::default() }
}

/// Five segments, with a delay in the network that makes the timer fire. Returns TSval of the first sending.
#[track_caller]
fn delayed() -> (Peer, u32) {
    let mut peer = Peer::open(with_timestamps());
    assert_eq!(peer.write(5), "0 1 2 3 4");
    let original = peer.last_stamp();
    assert_eq!(peer.wait_for(), "4", "a probe");
    assert_eq!(peer.wait_for(), "0");
    assert_eq!(peer.calls(), ["timed out"]);
    (peer, original)
}

#[test]
fn an_acknowledgment_that_echoes_the_first_sending_takes_the_timeout_back() {
    // Also where the retransmission could have arrived by now.
    for late in [1, RTT + 50] {
        let (mut peer, original) = delayed();
        peer.wait(late);
        peer.echo = original;
        assert_eq!(peer.ack(1, &[]), "", "nothing is lost");
        assert_eq!(peer.calls(), ["undo 10000"]);
        assert_eq!(peer.ack(5, &[]), "");
        assert_eq!(peer.write(10), "5 6 7 8 9 10 11 12 13 14");
    }
}

#[test]
fn an_acknowledgment_that_comes_too_early_says_nothing_of_the_retransmission() {
    // RFC 8985 section 6.2, step 2: less than the least round-trip time after the probe, which is that of the SYN.
    let mut peer = Peer::open(Setup::default());
    peer.write(5);
    assert_eq!(peer.wait(2 * RTT), "4");
    peer.wait(1);
    assert_eq!(peer.ack(0, &[4..5]), "");
    assert_eq!(peer.calls(), [""; 0]);
}

#[test]
fn an_acknowledgment_that_echoes_the_retransmission_takes_nothing_back() {
    let (mut peer, _) = delayed();
    peer.echo = peer.last_stamp();
    peer.wait(RTT);
    assert_eq!(peer.ack(1, &[]), "1 2");
    assert_eq!(peer.calls(), [""; 0]);
}

#[test]
fn a_fast_retransmission_is_taken_back_by_its_echo() {
    let mut peer = ten_in_flight(with_timestamps());
    let original = peer.last_stamp();
    assert_eq!(peer.ack(0, &[1..4]), "0");
    assert_eq!(peer.calls().len(), 1);
    peer.wait(10);
    peer.echo = original;
    peer.ack(4, &[]);
    assert_eq!(peer.calls().len(), 1, "undone");
    assert_eq!(peer.stream.counters().retransmissions, 1);
}

#[test]
fn a_duplicate_that_the_peer_reports_takes_the_recovery_back() {
    let mut peer = ten_in_flight(Setup::default());
    assert_eq!(peer.ack(0, &[1..4]), "0");
    assert_eq!(peer.calls(), ["congested 5000"]);
    peer.wait(10);
    // The first segment was late; then its retransmission arrives.
    peer.ack(10, &[]);
    peer.wait(RTT - 10);
    peer.ack(10, &[0..1]);
    assert_eq!(peer.calls(), ["undo 10000"]);
    assert_eq!(count(&peer.write(20)), 10);
}

#[test]
fn one_duplicate_of_two_retransmissions_takes_nothing_back() {
    let mut peer = ten_in_flight(Setup::default());
    assert_eq!(peer.ack(0, &[2..5]), "0");
    assert_eq!(peer.ack(0, &[2..8]), "1");
    peer.wait(RTT);
    // 1 was lost indeed.
    peer.ack(10, &[0..1]);
    assert_eq!(peer.calls(), ["congested 5000"]);
}

#[test]
fn a_duplicate_of_what_was_sent_once_takes_nothing_back() {
    // The network has doubled a segment (RFC 3708 section 3).
    let mut peer = ten_in_flight(Setup::default());
    assert_eq!(peer.ack(0, &[1..4]), "0");
    assert_eq!(peer.ack(0, &[2..3, 1..4]), "");
    peer.wait(RTT);
    peer.ack(10, &[]);
    peer.ack(10, &[5..6]);
    assert_eq!(peer.calls(), ["congested 5000"]);
    peer.ack(10, &[0..1]);
    assert_eq!(peer.calls(), ["undo 10000"]);
}

#[test]
fn a_duplicate_that_is_reported_a_window_later_takes_nothing_back() {
    let mut peer = ten_in_flight(Setup::default());
    assert_eq!(peer.ack(0, &[1..4]), "0");
    peer.wait(RTT);
    peer.ack(10, &[]);
    peer.write(2);
    peer.wait(RTT);
    peer.ack(12, &[]);
    peer.ack(12, &[0..1]);
    assert_eq!(peer.calls(), ["congested 5000"]);
}

#[test]
fn a_duplicate_does_not_take_a_later_mark_back() {
    let mut peer = ten_in_flight(Setup { ecn: true, ..Setup::default() });
    assert_eq!(peer.ack(0, &[1..4]), "0");
    peer.wait(RTT);
    peer.ack(10, &[]);
    assert_eq!(peer.write(5), "10 11 12 13 14");
    peer.ack_with_echo(10);
    assert_eq!(peer.calls(), ["congested 5000", "congested 2500"]);
    peer.ack(10, &[0..1]);
    assert_eq!(peer.calls(), [""; 0]);
}
