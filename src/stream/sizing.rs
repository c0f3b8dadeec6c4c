//! The size of the receive buffer: it grows with what arrives, so that the window is never the bound for a user that
//! reads.

use core::time::Duration;

use crate::Instant;

/// The largest buffer: [`Connection::send`](crate::Connection::send) takes no more, and no window is larger.
pub(super) const MAX_BUFFER: u32 = 1 << 30;

/// What the receive buffer grows by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizing {
    /// The bound, in bytes.
    most: u32,
    /// The bytes that the user has read since `began`, for a round-trip time.
    read: u32,
    began: Instant,
}

/// Shorter rounds say little.
const LEAST_ROUND: Duration = Duration::from_millis(1);

impl Sizing {
    pub(super) fn new(most: u32) -> Sizing {
        Sizing { most: most.min(MAX_BUFFER), read: 0, began: Instant::ZERO }
    }

    /// The user has read `bytes` bytes.
    pub(super) fn add(&mut self, bytes: usize) {
        self.read = self.read.saturating_add(u32::try_from(bytes).unwrap_or(u32::MAX));
    }

    /// Dynamic right-sizing: returns the size that the buffer should have at least, once in a round-trip time. It is
    /// twice what the user has read in this time, so that the window doubles as fast as a sender in slow start.
    pub(super) fn least_buffer(&mut self, srtt: Option<Duration>, now: Instant) -> Option<u32> {
        let round = srtt.unwrap_or(LEAST_ROUND).max(LEAST_ROUND);
        if now.saturating_duration_since(self.began) < round {
            return None;
        }
        self.began = now;
        let read = core::mem::take(&mut self.read);
        Some(read.saturating_mul(2).min(self.most))
    }
}
