//! Payload that has come ahead of RCV.NXT, kept until what is missing has come too (RFC 9293 section 3.10.7.4, seventh,
//! MAY-13).
//!
//! The connection takes payload in order only. What it has passed over is kept here, and once the gap is filled it is
//! handed in again, as a segment with the acknowledgment, window and options of the one that filled it: those are the
//! news. With its own, long outdated, timestamp the protection against old duplicates would throw it away (RFC 7323
//! section 5.3).

use std::collections::VecDeque;

use tcp_lifecycle::{Control, Segment, SeqNumber};

/// What is kept for one connection.
#[derive(Debug)]
pub(crate) struct Reassembly {
    /// By their sequence numbers; they may overlap, since the connection cuts off what it has.
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
    /// Takes no more than `room` bytes of memory, what it takes to remember each segment included.
    pub(crate) const fn new(room: usize) -> Reassembly {
        Reassembly { held: VecDeque::new(), room }
    }

    /// Keeps what the segment carries, unless that is here already. Without room nothing is kept: the peer has not been
    /// told that it has come, and will send it again.
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

    /// What is next now that RCV.NXT is `nxt`, as a segment to be handed in: as if the one that filled the gap had
    /// carried this too. To be asked again until there is nothing.
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

    /// How much memory it takes.
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
