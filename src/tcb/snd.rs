//! The send sequence space, RFC 9293 section 3.3.1, Figure 3.

use super::{Offer, Pace};
use crate::config::{LEAST_PEER_MSS, Policy};
use crate::connection::Endpoint;
use crate::due::What;
use crate::rto::Rto;
use crate::segment::{Control, Segment};
use crate::seq::SeqNumber;

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
    /// SND.WL1
    pub(crate) wl1: SeqNumber,
    /// SND.WL2
    pub(crate) wl2: SeqNumber,
    /// SND.UP: the number behind the last urgent byte, where [`Flags::URGENT`] is set.
    pub(crate) up: SeqNumber,
    /// MAX.SND.WND of RFC 5961 section 5.2: the largest window that the peer has offered.
    pub(crate) max_wnd: u32,
    pub(crate) pace: Pace,
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
    /// What the numbers do not tell.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub(crate) struct Flags: u16 {
        /// Our SYN is not acknowledged yet.
        const SYN = 1;
        /// The user has closed: a FIN stands at `end`.
        const FIN = 2;
        /// Both SYNs had timestamps.
        const TIMESTAMPS = 4;
        /// Urgent bytes are unacknowledged, or not sent yet.
        const URGENT = 8;
        /// A mark of congestion is echoed until the peer has heard of it (RFC 3168 section 6.1.3).
        const ECHO = 16;
        /// The congestion window has been reduced, and the peer is to hear of it (RFC 3168 section 6.1.2).
        const REDUCED = 32;
        /// A policy, delayed acknowledgments or keep-alive, has to see every segment.
        const WATCHED = 64;
        /// Both SYNs had the bits of ECN (RFC 3168 section 6.1.1).
        const ECN = 128;
        /// Both SYNs had window scale.
        const SCALE = 256;
        /// Both SYNs had SACK-permitted.
        const SACK = 512;
        /// Of the last mark no segment has told yet: it is not what the peer's CWR answers.
        const UNTOLD = 1024;
        /// The user is gone: nobody reads any more.
        const DETACHED = 2048;
        /// Something has come ahead of RCV.NXT.
        const GAP = 4096;
        /// A SYN of ours has not offered ECN: marks are echoed, but no packet of ours may be one that can be marked
        /// (RFC 3168 section 6.1.1).
        const NOT_ECT = 8192;
        /// The receive buffer has been larger in this life.
        const SHRUNK = 16384;

        /// What each segment must have besides.
        const DRESSED = Self::TIMESTAMPS.bits() | Self::URGENT.bits() | Self::ECHO.bits();
        /// What the straight paths for arriving segments leave to the long way.
        const NOT_STRAIGHT = Self::DRESSED.bits() | Self::WATCHED.bits() | Self::GAP.bits();
        /// With these, more than the acknowledgment of a segment left of the window may count.
        const COUNTS_AT_LEFT = Self::TIMESTAMPS.bits() | Self::WATCHED.bits();
        /// What the one for payload leaves to it.
        const NOT_STRAIGHT_OUT = Self::SYN.bits() | Self::REDUCED.bits();
    }
}

impl Flags {
    pub(crate) const fn of(policy: &Policy) -> Flags {
        if policy.watches() { Flags::WATCHED } else { Flags::empty() }
    }
}

impl Snd {
    pub(crate) fn new(iss: SeqNumber, endpoint: &Endpoint) -> Snd {
        Snd {
            iss,
            una: iss,
            nxt: iss + 1,
            end: iss + 1,
            wnd: 0,
            wl1: SeqNumber(0),
            wl2: SeqNumber(0),
            up: iss,
            max_wnd: 0,
            pace: Pace::Untimed,
            rto: Rto::new(&endpoint.policy),
            mss: endpoint.policy.default_peer_mss,
            retransmissions: 0,
            scale: 0,
            flags: Flags::SYN.union(Flags::of(&endpoint.policy)),
            backoff: 0,
            duplicates: 0,
            front_sent_at: endpoint.now.as_millis_low(),
        }
    }

    /// Other policies are in force.
    pub(crate) fn note_policies(&mut self, before: &Policy, now: &Policy) {
        self.flags.set(Flags::WATCHED, now.watches());
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
        self.flags.contains(Flags::SYN)
    }

    /// The user has closed: a FIN stands at `end`.
    #[inline]
    pub(crate) const fn is_closing(&self) -> bool {
        self.flags.contains(Flags::FIN)
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
        if self.is_rounding(excess) && self.pace != Pace::Probing { 0 } else { excess }
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
        if self.is_within_window() || self.is_opening() || self.excess() == 0 { self.nxt } else { self.right_edge() }
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
    pub(super) fn agree(&mut self, offer: &Offer, syn: &Segment, endpoint: &Endpoint) {
        let (policy, ours, options) = (&endpoint.policy, &offer.options, syn.options());
        if let (Some(_), Some(shift)) = (ours.window_scale(), options.window_scale()) {
            self.flags |= Flags::SCALE;
            self.scale = shift.min(14);
        }
        if ours.timestamps().is_some() && options.timestamps().is_some() {
            self.flags |= Flags::TIMESTAMPS;
        }
        if ours.sack_permitted() && options.sack_permitted() {
            self.flags |= Flags::SACK;
        }
        // A SYN that crosses ours has heard no more than our last one.
        let offered = offer.ecn && (syn.ack().is_some() || !offer.ecn_withdrawn);
        self.flags.set(Flags::ECN, offered);
        self.flags.set(Flags::NOT_ECT, offer.ecn_withdrawn);
        self.flags.set(Flags::WATCHED, policy.watches());
        self.take_back_ecn(syn);
        // D21: a size of zero is none.
        let peer = options.mss().filter(|&mss| mss > 0).unwrap_or(policy.default_peer_mss);
        self.mss = peer.max(LEAST_PEER_MSS).min(policy.max_payload);
        // Options take their room from the payload.
        if self.flags.contains(Flags::TIMESTAMPS) {
            self.mss = self.mss.saturating_sub(TIMESTAMPS_LEN).max(1);
        }
        // D1: the window of a SYN counts too.
        self.max_wnd = u32::from(syn.window());
    }

    /// RFC 3168 section 6.1.1: a SYN that offers ECN has both bits, a SYN,ACK that accepts it ECE alone. While our SYN
    /// is unacknowledged, one of the peer's that does neither ends it, even if another one did.
    pub(crate) fn take_back_ecn(&mut self, syn: &Segment) {
        let bits = syn.control().intersection(Control::ECE | Control::CWR);
        let accepts = if syn.ack().is_some() { Control::ECE } else { Control::ECE | Control::CWR };
        if bits != accepts {
            self.flags.remove(Flags::ECN | Flags::ECHO | Flags::UNTOLD | Flags::REDUCED);
        }
    }

    /// The most payload that our own bound on segments leaves, behind the header and its options.
    pub(crate) fn most_payload(&self, endpoint: &Endpoint) -> u16 {
        let options = if self.flags.contains(Flags::TIMESTAMPS) { TIMESTAMPS_LEN } else { 0 };
        endpoint.policy.max_payload.saturating_sub(options).max(1)
    }

    /// SEG.WND in bytes; that of a SYN is never scaled.
    #[inline]
    pub(crate) fn window_of(&self, segment: &Segment) -> u32 {
        let shift = if segment.is_syn() { 0 } else { self.scale };
        u32::from(segment.window()).wrapping_shl(u32::from(shift))
    }

    /// The assignments of RFC 9293 3.10.7.3 and 3.10.7.4 for the first acknowledgment of our SYN (D1).
    #[inline]
    pub(crate) fn set_window(&mut self, seq: SeqNumber, ack: SeqNumber, window: u32) {
        self.wnd = window;
        self.wl1 = seq;
        self.wl2 = ack;
        self.max_wnd = self.max_wnd.max(window);
    }

    /// SND.UNA <- SEG.ACK, for SND.UNA < SEG.ACK =< SND.NXT.
    pub(crate) fn acknowledge(&mut self, ack: SeqNumber, segment: &Segment, endpoint: &mut Endpoint) {
        let payload = ack.min(self.end).ahead_of(self.front());
        let advance = ack - self.una;
        let is_steady = self.is_steady();
        let timed = self.pace_acknowledged(ack, advance, endpoint);
        // RFC 7323 4.1: the echo of a timestamp tells the round-trip time of what was sent again, too (D44).
        let echoed = if is_steady { None } else { self.echoed(segment, endpoint) };
        if let Some(rtt) = timed.or(echoed) {
            self.sample(rtt);
        }
        if self.is_opening() {
            self.syn_acknowledged(endpoint);
        }
        if self.up.le(ack) {
            self.flags.remove(Flags::URGENT);
        }
        self.una = ack;
        self.duplicates = 0;
        // RFC 6298 5.2 and 5.3: off when all is acknowledged; otherwise restarted.
        if self.una == self.nxt {
            self.retransmissions = 0;
            endpoint.timer = None;
            endpoint.due.take(What::FRONT);
        } else {
            self.restart_timer(endpoint);
        }
        // There may be more to send; or the connection rests from now on, and keep-alive begins.
        if self.nxt != self.last() || self.flags.contains(Flags::WATCHED) {
            endpoint.due.look();
        }
        endpoint.due.acknowledged(payload);
    }

    #[inline]
    pub(crate) fn sample(&mut self, rtt: u32) {
        self.rto.sample(rtt);
        self.backoff = 0;
    }

    /// The round-trip time, in microseconds, that the echo of our timestamp tells: one from before the front was last
    /// sent again tells that its acknowledgment was lost, or was never said by us; zero is what some say who have none.
    fn echoed(&self, segment: &Segment, endpoint: &Endpoint) -> Option<u32> {
        if !self.flags.contains(Flags::TIMESTAMPS) {
            return None;
        }
        let (_, echo) = segment.options().timestamps()?;
        let millis = endpoint.timestamp().wrapping_sub(echo);
        let most = endpoint.now.as_millis_low().wrapping_sub(self.front_sent_at);
        (echo != 0 && millis <= most).then_some(millis.saturating_mul(1_000))
    }

    #[cold]
    fn syn_acknowledged(&mut self, endpoint: &mut Endpoint) {
        self.flags.remove(Flags::SYN);
        endpoint.due.syn_acknowledged();
        if self.retransmissions > 0 {
            self.rto = Rto::after_syn_timeout(&endpoint.policy);
            self.backoff = 0;
        }
    }

    /// SND.WL1 < SEG.SEQ, or SND.WL1 = SEG.SEQ and SND.WL2 =< SEG.ACK: the segment is not older than the last that set
    /// the window.
    #[inline]
    pub(crate) fn is_newer(&self, seq: SeqNumber, ack: SeqNumber) -> bool {
        self.wl1.lt(seq) || (self.wl1 == seq && self.wl2.le(ack))
    }

    /// SND.WND, SND.WL1, SND.WL2 <- the segment's, if it is not older than the last that set them.
    #[inline(always)]
    pub(crate) fn note_window(&mut self, seq: SeqNumber, segment: &Segment) {
        let ack = segment.ack_number();
        if self.is_newer(seq, ack) {
            self.set_window(seq, ack, self.window_of(segment));
        }
    }

    /// For SND.UNA =< SEG.ACK =< SND.NXT: what is acknowledged, and the window. `seq` is where the new of it begins.
    #[inline]
    pub(crate) fn use_ack(&mut self, seq: SeqNumber, segment: &Segment, endpoint: &mut Endpoint) {
        let (ack, was) = (segment.ack_number(), self.wnd);
        if self.una != ack {
            self.acknowledge(ack, segment, endpoint);
            // No segment that acknowledges more is older, whatever SND.WL1 says (D24).
            self.set_window(seq, ack, self.window_of(segment));
        } else {
            if self.is_duplicate(segment) {
                self.duplicates = self.duplicates.saturating_add(1);
            }
            self.note_window(seq, segment);
        }
        if self.wnd != was {
            self.window_changed(was, endpoint);
        }
    }

    /// RFC 5681 section 2: an acknowledgment of SND.UNA that says nothing else, while something is in flight. Behind a
    /// closed window it is the answer to a probe.
    fn is_duplicate(&self, segment: &Segment) -> bool {
        segment.len() == 0 && self.una != self.nxt && self.wnd > 0 && self.window_of(segment) == self.wnd
    }
}
