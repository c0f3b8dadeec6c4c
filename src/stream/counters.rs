//! What a stream has counted.

/// What has gone in and out since the stream was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Counters {
    /// Bytes that the user has written.
    pub bytes_written: u64,
    /// Bytes that the peer has acknowledged.
    pub bytes_acknowledged: u64,
    /// Bytes that have arrived in order.
    pub bytes_received: u64,
    /// Segments that were sent, all of them.
    pub segments_sent: u64,
    /// Segments that have arrived, refused ones included.
    pub segments_received: u64,
    /// Segments with bytes or a FIN that were sent again.
    pub retransmissions: u32,
    /// Retransmission timeouts.
    pub timeouts: u32,
    /// Segments that brought only bytes that had arrived before.
    pub duplicates: u32,
    /// Segments that arrived ahead of a gap.
    pub out_of_order: u32,
    /// Segments that were refused; [`Stream::refusals`](super::Stream::refusals) has the reasons.
    pub refused: u32,
}

/// The counts that no other variable tells.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) sent: u64,
    pub(super) received: u64,
}

/// The counts of what most streams never see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct RareCounts {
    pub(super) retransmissions: u32,
    pub(super) timeouts: u32,
    pub(super) duplicates: u32,
    pub(super) out_of_order: u32,
    pub(super) refused: u32,
}

/// Counts one more.
pub(super) fn count(counter: &mut u32) {
    *counter = counter.saturating_add(1);
}
