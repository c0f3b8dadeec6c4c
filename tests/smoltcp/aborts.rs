//! ABORT, at either end.

use core::time::Duration;

use smoltcp::socket::tcp;
use tcp_lifecycle::{Config, Instant, Open, Signal, State};

use crate::world::{Closes, User, World};

/// The path to each synchronized state of ours in which an ABORT sends a reset, on a network without faults.
fn reached(state: State, open: Open) -> World {
    let idle = || User::sends(0, Closes::Never);
    let mut world = World::plain(&Config::DEFAULT, idle(), idle());
    world.open(open);
    world.pass(Duration::from_secs(1));
    if [State::FinWait1, State::FinWait2].contains(&state) {
        world.us.close(world.now);
    }
    if state == State::CloseWait {
        world.peer.close();
    }
    if state != State::FinWait1 {
        world.pass(Duration::from_secs(1));
    }
    assert_eq!(world.us.state(), state);
    world
}

const STATES: [State; 4] = [State::Established, State::FinWait1, State::FinWait2, State::CloseWait];
const OPENS: [Open; 2] = [Open::Active, Open::Passive];

#[test]
fn our_abort_resets_it_in_every_state() {
    for (state, open) in STATES.into_iter().flat_map(|state| OPENS.map(|open| (state, open))) {
        let mut world = reached(state, open);
        world.us.abort(world.now);
        assert_eq!(world.us.state(), State::Closed);
        world.run();
        assert_eq!(world.peer.state(), tcp::State::Closed, "{state} {open:?}");
        let told: &[Signal] = if state == State::CloseWait { &[Signal::Closing] } else { &[] };
        assert_eq!(world.us.signals, told, "the user knows what he did");
    }
}

#[test]
fn its_abort_resets_us_in_every_state() {
    for (state, open) in STATES.into_iter().flat_map(|state| OPENS.map(|open| (state, open))) {
        let mut world = reached(state, open);
        world.peer.abort();
        world.run();
        assert_eq!(world.us.state(), State::Closed, "{state} {open:?}");
        assert_eq!(world.us.signals.last(), Some(&Signal::Reset), "{state} {open:?}");
    }
}

#[test]
fn an_abort_in_the_middle_of_a_transfer_leaves_what_was_delivered() {
    for (open, by_us) in OPENS.into_iter().flat_map(|open| [(open, true), (open, false)]) {
        let (mut ours, mut theirs) = (User::sends(200_000, Closes::Last), User::sends(200_000, Closes::Last));
        let aborts = if by_us { &mut ours } else { &mut theirs };
        aborts.aborts_at = Some(Instant::from_micros(60_000));
        let mut world = World::plain(&Config::DEFAULT, ours, theirs);
        world.open(open);
        world.run();
        assert_eq!((world.us.state(), world.peer.state()), (State::Closed, tcp::State::Closed));
        assert_eq!(world.us.signals, if by_us { vec![] } else { vec![Signal::Reset] });
        world.check_contents();
        assert!((1..200_000).contains(&world.delivered_to_us()) && (1..200_000).contains(&world.delivered_to_peer()));
    }
}

/// The reset of its SYN,ACK returns smoltcp to LISTEN, as the RFC demands.
#[test]
fn our_abort_in_syn_sent_is_silent_and_its_syn_ack_is_reset() {
    let idle = || User::sends(0, Closes::Never);
    let mut world = World::plain(&Config::DEFAULT, idle(), idle());
    world.open(Open::Active);
    world.run_while(|world| world.nothing_is_in_flight());
    world.us.abort(world.now);
    world.run();
    assert_eq!(world.us.path(), "SYN-SENT CLOSED");
    assert_eq!(world.us.signals, []);
    assert_eq!(world.peer.path(), "LISTEN SYN-RECEIVED LISTEN");
}

/// The reset is sent while our SYN,ACK is in flight: our listener is not told of any peer, and continues.
#[test]
fn its_abort_in_syn_sent_brings_our_listener_back() {
    let idle = || User::sends(0, Closes::Never);
    let mut world = World::plain(&Config::DEFAULT, idle(), idle());
    world.open(Open::Passive);
    world.run_while(|world| world.us.state() == State::Listen);
    world.peer.abort();
    world.run();
    assert_eq!(world.us.path(), "LISTEN SYN-RECEIVED LISTEN");
    assert_eq!(world.us.signals, []);
}

#[test]
fn a_listener_that_is_gone_before_our_syn_comes_refuses_it() {
    let idle = || User::sends(0, Closes::Never);
    let mut world = World::plain(&Config::DEFAULT, idle(), idle());
    world.open(Open::Active);
    world.peer.abort();
    world.run();
    assert_eq!(world.us.signals, [Signal::Refused]);
}
