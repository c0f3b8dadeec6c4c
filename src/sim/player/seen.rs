//! The numbers of a subject without a connection of this crate, as its peer sees them.

use crate::sim::bytes::{Bytes, Marks};
use crate::{Control, Segment, SeqNumber};

/// What the segments in both directions tell of the subject's variables, in the numbers of the script.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seen {
    /// The initial sequence number of this life; `None` before the SYN.
    iss: Option<SeqNumber>,
    /// The same in the subject's own numbers, of this life or of the last one.
    own_iss: Option<SeqNumber>,
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

    /// A segment of the subject, which has this sequence number in the subject's own numbers.
    pub(super) fn outbound(&mut self, segment: &Segment, own: SeqNumber, bytes: &mut Bytes) {
        let control = segment.control();
        if control.contains(Control::SYN) && (self.iss.is_none() || self.own_iss != Some(own)) {
            self.sent_before = if self.own_iss.is_some() { bytes.sent_by_user() } else { 0 };
            (self.own_iss, self.iss, self.una, self.irs) = (Some(own), Some(segment.seq()), segment.seq(), None);
            // The bytes of the last life are no longer expected.
            bytes.look(&Marks::default());
        }
        if control.contains(Control::ACK) && !control.contains(Control::RST) && self.irs.is_none() {
            self.irs = self.peers_syn;
        }
    }

    /// The subject has entered LISTEN or CLOSED: its queues are empty.
    pub(super) fn end_life(&mut self) {
        self.iss = None;
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
