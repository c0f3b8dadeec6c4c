//! Two ends, one of which has urgent bytes for the other.

use core::time::Duration;

use tcp_lifecycle::sim::{Network, Pair, Side};
use tcp_lifecycle::{Config, Signal};

#[track_caller]
fn established(network: Network) -> Pair {
    let config = Config { timestamps: true, ..Config::DEFAULT };
    let mut pair = Pair::new(&config, &config, network);
    pair.handshake().unwrap();
    pair
}

fn told(pair: &Pair) -> usize {
    pair.signals(Side::B).iter().filter(|signal| **signal == Signal::Urgent).count()
}

/// The receiver reads nothing, its window is closed, and its user is still told; once it has read, everything is
/// normal.
#[test]
fn a_receiver_that_is_full_hears_of_it() {
    let mut pair = established(Network::PERFECT);
    pair.stop_reading(Side::B);
    pair.send(Side::A, &[1; 70_000]).unwrap();
    pair.drive_for(Duration::from_secs(1)).unwrap();
    assert!(pair.status(Side::B).rcv_wnd < Some(100));
    assert_eq!((told(&pair), pair.status(Side::B).urgent), (0, 0));

    pair.call(Side::A, "send urgent 0", |connection, now| connection.send_urgent(0, now)).unwrap();
    pair.drive_for(Duration::from_millis(10)).unwrap();
    assert_eq!(told(&pair), 1);
    assert_eq!(pair.status(Side::B).urgent, 70_000);

    for _ in 0..100 {
        pair.read(Side::B, 1_000);
        pair.drive_for(Duration::from_secs(1)).unwrap();
    }
    assert_eq!((pair.status(Side::B).urgent, pair.status(Side::B).rcv_up), (0, None));
    assert_eq!((pair.status(Side::A).snd_up, pair.status(Side::A).in_flight), (None, 0));
    assert_eq!(told(&pair), 1);
}

/// The ACK with the pointer may be lost; the segments have the pointer too.
#[test]
fn over_a_faulty_network_both_pointers_agree_in_the_end() {
    for seed in 0..30 {
        let mut pair = established(Network::faulty(seed));
        pair.stop_reading(Side::B);
        pair.send(Side::A, &[1; 5_000]).unwrap();
        pair.call(Side::A, "send urgent 0", |connection, now| connection.send_urgent(0, now)).unwrap();
        pair.send(Side::A, &[2; 3_000]).unwrap();
        let up = pair.status(Side::A).snd_up;
        pair.drive().unwrap();
        assert_eq!(pair.status(Side::B).rcv_up, up, "{seed}");
        assert_eq!((told(&pair), pair.status(Side::B).urgent), (1, 5_000), "{seed}");
        pair.read(Side::B, 4_999);
        assert_eq!(pair.status(Side::B).urgent, 1, "{seed}");
        pair.read(Side::B, 1);
        assert_eq!((pair.status(Side::B).urgent, pair.status(Side::B).unread), (0, 3_000), "{seed}");
        assert_eq!(pair.status(Side::A).snd_up, None, "{seed}");
    }
}
