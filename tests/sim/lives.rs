//! Lives that follow each other: bytes of one must not come to another.

use tcp_lifecycle::sim::{Network, Pair, Side, Violation};
use tcp_lifecycle::{Config, Open, State};

const SIDES: [Side; 2] = [Side::A, Side::B];

/// B listens, A opens, and what they say at once arrives.
fn open(pair: &mut Pair) {
    pair.open(Side::B, Open::Passive).unwrap();
    pair.open(Side::A, Open::Active).unwrap();
}

/// A has said something in a first life, `held` as the first segment in flight, and both ends have forgotten it.
fn second_life_after(old: &[u8]) -> Pair {
    let mut pair = Pair::new(&Config::DEFAULT, &Config::DEFAULT, Network::BY_HAND);
    open(&mut pair);
    (0..3).for_each(|_| assert!(pair.deliver(0)));
    pair.send(Side::A, old).unwrap();
    SIDES.into_iter().for_each(|side| pair.crash(side));
    open(&mut pair);
    pair
}

/// Time stands still, so that both lives have the same numbers.
#[test]
fn bytes_of_a_life_before_are_seen_though_nothing_else_has_come() {
    let mut pair = second_life_after(b"OLD");
    assert!(pair.deliver(1), "the SYN");
    assert_eq!((pair.state(Side::B), pair.violation()), (State::SynReceived, None));
    assert!(pair.deliver(0), "what the first life has said");
    assert_eq!((pair.state(Side::B), pair.received(Side::B)), (State::Established, &b""[..]));
    assert_eq!(pair.violation(), Some(&Violation::TwoLives(Side::B)));
    assert_eq!(pair.drive(), Err(Violation::TwoLives(Side::B)));
}

#[test]
fn bytes_of_a_life_before_are_seen_among_those_of_this_one() {
    let mut pair = second_life_after(b"OLD");
    (0..3).for_each(|_| assert!(pair.deliver(1)));
    pair.send(Side::A, b"NEW").unwrap();
    assert!(pair.deliver(1));
    assert_eq!((pair.received(Side::B), pair.violation()), (&b"NEW"[..], None));
    pair.send(Side::A, b"AND MORE").unwrap();
    assert!(pair.deliver(0), "the old bytes once more, which are not new");
    assert_eq!(pair.violation(), None);
}

#[test]
fn every_life_that_both_ends_begin_anew_says_what_it_has_to_say() {
    let mut pair = Pair::new(&Config::DEFAULT, &Config::DEFAULT, Network::PERFECT);
    for life in [&b"one"[..], b"two", b"", b"three"] {
        pair.handshake().unwrap();
        pair.send(Side::A, life).unwrap();
        pair.send(Side::B, life).unwrap();
        pair.settle().unwrap();
        assert_eq!((pair.received(Side::A), pair.received(Side::B)), (life, life));
        SIDES.into_iter().for_each(|side| pair.crash(side));
    }
}

#[test]
fn a_late_copy_of_the_syn_of_a_life_before_changes_nothing() {
    let mut pair = Pair::new(&Config::DEFAULT, &Config::DEFAULT, Network::BY_HAND);
    open(&mut pair);
    assert!(pair.duplicate(0), "the SYN");
    assert!(pair.deliver(0) && pair.deliver(1) && pair.deliver(1));
    pair.send(Side::A, b"OLD").unwrap();
    assert!(pair.lose(1));
    SIDES.into_iter().for_each(|side| pair.crash(side));
    open(&mut pair);
    assert!(pair.deliver(1), "the SYN of this life");
    assert!(pair.deliver(0), "and that of the one before");
    while pair.deliver(0) {}
    pair.send(Side::A, b"NEW").unwrap();
    while pair.deliver(0) {}
    assert_eq!((pair.received(Side::B), pair.violation()), (&b"NEW"[..], None));
}
