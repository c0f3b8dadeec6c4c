//! A connection and its `TimeWait` side by side through the same events: what comes out is the same.

use core::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config as Cases, RngSeed};
use tcp_lifecycle::{Config, Connection, Control, Instant, Options, Output, Segment, SeqNumber, State, TimeWait};

use crate::reach::{Life, Way, drain};

#[derive(Clone, Copy, Debug)]
enum Number {
    Any(u32),
    SndNxt(i32),
    /// The oldest that RFC 5961 allows, SND.NXT - MAX.SND.WND.
    Oldest(i32),
    Irs(i32),
    RcvNxt(i32),
    RcvEdge(i32),
}

#[derive(Clone, Copy, Debug)]
struct Shape {
    seq: Number,
    ack: Number,
    control: Control,
    payload: u16,
    /// TSval, relative to the peer's or by itself.
    time: Option<Result<i32, u32>>,
}

#[derive(Clone, Copy, Debug)]
enum Event {
    Segment(Shape),
    Reopens(Shape),
    /// Time goes on by so much; in the next event alone it seems to be so many milliseconds earlier.
    Passes(Duration, u32),
    /// Until the deadline is so near, or past.
    ToDeadline(i32),
    Timeout,
    Poll,
    Drain,
}

/// The two, and the moment.
struct Twins {
    life: Life,
    connection: Connection,
    time_wait: TimeWait,
    now: Instant,
    back: Duration,
    /// RCV.NXT+RCV.WND as the next ACK has it.
    edge: SeqNumber,
}

impl Twins {
    fn new(life: Life, before: &[Event]) -> Option<Twins> {
        let (mut connection, mut now) = life.reach();
        for event in before {
            match event {
                Event::Segment(shape) => {
                    let segment = shape.of(&life, &connection);
                    let _ = connection.segment_arrives(&segment, now);
                    drain(&mut connection, now);
                }
                Event::Passes(duration, _) => now = now + *duration,
                Event::Reopens(_) | Event::ToDeadline(_) | Event::Timeout | Event::Poll | Event::Drain => {}
            }
        }
        let time_wait = connection.time_wait();
        assert_eq!(time_wait.is_some(), connection.state() == State::TimeWait);
        let edge = edge_of_next_ack(&connection, now);
        Some(Twins { life, connection, time_wait: time_wait?, now, back: Duration::ZERO, edge })
    }

    fn happens(&mut self, event: Event) {
        let back = core::mem::take(&mut self.back);
        let now = Instant::ZERO + self.now.saturating_duration_since(Instant::ZERO + back);
        let config = self.life.config;
        match event {
            Event::Segment(shape) => {
                let segment = shape.of(&self.life, &self.connection);
                if self.is_decidable(&segment) {
                    let took = self.connection.segment_arrives(&segment, now);
                    assert_eq!(self.time_wait.segment_arrives(&segment, now, &config), took, "{segment}");
                }
            }
            Event::Reopens(shape) => {
                let syn = shape.of(&self.life, &self.connection);
                let before = self.time_wait.clone();
                let offset = self.time_wait.reopens(&syn, self.life.isn_offset, now, &config);
                assert_eq!(offset, self.connection.reopens(&syn, now), "{syn}");
                assert_eq!(self.time_wait, before);
            }
            Event::Passes(duration, back) => {
                self.now = self.now + duration;
                self.back = Duration::from_millis(u64::from(back));
            }
            Event::ToDeadline(millis) => self.go_to_deadline(millis),
            Event::Timeout => {
                self.connection.timeout(now);
                self.time_wait.timeout(now, &config);
            }
            Event::Poll => {
                self.poll(now);
            }
            Event::Drain => {
                while !matches!(self.poll(now), Output::Wait(_)) {}
                let before = self.time_wait.clone();
                self.poll(now);
                assert_eq!(self.time_wait, before, "nothing is left to change");
            }
        }
        assert_eq!(self.time_wait.state(), self.connection.state());
        assert_eq!(self.time_wait.deadline(&config), self.connection.deadline());
    }

    fn poll(&mut self, now: Instant) -> Output {
        let mut expected = self.connection.poll(now);
        // What arrives in CLOSED is answered by the caller.
        while self.connection.state() == State::Closed && matches!(expected, Output::Transmit(_)) {
            expected = self.connection.poll(now);
        }
        assert_eq!(self.time_wait.poll(now, &self.life.config), expected);
        expected
    }

    fn go_to_deadline(&mut self, millis: i32) {
        let Some(deadline) = self.connection.deadline() else { return };
        let distance = Duration::from_millis(u64::from(millis.unsigned_abs()));
        let then = if millis < 0 {
            Instant::ZERO + deadline.saturating_duration_since(Instant::ZERO + distance)
        } else {
            deadline + distance
        };
        self.now = self.now.max(then);
    }

    /// What `TimeWait` does not promise: a segment between the right edge that the peer was told and the next one, a SYN
    /// that is like that of this life in the lower half of its number.
    fn is_decidable(&self, segment: &Segment) -> bool {
        let status = self.connection.status();
        let (Some(nxt), Some(wnd)) = (status.rcv_nxt, status.rcv_wnd) else { return true };
        let (told, next) = (wnd, self.edge - nxt);
        let between = told.min(next).saturating_sub(1)..told.max(next).saturating_add(1);
        let behind = segment.seq() + segment.len();
        let in_doubt = |seq: SeqNumber| told != next && between.contains(&(seq - nxt));
        let alike = segment.seq().0 as u16 == self.life.irs as u16 && segment.seq().0 != self.life.irs;
        let numbers = [segment.seq(), segment.seq() + 1, behind, SeqNumber(behind.0.wrapping_sub(1))];
        !(numbers.into_iter().any(in_doubt) || alike && segment.control().contains(Control::SYN))
    }
}

/// Told by an ACK to a twin that nobody else knows.
fn edge_of_next_ack(connection: &Connection, now: Instant) -> SeqNumber {
    let mut twin = connection.clone();
    let status = twin.status();
    let (Some(nxt), Some(scale)) = (status.rcv_nxt, status.rcv_scale) else { return SeqNumber(0) };
    let fin = Segment::new(SeqNumber(nxt.0.wrapping_sub(1)), status.snd_nxt.unwrap(), Control::FIN | Control::ACK)
        .with_options(Options::NONE.with_timestamps(TIME, 0));
    let _ = twin.segment_arrives(&fin, now);
    nxt + drain(&mut twin, now).first().map_or(0, |ack| u32::from(ack.window()) << scale)
}

/// The peer's TSval.
const TIME: u32 = 3_000_000_000;

impl Shape {
    fn of(self, life: &Life, connection: &Connection) -> Segment {
        let options = match self.time {
            None => Options::NONE,
            Some(Ok(near)) => Options::NONE.with_timestamps(TIME.wrapping_add_signed(near), 1),
            Some(Err(any)) => Options::NONE.with_timestamps(any, 1),
        };
        let number = |number: Number| number.of(life, connection);
        Segment::new(number(self.seq), number(self.ack), self.control)
            .with_payload(self.payload)
            .with_window(1)
            .with_options(options)
    }
}

impl Number {
    fn of(self, life: &Life, connection: &Connection) -> SeqNumber {
        let status = connection.status();
        let (snd_nxt, rcv_nxt) = (status.snd_nxt.unwrap_or_default(), status.rcv_nxt.unwrap_or_default());
        let most =
            (u32::from(life.peer_window) << status.snd_scale.unwrap_or(0)).max(u32::from(status.peer_mss.unwrap_or(0)));
        let (from, delta) = match self {
            Number::Any(number) => return SeqNumber(number),
            Number::SndNxt(delta) => (snd_nxt, delta),
            Number::Oldest(delta) => (SeqNumber(snd_nxt.0.wrapping_sub(most)), delta),
            Number::Irs(delta) => (SeqNumber(life.irs), delta),
            Number::RcvNxt(delta) => (rcv_nxt, delta),
            Number::RcvEdge(delta) => (rcv_nxt + status.rcv_wnd.unwrap_or(0), delta),
        };
        SeqNumber(from.0.wrapping_add_signed(delta))
    }
}

fn shapes() -> impl Strategy<Value = Shape> {
    let seq = prop_oneof![
        6 => (-2..3).prop_map(Number::RcvNxt),
        2 => (-2..3).prop_map(Number::RcvEdge),
        2 => (-1..2).prop_map(Number::Irs),
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

/// In whole milliseconds time may go back, with microseconds it may not: it would stand still at the last millisecond.
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
    let opened = prop_oneof![Just(0_u64), 0..1_u64 << 40, (1_u64 << 52)..(1_u64 << 53)]
        .prop_map(move |micros| Instant::from_micros(if whole { micros / 1_000 * 1_000 } else { micros }));
    let peer = (
        prop_oneof![Just(1), Just(1_000), 1..=u16::MAX],
        prop_oneof![Just(None), (0..=14_u8).prop_map(Some)],
        any::<bool>(),
    );
    let payload = (select(vec![0, 1, 100, 536, 9_999]), select(vec![0, 100, 10_000]), select(vec![0, 99, 10_000]));
    let way = select(vec![Way::FinWait2, Way::FinWait1, Way::Closing]);
    (policies(), opened, any::<[u32; 2]>(), peer, payload, way).prop_map(
        |(
            config,
            opened,
            [isn_offset, irs],
            (peer_window, peer_scale, stamps),
            (payload, consumed, consumed_late),
            way,
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
        },
    )
}

/// The same in every run, unless the environment says otherwise.
fn cases() -> Cases {
    let asked = |name| std::env::var_os(name).is_some();
    let default = Cases { failure_persistence: None, ..Cases::default() };
    Cases {
        cases: if asked("PROPTEST_CASES") { default.cases } else { 1_000 },
        rng_seed: if asked("PROPTEST_RNG_SEED") { default.rng_seed } else { RngSeed::Fixed(1337) },
        ..default
    }
}

fn lives_and_events() -> impl Strategy<Value = (Life, Vec<Event>, Vec<Event>)> {
    any::<bool>().prop_flat_map(|whole| (lives(whole), vec(events(whole), 0..4), vec(events(whole), 1..40)))
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn a_time_wait_does_what_the_connection_would((life, before, after) in lives_and_events()) {
        if let Some(mut twins) = Twins::new(life, &before) {
            for event in after {
                twins.happens(event);
            }
        }
    }
}
