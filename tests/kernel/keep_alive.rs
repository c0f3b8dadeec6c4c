//! Probes on an idle connection, and their answers (RFC 9293 section 3.8.4).

use std::io::ErrorKind;

use tcp_lifecycle::{Control, Refusal, Segment, Signal, State};

use crate::closing::{both_talk, we_close_first};
use crate::harness::{CONFIG, Case, the_kernel_connects, we_connect, with_kernel};
use crate::peer::End;

/// The number before the next one, and nothing else: what the peer has acknowledged long ago.
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

/// The connection has not suffered.
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

        // It says so, by a reset.
        case.until_we_are_in(State::Closed);
        assert_eq!(case.us.signals, [Signal::Reset]);
        assert_eq!(case.us.path(), "LISTEN SYN-RECEIVED ESTABLISHED CLOSED");
    });
}
