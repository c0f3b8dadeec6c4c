//! An honest end sends nothing that its honest peer refuses, where the network only delays: D4 and D17.

use core::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use tcp_lifecycle::sim::{Network, Pair, Side, What};
use tcp_lifecycle::{Config, State};

use crate::cases::cases;

const MIB: u32 = 1 << 20;

/// The acts of both users, in any order.
#[derive(Clone, Copy, Debug)]
enum Act {
    Send(Side, usize),
    Read(Side, usize),
    Wait(u64),
}

fn acts() -> impl Strategy<Value = Act> {
    let side = || select(vec![Side::A, Side::B]);
    let bytes = || prop_oneof![1_usize..4_000, 1_usize..60_000];
    prop_oneof![
        (side(), bytes()).prop_map(|(side, bytes)| Act::Send(side, bytes)),
        (side(), bytes()).prop_map(|(side, bytes)| Act::Read(side, bytes)),
        (1_u64..70_000).prop_map(Act::Wait),
        (1_u64..60).prop_map(Act::Wait),
    ]
}

/// The policies of the handshake. A buffer of a mebibyte, which takes a scale of five, is reduced to 70,000 bytes
/// later.
fn policies() -> impl Strategy<Value = Config> {
    let buffers = select(vec![300_u32, 2_000, 65_535, MIB, MIB]);
    (buffers, select(vec![100_u16, 500, 1_460]), any::<bool>(), any::<bool>(), any::<bool>()).prop_map(
        |(receive_buffer, mss, timestamps, scaled, delayed)| Config {
            receive_buffer,
            mss,
            timestamps,
            window_scale: if scaled && receive_buffer < MIB { Some(0) } else { None },
            delayed_ack: delayed.then_some(Duration::from_millis(40)),
            ..Config::DEFAULT
        },
    )
}

/// Both ends are ESTABLISHED, and the users read only by [`Act::Read`].
#[track_caller]
fn established(a: &Config, b: &Config, delay: u64) -> Pair {
    let network = Network { delay: Duration::from_millis(delay), ..Network::PERFECT };
    let mut pair = Pair::new(a, b, network);
    pair.handshake().unwrap();
    for (side, config) in [(Side::A, a), (Side::B, b)] {
        pair.stop_reading(side);
        let later = Config { receive_buffer: config.receive_buffer.min(70_000), ..*config };
        pair.call(side, "configure", |connection, _| connection.configure(&later));
    }
    pair
}

fn act(pair: &mut Pair, act: Act) {
    match act {
        Act::Send(side, bytes) => pair.send(side, &vec![7; bytes]).unwrap(),
        Act::Read(side, bytes) => _ = pair.read(side, bytes),
        Act::Wait(millis) => pair.drive_for(Duration::from_millis(millis)).unwrap(),
    }
}

/// The refused segments, in printed form.
fn refused(pair: &Pair) -> Vec<String> {
    let mut refused = Vec::new();
    for event in pair.trace().events() {
        if let What::Arrived(_, segment, Err(refusal)) = &event.what {
            refused.push(format!("{segment} at {}: {refusal}", event.side));
        }
    }
    refused
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn nothing_is_refused_where_the_network_only_delays(
        a in policies(),
        b in policies(),
        delay in 1_u64..50,
        acts in vec(acts(), 1..40),
    ) {
        let mut pair = established(&a, &b, delay);
        for step in acts {
            act(&mut pair, step);
        }
        pair.drive_for(Duration::from_secs(1)).unwrap();
        prop_assert_eq!(refused(&pair), Vec::<String>::new(), "{}", pair.trace());
    }

    /// Whatever is unread and unsent: after one abort and one reset both ends are CLOSED.
    #[test]
    fn an_abort_ends_the_peer_too(a in policies(), b in policies(), acts in vec(acts(), 1..30)) {
        let mut pair = established(&a, &b, 10);
        for step in acts {
            act(&mut pair, step);
        }
        // Everything in flight arrives first, and is acknowledged.
        pair.drive_for(Duration::from_millis(75)).unwrap();
        prop_assume!(pair.in_flight().is_empty());
        pair.abort(Side::A).unwrap();
        pair.drive_for(Duration::from_millis(15)).unwrap();
        prop_assert_eq!((pair.state(Side::A), pair.state(Side::B)), (State::Closed, State::Closed), "{}", pair.trace());
    }
}

/// A buffer of 2,000 bytes is full, and 3,000 more wait behind it. The window is probed once.
#[test]
fn an_abort_reaches_a_peer_that_does_not_read() {
    let config = Config { receive_buffer: 2_000, mss: 500, ..Config::DEFAULT };
    for (seconds, probes) in [(1, 0), (2, 1), (4, 2), (60, 5)] {
        let mut pair = Pair::new(&config, &config, Network::PERFECT);
        pair.handshake().unwrap();
        pair.stop_reading(Side::B);
        pair.send(Side::A, &[7; 5_000]).unwrap();
        pair.drive_for(Duration::from_millis(seconds * 1_000 - 500)).unwrap();
        let probed = pair.trace().events().iter().filter(|event| {
            matches!(&event.what, What::Sent(_, segment) if segment.payload_len() == 1 && event.side == Side::A)
        });
        assert!(probed.count() >= probes);
        pair.abort(Side::A).unwrap();
        pair.drive_for(Duration::from_secs(1)).unwrap();
        assert_eq!((pair.state(Side::A), pair.state(Side::B)), (State::Closed, State::Closed), "{}", pair.trace());
    }
}
