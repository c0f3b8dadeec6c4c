//! A connection that moves to another clock does there what it would have done, and takes no round-trip time of what is
//! in flight.

use core::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use tcp_lifecycle::{Config, Connection, Instant, Open, Output, Segment};

use crate::events::{Event, beginning, event, isn_offset};
use crate::plain::{drain, happens};
use crate::policies::policies;
use crate::run::check;

/// The round-trip time has no effect: a connection that moves takes none of what is in flight. Timestamps follow the
/// clock, so there are none.
fn timed_alike(config: Config) -> Config {
    let (rto_initial, rto_min, rto_max) = (Config::DEFAULT.rto_min, Config::DEFAULT.rto_min, Config::DEFAULT.rto_min);
    let rto_after_syn_timeout = rto_initial;
    Config { timestamps: false, rto_initial, rto_min, rto_max, rto_after_syn_timeout, ..config }
}

fn same_event(event: Event) -> Event {
    if let Event::Configure(config) = event {
        return Event::Configure(timed_alike(config));
    }
    if let Event::Pass(time) = event {
        // Deadlines are whole milliseconds.
        return Event::Pass(Duration::from_millis(time.as_millis() as u64));
    }
    // An offset that is set counts from the epoch of the clock.
    if matches!(event, Event::Offset(_)) { Event::Acknowledge } else { event }
}

#[test]
fn on_another_clock_a_connection_does_the_same() {
    let moves = prop::option::weighted(0.3, 0_u64..1 << 40);
    let events = (beginning(), vec((event(), moves, any::<bool>()), 1..60));
    check(400, &(policies(), isn_offset(), events), |(policies, offset, (beginning, events))| {
        let policies = timed_alike(policies);
        let (mut stays, mut moves) = (Connection::new(&policies, offset), Connection::new(&policies, offset));
        let (mut now, mut there) = (Instant::ZERO, Instant::ZERO);
        let (mut arrived, mut arrived_there) = (Vec::new(), Vec::new());
        let beginning = beginning.into_iter().map(|event| (event, None, true));
        for (event, moved, drained) in beginning.chain(events) {
            let event = same_event(event);
            if let Event::Segment(shape) = event {
                // The timestamps of the peer depend on its clock alone.
                let segment = shape.of(&stays.status(), now);
                arrived.push(segment);
                arrived_there.push(segment);
                assert_eq!(moves.segment_arrives(&segment, there), stays.segment_arrives(&segment, now));
            } else {
                happens(&mut stays, event, &mut now, &mut arrived);
                happens(&mut moves, event, &mut there, &mut arrived_there);
            }
            if let Some(millis) = moved {
                let was = there;
                there = Instant::from_micros(millis * 1_000);
                moves.rebase_clock(was, there);
            }
            if drained {
                let Some(expected) = drain(&mut stays, now) else { return };
                assert_eq!(drain(&mut moves, there), Some(expected));
            }
            let wait = |connection: &Connection, now: Instant| {
                connection.deadline().map(|deadline| deadline.saturating_duration_since(now))
            };
            assert_eq!(wait(&moves, there), wait(&stays, now));
            assert_eq!((moves.state(), moves.snd_nxt()), (stays.state(), stays.snd_nxt()));
        }
    });
}

/// A connection in ESTABLISHED, whose clock shows `now`, with a measured round-trip time of 100 ms.
fn measured(config: &Config, now: Instant) -> Connection {
    let mut connection = Connection::new(config, 100);
    connection.open(Open::Active, now).unwrap();
    drain(&mut connection, now).unwrap();
    let iss = connection.snd_una().unwrap();
    let later = now + Duration::from_millis(100);
    let syn_ack: Segment = format!("<SEQ=300><ACK={}><CTL=SYN,ACK><WND=9000><TS=1,0>", iss + 1).parse().unwrap();
    connection.segment_arrives(&syn_ack, later).unwrap();
    drain(&mut connection, later).unwrap();
    assert_eq!(connection.status().srtt, Some(Duration::from_millis(100)));
    connection
}

fn ack(connection: &Connection, echo: u32) -> Segment {
    let numbers = format!("<SEQ=301><ACK={}><CTL=ACK><WND=9000>", connection.snd_nxt().unwrap());
    let options = if connection.status().timestamps { format!("<TS=2,{echo}>") } else { String::new() };
    (numbers + &options).parse().unwrap()
}

/// Lets the retransmission timer fire. Returns the moment, and TSval of the retransmission.
fn retransmitted(connection: &mut Connection) -> (Instant, u32) {
    let timeout = connection.deadline().unwrap();
    connection.timeout(timeout);
    let sent = drain(connection, timeout).unwrap().into_iter().find_map(|output| match output {
        Output::Transmit(transmit) => transmit.segment.options().timestamps(),
        Output::Transition(_) | Output::Signal(_) | Output::Wait(_) => None,
    });
    (timeout, sent.unwrap().0)
}

#[test]
fn no_round_trip_time_is_taken_of_a_segment_that_was_in_flight() {
    let before = Instant::ZERO + Duration::from_secs(5);
    let mut connection = measured(&Config::DEFAULT, before);
    let was = before + Duration::from_secs(1);
    connection.send(100, was).unwrap();
    drain(&mut connection, was).unwrap();
    let now = Instant::ZERO + Duration::from_secs(1_000);
    connection.rebase_clock(was, now);
    let later = now + Duration::from_millis(700);
    connection.segment_arrives(&ack(&connection, 0), later).unwrap();
    assert_eq!(connection.status().srtt, Some(Duration::from_millis(100)));
}

#[test]
fn no_echo_of_an_older_timestamp_yields_one_after_a_retransmission() {
    let before = Instant::ZERO + Duration::from_secs(5);
    let mut connection = measured(&Config { timestamps: true, ..Config::DEFAULT }, before);
    let was = before + Duration::from_secs(1);
    connection.send(100, was).unwrap();
    drain(&mut connection, was).unwrap();
    let (timeout, echo) = retransmitted(&mut connection);
    let now = Instant::ZERO + Duration::from_secs(1_000);
    connection.rebase_clock(timeout, now);
    let later = now + Duration::from_millis(30);
    // The timestamp of the retransmission, from before the move; then that of a retransmission there.
    let mut moved = connection.clone();
    moved.segment_arrives(&ack(&moved, echo), later).unwrap();
    assert_eq!(moved.status().srtt, Some(Duration::from_millis(100)));
    let (timeout, echo) = retransmitted(&mut connection);
    connection.segment_arrives(&ack(&connection, echo), timeout + Duration::from_millis(20)).unwrap();
    assert_eq!(connection.status().srtt, Some(Duration::from_millis(90)));
}

/// After a timeout, new payload is timed; its time goes on across the move.
#[test]
fn the_payload_behind_a_recovery_keeps_its_time() {
    let sampled = |moves: bool| {
        let before = Instant::ZERO + Duration::from_secs(5);
        let mut connection = measured(&Config { nagle: false, ..Config::DEFAULT }, before);
        let was = before + Duration::from_secs(1);
        connection.send(200, was).unwrap();
        drain(&mut connection, was).unwrap();
        let timeout = connection.deadline().unwrap();
        connection.timeout(timeout);
        drain(&mut connection, timeout).unwrap();
        // Half of it has arrived. The credit of this ACK is for new payload.
        let half = connection.snd_una().unwrap() + 100;
        let half: Segment = format!("<SEQ=301><ACK={half}><CTL=ACK><WND=9000>").parse().unwrap();
        connection.segment_arrives(&half, timeout).unwrap();
        connection.send(100, timeout).unwrap();
        drain(&mut connection, timeout).unwrap();
        assert_eq!(connection.status().unsent, 0);
        let mut now = timeout + Duration::from_millis(40);
        if moves {
            let there = Instant::ZERO + Duration::from_secs(1_000);
            connection.rebase_clock(now, there);
            now = there;
        }
        let later = now + Duration::from_millis(20);
        connection.segment_arrives(&ack(&connection, 0), later).unwrap();
        connection.status().srtt
    };
    assert_eq!(sampled(false), Some(Duration::from_millis(95)));
    assert_eq!(sampled(true), sampled(false));
}
