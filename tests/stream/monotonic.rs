//! Controllers for which time must not go back, as their contract says.

use tcp_lifecycle::Instant;
use tcp_lifecycle::stream::congestion::{Acknowledgment, Controller, Cubic, NewReno};

/// A controller for which time must not go back.
#[derive(Debug)]
struct Monotonic {
    controller: Box<dyn Controller>,
    now: Instant,
}

pub(crate) fn cubic(mss: u16, threshold: Option<u32>) -> Box<dyn Controller> {
    Box::new(Monotonic { controller: Cubic::start(mss, threshold), now: Instant::ZERO })
}

pub(crate) fn new_reno(mss: u16, threshold: Option<u32>) -> Box<dyn Controller> {
    Box::new(Monotonic { controller: NewReno::start(mss, threshold), now: Instant::ZERO })
}

impl Monotonic {
    fn at(&mut self, now: Instant) -> &mut dyn Controller {
        assert!(now >= self.now, "time goes back for a controller: {now:?} after {:?}", self.now);
        self.now = now;
        self.controller.as_mut()
    }
}

impl Controller for Monotonic {
    fn window(&self) -> u64 {
        self.controller.window()
    }
    fn slow_start_threshold(&self) -> Option<u64> {
        self.controller.slow_start_threshold()
    }
    fn acknowledged(&mut self, ack: &Acknowledgment) {
        self.at(ack.now).acknowledged(ack);
    }
    fn congested(&mut self, in_flight: u64, now: Instant) {
        self.at(now).congested(in_flight, now);
    }
    fn timed_out(&mut self, in_flight: u64, again: bool, now: Instant) {
        self.at(now).timed_out(in_flight, again, now);
    }
    fn undo(&mut self) {
        self.controller.undo();
    }
    fn idled(&mut self, now: Instant) {
        self.at(now).idled(now);
    }
    fn syn_lost(&mut self) {
        self.controller.syn_lost();
    }
    fn set_segment(&mut self, bytes: u16) {
        self.controller.set_segment(bytes);
    }
    fn boxed(&self) -> Box<dyn Controller> {
        Box::new(Monotonic { controller: self.controller.boxed(), now: self.now })
    }
}
