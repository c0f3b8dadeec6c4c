//! Random lives over a network that only delays.

use core::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use tcp_lifecycle::sim::Side;
use tcp_lifecycle::{Config, KeepAlive, Open};

use crate::exchange::NEVER;
use crate::life::{Act, End, Fate, Life, Step};
use crate::witness::Ways;

/// Half of the lives are prompt: no retransmission timer fires for something that has arrived.
pub(crate) fn any_life() -> impl Strategy<Value = Life> {
    let prompt = vec(select(vec![1_u64, 5, 20, 40]), 0..40);
    let slow = vec(prop_oneof![3 => 1_u64..60, 1 => 60_u64..900], 0..60);
    prop_oneof![4 => life(prompt.boxed()), 4 => life(slow.boxed()), 1 => tight()]
}

/// Tells whether a retransmission or keep-alive timer may fire before an answer can arrive.
pub(crate) fn ways(life: &Life) -> Ways {
    let changed = life
        .steps
        .iter()
        .filter_map(|step| if let Act::Configure(config) = &step.act { Some(&**config) } else { None });
    let configs: Vec<_> = life.ends.iter().map(|end| &end.config).chain(changed).collect();
    let delayed = configs.iter().map(|config| config.delayed_ack.unwrap_or_default()).max().unwrap_or_default();
    let longest = delayed + Duration::from_millis(2 * longest_delay(life) + 2);
    let patient = |config: &&Config| {
        let limits = [Some(config.rto_min), config.user_timeout, config.keep_alive.map(|policy| policy.interval)];
        limits.into_iter().flatten().all(|limit| longest < limit)
    };
    if configs.iter().all(patient) { Ways::Prompt } else { Ways::Ordered }
}

/// In milliseconds.
pub(crate) fn longest_delay(life: &Life) -> u64 {
    let planned = life.fates.iter().map(|fate| if let Fate::After(after) = fate { *after } else { 0 });
    planned.max().unwrap_or_default().max(10)
}

fn life(delays: BoxedStrategy<Vec<u64>>) -> impl Strategy<Value = Life> {
    let side = select(vec![Side::A, Side::B]);
    let step = (pause(), side, act()).prop_map(|(after, side, act)| Step { after, side, act });
    (start(), [end(), end()], opens(), vec(step, 0..14), delays).prop_map(|(start, ends, opens, steps, delays)| {
        let mut steps: Vec<_> = opens.into_iter().chain(steps).collect();
        steps[0].after = start;
        let fates = delays.into_iter().map(Fate::After).collect();
        Life { ends, steps, fates, ..Life::default() }
    })
}

/// B's window is filled to its last byte, and the window field shows less than there is (RFC 7323 section 2.4).
fn tight() -> impl Strategy<Value = Life> {
    let filled = (select(vec![65_600_u32, 131_200, (1 << 18) - 3, 1 << 18]), 0_usize..16);
    let write =
        (0_u64..60, 0_usize..300).prop_map(|(after, bytes)| Step { after, side: Side::B, act: Act::Send(bytes) });
    let last = select(vec![Act::Abort, Act::Close, Act::Send(100)]);
    let delays = vec(1_u64..50, 40..60);
    let parts = (filled, 1_usize..60_000, vec(write, 1..5), 0_u64..200, last, select(vec![NEVER, 0, 300]), delays);
    parts.prop_map(|((receive_buffer, less), first, writes, after, last, wait, delays)| {
        let sender = Config { window_scale: Some(0), nagle: false, ..Config::DEFAULT };
        let receiver = Config { mss: 20_000, receive_buffer, ..Config::DEFAULT };
        let ends = [
            End { config: sender, iss: 100, read: usize::MAX, wait: 0 },
            End { config: receiver, iss: 300, read: usize::MAX, wait },
        ];
        let step = |after, side, act| Step { after, side, act };
        // The window of the SYN is not scaled; a buffer that is hardly larger offers no more than that.
        let all = if receive_buffer < 70_000 { 65_535 } else { receive_buffer as usize };
        let rest = (all - first).saturating_sub(less);
        let mut steps = vec![
            step(0, Side::B, Act::Open(Open::Passive)),
            step(0, Side::A, Act::Open(Open::Active)),
            step(500, Side::A, Act::Send(first)),
            step(0, Side::A, Act::Send(rest)),
        ];
        steps.extend(writes);
        steps.push(step(after, Side::A, last));
        Life { ends, steps, fates: delays.into_iter().map(Fate::After).collect(), ..Life::default() }
    })
}

/// The clock of timestamps may wrap, or change its sign.
fn start() -> impl Strategy<Value = u64> {
    prop_oneof![3 => Just(0), 1 => select(vec![1_u64, (1 << 31) - 500, (1 << 32) - 500])]
}

fn pause() -> impl Strategy<Value = u64> {
    prop_oneof![2 => Just(0_u64), 3 => 1_u64..60, 3 => 60_u64..2_000, 1 => 2_000_u64..20_000]
}

fn end() -> impl Strategy<Value = End> {
    let iss = prop_oneof![1 => Just(100_u32), 1 => any::<u32>(), 1 => (0_u32..1_500).prop_map(u32::wrapping_neg)];
    let read = prop_oneof![2 => Just(usize::MAX), 1 => 1_usize..100, 1 => 100_usize..5_000];
    let wait = prop_oneof![2 => Just(0_u64), 2 => 1_u64..3_000, 1 => 3_000_u64..30_000, 1 => Just(NEVER)];
    (config(), iss, read, wait).prop_map(|(config, iss, read, wait)| End { config, iss, read, wait })
}

fn opens() -> impl Strategy<Value = Vec<Step>> {
    let passive = (
        select(vec![[Side::A, Side::B], [Side::B, Side::A]]),
        select(vec![Open::Passive, Open::Passive, Open::Active]),
    );
    (passive, 0_u64..30).prop_map(|(([one, other], first), after)| {
        let open = |after, side, open| Step { after, side, act: Act::Open(open) };
        vec![open(0, one, first), open(after, other, Open::Active)]
    })
}

fn act() -> impl Strategy<Value = Act> {
    let bytes = prop_oneof![4 => 0_usize..700, 3 => 700_usize..6_000, 1 => 60_000_usize..80_000];
    let limit = prop_oneof![1 => Just(u32::MAX), 1 => Just(0), 1 => 1_u32..2_000];
    prop_oneof![
        12 => bytes.prop_map(Act::Send),
        3 => Just(Act::Close),
        2 => Just(Act::Abort),
        2 => limit.prop_map(Act::Limit),
        1 => config().prop_map(|config| Act::Configure(Box::new(config))),
        1 => select(vec![Open::Active, Open::Passive]).prop_map(Act::Open),
    ]
}

/// The sizes.
fn sizes() -> impl Strategy<Value = Config> {
    let mss = select(vec![536_u16, 500, 48, 1_460, 100, 1]);
    let max_segment = select(vec![u16::MAX, u16::MAX, 60, 576]);
    let buffer = select(vec![65_535_u32, 2_000, 0, 1, 3, 100, 536, 5_000, 70_001, 131_071, 1 << 20]);
    let scale = prop_oneof![2 => Just(None), 1 => (0_u8..8).prop_map(Some)];
    (mss, max_segment, buffer, scale).prop_map(|(mss, max_segment, receive_buffer, window_scale)| Config {
        mss,
        max_segment,
        receive_buffer,
        window_scale,
        ..Config::DEFAULT
    })
}

/// The times.
fn times() -> impl Strategy<Value = Config> {
    let millis = Duration::from_millis;
    let user_timeout = select(vec![Some(300_000), Some(1_500), Some(5_000), None]);
    let rto = select(vec![(1_000, 1_000, 60_000), (1_000, 200, 2_000), (3_000, 600, 120_000)]);
    let fin_wait_2 = prop::option::weighted(0.2, Just(millis(1_000)));
    let keep_alive = (select(vec![500_u64, 2_000, 60_000]), select(vec![300_u64, 2_000]), select(vec![2_u8, 3, 9]));
    let keep_alive = keep_alive.prop_map(move |(idle, interval, probes)| KeepAlive {
        idle: millis(idle),
        interval: millis(interval),
        probes,
    });
    let delayed_ack = prop::option::weighted(0.4, select(vec![1_u64, 40, 200, 499]).prop_map(millis));
    let r2 = select(vec![100_000_u64, 0, 10_000]);
    let parts = (user_timeout, rto, fin_wait_2, prop::option::weighted(0.3, keep_alive), delayed_ack, r2);
    parts.prop_map(move |(user_timeout, (initial, min, max), fin_wait_2_timeout, keep_alive, delayed_ack, r2)| Config {
        user_timeout: user_timeout.map(millis),
        rto_initial: millis(initial),
        rto_min: millis(min),
        rto_max: millis(max),
        fin_wait_2_timeout,
        keep_alive,
        delayed_ack,
        r2: millis(r2),
        ..Config::DEFAULT
    })
}

fn config() -> impl Strategy<Value = Config> {
    let seldom = || prop::bool::weighted(0.2);
    let switches = (any::<bool>(), any::<bool>(), seldom(), seldom(), seldom(), prop::bool::weighted(0.9));
    let limits = (select(vec![10_u8, 10, 1, 0]), select(vec![120_u64, 10]), seldom());
    (sizes(), times(), switches, limits).prop_map(|(sizes, times, switches, limits)| {
        let (timestamps, nagle, ecn, keep_alive_octet, half_duplex_close, rfc5961) = switches;
        let (challenge_limit, msl, sack_permitted) = limits;
        Config {
            mss: sizes.mss,
            max_segment: sizes.max_segment,
            receive_buffer: sizes.receive_buffer,
            window_scale: sizes.window_scale,
            timestamps,
            nagle,
            ecn,
            keep_alive_octet,
            half_duplex_close,
            rfc5961,
            challenge_limit,
            sack_permitted,
            msl: Duration::from_secs(msl),
            ..times
        }
    })
}
