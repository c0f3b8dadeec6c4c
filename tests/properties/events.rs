//! Events on one end: any call, any segment, any time; and policies of any kind.

use core::time::Duration;

use proptest::prelude::*;
use proptest::sample::select;
use tcp_lifecycle::{Config, Control, Open, Options, Segment, SeqNumber, Status};

use crate::watch::Watched;

/// A number, perhaps near one of the connection's variables.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Number {
    Any(u32),
    Near(Anchor, i32),
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Anchor {
    Iss,
    SndUna,
    SndNxt,
    SndEdge,
    Irs,
    RcvNxt,
    RcvEdge,
}

impl Number {
    fn of(self, status: &Status) -> SeqNumber {
        let (anchor, delta) = match self {
            Number::Any(number) => return SeqNumber(number),
            Number::Near(anchor, delta) => (anchor, delta),
        };
        let edge = |from: Option<SeqNumber>, wnd: Option<u32>| from.zip(wnd).map(|(from, wnd)| from + wnd);
        let number = match anchor {
            Anchor::Iss => status.iss,
            Anchor::SndUna => status.snd_una,
            Anchor::SndNxt => status.snd_nxt,
            Anchor::SndEdge => edge(status.snd_una, status.snd_wnd),
            Anchor::Irs => status.irs,
            Anchor::RcvNxt => status.rcv_nxt,
            Anchor::RcvEdge => edge(status.rcv_nxt, status.rcv_wnd),
        };
        number.unwrap_or_default() + delta as u32
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    seq: Number,
    ack: Number,
    control: Control,
    window: u16,
    payload: u16,
    options: Options,
}

impl Shape {
    fn of(self, status: &Status) -> Segment {
        Segment::new(self.seq.of(status), self.ack.of(status), self.control)
            .with_window(self.window)
            .with_payload(self.payload)
            .with_urgent(self.window)
            .with_options(self.options)
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Event {
    Open(Open),
    Send(usize),
    /// A part of what is unread, in eighths, and more than that.
    Receive(u32, usize),
    Close,
    Abort,
    Limit(u32),
    Offset(u32),
    Segment(Shape),
    /// One of the segments that have arrived, once more.
    Again(usize),
    Timeout,
    /// Time passes until the deadline, and the timer fires.
    Expire,
    Pass(Duration),
}

fn control() -> impl Strategy<Value = Control> {
    let (syn, ack, fin, rst) = (Control::SYN, Control::ACK, Control::FIN, Control::RST);
    prop_oneof![
        6 => Just(ack),
        2 => Just(ack | Control::PSH),
        3 => Just(ack | fin),
        1 => select(vec![syn, syn | ack, rst, rst | ack, fin, Control::empty(), syn | fin, syn | ack | fin]),
        1 => any::<u16>().prop_map(Control::from_bits_truncate),
    ]
}

fn payload() -> impl Strategy<Value = u16> {
    prop_oneof![4 => Just(0), 3 => 1_u16..20, 1 => 20_u16..2_000, 1 => any::<u16>()]
}

fn window() -> impl Strategy<Value = u16> {
    prop_oneof![1 => Just(0), 1 => 1_u16..10, 2 => 10_u16..5_000, 1 => any::<u16>()]
}

fn options() -> impl Strategy<Value = Options> {
    prop_oneof![
        3 => Just(Options::NONE),
        1 => any::<u16>().prop_map(|mss| Options::NONE.with_mss(mss)),
        1 => any::<(u8, u32, u32)>().prop_map(|(s, v, e)| Options::NONE.with_window_scale(s).with_timestamps(v, e)),
    ]
}

/// What an honest peer sends: in order, with an acknowledgment of something in flight.
fn honest() -> impl Strategy<Value = Shape> {
    let ack = prop_oneof![
        3 => Just(Number::Near(Anchor::SndNxt, 0)),
        1 => (0..30).prop_map(|d| Number::Near(Anchor::SndUna, d)),
    ];
    let control = prop_oneof![4 => Just(Control::ACK), 1 => Just(Control::ACK | Control::FIN)];
    (ack, control, window(), payload()).prop_map(|(ack, control, window, payload)| Shape {
        seq: Number::Near(Anchor::RcvNxt, 0),
        ack,
        control,
        window,
        payload,
        options: Options::NONE,
    })
}

/// The peer's side of an opening.
fn opening() -> impl Strategy<Value = Shape> {
    let syn = prop_oneof![Just(Control::SYN), Just(Control::SYN | Control::ACK)];
    (any::<u32>(), syn, window(), payload(), options()).prop_map(|(seq, control, window, payload, options)| Shape {
        seq: Number::Any(seq),
        ack: Number::Near(Anchor::SndNxt, 0),
        control,
        window,
        payload: if payload < 20 { payload } else { 0 },
        options,
    })
}

/// A reset at RCV.NXT, or beside it.
fn reset() -> impl Strategy<Value = Shape> {
    let control = select(vec![Control::RST, Control::RST | Control::ACK]);
    (-1..2, control, window()).prop_map(|(delta, control, window)| Shape {
        seq: Number::Near(Anchor::RcvNxt, delta),
        ack: Number::Near(Anchor::SndNxt, 0),
        control,
        window,
        payload: 0,
        options: Options::NONE,
    })
}

fn number() -> impl Strategy<Value = Number> {
    use Anchor::{Irs, Iss, RcvEdge, RcvNxt, SndEdge, SndNxt, SndUna};
    let anchor = select(vec![Iss, SndUna, SndNxt, SndEdge, Irs, RcvNxt, RcvEdge]);
    let delta = prop_oneof![6 => -3..4, 2 => -2_000..2_000, 1 => Just(i32::MIN), 1 => any::<i32>()];
    prop_oneof![
        1 => any::<u32>().prop_map(Number::Any),
        8 => (anchor, delta).prop_map(|(anchor, delta)| Number::Near(anchor, delta)),
    ]
}

fn any_segment() -> impl Strategy<Value = Shape> {
    (number(), number(), control(), window(), payload(), options())
        .prop_map(|(seq, ack, control, window, payload, options)| Shape { seq, ack, control, window, payload, options })
}

pub(crate) fn event() -> impl Strategy<Value = Event> {
    let bytes = prop_oneof![8 => 0_usize..3_000, 1 => Just(1 << 30), 1 => any::<usize>()];
    let over = prop_oneof![8 => Just(0_usize), 1 => any::<usize>()];
    let limit = prop_oneof![2 => Just(u32::MAX), 1 => Just(0), 1 => 1_u32..3_000];
    prop_oneof![
        3 => select(vec![Open::Active, Open::Passive]).prop_map(Event::Open),
        4 => bytes.prop_map(Event::Send),
        3 => (0_u32..9, over).prop_map(|(part, more)| Event::Receive(part, more)),
        2 => Just(Event::Close),
        1 => prop_oneof![6 => Just(Event::Timeout), 1 => Just(Event::Abort)],
        1 => limit.prop_map(Event::Limit),
        1 => any::<u32>().prop_map(Event::Offset),
        10 => honest().prop_map(Event::Segment),
        4 => opening().prop_map(Event::Segment),
        6 => any_segment().prop_map(Event::Segment),
        1 => reset().prop_map(Event::Segment),
        2 => any::<usize>().prop_map(Event::Again),
        3 => Just(Event::Expire),
        2 => (0_u64..3_000_000).prop_map(|micros| Event::Pass(Duration::from_micros(micros))),
    ]
}

pub(crate) fn policies() -> impl Strategy<Value = Config> {
    let seconds = |s: Vec<u64>| select(s).prop_map(Duration::from_secs);
    let never_or = |s: u64| prop_oneof![Just(None), Just(Some(Duration::from_secs(s)))];
    let sizes = (
        select(vec![1_u16, 48, 536, 1_460, u16::MAX]),
        select(vec![60_u16, 576, 1_500, u16::MAX]),
        select(vec![0_u32, 1, 2, 100, 5_000, 65_535, 1 << 20]),
    );
    let times = (seconds(vec![1, 30, 120]), never_or(60), never_or(300), seconds(vec![0, 10, 100, 4_000_000]), 0_u8..4);
    let checks = (prop::bool::weighted(0.8), prop::bool::weighted(0.2), select(vec![0_u8, 1, 10]));
    (sizes, times, checks, any::<bool>()).prop_map(
        |((mss, max_segment, receive_buffer), times, (rfc5961, assassin, challenge_limit), nagle)| {
            let (msl, fin_wait_2_timeout, user_timeout, r2, r1) = times;
            Config {
                mss,
                max_segment,
                receive_buffer,
                msl,
                fin_wait_2_timeout,
                user_timeout,
                r1,
                r2,
                rfc5961,
                challenge_limit,
                reset_in_time_wait: assassin,
                nagle,
                ..Config::DEFAULT
            }
        },
    )
}

/// An initial sequence number, most often one from which the connection runs into a wrap.
pub(crate) fn isn_offset() -> impl Strategy<Value = u32> {
    prop_oneof![
        any::<u32>(),
        (0_u32..3_000).prop_map(|d| 0_u32.wrapping_sub(d)),
        (0_u32..3_000).prop_map(|d| (1 << 31) - d)
    ]
}

/// A bare segment at RCV.NXT that acknowledges all there is.
pub(crate) fn in_order(control: Control) -> Event {
    Event::Segment(Shape {
        seq: Number::Near(Anchor::RcvNxt, 0),
        ack: Number::Near(Anchor::SndNxt, 0),
        control,
        window: 4_000,
        payload: 0,
        options: Options::NONE,
    })
}

/// A way to SYN-RECEIVED or ESTABLISHED, or none, so that what follows is not always about the handshake.
pub(crate) fn beginning() -> impl Strategy<Value = Vec<Event>> {
    prop_oneof![
        1 => Just(vec![]),
        1 => Just(vec![Event::Open(Open::Passive), in_order(Control::SYN)]),
        2 => Just(vec![Event::Open(Open::Passive), in_order(Control::SYN), in_order(Control::ACK)]),
        2 => Just(vec![Event::Open(Open::Active), in_order(Control::SYN | Control::ACK)]),
    ]
}

pub(crate) fn apply(event: Event, watched: &mut Watched, arrived: &mut Vec<Segment>) {
    match event {
        Event::Open(open) => _ = watched.open(open),
        Event::Send(bytes) => _ = watched.send(bytes),
        Event::Receive(part, more) => {
            let unread = watched.connection.status().unread as usize;
            _ = watched.receive((unread * part as usize / 8).saturating_add(more));
        }
        Event::Close => _ = watched.close(),
        Event::Abort => _ = watched.abort(),
        Event::Limit(in_flight) => watched.limit(in_flight),
        Event::Offset(offset) => watched.connection.set_isn_offset(offset),
        Event::Segment(shape) => {
            let segment = shape.of(&watched.connection.status());
            arrived.push(segment);
            _ = watched.segment(segment);
        }
        Event::Again(which) => {
            if let Some(segment) = arrived.get(which % arrived.len().max(1)) {
                _ = watched.segment(*segment);
            }
        }
        Event::Timeout => watched.timeout(),
        Event::Expire => {
            if let Some(deadline) = watched.connection.deadline() {
                watched.pass(deadline.saturating_duration_since(watched.now));
                watched.timeout();
            }
        }
        Event::Pass(time) => watched.pass(time),
    }
}
