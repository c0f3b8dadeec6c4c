//! What a cookie brings back.

use std::time::Duration;

use tcp_lifecycle::{Config, Control, Instant, Options, Segment, SeqNumber};

use super::{
    MODERN, NOW, ack_of, completed, cookie_and_ack, listener, listener_with_known_key, segment, segments, syn,
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
