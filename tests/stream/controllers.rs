//! The two controllers through the trait alone, against RFC 5681, RFC 6928 and RFC 4015. RFC 9438 is in `cubic.rs`,
//! RFC 9406 in `hystart.rs`.

use std::time::Duration;

use tcp_lifecycle::Instant;
use tcp_lifecycle::stream::congestion::{Acknowledgment, Controller, Cubic, NewReno, StartController};

pub(crate) const BOTH: [StartController; 2] = [NewReno::start, Cubic::start];
pub(crate) const SEGMENT: u64 = 1_000;

/// A sender that always fills its window, and whose peer acknowledges each segment.
#[derive(Clone, Debug)]
pub(crate) struct Sender {
    pub(crate) controller: Box<dyn Controller>,
    pub(crate) now: Instant,
    pub(crate) una: u64,
    pub(crate) nxt: u64,
    /// `windowEnd` of RFC 9406 section 4.2: the round ends when it is acknowledged.
    pub(crate) window_end: u64,
    pub(crate) rtt: Duration,
    pub(crate) is_window_limited: bool,
}

impl Sender {
    pub(crate) fn new(start: StartController) -> Sender {
        Sender::with_threshold(start, None)
    }

    pub(crate) fn with_threshold(start: StartController, threshold: Option<u32>) -> Sender {
        let controller = start(SEGMENT as u16, threshold);
        let nxt = controller.window();
        let rtt = Duration::from_millis(100);
        Sender { controller, now: Instant::ZERO, una: 0, nxt, window_end: nxt, rtt, is_window_limited: true }
    }

    pub(crate) fn window(&self) -> u64 {
        self.controller.window()
    }

    pub(crate) fn threshold(&self) -> Option<u64> {
        self.controller.slow_start_threshold()
    }

    /// One acknowledgment of `bytes` bytes.
    pub(crate) fn ack(&mut self, bytes: u64) {
        let mut ack = Acknowledgment::new(self.now, bytes);
        ack.in_flight = self.nxt - self.una;
        self.una += bytes;
        ack.una = self.una;
        self.nxt = self.nxt.max(self.una);
        ack.nxt = self.nxt;
        (ack.rtt, ack.srtt) = (Some(self.rtt), Some(self.rtt));
        ack.is_window_limited = self.is_window_limited;
        self.controller.acknowledged(&ack);
        if self.una >= self.window_end {
            self.window_end = self.nxt;
        }
        if self.is_window_limited {
            self.nxt = self.nxt.max(self.una + self.window());
        }
    }

    pub(crate) fn acks(&mut self, segments: u64) {
        (0..segments).for_each(|_| self.ack(SEGMENT));
    }

    /// One round: everything that is in flight is acknowledged, one segment at a time, in the course of the round-trip
    /// time.
    pub(crate) fn round(&mut self) {
        let (end, segments) = (self.nxt, ((self.nxt - self.una) / SEGMENT).max(1));
        let (start, mut acked) = (self.now, 0);
        while self.una < end {
            acked += 1;
            self.now = start + self.rtt * acked / segments as u32;
            self.ack(SEGMENT.min(end - self.una));
        }
    }

    /// The window has grown to `window` in slow start, with a round-trip time that does not change.
    pub(crate) fn grown_to(start: StartController, window: u64) -> Sender {
        let mut sender = Sender::new(start);
        while sender.window() < window {
            sender.ack(SEGMENT.min(window - sender.window()));
        }
        assert_eq!((sender.window(), sender.threshold()), (window, None), "slow start");
        sender
    }

    pub(crate) fn congested(&mut self) {
        let in_flight = self.window();
        self.controller.congested(in_flight, self.now);
    }

    pub(crate) fn times_out(&mut self, again: bool) {
        let in_flight = self.nxt - self.una;
        self.controller.timed_out(in_flight, again, self.now);
        self.nxt = self.una + self.window();
    }
}

#[track_caller]
pub(crate) fn near(got: u64, wanted: f64, tolerance: f64) {
    assert!((got as f64 - wanted).abs() <= tolerance, "{got} bytes, not {wanted}");
}

// RFC 6928

#[test]
fn the_initial_window_is_ten_segments_up_to_14600_bytes_but_two_segments_at_least() {
    for start in BOTH {
        for (segment, window) in [
            (1, 10),
            (536, 5_360),
            (1_220, 12_200),
            (1_460, 14_600),
            (1_461, 14_600),
            (4_000, 14_600),
            (7_300, 14_600),
            (7_301, 14_602),
            (8_960, 17_920),
            (65_495, 130_990),
        ] {
            let controller = start(segment, None);
            assert_eq!(controller.window(), window, "{segment}: {controller:?}");
            assert_eq!(controller.slow_start_threshold(), None);
        }
    }
}

#[test]
fn a_segment_size_of_zero_does_no_harm() {
    for start in BOTH {
        let mut controller = start(0, Some(0));
        controller.set_segment(0);
        controller.acknowledged(&Acknowledgment::new(Instant::ZERO, 1));
        controller.congested(0, Instant::ZERO);
        controller.timed_out(0, false, Instant::ZERO);
        assert!(controller.window() >= 1);
    }
}

// RFC 5681, slow start; RFC 3465

#[test]
fn in_slow_start_the_window_grows_by_the_bytes_that_have_arrived() {
    for start in BOTH {
        let mut sender = Sender::new(start);
        for (bytes, window) in [(1_000, 11_000), (500, 11_500), (500, 12_000), (2_000, 14_000), (1, 14_001)] {
            sender.ack(bytes);
            assert_eq!(sender.window(), window, "{:?}", sender.controller);
        }
    }
}

#[test]
fn in_slow_start_the_window_doubles_in_a_round_trip() {
    for start in BOTH {
        let mut sender = Sender::new(start);
        for window in [20_000, 40_000, 80_000] {
            sender.round();
            assert_eq!(sender.window(), window);
        }
    }
}

#[test]
fn one_acknowledgment_lets_the_window_grow_by_eight_segments_at_most() {
    for start in BOTH {
        let mut sender = Sender::grown_to(start, 100_000);
        sender.ack(8_000);
        assert_eq!(sender.window(), 108_000);
        sender.ack(60_000);
        assert_eq!(sender.window(), 116_000);
    }
}

#[test]
fn a_window_that_is_not_the_bound_does_not_grow() {
    for start in BOTH {
        for threshold in [None, Some(5_000)] {
            let mut sender = Sender::with_threshold(start, threshold);
            sender.is_window_limited = false;
            for _ in 0..100 {
                sender.now = sender.now + Duration::from_millis(10);
                sender.ack(1_000);
            }
            assert_eq!(sender.window(), 10_000, "{:?}", sender.controller);
        }
    }
}

#[test]
fn slow_start_ends_at_the_threshold() {
    for start in BOTH {
        let mut sender = Sender::with_threshold(start, Some(15_000));
        assert_eq!(sender.threshold(), Some(15_000));
        sender.acks(5);
        assert_eq!(sender.window(), 15_000);
        sender.acks(5);
        assert!((15_000..16_000).contains(&sender.window()), "{}", sender.window());
    }
}

#[test]
fn an_acknowledgment_does_not_carry_the_window_far_beyond_the_threshold() {
    for start in BOTH {
        let mut sender = Sender::with_threshold(start, Some(12_000));
        sender.ack(8_000);
        assert!((12_000..=13_000).contains(&sender.window()), "{:?}", sender.controller);
    }
}

// RFC 5681, congestion avoidance

#[test]
fn new_reno_grows_by_one_segment_for_a_window_of_bytes() {
    let mut sender = Sender::with_threshold(NewReno::start, Some(5_000));
    for round in 1..=50 {
        let window = sender.window();
        for _ in 0..window / SEGMENT - 1 {
            sender.ack(SEGMENT);
            assert_eq!(sender.window(), window, "before the whole window has arrived");
        }
        sender.ack(SEGMENT);
        assert_eq!(sender.window(), 10_000 + round * SEGMENT);
    }
}

#[test]
fn new_reno_does_not_mind_how_many_acknowledgments_there_are() {
    for piece in [1, 100, 250, 1_000, 2_000, 5_000] {
        let mut sender = Sender::with_threshold(NewReno::start, Some(5_000));
        (0..10_000 / piece).for_each(|_| sender.ack(piece));
        assert_eq!(sender.window(), 11_000, "acknowledgments of {piece} bytes");
    }
}

#[test]
fn new_reno_never_grows_by_more_than_one_segment_for_one_acknowledgment_in_congestion_avoidance() {
    let mut sender = Sender::with_threshold(NewReno::start, Some(5_000));
    for _ in 0..20 {
        let window = sender.window();
        sender.ack(3 * window);
        assert!(sender.window() <= window + SEGMENT, "{window} -> {}", sender.window());
    }
}

#[test]
fn new_reno_forgets_the_counted_bytes_at_a_congestion() {
    let mut sender = Sender::with_threshold(NewReno::start, Some(5_000));
    sender.acks(9);
    sender.congested();
    assert_eq!(sender.window(), 5_000);
    sender.acks(4);
    assert_eq!(sender.window(), 5_000);
    sender.ack(1_000);
    assert_eq!(sender.window(), 6_000);
}

// RFC 5681 section 3.1, equation 4

#[test]
fn new_reno_takes_half_of_what_is_in_flight_but_two_segments_at_least() {
    for (in_flight, threshold) in
        [(40_000, 20_000), (10_001, 5_000), (9_000, 4_500), (4_000, 2_000), (3_999, 2_000), (1_000, 2_000), (0, 2_000)]
    {
        let mut sender = Sender::grown_to(NewReno::start, 40_000);
        sender.controller.congested(in_flight, sender.now);
        assert_eq!((sender.window(), sender.threshold()), (threshold, Some(threshold)), "{in_flight} in flight");

        let mut sender = Sender::grown_to(NewReno::start, 40_000);
        sender.controller.timed_out(in_flight, false, sender.now);
        assert_eq!((sender.window(), sender.threshold()), (SEGMENT, Some(threshold)), "{in_flight} in flight");
    }
}

// RFC 9438 sections 4.6 and 4.8

#[test]
fn cubic_takes_seven_tenths_but_two_segments_at_least() {
    for (window, threshold) in [(40_000, 28_000.0), (10_000, 7_000.0)] {
        let mut sender = Sender::grown_to(Cubic::start, window);
        sender.congested();
        near(sender.window(), threshold, 1.0);
        near(sender.threshold().unwrap(), threshold, 1.0);

        let mut sender = Sender::grown_to(Cubic::start, window);
        sender.times_out(false);
        assert_eq!(sender.window(), SEGMENT);
        near(sender.threshold().unwrap(), threshold, 1.0);
    }
    let mut sender = Sender::new(Cubic::start);
    for _ in 0..20 {
        sender.congested();
    }
    assert_eq!((sender.window(), sender.threshold()), (2 * SEGMENT, Some(2 * SEGMENT)));
}

#[test]
fn cubic_takes_no_more_than_seven_tenths_of_the_window_when_less_is_in_flight() {
    let mut sender = Sender::grown_to(Cubic::start, 40_000);
    sender.controller.congested(10_000, sender.now);
    assert!(sender.window() <= 28_000, "{}", sender.window());
}

// RFC 5681 section 3.1: the loss window

#[test]
fn after_a_timeout_slow_start_goes_from_one_segment_to_the_threshold() {
    for start in BOTH {
        let mut sender = Sender::grown_to(start, 40_000);
        sender.nxt = sender.una + 40_000;
        sender.times_out(false);
        let threshold = sender.threshold().unwrap();
        let mut windows = Vec::new();
        while sender.window() < threshold {
            windows.push(sender.window());
            sender.round();
        }
        assert_eq!(windows, [1_000, 2_000, 4_000, 8_000, 16_000]);
        assert!(sender.window() <= threshold + SEGMENT, "{} beyond {threshold}", sender.window());
        assert_eq!(sender.threshold(), Some(threshold));
    }
}

#[test]
fn a_timer_that_fires_again_for_the_same_bytes_leaves_the_threshold() {
    for start in BOTH {
        let mut sender = Sender::grown_to(start, 40_000);
        sender.nxt = sender.una + 40_000;
        sender.times_out(false);
        let threshold = sender.threshold();
        for _ in 0..5 {
            sender.times_out(true);
            assert_eq!((sender.window(), sender.threshold()), (SEGMENT, threshold));
        }
    }
}

#[test]
fn a_timer_that_fires_for_other_bytes_takes_from_the_threshold_again() {
    for start in BOTH {
        let mut sender = Sender::grown_to(start, 40_000);
        sender.nxt = sender.una + 40_000;
        sender.times_out(false);
        let threshold = sender.threshold().unwrap();
        (0..3).for_each(|_| sender.round());
        sender.times_out(false);
        assert!(sender.threshold().unwrap() < threshold, "{:?}", sender.controller);
        assert_eq!(sender.window(), SEGMENT);
    }
}

// RFC 5681 section 3.1, the last paragraph on the initial window

#[test]
fn a_smaller_segment_leaves_the_number_of_segments() {
    for start in BOTH {
        let mut sender = Sender::new(start);
        sender.controller.set_segment(500);
        assert_eq!(sender.window(), 5_000, "{:?}", sender.controller);
        sender.controller.timed_out(5_000, false, sender.now);
        assert_eq!(sender.window(), 500);
    }
}

#[test]
fn the_window_never_falls_below_a_larger_segment() {
    for start in BOTH {
        let mut sender = Sender::new(start);
        sender.times_out(false);
        sender.controller.set_segment(9_000);
        assert!(sender.window() >= 9_000, "{:?}", sender.controller);
    }
}

#[test]
fn a_copy_goes_its_own_way() {
    for start in BOTH {
        let mut sender = Sender::grown_to(start, 40_000);
        let copy = sender.clone();
        sender.congested();
        assert_eq!((copy.window(), copy.threshold()), (40_000, None));
        assert!(sender.window() < 40_000);
    }
}

#[test]
fn whatever_happens_the_window_is_a_segment_at_least_and_grows_within_bounds() {
    for start in BOTH {
        for seed in 1..200_u64 {
            let mut random = seed;
            let mut below = |bound: u64| {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (random >> 33) % bound
            };
            let mut sender = Sender::new(start);
            for _ in 0..300 {
                sender.now = sender.now + Duration::from_micros(below(200_000));
                sender.rtt = Duration::from_micros(1 + below(300_000));
                sender.is_window_limited = below(4) != 0;
                let window = sender.window();
                match below(20) {
                    0 => sender.congested(),
                    1 => sender.times_out(below(2) == 0),
                    2 => sender.controller.idled(sender.now),
                    3 => {
                        let (before, after) = (window, {
                            sender.controller.undo();
                            sender.window()
                        });
                        assert!(after >= before, "an undo takes nothing away: {before} {after}");
                    }
                    _ => {
                        let bytes = 1 + below(30_000);
                        sender.ack(bytes);
                        let most = (8 * SEGMENT).max(bytes / 2);
                        assert!(sender.window() <= window + most + 1, "{bytes}: {window} -> {}", sender.window());
                        assert!(sender.window() >= window, "{window} -> {}", sender.window());
                    }
                }
                assert!(sender.window() >= SEGMENT, "{:?}", sender.controller);
            }
        }
    }
}
