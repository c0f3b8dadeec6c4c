//! The gain of fast retransmit on a path that loses one segment in a hundred.

use std::time::Duration;

use tcp_lifecycle::Config;

use crate::host::Control;
use crate::network::{Network, Path};
use crate::reno::Reno;

const MSS: u16 = 1_460;
/// The bytes of one transfer; about fifty segments are lost in each.
const BYTES: usize = 8_000_000;
const CONFIG: Config = Config { mss: MSS, receive_buffer: 128 << 10, timestamps: true, ..Config::DEFAULT };

/// The cost of several transfers: their time, and the number of the sender's timeouts.
#[derive(Debug)]
struct Cost {
    micros: u64,
    timeouts: u32,
}

#[track_caller]
fn cost(control: &Control) -> Cost {
    let mut cost = Cost { micros: 0, timeouts: 0 };
    for seed in 1..=8 {
        let path = Path {
            bandwidth: 10_000_000,
            queue: Duration::from_millis(10),
            delay: Duration::from_millis(1),
            jitter: Duration::ZERO,
            loss: 10,
            seed,
        };
        let mut network = Network::new(path, &CONFIG, control);
        network.transfer([Vec::from_iter(0..=250).repeat(BYTES / 251), Vec::new()]).unwrap();
        let [sender, receiver] = &network.hosts;
        assert!(receiver.received == sender.sent, "not all has arrived, or other than it was sent");
        cost.micros += network.now.as_micros();
        cost.timeouts += sender.timeouts;
    }
    cost
}

#[test]
fn at_one_percent_loss_it_is_ten_times_as_fast_as_waiting_for_timeouts() {
    let reno = cost(&Control::Reno(Reno::new()));
    // Less than the path and its queue hold, about as much, and more.
    for segments in [32, 64, 96] {
        let fixed = cost(&Control::Fixed(segments * u32::from(MSS)));
        assert!(fixed.micros >= 10 * reno.micros, "{segments} segments in flight: {fixed:?}, RFC 5681: {reno:?}");
        assert!(fixed.timeouts >= 10 * reno.timeouts, "{segments} segments in flight: {fixed:?}, RFC 5681: {reno:?}");
    }
}
