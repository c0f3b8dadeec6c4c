//! The sequence numbers of a subject that chooses its initial sequence numbers itself, and those of a script.

use crate::{Control, Segment, SeqNumber};

/// Translates between the numbers of a script and the numbers of a subject. The two differ by a constant, which each
/// initial sequence number of the subject tells.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Numbers {
    /// The initial sequence number that the subject has chosen last.
    iss: Option<SeqNumber>,
    /// The subject's numbers less those of the script.
    shift: u32,
}

impl Numbers {
    /// Learns from an outbound SYN. The script expects it at `expected`.
    pub(super) fn learn(&mut self, segment: &Segment, expected: u32) {
        if segment.control().contains(Control::SYN) && self.iss != Some(segment.seq()) {
            self.iss = Some(segment.seq());
            self.shift = segment.seq().0.wrapping_sub(expected);
        }
    }

    /// Returns an outbound segment with the numbers of the script.
    pub(super) fn outbound(&self, segment: &Segment) -> Segment {
        // RFC 9293 section 3.5.2: a reset that answers a segment without ACK has sequence number zero.
        let is_zero = segment.control().contains(Control::RST | Control::ACK) && segment.seq().0 == 0;
        let seq = if is_zero { segment.seq() } else { self.number(segment.seq()) };
        with_numbers(segment, seq, segment.ack().unwrap_or_default())
    }

    /// Returns a segment of the script with the subject's numbers.
    pub(super) fn inbound(&self, segment: &Segment) -> Segment {
        with_numbers(segment, segment.seq(), self.own(segment.ack().unwrap_or_default()))
    }

    /// Returns a number of the subject as the script writes it.
    pub(super) fn number(&self, own: SeqNumber) -> SeqNumber {
        SeqNumber(own.0.wrapping_sub(self.shift))
    }

    /// Returns a number of the script as the subject knows it.
    pub(super) fn own(&self, number: SeqNumber) -> SeqNumber {
        SeqNumber(number.0.wrapping_add(self.shift))
    }
}

fn with_numbers(segment: &Segment, seq: SeqNumber, ack: SeqNumber) -> Segment {
    Segment::new(seq, ack, segment.control())
        .with_window(segment.window())
        .with_urgent(segment.urgent())
        .with_options(segment.options())
        .with_payload(segment.payload_len())
}
