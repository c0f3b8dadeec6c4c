//! A listener without room answers the kernel's SYN with a cookie, keeps nothing, and gets the connection from the
//! kernel's ACK (RFC 4987 section 3.6).

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use tcp_lifecycle::{Config, Control, Options, Refusal, Segment, SeqNumber, State};

use crate::device::{counted, set_policy};
use crate::harness::{CONFIG, Case, OURS, THEIRS, bytes, until_established, with_kernel};
use crate::link::{Flying, Link};
use crate::options::{ALL, FIELD, both_close, both_send, the_kernel_uses_our_scale, with_room};
use crate::peer::End;

/// A cookie is valid in the period in which it was sent and in the next one.
const PERIOD: Duration = Duration::from_secs(64);

const MANY: usize = 1 << 18;
const LIFE: &str = "SYN-RECEIVED ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT CLOSED";

/// The first segment with a SYN that was sent in this direction.
fn syn(link: &Link) -> Segment {
    link.first(|segment| segment.control().contains(Control::SYN)).expect("a SYN")
}

/// Lets the kernel receive our SYN,ACK and become established; its ACK has not reached us.
#[track_caller]
fn until_the_kernel_has_a_cookie(case: &mut Case) {
    case.door.listen(false);
    case.to_us.hold();
    case.peer.connect_with_mss(1300);
    case.until("the kernel's SYN is on its way", |case| case.to_us.holds(Control::SYN));
    case.to_us.release_through(Control::SYN);
    case.until_the_kernel_is_in(State::Established);
    assert_eq!(case.us.path(), "", "nothing is kept of the SYN");
    assert_eq!(syn(&case.to_kernel).control(), Control::SYN | Control::ACK);
}

/// The same, and then the ACK completes the connection, with the numbers of both SYNs.
#[track_caller]
fn the_kernel_connects_by_cookie(case: &mut Case) {
    until_the_kernel_has_a_cookie(case);
    case.to_us.release();
    until_established(case);
    let status = case.us.connection.status();
    assert_eq!(status.iss, Some(syn(&case.to_kernel).seq()));
    assert_eq!(status.irs, Some(syn(&case.to_us).seq()));
    assert_eq!(syn(&case.to_us).options().mss(), Some(1300));
}

#[test]
fn the_kernel_completes_a_cookie_handshake() {
    with_kernel(CONFIG, |case| {
        the_kernel_connects_by_cookie(case);
        let status = case.us.connection.status();
        assert_eq!(status.peer_mss, Some(1220), "the next below 1300 of the eight that a cookie can say");
        assert_eq!((status.snd_scale, status.rcv_scale), (Some(0), Some(0)));
        assert!(!status.timestamps && !status.sack_permitted);

        both_send(case, MANY);
        both_close(case);
        assert_eq!(case.us.path(), LIFE);
        assert_eq!(case.to_kernel.count(|segment| segment.payload_len() > 1220), 0);
    });
}

#[test]
fn timestamps_bring_all_of_the_kernels_options_back() {
    with_kernel(ALL, |case| {
        with_room(case, the_kernel_connects_by_cookie);
        let offered = syn(&case.to_us).options();
        let status = case.us.connection.status();
        // The timestamps take their room in each segment.
        assert_eq!(status.peer_mss, Some(1220 - 12));
        assert!(offered.window_scale().is_some_and(|shift| shift > 0));
        assert_eq!(status.snd_scale, offered.window_scale());
        assert_eq!(status.rcv_scale, syn(&case.to_kernel).options().window_scale());
        assert!(status.timestamps && status.sack_permitted);

        let seen = both_send(case, 8 * MANY);
        assert!(seen.our_window > FIELD, "the kernel's window was never more than {}", seen.our_window);
        assert!(seen.in_flight > FIELD, "never more than {} was in flight", seen.in_flight);
        the_kernel_uses_our_scale(case);
        both_close(case);
        assert_eq!(case.us.path(), LIFE);
        assert!(
            !case.us.refusals.contains(&Refusal::NoTimestamp) && !case.us.refusals.contains(&Refusal::OldTimestamp)
        );
        assert_eq!(counted("PAWSEstab"), 0, "the TSval that carries the options is never later than the next one");
    });
}

#[test]
fn what_the_kernel_did_not_offer_does_not_come_back() {
    for (policy, scales, sack_permitted) in [("tcp_window_scaling", false, true), ("tcp_sack", true, false)] {
        with_kernel(ALL, move |case| {
            set_policy(policy, "0");
            the_kernel_connects_by_cookie(case);
            let status = case.us.connection.status();
            let offered = syn(&case.to_us).options().window_scale();
            assert_eq!((offered.is_some(), status.snd_scale), (scales, Some(offered.unwrap_or(0))));
            assert_eq!((status.timestamps, status.sack_permitted), (true, sack_permitted));
            both_send(case, MANY);
            both_close(case);
        });
    }
}

/// The kernel's payload in the meantime completes the handshake and is delivered.
#[test]
fn the_kernels_ack_is_lost_and_its_payload_does_as_well() {
    for config in [CONFIG, ALL] {
        with_kernel(config, |case| {
            until_the_kernel_has_a_cookie(case);
            case.until("its ACK is on its way", |case| case.to_us.holds(Control::ACK));
            case.to_us.take_held(Control::ACK);
            case.peer.send(&bytes(500));
            case.to_us.release();
            until_established(case);
            case.until("we have read it", |case| case.us.received.len() >= 500);
            case.send(&bytes(500));
            case.until("the kernel has read it", |case| case.peer.received.len() >= 500);
            assert!(case.us.received == bytes(500) && case.peer.received == bytes(500));
            both_close(case);
            assert_eq!(case.us.path(), LIFE);
        });
    }
}

/// RFC 7323 section 3.2: a middlebox has removed the timestamps from the kernel's ACK. Its next segment has them.
#[test]
fn the_kernels_ack_without_its_timestamps_is_passed_over_and_its_payload_completes() {
    with_kernel(ALL, |case| {
        until_the_kernel_has_a_cookie(case);
        case.until("its ACK is on its way", |case| case.to_us.holds(Control::ACK));
        let ack = case.to_us.take_held(Control::ACK).segment;
        assert!(ack.options().timestamps().is_some());
        case.to_us.release();
        case.to_us.send(Flying::new(THEIRS, OURS, &ack.with_options(Options::NONE)));
        case.until("it is refused", |case| case.door.refusals == [Refusal::NoTimestamp]);
        case.peer.send(&bytes(500));
        until_established(case);
        case.until("we have read it", |case| case.us.received.len() >= 500);
        assert_eq!(case.us.received, bytes(500));
        assert_eq!(case.to_kernel.count(|segment| segment.control().contains(Control::RST)), 0);
        both_close(case);
        assert_eq!(case.us.path(), LIFE);
    });
}

/// Lets the kernel's ACK arrive this much later.
fn the_ack_comes_late(config: Config, late: Duration, then: impl FnOnce(&mut Case) + Send + 'static) {
    with_kernel(config, move |case| {
        until_the_kernel_has_a_cookie(case);
        case.until("its ACK is on its way", |case| case.to_us.holds(Control::ACK));
        case.skip(late);
        case.to_us.release();
        then(case);
    });
}

#[test]
fn a_cookie_is_good_for_a_period_and_more() {
    for config in [CONFIG, ALL] {
        the_ack_comes_late(config, PERIOD, |case| {
            until_established(case);
            both_send(case, MANY);
            both_close(case);
        });
    }
}

/// The kernel's ACK draws only a reset, which the kernel accepts.
#[track_caller]
fn until_the_kernel_is_reset(case: &mut Case) {
    case.until("the kernel reads the end", |case| case.peer.end.is_some());
    assert_eq!(case.peer.end, Some(End::Error(ErrorKind::ConnectionReset)));
    assert_eq!((case.us.path().as_str(), case.peer.state()), ("", None));
    assert_eq!(case.door.refusals, [Refusal::AckInListen]);
    assert_eq!(case.to_kernel.count(|segment| segment.control() == Control::RST), 1);
}

#[test]
fn an_expired_cookie_is_reset() {
    for config in [CONFIG, ALL] {
        the_ack_comes_late(config, 2 * PERIOD, until_the_kernel_is_reset);
    }
}

/// The kernel's ACK of a SYN,ACK that we never sent: one bit of the hash is flipped.
#[test]
fn a_forged_ack_is_reset() {
    for config in [CONFIG, ALL] {
        with_kernel(config, |case| {
            case.door.listen(false);
            case.to_kernel.hold();
            case.peer.connect();
            case.until("our SYN,ACK is on its way", |case| case.to_kernel.holds(Control::SYN));
            let ours = case.to_kernel.take_held(Control::SYN);
            let forged = SeqNumber(ours.segment.seq().0 ^ (1 << 20));
            case.to_kernel.release();
            case.to_kernel.send(ours.at(forged, ours.segment.ack().expect("an ACK")));
            until_the_kernel_is_reset(case);
        });
    }
}

/// A stranger's ACK draws a reset, and does not disturb the kernel's handshake.
#[test]
fn an_ack_without_a_cookie_is_reset_and_the_kernel_connects_all_the_same() {
    with_kernel(CONFIG, |case| {
        until_the_kernel_has_a_cookie(case);
        let stranger = SocketAddr::from(([10, 0, 0, 3], 1000));
        let cookie = syn(&case.to_kernel).seq() + 1;
        let forged = Segment::new(syn(&case.to_us).seq() + 1, cookie, Control::ACK).with_window(1000);
        case.until("the kernel's ACK is on its way", |case| case.to_us.holds(Control::ACK));
        let ack = case.to_us.take_held(Control::ACK);
        case.to_us.release();
        case.to_us.send(Flying::new(stranger, OURS, &forged));
        case.until("it is refused", |case| case.door.refusals == [Refusal::AckInListen]);
        assert_eq!(case.us.path(), "");
        let reset = case.to_kernel.first(|segment| segment.control().contains(Control::RST));
        assert_eq!(reset, Some(Segment::new(cookie, SeqNumber(0), Control::RST)));

        case.to_us.send(ack);
        until_established(case);
        both_send(case, MANY);
        both_close(case);
        assert_eq!(case.us.path(), LIFE);
    });
}
