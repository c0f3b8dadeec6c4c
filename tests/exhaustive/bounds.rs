//! The models that are explored, each by its differences from the first.

use tcp_lifecycle::{Config, KeepAlive, Open};

use crate::arcs::Turn;
use crate::world::{Bounds, Budget};

/// Segments of one byte, a buffer of two, and a limiter of challenge ACKs that runs out.
const CONFIG: Config =
    Config { mss: 1, max_segment: 21, receive_buffer: 2, challenge_limit: 2, nagle: false, ..Config::DEFAULT };

/// An active and a passive end, one byte each way, in any order, without faults. The sequence numbers wrap at the SYN
/// of one end, and behind the SYN of the other.
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

/// Two active ends that are equal in everything, including their sequence numbers.
pub(crate) const TWINS: Bounds =
    Bounds { isn: [0xFFFF_FFFE, 0xFFFF_FFFE], opens: [Open::Active, Open::Active], mirrored: true, ..PLAIN };

/// Two active ends with different sequence numbers.
pub(crate) const ACTIVE: Bounds = Bounds { opens: [Open::Active, Open::Active], ..PLAIN };

/// Segments arrive in the order in which they were sent. The users read at any time, so windows close.
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

/// With Nagle's algorithm and delayed acknowledgments, and segments of two bytes.
pub(crate) const fn lazy(bounds: Bounds) -> Bounds {
    let delayed_ack = Some(core::time::Duration::from_millis(200));
    Bounds { config: Config { nagle: true, max_segment: 22, delayed_ack, ..bounds.config }, ..bounds }
}

/// Two bytes in one direction; retransmitted, they share one segment.
pub(crate) const ONE_WAY: Bounds =
    Bounds { config: Config { max_segment: 22, ..CONFIG }, bytes: [2, 0], budget: ONE_TIMEOUT, in_flight: 2, ..PLAIN };

/// With window scale: a buffer that is larger than the window field can express.
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

/// A few calls in addition to those of RFC 9293 section 3.10.
pub(crate) const TURNING: Bounds = Bounds {
    turns: &[Turn::Hold, Turn::Repeat, Turn::Icmp],
    budget: Budget { turns: 2, ..NOTHING },
    in_flight: 1,
    ..ONE_WAY
};

/// A change of policies during the connection: from plain ones to lazy ones with keep-alive, or back.
pub(crate) const fn changing(bounds: Bounds, to: Bounds) -> Bounds {
    Bounds { other: Some(to.config), turns: &[Turn::Configure], budget: Budget { turns: 2, ..bounds.budget }, ..bounds }
}

/// With keep-alive, and an octet in its probes.
pub(crate) const fn probing(bounds: Bounds) -> Bounds {
    let second = core::time::Duration::from_secs(1);
    let keep_alive =
        Some(KeepAlive { idle: second.saturating_mul(60), interval: second.saturating_mul(10), probes: 2 });
    Bounds { config: Config { keep_alive, keep_alive_octet: true, ..bounds.config }, ..bounds }
}

/// A second incarnation out of TIME-WAIT.
pub(crate) const REOPENING: Bounds = Bounds { reopens: true, lives: 2, bytes: [0; 2], in_flight: 1, ..PLAIN };
