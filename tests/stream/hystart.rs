//! HyStart++, RFC 9406, in the slow start of CUBIC.

use std::time::Duration;

use tcp_lifecycle::Instant;
use tcp_lifecycle::stream::congestion::{Acknowledgment, Cubic};

use crate::controllers::{SEGMENT, Sender, near};
use crate::cubic::{Model, Pair};

/// CUBIC in its first slow start. A round is what is in flight at its begin.
fn slow_start(rtt: u64) -> Sender {
    let mut sender = Sender::new(Cubic::start);
    sender.rtt = Duration::from_millis(rtt);
    sender
}

/// Acknowledges so many segments, with this round-trip time. Returns by how much the window has grown.
fn growth(sender: &mut Sender, segments: u64, rtt: u64) -> u64 {
    let window = sender.window();
    sender.rtt = Duration::from_millis(rtt);
    for _ in 0..segments {
        sender.now = sender.now + Duration::from_millis(1);
        sender.ack(SEGMENT);
    }
    sender.window() - window
}

/// Acknowledges what is left of the round, with this round-trip time. Returns how many segments that were, and by how
/// much the window has grown.
fn rest_of_round(sender: &mut Sender, rtt: u64) -> (u64, u64) {
    let segments = (sender.window_end - sender.una).div_ceil(SEGMENT);
    let grown = growth(sender, segments, rtt);
    (segments, grown)
}

#[test]
fn a_round_trip_time_that_grows_by_an_eighth_slows_the_start_down_after_eight_samples() {
    // The least round-trip time, and from where on it has grown: between 4 and 16 ms more.
    for (least, grown) in [(10, 14), (32, 36), (80, 90), (128, 144), (400, 416)] {
        for (rtt, slows) in [(grown - 1, false), (grown, true)] {
            let mut sender = slow_start(least);
            assert_eq!(rest_of_round(&mut sender, least), (10, 10_000));
            assert_eq!(growth(&mut sender, 7, rtt), 7_000, "seven samples");
            growth(&mut sender, 1, rtt);
            let wanted = if slows { 2_000 } else { 8_000 };
            assert_eq!(growth(&mut sender, 8, rtt), wanted, "{least} ms, then {rtt} ms");
            assert_eq!(sender.threshold(), None);
        }
    }
}

#[test]
fn the_least_of_a_round_counts() {
    let mut sender = slow_start(80);
    rest_of_round(&mut sender, 80);
    growth(&mut sender, 1, 85);
    let (segments, grown) = rest_of_round(&mut sender, 200);
    assert_eq!(grown, segments * SEGMENT);
}

#[test]
fn a_round_is_compared_with_the_one_before_it() {
    // It grows by 9 ms a round: less than an eighth each time.
    let mut sender = slow_start(80);
    for rtt in [80, 89, 98, 107, 116] {
        let (segments, grown) = rest_of_round(&mut sender, rtt);
        assert_eq!(grown, segments * SEGMENT, "{rtt} ms");
    }
}

#[test]
fn five_rounds_of_conservative_slow_start_end_in_congestion_avoidance() {
    let mut sender = slow_start(80);
    rest_of_round(&mut sender, 80);
    // The round in which it begins is the first.
    growth(&mut sender, 8, 100);
    for round in 1..=5 {
        let segments = (sender.window_end - sender.una).div_ceil(SEGMENT) - 1;
        assert_eq!(growth(&mut sender, segments, 100), segments * SEGMENT / 4, "round {round}");
        assert_eq!(sender.threshold(), None, "round {round}");
        growth(&mut sender, 1, 100);
    }
    let threshold = sender.threshold().expect("congestion avoidance");
    near(threshold, sender.window() as f64, 1.0);
    assert!(growth(&mut sender, 10, 100) < 1_000, "slow start has ended");
}

#[test]
fn after_conservative_slow_start_the_curve_of_cubic_begins() {
    let mut sender = slow_start(80);
    rest_of_round(&mut sender, 80);
    while sender.threshold().is_none() {
        growth(&mut sender, 1, 100);
    }
    // RFC 9438 section 4.10: K is zero, and W_max the window.
    let cwnd = sender.window() as f64 / SEGMENT as f64;
    let model = Model { cwnd, w_max: cwnd, cwnd_prior: 0.0, w_est: cwnd, k: 0.0, start: None };
    let mut pair = Pair { sender, model };
    pair.rounds(60);
}

#[test]
fn conservative_slow_start_ends_when_the_round_trip_time_falls() {
    let mut sender = slow_start(80);
    rest_of_round(&mut sender, 80);
    growth(&mut sender, 8, 100);
    assert_eq!(growth(&mut sender, 4, 100), 1_000, "conservative");
    rest_of_round(&mut sender, 100);
    assert_eq!(growth(&mut sender, 4, 100), 1_000, "as slow as before");
    rest_of_round(&mut sender, 100);
    assert_eq!(growth(&mut sender, 4, 99), 1_000, "no eight samples yet");
    growth(&mut sender, 4, 99);
    let (segments, grown) = rest_of_round(&mut sender, 99);
    assert_eq!(grown, segments * SEGMENT, "slow start again");
    for _ in 0..5 {
        let (segments, grown) = rest_of_round(&mut sender, 99);
        assert_eq!(grown, segments * SEGMENT, "slow start again");
    }
    assert_eq!(sender.threshold(), None);
}

#[test]
fn one_acknowledgment_in_conservative_slow_start_lets_the_window_grow_by_two_segments_at_most() {
    let mut sender = slow_start(80);
    (0..3).for_each(|_| _ = rest_of_round(&mut sender, 80));
    growth(&mut sender, 8, 100);
    let window = sender.window();
    sender.ack(20_000);
    assert_eq!(sender.window() - window, 2_000, "a quarter of eight segments");
}

#[test]
fn slow_start_after_a_timeout_does_not_mind_the_round_trip_time() {
    let mut sender = slow_start(80);
    (0..4).for_each(|_| sender.round());
    sender.times_out(false);
    let threshold = sender.threshold().unwrap();
    assert!(threshold > 64_000);
    for window in [1, 2, 4, 8, 16, 32] {
        assert_eq!(sender.window(), window * SEGMENT);
        sender.rtt *= 2;
        sender.round();
    }
    assert_eq!(sender.threshold(), Some(threshold));
}

#[test]
fn slow_start_to_a_known_threshold_does_not_mind_the_round_trip_time() {
    // RFC 9406 section 4.3
    let mut sender = Sender::with_threshold(Cubic::start, Some(300_000));
    for rtt in [80, 160, 320, 640] {
        let (segments, grown) = rest_of_round(&mut sender, rtt);
        assert_eq!(grown, segments * SEGMENT, "{rtt} ms");
    }
    assert_eq!(sender.threshold(), Some(300_000));
}

#[test]
fn without_samples_of_the_round_trip_time_slow_start_goes_on() {
    let mut controller = Cubic::start(1_000, None);
    for segment in 1..=100 {
        let mut ack = Acknowledgment::new(Instant::from_micros(segment), 1_000);
        (ack.una, ack.nxt) = (segment * 1_000, segment * 2_000);
        controller.acknowledged(&ack);
    }
    assert_eq!((controller.window(), controller.slow_start_threshold()), (110_000, None));
}
