//! RFC 9293 section 3.10.7.1: SEGMENT ARRIVES in CLOSED.

use core::ops::Range;

use crate::machine::connection::Connection;
use crate::machine::error::Refusal;
use crate::machine::segment::Segment;

impl Connection {
    /// Discards the segment with its payload, and answers it with a reset unless it is a reset itself.
    #[inline]
    pub(super) fn arrives_in_closed(&mut self, segment: &Segment) -> Result<Range<usize>, Refusal> {
        if segment.is_rst() {
            return Err(Refusal::ResetWithoutConnection);
        }
        self.context.outbox.request_reset(segment);
        Err(Refusal::NoConnection)
    }
}
