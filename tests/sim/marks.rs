//! Marks of congestion by a simulated network: which segments have them, and which user is told.

use core::time::Duration;
use std::collections::BTreeSet;

use tcp_lifecycle::sim::{Network, Pair, Side, Trace, What};
use tcp_lifecycle::{CallError, Config, Control, KeepAlive, Signal};

use super::{PATIENT, conversation_over};

const WILLING: Config = Config { ecn: true, ..PATIENT };
const EACH: Network = Network { marking: 1_000, ..Network::PERFECT };

/// Two ends that have agreed on ECN; then the network changes to `network`.
fn agreed(network: Network) -> Pair {
    let mut pair = Pair::new(&WILLING, &WILLING, Network::PERFECT);
    pair.handshake().unwrap();
    pair.settle().unwrap();
    assert!(pair.status(Side::A).ecn && pair.status(Side::B).ecn);
    pair.set_network(network);
    pair
}

/// The ECN bits of the newest segment in flight.
#[track_caller]
fn bits(pair: &Pair) -> Control {
    pair.in_flight().last().unwrap().segment.control() & (Control::ECE | Control::CWR)
}

fn numbers(trace: &Trace, which: fn(&What) -> bool) -> Vec<u64> {
    let chosen = trace.events().iter().filter(|event| which(&event.what));
    chosen.filter_map(|event| event.what.segment()).map(|(number, _)| number).collect()
}

fn marked(trace: &Trace) -> Vec<u64> {
    numbers(trace, |what| matches!(what, What::Marked(..)))
}

/// The segments whose payload begins behind everything that this end has sent before.
pub(crate) fn new_payload(trace: &Trace, side: Side) -> BTreeSet<u64> {
    let (mut nxt, mut new) = (None, BTreeSet::new());
    for event in trace.events().iter().filter(|event| event.side == side) {
        let What::Sent(number, segment) = event.what else { continue };
        if segment.payload_len() > 0 && nxt == Some(segment.seq()) {
            new.insert(number);
        }
        let behind = segment.seq() + segment.len();
        nxt = nxt.filter(|nxt| behind.lt(*nxt)).or(Some(behind));
    }
    new
}

fn reduce(pair: &mut Pair, side: Side) {
    pair.call(side, "reduced", |connection, _| connection.congestion_window_reduced());
}

#[test]
fn a_marked_segment_is_echoed_until_its_sender_has_reduced_its_window() -> Result<(), CallError> {
    let mut pair = agreed(Network::BY_HAND);
    pair.send(Side::A, b"marked")?;
    assert!(!pair.in_flight()[0].marked && pair.mark(0) && pair.in_flight()[0].marked);
    pair.deliver(0);
    assert_eq!(bits(&pair), Control::ECE, "the ACK");
    pair.send(Side::B, b"and what B says itself")?;
    assert_eq!(bits(&pair), Control::ECE);
    pair.deliver(1);
    assert_eq!(bits(&pair), Control::empty(), "A's ACK");
    assert_eq!(pair.signals(Side::A), [Signal::CongestionExperienced]);

    // A has not reduced its window yet.
    (0..2).for_each(|_| assert!(pair.lose(0)));
    pair.send(Side::A, b"more")?;
    assert_eq!(bits(&pair), Control::empty());
    pair.deliver(0);
    assert_eq!(bits(&pair), Control::ECE);

    reduce(&mut pair, Side::A);
    pair.deliver(0);
    pair.send(Side::A, b"less")?;
    assert_eq!(bits(&pair), Control::CWR);
    pair.deliver(0);
    assert_eq!(bits(&pair), Control::empty());
    assert_eq!(pair.signals(Side::A), [Signal::CongestionExperienced; 2]);
    assert_eq!(pair.counts().marked, 1);
    Ok(())
}

/// RFC 3168 section 6.1.3: a mark on the segment with CWR is a new mark.
#[test]
fn a_mark_on_the_segment_that_ends_the_echo_begins_another() -> Result<(), CallError> {
    let mut pair = agreed(EACH);
    pair.send(Side::A, b"one")?;
    pair.settle().unwrap();
    reduce(&mut pair, Side::A);
    pair.send(Side::A, b"two")?;
    assert_eq!(bits(&pair), Control::CWR);
    pair.settle().unwrap();
    assert_eq!(pair.signals(Side::A), [Signal::CongestionExperienced; 2]);
    assert_eq!((pair.signals(Side::B), pair.counts().marked), (&[][..], 2));
    Ok(())
}

#[test]
fn nothing_is_marked_where_ecn_was_not_agreed() {
    for (a, b) in [(PATIENT, PATIENT), (WILLING, PATIENT), (PATIENT, WILLING)] {
        let mut pair = Pair::new(&a, &b, Network { loss: 100, ..EACH });
        conversation_over(&mut pair);
        assert_eq!((pair.counts().marked, marked(pair.trace())), (0, vec![]));
        assert!(!pair.signals(Side::A).contains(&Signal::CongestionExperienced));
    }
}

/// RFC 3168 sections 6.1.4 to 6.1.6: neither control segments and ACKs, nor retransmissions, nor probes.
#[test]
fn nothing_but_new_payload_is_marked_and_all_of_it_may_be() {
    let mut again = 0;
    for seed in 0..20 {
        // A SYN that was lost is retransmitted without its offer.
        let mut pair = Pair::new(&WILLING, &WILLING, Network::PERFECT);
        pair.handshake().unwrap();
        pair.set_network(Network { marking: 1_000, loss: 150, ..Network::faulty(seed) });
        conversation_over(&mut pair);
        let trace = pair.trace();
        let new = &new_payload(trace, Side::A) | &new_payload(trace, Side::B);
        let arrived: BTreeSet<u64> = numbers(trace, |what| matches!(what, What::Arrived(..))).into_iter().collect();
        assert_eq!(marked(trace).into_iter().collect::<BTreeSet<_>>(), &new & &arrived);
        let with_payload = numbers(trace, |what| matches!(what, What::Sent(_, segment) if segment.payload_len() > 0));
        assert!(new.len() > 5, "{}", new.len());
        again += with_payload.len() - new.len();
    }
    assert!(again > 20, "segments sent again: {again}");
}

#[test]
fn probes_of_closed_windows_and_of_keep_alive_are_not_marked() {
    let keep_alive = KeepAlive { idle: Duration::from_secs(60), interval: Duration::from_secs(1), probes: 9 };
    let probing = Config { keep_alive: Some(keep_alive), keep_alive_octet: true, ..WILLING };
    let small = Config { receive_buffer: 500, ..WILLING };
    let mut pair = Pair::new(&probing, &small, EACH);
    pair.handshake().unwrap();
    pair.stop_reading(Side::B);
    pair.send(Side::A, &[1; 501]).unwrap();
    pair.drive_for(Duration::from_secs(10)).unwrap();
    let sent = numbers(pair.trace(), |what| matches!(what, What::Sent(_, segment) if segment.payload_len() == 1));
    assert!(sent.len() > 2, "{sent:?}");
    assert_eq!(pair.counts().marked, 1, "the 500 bytes before the window was closed");

    pair.read(Side::B, 500);
    pair.drive_for(Duration::from_secs(1)).unwrap();
    assert_eq!(pair.received(Side::B).len(), 501);
    let before = pair.counts();
    pair.drive_for(Duration::from_secs(60)).unwrap();
    let octets = numbers(pair.trace(), |what| matches!(what, What::Sent(_, segment) if segment.payload_len() == 1));
    assert!(octets.len() > sent.len(), "a probe with an octet");
    assert_eq!(pair.counts().marked, before.marked);
}

#[test]
fn what_may_not_be_marked_is_not_marked_by_hand() {
    let mut pair = agreed(Network::BY_HAND);
    assert!(!pair.mark(0), "there is none");
    pair.inject(Side::A, "<SEQ=101><ACK=2801><CTL=ACK><DATA=1>".parse().unwrap(), b"x");
    assert!(!pair.mark(0) && !pair.in_flight()[0].ecn_capable, "nobody knows whether it is new");
    pair.close(Side::B).unwrap();
    assert!(!pair.mark(1), "a FIN");
    pair.send(Side::A, b"new").unwrap();
    pair.call(Side::A, "retransmit", |connection, _| connection.retransmit(0..3)).unwrap();
    assert!(pair.mark(2) && !pair.mark(3), "what is sent again");
}

/// RFC 3168 section 6.1.5: a copy may arrive long after the peer has reduced its window.
#[test]
fn the_mark_of_a_refused_copy_is_not_echoed() {
    let mut pair = agreed(Network::BY_HAND);
    pair.send(Side::A, b"twice").unwrap();
    pair.mark(0);
    pair.duplicate(0);
    pair.deliver(0);
    pair.deliver(1);
    reduce(&mut pair, Side::A);
    pair.send(Side::A, b"reduced").unwrap();
    pair.deliver(1);
    assert_eq!(bits(&pair), Control::empty(), "the echo has ended");
    pair.deliver(0);
    assert_eq!(bits(&pair), Control::empty(), "and does not begin again");
    assert_eq!(pair.counts().marked, 2);
    let ladder = pair.trace().to_string();
    let row = ladder.lines().rfind(|row| row.contains("<DATA=5>")).unwrap();
    assert!(row.contains("(again)") && row.ends_with("ESTABLISHED   marked, refused"), "{ladder}");
    let diagram = pair.trace().mermaid().to_string();
    assert!(diagram.contains("A->>B: SEQ=101 ACK=2801 CTL=PSH,ACK DATA=5 (marked, refused: "), "{diagram}");
}

#[test]
fn ladders_and_diagrams_show_what_is_marked() {
    let mut pair = agreed(EACH);
    pair.send(Side::A, b"hello").unwrap();
    pair.settle().unwrap();
    let ladder = pair.trace().to_string();
    let expected = [
        "        ESTABLISHED  --> <SEQ=101><ACK=2801><CTL=PSH,ACK><DATA=5> --> ESTABLISHED   marked",
        "0.040s  ESTABLISHED  <-- <SEQ=2801><ACK=106><CTL=ACK,ECE>         <-- ESTABLISHED",
        "        ESTABLISHED      (signal: CongestionExperienced)",
    ];
    assert!(ladder.trim_end().ends_with(&expected.join("\n")), "{ladder}");
    let diagram = pair.trace().mermaid().to_string();
    let expected = "
    A->>B: SEQ=101 ACK=2801 CTL=PSH,ACK DATA=5 (marked)
    B->>A: SEQ=2801 ACK=106 CTL=ACK,ECE
    Note left of A: signal: CongestionExperienced
";
    assert!(diagram.ends_with(expected), "{diagram}");
}

/// No segment overtakes the other, so each is in a row of its own.
#[test]
fn marked_segments_one_after_the_other_stand_in_a_row_each() {
    // One ACK answers both.
    let late = Config { delayed_ack: Some(Duration::from_millis(200)), ..WILLING };
    let mut pair = Pair::new(&WILLING, &late, EACH);
    pair.handshake().unwrap();
    pair.send(Side::A, &[7; 2 * 536]).unwrap();
    pair.settle().unwrap();
    let ladder = pair.trace().to_string();
    let rows: Vec<_> = ladder.lines().filter(|row| row.ends_with("--> ESTABLISHED   marked")).collect();
    assert_eq!(rows.len(), 2, "{ladder}");
    assert!(rows.iter().all(|row| row.contains("ESTABLISHED  --> <SEQ=")), "{ladder}");
}

#[test]
fn the_same_marks_come_of_the_same_seed() {
    let run = |seed| {
        let mut pair = agreed(Network { marking: 300, seed, ..Network::PERFECT });
        conversation_over(&mut pair);
        let (marked, new) = (marked(pair.trace()), new_payload(pair.trace(), Side::A).len());
        assert!(!marked.is_empty() && marked.len() < new, "{} of {new}", marked.len());
        marked
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}
