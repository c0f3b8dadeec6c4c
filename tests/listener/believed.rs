//! Cookies are accepted only if one was sent in this period of 64 seconds or in the last one.

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use tcp_lifecycle::isn::IsnHash;
use tcp_lifecycle::listener::Listener;
use tcp_lifecycle::{Config, Control, Instant, Options, Refusal, Segment, SeqNumber, State};

use super::{
    MODERN, NOW, ack_of, arrives, assert_refused, completed, cookie_and_ack, is_completed, listener_with_known_key,
    seconds, segment, syn,
};

const SYN: &str = "<SEQ=100><CTL=SYN>";

/// A known key that counts how often it is used.
#[derive(Default)]
struct Counting {
    hashes: AtomicU32,
}

impl BuildHasher for &Counting {
    type Hasher = DefaultHasher;

    fn build_hasher(&self) -> DefaultHasher {
        self.hashes.fetch_add(1, Ordering::Relaxed);
        DefaultHasher::new()
    }
}

impl Counting {
    fn take(&self) -> u32 {
        self.hashes.swap(0, Ordering::Relaxed)
    }
}

#[track_caller]
fn assert_as_in_listen<S: BuildHasher>(listener: &Listener<S>, ack: &Segment, now: Instant) {
    let reset = ack.reset().unwrap().to_string();
    assert_refused(&arrives(listener, ack, now), Refusal::AckInListen, Some(&reset));
}

/// The best possible forgery: the exact number that the listener would have sent.
#[test]
fn a_listener_that_has_sent_no_cookie_believes_none_and_computes_no_hash() {
    let (key, now) = (Counting::default(), seconds(1_000));
    let listener = Listener::new(&MODERN, IsnHash::new(&key));
    for text in [SYN, "<SEQ=100><CTL=SYN><WS=7><SACK><TS=9,0>"] {
        let ack = cookie_and_ack(&listener_with_known_key(&MODERN), text, now);
        assert_as_in_listen(&listener, &ack, now);
        // Accepting a SYN as a connection sends no cookie.
        drop(syn(&listener, &segment(text), now).accept());
        assert!(key.take() > 0);
        assert_as_in_listen(&listener, &ack, now);
        assert_eq!(key.take(), 0);
    }
}

#[test]
fn without_a_cookie_in_the_last_two_periods_a_million_forged_acks_yield_nothing_and_cost_no_hash() {
    let key = Counting::default();
    let listener = Listener::new(&MODERN, IsnHash::new(&key));
    let _ = syn(&listener, &segment(SYN), NOW).cookie();
    key.take();
    let mut number = SeqNumber(0);
    for _ in 0..1_000_000 {
        number += 2_654_435_761; // takes every number in turn
        assert!(!is_completed(&listener, &Segment::new(SeqNumber(101), number, Control::ACK), seconds(128)));
    }
    assert_eq!(key.take(), 0);
}

#[test]
fn the_belief_lasts_for_the_period_of_the_last_cookie_and_for_the_next() {
    for (sent, end) in [(0, 128), (63, 128), (64, 192), (6_439, 6_528)] {
        let key = Counting::default();
        let listener = Listener::new(&Config::DEFAULT, IsnHash::new(&key));
        let ack = cookie_and_ack(&listener, SYN, seconds(sent));
        let forged = Segment::new(SeqNumber(7), SeqNumber(1), Control::ACK);
        key.take();
        for (now, hashes) in [(sent, 1), (end - 1, 1), (end, 0), (end + 64, 0), (end + 1_000, 0)] {
            assert!(!is_completed(&listener, &forged, seconds(now)));
            assert_eq!(key.take(), hashes, "sent at {sent}, a forged ACK at {now}");
        }
        assert!(is_completed(&listener, &ack, seconds(end - 1)));
        assert_as_in_listen(&listener, &ack, seconds(end));
    }
}

/// A flood that goes on does not keep an old cookie valid.
#[test]
fn while_cookies_are_sent_each_of_them_expires_all_the_same() {
    let listener = listener_with_known_key(&Config::DEFAULT);
    let ack = cookie_and_ack(&listener, SYN, seconds(60));
    for now in (60..1_000).step_by(4) {
        let _ = cookie_and_ack(&listener, "<SEQ=5000><CTL=SYN>", seconds(now));
        assert_eq!(is_completed(&listener, &ack, seconds(now)), now < 128, "{now}");
    }
}

/// Threads that have read the clock on either side of a boundary, and a clock that is set back a little.
#[test]
fn time_that_goes_back_across_a_boundary_hides_no_later_cookie() {
    let listener = listener_with_known_key(&Config::DEFAULT);
    let later = cookie_and_ack(&listener, SYN, seconds(64));
    let earlier = cookie_and_ack(&listener, "<SEQ=200><CTL=SYN>", seconds(63));
    for now in [63, 64, 127] {
        assert!(is_completed(&listener, &earlier, seconds(now)), "{now}");
    }
    for now in [64, 127, 191] {
        assert!(is_completed(&listener, &later, seconds(now)), "{now}");
    }
    assert!(!is_completed(&listener, &later, seconds(192)));
}

#[test]
fn after_time_has_gone_back_far_cookies_are_believed_again_as_they_are_sent() {
    let listener = in_a_flood_at(seconds(1_000_000));
    let ack = cookie_and_ack(&listener, SYN, NOW);
    assert!(is_completed(&listener, &ack, NOW));
    assert!(is_completed(&listener, &ack, seconds(127)));
}

fn in_a_flood_at(now: Instant) -> Listener<BuildHasherDefault<DefaultHasher>> {
    let listener = listener_with_known_key(&Config::DEFAULT);
    let _ = cookie_and_ack(&listener, "<SEQ=5000><CTL=SYN>", now);
    listener
}

/// The periods are counted modulo 2^31.
#[test]
fn at_the_end_of_the_count_and_of_time_cookies_are_good_too() {
    let wrap = 64 << 31;
    for sent in [wrap - 1, 2 * wrap - 1] {
        let listener = listener_with_known_key(&Config::DEFAULT);
        let ack = cookie_and_ack(&listener, SYN, seconds(sent));
        assert!(is_completed(&listener, &ack, seconds(sent)));
        assert!(is_completed(&listener, &ack, seconds(sent + 64)));
        assert_as_in_listen(&listener, &ack, seconds(sent + 65));
    }
    let listener = listener_with_known_key(&Config::DEFAULT);
    let end = Instant::from_micros(u64::MAX);
    let ack = cookie_and_ack(&listener, SYN, end);
    assert!(is_completed(&listener, &ack, end + Duration::from_secs(1)));
}

#[test]
fn a_clone_believes_what_the_original_had_sent_and_from_then_on_its_own() {
    let original = listener_with_known_key(&Config::DEFAULT);
    let before = original.clone();
    let ack = cookie_and_ack(&original, SYN, NOW);
    let after = original.clone();
    assert!(is_completed(&original, &ack, NOW) && is_completed(&after, &ack, NOW));
    assert_as_in_listen(&before, &ack, NOW);
    let _ = cookie_and_ack(&before, "<SEQ=5000><CTL=SYN>", NOW);
    assert!(is_completed(&before, &ack, NOW));
}

#[test]
fn threads_share_a_listener_and_what_it_believes() {
    static LISTENER: Listener<BuildHasherDefault<DefaultHasher>> =
        Listener::new(&Config::DEFAULT, IsnHash::new(BuildHasherDefault::new()));
    let ack = thread::spawn(|| cookie_and_ack(&LISTENER, SYN, NOW)).join().unwrap();
    assert!(is_completed(&LISTENER, &ack, NOW));
}

/// RFC 7323 section 3.2: missing timestamps are no reason to abort. The peer's next segment has them.
#[test]
fn an_ack_without_the_timestamps_that_its_cookie_agreed_to_is_dropped_in_silence() {
    let listener = listener_with_known_key(&MODERN);
    let ack = cookie_and_ack(&listener, "<SEQ=100><CTL=SYN><WS=7><SACK><TS=9,0>", NOW);
    let bare = ack.with_options(Options::NONE);
    let fin = Segment::new(ack.seq(), ack.ack().unwrap(), Control::FIN | Control::ACK);
    for without in [bare, bare.with_payload(10), fin] {
        assert_refused(&arrives(&listener, &without, NOW), Refusal::NoTimestamp, None);
    }
    assert_eq!(completed(&listener, &ack.with_payload(10), seconds(1)).0.state(), State::Established);
    // A cookie cannot come back so late, so this is treated as any other ACK.
    assert_as_in_listen(&listener, &bare, seconds(128));
}

/// A listener that agrees to no timestamps has sent no such cookie.
#[test]
fn where_timestamps_are_no_policy_an_ack_without_them_is_reset_whatever_its_number_says() {
    let key = Counting::default();
    let listener = Listener::new(&Config::DEFAULT, IsnHash::new(&key));
    let cookie = syn(&listener, &segment("<SEQ=100><CTL=SYN><TS=9,0>"), NOW).cookie();
    assert_eq!(key.take(), 1);
    for options in [Options::NONE, Options::NONE.with_timestamps(1, 2)] {
        let says_timestamps = SeqNumber(cookie.seq().0 | 2) + 1;
        let ack = Segment::new(SeqNumber(101), says_timestamps, Control::ACK).with_options(options);
        assert_as_in_listen(&listener, &ack, NOW);
    }
    assert_eq!(key.take(), 0);
}

/// Without an agreement nothing is missing.
#[test]
fn an_ack_without_timestamps_to_a_cookie_without_them_completes() {
    let listener = listener_with_known_key(&MODERN);
    let ack = ack_of(&syn(&listener, &segment(SYN), NOW).cookie(), NOW);
    assert_eq!(ack.options(), Options::NONE);
    assert!(is_completed(&listener, &ack, NOW));
}
