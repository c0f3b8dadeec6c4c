//! The retransmission timeout, RFC 6298 (RFC 9293 section 3.8.1, MUST-18).

use core::num::NonZeroU32;

use crate::machine::config::Policy;
use crate::machine::time::Span;

/// What the retransmission timeout is computed from, RFC 6298 section 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Rto {
    /// No round-trip time is known: this many milliseconds.
    Initial(u32),
    /// SRTT and RTTVAR, in microseconds.
    Measured { srtt: NonZeroU32, rttvar: u32 },
}

/// The granularity G of RFC 6298 section 2, in microseconds: a clock that ticks in milliseconds. (A coarser one needs
/// an `rto_min` of a tick.)
const G: u32 = 1_000;
/// The longest round-trip time that is believed, in microseconds: four minutes and a half.
const LONGEST: u32 = 1 << 28;

impl Rto {
    /// RFC 6298 section 2.1: before any sample.
    pub(crate) fn new(policy: &Policy) -> Rto {
        Rto::Initial(at_most_u32(policy.rto_initial))
    }

    /// RFC 6298 section 5.7: the timer had to fire for our SYN, so the first payload waits three seconds.
    pub(crate) fn after_syn_timeout(policy: &Policy) -> Rto {
        Rto::Initial(at_most_u32(policy.rto_initial.max(policy.rto_after_syn_timeout)))
    }

    /// A measurement of the round-trip time, in microseconds: of a segment that was sent once (RFC 6298 section 3), or
    /// by the echo of a timestamp (D44).
    #[inline]
    pub(crate) fn sample(&mut self, rtt: u32) {
        // Longer than the longest timeout that anyone would choose, and no sum below overflows.
        let rtt = rtt.clamp(1, LONGEST);
        let (srtt, rttvar) = match self {
            // RFC 6298 section 2.2
            Rto::Initial(_) => (rtt, rtt / 2),
            // RFC 6298 section 2.3, RTTVAR first: alpha is 1/8, beta 1/4.
            Rto::Measured { srtt, rttvar } => {
                let off = srtt.get().abs_diff(rtt);
                let srtt = srtt.get().wrapping_mul(7).wrapping_add(rtt) / 8;
                (srtt, rttvar.wrapping_mul(3).wrapping_add(off) / 4)
            }
        };
        *self = Rto::Measured { srtt: NonZeroU32::MIN.saturating_add(srtt.saturating_sub(1)), rttvar };
    }

    /// The timeout in milliseconds, doubled so often (RFC 6298 section 5.5).
    #[cfg_attr(feature = "fast-path", inline(always))]
    pub(crate) fn millis(&self, backoff: u8, policy: &Policy) -> u64 {
        self.short_millis(backoff, policy).unwrap_or_else(|| self.long_millis(backoff, policy))
    }

    /// The same; `None` where it is backed off, or longer than eight seconds.
    #[cfg_attr(feature = "fast-path", inline(always))]
    pub(crate) fn short_millis(&self, backoff: u8, policy: &Policy) -> Option<u64> {
        let once = Span::clamp_short(self.unbounded_millis(), policy.rto_min, policy.rto_max);
        if backoff == 0 { once } else { None }
    }

    #[cold]
    #[cfg_attr(feature = "fast-path", inline(never))]
    fn long_millis(&self, backoff: u8, policy: &Policy) -> u64 {
        let longest = policy.rto_max.millis();
        let once = u64::from(self.unbounded_millis()).max(policy.rto_min.millis()).min(longest);
        (once << backoff.min(31)).min(longest)
    }

    #[cfg_attr(feature = "fast-path", inline(always))]
    fn unbounded_millis(&self) -> u32 {
        match self {
            Rto::Initial(millis) => *millis,
            Rto::Measured { srtt, rttvar } => {
                srtt.get().wrapping_add(rttvar.wrapping_mul(4).max(G)).wrapping_add(999) / 1_000
            }
        }
    }

    /// SRTT and RTTVAR in microseconds, once there is a sample.
    pub(crate) fn estimate(&self) -> Option<(u32, u32)> {
        match self {
            Rto::Initial(_) => None,
            Rto::Measured { srtt, rttvar } => Some((srtt.get(), *rttvar)),
        }
    }
}

fn at_most_u32(span: Span) -> u32 {
    u32::try_from(span.millis()).unwrap_or(u32::MAX)
}
