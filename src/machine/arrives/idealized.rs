//! The idealized segment of RFC 9293 section 3.10.7.4, first step: a segment without the parts that lie outside the
//! receive window.

use core::ops::Range;

use crate::machine::segment::Segment;
use crate::machine::seq::SeqNumber;
use crate::machine::tcb::Synchronized;

/// The part of a segment that lies in the receive window, which the RFC calls the idealized segment. Steps five to
/// eight work on this part.
pub(super) struct Idealized<'s> {
    /// The segment as it arrived, for its control bits, acknowledgment and window.
    pub(super) header: &'s Segment,
    /// SEG.SEQ after everything left of the window, including a repeated SYN, has been cut off.
    pub(super) seq: SeqNumber,
    /// The bytes of the segment's payload that are new and in the window.
    pub(super) payload: Range<u16>,
    /// Whether the segment has a FIN, and the FIN lies in the window.
    pub(super) fin: bool,
}

impl Idealized<'_> {
    /// Returns the number of payload bytes that are left.
    pub(super) fn len(&self) -> u32 {
        u32::from(self.payload.end.saturating_sub(self.payload.start))
    }

    /// Returns whether the segment, before trimming, has payload or a FIN.
    pub(super) fn has_text_or_fin(&self) -> bool {
        self.header.payload_len() > 0 || self.header.is_fin()
    }
}

impl Synchronized {
    /// Trims off the parts outside the window: received data on the left, data without room on the right.
    #[inline]
    pub(super) fn idealize<'s>(&self, segment: &'s Segment) -> Idealized<'s> {
        let payload = segment.payload_len();
        if segment.seq() == self.rcv.nxt && !segment.is_syn() && segment.len() <= self.rcv.wnd() {
            return Idealized { header: segment, seq: segment.seq(), payload: 0..payload, fin: segment.is_fin() };
        }
        self.trim(segment)
    }

    #[cfg_attr(feature = "fast-path", inline(never))]
    fn trim<'s>(&self, segment: &'s Segment) -> Idealized<'s> {
        let payload = u32::from(segment.payload_len());
        let first = segment.seq() + u32::from(segment.is_syn() && segment.seq() == self.rcv.irs);
        let start = self.rcv.nxt.ahead_of(first).min(payload);
        let seq = first + start;
        let room = self.rcv.edge.ahead_of(seq);
        let end = start.saturating_add(payload.wrapping_sub(start).min(room));
        let fin = first + payload;
        Idealized {
            header: segment,
            seq,
            payload: start as u16..end as u16,
            // D28: a FIN takes no buffer space, and may lie at the right edge.
            fin: segment.is_fin() && fin - self.rcv.nxt <= self.rcv.wnd(),
        }
    }
}
