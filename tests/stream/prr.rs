//! Fast recovery, against a peer by hand: the proportional rate reduction of RFC 6937.

use crate::peer::{Peer, RTT, SEGMENT, Setup};
use crate::recovery::{count, ten_in_flight};

/// What PRR lets out for each acknowledgment of one segment, in full segments: `RecoverFS` is 20 segments, `ssthresh`
/// 10, and recovery begins with the third that is reported. No acknowledgment advances SND.UNA, so that there is no
/// segment more as a bound (RFC 9937: `SafeACK`).
fn proportional(acks: u64) -> Vec<u64> {
    let (recover_fs, ssthresh) = (20 * SEGMENT, 10 * SEGMENT);
    let (mut delivered, mut out, mut pipe) = (SEGMENT, SEGMENT, 17 * SEGMENT);
    let mut sent = Vec::new();
    for _ in 0..acks {
        delivered += SEGMENT;
        pipe -= SEGMENT;
        let count = if pipe > ssthresh {
            (delivered * ssthresh).div_ceil(recover_fs).saturating_sub(out)
        } else {
            (ssthresh - pipe).min(delivered.saturating_sub(out).max(SEGMENT))
        };
        out += count / SEGMENT * SEGMENT;
        pipe += count / SEGMENT * SEGMENT;
        sent.push(count / SEGMENT);
    }
    sent
}

#[test]
fn in_recovery_the_window_shrinks_in_proportion() {
    let mut peer = Peer::open(Setup { window: 20, ..Setup::default() });
    assert_eq!(count(&peer.write(20)), 20);
    peer.wait(RTT);
    assert_eq!(peer.ack(0, &[1..2]), "");
    assert_eq!(peer.ack(0, &[1..3]), "");
    assert_eq!(peer.ack(0, &[1..4]), "0");
    assert_eq!(peer.calls(), ["congested 10000"]);
    assert_eq!(peer.write(40), "", "the window is full");
    let mut sent = Vec::new();
    for last in 5..=20 {
        peer.wait(1);
        sent.push(count(&peer.ack(0, &[1..last])));
    }
    assert_eq!(sent, proportional(16));
    let in_flight: u64 = 1 + sent.iter().sum::<u64>();
    assert_eq!(in_flight, 10, "ssthresh is in flight");
    // The end of recovery: the retransmission has arrived.
    peer.wait(RTT / 2);
    assert_eq!(count(&peer.ack(20, &[])), 1);
}

#[test]
fn after_many_losses_the_flight_grows_as_in_slow_start() {
    let mut peer = Peer::open(Setup { window: 20, ..Setup::default() });
    assert_eq!(count(&peer.write(20)), 20);
    peer.write(40);
    peer.wait(RTT);
    // The first sixteen are lost: for three that have arrived, three go out.
    assert_eq!(peer.ack(0, &[16..19]), "0 1 2");
    assert_eq!(peer.calls(), ["congested 10000"]);
    assert_eq!(peer.ack(0, &[16..20]), "3");
    peer.wait(RTT);
    // Each one that arrives now lets out two, until ssthresh is in flight.
    assert_eq!(peer.ack(1, &[16..20]), "4 5");
    assert_eq!(peer.ack(2, &[16..20]), "6 7");
    assert_eq!(peer.ack(3, &[16..20]), "8 9");
    assert_eq!(peer.ack(4, &[16..20]), "10 11");
    peer.wait(RTT);
    assert_eq!(peer.ack(5, &[16..20]), "12 13");
    assert_eq!(peer.ack(6, &[16..20]), "14 15");
    assert_eq!(peer.ack(7, &[16..20]), "20");
    assert_eq!(peer.ack(8, &[16..20]), "21");
    assert_eq!(peer.stream.counters().timeouts, 0);
}

#[test]
fn recovery_ends_at_the_recovery_point_and_not_before() {
    let mut peer = ten_in_flight(Setup::default());
    assert_eq!(peer.ack(0, &[1..4]), "0");
    assert_eq!(peer.calls(), ["congested 5000"]);
    peer.wait(RTT);
    // 4 was lost in the same window.
    assert_eq!(peer.ack(4, &[5..10]), "4");
    assert_eq!(peer.calls(), [""; 0], "one reduction a window");
    peer.wait(RTT);
    peer.ack(10, &[]);
    assert_eq!(peer.write(5), "10 11 12 13 14");
    peer.wait(RTT);
    assert_eq!(peer.ack(10, &[11..14]), "10");
    assert_eq!(peer.calls(), ["congested 2500"], "another window");
}

#[test]
fn after_recovery_the_window_is_the_threshold() {
    let mut peer = ten_in_flight(Setup::default());
    assert_eq!(peer.ack(0, &[1..4]), "0");
    peer.wait(RTT);
    assert_eq!(peer.ack(10, &[]), "");
    assert_eq!(peer.write(20), "10 11 12 13 14");
}
