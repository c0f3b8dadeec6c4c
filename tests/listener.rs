//! The passive side of many connections: LISTEN without a connection, and SYN cookies.

use std::cell::Cell;
use std::collections::HashSet;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher, RandomState};
use std::net::SocketAddr;
use std::ops::Range;
use std::time::Duration;

use tcp_lifecycle::isn::IsnHash;
use tcp_lifecycle::listener::{Arrival, Listener, Syn};
use tcp_lifecycle::{
    Config, Connection, Control, IcmpError, Instant, Open, Options, Output, Refusal, Segment, SeqNumber, State,
};

const NOW: Instant = Instant::ZERO;
const LOCAL: &str = "192.0.2.1:80";
const REMOTE: &str = "198.51.100.7:1025";
/// What a peer of our days offers, and what agrees to it.
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

/// Under a key that is the same in each run, where a test counts what happens once in 2^27 times.
fn listener_with_known_key(config: &Config) -> Listener<BuildHasherDefault<DefaultHasher>> {
    Listener::new(config, IsnHash::new(BuildHasherDefault::new()))
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

// With room.

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

#[test]
fn a_connection_takes_the_offset_with_which_time_wait_may_be_reopened() {
    let listener = listener(&Config::DEFAULT);
    let connection = syn(&listener, &segment("<SEQ=100><CTL=SYN>"), seconds(4)).accept_with(500);
    assert_eq!(connection.status().iss, Some(SeqNumber(1_000_500)));
}

// Without room.

#[test]
fn without_room_a_syn_is_answered_with_a_cookie() {
    let listener = listener(&Config::DEFAULT);
    // Timestamps are not our policy, and without them there is no room for the scale and SACK.
    let syn = syn(&listener, &segment("<SEQ=100><CTL=SYN><MSS=1460><WS=7><SACK><TS=1,0>"), NOW);
    let cookie = syn.cookie();
    assert_eq!(cookie.with_window(0), segment(&format!("<SEQ={}><ACK=101><CTL=SYN,ACK><MSS=536>", cookie.seq())));
    assert_eq!(cookie.window(), 65_535);
    // The SYN sent again gets the same.
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
            // But for its own number and TSval.
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
    // The number of another life is that of RFC 6528 again, and no cookie.
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

// What else comes.

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
    // Nor one whose number is that of the SYN.
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

// What a cookie is good for.

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
        ("[::ffff:192.0.2.1]:80", "[::ffff:198.51.100.7]:1025"),
    ] {
        let arrival = listener.segment_arrives(&ack, socket(local), socket(remote), NOW);
        let reset = format!("<SEQ={}><CTL=RST>", ack.ack().unwrap());
        assert_refused(&arrival, Refusal::AckInListen, Some(&reset));
    }
    assert!(is_completed(&listener, &ack, NOW));
}

#[test]
fn a_cookie_is_good_under_its_own_key_alone() {
    let mine = listener(&Config::DEFAULT);
    let ack = cookie_and_ack(&mine, "<SEQ=100><CTL=SYN>", NOW);
    assert!(is_completed(&mine.clone(), &ack, NOW));
    let others = (0..8).filter(|_| is_completed(&listener(&Config::DEFAULT), &ack, NOW)).count();
    assert!(others <= 1); // each one is a case in 2^27
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
    let listener = listener_with_known_key(&Config::DEFAULT);
    let mut number = SeqNumber(0);
    let mut hits = 0;
    for _ in 0..1_000_000 {
        number += 2_654_435_761; // goes through all numbers
        hits += u32::from(is_completed(&listener, &Segment::new(SeqNumber(101), number, Control::ACK), NOW));
    }
    assert!(hits <= 1, "{hits}"); // 1 in 134 is expected
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
    assert!(cookies.len() >= 3_995); // one pair is alike in seventeen runs
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
        // None where it says that timestamps are agreed, and has none.
        assert_eq!(hashes.take(), u32::from(forged.ack().unwrap().0.wrapping_sub(1) & 2 == 0));
    }
    for text in ["<SEQ=1><CTL=RST>", "<SEQ=1><ACK=2><CTL=RST,ACK>", "<SEQ=1><ACK=2><CTL=SYN,ACK>", "<SEQ=1><CTL=FIN>"] {
        assert!(!is_completed(&listener, &segment(text), seconds(100)));
        assert_eq!(hashes.take(), 0, "{text}");
    }
}

// What a cookie brings back.

#[test]
fn the_maximum_segment_size_comes_back_and_never_larger_than_the_peer_said() {
    let listener = listener_with_known_key(&Config::DEFAULT);
    let back = |options: Options| {
        let syn_segment = Segment::new(SeqNumber(100), SeqNumber(0), Control::SYN).with_options(options);
        let cookie = syn(&listener, &syn_segment, NOW).cookie();
        completed(&listener, &ack_of(&cookie, NOW), NOW).0.status().peer_mss.unwrap()
    };
    let mut sizes = Vec::new();
    for said in 0..=u16::MAX {
        let mss = back(Options::NONE.with_mss(said));
        // D21: below 48 it counts as 48.
        assert!(mss <= said.max(48), "{said}: {mss}");
        if sizes.last() != Some(&mss) {
            // What is in the table comes back as it is, and the rest is rounded down.
            assert_eq!(mss, said.max(48));
            sizes.push(mss);
        }
    }
    assert_eq!(sizes, [48, 256, 536, 1220, 1360, 1440, 1460, 8960]);
    // MUST-15: 536 without the option.
    assert_eq!(back(Options::NONE), 536);
}

#[test]
fn with_timestamps_scale_and_sack_come_back() {
    let listener = listener(&MODERN);
    for shift in 0..=16 {
        for sack in ["", "<SACK>"] {
            let scale = if shift == 16 { String::new() } else { format!("<WS={shift}>") };
            let now = Instant::from_micros(1_234_567 + 1_000 * shift);
            let text = format!("<SEQ=100><CTL=SYN><MSS=1460>{scale}{sack}<TS=9,0>");
            let cookie = syn(&listener, &segment(&text), now).cookie();
            let (mut connection, _) = completed(&listener, &ack_of(&cookie, now), now);
            let status = connection.status();
            // RFC 7323 section 2.3: over 14 counts as 14.
            let expected = (shift < 16).then_some(shift.min(14) as u8);
            assert_eq!(status.snd_scale, expected.or(Some(0)), "{text}");
            assert_eq!(status.rcv_scale, expected.map(|_| 5).or(Some(0)), "{text}");
            assert_eq!(status.snd_wnd, Some(1_000 << expected.unwrap_or(0)), "{text}");
            assert_eq!((status.sack_permitted, status.timestamps), (!sack.is_empty(), true), "{text}");
            assert_eq!(status.peer_mss, Some(1448), "{text}");
            // The TSval of the ACK is the one to be echoed.
            connection.send(1, now).unwrap();
            let sent = segments(&mut connection, now)[0].options().timestamps().unwrap();
            assert_eq!(sent.1, ack_of(&cookie, now).options().timestamps().unwrap().0);
        }
    }
}

#[test]
fn the_timestamp_of_a_cookie_is_the_latest_that_says_it_and_never_in_the_future() {
    let listener = listener(&MODERN);
    for (text, low) in [
        ("<SEQ=100><CTL=SYN><TS=9,0>", 15),
        ("<SEQ=100><CTL=SYN><WS=0><TS=9,0>", 0),
        ("<SEQ=100><CTL=SYN><WS=14><SACK><TS=9,0>", 30),
        ("<SEQ=100><CTL=SYN><SACK><TS=9,0>", 31),
    ] {
        let mut last = None;
        // Across the wrap of the milliseconds too.
        for millis in (1_000..1_100).chain(4_294_967_200..4_294_967_400_u64) {
            let now = Instant::from_micros(millis * 1_000);
            let (value, echo) = syn(&listener, &segment(text), now).cookie().options().timestamps().unwrap();
            let age = (millis as u32).wrapping_sub(value);
            assert!(value % 32 == low && age < 32 && echo == 9, "{text} at {millis}: {value}");
            assert!(last.is_none_or(|last| SeqNumber(last).le(SeqNumber(value))));
            last = (millis != 1_099).then_some(value);
        }
    }
}

#[test]
fn the_round_trip_time_is_taken_from_the_timestamp_of_a_cookie() {
    let listener = listener(&MODERN);
    let now = Instant::from_micros(5_000_000);
    let ack = cookie_and_ack(&listener, "<SEQ=100><CTL=SYN><WS=7><TS=9,0>", now);
    let later = now + Duration::from_millis(200);
    let srtt = completed(&listener, &ack, later).0.status().srtt.unwrap();
    assert!(srtt >= Duration::from_millis(200) && srtt < Duration::from_millis(232), "{srtt:?}");
}

// Children.

const CHILD: &str = "<SEQ=100><CTL=SYN><WND=1000>";

/// In SYN-RECEIVED, drained; and its ISS.
fn child() -> (Connection, SeqNumber) {
    let listener = listener(&Config::DEFAULT);
    let mut child = syn(&listener, &segment(CHILD), NOW).accept();
    drain(&mut child, NOW);
    let iss = child.status().iss.unwrap();
    (child, iss)
}

#[track_caller]
fn assert_ended(mut child: Connection, now: Instant) {
    assert_eq!(drain(&mut child, now), ["SYN-RECEIVED -> CLOSED"]);
    assert_eq!((child.state(), child.deadline()), (State::Closed, None));
}

#[test]
fn a_reset_ends_a_child_in_syn_received_without_a_signal() {
    let (mut child, _) = child();
    assert_eq!(child.segment_arrives(&segment("<SEQ=101><CTL=RST>"), NOW), Ok(0..0));
    assert_ended(child, NOW);
}

#[test]
fn another_syn_in_the_window_ends_a_child_in_syn_received() {
    let (mut child, _) = child();
    assert_eq!(child.segment_arrives(&segment("<SEQ=200><CTL=SYN>"), NOW), Ok(0..0));
    assert_ended(child, NOW);
}

#[test]
fn a_hard_icmp_error_ends_a_child_in_syn_received() {
    let (mut child, iss) = child();
    assert_eq!(child.icmp(IcmpError::PortUnreachable, iss), Ok(()));
    assert_ended(child, NOW);
}

#[test]
fn a_child_that_hears_nothing_ends_after_r2() {
    let (mut child, _) = child();
    let mut lines = Vec::new();
    let mut now = NOW;
    while let Some(deadline) = child.deadline() {
        now = deadline;
        child.timeout(now);
        lines.extend(drain(&mut child, now));
    }
    assert!(now >= NOW + Config::DEFAULT.syn_r2);
    // The SYN,ACK again and again, R1 is not signalled, and then the end.
    let again = lines.iter().filter(|line| line.contains("<CTL=SYN,ACK>")).count();
    assert!(again >= 3);
    assert_eq!(lines.len(), again + 1);
    assert_eq!(lines[again], "SYN-RECEIVED -> CLOSED");
    assert_ended_already(&child);
}

#[track_caller]
fn assert_ended_already(child: &Connection) {
    assert_eq!((child.state(), child.deadline()), (State::Closed, None));
}

#[test]
fn a_child_that_is_established_ends_with_a_signal_like_any_other() {
    let (mut child, iss) = child();
    let ack = Segment::new(SeqNumber(101), iss + 1, Control::ACK).with_window(1_000);
    assert_eq!(child.segment_arrives(&ack, NOW), Ok(0..0));
    assert_eq!(child.segment_arrives(&segment("<SEQ=101><CTL=RST>"), NOW), Ok(0..0));
    assert_eq!(drain(&mut child, NOW), ["SYN-RECEIVED -> ESTABLISHED", "ESTABLISHED -> CLOSED", "Reset"]);
}

#[test]
fn a_child_that_has_ended_can_be_opened_as_any_other() {
    let (mut child, _) = child();
    child.segment_arrives(&segment("<SEQ=101><CTL=RST>"), NOW).unwrap();
    drain(&mut child, NOW);
    child.open(Open::Passive, NOW).unwrap();
    child.segment_arrives(&segment(CHILD), NOW).unwrap();
    child.segment_arrives(&segment("<SEQ=101><CTL=RST>"), NOW).unwrap();
    assert_eq!(child.state(), State::Listen);
}

// A flood.

/// A listener is a value of its own: it points nowhere, so that it cannot grow.
#[test]
fn a_listener_is_no_larger_than_a_cache_line() {
    const fn assert_copy<T: Copy>() {}
    assert_copy::<Syn<'static, RandomState>>();
    assert!(size_of::<Listener<RandomState>>() <= 64);
}

#[test]
fn in_a_flood_of_a_million_syns_an_honest_client_connects() {
    let listener = listener(&MODERN);
    let local = socket(LOCAL);
    let mut client = Connection::new(&MODERN, 100);
    let mut server = None;
    for number in 0..1_000_000_u32 {
        let now = Instant::from_micros(u64::from(number) * 5);
        let [a, b, c, d] = number.wrapping_mul(2_654_435_761).to_be_bytes();
        let remote = SocketAddr::from(([10, a, b, c], 1_024 + u16::from(d)));
        let flood = Segment::new(SeqNumber(number), SeqNumber(0), Control::SYN);
        let Arrival::Syn(syn) = listener.segment_arrives(&flood, local, remote, now) else { panic!("{number}") };
        assert_eq!(syn.cookie().ack(), Some(SeqNumber(number) + 1));
        // In the middle of it, each some thousands of SYNs apart: its SYN, our cookie, its ACK with payload.
        match number {
            480_000 => client.open(Open::Active, now).unwrap(),
            490_000 => {
                let its_syn = segments(&mut client, now)[0];
                let Arrival::Syn(syn) = listener.segment_arrives(&its_syn, local, socket(REMOTE), now) else {
                    panic!("{its_syn}")
                };
                client.segment_arrives(&syn.cookie(), now).unwrap();
                client.send(10, now).unwrap();
            }
            500_000 => {
                for segment in segments(&mut client, now) {
                    match listener.segment_arrives(&segment, local, socket(REMOTE), now) {
                        Arrival::Completed { connection, payload } => server = Some((connection, payload)),
                        Arrival::Syn(syn) => panic!("{}", syn.segment()),
                        Arrival::Refused { refusal, .. } => panic!("{refusal}"),
                    }
                }
            }
            _ => {}
        }
    }
    let (mut server, payload) = server.unwrap();
    assert_eq!((client.state(), server.state(), payload), (State::Established, State::Established, 0..10));
    let now = seconds(5);
    for segment in segments(&mut server, now) {
        client.segment_arrives(&segment, now).unwrap();
    }
    assert_eq!(drain(&mut client, now).last().map(String::as_str), Some("Acknowledged(10)"));
    let (ours, theirs) = (server.status(), client.status());
    assert_eq!((ours.snd_scale, ours.rcv_scale), (theirs.rcv_scale, theirs.snd_scale));
    assert_eq!((ours.snd_scale, ours.timestamps, ours.sack_permitted), (Some(5), true, true));
}

#[test]
fn the_key_is_not_printed() {
    let listener = listener(&Config::DEFAULT);
    let arrival = arrives(&listener, &segment("<SEQ=100><CTL=SYN>"), NOW);
    assert!(!format!("{listener:?} {arrival:?}").contains("key"));
    assert!(format!("{arrival:?}").starts_with("Syn(Syn { segment: "));
}
