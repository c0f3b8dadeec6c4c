//! Random events on one end, and the properties that hold for any events.

use core::time::Duration;
use std::cell::{Cell, RefCell};
use std::collections::HashSet;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use tcp_lifecycle::{Config, Control, KeepAlive, Open, State};

use crate::arcs::ARCS;
use crate::events::{Event, acknowledgment, apply, beginning, event, in_order, isn_offset};
use crate::policies::policies;
use crate::run::check;
use crate::watch::Watched;

/// Events, and how often `poll` is called after each: until `Wait`, or this many times.
fn events() -> impl Strategy<Value = Vec<(Event, Option<usize>)>> {
    select(vec![0.1, 0.3, 0.9]).prop_flat_map(|withheld| {
        let polls = prop::option::weighted(withheld, prop_oneof![2 => Just(0_usize), 1 => 1_usize..4]);
        vec((event(), polls), 1..60)
    })
}

/// [`Watched`] checks the invariants: S4 to S15 of the properties that formal models of TCP check, the order of
/// outputs, the timers, and that a refused segment changes nothing.
#[test]
fn whatever_happens_the_invariants_hold() {
    let input = (policies(), isn_offset(), beginning(), events());
    check(500, &input, |(policies, offset, beginning, events)| {
        let mut watched = Watched::new(policies, offset);
        let mut arrived = Vec::new();
        for event in beginning {
            apply(event, &mut watched, &mut arrived);
            watched.drain();
        }
        for (event, polls) in events {
            apply(event, &mut watched, &mut arrived);
            match polls {
                None => _ = watched.drain(),
                Some(polls) => (0..polls).for_each(|_| _ = watched.poll()),
            }
        }
        watched.drain();
    });
}

/// Of many transitions that nobody has polled three are left, which lead from the first state to the last.
#[test]
fn transitions_that_were_not_polled_fold() {
    let events = vec(
        prop_oneof![
            4 => Just(in_order(Control::SYN)),
            4 => Just(in_order(Control::RST)),
            1 => Just(in_order(Control::ACK)),
            1 => Just(in_order(Control::FIN | Control::ACK)),
            1 => select(vec![Event::Open(Open::Active), Event::Open(Open::Passive), Event::Close, Event::Abort]),
        ],
        1..12,
    );
    check(200, &(0_usize..4, events), |(polled, events)| {
        let mut watched = Watched::new(Config::DEFAULT, 100);
        let mut arrived = Vec::new();
        watched.open(Open::Passive).unwrap();
        for (place, event) in events.into_iter().enumerate() {
            apply(event, &mut watched, &mut arrived);
            if place < polled {
                watched.drain();
            }
        }
        watched.drain();
    });
}

/// The events of loss, its repair, and a CLOSE during the repair.
fn recovery() -> impl Strategy<Value = Event> {
    let windows = || select(vec![0, 1, 300, 4_000, 4_000, 65_535]);
    prop_oneof![
        3 => (1_usize..2_000).prop_map(Event::Send),
        3 => Just(Event::Expire),
        5 => (0_u16..700, windows()).prop_map(|(numbers, window)| acknowledgment(numbers, window)),
        4 => (0_u32..8, 0_u32..9).prop_map(|(from, count)| Event::Retransmit(from, count, 0)),
        1 => select(vec![0, 100, 1_000, 2_144, u32::MAX]).prop_map(Event::Limit),
        1 => Just(in_order(Control::FIN | Control::ACK)),
        3 => Just(Event::Close),
    ]
}

/// After any recovery, both users close, and a peer that acknowledges everything brings the connection to its end.
#[test]
fn from_any_recovery_the_connection_comes_to_its_end() {
    let established = [Event::Open(Open::Active), in_order(Control::SYN | Control::ACK)];
    let fin = in_order(Control::FIN | Control::ACK);
    let events = (any::<bool>().prop_map(move |first| first.then_some(fin)), vec(recovery(), 1..30));
    check(1_500, &(policies(), events), |(policies, (fin, events))| {
        // Without any buffer the FIN never fits.
        let policies = Config { receive_buffer: policies.receive_buffer.max(1), ..policies };
        let mut watched = Watched::new(policies, 100);
        let mut arrived = Vec::new();
        let mut then = |event| {
            apply(event, &mut watched, &mut arrived);
            watched.drain();
            (watched.state(), watched.connection.deadline())
        };
        established.into_iter().chain(fin).chain(events).for_each(|event| _ = then(event));
        then(Event::Limit(u32::MAX));
        then(in_order(Control::FIN | Control::ACK));
        then(Event::Close);
        for _ in 0..100 {
            then(in_order(Control::ACK));
            then(Event::Expire);
        }
        assert_eq!(then(Event::Expire), (State::Closed, None));
    });
}

/// Drained after every event, a connection takes the arcs of the table, each of them, and no other.
#[test]
fn random_events_walk_every_arc_of_figure_5_and_no_other() {
    // The number of cases in which every arc is taken; with fewer (`PROPTEST_CASES`) some arcs may be missing.
    const ENOUGH: u32 = 500;
    let (walked, cases) = (RefCell::new(HashSet::new()), Cell::new(0));
    let input = (policies(), isn_offset(), beginning(), vec(event(), 1..60));
    check(ENOUGH, &input, |(policies, offset, beginning, events)| {
        let mut watched = Watched::new(policies, offset);
        let mut arrived = Vec::new();
        for event in beginning.into_iter().chain(events) {
            apply(event, &mut watched, &mut arrived);
            watched.drain();
        }
        walked.borrow_mut().extend(watched.walked.drain());
        cases.update(|cases| cases + 1);
    });
    let missing: Vec<_> = (0..ARCS.len()).filter(|arc| !walked.borrow().contains(arc)).map(|arc| ARCS[arc]).collect();
    assert!(missing.is_empty() || cases.get() < ENOUGH, "arcs that were not taken: {missing:?}");
}

/// In every state the timers lead to an end in bounded time, without a peer and without calls: a connection that waits
/// for neither its user nor its peer comes to rest.
#[test]
fn alone_a_connection_comes_to_rest() {
    let event = event().prop_filter("other policies take other times", |event| !matches!(event, Event::Configure(_)));
    let input = (policies().prop_map(impatient), isn_offset(), beginning(), vec(event, 1..40));
    check(150, &input, |(policies, offset, beginning, events)| {
        let mut watched = Watched::new(policies, offset);
        let mut arrived = Vec::new();
        for event in beginning.into_iter().chain(events) {
            apply(event, &mut watched, &mut arrived);
            watched.drain();
        }
        let (start, most) = (watched.now, longest(&policies));
        while watched.connection.deadline().is_some() {
            apply(Event::Expire, &mut watched, &mut arrived);
            watched.drain();
            let waited = watched.now.saturating_duration_since(start);
            assert!(waited <= most, "{} after {waited:?} of {most:?}", watched.state());
        }
        let status = watched.connection.status();
        let kept = policies.keep_alive.is_some();
        let rests = match status.state {
            State::Closed | State::Listen => true,
            State::FinWait2 => (policies.fin_wait_2_timeout.is_none() || !watched.is_detached()) && !kept,
            State::Established | State::CloseWait => status.in_flight == 0 && !kept,
            // Only a caller that allows nothing can hold them.
            State::FinWait1 | State::Closing | State::LastAck => status.unsent > 0,
            State::SynSent | State::SynReceived | State::TimeWait => false,
        };
        assert!(rests, "{status:?}");
    });
}

/// Changes policies that would retry for weeks.
fn impatient(config: Config) -> Config {
    let keep_alive = config.keep_alive.map(|policy| KeepAlive { probes: policy.probes.max(1), ..policy });
    Config { r2: config.r2.min(Duration::from_secs(100)), keep_alive, ..config }
}

/// The longest wait for an answer: keep-alive probes, retransmissions, and everything after a CLOSE.
fn longest(config: &Config) -> Duration {
    let kept = config.keep_alive.map_or(Duration::ZERO, |policy| policy.idle + policy.interval * policy.probes.into());
    // D38: R2 may wait for R1 timeouts. It is checked when the timer fires, one RTO later.
    let again = config.r2.max(config.syn_r2).max(config.rto_max * u32::from(config.r1)) + config.rto_max * 2;
    let again = match config.user_timeout {
        // Behind a closed window the user timeout takes the place of R2.
        Some(timeout) if config.user_timeout_in_persist => again.max(timeout + config.rto_max),
        Some(timeout) => again.min(timeout + config.rto_max),
        None => again,
    };
    kept + again + config.fin_wait_2_timeout.unwrap_or(Duration::ZERO) + 2 * config.msl
}
