//! The effects of a simulated network on segments, by chance and by plan.

use core::time::Duration;

use tcp_lifecycle::sim::{Counts, Event, Network, Pair, Side, What};
use tcp_lifecycle::{Config, Instant, Open, State};

const PATIENT: Config = Config {
    r2: Duration::MAX,
    syn_r2: Duration::MAX,
    user_timeout: None,
    rto_max: Duration::from_secs(2),
    ecn: true,
    ..Config::DEFAULT
};

/// Two ends that are ESTABLISHED over a perfect network, which then changes to `network`.
fn established(network: Network) -> Pair {
    let mut pair = Pair::new(&PATIENT, &PATIENT, Network::PERFECT);
    pair.handshake().unwrap();
    pair.settle().unwrap();
    pair.set_network(network);
    pair
}

fn numbers(pair: &Pair, which: fn(&What) -> bool) -> Vec<u64> {
    let chosen = pair.trace().events().iter().filter(|event| which(&event.what));
    chosen.filter_map(|event| event.what.segment()).map(|(number, _)| number).collect()
}

fn seconds(seconds: u64) -> Instant {
    Instant::from_micros(seconds * 1_000_000)
}

/// A sends the bytes and closes, then B.
fn conversation(pair: &mut Pair, bytes: &[u8]) {
    pair.send(Side::A, bytes).unwrap();
    pair.close(Side::A).unwrap();
    pair.drive_while(|pair| pair.state(Side::B) != State::CloseWait).unwrap();
    pair.close(Side::B).unwrap();
    pair.drive().unwrap();
    assert_eq!(pair.received(Side::B), bytes);
}

#[test]
fn a_segment_held_back_comes_later_than_those_behind_it() {
    let mut pair = established(Network { reordering: 300, seed: 1, ..Network::PERFECT });
    let start = pair.now();
    pair.send(Side::A, &[1; 5 * 536]).unwrap();
    let held = numbers(&pair, |what| matches!(what, What::HeldBack(..)));
    assert!(!held.is_empty() && held.len() < 5, "{held:?}");
    for flight in pair.in_flight() {
        let takes = if held.contains(&flight.number) { 60 } else { 10 };
        assert_eq!(flight.arrives, Some(start + Duration::from_millis(takes)));
    }
    pair.settle().unwrap();
    assert!(!numbers(&pair, |what| matches!(what, What::Arrived(..))).is_sorted());
}

#[test]
fn a_damaged_segment_arrives_and_nobody_hears_of_it() {
    let mut pair = established(Network { corruption: 1_000, ..Network::PERFECT });
    pair.send(Side::A, b"hello").unwrap();
    assert!(pair.in_flight().iter().all(|flight| flight.corrupted));
    let before = pair.status(Side::B);
    pair.settle().unwrap();
    assert_eq!(pair.status(Side::B), before);
    let Event { at, side, what, .. } = pair.trace().events().last().unwrap();
    assert_eq!((*at, *side), (pair.now(), Side::B));
    assert!(matches!(what, What::Corrupted(3, segment) if segment.payload_len() == 5));
    let ladder = pair.trace().to_string();
    assert!(ladder.ends_with("<CTL=PSH,ACK><DATA=5> --> ESTABLISHED   bad checksum\n"), "{ladder}");
}

#[test]
fn a_segment_is_damaged_or_held_back_by_hand() {
    let mut pair = established(Network::PERFECT);
    pair.send(Side::A, &[1; 1_072]).unwrap();
    assert!(pair.corrupt(0) && pair.hold(1) && pair.hold(1));
    assert!(!pair.corrupt(2) && !pair.hold(2));
    pair.settle().unwrap();
    assert_eq!((pair.counts().corrupted, pair.counts().held_back), (1, 1));
    assert_eq!(pair.received(Side::B), []);
    assert!(pair.deliver(0));
    assert_eq!(pair.received(Side::B), [], "it lies ahead of what was damaged");
}

#[test]
fn a_black_hole_swallows_one_direction_for_so_long() {
    let mut pair = established(Network::PERFECT);
    pair.black_hole(Side::A, seconds(1)..seconds(4));
    pair.drive_until(seconds(1)).unwrap();
    pair.send(Side::A, b"from A").unwrap();
    pair.send(Side::B, b"from B").unwrap();
    pair.drive_until(seconds(3)).unwrap();
    assert_eq!((pair.received(Side::A), pair.received(Side::B)), (&b"from B"[..], &b""[..]));
    assert!(pair.counts().swallowed > 2, "{:?}", pair.counts());
    let swallowed = pair.trace().events().iter().filter(|event| matches!(event.what, What::Swallowed(..)));
    assert!(swallowed.clone().all(|event| event.side == Side::A && event.at >= seconds(1)));
    pair.drive_while(|pair| pair.received(Side::B).is_empty()).unwrap();
    assert_eq!(
        pair.now(),
        seconds(4) + Duration::from_millis(10),
        "sent again after 1 s and 3 s, the span ends at 4 s"
    );
}

#[test]
fn a_partition_swallows_both_directions_and_what_is_on_its_way() {
    let mut pair = established(Network::PERFECT);
    pair.send(Side::A, b"on its way").unwrap();
    pair.partition(pair.now()..pair.now() + Duration::from_millis(500));
    pair.send(Side::B, b"and back").unwrap();
    pair.settle().unwrap();
    assert_eq!(pair.counts().swallowed, 2);
    assert_eq!((pair.received(Side::A), pair.received(Side::B)), (&b""[..], &b""[..]));
    pair.drive_while(|pair| pair.received(Side::A).is_empty() || pair.received(Side::B).is_empty()).unwrap();
    let ladder = pair.trace().to_string();
    let rows: Vec<&str> = ladder.lines().filter(|row| row.ends_with(" swallowed")).collect();
    assert!(rows[0].contains("x   <SEQ=2801><ACK=101><CTL=PSH,ACK><DATA=8>  <-- ESTABLISHED"), "{ladder}");
    assert!(rows[1].contains("... <SEQ=101><ACK=2801><CTL=PSH,ACK><DATA=10> x"), "{ladder}");
}

#[test]
fn a_segment_between_two_partitions_arrives() {
    let mut pair = established(Network::PERFECT);
    let at = |millis: u64| Instant::from_micros(1_000 * millis);
    pair.partition(..at(100));
    pair.partition(at(111)..);
    pair.drive_until(at(100)).unwrap();
    pair.send(Side::A, b"just so").unwrap();
    pair.drive_for(Duration::from_secs(60)).unwrap();
    assert_eq!(pair.received(Side::B), b"just so");
    assert_eq!(pair.status(Side::A).snd_una, pair.status(Side::A).iss.map(|iss| iss + 1), "its ACK never arrives");
}

#[test]
fn what_the_network_does_is_counted_with_or_without_a_trace() {
    for seed in 0..20 {
        let network = Network { reordering: 100, corruption: 100, marking: 300, ..Network::faulty(seed) };
        let run = |recording| {
            let mut pair = established(network);
            pair.set_recording(recording);
            pair.partition(seconds(2)..seconds(3));
            conversation(&mut pair, &[7; 20_000]);
            pair
        };
        let (pair, silent) = (run(true), run(false));
        assert_eq!(pair.counts(), silent.counts());
        let Counts { sent, injected, delivered, lost, duplicated, held_back, corrupted, marked, swallowed, .. } =
            pair.counts();
        let count = |which: fn(&What) -> bool| numbers(&pair, which).len() as u64;
        assert_eq!(sent, count(|what| matches!(what, What::Sent(..))));
        assert_eq!(delivered, count(|what| matches!(what, What::Arrived(..))));
        assert_eq!(lost, count(|what| matches!(what, What::Lost(..))));
        assert_eq!(duplicated, count(|what| matches!(what, What::Duplicated(..))));
        assert_eq!(held_back, count(|what| matches!(what, What::HeldBack(..))));
        assert_eq!(corrupted, count(|what| matches!(what, What::Corrupted(..))));
        assert_eq!(marked, count(|what| matches!(what, What::Marked(..))));
        assert_eq!(swallowed, count(|what| matches!(what, What::Swallowed(..))));
        assert_eq!(injected, 0);
        assert_eq!(sent + duplicated, delivered + lost + corrupted + swallowed, "what goes in comes out");
        assert_eq!(pair.counts().faults(), lost + duplicated + held_back + corrupted + marked + swallowed);
        assert!(held_back > 0 && corrupted > 0 && marked > 0 && lost + swallowed > 0, "{:?}", pair.counts());
    }
}

#[test]
fn the_same_faults_come_of_the_same_seed() {
    let run = |seed| {
        let mut pair = established(Network { reordering: 100, corruption: 100, ..Network::faulty(seed) });
        conversation(&mut pair, &[7; 5_000]);
        pair.trace().clone()
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

/// A seed always means the same run, on every machine: reports of faults name it.
#[test]
fn a_seed_stands_for_the_same_faults_in_every_build() {
    let mut pair = established(Network::PERFECT);
    pair.set_network(Network { loss: 500, seed: 9_293, ..Network::PERFECT });
    let fates = (0..64).map(|_| {
        let before = pair.counts().lost;
        pair.inject(Side::A, "<SEQ=7><CTL=RST>".parse().unwrap(), b"");
        pair.settle().unwrap();
        if pair.counts().lost > before { 'x' } else { '.' }
    });
    assert_eq!(fates.collect::<String>(), "..xx...x....x.xx.xx..xxx.xx..x.x.xx...x..xxx.x...xx.xx.xxx..xxx.");
}

#[test]
fn a_faulty_network_does_all_of_it() {
    let mut pair = established(Network::PERFECT);
    pair.set_network(Network::faulty(1));
    conversation(&mut pair, &[7; 100_000]);
    let Counts { lost, duplicated, held_back, corrupted, marked, .. } = pair.counts();
    assert!(lost > 0 && duplicated > 0 && held_back > 0 && corrupted > 0 && marked > 0, "{:?}", pair.counts());
}

/// Nothing arrives by itself, however long the program waits.
#[test]
fn by_hand_every_segment_waits_for_the_hand() {
    let mut pair = Pair::new(&PATIENT, &PATIENT, Network::BY_HAND);
    pair.open(Side::B, Open::Passive).unwrap();
    pair.open(Side::A, Open::Active).unwrap();
    pair.drive_for(Duration::from_millis(900)).unwrap();
    assert_eq!((pair.counts().sent, pair.counts().delivered, pair.in_flight().len()), (1, 0, 1));
    assert_eq!(pair.in_flight()[0].arrives, None);
    pair.deliver(0);
    assert_eq!((pair.counts().delivered, pair.state(Side::B)), (1, State::SynReceived));
}

#[test]
fn segments_that_no_end_has_sent_are_counted_too() {
    let mut pair = Pair::new(&PATIENT, &PATIENT, Network::BY_HAND);
    pair.open(Side::B, Open::Passive).unwrap();
    pair.inject(Side::A, "<SEQ=7><CTL=SYN>".parse().unwrap(), b"");
    pair.deliver(0);
    assert_eq!((pair.counts().injected, pair.counts().delivered, pair.counts().sent), (1, 1, 1));
    assert_eq!(pair.counts().faults(), 0);
}

#[test]
fn hours_of_an_idle_network_take_no_steps() {
    let mut pair = established(Network::PERFECT);
    pair.partition(pair.now()..pair.now() + Duration::from_secs(86_400));
    pair.drive_for(Duration::from_secs(86_400)).unwrap();
    assert_eq!((pair.counts().sent, pair.counts().delivered, pair.counts().faults()), (3, 3, 0));
    conversation(&mut pair, b"good morning");
}

#[test]
fn what_was_on_its_way_before_a_partition_can_be_delivered_by_hand() {
    let mut pair = established(Network::BY_HAND);
    pair.send(Side::A, b"by hand").unwrap();
    pair.partition(..);
    assert!(pair.deliver(0));
    assert_eq!(pair.received(Side::B), b"by hand");
    assert_eq!((pair.counts().swallowed, pair.in_flight().len()), (1, 0), "the ACK");
}
