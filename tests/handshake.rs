//! The lesson of the handshake and the close, for all numbers: SYN j is acknowledged by j+1, SYN k by k+1, FIN n by
//! n+1; A waits for 2 MSL; an old SYN opens nothing. Any of the messages may be lost.

use core::time::Duration;
use std::collections::BTreeSet;

use proptest::prelude::*;
use tcp_lifecycle::sim::{Flight, Network, Pair, Side, What};
use tcp_lifecycle::{Config, Control, Open, Segment, SeqNumber, State, Transition};

/// The messages of a life, in their order. Each may be lost once.
const MESSAGES: [&str; 8] = ["SYN j", "SYN k, ACK j+1", "ACK k+1", "the bytes", "FIN n", "ACK n+1", "FIN m", "ACK m+1"];

/// The numbers of a life.
#[derive(Clone, Copy, Debug)]
struct Numbers {
    /// The initial sequence number of A.
    j: u32,
    /// The initial sequence number of B.
    k: u32,
    /// How many bytes A sends: its FIN has the number n = j + 1 + bytes.
    bytes: u16,
    msl: Duration,
}

impl Numbers {
    fn n(&self) -> SeqNumber {
        SeqNumber(self.j) + 1 + u32::from(self.bytes)
    }

    /// B sends no bytes, so that its FIN follows its SYN.
    fn m(&self) -> SeqNumber {
        SeqNumber(self.k) + 1
    }

    /// Returns which of the messages this is.
    fn message(&self, flight: &Flight) -> &'static str {
        let Flight { from, segment, .. } = flight;
        let place = match (from, segment.control()) {
            (Side::A, control) if control.contains(Control::SYN) => 0,
            (Side::B, control) if control.contains(Control::SYN) => 1,
            (Side::A, control) if control.contains(Control::FIN) => 4,
            (Side::B, control) if control.contains(Control::FIN) => 6,
            (Side::A, _) if segment.payload_len() > 0 => 3,
            (Side::A, _) if segment.ack() == Some(self.m() + 1) => 7,
            (Side::A, _) => 2,
            (Side::B, _) => 5,
        };
        MESSAGES[place]
    }
}

/// Any number, often one that wraps around during the life.
fn iss() -> impl Strategy<Value = u32> {
    prop_oneof![any::<u32>(), u32::MAX - 2_000..=u32::MAX]
}

fn numbers() -> impl Strategy<Value = Numbers> {
    let msl = (1..=240_u64).prop_map(Duration::from_secs);
    (iss(), iss(), 0..2_000_u16, msl).prop_map(|(j, k, bytes, msl)| Numbers { j, k, bytes, msl })
}

/// Two ends in CLOSED with these numbers, and a network that is operated by hand.
fn pair(numbers: Numbers) -> Pair {
    let config = Config { msl: numbers.msl, ..Config::DEFAULT };
    let mut pair = Pair::new(&config, &config, Network::BY_HAND);
    pair.set_iss(Side::A, numbers.j);
    pair.set_iss(Side::B, numbers.k);
    pair
}

/// Plays a whole life: A opens, sends its bytes and closes; B closes when A has. Each message of `lost` is lost once.
fn life(numbers: Numbers, mut lost: BTreeSet<&str>) -> Pair {
    let mut pair = pair(numbers);
    pair.open(Side::B, Open::Passive).unwrap();
    pair.open(Side::A, Open::Active).unwrap();
    let mut a_has_closed = false;
    loop {
        if let Some(flight) = pair.in_flight().first() {
            let message = numbers.message(flight);
            if lost.remove(message) {
                pair.lose(0)
            } else {
                pair.deliver(0)
            };
        } else if pair.state(Side::A) == State::Established && !a_has_closed {
            pair.send(Side::A, &vec![7; numbers.bytes.into()]).unwrap();
            pair.close(Side::A).unwrap();
            a_has_closed = true;
        } else if pair.state(Side::B) == State::CloseWait {
            pair.close(Side::B).unwrap();
        } else if !pair.step().unwrap() {
            return pair; // both are at rest
        }
    }
}

/// The segments that an end has sent, in their order.
fn sent(pair: &Pair, from: Side) -> Vec<Segment> {
    let here = pair.trace().events().iter().filter(|event| event.side == from);
    here.filter_map(|event| if let What::Sent(_, segment) = event.what { Some(segment) } else { None }).collect()
}

fn with(control: Control, segments: &[Segment]) -> Vec<Segment> {
    segments.iter().filter(|segment| segment.control().contains(control)).copied().collect()
}

proptest! {
    #[test]
    fn each_syn_and_fin_takes_one_number_and_is_acknowledged_by_the_next(
        numbers in numbers(),
        lost in proptest::sample::subsequence(MESSAGES.to_vec(), 0..=MESSAGES.len()),
    ) {
        let Numbers { j, k, .. } = numbers;
        let (j, k, n, m) = (SeqNumber(j), SeqNumber(k), numbers.n(), numbers.m());
        let pair = life(numbers, lost.into_iter().collect());
        prop_assert_eq!((pair.state(Side::A), pair.state(Side::B)), (State::Closed, State::Closed));
        prop_assert_eq!(pair.received(Side::B).len(), usize::from(numbers.bytes));

        let (a, b) = (sent(&pair, Side::A), sent(&pair, Side::B));
        // SYN j; SYN k, ACK j+1.
        prop_assert!(with(Control::SYN, &a).iter().all(|syn| (syn.seq(), syn.ack()) == (j, None)));
        prop_assert!(with(Control::SYN, &b).iter().all(|syn| (syn.seq(), syn.ack()) == (k, Some(j + 1))));
        // FIN n, FIN m.
        let number = |fin: &Segment| fin.seq() + u32::from(fin.payload_len()); // behind the bytes that it carries
        prop_assert!(with(Control::FIN, &a).iter().all(|fin| number(fin) == n));
        prop_assert!(with(Control::FIN, &b).iter().all(|fin| number(fin) == m));
        // A acknowledges k+1 and, at last, m+1. B's last acknowledgment is n+1.
        prop_assert!(a.iter().all(|segment| [None, Some(k + 1), Some(m + 1)].contains(&segment.ack())));
        prop_assert_eq!(with(Control::ACK, &a).last().unwrap().ack(), Some(m + 1));
        prop_assert_eq!(b.last().unwrap().ack(), Some(n + 1));
    }

    #[test]
    fn time_wait_lasts_2_msl_from_the_last_fin(
        numbers in numbers(),
        lost in proptest::sample::subsequence(MESSAGES.to_vec(), 0..=MESSAGES.len()),
    ) {
        let pair = life(numbers, lost.into_iter().collect());
        let mut at_a = pair.trace().events().iter().rev().filter(|event| event.side == Side::A);
        let end = at_a.find(|event| matches!(event.what, What::Transition(Transition { from: State::TimeWait, .. })));
        // The last one before the end: after it A knows nothing of the connection, and answers a FIN with a reset.
        let last_fin = at_a.find(|event| {
            matches!(event.what, What::Arrived(_, segment, _) if segment.control().contains(Control::FIN))
        });
        prop_assert_eq!(end.unwrap().at.saturating_duration_since(last_fin.unwrap().at), 2 * numbers.msl);
    }

    #[test]
    fn without_a_client_an_old_syn_never_makes_a_server_established(
        numbers in numbers(),
        old in any::<u32>(),
        lost in any::<bool>(),
    ) {
        let mut pair = pair(numbers);
        pair.open(Side::B, Open::Passive).unwrap();
        pair.inject(Side::A, Segment::new(SeqNumber(old), SeqNumber(0), Control::SYN), &[]);
        pair.deliver(0);
        prop_assert_eq!(sent(&pair, Side::B)[0].ack(), Some(SeqNumber(old) + 1));
        if lost {
            pair.lose(0); // the answer, which is sent again
        }
        while !pair.in_flight().is_empty() || pair.step().unwrap() {
            pair.deliver(0);
            prop_assert_ne!(pair.state(Side::B), State::Established);
        }
        prop_assert_eq!(pair.state(Side::B), State::Listen); // by the reset of A, which knows of no SYN
    }

    #[test]
    fn beside_a_client_an_old_syn_only_delays_the_handshake(
        numbers in numbers(),
        old in any::<u32>(),
        place in 0..4_usize,
    ) {
        let mut pair = pair(numbers);
        pair.open(Side::B, Open::Passive).unwrap();
        pair.open(Side::A, Open::Active).unwrap();
        for message in 0.. {
            if message == place {
                pair.inject(Side::A, Segment::new(SeqNumber(old), SeqNumber(0), Control::SYN), &[]);
                pair.deliver(pair.in_flight().len() - 1); // it overtakes
            }
            if pair.state(Side::B) == State::Established {
                // With the client, and with its numbers.
                prop_assert_eq!(pair.status(Side::B).rcv_nxt, Some(SeqNumber(numbers.j) + 1));
            }
            if message > place && pair.state(Side::A) == State::Established && pair.state(Side::B) == State::Established {
                break;
            }
            if !pair.deliver(0) {
                prop_assert!(pair.step().unwrap(), "no timer runs:\n{}", pair.trace());
            }
        }
    }
}
