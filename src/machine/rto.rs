//! The retransmission timeout, RFC 6298 (RFC 9293 section 3.8.1, MUST-18).

use core::num::NonZeroU32;

use crate::machine::config::Policy;
use crate::machine::time::Span;

/// The variables that give the retransmission timeout, RFC 6298 section 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) enum Rto {
    /// No round-trip time is known: the timeout itself, in milliseconds.
    Initial(u32),
    /// SRTT and RTTVAR, in microseconds.
    Measured { srtt: NonZeroU32, rttvar: u32 },
}

/// The clock granularity G of RFC 6298 section 2, in microseconds: one tick of a millisecond clock. (A coarser clock
/// needs an `rto_min` of one tick at least.)
const G: u32 = 1_000;
/// The upper bound of a round-trip sample, in microseconds: four and a half minutes. A longer sample is cut to it.
pub(crate) const LONGEST: u32 = 1 << 28;

impl Rto {
    /// Returns the timeout before any sample (RFC 6298 section 2.1).
    pub(crate) fn new(policy: &Policy) -> Rto {
        Rto::Initial(at_most_u32(policy.rto_initial))
    }

    /// Returns the timeout for the first payload after the timer has fired for our SYN: three seconds by default (RFC
    /// 6298 section 5.7).
    pub(crate) fn after_syn_timeout(policy: &Policy) -> Rto {
        Rto::Initial(at_most_u32(policy.rto_initial.max(policy.rto_after_syn_timeout)))
    }

    /// Takes a sample of the round-trip time, in microseconds. It comes from a segment that was sent once (RFC 6298
    /// section 3), or from the echo of a timestamp (D44).
    #[inline]
    pub(crate) fn sample(&mut self, rtt: u32) {
        // The bound is longer than any sensible timeout, and no sum below overflows.
        let rtt = rtt.clamp(1, LONGEST);
        let (srtt, rttvar) = match self {
            // RFC 6298 section 2.2
            Rto::Initial(_) => (rtt, rtt / 2),
            // RFC 6298 section 2.3: RTTVAR is computed from the old SRTT; alpha is 1/8, beta is 1/4.
            Rto::Measured { srtt, rttvar } => {
                let off = srtt.get().abs_diff(rtt);
                let srtt = srtt.get().wrapping_mul(7).wrapping_add(rtt) / 8;
                (srtt, rttvar.wrapping_mul(3).wrapping_add(off) / 4)
            }
        };
        *self = Rto::Measured { srtt: NonZeroU32::new(srtt).unwrap_or(NonZeroU32::MIN), rttvar };
    }

    /// Returns the timeout in milliseconds, doubled `backoff` times (RFC 6298 section 5.5).
    #[cfg_attr(feature = "fast-path", inline(always))]
    pub(crate) fn millis(&self, backoff: u8, policy: &Policy) -> u64 {
        match self.short_millis(backoff, policy) {
            Some(millis) if cfg!(feature = "fast-path") => millis,
            _ => self.long_millis(backoff, policy),
        }
    }

    /// Returns the timeout in milliseconds; `None` if it is backed off, or longer than eight seconds.
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

    /// Returns SRTT and RTTVAR in microseconds; `None` before the first sample.
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
