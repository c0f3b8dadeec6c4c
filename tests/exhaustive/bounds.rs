//! The models that are explored: what differs from the first one.

use tcp_lifecycle::{Config, KeepAlive, Open};

use crate::arcs::Turn;
use crate::world::{Bounds, Budget};

/// Segments of one byte, a buffer of two, challenges that run out.
const CONFIG: Config =
    Config { mss: 1, max_segment: 21, receive_buffer: 2, challenge_limit: 2, nagle: false, ..Config::DEFAULT };

/// An active and a passive end, a byte each way, in any order, and nothing goes wrong. The numbers wrap with the SYN of
/// the one, and behind the SYN of the other.
pub(crate) const PLAIN: Bounds = Bounds {
    config: CONFIG,
    isn: [0xFFFF_FFFE, 0xFFFF_FFFF],
    opens: [Open::Active, Open::Passive],
    lives: 1,
    bytes: [1; 2],
    reads: false,
    budget: NOTHING,
    in_flight: 3,
    in_order: false,
    mirrored: false,
    other: None,
    turns: &[],
    urges: false,
    reopens: false,
};

const NOTHING: Budget = Budget { faults: 0, timeouts: 0, aborts: 0, crashes: 0, forged: 0, turns: 0 };
pub(crate) const ONE_FAULT: Budget = Budget { faults: 1, ..NOTHING };
pub(crate) const ONE_TIMEOUT: Budget = Budget { timeouts: 1, ..NOTHING };
pub(crate) const ONE_OF_EACH: Budget = Budget { faults: 1, timeouts: 1, ..NOTHING };
pub(crate) const TWO_TIMEOUTS: Budget = Budget { faults: 1, timeouts: 2, ..NOTHING };
pub(crate) const ONE_ABORT: Budget = Budget { aborts: 1, ..NOTHING };
pub(crate) const ONE_CRASH: Budget = Budget { crashes: 1, ..NOTHING };
pub(crate) const ONE_FORGERY: Budget = Budget { forged: 1, ..NOTHING };

/// Two active ends that are equal in everything, their numbers too.
pub(crate) const TWINS: Bounds =
    Bounds { isn: [0xFFFF_FFFE, 0xFFFF_FFFE], opens: [Open::Active, Open::Active], mirrored: true, ..PLAIN };

/// Two active ends that are not.
pub(crate) const ACTIVE: Bounds = Bounds { opens: [Open::Active, Open::Active], ..PLAIN };

/// Segments arrive in the order in which they were sent; the users read when they like, and windows close.
pub(crate) const PERFECT: Bounds = Bounds { bytes: [2; 2], reads: true, in_order: true, ..PLAIN };

/// A buffer of one byte: both windows close, and probes may cross.
pub(crate) const TINY: Bounds = Bounds {
    config: Config { receive_buffer: 1, ..CONFIG },
    budget: Budget { timeouts: 2, ..NOTHING },
    in_flight: 2,
    ..PERFECT
};

/// Over a network that only delays, an end may abort, and probes are refused.
pub(crate) const ABORTING: Bounds =
    Bounds { budget: Budget { timeouts: 1, aborts: 1, ..NOTHING }, in_flight: 2, ..PERFECT };

/// Nagle's algorithm and delayed acknowledgments; two bytes go into a segment.
pub(crate) const fn lazy(bounds: Bounds) -> Bounds {
    let delayed_ack = Some(core::time::Duration::from_millis(200));
    Bounds { config: Config { nagle: true, max_segment: 22, delayed_ack, ..bounds.config }, ..bounds }
}

/// Two bytes, which go the same way; sent again they go in one segment.
pub(crate) const ONE_WAY: Bounds =
    Bounds { config: Config { max_segment: 22, ..CONFIG }, bytes: [2, 0], budget: ONE_TIMEOUT, in_flight: 2, ..PLAIN };

/// With window scale: a buffer that is larger than the field of the window holds.
pub(crate) const fn scaled(bounds: Bounds) -> Bounds {
    Bounds { config: Config { receive_buffer: 1 << 17, max_segment: 25, ..bounds.config }, ..bounds }
}

/// With the bits of ECN.
pub(crate) const fn marked(bounds: Bounds) -> Bounds {
    Bounds { config: Config { ecn: true, ..bounds.config }, ..bounds }
}

/// With timestamps.
pub(crate) const fn stamped(bounds: Bounds) -> Bounds {
    Bounds { config: Config { timestamps: true, max_segment: 33, ..bounds.config }, ..bounds }
}

/// Calls beside those of RFC 9293 section 3.10, a few of them.
pub(crate) const TURNING: Bounds = Bounds {
    turns: &[Turn::Hold, Turn::Repeat, Turn::Icmp],
    budget: Budget { turns: 2, ..NOTHING },
    in_flight: 1,
    ..ONE_WAY
};

/// Other policies in the middle of a life: from plain ones to lazy ones that probe, and the other way round.
pub(crate) const fn changing(bounds: Bounds, to: Bounds) -> Bounds {
    Bounds { other: Some(to.config), turns: &[Turn::Configure], budget: Budget { turns: 2, ..bounds.budget }, ..bounds }
}

/// Keep-alive, with an octet in its probes.
pub(crate) const fn probing(bounds: Bounds) -> Bounds {
    let second = core::time::Duration::from_secs(1);
    let keep_alive =
        Some(KeepAlive { idle: second.saturating_mul(60), interval: second.saturating_mul(10), probes: 2 });
    Bounds { config: Config { keep_alive, keep_alive_octet: true, ..bounds.config }, ..bounds }
}

/// A second life out of TIME-WAIT.
pub(crate) const REOPENING: Bounds = Bounds { reopens: true, lives: 2, bytes: [0; 2], in_flight: 1, ..PLAIN };
