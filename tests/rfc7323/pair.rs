//! Two ends with different policies over a network that loses, duplicates and reorders.

use core::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use tcp_lifecycle::sim::{Network, Pair, Side, What};
use tcp_lifecycle::{Config, Control, Instant, Open, Refusal, Segment, Signal, State};

use crate::cases::cases;

/// Policies that never end a connection by themselves.
const PATIENT: Config = Config {
    user_timeout: None,
    r2: Duration::MAX,
    syn_r2: Duration::MAX,
    rto_max: Duration::from_secs(2),
    ..Config::DEFAULT
};

fn policies() -> impl Strategy<Value = Config> {
    let buffer = select(vec![1_000_u32, 65_535, 65_536, 100_001, 1 << 20, 1 << 30, u32::MAX]);
    let scale = prop_oneof![2 => Just(None), 1 => (0_u8..=16).prop_map(Some)];
    let mss = prop_oneof![2 => Just(1_460_u16), 1 => 1_u16..2_000];
    (mss, buffer, scale, any::<(bool, bool, bool)>()).prop_map(
        |(mss, receive_buffer, window_scale, (timestamps, sack_permitted, nagle))| Config {
            mss,
            receive_buffer,
            window_scale,
            timestamps,
            sack_permitted,
            nagle,
            ..PATIENT
        },
    )
}

fn network() -> impl Strategy<Value = Network> {
    (any::<u64>(), 0_u16..150, 0_u16..100, 0_u64..60).prop_map(|(seed, loss, duplication, jitter)| Network {
        loss,
        duplication,
        jitter: Duration::from_millis(jitter),
        seed,
        ..Network::PERFECT
    })
}

/// Includes the moments at which the timestamp clock wraps, and at which its sign changes.
fn start() -> impl Strategy<Value = Duration> {
    let clock = |millis: u64| (0_u64..3_000).prop_map(move |before| Duration::from_millis(millis - before));
    prop_oneof![Just(Duration::ZERO), clock(1 << 32), clock(1 << 31)]
}

/// The agreement of the SYNs of two such ends: scaling, timestamps, SACK-permitted.
fn agreement(a: &Config, b: &Config) -> (bool, bool, bool) {
    let scales = |config: &Config| config.window_scale.is_some() || config.receive_buffer > 65_535;
    (scales(a) && scales(b), a.timestamps && b.timestamps, a.sack_permitted && b.sack_permitted)
}

/// Checks that the variables of the two ends mirror each other.
fn check_mirror(pair: &Pair, configs: [&Config; 2]) -> Result<(), TestCaseError> {
    let (scaled, timestamps, sack) = agreement(configs[0], configs[1]);
    let (a, b) = (pair.status(Side::A), pair.status(Side::B));
    prop_assert_eq!(a.snd_scale, b.rcv_scale);
    prop_assert_eq!(b.snd_scale, a.rcv_scale);
    for (status, config) in [(a, configs[0]), (b, configs[1])] {
        prop_assert_eq!((status.timestamps, status.sack_permitted), (timestamps, sack));
        let needed = (0..14).find(|shift| config.receive_buffer >> shift <= 65_535).unwrap_or(14);
        let most = config.receive_buffer.checked_ilog2().unwrap_or(0).min(14) as u8;
        let scale = if scaled { config.window_scale.map_or(needed, |scale| scale.min(most)) } else { 0 };
        prop_assert_eq!(status.rcv_scale, Some(scale));
    }
    Ok(())
}

/// Drives the pair, and checks every segment on its way.
fn drive_and_look(pair: &mut Pair, timestamps: bool, until: impl Fn(&Pair) -> bool) -> Result<(), TestCaseError> {
    let mut wrong = None;
    let driven = pair.drive_while(|pair| {
        let odd = |segment: &Segment| {
            let options = segment.options();
            let on_a_syn = segment.control().contains(Control::SYN);
            !on_a_syn
                && (options.timestamps().is_some() != timestamps
                    || options.window_scale().is_some()
                    || options.sack_permitted()
                    || options.mss().is_some())
        };
        wrong = pair.in_flight().iter().map(|flight| flight.segment).find(odd);
        wrong.is_none() && !until(pair)
    });
    prop_assert_eq!(driven, Ok(()));
    prop_assert_eq!(wrong, None);
    Ok(())
}

/// Every segment that was refused on its arrival.
fn refused(pair: &Pair) -> Vec<(Segment, Refusal)> {
    let mut refused = Vec::new();
    for event in pair.trace().events() {
        if let What::Arrived(_, segment, Err(refusal)) = &event.what {
            refused.push((*segment, *refusal));
        }
    }
    refused
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn every_byte_arrives_and_both_ends_agree(
        a in policies(),
        b in policies(),
        network in network(),
        start in start(),
        both_open: bool,
        from_a in 0_usize..6_000,
        from_b in 0_usize..200_000,
    ) {
        let mut pair = Pair::new(&a, &b, network);
        pair.set_recording(false);
        prop_assert_eq!(pair.drive_until(Instant::ZERO + start), Ok(()));
        let open = if both_open { Open::Active } else { Open::Passive };
        prop_assert_eq!(pair.open(Side::B, open), Ok(()));
        prop_assert_eq!(pair.open(Side::A, Open::Active), Ok(()));
        let established = |pair: &Pair| [Side::A, Side::B].iter().all(|side| pair.state(*side) == State::Established);
        prop_assert_eq!(pair.drive_while(|pair| !established(pair)), Ok(()));
        check_mirror(&pair, [&a, &b])?;

        let (_, timestamps, _) = agreement(&a, &b);
        let bytes = |count: usize| (0..count).map(|at| (at * 7 % 251) as u8).collect::<Vec<_>>();
        // A segment of one byte takes as long as one of a thousand.
        let most = |count: usize, peer: &Config| count.min(usize::from(peer.mss) * 200);
        let (from_a, from_b) = (bytes(most(from_a, &b)), bytes(most(from_b, &a)));
        prop_assert_eq!(pair.send(Side::A, &from_a), Ok(()));
        prop_assert_eq!(pair.send(Side::B, &from_b), Ok(()));
        prop_assert_eq!(pair.close(Side::A), Ok(()));
        prop_assert_eq!(pair.close(Side::B), Ok(()));
        drive_and_look(&mut pair, timestamps, |_| false)?;
        prop_assert_eq!((pair.state(Side::A), pair.state(Side::B)), (State::Closed, State::Closed));
        prop_assert!(pair.received(Side::B) == from_a && pair.received(Side::A) == from_b);
        let ends = [Signal::Reset, Signal::Refused, Signal::TimedOut];
        let ended = |side| pair.signals(side).iter().any(|signal| ends.contains(signal));
        prop_assert!(!ended(Side::A) && !ended(Side::B), "it ended badly");
    }

    /// Each end accepts every segment of the other: no window is misread, and no timestamp is old.
    #[test]
    fn on_a_perfect_network_nothing_is_refused(
        a in policies(),
        b in policies(),
        start in start(),
        pieces in vec((any::<bool>(), 1_usize..20_000, 0_u64..50), 1..12),
    ) {
        let mut pair = Pair::new(&a, &b, Network::PERFECT);
        prop_assert_eq!(pair.drive_until(Instant::ZERO + start), Ok(()));
        prop_assert_eq!(pair.handshake(), Ok(()));
        check_mirror(&pair, [&a, &b])?;
        for (from_a, bytes, pause) in pieces {
            let (side, peer) = if from_a { (Side::A, &b) } else { (Side::B, &a) };
            let bytes = bytes.min(usize::from(peer.mss) * 200);
            prop_assert_eq!(pair.send(side, &vec![7; bytes]), Ok(()));
            prop_assert_eq!(pair.drive_for(Duration::from_millis(pause)), Ok(()));
        }
        prop_assert_eq!(pair.close(Side::A), Ok(()));
        prop_assert_eq!(pair.close(Side::B), Ok(()));
        prop_assert_eq!(pair.drive(), Ok(()));
        prop_assert_eq!(pair.received(Side::A), pair.sent(Side::B));
        prop_assert_eq!(pair.received(Side::B), pair.sent(Side::A));
        prop_assert_eq!(refused(&pair), []);
    }
}
