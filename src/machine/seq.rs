//! Sequence numbers (RFC 9293 section 3.4): a space of 2^32 numbers in which all arithmetic is modulo 2^32.

use core::fmt;
use core::ops::{Add, AddAssign, Sub};

/// A sequence or acknowledgment number, modulo 2^32 (RFC 9293 section 3.4).
///
/// The comparisons take the shorter way around the circle. They are [`lt`](Self::lt), [`le`](Self::le),
/// [`gt`](Self::gt) and [`ge`](Self::ge), so that a line of code reads like the RFC. They are not a total order:
/// `a < b` and `b < c` do not imply `a < c`. So `SeqNumber` is not [`Ord`].
///
/// ```
/// use tcp_lifecycle::SeqNumber;
///
/// let (una, nxt) = (SeqNumber(0xffff_fff0), SeqNumber(0x10));
/// let ack = una + 0x18;
/// assert!(una.lt(ack) && ack.le(nxt)); // SND.UNA < SEG.ACK =< SND.NXT, across the wrap
/// assert_eq!(nxt - una, 0x20);
/// ```
///
/// ```compile_fail
/// # use tcp_lifecycle::SeqNumber;
/// let _ = SeqNumber(1) < SeqNumber(2);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct SeqNumber(pub u32);

const HALF: u32 = 1 << 31;

impl SeqNumber {
    /// `self < other`: `other` lies ahead, by less than 2^31. If two numbers are exactly 2^31 apart, neither is less.
    #[inline]
    #[must_use]
    pub const fn lt(self, other: SeqNumber) -> bool {
        self.0 != other.0 && self.le(other)
    }

    /// `self =< other`: equal, or less.
    #[inline]
    #[must_use]
    pub const fn le(self, other: SeqNumber) -> bool {
        other.0.wrapping_sub(self.0) < HALF
    }

    /// `self > other`.
    #[inline]
    #[must_use]
    pub const fn gt(self, other: SeqNumber) -> bool {
        other.lt(self)
    }

    /// `self >= other`.
    #[inline]
    #[must_use]
    pub const fn ge(self, other: SeqNumber) -> bool {
        other.le(self)
    }

    /// Returns how far `self` lies ahead of `other`, or zero if it does not.
    #[inline]
    pub(crate) const fn ahead_of(self, other: SeqNumber) -> u32 {
        if other.lt(self) { self.0.wrapping_sub(other.0) } else { 0 }
    }

    /// Returns the greater of two numbers, which must be less than 2^31 apart.
    #[inline]
    pub(crate) const fn max(self, other: SeqNumber) -> SeqNumber {
        if self.lt(other) { other } else { self }
    }

    /// Returns the lesser of two numbers, which must be less than 2^31 apart.
    #[inline]
    pub(crate) const fn min(self, other: SeqNumber) -> SeqNumber {
        if self.lt(other) { self } else { other }
    }

    /// Returns `self - count`.
    #[inline]
    pub(crate) const fn back(self, count: u32) -> SeqNumber {
        SeqNumber(self.0.wrapping_sub(count))
    }

    /// Returns `self + count`, for a `const fn`, where the operator is not available.
    #[inline]
    pub(crate) const fn forward(self, count: u32) -> SeqNumber {
        SeqNumber(self.0.wrapping_add(count))
    }
}

impl Add<u32> for SeqNumber {
    type Output = SeqNumber;

    #[inline]
    fn add(self, count: u32) -> SeqNumber {
        self.forward(count)
    }
}

impl AddAssign<u32> for SeqNumber {
    #[inline]
    fn add_assign(&mut self, count: u32) {
        *self = self.forward(count);
    }
}

impl Sub for SeqNumber {
    type Output = u32;

    /// Returns the distance from `earlier` forward to `self`, modulo 2^32.
    #[inline]
    fn sub(self, earlier: SeqNumber) -> u32 {
        self.0.wrapping_sub(earlier.0)
    }
}

impl fmt::Display for SeqNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}
