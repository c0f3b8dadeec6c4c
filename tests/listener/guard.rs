//! The validity of a cookie, and the cost of a forgery.

use std::cell::Cell;
use std::collections::HashSet;
use std::hash::{BuildHasher, DefaultHasher, RandomState};
use std::net::{Ipv6Addr, SocketAddr, SocketAddrV6};
use std::time::Duration;

use tcp_lifecycle::isn::IsnHash;
use tcp_lifecycle::listener::{Arrival, Listener};
use tcp_lifecycle::{Config, Control, Instant, Options, Refusal, Segment, SeqNumber};

use super::{
    LOCAL, MODERN, NOW, REMOTE, ack_of, assert_refused, completed, cookie_and_ack, in_a_flood, is_completed, listener,
    listener_with_known_key, seconds, segment, socket,
};

#[test]
fn a_cookie_is_good_in_its_period_of_64_seconds_and_in_the_next() {
    let listener = listener_with_known_key(&Config::DEFAULT);
    let microsecond = Duration::from_micros(1);
    for (sent, last) in [(NOW, 128), (seconds(1), 128), (seconds(63), 128), (seconds(64), 192), (seconds(6_439), 6_528)]
    {
        let ack = cookie_and_ack(&listener, "<SEQ=100><CTL=SYN>", sent);
        let end = seconds(last);
        let before = Instant::from_micros(end.as_micros() - 1);
        assert!(is_completed(&listener, &ack, sent), "{sent}");
        assert!(is_completed(&listener, &ack, before), "{sent}");
        // In the period after the next its last bit is right again, in the one after that it is not.
        for late in [end, end + microsecond, end + Duration::from_secs(64), end + Duration::from_secs(128)] {
            assert!(!is_completed(&listener, &ack, late), "{sent}, {late}");
        }
    }
}

#[test]
fn a_cookie_of_a_later_time_is_refused() {
    let listener = listener_with_known_key(&Config::DEFAULT);
    for sent in [64, 128, 192] {
        let ack = cookie_and_ack(&listener, "<SEQ=100><CTL=SYN>", seconds(sent));
        assert!(!is_completed(&listener, &ack, NOW), "{sent}");
    }
}

#[test]
fn a_cookie_is_good_for_its_own_sockets_alone() {
    let listener = listener_with_known_key(&Config::DEFAULT);
    let ack = cookie_and_ack(&listener, "<SEQ=100><CTL=SYN>", NOW);
    for (local, remote) in [
        ("192.0.2.2:80", REMOTE),
        ("192.0.2.1:81", REMOTE),
        (LOCAL, "198.51.100.8:1025"),
        (LOCAL, "198.51.100.7:1026"),
        (REMOTE, LOCAL),
        ("[2001:db8::1]:80", "[2001:db8::2]:1025"),
    ] {
        let arrival = listener.segment_arrives(&ack, socket(local), socket(remote), NOW);
        let reset = format!("<SEQ={}><CTL=RST>", ack.ack().unwrap());
        assert_refused(&arrival, Refusal::AckInListen, Some(&reset));
    }
    assert!(is_completed(&listener, &ack, NOW));
}

/// The flow label belongs to a packet, and the scope is local to our host.
#[test]
fn a_cookie_comes_back_with_another_flow_label_and_another_scope() {
    let listener = listener_with_known_key(&Config::DEFAULT);
    let of = |port, flow, scope| SocketAddr::from(SocketAddrV6::new(Ipv6Addr::LOCALHOST, port, flow, scope));
    let syn = listener.segment_arrives(&segment("<SEQ=100><CTL=SYN>"), of(80, 0, 0), of(1025, 7, 0), NOW);
    let Arrival::Syn(syn) = syn else { panic!("{syn:?}") };
    let ack = ack_of(&syn.cookie(), NOW);
    for (local, remote) in [(of(80, 0, 0), of(1025, 8, 0)), (of(80, 1, 2), of(1025, 0, 2))] {
        assert!(matches!(listener.segment_arrives(&ack, local, remote, NOW), Arrival::Completed { .. }));
    }
    assert!(matches!(
        listener.segment_arrives(&ack, of(80, 0, 0), of(1026, 7, 0), NOW),
        Arrival::Refused { refusal: Refusal::AckInListen, .. }
    ));
}

#[test]
fn a_cookie_for_an_ipv4_address_is_good_for_the_address_mapped_to_ipv6() {
    let listener = listener_with_known_key(&Config::DEFAULT);
    let ack = cookie_and_ack(&listener, "<SEQ=100><CTL=SYN>", NOW);
    let (local, remote) = (socket("[::ffff:192.0.2.1]:80"), socket("[::ffff:198.51.100.7]:1025"));
    assert!(matches!(listener.segment_arrives(&ack, local, remote, NOW), Arrival::Completed { .. }));
}

#[test]
fn a_cookie_is_good_under_its_own_key_alone() {
    let mine = listener(&Config::DEFAULT);
    let ack = cookie_and_ack(&mine, "<SEQ=100><CTL=SYN>", NOW);
    assert!(is_completed(&mine.clone(), &ack, NOW));
    let others = (0..8).filter(|_| is_completed(&in_a_flood(listener(&Config::DEFAULT)), &ack, NOW)).count();
    assert!(others <= 1); // one case in 2^27 each
}

#[test]
fn a_cookie_or_a_peers_number_with_one_bit_changed_is_refused() {
    let listener = listener_with_known_key(&MODERN);
    for text in ["<SEQ=100><CTL=SYN>", "<SEQ=100><CTL=SYN><WS=7><SACK><TS=9,0>"] {
        for now in [seconds(10), seconds(100)] {
            let ack = cookie_and_ack(&listener, text, now);
            for bit in 0..32 {
                let number = SeqNumber((ack.ack().unwrap().0.wrapping_sub(1) ^ (1 << bit)).wrapping_add(1));
                let other = Segment::new(ack.seq(), number, Control::ACK).with_options(ack.options());
                assert!(!is_completed(&listener, &other, now), "bit {bit} of the cookie");
                let number = SeqNumber(ack.seq().0 ^ (1 << bit));
                let other = Segment::new(number, ack.ack().unwrap(), Control::ACK).with_options(ack.options());
                assert!(!is_completed(&listener, &other, now), "bit {bit} of the sequence number");
            }
        }
    }
}

#[test]
fn of_a_million_guesses_hardly_one_is_a_cookie() {
    let listener = in_a_flood(listener_with_known_key(&Config::DEFAULT));
    let mut number = SeqNumber(0);
    let mut hits = 0;
    for _ in 0..1_000_000 {
        number += 2_654_435_761; // takes every number in turn
        hits += u32::from(is_completed(&listener, &Segment::new(SeqNumber(101), number, Control::ACK), NOW));
    }
    assert!(hits <= 1, "{hits}"); // 0.0075 hits are expected
}

#[test]
fn the_options_that_an_ack_echoes_are_guarded_by_the_cookie() {
    let listener = listener_with_known_key(&MODERN);
    let ack = cookie_and_ack(&listener, "<SEQ=100><CTL=SYN><WS=7><SACK><TS=9,0>", seconds(10));
    let (value, echo) = ack.options().timestamps().unwrap();
    for bit in 0..5 {
        let other = ack.with_options(Options::NONE.with_timestamps(value, echo ^ (1 << bit)));
        assert!(!is_completed(&listener, &other, seconds(10)), "bit {bit}");
    }
    assert!(!is_completed(&listener, &ack.with_options(Options::NONE), seconds(10)));
    assert!(is_completed(&listener, &ack, seconds(10)));
}

/// RFC 7323 section 3.2
#[test]
fn timestamps_that_were_not_agreed_are_ignored() {
    for config in [Config::DEFAULT, MODERN] {
        let listener = listener(&config);
        let ack = cookie_and_ack(&listener, "<SEQ=100><CTL=SYN>", NOW);
        let stamped = ack.with_options(Options::NONE.with_timestamps(5, 6));
        assert!(!completed(&listener, &stamped, NOW).0.status().timestamps);
    }
}

#[test]
fn the_cookies_of_many_peers_have_nothing_in_common() {
    let listener = listener_with_known_key(&Config::DEFAULT);
    let syn_segment = segment("<SEQ=100><CTL=SYN>");
    let cookies: HashSet<u32> = (1_024..5_024)
        .map(|port| SocketAddr::from(([198, 51, 100, 7], port)))
        .map(|remote| match listener.segment_arrives(&syn_segment, socket(LOCAL), remote, NOW) {
            Arrival::Syn(syn) => syn.cookie().seq().0,
            Arrival::Completed { .. } | Arrival::Refused { .. } => 0,
        })
        .collect();
    assert!(cookies.len() >= 3_995); // one pair is equal in one of seventeen runs
    for bit in 5..32 {
        let set = cookies.iter().filter(|&&cookie| cookie & (1 << bit) != 0).count();
        assert!((1_800..2_200).contains(&set), "bit {bit}: {set}"); // six standard deviations
    }
}

/// A key that counts how often it is used.
struct Counting<'c> {
    key: RandomState,
    hashes: &'c Cell<u32>,
}

impl BuildHasher for Counting<'_> {
    type Hasher = DefaultHasher;

    fn build_hasher(&self) -> DefaultHasher {
        self.hashes.set(self.hashes.get() + 1);
        self.key.build_hasher()
    }
}

#[test]
fn a_forged_ack_costs_one_hash_and_so_does_a_cookie() {
    let hashes = Cell::new(0);
    let listener = Listener::new(&Config::DEFAULT, IsnHash::new(Counting { key: RandomState::new(), hashes: &hashes }));
    let mut forged = cookie_and_ack(&listener, "<SEQ=100><CTL=SYN>", seconds(100));
    assert_eq!(hashes.take(), 1);
    for bit in 0..32 {
        forged = Segment::new(forged.seq(), SeqNumber(forged.ack().unwrap().0 ^ (1 << bit)), Control::ACK);
        assert!(!is_completed(&listener, &forged, seconds(100)));
        // No hash is computed if the number says that timestamps are agreed, and the segment has none.
        assert_eq!(hashes.take(), u32::from(forged.ack().unwrap().0.wrapping_sub(1) & 2 == 0));
    }
    for text in ["<SEQ=1><CTL=RST>", "<SEQ=1><ACK=2><CTL=RST,ACK>", "<SEQ=1><ACK=2><CTL=SYN,ACK>", "<SEQ=1><CTL=FIN>"] {
        assert!(!is_completed(&listener, &segment(text), seconds(100)));
        assert_eq!(hashes.take(), 0, "{text}");
    }
}
