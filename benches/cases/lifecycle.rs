//! The cases, with this crate.
//!
//! An event is measured with its driver: the segment is handed in, its text is looked at, and the connection is polled
//! until it has nothing more to say. The segments and the moments are prepared, as a parser and a clock would have them.

use std::hint::black_box;
use std::time::Duration;

use tcp_lifecycle::{Config, Connection, Control, Instant, Open, Options, Output, Segment, SeqNumber, State};

use super::{EVENTS, Run};

const ISS: SeqNumber = SeqNumber(100);
const IRS: SeqNumber = SeqNumber(300);
/// Payload that has arrived before the events begin, so that there is something old.
const OLD: u16 = 100;
const RCV_NXT: SeqNumber = SeqNumber(401);
const SND_NXT: SeqNumber = SeqNumber(101);
const WINDOW: u16 = 60_000;

/// A segment that arrives at a moment.
struct Arrival {
    segment: Segment,
    now: Instant,
}

/// Hands in one segment, and does what comes of it.
#[inline(always)]
fn arrive(connection: &mut Connection, segment: &Segment, now: Instant) {
    if let Ok(text) = connection.segment_arrives(segment, now)
        && !text.is_empty()
    {
        black_box(text);
    }
    drain(connection, now);
}

/// Polls until `Wait`. What is handed out is taken by reference, as it lies.
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

/// A connection in ESTABLISHED that has received some payload.
fn established() -> Connection {
    let mut connection = Connection::new(&Config::DEFAULT, ISS.0);
    connection.open(Open::Active, Instant::ZERO).expect("OPEN in CLOSED");
    drain(&mut connection, Instant::ZERO);
    let syn = Segment::new(IRS, SND_NXT, Control::SYN | Control::ACK)
        .with_window(WINDOW)
        .with_options(Options::default().with_mss(1460));
    arrive(&mut connection, &syn, Instant::ZERO);
    arrive(&mut connection, &ack(IRS + 1, SND_NXT).with_payload(OLD), Instant::ZERO);
    assert_eq!(connection.state(), State::Established);
    assert_eq!(connection.status().rcv_nxt, Some(RCV_NXT));
    connection
}

fn ack(seq: SeqNumber, ack: SeqNumber) -> Segment {
    Segment::new(seq, ack, Control::ACK).with_window(WINDOW)
}

/// The events: each some seconds after the one before, so that the limiter of challenges lets every answer out.
fn arrivals(segment: impl Fn(u32) -> Segment) -> Vec<Arrival> {
    let at = |i: u32| Instant::ZERO + Duration::from_secs(10) * (i + 1);
    (0..EVENTS as u32).map(|i| Arrival { segment: segment(i), now: at(i) }).collect()
}

fn run(mut connection: Connection, segment: impl Fn(u32) -> Segment) -> Run {
    let arrivals = arrivals(segment);
    Box::new(move |events| {
        for arrival in &arrivals[..events] {
            arrive(&mut connection, &arrival.segment, arrival.now);
        }
    })
}

pub(super) fn pure_ack() -> Run {
    run(established(), |_| ack(RCV_NXT, SND_NXT))
}

pub(super) fn window_update() -> Run {
    run(established(), |i| ack(RCV_NXT, SND_NXT).with_window(WINDOW - 1 - (i % 2) as u16))
}

/// The window holds all that the events bring; the user consumes nothing.
pub(super) fn one_byte() -> Run {
    run(established(), |i| ack(RCV_NXT + i, SND_NXT).with_payload(1))
}

pub(super) fn blind_rst() -> Run {
    run(established(), |_| Segment::new(RCV_NXT + 1000, SeqNumber(0), Control::RST))
}

pub(super) fn blind_syn() -> Run {
    run(established(), |_| Segment::new(RCV_NXT + 1000, SeqNumber(0), Control::SYN))
}

pub(super) fn old_data() -> Run {
    run(established(), |_| ack(IRS + 1, SND_NXT).with_payload(OLD))
}

pub(super) fn future_ack() -> Run {
    run(established(), |_| ack(RCV_NXT, SND_NXT + 1000))
}

pub(super) fn reset_from_closed() -> Run {
    run(Connection::new(&Config::DEFAULT, ISS.0), |_| ack(RCV_NXT, SND_NXT))
}

pub(super) fn reset_from_listen() -> Run {
    let mut connection = Connection::new(&Config::DEFAULT, ISS.0);
    connection.open(Open::Passive, Instant::ZERO).expect("OPEN in CLOSED");
    drain(&mut connection, Instant::ZERO);
    run(connection, |_| ack(RCV_NXT, SND_NXT))
}

/// SEND of one byte, which goes out, and the acknowledgment of it a second later.
pub(super) fn send_and_ack() -> Run {
    let mut connection = established();
    let arrivals = arrivals(|i| ack(RCV_NXT, SND_NXT + 1 + i));
    let sends: Vec<Instant> = (1..=EVENTS as u32).map(|i| Instant::ZERO + Duration::from_secs(10) * i).collect();
    Box::new(move |events| {
        for (arrival, sent) in arrivals[..events].iter().zip(&sends[..events]) {
            _ = black_box(connection.send(1, *sent));
            drain(&mut connection, *sent);
            arrive(&mut connection, &arrival.segment, arrival.now);
        }
    })
}

/// From CLOSED to CLOSED at both ends, over and over with the same two connections: SYN, SYN,ACK, ACK, FIN, ACK, FIN,
/// ACK, and 2 MSL. The transitions are read; each segment is handed from one end to the other by reference.
pub(super) fn whole_life() -> Run {
    let mut client = Connection::new(&Config::DEFAULT, ISS.0);
    let mut server = Connection::new(&Config::DEFAULT, IRS.0);
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
