//! Connections of a listener have keep-alive as any others, and delay their ACKs.

use core::hash::BuildHasherDefault;
use core::time::Duration;
use std::collections::hash_map::DefaultHasher;

use tcp_lifecycle::isn::IsnHash;
use tcp_lifecycle::listener::{Arrival, Listener};
use tcp_lifecycle::{Config, Connection, Control, Segment, SeqNumber, State};

use super::end::{QUICK_CONFIG, drain, expires, seconds, segment};

const CONFIG: Config = Config { delayed_ack: Some(Duration::from_millis(200)), ..QUICK_CONFIG };

/// A child in ESTABLISHED since the first second, with a cookie or without.
fn child(cookie: bool) -> Connection {
    let listener = Listener::new(&CONFIG, IsnHash::new(BuildHasherDefault::<DefaultHasher>::new()));
    let (local, remote) = ("192.0.2.1:80".parse().unwrap(), "192.0.2.2:1234".parse().unwrap());
    let arrives = |segment: &Segment| listener.segment_arrives(segment, local, remote, seconds(1));
    let Arrival::Syn(syn) = arrives(&segment("<SEQ=299><CTL=SYN><WND=1000>")) else { panic!("a SYN") };
    let ack_of = |iss: SeqNumber| Segment::new(SeqNumber(300), iss + 1, Control::ACK).with_window(1_000);
    if cookie {
        return match arrives(&ack_of(syn.cookie().seq())) {
            Arrival::Completed { connection, .. } => connection,
            Arrival::Syn(_) | Arrival::Refused { .. } => panic!("a cookie"),
        };
    }
    let mut connection = syn.accept();
    drain(&mut connection, seconds(1));
    let iss = connection.status().iss.unwrap();
    connection.segment_arrives(&ack_of(iss), seconds(1)).unwrap();
    connection
}

#[test]
fn a_child_is_kept_alive() {
    for cookie in [false, true] {
        let mut connection = child(cookie);
        drain(&mut connection, seconds(1));
        assert_eq!(connection.state(), State::Established);
        for at in [61, 71, 81] {
            assert_eq!(expires(&mut connection, seconds(at)).len(), 1, "cookie: {cookie}");
        }
        connection.timeout(seconds(91));
        drain(&mut connection, seconds(91));
        assert_eq!(connection.state(), State::Closed, "cookie: {cookie}");
    }
}

#[test]
fn a_child_delays_its_acks() {
    for cookie in [false, true] {
        let mut connection = child(cookie);
        drain(&mut connection, seconds(1));
        let ack = connection.status().snd_nxt.unwrap();
        let text = |seq| Segment::new(SeqNumber(seq), ack, Control::ACK).with_window(1_000).with_payload(10);
        connection.segment_arrives(&text(300), seconds(2)).unwrap();
        assert_eq!(drain(&mut connection, seconds(2)), []);
        assert_eq!(connection.deadline(), Some(seconds(2) + Duration::from_millis(200)));
        connection.segment_arrives(&text(310), seconds(2)).unwrap();
        assert_eq!(drain(&mut connection, seconds(2)).len(), 1);
        assert_eq!(connection.deadline(), Some(seconds(62)));
    }
}
