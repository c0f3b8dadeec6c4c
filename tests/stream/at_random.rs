//! The invariants of `watched.rs`, whatever peers, users and networks do. The fuzz target `stream` plays the same.

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
