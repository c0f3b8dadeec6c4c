//! A pair reassembles: a segment ahead of a gap waits until the gap is filled.

use core::time::Duration;

use tcp_lifecycle::sim::{Network, Pair, Side, What};
use tcp_lifecycle::{Config, Instant, Open, Segment, SeqNumber, Signal, State};

fn established(config: &Config) -> Pair {
    let mut pair = Pair::new(config, config, Network::PERFECT);
    pair.handshake().unwrap();
    pair.settle().unwrap();
    pair.set_network(Network::BY_HAND);
    pair.take_trace();
    pair
}

/// The segments that were handed to B again.
fn reassembled(pair: &Pair) -> Vec<(u64, Segment)> {
    let events = pair.trace().events().iter().filter(|event| event.side == Side::B);
    let again = events.filter(|event| matches!(event.what, What::Reassembled(..)));
    again.filter_map(|event| event.what.segment()).collect()
}

/// A sends three segments and a FIN; the first is lost, and is retransmitted after a second.
fn first_of_four_is_lost(pair: &mut Pair) {
    pair.send(Side::A, &[7; 3 * 500]).unwrap();
    pair.close(Side::A).unwrap();
    assert!(pair.lose(0));
    while pair.deliver(0) {}
    assert_eq!((pair.received(Side::B), pair.state(Side::B)), (&[][..], State::Established));
    pair.drive_for(Duration::from_secs(1)).unwrap();
    assert!(pair.deliver(0));
}

#[test]
fn payload_and_fin_ahead_of_a_gap_are_taken_when_it_is_filled() {
    let mut pair = established(&Config { mss: 500, ..Config::DEFAULT });
    first_of_four_is_lost(&mut pair);
    assert_eq!((pair.received(Side::B), pair.state(Side::B)), (&[7; 1_500][..], State::CloseWait));
    let fills = "<SEQ=101><ACK=2801><CTL=ACK><DATA=500><WND=65535>".parse().unwrap();
    let arrived = |event: &What| matches!(event, What::Arrived(_, segment, Ok(_)) if *segment == fills);
    assert!(pair.trace().events().iter().any(|event| arrived(&event.what)));
    let again: Vec<String> = reassembled(&pair).iter().map(|(_, segment)| segment.to_string()).collect();
    let expected = [
        "<SEQ=601><ACK=2801><CTL=ACK><DATA=500><WND=65535>",
        "<SEQ=1101><ACK=2801><CTL=PSH,ACK><DATA=500><WND=65535>",
        "<SEQ=1601><ACK=2801><CTL=FIN,ACK><WND=65535>",
    ];
    assert_eq!(again, expected);
    let acks = pair.in_flight();
    assert_eq!((acks.len(), acks[0].segment.ack()), (1, Some(SeqNumber(1_602))), "one ACK for all");
}

/// With its own timestamp, a second old, the protection against old duplicates would drop it (RFC 7323 section 5.3).
#[test]
fn a_segment_that_was_kept_has_the_options_of_the_one_that_fills_the_gap() {
    let mut pair = established(&Config { mss: 512, timestamps: true, ..Config::DEFAULT });
    first_of_four_is_lost(&mut pair);
    assert_eq!((pair.received(Side::B), pair.state(Side::B)), (&[7; 1_500][..], State::CloseWait));
    let arrivals = pair.trace().events().iter().filter(|event| event.side == Side::B);
    let mut arrivals = arrivals.filter(|event| matches!(event.what, What::Arrived(_, _, Ok(_))));
    let newest = arrivals.next_back().and_then(|event| event.what.segment()?.1.options().timestamps());
    assert!(newest.is_some());
    assert!(reassembled(&pair).iter().all(|(_, segment)| segment.options().timestamps() == newest));
}

#[test]
fn segments_that_overlap_are_kept_side_by_side_and_a_longer_one_in_place_of_a_shorter() {
    let mut pair = established(&Config::DEFAULT);
    pair.send(Side::A, b"0123456789").unwrap();
    assert!(pair.lose(0));
    for (seq, bytes) in [(107, "67"), (105, "456"), (105, "4"), (105, "45678"), (109, "8")] {
        let segment = format!("<SEQ={seq}><ACK=2801><CTL=ACK><DATA={}><WND=9>", bytes.len()).parse().unwrap();
        pair.inject(Side::A, segment, bytes.as_bytes());
        while pair.deliver(0) {}
    }
    let segment = "<SEQ=101><ACK=2801><CTL=ACK><DATA=5><WND=9>".parse().unwrap();
    pair.inject(Side::A, segment, b"01234");
    assert!(pair.deliver(0));
    assert_eq!((pair.received(Side::B), pair.violation()), (&b"012345678"[..], None));
    let again: Vec<u32> = reassembled(&pair).iter().map(|(_, segment)| segment.seq().0).collect();
    assert_eq!(again, [105], "the others hold nothing that is new then");
}

#[test]
fn a_host_that_crashes_forgets_what_it_has_kept() {
    // Time stands still, so both connections have the same numbers.
    let mut pair = Pair::new(&Config::DEFAULT, &Config::DEFAULT, Network::BY_HAND);
    let open = |pair: &mut Pair| {
        pair.open(Side::B, Open::Passive).unwrap();
        pair.open(Side::A, Open::Active).unwrap();
        (0..3).for_each(|_| assert!(pair.deliver(0)));
    };
    open(&mut pair);
    pair.send(Side::A, &[1; 1_072]).unwrap();
    assert!(pair.lose(0) && pair.deliver(0), "the second half lies ahead");
    Side::BOTH.into_iter().for_each(|side| pair.crash(side));
    while pair.lose(0) {}
    open(&mut pair);
    pair.send(Side::A, &[2; 536]).unwrap();
    while pair.deliver(0) {}
    assert_eq!((pair.received(Side::B), pair.violation()), (&[2; 536][..], None));
    assert_eq!(reassembled(&pair), []);
}

/// In a ladder only the segment that fills the gap is shown, with its one ACK.
#[test]
fn ladders_and_diagrams_do_not_show_what_is_handed_in_again() {
    let mut pair = established(&Config { mss: 500, ..Config::DEFAULT });
    first_of_four_is_lost(&mut pair);
    let ladder = pair.trace().to_string();
    let rows: Vec<&str> = ladder.lines().rev().take(3).collect();
    assert!(
        rows[2].contains("--> <SEQ=101><ACK=2801><CTL=ACK><DATA=500>") && rows[2].ends_with("CLOSE-WAIT"),
        "{ladder}"
    );
    assert!(rows[1].contains("(signal: Closing)"), "{ladder}");
    assert!(rows[0].contains("... <SEQ=2801><ACK=1602><CTL=ACK>"), "{ladder}");
    let diagram = pair.trace().mermaid().to_string();
    assert_eq!(diagram.matches("A->>B: SEQ=601").count(), 1, "{diagram}");
}

/// With the default policies, over the default faults: 20 kB in less than a minute, and both ends close.
#[test]
fn no_run_over_a_faulty_network_fails_with_the_default_policies() {
    let bytes: Vec<u8> = (0..20_000_u32).map(|index| index.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
    let mut times: Vec<Instant> = (0..200).map(|seed| transfer(seed, &bytes)).collect();
    times.sort();
    let (median, last) = (times[100], times[199]);
    assert!(median < Instant::from_micros(60_000_000), "{median:?}, at most {last:?}");
}

/// The time when B had received everything.
#[track_caller]
fn transfer(seed: u64, bytes: &[u8]) -> Instant {
    let mut pair = Pair::new(&Config::DEFAULT, &Config::DEFAULT, Network::faulty(seed));
    pair.handshake().unwrap();
    pair.send(Side::A, bytes).unwrap();
    pair.close(Side::A).unwrap();
    pair.drive_while(|pair| pair.state(Side::B) == State::Established).unwrap();
    assert_eq!((pair.received(Side::B) == bytes, pair.state(Side::B)), (true, State::CloseWait), "seed {seed}");
    let arrived = pair.now();
    pair.close(Side::B).unwrap();
    pair.drive().unwrap();
    for side in Side::BOTH {
        let ends = |signal: &&Signal| matches!(signal, Signal::TimedOut | Signal::Reset | Signal::Refused);
        assert_eq!((pair.state(side), pair.signals(side).iter().find(ends)), (State::Closed, None), "seed {seed}");
    }
    arrived
}
