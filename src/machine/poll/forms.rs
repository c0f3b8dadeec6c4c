//! The forms of the segments that a connection sends: `<SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK>` and the others that RFC
//! 9293 section 3.10 names, with the current window and options.

use crate::machine::context::Context;
use crate::machine::options::Options;
use crate::machine::output::{Output, Transmit};
use crate::machine::segment::{Control, Segment};
use crate::machine::seq::SeqNumber;
use crate::machine::tcb::{Flags, Rcv, SynSent, Synchronized, Told};

impl Synchronized {
    /// Outputs a segment with a stretch of the send queue, which starts at `start`, and with the current window.
    #[inline]
    pub(crate) fn transmit(
        &mut self,
        from: SeqNumber,
        control: Control,
        start: usize,
        payload: u32,
        context: &mut Context,
    ) -> Output {
        let window = self.rcv.advertise(self.snd.is_syn_unacknowledged(), context);
        let segment = self.segment(from, control, payload as u16, window, context);
        Output::Transmit(Transmit { segment, payload: start..start.wrapping_add(payload as usize) })
    }

    /// `<SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK>`
    #[inline]
    pub(super) fn bare_ack(&mut self, context: &Context) -> Segment {
        let window = self.rcv.advertise(self.snd.is_syn_unacknowledged(), context);
        self.segment(self.snd.bare_seq(), Control::ACK, 0, window, context)
    }

    /// `<SEQ=SND.NXT-1><ACK=RCV.NXT><CTL=ACK>`: its number lies left of the peer's window, so the peer answers it (RFC
    /// 9293 section 3.8.4, SHLD-12, MAY-6). The peer may use nothing else of it. So it replaces no ACK that is due, and
    /// announces no new window.
    #[cold]
    pub(super) fn keep_alive_probe(&mut self, context: &Context) -> Segment {
        let octet = u16::from(context.policy.keep_alive_octet());
        self.segment(self.snd.nxt.back(1), Control::ACK, octet, self.rcv.window_field(), context)
    }

    /// Makes a segment with ACK, and with what all such segments have: timestamps where they were agreed (RFC 7323
    /// section 3.2), the urgent pointer, and the echo of a congestion mark.
    #[inline]
    fn segment(&mut self, seq: SeqNumber, control: Control, payload: u16, window: u16, context: &Context) -> Segment {
        let (mut control, mut urgent) = (control, 0);
        if self.snd.flags.intersects(Flags::MARKS) {
            (control, urgent) = self.add_marks(seq, control, payload);
        }
        self.unmarked(seq, control, payload, window, context).with_urgent(urgent)
    }

    /// Makes a segment at `seq` with ACK = RCV.NXT and, where agreed, timestamps; it leaves out the urgent pointer and
    /// ECE.
    #[inline(always)]
    pub(crate) fn unmarked(
        &self,
        seq: SeqNumber,
        control: Control,
        payload: u16,
        window: u16,
        context: &Context,
    ) -> Segment {
        Segment::new(seq, self.rcv.nxt, control)
            .with_window(window)
            .with_payload(payload)
            .with_options(self.timestamps(context))
    }

    /// Adds URG and ECE to the control bits where they are due, and returns the bits and the urgent pointer. The
    /// pointer counts from SEG.SEQ to the byte behind the urgent data, and is 65,535 at most (RFC 9293 section 3.8.5,
    /// MUST-62).
    #[cold]
    #[cfg_attr(feature = "fast-path", inline(never))]
    fn add_marks(&mut self, seq: SeqNumber, mut control: Control, payload: u16) -> (Control, u16) {
        let urgent = self.snd.up.ahead_of(seq);
        let is_bare = payload == 0 && !control.contains(Control::FIN);
        // A bare ACK behind the urgent bytes tells them again, with a pointer of zero, while they are in flight.
        let is_told = urgent > 0 || (is_bare && seq == self.snd.up);
        if self.snd.flags.intersects(Flags::ECHO) {
            control |= Control::ECE;
            self.snd.flags.remove(Flags::ECHO_UNSENT);
        }
        if self.snd.flags.intersects(Flags::URGENT) && is_told {
            return (control | Control::URG, u16::try_from(urgent).unwrap_or(u16::MAX));
        }
        (control, 0)
    }

    #[inline(always)]
    fn timestamps(&self, context: &Context) -> Options {
        if self.snd.flags.intersects(Flags::TIMESTAMPS) {
            Options::NONE.with_timestamps(context.timestamp(), self.rcv.ts_recent)
        } else {
            Options::NONE
        }
    }

    /// `<SEQ=ISS><ACK=RCV.NXT><CTL=SYN,ACK>`, with the agreed options. Its window is never scaled.
    #[inline]
    pub(super) fn syn_ack(&mut self, context: &Context) -> Segment {
        let mut options = self.timestamps(context).with_mss(context.policy.mss);
        if self.snd.flags.intersects(Flags::SCALE) {
            options = options.with_window_scale(self.rcv.scale);
        }
        if self.snd.flags.intersects(Flags::SACK) {
            options = options.with_sack_permitted();
        }
        let mut control = Control::SYN | Control::ACK;
        if self.snd.flags.intersects(Flags::ECN) {
            control |= Control::ECE;
        }
        self.rcv.told |= Told::ACK;
        Segment::new(self.snd.iss, self.rcv.nxt, control)
            .with_window(u16::try_from(self.rcv.wnd()).unwrap_or(u16::MAX))
            .with_options(options)
    }
}

impl SynSent {
    /// `<SEQ=ISS><CTL=SYN>`
    #[inline]
    pub(super) fn syn(&self, context: &Context) -> Segment {
        let mut options = self.offer.options;
        if options.timestamps().is_some() {
            // There is nothing to echo yet.
            options = options.with_timestamps(context.timestamp(), 0);
        }
        let offers = self.offer.ecn && !self.offer.ecn_withdrawn;
        let ecn = if offers { Control::ECE | Control::CWR } else { Control::empty() };
        Segment::new(self.snd.iss, SeqNumber(0), Control::SYN | ecn)
            .with_window(self.offer.window)
            .with_options(options)
    }
}

impl Rcv {
    /// Moves the right edge of the window, unless our SYN is unacknowledged.
    #[cfg_attr(feature = "fast-path", inline(never))]
    pub(crate) fn move_edge(&mut self, syn_unacknowledged: bool, context: &Context) {
        if !syn_unacknowledged {
            self.edge = self.next_edge(context);
            self.note_growth(context);
        }
    }

    /// Returns SEG.WND for a segment that is sent now. From then on the peer knows this window. While our SYN is
    /// unacknowledged, the window does not grow (D8).
    #[inline]
    pub(crate) fn advertise(&mut self, syn_unacknowledged: bool, context: &Context) -> u16 {
        if !self.told.intersects(Told::WINDOW) {
            self.move_edge(syn_unacknowledged, context);
        }
        self.tell()
    }

    /// Returns SEG.WND for a segment that is sent now, without moving the edge.
    #[inline]
    pub(crate) fn tell(&mut self) -> u16 {
        self.told |= Told::ACK;
        self.window_field()
    }

    /// Returns SEG.WND, as RFC 7323 section 2.3 scales it.
    #[inline]
    pub(super) fn window_field(&self) -> u16 {
        u16::try_from(self.wnd().wrapping_shr(u32::from(self.scale))).unwrap_or(u16::MAX)
    }
}
