//! Connections that follow each other: bytes of one must not be delivered to another.

use tcp_lifecycle::sim::{Network, Pair, Side, Violation};
use tcp_lifecycle::{Config, Open, SeqNumber, State};

const SIDES: [Side; 2] = [Side::A, Side::B];

/// B listens, and A opens.
fn open(pair: &mut Pair) {
    pair.open(Side::B, Open::Passive).unwrap();
    pair.open(Side::A, Open::Active).unwrap();
}

/// A has sent `old` in a first connection, and both ends have forgotten that connection. The segment with `old` is the
/// first in flight.
fn second_life_after(old: &[u8]) -> Pair {
    let mut pair = Pair::new(&Config::DEFAULT, &Config::DEFAULT, Network::BY_HAND);
    open(&mut pair);
    (0..3).for_each(|_| assert!(pair.deliver(0)));
    pair.send(Side::A, old).unwrap();
    SIDES.into_iter().for_each(|side| pair.crash(side));
    open(&mut pair);
    pair
}

/// Time stands still, so both connections have the same numbers.
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

#[test]
fn a_life_that_begins_without_a_crash_has_said_and_heard_nothing() {
    let mut pair = Pair::new(&Config::DEFAULT, &Config::DEFAULT, Network::PERFECT);
    for life in [&b"one"[..], b"another"] {
        pair.handshake().unwrap();
        pair.send(Side::A, life).unwrap();
        assert_eq!((pair.sent(Side::A), pair.send_queue(Side::A), pair.received(Side::B)), (life, life, &b""[..]));
        pair.settle().unwrap();
        assert_eq!((pair.sent(Side::A), pair.send_queue(Side::A), pair.received(Side::B)), (life, &b""[..], life));
        pair.close(Side::A).unwrap();
        pair.settle().unwrap();
        pair.close(Side::B).unwrap();
        pair.drive().unwrap();
        assert_eq!((pair.state(Side::A), pair.state(Side::B)), (State::Closed, State::Closed));
    }
}

#[test]
fn an_initial_sequence_number_can_be_chosen_for_each_life() {
    let mut pair = Pair::new(&Config::DEFAULT, &Config::DEFAULT, Network::PERFECT);
    for offset in [7, 4_000_000_000] {
        pair.set_isn_offset(Side::A, offset);
        // M of RFC 9293 section 3.4.1 counts in steps of four microseconds.
        let clock = pair.now().as_micros() / 4;
        pair.handshake().unwrap();
        assert_eq!(pair.status(Side::A).iss, Some(SeqNumber(offset) + clock as u32));
        SIDES.into_iter().for_each(|side| pair.crash(side));
    }
}
