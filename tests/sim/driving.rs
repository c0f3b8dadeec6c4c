//! Two ends as time passes: which come to rest, which do not, and what a program can do with them meanwhile.

use core::time::Duration;

use proptest::prelude::*;
use proptest::sample::Index;
use tcp_lifecycle::sim::{Network, Pair, Side, Violation, What};
use tcp_lifecycle::{Config, Control, Instant, KeepAlive, Open, State};

use super::PATIENT;
use crate::cases::cases;

fn established(a: &Config, b: &Config, network: Network) -> Pair {
    let mut pair = Pair::new(a, b, network);
    pair.handshake().unwrap();
    pair.settle().unwrap();
    pair
}

/// A probe a second is 86,400 a day.
#[test]
fn ends_that_keep_each_other_alive_never_rest_but_can_be_driven_for_any_time() {
    let second = Duration::from_secs(1);
    let keep_alive = Some(KeepAlive { idle: second, interval: second, probes: 9 });
    let mut pair = established(&Config { keep_alive, ..PATIENT }, &PATIENT, Network::PERFECT);
    pair.set_recording(false);
    assert_eq!(pair.drive(), Err(Violation::NeverRests));
    assert_eq!(pair.violation(), None, "they are no worse for it");
    pair.drive_for(4 * Duration::from_secs(86_400)).unwrap();
    assert_eq!((pair.state(Side::A), pair.counts().sent > 2 * 1_000_000 / 3), (State::Established, true));
    assert!(pair.now() > Instant::from_micros(4 * 86_400 * 1_000_000));
}

#[test]
fn who_reads_again_consumes_what_waits_and_all_that_comes() {
    let small = Config { receive_buffer: 1_072, ..PATIENT };
    let mut pair = established(&PATIENT, &small, Network::PERFECT);
    pair.stop_reading(Side::B);
    pair.send(Side::A, &[7; 5_000]).unwrap();
    pair.settle().unwrap();
    assert_eq!((pair.received(Side::B).len(), pair.status(Side::B).unread), (1_072, 1_072));
    pair.start_reading(Side::B);
    assert_eq!(pair.status(Side::B).unread, 0);
    let calls = pair.trace().events().iter().filter(|event| event.what == What::Call("receive 1072".into()));
    assert_eq!(calls.map(|event| event.side).collect::<Vec<_>>(), [Side::B]);
    pair.drive().unwrap();
    assert_eq!((pair.received(Side::B), pair.status(Side::B).unread), (&[7; 5_000][..], 0));
}

#[test]
fn every_violation_says_what_is_wrong() {
    let all = [
        (Violation::Bytes(Side::A), "A was given other bytes than its peer sent"),
        (Violation::TwoLives(Side::B), "B was given bytes of another life of its peer"),
        (Violation::Acknowledged(Side::A), "more bytes of A were acknowledged than it sent"),
        (Violation::Deadline(Side::B), "Wait and deadline() of B differ"),
        (Violation::Stuck(Side::A), "the deadline of A does not move on"),
        (Violation::NeverWaits(Side::B), "B puts something out without end"),
        (Violation::NeverRests, "the two ends never come to rest"),
        (Violation::NotOpen(Side::B), "the handshake has not opened B"),
    ];
    all.into_iter().for_each(|(violation, text)| assert_eq!(violation.to_string(), text));
}

#[test]
fn a_handshake_in_vain_is_an_error() {
    let mut silent = Pair::new(&Config::DEFAULT, &Config::DEFAULT, Network { loss: 1_000, ..Network::PERFECT });
    assert_eq!(silent.handshake(), Err(Violation::NotOpen(Side::A)));
    assert_eq!((silent.state(Side::A), silent.violation()), (State::Closed, None));

    // B receives nothing from A after its SYN.
    let hasty = Config { syn_r2: Duration::from_secs(3), ..Config::DEFAULT };
    let mut deaf = Pair::new(&Config::DEFAULT, &hasty, Network::PERFECT);
    deaf.black_hole(Side::A, Instant::from_micros(10_001)..);
    assert_eq!(deaf.handshake(), Err(Violation::NotOpen(Side::B)));
    assert_ne!(deaf.state(Side::A), State::Closed);

    let mut pair = Pair::new(&Config::DEFAULT, &Config::DEFAULT, Network::PERFECT);
    assert_eq!((pair.handshake(), pair.handshake()), (Ok(()), Ok(())), "the second finds them open");
}

#[test]
fn a_trace_that_is_taken_is_followed_by_another() {
    let mut pair = established(&PATIENT, &PATIENT, Network::PERFECT);
    let (whole, before) = (pair.trace().clone(), pair.counts());
    assert_eq!(pair.take_trace(), whole);
    assert_eq!(pair.counts(), before);
    let starts: Vec<_> = pair.trace().events().iter().map(|event| (event.side, event.state, &event.what)).collect();
    assert_eq!(starts, Side::BOTH.map(|side| (side, State::Established, &What::Start)));
    pair.send(Side::A, b"hello").unwrap();
    let number = pair.trace().events().iter().find_map(|event| event.what.segment()).unwrap().0;
    assert_eq!(pair.trace().payload(number), b"hello");
    let taken = pair.take_trace();
    assert_eq!((taken.payload(number), pair.trace().payload(number)), (&b"hello"[..], &b""[..]));
    pair.settle().unwrap();
    assert_eq!(pair.trace().payload(number), b"hello", "it has arrived since");

    pair.set_recording(false);
    pair.take_trace();
    assert!(pair.trace().events().is_empty(), "nothing is recorded");
}

#[test]
fn the_life_after_a_crash_has_the_policies_of_the_one_before() {
    let mut pair = established(&PATIENT, &PATIENT, Network::PERFECT);
    pair.call(Side::A, "configure", |a, _| a.configure(&Config { mss: 100, ecn: true, ..PATIENT }));
    pair.crash(Side::A);
    pair.open(Side::A, Open::Active).unwrap();
    let syn = pair.in_flight().last().unwrap().segment;
    assert_eq!((syn.options().mss(), syn.control()), (Some(100), Control::SYN | Control::ECE | Control::CWR));
}

/// An operation of a program on the network.
#[derive(Clone, Debug)]
enum Act {
    Send(Side),
    Deliver(Index),
    Lose(Index),
    Duplicate(Index),
    Hold(Index),
    Step,
}

fn any_act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => prop::sample::select(Side::BOTH.to_vec()).prop_map(Act::Send),
        1 => any::<Index>().prop_map(Act::Deliver),
        2 => any::<Index>().prop_map(Act::Lose),
        1 => any::<Index>().prop_map(Act::Duplicate),
        1 => any::<Index>().prop_map(Act::Hold),
        4 => Just(Act::Step),
    ]
}

/// A segment as in `in_flight`: its time of arrival, and its number.
type Way = (Option<Instant>, u64);

fn ways(pair: &Pair) -> Vec<Way> {
    pair.in_flight().iter().map(|flight| (flight.arrives, flight.number)).collect()
}

/// The position of the segment that arrives next.
fn next(ways: &[Way]) -> Option<usize> {
    let arriving = ways.iter().enumerate().filter_map(|(index, (at, number))| Some((at.as_ref()?, number, index)));
    arriving.min().map(|(.., index)| index)
}

proptest! {
    #![proptest_config(cases(256))]

    /// Each act has the same effect on a list of segments as on the network; segments that are sent meanwhile go to the
    /// end of the list.
    #[test]
    fn the_network_is_a_list_of_which_the_first_to_arrive_comes_out(
        acts in prop::collection::vec(any_act(), 0..200),
        seed in 0..10_u64,
    ) {
        let mut pair = established(&PATIENT, &PATIENT, Network::PERFECT);
        pair.set_network(Network { jitter: Duration::from_millis(3), seed, ..Network::PERFECT });
        for act in acts {
            let mut left = ways(&pair);
            let at = |index: Index| if left.is_empty() { 0 } else { index.index(left.len()) };
            let (there, place) = match act {
                Act::Send(side) => (pair.send(side, &[7; 100]).is_ok(), None),
                Act::Deliver(index) => (pair.deliver(at(index)), Some(at(index))),
                Act::Lose(index) => (pair.lose(at(index)), Some(at(index))),
                Act::Duplicate(index) => {
                    let again = left.get(at(index)).copied();
                    let there = pair.duplicate(at(index));
                    left.extend(again);
                    (there, None)
                }
                Act::Hold(index) => {
                    let (at, there) = (at(index), pair.hold(at(index)));
                    left.get_mut(at).into_iter().for_each(|way| way.0 = None);
                    (there, None)
                }
                Act::Step => {
                    let first = next(&left).filter(|first| left[*first].0 == pair.next_event());
                    let timer = first.is_none();
                    (pair.step().unwrap() && !timer, first)
                }
            };
            if let Some(place) = place.filter(|place| *place < left.len()) {
                prop_assert!(there);
                left.remove(place);
            }
            let now = ways(&pair);
            prop_assert!(now.starts_with(&left), "{:?} and then {:?}", left, now);
            prop_assert!(next(&now).is_none_or(|first| pair.next_event() <= now[first].0));
            prop_assert!(!pair.deliver(now.len()) && !pair.lose(now.len()) && !pair.hold(now.len()));
        }
    }
}
