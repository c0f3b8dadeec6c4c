//! Two ends over a network that loses, duplicates and reorders, with users who write, read and poll when they like.

use core::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use tcp_lifecycle::{Config, Open, State};

use crate::config;
use crate::network::{Fault, Network, Plan};

/// What never ends a connection by itself, so that whatever the network does, only the users end it.
const PATIENT: Config = Config {
    user_timeout: None,
    r2: Duration::MAX,
    syn_r2: Duration::MAX,
    rto_max: Duration::from_secs(2),
    ..Config::DEFAULT
};

fn policies() -> impl Strategy<Value = Config> {
    let mss = prop_oneof![2 => Just(536_u16), 1 => 1_u16..2_000];
    let max_segment = prop_oneof![2 => Just(u16::MAX), 1 => 21_u16..600];
    let receive_buffer = prop_oneof![2 => Just(65_535_u32), 2 => 1_u32..2_000, 1 => select(vec![1, 2, 3, 1 << 20])];
    let switches = any::<(bool, bool)>();
    (mss, max_segment, receive_buffer, switches).prop_map(|(mss, max_segment, receive_buffer, (rfc5961, nagle))| {
        Config { mss, max_segment, receive_buffer, rfc5961, nagle, ..PATIENT }
    })
}

fn plan() -> impl Strategy<Value = Plan> {
    let isn_offset = prop_oneof![
        1 => any::<u32>(),
        1 => (0_u32..1_500).prop_map(|d| 0_u32.wrapping_sub(d)),
        1 => (0_u32..1_500).prop_map(|d| (1 << 31) - d),
    ];
    let bytes = prop_oneof![1 => Just(0_usize), 2 => 1_usize..20, 2 => 20_usize..3_000];
    let writes = (0_u64..200, 1_usize..2_000);
    let reads = (1_u64..300, 1_usize..2_000);
    let limit = prop_oneof![2 => Just(u32::MAX), 1 => 1_u32..2_000];
    (policies(), isn_offset, bytes, writes, reads, limit, any::<bool>()).prop_map(
        |(config, isn_offset, bytes, (pause, write), (wait, read), limit, keeps)| Plan {
            config,
            isn_offset,
            bytes,
            write,
            pause: Duration::from_millis(pause),
            read,
            wait: Duration::from_millis(wait),
            limit,
            keeps,
        },
    )
}

fn opens() -> impl Strategy<Value = [Open; 2]> {
    select(vec![[Open::Active, Open::Passive], [Open::Passive, Open::Active], [Open::Active, Open::Active]])
}

/// What happens to the first segments; all that come later arrive.
fn faults() -> impl Strategy<Value = Vec<Fault>> {
    let delay = || prop_oneof![3 => 1_u64..30, 1 => 30_u64..1_500].prop_map(Duration::from_millis);
    let fault = prop_oneof![
        5 => delay().prop_map(Fault::Delayed),
        2 => Just(Fault::Lost),
        1 => (delay(), delay()).prop_map(|(one, other)| Fault::Twice(one, other)),
    ];
    vec(fault, 0..120)
}

proptest! {
    #![proptest_config(config(500))]

    /// S17 and L1 to L3: every byte arrives, once and in order, and both ends come to CLOSED without an error.
    #[test]
    fn every_byte_arrives_once_and_in_order_and_both_ends_close(
        a in plan(),
        b in plan(),
        opens in opens(),
        faults in faults(),
        withheld in vec(prop_oneof![3 => Just(0_u64), 1 => 1_u64..100], 0..60),
    ) {
        let mut network = Network::new([a, b], faults, withheld);
        network.run(opens);
        network.check_end();
    }

    /// S16: what an end sends, the other one takes.
    #[test]
    fn on_a_perfect_network_nothing_is_refused(a in plan(), b in plan(), opens in opens()) {
        let mut network = Network::new([a, b], Vec::new(), Vec::new());
        network.run(opens);
        network.check_end();
        prop_assert!(network.refusals.is_empty(), "{:?}", network.refusals);
    }

    /// Both ends do the same at the same time, so that all segments cross: SYNs, probes of closed windows, FINs.
    #[test]
    fn two_ends_that_mirror_each_other_come_through(
        mut plan in plan(),
        buffer in 1_u32..60,
        wait in 1_u64..3_000,
        delay in 1_u64..800,
    ) {
        plan.config.receive_buffer = buffer;
        plan.wait = Duration::from_millis(wait);
        let mut network = Network::new([plan.clone(), plan], Vec::new(), Vec::new());
        network.set_delay(Duration::from_millis(delay));
        network.run([Open::Active, Open::Active]);
        network.check_end();
    }

    /// S3: a peer that has forgotten the connection cures it, as soon as anything is sent. (In FIN-WAIT-2 nothing is,
    /// and the policy for it has to end it.)
    #[test]
    fn an_end_whose_peer_has_forgotten_the_connection_is_reset(
        mut a in plan(),
        b in plan(),
        crash in 0_u64..2_000,
        faults in faults(),
    ) {
        a.config.fin_wait_2_timeout = Some(Duration::from_secs(60));
        let mut network = Network::new([a, b], faults, Vec::new());
        network.crash(Duration::from_millis(crash));
        network.run([Open::Active, Open::Passive]);
        prop_assert_eq!(network.state(0), State::Closed);
    }
}
