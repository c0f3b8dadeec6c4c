//! Timestamps of children and of cookies: RFC 7323 sections 3.2 and 7.1.

use std::net::SocketAddr;

use tcp_lifecycle::listener::Arrival;
use tcp_lifecycle::{Config, Control, Instant, Segment, State};

use super::{
    LOCAL, MODERN, REMOTE, ack_of, arrives, completed, drain, listener, listener_with_known_key, seconds, segment,
    segments, socket, syn,
};

const SYN: &str = "<SEQ=100><CTL=SYN><WND=1000><MSS=1460><WS=7><SACK><TS=6000,0>";

/// RFC 7323 3.2: such a segment is dropped, and no connection is aborted for it. The peer's next segment may have them.
#[test]
fn an_ack_of_a_cookie_without_the_agreed_timestamps_is_dropped_in_silence() {
    let listener = listener(&MODERN);
    let ack = ack_of(&syn(&listener, &segment(SYN), seconds(1)).cookie(), seconds(1));
    let bare = Segment::new(ack.seq(), ack.ack().unwrap(), Control::ACK).with_window(1_000);
    for without in
        [bare, bare.with_payload(10), Segment::new(ack.seq(), ack.ack().unwrap(), Control::ACK | Control::FIN)]
    {
        assert!(matches!(arrives(&listener, &without, seconds(1)), Arrival::Refused { reset: None, .. }), "{without}");
    }
    let (connection, _) = completed(&listener, &ack, seconds(1));
    assert_eq!(connection.state(), State::Established);
}

/// A cookie without an agreement on timestamps is completed without them. An ACK that belongs to no cookie is reset as
/// usual.
#[test]
fn what_is_no_cookie_is_reset_with_timestamps_or_without() {
    let listener = listener(&MODERN);
    let plain = ack_of(&syn(&listener, &segment("<SEQ=100><CTL=SYN><WND=1000>"), seconds(1)).cookie(), seconds(1));
    completed(&listener, &plain, seconds(1));
    for options in ["", "<TS=6000,1>"] {
        let forged = segment(&format!("<SEQ=101><ACK=77><CTL=ACK><WND=1000>{options}"));
        assert!(matches!(arrives(&listener, &forged, seconds(1)), Arrival::Refused { reset: Some(_), .. }));
    }
}

/// The TSval of the SYN was zero: its ACK may have any value.
#[test]
fn a_cookie_of_a_syn_that_says_zero_is_completed_by_any_value() {
    let listener = listener(&MODERN);
    let syn_segment = segment("<SEQ=100><CTL=SYN><WND=1000><TS=0,0>");
    for value in [0, 1, 3_000_000_000_u32] {
        let ack = ack_of(&syn(&listener, &syn_segment, seconds(1)).cookie(), seconds(1));
        let (_, echo) = ack.options().timestamps().unwrap();
        let ack = ack.with_options(tcp_lifecycle::Options::NONE.with_timestamps(value, echo));
        let (connection, _) = completed(&listener, &ack, seconds(1));
        assert_eq!(connection.state(), State::Established);
        let mut child = syn(&listener, &syn_segment, seconds(1)).accept();
        let syn_ack = segments(&mut child, seconds(1))[0];
        let ack = ack_of(&syn_ack, seconds(1));
        let ack = ack.with_options(tcp_lifecycle::Options::NONE.with_timestamps(value, 0));
        assert_eq!(child.segment_arrives(&ack, seconds(1)), Ok(0..0), "{value}");
        drain(&mut child, seconds(1));
        assert_eq!(child.state(), State::Established);
    }
}

/// The TSval of a child's SYN,ACK, less the clock in milliseconds.
fn offset_of(config: &Config, local: SocketAddr, remote: SocketAddr, now: Instant) -> u32 {
    let listener = listener_with_known_key(config);
    let Arrival::Syn(syn) = listener.segment_arrives(&segment(SYN), local, remote, now) else { panic!("a SYN") };
    let syn_ack = segments(&mut syn.accept(), now)[0];
    let (value, _) = syn_ack.options().timestamps().unwrap();
    value.wrapping_sub((now.as_micros() / 1_000) as u32)
}

/// An offset for each pair of sockets, so that no SYN,ACK reveals the uptime of the host. It is the same in each
/// incarnation of the pair, so that PAWS and RFC 6191 keep working.
#[test]
fn a_pair_of_sockets_has_an_offset_of_its_own_that_stays() {
    let (local, remote) = (socket(LOCAL), socket(REMOTE));
    let of = |remote: SocketAddr, now| offset_of(&MODERN, local, remote, now);
    let first = of(remote, seconds(1));
    for now in [2, 100, 100_000, 10_000_000] {
        assert_eq!(of(remote, seconds(now)), first, "{now}");
    }
    let others: std::collections::HashSet<u32> =
        (2_000..2_100).map(|port| of(SocketAddr::new(remote.ip(), port), seconds(1))).collect();
    assert!(others.len() > 90, "{} of a hundred", others.len());
}

/// A cookie and the connection that its ACK completes have the same clock. The TSval of a cookie may be up to 64 ms
/// behind, since its last bits carry data.
#[test]
fn the_connection_of_a_cookie_has_the_clock_of_the_cookie() {
    let listener = listener(&MODERN);
    let cookie = syn(&listener, &segment(SYN), seconds(5)).cookie();
    let (said, _) = cookie.options().timestamps().unwrap();
    let (mut connection, _) = completed(&listener, &ack_of(&cookie, seconds(5)), seconds(5));
    drain(&mut connection, seconds(5));
    connection.send(1, seconds(6)).unwrap();
    let (value, _) = segments(&mut connection, seconds(6))[0].options().timestamps().unwrap();
    assert!((1_000..1_064).contains(&value.wrapping_sub(said)), "{said} {value}");
}
