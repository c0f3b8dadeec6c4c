//! The round-trip time (RFC 6298 section 3, RFC 7323 section 4): each sample is the time of something that was sent
//! once, or what an echo tells while something is sent again.

use core::time::Duration;
use std::collections::VecDeque;

use tcp_lifecycle::{Instant, Segment, SeqNumber, Status};

use super::Watched;
use super::features::millis;

/// What is in flight, as it went out first, in the order of its numbers; and its front as it went out last.
#[derive(Debug, Default)]
pub(super) struct Flights {
    first: VecDeque<Flight>,
    front_again: Option<Flight>,
}

#[derive(Clone, Copy, Debug)]
struct Flight {
    from: SeqNumber,
    to: SeqNumber,
    at: Instant,
    /// It has gone out since, too.
    again: bool,
}

/// No longer a round-trip time is believed, in microseconds.
const LONGEST: u64 = 1 << 28;

type Estimate = (Option<Duration>, Option<Duration>);

/// RFC 6298 sections 2.2 and 2.3, in microseconds.
fn next((srtt, rttvar): Estimate, sample: u64) -> Estimate {
    let (sample, micros) = (sample.clamp(1, LONGEST), |time: Duration| time.as_micros() as u64);
    let (srtt, rttvar) = match srtt.zip(rttvar) {
        None => (sample, sample / 2),
        Some((srtt, rttvar)) => {
            let (srtt, rttvar) = (micros(srtt), micros(rttvar));
            ((7 * srtt + sample) / 8, (3 * rttvar + srtt.abs_diff(sample)) / 4)
        }
    };
    (Some(Duration::from_micros(srtt.max(1))), Some(Duration::from_micros(rttvar)))
}

impl Watched {
    /// It takes sequence numbers, and goes out.
    pub(super) fn note_flight(&mut self, segment: &Segment, before: &Status) {
        let (from, to) = (segment.seq(), segment.seq() + segment.len());
        let flight = |from, to| Flight { from, to, at: self.now, again: false };
        let Flights { first, front_again } = &mut self.life.flights;
        // The first SYN, too, lies left of SND.NXT.
        let again = before.snd_nxt.filter(|nxt| from.lt(*nxt) && !first.is_empty());
        let Some(nxt) = again else { return first.push_back(flight(from, to)) };
        let overlapped = first.partition_point(|flight| flight.to.le(from));
        first.range_mut(overlapped..).take_while(|flight| flight.from.lt(to)).for_each(|flight| flight.again = true);
        if before.snd_una == Some(from) {
            *front_again = Some(flight(from, to));
        }
        // What is new behind it has been sent once.
        if nxt.lt(to) {
            first.push_back(flight(nxt, to));
        }
    }

    /// SND.UNA has moved on, or not: what is measured by it.
    pub(super) fn check_estimate(&mut self, segment: &Segment, before: &Status, after: &Status) {
        let (Some(una), Some(now)) = (before.snd_una, after.snd_una) else { return };
        let estimate = |status: &Status| (status.srtt, status.rttvar);
        let first = &self.life.flights.first;
        let acknowledged = first.partition_point(|flight| flight.to.le(now));
        if estimate(before) != estimate(after) {
            assert!(una.lt(now), "a sample of nothing");
            let since = |at: Instant| self.now.as_micros() - at.as_micros();
            // Karn
            let timed = first.range(..acknowledged).filter(|flight| !flight.again).map(|flight| since(flight.at));
            let samples: Vec<u64> = timed.chain(self.echoed(segment, before)).collect();
            let is_of = |sample: &u64| next(estimate(before), *sample) == estimate(after);
            assert!(samples.iter().any(is_of), "a sample of {samples:?}? {before:?} {after:?}");
        }
        self.life.flights.first.drain(..acknowledged);
    }

    /// What the echo tells while something is sent again, or a probe is out: it is not from before the front was last sent
    /// again.
    fn echoed(&self, segment: &Segment, before: &Status) -> Option<u64> {
        let una = before.snd_una?;
        let (_, echo) = segment.options().timestamps()?;
        let again = before.snd_wnd == Some(0) || self.life.again.is_some_and(|again| una.lt(again));
        let age = self.stamp().wrapping_sub(echo);
        let Flights { first, front_again } = &self.life.flights;
        let covers = |flight: &&Flight| flight.from.le(una) && una.lt(flight.to);
        // What was sent again ahead of the front of that moment, or from before the present one, does not count.
        let front_again = front_again.as_ref().filter(|flight| flight.from == una);
        let front = front_again.or_else(|| first.front().filter(covers))?;
        let most = millis(self.now).wrapping_sub(millis(front.at));
        (again && echo != 0 && (age <= most || front_again.is_none())).then_some(u64::from(age) * 1_000)
    }

    /// TSval of this moment.
    pub(super) fn stamp(&self) -> u32 {
        millis(self.now).wrapping_add(u32::from(self.timestamp_offset) << 16)
    }
}
