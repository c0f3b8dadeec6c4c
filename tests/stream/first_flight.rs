//! How much a stream sends at first, and after a pause; and a timer that says nothing about congestion.

use tcp_lifecycle::State;
use tcp_lifecycle::stream::StreamConfig;
use tcp_lifecycle::stream::congestion::{Cubic, NewReno};

use crate::peer::{Peer, RTT, Setup};

#[test]
fn the_first_flight_is_ten_segments() {
    for controller in [NewReno::start, Cubic::start] {
        let setup = Setup::default();
        let mut peer = Peer::open(Setup { config: StreamConfig { controller, ..setup.config }, ..setup });
        assert_eq!(peer.stream.state(), State::Established);
        assert_eq!(peer.write(30), "0 1 2 3 4 5 6 7 8 9");
    }
}

/// RFC 5681 section 4.1.
#[test]
fn after_a_pause_of_more_than_a_timeout_the_window_is_the_initial_one() {
    for (pause, segments) in [(RTT, 20), (5 * RTT, 10)] {
        let mut peer = Peer::open(Setup { window: 20, ..Setup::default() });
        peer.write(1);
        peer.wait(RTT);
        peer.ack(1, &[]);
        peer.wait(pause);
        assert_eq!(peer.write(30).split(' ').count(), segments, "{pause} ms");
    }
}

#[test]
fn a_probe_of_a_closed_window_is_no_congestion() {
    let mut peer = Peer::open(Setup::default());
    peer.write(20);
    peer.window = 0;
    assert_eq!(peer.ack(10, &[]), "");
    assert_eq!(peer.wait_for(), "10000..10001");
    assert_eq!(peer.wait_for(), "10000..10001");
    assert_eq!(peer.calls(), [""; 0]);
}
