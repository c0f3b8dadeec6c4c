//! Reassembly: payload ahead of RCV.NXT is kept until the gap before it is filled (RFC 9293 section 3.10.7.4, seventh,
//! MAY-13).
//!
//! The connection accepts payload in order only. Payload that it has passed over is kept here. Once the gap is filled,
//! the payload is handed in again, as a segment with the acknowledgment, window and options of the segment that filled
//! the gap, because those are current. The timestamp with which the payload arrived is outdated, and the protection
//! against old duplicates would drop it (RFC 7323 section 5.3).

use std::collections::VecDeque;

use tcp_lifecycle::{Control, Segment, SeqNumber};

/// The payload that is kept for one connection.
#[derive(Debug)]
pub(crate) struct Reassembly {
    /// The kept pieces, by sequence number. They may overlap, since the connection trims what it already has.
    held: VecDeque<Held>,
    room: usize,
}

#[derive(Debug)]
struct Held {
    seq: SeqNumber,
    payload: Vec<u8>,
    fin: bool,
}

impl Reassembly {
    /// Creates an empty store that takes at most `room` bytes of memory, including the bookkeeping of each segment.
    pub(crate) const fn new(room: usize) -> Reassembly {
        Reassembly { held: VecDeque::new(), room }
    }

    /// Keeps the payload of the segment, unless it is here already. Without room nothing is kept: the payload is not
    /// acknowledged, so the peer will retransmit it.
    pub(crate) fn keep(&mut self, segment: &Segment, payload: &[u8]) {
        let held = Held::new(segment, payload);
        if segment.len() == 0 || self.held.iter().any(|other| other.covers(&held)) {
            return;
        }
        self.held.retain(|other| !held.covers(other));
        if self.size() + held.size() <= self.room {
            let place = self.held.partition_point(|other| other.seq.lt(held.seq));
            self.held.insert(place, held);
        }
    }

    /// Returns the next piece now that RCV.NXT is `nxt`, as a segment to be handed in: as if the segment that filled
    /// the gap had carried this payload too. The caller repeats the call until it returns `None`.
    pub(crate) fn next(&mut self, nxt: SeqNumber, filled_by: &Segment) -> Option<(Segment, Vec<u8>)> {
        while self.held.front()?.end().le(nxt) {
            self.held.pop_front();
        }
        if nxt.lt(self.held.front()?.seq) {
            return None;
        }
        let Held { seq, payload, fin } = self.held.pop_front()?;
        let control = if fin { Control::ACK | Control::FIN } else { Control::ACK };
        let segment = Segment::new(seq, filled_by.ack()?, control)
            .with_window(filled_by.window())
            .with_options(filled_by.options())
            .with_payload(u16::try_from(payload.len()).ok()?);
        Some((segment, payload))
    }

    /// The memory in use, in bytes.
    pub(crate) fn size(&self) -> usize {
        self.held.iter().map(Held::size).sum()
    }
}

impl Held {
    fn new(segment: &Segment, payload: &[u8]) -> Held {
        Held { seq: segment.seq(), payload: payload.to_vec(), fin: segment.control().contains(Control::FIN) }
    }

    fn end(&self) -> SeqNumber {
        self.seq + self.payload.len() as u32 + u32::from(self.fin)
    }

    fn covers(&self, other: &Held) -> bool {
        self.seq.le(other.seq) && other.end().le(self.end())
    }

    fn size(&self) -> usize {
        size_of::<Held>() + self.payload.len()
    }
}
