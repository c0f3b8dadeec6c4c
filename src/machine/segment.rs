//! A segment without its payload bytes, and the forms of segment that RFC 9293 section 3.10 names.

mod notation;

pub use notation::ParseSegmentError;

use crate::machine::options::Options;
use crate::machine::seq::SeqNumber;

bitflags::bitflags! {
    /// The control bits (RFC 9293 section 3.1), each with its value on the wire.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Control: u16 {
        /// Finish: the sender sends no payload after this.
        const FIN = 0x001;
        /// Synchronize sequence numbers.
        const SYN = 0x002;
        /// Reset the connection.
        const RST = 0x004;
        /// Push: the receiver hands the payload up to here to its user.
        const PSH = 0x008;
        /// The acknowledgment field is valid.
        const ACK = 0x010;
        /// The urgent pointer is valid.
        const URG = 0x020;
        /// ECN echo (RFC 3168).
        const ECE = 0x040;
        /// Congestion window reduced (RFC 3168).
        const CWR = 0x080;
        /// Accurate ECN (RFC 9768); reserved in RFC 9293.
        const AE = 0x100;
    }
}

/// A segment: the header fields that a connection needs, and the length of the payload.
///
/// ```
/// use tcp_lifecycle::{Control, Segment, SeqNumber};
///
/// let fin = Control::FIN | Control::ACK;
/// let segment = Segment::new(SeqNumber(100), SeqNumber(300), fin).with_payload(10);
/// assert_eq!(segment.len(), 11); // SEG.LEN counts the FIN
/// assert_eq!(segment.to_string(), "<SEQ=100><ACK=300><CTL=FIN,ACK><DATA=10>");
/// assert_eq!("<SEQ=100><ACK=300><CTL=FIN,ACK><DATA=10>".parse(), Ok(segment));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[repr(C)]
pub struct Segment {
    seq: SeqNumber,
    ack: SeqNumber,
    control: Control,
    window: u16,
    urgent: u16,
    payload: u16,
    len: u32, // SEG.LEN, computed once
    options: Options,
}

impl Segment {
    /// Creates a segment without payload and options, and with a window of zero.
    ///
    /// `ack` is used only if `control` has [`Control::ACK`]; otherwise the field is zero.
    #[inline]
    #[must_use]
    pub const fn new(seq: SeqNumber, ack: SeqNumber, control: Control) -> Segment {
        let ack = if control.contains(Control::ACK) { ack } else { SeqNumber(0) };
        let syn = control.contains(Control::SYN) as u32;
        let fin = control.contains(Control::FIN) as u32;
        let len = syn.wrapping_add(fin);
        Segment { seq, ack, control, window: 0, urgent: 0, payload: 0, len, options: Options::NONE }
    }

    /// Sets the window to the value of the field on the wire, which is not scaled.
    #[inline]
    #[must_use]
    pub const fn with_window(self, window: u16) -> Segment {
        Segment { window, ..self }
    }

    /// Sets the urgent pointer: the offset from SEG.SEQ of the byte that follows the urgent data.
    #[inline]
    #[must_use]
    pub const fn with_urgent(self, pointer: u16) -> Segment {
        Segment { urgent: pointer, ..self }
    }

    /// Replaces all options. Any segment may have any option (MUST-5).
    #[inline]
    #[must_use]
    pub const fn with_options(self, options: Options) -> Segment {
        Segment { options, ..self }
    }

    /// Sets the length of the payload, in bytes. (RFC 9293 calls the payload text.)
    #[inline]
    #[must_use]
    pub const fn with_payload(self, bytes: u16) -> Segment {
        let controls = self.len.wrapping_sub(self.payload as u32);
        Segment { payload: bytes, len: controls.wrapping_add(bytes as u32), ..self }
    }

    /// Returns SEG.SEQ: the sequence number at which the segment begins, with the SYN if there is one.
    #[inline]
    #[must_use]
    pub const fn seq(&self) -> SeqNumber {
        self.seq
    }

    /// Returns SEG.ACK, or `None` if the ACK bit is not set.
    #[inline]
    #[must_use]
    pub const fn ack(&self) -> Option<SeqNumber> {
        if self.control.contains(Control::ACK) { Some(self.ack) } else { None }
    }

    /// Returns the acknowledgment field, which is zero if the ACK bit is not set.
    #[inline]
    pub(crate) const fn ack_number(&self) -> SeqNumber {
        self.ack
    }

    /// Returns the control bits.
    #[inline]
    #[must_use]
    pub const fn control(&self) -> Control {
        self.control
    }

    /// Returns SEG.WND: the value of the field on the wire, which is not scaled.
    #[inline]
    #[must_use]
    pub const fn window(&self) -> u16 {
        self.window
    }

    /// Returns the urgent pointer as on the wire. It is valid only if the URG bit is set.
    #[inline]
    #[must_use]
    pub const fn urgent(&self) -> u16 {
        self.urgent
    }

    /// Returns the options.
    #[inline]
    #[must_use]
    pub const fn options(&self) -> Options {
        self.options
    }

    /// Returns the length of the payload, in bytes.
    #[inline]
    #[must_use]
    pub const fn payload_len(&self) -> u16 {
        self.payload
    }

    /// Returns SEG.LEN: the payload bytes, plus one for a SYN and one for a FIN.
    #[expect(clippy::len_without_is_empty, reason = "SEG.LEN is the RFC's name; a segment is no container")]
    #[inline]
    #[must_use]
    pub const fn len(&self) -> u32 {
        self.len
    }

    /// Returns the answer of a host that has no connection for this segment: a reset that its sender will accept.
    /// Returns `None` for a reset (RFC 9293 section 3.10.7.1, and group 1 of section 3.5.2). The answer has timestamps
    /// if the segment has them.
    ///
    /// ```
    /// use tcp_lifecycle::Segment;
    ///
    /// let syn: Segment = "<SEQ=100><CTL=SYN>".parse().unwrap();
    /// assert_eq!(syn.reset().unwrap().to_string(), "<SEQ=0><ACK=101><CTL=RST,ACK>");
    /// let ack: Segment = "<SEQ=100><ACK=300><CTL=ACK>".parse().unwrap();
    /// assert_eq!(ack.reset().unwrap().to_string(), "<SEQ=300><CTL=RST>");
    /// ```
    #[must_use]
    pub const fn reset(&self) -> Option<Segment> {
        if self.control.contains(Control::RST) {
            return None;
        }
        let reset = match self.ack() {
            Some(ack) => Segment::reset_at(ack),
            None => Segment::reset_acknowledging(self.seq.forward(self.len)),
        };
        // RFC 7323 section 5.2
        Some(match self.options.timestamps() {
            Some((value, _)) => reset.with_options(Options::NONE.with_timestamps(0, value)),
            None => reset,
        })
    }

    /// `<SEQ=seq><CTL=RST>`
    pub(crate) const fn reset_at(seq: SeqNumber) -> Segment {
        Segment::new(seq, SeqNumber(0), Control::RST)
    }

    /// `<SEQ=0><ACK=ack><CTL=RST,ACK>`
    pub(crate) const fn reset_acknowledging(ack: SeqNumber) -> Segment {
        Segment::new(SeqNumber(0), ack, Control::RST.union(Control::ACK))
    }

    #[inline]
    pub(crate) const fn is_syn(&self) -> bool {
        self.control.contains(Control::SYN)
    }

    #[inline]
    pub(crate) const fn is_rst(&self) -> bool {
        self.control.contains(Control::RST)
    }

    #[inline]
    pub(crate) const fn is_fin(&self) -> bool {
        self.control.contains(Control::FIN)
    }
}
