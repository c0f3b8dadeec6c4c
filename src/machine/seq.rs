//! Sequence numbers, RFC 9293 section 3.4: a space of 2^32 numbers in which all arithmetic is modulo 2^32.

use core::fmt;
use core::ops::{Add, AddAssign, Sub};

/// A sequence or acknowledgment number, modulo 2^32 (RFC 9293 section 3.4).
///
/// Two numbers are compared by the shorter way around the circle, so the comparisons are [`lt`](Self::lt),
/// [`le`](Self::le), [`gt`](Self::gt) and [`ge`](Self::ge), named so that a line of code reads as the RFC does. They
/// are no total order (`a < b` and `b < c` do not make `a < c`), which is why `SeqNumber` is not [`Ord`].
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
pub struct SeqNumber(pub u32);

const HALF: u32 = 1 << 31;

impl SeqNumber {
    /// `self < other`: `other` lies less than 2^31 ahead. Of two numbers exactly 2^31 apart neither is less.
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

    /// How far `self` lies ahead of `other`; zero where it does not.
    #[inline]
    pub(crate) const fn ahead_of(self, other: SeqNumber) -> u32 {
        if other.lt(self) { self.0.wrapping_sub(other.0) } else { 0 }
    }

    /// The greater of two numbers that are known to be near each other.
    #[inline]
    pub(crate) const fn max(self, other: SeqNumber) -> SeqNumber {
        if self.lt(other) { other } else { self }
    }

    /// The lesser of two numbers that are known to be near each other.
    #[inline]
    pub(crate) const fn min(self, other: SeqNumber) -> SeqNumber {
        if self.lt(other) { self } else { other }
    }

    /// The number `count` before this one.
    #[inline]
    pub(crate) const fn back(self, count: u32) -> SeqNumber {
        SeqNumber(self.0.wrapping_sub(count))
    }

    /// The number `count` after this one, where `+` is not allowed yet: in a `const fn`.
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

    /// How many numbers lie from `earlier` up to `self`, modulo 2^32.
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
