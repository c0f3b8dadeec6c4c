//! A cookie and a child for the same SYN; a change of keys.

use std::hash::BuildHasher;

use tcp_lifecycle::listener::{Arrival, Listener};
use tcp_lifecycle::{Config, Connection, Control, Instant, Open, Refusal, Segment, SeqNumber, State};

use super::{
    MODERN, NOW, ack_of, arrives, assert_refused, completed, cookie_and_ack, drain, is_completed, listener, seconds,
    segment, segments, syn,
};

/// Uses the order of the documentation: the listener is asked about an ACK in SYN-RECEIVED that does not acknowledge
/// the child's SYN. If the listener completes a connection, that replaces the child. Returns the answers.
fn arrives_in_order<S: BuildHasher>(
    listener: &Listener<S>,
    child: &mut Connection,
    segment: &Segment,
    now: Instant,
) -> Vec<Segment> {
    let status = child.status();
    let asks = status.state == State::SynReceived && segment.ack().is_some_and(|ack| status.snd_nxt != Some(ack));
    match asks.then(|| arrives(listener, segment, now)) {
        Some(Arrival::Completed { connection, .. }) => *child = connection,
        Some(Arrival::Refused { refusal: Refusal::NoTimestamp, .. }) => return Vec::new(),
        Some(Arrival::Syn(_) | Arrival::Refused { .. }) | None => {
            let _ = child.segment_arrives(segment, now);
        }
    }
    segments(child, now)
}

/// A client's SYN was answered with a cookie, and again with a child. Returns the client, both SYN,ACKs, and the child.
fn answered_twice<S: BuildHasher>(listener: &Listener<S>, config: &Config) -> (Connection, [Segment; 2], Connection) {
    let mut client = Connection::new(config, 100);
    client.open(Open::Active, NOW).unwrap();
    let its_syn = segments(&mut client, NOW)[0];
    let cookie = syn(listener, &its_syn, NOW).cookie();
    let mut child = syn(listener, &its_syn, seconds(1)).accept();
    let other = segments(&mut child, seconds(1))[0];
    (client, [cookie, other], child)
}

#[test]
fn a_client_that_has_the_cookie_is_reset_if_its_ack_is_for_the_child_and_connects_if_the_listener_is_asked() {
    for config in [Config::DEFAULT, MODERN] {
        let listener = listener(&config);
        let now = seconds(1);
        let (mut client, [cookie, _], mut child) = answered_twice(&listener, &config);
        client.segment_arrives(&cookie, now).unwrap();
        let ack = segments(&mut client, now)[0];

        // The wrong order ends the client.
        let mut resetting = child.clone();
        assert_eq!(resetting.segment_arrives(&ack, now), Err(Refusal::AckInSynReceived));
        let reset = segments(&mut resetting, now)[0];
        assert_eq!(client.clone().segment_arrives(&reset, now), Ok(0..0));

        assert_eq!(arrives_in_order(&listener, &mut child, &ack, now), []);
        assert_eq!((client.state(), child.state()), (State::Established, State::Established));
        assert_eq!(child.status().iss, Some(cookie.seq()));
        // It is a connection like any other.
        client.send(10, now).unwrap();
        let request = segments(&mut client, now)[0];
        let answers = arrives_in_order(&listener, &mut child, &request, now);
        assert_eq!(client.segment_arrives(&answers[0], now), Ok(0..0));
        assert_eq!(drain(&mut client, now), ["Acknowledged(10)"]);
    }
}

/// Whichever SYN,ACK arrives first, the second draws an ACK, which does no harm.
#[test]
fn a_client_connects_with_the_first_of_two_syn_acks_and_survives_the_second() {
    for config in [Config::DEFAULT, MODERN] {
        for [first, second] in [[0, 1], [1, 0]] {
            let listener = listener(&config);
            let now = seconds(1);
            let (mut client, syn_acks, mut child) = answered_twice(&listener, &config);
            client.segment_arrives(&syn_acks[first], now).unwrap();
            let ack = segments(&mut client, now)[0];
            assert!(client.segment_arrives(&syn_acks[second], now).is_err());
            let challenge = segments(&mut client, now)[0];
            // The answer to the second SYN,ACK overtakes that to the first.
            assert_eq!(arrives_in_order(&listener, &mut child, &challenge, now), []);
            assert_eq!(arrives_in_order(&listener, &mut child, &ack, now), []);
            assert_eq!((client.state(), child.state()), (State::Established, State::Established));
            assert_eq!(child.status().iss, Some(syn_acks[first].seq()));
        }
    }
}

/// Asking the listener does not change the child.
#[test]
fn what_the_listener_does_not_know_is_for_the_child() {
    let listener = listener(&Config::DEFAULT);
    let (_, [_, other], child) = answered_twice(&listener, &Config::DEFAULT);
    let now = seconds(1);
    let forged = Segment::new(SeqNumber(101), other.seq() + 2, Control::ACK);
    let mut asked = child.clone();
    assert_eq!(arrives_in_order(&listener, &mut asked, &forged, now), [forged.reset().unwrap()]);
    assert_eq!(asked, child);
    let reset = Segment::new(SeqNumber(101), other.seq() + 2, Control::RST | Control::ACK);
    assert_eq!(arrives_in_order(&listener, &mut asked, &reset, now), []);
    assert_eq!(asked.state(), State::Closed);
}

/// An ACK that the new listener does not know is for the old one, as long as that accepts cookies.
#[test]
fn after_a_change_of_keys_the_old_listener_completes_what_it_began() {
    let (old, new) = (listener(&MODERN), listener(&MODERN));
    for text in ["<SEQ=100><CTL=SYN><MSS=1460>", "<SEQ=100><CTL=SYN><WS=7><SACK><TS=9,0>"] {
        let ack = cookie_and_ack(&old, text, seconds(60));
        // With and without a present flood.
        for new in [new.clone(), new_in_a_flood(&new)] {
            let reset = ack.reset().unwrap().to_string();
            assert_refused(&arrives(&new, &ack, seconds(61)), Refusal::AckInListen, Some(&reset));
        }
        assert_eq!(completed(&old, &ack, seconds(61)).0.state(), State::Established);
        assert!(!is_completed(&old, &ack, seconds(188)));
    }
}

fn new_in_a_flood<S: BuildHasher + Clone>(new: &Listener<S>) -> Listener<S> {
    let new = new.clone();
    let cookie = syn(&new, &segment("<SEQ=5000><CTL=SYN>"), seconds(61)).cookie();
    assert!(is_completed(&new, &ack_of(&cookie, seconds(61)), seconds(61)));
    new
}
