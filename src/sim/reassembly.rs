//! Segments ahead of a gap, kept until the gap is filled (RFC 9293 section 3.10.7.4, seventh, MAY-13).

use std::collections::VecDeque;

use super::network::Flight;
use crate::{Connection, Control, Segment, SeqNumber};

/// The segments ahead of a gap. The connection takes payload only in order, and does not keep the rest.
#[derive(Clone, Debug, Default)]
pub(super) struct Reassembly {
    /// The segments, in the order of their sequence numbers.
    kept: VecDeque<Flight>,
}

impl Reassembly {
    pub(super) fn clear(&mut self) {
        self.kept.clear();
    }

    /// Keeps an accepted segment that lies ahead of RCV.NXT.
    pub(super) fn keep(&mut self, flight: &Flight, rcv_nxt: SeqNumber) {
        let segment = &flight.segment;
        if segment.len() == 0 || segment.control().contains(Control::SYN) || segment.seq().le(rcv_nxt) {
            return;
        }
        let place = self.kept.partition_point(|kept| kept.segment.seq().lt(segment.seq()));
        let same = self.kept.get_mut(place).filter(|kept| kept.segment.seq() == segment.seq());
        match same {
            Some(kept) if kept.segment.len() < segment.len() => *kept = flight.clone(),
            Some(_) => {}
            None => self.kept.insert(place, flight.clone()),
        }
    }

    /// Returns the next segment with payload or a FIN at RCV.NXT, as [`Connection::reassembled`] makes it. `filler` is
    /// the segment that filled the gap.
    pub(super) fn next(&mut self, connection: &Connection, filler: &Segment) -> Option<Flight> {
        let rcv_nxt = connection.rcv_nxt()?;
        let end = |segment: &Segment| segment.seq() + segment.len();
        while end(&self.kept.front()?.segment).le(rcv_nxt) {
            self.kept.pop_front();
        }
        if rcv_nxt.lt(self.kept.front()?.segment.seq()) {
            return None;
        }
        let kept = self.kept.pop_front()?;
        Some(Flight { segment: connection.reassembled(&kept.segment, filler), ..kept })
    }
}
