//! RFC 9438, with the slow start of RFC 9406 and the initial window of RFC 6928.

use alloc::boxed::Box;
use core::time::Duration;

use super::hystart::{HyStart, MAX_GROWTH, SlowStart};
use super::{Acknowledgment, Controller, initial_window};
use crate::Instant;

/// C, RFC 9438 section 5: how steeply the window grows, in segments per cubic second.
const C: f64 = 0.4;
/// The factor of the multiplicative decrease, RFC 9438 section 4.6.
const BETA: f64 = 0.7;
/// RFC 9438 section 4.3: how fast Reno would grow with a decrease by `BETA`, in segments per round trip.
const ALPHA: f64 = 3.0 * (1.0 - BETA) / (1.0 + BETA);

/// CUBIC, the congestion control of Linux, of Windows and of FreeBSD. Its sizes are in segments, as in RFC 9438.
#[derive(Clone, Debug)]
pub struct Cubic {
    segment: f64,
    window: f64,
    threshold: Option<f64>,
    /// `W_max`: the window at the last congestion, less if it was short of the one before.
    w_max: f64,
    /// `cwnd_prior`: the window at the last congestion.
    prior: f64,
    epoch: Option<Epoch>,
    hystart: HyStart,
    before: Option<Box<Cubic>>,
}

/// A time of congestion avoidance, from one congestion to the next (RFC 9438 section 4.1).
#[derive(Clone, Copy, Debug)]
struct Epoch {
    /// The begin, moved on by the times in which the window was not the bound.
    start: Instant,
    unlimited_since: Option<Instant>,
    /// K, in seconds: when the window is back at `origin`.
    k: f64,
    origin: f64,
    /// `W_est`: the window that Reno would have.
    w_est: f64,
}

impl Cubic {
    /// Makes a controller with the initial window of RFC 6928. A segment carries up to `segment` bytes of payload.
    #[must_use]
    pub fn new(segment: u16) -> Cubic {
        let segment = f64::from(segment.max(1));
        Cubic {
            segment,
            window: initial_segments(segment),
            threshold: None,
            w_max: 0.0,
            prior: 0.0,
            epoch: None,
            hystart: HyStart::default(),
            before: None,
        }
    }

    /// Makes a controller, as a [`StartController`](super::StartController) does.
    #[must_use]
    pub fn start(segment: u16, threshold: Option<u32>) -> Box<dyn Controller> {
        let cubic = Cubic::new(segment);
        let threshold = threshold.map(|bytes| f64::from(bytes) / cubic.segment);
        Box::new(Cubic { threshold, ..cubic })
    }

    /// RFC 9438 sections 4.6 and 4.7.
    fn reduce(&mut self, in_flight: u64) {
        self.before = None;
        self.before = Some(Box::new(self.clone()));
        self.prior = self.window;
        // Fast convergence: a flow that did not come back to W_max leaves room to others.
        self.w_max = if self.window < self.w_max { self.window * (1.0 + BETA) / 2.0 } else { self.window };
        let in_flight = (in_flight as f64 / self.segment).min(self.window);
        self.threshold = Some((in_flight * BETA).max(2.0));
        self.epoch = None;
    }

    /// RFC 9438 sections 4.2 to 4.5.
    fn avoid_congestion(&mut self, ack: &Acknowledgment) {
        let (window, w_max) = (self.window, self.w_max);
        let epoch = self.epoch.get_or_insert_with(|| {
            let origin = w_max.max(window);
            let k = libm::cbrt((origin - window) / C);
            Epoch { start: ack.now, unlimited_since: None, k, origin, w_est: window }
        });
        if let Some(since) = epoch.unlimited_since.take() {
            epoch.start = epoch.start + ack.now.saturating_duration_since(since);
        }
        let acked = ack.bytes as f64 / self.segment;
        let alpha = if epoch.w_est >= self.prior { 1.0 } else { ALPHA };
        epoch.w_est += alpha * acked / window;
        let elapsed = ack.now.saturating_duration_since(epoch.start);
        if epoch.cubic(elapsed) < epoch.w_est {
            self.window = window.max(epoch.w_est);
            return;
        }
        let target = epoch.cubic(elapsed.saturating_add(ack.srtt.unwrap_or_default())).clamp(window, 1.5 * window);
        self.window += (target - window) * acked / window;
    }
}

impl Epoch {
    /// `W_cubic`, RFC 9438 section 4.2, equation 1.
    fn cubic(&self, elapsed: Duration) -> f64 {
        let distance = elapsed.as_secs_f64() - self.k;
        C * distance * distance * distance + self.origin
    }
}

fn initial_segments(segment: f64) -> f64 {
    initial_window(segment as u64) as f64 / segment
}

impl Controller for Cubic {
    fn window(&self) -> u64 {
        (self.window * self.segment) as u64
    }

    fn slow_start_threshold(&self) -> Option<u64> {
        self.threshold.map(|threshold| (threshold * self.segment) as u64)
    }

    fn acknowledged(&mut self, ack: &Acknowledgment) {
        if !ack.is_window_limited {
            if let Some(epoch) = &mut self.epoch {
                epoch.unlimited_since.get_or_insert(ack.now);
            }
            return;
        }
        if let Some(threshold) = self.threshold {
            if self.window >= threshold {
                return self.avoid_congestion(ack);
            }
            // RFC 9406 section 4.3: only the first slow start has no threshold, and needs HyStart++.
            let growth = (ack.bytes as f64 / self.segment).min(MAX_GROWTH as f64);
            self.window = (self.window + growth).min(threshold);
            return;
        }
        match self.hystart.acknowledged(ack, self.segment as u64) {
            SlowStart::Grow(bytes) => self.window += bytes as f64 / self.segment,
            SlowStart::End => {
                self.threshold = Some(self.window);
                self.w_max = self.window;
            }
        }
    }

    fn congested(&mut self, in_flight: u64, _now: Instant) {
        self.reduce(in_flight);
        self.window = self.threshold.unwrap_or(2.0);
    }

    fn timed_out(&mut self, in_flight: u64, again: bool, _now: Instant) {
        if !again {
            self.reduce(in_flight);
        }
        // RFC 9438 section 4.8: the curve begins where slow start ends, so that K is zero.
        self.w_max = 0.0;
        self.window = 1.0;
        self.epoch = None;
    }

    fn undo(&mut self) {
        if let Some(before) = self.before.take() {
            let window = self.window.max(before.window);
            *self = Cubic { window, ..*before };
        }
    }

    fn idled(&mut self, _now: Instant) {
        self.window = self.window.min(initial_segments(self.segment));
        self.epoch = None;
    }

    fn syn_lost(&mut self) {
        self.window = 1.0;
    }

    fn set_segment(&mut self, bytes: u16) {
        let segment = f64::from(bytes.max(1));
        let factor = self.segment / segment;
        // RFC 5681 section 3.1: a smaller segment leaves the number of segments.
        self.window = (self.window * factor.min(1.0)).max(1.0);
        self.w_max *= factor;
        self.prior *= factor;
        self.threshold = self.threshold.map(|threshold| threshold * factor);
        self.segment = segment;
        self.epoch = None;
    }

    fn boxed(&self) -> Box<dyn Controller> {
        Box::new(self.clone())
    }
}
