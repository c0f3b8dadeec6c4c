//! RFC 5681, with the initial window of RFC 6928 and the byte counting of RFC 3465.

use alloc::boxed::Box;

use super::hystart::MAX_GROWTH;
use super::{Acknowledgment, Controller, initial_window};
use crate::Instant;

/// The standard congestion control: slow start and congestion avoidance of RFC 5681.
#[derive(Clone, Debug)]
pub struct NewReno {
    segment: u64,
    window: u64,
    threshold: Option<u64>,
    /// Bytes that have arrived in congestion avoidance since the window last grew (RFC 3465 section 2.1).
    counted: u64,
    /// Window and threshold before the last congestion.
    before: Option<(u64, Option<u64>)>,
}

impl NewReno {
    /// Makes a controller with the initial window of RFC 6928. A segment carries up to `segment` bytes of payload.
    #[must_use]
    pub fn new(segment: u16) -> NewReno {
        let segment = u64::from(segment.max(1));
        NewReno { segment, window: initial_window(segment), threshold: None, counted: 0, before: None }
    }

    /// Makes a controller, as a [`StartController`](super::StartController) does.
    #[must_use]
    pub fn start(segment: u16, threshold: Option<u32>) -> Box<dyn Controller> {
        Box::new(NewReno { threshold: threshold.map(u64::from), ..NewReno::new(segment) })
    }

    /// RFC 5681 section 3.1, equation 4.
    fn halve(&mut self, in_flight: u64) -> u64 {
        self.before = Some((self.window, self.threshold));
        self.counted = 0;
        let half = (in_flight / 2).max(self.segment.saturating_mul(2));
        self.threshold = Some(half);
        half
    }
}

impl Controller for NewReno {
    fn window(&self) -> u64 {
        self.window
    }

    fn slow_start_threshold(&self) -> Option<u64> {
        self.threshold
    }

    fn acknowledged(&mut self, ack: &Acknowledgment) {
        if !ack.is_window_limited {
            return;
        }
        if self.threshold.is_none_or(|threshold| self.window < threshold) {
            let growth = ack.bytes.min(self.segment.saturating_mul(MAX_GROWTH));
            let most = self.threshold.unwrap_or(u64::MAX);
            self.window = self.window.saturating_add(growth).min(most);
            return;
        }
        self.counted = self.counted.saturating_add(ack.bytes);
        if self.counted >= self.window {
            self.counted = self.counted.saturating_sub(self.window);
            self.window = self.window.saturating_add(self.segment);
        }
    }

    fn congested(&mut self, in_flight: u64, _now: Instant) {
        // RFC 5681 section 3.2, step 2: what limited transmit has sent beyond the window does not count.
        self.window = self.halve(in_flight.min(self.window));
    }

    fn timed_out(&mut self, in_flight: u64, again: bool, _now: Instant) {
        if !again {
            self.halve(in_flight);
        }
        self.window = self.segment;
    }

    fn undo(&mut self) {
        if let Some((window, threshold)) = self.before.take() {
            self.window = self.window.max(window);
            self.threshold = threshold;
        }
    }

    fn idled(&mut self, _now: Instant) {
        self.window = self.window.min(initial_window(self.segment));
        self.counted = 0;
    }

    fn syn_lost(&mut self) {
        self.window = self.segment;
    }

    fn set_segment(&mut self, bytes: u16) {
        let segment = u64::from(bytes.max(1));
        if segment < self.segment {
            // RFC 5681 section 3.1: a smaller segment leaves the number of segments.
            self.window = self.window.saturating_mul(segment).checked_div(self.segment).unwrap_or(segment);
        }
        self.segment = segment;
        self.window = self.window.max(self.segment);
    }

    fn boxed(&self) -> Box<dyn Controller> {
        Box::new(self.clone())
    }
}
