//! The invariants of `watched.rs`, whatever peers, users and networks do. The fuzz target `stream` plays the same.

use std::fs;

use proptest::collection::vec;
use proptest::prelude::*;

use crate::attack::attack;
use crate::cases::cases;
use crate::pair::pair;

proptest! {
    #![proptest_config(cases(60))]

    #[test]
    fn a_hostile_peer_and_any_user_break_no_invariant(setup in vec(any::<u8>(), 12), acts in vec(any::<[u8; 12]>(), 0..80)) {
        attack(&[setup, acts.into_flattened()].concat());
    }

    #[test]
    fn two_streams_come_to_an_end_with_all_bytes(setup in vec(any::<u8>(), 22), acts in vec(any::<[u8; 3]>(), 0..100)) {
        pair(&[setup, acts.into_flattened()].concat());
    }
}

/// The inputs of the fuzz target. (The published package is without them.)
#[test]
fn what_fuzzing_has_found_holds() {
    let Ok(corpus) = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus/stream")) else { return };
    for input in corpus {
        let bytes = fs::read(input.unwrap().path()).unwrap();
        match bytes.split_first() {
            Some((0..128, bytes)) => attack(bytes),
            Some((_, bytes)) => pair(bytes),
            None => {}
        }
    }
}
