//! TIME-WAIT: how long it lasts, what opens a new life, how many there may be.

use std::time::Duration;

use tcp_lifecycle::endpoint::{Accept, EndpointConfig, EndpointEvent, ListenAddr, ListenerId};
use tcp_lifecycle::stream::{End, Event, ReadError};
use tcp_lifecycle::{Config, Control, State};

use crate::peer::{Bench, plain, socket};

const PEER: &str = "198.51.100.7:1025";

/// An endpoint with an MSL of 30 s that has closed a connection first.
fn in_time_wait(most: usize) -> (Bench, ListenerId, u32) {
    let config = EndpointConfig {
        max_time_waits: most,
        time_wait: Config { msl: Duration::from_secs(30), ..Config::DEFAULT },
        ..EndpointConfig::default()
    };
    let mut bench = Bench::new(config);
    let mut stream = plain();
    stream.tcp.msl = Duration::from_secs(30);
    let listener = bench.endpoint.listen(ListenAddr::Port(80), &stream, Accept::Established, 10).unwrap();
    let next = close_first(&mut bench, listener, PEER);
    (bench, listener, next)
}

/// Accepts a connection, closes it, and lets the peer close; returns the number behind our FIN.
fn close_first(bench: &mut Bench, listener: ListenerId, remote: &str) -> u32 {
    let (handle, next) = bench.accepted(listener, remote);
    bench.endpoint.stream_mut(handle).unwrap().shutdown(bench.now);
    assert!(bench.sends().control().contains(Control::FIN));
    let next = next.wrapping_add(1);
    bench.arrives(remote, &format!("<SEQ=301><ACK={next}><CTL=FIN,ACK><DATA=5><WND=1000>")).unwrap();
    bench.sends();
    assert_eq!(bench.events().last(), Some(&EndpointEvent::Stream(handle, Event::Ended(End::Closed))));
    // What has arrived can still be read.
    let stream = bench.endpoint.stream_mut(handle).unwrap();
    let mut buffer = [0; 10];
    assert_eq!(stream.read(&mut buffer), Ok(5));
    assert_eq!(stream.read(&mut buffer), Ok::<_, ReadError>(0));
    bench.endpoint.release(handle, bench.now);
    assert_eq!(bench.sent(), []);
    next
}

#[test]
fn it_lasts_two_msl_and_a_repeated_fin_begins_them_again() {
    let (mut bench, _, next) = in_time_wait(10);
    assert_eq!(bench.endpoint.len(), (0, 1));
    assert_eq!(bench.endpoint.connections().next().map(|(_, _, state)| state), Some(State::TimeWait));
    bench.pass(Duration::from_secs(59));
    let _ = bench.arrives(PEER, &format!("<SEQ=306><ACK={next}><CTL=FIN,ACK><WND=1000>"));
    assert_eq!(bench.sends().ack().map(|ack| ack.0), Some(307));
    bench.pass(Duration::from_secs(59));
    assert_eq!(bench.endpoint.len(), (0, 1));
    bench.pass(Duration::from_secs(1));
    assert_eq!((bench.endpoint.len(), bench.endpoint.deadline()), ((0, 0), None));
}

#[test]
fn a_repeated_fin_does_not_keep_the_others() {
    let (mut bench, listener, next) = in_time_wait(10);
    bench.pass(Duration::from_secs(10));
    close_first(&mut bench, listener, "198.51.100.7:1026");
    bench.pass(Duration::from_secs(10));
    let _ = bench.arrives(PEER, &format!("<SEQ=306><ACK={next}><CTL=FIN,ACK><WND=1000>"));
    bench.sends();
    bench.pass(Duration::from_secs(50));
    assert_eq!(bench.endpoint.len(), (0, 1), "the second has ended, the first has not");
    bench.pass(Duration::from_secs(10));
    assert_eq!(bench.endpoint.len(), (0, 0));
}

#[test]
fn a_new_syn_with_a_higher_number_opens_a_new_life() {
    let (mut bench, listener, next) = in_time_wait(10);
    bench.pass(Duration::from_secs(1));
    bench.arrives(PEER, "<SEQ=400000><CTL=SYN><WND=1000>").unwrap();
    let syn_ack = bench.sends();
    assert!(syn_ack.seq().gt(tcp_lifecycle::SeqNumber(next)), "its numbers lie right of the old ones");
    assert_eq!(bench.endpoint.len(), (1, 1), "the SYN may be an old duplicate");
    let next = syn_ack.seq() + 1;
    bench.arrives(PEER, &format!("<SEQ=400001><ACK={next}><CTL=ACK><WND=1000>")).unwrap();
    assert_eq!(bench.sent(), []);
    assert_eq!(bench.endpoint.len(), (1, 0));
    let _ = bench.incoming(listener);
}

#[test]
fn an_old_syn_opens_none() {
    let (mut bench, _, next) = in_time_wait(10);
    let _ = bench.arrives(PEER, "<SEQ=200><CTL=SYN><WND=1000>");
    let answer = bench.sends();
    assert_eq!((answer.seq().0, answer.control()), (next, Control::ACK));
    assert_eq!(bench.endpoint.len(), (0, 1));
}

#[test]
fn the_oldest_makes_room_for_the_newest() {
    let (mut bench, listener, next) = in_time_wait(2);
    for peer in ["198.51.100.7:1026", "[2001:db8::7]:1027"] {
        bench.local = if peer.starts_with('[') { socket("[2001:db8::2]:80") } else { socket("192.0.2.2:80") };
        close_first(&mut bench, listener, peer);
    }
    assert_eq!(bench.endpoint.len(), (0, 2));
    bench.local = socket("192.0.2.2:80");
    let _ = bench.arrives(PEER, &format!("<SEQ=306><ACK={next}><CTL=FIN,ACK><WND=1000>"));
    assert!(bench.sends().control().contains(Control::RST), "the first is gone");
}
