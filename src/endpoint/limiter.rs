//! A bound on the answers to segments of nobody: anybody can send them.

use crate::Instant;

/// A token bucket: a number of answers a second, and the same number at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limiter {
    per_second: u32,
    tokens: u32,
    /// When the bucket last got tokens.
    at: Instant,
}

impl Limiter {
    pub(super) const fn new(per_second: u32) -> Limiter {
        Limiter { per_second, tokens: per_second, at: Instant::ZERO }
    }

    pub(super) fn allows(&mut self, now: Instant) -> bool {
        let micros = u64::try_from(now.saturating_duration_since(self.at).as_micros()).unwrap_or(u64::MAX);
        let gained = micros.saturating_mul(self.per_second.into()).checked_div(1_000_000).unwrap_or(0);
        if gained > 0 {
            let gained = u32::try_from(gained).unwrap_or(u32::MAX);
            self.tokens = self.tokens.saturating_add(gained).min(self.per_second);
            self.at = now;
        }
        let allowed = self.tokens > 0;
        self.tokens = self.tokens.saturating_sub(1);
        allowed
    }
}
