//! Two ends with closed windows: D4 and D17, over a simulated network.

use core::time::Duration;

use tcp_lifecycle::sim::{Network, Pair, Side};
use tcp_lifecycle::{Config, State};

const BUFFER: u32 = 100;

/// Both ends have filled the buffer of the other, and have fifty bytes more.
#[track_caller]
fn both_closed(network: Network) -> Pair {
    let config = Config { receive_buffer: BUFFER, mss: 50, ..Config::DEFAULT };
    let mut pair = Pair::new(&config, &config, Network::PERFECT);
    pair.handshake().unwrap();
    for side in [Side::A, Side::B] {
        pair.stop_reading(side);
    }
    for side in [Side::A, Side::B] {
        pair.send(side, &[7; 150]).unwrap();
    }
    pair.settle().unwrap();
    for side in [Side::A, Side::B] {
        assert_eq!((pair.received(side).len(), pair.status(side).snd_wnd), (100, Some(0)));
    }
    pair.set_network(network);
    pair
}

/// Lets time pass until both windows are probed, and both probes are in flight.
#[track_caller]
fn until_probes_cross(pair: &mut Pair) {
    for _ in 0..2 {
        assert!(pair.step().unwrap());
    }
    let probes: Vec<_> = pair.in_flight().iter().map(|flight| (flight.from, flight.segment.payload_len())).collect();
    assert_eq!(probes, [(Side::A, 1), (Side::B, 1)]);
}

/// The probes of both ends cross, and are refused.
#[test]
fn windows_that_stay_closed_keep_both_ends_waiting() {
    let mut pair = both_closed(Network::PERFECT);
    pair.drive_for(Duration::from_secs(3600)).unwrap();
    for side in [Side::A, Side::B] {
        assert_eq!(pair.state(side), State::Established);
        assert_eq!(pair.received(side).len(), 100);
        assert_eq!(pair.read(side, 100).len(), 100);
    }
    pair.drive().unwrap();
    for side in [Side::A, Side::B] {
        assert_eq!(pair.received(side).len(), 150);
    }
}

/// D4. The probes cross while both users read, and the window updates are lost: each byte is accepted, and every later
/// ACK lies left of the RCV.NXT of the other end.
#[test]
fn probes_that_cross_and_are_taken_do_not_deadlock() {
    let mut pair = both_closed(Network::BY_HAND);
    until_probes_cross(&mut pair);
    for side in [Side::A, Side::B] {
        pair.read(side, 100);
    }
    while pair.in_flight().len() > 2 {
        assert!(pair.lose(2), "an update of the window");
    }
    pair.deliver(0);
    pair.deliver(0);
    for side in [Side::A, Side::B] {
        assert_eq!(pair.received(side).len(), 101, "the probe is taken");
    }
    while !pair.in_flight().is_empty() {
        pair.deliver(0);
    }
    pair.set_network(Network::PERFECT);
    pair.drive_for(Duration::from_secs(120)).unwrap();
    for side in [Side::A, Side::B] {
        assert_eq!(pair.received(side).len(), 150, "all has arrived");
        assert_eq!(pair.send_queue(side), [], "and is acknowledged");
    }
}

/// The same, with any of the first five segments from then on lost.
#[test]
fn no_loss_after_crossing_probes_leads_to_a_deadlock() {
    for losses in 0..32_u32 {
        let mut pair = both_closed(Network::BY_HAND);
        until_probes_cross(&mut pair);
        for side in [Side::A, Side::B] {
            pair.read(side, 100);
        }
        for bit in 0..5 {
            if losses >> bit & 1 == 1 {
                pair.lose(0);
            } else {
                pair.deliver(0);
            }
        }
        pair.set_network(Network::PERFECT);
        while !pair.in_flight().is_empty() {
            pair.deliver(0);
        }
        pair.drive_for(Duration::from_secs(240)).unwrap();
        for side in [Side::A, Side::B] {
            assert_eq!(pair.received(side).len(), 150, "losses {losses:b}");
        }
    }
}

/// D17: both have a probe in flight, so that SND.NXT lies right of the window at both ends.
#[test]
fn acks_reach_a_peer_whose_window_is_closed() {
    let mut pair = both_closed(Network::PERFECT);
    pair.drive_for(Duration::from_secs(5)).unwrap();
    pair.read(Side::A, 100);
    pair.drive_for(Duration::from_millis(30)).unwrap();
    assert_eq!(pair.received(Side::A).len(), 150, "at once, with A's own probe outstanding");
    assert_eq!(pair.received(Side::B).len(), 100);
    assert_eq!(pair.send_queue(Side::B).len(), 0);
}
