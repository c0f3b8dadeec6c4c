//! The laws of sequence numbers (RFC 9293 section 3.4).

use proptest::prelude::*;
use tcp_lifecycle::SeqNumber;

use crate::run::config;

const HALF: u32 = 1 << 31;

/// Any number; most often one at which something wraps.
fn number() -> impl Strategy<Value = SeqNumber> {
    let near = |centre: u32| {
        (0_u32..4, any::<bool>())
            .prop_map(move |(d, up)| if up { centre.wrapping_add(d) } else { centre.wrapping_sub(d) })
    };
    prop_oneof![any::<u32>(), near(0), near(HALF)].prop_map(SeqNumber)
}

/// Any distance; most often one near zero, half the sequence space or all of it.
fn distance() -> impl Strategy<Value = u32> {
    number().prop_map(|n| n.0)
}

proptest! {
    #![proptest_config(config(4_000))]

    #[test]
    fn a_number_is_less_than_those_up_to_half_the_circle_ahead(a in number(), d in distance()) {
        let b = a + d;
        prop_assert_eq!(a.lt(b), 0 < d && d < HALF);
        prop_assert_eq!(a.le(b), d < HALF);
        prop_assert_eq!(b.gt(a), a.lt(b));
        prop_assert_eq!(b.ge(a), a.le(b));
    }

    #[test]
    fn of_two_numbers_one_is_less_unless_they_are_equal_or_opposite(a in number(), b in number()) {
        let (less, greater) = (a.lt(b), a.gt(b));
        prop_assert!(!(less && greater));
        prop_assert_eq!(!less && !greater, a == b || b - a == HALF);
        prop_assert_eq!(a.le(b), less || a == b);
        prop_assert_eq!(a.ge(b), greater || a == b);
        prop_assert_eq!(a.le(b) && a.ge(b), a == b);
    }

    #[test]
    fn addition_and_subtraction_wrap_and_undo_each_other(a in number(), d in distance(), e in distance()) {
        prop_assert_eq!((a + d) - a, d);
        prop_assert_eq!(a + d + e, a + d.wrapping_add(e));
        prop_assert_eq!(a + (SeqNumber(d) - a), SeqNumber(d));
        let mut c = a;
        c += d;
        prop_assert_eq!(c, a + d);
    }

    #[test]
    fn the_order_is_the_same_wherever_on_the_circle(a in number(), b in number(), d in distance()) {
        prop_assert_eq!(a.lt(b), (a + d).lt(b + d));
        prop_assert_eq!(a.le(b), (a + d).le(b + d));
        prop_assert_eq!(b - a, (b + d) - (a + d));
    }

    #[test]
    fn within_a_quarter_of_the_circle_the_order_is_transitive(a in number(), d in 0..HALF / 2, e in 0..HALF / 2) {
        let (b, c) = (a + d, a + d + e);
        prop_assert!(a.le(b) && b.le(c) && a.le(c));
    }
}
