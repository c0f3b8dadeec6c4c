//! The receive sequence space, RFC 9293 section 3.3.1, Figure 4.

use super::{Flags, Offer};
use crate::connection::Endpoint;
use crate::segment::Segment;
use crate::seq::SeqNumber;

/// 24 days at least, in the steps of [`Instant::as_long_steps`](crate::time::Instant), of which the first may be cut.
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
    /// When that was, for its age ([`Instant::as_long_steps`](crate::time::Instant)).
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
    pub(super) fn new(syn: &Segment, offer: &Offer, agreed: Flags, endpoint: &Endpoint) -> Rcv {
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
                .filter(|_| agreed.contains(Flags::TIMESTAMPS))
                .map_or(0, |(value, _)| value),
            ts_recent_at: endpoint.now.as_long_steps(),
            scale: offer.options.window_scale().filter(|_| agreed.contains(Flags::SCALE)).unwrap_or(0),
            unacknowledged: true,
            ahead: SeqNumber(0),
        }
    }

    /// RFC 7323 5.3, R1 and 5.5: older than TS.Recent, which counts for 24 days. Zero is none: some peers say so on
    /// their SYN, and count from anywhere after it (D30).
    pub(crate) fn is_old(&self, timestamp: u32, endpoint: &Endpoint) -> bool {
        let age = endpoint.now.as_long_steps().wrapping_sub(self.ts_recent_at);
        self.ts_recent != 0 && SeqNumber(timestamp).lt(SeqNumber(self.ts_recent)) && age <= MOST_TS_AGE
    }

    /// RFC 7323 5.3, R3: the timestamp of a segment at Last.ACK.sent or left of it, if it is not older.
    #[inline(never)]
    pub(crate) fn note_timestamp(&mut self, segment: &Segment, endpoint: &Endpoint) {
        if let Some((value, _)) = segment.options().timestamps()
            && !self.is_old(value, endpoint)
            && !self.unacknowledged
            && segment.seq().le(self.nxt)
        {
            self.ts_recent = value;
            self.ts_recent_at = endpoint.now.as_long_steps();
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
    pub(crate) fn offer(&self, endpoint: &Endpoint) -> SeqNumber {
        let worth = u32::from(endpoint.policy.mss).min(endpoint.policy.receive_buffer / 2);
        let right = self.read + endpoint.policy.receive_buffer;
        let told = self.nxt + self.told();
        if right.ahead_of(told) < worth { self.edge } else { self.capped_offer(right, told, worth) }
    }

    /// No more than the field can say, in its steps.
    #[inline(never)]
    fn capped_offer(&self, right: SeqNumber, told: SeqNumber, worth: u32) -> SeqNumber {
        let scale = u32::from(self.scale);
        let field = right.ahead_of(self.nxt).wrapping_shr(scale).min(u32::from(u16::MAX));
        let offer = self.nxt + field.wrapping_shl(scale);
        if offer.ahead_of(told) < worth { self.edge } else { self.edge.max(offer) }
    }
}
