//! The send sequence space, RFC 9293 section 3.3.1, Figure 3.

use super::offer::Offer;
use super::recovery::Recovery;
use crate::machine::config::{LEAST_PEER_MSS, Policy};
use crate::machine::context::Context;
use crate::machine::outbox::Pending;
use crate::machine::rto::Rto;
use crate::machine::segment::{Control, Segment};
use crate::machine::seq::SeqNumber;

/// What the timestamps option takes in the header, with its padding.
const TIMESTAMPS_LEN: u16 = 12;

/// The send sequence space, RFC 9293 Figure 3, and the user's send queue beside it.
///
/// ```text
///      una              nxt            end
/// ------|----------------|--------------|-----
///       | in flight      | unsent       | FIN, once the user has closed
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Snd {
    /// Our initial sequence number, which is our SYN's.
    pub(crate) iss: SeqNumber,
    /// SND.UNA
    pub(crate) una: SeqNumber,
    /// SND.NXT; never rolled back.
    pub(crate) nxt: SeqNumber,
    /// The number behind the last byte of the user's send queue: that of the FIN, when there is one.
    pub(crate) end: SeqNumber,
    /// SND.WND, unsigned and of 32 bits (MUST-1, REC-1).
    pub(crate) wnd: u32,
    /// SND.WL1. SND.WL2 is not kept: it is SND.UNA or left of it, so that no acknowledgment that counts is older.
    pub(crate) wl1: SeqNumber,
    /// SND.UP: the number behind the last urgent byte, where [`Flags::URGENT`] is set.
    pub(crate) up: SeqNumber,
    /// MAX.SND.WND of RFC 5961 section 5.2: the largest window that the peer has offered.
    pub(crate) max_wnd: u32,
    pub(crate) recovery: Recovery,
    pub(crate) rto: Rto,
    /// The most payload bytes in a segment: what the peer's MSS and our own bound allow.
    pub(crate) mss: u16,
    /// How often the front has been sent again.
    pub(crate) retransmissions: u8,
    /// Snd.Wind.Shift of RFC 7323 section 2.3: the left shift of a window that comes in.
    pub(crate) scale: u8,
    pub(crate) flags: Flags,
    /// How often the retransmission timeout has been doubled; kept until there is a fresh sample.
    pub(crate) backoff: u8,
    /// Duplicate acknowledgments since SND.UNA last advanced (RFC 5681 section 2).
    pub(crate) duplicates: u8,
    /// When our SYN, or else what is at SND.UNA, was last sent again, in milliseconds modulo 2^32. An echo of an older
    /// timestamp is not of that.
    pub(crate) front_sent_at: u32,
}

bitflags::bitflags! {
    /// What the numbers do not tell. The flags of a feature that is off have no bit: nothing sets them, and no code
    /// looks at them.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub(crate) struct Flags: u16 {
        /// Our SYN is not acknowledged yet.
        const SYN = 1;
        /// The user has closed: a FIN stands at `end`.
        const FIN = 2;
        /// Both SYNs had timestamps.
        const TIMESTAMPS = if cfg!(feature = "timestamps") { 4 } else { 0 };
        /// Urgent bytes are unacknowledged, or not sent yet.
        const URGENT = if cfg!(feature = "urgent") { 8 } else { 0 };
        /// A mark of congestion is echoed until the peer has heard of it (RFC 3168 section 6.1.3).
        const ECHO = if cfg!(feature = "ecn") { 16 } else { 0 };
        /// The congestion window has been reduced, and the peer is to hear of it (RFC 3168 section 6.1.2).
        const REDUCED = if cfg!(feature = "ecn") { 32 } else { 0 };
        /// The policy of delayed ACKs is on.
        const DELAYS_ACKS = if cfg!(feature = "delayed-ack") { 64 } else { 0 };
        /// Both SYNs had the bits of ECN (RFC 3168 section 6.1.1).
        const ECN = if cfg!(feature = "ecn") { 128 } else { 0 };
        /// Both SYNs had window scale.
        const SCALE = 256;
        /// Both SYNs had SACK-permitted.
        const SACK = 512;
        /// Of the last mark no segment has told yet: it is not what the peer's CWR answers.
        const ECHO_UNSENT = if cfg!(feature = "ecn") { 1024 } else { 0 };
        /// The user is gone: nobody reads any more.
        const DETACHED = 2048;
        /// Something has come ahead of RCV.NXT.
        const GAP = 4096;
        /// A SYN of ours has not offered ECN: marks are echoed, but no packet of ours may be one that can be marked
        /// (RFC 3168 section 6.1.1).
        const NOT_ECT = if cfg!(feature = "ecn") { 8192 } else { 0 };
        /// The receive buffer has been larger in this life.
        const SHRUNK = 16384;
        /// The policy of keep-alive is on.
        const KEEPS_ALIVE = if cfg!(feature = "keep-alive") { 32768 } else { 0 };

        /// What a bit of each segment says.
        const MARKS = Self::URGENT.bits() | Self::ECHO.bits();
        /// What the shortest of the fast paths does not look at.
        const NOT_QUIET = Self::TIMESTAMPS.bits() | Self::DELAYS_ACKS.bits() | Self::GAP.bits();
        /// With these, more than the ACK of a segment left of the window may count.
        const USES_OLD_SEGMENTS = Self::TIMESTAMPS.bits() | Self::KEEPS_ALIVE.bits();
        /// Each segment may count for a timer.
        const HAS_TIMED_POLICY = Self::DELAYS_ACKS.bits() | Self::KEEPS_ALIVE.bits();
        /// What the fast path for payload leaves to the whole poll.
        const NOT_SENT_FAST = Self::SYN.bits() | Self::REDUCED.bits() | Self::MARKS.bits();
    }
}

impl Flags {
    pub(crate) const fn of(policy: &Policy) -> Flags {
        let delays = if policy.delays_acks() { Flags::DELAYS_ACKS } else { Flags::empty() };
        delays.union(if policy.keeps_alive() { Flags::KEEPS_ALIVE } else { Flags::empty() })
    }
}

impl Snd {
    #[inline]
    pub(crate) fn new(iss: SeqNumber, context: &Context) -> Snd {
        Snd {
            iss,
            una: iss,
            nxt: iss + 1,
            end: iss + 1,
            wnd: 0,
            wl1: SeqNumber(0),
            up: iss,
            max_wnd: 0,
            recovery: Recovery::Untimed,
            rto: Rto::new(&context.policy),
            mss: context.policy.default_peer_mss,
            retransmissions: 0,
            scale: 0,
            flags: Flags::SYN.union(Flags::of(&context.policy)),
            backoff: 0,
            duplicates: 0,
            front_sent_at: context.now.as_millis_low(),
        }
    }

    /// Other policies are in force.
    pub(crate) fn note_policies(&mut self, before: &Policy, now: &Policy) {
        self.flags = self.flags.difference(Flags::HAS_TIMED_POLICY).union(Flags::of(now));
        if now.receive_buffer < before.receive_buffer {
            self.flags |= Flags::SHRUNK;
        }
    }

    /// The credit for one segment, with the FIN that may ride on it.
    pub(crate) fn one_segment(&self) -> u32 {
        u32::from(self.mss).saturating_add(1)
    }

    /// Our SYN is not acknowledged yet.
    #[inline]
    pub(crate) const fn is_opening(&self) -> bool {
        self.flags.intersects(Flags::SYN)
    }

    /// The user has closed: a FIN stands at `end`.
    #[inline]
    pub(crate) const fn is_closing(&self) -> bool {
        self.flags.intersects(Flags::FIN)
    }

    /// Sequence numbers sent and not acknowledged.
    pub(crate) fn in_flight(&self) -> u32 {
        self.nxt - self.una
    }

    /// Bytes of the send queue that have never been handed out.
    pub(crate) fn unsent(&self) -> u32 {
        self.end.ahead_of(self.nxt)
    }

    /// The first number after SND.UNA that is payload: the front of the user's send queue.
    pub(crate) fn front(&self) -> SeqNumber {
        if self.is_opening() { self.iss + 1 } else { self.una }
    }

    /// The number behind all that is queued, the FIN included.
    #[inline]
    pub(crate) fn last(&self) -> SeqNumber {
        if self.is_closing() { self.end + 1 } else { self.end }
    }

    /// SND.UNA + SND.WND
    pub(crate) fn right_edge(&self) -> SeqNumber {
        self.una + self.wnd
    }

    /// How much of the payload in flight lies right of the peer's window, because a probe was refused or the window was
    /// taken back. Less than a step of a scaled window is no more than its rounding (RFC 7323 section 2.4), unless it
    /// is a probe; and a FIN needs no window (D28).
    pub(crate) fn excess(&self) -> u32 {
        let excess = self.nxt.min(self.end).ahead_of(self.una).saturating_sub(self.wnd);
        if self.is_rounding(excess) && !self.recovery.is_probing() { 0 } else { excess }
    }

    pub(super) fn is_rounding(&self, excess: u32) -> bool {
        excess.wrapping_shr(u32::from(self.scale)) == 0
    }

    /// SND.WND for what is in flight already: as far as only the rounding of its field has taken it back, it is sent
    /// again without regard to it (RFC 7323 section 2.4).
    pub(crate) fn wnd_in_flight(&self) -> u32 {
        let in_flight = self.nxt - self.una;
        if self.is_rounding(in_flight.saturating_sub(self.wnd)) { in_flight.max(self.wnd) } else { self.wnd }
    }

    /// SEG.SEQ of a segment that carries nothing, a reset too: SND.NXT, but no further than the peer's window reaches,
    /// or else the peer refuses it (D17).
    #[inline]
    pub(crate) fn bare_seq(&self) -> SeqNumber {
        if self.is_within_window() { self.nxt } else { self.bare_seq_beyond_the_window() }
    }

    #[cold]
    #[cfg_attr(feature = "fast-path", inline(never))]
    fn bare_seq_beyond_the_window(&self) -> SeqNumber {
        if self.is_opening() || self.excess() == 0 { self.nxt } else { self.right_edge() }
    }

    /// Nothing in flight lies right of the peer's window.
    #[inline]
    pub(crate) fn is_within_window(&self) -> bool {
        self.nxt - self.una <= self.wnd
    }

    /// "Our FIN is acknowledged", which is more than any acknowledgment.
    #[inline]
    pub(crate) fn fin_acknowledged(&self) -> bool {
        self.is_closing() && self.una == self.end + 1
    }

    /// What the peer's SYN offers and we do too. RFC 9293 3.7.1: segment sizes, within our own bound (MUST-14, MUST-15,
    /// MUST-16); RFC 7323: window scale, at most 14 (section 2.3), and timestamps.
    #[inline]
    pub(super) fn agree(&mut self, offer: &Offer, syn: &Segment, context: &Context) {
        let (policy, ours, options) = (&context.policy, &offer.options, syn.options());
        let mut flags = self.flags | Flags::of(policy);
        if let (Some(_), Some(shift)) = (ours.window_scale(), options.window_scale()) {
            flags |= Flags::SCALE;
            self.scale = shift.min(14);
        }
        // D21: a size of zero is none.
        let peer = options.mss().filter(|&mss| mss > 0).unwrap_or(policy.default_peer_mss);
        self.mss = peer.max(LEAST_PEER_MSS).min(policy.max_payload);
        if ours.timestamps().is_some() && options.timestamps().is_some() {
            flags |= Flags::TIMESTAMPS;
            // Options take their room from the payload.
            self.mss = self.mss.saturating_sub(TIMESTAMPS_LEN).max(1);
        }
        if ours.sack_permitted() && options.sack_permitted() {
            flags |= Flags::SACK;
        }
        if offer.ecn_withdrawn {
            flags |= Flags::NOT_ECT;
        }
        // A SYN that crosses ours has heard no more than our last one.
        if offer.ecn && (syn.ack().is_some() || !offer.ecn_withdrawn) {
            flags |= Flags::ECN;
        }
        self.flags = flags;
        self.take_back_ecn(syn);
        // D1: the window of a SYN counts too.
        self.max_wnd = u32::from(syn.window());
    }

    /// RFC 3168 section 6.1.1: a SYN that offers ECN has both bits, a SYN,ACK that accepts it ECE alone. While our SYN
    /// is unacknowledged, one of the peer's that does neither ends it, even if another one did.
    pub(crate) fn take_back_ecn(&mut self, syn: &Segment) {
        let bits = syn.control().intersection(Control::ECE | Control::CWR);
        let accepts = if syn.ack().is_some() { Control::ECE } else { Control::ECE | Control::CWR };
        if bits != accepts && self.flags.intersects(Flags::ECN) {
            self.flags.remove(Flags::ECN | Flags::ECHO | Flags::ECHO_UNSENT | Flags::REDUCED);
        }
    }

    /// The most payload that our own bound on segments leaves, behind the header and its options.
    pub(crate) fn most_payload(&self, context: &Context) -> u16 {
        let options = if self.flags.intersects(Flags::TIMESTAMPS) { TIMESTAMPS_LEN } else { 0 };
        context.policy.max_payload.saturating_sub(options).max(1)
    }

    /// SEG.WND in bytes; that of a SYN is never scaled.
    #[inline]
    pub(crate) fn window_of(&self, segment: &Segment) -> u32 {
        let shift = if segment.is_syn() { 0 } else { self.scale };
        u32::from(segment.window()).wrapping_shl(u32::from(shift))
    }

    /// The assignments of RFC 9293 3.10.7.3 and 3.10.7.4 for the first acknowledgment of our SYN (D1).
    #[inline]
    pub(crate) fn set_window(&mut self, seq: SeqNumber, window: u32) {
        self.wnd = window;
        self.wl1 = seq;
        self.max_wnd = self.max_wnd.max(window);
    }

    /// SND.UNA <- SEG.ACK, for SND.UNA < SEG.ACK =< SND.NXT.
    #[cfg_attr(feature = "fast-path", inline(always))]
    pub(crate) fn acknowledge(&mut self, ack: SeqNumber, segment: &Segment, context: &mut Context) {
        // The FIN lies behind the end of the queue, and the SYN before its front.
        let payload = ack.min(self.end) - self.una;
        let payload = if self.is_opening() { payload.saturating_sub(1) } else { payload };
        let rtt = if self.recovery.is_steady() {
            self.recovery.timed(ack, context.now)
        } else {
            self.recover(ack, segment, context)
        };
        if let Some(rtt) = rtt {
            self.sample(rtt);
        }
        if self.flags.intersects(Flags::SYN | Flags::URGENT) {
            self.syn_or_urgent_acknowledged(ack, context);
        }
        self.una = ack;
        self.duplicates = 0;
        // RFC 6298 5.2 and 5.3: off when all is acknowledged; otherwise restarted.
        if self.una == self.nxt {
            self.retransmissions = 0;
            context.timer = None;
            context.outbox.take(Pending::RETRANSMIT);
        } else {
            self.restart_timer(context);
        }
        if self.nxt != self.last() {
            context.outbox.request_data();
        }
        context.outbox.signal_acknowledged(payload);
    }

    /// The ACK where not all is sent once: recovery goes on. The round-trip time, in microseconds, if it tells one.
    #[cold]
    #[cfg_attr(feature = "fast-path", inline(never))]
    fn recover(&mut self, ack: SeqNumber, segment: &Segment, context: &mut Context) -> Option<u32> {
        let advance = ack - self.una;
        context.outbox.request_data();
        // The rounding of the window alone has closed it: the peer takes what is in flight (RFC 7323 section 2.4).
        if self.recovery.is_probing() && ack != self.nxt && self.is_rounding(self.nxt - ack) {
            self.recovery = Recovery::GoBackN { recover: self.nxt, cursor: ack, credit: advance.saturating_mul(2) };
            self.backoff = 0;
            return self.echoed(segment, context);
        }
        // RFC 7323 4.1: an echo of our timestamp tells the round-trip time of what was sent again, too (D44).
        self.recovery.acknowledged(ack, advance, context.now).or_else(|| self.echoed(segment, context))
    }

    #[inline]
    pub(crate) fn sample(&mut self, rtt: u32) {
        self.rto.sample(rtt);
        self.backoff = 0;
    }

    /// The round-trip time, in microseconds, that the echo of our timestamp tells: one from before the front was last
    /// sent again tells that its acknowledgment was lost, or was never said by us; zero is what some say who have none.
    fn echoed(&self, segment: &Segment, context: &Context) -> Option<u32> {
        if !self.flags.intersects(Flags::TIMESTAMPS) {
            return None;
        }
        let (_, echo) = segment.options().timestamps()?;
        let millis = context.timestamp().wrapping_sub(echo);
        let most = context.now.as_millis_low().wrapping_sub(self.front_sent_at);
        (echo != 0 && millis <= most).then_some(millis.saturating_mul(1_000))
    }

    #[cfg_attr(feature = "fast-path", inline(never))]
    fn syn_or_urgent_acknowledged(&mut self, ack: SeqNumber, context: &mut Context) {
        if self.is_opening() {
            self.flags.remove(Flags::SYN);
            context.outbox.syn_acknowledged();
            if self.retransmissions > 0 {
                self.rto = Rto::after_syn_timeout(&context.policy);
                self.backoff = 0;
            }
        }
        if self.up.le(ack) {
            self.flags.remove(Flags::URGENT);
        }
    }

    /// SND.WL1 < SEG.SEQ, or SND.WL1 = SEG.SEQ and SND.WL2 =< SEG.ACK, for SND.UNA =< SEG.ACK: the segment is not older
    /// than the last that set the window.
    #[inline]
    pub(crate) fn is_newer(&self, seq: SeqNumber) -> bool {
        self.wl1.le(seq)
    }

    /// SND.WND, SND.WL1 <- the segment's, if it is not older than the last that set them.
    #[cfg_attr(feature = "fast-path", inline(always))]
    pub(crate) fn note_window(&mut self, seq: SeqNumber, segment: &Segment) {
        if self.is_newer(seq) {
            self.set_window(seq, self.window_of(segment));
        }
    }

    /// For SND.UNA =< SEG.ACK =< SND.NXT: what is acknowledged, and the window. `seq` is where the new of it begins.
    #[inline]
    pub(crate) fn process_ack(&mut self, seq: SeqNumber, segment: &Segment, context: &mut Context) {
        let (ack, was) = (segment.ack_number(), self.wnd);
        if self.una != ack {
            self.acknowledge(ack, segment, context);
            // No segment that acknowledges more is older, whatever SND.WL1 says (D24).
            self.set_window(seq, self.window_of(segment));
        } else {
            if self.is_duplicate(segment) {
                self.duplicates = self.duplicates.saturating_add(1);
            }
            self.note_window(seq, segment);
        }
        if self.wnd != was {
            self.window_changed(was, context);
        }
    }

    /// RFC 5681 section 2: an acknowledgment of SND.UNA that says nothing else, while something is in flight. Behind a
    /// closed window it is the answer to a probe.
    fn is_duplicate(&self, segment: &Segment) -> bool {
        segment.len() == 0 && self.una != self.nxt && self.wnd > 0 && self.window_of(segment) == self.wnd
    }
}
