//! The recovery and the congestion control of a stream, compared with a bare connection that waits for the
//! retransmission timeout after each loss, over a path that loses one segment in a hundred.
//!
//! Run it with `cargo run --example congestion`.

mod ends;
mod network;

use std::time::Duration;

use ends::{Bare, End, Streamed};
use network::Network;
use tcp_lifecycle::stream::StreamConfig;
use tcp_lifecycle::stream::congestion::{Cubic, NewReno};
use tcp_lifecycle::{Config, Open};

/// The limits of a bare connection on the bytes in flight; the best result counts.
const LIMITS: [u32; 3] = [32 * 1_460, 44 * 1_460, 64 * 1_460];
const SEEDS: u64 = 5;
const BYTES: usize = 4_000_000;

fn main() {
    println!("Transfers of 4 MB at 80 Mbit/s, a queue of 10 ms, 1 % loss, in kB/s:\n");
    println!("                       timeouts alone,     stream,    stream,");
    println!("      delay least RTO  best of 3 limits    NewReno      CUBIC   gain");
    for (delay, rto_min) in [(1, 1_000), (2, 1_000), (5, 1_000), (10, 1_000), (1, 200)] {
        let (delay, rto_min) = (Duration::from_millis(delay), Duration::from_millis(rto_min));
        let tcp = Config { mss: 1_460, rto_min, sack_permitted: true, timestamps: true, ..Config::DEFAULT };
        let receiver = StreamConfig { tcp, ..StreamConfig::default() };
        let bare = LIMITS.map(|limit| throughput(|| Bare::open(&tcp, BYTES, limit), &receiver, delay));
        let bare = bare.into_iter().fold(0.0, f64::max);
        let [new_reno, cubic] = [NewReno::start, Cubic::start].map(|controller| {
            let config = StreamConfig { controller, ..receiver };
            throughput(|| Streamed::open(&config, Open::Active, BYTES), &receiver, delay)
        });
        let gain = cubic / bare;
        println!("{delay:>6?} each   {rto_min:>6?}  {bare:>16.0}  {new_reno:>9.0}  {cubic:>9.0}  {gain:>3.0} x");
    }
    println!(
        "\nTimeouts alone cost a least RTO for each loss, whatever the delay. The stream repairs a loss in a round"
    );
    println!("trip, so it gains the more the shorter the round trip is beside the timeout.");
}

/// The throughput over all seeds, in kilobytes per second.
fn throughput<S: End>(sender: impl Fn() -> S, receiver: &StreamConfig, delay: Duration) -> f64 {
    let micros = (1..=SEEDS).map(|seed| {
        let mut network = Network::new(sender(), Streamed::open(receiver, Open::Passive, 0), delay, seed);
        network.transfer(BYTES);
        network.now.as_micros()
    });
    (SEEDS * BYTES as u64 * 1_000) as f64 / micros.sum::<u64>() as f64
}
