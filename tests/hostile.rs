//! A hostile peer that knows the numbers: whatever the peer sends and our user does, the laws of `hostile/laws.rs`
//! hold.
//!
//! The fuzz target `hostile` plays the same attacks and checks all laws at once. A case that fails shrinks, and is
//! printed as an exchange in the notation of the RFC.

#[path = "hostile/attack.rs"]
mod attack;
mod cases;
#[path = "properties/run.rs"]
#[allow(dead_code, reason = "`properties.rs` uses the rest")]
mod run;
#[path = "properties/settings.rs"]
mod settings;
#[path = "properties/story.rs"]
#[allow(dead_code, reason = "`properties.rs` uses the rest")]
mod story;

use proptest::collection::vec;
use proptest::prelude::*;

use crate::attack::{Law, SETUP, attack};
use crate::run::check;

/// Plays attacks of random bytes, and checks one law in each.
#[track_caller]
fn holds(law: Law) {
    let input = (vec(any::<u8>(), SETUP), vec(any::<[u8; 8]>(), 0..60));
    check(300, &input, |(setup, acts)| {
        attack(&[setup, acts.into_flattened()].concat(), &[law]);
    });
}

#[test]
fn a_peer_gets_no_more_bytes_than_it_pays_for() {
    holds(Law::BoundedRepair);
}

#[test]
fn poll_reaches_wait_after_what_window_and_queue_allow() {
    holds(Law::BoundedOutput);
}

#[test]
fn a_peer_that_acknowledges_nothing_new_is_given_up() {
    holds(Law::BoundedPatience);
}

#[test]
fn each_byte_arrives_once_and_in_order_or_an_end_is_signalled() {
    holds(Law::Streams);
}

#[test]
fn a_connection_ends_once_and_has_a_timer_where_it_waits_for_the_network() {
    holds(Law::Sanity);
}

#[test]
fn an_honest_probe_is_answered_whatever_the_limiter_says() {
    holds(Law::Probes);
}

#[test]
fn what_lies_far_from_the_window_is_answered_within_the_limiter() {
    holds(Law::Limiter);
}

#[test]
fn segments_at_a_gap_are_acknowledged_one_by_one_and_at_once() {
    holds(Law::Gaps);
}

#[test]
fn a_repeated_fin_that_acknowledges_ours_ends_the_connection() {
    holds(Law::RepeatedFin);
}

#[test]
fn a_closed_window_ends_nothing_before_three_probes() {
    holds(Law::ThreeProbes);
}

#[test]
fn a_peer_that_turns_honest_gets_all_within_a_few_timeouts() {
    holds(Law::Progress);
}

/// The inputs of the fuzz target. (The published package is without them.)
#[test]
fn what_fuzzing_has_found_holds() {
    let Ok(corpus) = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus/hostile")) else { return };
    for input in corpus {
        attack::attack(&std::fs::read(input.unwrap().path()).unwrap(), Law::ALL);
    }
}
