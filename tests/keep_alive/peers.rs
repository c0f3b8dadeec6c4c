//! The peer's probes, and two ends with keep-alive.

use core::time::Duration;

use tcp_lifecycle::sim::{Network, Pair, Side, check};
use tcp_lifecycle::{Config, Instant, KeepAlive, Signal, State};

use super::end::{QUICK, QUICK_CONFIG};

/// RFC 9293 section 3.10.7.4, first: a segment left of the window is answered, and a probe relies on that.
#[test]
fn a_probe_of_the_peer_is_answered() {
    for state in ["ESTABLISHED", "CLOSE-WAIT", "FIN-WAIT-2"] {
        for octet in ["", "<DATA=1>"] {
            check(&format!(
                "
                {state} SND.NXT=100 RCV.NXT=300
                <-- <SEQ=299><ACK=100><CTL=ACK>{octet} refused
                --> <SEQ=100><ACK=300><CTL=ACK>
                + 2h
                <-- <SEQ=299><ACK=100><CTL=ACK>{octet} refused
                --> <SEQ=100><ACK=300><CTL=ACK>
                {state}
                "
            ));
        }
    }
}

#[test]
fn a_probe_of_the_peer_is_answered_with_our_window_closed() {
    for octet in ["", "<DATA=1>"] {
        check(&format!(
            "
            config receive_buffer=10
            ESTABLISHED SND.NXT=100 RCV.NXT=300
            <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>
            --> <SEQ=100><ACK=310><CTL=ACK><WND=0>
            <-- <SEQ=309><ACK=100><CTL=ACK>{octet} refused
            --> <SEQ=100><ACK=310><CTL=ACK><WND=0>
            "
        ));
    }
}

/// With payload of ours in flight the answer carries SND.NXT, and the payload is not retransmitted.
#[test]
fn a_probe_of_the_peer_is_answered_while_payload_is_in_flight() {
    check(
        "
        ESTABLISHED SND.NXT=100 RCV.NXT=300
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        <-- <SEQ=299><ACK=100><CTL=ACK> refused
        --> <SEQ=110><ACK=300><CTL=ACK>
        ESTABLISHED DEADLINE=1s
        ",
    );
}

fn hours(hours: u64) -> Duration {
    Duration::from_secs(hours * 3_600)
}

#[track_caller]
fn established(a: &Config, b: &Config) -> Pair {
    let network = Network { delay: Duration::from_millis(20), ..Network::PERFECT };
    let mut pair = Pair::new(a, b, network);
    pair.handshake().unwrap();
    pair
}

#[test]
fn two_ends_that_both_probe_stay_up_for_days() {
    let on = Config { keep_alive: Some(KeepAlive::DEFAULT), ..Config::DEFAULT };
    let other = Config {
        keep_alive: Some(KeepAlive { idle: Duration::from_secs(5_000), ..KeepAlive::DEFAULT }),
        timestamps: true,
        ..Config::DEFAULT
    };
    for (a, b) in [(&on, &on), (&on, &other), (&other, &other)] {
        let mut pair = established(a, b);
        let before = pair.trace().events().len();
        pair.drive_for(hours(24 * 30)).unwrap();
        assert_eq!((pair.state(Side::A), pair.state(Side::B)), (State::Established, State::Established));
        assert!(pair.signals(Side::A).is_empty() && pair.signals(Side::B).is_empty());
        let events = pair.trace().events().len() - before;
        assert!((1_000..7_000).contains(&events), "a probe and its answer every two hours or so: {events} events");
    }
}

/// The other end has no keep-alive.
#[test]
fn one_end_that_probes_keeps_the_connection_up() {
    let mut pair = established(&QUICK_CONFIG, &Config::linux());
    pair.drive_for(hours(48)).unwrap();
    assert_eq!((pair.state(Side::A), pair.state(Side::B)), (State::Established, State::Established));
    pair.send(Side::B, b"still here").unwrap();
    pair.drive_for(Duration::from_secs(1)).unwrap();
    assert_eq!(pair.received(Side::A), b"still here");
}

#[test]
fn a_peer_that_forgot_the_connection_is_found_out() {
    let mut pair = established(&QUICK_CONFIG, &Config::DEFAULT);
    pair.crash(Side::B);
    pair.drive_for(Duration::from_secs(59)).unwrap();
    assert_eq!(pair.state(Side::A), State::Established);
    pair.drive_for(Duration::from_secs(2)).unwrap();
    assert_eq!(pair.state(Side::A), State::Closed);
    assert_eq!(pair.signals(Side::A), [Signal::Reset]);
}

#[test]
fn a_peer_that_cannot_be_reached_is_found_out() {
    let mut pair = established(&QUICK_CONFIG, &QUICK_CONFIG);
    pair.set_network(Network { loss: 1_000, ..Network::PERFECT });
    let start = pair.now();
    pair.drive_for(Duration::from_secs(60 + 3 * 10 - 1)).unwrap();
    assert_eq!((pair.state(Side::A), pair.state(Side::B)), (State::Established, State::Established));
    pair.drive_for(Duration::from_secs(2)).unwrap();
    assert_eq!((pair.state(Side::A), pair.state(Side::B)), (State::Closed, State::Closed));
    assert_eq!((pair.signals(Side::A), pair.signals(Side::B)), (&[Signal::TimedOut][..], &[Signal::TimedOut][..]));
    assert!(pair.now() >= start + Duration::from_secs(91) && pair.now() < Instant::from_micros(u64::MAX));
}

/// Two of three probes may be lost, each time.
#[test]
fn a_network_that_loses_a_third_does_not_end_it() {
    let many = Config { keep_alive: Some(KeepAlive { probes: 30, ..QUICK }), ..Config::DEFAULT };
    let mut pair = established(&many, &many);
    pair.set_network(Network { loss: 330, ..Network::PERFECT });
    pair.drive_for(hours(48)).unwrap();
    assert_eq!((pair.state(Side::A), pair.state(Side::B)), (State::Established, State::Established));
}
