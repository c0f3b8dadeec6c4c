//! The fast paths do what the eight steps and the whole poll do. Two equal connections run through the same events, one
//! on each path, with any of the policies that the fast paths know.

use core::time::Duration;
use std::vec::Vec;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use crate::machine::connection::{Connection, Open};
use crate::machine::outbox::Pending;
use crate::machine::output::{Output, Transmit};
use crate::machine::segment::{Control, Segment};
use crate::machine::seq::SeqNumber;
use crate::machine::time::Instant;
use crate::{Config, KeepAlive, Options, State};

#[derive(Clone, Debug)]
enum Event {
    /// A segment near the variables: the offset of SEG.SEQ from RCV.NXT, that of SEG.ACK from SND.UNA or SND.NXT, the
    /// control bits, the payload and the window.
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
    Detach,
    Acknowledge,
    Marked,
    Reduced,
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
        1 => prop_oneof![
            Just(Event::Detach),
            Just(Event::Acknowledge),
            Just(Event::Acknowledge),
            Just(Event::Marked),
            Just(Event::Reduced)
        ],
        1 => (0..2_000_usize, 0..2_000_usize).prop_map(|(from, to)| Event::Retransmit(from, to)),
        1 => prop_oneof![Just(u32::MAX), 0..3_000_u32].prop_map(Event::Limit),
        4 => (0..400_000_u32).prop_map(Event::Pass),
        3 => Just(Event::Deadline),
        12 => (1..12_usize).prop_map(Event::Poll),
    ]
}

fn policies() -> impl Strategy<Value = Config> {
    any::<[bool; 6]>().prop_map(|[nagle, timestamps, delays, is_kept_alive, ecn, finite]| Config {
        receive_buffer: 4_000,
        fin_wait_2_timeout: finite.then_some(Duration::from_secs(9)),
        nagle,
        timestamps,
        ecn,
        delayed_ack: delays.then_some(Duration::from_millis(40)),
        keep_alive: is_kept_alive.then_some(KeepAlive {
            idle: Duration::from_secs(2),
            interval: Duration::from_millis(300),
            probes: 3,
        }),
        ..Config::DEFAULT
    })
}

/// How far the peer's TSval is ahead of our clock. It wraps soon.
const PEERS_CLOCK: u32 = u32::MAX - 50;

/// How a run starts.
#[derive(Clone, Copy, Debug)]
pub(super) enum Start {
    Established,
    /// In SYN-RECEIVED, after a passive OPEN or a simultaneous one. The SYN,ACK is out.
    SynReceived(Open),
}

/// Returns a connection in ESTABLISHED or SYN-RECEIVED.
pub(super) fn started(start: Start, config: &Config, isn: u32, window: u16) -> Connection {
    let now = Instant::ZERO;
    let mut connection = Connection::new(config, isn);
    let (open, ack, state) = match start {
        Start::Established => (Open::Active, Control::ACK, State::Established),
        Start::SynReceived(open) => (open, Control::empty(), State::SynReceived),
    };
    assert_eq!(connection.open(open, now), Ok(()));
    drain(&mut connection, now);
    let ecn = match (config.ecn, ack.is_empty()) {
        (false, _) => Control::empty(),
        (true, false) => Control::ECE,
        (true, true) => Control::ECE | Control::CWR,
    };
    let options = if config.timestamps { Options::NONE.with_timestamps(PEERS_CLOCK, 0) } else { Options::NONE };
    let number = if ack.is_empty() { SeqNumber(0) } else { SeqNumber(isn) + 1 };
    let syn = Segment::new(SeqNumber(u32::MAX - 900), number, Control::SYN | ack | ecn);
    assert_eq!(connection.segment_arrives(&syn.with_window(window).with_options(options), now), Ok(0..0));
    drain(&mut connection, now);
    assert_eq!(connection.state(), state);
    connection
}

pub(super) fn drain(connection: &mut Connection, now: Instant) {
    while !matches!(connection.poll(now), Output::Wait(_)) {}
}

fn segment(connection: &Connection, event: &Event) -> Option<Segment> {
    let Event::Segment { seq, ack, from_nxt, control, payload, window } = *event else { return None };
    let status = connection.status();
    let number = |base: Option<SeqNumber>, off: i32| SeqNumber(base.unwrap_or_default().0.wrapping_add_signed(off));
    let acked = if from_nxt { status.snd_nxt } else { status.snd_una };
    let segment = Segment::new(number(status.rcv_nxt, seq), number(acked, ack), Control::from_bits_truncate(control));
    let segment = segment.with_payload(payload).with_window(window);
    if !status.timestamps || window % 19 == 1 {
        return Some(segment);
    }
    let millis = connection.context.now.as_millis_low();
    let value = PEERS_CLOCK.wrapping_add(millis).wrapping_sub(if window % 7 == 1 { 30 } else { 0 });
    Some(segment.with_options(Options::NONE.with_timestamps(value, millis.wrapping_sub(u32::from(window) % 90))))
}

/// `poll` without its fast paths.
pub(super) fn poll_the_long_way(connection: &mut Connection, now: Instant) -> Output {
    if connection.context.outbox.is_empty() {
        return Output::Wait(connection.deadline());
    }
    connection.context.advance_clock(now);
    if connection.context.outbox.pending.intersects(Pending::TRANSITIONS | Pending::SIGNALS | Pending::RESET) {
        connection.poll(now)
    } else {
        connection.next_segment()
    }
}

/// The connection without its request to look for payload, which may find nothing.
pub(super) fn without_looks(connection: &Connection) -> Connection {
    let mut connection = connection.clone();
    connection.context.outbox.pending.remove(Pending::DATA);
    connection
}

fn the_same_in_every_run(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, rng_seed: RngSeed::Fixed(9293), failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(the_same_in_every_run(3_000))]

    #[test]
    fn the_fast_way_leads_where_the_long_way_does(
        config in policies(),
        start in prop_oneof![
            4 => Just(Start::Established),
            1 => Just(Start::SynReceived(Open::Passive)),
            1 => Just(Start::SynReceived(Open::Active)),
        ],
        isn: u32,
        window in prop_oneof![2 => Just(8_000_u16), 1 => 1..1_200_u16],
        events in prop::collection::vec(event(), 1..60),
    ) {
        let mut fast = started(start, &config, isn, window);
        let mut long = fast.clone();
        let mut now = Instant::from_micros(1_000);
        for event in &events {
            match event {
                Event::Segment { .. } => {
                    let segment = segment(&fast, event).unwrap_or_else(|| Segment::reset_at(SeqNumber(0)));
                    prop_assert_eq!(fast.segment_arrives(&segment, now), long.arrives(&segment, now));
                }
                Event::Send(bytes) => {
                    prop_assert_eq!(fast.send(*bytes, now), long.send_slow_path(*bytes, now));
                }
                Event::Receive(bytes) => prop_assert_eq!(fast.receive(*bytes), long.receive(*bytes)),
                Event::Close => prop_assert_eq!(fast.close(now), long.close(now)),
                Event::Detach => prop_assert_eq!(fast.detach(now), long.detach(now)),
                Event::Acknowledge => {
                    fast.acknowledge_now();
                    long.acknowledge_now();
                }
                Event::Marked => {
                    fast.congestion_experienced();
                    long.congestion_experienced();
                }
                Event::Reduced => {
                    fast.congestion_window_reduced();
                    long.congestion_window_reduced();
                }
                Event::Retransmit(from, to) => {
                    prop_assert_eq!(fast.retransmit(*from..*to), long.retransmit(*from..*to));
                }
                Event::Limit(bytes) => {
                    fast.limit(*bytes);
                    long.limit(*bytes);
                }
                Event::Pass(micros) => now = now + Duration::from_micros(u64::from(*micros)),
                Event::Deadline => {
                    now = fast.deadline().unwrap_or(now).max(now);
                    fast.timeout(now);
                    long.timeout(now);
                }
                Event::Poll(times) => {
                    let outputs: Vec<Output> = (0..*times).map(|_| fast.poll(now)).collect();
                    let others: Vec<Output> = (0..*times).map(|_| poll_the_long_way(&mut long, now)).collect();
                    prop_assert_eq!(&outputs, &others);
                    // A poll with nothing to do need not advance the clock.
                    fast.context.advance_clock(now);
                    long.context.advance_clock(now);
                    if outputs.iter().any(|output| matches!(output, Output::Transmit(Transmit { .. }))) {
                        // One of the two may have kept a request for data that yields no segment.
                        drain(&mut fast, now);
                        drain(&mut long, now);
                    }
                }
            }
            prop_assert_eq!(without_looks(&fast), without_looks(&long), "after {:?}", event);
        }
    }
}
