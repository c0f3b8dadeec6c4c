//! The recovery of a stream beside that of a bare connection, as the example `congestion` compares them.

#[path = "../examples/congestion/ends.rs"]
mod ends;
#[path = "../examples/congestion/network.rs"]
mod network;

use std::time::Duration;

use ends::{Bare, End, Streamed};
use network::Network;
use tcp_lifecycle::stream::StreamConfig;
use tcp_lifecycle::stream::congestion::{Cubic, NewReno};
use tcp_lifecycle::{Config, Open};

/// The bytes of one transfer; about thirty segments are lost in each.
const BYTES: usize = 4_000_000;
const TCP: Config = Config { mss: 1_460, sack_permitted: true, timestamps: true, ..Config::DEFAULT };

/// The time of four transfers, in microseconds.
fn time<S: End>(sender: impl Fn() -> S) -> u64 {
    let receiver = StreamConfig { tcp: TCP, ..StreamConfig::default() };
    let transfer = |seed| {
        let receiver = Streamed::open(&receiver, Open::Passive, 0);
        let mut network = Network::new(sender(), receiver, Duration::from_millis(1), seed);
        network.transfer(BYTES);
        network.now.as_micros()
    };
    (1..=4).map(transfer).sum()
}

#[test]
fn at_one_percent_loss_a_stream_is_ten_times_as_fast_as_waiting_for_timeouts() {
    for controller in [NewReno::start, Cubic::start] {
        let config = StreamConfig { tcp: TCP, controller, ..StreamConfig::default() };
        let stream = time(|| Streamed::open(&config, Open::Active, BYTES));
        // Less than the path and its queue hold, about as much, and more.
        for segments in [32, 64, 96] {
            let bare = time(|| Bare::open(&TCP, BYTES, segments * 1_460));
            assert!(bare >= 10 * stream, "{segments} segments in flight: {bare} us, a stream: {stream} us");
        }
    }
}
