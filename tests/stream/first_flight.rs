//! How much a stream sends at first, and after a pause; and a timer that says nothing about congestion.

use std::time::Duration;

use tcp_lifecycle::stream::congestion::{Cubic, NewReno, StartController};
use tcp_lifecycle::stream::{Output, Stream, StreamConfig};
use tcp_lifecycle::{Config, Control, Ecn, Instant, Open, Options, Segment, SeqNumber};

use crate::peer::{Peer, RTT, Setup};

const CONTROLLERS: [StartController; 2] = [NewReno::start, Cubic::start];

/// The segments with payload that a new stream sends at once. Its SYN is sent `syns` times; the user
/// writes before that or after the handshake.
fn first_flight(controller: StartController, syns: u32, writes_early: bool) -> usize {
    let tcp = Config { receive_buffer: 65_535, ..Config::DEFAULT };
    let mut stream = Stream::new(&StreamConfig { tcp, controller, ..StreamConfig::default() }, 100);
    let mut now = Instant::ZERO;
    let flight = |stream: &mut Stream, now| {
        let mut segments = 0;
        loop {
            match stream.poll(now) {
                Output::Transmit(transmit) => segments += usize::from(transmit.segment.payload_len() > 0),
                Output::Event(_) => {}
                Output::Wait(_) => return segments,
            }
        }
    };
    stream.open(Open::Active, now).unwrap();
    if writes_early {
        stream.write(&[0; 60_000], now).unwrap();
    }
    flight(&mut stream, now);
    for _ in 1..syns {
        now = stream.deadline().unwrap();
        stream.timeout(now);
        flight(&mut stream, now);
    }
    now = now + Duration::from_millis(10);
    let syn_ack = Segment::new(SeqNumber(300), SeqNumber(101), Control::SYN | Control::ACK)
        .with_window(65_535)
        .with_options(Options::NONE.with_mss(1_000));
    stream.segment_arrives(&syn_ack, &[], Ecn::NotEct, &[], now).unwrap();
    if !writes_early {
        stream.write(&[0; 60_000], now).unwrap();
    }
    flight(&mut stream, now)
}

#[test]
fn the_first_flight_is_ten_segments() {
    for writes_early in [false, true] {
        assert_eq!(CONTROLLERS.map(|controller| first_flight(controller, 1, writes_early)), [10; 2]);
    }
}

/// RFC 5681 section 3.1.
#[test]
fn the_first_flight_is_one_segment_if_the_syn_was_lost() {
    for writes_early in [false, true] {
        assert_eq!(CONTROLLERS.map(|controller| first_flight(controller, 2, writes_early)), [1; 2]);
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
