//! The forms of the segments that a connection sends: `<SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK>` and the others that RFC
//! 9293 section 3.10 names, with the window and the options of the moment.

use super::{Output, Transmit};
use crate::connection::Endpoint;
use crate::options::Options;
use crate::segment::{Control, Segment};
use crate::seq::SeqNumber;
use crate::tcb::{Flags, Rcv, SynSent, Synchronized};

impl Synchronized {
    #[inline]
    pub(crate) fn transmit(
        &mut self,
        from: SeqNumber,
        control: Control,
        start: usize,
        payload: u32,
        endpoint: &mut Endpoint,
    ) -> Output {
        let segment = self.header(from, control, payload, endpoint);
        Output::Transmit(Transmit { segment, payload: start..start.wrapping_add(payload as usize) })
    }

    /// A segment that acknowledges, with the window and the options that all of them have.
    #[inline(always)]
    pub(super) fn header(
        &mut self,
        from: SeqNumber,
        control: Control,
        payload: u32,
        endpoint: &mut Endpoint,
    ) -> Segment {
        let window = self.rcv.advertise(self.snd.is_opening(), endpoint);
        let mut segment = Segment::new(from, self.rcv.nxt, control).with_payload(payload as u16).with_window(window);
        if self.snd.flags.intersects(Flags::DRESSED) {
            self.dress(&mut segment, endpoint);
        }
        segment
    }

    /// With timestamps, where they were agreed; and with the urgent pointer, which counts from SEG.SEQ to the byte
    /// behind the urgent ones (RFC 9293 section 3.8.5, MUST-62), as far as its field reaches.
    #[cold]
    #[inline(never)]
    pub(super) fn dress(&mut self, segment: &mut Segment, endpoint: &Endpoint) {
        if self.snd.flags.contains(Flags::TIMESTAMPS) {
            *segment = segment.with_options(self.stamp(endpoint));
        }
        let urgent = self.snd.up.ahead_of(segment.seq());
        let is_told = urgent > 0 || (segment.len() == 0 && segment.seq() == self.snd.up);
        if self.snd.flags.contains(Flags::URGENT) && is_told {
            *segment = segment.with_bits(Control::URG).with_urgent(u16::try_from(urgent).unwrap_or(u16::MAX));
        }
        if self.snd.flags.contains(Flags::ECHO) {
            *segment = segment.with_bits(Control::ECE);
            self.snd.flags.remove(Flags::UNTOLD);
        }
    }

    /// `<SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK>`
    #[inline]
    pub(super) fn bare_ack(&mut self, endpoint: &Endpoint) -> Segment {
        let window = self.rcv.advertise(self.snd.is_opening(), endpoint);
        Segment::new(self.snd.bare_seq(), self.rcv.nxt, Control::ACK).with_window(window)
    }

    /// The same, for most connections: nothing in flight lies right of the peer's window.
    #[inline]
    pub(super) fn plain_ack(&mut self, endpoint: &Endpoint) -> Segment {
        let window = self.rcv.advertise(self.snd.is_opening(), endpoint);
        Segment::new(self.snd.nxt, self.rcv.nxt, Control::ACK).with_window(window)
    }

    /// `<SEQ=ISS><ACK=RCV.NXT><CTL=SYN,ACK>`, with the options that were agreed. Its window is never scaled.
    pub(super) fn syn_ack(&mut self, endpoint: &Endpoint) -> Segment {
        let mut options = Options::NONE.with_mss(endpoint.policy.mss);
        if self.snd.flags.contains(Flags::TIMESTAMPS) {
            options = self.stamp(endpoint).with_mss(endpoint.policy.mss);
        }
        if self.snd.flags.contains(Flags::SCALE) {
            options = options.with_window_scale(self.rcv.scale);
        }
        if self.snd.flags.contains(Flags::SACK) {
            options = options.with_sack_permitted();
        }
        let mut control = Control::SYN | Control::ACK;
        if self.snd.flags.contains(Flags::ECN) {
            control |= Control::ECE;
        }
        self.rcv.unacknowledged = false;
        Segment::new(self.snd.iss, self.rcv.nxt, control)
            .with_window(u16::try_from(self.rcv.wnd()).unwrap_or(u16::MAX))
            .with_options(options)
    }

    /// The timestamps of a segment that goes out now, where they were agreed (RFC 7323 section 3.2).
    #[cold]
    fn stamp(&self, endpoint: &Endpoint) -> Options {
        Options::NONE.with_timestamps(endpoint.timestamp(), self.rcv.ts_recent)
    }
}

impl SynSent {
    /// `<SEQ=ISS><CTL=SYN>`
    pub(super) fn next_syn(&self, endpoint: &Endpoint) -> Segment {
        let mut options = self.offer.options;
        if options.timestamps().is_some() {
            // There is nothing to echo yet.
            options = options.with_timestamps(endpoint.timestamp(), 0);
        }
        let offers = self.offer.ecn && !self.offer.ecn_withdrawn;
        let ecn = if offers { Control::ECE | Control::CWR } else { Control::empty() };
        Segment::new(self.snd.iss, SeqNumber(0), Control::SYN | ecn)
            .with_window(self.offer.window)
            .with_options(options)
    }
}

impl Rcv {
    #[inline(never)]
    fn move_edge(&mut self, syn_unacknowledged: bool, endpoint: &Endpoint) {
        if !syn_unacknowledged {
            self.edge = self.offer(endpoint);
        }
    }

    /// The window of a segment that is handed out; from now on the peer knows it. While our SYN is unacknowledged it
    /// does not grow (D8).
    #[inline]
    pub(crate) fn advertise(&mut self, syn_unacknowledged: bool, endpoint: &Endpoint) -> u16 {
        // For most there is nothing to gain.
        if self.edge.lt(self.read + endpoint.policy.receive_buffer) {
            self.move_edge(syn_unacknowledged, endpoint);
        }
        self.unacknowledged = false;
        self.window_field()
    }

    /// SEG.WND, RFC 7323 section 2.3.
    #[inline]
    pub(super) fn window_field(&self) -> u16 {
        u16::try_from(self.wnd().wrapping_shr(u32::from(self.scale))).unwrap_or(u16::MAX)
    }
}
