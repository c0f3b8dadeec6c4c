//! The receive sequence space, RFC 9293 section 3.3.1, Figure 4.

use super::offer::Offer;
use super::snd::Flags;
use crate::machine::context::Context;
use crate::machine::segment::Segment;
use crate::machine::seq::SeqNumber;

/// 24 days at least, in the steps of [`Instant::as_long_steps`](crate::Instant), of which the first may be cut.
const MOST_TS_AGE: u16 = 242;

/// The receive sequence space, RFC 9293 Figure 4, and how much of it the user has not consumed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Rcv {
    /// The peer's initial sequence number.
    pub(crate) irs: SeqNumber,
    /// RCV.NXT
    pub(crate) nxt: SeqNumber,
    /// RCV.NXT + RCV.WND as the peer has been told; never moves back (SHLD-14).
    pub(crate) edge: SeqNumber,
    /// Up to here the user has consumed what was delivered, and reported it.
    pub(crate) read: SeqNumber,
    /// RCV.UP: the number behind the last urgent byte. With the peer's FIN it moves on by one, as `read` does.
    pub(crate) up: SeqNumber,
    /// TS.Recent of RFC 7323 section 4.3: the timestamp to be echoed, and the oldest that is acceptable.
    pub(crate) ts_recent: u32,
    /// When that was, for its age ([`Instant::as_long_steps`](crate::Instant)).
    pub(crate) ts_recent_at: u16,
    /// Rcv.Wind.Shift of RFC 7323 section 2.3: the right shift of a window that goes out.
    pub(crate) scale: u8,
    /// RCV.NXT has advanced since we last sent it: it is not Last.ACK.sent.
    pub(crate) unacknowledged: bool,
    /// The number behind the last thing that has come ahead of a gap, where [`Flags::GAP`] is set.
    pub(crate) ahead: SeqNumber,
}

impl Rcv {
    /// RFC 9293 3.10.7.2, third, and 3.10.7.3, fourth: IRS and RCV.NXT from the peer's SYN.
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
            ts_recent_at: context.now.as_long_steps(),
            scale: offer.options.window_scale().filter(|_| agreed.intersects(Flags::SCALE)).unwrap_or(0),
            unacknowledged: true,
            ahead: SeqNumber(0),
        }
    }

    /// RFC 7323 5.3, R1 and 5.5: older than TS.Recent, which counts for 24 days. Zero is none: some peers say so on
    /// their SYN, and count from anywhere after it (D30).
    pub(crate) fn is_old(&self, timestamp: u32, context: &Context) -> bool {
        let age = context.now.as_long_steps().wrapping_sub(self.ts_recent_at);
        self.ts_recent != 0 && SeqNumber(timestamp).lt(SeqNumber(self.ts_recent)) && age <= MOST_TS_AGE
    }

    /// RFC 7323 5.3, R3: the timestamp of a segment at Last.ACK.sent or left of it, if it is not older.
    #[cfg_attr(feature = "fast-path", inline(never))]
    pub(crate) fn note_timestamp(&mut self, segment: &Segment, context: &Context) {
        if let Some((value, _)) = segment.options().timestamps()
            && !self.is_old(value, context)
            && segment.seq().le(self.nxt)
        {
            self.note_newer_timestamp(segment, context);
        }
    }

    /// The same of a segment at RCV.NXT or left of it whose timestamp is not older than TS.Recent.
    #[inline(always)]
    pub(crate) fn note_newer_timestamp(&mut self, segment: &Segment, context: &Context) {
        if let Some((value, _)) = segment.options().timestamps()
            && !self.unacknowledged
        {
            self.ts_recent = value;
            self.ts_recent_at = context.now.as_long_steps();
        }
    }

    /// RCV.NXT <- RCV.NXT + count
    #[inline]
    pub(crate) fn advance(&mut self, count: u32) {
        self.nxt += count;
        self.unacknowledged = true;
    }

    /// RCV.WND
    #[inline]
    pub(crate) fn wnd(&self) -> u32 {
        self.edge - self.nxt
    }

    /// RCV.WND as the peer knows it: what is less than a step of its field is not said.
    pub(crate) fn told(&self) -> u32 {
        let scale = u32::from(self.scale);
        self.wnd().wrapping_shr(scale).wrapping_shl(scale)
    }

    /// RCV.NXT =< seq < RCV.NXT+RCV.WND
    #[inline]
    pub(crate) fn in_window(&self, seq: SeqNumber) -> bool {
        seq - self.nxt < self.wnd()
    }

    /// Bytes delivered that the user has not reported as consumed.
    #[inline]
    pub(crate) fn unread(&self) -> u32 {
        self.nxt - self.read
    }

    /// The user has consumed all but `unread` bytes.
    pub(crate) fn consume(&mut self, unread: u32) {
        self.read = self.nxt.back(unread);
        self.up = self.up.max(self.read);
    }

    /// The right edge that a segment sent now would offer: further than the peer has been told only by as much as is
    /// worth a segment (RFC 9293 section 3.8.6.2.2, MUST-39).
    #[inline]
    pub(crate) fn offer(&self, context: &Context) -> SeqNumber {
        let (worth, right) = (Rcv::worth(context), self.read + context.policy.receive_buffer);
        let told = self.nxt + self.told();
        if right.ahead_of(told) < worth { self.edge } else { self.capped_offer(right, told, worth) }
    }

    /// The least by which the window grows.
    #[inline(always)]
    fn worth(context: &Context) -> u32 {
        u32::from(context.policy.mss).min(context.policy.receive_buffer / 2)
    }

    /// Whether [`offer`](Self::offer) may lie right of the edge: never false where it does.
    #[inline(always)]
    pub(crate) fn may_grow(&self, context: &Context) -> bool {
        let gain = (self.read + context.policy.receive_buffer).ahead_of(self.edge);
        let rounded = 1_u32.wrapping_shl(u32::from(self.scale));
        gain > 0 && gain.saturating_add(rounded) > Rcv::worth(context)
    }

    /// Whether a window at least twice as large as the peer knows may be offered.
    #[inline(always)]
    pub(crate) fn doubles(&self, context: &Context) -> bool {
        let twice = self.told().saturating_mul(2);
        let right = self.read + context.policy.receive_buffer;
        if right - self.nxt < twice {
            return false;
        }
        let offer = self.offer(context);
        offer != self.edge && offer - self.nxt >= twice
    }

    /// No more than the field can say, in its steps.
    #[cfg_attr(feature = "fast-path", inline(never))]
    fn capped_offer(&self, right: SeqNumber, told: SeqNumber, worth: u32) -> SeqNumber {
        let scale = u32::from(self.scale);
        let field = right.ahead_of(self.nxt).wrapping_shr(scale).min(u32::from(u16::MAX));
        let offer = self.nxt + field.wrapping_shl(scale);
        if offer.ahead_of(told) < worth { self.edge } else { self.edge.max(offer) }
    }
}
