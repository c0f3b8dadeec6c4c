//! Every byte arrives once and in order, whatever the network does.

use std::time::Duration;

use proptest::prelude::*;
use tcp_lifecycle::Config;

use crate::cases::cases;
use crate::host::Control;
use crate::network::{Network, Path};
use crate::reno::Reno;

prop_compose! {
    fn path()(
        bandwidth in 20_000_u64..10_000_000,
        queue in 1_u64..200,
        delay in 0_u64..200,
        jitter in prop_oneof![Just(0_u64), 0_u64..50],
        loss in prop_oneof![0_u64..20, 0_u64..200],
        seed: u64,
    ) -> Path {
        let millis = Duration::from_millis;
        Path { bandwidth, queue: millis(queue), delay: millis(delay), jitter: millis(jitter), loss, seed }
    }
}

prop_compose! {
    fn config()(
        mss in prop_oneof![Just(536_u16), Just(1_460), 48_u16..9_000],
        receive_buffer in 2_000_u32..200_000,
        timestamps: bool,
    ) -> Config {
        // Despite so many losses no end gives up.
        let (r2, syn_r2) = (Duration::MAX, Duration::MAX);
        Config { mss, receive_buffer, timestamps, r2, syn_r2, user_timeout: None, ..Config::DEFAULT }
    }
}

fn bytes(most: usize) -> impl Strategy<Value = Vec<u8>> {
    (0..most).prop_map(|len| (0..len).map(|byte| (byte % 251) as u8).collect())
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn every_byte_arrives_once_and_in_order(
        path in path(),
        config in config(),
        there in bytes(100_000),
        back in prop_oneof![Just(Vec::new()), bytes(50_000)],
    ) {
        let mut network = Network::new(path, &config, &Control::Reno(Reno::new()));
        network.transfer([there, back])?;
        let [a, b] = &network.hosts;
        prop_assert!(b.received == a.sent, "{} of {} bytes", b.received.len(), a.sent.len());
        prop_assert!(a.received == b.sent, "{} of {} bytes", a.received.len(), b.sent.len());
    }
}
