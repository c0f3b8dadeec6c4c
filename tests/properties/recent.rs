//! TS.Recent of RFC 7323 section 4.3: which timestamp is echoed, and which are too old.

use core::ops::Range;
use core::time::Duration;

use tcp_lifecycle::{Control, Instant, Refusal, Segment, SeqNumber, State, Status};

use super::Watched;
use super::again::is_opening;
use super::verdict::Verdict;

/// The range of ages at which TS.Recent expires (RFC 7323 section 5.5).
const TS_AGE: Range<Duration> = Duration::from_secs(20 * 86_400)..Duration::from_secs(26 * 86_400);

/// The timestamp itself, zero for none; when it was stored; and RCV.NXT as last acknowledged to the peer.
#[derive(Debug, Default)]
pub(super) struct Recent {
    pub(super) value: u32,
    at: Option<Instant>,
    pub(super) last_ack_sent: Option<SeqNumber>,
}

/// Whether a timestamp is older than TS.Recent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Age {
    Old,
    New,
    /// TS.Recent itself is so old that it may or may not count.
    Either,
}

fn value(segment: &Segment) -> Option<u32> {
    segment.options().timestamps().map(|(value, _)| value)
}

impl Watched {
    /// RFC 7323 section 5.3, R1, where timestamps are agreed. (A reset is exempt.)
    pub(super) fn age(&self, segment: &Segment, status: &Status) -> Age {
        let recent = &self.life.recent;
        let agreed = status.timestamps && status.irs.is_some() && !segment.control().contains(Control::RST);
        let older = |value: &u32| agreed && recent.value != 0 && SeqNumber(*value).lt(SeqNumber(recent.value));
        let Some(at) = recent.at.filter(|_| value(segment).is_some_and(|value| older(&value))) else {
            return Age::New;
        };
        match self.now.saturating_duration_since(at) {
            age if age < TS_AGE.start => Age::Old,
            age if age < TS_AGE.end => Age::Either,
            _ => Age::New,
        }
    }

    /// R3, D30 and D33: TS.Recent is stored from a segment with an acceptable acknowledgment, at Last.ACK.sent or left
    /// of it, while RCV.NXT is Last.ACK.sent; and from a retransmission that ends there.
    pub(super) fn note_recent(
        &mut self,
        segment: &Segment,
        before: &Status,
        verdict: Verdict,
        taken: &Result<Range<usize>, Refusal>,
    ) {
        let after = self.connection.status();
        let has = |bit| segment.control().contains(bit);
        if !after.timestamps {
            return;
        }
        let (Some(nxt), Some(new)) = (before.rcv_nxt, value(segment)) else {
            if before.rcv_nxt.is_none() && after.rcv_nxt.is_some() {
                // The peer's SYN.
                self.life.recent = Recent { value: value(segment).unwrap(), at: Some(self.now), last_ack_sent: None };
            }
            return;
        };
        if has(Control::RST) || before.state == State::TimeWait || self.age(segment, before) == Age::Old {
            return;
        }
        let known_syn = is_opening(before) && has(Control::SYN);
        let used = taken.is_ok() && verdict == Verdict::Taken && (known_syn || !has(Control::SYN));
        let left = nxt - segment.seq();
        let ends_here = segment.len() > 0 && left == segment.len() && left <= 65_536 && !has(Control::SYN);
        let again = ends_here && !is_opening(before) && self.is_in_range(segment, before);
        // The peer's SYN, retransmitted while ours is unacknowledged (D6).
        let syn_again = *taken == Err(Refusal::SynRepeated);
        let covers = segment.seq().le(nxt) && self.life.recent.last_ack_sent == Some(nxt);
        if (used || again || syn_again) && covers {
            (self.life.recent.value, self.life.recent.at) = (new, Some(self.now));
        }
    }

    /// SND.UNA - MAX.SND.WND =< SEG.ACK =< SND.NXT
    pub(super) fn is_in_range(&self, segment: &Segment, status: &Status) -> bool {
        let oldest = status.snd_una.unwrap() + 0_u32.wrapping_sub(self.most_window(status));
        segment.ack().is_some_and(|ack| ack - oldest <= status.snd_nxt.unwrap() - oldest)
    }

    /// MAX.SND.WND: the largest window that the peer has offered, including that of its SYN; at least one segment (D1).
    pub(super) fn most_window(&self, status: &Status) -> u32 {
        let of_syn = self.life.syn.as_ref().map_or(0, |syn| syn.window().into());
        self.life.most_window.max(of_syn).max(status.peer_mss.unwrap().into())
    }
}
