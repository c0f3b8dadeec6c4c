//! Listeners: addresses, the backlog, cookies, connections that are refused.

use std::time::Duration;

use tcp_lifecycle::endpoint::{Accept, EndpointConfig, EndpointEvent, ListenAddr, ListenError};
use tcp_lifecycle::stream::{End, Event};
use tcp_lifecycle::{Control, State};

use crate::peer::{Bench, plain, socket};

const PEER: &str = "198.51.100.7:1025";
const OTHER: &str = "198.51.100.7:1026";
const THIRD: &str = "198.51.100.8:1026";

#[test]
fn the_most_specific_listener_gets_the_connection() {
    let mut bench = Bench::new(EndpointConfig::default());
    let places = [ListenAddr::Any, ListenAddr::Port(80), ListenAddr::Socket(socket("192.0.2.2:80"))];
    let [any, port, exact] =
        places.map(|place| bench.endpoint.listen(place, &plain(), Accept::Established, 10).unwrap());
    for (local, listener) in [("192.0.2.2:80", exact), ("192.0.2.3:80", port), ("192.0.2.3:81", any)] {
        bench.local = socket(local);
        bench.handshake(PEER);
        let incoming = bench.incoming(listener);
        assert_eq!((incoming.local(), incoming.listener()), (socket(local), listener));
        bench.endpoint.ignore(incoming);
    }
    assert_eq!(bench.endpoint.len(), (0, 0));
}

#[test]
fn an_address_has_one_listener() {
    let mut bench = Bench::new(EndpointConfig::default());
    let mut listen = |place| bench.endpoint.listen(place, &plain(), Accept::Established, 10);
    let port = listen(ListenAddr::Port(80)).unwrap();
    assert_eq!(listen(ListenAddr::Port(80)), Err(ListenError::AddressInUse));
    assert_eq!(listen(ListenAddr::Port(0)), Err(ListenError::PortZero));
    assert_eq!(listen(ListenAddr::Socket(socket("192.0.2.2:0"))), Err(ListenError::PortZero));
    assert!(listen(ListenAddr::Socket(socket("192.0.2.2:80"))).is_ok());
    // An IPv4-mapped address is the IPv4 address.
    assert_eq!(listen(ListenAddr::Socket(socket("[::ffff:192.0.2.2]:80"))), Err(ListenError::AddressInUse));
    bench.endpoint.unlisten(port);
    assert!(bench.endpoint.listen(ListenAddr::Port(80), &plain(), Accept::Established, 10).is_ok());
}

#[test]
fn a_full_backlog_answers_with_cookies_and_loses_no_peer_that_comes_back() {
    let (mut bench, listener) = Bench::listening(Accept::Established, 1);
    bench.arrives(PEER, "<SEQ=300><CTL=SYN><WND=1000>").unwrap();
    let first = bench.sends().seq() + 1;
    bench.arrives(OTHER, "<SEQ=700><CTL=SYN><WND=1000>").unwrap();
    let cookie = bench.sends();
    assert_eq!(cookie.control(), Control::SYN | Control::ACK);
    assert_eq!(bench.endpoint.len(), (1, 0), "nothing is kept for a cookie");
    bench.arrives(PEER, &format!("<SEQ=301><ACK={first}><CTL=ACK><WND=1000>")).unwrap();
    assert_eq!(bench.sent(), []);
    let ack = format!("<SEQ=701><ACK={}><CTL=ACK><DATA=3><WND=1000>", cookie.seq() + 1);
    // The queue is full: the ACK of the cookie is dropped, and the peer sends it again.
    bench.arrives(OTHER, &ack).unwrap();
    assert_eq!((bench.sent(), bench.endpoint.len()), (vec![], (1, 0)));
    let incoming = bench.incoming(listener);
    bench.endpoint.admit(incoming, bench.now).unwrap();
    bench.arrives(OTHER, &ack).unwrap();
    bench.sends();
    let incoming = bench.incoming(listener);
    let handle = bench.endpoint.admit(incoming, bench.now).unwrap();
    assert_eq!(bench.endpoint.stream(handle).unwrap().readable().0, [7, 7, 7]);
    assert_eq!(bench.endpoint.state(handle), State::Established);
}

#[test]
fn a_handshake_that_fails_makes_room() {
    let (mut bench, _) = Bench::listening(Accept::Established, 1);
    bench.arrives(PEER, "<SEQ=300><CTL=SYN><WND=1000>").unwrap();
    bench.sends();
    bench.arrives(PEER, "<SEQ=301><CTL=RST>").unwrap();
    assert_eq!(bench.sent(), []);
    assert_eq!((bench.endpoint.len(), bench.events()), ((0, 0), vec![]));
    bench.handshake(OTHER);
    assert_eq!(bench.endpoint.len(), (1, 0));
}

#[test]
fn a_listener_that_ends_resets_whom_nobody_accepted() {
    let (mut bench, listener) = Bench::listening(Accept::Established, 10);
    let (kept, _) = bench.accepted(listener, PEER);
    let waiting = bench.handshake(OTHER);
    bench.arrives(THIRD, "<SEQ=300><CTL=SYN><WND=1000>").unwrap();
    let half = bench.sends().seq() + 1;
    bench.endpoint.unlisten(listener);
    let sent = bench.sent();
    assert_eq!(sent.len(), 1, "{sent:?}");
    assert_eq!((sent[0].0.as_str(), sent[0].1.seq().0), (OTHER, waiting));
    assert!(sent[0].1.control().contains(Control::RST));
    // A handshake that ends after the listener ends with a reset.
    let _ = bench.arrives(THIRD, &format!("<SEQ=301><ACK={half}><CTL=ACK><WND=1000>"));
    assert!(bench.sends().control().contains(Control::RST));
    assert_eq!(bench.endpoint.state(kept), State::Established);
    assert_eq!(bench.endpoint.len(), (1, 0));
    assert!(bench.arrives(THIRD, "<SEQ=300><CTL=SYN><WND=1000>").is_err());
}

#[test]
fn a_syn_waits_for_the_user_and_is_answered_only_then() {
    let (mut bench, listener) = Bench::listening(Accept::Syn, 2);
    for remote in [PEER, PEER, OTHER, THIRD] {
        bench.arrives(remote, "<SEQ=300><CTL=SYN><WND=1000>").unwrap();
    }
    assert_eq!((bench.sent(), bench.endpoint.len()), (vec![], (0, 0)));
    // The second SYN of a peer is the first, and the third peer finds no room.
    assert_eq!(bench.events(), [EndpointEvent::Incoming(listener); 2]);
    let (first, second) = (bench.endpoint.accept(listener).unwrap(), bench.endpoint.accept(listener).unwrap());
    assert_eq!(bench.endpoint.accept(listener), None);
    bench.pass(Duration::from_millis(500));
    let handle = bench.endpoint.admit(first, bench.now).unwrap();
    let next = bench.sends().seq() + 1;
    bench.arrives(PEER, &format!("<SEQ=301><ACK={next}><CTL=ACK><WND=1000>")).unwrap();
    assert_eq!(bench.sent(), []);
    assert_eq!(bench.events(), [EndpointEvent::Stream(handle, Event::Connected)]);
    bench.endpoint.refuse(second);
    assert_eq!(bench.sends().to_string(), "<SEQ=0><ACK=301><CTL=RST,ACK>");
}

#[test]
fn a_syn_that_comes_again_while_the_user_decides_makes_no_second_connection() {
    let (mut bench, listener) = Bench::listening(Accept::Syn, 10);
    let incoming = [0; 2].map(|_| {
        bench.arrives(PEER, "<SEQ=300><CTL=SYN><WND=1000>").unwrap();
        bench.incoming(listener)
    });
    let [first, second] = incoming.map(|incoming| bench.endpoint.admit(incoming, bench.now));
    assert!(first.is_some() && second.is_none());
    bench.sends();
    assert_eq!(bench.endpoint.len(), (1, 0));
}

#[test]
fn a_connection_that_ends_before_it_is_accepted_is_told_of_after() {
    let (mut bench, listener) = Bench::listening(Accept::Established, 10);
    bench.handshake(PEER);
    let incoming = bench.incoming(listener);
    bench.arrives(PEER, "<SEQ=301><CTL=RST>").unwrap();
    bench.sent();
    let handle = bench.endpoint.admit(incoming, bench.now).unwrap();
    bench.sent();
    let events = [Event::Connected, Event::Ended(End::Reset)].map(|event| EndpointEvent::Stream(handle, event));
    assert_eq!(bench.events(), events);
}
