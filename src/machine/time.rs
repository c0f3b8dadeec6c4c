//! Moments and lengths of time. The caller passes in the time; the crate reads no clock.

use core::fmt;
use core::num::NonZeroU64;
use core::ops::Add;
use core::time::Duration;

/// A moment, in microseconds since an epoch of the caller's choice.
///
/// Any clock that does not go back is suitable: a monotonic clock, a tick counter, a variable in a test. An `Instant`
/// takes eight bytes, and so does an `Option<Instant>`.
///
/// ```
/// use core::time::Duration;
/// use tcp_lifecycle::Instant;
///
/// let later = Instant::ZERO + Duration::from_millis(3);
/// assert_eq!(later.as_micros(), 3_000);
/// assert!(Instant::ZERO < later);
///
/// // On a real clock:
/// let epoch = std::time::Instant::now();
/// let now = Instant::ZERO + epoch.elapsed();
/// let pause = later.saturating_duration_since(now); // until a deadline
/// assert!(pause <= Duration::from_millis(3));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(NonZeroU64); // the microseconds plus one, so that zero can stand for None

impl Instant {
    /// The epoch itself.
    pub const ZERO: Instant = Instant(NonZeroU64::MIN);

    /// Returns the moment `micros` microseconds after the epoch. It saturates at the last moment, `u64::MAX - 1`
    /// microseconds.
    #[inline]
    #[must_use]
    pub const fn from_micros(micros: u64) -> Instant {
        Instant(NonZeroU64::MIN.saturating_add(micros))
    }

    /// Returns the microseconds since the epoch.
    #[inline]
    #[must_use]
    pub const fn as_micros(self) -> u64 {
        self.0.get().wrapping_sub(1)
    }

    /// Returns the time from `earlier` to `self`, or zero if `earlier` is later than `self`.
    #[inline]
    #[must_use]
    pub const fn saturating_duration_since(self, earlier: Instant) -> Duration {
        Duration::from_micros(self.as_micros().saturating_sub(earlier.as_micros()))
    }

    /// Returns the milliseconds since the epoch, rounded down.
    #[inline]
    pub(crate) const fn as_millis(self) -> u64 {
        thousandth(self.as_micros())
    }

    /// Returns the low 32 bits of [`as_millis`](Self::as_millis): enough for the distance between near moments.
    #[inline]
    pub(crate) const fn as_millis_low(self) -> u32 {
        self.as_millis() as u32
    }

    /// Returns the low 32 bits of [`as_millis_ceil`](Self::as_millis_ceil).
    #[inline]
    pub(crate) const fn as_millis_ceil_low(self) -> u32 {
        self.as_millis_ceil() as u32
    }

    /// Returns the milliseconds since the epoch, rounded up.
    #[inline]
    pub(crate) const fn as_millis_ceil(self) -> u64 {
        thousandth(self.0.get().saturating_add(998))
    }

    /// Returns the time since the epoch in steps of 2 hours and 23 minutes, modulo 17 years. It measures ages of days.
    pub(crate) const fn as_coarse_steps(self) -> u16 {
        (self.as_micros() >> 33) as u16
    }

    /// Returns the moment `millis` milliseconds later, or `None` if that is beyond the last moment, and so never comes.
    #[inline]
    pub(crate) const fn after_millis(self, millis: u64) -> Option<Instant> {
        // No finite `Span` and no RTO overflows when converted to microseconds.
        match self.0.checked_add(millis.wrapping_mul(1_000)) {
            Some(micros) => Some(Instant(micros)),
            None => None,
        }
    }

    /// Returns the moment on another clock, at the same distance: `was` on this clock is `now` on the other.
    pub(crate) const fn shifted(self, was: Instant, now: Instant) -> Instant {
        let ahead = self.as_micros().saturating_sub(was.as_micros());
        let behind = was.as_micros().saturating_sub(self.as_micros());
        Instant::from_micros(now.as_micros().saturating_add(ahead).saturating_sub(behind))
    }

    /// Returns the earlier of two moments; `None` stands for never.
    #[inline]
    pub(crate) const fn earliest(a: Option<Instant>, b: Option<Instant>) -> Option<Instant> {
        match (a, b) {
            (Some(x), Some(y)) => Some(if x.0.get() <= y.0.get() { x } else { y }),
            (Some(x), None) | (None, Some(x)) => Some(x),
            (None, None) => None,
        }
    }
}

/// Converts microseconds to milliseconds. On targets with 32-bit registers, the code of a 64-bit division takes a
/// kilobyte.
#[inline]
const fn thousandth(micros: u64) -> u64 {
    if cfg!(target_pointer_width = "64") { micros / 1_000 } else { thousandth_by_digits(micros) }
}

/// Computes [`thousandth`] by long division, in digits of 16 bits.
const fn thousandth_by_digits(micros: u64) -> u64 {
    let (mut quotient, mut rest, mut shift) = (0_u64, 0_u32, 64_u32);
    while shift > 0 {
        shift = shift.wrapping_sub(16);
        let part = rest << 16 | (micros >> shift) as u32 & 0xFFFF;
        quotient = quotient << 16 | (part / 1_000) as u64;
        rest = part % 1_000;
    }
    quotient
}

impl Add<Duration> for Instant {
    type Output = Instant;

    /// Saturates at the last moment.
    fn add(self, duration: Duration) -> Instant {
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        Instant(self.0.saturating_add(micros))
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Instant {
    /// Serialises the microseconds since the epoch.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.as_micros())
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Instant {
    /// Takes the microseconds since the epoch, as [`Instant::from_micros`] does.
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Instant, D::Error> {
        u64::deserialize(deserializer).map(Instant::from_micros)
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Instant {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "{=u64:us}", self.as_micros());
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Instant({self})")
    }
}

impl fmt::Display for Instant {
    /// Prints the time since the epoch like a `Duration`: `1.5s`, `20ms`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", Duration::from_micros(self.as_micros()))
    }
}

/// A length of time that a connection keeps in two bytes.
///
/// Up to 8.19 s it counts whole milliseconds. Beyond, up to two and a half years, it has four significant digits, or
/// three where the first four exceed 8190. Anything longer is `FOREVER`. Digits that do not fit are rounded up. A
/// longer span compares as greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Span(u16); // the power of ten in the upper three bits, the digits in the lower thirteen

impl Span {
    pub(crate) const ZERO: Span = Span(0);
    pub(crate) const FOREVER: Span = Span(u16::MAX);
    const DIGITS: u32 = 13;

    #[inline(always)]
    pub(crate) const fn new(duration: Duration) -> Span {
        // The longest time with a power of ten of at most seven. Nothing below overflows.
        if duration.as_secs() > 81_900_000 {
            return Span::FOREVER;
        }
        Span::from_millis(Span::millis_up(duration))
    }

    #[inline(always)]
    const fn millis_up(duration: Duration) -> u64 {
        let whole = duration.as_secs().wrapping_mul(1_000);
        whole.wrapping_add(duration.subsec_nanos().div_ceil(1_000_000) as u64)
    }

    /// Returns `duration` divided by `parts`, at least one millisecond and at most `most` milliseconds. If `parts` is
    /// zero, it counts as one.
    #[inline(always)]
    pub(crate) const fn part(duration: Duration, parts: u8, most: u64) -> Span {
        let parts = if parts == 0 { 1 } else { parts as u64 };
        let is_forever = Span::new(duration).is_forever();
        match Span::millis_up(duration).div_ceil(parts) {
            0 => Span::from_millis(1),
            millis if millis <= most && !is_forever => Span::from_millis(millis),
            _ => Span::from_millis(most),
        }
    }

    #[inline(always)]
    const fn from_millis(millis: u64) -> Span {
        let (power, digits) = match millis {
            0..=8_190 => (0, millis),
            8_191..=81_900 => (1, millis.div_ceil(10)),
            81_901..=819_000 => (2, millis.div_ceil(100)),
            819_001..=8_190_000 => (3, millis.div_ceil(1_000)),
            8_190_001..=81_900_000 => (4, millis.div_ceil(10_000)),
            81_900_001..=819_000_000 => (5, millis.div_ceil(100_000)),
            819_000_001..=8_190_000_000 => (6, millis.div_ceil(1_000_000)),
            _ => (7, millis.div_ceil(10_000_000)),
        };
        Span((power << Span::DIGITS) | digits as u16)
    }

    /// Returns the span like [`Span::new`], but one millisecond for zero: for a time that must pass.
    #[inline(always)]
    pub(crate) const fn at_least_a_millisecond(duration: Duration) -> Span {
        let span = Span::new(duration);
        if span.0 == 0 { Span(1) } else { span }
    }

    #[inline(always)]
    pub(crate) const fn or_forever(duration: Option<Duration>) -> Span {
        match duration {
            Some(duration) => Span::new(duration),
            None => Span::FOREVER,
        }
    }

    pub(crate) const fn is_forever(self) -> bool {
        self.0 == Span::FOREVER.0
    }

    pub(crate) const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Returns the shorter of two spans.
    pub(crate) const fn min(self, other: Span) -> Span {
        if self.0 < other.0 { self } else { other }
    }

    /// Returns the milliseconds, or `u64::MAX` for `FOREVER`.
    #[cfg_attr(feature = "fast-path", inline(always))]
    pub(crate) const fn millis(self) -> u64 {
        if self.is_forever() { u64::MAX } else { self.finite_millis() }
    }

    #[cfg_attr(feature = "fast-path", inline(always))]
    #[expect(clippy::indexing_slicing, reason = "three bits have eight values")]
    const fn finite_millis(self) -> u64 {
        const POWERS: [u32; 8] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000];
        let digits = self.0 & ((1 << Span::DIGITS) - 1);
        (digits as u64).wrapping_mul(POWERS[(self.0 >> Span::DIGITS) as usize] as u64)
    }

    pub(crate) fn duration(self) -> Duration {
        self.finite().unwrap_or(Duration::MAX)
    }

    /// Returns the duration, or `None` for `FOREVER`.
    pub(crate) fn finite(self) -> Option<Duration> {
        (self != Span::FOREVER).then(|| Duration::from_millis(self.millis()))
    }

    /// Clamps `millis` milliseconds to at least `lower` and at most `upper`; `upper` wins if they conflict. Returns
    /// `None` if the result is longer than 8.19 s.
    #[inline(always)]
    pub(crate) fn clamp_short(millis: u32, lower: Span, upper: Span) -> Option<u64> {
        // A long span compares as greater than any short one, and so do more than 8.19 s in milliseconds.
        let short = millis.max(u32::from(lower.0)).min(u32::from(upper.0));
        (short >> Span::DIGITS == 0).then_some(u64::from(short))
    }

    /// Returns whether `millis` milliseconds are at least as long as this span.
    #[inline]
    pub(crate) const fn is_over(self, millis: u32) -> bool {
        if self.0 >> Span::DIGITS == 0 { millis >= self.0 as u32 } else { millis as u64 >= self.millis() }
    }

    /// Returns the moment at which this span after `start` ends; `None` for `FOREVER`, or beyond the last moment.
    #[inline]
    pub(crate) const fn after(self, start: Instant) -> Option<Instant> {
        if self.is_forever() { None } else { start.after_millis(self.finite_millis()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_long_division_is_the_short_one() {
        let edges = [0, 1, 999, 1_000, 1_001, 65_535_999, 65_536_000, u64::MAX - 1, u64::MAX];
        let all_sizes = (0..64).flat_map(|shift| [u64::MAX >> shift, (1 << shift) - 1, 1 << shift, 999 << shift]);
        for micros in edges.into_iter().chain(all_sizes).chain((0..u64::MAX - (1 << 50)).step_by(1 << 50)) {
            assert_eq!(thousandth_by_digits(micros), micros / 1_000, "{micros}");
        }
    }

    #[test]
    fn spans_keep_what_people_write() {
        for millis in [0, 1, 200, 500, 1_000, 3_000, 5_000, 8_190, 30_000, 60_000, 75_000, 100_000, 120_000, 123_000] {
            assert_eq!(Span::new(Duration::from_millis(millis)).millis(), millis);
        }
        for secs in [180, 240, 300, 7_200, 86_400, 864_000] {
            assert_eq!(Span::new(Duration::from_secs(secs)).millis(), secs * 1_000);
        }
    }

    #[test]
    fn spans_round_up_and_end_in_forever() {
        assert_eq!(Span::new(Duration::from_micros(1)).millis(), 1);
        assert_eq!(Span::new(Duration::from_millis(8_191)).millis(), 8_200);
        assert_eq!(Span::new(Duration::MAX), Span::FOREVER);
        assert_eq!(Span::FOREVER.after(Instant::ZERO), None);
        let mut last = 0;
        for millis in (0..200_000_000_000_u64).step_by(77_777_777) {
            let kept = Span::new(Duration::from_millis(millis)).millis();
            assert!(kept >= millis && kept >= last && (kept == u64::MAX || kept - millis <= millis / 800));
            last = kept;
        }
    }

    #[test]
    fn between_two_lengths_milliseconds_stay_what_they_are() {
        let (lower, upper) = (Span::new(Duration::from_millis(4_000)), Span::new(Duration::from_secs(60)));
        for millis in (0..9_000).chain(59_990..70_000) {
            let short = |millis: u32| (millis < 8_192).then_some(u64::from(millis));
            assert_eq!(Span::clamp_short(millis, Span::ZERO, Span::FOREVER), short(millis));
            assert_eq!(Span::clamp_short(millis, lower, upper), short(millis.max(4_000)));
            assert_eq!(Span::clamp_short(millis, upper, lower), Some(4_000));
        }
    }
}
