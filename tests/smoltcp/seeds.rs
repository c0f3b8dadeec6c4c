//! Whole lives over faulty networks, each from a seed.

use core::time::Duration;
use std::ops::Range;

use smoltcp::socket::tcp;
use tcp_lifecycle::{Config, Instant, Open, Signal, State};

use crate::peer::Settings;
use crate::us::Us;
use crate::world::{Closes, Faults, Random, User, World};

fn seeds(default: Range<u64>) -> Range<u64> {
    let Ok(asked) = std::env::var("SMOLTCP_SEEDS") else { return default };
    let (first, end) = asked.split_once("..").expect("SMOLTCP_SEEDS=first..end");
    first.parse().expect("a number")..end.parse().expect("a number")
}

fn faults(random: &mut Random) -> Faults {
    Faults {
        loss: random.choose(&[0, 20, 50, 150]),
        duplication: random.choose(&[0, 20, 100]),
        corruption: random.choose(&[0, 0, 20]),
        delay: Duration::from_millis(random.choose(&[0, 1, 10, 100])),
        jitter: Duration::from_millis(random.choose(&[0, 1, 20, 300])),
    }
}

/// Policies under which only the users and the peer end the connection.
fn config(random: &mut Random) -> Config {
    let base = random.choose(&[Config::DEFAULT, Config::linux(), Config::bsd()]);
    Config {
        receive_buffer: random.choose(&[700, 5_000, 65_535, 300_000]),
        timestamps: random.happens(500),
        nagle: random.happens(500),
        delayed_ack: random.choose(&[None, Some(Duration::from_millis(40))]),
        rfc5961: random.happens(800),
        // smoltcp correctly takes no window from a keep-alive probe, so these do not help it (see `helped`).
        keep_alive: None,
        half_duplex_close: false,
        fin_wait_2_timeout: None,
        user_timeout: None,
        r2: Duration::MAX,
        syn_r2: Duration::MAX,
        ..base
    }
}

fn settings(seed: u64, random: &mut Random) -> Settings {
    Settings {
        seed,
        buffer: random.choose(&[600, 4_000, 65_535, 200_000]),
        mtu: random.choose(&[300, 576, 1_500]),
        timestamps: random.happens(500),
        nagle: random.happens(500),
        delayed_ack: random.happens(500),
        keep_alive: None,
    }
}

fn user(random: &mut Random, closes: Closes) -> User {
    let bytes = random.choose(&[0, 1, 100, 3_000, 20_000]) + random.below(100) as usize;
    User {
        write: random.choose(&[100, 1_000, 30_000]),
        read: random.choose(&[100, 1_000, 30_000]),
        pause: Duration::from_millis(random.choose(&[1, 20, 200])),
        eager: random.happens(500),
        reads_from: Instant::from_micros(random.choose(&[0, 0, 3_000_000])),
        ..User::sends(bytes, closes)
    }
}

/// The world of this seed, and its random numbers.
fn world(seed: u64) -> (World, Random) {
    let mut random = Random(seed);
    let closes =
        random.choose(&[[Closes::First, Closes::Last], [Closes::Last, Closes::First], [Closes::First, Closes::First]]);
    // From some of these numbers the connection runs into a wrap.
    let isn_offset = random.choose(&[100, u32::MAX - 50, (1 << 31) - 2_000, 0x1234_5678]);
    let config = config(&mut random);
    let us = Us::new(&config, isn_offset, random.happens(500));
    let (ours, mut theirs) = (user(&mut random, closes[0]), user(&mut random, closes[1]));
    if theirs.closes == Closes::First {
        // smoltcp drops what has not been read by the end of TIME-WAIT.
        (theirs.read, theirs.reads_from) = (100_000, Instant::ZERO);
    }
    let (settings, faults) = (settings(seed, &mut random), faults(&mut random));
    let mut world = World::new(us, &settings, faults, ours, theirs);
    world.seed = Some(seed);
    (world, random)
}

/// Every byte arrives once and in order, and both ends come to CLOSED gracefully.
#[test]
fn lives_over_faulty_networks_come_to_a_good_end() {
    let (mut packets, mut lost, mut helped) = (0, 0, 0);
    for seed in seeds(0..400) {
        let (mut world, mut random) = world(seed);
        world.open(random.choose(&[Open::Active, Open::Passive]));
        world.run_with_help();
        world.check_graceful_end();
        packets += world.packets;
        lost += world.lost;
        helped += world.helped;
    }
    eprintln!("{packets} packets, {lost} of them lost; {helped} times smoltcp had to be helped");
}

/// One of the two aborts at some moment. Neither end is stuck, and neither has bytes that were not sent. If an end is
/// signalled to us, it is a reset.
#[test]
fn aborted_lives_over_faulty_networks_leave_nobody_behind() {
    for seed in seeds(1_000..1_300) {
        let (mut world, mut random) = world(seed);
        let open = random.choose(&[Open::Active, Open::Passive]);
        let (by_us, at) = (random.happens(500), Instant::from_micros(random.below(2_000_000)));
        world.abort_at(by_us, at);
        world.open(open);
        world.run_with_help();
        // A listener whose peer has gone before the handshake was complete listens. FIN-WAIT-2 waits without end if its
        // peer has gone, and its reset was lost, or was not sent, as the RFC demands in CLOSING and LAST-ACK. (smoltcp
        // drops a FIN that is ahead of a gap, so a FIN that has overtaken payload counts as lost.)
        let (us, peer) = (world.us.state(), world.peer.state());
        assert!(matches!(us, State::Closed | State::Listen) || (!by_us && us == State::FinWait2), "{us}");
        let peer_waits = by_us && peer == tcp::State::FinWait2;
        assert!(matches!(peer, tcp::State::Closed | tcp::State::Listen) || peer_waits, "{peer}");
        world.check_contents();
        let ends = world.us.signals.iter().filter(|signal| signal.is_end());
        let ends: Vec<_> = ends.collect();
        assert!(ends.len() <= 1 && ends.iter().all(|end| matches!(end, Signal::Reset | Signal::Refused)), "{ends:?}");
    }
}
