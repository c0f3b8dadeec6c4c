//! RACK of RFC 8985: a segment is lost if a later one has arrived and it has not, for as long as reordering may take.

use core::ops::Range;
use core::time::Duration;

use super::scoreboard::{Delivered, Verdict};
use crate::Instant;

/// The state of RACK, RFC 8985 section 5.3.
#[derive(Clone, Debug)]
pub(super) struct Rack {
    /// The last transmission that has arrived, for `RACK.xmit_ts` and `RACK.end_seq`.
    newest: Option<u64>,
    /// `RACK.rtt`: its round-trip time.
    rtt: Duration,
    min_rtt: Option<(Duration, Instant)>,
    /// `RACK.fack`: the highest position that has arrived.
    fack: u64,
    reordering_seen: bool,
    /// `RACK.reo_wnd_mult`, and for how many recoveries it stays.
    factor: u32,
    persist: u32,
    /// `RACK.dsack_round`: no duplicate before this position counts.
    dsack_round: u64,
}

/// The age at which a least round-trip time is replaced.
const MIN_RTT_AGE: Duration = Duration::from_secs(300);
/// `RACK.reo_wnd_persist` begins here.
const PERSIST: u32 = 16;

impl Rack {
    /// `rtt` is what is known of the round-trip time before the first segment.
    pub(super) fn new(rtt: Option<Duration>, now: Instant) -> Rack {
        Rack {
            newest: None,
            rtt: Duration::ZERO,
            min_rtt: rtt.map(|rtt| (rtt, now)),
            fack: 0,
            reordering_seen: false,
            factor: 1,
            persist: 0,
            dsack_round: 0,
        }
    }

    /// RFC 8985 section 6.2, steps 1 to 3. Returns the round-trip time of a segment that was sent once.
    pub(super) fn delivered(&mut self, segment: &Delivered, now: Instant) -> Option<Duration> {
        let rtt = now.saturating_duration_since(segment.sent_at);
        if !segment.resent {
            self.note_rtt(rtt, now);
            // Step 3: it comes behind one that was sent after it.
            self.reordering_seen |= segment.end < self.fack;
        } else if self.min_rtt.is_some_and(|(least, _)| rtt < least) {
            // The acknowledgment is of an earlier transmission.
            return None;
        }
        self.fack = self.fack.max(segment.end);
        self.rtt = rtt;
        self.newest = self.newest.max(Some(segment.transmission));
        (!segment.resent).then_some(rtt)
    }

    fn note_rtt(&mut self, rtt: Duration, now: Instant) {
        let is_least =
            self.min_rtt.is_none_or(|(least, at)| rtt <= least || now.saturating_duration_since(at) > MIN_RTT_AGE);
        if is_least {
            self.min_rtt = Some((rtt, now));
        }
    }

    /// RFC 8985 section 6.2, step 4: a duplicate (RFC 2883) shows that the window for reordering is too small.
    pub(super) fn duplicate_seen(&mut self, una: u64, nxt: u64) {
        if una >= self.dsack_round {
            self.dsack_round = nxt;
            self.factor = self.factor.saturating_add(1);
            self.persist = PERSIST;
        }
    }

    /// A recovery has ended.
    pub(super) fn recovered(&mut self) {
        self.persist = self.persist.saturating_sub(1);
        if self.persist == 0 {
            self.factor = 1;
        }
    }

    /// `RACK_update_reo_wnd`, RFC 8985 section 6.2, step 4. `is_certain` says that enough segments have arrived ahead
    /// of a gap, or that recovery is under way.
    fn reordering_window(&self, is_certain: bool, srtt: Option<Duration>) -> Duration {
        if !self.reordering_seen && is_certain {
            return Duration::ZERO;
        }
        let least = self.min_rtt.map_or(Duration::ZERO, |(least, _)| least);
        least.checked_div(4).unwrap_or_default().saturating_mul(self.factor).min(srtt.unwrap_or(least))
    }

    /// RFC 8985 section 6.2, step 5.
    pub(super) fn judge(
        &self,
        is_certain: bool,
        srtt: Option<Duration>,
        now: Instant,
    ) -> impl Fn(Instant, u64) -> Verdict + use<> {
        let newest = self.newest;
        let patience = self.rtt.saturating_add(self.reordering_window(is_certain, srtt));
        move |sent_at, transmission| {
            if newest.is_none_or(|newest| newest <= transmission) {
                return Verdict::InFlight;
            }
            let until = sent_at + patience;
            if until <= now { Verdict::Lost } else { Verdict::Wait(until) }
        }
    }

    /// Returns the time of sending up to which a timeout finds everything lost (RFC 8985 section 6.3).
    pub(super) fn lost_until(&self, srtt: Option<Duration>, now: Instant) -> Instant {
        let patience = self.rtt.saturating_add(self.reordering_window(true, srtt));
        Instant::from_micros(now.as_micros().saturating_sub(u64::try_from(patience.as_micros()).unwrap_or(u64::MAX)))
    }
}

/// The tail loss probe of RFC 8985 section 7: a segment that is sent when acknowledgments stay away, so that the loss
/// of the last segments of a flight is found without a timeout.
#[derive(Clone, Debug)]
pub(super) struct Probe {
    /// `TLP.end_seq`
    pub(super) end: u64,
    /// `TLP.is_retrans`
    pub(super) is_resend: bool,
}

impl Probe {
    /// RFC 8985 section 7.4.2. `None` if the probe is still out; otherwise whether it has repaired a loss.
    pub(super) fn ends(&self, una: u64, advanced: bool, duplicate: Option<&Range<u64>>) -> Option<bool> {
        if una < self.end {
            return None;
        }
        // The probe was a copy of a segment that had arrived.
        let was_needless = duplicate.is_some_and(|range| range.contains(&self.end.saturating_sub(1)));
        if !self.is_resend || was_needless {
            return Some(false);
        }
        if una > self.end {
            return Some(true);
        }
        // At its end: an acknowledgment that says nothing new is that of the copy.
        (!advanced).then_some(false)
    }
}
