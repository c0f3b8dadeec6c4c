//! The network between two ends: the delay and the faults of each segment.

use core::ops::{Bound, RangeBounds};
use core::time::Duration;
use std::vec::Vec;

use super::Side;
use super::trace::What;
use crate::{Instant, Segment};

/// The delays and faults of a network. Equal values treat the same segments in the same way in every run.
///
/// ```
/// use core::time::Duration;
/// use tcp_lifecycle::sim::Network;
///
/// let lossy = Network { loss: 200, ..Network::PERFECT }; // every fifth segment or so
/// assert_eq!(lossy.delay, Duration::from_millis(10));
/// ```
///
/// A network can let nothing through for some time: see [`Pair::black_hole`](super::Pair::black_hole) and
/// [`Pair::partition`](super::Pair::partition).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Network {
    /// The least delay of a segment.
    pub delay: Duration,
    /// The most that a segment takes longer, at random, so that segments overtake each other.
    pub jitter: Duration,
    /// How many of a thousand segments are lost.
    pub loss: u16,
    /// How many of a thousand segments arrive twice.
    pub duplication: u16,
    /// How many of a thousand segments are held back, so that later ones get ahead of them.
    pub reordering: u16,
    /// The additional delay of a segment that is held back.
    pub hold_back: Duration,
    /// How many of a thousand segments are damaged: they arrive with a bad checksum, and are dropped.
    pub corruption: u16,
    /// How many of a thousand ECN-capable segments are marked with Congestion Experienced (RFC 3168). A segment with
    /// new payload is ECN-capable if both ends have agreed on ECN; see [`Status::ecn`](crate::Status::ecn). The pair
    /// tells the connection that accepts a marked segment by
    /// [`congestion_experienced`](crate::Connection::congestion_experienced). The reaction of the sender is left to its
    /// user.
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
    /// The seed of the random numbers.
    pub seed: u64,
    /// Whether no segment arrives unless [`Pair::deliver`](super::Pair::deliver) delivers it.
    pub by_hand: bool,
}

impl Network {
    /// A delay of ten milliseconds each way, and no faults.
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

    /// Makes a network with faults. One in twenty segments is lost, one in fifty arrives twice, one in fifty is held
    /// back, one in a hundred is damaged, and segments overtake each other. One in fifty ECN-capable segments is
    /// marked.
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

/// A segment in flight.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Flight {
    /// The end that sent it.
    pub from: Side,
    /// The header.
    pub segment: Segment,
    /// The bytes of payload.
    pub payload: Vec<u8>,
    /// When it arrives; `None` if it waits for delivery by hand.
    pub arrives: Option<Instant>,
    /// Whether it is damaged: its checksum is bad, and its receiver drops it.
    pub corrupted: bool,
    /// Whether it may be marked: its sender has agreed on ECN, and its payload is new (ECT of RFC 3168 section 5).
    pub ecn_capable: bool,
    /// Whether it is marked with Congestion Experienced.
    pub marked: bool,
    /// The number of the segment in the trace. A copy has the number of the original.
    pub number: u64,
    /// The life of the sender to which the payload belongs.
    pub(super) life: usize,
    /// The payload is not the sender's.
    pub(super) forged: bool,
}

/// Counts of the segments in the network between two ends, and of their faults, at random and by hand. A [`Pair`]
/// counts whether or not it records a trace.
///
/// [`Pair`]: super::Pair
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Counts {
    /// Segments that the ends have sent.
    pub sent: u64,
    /// Segments put into the network that no end has sent.
    pub injected: u64,
    /// Segments that arrived undamaged, copies included.
    pub delivered: u64,
    /// Segments lost outside of black holes and partitions.
    pub lost: u64,
    /// Segments duplicated.
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
    /// Returns the number of faults of all kinds.
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

/// A time in which the network drops all segments of one end.
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

/// SplitMix64: a small random number generator for which all seeds are equally good.
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

    /// Returns true `per_thousand` times in a thousand, on average.
    pub(super) fn happens(&mut self, per_thousand: u16) -> bool {
        per_thousand > 0 && self.next() % 1_000 < u64::from(per_thousand)
    }

    /// Returns a random time up to `most`, in whole microseconds.
    pub(super) fn up_to(&mut self, most: Duration) -> Duration {
        let most = u64::try_from(most.as_micros()).unwrap_or(u64::MAX);
        let chosen = self.next().checked_rem(most.saturating_add(1)).unwrap_or_default();
        Duration::from_micros(if most == 0 { 0 } else { chosen })
    }
}
