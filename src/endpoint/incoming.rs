//! A connection that waits to be accepted.

use core::net::SocketAddr;

use super::handle::{Handle, ListenerId};
use super::pair::Pair;
use crate::{Instant, Segment};

/// A connection that a listener offers. It may be kept for any time; then give it to
/// [`Endpoint::admit`](super::Endpoint::admit), [`refuse`](super::Endpoint::refuse) or
/// [`ignore`](super::Endpoint::ignore).
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub struct Incoming {
    pub(super) listener: ListenerId,
    pub(super) pair: Pair,
    pub(super) stage: Stage,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Its handshake is done.
    Established(Handle),
    /// Nothing has been answered yet.
    Syn(Segment, Instant),
}

impl Incoming {
    pub(super) fn established(listener: ListenerId, handle: Handle, pair: Pair) -> Incoming {
        Incoming { listener, pair, stage: Stage::Established(handle) }
    }

    pub(super) fn syn(listener: ListenerId, pair: Pair, syn: Segment, now: Instant) -> Incoming {
        Incoming { listener, pair, stage: Stage::Syn(syn, now) }
    }

    pub(super) fn is_of(&self, pair: &Pair) -> bool {
        self.pair == *pair
    }

    /// Returns the listener that offers it.
    #[must_use]
    pub const fn listener(&self) -> ListenerId {
        self.listener
    }

    /// Returns our socket.
    #[must_use]
    pub fn local(&self) -> SocketAddr {
        self.pair.local()
    }

    /// Returns the peer's socket.
    #[must_use]
    pub fn remote(&self) -> SocketAddr {
        self.pair.remote()
    }
}
