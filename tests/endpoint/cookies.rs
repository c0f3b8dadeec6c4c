//! SYN cookies, above all where the SYN came twice and has been answered twice: with a cookie, and with a connection
//! once there was room. The peer takes the first SYN,ACK that arrives.

use tcp_lifecycle::endpoint::{Accept, EndpointConfig, ListenerId};
use tcp_lifecycle::stream::StreamConfig;
use tcp_lifecycle::{Config, Control, Refusal, State};

use crate::peer::{Bench, plain};

const FIRST: &str = "198.51.100.7:1025";
const PEER: &str = "198.51.100.7:1026";
const SYN: &str = "<SEQ=300><CTL=SYN><WND=1000>";
const STAMPED_SYN: &str = "<SEQ=300><CTL=SYN><WND=1000><TS=50,0>";

fn stamped() -> StreamConfig {
    let plain = plain();
    StreamConfig { tcp: Config { timestamps: true, ..plain.tcp }, ..plain }
}

/// The peer has been answered with a cookie and, after its SYN came again, with a connection in SYN-RECEIVED. Returns
/// the acknowledgment numbers for the two SYN,ACKs, the cookie's first.
#[track_caller]
fn answered_twice(config: &StreamConfig, syn: &str) -> (Bench, ListenerId, [u32; 2]) {
    let (mut bench, listener) = Bench::listening_with(EndpointConfig::default(), config, Accept::Established, 1);
    bench.arrives(FIRST, syn).unwrap();
    bench.sends();
    bench.arrives(PEER, syn).unwrap();
    let cookie = bench.sends();
    assert_eq!(bench.endpoint.len(), (1, 0), "nothing is kept for a cookie");
    bench.arrives(FIRST, "<SEQ=301><CTL=RST>").unwrap();
    assert_eq!(bench.sent(), []);
    bench.arrives(PEER, syn).unwrap();
    let other = bench.sends();
    assert_ne!(cookie.seq(), other.seq());
    assert_eq!(bench.endpoint.len(), (1, 0));
    (bench, listener, [cookie, other].map(|syn_ack| (syn_ack.seq() + 1).0))
}

/// Accepts the only connection, and checks that it is established and has these bytes.
#[track_caller]
fn assert_established(bench: &mut Bench, listener: ListenerId, bytes: &[u8]) {
    let incoming = bench.incoming(listener);
    let handle = bench.endpoint.admit(incoming, bench.now).unwrap();
    assert_eq!(bench.endpoint.len(), (1, 0));
    assert_eq!(bench.endpoint.state(handle), State::Established);
    assert_eq!(bench.endpoint.stream(handle).unwrap().readable().0, bytes);
}

/// The connection in SYN-RECEIVED alone would reset it.
#[test]
fn a_peer_that_has_the_cookie_connects_although_its_syn_came_again_and_found_room() {
    let (mut bench, listener, [cookie, other]) = answered_twice(&plain(), SYN);
    bench.arrives(PEER, &format!("<SEQ=301><ACK={cookie}><CTL=ACK><WND=1000>")).unwrap();
    assert_eq!(bench.sent(), []);
    // The other SYN,ACK draws a challenge, and does no harm.
    let _ = bench.arrives(PEER, &format!("<SEQ=301><ACK={other}><CTL=ACK><WND=1000>"));
    assert!(bench.sent().iter().all(|(_, answer)| answer.control() == Control::ACK));
    assert_established(&mut bench, listener, &[]);
    bench.handshake(FIRST);
    assert_eq!(bench.endpoint.len(), (2, 0), "there is room for another");
}

/// The bare ACK was lost.
#[test]
fn the_payload_that_comes_with_such_a_cookie_is_not_lost() {
    let (mut bench, listener, [cookie, _]) = answered_twice(&plain(), SYN);
    bench.arrives(PEER, &format!("<SEQ=301><ACK={cookie}><CTL=ACK><DATA=3><WND=1000>")).unwrap();
    assert_eq!(bench.sends().ack().map(|ack| ack.0), Some(304));
    assert_established(&mut bench, listener, &[7; 3]);
}

#[test]
fn a_peer_that_has_the_other_syn_ack_connects_as_ever() {
    let (mut bench, listener, [cookie, other]) = answered_twice(&plain(), SYN);
    bench.arrives(PEER, &format!("<SEQ=301><ACK={other}><CTL=ACK><WND=1000>")).unwrap();
    let _ = bench.arrives(PEER, &format!("<SEQ=301><ACK={cookie}><CTL=ACK><WND=1000>"));
    assert!(bench.sent().iter().all(|(_, answer)| answer.control() == Control::ACK));
    assert_established(&mut bench, listener, &[]);
}

#[test]
fn an_ack_of_neither_is_reset_and_changes_nothing() {
    let (mut bench, listener, [_, other]) = answered_twice(&plain(), SYN);
    assert_eq!(bench.arrives(PEER, "<SEQ=301><ACK=4711><CTL=ACK>"), Err(Refusal::AckInSynReceived));
    assert_eq!(bench.sends().to_string(), "<SEQ=4711><CTL=RST>");
    bench.arrives(PEER, &format!("<SEQ=301><ACK={other}><CTL=ACK><WND=1000>")).unwrap();
    assert_eq!(bench.sent(), []);
    assert_established(&mut bench, listener, &[]);
}

/// RFC 7323 section 3.2: an ACK without the timestamps that the cookie agreed to is not reset either.
#[test]
fn such_a_cookie_without_its_timestamps_is_passed_over_in_silence() {
    let (mut bench, listener) = Bench::listening_with(EndpointConfig::default(), &stamped(), Accept::Established, 1);
    bench.arrives(FIRST, STAMPED_SYN).unwrap();
    bench.sends();
    bench.arrives(PEER, STAMPED_SYN).unwrap();
    let cookie = bench.sends();
    bench.arrives(FIRST, "<SEQ=301><CTL=RST>").unwrap();
    assert_eq!(bench.sent(), []);
    bench.arrives(PEER, STAMPED_SYN).unwrap();
    bench.sends();
    let ack = format!("<SEQ=301><ACK={}><CTL=ACK><WND=1000>", cookie.seq() + 1);
    assert_eq!(bench.arrives(PEER, &ack), Err(Refusal::NoTimestamp));
    assert_eq!(bench.sent(), []);
    let (stamp, _) = cookie.options().timestamps().unwrap();
    bench.arrives(PEER, &format!("{ack}<TS=51,{stamp}>")).unwrap();
    assert_eq!(bench.sent(), []);
    assert_established(&mut bench, listener, &[]);
}

/// The peer has given up the connection of the cookie.
#[test]
fn a_reset_with_the_number_of_a_cookie_ends_the_handshake() {
    let (mut bench, _, [cookie, _]) = answered_twice(&plain(), SYN);
    bench.arrives(PEER, &format!("<SEQ=301><ACK={cookie}><CTL=RST,ACK>")).unwrap();
    assert_eq!((bench.sent(), bench.endpoint.len()), (vec![], (0, 0)));
}

#[test]
fn a_forged_cookie_is_reset() {
    let (mut bench, _) = Bench::listening(Accept::Established, 0);
    bench.arrives(PEER, SYN).unwrap();
    bench.sends();
    assert_eq!(bench.arrives(PEER, "<SEQ=301><ACK=4711><CTL=ACK>"), Err(Refusal::AckInListen));
    assert_eq!(bench.sends().to_string(), "<SEQ=4711><CTL=RST>");
    assert_eq!(bench.endpoint.len(), (0, 0));
}

/// The peer has everything that it needs to try again.
#[test]
fn a_full_endpoint_takes_a_cookie_once_there_is_room() {
    let config = EndpointConfig { max_streams: 1, ..EndpointConfig::default() };
    let (mut bench, listener) = Bench::listening_with(config, &plain(), Accept::Established, 10);
    let (first, _) = bench.accepted(listener, FIRST);
    bench.arrives(PEER, SYN).unwrap();
    let ack = format!("<SEQ=301><ACK={}><CTL=ACK><WND=1000>", bench.sends().seq() + 1);
    bench.arrives(PEER, &ack).unwrap();
    assert_eq!((bench.sent(), bench.endpoint.len()), (vec![], (1, 0)));
    bench.arrives(FIRST, "<SEQ=301><CTL=RST>").unwrap();
    bench.endpoint.release(first, bench.now);
    assert_eq!(bench.sent(), []);
    bench.arrives(PEER, &ack).unwrap();
    assert_eq!(bench.sent(), []);
    assert_established(&mut bench, listener, &[]);
}
