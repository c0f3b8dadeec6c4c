//! The passive side of many connections: LISTEN without a connection, and SYN cookies.

#[path = "listener/believed.rs"]
mod believed;
#[path = "listener/children.rs"]
mod children;
#[path = "listener/flood.rs"]
mod flood;
#[path = "listener/guard.rs"]
mod guard;
#[path = "listener/order.rs"]
mod order;
#[path = "listener/restored.rs"]
mod restored;
#[path = "listener/timestamps.rs"]
mod timestamps;

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher, RandomState};
use std::net::SocketAddr;
use std::ops::Range;

use tcp_lifecycle::isn::IsnHash;
use tcp_lifecycle::listener::{Arrival, Listener, Syn};
use tcp_lifecycle::{Config, Connection, Control, Instant, Open, Options, Output, Refusal, Segment, SeqNumber, State};

const NOW: Instant = Instant::ZERO;
const LOCAL: &str = "192.0.2.1:80";
const REMOTE: &str = "198.51.100.7:1025";
/// The options that a current peer offers, and the policies that agree to them.
const MODERN: Config =
    Config { mss: 1460, receive_buffer: 1 << 20, timestamps: true, sack_permitted: true, ..Config::DEFAULT };

fn socket(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

#[track_caller]
fn segment(text: &str) -> Segment {
    text.parse().unwrap()
}

fn seconds(seconds: u64) -> Instant {
    Instant::from_micros(seconds * 1_000_000)
}

fn listener(config: &Config) -> Listener<RandomState> {
    Listener::new(config, IsnHash::default())
}

/// A listener with a key that is the same in each run, for tests that count events with odds of one in 2^27.
fn listener_with_known_key(config: &Config) -> Listener<BuildHasherDefault<DefaultHasher>> {
    Listener::new(config, IsnHash::new(BuildHasherDefault::new()))
}

/// The same listener after it has sent a cookie to another peer: from then on it accepts the ACKs of cookies.
fn in_a_flood<S: BuildHasher>(listener: Listener<S>) -> Listener<S> {
    let _ = cookie_and_ack(&listener, "<SEQ=5000><CTL=SYN>", NOW);
    listener
}

fn arrives<'l, S: BuildHasher>(listener: &'l Listener<S>, segment: &Segment, now: Instant) -> Arrival<'l, S> {
    listener.segment_arrives(segment, socket(LOCAL), socket(REMOTE), now)
}

#[track_caller]
fn syn<'l, S: BuildHasher>(listener: &'l Listener<S>, segment: &Segment, now: Instant) -> Syn<'l, S> {
    match arrives(listener, segment, now) {
        Arrival::Syn(syn) => syn,
        Arrival::Completed { connection, .. } => panic!("{}", connection.state()),
        Arrival::Refused { refusal, .. } => panic!("{refusal}"),
    }
}

#[track_caller]
fn completed<S: BuildHasher>(listener: &Listener<S>, ack: &Segment, now: Instant) -> (Connection, Range<usize>) {
    match arrives(listener, ack, now) {
        Arrival::Completed { connection, payload } => (connection, payload),
        Arrival::Syn(syn) => panic!("{}", syn.segment()),
        Arrival::Refused { refusal, .. } => panic!("{refusal}"),
    }
}

fn is_completed<S: BuildHasher>(listener: &Listener<S>, ack: &Segment, now: Instant) -> bool {
    matches!(arrives(listener, ack, now), Arrival::Completed { .. })
}

#[track_caller]
fn assert_refused<S: BuildHasher>(arrival: &Arrival<'_, S>, why: Refusal, answer: Option<&str>) {
    match arrival {
        Arrival::Refused { refusal, reset } => {
            assert_eq!((*refusal, reset.map(|reset| reset.to_string()).as_deref()), (why, answer));
        }
        Arrival::Syn(syn) => panic!("{}", syn.segment()),
        Arrival::Completed { connection, .. } => panic!("{}", connection.state()),
    }
}

/// The peer's answer to a SYN,ACK.
fn ack_of(syn_ack: &Segment, now: Instant) -> Segment {
    let ack = Segment::new(syn_ack.ack().unwrap(), syn_ack.seq() + 1, Control::ACK).with_window(1_000);
    match syn_ack.options().timestamps() {
        Some((value, _)) => {
            let millis = (now.as_micros() / 1_000) as u32;
            ack.with_options(Options::NONE.with_timestamps(millis.wrapping_add(7_000), value))
        }
        None => ack,
    }
}

/// The ACK of the cookie for this SYN.
#[track_caller]
fn cookie_and_ack<S: BuildHasher>(listener: &Listener<S>, text: &str, now: Instant) -> Segment {
    ack_of(&syn(listener, &segment(text), now).cookie(), now)
}

fn drain(connection: &mut Connection, now: Instant) -> Vec<String> {
    let mut lines = Vec::new();
    loop {
        match connection.poll(now) {
            Output::Transition(transition) => lines.push(transition.to_string()),
            Output::Signal(signal) => lines.push(format!("{signal:?}")),
            Output::Transmit(transmit) => lines.push(transmit.segment.to_string()),
            Output::Wait(_) => return lines,
        }
    }
}

fn segments(connection: &mut Connection, now: Instant) -> Vec<Segment> {
    let mut segments = Vec::new();
    loop {
        match connection.poll(now) {
            Output::Transition(_) | Output::Signal(_) => {}
            Output::Transmit(transmit) => segments.push(transmit.segment),
            Output::Wait(_) => return segments,
        }
    }
}

#[test]
fn with_room_a_syn_is_a_connection_in_syn_received_whose_poll_has_the_syn_ack() {
    let isn = IsnHash::default();
    let listener = Listener::new(&Config::DEFAULT, isn.clone());
    let now = seconds(4);
    let mut connection = syn(&listener, &segment("<SEQ=100><CTL=SYN><WND=1000><MSS=1400>"), now).accept();
    assert_eq!(connection.state(), State::SynReceived);
    let iss = isn.offset(socket(LOCAL), socket(REMOTE)).wrapping_add(1_000_000);
    assert_eq!(
        drain(&mut connection, now),
        ["LISTEN -> SYN-RECEIVED".to_owned(), format!("<SEQ={iss}><ACK=101><CTL=SYN,ACK><WND=65535><MSS=536>"),]
    );
    assert_eq!(connection.deadline(), Some(seconds(5)));
    let ack = Segment::new(SeqNumber(101), SeqNumber(iss) + 1, Control::ACK).with_window(1_000);
    assert_eq!(connection.segment_arrives(&ack, now), Ok(0..0));
    assert_eq!(drain(&mut connection, now), ["SYN-RECEIVED -> ESTABLISHED"]);
    assert_eq!(connection.status().peer_mss, Some(1400));
}

/// An MSS option of zero counts as absent, for a connection and for a cookie.
#[test]
fn a_maximum_segment_size_of_zero_is_no_option() {
    let listener = listener(&Config::DEFAULT);
    let [zero, none] = ["<SEQ=100><CTL=SYN><WND=1000><MSS=0>", "<SEQ=100><CTL=SYN><WND=1000>"].map(|text| {
        let syn = syn(&listener, &segment(text), NOW);
        let (connection, _) = completed(&listener, &ack_of(&syn.cookie(), NOW), NOW);
        (syn.accept().status().peer_mss, connection.status().peer_mss)
    });
    assert_eq!(zero, none);
    assert_eq!(zero, (Some(536), Some(536)));
}

#[test]
fn a_connection_takes_the_offset_with_which_time_wait_may_be_reopened() {
    let listener = listener(&Config::DEFAULT);
    let connection = syn(&listener, &segment("<SEQ=100><CTL=SYN>"), seconds(4)).accept_with(500);
    assert_eq!(connection.status().iss, Some(SeqNumber(1_000_500)));
}

#[test]
fn without_room_a_syn_is_answered_with_a_cookie() {
    let listener = listener(&Config::DEFAULT);
    // Timestamps are not our policy, and without them a cookie has no room for the scale and SACK.
    let syn = syn(&listener, &segment("<SEQ=100><CTL=SYN><MSS=1460><WS=7><SACK><TS=1,0>"), NOW);
    let cookie = syn.cookie();
    assert_eq!(cookie.with_window(0), segment(&format!("<SEQ={}><ACK=101><CTL=SYN,ACK><MSS=536>", cookie.seq())));
    assert_eq!(cookie.window(), 65_535);
    // A retransmitted SYN gets the same cookie.
    assert_eq!(cookie, syn.cookie());
}

#[test]
fn a_syn_ack_with_a_cookie_says_what_that_of_a_connection_does() {
    let small = Config { receive_buffer: 4_000, ..MODERN };
    for config in [Config::DEFAULT, MODERN, small, Config { sack_permitted: false, ..MODERN }] {
        for text in [
            "<SEQ=100><CTL=SYN>",
            "<SEQ=4294967295><CTL=SYN,ECE,CWR><DATA=10><MSS=1460>",
            "<SEQ=100><CTL=SYN><MSS=1460><TS=9,0>",
            "<SEQ=100><CTL=SYN><MSS=1460><WS=15><TS=9,0>",
            "<SEQ=100><CTL=SYN><MSS=1460><WS=7><SACK><TS=9,0>",
        ] {
            let listener = listener(&config);
            let syn = syn(&listener, &segment(text), seconds(3));
            let cookie = syn.cookie();
            let stateful = segments(&mut syn.accept(), seconds(3))[0];
            // The options are equal except for the number and the TSval of the cookie.
            let mut options = stateful.options();
            if let (Some((value, _)), Some((_, echo))) = (cookie.options().timestamps(), options.timestamps()) {
                options = options.with_timestamps(value, echo);
            }
            let same = Segment::new(cookie.seq(), stateful.ack().unwrap(), stateful.control())
                .with_window(stateful.window())
                .with_options(options);
            assert_eq!(cookie, same, "{text}");
        }
    }
}

#[test]
fn without_timestamps_a_cookie_agrees_to_no_scale_and_no_sack() {
    let listener = listener(&MODERN);
    let cookie = syn(&listener, &segment("<SEQ=100><CTL=SYN><MSS=1460><WS=7><SACK>"), NOW).cookie();
    assert_eq!(cookie.options(), Options::NONE.with_mss(1460));
    let (connection, _) = completed(&listener, &ack_of(&cookie, NOW), NOW);
    let status = connection.status();
    assert_eq!((status.snd_scale, status.sack_permitted, status.timestamps), (Some(0), false, false));
    assert_eq!(status.snd_wnd, Some(1_000));
}

#[test]
fn the_ack_of_a_cookie_is_a_connection_in_established() {
    let isn = IsnHash::default();
    let listener = Listener::new(&Config::DEFAULT, isn.clone());
    let cookie = syn(&listener, &segment("<SEQ=100><CTL=SYN><MSS=1460>"), NOW).cookie();
    let later = seconds(2);
    let (mut connection, payload) = completed(&listener, &ack_of(&cookie, later), later);
    assert_eq!(payload, 0..0);
    assert_eq!(drain(&mut connection, later), ["LISTEN -> SYN-RECEIVED", "SYN-RECEIVED -> ESTABLISHED"]);
    assert_eq!(connection.deadline(), None);
    let status = connection.status();
    assert_eq!((status.iss, status.snd_una), (Some(cookie.seq()), Some(cookie.seq() + 1)));
    assert_eq!((status.irs, status.rcv_nxt), (Some(SeqNumber(100)), Some(SeqNumber(101))));
    assert_eq!((status.snd_wnd, status.rcv_wnd), (Some(1_000), Some(65_535)));
    connection.send(3, later).unwrap();
    let answer = format!("<SEQ={}><ACK=101><CTL=PSH,ACK><DATA=3><WND=65535>", cookie.seq() + 1);
    assert_eq!(drain(&mut connection, later), [answer]);
    // The next incarnation has the number of RFC 6528 again, and no cookie.
    connection.abort().unwrap();
    drain(&mut connection, later);
    connection.open(Open::Active, later).unwrap();
    let iss = isn.offset(socket(LOCAL), socket(REMOTE)).wrapping_add(500_000);
    assert_eq!(connection.status().iss, Some(SeqNumber(iss)));
}

#[test]
fn what_the_ack_of_a_cookie_carries_is_not_lost() {
    let listener = listener(&Config::DEFAULT);
    let ack = cookie_and_ack(&listener, "<SEQ=100><CTL=SYN>", NOW);
    let (mut connection, payload) = completed(&listener, &ack.with_payload(5), NOW);
    assert_eq!((payload, connection.state()), (0..5, State::Established));
    let bare = format!("<SEQ={}><ACK=106><CTL=ACK><WND=65530>", ack.ack().unwrap());
    assert_eq!(drain(&mut connection, NOW)[2..], [bare]);
    let with_fin = Segment::new(ack.seq(), ack.ack().unwrap(), Control::ACK | Control::FIN).with_payload(5);
    let (mut connection, payload) = completed(&listener, &with_fin, NOW);
    assert_eq!((payload, connection.state()), (0..5, State::CloseWait));
    assert_eq!(
        drain(&mut connection, NOW),
        [
            "LISTEN -> SYN-RECEIVED".to_owned(),
            "SYN-RECEIVED -> ESTABLISHED".to_owned(),
            "ESTABLISHED -> CLOSE-WAIT".to_owned(),
            "Closing".to_owned(),
            format!("<SEQ={}><ACK=107><CTL=ACK><WND=65530>", ack.ack().unwrap()),
        ]
    );
}

#[test]
fn a_reset_is_dropped_and_completes_nothing() {
    let listener = listener(&Config::DEFAULT);
    let ack = cookie_and_ack(&listener, "<SEQ=100><CTL=SYN>", NOW);
    for control in [Control::RST, Control::RST | Control::ACK, Control::RST | Control::SYN | Control::ACK] {
        let reset = Segment::new(ack.seq(), ack.ack().unwrap(), control);
        assert_refused(&arrives(&listener, &reset, NOW), Refusal::ResetInListen, None);
    }
    assert!(is_completed(&listener, &ack, NOW));
}

#[test]
fn a_syn_ack_completes_nothing_and_is_reset() {
    let listener = listener(&Config::DEFAULT);
    let ack = cookie_and_ack(&listener, "<SEQ=100><CTL=SYN>", NOW);
    let syn_ack = Segment::new(ack.seq(), ack.ack().unwrap(), Control::SYN | Control::ACK);
    let reset = format!("<SEQ={}><CTL=RST>", ack.ack().unwrap());
    assert_refused(&arrives(&listener, &syn_ack, NOW), Refusal::AckInListen, Some(&reset));
    // Nor does a cookie whose number is that of the SYN count.
    let syn_ack = Segment::new(ack.seq() + u32::MAX, ack.ack().unwrap(), Control::SYN | Control::ACK);
    assert_refused(&arrives(&listener, &syn_ack, NOW), Refusal::AckInListen, Some(&reset));
}

#[test]
fn an_ack_of_nothing_is_reset_with_its_timestamp() {
    let listener = listener(&MODERN);
    let ack = segment("<SEQ=101><ACK=300><CTL=ACK><DATA=10><TS=5,6>");
    let reset = "<SEQ=300><CTL=RST><TS=0,5>";
    assert_refused(&arrives(&listener, &ack, NOW), Refusal::AckInListen, Some(reset));
}

#[test]
fn what_is_neither_reset_nor_ack_nor_syn_is_dropped() {
    let listener = listener(&Config::DEFAULT);
    for text in ["<SEQ=100><CTL=FIN>", "<SEQ=100><CTL=PSH><DATA=10>"] {
        assert_refused(&arrives(&listener, &segment(text), NOW), Refusal::NoSynInListen, None);
    }
}

#[test]
fn the_key_is_not_printed() {
    let listener = listener(&Config::DEFAULT);
    let arrival = arrives(&listener, &segment("<SEQ=100><CTL=SYN>"), NOW);
    assert!(!format!("{listener:?} {arrival:?}").contains("key"));
    assert!(format!("{arrival:?}").starts_with("Syn(Syn { segment: "));
}
