//! What a stream has in memory while bytes are queued, in flight or kept: one part for each direction.

use alloc::collections::VecDeque;
use core::fmt;
use core::num::NonZeroU32;

use super::receive_queue::ReceiveQueue;
use super::recovery::Recovery;
use crate::Instant;

/// The bytes to the peer.
#[derive(Clone)]
pub(super) struct Sender {
    /// The bytes behind `acknowledged`.
    pub(super) queue: VecDeque<u8>,
    pub(super) recovery: Recovery,
    /// The position from which a retransmission has been requested.
    pub(super) requested: Option<u64>,
    /// The last value given to [`Connection::limit`](crate::Connection::limit).
    pub(super) limit: u32,
    /// When the segments in flight were last found too large for the path.
    pub(super) shrunk: Option<Instant>,
    /// The user has written more than fitted.
    pub(super) is_blocked: bool,
    /// The last write or acknowledgment.
    pub(super) used: Instant,
    /// When the sender is dropped, if nothing uses it until then.
    pub(super) idle_at: Option<Instant>,
}

/// The bytes from the peer.
#[derive(Clone, Debug)]
pub(super) struct Receiver {
    pub(super) queue: ReceiveQueue,
    /// When payload last arrived.
    pub(super) used: Instant,
    /// When the receiver is dropped, if nothing uses it until then.
    pub(super) idle_at: Option<Instant>,
}

impl fmt::Debug for Sender {
    /// Prints how many bytes are queued, but not the bytes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender")
            .field("queued", &self.queue.len())
            .field("recovery", &self.recovery)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

impl Sender {
    /// Returns whether nothing is queued or in flight.
    pub(super) fn is_idle(&self) -> bool {
        self.queue.is_empty() && self.recovery.board.in_flight() == 0
    }

    /// Returns the slow start threshold for a sender that follows (RFC 5681 section 4.1).
    pub(super) fn slow_start_threshold(&self) -> Option<NonZeroU32> {
        let threshold = self.recovery.controller.slow_start_threshold();
        threshold.and_then(|bytes| NonZeroU32::new(u32::try_from(bytes).unwrap_or(u32::MAX)))
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.recovery.deadline().into_iter().chain(self.idle_at).min()
    }
}

impl Receiver {
    /// Returns whether nothing is left to read, to keep, or to report.
    pub(super) fn is_idle(&self) -> bool {
        self.queue.readable() == 0 && self.queue.block_count() == 0 && !self.queue.has_gap()
    }
}
