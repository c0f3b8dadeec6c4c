//! The retransmission timeout, RFC 6298.

use crate::config::Policy;

/// SRTT, RTTVAR and RTO of RFC 6298 section 2.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Rto {
    /// Microseconds; zero before the first sample.
    srtt: u32,
    /// Microseconds.
    rttvar: u32,
    /// Milliseconds, not backed off.
    rto: u32,
}

/// The granularity G of our clock, in microseconds.
const G: u32 = 1_000;
/// The longest round-trip time that is believed, in microseconds: four minutes and a half.
const LONGEST: u32 = 1 << 28;

impl Rto {
    /// RFC 6298 section 2.1: before any sample.
    pub(crate) fn new(policy: &Policy) -> Rto {
        Rto { srtt: 0, rttvar: 0, rto: clamp(policy.rto_initial.millis_u32(), policy) }
    }

    /// A measurement of the round-trip time, in microseconds, of a segment that was sent once (RFC 6298 section 3).
    #[inline]
    pub(crate) fn sample(&mut self, rtt: u32, policy: &Policy) {
        // Longer than the longest timeout that anyone would choose, and no sum below overflows.
        let rtt = rtt.clamp(1, LONGEST);
        if self.srtt == 0 {
            // RFC 6298 section 2.2
            self.srtt = rtt;
            self.rttvar = rtt / 2;
        } else {
            // RFC 6298 section 2.3, RTTVAR first: alpha is 1/8, beta 1/4.
            let off = self.srtt.abs_diff(rtt);
            self.rttvar = self.rttvar.wrapping_mul(3).wrapping_add(off) / 4;
            self.srtt = self.srtt.wrapping_mul(7).wrapping_add(rtt) / 8;
        }
        let micros = self.srtt.wrapping_add(self.rttvar.wrapping_mul(4).max(G));
        self.rto = clamp(micros.wrapping_add(999) / 1_000, policy);
    }

    /// The timeout in milliseconds, doubled so often (RFC 6298 section 5.5).
    #[inline]
    pub(crate) fn millis(&self, backoff: u8, policy: &Policy) -> u64 {
        if backoff == 0 {
            return u64::from(self.rto);
        }
        (u64::from(self.rto) << backoff.min(31)).min(u64::from(policy.rto_max))
    }

    /// RFC 6298 section 5.7: the timer had to fire for our SYN, so the first payload waits three seconds.
    pub(crate) fn after_syn_timeout(&mut self, policy: &Policy) {
        self.rto = clamp(policy.rto_initial.millis_u32().max(3_000), policy);
    }

    /// SRTT and RTTVAR in microseconds, once there is a sample.
    pub(crate) fn estimate(&self) -> Option<(u32, u32)> {
        (self.srtt != 0).then_some((self.srtt, self.rttvar))
    }
}

/// Within `rto_min` and `rto_max`; where they cross, `rto_max` wins.
fn clamp(millis: u32, policy: &Policy) -> u32 {
    millis.max(policy.rto_min).min(policy.rto_max)
}
