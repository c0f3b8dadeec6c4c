//! CUBIC beside a model: the window that it should have, computed once more from the equations of RFC 9438.

use std::time::Duration;

use tcp_lifecycle::Instant;
use tcp_lifecycle::stream::congestion::Cubic;

use crate::controllers::{SEGMENT, Sender, near};

const C: f64 = 0.4;
const BETA: f64 = 0.7;

/// CUBIC in congestion avoidance, from the equations of RFC 9438, in segments and seconds.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    pub(crate) cwnd: f64,
    pub(crate) w_max: f64,
    pub(crate) cwnd_prior: f64,
    pub(crate) w_est: f64,
    pub(crate) k: f64,
    /// The begin of the epoch: the first acknowledgment in congestion avoidance.
    pub(crate) start: Option<f64>,
}

impl Model {
    /// After a congestion with a window of `cwnd`, as the first one.
    fn congested(cwnd: f64) -> Model {
        let after = cwnd * BETA;
        Model { cwnd: after, w_max: cwnd, cwnd_prior: cwnd, w_est: after, k: ((cwnd - after) / C).cbrt(), start: None }
    }

    fn again(&mut self) {
        let w_max = if self.cwnd < self.w_max { self.cwnd * (1.0 + BETA) / 2.0 } else { self.cwnd };
        self.cwnd_prior = self.cwnd;
        self.cwnd *= BETA;
        (self.w_max, self.w_est, self.start) = (w_max, self.cwnd, None);
        self.k = ((w_max - self.cwnd) / C).max(0.0).cbrt();
    }

    fn w_cubic(&self, t: f64) -> f64 {
        C * (t - self.k).powi(3) + self.w_max
    }

    fn ack(&mut self, segments: f64, at: f64, rtt: f64) {
        let t = at - *self.start.get_or_insert(at);
        let alpha = if self.w_est >= self.cwnd_prior { 1.0 } else { 3.0 * (1.0 - BETA) / (1.0 + BETA) };
        self.w_est += alpha * segments / self.cwnd;
        if self.w_cubic(t) < self.w_est {
            self.cwnd = self.cwnd.max(self.w_est);
        } else {
            let target = self.w_cubic(t + rtt).clamp(self.cwnd, 1.5 * self.cwnd);
            self.cwnd += (target - self.cwnd) / self.cwnd * segments;
        }
    }
}

/// CUBIC beside its model.
#[derive(Debug)]
pub(crate) struct Pair {
    pub(crate) sender: Sender,
    pub(crate) model: Model,
}

impl Pair {
    /// Both have a congestion with a window of so many segments.
    fn congested(window: u64, rtt: u64) -> Pair {
        let mut sender = Sender::grown_to(Cubic::start, window * SEGMENT);
        sender.rtt = Duration::from_millis(rtt);
        sender.congested();
        sender.nxt = sender.una + sender.window();
        let model = Model::congested(window as f64);
        Pair { sender, model }
    }

    /// The flow goes on for so many round-trip times. After each acknowledgment both windows are equal.
    #[track_caller]
    pub(crate) fn rounds(&mut self, rounds: usize) {
        for _ in 0..rounds {
            let segments = self.sender.window() / SEGMENT;
            let start = self.sender.now;
            for acked in 1..=segments {
                self.sender.now = start + self.sender.rtt * acked as u32 / segments as u32;
                self.sender.ack(SEGMENT);
                self.model.ack(1.0, seconds(self.sender.now), self.sender.rtt.as_secs_f64());
                self.agree();
            }
        }
    }

    #[track_caller]
    fn agree(&self) {
        let wanted = self.model.cwnd * SEGMENT as f64;
        let got = self.sender.window() as f64;
        assert!((got - wanted).abs() < 50.0, "{got}, not {wanted}, at {}: {:#?}", self.sender.now, self.model);
    }

    #[track_caller]
    fn congested_again(&mut self) {
        self.sender.congested();
        self.model.again();
        self.agree();
    }
}

fn seconds(at: Instant) -> f64 {
    at.as_micros() as f64 / 1e6
}

#[test]
fn cubic_follows_its_curve_below_and_above_the_plateau() {
    for (window, rtt) in [(100, 100), (400, 40), (1_000, 20), (60, 300)] {
        let mut pair = Pair::congested(window, rtt);
        let k = pair.model.k;
        pair.rounds((k * 1_000.0 / rtt as f64) as usize);
        let plateau = pair.sender.window() as f64 / (window * SEGMENT) as f64;
        assert!((0.97..1.03).contains(&plateau), "K seconds later the window is as before: {plateau}, {window} {rtt}");
        pair.rounds((k * 500.0 / rtt as f64) as usize);
        assert!(pair.sender.window() > window * SEGMENT);
    }
}

#[test]
fn cubic_is_as_friendly_as_reno_in_small_and_fast_networks() {
    let mut pair = Pair::congested(20, 10);
    pair.rounds(200);
    assert!(
        pair.model.w_est > pair.model.w_cubic(seconds(pair.sender.now) - pair.model.start.unwrap()),
        "Reno is ahead"
    );
    assert!(pair.model.w_est > pair.model.cwnd_prior, "beyond cwnd_prior it grows by one segment a round trip");
    let window = pair.sender.window();
    pair.rounds(10);
    near(pair.sender.window(), (window + 10 * SEGMENT) as f64, 500.0);
}

#[test]
fn cubic_leaves_room_to_new_flows_when_the_window_was_short_of_the_last_one() {
    let mut pair = Pair::congested(400, 40);
    pair.rounds(20);
    assert!(pair.model.cwnd < pair.model.w_max);
    pair.congested_again();
    assert!(pair.model.w_max < pair.model.cwnd_prior, "fast convergence");
    pair.rounds(150);
}

#[test]
fn cubic_remembers_the_whole_window_when_it_was_beyond_the_last_one() {
    let mut pair = Pair::congested(400, 40);
    pair.rounds(250);
    assert!(pair.model.cwnd > pair.model.w_max);
    pair.congested_again();
    pair.rounds(150);
}

#[test]
fn cubic_grows_by_half_of_the_window_in_a_round_trip_at_most() {
    // A round-trip time of five seconds: the curve is far ahead.
    let mut pair = Pair::congested(100, 5_000);
    pair.rounds(1);
    for _ in 0..4 {
        let window = pair.sender.window() as f64;
        pair.rounds(1);
        let growth = pair.sender.window() as f64 / window;
        assert!(growth <= 1.5, "{growth}");
    }
    assert!(pair.sender.window() > 200_000, "the clamp was the bound");
}

#[test]
fn the_clock_of_cubic_stands_still_while_the_window_is_not_the_bound() {
    let mut pair = Pair::congested(100, 50);
    pair.rounds(20);
    let mut paused = pair.sender.clone();
    paused.is_window_limited = false;
    for _ in 0..200 {
        paused.now = paused.now + paused.rtt;
        paused.ack(SEGMENT);
    }
    assert_eq!(paused.window(), pair.sender.window());
    paused.is_window_limited = true;
    paused.nxt = paused.una + paused.window();
    for _ in 0..20 {
        pair.sender.round();
        paused.round();
        near(paused.window(), pair.sender.window() as f64, 2.5 * SEGMENT as f64);
    }
}

#[test]
fn after_a_timeout_the_curve_of_cubic_begins_where_slow_start_ends() {
    let mut sender = Sender::grown_to(Cubic::start, 100_000);
    sender.nxt = sender.una + 100_000;
    sender.times_out(false);
    while sender.window() < 70_000 {
        sender.now = sender.now + Duration::from_millis(1);
        sender.ack(SEGMENT);
    }
    near(sender.window(), 70_000.0, 1.0);
    // RFC 9438 section 4.8: K is zero, and W_max the window at the begin of congestion avoidance.
    let model = Model { cwnd: 70.0, w_max: 70.0, cwnd_prior: 100.0, w_est: 70.0, k: 0.0, start: None };
    let mut pair = Pair { sender, model };
    pair.rounds(80);
    assert!(pair.sender.window() > 200_000, "eight seconds later: {}", pair.sender.window());
}

#[test]
fn after_an_undo_cubic_goes_on_as_if_nothing_had_been() {
    let mut pair = Pair::congested(100, 50);
    pair.rounds(40);
    for timeout in [false, true] {
        if timeout {
            pair.sender.times_out(false);
        } else {
            pair.sender.congested();
        }
        pair.sender.controller.undo();
        pair.sender.nxt = pair.sender.una + pair.sender.window();
        pair.agree();
        pair.rounds(30);
    }
}

#[test]
fn cubic_grows_the_same_whatever_the_number_of_acknowledgments() {
    let mut pair = Pair::congested(200, 100);
    let mut delayed = pair.sender.clone();
    for _ in 0..30 {
        pair.sender.round();
        let (start, end) = (delayed.now, delayed.nxt);
        let acks = ((end - delayed.una) / (2 * SEGMENT)) as u32;
        for ack in 1..=acks {
            delayed.now = start + delayed.rtt * ack / acks;
            delayed.ack(2 * SEGMENT);
        }
    }
    let window = pair.sender.window() as f64;
    near(delayed.window(), window, window / 50.0);
}
