//! The user's calls: ports, bounds, handles, and a user who leaves.

use std::collections::BTreeSet;
use std::time::Duration;

use tcp_lifecycle::endpoint::{Accept, ConnectError, EndpointConfig, EndpointEvent};
use tcp_lifecycle::stream::{End, Event};
use tcp_lifecycle::{Control, State};

use crate::peer::{Bench, plain, socket};

const PEER: &str = "198.51.100.7:1025";

#[test]
fn ephemeral_ports_do_not_collide_and_run_out() {
    let config = EndpointConfig { ephemeral_ports: (50_000, 50_009), ..EndpointConfig::default() };
    let mut bench = Bench::new(config);
    let mut connect = |remote| bench.endpoint.connect(socket("192.0.2.2:0"), socket(remote), &plain(), bench.now);
    let handles: Vec<_> = (0..10).map(|_| connect(PEER).unwrap()).collect();
    assert_eq!(connect(PEER), Err(ConnectError::NoPort));
    // Another destination has all ports again.
    assert!(connect("198.51.100.8:1025").is_ok());
    let ports: BTreeSet<_> = handles.iter().map(|handle| bench.endpoint.sockets(*handle).unwrap().0.port()).collect();
    assert_eq!(ports, (50_000..50_010).collect());
}

#[test]
fn two_hosts_choose_different_ports() {
    let first_ports = || {
        let mut bench = Bench::new(EndpointConfig::default());
        let mut port = |_| {
            let handle = bench.endpoint.connect(socket("192.0.2.2:0"), socket(PEER), &plain(), bench.now).unwrap();
            bench.endpoint.sockets(handle).unwrap().0.port()
        };
        [0, 1, 2, 3].map(&mut port)
    };
    assert_ne!(first_ports(), first_ports(), "a chance of one in 16,384");
}

#[test]
fn a_socket_in_use_and_addresses_of_no_host_are_refused() {
    let config = EndpointConfig { max_streams: 1, ..EndpointConfig::default() };
    let mut bench = Bench::new(config);
    let mut connect = |local, remote| bench.endpoint.connect(socket(local), socket(remote), &plain(), bench.now);
    for (local, remote) in [
        ("192.0.2.2:0", "[2001:db8::1]:80"),
        ("192.0.2.2:0", "255.255.255.255:80"),
        ("192.0.2.2:0", "224.0.0.1:80"),
        ("192.0.2.2:0", "0.0.0.0:80"),
        ("0.0.0.0:0", PEER),
        ("[ff02::1]:0", "[2001:db8::1]:80"),
        ("192.0.2.2:0", "198.51.100.7:0"),
    ] {
        assert_eq!(connect(local, remote), Err(ConnectError::NotAHost), "{local} {remote}");
    }
    assert!(connect("192.0.2.2:5000", PEER).is_ok());
    assert_eq!(connect("192.0.2.2:5001", PEER), Err(ConnectError::TooManyStreams));
    let mut bench = Bench::new(EndpointConfig::default());
    let mut connect = |local, remote| bench.endpoint.connect(socket(local), socket(remote), &plain(), bench.now);
    assert!(connect("192.0.2.2:5000", PEER).is_ok());
    assert_eq!(connect("192.0.2.2:5000", PEER), Err(ConnectError::AddressInUse));
}

#[test]
fn a_handle_outlives_its_stream_and_names_no_other() {
    let (mut bench, listener) = Bench::listening(Accept::Established, 10);
    let (first, next) = bench.accepted(listener, PEER);
    bench.arrives(PEER, "<SEQ=301><CTL=RST>").unwrap();
    assert_eq!(bench.sent(), []);
    assert_eq!(bench.events(), [EndpointEvent::Stream(first, Event::Ended(End::Reset))]);
    bench.endpoint.release(first, bench.now);
    assert_eq!((bench.sent(), bench.endpoint.len()), (vec![], (0, 0)));
    let (second, _) = bench.accepted(listener, PEER);
    assert_ne!(first, second);
    assert!(bench.endpoint.stream(first).is_none() && bench.endpoint.stream_mut(first).is_none());
    bench.endpoint.release(first, bench.now);
    assert_eq!((bench.endpoint.state(first), bench.endpoint.state(second)), (State::Closed, State::Established));
    let _ = next;
}

#[test]
fn a_released_stream_sends_what_is_written_and_leaves_by_itself() {
    let (mut bench, listener) = Bench::listening(Accept::Established, 10);
    let (handle, next) = bench.accepted(listener, PEER);
    assert_eq!(bench.endpoint.stream_mut(handle).unwrap().write(&[1; 100], bench.now), Ok(100));
    bench.endpoint.release(handle, bench.now);
    let sent = bench.sends();
    assert_eq!((sent.payload_len(), sent.control().contains(Control::FIN)), (100, true));
    bench.arrives(PEER, &format!("<SEQ=301><ACK={}><CTL=ACK><WND=1000>", next + 101)).unwrap();
    assert_eq!((bench.sent(), bench.events()), (vec![], vec![]));
    assert_eq!(bench.endpoint.state(handle), State::FinWait2);
    bench.pass(Duration::from_secs(61));
    assert_eq!((bench.sent(), bench.endpoint.len(), bench.endpoint.deadline()), (vec![], (0, 0), None));
}

#[test]
fn unread_bytes_reset_a_released_stream() {
    let (mut bench, listener) = Bench::listening(Accept::Established, 10);
    let (handle, next) = bench.accepted(listener, PEER);
    bench.arrives(PEER, &format!("<SEQ=301><ACK={next}><CTL=ACK><DATA=10><WND=1000>")).unwrap();
    bench.sends();
    bench.endpoint.release(handle, bench.now);
    assert!(bench.sends().control().contains(Control::RST));
    assert_eq!(bench.endpoint.len(), (0, 0));
}

#[test]
fn streams_send_in_turn() {
    let (mut bench, listener) = Bench::listening(Accept::Established, 10);
    let peers = [PEER, "198.51.100.7:1026", "198.51.100.7:1027"];
    let handles = peers.map(|peer| bench.accepted(listener, peer).0);
    for handle in handles {
        let stream = bench.endpoint.stream_mut(handle).unwrap();
        assert_eq!(stream.write(&[1; 1_000], bench.now), Ok(1_000));
        stream.shutdown(bench.now);
    }
    let order: Vec<_> = bench.sent().into_iter().map(|(remote, _)| remote).collect();
    assert_eq!(order, [peers, peers].concat(), "536 bytes of each, then 464");
}

#[test]
fn the_sockets_of_a_connection_that_has_ended_are_free_before_its_user_leaves() {
    let (mut bench, listener) = Bench::listening(Accept::Established, 10);
    let (first, _) = bench.accepted(listener, PEER);
    bench.arrives(PEER, "<SEQ=301><CTL=RST>").unwrap();
    assert_eq!(bench.sent(), []);
    assert_eq!(bench.events(), [EndpointEvent::Stream(first, Event::Ended(End::Reset))]);
    let (second, _) = bench.accepted(listener, PEER);
    assert_eq!((bench.endpoint.state(first), bench.endpoint.state(second)), (State::Closed, State::Established));
    bench.endpoint.release(first, bench.now);
    assert_eq!(bench.sent(), []);
    assert_eq!((bench.endpoint.state(second), bench.endpoint.len()), (State::Established, (1, 0)));
    assert_eq!(bench.arrives(PEER, "<SEQ=301><CTL=RST>"), Ok(()), "the second is found");
}

#[test]
fn a_stream_that_lingers_is_aborted_after_its_time() {
    let (mut bench, listener) = Bench::listening(Accept::Established, 10);
    let (handle, _) = bench.accepted(listener, PEER);
    assert_eq!(bench.endpoint.stream_mut(handle).unwrap().write(&[1; 10], bench.now), Ok(10));
    bench.endpoint.release_within(handle, Duration::from_millis(2_500), bench.now);
    assert_eq!(bench.sends().control(), Control::ACK | Control::PSH | Control::FIN);
    // A retransmission after one second; the next would come after two more.
    bench.pass(Duration::from_millis(1_000));
    assert_eq!(bench.sends().control(), Control::ACK | Control::PSH | Control::FIN);
    bench.pass(Duration::from_millis(1_499));
    assert_eq!((bench.sent(), bench.endpoint.len()), (vec![], (1, 0)));
    assert_eq!(bench.endpoint.deadline(), Some(bench.now + Duration::from_millis(1)));
    bench.pass(Duration::from_millis(1));
    assert!(bench.sends().control().contains(Control::RST));
    assert_eq!((bench.endpoint.len(), bench.endpoint.deadline()), ((0, 0), None));
}

#[test]
fn a_stream_that_lingers_ends_sooner_if_the_peer_closes_too() {
    let (mut bench, listener) = Bench::listening(Accept::Established, 10);
    let (handle, next) = bench.accepted(listener, PEER);
    bench.endpoint.release_within(handle, Duration::from_secs(5), bench.now);
    bench.sends();
    bench.arrives(PEER, &format!("<SEQ=301><ACK={}><CTL=FIN,ACK><WND=1000>", next + 1)).unwrap();
    bench.sends();
    assert_eq!(bench.endpoint.len(), (0, 1));
    bench.pass(Duration::from_secs(5));
    assert_eq!((bench.sent(), bench.endpoint.len()), (vec![], (0, 1)), "TIME-WAIT is not cut short");
    // The slot has a new stream, which does not linger.
    bench.accepted(listener, "198.51.100.7:1026");
    bench.pass(Duration::from_secs(5));
    assert_eq!((bench.sent(), bench.endpoint.len()), (vec![], (1, 1)));
}

#[test]
fn without_time_to_linger_a_stream_is_reset_at_once() {
    let (mut bench, listener) = Bench::listening(Accept::Established, 10);
    let (handle, _) = bench.accepted(listener, PEER);
    bench.endpoint.release_within(handle, Duration::ZERO, bench.now);
    assert!(bench.sends().control().contains(Control::RST));
    assert_eq!(bench.endpoint.len(), (0, 0));
    bench.endpoint.release_within(handle, Duration::ZERO, bench.now);
    assert_eq!(bench.sent(), []);
}
