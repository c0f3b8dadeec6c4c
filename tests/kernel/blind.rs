//! The segments of an attacker that cannot see the numbers, during a transfer both ways: the ends challenge them and
//! live on (RFC 9293 section 3.10.7.4, second and fourth; RFC 5961).

use std::io::ErrorKind;
use std::time::Duration;

use tcp_lifecycle::{Config, Control, Refusal, Segment, SeqNumber, Signal};

use crate::closing::both_talk;
use crate::device::{counted, set_policy};
use crate::harness::{CONFIG, Case, bytes, the_kernel_connects, we_connect, with_kernel};
use crate::options::both_close;
use crate::peer::End;

/// The bytes each way.
const MANY: usize = 2 << 20;
/// The distance of a forged number from the expected one; it lies within the window.
const AHEAD: u32 = 1_000;
/// The limit of our user, so that the kernel's window is never full.
const LIMIT: u32 = 16_384;

const ATTACKED: Config = Config { timestamps: true, ..CONFIG };

/// A forged segment, without acknowledgment and options.
fn forged(seq: SeqNumber, control: Control) -> Segment {
    Segment::new(seq, SeqNumber(0), control).with_window(1_000)
}

/// Transfers many bytes each way; in between the attacker gets `turns` turns.
fn transfer(case: &mut Case, turns: usize, mut attack: impl FnMut(&mut Case, usize)) {
    let content = bytes(MANY);
    case.us.connection.limit(LIMIT);
    case.send(&content);
    case.peer.send(&content);
    let mut turn = 0;
    case.until("both have read it all", |case| {
        let done = case.us.received.len().min(case.peer.received.len());
        if turn < turns && done > MANY / (turns + 1) * (turn + 1) {
            assert!(done < MANY, "the transfer is over before turn {turn}");
            attack(case, turn);
            turn += 1;
        }
        case.us.received.len() >= MANY && case.peer.received.len() >= MANY
    });
    assert_eq!(turn, turns);
    assert!(case.us.received == content, "what we have read");
    assert!(case.peer.received == content, "what the kernel has read");
    case.until("it is acknowledged", |case| case.us.unacknowledged() == 0);
    assert_eq!(case.us.signals, []);
    both_close(case);
}

/// A forged segment in the window of our end draws exactly one answer, the challenge ACK.
#[track_caller]
fn challenge_us(case: &mut Case, control: Control, refusal: Refusal) {
    let before = case.us.connection.status();
    let (snd_nxt, rcv_nxt) = (before.snd_nxt.expect("SND.NXT"), before.rcv_nxt.expect("RCV.NXT"));
    let window = u16::try_from(before.rcv_wnd.expect("RCV.WND")).expect("it is not scaled");
    assert!(u32::from(window) > AHEAD);
    case.us.refusals.clear();
    let answers = case.inject_to_us(&forged(rcv_nxt + AHEAD, control));
    let [answer] = answers[..] else { panic!("{answers:?}") };
    let expected = Segment::new(snd_nxt, rcv_nxt, Control::ACK).with_window(answer.window());
    assert_eq!(answer.with_options(expected.options()), expected);
    assert!(answer.window() >= window, "the window of the challenge shrinks");
    assert_eq!(answer.options().timestamps().is_some(), before.timestamps);
    assert_eq!(case.us.refusals, [refusal]);
    let after = case.us.connection.status();
    assert_eq!((after.state, after.snd_una, after.rcv_nxt), (before.state, before.snd_una, before.rcv_nxt));
}

/// A forged segment in the window of the kernel's end: the kernel counts a challenge ACK.
#[track_caller]
fn challenge_the_kernel(case: &mut Case, control: Control) {
    let status = case.us.connection.status();
    assert!(status.in_flight + AHEAD < status.snd_wnd.expect("SND.WND"), "it would not lie in the window");
    let challenges = counted("TCPChallengeACK");
    case.inject_to_kernel(&forged(status.snd_nxt.expect("SND.NXT") + AHEAD, control));
    assert_eq!(counted("TCPChallengeACK"), challenges + 1, "a device that has taken a packet has delivered it");
}

#[test]
fn blind_resets_in_our_window_are_challenged() {
    for config in [CONFIG, ATTACKED] {
        with_kernel(config, |case| {
            we_connect(case);
            transfer(case, 4, |case, _| challenge_us(case, Control::RST, Refusal::ResetNotAtRcvNxt));
        });
    }
}

#[test]
fn blind_syns_in_our_window_are_challenged() {
    for config in [CONFIG, ATTACKED] {
        with_kernel(config, |case| {
            the_kernel_connects(case);
            transfer(case, 4, |case, _| challenge_us(case, Control::SYN, Refusal::SynChallenged));
        });
    }
}

#[test]
fn blind_segments_in_the_kernels_window_are_challenged() {
    for config in [CONFIG, ATTACKED] {
        with_kernel(config, |case| {
            // Otherwise the kernel would answer at most twice a second.
            set_policy("tcp_invalid_ratelimit", "0");
            we_connect(case);
            let controls = [Control::RST, Control::SYN];
            transfer(case, 4, |case, turn| challenge_the_kernel(case, controls[turn % 2]));
            assert_eq!(counted("TCPSYNChallenge"), 2);
        });
    }
}

/// RFC 5961 section 7: a flood of forged segments is neither amplified nor harmful.
#[test]
fn a_flood_of_blind_resets_is_answered_so_often_and_no_more() {
    with_kernel(CONFIG, |case| {
        the_kernel_connects(case);
        transfer(case, 2, |case, _| {
            // The next period of the limiter.
            case.skip(CONFIG.challenge_period + Duration::from_millis(1));
            let rcv_nxt = case.us.connection.status().rcv_nxt.expect("RCV.NXT");
            let answers = (1..=100).flat_map(|ahead| case.inject_to_us(&forged(rcv_nxt + ahead, Control::RST)));
            assert_eq!(answers.count(), usize::from(CONFIG.challenge_limit));
        });
    });
}

/// The same resets with the exact number, which only the peer can know.
#[test]
fn a_reset_at_the_exact_number_ends_either_end() {
    for config in [CONFIG, ATTACKED] {
        with_kernel(config, |case| {
            the_kernel_connects(case);
            both_talk(case);
            let status = case.us.connection.status();
            case.inject_to_kernel(&forged(status.snd_nxt.expect("SND.NXT"), Control::RST));
            case.until("the kernel reads the end", |case| case.peer.end.is_some());
            assert_eq!(case.peer.end, Some(End::Error(ErrorKind::ConnectionReset)));
            assert_eq!(case.inject_to_us(&forged(status.rcv_nxt.expect("RCV.NXT"), Control::RST)), []);
            assert_eq!(case.us.path(), "LISTEN SYN-RECEIVED ESTABLISHED CLOSED");
            assert_eq!(case.us.signals, [Signal::Reset]);
        });
    }
}
