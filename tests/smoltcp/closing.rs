//! Exchange and close, in each order.

use core::time::Duration;

use tcp_lifecycle::{Config, Instant, Open};

use crate::peer::Settings;
use crate::us::Us;
use crate::world::{Closes, Faults, User, World};

const OPENS: [Open; 2] = [Open::Active, Open::Passive];

/// Checks the states of each end after ESTABLISHED.
#[track_caller]
fn check_paths(world: &World, open: Open, ours: &str, theirs: &str) {
    let (active, passive) = ("SYN-SENT ESTABLISHED", "LISTEN SYN-RECEIVED ESTABLISHED");
    let begin = if open == Open::Active { [active, passive] } else { [passive, active] };
    assert_eq!(world.us.path(), format!("{} {ours}", begin[0]));
    assert_eq!(world.peer.path(), format!("{} {theirs}", begin[1]));
}

/// A whole life on a network without faults.
fn lived(open: Open, ours: User, theirs: User) -> World {
    let config = Config { half_duplex_close: false, ..Config::linux() };
    let mut world = World::plain(&config, ours, theirs);
    world.open(open);
    world.run();
    world.check_graceful_end();
    assert_eq!(world.us.refusals, []);
    world
}

#[test]
fn we_close_first() {
    for open in OPENS {
        for (sent, received) in [(0, 0), (1, 0), (0, 1), (40_000, 30_000)] {
            let world = lived(open, User::sends(sent, Closes::First), User::sends(received, Closes::Last));
            check_paths(&world, open, "FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT CLOSED", "CLOSE-WAIT LAST-ACK CLOSED");
        }
    }
}

#[test]
fn it_closes_first() {
    for open in OPENS {
        for (sent, received) in [(0, 0), (1, 0), (0, 1), (40_000, 30_000)] {
            let world = lived(open, User::sends(sent, Closes::Last), User::sends(received, Closes::First));
            check_paths(&world, open, "CLOSE-WAIT LAST-ACK CLOSED", "FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT CLOSED");
        }
    }
}

#[test]
fn we_half_close_and_it_sends_long_after() {
    for open in OPENS {
        let mut theirs = User::sends(50_000, Closes::Last);
        theirs.write = 500;
        theirs.pause = Duration::from_secs(10);
        let world = lived(open, User::sends(100, Closes::First), theirs);
        check_paths(&world, open, "FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT CLOSED", "CLOSE-WAIT LAST-ACK CLOSED");
    }
}

#[test]
fn it_half_closes_and_we_send_long_after() {
    for open in OPENS {
        let mut ours = User::sends(50_000, Closes::Last);
        ours.write = 500;
        ours.pause = Duration::from_secs(10);
        let world = lived(open, ours, User::sends(100, Closes::First));
        check_paths(&world, open, "CLOSE-WAIT LAST-ACK CLOSED", "FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT CLOSED");
    }
}

/// CLOSE in SYN-RECEIVED: the FIN is sent behind our SYN, before the handshake is complete.
#[test]
fn we_close_in_syn_received() {
    let ours = User { eager: true, ..User::sends(0, Closes::First) };
    let world = lived(Open::Passive, ours, User::sends(3_000, Closes::Last));
    assert_eq!(world.us.path(), "LISTEN SYN-RECEIVED FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT CLOSED");
    assert_eq!(world.peer.path(), "SYN-SENT ESTABLISHED CLOSE-WAIT LAST-ACK CLOSED");
}

/// Both CLOSE at the same moment, long after the handshake.
#[test]
fn both_close_at_once() {
    for open in OPENS {
        let idle = || User::sends(0, Closes::Never);
        let mut world = World::plain(&Config::DEFAULT, idle(), idle());
        world.open(open);
        world.pass(Duration::from_secs(1));
        world.us.close(world.now);
        world.peer.close();
        world.run();
        check_paths(&world, open, "FIN-WAIT-1 CLOSING TIME-WAIT CLOSED", "FIN-WAIT-1 CLOSING TIME-WAIT CLOSED");
        world.check_graceful_end();
    }
}

/// smoltcp delays the acknowledgment of our FIN until its user has closed too.
#[test]
fn one_segment_brings_its_fin_and_acknowledges_ours() {
    for open in OPENS {
        let settings = Settings { delayed_ack: true, ..Settings::DEFAULT };
        let us = Us::new(&Config::DEFAULT, 100, false);
        let (ours, theirs) = (User::sends(300, Closes::First), User::sends(200, Closes::Last));
        let mut world = World::new(us, &settings, Faults::NONE, ours, theirs);
        world.open(open);
        world.run();
        world.check_graceful_end();
        check_paths(&world, open, "FIN-WAIT-1 TIME-WAIT CLOSED", "CLOSE-WAIT LAST-ACK CLOSED");
    }
}

#[test]
fn our_time_wait_lasts_2_msl_and_that_of_smoltcp_10_seconds() {
    let mut world = World::plain(&Config::DEFAULT, User::sends(0, Closes::First), User::sends(0, Closes::Last));
    world.open(Open::Active);
    world.run();
    assert_eq!(world.now.saturating_duration_since(Instant::ZERO).as_secs(), 240);

    let mut world = World::plain(&Config::DEFAULT, User::sends(0, Closes::Last), User::sends(0, Closes::First));
    world.open(Open::Active);
    world.run();
    assert_eq!(world.now.saturating_duration_since(Instant::ZERO).as_secs(), 10);
}
