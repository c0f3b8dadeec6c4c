//! Events for one end: any call, any segment, any time; and arbitrary policies.

use core::time::Duration;

use proptest::prelude::*;
use proptest::sample::select;
use tcp_lifecycle::{Config, Control, IcmpError, Instant, Open, Options, Segment, SeqNumber, Status};

use crate::numbers::Anchor;
use crate::policies::policies;
use crate::watch::Watched;

/// A number, perhaps near one of the connection's variables.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Number {
    Any(u32),
    Near(Anchor, i32),
}

impl Number {
    pub(crate) fn of(self, status: &Status) -> SeqNumber {
        match self {
            Number::Any(number) => SeqNumber(number),
            Number::Near(anchor, delta) => anchor.beside(delta, status),
        }
    }
}

/// The timestamps of a segment.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stamp {
    None,
    Any(u32, u32),
    /// Where they are agreed, and on a SYN: this many milliseconds ago by the peer's clock, which is ours.
    Ago(u32),
}

/// With more than this in a queue and in a window, a drain takes long.
const MUCH: u32 = 100_000;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    seq: Number,
    ack: Number,
    control: Control,
    window: u16,
    urgent: u16,
    payload: u16,
    options: Options,
    stamp: Stamp,
}

impl Shape {
    /// At RCV.NXT, acknowledging everything, and without payload.
    const fn bare(control: Control) -> Shape {
        Shape {
            seq: Number::Near(Anchor::RcvNxt, 0),
            ack: Number::Near(Anchor::SndNxt, 0),
            control,
            window: 4_000,
            urgent: 0,
            payload: 0,
            options: Options::NONE,
            stamp: Stamp::Ago(0),
        }
    }

    pub(crate) fn of(self, status: &Status, now: Instant) -> Segment {
        let millis = (now.as_micros() / 1_000) as u32;
        let syn = self.control.contains(Control::SYN) && self.options.mss().is_some();
        let options = match self.stamp {
            Stamp::Any(value, echo) => self.options.with_timestamps(value, echo),
            Stamp::Ago(ago) if status.timestamps || syn => {
                self.options.with_timestamps(millis.wrapping_sub(ago), millis.saturating_sub(20))
            }
            Stamp::Ago(_) | Stamp::None => self.options,
        };
        // A queue of 1 GiB and a window for all of it would be a drain of millions of segments.
        let most = if status.unsent > MUCH { MUCH >> status.snd_scale.unwrap_or(0) } else { u32::MAX };
        Segment::new(self.seq.of(status), self.ack.of(status), self.control)
            .with_window(self.window.min(most.try_into().unwrap_or(u16::MAX)))
            .with_payload(self.payload)
            .with_urgent(self.urgent)
            .with_options(options)
    }
}

#[expect(clippy::large_enum_variant, reason = "an event is to be copied")]
#[derive(Clone, Copy, Debug)]
pub(crate) enum Event {
    Open(Open),
    Send(usize),
    /// A part of the unread bytes, in eighths, and a number of bytes more.
    Receive(u32, usize),
    Close,
    Detach,
    Abort,
    Acknowledge,
    Limit(u32),
    Offset(u32),
    TimestampOffset(u16),
    SendUrgent(usize),
    /// The start and the length in eighths of the bytes in flight; the length is this many bytes more.
    Retransmit(u32, u32, usize),
    Configure(Config),
    /// The error, and the quoted sequence number.
    Icmp(IcmpError, Number),
    Marked,
    Reduced,
    Segment(Shape),
    /// One of the segments that have arrived, again.
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
        1 => select(vec![ack | Control::URG, ack | Control::ECE, ack | Control::CWR, syn | Control::ECE | Control::CWR]),
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
        1 => any::<u8>().prop_map(|shift| Options::NONE.with_window_scale(shift)),
        2 => (any::<u16>(), 0_u8..16).prop_map(|(mss, shift)| {
            Options::NONE.with_mss(mss).with_window_scale(shift).with_sack_permitted()
        }),
    ]
}

fn stamp() -> impl Strategy<Value = Stamp> {
    prop_oneof![
        5 => Just(Stamp::Ago(0)),
        1 => (0_u32..5_000).prop_map(Stamp::Ago),
        1 => Just(Stamp::None),
        1 => any::<(u32, u32)>().prop_map(|(value, echo)| Stamp::Any(value, echo)),
    ]
}

/// A segment of an honest peer: in order, with an acknowledgment of something in flight.
fn honest() -> impl Strategy<Value = Shape> {
    let ack = prop_oneof![
        3 => Just(Number::Near(Anchor::SndNxt, 0)),
        1 => (0..30).prop_map(|d| Number::Near(Anchor::SndUna, d)),
    ];
    let besides = select(vec![Control::empty(), Control::empty(), Control::URG, Control::ECE, Control::CWR]);
    let control = prop_oneof![4 => Just(Control::ACK), 1 => Just(Control::ACK | Control::FIN)];
    let control = (control, besides).prop_map(|(control, besides)| control | besides);
    (ack, control, window(), payload(), window()).prop_map(|(ack, control, window, payload, urgent)| Shape {
        ack,
        window,
        urgent,
        payload,
        ..Shape::bare(control)
    })
}

/// The same with any sequence number: a peer that is behind or ahead, or an attacker that has guessed everything else.
fn astray() -> impl Strategy<Value = Shape> {
    let delta = prop_oneof![4 => -4..4, 2 => -2_000..2_000, 1 => -70_000..-65_000];
    (honest(), delta, any::<bool>()).prop_map(|(honest, delta, bare)| Shape {
        seq: Number::Near(Anchor::RcvNxt, delta),
        payload: if bare { 0 } else { honest.payload },
        ..honest
    })
}

/// The peer's side of an opening.
fn opening() -> impl Strategy<Value = Shape> {
    let (ece, cwr) = (Control::ECE, Control::CWR);
    let (syn, syn_ack) = (Control::SYN, Control::SYN | Control::ACK);
    let syn = select(vec![syn, syn_ack, syn | ece | cwr, syn_ack | ece]);
    (any::<u32>(), syn, window(), payload(), options(), stamp()).prop_map(
        |(seq, control, window, payload, options, stamp)| Shape {
            seq: Number::Any(seq),
            window,
            payload: if payload < 20 { payload } else { 0 },
            options,
            stamp,
            ..Shape::bare(control)
        },
    )
}

/// A reset at RCV.NXT, or beside it.
fn reset() -> impl Strategy<Value = Shape> {
    let control = select(vec![Control::RST, Control::RST | Control::ACK]);
    (-1..2, control, window()).prop_map(|(delta, control, window)| Shape {
        seq: Number::Near(Anchor::RcvNxt, delta),
        window,
        ..Shape::bare(control)
    })
}

fn number() -> impl Strategy<Value = Number> {
    let anchor = select(Anchor::ALL.to_vec());
    let delta = prop_oneof![6 => -3..4, 2 => -2_000..2_000, 1 => Just(i32::MIN), 1 => any::<i32>()];
    prop_oneof![
        1 => any::<u32>().prop_map(Number::Any),
        8 => (anchor, delta).prop_map(|(anchor, delta)| Number::Near(anchor, delta)),
    ]
}

fn any_segment() -> impl Strategy<Value = Shape> {
    (number(), number(), control(), window(), payload(), options(), stamp(), window()).prop_map(
        |(seq, ack, control, window, payload, options, stamp, urgent)| Shape {
            seq,
            ack,
            control,
            window,
            urgent,
            payload,
            options,
            stamp,
        },
    )
}

pub(crate) fn icmp_error() -> impl Strategy<Value = IcmpError> {
    use IcmpError::{FragmentationNeeded, HostUnreachable, PortUnreachable, ProtocolUnreachable, SourceQuench};
    select(vec![SourceQuench, HostUnreachable, PortUnreachable, ProtocolUnreachable, FragmentationNeeded])
}

fn call() -> impl Strategy<Value = Event> {
    let bytes = || prop_oneof![8 => 0_usize..3_000, 1 => Just(1 << 30), 1 => any::<usize>()];
    let over = || prop_oneof![8 => Just(0_usize), 1 => any::<usize>()];
    let limit = prop_oneof![2 => Just(u32::MAX), 1 => Just(0), 1 => 1_u32..3_000];
    let quoted = prop_oneof![3 => (0..40).prop_map(|d| Number::Near(Anchor::SndUna, d)), 1 => number()];
    prop_oneof![
        12 => select(vec![Open::Active, Open::Passive]).prop_map(Event::Open),
        16 => bytes().prop_map(Event::Send),
        4 => bytes().prop_map(Event::SendUrgent),
        12 => (0_u32..9, over()).prop_map(|(part, more)| Event::Receive(part, more)),
        7 => Just(Event::Close),
        3 => Just(Event::Detach),
        1 => Just(Event::Abort),
        2 => Just(Event::Acknowledge),
        4 => limit.prop_map(Event::Limit),
        4 => (0_u32..9, 0_u32..9, over()).prop_map(|(from, count, more)| Event::Retransmit(from, count, more)),
        2 => policies().prop_map(Event::Configure),
        2 => (icmp_error(), quoted).prop_map(|(error, quoted)| Event::Icmp(error, quoted)),
        2 => select(vec![Event::Marked, Event::Reduced]),
        4 => any::<u32>().prop_map(Event::Offset),
        2 => any::<u16>().prop_map(Event::TimestampOffset),
    ]
}

pub(crate) fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        16 => call(),
        1 => Just(Event::Timeout),
        10 => honest().prop_map(Event::Segment),
        2 => astray().prop_map(Event::Segment),
        4 => opening().prop_map(Event::Segment),
        6 => any_segment().prop_map(Event::Segment),
        1 => reset().prop_map(Event::Segment),
        2 => any::<usize>().prop_map(Event::Again),
        3 => Just(Event::Expire),
        2 => (0_u64..3_000_000).prop_map(|micros| Event::Pass(Duration::from_micros(micros))),
    ]
}

/// An initial sequence number; most often the connection then runs into a wrap.
pub(crate) fn isn_offset() -> impl Strategy<Value = u32> {
    prop_oneof![
        any::<u32>(),
        (0_u32..3_000).prop_map(|d| 0_u32.wrapping_sub(d)),
        (0_u32..3_000).prop_map(|d| (1 << 31) - d)
    ]
}

/// A bare segment at RCV.NXT that acknowledges everything.
pub(crate) fn in_order(control: Control) -> Event {
    Event::Segment(Shape::bare(control))
}

/// An acknowledgment of this many numbers beyond SND.UNA, with this window.
pub(crate) fn acknowledgment(numbers: u16, window: u16) -> Event {
    let ack = Number::Near(Anchor::SndUna, numbers.into());
    Event::Segment(Shape { ack, window, ..Shape::bare(Control::ACK) })
}

/// A SYN that offers, or accepts, every option.
fn dressed(control: Control) -> Event {
    let options = Options::NONE.with_mss(200).with_window_scale(2).with_sack_permitted();
    Event::Segment(Shape { options, ..Shape::bare(control) })
}

/// A path to SYN-RECEIVED or ESTABLISHED, or none, so that the events that follow are not always about the handshake.
pub(crate) fn beginning() -> impl Strategy<Value = Vec<Event>> {
    let (syn, ack, ece) = (Control::SYN, Control::ACK, Control::ECE);
    let (passive, active) = (Event::Open(Open::Passive), Event::Open(Open::Active));
    // The segment does not acknowledge our SYN.
    let fin = Shape { ack: Number::Near(Anchor::SndUna, 0), ..Shape::bare(Control::FIN | ack) };
    prop_oneof![
        2 => Just(vec![]),
        2 => Just(vec![passive, in_order(syn)]),
        2 => Just(vec![passive, in_order(syn), in_order(ack)]),
        3 => Just(vec![passive, dressed(syn | ece | Control::CWR), in_order(ack)]),
        1 => Just(vec![passive, in_order(syn), in_order(ack), Event::Close, Event::Segment(fin)]),
        2 => Just(vec![active, in_order(syn | ack)]),
        3 => Just(vec![active, dressed(syn | ack | ece)]),
    ]
}

pub(crate) fn apply(event: Event, watched: &mut Watched, arrived: &mut Vec<Segment>) {
    match event {
        Event::Open(open) => _ = watched.open(open),
        Event::Send(bytes) | Event::SendUrgent(bytes)
            if bytes > MUCH as usize && watched.connection.snd_wnd() > Some(MUCH) => {}
        Event::Send(bytes) => _ = watched.send(bytes),
        Event::Receive(part, more) => {
            let unread = watched.connection.status().unread as usize;
            _ = watched.receive((unread * part as usize / 8).saturating_add(more));
        }
        Event::Close => _ = watched.close(),
        Event::Detach => _ = watched.detach(),
        Event::Abort => _ = watched.abort(),
        Event::Acknowledge => watched.acknowledge_now(),
        Event::Limit(in_flight) => watched.limit(in_flight),
        Event::Offset(offset) => watched.connection.set_isn_offset(offset),
        Event::TimestampOffset(offset) => watched.timestamp_offset(offset),
        Event::SendUrgent(bytes) => _ = watched.send_urgent(bytes),
        Event::Retransmit(from, count, more) => {
            let in_flight = watched.connection.status().in_flight as usize;
            let from = in_flight * from as usize / 8;
            let to = (from + in_flight * count as usize / 8).saturating_add(more);
            _ = watched.retransmit(from..to);
        }
        Event::Configure(config) => watched.configure(config),
        Event::Icmp(error, quoted) => {
            let quoted = quoted.of(&watched.connection.status());
            _ = watched.icmp(error, quoted);
        }
        Event::Marked => watched.congestion_experienced(),
        Event::Reduced => watched.congestion_window_reduced(),
        Event::Segment(shape) => {
            let segment = shape.of(&watched.connection.status(), watched.now);
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
