//! A connection and its `TimeWait` through random events.

use core::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use tcp_lifecycle::{Config, Control, Instant};

use crate::cases::cases;
use crate::reach::{Life, Way};
use crate::twins::{Event, Number, Shape, TIME, Twins};

fn shapes() -> impl Strategy<Value = Shape> {
    let seq = prop_oneof![
        6 => (-2..3).prop_map(Number::RcvNxt),
        2 => (-2..3).prop_map(Number::RcvEdge),
        2 => (-1..2).prop_map(Number::Irs),
        2 => (-65_537..-65_533).prop_map(Number::RcvNxt),
        1 => any::<u32>().prop_map(Number::Any),
    ];
    let ack = prop_oneof![
        6 => (-1..2).prop_map(Number::SndNxt),
        2 => (-2..3).prop_map(Number::Oldest),
        1 => any::<u32>().prop_map(Number::Any),
    ];
    let control = prop_oneof![
        4 => Just(Control::ACK),
        4 => Just(Control::FIN | Control::ACK),
        3 => Just(Control::RST),
        3 => Just(Control::SYN),
        3 => any::<u16>().prop_map(Control::from_bits_truncate),
    ];
    let payload = prop_oneof![4 => Just(0), 1 => 1..3_u16, 1 => Just(u16::MAX)];
    let time = prop_oneof![
        2 => Just(None),
        4 => (-1..2).prop_map(|near| Some(Ok(near))),
        1 => any::<u32>().prop_map(|any| Some(Err(any))),
    ];
    (seq, ack, control, payload, time).prop_map(|(seq, ack, control, payload, time)| Shape {
        seq,
        ack,
        control,
        payload,
        time,
    })
}

/// Time may go back in whole milliseconds. In microseconds it may not, since it would stand still at the last
/// millisecond.
fn events(whole: bool) -> impl Strategy<Value = Event> {
    let unit = if whole { 1_000 } else { 1 };
    let most_back = if whole { 8_000 } else { 1_u32 };
    let passes = move |most: u64| {
        (0..most, 0..most_back).prop_map(move |(n, back)| Event::Passes(Duration::from_micros(n * unit), back))
    };
    prop_oneof![
        12 => shapes().prop_map(Event::Segment),
        2 => shapes().prop_map(|shape| Event::Reopens(Shape { control: Control::SYN, ..shape })),
        1 => shapes().prop_map(Event::Reopens),
        3 => passes(3),
        3 => passes(6_000_000 / unit),
        1 => passes(70_000_000 / unit),
        2 => (-2..3).prop_map(Event::ToDeadline),
        3 => Just(Event::Timeout),
        3 => Just(Event::Poll),
        6 => Just(Event::Drain),
    ]
}

fn policies() -> impl Strategy<Value = Config> {
    let sizes = (select(vec![1, 2, 1_000, 65_535, 300_000, 1 << 30]), select(vec![1, 536, 1_460]));
    let limits = (select(vec![0, 1, 2, 10]), select(vec![1, 1_000, 5_000, 60_000]));
    (sizes, limits, select(vec![1, 30_000, 120_000]), any::<[bool; 4]>()).prop_map(
        |((receive_buffer, mss), (challenge_limit, period), msl, [timestamps, rfc5961, reset_in_time_wait, scale])| {
            Config {
                receive_buffer,
                mss,
                window_scale: scale.then_some(0),
                challenge_limit,
                challenge_period: Duration::from_millis(period),
                msl: Duration::from_millis(msl),
                timestamps,
                rfc5961,
                reset_in_time_wait,
                ..Config::DEFAULT
            }
        },
    )
}

fn lives(whole: bool) -> impl Strategy<Value = Life> {
    let opened = prop_oneof![Just(0_u64), 0..1_u64 << 40, (1_u64 << 50)..(1_u64 << 51)]
        .prop_map(move |micros| Instant::from_micros(if whole { micros / 1_000 * 1_000 } else { micros }));
    let peer = (
        prop_oneof![Just(1), Just(1_000), 1..=u16::MAX],
        prop_oneof![Just(None), (0..=14_u8).prop_map(Some)],
        any::<bool>(),
    );
    let payload = (select(vec![0, 1, 100, 536, 9_999]), select(vec![0, 100, 10_000]), select(vec![0, 99, 10_000]));
    let way = select(vec![Way::FinWait2, Way::FinWait1, Way::Closing]);
    let former_buffer = select(vec![0, 0, 5_000, 1 << 20]);
    (policies(), opened, any::<[u32; 2]>(), peer, payload, way, former_buffer).prop_map(
        |(
            config,
            opened,
            [isn_offset, irs],
            (peer_window, peer_scale, stamps),
            (payload, consumed, consumed_late),
            way,
            former_buffer,
        )| Life {
            config,
            opened,
            isn_offset,
            irs,
            peer_window,
            peer_scale,
            peer_time: stamps.then_some(TIME),
            payload,
            consumed,
            consumed_late,
            way,
            former_buffer,
        },
    )
}

fn lives_and_events() -> impl Strategy<Value = (Life, Vec<Event>, Vec<Event>)> {
    any::<bool>().prop_flat_map(|whole| (lives(whole), vec(events(whole), 0..4), vec(events(whole), 1..40)))
}

proptest! {
    #![proptest_config(cases(1_000))]

    #[test]
    fn a_time_wait_does_what_the_connection_would((life, before, after) in lives_and_events()) {
        if let Some(mut twins) = Twins::new(life, &before) {
            for event in after {
                twins.happens(event);
            }
        }
    }
}
