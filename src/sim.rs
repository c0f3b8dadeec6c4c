//! Connections in memory and in virtual time.
//!
//! - [`check`] and [`Script`]: one connection under test, in the RFC's notation, where the script plays the peer.
//! - [`Pair`]: two connections with the bytes of their users, over a [`Network`] that delays, loses, duplicates and
//!   reorders, from a seed or by hand.

mod end;
mod figure;
mod given;
mod ladder;
mod line;
mod network;
mod pair;
mod player;
mod script;
mod trace;
mod variable;

use core::fmt;
use core::time::Duration;

pub use figure::{Figure, check_figure};
pub use network::{Flight, Network};
pub use pair::{Pair, Violation};
pub use script::{Script, ScriptError, check};
pub use trace::{Event, Trace, What};

use crate::time::Instant;

/// One of two ends, as the RFC's figures name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The one on the left.
    A,
    /// The one on the right.
    B,
}

impl Side {
    /// The other one.
    #[must_use]
    pub const fn other(self) -> Side {
        match self {
            Side::A => Side::B,
            Side::B => Side::A,
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Side::A => "A",
            Side::B => "B",
        })
    }
}

#[expect(clippy::arithmetic_side_effects, reason = "it saturates")]
fn after(start: Instant, time: Duration) -> Instant {
    start + time
}
