//! Probes on an idle connection, and their answers (RFC 9293 section 3.8.4).

use std::io::ErrorKind;
use std::time::Duration;

use tcp_lifecycle::{Config, Control, KeepAlive, Refusal, Segment, Signal, State};

use crate::closing::{both_talk, the_kernel_closes_first, we_close_first};
use crate::device::set_policy;
use crate::harness::{CONFIG, Case, the_kernel_connects, we_connect, with_kernel};
use crate::peer::End;

/// The number before SND.NXT, without payload: the peer has acknowledged it long ago.
fn is_probe_of_the_kernel(case: &Case) -> impl Fn(&Segment) -> bool + use<> {
    let status = case.us.connection.status();
    let nxt = status.rcv_nxt.expect("RCV.NXT");
    move |segment| segment.seq() + 1 == nxt && segment.len() == 0 && segment.control() == Control::ACK
}

#[test]
fn we_answer_the_kernels_probes() {
    with_kernel(CONFIG, |case| {
        we_connect(case);
        case.peer.probe_when_idle(5);
        both_talk(case);
        let before = case.us.connection.status();
        let is_probe = is_probe_of_the_kernel(case);
        let (nxt, rcv_nxt) = (before.snd_nxt.expect("SND.NXT"), before.rcv_nxt.expect("RCV.NXT"));
        let window = u16::try_from(before.rcv_wnd.expect("RCV.WND")).expect("it is not scaled");
        let answer = Segment::new(nxt, rcv_nxt, Control::ACK).with_window(window);
        let already = case.to_kernel.count(|segment| *segment == answer);
        case.until("the kernel has probed three times, and has its answers", |case| {
            let probes = case.to_us.count(&is_probe);
            probes >= 3 && case.to_kernel.count(|segment| *segment == answer) == already + probes
        });
        assert_eq!(case.us.refusals, vec![Refusal::NotAcceptable; case.to_us.count(&is_probe)]);
        assert_eq!(case.us.connection.status().rcv_nxt, before.rcv_nxt);
        assert_eq!((case.peer.state(), case.peer.end), (Some(State::Established), None));

        both_talk_again(case);
        we_close_first(case);
        assert_eq!(case.us.path(), "SYN-SENT ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT CLOSED");
    });
}

/// Checks that the connection still works.
fn both_talk_again(case: &mut Case) {
    case.us.received.clear();
    case.peer.received.clear();
    both_talk(case);
}

#[test]
fn the_kernel_gives_up_when_its_probes_are_not_answered() {
    with_kernel(CONFIG, |case| {
        the_kernel_connects(case);
        case.peer.probe_when_idle(2);
        both_talk(case);
        let is_probe = is_probe_of_the_kernel(case);
        case.to_kernel.lose_all();
        case.until("the kernel gives up", |case| case.peer.end.is_some());
        assert_eq!(case.peer.end, Some(End::Error(ErrorKind::TimedOut)));
        assert_eq!(case.to_us.count(&is_probe), 2);
        assert_eq!(case.peer.state(), None);

        // The kernel tells us by a reset.
        case.until_we_are_in(State::Closed);
        assert_eq!(case.us.signals, [Signal::Reset]);
        assert_eq!(case.us.path(), "LISTEN SYN-RECEIVED ESTABLISHED CLOSED");
    });
}

/// Two hours, and then nine probes, 75 seconds apart: of our time, which the harness skips.
const PROBING: Config = Config { keep_alive: Some(KeepAlive::DEFAULT), ..CONFIG };
const IDLE: Duration = KeepAlive::DEFAULT.idle;
const INTERVAL: Duration = KeepAlive::DEFAULT.interval;
/// Longer than any pause of a busy machine.
const SHORT: Duration = Duration::from_secs(60);

/// The number before SND.NXT, with one octet or none.
fn is_probe_of_ours(case: &Case, octets: u16) -> impl Fn(&Segment) -> bool + use<> {
    let nxt = case.us.connection.status().snd_nxt.expect("SND.NXT");
    move |segment| segment.seq() + 1 == nxt && segment.payload_len() == octets && segment.control() == Control::ACK
}

/// Skips this much of our time, and handles the events that follow.
fn pass(case: &mut Case, time: Duration) {
    case.skip(time);
    let soon = case.now() + Duration::from_millis(20);
    case.until("a moment passes", |case| case.now() > soon);
}

fn the_kernel_is_probed(octets: u16) {
    let config = Config { keep_alive_octet: octets == 1, ..PROBING };
    with_kernel(config, move |case| {
        // Otherwise the kernel would answer a bare one at most twice a second.
        set_policy("tcp_invalid_ratelimit", "0");
        we_connect(case);
        both_talk(case);
        let is_probe = is_probe_of_ours(case, octets);
        let status = case.us.connection.status();
        let (nxt, rcv_nxt) = (status.snd_nxt, status.rcv_nxt);
        let is_answer = &move |segment: &Segment| {
            Some(segment.seq()) == rcv_nxt && segment.ack() == nxt && segment.control() == Control::ACK
        };
        let already = case.to_us.count(is_answer);
        for probes in 1..=12 {
            pass(case, IDLE - SHORT);
            assert_eq!(case.to_kernel.count(&is_probe), probes - 1, "idle, but not for so long");
            pass(case, SHORT);
            case.until("the kernel has answered", |case| case.to_us.count(is_answer) == already + probes);
            assert_eq!(case.to_kernel.count(&is_probe), probes);
        }
        assert_eq!((case.us.signals.as_slice(), case.peer.state()), ([].as_slice(), Some(State::Established)));

        both_talk_again(case);
        the_kernel_closes_first(case);
        assert_eq!(case.us.path(), "SYN-SENT ESTABLISHED CLOSE-WAIT LAST-ACK CLOSED");
    });
}

#[test]
fn the_kernel_answers_our_probes() {
    the_kernel_is_probed(0);
}

/// The kernel's user never sees the octet.
#[test]
fn the_kernel_answers_our_probes_with_an_octet() {
    the_kernel_is_probed(1);
}

#[test]
fn we_give_up_when_our_probes_are_not_answered() {
    with_kernel(PROBING, |case| {
        the_kernel_connects(case);
        both_talk(case);
        let is_probe = is_probe_of_ours(case, 0);
        case.to_us.lose_all();
        pass(case, IDLE);
        for probes in 1..=usize::from(KeepAlive::DEFAULT.probes) {
            assert_eq!(case.to_kernel.count(&is_probe), probes);
            assert_eq!(case.us.state(), State::Established);
            pass(case, INTERVAL);
        }
        case.until_we_are_in(State::Closed);
        assert_eq!(case.us.signals, [Signal::TimedOut]);
        assert_eq!(case.us.path(), "LISTEN SYN-RECEIVED ESTABLISHED CLOSED");
        assert_eq!(case.us.connection.deadline(), None);

        // The kernel does not know this until it sends something.
        assert_eq!((case.peer.state(), case.peer.end), (Some(State::Established), None));
        case.to_us.lose_none();
        case.peer.send(b"anybody there?");
        case.until("the kernel reads the end", |case| case.peer.end.is_some());
        assert_eq!(case.peer.end, Some(End::Error(ErrorKind::ConnectionReset)));
    });
}
