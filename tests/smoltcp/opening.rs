//! Opening: by either end, by both at once, and without a listener.

use core::time::Duration;

use smoltcp::socket::tcp;
use tcp_lifecycle::{Config, Open, Signal, State};

use crate::peer::Settings;
use crate::us::Us;
use crate::world::{Closes, Faults, User, World};

const WIDE: u32 = 1 << 18;

/// Both ends open with these settings, and rest in ESTABLISHED.
fn opened(open: Open, config: &Config, settings: &Settings) -> World {
    let idle = || User::sends(0, Closes::Never);
    let mut world = World::new(Us::new(config, 100, false), settings, Faults::NONE, idle(), idle());
    world.open(open);
    world.pass(Duration::from_secs(1));
    assert_eq!((world.us.state(), world.peer.state()), (State::Established, tcp::State::Established));
    world
}

#[test]
fn timestamps_are_agreed_if_both_want_them() {
    for open in [Open::Active, Open::Passive] {
        for (ours, theirs) in [(false, false), (false, true), (true, false), (true, true)] {
            let config = Config { timestamps: ours, ..Config::DEFAULT };
            let settings = Settings { timestamps: theirs, ..Settings::DEFAULT };
            let world = opened(open, &config, &settings);
            assert_eq!(world.us.connection.status().timestamps, ours && theirs, "{open:?} {ours} {theirs}");
            assert_eq!(world.peer.socket().timestamp_enabled(), ours && theirs, "{open:?} {ours} {theirs}");
        }
    }
}

#[test]
fn windows_are_scaled_if_both_say_so() {
    for open in [Open::Active, Open::Passive] {
        for (ours, theirs) in [(65_535, 65_535), (65_535, WIDE), (WIDE, 65_535), (WIDE, WIDE)] {
            let config = Config { receive_buffer: ours, ..Config::DEFAULT };
            let settings = Settings { buffer: theirs as usize, ..Settings::DEFAULT };
            let status = opened(open, &config, &settings).us.connection.status();
            // smoltcp offers a shift count even if it needs none, so our policy alone decides.
            let agreed = ours == WIDE;
            let shift = |buffer| Some(if agreed && buffer == WIDE { 3 } else { 0 });
            assert_eq!((status.rcv_scale, status.snd_scale), (shift(ours), shift(theirs)), "{open:?} {ours} {theirs}");
        }
    }
}

#[test]
fn sack_permitted_is_agreed_if_we_say_so() {
    for open in [Open::Active, Open::Passive] {
        for sack_permitted in [false, true] {
            let config = Config { sack_permitted, ..Config::DEFAULT };
            let status = opened(open, &config, &Settings::DEFAULT).us.connection.status();
            assert_eq!(status.sack_permitted, sack_permitted, "{open:?}");
        }
    }
}

#[test]
fn segments_are_as_long_as_the_peer_says_and_timestamps_leave() {
    for open in [Open::Active, Open::Passive] {
        for (timestamps, mss) in [(false, 560), (true, 548)] {
            let config = Config { timestamps, ..Config::DEFAULT };
            let settings = Settings { timestamps, mtu: 600, ..Settings::DEFAULT };
            let status = opened(open, &config, &settings).us.connection.status();
            assert_eq!(status.peer_mss, Some(mss), "{open:?}");
        }
    }
}

#[test]
fn we_are_refused_where_nobody_listens() {
    let idle = || User::sends(0, Closes::Never);
    let mut world = World::plain(&Config::DEFAULT, idle(), idle());
    world.us.open(Open::Active, world.now);
    world.run();
    assert_eq!(world.us.path(), "SYN-SENT CLOSED");
    assert_eq!(world.us.signals, [Signal::Refused]);
}

#[test]
fn it_is_refused_where_we_are_closed() {
    let idle = || User::sends(0, Closes::Never);
    let mut world = World::plain(&Config::DEFAULT, idle(), idle());
    world.peer.connect();
    world.run();
    assert_eq!(world.peer.path(), "SYN-SENT CLOSED");
    assert_eq!(world.us.path(), "");
}

/// Figure 7 of RFC 9293. smoltcp takes our SYN,ACK for a keep-alive probe, and waits in SYN-RECEIVED for an ACK. Its
/// next SYN,ACK gets an ACK.
#[test]
fn smoltcp_opens_when_we_do() {
    let (ours, theirs) = (User::sends(0, Closes::Never), User::sends(0, Closes::Never));
    let mut world = World::plain(&Config::DEFAULT, ours, theirs);
    world.us.open(Open::Active, world.now);
    world.peer.connect();
    world.pass(Duration::from_secs(3));
    assert_eq!(world.us.path(), "SYN-SENT SYN-RECEIVED ESTABLISHED");
    assert_eq!(world.peer.path(), "SYN-SENT SYN-RECEIVED ESTABLISHED");
}

#[test]
fn both_open_at_once_send_and_close() {
    let (ours, theirs) = (User::sends(5_000, Closes::First), User::sends(9_000, Closes::Last));
    let mut world = World::plain(&Config::DEFAULT, ours, theirs);
    world.us.open(Open::Active, world.now);
    world.peer.connect();
    world.run();
    world.check_graceful_end();
}
