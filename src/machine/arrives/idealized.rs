//! The idealized segment: what is left when all that lies outside the window has been cut off (RFC 9293 section
//! 3.10.7.4, first).

use core::ops::Range;

use crate::machine::segment::Segment;
use crate::machine::seq::SeqNumber;
use crate::machine::tcb::Synchronized;

/// The RFC's idealized segment: what of a segment lies in the window. Steps two to eight take only this.
pub(super) struct Idealized<'s> {
    /// The segment as it came, for its control bits, acknowledgment and window.
    pub(super) header: &'s Segment,
    /// SEG.SEQ behind what was cut off at the left, a SYN that is known included.
    pub(super) seq: SeqNumber,
    /// Which bytes of the segment's payload are new and in the window.
    pub(super) payload: Range<u16>,
    /// There is a FIN, and it lies in the window.
    pub(super) fin: bool,
}

impl Idealized<'_> {
    pub(super) fn len(&self) -> u32 {
        u32::from(self.payload.end.saturating_sub(self.payload.start))
    }

    /// Whether it carries anything in sequence space.
    pub(super) fn carries(&self) -> bool {
        self.header.payload_len() > 0 || self.header.is_fin()
    }
}

impl Synchronized {
    /// Trims off what lies outside the window: at the left what we have, at the right what we cannot take.
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
            // D28: a FIN takes no buffer, and may lie at the right edge.
            fin: segment.is_fin() && fin - self.rcv.nxt <= self.rcv.wnd(),
        }
    }
}
