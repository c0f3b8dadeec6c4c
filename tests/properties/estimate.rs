//! The round-trip time (RFC 6298 section 3, RFC 7323 section 4). Each sample is the time of a segment that was sent
//! once, or the time since the echoed timestamp during retransmission.

use core::time::Duration;
use std::collections::VecDeque;

use tcp_lifecycle::{Instant, Segment, SeqNumber, Status};

use super::Watched;
use super::features::millis;

/// The segments in flight at their first transmission, ordered by their numbers, and the front at its last
/// transmission.
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
    /// The segment has been retransmitted.
    again: bool,
}

/// The longest round-trip time that counts, in microseconds.
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
    /// Notes a segment with sequence space that is sent.
    pub(super) fn note_flight(&mut self, segment: &Segment, before: &Status) {
        let (from, to) = (segment.seq(), segment.seq() + segment.len());
        let flight = |from, to| Flight { from, to, at: self.now, again: false };
        let Flights { first, front_again } = &mut self.life.flights;
        // The first SYN lies left of SND.NXT too.
        let again = before.snd_nxt.filter(|nxt| from.lt(*nxt) && !first.is_empty());
        let Some(nxt) = again else { return first.push_back(flight(from, to)) };
        let overlapped = first.partition_point(|flight| flight.to.le(from));
        first.range_mut(overlapped..).take_while(|flight| flight.from.lt(to)).for_each(|flight| flight.again = true);
        if before.snd_una == Some(from) {
            *front_again = Some(flight(from, to));
        }
        // The new part behind it has been sent once.
        if nxt.lt(to) {
            first.push_back(flight(nxt, to));
        }
    }

    /// Checks the estimate after SND.UNA has advanced, or has not.
    pub(super) fn check_estimate(&mut self, segment: &Segment, before: &Status, after: &Status) {
        let (Some(una), Some(now)) = (before.snd_una, after.snd_una) else { return };
        let estimate = |status: &Status| (status.srtt, status.rttvar);
        let first = &self.life.flights.first;
        let acknowledged = first.partition_point(|flight| flight.to.le(now));
        if estimate(before) != estimate(after) {
            assert!(una.lt(now), "a sample of nothing");
            let since = |at: Instant| self.now.as_micros() - at.as_micros();
            // Karn's rule.
            let timed = first.range(..acknowledged).filter(|flight| !flight.again).map(|flight| since(flight.at));
            let samples: Vec<u64> = timed.chain(self.echoed(segment, before)).collect();
            let is_of = |sample: &u64| next(estimate(before), *sample) == estimate(after);
            assert!(samples.iter().any(is_of), "a sample of {samples:?}? {before:?} {after:?}");
        }
        self.life.flights.first.drain(..acknowledged);
    }

    /// The sample from the echo during retransmission, or while a probe is unacknowledged. The echo must not be older
    /// than the last retransmission of the front.
    fn echoed(&self, segment: &Segment, before: &Status) -> Option<u64> {
        let una = before.snd_una?;
        let (_, echo) = segment.options().timestamps()?;
        let again = before.snd_wnd == Some(0) || self.life.again.is_some_and(|again| una.lt(again));
        let age = self.stamp().wrapping_sub(echo);
        let Flights { first, front_again } = &self.life.flights;
        let covers = |flight: &&Flight| flight.from.le(una) && una.lt(flight.to);
        // A retransmission counts only if it was of the present front.
        let front_again = front_again.as_ref().filter(|flight| flight.from == una);
        let front = front_again.or_else(|| first.front().filter(covers))?;
        let most = millis(self.now).wrapping_sub(millis(front.at));
        (again && echo != 0 && (age <= most || front_again.is_none())).then_some(u64::from(age) * 1_000)
    }

    /// The TSval of this moment.
    pub(super) fn stamp(&self) -> u32 {
        millis(self.now).wrapping_add(u32::from(self.timestamp_offset) << 16)
    }
}
