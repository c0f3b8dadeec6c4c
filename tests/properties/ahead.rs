//! Segments ahead of RCV.NXT, kept until the gap is filled.

use tcp_lifecycle::{Connection, Segment, SeqNumber};

/// Each segment with additional data of its keeper.
#[derive(Clone, Debug)]
pub(crate) struct Ahead<T>(Vec<(Segment, T)>);

impl<T> Ahead<T> {
    pub(crate) const fn new() -> Ahead<T> {
        Ahead(Vec::new())
    }

    /// Keeps a segment that has sequence space and lies ahead of RCV.NXT.
    pub(crate) fn keep(&mut self, segment: &Segment, nxt: Option<SeqNumber>, what: T) {
        if segment.len() > 0 && nxt.is_some_and(|nxt| segment.seq().gt(nxt)) {
            self.0.push((*segment, what));
        }
    }

    /// Returns a segment that no longer lies ahead, since `filler` has filled the gap, to be handed in again.
    pub(crate) fn next(&mut self, connection: &Connection, filler: &Segment) -> Option<(Segment, T)> {
        let nxt = connection.rcv_nxt()?;
        let place = self.0.iter().position(|(kept, _)| kept.seq().le(nxt))?;
        let (kept, what) = self.0.swap_remove(place);
        Some((connection.reassembled(&kept, filler), what))
    }
}
