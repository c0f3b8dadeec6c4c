//! `HyStart++`, RFC 9406: the end of slow start before the queue of the bottleneck overflows.

use core::time::Duration;

use super::Acknowledgment;

/// L of RFC 9406 section 4.3: in slow start an acknowledgment lets the window grow by at most this many segments, since
/// nothing paces the segments.
pub(super) const MAX_GROWTH: u64 = 8;

const MIN_RTT_THRESHOLD: Duration = Duration::from_millis(4);
const MAX_RTT_THRESHOLD: Duration = Duration::from_millis(16);
const MIN_RTT_DIVISOR: u32 = 8;
const RTT_SAMPLES: u32 = 8;
const CSS_GROWTH_DIVISOR: u64 = 4;
const CSS_ROUNDS: u32 = 5;

/// The rounds of slow start, and their least round-trip times.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct HyStart {
    /// `windowEnd`: the round ends when this position is acknowledged. Zero before the first.
    round_end: u64,
    last_min: Option<Duration>,
    current_min: Option<Duration>,
    samples: u32,
    /// Conservative slow start: the least round-trip time when it began, and the rounds since.
    conservative: Option<(Duration, u32)>,
}

/// What slow start does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SlowStart {
    /// The window grows by this many bytes.
    Grow(u64),
    /// Congestion avoidance begins.
    End,
}

impl HyStart {
    /// RFC 9406 section 4.2.
    pub(super) fn acknowledged(&mut self, ack: &Acknowledgment, segment: u64) -> SlowStart {
        if self.round_end == 0 {
            self.round_end = ack.nxt;
        }
        if let Some(rtt) = ack.rtt {
            self.samples = self.samples.saturating_add(1);
            self.current_min = Some(self.current_min.map_or(rtt, |least| least.min(rtt)));
        }
        if self.samples >= RTT_SAMPLES
            && let Some(current) = self.current_min
        {
            match (self.conservative, self.last_min) {
                (None, Some(last)) if current >= last.saturating_add(threshold(last)) => {
                    self.conservative = Some((current, 0));
                }
                // The delay has passed.
                (Some((baseline, _)), _) if current < baseline => self.conservative = None,
                (None | Some(_), _) => {}
            }
        }
        // What ends the round was sent in it, and its sample belongs to it.
        if ack.una >= self.round_end && self.begin_round(ack.nxt) {
            return SlowStart::End;
        }
        let growth = ack.bytes.min(segment.saturating_mul(MAX_GROWTH));
        SlowStart::Grow(if self.conservative.is_some() { growth / CSS_GROWTH_DIVISOR } else { growth })
    }

    /// Begins a round. Returns whether conservative slow start has lasted long enough.
    fn begin_round(&mut self, nxt: u64) -> bool {
        self.round_end = nxt;
        self.last_min = self.current_min.take();
        self.samples = 0;
        match &mut self.conservative {
            Some((_, rounds)) => {
                *rounds = rounds.saturating_add(1);
                *rounds >= CSS_ROUNDS
            }
            None => false,
        }
    }
}

fn threshold(last: Duration) -> Duration {
    last.checked_div(MIN_RTT_DIVISOR).unwrap_or_default().clamp(MIN_RTT_THRESHOLD, MAX_RTT_THRESHOLD)
}
