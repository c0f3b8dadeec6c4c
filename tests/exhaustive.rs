//! Properties, exhaustively: every interleaving within bounds, by explicit-state model checking with `stateright`.
//!
//! A `Connection` is `Clone + Eq + Hash`. So two connections, the segments in flight between them, and the knowledge of
//! their users form the state of a model. From each state the checker tries every possible next event: every valid
//! call, the arrival of every segment in flight, its loss and its duplication, every timer, an abort, a crash, a forged
//! segment. The properties of `exhaustive/laws.rs` are checked for each state and for each event that leads to one. A
//! violation is printed as a ladder, by the shortest path.
//!
//! * `cargo test --test exhaustive` explores twenty-eight small models, five hundred thousand states, and the
//!   beginnings of the larger ones.
//! * `EXHAUSTIVE=1 cargo test --release --test exhaustive -- --nocapture` explores more than twenty million states in
//!   seventeen larger models, and prints the numbers. Fourteen are explored as a whole, and three breadth first for
//!   seven million steps, which covers every path of about fifteen events. It takes minutes on two cores, and three
//!   gigabytes.
//!
//! # What is covered
//!
//! * An active and a passive end, and two active ends, from CLOSED on. Calls in any order and at any moment: OPEN, SEND
//!   (byte by byte, one or two at each end), RECEIVE, CLOSE, ABORT. Initial sequence numbers 2^32-2 and 2^32-1.
//! * Every order of arrival: segments are reordered freely, and may be delayed for any time, across timeouts too.
//!   Losses, duplications, timeouts, aborts, crashes and forged segments, each up to the budget of the model. A model
//!   bounds the segments in flight (one to three); with more of them nothing else happens until some have arrived.
//! * Second incarnations: an end that has aborted, crashed or ended opens again, while segments of its first
//!   incarnation are in flight. A SYN that may start a new incarnation reopens an end in TIME-WAIT (`reopens`).
//! * Calls in addition to those of RFC 9293 section 3.10, two of them in a run: a `limit` of zero and its removal,
//!   `retransmit` of everything in flight, `configure` from plain policies to lazy ones and back, a soft ICMP error;
//!   urgent data.
//! * An attacker off the path. At every state of the models that have one, about sixteen hundred segments are tried at
//!   each end, with numbers at, beside and far from the variables, with eleven sets of control bits, with and without
//!   payload. None may have an effect, unless it guesses a number (S8). Eight of them are also events, so that the
//!   answers go to the peer, and every other property must still hold.
//! * Liveness, bounded: from each state in which nothing is in flight all timers fire in their order, everything
//!   arrives and the users read. The ends must then come to rest where L1 to L3 and S3 demand, within 60 timeouts, and
//!   within 60 segments while time stands still (S4). States with something in flight lead to these by deliveries that
//!   are explored. A property that is violated on this path counts as L1 or the like; the ladder names it.
//! * A receive buffer of two bytes, an MSS of one, and segments of one byte, or of two with Nagle's algorithm and
//!   delayed acknowledgments; timestamps; window scale with a buffer that needs it; ECN agreed; keep-alive with an
//!   octet in its probes; RFC 5961 with two challenge ACKs in its period.
//!
//! Two states are one state if they differ only in which of two equal ends is which, or only in the order of the
//! segments in flight where any order is possible.
//!
//! # Time
//!
//! Time advances by timers only: the earliest running timer may fire, at its deadline, and both clocks then show that
//! moment. So a round trip takes no time, or as long as the timeouts that happened during it. No segment outlives MSL:
//! a timer that is further away fires only when nothing is in flight. Timers other than that of TIME-WAIT are bounded
//! by the budget; once it is used up, the liveness check lets them fire as often as they want.
//!
//! # What is not covered
//!
//! * More than two bytes each way, more faults than the budgets allow, clocks that differ, timers that fire late.
//! * Undrained connections (each event is followed by polls until `Wait`), calls that are errors, hard ICMP errors,
//!   marks of congestion, a `Listener`, and most combinations of the calls and policies above. Random tests and
//!   examples cover these.
//! * An attacker that guesses a number: a fresh acknowledgment, RCV.NXT in a reset, or both for payload. Two forged
//!   SYNs that are believed by decision are exempt: one in the window in passive SYN-RECEIVED (D23), and one in
//!   TIME-WAIT if the peer, in CLOSED, answers the challenge with a reset (D14).
//! * States are distinguished by a hash of 64 bits: the odds that two states of a model were taken for one are below
//!   one in a million.

#[path = "exhaustive/arcs.rs"]
mod arcs;
#[path = "exhaustive/attacker.rs"]
mod attacker;
#[path = "exhaustive/bounds.rs"]
mod bounds;
#[path = "exhaustive/event.rs"]
mod event;
#[path = "exhaustive/fair.rs"]
mod fair;
#[path = "exhaustive/honest.rs"]
mod honest;
#[path = "exhaustive/ladder.rs"]
mod ladder;
#[path = "exhaustive/laws.rs"]
mod laws;
#[path = "exhaustive/model.rs"]
mod model;
#[path = "exhaustive/world.rs"]
mod world;

use std::time::Instant;

use stateright::{Checker, HasDiscoveries, Model, Property};
use tcp_lifecycle::State;

use bounds::{
    ABORTING, ACTIVE, ONE_ABORT, ONE_CRASH, ONE_FAULT, ONE_FORGERY, ONE_OF_EACH, ONE_TIMEOUT, ONE_WAY, PERFECT, PLAIN,
    REOPENING, TINY, TURNING, TWINS, TWO_TIMEOUTS, changing, lazy, marked, probing, scaled, stamped,
};
use laws::Law;
use model::Lives;
use world::{Bounds, Budget, World};

/// Explores all states within the bounds or, given `most`, breadth first until that many steps are taken. Returns the
/// number of distinct states. A violation is shown by the shortest path to it.
#[track_caller]
fn explore(name: &str, bounds: Bounds, most: Option<usize>) -> usize {
    let begin = Instant::now();
    let checker = Lives::new(bounds, Vec::new()).checker().threads(2).finish_when(HasDiscoveries::AnyFailures);
    let checker = match most {
        Some(steps) => checker.target_state_count(steps),
        None => checker,
    };
    let checker = checker.spawn_bfs().join();
    let (states, steps) = (checker.unique_state_count(), checker.state_count());
    println!("{name}: {states} states, {steps} steps, depth {}, {:.1?}", checker.max_depth(), begin.elapsed());
    if let Some((broken, path)) = checker.discoveries().into_iter().next() {
        let law = Law::ALL.into_iter().find(|law| law.name() == broken);
        panic!("{name}: broken: {broken}\n{}", ladder::ladder(&path.into_actions(), law, &bounds));
    }
    states
}

/// Explores a whole model. Fewer states than `least` mean that some event can no longer happen in the model.
#[track_caller]
fn explore_all(name: &str, bounds: Bounds, least: usize) {
    let states = explore(name, bounds, None);
    assert!(states >= least, "{name}: no more than {states} states");
}

#[test]
fn an_active_and_a_passive_end_in_any_order() {
    explore_all("plain", PLAIN, 15_000);
    explore_all("two bytes one way", Bounds { bytes: [2, 0], in_flight: 2, ..PLAIN }, 5_000);
}

#[test]
fn a_segment_is_lost_or_comes_twice() {
    explore_all("faulty", Bounds { bytes: [0; 2], budget: ONE_OF_EACH, in_flight: 2, ..PLAIN }, 44_000);
    explore_all("faulty, with a byte", Bounds { budget: ONE_FAULT, in_flight: 1, ..PLAIN }, 14_000);
    explore_all("late, two bytes one way", Bounds { in_flight: 1, ..ONE_WAY }, 10_000);
    explore_all("late, with a byte", Bounds { budget: ONE_TIMEOUT, in_flight: 1, ..PLAIN }, 18_000);
    explore_all(
        "faulty, stamped",
        Bounds { bytes: [0; 2], budget: ONE_OF_EACH, in_flight: 1, ..stamped(PLAIN) },
        14_000,
    );
}

#[test]
fn two_active_ends() {
    explore_all("active", Bounds { bytes: [0; 2], ..ACTIVE }, 2_400);
    explore_all("twins", Bounds { in_flight: 1, ..TWINS }, 3_700);
    explore_all("faulty twins", Bounds { bytes: [0; 2], budget: ONE_OF_EACH, in_flight: 1, ..TWINS }, 12_000);
}

#[test]
fn on_a_perfect_network_nothing_is_refused_and_windows_close_and_open() {
    explore_all("perfect", Bounds { in_flight: 2, ..PERFECT }, 27_000);
    explore_all("perfect, lazy", lazy(PERFECT), 20_000);
    explore_all("perfect, stamped", Bounds { bytes: [1; 2], ..stamped(PERFECT) }, 3_400);
    explore_all("perfect, active", Bounds { bytes: [1; 2], opens: ACTIVE.opens, ..PERFECT }, 3_600);
}

#[test]
fn over_a_network_that_only_delays_an_end_aborts() {
    explore_all("aborting", Bounds { bytes: [2, 0], in_flight: 1, ..ABORTING }, 11_500);
    explore_all("aborting, both", Bounds { bytes: [1; 2], in_flight: 1, ..ABORTING }, 20_000);
}

#[test]
fn an_end_aborts_or_forgets_and_opens_again() {
    explore_all("abort", Bounds { bytes: [0; 2], lives: 2, budget: ONE_ABORT, in_flight: 2, ..PLAIN }, 51_000);
    explore_all("crash", Bounds { bytes: [0; 2], lives: 2, budget: ONE_CRASH, in_flight: 2, ..PLAIN }, 40_000);
    explore_all("crash, with a byte", Bounds { budget: ONE_CRASH, in_flight: 2, ..PLAIN }, 22_000);
}

#[test]
fn someone_who_does_not_see_the_numbers_changes_nothing() {
    explore_all("forgery", Bounds { budget: ONE_FORGERY, in_flight: 1, ..marked(PLAIN) }, 10_000);
    explore_all("forgery, twins", Bounds { bytes: [0; 2], budget: ONE_FORGERY, in_flight: 2, ..TWINS }, 7_400);
}

#[test]
fn calls_beside_the_rfcs() {
    explore_all("turning", TURNING, 23_000);
    explore_all("urgent", Bounds { urges: true, bytes: [2, 0], in_flight: 1, ..PLAIN }, 3_000);
    explore_all("probing", Bounds { bytes: [1, 0], budget: ONE_TIMEOUT, in_flight: 1, ..probing(PLAIN) }, 6_200);
    explore_all("lazier", Bounds { bytes: [1, 0], in_flight: 1, ..changing(PLAIN, probing(lazy(PLAIN))) }, 3_700);
    explore_all("less lazy", Bounds { bytes: [1, 0], in_flight: 1, ..changing(probing(lazy(PLAIN)), PLAIN) }, 1_950);
    explore_all("scaled", Bounds { in_flight: 1, ..scaled(ONE_WAY) }, 16_000);
    explore_all("reopened", Bounds { budget: ONE_FAULT, ..REOPENING }, 17_500);
}

/// The long exploration, minutes and gigabytes, if `EXHAUSTIVE` is set; otherwise the beginning of each model.
#[test]
fn the_larger_models() {
    let begin = Instant::now();
    let is_long = std::env::var_os("EXHAUSTIVE").is_some();
    let most = |steps: Option<usize>| if is_long { steps } else { Some(20_000) };
    let whole = [
        ("faulty", Bounds { budget: ONE_FAULT, ..PLAIN }),
        ("late", Bounds { budget: ONE_TIMEOUT, in_flight: 2, ..PLAIN }),
        ("faulty and late", Bounds { bytes: [0; 2], budget: ONE_OF_EACH, ..PLAIN }),
        ("windows that close", Bounds { reads: true, ..PLAIN }),
        ("probes that cross", TINY),
        ("aborting", ABORTING),
        ("faulty twins", Bounds { budget: ONE_FAULT, ..TWINS }),
        ("faulty and late twins", Bounds { bytes: [0; 2], budget: ONE_OF_EACH, in_flight: 2, ..TWINS }),
        ("twins that abort and open again", Bounds { bytes: [0; 2], lives: 2, budget: ONE_ABORT, ..TWINS }),
        ("forgery", Bounds { budget: ONE_FORGERY, in_flight: 2, ..PLAIN }),
        ("turning, faulty and late", Bounds { budget: Budget { turns: 2, ..ONE_OF_EACH }, ..TURNING }),
        ("urgent and late", Bounds { urges: true, in_flight: 2, ..ONE_WAY }),
        ("lazier and late", changing(ONE_WAY, probing(lazy(ONE_WAY)))),
        ("reopened, faulty and late", Bounds { budget: ONE_OF_EACH, ..REOPENING }),
    ];
    let in_part = [
        ("two bytes each way, faulty and late", Bounds { bytes: [2; 2], budget: ONE_OF_EACH, ..PLAIN }),
        ("twins, later still", Bounds { budget: TWO_TIMEOUTS, in_flight: 2, ..TWINS }),
        ("closed windows, faulty and late", Bounds { reads: true, budget: ONE_OF_EACH, in_flight: 2, ..ONE_WAY }),
    ];
    let whole = whole.map(|(name, bounds)| explore(name, bounds, most(None)));
    let in_part = in_part.map(|(name, bounds)| explore(name, bounds, most(Some(7_000_000))));
    let states: usize = whole.iter().chain(&in_part).sum();
    println!("{states} states in {:.0?}", begin.elapsed());
    assert!(states > if is_long { 10_000_000 } else { 100_000 });
}

/// A false property shows that violations are found: the shortest path to FIN-WAIT-2 is printed as a ladder.
#[test]
fn a_broken_property_is_printed_as_a_ladder() {
    const FALSE: &str = "nobody ever comes to FIN-WAIT-2";
    let never =
        Property::always(FALSE, |lives: &Lives, world: &World| lives.finds(!world.states().contains(&State::FinWait2)));
    let bounds = Bounds { bytes: [0; 2], ..PLAIN };
    let checker =
        Lives::new(bounds, Vec::from([never])).checker().finish_when(HasDiscoveries::AnyFailures).spawn_bfs().join();
    let path = checker.discovery(FALSE).expect("it is false");
    const LADDER: &str = "
     time  A                                                                             B
           CLOSED                                                                        CLOSED
   0.000s  SYN-SENT     A: open active                                                   CLOSED
   0.000s  SYN-SENT     B: open passive                                                  LISTEN
   0.000s  SYN-SENT     --> <SEQ=4294967294><CTL=SYN><WND=2><MSS=1>                      SYN-RECEIVED
   0.000s  ESTABLISHED  <-- <SEQ=4294967295><ACK=4294967295><CTL=SYN,ACK><WND=2><MSS=1>  SYN-RECEIVED
   0.000s  FIN-WAIT-1   A: close                                                         SYN-RECEIVED
   0.000s  FIN-WAIT-1   --> <SEQ=4294967295><ACK=0><CTL=FIN,ACK><WND=2>                  CLOSE-WAIT   Closing
   0.000s  FIN-WAIT-2   <-- <SEQ=0><ACK=0><CTL=ACK><WND=2>                               CLOSE-WAIT
";
    assert_eq!(format!("\n{}", ladder::ladder(&path.into_actions(), None, &bounds)), LADDER);
}

/// A model in which half of the states cannot be reached proves nothing.
#[test]
fn every_state_is_reached() {
    macro_rules! reached {
        ($($state:ident)*) => {
            Vec::from([$(Property::sometimes(State::$state.name(), |_: &Lives, world: &World| {
                world.states().contains(&State::$state)
            })),*])
        };
    }
    let more = reached!(
        Closed Listen SynSent SynReceived Established FinWait1 FinWait2 CloseWait Closing LastAck TimeWait
    );
    let names: Vec<_> = more.iter().map(|property| property.name).collect();
    let checker = Lives::new(Bounds { bytes: [0; 2], ..PLAIN }, more).checker().spawn_bfs().join();
    for name in names {
        checker.assert_any_discovery(name);
    }
}
