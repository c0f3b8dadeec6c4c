//! The users of two ends, as a callback.

#![expect(clippy::wildcard_enum_match_arm, reason = "a user ignores most events")]

use tcp_lifecycle::sim::{Network, Pair, Side, UserEvent};
use tcp_lifecycle::{Config, Open, Signal, State};

fn opened(network: Network) -> Pair {
    let mut pair = Pair::new(&Config::DEFAULT, &Config::DEFAULT, network);
    pair.open(Side::B, Open::Passive).unwrap();
    pair.open(Side::A, Open::Active).unwrap();
    pair
}

/// Everything that the users learn while `user` acts.
fn story(pair: &mut Pair, mut user: impl FnMut(&mut Pair, &UserEvent)) -> Vec<UserEvent> {
    let mut story = Vec::new();
    pair.drive_with(|pair, event| {
        user(pair, &event);
        story.push(event);
    })
    .unwrap_or_else(|violation| panic!("{violation}"));
    story
}

use UserEvent::{Connected, Ended, PeerClosed, Received};

#[test]
fn each_user_learns_everything_once_and_in_order() {
    let mut pair = opened(Network::PERFECT);
    let story = story(&mut pair, |pair, event| match event {
        Connected(Side::A) => pair.send(Side::A, b"ping").unwrap(),
        Received(Side::B, bytes) => {
            assert_eq!(bytes, b"ping");
            pair.send(Side::B, b"pong").unwrap();
            pair.close(Side::B).unwrap();
        }
        PeerClosed(side) if pair.state(*side) == State::CloseWait => pair.close(*side).unwrap(),
        _ => {}
    });
    let expected = [
        Connected(Side::A),
        Connected(Side::B),
        Received(Side::B, b"ping".to_vec()),
        Received(Side::A, b"pong".to_vec()),
        PeerClosed(Side::A),
        PeerClosed(Side::B),
        Ended(Side::A, None),
        Ended(Side::B, None),
    ];
    assert_eq!(story, expected);
    assert_eq!(self::story(&mut pair, |_, _| ()), [], "nothing is told again");
}

#[test]
fn a_call_of_the_callback_leads_to_more_events() {
    let mut pair = Pair::new(&Config::DEFAULT, &Config::DEFAULT, Network::PERFECT);
    pair.handshake().unwrap();
    pair.settle().unwrap();
    pair.send(Side::A, b"last").unwrap();
    pair.close(Side::A).unwrap();
    let story = story(&mut pair, |pair, event| {
        if *event == Received(Side::B, b"last".to_vec()) {
            pair.abort(Side::B).unwrap();
        }
    });
    let expected = [
        Connected(Side::A),
        Connected(Side::B),
        Received(Side::B, b"last".to_vec()),
        Ended(Side::B, None),
        Ended(Side::A, Some(Signal::Reset)),
    ];
    assert_eq!(story, expected);
}

#[test]
fn an_attempt_that_is_refused_ends_without_a_connection() {
    let mut pair = Pair::new(&Config::DEFAULT, &Config::DEFAULT, Network::PERFECT);
    pair.open(Side::A, Open::Active).unwrap();
    assert_eq!(story(&mut pair, |_, _| ()), [Ended(Side::A, Some(Signal::Refused))]);
}

#[test]
fn an_end_that_was_never_connected_ends_by_a_call() {
    let mut pair = opened(Network::PERFECT);
    let story = story(&mut pair, |pair, event| {
        if *event == Connected(Side::A) {
            assert_eq!(pair.state(Side::B), State::SynReceived);
            pair.abort(Side::B).unwrap();
        }
    });
    assert_eq!(story, [Connected(Side::A), Ended(Side::B, None), Ended(Side::A, Some(Signal::Reset))]);
}

/// The bytes of a second life are told from its beginning.
#[test]
fn a_user_may_open_again() {
    let mut pair = opened(Network::PERFECT);
    let mut lives = 0;
    let story = story(&mut pair, |pair, event| match event {
        Connected(Side::A) => {
            lives += 1;
            pair.send(Side::A, if lives == 1 { b"first" } else { b"second life" }).unwrap();
        }
        Received(Side::B, _) if lives == 1 => pair.abort(Side::B).unwrap(),
        Ended(Side::A, Some(Signal::Reset)) => {
            pair.open(Side::B, Open::Passive).unwrap();
            pair.open(Side::A, Open::Active).unwrap();
        }
        _ => {}
    });
    let received = |bytes: &[u8]| story.contains(&Received(Side::B, bytes.to_vec()));
    assert!(received(b"first") && received(b"second life"), "{story:?}");
    assert_eq!(story.iter().filter(|event| **event == Connected(Side::A)).count(), 2);
    assert_eq!(story.iter().filter(|event| **event == Connected(Side::B)).count(), 2);
}

#[test]
fn a_faulty_network_changes_the_pieces_and_not_the_bytes() {
    for seed in 0..30 {
        let mut pair = opened(Network::faulty(seed));
        let mut got = [Vec::new(), Vec::new()];
        let bytes: Vec<u8> = (0..4_000_u32).map(|index| (index % 251) as u8).collect();
        let story = story(&mut pair, |pair, event| match event {
            Connected(side) => {
                pair.send(*side, &bytes).unwrap();
                if *side == Side::A {
                    pair.close(Side::A).unwrap();
                }
            }
            Received(side, bytes) => got[usize::from(*side == Side::B)].extend_from_slice(bytes),
            PeerClosed(Side::B) => pair.close(Side::B).unwrap(),
            _ => {}
        });
        assert_eq!(got, [bytes.clone(), bytes], "seed {seed}");
        assert_eq!(story.iter().filter(|event| matches!(event, Ended(_, None))).count(), 2, "seed {seed}");
    }
}
