//! The network between two ends: how long a segment takes, and what happens to it on the way.

use core::ops::{Bound, RangeBounds};
use core::time::Duration;
use std::vec::Vec;

use super::Side;
use super::trace::What;
use crate::{Instant, Segment};

/// What a network does to segments. The same values do the same to the same segments every time.
///
/// ```
/// use core::time::Duration;
/// use tcp_lifecycle::sim::Network;
///
/// let lossy = Network { loss: 200, ..Network::PERFECT }; // every fifth segment or so
/// assert_eq!(lossy.delay, Duration::from_millis(10));
/// ```
///
/// For some time it may let nothing through at all: see [`Pair::black_hole`](super::Pair::black_hole) and
/// [`Pair::partition`](super::Pair::partition).
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
    /// How many of a thousand segments are held back, so that later ones get ahead of them.
    pub reordering: u16,
    /// How much longer a segment takes that is held back.
    pub hold_back: Duration,
    /// How many of a thousand segments are damaged: they arrive with a bad checksum, and are dropped.
    pub corruption: u16,
    /// How many of a thousand segments are marked with Congestion Experienced (RFC 3168), of those that may be: where
    /// both ends have agreed on ECN, the ones with new payload; see [`Status::ecn`](crate::Status::ecn). Whoever takes
    /// a marked one is told by [`congestion_experienced`](crate::Connection::congestion_experienced); what comes of it
    /// at its sender is the user's.
    ///
    /// ```
    /// use tcp_lifecycle::sim::{Network, Pair, Side};
    /// use tcp_lifecycle::{Config, Signal};
    ///
    /// let ecn = Config { ecn: true, ..Config::DEFAULT };
    /// let mut pair = Pair::new(&ecn, &ecn, Network { marking: 1_000, ..Network::PERFECT });
    /// pair.handshake()?;
    /// pair.send(Side::A, b"hello")?;
    /// pair.settle()?;
    /// assert_eq!(pair.signals(Side::A), [Signal::CongestionExperienced]);
    /// pair.call(Side::A, "reduced", |a, _| a.congestion_window_reduced());
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    pub marking: u16,
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
        reordering: 0,
        hold_back: Duration::from_millis(50),
        corruption: 0,
        marking: 0,
        seed: 0,
        by_hand: false,
    };

    /// Every segment waits until it is delivered or lost by hand.
    pub const BY_HAND: Network = Network { by_hand: true, ..Network::PERFECT };

    /// One in twenty segments is lost, one in fifty arrives twice, one in fifty is held back, one in a hundred is
    /// damaged, and they overtake each other. Of those that may be marked one in fifty is.
    #[must_use]
    pub const fn faulty(seed: u64) -> Network {
        Network {
            jitter: Duration::from_millis(10),
            loss: 50,
            duplication: 20,
            reordering: 20,
            corruption: 10,
            marking: 20,
            seed,
            ..Network::PERFECT
        }
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
    /// It is damaged: its checksum is bad, and whoever gets it drops it.
    pub corrupted: bool,
    /// It may be marked: its sender has agreed on ECN, and its payload is new (ECT of RFC 3168 section 5).
    pub ecn_capable: bool,
    /// It is marked with Congestion Experienced.
    pub marked: bool,
    /// Which segment of the trace it is; a copy has the number of what it is a copy of.
    pub number: u64,
    /// Which life of the sender the payload is of.
    pub(super) life: usize,
}

/// What has been in the network between two ends, and what happened to it there, by chance and by hand. A [`Pair`]
/// counts whether it records a trace or not.
///
/// [`Pair`]: super::Pair
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Counts {
    /// Segments that the ends have sent.
    pub sent: u64,
    /// Segments on their way that no end has sent.
    pub injected: u64,
    /// Segments that arrived undamaged, copies included.
    pub delivered: u64,
    /// Segments lost one by one.
    pub lost: u64,
    /// Segments of which the network made one more.
    pub duplicated: u64,
    /// Segments held back.
    pub held_back: u64,
    /// Segments that arrived damaged.
    pub corrupted: u64,
    /// Segments that arrived undamaged and marked with Congestion Experienced.
    pub marked: u64,
    /// Segments lost in a black hole or a partition.
    pub swallowed: u64,
}

impl Counts {
    /// The faults of all kinds together.
    #[must_use]
    pub const fn faults(&self) -> u64 {
        let lost = self.lost.saturating_add(self.swallowed).saturating_add(self.corrupted);
        lost.saturating_add(self.duplicated).saturating_add(self.held_back).saturating_add(self.marked)
    }

    pub(super) fn count(&mut self, what: &What) {
        let counter = match what {
            What::Sent(..) => &mut self.sent,
            What::Injected(..) => &mut self.injected,
            What::Arrived(..) => &mut self.delivered,
            What::Lost(..) => &mut self.lost,
            What::Duplicated(..) => &mut self.duplicated,
            What::HeldBack(..) => &mut self.held_back,
            What::Corrupted(..) => &mut self.corrupted,
            What::Marked(..) => &mut self.marked,
            What::Swallowed(..) => &mut self.swallowed,
            What::Start
            | What::Reassembled(..)
            | What::Call(_)
            | What::Timeout(_)
            | What::Transition(_)
            | What::Signal(_)
            | What::Crashed
            | What::Note(_) => return,
        };
        *counter = counter.saturating_add(1);
    }
}

/// Some time in which what one end sends goes nowhere.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outage {
    pub(super) from: Side,
    pub(super) during: (Bound<Instant>, Bound<Instant>),
}

impl Outage {
    pub(super) fn new(from: Side, during: &impl RangeBounds<Instant>) -> Outage {
        Outage { from, during: (during.start_bound().cloned(), during.end_bound().cloned()) }
    }

    pub(super) fn swallows(&self, from: Side, now: Instant) -> bool {
        self.from == from && self.during.contains(&now)
    }
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

    /// True `per_thousand` times in a thousand.
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
