//! Time as the caller tells it. The crate reads no clock.

use core::fmt;
use core::num::NonZeroU64;
use core::ops::Add;
use core::time::Duration;

/// A moment, in microseconds since an epoch of the caller's choice.
///
/// Any clock that does not go back will do: a monotonic clock, a tick counter, a variable in a test. Eight bytes, and
/// `Option<Instant>` is eight bytes too.
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
pub struct Instant(NonZeroU64); // the microseconds and one, so that zero is free for None

impl Instant {
    /// The epoch itself.
    pub const ZERO: Instant = Instant(NonZeroU64::MIN);

    /// The moment `micros` microseconds after the epoch; the last moment there is, `u64::MAX - 1`, stands for any
    /// beyond.
    #[inline]
    #[must_use]
    pub const fn from_micros(micros: u64) -> Instant {
        Instant(NonZeroU64::MIN.saturating_add(micros))
    }

    /// Microseconds since the epoch.
    #[inline]
    #[must_use]
    pub const fn as_micros(self) -> u64 {
        self.0.get().wrapping_sub(1)
    }

    /// The time from `earlier` until this moment; zero if `earlier` is the later one.
    #[inline]
    #[must_use]
    pub const fn saturating_duration_since(self, earlier: Instant) -> Duration {
        Duration::from_micros(self.as_micros().saturating_sub(earlier.as_micros()))
    }

    /// Whole milliseconds since the epoch.
    #[inline]
    pub(crate) const fn as_millis(self) -> u64 {
        thousandth(self.as_micros())
    }

    /// The low 32 bits of the time in milliseconds: enough to tell two near moments apart.
    #[inline]
    pub(crate) const fn as_millis_low(self) -> u32 {
        self.as_millis() as u32
    }

    /// The same, rounded up.
    #[inline]
    pub(crate) const fn as_millis_up(self) -> u32 {
        self.as_millis_ceil() as u32
    }

    /// Milliseconds since the epoch, rounded up.
    #[inline]
    pub(crate) const fn as_millis_ceil(self) -> u64 {
        thousandth(self.0.get().saturating_add(998))
    }

    /// In steps of two hours and twenty-three minutes, modulo 17 years: for ages of days.
    pub(crate) const fn as_long_steps(self) -> u16 {
        (self.as_micros() >> 33) as u16
    }

    #[inline]
    /// The moment `millis` milliseconds later; `None` behind the last moment there is, which never comes.
    pub(crate) const fn after_millis(self, millis: u64) -> Option<Instant> {
        // The microseconds of no Span and no RTO overflow.
        match self.0.checked_add(millis.wrapping_mul(1_000)) {
            Some(micros) => Some(Instant(micros)),
            None => None,
        }
    }

    /// The earlier of two moments, where `None` is never.
    #[inline]
    pub(crate) const fn earliest(a: Option<Instant>, b: Option<Instant>) -> Option<Instant> {
        match (a, b) {
            (Some(x), Some(y)) => Some(if x.0.get() <= y.0.get() { x } else { y }),
            (Some(x), None) | (None, Some(x)) => Some(x),
            (None, None) => None,
        }
    }
}

/// Microseconds in milliseconds. A division of 64 bits weighs a kilobyte where registers have 32.
#[inline]
const fn thousandth(micros: u64) -> u64 {
    if cfg!(target_pointer_width = "64") { micros / 1_000 } else { thousandth_by_digits(micros) }
}

/// The same as a long division, digit by digit of 16 bits.
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

    /// Saturates at the last moment there is.
    fn add(self, duration: Duration) -> Instant {
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        Instant(self.0.saturating_add(micros))
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Instant({self})")
    }
}

impl fmt::Display for Instant {
    /// As a `Duration` prints: `1.5s`, `20ms`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", Duration::from_micros(self.as_micros()))
    }
}

/// A length of time in two bytes, for a connection to keep: whole milliseconds up to 8.19 s, four significant digits
/// (three from 8191 up) beyond, as far as two and a half years; longer is `FOREVER`. What does not fit is rounded up.
/// The longer of two is the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Span(u16); // thirteen bits of digits under three bits of power of ten

impl Span {
    pub(crate) const ZERO: Span = Span(0);
    pub(crate) const FOREVER: Span = Span(u16::MAX);
    const DIGITS: u32 = 13;

    #[inline(always)]
    pub(crate) const fn new(duration: Duration) -> Span {
        // The longest that seven powers of ten can say; no sum below overflows.
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

    /// One of `parts` equal parts, a millisecond at least and `most` at most; the whole where there are none.
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

    /// As [`Span::new`], with zero taken as the least there is: for a time that must pass.
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

    /// The shorter of two.
    pub(crate) const fn min(self, other: Span) -> Span {
        if self.0 < other.0 { self } else { other }
    }

    /// Milliseconds; `u64::MAX` for `FOREVER`.
    #[inline(always)]
    pub(crate) const fn millis(self) -> u64 {
        if self.0 >> Span::DIGITS == 0 { self.0 as u64 } else { self.millis_of_a_long_one() }
    }

    /// More than eight seconds.
    #[cfg_attr(feature = "fast-path", inline(never))]
    const fn millis_of_a_long_one(self) -> u64 {
        if self.0 == Span::FOREVER.0 {
            return u64::MAX;
        }
        let power: u32 = match self.0 >> Span::DIGITS {
            1 => 10,
            2 => 100,
            3 => 1_000,
            4 => 10_000,
            5 => 100_000,
            6 => 1_000_000,
            _ => 10_000_000,
        };
        ((self.0 & ((1 << Span::DIGITS) - 1)) as u64).wrapping_mul(power as u64)
    }

    pub(crate) fn duration(self) -> Duration {
        self.finite().unwrap_or(Duration::MAX)
    }

    /// `None` without an end.
    pub(crate) fn finite(self) -> Option<Duration> {
        (self != Span::FOREVER).then(|| Duration::from_millis(self.millis()))
    }

    /// `millis` milliseconds within two lengths, of which the upper one wins; `None` where the outcome is longer than
    /// eight seconds.
    #[inline(always)]
    pub(crate) fn clamp_short(millis: u32, lower: Span, upper: Span) -> Option<u64> {
        let short = u16::try_from(millis).unwrap_or(u16::MAX).max(lower.0).min(upper.0);
        (short >> Span::DIGITS == 0).then_some(u64::from(short))
    }

    /// Whether `millis` are as long as this, or longer.
    #[inline]
    pub(crate) const fn is_over(self, millis: u32) -> bool {
        if self.0 >> Span::DIGITS == 0 { millis >= self.0 as u32 } else { millis as u64 >= self.millis() }
    }

    /// The moment this long after `start`; none if this is `FOREVER`.
    #[inline]
    pub(crate) const fn after(self, start: Instant) -> Option<Instant> {
        if self.0 == Span::FOREVER.0 { None } else { start.after_millis(self.millis()) }
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
