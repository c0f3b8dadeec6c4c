//! Closed windows, small windows, and silence.

use core::time::Duration;

use smoltcp::socket::tcp;
use tcp_lifecycle::{Config, Instant, KeepAlive, Open, State};

use crate::peer::Settings;
use crate::us::Us;
use crate::world::{Closes, Faults, User, World};

const MINUTE: u64 = 60_000_000;

fn after(micros: u64) -> Instant {
    Instant::from_micros(micros)
}

/// Its window is closed for ten minutes; then it reads. smoltcp answers our probes without accepting their bytes, so
/// neither R2 nor the user timeout ends the connection.
#[test]
fn we_wait_before_a_closed_window() {
    for faults in [Faults::NONE, Faults { loss: 100, ..Faults::NONE }] {
        let settings = Settings { buffer: 4_000, ..Settings::DEFAULT };
        let us = Us::new(&Config::DEFAULT, 100, false);
        let mut theirs = User::sends(10, Closes::Last);
        theirs.reads_from = after(10 * MINUTE);
        let mut world = World::new(us, &settings, faults, User::sends(20_000, Closes::First), theirs);
        world.open(Open::Active);
        world.pass(Duration::from_secs(540));
        let status = world.us.connection.status();
        assert_eq!((status.state, status.snd_wnd), (State::FinWait1, Some(0)));
        world.run();
        world.check_graceful_end();
    }
}

/// Our window is closed for ten minutes. We do not accept the bytes of its probes either.
#[test]
fn it_waits_before_our_closed_window() {
    for faults in [Faults::NONE, Faults { loss: 100, ..Faults::NONE }] {
        let us = Us::new(&Config { receive_buffer: 4_000, ..Config::DEFAULT }, 100, false);
        let mut ours = User::sends(10, Closes::Last);
        ours.reads_from = after(10 * MINUTE);
        let mut world = World::new(us, &Settings::DEFAULT, faults, ours, User::sends(20_000, Closes::First));
        world.open(Open::Passive);
        world.pass(Duration::from_secs(540));
        let status = world.us.connection.status();
        assert_eq!((status.state, status.rcv_wnd, status.unread), (State::Established, Some(0), 4_000));
        world.run();
        world.check_graceful_end();
    }
}

/// Each may send more than 65,535 bytes before the other has read anything, and no more than there is room for.
#[test]
fn scaled_windows_are_filled_and_no_more() {
    const ROOM: usize = 1 << 18;
    let settings = Settings { buffer: ROOM, ..Settings::DEFAULT };
    let us = Us::new(&Config { receive_buffer: ROOM as u32, ..Config::DEFAULT }, 100, false);
    let (mut ours, mut theirs) = (User::sends(2 * ROOM, Closes::Last), User::sends(2 * ROOM, Closes::Last));
    (ours.reads_from, theirs.reads_from) = (after(MINUTE), after(MINUTE));
    let mut world = World::new(us, &settings, Faults::NONE, ours, theirs);
    world.open(Open::Active);
    world.pass(Duration::from_secs(50));
    assert_eq!(world.us.connection.status().unread as usize, ROOM);
    // Windows are multiples of eight bytes.
    assert!((ROOM - 7..=ROOM).contains(&world.peer.socket().recv_queue()));
    // Any further attempts are probes of closed windows.
    assert!(world.us.refusals.len() < 10 && world.packets < 2_000, "{} packets", world.packets);
}

#[test]
fn both_wait_before_closed_windows() {
    let settings = Settings { buffer: 2_000, ..Settings::DEFAULT };
    let us = Us::new(&Config { receive_buffer: 2_000, user_timeout: None, ..Config::DEFAULT }, 100, false);
    let (mut ours, mut theirs) = (User::sends(9_000, Closes::First), User::sends(9_000, Closes::First));
    ours.reads_from = after(5 * MINUTE);
    theirs.reads_from = after(7 * MINUTE);
    let mut world = World::new(us, &settings, Faults::NONE, ours, theirs);
    world.open(Open::Active);
    world.run();
    world.check_graceful_end();
}

#[test]
fn small_buffers_are_slow_and_right() {
    for (ours, theirs) in [(1, 500), (500, 1), (3, 3), (70, 536), (536, 70)] {
        let settings = Settings { buffer: theirs, ..Settings::DEFAULT };
        let config = Config { receive_buffer: ours, user_timeout: None, ..Config::DEFAULT };
        let us = Us::new(&config, 100, false);
        let bytes = |peers: usize| peers.min(100) * 10;
        let (from_us, from_it) = (bytes(theirs), bytes(ours as usize));
        let users = (User::sends(from_us, Closes::First), User::sends(from_it, Closes::Last));
        let mut world = World::new(us, &settings, Faults::NONE, users.0, users.1);
        world.open(Open::Active);
        world.run();
        world.check_graceful_end();
    }
}

/// smoltcp's probes have an octet at SND.NXT-1; each is answered, and has no other effect.
#[test]
fn its_keep_alive_is_answered() {
    let every = smoltcp::time::Duration::from_secs(10);
    let settings = Settings { keep_alive: Some(every), ..Settings::DEFAULT };
    let us = Us::new(&Config::DEFAULT, 100, false);
    let idle = || User::sends(0, Closes::Never);
    let mut world = World::new(us, &settings, Faults::NONE, idle(), idle());
    world.open(Open::Passive);
    world.pass(Duration::from_secs(1));
    let before = world.packets;
    world.pass(Duration::from_secs(600));
    assert!((115..=125).contains(&(world.packets - before)), "{} packets", world.packets - before);
    assert_eq!((world.us.state(), world.peer.state()), (State::Established, tcp::State::Established));
    assert_eq!(world.us.connection.status().unread, 0);
}

/// With and without an octet: for an hour the connection stays, and after smoltcp has gone it is reset.
#[test]
fn it_answers_our_keep_alive() {
    for keep_alive_octet in [false, true] {
        let probes = KeepAlive { idle: Duration::from_secs(60), interval: Duration::from_secs(5), probes: 3 };
        let config = Config { keep_alive: Some(probes), keep_alive_octet, ..Config::DEFAULT };
        let idle = || User::sends(0, Closes::Never);
        let mut world = World::plain(&config, idle(), idle());
        world.open(Open::Active);
        world.pass(Duration::from_secs(1));
        let before = world.packets;
        world.pass(Duration::from_secs(3_600));
        assert!((118..=120).contains(&(world.packets - before)), "{} packets", world.packets - before);
        assert_eq!((world.us.state(), world.peer.state()), (State::Established, tcp::State::Established));
        assert_eq!(world.delivered_to_peer() + world.peer.socket().recv_queue(), 0);
    }
}
