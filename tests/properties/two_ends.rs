//! Two ends over a network that loses, duplicates and reorders, with users that write, read and poll at any time.

use core::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use tcp_lifecycle::{Config, KeepAlive, Open, State};

use crate::network::{Fault, Network, Plan};
use crate::run::check;

/// Policies that never end a connection by themselves, so that only the users end it, whatever the network does.
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
    let switches = (any::<(bool, bool, bool, bool, bool, bool, bool)>(), prop::option::of(0_u64..500), keep_alive());
    (mss, max_segment, receive_buffer, switches).prop_map(|(mss, max_segment, receive_buffer, switches)| {
        let ((rfc5961, nagle, timestamps, sack_permitted, ecn, accept_ecn, octet), delay, keep_alive) = switches;
        Config {
            mss,
            max_segment,
            receive_buffer,
            rfc5961,
            nagle,
            timestamps,
            sack_permitted,
            ecn,
            accept_ecn,
            delayed_ack: delay.map(Duration::from_millis),
            keep_alive,
            keep_alive_octet: octet,
            ..PATIENT
        }
    })
}

/// A keep-alive policy that probes often, and gives up late.
fn keep_alive() -> impl Strategy<Value = Option<KeepAlive>> {
    let time = || (100_u64..3_000).prop_map(Duration::from_millis);
    prop::option::weighted(0.3, (time(), time()).prop_map(|(idle, interval)| KeepAlive { idle, interval, probes: 250 }))
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
    (policies(), isn_offset, bytes, writes, reads, limit, any::<(bool, bool)>()).prop_map(
        |(config, isn_offset, bytes, (pause, write), (wait, read), limit, (urgent, keeps))| Plan {
            config,
            isn_offset,
            bytes,
            write,
            pause: Duration::from_millis(pause),
            read,
            wait: Duration::from_millis(wait),
            limit,
            urgent,
            leaves: false,
            keeps,
        },
    )
}

fn opens() -> impl Strategy<Value = [Open; 2]> {
    select(vec![[Open::Active, Open::Passive], [Open::Passive, Open::Active], [Open::Active, Open::Active]])
}

/// The treatment of the first segments; all later ones arrive.
fn faults() -> impl Strategy<Value = Vec<Fault>> {
    let delay = || prop_oneof![3 => 1_u64..30, 1 => 30_u64..1_500].prop_map(Duration::from_millis);
    let fault = prop_oneof![
        5 => delay().prop_map(Fault::Delayed),
        2 => Just(Fault::Lost),
        1 => delay().prop_map(Fault::Marked),
        1 => (delay(), delay()).prop_map(|(one, other)| Fault::Twice(one, other)),
    ];
    vec(fault, 0..120)
}

/// S17 and L1 to L3: every byte arrives, once and in order, and both ends come to CLOSED without an error.
#[test]
fn every_byte_arrives_once_and_in_order_and_both_ends_close() {
    let withheld = vec(prop_oneof![3 => Just(0_u64), 1 => 1_u64..100], 0..60);
    check(120, &(plan(), plan(), opens(), faults(), withheld), |(a, b, opens, faults, withheld)| {
        let mut network = Network::new([a, b], faults, withheld);
        network.run(opens);
        network.check_end();
    });
}

/// S16: each end accepts every segment of the other. (A keep-alive probe is refused by design.)
#[test]
fn on_a_perfect_network_nothing_is_refused() {
    check(120, &(plan(), plan(), opens()), |(mut a, mut b, opens)| {
        (a.config.keep_alive, b.config.keep_alive) = (None, None);
        let mut network = Network::new([a, b], Vec::new(), Vec::new());
        network.run(opens);
        network.check_end();
        assert!(network.refusals.is_empty(), "{:?}", network.refusals);
    });
}

/// Both ends do the same at the same time, so that all segments cross: SYNs, probes of closed windows, FINs.
#[test]
fn two_ends_that_mirror_each_other_come_through() {
    check(120, &(plan(), 1_u32..60, 1_u64..3_000, 1_u64..800), |(mut plan, buffer, wait, delay)| {
        plan.config.receive_buffer = buffer;
        plan.wait = Duration::from_millis(wait);
        let mut network = Network::new([plan.clone(), plan], Vec::new(), Vec::new());
        network.set_delay(Duration::from_millis(delay));
        network.run([Open::Active, Open::Active]);
        network.check_end();
    });
}

/// S3: an end whose peer has forgotten the connection is reset as soon as it sends anything. (In FIN-WAIT-2 it sends
/// nothing, and the policy for that state has to end it.)
#[test]
fn an_end_whose_peer_has_forgotten_the_connection_is_reset() {
    check(120, &(plan(), plan(), 0_u64..2_000, faults()), |(mut a, b, crash, faults)| {
        (a.config.fin_wait_2_timeout, a.leaves) = (Some(Duration::from_secs(60)), true);
        let mut network = Network::new([a, b], faults, Vec::new());
        network.crash(Duration::from_millis(crash));
        network.run([Open::Active, Open::Passive]);
        assert_eq!(network.state(0), State::Closed);
    });
}
