//! Congestion control plugged into connections: RFC 5681 compared with waiting for timeouts, over a network that loses
//! one segment in a hundred. The controller is `reno.rs`, less than 150 lines to be read beside RFC 5681.
//!
//! Run it with `cargo run --example congestion`.

mod host;
mod network;
mod reno;

use std::error::Error;
use std::time::Duration;

use host::Control;
use network::{Network, Path};
use reno::Reno;
use tcp_lifecycle::Config;

const MSS: u16 = 1460;
/// The fixed limits that are tried on a connection without congestion control; the best result counts.
const FIXED: [u32; 3] = [32, 44, 64];
const SEEDS: u64 = 5;
const BYTES: usize = 4_000_000;

const PATH: Path = Path {
    bandwidth: 10_000_000,
    queue: Duration::from_millis(10),
    delay: Duration::from_millis(1),
    jitter: Duration::ZERO,
    loss: 10,
    seed: 0,
};

const CONFIG: Config = Config { mss: MSS, receive_buffer: 128 << 10, timestamps: true, ..Config::DEFAULT };

fn main() -> Result<(), Box<dyn Error>> {
    println!("{} transfers of {} MB at 80 Mbit/s, a queue of 10 ms, 1 % loss:\n", SEEDS, BYTES / 1_000_000);
    println!("                          timeouts alone,");
    println!("  delay       least RTO   best of 3 limits          RFC 5681   gain");
    for (delay, rto_min) in [(1, 1_000), (2, 1_000), (5, 1_000), (10, 1_000), (1, 200)] {
        let path = Path { delay: Duration::from_millis(delay), ..PATH };
        let config = Config { rto_min: Duration::from_millis(rto_min), ..CONFIG };
        let mut fixed = 0.0_f64;
        for segments in FIXED {
            fixed = fixed.max(throughput(path, &config, &Control::Fixed(segments * u32::from(MSS)))?);
        }
        let reno = throughput(path, &config, &Control::Reno(Reno::new()))?;
        let gain = reno / fixed;
        println!(
            "  {delay:>2} + {delay:>2} ms   {rto_min:>4} ms    {fixed:>11.0} kB/s  {reno:>11.0} kB/s  {gain:>4.1} x"
        );
    }
    println!(
        "\nWaiting costs one retransmission timeout for each loss, however short the way is. Reno repairs a loss in"
    );
    println!("one round trip, so that it gains the more the shorter the round trip is beside the timeout.");
    Ok(())
}

/// The throughput over all seeds, in kilobytes per second.
fn throughput(path: Path, config: &Config, control: &Control) -> Result<f64, Box<dyn Error>> {
    let mut micros = 0;
    let bytes = Vec::from_iter(0..=250).repeat(BYTES / 251);
    for seed in 1..=SEEDS {
        let mut network = Network::new(Path { seed, ..path }, config, control);
        network.transfer([bytes.clone(), Vec::new()])?;
        let [sender, receiver] = &network.hosts;
        if receiver.received != sender.sent {
            return Err("not all bytes have arrived".into());
        }
        micros += network.now.as_micros();
    }
    Ok((SEEDS * bytes.len() as u64 * 1_000) as f64 / micros as f64)
}
