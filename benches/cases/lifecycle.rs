//! The cases, with this crate.
//!
//! An event is measured with its driver: the segment is handed in, its payload is consumed at once, and the connection
//! is polled until `Wait`. The segments and the times are prepared, as if by a parser and a clock.

use std::hint::black_box;
use std::time::Duration;

use tcp_lifecycle::{
    Config, Connection, Control, Instant, Open, Options, Output, Policy, Segment, SeqNumber, State, TimeWaitPolicy,
};

use super::{EVENTS, Run};

const ISS: SeqNumber = SeqNumber(100);
const IRS: SeqNumber = SeqNumber(300);
/// Payload that has arrived before the events begin, so that a segment can be old.
const OLD: u16 = 100;
const RCV_NXT: SeqNumber = SeqNumber(401);
const SND_NXT: SeqNumber = SeqNumber(101);
const WINDOW: u16 = 60_000;

/// A segment and its time of arrival.
struct Arrival {
    segment: Segment,
    now: Instant,
}

/// Hands in one segment, and handles its outputs.
#[inline(always)]
fn arrive(connection: &mut Connection, segment: &Segment, now: Instant) {
    if let Ok(text) = connection.segment_arrives(segment, now)
        && !text.is_empty()
    {
        _ = black_box(connection.receive(black_box(text).len()));
    }
    drain(connection, now);
}

/// Polls until `Wait`. Each output is taken by reference, without a copy.
#[inline(always)]
fn drain(connection: &mut Connection, now: Instant) {
    loop {
        match connection.poll(now) {
            Output::Transition(ref transition) => _ = black_box(transition),
            Output::Signal(ref signal) => _ = black_box(signal),
            Output::Transmit(ref transmit) => _ = black_box(transmit),
            Output::Wait(deadline) => {
                black_box(deadline);
                break;
            }
        }
    }
}

/// Polls until `Wait`, and hands each segment straight to the other end.
#[inline(always)]
fn exchange(from: &mut Connection, to: &mut Connection, now: Instant) {
    loop {
        match from.poll(now) {
            Output::Transition(ref transition) => _ = black_box(transition),
            Output::Signal(ref signal) => _ = black_box(signal),
            Output::Transmit(ref transmit) => {
                if let Ok(text) = to.segment_arrives(&transmit.segment, now)
                    && !text.is_empty()
                {
                    black_box(text);
                }
            }
            Output::Wait(deadline) => {
                black_box(deadline);
                break;
            }
        }
    }
}

/// A segment of the peer, sent at this time; its timestamp is not older than any before.
fn segment(config: &Config, seq: SeqNumber, ack: SeqNumber, control: Control, now: Instant) -> Segment {
    let segment = Segment::new(seq, ack, control).with_window(WINDOW);
    let stamp = (now.as_micros() / 1_000) as u32 + 1;
    if config.timestamps { segment.with_options(Options::NONE.with_timestamps(stamp, stamp)) } else { segment }
}

fn ack(config: &Config, seq: SeqNumber, ack: SeqNumber, now: Instant) -> Segment {
    segment(config, seq, ack, Control::ACK, now)
}

/// A connection in ESTABLISHED that has received some payload.
fn established(config: &Config) -> Connection {
    let mut connection = Connection::new(config, ISS.0);
    connection.open(Open::Active, Instant::ZERO).expect("OPEN in CLOSED");
    drain(&mut connection, Instant::ZERO);
    let syn = segment(config, IRS, SND_NXT, Control::SYN | Control::ACK, Instant::ZERO);
    let mut options = syn.options().with_mss(1460);
    if config.window_scaling {
        options = options.with_window_scale(7);
    }
    arrive(&mut connection, &syn.with_options(options), Instant::ZERO);
    arrive(&mut connection, &ack(config, IRS + 1, SND_NXT, Instant::ZERO).with_payload(OLD), Instant::ZERO);
    connection.acknowledge_now();
    drain(&mut connection, Instant::ZERO);
    assert_eq!(connection.state(), State::Established);
    assert_eq!(connection.status().rcv_nxt, Some(RCV_NXT));
    connection
}

/// The times of the events, ten seconds apart, so that the limiter allows every challenge ACK.
fn moments() -> impl Iterator<Item = Instant> {
    (1..=EVENTS as u32).map(|i| Instant::ZERO + Duration::from_secs(10) * i)
}

fn arrivals(segment: impl Fn(u32, Instant) -> Segment) -> Vec<Arrival> {
    (0..).zip(moments()).map(|(i, now)| Arrival { segment: segment(i, now), now }).collect()
}

fn run(mut connection: Connection, segment: impl Fn(u32, Instant) -> Segment) -> Run {
    let arrivals = arrivals(segment);
    Box::new(move |events| {
        for arrival in &arrivals[..events] {
            arrive(&mut connection, &arrival.segment, arrival.now);
        }
    })
}

pub(super) fn pure_ack(config: &Config) -> Run {
    run(established(config), |_, now| ack(config, RCV_NXT, SND_NXT, now))
}

pub(super) fn window_update(config: &Config) -> Run {
    run(established(config), |i, now| ack(config, RCV_NXT, SND_NXT, now).with_window(WINDOW - 1 - (i % 2) as u16))
}

pub(super) fn one_byte(config: &Config) -> Run {
    run(established(config), |i, now| ack(config, RCV_NXT + i, SND_NXT, now).with_payload(1))
}

pub(super) fn blind_rst(config: &Config) -> Run {
    run(established(config), |_, _| Segment::new(RCV_NXT + 1000, SeqNumber(0), Control::RST))
}

pub(super) fn blind_syn(config: &Config) -> Run {
    run(established(config), |_, now| segment(config, RCV_NXT + 1000, SeqNumber(0), Control::SYN, now))
}

pub(super) fn old_data(config: &Config) -> Run {
    run(established(config), |_, now| ack(config, IRS + 1, SND_NXT, now).with_payload(OLD))
}

pub(super) fn future_ack(config: &Config) -> Run {
    run(established(config), |_, now| ack(config, RCV_NXT, SND_NXT + 1000, now))
}

pub(super) fn reset_from_closed(config: &Config) -> Run {
    run(Connection::new(config, ISS.0), |_, now| ack(config, RCV_NXT, SND_NXT, now))
}

pub(super) fn reset_from_listen(config: &Config) -> Run {
    let mut connection = Connection::new(config, ISS.0);
    connection.open(Open::Passive, Instant::ZERO).expect("OPEN in CLOSED");
    drain(&mut connection, Instant::ZERO);
    run(connection, |_, now| ack(config, RCV_NXT, SND_NXT, now))
}

/// SEND of one byte, which is sent, and its acknowledgment.
pub(super) fn send_and_ack(config: &Config) -> Run {
    sends(config, 1)
}

/// SEND of two segments of the maximum size, which are sent, and one acknowledgment of both.
pub(super) fn two_segments(config: &Config) -> Run {
    sends(config, if config.timestamps { 2 * 1448 } else { 2 * 1460 })
}

fn sends(config: &Config, bytes: u32) -> Run {
    let mut connection = established(config);
    let arrivals = arrivals(|i, now| ack(config, RCV_NXT, SND_NXT + bytes * (i + 1), now));
    Box::new(move |events| {
        for arrival in &arrivals[..events] {
            _ = black_box(connection.send(black_box(bytes as usize), arrival.now));
            drain(&mut connection, arrival.now);
            arrive(&mut connection, &arrival.segment, arrival.now);
        }
    })
}

/// From CLOSED to CLOSED at both ends, repeatedly with the same two connections: SYN, SYN,ACK, ACK, FIN, ACK, FIN, ACK,
/// and 2 MSL. The transitions are read; each segment is handed from one end to the other by reference.
pub(super) fn whole_life(config: &Config) -> Run {
    let mut client = Connection::new(config, ISS.0);
    let mut server = Connection::new(config, IRS.0);
    let starts: Vec<Instant> = (0..EVENTS as u32).map(|i| Instant::ZERO + Duration::from_secs(600) * i).collect();
    Box::new(move |events| {
        for &now in &starts[..events] {
            _ = black_box(server.open(Open::Passive, now));
            drain(&mut server, now);
            _ = black_box(client.open(Open::Active, now));
            exchange(&mut client, &mut server, now);
            exchange(&mut server, &mut client, now);
            exchange(&mut client, &mut server, now);
            exchange(&mut server, &mut client, now);
            _ = black_box(client.close(now));
            exchange(&mut client, &mut server, now);
            exchange(&mut server, &mut client, now);
            exchange(&mut client, &mut server, now);
            _ = black_box(server.close(now));
            exchange(&mut server, &mut client, now);
            exchange(&mut client, &mut server, now);
            exchange(&mut server, &mut client, now);
            let until = client.deadline().expect("2 MSL");
            client.timeout(until);
            drain(&mut client, until);
            assert!(client.state() == State::Closed && server.state() == State::Closed);
        }
    })
}

/// The policies are made once, but the compiler does not know them.
pub(super) fn connection(config: &Config) -> Run {
    let policy = black_box(Policy::new(config));
    Box::new(move |events| {
        for isn_offset in 0..events as u32 {
            black_box(Connection::with_policy(policy, isn_offset));
        }
    })
}

/// The peer's FIN again, a second after the previous one.
pub(super) fn time_wait(config: &Config) -> Run {
    let mut connection = established(config);
    connection.close(Instant::ZERO).expect("CLOSE in ESTABLISHED");
    drain(&mut connection, Instant::ZERO);
    let fin = |now| segment(config, RCV_NXT, SND_NXT + 1, Control::FIN | Control::ACK, now);
    arrive(&mut connection, &fin(Instant::ZERO), Instant::ZERO);
    let (mut time_wait, policy) = (connection.time_wait().expect("TIME-WAIT"), black_box(TimeWaitPolicy::new(config)));
    let arrivals = arrivals(|_, now| fin(now));
    Box::new(move |events| {
        for Arrival { segment, now } in &arrivals[..events] {
            _ = black_box(time_wait.segment_arrives(segment, *now, policy));
            while let Output::Transmit(ref transmit) = time_wait.poll(*now, policy) {
                black_box(transmit);
            }
        }
    })
}
