//! A connection that moves to another clock does there what it would have done.

use core::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use tcp_lifecycle::{Config, Connection, Instant};

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
