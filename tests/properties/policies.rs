//! Arbitrary policies. The default value always comes first, so that a case shrinks towards it.

use core::time::Duration;

use proptest::prelude::*;
use proptest::sample::select;
use tcp_lifecycle::{Config, KeepAlive};

fn seconds(of: Vec<u64>) -> impl Strategy<Value = Duration> {
    select(of).prop_map(Duration::from_secs)
}

fn millis(of: Vec<u64>) -> impl Strategy<Value = Duration> {
    select(of).prop_map(Duration::from_millis)
}

fn never_or(of: Vec<u64>) -> impl Strategy<Value = Option<Duration>> {
    prop::option::of(seconds(of))
}

fn keep_alive() -> impl Strategy<Value = Option<KeepAlive>> {
    let times = (millis(vec![500, 2_000, 7_200_000]), millis(vec![300, 75_000]), select(vec![2_u8, 3, 9, 1, 0]));
    let times = times.prop_map(|(idle, interval, probes)| KeepAlive { idle, interval, probes });
    prop::option::weighted(0.3, times)
}

/// The sizes.
fn sizes() -> impl Strategy<Value = Config> {
    let mss = select(vec![536_u16, 1, 48, 1_460, u16::MAX]);
    let max_segment = select(vec![u16::MAX, 60, 576, 1_500]);
    let default = select(vec![536_u16, 48, 1_220]);
    let buffer = select(vec![65_535_u32, 0, 1, 2, 100, 5_000, 1 << 20, 1 << 30]);
    let scale = prop_oneof![4 => Just(None), 1 => (0_u8..15).prop_map(Some)];
    let scaling = prop::bool::weighted(0.9);
    (mss, max_segment, default, buffer, scale, scaling).prop_map(
        |(mss, max_segment, default_peer_mss, receive_buffer, window_scale, window_scaling)| Config {
            mss,
            max_segment,
            default_peer_mss,
            receive_buffer,
            window_scale,
            window_scaling,
            ..Config::DEFAULT
        },
    )
}

/// The policies that end a connection, and their times.
fn times() -> impl Strategy<Value = Config> {
    let ends = (
        seconds(vec![120, 1, 30]),
        never_or(vec![1, 60]),
        select(vec![Some(300), Some(5), None]).prop_map(|limit| limit.map(Duration::from_secs)),
    );
    let r = (seconds(vec![100, 0, 10, 4_000_000]), seconds(vec![180, 0]), select(vec![3_u8, 0, 1, 2]));
    let rto = select(vec![(1_000, 1_000, 60_000), (1_000, 200, 2_000), (3_000, 100, 120_000), (50, 50, 50)]);
    let count = || prop::option::weighted(0.2, select(vec![5_u8, 0, 1, 3, 255]));
    let counts = (count(), count(), count());
    let new = (prop::bool::weighted(0.3), seconds(vec![3, 0, 1, 1_000]));
    (ends, r, rto, counts, new).prop_map(|(ends, (r2, syn_r2, r1), (initial, min, max), counts, new)| Config {
        msl: ends.0,
        fin_wait_2_timeout: ends.1,
        user_timeout: ends.2,
        user_timeout_in_persist: new.0,
        rto_after_syn_timeout: new.1,
        r1,
        r2,
        syn_r2,
        r2_count: counts.0,
        syn_r2_count: counts.1,
        syn_ack_r2_count: counts.2,
        rto_initial: Duration::from_millis(initial),
        rto_min: Duration::from_millis(min),
        rto_max: Duration::from_millis(max),
        ..Config::DEFAULT
    })
}

/// The switches, and the remaining policies.
fn switches() -> impl Strategy<Value = Config> {
    let often = || select(vec![true, true, true, true, false]);
    let seldom = || prop::bool::weighted(0.2);
    let delay = prop::option::weighted(0.4, millis(vec![1, 40, 200, 499]));
    let on = (any::<bool>(), any::<bool>(), any::<bool>(), select(vec![true, false]));
    let of_ends = (seldom(), seldom(), seldom(), often(), select(vec![10_u8, 0, 1]));
    (on, of_ends, delay, keep_alive(), (seldom(), seldom(), any::<bool>())).prop_map(
        |((timestamps, sack_permitted, ecn, nagle), of_ends, delayed_ack, keep_alive, new)| {
            let (keep_alive_octet, tolerate_missing_timestamps, accept_ecn) = new;
            let (reset_in_time_wait, half_duplex_close, icmp_aborts, rfc5961, challenge_limit) = of_ends;
            Config {
                timestamps,
                sack_permitted,
                ecn,
                accept_ecn,
                tolerate_missing_timestamps,
                nagle,
                reset_in_time_wait,
                half_duplex_close,
                icmp_aborts,
                rfc5961,
                challenge_limit,
                delayed_ack,
                keep_alive,
                keep_alive_octet,
                ..Config::DEFAULT
            }
        },
    )
}

/// All policies. In one of three cases the times are the defaults, since otherwise many tests of time end too soon.
pub(crate) fn policies() -> impl Strategy<Value = Config> {
    let times = prop_oneof![2 => times(), 1 => Just(Config::DEFAULT)];
    (sizes(), times, switches()).prop_map(|(sizes, times, switches)| Config {
        mss: sizes.mss,
        max_segment: sizes.max_segment,
        default_peer_mss: sizes.default_peer_mss,
        receive_buffer: sizes.receive_buffer,
        window_scale: sizes.window_scale,
        window_scaling: sizes.window_scaling,
        msl: times.msl,
        fin_wait_2_timeout: times.fin_wait_2_timeout,
        user_timeout: times.user_timeout,
        user_timeout_in_persist: times.user_timeout_in_persist,
        r2_count: times.r2_count,
        syn_r2_count: times.syn_r2_count,
        syn_ack_r2_count: times.syn_ack_r2_count,
        rto_after_syn_timeout: times.rto_after_syn_timeout,
        r1: times.r1,
        r2: times.r2,
        syn_r2: times.syn_r2,
        rto_initial: times.rto_initial,
        rto_min: times.rto_min,
        rto_max: times.rto_max,
        ..switches
    })
}
