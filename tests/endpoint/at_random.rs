//! The invariants of `hosts.rs`, whatever users and networks do.

use proptest::collection::vec;
use proptest::prelude::*;

use crate::cases::cases;
use crate::hosts::hosts;

proptest! {
    #![proptest_config(cases(100))]

    #[test]
    fn every_connection_ends_and_nothing_is_left(setup in any::<[u8; 4]>(), acts in vec(any::<[u8; 4]>(), 0..200)) {
        hosts(&[setup.to_vec(), acts.into_flattened()].concat());
    }

    /// Most acts make progress on few connections.
    #[test]
    fn busy_connections_keep_their_bytes(
        setup in any::<[u8; 4]>(),
        acts in vec((prop::sample::select(vec![0_u8, 2, 4, 5, 6, 8, 8, 8, 9, 10, 12, 13]), any::<[u8; 4]>()), 0..250),
    ) {
        let acts = acts.into_iter().flat_map(|(what, [side, which, how, more])| [what | side & 128, which % 4, how, more]);
        hosts(&setup.into_iter().chain(acts).collect::<Vec<_>>());
    }
}
