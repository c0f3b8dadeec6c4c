//! The numbers of a subject without a connection of this crate, as its peer sees them.

use crate::sim::bytes::{Bytes, Marks};
use crate::{Control, Segment, SeqNumber};

/// What the segments in both directions tell of the subject's variables.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seen {
    iss: Option<SeqNumber>,
    irs: Option<SeqNumber>,
    una: SeqNumber,
    /// The last SYN of the peer.
    peers_syn: Option<SeqNumber>,
    /// The number of bytes that the user had sent before this life.
    sent_before: u32,
}

impl Seen {
    /// A segment of the peer.
    pub(super) fn inbound(&mut self, segment: &Segment, bytes: &Bytes) {
        let control = segment.control();
        if control.contains(Control::SYN) && !control.contains(Control::RST) {
            self.peers_syn = Some(segment.seq());
        }
        let (Some(iss), Some(ack)) = (self.iss, segment.ack()) else { return };
        // SYN, all bytes of the user, FIN
        let end = iss + self.sent(bytes) + 2;
        if self.una.lt(ack) && ack.le(end) {
            self.una = ack;
        }
    }

    /// A segment of the subject.
    pub(super) fn outbound(&mut self, segment: &Segment, bytes: &Bytes) {
        let control = segment.control();
        if control.contains(Control::SYN) && self.iss != Some(segment.seq()) {
            self.sent_before = if self.iss.is_some() { bytes.sent_by_user() } else { 0 };
            (self.iss, self.una, self.irs) = (Some(segment.seq()), segment.seq(), None);
        }
        if control.contains(Control::ACK) && !control.contains(Control::RST) && self.irs.is_none() {
            self.irs = self.peers_syn;
        }
    }

    pub(super) fn marks(&self, bytes: &Bytes) -> Marks {
        let of_life = |number| self.iss.map(|_| number);
        Marks {
            iss: self.iss,
            irs: self.irs,
            snd_una: of_life(self.una),
            snd_nxt: self.iss.map(|iss| iss + 1 + self.sent(bytes)),
            ..Marks::default()
        }
    }

    fn sent(&self, bytes: &Bytes) -> u32 {
        bytes.sent_by_user().wrapping_sub(self.sent_before)
    }
}
