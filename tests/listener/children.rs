//! An event that would return a connection of a listener to LISTEN ends it.

use tcp_lifecycle::{Config, Connection, Control, IcmpError, Instant, Open, Segment, SeqNumber, State};

use super::{NOW, drain, listener, segment, syn};

const CHILD: &str = "<SEQ=100><CTL=SYN><WND=1000>";

/// A child in SYN-RECEIVED, drained; and its ISS.
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
    // The SYN,ACK is retransmitted, R1 is not signalled, and then the end follows.
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

/// A child with ten bytes queued, and the CLOSE behind them.
fn child_whose_user_has_closed() -> (Connection, SeqNumber) {
    let (mut child, iss) = child();
    child.send(10, NOW).unwrap();
    child.close(NOW).unwrap();
    assert_eq!(drain(&mut child, NOW), [""; 0]);
    (child, iss)
}

/// The user of such a child waits for its end, which is signalled like any other.
#[test]
fn the_end_of_a_child_whose_user_has_closed_is_signalled() {
    for (text, signal) in [("<SEQ=101><CTL=RST>", "Refused"), ("<SEQ=200><CTL=SYN>", "Reset")] {
        let (mut child, _) = child_whose_user_has_closed();
        assert_eq!(child.segment_arrives(&segment(text), NOW), Ok(0..0));
        assert_eq!(drain(&mut child, NOW), ["SYN-RECEIVED -> CLOSED", signal], "{text}");
        assert_ended_already(&child);
    }
    let (mut child, iss) = child_whose_user_has_closed();
    assert_eq!(child.icmp(IcmpError::PortUnreachable, iss), Ok(()));
    assert_eq!(drain(&mut child, NOW), ["SYN-RECEIVED -> CLOSED", "Unreachable(PortUnreachable)"]);
    let (mut child, _) = child_whose_user_has_closed();
    let mut lines = Vec::new();
    while let Some(deadline) = child.deadline() {
        child.timeout(deadline);
        lines.extend(drain(&mut child, deadline));
    }
    assert_eq!(lines.last().map(String::as_str), Some("TimedOut"));
    assert_ended_already(&child);
}

/// The queue is sent when the handshake is complete, and the CLOSE with it.
#[test]
fn a_child_whose_user_has_closed_sends_what_is_queued() {
    let (mut child, iss) = child_whose_user_has_closed();
    let ack = Segment::new(SeqNumber(101), iss + 1, Control::ACK).with_window(1_000);
    assert_eq!(child.segment_arrives(&ack, NOW), Ok(0..0));
    let lines = drain(&mut child, NOW);
    assert_eq!(lines[..2], ["SYN-RECEIVED -> ESTABLISHED", "ESTABLISHED -> FIN-WAIT-1"]);
    assert_eq!(lines.len(), 3);
}
