//! The send sequence space, RFC 9293 section 3.3.1, Figure 3.

use super::offer::Offer;
use super::recovery::Recovery;
use crate::machine::config::{MIN_PEER_MSS, Policy};
use crate::machine::context::Context;
use crate::machine::rto::Rto;
use crate::machine::segment::{Control, Segment};
use crate::machine::seq::SeqNumber;

/// The bytes that the timestamps option takes in the header, with its padding.
const TIMESTAMPS_LEN: u16 = 12;

/// The send sequence space, RFC 9293 Figure 3, and the user's send queue beside it.
///
/// ```text
///      una              nxt            end
/// ------|----------------|--------------|-----
///       | in flight      | unsent       | FIN, once the user has closed
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Snd {
    /// Our initial sequence number, the number of our SYN.
    pub(crate) iss: SeqNumber,
    /// SND.UNA
    pub(crate) una: SeqNumber,
    /// SND.NXT; never rolled back.
    pub(crate) nxt: SeqNumber,
    /// The number behind the last byte of the user's send queue. Once the user has closed, it is the number of our FIN.
    pub(crate) end: SeqNumber,
    /// SND.WND, unsigned and of 32 bits (MUST-1, REC-1).
    pub(crate) wnd: u32,
    /// SND.WL1. SND.WL2 is not kept: it is never right of SND.UNA, so no acceptable ACK is older than it.
    pub(crate) wl1: SeqNumber,
    /// SND.UP: the number behind the last urgent byte, where [`Flags::URGENT`] is set.
    pub(crate) up: SeqNumber,
    /// MAX.SND.WND of RFC 5961 section 5.2: the largest window that the peer has offered.
    pub(crate) max_wnd: u32,
    pub(crate) recovery: Recovery,
    pub(crate) rto: Rto,
    /// The most payload bytes in a segment, Eff.snd.MSS: the peer's MSS and our own bound limit it.
    pub(crate) mss: u16,
    /// The number of retransmissions of the segment at SND.UNA, of unanswered zero-window probes, or of unanswered
    /// keep-alive probes.
    pub(crate) retransmissions: u8,
    /// Snd.Wind.Shift of RFC 7323 section 2.3: the left shift of the windows that we receive.
    pub(crate) scale: u8,
    pub(crate) flags: Flags,
    /// How often the retransmission timeout has been doubled. A new round-trip sample resets it, and so does an answer
    /// that shows the path to be open.
    pub(crate) backoff: u8,
    /// Duplicate acknowledgments since SND.UNA last advanced (RFC 5681 section 2).
    pub(crate) duplicates: u8,
    /// When our SYN, or the segment at SND.UNA, was last sent again, in milliseconds modulo 2^32. The echo of an older
    /// timestamp does not answer that transmission.
    pub(crate) front_sent_at: u32,
}

bitflags::bitflags! {
    /// Flags beside the sequence numbers, for both directions; SYN-SENT has them before there is a receive sequence
    /// space. A flag of a disabled feature has no bit: it is never set, and the compiler removes each test of it.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
    pub(crate) struct Flags: u16 {
        /// Our SYN is not acknowledged yet.
        const SYN = 1;
        /// The user has closed: `end` is the number of our FIN.
        const FIN = 2;
        /// Both SYNs had timestamps.
        const TIMESTAMPS = if cfg!(feature = "timestamps") { 4 } else { 0 };
        /// Urgent bytes are unacknowledged, or not sent yet.
        const URGENT = if cfg!(feature = "urgent") { 8 } else { 0 };
        /// Each segment that we send has ECE, the echo of a congestion mark, until the peer answers with CWR (RFC 3168
        /// section 6.1.3).
        const ECHO = if cfg!(feature = "ecn") { 16 } else { 0 };
        /// The congestion window has been reduced: the next new payload has CWR (RFC 3168 section 6.1.2).
        const REDUCED = if cfg!(feature = "ecn") { 32 } else { 0 };
        /// Delayed ACKs are on.
        const DELAYS_ACKS = if cfg!(feature = "delayed-ack") { 64 } else { 0 };
        /// Both ends have agreed on ECN by their SYNs (RFC 3168 section 6.1.1).
        const ECN = if cfg!(feature = "ecn") { 128 } else { 0 };
        /// Both SYNs had window scale.
        const SCALE = 256;
        /// Both SYNs had SACK-permitted.
        const SACK = 512;
        /// No segment has echoed the last mark yet: a CWR of the peer does not answer that mark.
        const ECHO_UNSENT = if cfg!(feature = "ecn") { 1024 } else { 0 };
        /// The user has detached: nobody reads any more.
        const DETACHED = 2048;
        /// A segment has arrived ahead of RCV.NXT, and the gap before it is not filled yet.
        const GAP = 4096;
        /// A retransmitted SYN of ours did not offer ECN. We echo marks, but none of our packets may be ECN-capable
        /// (RFC 3168 section 6.1.1).
        const NOT_ECT = if cfg!(feature = "ecn") { 8192 } else { 0 };
        /// The receive buffer was larger at an earlier time in this connection.
        const BUFFER_SHRUNK = 16384;
        /// Keep-alive is on.
        const KEEPS_ALIVE = if cfg!(feature = "keep-alive") { 32768 } else { 0 };

        /// These flags put control bits on the segments that we send.
        const MARKS = Self::URGENT.bits() | Self::ECHO.bits();
        /// The features of these flags have work to do for each segment, even for one that changes nothing but the
        /// window and RCV.NXT.
        const SEES_QUIET = Self::TIMESTAMPS.bits() | Self::DELAYS_ACKS.bits() | Self::KEEPS_ALIVE.bits();
        /// With these flags, more than the ACK may be used of a segment left of the window.
        const USES_OLD_SEGMENTS = Self::TIMESTAMPS.bits() | Self::KEEPS_ALIVE.bits();
        /// The policies of these flags have timers, which any segment may start or stop.
        const HAS_TIMED_POLICY = Self::DELAYS_ACKS.bits() | Self::KEEPS_ALIVE.bits();
        /// These flags rule out the fast path for outgoing payload.
        const SLOW_OUTPUT = Self::SYN.bits() | Self::REDUCED.bits() | Self::MARKS.bits();
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

    /// Takes note of a change of policies.
    pub(crate) fn note_policies(&mut self, before: &Policy, now: &Policy) {
        self.flags = self.flags.difference(Flags::HAS_TIMED_POLICY).union(Flags::of(now));
        if now.receive_buffer < before.receive_buffer {
            self.flags |= Flags::BUFFER_SHRUNK;
        }
    }

    /// Returns the credit for one full segment and its FIN, in sequence numbers.
    pub(crate) fn one_segment(&self) -> u32 {
        u32::from(self.mss).saturating_add(1)
    }

    /// Returns whether our SYN is not acknowledged yet.
    #[inline]
    pub(crate) const fn is_syn_unacknowledged(&self) -> bool {
        self.flags.intersects(Flags::SYN)
    }

    /// Returns whether the user has closed, so that `end` is the number of our FIN.
    #[inline]
    pub(crate) const fn has_closed(&self) -> bool {
        self.flags.intersects(Flags::FIN)
    }

    /// Returns how many sequence numbers are in flight: sent, and not acknowledged.
    pub(crate) fn in_flight(&self) -> u32 {
        self.nxt - self.una
    }

    /// Returns how many bytes of the send queue have never been sent.
    pub(crate) fn unsent(&self) -> u32 {
        self.end.ahead_of(self.nxt)
    }

    /// Returns the number of the first byte in the send queue. While our SYN is unacknowledged, this is the number
    /// behind the SYN; otherwise it is SND.UNA.
    pub(crate) fn front(&self) -> SeqNumber {
        if self.is_syn_unacknowledged() { self.iss + 1 } else { self.una }
    }

    /// Returns the number behind everything that is queued, the FIN included.
    #[inline]
    pub(crate) fn last(&self) -> SeqNumber {
        if self.has_closed() { self.end + 1 } else { self.end }
    }

    /// Returns the right edge of the peer's window, SND.UNA + SND.WND.
    pub(crate) fn right_edge(&self) -> SeqNumber {
        self.una + self.wnd
    }

    /// Returns how many payload bytes in flight lie right of the peer's window: a probe was refused, or the peer has
    /// shrunk its window. Less than one step of a scaled window is the rounding of the field (RFC 7323 section 2.4),
    /// and does not count, unless a probe is out. A FIN does not count, since it needs no window (D28).
    pub(crate) fn excess(&self) -> u32 {
        let excess = self.nxt.min(self.end).ahead_of(self.una).saturating_sub(self.wnd);
        if self.is_rounding(excess) && !self.recovery.is_probing() { 0 } else { excess }
    }

    /// Returns whether `excess` is less than one step of the peer's scaled window.
    pub(super) fn is_rounding(&self, excess: u32) -> bool {
        excess.wrapping_shr(u32::from(self.scale)) == 0
    }

    /// Returns the window for data that is sent again. It is SND.WND, but covers everything in flight if only the
    /// rounding of the window field cuts it off (RFC 7323 section 2.4, D48).
    pub(crate) fn wnd_in_flight(&self) -> u32 {
        let in_flight = self.nxt - self.una;
        if self.is_rounding(in_flight.saturating_sub(self.wnd)) { in_flight.max(self.wnd) } else { self.wnd }
    }

    /// Returns SEG.SEQ for a segment without payload and FIN, such as a bare ACK or a reset. It is SND.NXT, but not
    /// right of the peer's window, where the peer would refuse it (D17).
    #[inline]
    pub(crate) fn bare_seq(&self) -> SeqNumber {
        if self.is_within_window() { self.nxt } else { self.bare_seq_beyond_the_window() }
    }

    #[cold]
    #[cfg_attr(feature = "fast-path", inline(never))]
    fn bare_seq_beyond_the_window(&self) -> SeqNumber {
        if self.is_syn_unacknowledged() || self.excess() == 0 { self.nxt } else { self.right_edge() }
    }

    /// Returns whether everything in flight lies in the peer's window.
    #[inline]
    pub(crate) fn is_within_window(&self) -> bool {
        self.nxt - self.una <= self.wnd
    }

    /// Returns whether our FIN is acknowledged, not only the payload before it.
    #[inline]
    pub(crate) fn fin_acknowledged(&self) -> bool {
        self.has_closed() && self.una == self.end + 1
    }

    /// Agrees on the options that our SYN and the peer's SYN both offer. The maximum segment size is the peer's, within
    /// our own bound (RFC 9293 3.7.1, MUST-14, MUST-15, MUST-16). Window scale is 14 at most (RFC 7323 section 2.3).
    /// Timestamps need both SYNs (section 3.2).
    #[inline]
    pub(super) fn agree(&mut self, offer: &Offer, syn: &Segment, context: &Context) {
        let (policy, ours, options) = (&context.policy, &offer.options, syn.options());
        let mut flags = self.flags | Flags::of(policy);
        if let (Some(_), Some(shift)) = (ours.window_scale(), options.window_scale()) {
            flags |= Flags::SCALE;
            self.scale = shift.min(14);
        }
        // D21: a maximum segment size of zero is no option.
        let peer = options.mss().filter(|&mss| mss > 0).unwrap_or(policy.default_peer_mss);
        self.mss = peer.max(MIN_PEER_MSS).min(policy.max_payload);
        if ours.timestamps().is_some() && options.timestamps().is_some() {
            flags |= Flags::TIMESTAMPS;
            // The option reduces the room for payload.
            self.mss = self.mss.saturating_sub(TIMESTAMPS_LEN).max(1);
        }
        if ours.sack_permitted() && options.sack_permitted() {
            flags |= Flags::SACK;
        }
        if offer.ecn_withdrawn {
            flags |= Flags::NOT_ECT;
        }
        // In a simultaneous open the peer may have seen only our last SYN. A withdrawn offer does not count then.
        if offer.ecn && (syn.ack().is_some() || !offer.ecn_withdrawn) {
            flags |= Flags::ECN;
        }
        self.flags = flags;
        self.withdraw_ecn(syn);
        // D1: the window of a SYN counts for MAX.SND.WND, too.
        self.max_wnd = u32::from(syn.window());
    }

    /// Withdraws ECN if a SYN of the peer neither offers nor accepts it, even if an earlier SYN did. It is called while
    /// our SYN is unacknowledged. An offer has ECE and CWR; a SYN,ACK that accepts has ECE alone (RFC 3168 section
    /// 6.1.1).
    pub(crate) fn withdraw_ecn(&mut self, syn: &Segment) {
        let bits = syn.control().intersection(Control::ECE | Control::CWR);
        let accepts = if syn.ack().is_some() { Control::ECE } else { Control::ECE | Control::CWR };
        if bits != accepts && self.flags.intersects(Flags::ECN) {
            self.flags.remove(Flags::ECN | Flags::ECHO | Flags::ECHO_UNSENT | Flags::REDUCED);
        }
    }

    /// Returns the most payload that our own bound on segments leaves, after the header and its options.
    pub(crate) fn payload_bound(&self, context: &Context) -> u16 {
        let options = if self.flags.intersects(Flags::TIMESTAMPS) { TIMESTAMPS_LEN } else { 0 };
        let reserved = u16::from(context.reserved);
        context.policy.max_payload.saturating_sub(options).saturating_sub(reserved).max(1)
    }

    /// Returns SEG.WND in bytes. The window of a SYN is never scaled.
    #[inline]
    pub(crate) fn window_of(&self, segment: &Segment) -> u32 {
        if segment.is_syn() { u32::from(segment.window()) } else { self.scaled_window_of(segment) }
    }

    /// Returns SEG.WND of a segment without SYN, in bytes.
    #[inline]
    pub(crate) fn scaled_window_of(&self, segment: &Segment) -> u32 {
        u32::from(segment.window()).wrapping_shl(u32::from(self.scale))
    }

    /// Sets SND.WND, SND.WL1 and MAX.SND.WND (RFC 9293 section 3.10.7.4, fifth; D1).
    #[inline]
    pub(crate) fn set_window(&mut self, seq: SeqNumber, window: u32) {
        self.wnd = window;
        self.wl1 = seq;
        self.max_wnd = self.max_wnd.max(window);
    }
}
