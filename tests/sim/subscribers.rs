//! Programs that are told of every event when it happens.

use std::sync::{Arc, Mutex};

use tcp_lifecycle::sim::{Event, Network, Pair, Side, What};
use tcp_lifecycle::{Config, Signal, State};

use super::conversation_over;

/// The record of everything that a subscriber is told.
fn subscribed(pair: &mut Pair) -> Arc<Mutex<Vec<Event>>> {
    let told = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&told);
    pair.subscribe(move |event| sink.lock().unwrap().push(event.clone()));
    told
}

fn faulty() -> Network {
    Network { corruption: 100, reordering: 100, ..Network::faulty(5) }
}

#[test]
fn a_subscriber_is_told_all_that_the_trace_has() {
    let mut pair = Pair::new(&super::PATIENT, &super::PATIENT, faulty());
    let start = pair.trace().events().len();
    let told = subscribed(&mut pair);
    conversation_over(&mut pair);
    assert_eq!(*told.lock().unwrap(), pair.trace().events()[start..]);
}

#[test]
fn a_subscriber_is_told_of_what_is_not_recorded() {
    let told = [true, false].map(|recording| {
        let mut pair = Pair::new(&super::PATIENT, &super::PATIENT, faulty());
        pair.set_recording(recording);
        let told = subscribed(&mut pair);
        conversation_over(&mut pair);
        told.lock().unwrap().clone()
    });
    assert_eq!(told[0], told[1]);
}

#[test]
fn transitions_signals_calls_timeouts_segments_and_refusals_are_all_told() {
    let mut pair = Pair::new(&super::PATIENT, &super::PATIENT, faulty());
    let told = subscribed(&mut pair);
    conversation_over(&mut pair);
    pair.inject(Side::A, "<SEQ=7><CTL=RST>".parse().unwrap(), b"");
    pair.drive().unwrap();
    let told = told.lock().unwrap();
    let kinds: [fn(&What) -> bool; 11] = [
        |what| matches!(what, What::Transition(_)),
        |what| matches!(what, What::Signal(Signal::Acknowledged(_))),
        |what| matches!(what, What::Call(call) if call == "close"),
        |what| matches!(what, What::Timeout(State::TimeWait)),
        |what| matches!(what, What::Sent(..)),
        |what| matches!(what, What::Lost(..)),
        |what| matches!(what, What::Duplicated(..)),
        |what| matches!(what, What::HeldBack(..)),
        |what| matches!(what, What::Corrupted(..)),
        |what| matches!(what, What::Arrived(_, _, Ok(range)) if !range.is_empty()),
        |what| matches!(what, What::Arrived(_, _, Err(_))),
    ];
    for (index, kind) in kinds.iter().enumerate() {
        assert!(told.iter().any(|event| kind(&event.what)), "kind {index}");
    }
}

#[test]
fn what_is_told_comes_before_what_comes_of_it() {
    let mut pair = Pair::new(&Config::DEFAULT, &Config::DEFAULT, Network::PERFECT);
    let told = subscribed(&mut pair);
    pair.open(Side::A, tcp_lifecycle::Open::Active).unwrap();
    let told = told.lock().unwrap();
    assert!(matches!(told[0].what, What::Call(_)));
    assert!(matches!(told[1].what, What::Transition(_)));
    assert!(matches!(told[2].what, What::Sent(0, _)));
    assert!(told.iter().all(|event| event.state == State::SynSent));
}

#[test]
fn a_clone_has_no_subscribers_and_each_subscriber_is_told() {
    let mut pair = Pair::new(&Config::DEFAULT, &Config::DEFAULT, Network::PERFECT);
    let (first, second) = (subscribed(&mut pair), subscribed(&mut pair));
    let mut fork = pair.clone();
    assert!(format!("{pair:?}").contains("2 subscribers") && format!("{fork:?}").contains("0 subscribers"));
    fork.handshake().unwrap();
    assert!(first.lock().unwrap().is_empty());
    pair.handshake().unwrap();
    assert!(!first.lock().unwrap().is_empty());
    assert_eq!(*first.lock().unwrap(), *second.lock().unwrap());
    assert_eq!(pair.trace(), fork.trace());
}

#[test]
fn two_ends_can_be_sent_to_another_thread() {
    fn sent(_: impl Send + Sync) {}
    sent(Pair::new(&Config::DEFAULT, &Config::DEFAULT, Network::PERFECT));
}
