//! The straight paths (for the segment in order, for payload that goes out for the first time, for SEND in ESTABLISHED)
//! do what the long way does: two equal connections live through the same events, one on each way.

use core::time::Duration;
use std::vec::Vec;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use crate::connection::{Connection, Open};
use crate::due::What;
use crate::poll::{Output, Transmit};
use crate::segment::{Control, Segment};
use crate::seq::SeqNumber;
use crate::time::Instant;
use crate::{Config, State};

#[derive(Clone, Debug)]
enum Event {
    /// A segment near the variables: SEG.SEQ off RCV.NXT, SEG.ACK off SND.UNA or SND.NXT, control bits, payload,
    /// window.
    Segment {
        seq: i32,
        ack: i32,
        from_nxt: bool,
        control: u16,
        payload: u16,
        window: u16,
    },
    Send(usize),
    Receive(usize),
    Close,
    Retransmit(usize, usize),
    Limit(u32),
    Pass(u32),
    Deadline,
    Poll(usize),
}

fn event() -> impl Strategy<Value = Event> {
    let near = || prop_oneof![6 => Just(0), 1 => -3_000..3_000_i32];
    let control = prop_oneof![8 => Just(0x10_u16), 2 => Just(0x18), 1 => Just(0x11), 1 => 0..0x200_u16];
    let payload = prop_oneof![3 => Just(0_u16), 3 => 1..600_u16, 1 => any::<u16>()];
    let window = prop_oneof![4 => Just(8_000_u16), 1 => Just(0), 2 => any::<u16>(), 2 => 0..1_200_u16];
    prop_oneof![
        10 => (near(), near(), any::<bool>(), control, payload, window).prop_map(
            |(seq, ack, from_nxt, control, payload, window)| {
                Event::Segment { seq, ack, from_nxt, control, payload, window }
            }
        ),
        5 => prop_oneof![2 => 0..4_000_usize, 1 => 1..60_usize].prop_map(Event::Send),
        3 => (0..2_000_usize).prop_map(Event::Receive),
        1 => Just(Event::Close),
        1 => (0..2_000_usize, 0..2_000_usize).prop_map(|(from, to)| Event::Retransmit(from, to)),
        1 => prop_oneof![Just(u32::MAX), 0..3_000_u32].prop_map(Event::Limit),
        4 => (0..400_000_u32).prop_map(Event::Pass),
        3 => Just(Event::Deadline),
        12 => (1..12_usize).prop_map(Event::Poll),
    ]
}

/// ESTABLISHED, from which all of it starts.
fn established(isn: u32, nagle: bool, window: u16) -> Connection {
    let now = Instant::ZERO;
    let fin_wait_2_timeout = Some(Duration::from_secs(9));
    let config = Config { receive_buffer: 4_000, fin_wait_2_timeout, nagle, ..Config::DEFAULT };
    let mut connection = Connection::new(&config, isn);
    assert_eq!(connection.open(Open::Active, now), Ok(()));
    drain(&mut connection, now);
    let syn_ack = Segment::new(SeqNumber(u32::MAX - 900), SeqNumber(isn) + 1, Control::SYN | Control::ACK);
    assert_eq!(connection.segment_arrives(&syn_ack.with_window(window), now), Ok(0..0));
    drain(&mut connection, now);
    assert_eq!(connection.state(), State::Established);
    connection
}

fn drain(connection: &mut Connection, now: Instant) {
    while !matches!(connection.poll(now), Output::Wait(_)) {}
}

fn segment(connection: &Connection, event: &Event) -> Option<Segment> {
    let Event::Segment { seq, ack, from_nxt, control, payload, window } = *event else { return None };
    let status = connection.status();
    let number = |base: Option<SeqNumber>, off: i32| SeqNumber(base.unwrap_or_default().0.wrapping_add_signed(off));
    let acked = if from_nxt { status.snd_nxt } else { status.snd_una };
    let segment = Segment::new(number(status.rcv_nxt, seq), number(acked, ack), Control::from_bits_truncate(control));
    Some(segment.with_payload(payload).with_window(window))
}

/// `poll` without its straight paths.
fn poll_the_long_way(connection: &mut Connection, now: Instant) -> Output {
    if connection.endpoint.due.is_nothing() {
        return Output::Wait(connection.deadline());
    }
    connection.endpoint.clock(now);
    if connection.endpoint.due.what.intersects(What::NEWS) { connection.news(now) } else { connection.next_segment() }
}

fn the_same_in_every_run(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, rng_seed: RngSeed::Fixed(9293), failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(the_same_in_every_run(1_500))]

    #[test]
    fn the_straight_way_leads_where_the_long_way_does(
        isn: u32,
        nagle: bool,
        window in prop_oneof![2 => Just(8_000_u16), 1 => 1..1_200_u16],
        events in prop::collection::vec(event(), 1..60),
    ) {
        let mut straight = established(isn, nagle, window);
        let mut long = straight.clone();
        let mut now = Instant::from_micros(1_000);
        for event in &events {
            match event {
                Event::Segment { .. } => {
                    let segment = segment(&straight, event).unwrap_or_else(|| Segment::reset_at(SeqNumber(0)));
                    let before = long.endpoint.now;
                    long.endpoint.clock(now);
                    prop_assert_eq!(straight.segment_arrives(&segment, now), long.arrives(&segment, before));
                }
                Event::Send(bytes) => {
                    prop_assert_eq!(straight.send(*bytes, now), long.send_in_other_states(*bytes, now));
                }
                Event::Receive(bytes) => prop_assert_eq!(straight.receive(*bytes), long.receive(*bytes)),
                Event::Close => prop_assert_eq!(straight.close(now), long.close(now)),
                Event::Retransmit(from, to) => {
                    prop_assert_eq!(straight.retransmit(*from..*to), long.retransmit(*from..*to));
                }
                Event::Limit(bytes) => {
                    straight.limit(*bytes);
                    long.limit(*bytes);
                }
                Event::Pass(micros) => now = now + Duration::from_micros(u64::from(*micros)),
                Event::Deadline => {
                    now = straight.deadline().unwrap_or(now).max(now);
                    straight.timeout(now);
                    long.timeout(now);
                }
                Event::Poll(times) => {
                    let outputs: Vec<Output> = (0..*times).map(|_| straight.poll(now)).collect();
                    let others: Vec<Output> = (0..*times).map(|_| poll_the_long_way(&mut long, now)).collect();
                    prop_assert_eq!(&outputs, &others);
                    // Who has nothing to look at need not look at the time.
                    straight.endpoint.clock(now);
                    long.endpoint.clock(now);
                    if outputs.iter().any(|output| matches!(output, Output::Transmit(Transmit { .. }))) {
                        // What is left to look at may differ by a look that finds nothing.
                        drain(&mut straight, now);
                        drain(&mut long, now);
                    }
                }
            }
            let (mut one, mut other) = (straight.clone(), long.clone());
            one.endpoint.due.what.remove(What::LOOK);
            other.endpoint.due.what.remove(What::LOOK);
            prop_assert_eq!(one, other, "after {:?}", event);
        }
    }
}
