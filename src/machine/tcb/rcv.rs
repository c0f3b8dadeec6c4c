//! The receive sequence space, RFC 9293 section 3.3.1, Figure 4.

use super::offer::Offer;
use super::snd::Flags;
use crate::machine::context::Context;
use crate::machine::segment::Segment;
use crate::machine::seq::SeqNumber;

/// The greatest age at which TS.Recent counts: at least 24 days, in steps of
/// [`Instant::as_coarse_steps`](crate::Instant). The first step may be partial.
const MAX_TS_AGE: u16 = 242;

/// The receive sequence space, RFC 9293 Figure 4, and how much of it the user has not consumed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Rcv {
    /// The peer's initial sequence number.
    pub(crate) irs: SeqNumber,
    /// RCV.NXT
    pub(crate) nxt: SeqNumber,
    /// The right edge of the receive window, RCV.NXT + RCV.WND, as the peer has been told. It never moves back
    /// (SHLD-14).
    pub(crate) edge: SeqNumber,
    /// The number behind the last byte that the user has reported as consumed.
    pub(crate) read: SeqNumber,
    /// RCV.UP: the number behind the last urgent byte. The peer's FIN moves it on by one, and `read` as well.
    pub(crate) up: SeqNumber,
    /// TS.Recent of RFC 7323 section 4.3: the timestamp to be echoed, and the oldest that is acceptable.
    pub(crate) ts_recent: u32,
    /// When `ts_recent` was taken, to tell its age ([`Instant::as_coarse_steps`](crate::Instant)).
    pub(crate) ts_recent_at: u16,
    /// Rcv.Wind.Shift of RFC 7323 section 2.3: the right shift of the windows that we send.
    pub(crate) scale: u8,
    /// Whether our last segment still tells the peer RCV.NXT and the edge.
    pub(crate) told: Told,
    /// The number behind everything that has arrived ahead of a gap, where [`Flags::GAP`] is set.
    pub(crate) out_of_order_end: SeqNumber,
}

bitflags::bitflags! {
    /// The parts of our last segment that still hold.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
    pub(crate) struct Told: u8 {
        /// RCV.NXT is Last.ACK.sent: it has not advanced since we last sent it.
        const ACK = 1;
        /// The edge: no larger window can be offered now. Without this bit each segment computes the edge.
        const WINDOW = if cfg!(feature = "fast-path") { 2 } else { 0 };
    }
}

impl Rcv {
    /// Takes IRS and RCV.NXT from the peer's SYN: RFC 9293 3.10.7.2, third step, and 3.10.7.3, fourth step.
    #[inline(always)]
    pub(super) fn new(syn: &Segment, offer: &Offer, agreed: Flags, context: &Context) -> Rcv {
        let nxt = syn.seq() + 1;
        Rcv {
            irs: syn.seq(),
            nxt,
            edge: nxt + u32::from(offer.window),
            read: nxt,
            up: nxt,
            ts_recent: syn
                .options()
                .timestamps()
                .filter(|_| agreed.intersects(Flags::TIMESTAMPS))
                .map_or(0, |(value, _)| value),
            ts_recent_at: context.now.as_coarse_steps(),
            scale: offer.options.window_scale().filter(|_| agreed.intersects(Flags::SCALE)).unwrap_or(0),
            told: if u32::from(offer.window) < context.policy.receive_buffer { Told::empty() } else { Told::WINDOW },
            out_of_order_end: SeqNumber(0),
        }
    }

    /// Returns whether a timestamp is older than TS.Recent (RFC 7323 5.3, R1). TS.Recent counts for 24 days (5.5). A
    /// TS.Recent of zero means that there is none: some peers send zero on their SYN, and any value after it (D30).
    pub(crate) fn is_old(&self, timestamp: u32, context: &Context) -> bool {
        let age = context.now.as_coarse_steps().wrapping_sub(self.ts_recent_at);
        self.ts_recent != 0 && SeqNumber(timestamp).lt(SeqNumber(self.ts_recent)) && age <= MAX_TS_AGE
    }

    /// Updates TS.Recent from a segment at or left of Last.ACK.sent, unless its timestamp is older (RFC 7323 5.3, R3).
    #[cfg_attr(feature = "fast-path", inline(never))]
    pub(crate) fn note_timestamp(&mut self, segment: &Segment, context: &Context) {
        if let Some((value, _)) = segment.options().timestamps()
            && !self.is_old(value, context)
            && segment.seq().le(self.nxt)
        {
            self.note_newer_timestamp(segment, context);
        }
    }

    /// Updates TS.Recent from a segment at or left of RCV.NXT whose timestamp is not older. While RCV.NXT is not
    /// acknowledged, TS.Recent stays (D33).
    #[inline(always)]
    pub(crate) fn note_newer_timestamp(&mut self, segment: &Segment, context: &Context) {
        if let Some((value, _)) = segment.options().timestamps()
            && self.told.intersects(Told::ACK)
        {
            self.ts_recent = value;
            self.ts_recent_at = context.now.as_coarse_steps();
        }
    }

    /// RCV.NXT <- RCV.NXT + count
    #[inline]
    pub(crate) fn advance(&mut self, count: u32) {
        self.nxt += count;
        self.told.remove(Told::ACK);
    }

    /// RCV.WND
    #[inline]
    pub(crate) fn wnd(&self) -> u32 {
        self.edge - self.nxt
    }

    /// Returns RCV.WND as the peer knows it: rounded down to a step of the scaled window field.
    pub(crate) fn advertised_wnd(&self) -> u32 {
        let scale = u32::from(self.scale);
        self.wnd().wrapping_shr(scale).wrapping_shl(scale)
    }

    /// RCV.NXT =< seq < RCV.NXT+RCV.WND
    #[inline]
    pub(crate) fn in_window(&self, seq: SeqNumber) -> bool {
        seq - self.nxt < self.wnd()
    }

    /// Returns how many delivered bytes the user has not yet reported as consumed.
    #[inline]
    pub(crate) fn unread(&self) -> u32 {
        self.nxt - self.read
    }

    /// Records that the user has consumed all but `unread` bytes.
    #[inline]
    pub(crate) fn consume(&mut self, unread: u32) {
        self.read = self.nxt.back(unread);
        self.up = self.up.max(self.read);
    }

    /// Notes whether a segment could offer a larger window, after a change of `read`, of the edge or of the policies.
    #[inline]
    pub(crate) fn note_growth(&mut self, context: &Context) {
        self.told.set(Told::WINDOW, !self.may_grow(context));
    }

    /// Returns the right edge that a segment sent now would offer. To avoid silly windows, the edge moves only by one
    /// segment or more, or by half the buffer if that is less (RFC 9293 section 3.8.6.2.2, MUST-39).
    #[inline]
    pub(crate) fn next_edge(&self, context: &Context) -> SeqNumber {
        let (least_gain, right) = (Rcv::least_gain(context), self.read + context.policy.receive_buffer);
        let advertised_edge = self.nxt + self.advertised_wnd();
        if right.ahead_of(advertised_edge) < least_gain {
            self.edge
        } else {
            self.capped_edge(right, advertised_edge, least_gain)
        }
    }

    /// Returns the least number of bytes by which the offered window grows.
    #[inline(always)]
    fn least_gain(context: &Context) -> u32 {
        u32::from(context.policy.mss).min(context.policy.receive_buffer / 2)
    }

    /// Returns whether [`next_edge`](Self::next_edge) may lie right of the edge. This is a cheap estimate: `true` may
    /// be wrong, `false` never is.
    #[inline(always)]
    pub(crate) fn may_grow(&self, context: &Context) -> bool {
        let gain = (self.read + context.policy.receive_buffer).ahead_of(self.edge);
        let step = 1_u32.wrapping_shl(u32::from(self.scale));
        gain > 0 && gain.saturating_add(step) > Rcv::least_gain(context)
    }

    /// Returns whether the window that can be offered is at least twice as large as the peer knows.
    #[inline(always)]
    pub(crate) fn window_would_double(&self, context: &Context) -> bool {
        let twice = self.advertised_wnd().saturating_mul(2);
        self.read + context.policy.receive_buffer - self.nxt >= twice && self.next_edge_is_beyond(twice, context)
    }

    /// Returns whether [`next_edge`](Self::next_edge) lies right of the edge, and leaves a window of `wnd` or more.
    #[cfg_attr(feature = "fast-path", inline(never))]
    fn next_edge_is_beyond(&self, wnd: u32, context: &Context) -> bool {
        let offer = self.next_edge(context);
        offer != self.edge && offer - self.nxt >= wnd
    }

    /// Returns the right edge to offer, capped at what the window field can hold and rounded down to its step.
    #[cfg_attr(feature = "fast-path", inline(never))]
    fn capped_edge(&self, right: SeqNumber, advertised_edge: SeqNumber, least_gain: u32) -> SeqNumber {
        let scale = u32::from(self.scale);
        let field = right.ahead_of(self.nxt).wrapping_shr(scale).min(u32::from(u16::MAX));
        let offer = self.nxt + field.wrapping_shl(scale);
        if offer.ahead_of(advertised_edge) < least_gain { self.edge } else { self.edge.max(offer) }
    }
}
