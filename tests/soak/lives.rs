//! Lives at random.

use core::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use tcp_lifecycle::sim::Side;
use tcp_lifecycle::{Config, KeepAlive, Open};

use crate::life::{Act, Again, End, Fate, ICMP_ERRORS, Life, Outage, Step};
use crate::policies::policies;

/// Half of the lives are patient, so that every byte has to arrive; in the others anything may happen.
pub(crate) fn any_life() -> impl Strategy<Value = Life> {
    prop_oneof![life(patient().boxed(), patient_act().boxed()), life(impatient().boxed(), any_act().boxed())]
}

fn life(config: BoxedStrategy<Config>, act: BoxedStrategy<Act>) -> impl Strategy<Value = Life> {
    let end = || {
        let end = (config.clone(), iss(), 1_usize..2_000, 0_u64..300);
        end.prop_map(|(config, iss, read, wait)| End { config, iss, read, wait })
    };
    let side = select(vec![Side::A, Side::B]);
    let step = (0_u64..200, side.clone(), act).prop_map(|(after, side, act)| Step { after, side, act });
    let outage = (side, 0_u64..8_000, 0_u64..4_000);
    let outage = outage.prop_map(|(from, start, time)| Outage { from, start, end: start + time });
    let ends = [end(), end()];
    let parts = (ends, opens(), vec(step, 0..16), fates(), vec(outage, 0..3), prop::option::of(again()));
    parts.prop_map(|(ends, opens, steps, fates, outages, again)| {
        let steps = opens.into_iter().chain(steps).collect();
        Life { ends, steps, fates, outages, again }
    })
}

fn again() -> impl Strategy<Value = Again> {
    let bytes = [0_usize..700, 0_usize..700];
    let back = prop_oneof![4 => Just(0), 1 => 0_u32..2_000_000];
    let isn = prop_oneof![Just(0), any::<u32>()];
    // Often while much of the first incarnation is still in flight.
    let after = prop_oneof![0_u64..20, 0_u64..3_000];
    let parts = (after, bytes, back, isn, prop::option::weighted(0.2, 0_u64..60));
    parts.prop_map(|(after, bytes, back, isn, gives_up)| Again { after, bytes, back, isn, gives_up })
}

/// Most of these wrap during the connection.
fn iss() -> impl Strategy<Value = u32> {
    prop_oneof![
        1 => any::<u32>(),
        1 => (0_u32..1_500).prop_map(|before| 0_u32.wrapping_sub(before)),
        1 => (0_u32..1_500).prop_map(|before| (1 << 31) - before),
    ]
}

/// The OPENs of patient lives: a passive OPEN comes first, and two active OPENs are simultaneous.
fn opens() -> impl Strategy<Value = Vec<Step>> {
    let sides = select(vec![[Side::A, Side::B], [Side::B, Side::A]]);
    let first = select(vec![Open::Active, Open::Passive]);
    (sides, first, 0_u64..50).prop_map(|([one, other], first, after)| {
        let after = if first == Open::Active { 0 } else { after };
        vec![
            Step { after: 0, side: one, act: Act::Open(first) },
            Step { after, side: other, act: Act::Open(Open::Active) },
        ]
    })
}

fn fates() -> impl Strategy<Value = Vec<Fate>> {
    let delay = || prop_oneof![3 => 1_u64..30, 1 => 30_u64..1_500];
    let fate = prop_oneof![
        20 => delay().prop_map(Fate::After),
        5 => Just(Fate::Lost),
        2 => delay().prop_map(Fate::Damaged),
        4 => delay().prop_map(Fate::Marked),
        4 => (delay(), delay()).prop_map(|(one, other)| Fate::Twice(one, other)),
    ];
    vec(fate, 0..60)
}

/// An act that does not end a connection.
fn patient_act() -> impl Strategy<Value = Act> {
    let soft: Vec<_> = ICMP_ERRORS.into_iter().filter(|error| !error.is_hard()).collect();
    let limit = prop_oneof![1 => Just(u32::MAX), 1 => Just(0), 1 => 1_u32..2_000];
    prop_oneof![
        12 => (0_usize..700).prop_map(Act::Send),
        3 => (0_usize..200).prop_map(Act::SendUrgent),
        2 => Just(Act::Close),
        2 => limit.prop_map(Act::Limit),
        2 => (0_u8..9, 1_u8..9).prop_map(|(from, count)| Act::Retransmit(from, count)),
        1 => patient().prop_map(|config| Act::Configure(Box::new(config))),
        1 => (select(soft), 0_u32..100).prop_map(|(error, ahead)| Act::Icmp(error, ahead)),
        1 => Just(Act::Marked),
        1 => Just(Act::Reduced),
        1 => (0_u32..1 << 20).prop_map(Act::Isn),
    ]
}

fn any_act() -> impl Strategy<Value = Act> {
    let icmp = (select(ICMP_ERRORS.to_vec()), 0_u32..100).prop_map(|(error, ahead)| Act::Icmp(error, ahead));
    prop_oneof![
        24 => patient_act(),
        3 => select(vec![Open::Active, Open::Passive]).prop_map(Act::Open),
        1 => Just(Act::Abort),
        1 => Just(Act::Crash),
        1 => icmp,
        1 => impatient().prop_map(|config| Act::Configure(Box::new(config))),
    ]
}

/// Any policies except those under which no byte can get through.
fn impatient() -> impl Strategy<Value = Config> {
    policies().prop_map(|config| Config { receive_buffer: config.receive_buffer.max(1), ..config })
}

fn patient() -> impl Strategy<Value = Config> {
    impatient().prop_map(|config| Config {
        user_timeout: None,
        r2: Duration::MAX,
        syn_r2: Duration::MAX,
        r2_count: None,
        syn_r2_count: None,
        syn_ack_r2_count: None,
        fin_wait_2_timeout: None,
        rto_initial: config.rto_initial.min(Duration::from_secs(1)),
        rto_max: config.rto_max.min(Duration::from_secs(2)),
        keep_alive: config.keep_alive.map(|policy| KeepAlive { probes: 200, ..policy }),
        msl: config.msl.max(Duration::from_secs(30)),
        half_duplex_close: false,
        challenge_limit: config.challenge_limit.max(1),
        ..config
    })
}
