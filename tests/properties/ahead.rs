//! Segments ahead of RCV.NXT, kept until the gap is filled.

use tcp_lifecycle::{Control, Segment, SeqNumber};

/// Each with what its keeper knows of it.
#[derive(Clone, Debug)]
pub(crate) struct Ahead<T>(Vec<(Segment, T)>);

impl<T> Ahead<T> {
    pub(crate) const fn new() -> Ahead<T> {
        Ahead(Vec::new())
    }

    /// Keeps it, if it takes sequence numbers and lies ahead of RCV.NXT.
    pub(crate) fn keep(&mut self, segment: &Segment, nxt: Option<SeqNumber>, what: T) {
        if segment.len() > 0 && nxt.is_some_and(|nxt| segment.seq().gt(nxt)) {
            self.0.push((*segment, what));
        }
    }

    /// One that lies ahead no longer, to be handed in again: with the acknowledgment, window and options of the segment that
    /// filled the gap.
    pub(crate) fn next(&mut self, nxt: Option<SeqNumber>, filler: &Segment) -> Option<(Segment, T)> {
        let (nxt, ack) = (nxt?, filler.ack()?);
        let place = self.0.iter().position(|(kept, _)| kept.seq().le(nxt))?;
        let (kept, what) = self.0.swap_remove(place);
        let bits = kept.control().intersection(Control::FIN | Control::PSH);
        let segment = Segment::new(kept.seq(), ack, Control::ACK | bits)
            .with_window(filler.window())
            .with_options(filler.options())
            .with_payload(kept.payload_len());
        Some((segment, what))
    }
}
