//! Which signals are ends: after them no output follows, and the connection is CLOSED.

use tcp_lifecycle::{Config, IcmpError, Instant, Output, Signal, State};

use super::{after, segment};

#[test]
fn a_refusal_a_reset_a_timeout_and_an_unreachable_peer_are_ends() {
    for signal in [Signal::Refused, Signal::Reset, Signal::TimedOut, Signal::Unreachable(IcmpError::PortUnreachable)] {
        assert!(signal.is_end(), "{signal:?}");
    }
    for signal in [
        Signal::Acknowledged(1),
        Signal::CongestionExperienced,
        Signal::Urgent,
        Signal::Closing,
        Signal::SoftError(IcmpError::PortUnreachable),
        Signal::RetransmissionTimeout,
        Signal::Retransmitting,
    ] {
        assert!(!signal.is_end(), "{signal:?}");
    }
}

/// In the order of events in RFC 9293: what was acknowledged, then that the timer has fired, then R1, then the end.
#[test]
fn the_end_is_the_last_signal_there_is() {
    let mut connection =
        after(&Config { r1: 1, ..Config::DEFAULT }, "ESTABLISHED\n send 20\n --> <SEQ=100><ACK=300><CTL=ACK><DATA=20>");
    let now = Instant::from_micros(1_000_000);
    connection.timeout(now);
    for text in ["<SEQ=300><ACK=110><CTL=FIN,ACK><WND=1000>", "<SEQ=301><CTL=RST>"] {
        connection.segment_arrives(&segment(text), now).unwrap();
    }
    let mut signals = Vec::new();
    loop {
        match connection.poll(now) {
            Output::Signal(signal) => signals.push(signal),
            Output::Transition(_) | Output::Transmit(_) => (),
            Output::Wait(_) => break,
        }
    }
    assert_eq!(connection.state(), State::Closed);
    let ends = signals.iter().filter(|signal| signal.is_end()).count();
    assert!(ends == 1 && signals.last().is_some_and(Signal::is_end), "{signals:?}");
    assert_eq!(signals.first(), Some(&Signal::Acknowledged(10)));
}
