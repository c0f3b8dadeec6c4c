//! `Connection::accept`: a SYN becomes a connection, without a `Listener` that answers it.

use std::hash::RandomState;
use std::net::SocketAddr;

use tcp_lifecycle::isn::IsnHash;
use tcp_lifecycle::listener::{Arrival, Listener};
use tcp_lifecycle::{Config, Connection, Instant, Refusal, SeqNumber, State};

use super::{NOW, drain, segment};

#[test]
fn a_syn_becomes_a_connection_in_syn_received() {
    let syn = segment("<SEQ=299><CTL=SYN><WND=1000><MSS=1400>");
    let mut connection = Connection::accept(&Config::DEFAULT, 99, &syn, NOW).unwrap();
    assert_eq!(connection.state(), State::SynReceived);
    let lines = drain(&mut connection, NOW);
    assert_eq!(lines.last().map(String::as_str), Some("<SEQ=99><ACK=300><CTL=SYN,ACK><WND=65535><MSS=536>"));
    assert_eq!(connection.deadline(), Some(Instant::from_micros(1_000_000)));
    let ack = segment("<SEQ=300><ACK=100><CTL=ACK><WND=1000>");
    assert_eq!(connection.segment_arrives(&ack, NOW), Ok(0..0));
    assert_eq!(drain(&mut connection, NOW), ["SYN-RECEIVED -> ESTABLISHED"]);
    assert_eq!(connection.status().peer_mss, Some(1400));
}

/// The connection equals that of a `Listener`, once it has the timestamp offset of its sockets as well.
#[test]
fn it_is_the_connection_that_a_listener_makes() {
    let config = Config { timestamps: true, sack_permitted: true, receive_buffer: 1 << 20, ..Config::DEFAULT };
    let hash: IsnHash<RandomState> = IsnHash::default();
    let listener = Listener::new(&config, hash.clone());
    let [local, remote] = ["192.0.2.1:80", "198.51.100.7:1025"].map(|socket| socket.parse::<SocketAddr>().unwrap());
    let now = Instant::from_micros(7_000_000);
    for text in [
        "<SEQ=299><CTL=SYN>",
        "<SEQ=4294967295><CTL=SYN><WND=1000><MSS=1460><WS=7><SACK><TS=9,0>",
        "<SEQ=5><CTL=SYN,ECE,CWR><DATA=10>",
        "<SEQ=5><CTL=FIN,SYN>",
    ] {
        let Arrival::Syn(syn) = listener.segment_arrives(&segment(text), local, remote, now) else { panic!("{text}") };
        let mut connection = Connection::accept(&config, 77, &segment(text), now).unwrap();
        connection.set_timestamp_offset(hash.timestamp_offset(local, remote));
        assert_eq!(connection, syn.accept_with(77), "{text}");
    }
}

/// RFC 9293 section 3.10.7.2, as in LISTEN.
#[test]
fn what_listen_refuses_is_refused() {
    for (text, refusal) in [
        ("<SEQ=299><CTL=RST>", Refusal::ResetInListen),
        ("<SEQ=299><CTL=SYN,RST>", Refusal::ResetInListen),
        ("<SEQ=299><ACK=7><CTL=SYN,ACK>", Refusal::AckInListen),
        ("<SEQ=299><ACK=7><CTL=ACK>", Refusal::AckInListen),
        ("<SEQ=299><CTL=>", Refusal::NoSynInListen),
        ("<SEQ=299><CTL=FIN>", Refusal::NoSynInListen),
    ] {
        assert_eq!(Connection::accept(&Config::DEFAULT, 99, &segment(text), NOW), Err(refusal), "{text}");
    }
}

/// There is no LISTEN to return to.
#[test]
fn what_would_lead_back_to_listen_ends_it() {
    for reset in ["<SEQ=300><CTL=RST>", "<SEQ=1000><CTL=SYN>"] {
        let mut connection = Connection::accept(&Config::DEFAULT, 99, &segment("<SEQ=299><CTL=SYN>"), NOW).unwrap();
        drain(&mut connection, NOW);
        assert_eq!(connection.segment_arrives(&segment(reset), NOW), Ok(0..0));
        assert_eq!(drain(&mut connection, NOW), ["SYN-RECEIVED -> CLOSED"], "{reset}");
        assert_eq!(connection.deadline(), None);
    }
}

/// If the user of a child has closed, its end is signalled like any other.
#[test]
fn a_child_whose_user_has_closed_is_refused_with_a_signal() {
    let mut connection = Connection::accept(&Config::DEFAULT, 99, &segment("<SEQ=299><CTL=SYN>"), NOW).unwrap();
    drain(&mut connection, NOW);
    connection.send(10, NOW).unwrap();
    connection.close(NOW).unwrap();
    assert_eq!(connection.segment_arrives(&segment("<SEQ=300><CTL=RST>"), NOW), Ok(0..0));
    assert_eq!(drain(&mut connection, NOW), ["SYN-RECEIVED -> CLOSED", "Refused"]);
}

/// M is the clock of RFC 9293 section 3.4.1, in units of four microseconds.
#[test]
fn its_initial_sequence_number_is_the_clock_and_the_offset() {
    let now = Instant::from_micros(4_000_000);
    let connection = Connection::accept(&Config::DEFAULT, 500, &segment("<SEQ=299><CTL=SYN>"), now).unwrap();
    assert_eq!(connection.status().iss, Some(SeqNumber(1_000_500)));
}
