//! Every short life from SYN-RECEIVED or ESTABLISHED on: the fast paths lead where the eight steps and the whole poll
//! do, with a poll after each event, and with several events before one poll.

use core::time::Duration;
use std::collections::HashSet;
use std::vec::Vec;

use super::tests::{Start, drain, poll_the_long_way, started, without_looks};
use crate::machine::connection::{Connection, Open};
use crate::machine::output::Output;
use crate::machine::segment::{Control, Segment};
use crate::machine::time::Instant;
use crate::{Config, KeepAlive, Options};

#[derive(Clone, Copy, Debug)]
enum Event {
    /// SEG.SEQ off RCV.NXT, SEG.ACK off SND.UNA, control bits, payload, window.
    Segment(i32, i32, Control, u16, u16),
    Send,
    Receive,
    Close,
    Detach,
    Limit(u32),
    Marked,
    Reduced,
    Deadline,
    Poll,
}

/// When the connection is polled.
#[derive(Clone, Copy, Debug)]
enum Polls {
    AfterEach,
    /// A poll is an event of its own.
    Apart,
}

/// Many kinds of events, for short lives.
fn many(polls: Polls) -> Vec<Event> {
    let mut events = Vec::from([
        Event::Send,
        Event::Receive,
        Event::Close,
        Event::Detach,
        Event::Limit(0),
        Event::Limit(u32::MAX),
        Event::Marked,
        Event::Reduced,
        Event::Deadline,
    ]);
    let near: &[(i32, i32)] = match polls {
        Polls::AfterEach => &[(0, 0), (0, 1), (0, 2), (-1, 0), (-1, 1), (1, 0), (1, 1), (0, -1)],
        Polls::Apart => &[(0, 0), (0, 1), (0, 2)],
    };
    for control in [Control::ACK, Control::ACK | Control::FIN] {
        for &(seq, ack) in near {
            for (payload, window) in [(0, 0), (0, 9), (1, 0), (1, 9)] {
                events.push(Event::Segment(seq, ack, control, payload, window));
            }
        }
    }
    if let Polls::Apart = polls {
        events.push(Event::Poll);
    }
    events
}

/// Few kinds of events, for longer lives: windows that close and open, probes, losses, a FIN.
fn few() -> Vec<Event> {
    let segment = |ack, control, payload, window| Event::Segment(0, ack, control, payload, window);
    Vec::from([
        Event::Send,
        Event::Deadline,
        Event::Poll,
        segment(0, Control::ACK, 0, 0),
        segment(0, Control::ACK, 0, 2),
        segment(0, Control::ACK, 1, 2),
        segment(1, Control::ACK, 0, 0),
        segment(1, Control::ACK, 0, 2),
        segment(0, Control::ACK | Control::FIN, 0, 2),
        segment(0, Control::ACK | Control::FIN, 0, 9),
    ])
}

/// A segment near the variables. Its timestamps are the newest.
fn segment(connection: &Connection, event: Event, now: Instant) -> Option<Segment> {
    let Event::Segment(seq, ack, control, payload, window) = event else { return None };
    let (nxt, una) = (connection.rcv_nxt()?, connection.snd_una()?);
    let off = |number: crate::SeqNumber, off: i32| crate::SeqNumber(number.0.wrapping_add_signed(off));
    let segment = Segment::new(off(nxt, seq), off(una, ack), control).with_payload(payload).with_window(window);
    let stamp = now.as_millis_low();
    let has_timestamps = connection.status().timestamps;
    Some(if has_timestamps { segment.with_options(Options::NONE.with_timestamps(stamp, stamp)) } else { segment })
}

/// Carries out the event on both ways.
fn live_on(fast: &mut Connection, long: &mut Connection, now: &mut Instant, event: Event) {
    match event {
        Event::Segment(..) => {
            let Some(segment) = segment(fast, event, *now) else { return };
            assert_eq!(fast.segment_arrives(&segment, *now), long.arrives(&segment, *now));
        }
        Event::Send => assert_eq!(fast.send(1, *now), long.send_slow_path(1, *now)),
        Event::Receive => assert_eq!(fast.receive(1), long.receive(1)),
        Event::Close => assert_eq!(fast.close(*now), long.close(*now)),
        Event::Detach => assert_eq!(fast.detach(*now), long.detach(*now)),
        Event::Limit(bytes) => [&mut *fast, &mut *long].map(|one| one.limit(bytes)).into_iter().collect(),
        Event::Marked => [&mut *fast, &mut *long].map(Connection::congestion_experienced).into_iter().collect(),
        Event::Reduced => [&mut *fast, &mut *long].map(Connection::congestion_window_reduced).into_iter().collect(),
        Event::Deadline => {
            *now = fast.deadline().unwrap_or(*now).max(*now);
            [&mut *fast, &mut *long].map(|one| one.timeout(*now)).into_iter().collect()
        }
        Event::Poll => poll_both(fast, long, *now),
    }
}

/// Polls both ways until nothing is due; the outputs must be the same.
fn poll_both(fast: &mut Connection, long: &mut Connection, now: Instant) {
    loop {
        let (output, other) = (fast.poll(now), poll_the_long_way(long, now));
        assert_eq!(output, other);
        if let Output::Wait(_) = output {
            break;
        }
    }
    drain(long, now);
    fast.context.advance_clock(now);
    long.context.advance_clock(now);
}

/// All lives of a given number of events from a start on; equal lives count once.
fn explore(start: Start, config: &Config, events: &[Event], polls: Polls, depth: usize) -> usize {
    explore_from((started(start, config, 100, 9), Instant::from_micros(1_000)), events, polls, depth)
}

fn explore_from(start: (Connection, Instant), events: &[Event], polls: Polls, depth: usize) -> usize {
    let mut seen = HashSet::new();
    let mut level = Vec::from([start]);
    for _ in 0..depth {
        let mut next = Vec::new();
        for ((connection, now), event) in level.iter().flat_map(|state| events.iter().map(move |&event| (state, event)))
        {
            let (mut fast, mut long, mut now) = (connection.clone(), connection.clone(), *now);
            live_on(&mut fast, &mut long, &mut now, event);
            match polls {
                Polls::AfterEach => poll_both(&mut fast, &mut long, now),
                // The next event starts from one of the two: both must have the same to send.
                Polls::Apart => poll_both(&mut fast.clone(), &mut long.clone(), now),
            }
            assert_eq!(without_looks(&fast), without_looks(&long), "after {event:?} of {connection:?}");
            if seen.insert((fast.clone(), now)) {
                next.push((fast, now));
            }
        }
        level = next;
    }
    seen.len()
}

fn policies() -> [Config; 5] {
    let kept = KeepAlive { idle: Duration::from_secs(2), interval: Duration::from_millis(300), probes: 2 };
    let plain = Config { receive_buffer: 9, mss: 4, max_segment: 24, ..Config::DEFAULT };
    [
        plain,
        Config { nagle: false, timestamps: true, ..plain },
        Config { delayed_ack: Some(Duration::from_millis(40)), ..plain },
        Config { keep_alive: Some(kept), ..plain },
        Config {
            timestamps: true,
            delayed_ack: Some(Duration::from_millis(40)),
            keep_alive: Some(kept),
            ecn: true,
            ..plain
        },
    ]
}

const STARTS: [Start; 3] = [Start::Established, Start::SynReceived(Open::Passive), Start::SynReceived(Open::Active)];

#[test]
fn every_short_life_is_the_same_on_both_ways() {
    let events = many(Polls::AfterEach);
    for config in policies() {
        let states = explore(Start::Established, &config, &events, Polls::AfterEach, 4);
        assert!(states > 5_000, "{states}");
        for start in STARTS {
            let states = explore(start, &config, &events, Polls::AfterEach, 3);
            assert!(states > 300, "{states}");
        }
    }
}

#[test]
fn every_short_life_is_the_same_with_several_events_before_a_poll() {
    let events = many(Polls::Apart);
    for (config, start) in policies().iter().flat_map(|config| STARTS.map(|start| (config, start))) {
        let states = explore(start, config, &events, Polls::Apart, 4);
        assert!(states > 2_000, "{states}");
    }
}

#[test]
fn every_longer_life_of_few_events_is_the_same_on_both_ways() {
    for config in policies().map(|config| Config { receive_buffer: 2, nagle: false, ..config }) {
        let states = explore(Start::Established, &config, &few(), Polls::Apart, 7);
        assert!(states > 2_000, "{states}");
    }
}

/// Nine segments of one byte are in flight, and the first four bytes have been sent again after a timeout.
#[test]
fn every_short_life_in_recovery_is_the_same_on_both_ways() {
    for config in policies().map(|config| Config { receive_buffer: 2, nagle: false, ..config }) {
        let mut now = Instant::from_micros(1_000);
        let mut connection = started(Start::Established, &config, 100, 9);
        for _ in 0..9 {
            assert_eq!(connection.send(1, now), Ok(()));
            drain(&mut connection, now);
        }
        while connection.status().retransmissions == 0 {
            now = connection.deadline().unwrap_or(now);
            connection.timeout(now);
            drain(&mut connection, now);
        }
        let states = explore_from((connection, now), &few(), Polls::Apart, 5);
        assert!(states > 500, "{states}");
    }
}
