//! The properties of options, ECN, urgent data, delayed acknowledgments and keep-alive.

use core::ops::Range;

use tcp_lifecycle::{Config, Control, Instant, Options, Refusal, Segment, SeqNumber, State, Status, Transmit};

use super::Watched;
use super::again::is_opening;
use super::life::Owed;
use super::verdict::Verdict;
use crate::arcs::Cause;

pub(super) const ECN: Control = Control::ECE.union(Control::CWR);

/// The shift count that a SYN with these policies offers, if it offers one.
pub(super) fn offered_scale(config: &Config) -> Option<u8> {
    let needed = (0..14).find(|shift| config.receive_buffer >> shift <= u32::from(u16::MAX)).unwrap_or(14);
    let asked = config.window_scale.or((needed > 0).then_some(needed)).filter(|_| config.window_scaling);
    // With a larger shift count each window would read zero.
    let most = (0..=14).rev().find(|shift| config.receive_buffer >> shift >= 1).unwrap_or(0);
    asked.map(|shift| shift.min(most))
}

/// RFC 3168 section 6.1.1: a SYN that offers ECN has both bits, a SYN,ACK that accepts it ECE alone.
fn accepts_ecn(syn: &Segment) -> bool {
    syn.control().intersection(ECN) == if syn.ack().is_some() { Control::ECE } else { ECN }
}

impl Watched {
    /// Whether this SYN of the peer and ours agree on ECN. A SYN that crosses ours agrees at most to our last one.
    pub(super) fn agrees_ecn(&self, syn: &Segment) -> bool {
        let (offer, heard_first) = (&self.life.offer, syn.ack().is_some() || self.life.syns < 2);
        let offered = if self.life.passive { offer.ecn || offer.accept_ecn } else { offer.ecn && heard_first };
        offered && accepts_ecn(syn)
    }

    /// Checks that exactly the options that both ends offer are agreed, once the peer's SYN has arrived.
    pub(super) fn check_agreed(&self, syn: &Segment, status: &Status) {
        let (offer, options) = (&self.life.offer, syn.options());
        assert_eq!(status.timestamps, offer.timestamps && options.timestamps().is_some(), "timestamps");
        assert_eq!(status.sack_permitted, offer.sack_permitted && options.sack_permitted(), "SACK");
        // RFC 3168 section 6.1.1: once a SYN of ours has not offered ECN, none of our packets may be marked.
        assert_eq!(status.ecn, self.life.ecn && (self.life.passive || self.life.syns < 2), "ECN");
        let scales = offered_scale(offer).zip(options.window_scale());
        assert_eq!(status.window_scaling, scales.is_some(), "window scale");
        let (ours, theirs) = scales.unwrap_or_default();
        assert_eq!((status.rcv_scale, status.snd_scale), (Some(ours), Some(theirs.min(14))), "window scale");
        let room = if status.timestamps { 12 } else { 0 };
        // D21: without the option, or with a size of zero.
        let mss = options.mss().filter(|mss| *mss > 0).unwrap_or(self.config.default_peer_mss).max(48);
        let mss = mss.min(self.config.max_segment.saturating_sub(20).max(1));
        assert_eq!(status.peer_mss, Some(mss.saturating_sub(room).max(1)), "MSS");
    }

    /// Notes a segment that has arrived: what becomes due, and what it ends.
    pub(super) fn note_arrival(
        &mut self,
        segment: &Segment,
        before: &Status,
        after: &Status,
        (verdict, taken): (Verdict, &Result<Range<usize>, Refusal>),
    ) {
        if is_sign_of_life(segment, before, taken) && self.is_in_range(segment, before) {
            self.note_heard();
        }
        let is_used = taken.is_ok() || *taken == Err(Refusal::SynRepeated);
        let is_syn_again = segment.control().contains(Control::SYN) && before.irs == Some(segment.seq());
        if is_used && is_syn_again && is_opening(before) && !accepts_ecn(segment) {
            // The peer has withdrawn its offer.
            self.life.ecn = false;
            (self.life.marked, self.life.must_echo, self.life.reduced) = (false, false, false);
        }
        let Ok(range) = taken else { return };
        let Some(nxt) = after.rcv_nxt else { return };
        self.note_heard();
        if segment.control().contains(Control::CWR) && !self.life.untold {
            self.life.must_echo = false;
            // Only where the fifth step has certainly seen the segment.
            let in_order = before.rcv_nxt == Some(segment.seq()) && before.snd_una != before.iss;
            let certain = in_order && segment.ack() == before.snd_una && after.state != State::TimeWait;
            self.life.marked &= !certain;
        }
        let Some(passed) = before.rcv_nxt else {
            // The SYN,ACK.
            self.life.owed.at_once |= after.state == State::Established;
            return;
        };
        let len = range.len() as u32;
        if nxt != passed {
            let whole = range.len() == usize::from(segment.payload_len()) && nxt - passed == len;
            // SHLD-19, and RFC 5681 section 4.2: two full segments in one, or a segment that fills a gap.
            let whole = whole && len < 2 * u32::from(self.config.mss) && self.life.ahead.is_none();
            let delay = self.config.delayed_ack.filter(|delay| whole && !delay.is_zero());
            self.life.owed.segments += 1;
            self.life.owed.at_once |= delay.is_none();
            let by = delay.map(|delay| up_to_millis(self.now) + delay);
            self.life.owed.by = self.life.owed.by.into_iter().chain(by).min();
            self.life.owed.duplicates = 0;
            self.life.ahead = self.life.ahead.filter(|ahead| nxt.lt(*ahead));
        } else if matches!(after.state, State::Established | State::FinWait1 | State::FinWait2) {
            // Ahead of a gap, or without room.
            let carries = segment.payload_len() > 0 || segment.control().contains(Control::FIN);
            self.life.owed.at_once |= carries && before.state == after.state && verdict == Verdict::Taken;
            self.note_ahead(segment, before);
        }
        let up = segment.seq() + u32::from(segment.urgent());
        let moved = after.rcv_up.is_some() && after.rcv_up != before.rcv_up && len == nxt - passed;
        assert!(!moved || (segment.control().contains(Control::URG) && after.rcv_up == Some(up)), "RCV.UP");
    }

    /// Restarts the idle time of keep-alive.
    pub(super) fn note_heard(&mut self) {
        (self.life.heard, self.life.probed) = (Some(self.now), None);
    }

    /// Notes a segment ahead of a gap. Each draws an ACK of its own, unless a delayed ACK is sent instead (RFC 5681
    /// section 4.2).
    fn note_ahead(&mut self, segment: &Segment, before: &Status) {
        let (nxt, wnd) = before.rcv_nxt.zip(before.rcv_wnd).unwrap();
        let (seq, fin) = (segment.seq(), u32::from(segment.control().contains(Control::FIN)));
        let payload = u32::from(segment.payload_len());
        if !nxt.lt(seq) || payload + fin == 0 {
            return;
        }
        let room = wnd.saturating_sub(seq - nxt);
        // D28: the FIN takes no room.
        let end = seq + payload.min(room) + if payload <= room { fin } else { 0 };
        self.life.ahead = Some(self.life.ahead.filter(|ahead| end.lt(*ahead)).unwrap_or(end));
        if self.life.owed.by.take().is_none() {
            self.life.owed.duplicates = self.life.owed.duplicates.saturating_add(1);
        }
    }

    /// With the user gone no payload is accepted (SHLD-3).
    pub(super) fn check_refusals(&self, before: &Status, taken: &Result<Range<usize>, Refusal>) {
        let gone = self.life.detached && matches!(before.state, State::FinWait1 | State::FinWait2);
        assert!(!gone || taken.as_ref().map_or(true, Range::is_empty), "payload when the user is gone");
    }

    /// S15: MSS, window scale and SACK-permitted are on SYNs only. Timestamps are on all segments where they are
    /// agreed, and are current (D30).
    pub(super) fn check_options(&mut self, segment: &Segment, status: &Status) {
        if !status.timestamps {
            return assert_eq!(segment.options(), Options::NONE, "S15: options on SYNs only");
        }
        let (value, echo) = segment.options().timestamps().expect("no timestamps");
        assert_eq!(segment.options(), Options::NONE.with_timestamps(value, echo), "S15: options on SYNs only");
        assert_eq!(value, self.stamp(), "TSval");
        assert_eq!(echo, self.life.recent.value, "TS.Recent");
    }

    /// RFC 3168: the bits are set only where they were agreed, and where they mean something.
    pub(super) fn check_congestion(&mut self, segment: &Segment, before: &Status, status: &Status) {
        let has = |bit| segment.control().contains(bit);
        let life = &mut self.life;
        assert!(!has(Control::ECE) || (life.ecn && life.marked), "ECE without a mark");
        // In TIME-WAIT the peer has nothing left to send.
        let must_echo = life.must_echo && status.state != State::TimeWait;
        assert!(has(Control::ECE) || !must_echo, "a mark that is not echoed");
        life.untold = false;
        // A probe of a closed window does not count.
        let fresh = segment.payload_len() > 0 && Some(segment.seq()) == before.snd_nxt && before.snd_wnd > Some(0);
        assert_eq!(has(Control::CWR), fresh && life.reduced, "CWR on the first new payload");
        life.reduced &= !fresh;
    }

    /// RFC 9293 section 3.8.5: every segment with urgent data ahead of it has the pointer; so has a segment without
    /// payload right behind the urgent data.
    pub(super) fn check_urgent(&mut self, segment: &Segment, status: &Status) {
        let is_told = |up: &SeqNumber| up.gt(segment.seq()) || (*up == segment.seq() && segment.len() == 0);
        let ahead = status.snd_up.filter(is_told).map(|up| up - segment.seq());
        assert_eq!(segment.control().contains(Control::URG), ahead.is_some(), "URG");
        assert_eq!(segment.urgent(), ahead.map_or(0, |ahead| ahead.min(0xFFFF) as u16), "the urgent pointer");
        self.life.tell_urgent &= ahead.is_none();
    }

    /// The number behind everything that the user has ever sent as urgent.
    pub(crate) fn urgent_edge(&self) -> Option<SeqNumber> {
        self.connection.status().iss.and_then(|iss| self.life.up(iss))
    }

    /// RFC 9293 section 3.8.4: tells whether the segment is a keep-alive probe, and checks that it is allowed.
    pub(super) fn is_probe(&mut self, transmit: &Transmit, status: &Status) -> bool {
        let segment = &transmit.segment;
        let behind = Some(segment.seq() + 1) == status.snd_nxt;
        if !behind || status.in_flight > 0 || segment.control().intersects(Control::SYN | Control::FIN) {
            return false;
        }
        let policy = self.config.keep_alive.expect("a probe without the policy");
        assert_eq!(segment.len(), u32::from(self.config.keep_alive_octet));
        assert!(self.causes.iter().any(|(cause, _)| *cause == Cause::Timeout), "a probe without a timeout");
        assert!(status.unsent == 0 || self.limit == 0, "a probe while something waits");
        let rests = matches!(status.state, State::Established | State::CloseWait | State::FinWait2);
        // FIN-WAIT-2 with a timeout of its own needs none.
        let ends = self.life.detached && self.config.fin_wait_2_timeout.is_some();
        assert!(rests && (status.state != State::FinWait2 || !ends));
        let since = self.life.probed.map(|at| at + policy.interval);
        let since = since.or_else(|| self.life.heard.map(|at| at + policy.idle));
        // Without a drain, something may have arrived since the timeout.
        let excused = self.configured || self.causes.len() > 1;
        assert!(excused || since.is_none_or(|since| since <= self.now), "a probe too early");
        // The interval begins with the timeout, unless the peer has been heard since, without a drain.
        self.life.probed = self.timed.filter(|timed| self.life.heard < Some(*timed));
        true
    }

    /// RFC 9293 section 3.8.6.3, at rest: at most one segment waits for its ACK, and the wait is bounded.
    pub(super) fn check_owed(&self, status: &Status, deadline: Option<Instant>) {
        let Owed { segments, by, at_once, duplicates } = self.life.owed;
        if status.rcv_nxt.is_some() {
            assert!(!at_once, "an ACK that was due at once");
            assert!(segments < 2, "every second segment is acknowledged");
            assert_eq!(duplicates, 0, "each segment ahead of a gap has an ACK of its own");
            let by = by.map(|by| by.max(self.now));
            assert!(by.is_none() || deadline.is_some_and(|deadline| Some(deadline) <= by), "an ACK too late");
        }
        assert!(!self.life.tell_urgent || status.snd_una.is_none(), "the peer is not told of urgent data");
        if let (Some(iss), Some(una)) = (status.iss, status.snd_una) {
            assert_eq!(status.snd_up, self.life.up(iss).filter(|up| una.lt(*up)), "SND.UP");
        }
    }
}

/// D39: the segment lies one left of RCV.NXT, where a peer is after the acknowledgment of its probe was lost.
pub(super) fn is_sign_of_life(segment: &Segment, before: &Status, taken: &Result<Range<usize>, Refusal>) -> bool {
    let left = before.rcv_nxt.is_some_and(|nxt| segment.seq() + 1 == nxt);
    let refused = *taken == Err(Refusal::NotAcceptable) && !segment.control().contains(Control::SYN);
    left && refused && !is_opening(before) && before.state != State::TimeWait
}

/// The clock of timestamps, without its offset.
pub(super) fn millis(now: Instant) -> u32 {
    (now.as_micros() / 1_000) as u32
}

fn up_to_millis(now: Instant) -> Instant {
    Instant::from_micros(now.as_micros().div_ceil(1_000) * 1_000)
}
