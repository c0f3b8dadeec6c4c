//! The parts of a SYN that a cookie restores.

use std::time::Duration;

use tcp_lifecycle::isn::IsnHash;
use tcp_lifecycle::listener::Listener;
use tcp_lifecycle::{Config, Control, Instant, Options, Segment, SeqNumber};

use super::{
    LOCAL, MODERN, NOW, REMOTE, ack_of, completed, cookie_and_ack, is_completed, listener, listener_with_known_key,
    segment, segments, socket, syn,
};

#[test]
fn the_maximum_segment_size_comes_back_and_never_larger_than_the_peer_said() {
    let listener = listener_with_known_key(&Config::DEFAULT);
    let back = |options: Options| {
        let syn_segment = Segment::new(SeqNumber(100), SeqNumber(0), Control::SYN).with_options(options);
        let cookie = syn(&listener, &syn_segment, NOW).cookie();
        completed(&listener, &ack_of(&cookie, NOW), NOW).0.status().peer_mss.unwrap()
    };
    let mut sizes = Vec::new();
    for said in 1..=u16::MAX {
        let mss = back(Options::NONE.with_mss(said));
        // D21: below 48 it counts as 48.
        assert!(mss <= said.max(48), "{said}: {mss}");
        if sizes.last() != Some(&mss) {
            // A value in the table is restored exactly, and any other is rounded down.
            assert_eq!(mss, said.max(48));
            sizes.push(mss);
        }
    }
    assert_eq!(sizes, [48, 256, 536, 1220, 1360, 1440, 1460, 8960]);
    // MUST-15: 536 without the option, and a size of zero counts as none.
    assert_eq!(back(Options::NONE), 536);
    assert_eq!(back(Options::NONE.with_mss(0)), 536);
}

#[test]
fn without_a_size_the_default_of_the_policies_comes_back() {
    for (policy, expected) in [(1220, 1220), (1200, 536), (1500, 1460), (48, 48)] {
        let listener = listener_with_known_key(&Config { default_peer_mss: policy, ..Config::DEFAULT });
        for text in ["<SEQ=100><CTL=SYN>", "<SEQ=100><CTL=SYN><MSS=0>"] {
            let ack = cookie_and_ack(&listener, text, NOW);
            assert_eq!(completed(&listener, &ack, NOW).0.status().peer_mss, Some(expected), "{text}");
        }
    }
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
    let isn = IsnHash::default();
    let offset = u32::from(isn.timestamp_offset(socket(LOCAL), socket(REMOTE))) << 16;
    let listener = Listener::new(&MODERN, isn);
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
            let age = (millis as u32).wrapping_add(offset).wrapping_sub(value);
            assert!(value % 32 == low && age < 32 && echo == 9, "{text} at {millis}: {value}");
            assert!(last.is_none_or(|last| SeqNumber(last).le(SeqNumber(value))));
            last = (millis != 1_099).then_some(value);
        }
    }
}

/// Nobody knows when the peer received the cookie: the ACK may be the second one, and its echo anything.
#[test]
fn no_round_trip_time_is_taken_from_the_timestamp_of_a_cookie() {
    let listener = listener(&MODERN);
    let now = Instant::from_micros(5_000_000);
    let ack = cookie_and_ack(&listener, "<SEQ=100><CTL=SYN><WS=7><TS=9,0>", now);
    let later = now + Duration::from_millis(200);
    let status = completed(&listener, &ack, later).0.status();
    assert_eq!((status.srtt, status.rto), (None, Some(Duration::from_secs(1))));
}

/// RFC 7323 section 7.1: no TSval reveals the uptime of the host, and no connection has a TSval older than the one
/// before.
#[test]
fn a_cookie_and_the_connections_of_its_sockets_have_one_timestamp_offset() {
    let isn = IsnHash::default();
    let offset = u32::from(isn.timestamp_offset(socket(LOCAL), socket(REMOTE))) << 16;
    let listener = Listener::new(&MODERN, isn);
    let now = Instant::from_micros(1_234_567);
    let tsval = |segment: &Segment| segment.options().timestamps().unwrap().0;
    let arrived = syn(&listener, &segment("<SEQ=100><CTL=SYN><WS=7><SACK><TS=9,0>"), now);
    assert_eq!(tsval(&segments(&mut arrived.accept(), now)[0]), offset.wrapping_add(1_234));
    assert_eq!(tsval(&segments(&mut arrived.accept_with(5), now)[0]), offset.wrapping_add(1_234));
    let cookie = arrived.cookie();
    assert!(offset.wrapping_add(1_234).wrapping_sub(tsval(&cookie)) < 32);
    let (mut connection, _) = completed(&listener, &ack_of(&cookie, now), now);
    connection.send(1, now).unwrap();
    assert_eq!(tsval(&segments(&mut connection, now)[0]), offset.wrapping_add(1_234));
}

/// The cookie covers the low bits of the echo, and its age the rest: otherwise the peer could choose our round-trip
/// time.
#[test]
fn an_echo_of_another_time_than_the_cookies_completes_nothing() {
    let listener = listener(&MODERN);
    let text = "<SEQ=100><CTL=SYN><WS=7><SACK><TS=9,0>";
    // The second time lies across the wrap of the milliseconds.
    for start in [640, 4_294_912] {
        let (first, last) =
            (Instant::from_micros(start * 1_000_000), Instant::from_micros((start + 64) * 1_000_000 - 1));
        for (sent, now) in [(first, last), (last, last), (first, last + Duration::from_secs(64))] {
            let ack = cookie_and_ack(&listener, text, sent);
            let (value, echo) = ack.options().timestamps().unwrap();
            let with = |echo| ack.with_options(Options::NONE.with_timestamps(value, echo));
            assert!(is_completed(&listener, &ack, now), "{sent}, {now}");
            for other in [1 << 31, 1 << 20, 1 << 17, 128_032] {
                assert!(!is_completed(&listener, &with(echo.wrapping_sub(other)), now), "{sent}, {now}: -{other}");
                assert!(!is_completed(&listener, &with(echo.wrapping_add(other)), now), "{sent}, {now}: +{other}");
            }
        }
    }
}

/// The TSval of a cookie has the SYN's options in its low bits, so that it may lie 31 ms before the cookie. At the first
/// moment of a period this is the greatest age.
#[test]
fn an_echo_of_the_greatest_age_completes() {
    let listener = listener(&MODERN);
    let sent = Instant::from_micros(640_000_000);
    let now = sent + Duration::from_micros(63_999_999);
    for sack in ["", "<SACK>"] {
        for scale in 0..=14 {
            let text = format!("<SEQ=100><CTL=SYN><WS={scale}>{sack}<TS=9,0>");
            let ack = cookie_and_ack(&listener, &text, sent);
            assert!(is_completed(&listener, &ack, now), "{text}");
        }
    }
}
