//! What is taken back when nothing was lost (RFC 4015, RFC 9438 section 4.9), and idle times (RFC 5681 section 4.1).

use std::time::Duration;

use crate::controllers::{BOTH, SEGMENT, Sender};

// RFC 4015, RFC 9438 section 4.9

#[test]
fn undo_restores_window_and_threshold() {
    for start in BOTH {
        for threshold in [None, Some(8_000)] {
            let sender = Sender::with_threshold(start, threshold);
            let (window, threshold) = (sender.window(), sender.threshold());

            let mut congested = sender.clone();
            congested.congested();
            congested.controller.undo();
            assert_eq!((congested.window(), congested.threshold()), (window, threshold), "{:?}", sender.controller);

            let mut timed_out = sender.clone();
            timed_out.times_out(false);
            timed_out.times_out(true);
            timed_out.controller.undo();
            assert_eq!((timed_out.window(), timed_out.threshold()), (window, threshold), "{:?}", sender.controller);
        }
    }
}

#[test]
fn undo_of_the_second_congestion_leaves_the_first() {
    for start in BOTH {
        let mut sender = Sender::grown_to(start, 40_000);
        sender.congested();
        let (window, threshold) = (sender.window(), sender.threshold());
        sender.congested();
        assert!(sender.window() < window);
        sender.controller.undo();
        assert_eq!((sender.window(), sender.threshold()), (window, threshold));
    }
}

#[test]
fn undo_takes_back_once() {
    for start in BOTH {
        let mut sender = Sender::grown_to(start, 40_000);
        sender.controller.undo();
        assert_eq!((sender.window(), sender.threshold()), (40_000, None), "there is nothing to take back");
        sender.congested();
        sender.controller.undo();
        sender.acks(4);
        let (window, threshold) = (sender.window(), sender.threshold());
        sender.controller.undo();
        assert_eq!((sender.window(), sender.threshold()), (window, threshold), "there is nothing to take back");
    }
}

// RFC 5681 section 4.1

#[test]
fn after_an_idle_time_the_window_is_the_initial_one_but_never_larger_than_before() {
    for start in BOTH {
        let mut sender = Sender::grown_to(start, 40_000);
        sender.controller.idled(sender.now);
        assert_eq!((sender.window(), sender.threshold()), (10_000, None));

        let mut sender = Sender::new(start);
        sender.times_out(false);
        let threshold = sender.threshold();
        sender.controller.idled(sender.now);
        assert_eq!((sender.window(), sender.threshold()), (SEGMENT, threshold));
    }
}

#[test]
fn after_an_idle_time_slow_start_goes_up_to_the_threshold() {
    for start in BOTH {
        let mut sender = Sender::grown_to(start, 60_000);
        sender.congested();
        let threshold = sender.threshold().unwrap();
        sender.now = sender.now + Duration::from_secs(60);
        sender.controller.idled(sender.now);
        sender.nxt = sender.una + sender.window();
        sender.round();
        assert_eq!((sender.window(), sender.threshold()), (20_000, Some(threshold)));
    }
}
