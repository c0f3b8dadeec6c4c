//! The network between two ends: how long a segment takes, and what happens to it on the way.

use core::time::Duration;
use std::vec::Vec;

use super::Side;
use crate::segment::Segment;
use crate::time::Instant;

/// What a network does to segments. The same values do the same to the same segments every time.
///
/// ```
/// use core::time::Duration;
/// use tcp_lifecycle::sim::Network;
///
/// let lossy = Network { loss: 200, ..Network::PERFECT }; // every fifth segment or so
/// assert_eq!(lossy.delay, Duration::from_millis(10));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Network {
    /// How long a segment takes at least.
    pub delay: Duration,
    /// How much longer it may take: any time up to this, so that segments overtake each other.
    pub jitter: Duration,
    /// How many of a thousand segments are lost.
    pub loss: u16,
    /// How many of a thousand segments arrive twice.
    pub duplication: u16,
    /// Of what is left to chance.
    pub seed: u64,
    /// Nothing arrives unless [`Pair::deliver`](super::Pair::deliver) delivers it.
    pub by_hand: bool,
}

impl Network {
    /// Ten milliseconds each way, and nothing is lost.
    pub const PERFECT: Network = Network {
        delay: Duration::from_millis(10),
        jitter: Duration::ZERO,
        loss: 0,
        duplication: 0,
        seed: 0,
        by_hand: false,
    };

    /// Every segment waits until it is delivered or lost by hand.
    pub const BY_HAND: Network = Network { by_hand: true, ..Network::PERFECT };

    /// One in twenty segments is lost, one in fifty arrives twice, and they overtake each other.
    #[must_use]
    pub const fn faulty(seed: u64) -> Network {
        Network { jitter: Duration::from_millis(10), loss: 50, duplication: 20, seed, ..Network::PERFECT }
    }
}

/// A segment on its way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Flight {
    /// The end that sent it.
    pub from: Side,
    /// The header.
    pub segment: Segment,
    /// The bytes of payload.
    pub payload: Vec<u8>,
    /// When it arrives; `None` until it is delivered by hand.
    pub arrives: Option<Instant>,
    /// Which segment of the trace it is; a copy has the number of what it is a copy of.
    pub number: u64,
    /// Which life of the sender the payload is of.
    pub(super) life: usize,
}

/// SplitMix64: a small generator whose every seed is as good as any other.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Random(u64);

impl Random {
    pub(super) const fn new(seed: u64) -> Random {
        Random(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// True so many times in a thousand.
    pub(super) fn happens(&mut self, per_thousand: u16) -> bool {
        per_thousand > 0 && self.next() % 1_000 < u64::from(per_thousand)
    }

    /// Any time up to `most`, in whole microseconds.
    pub(super) fn up_to(&mut self, most: Duration) -> Duration {
        let most = u64::try_from(most.as_micros()).unwrap_or(u64::MAX);
        let chosen = self.next().checked_rem(most.saturating_add(1)).unwrap_or_default();
        Duration::from_micros(if most == 0 { 0 } else { chosen })
    }
}
