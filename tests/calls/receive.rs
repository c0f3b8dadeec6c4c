//! RECEIVE, RFC 9293 section 3.10.3.

use tcp_lifecycle::State;
use tcp_lifecycle::sim::check;

use super::table::{after, table};

#[test]
fn receive_of_what_was_never_delivered_state_by_state() {
    table(
        "
        CLOSED: receive 1         => error: connection does not exist
        LISTEN: receive 1         => error: more bytes consumed than delivered
        SYN-SENT: receive 1       => error: more bytes consumed than delivered
        SYN-RECEIVED: receive 1   => error: more bytes consumed than delivered
        ESTABLISHED: receive 1    => error: more bytes consumed than delivered
        FIN-WAIT-1: receive 1     => error: more bytes consumed than delivered
        FIN-WAIT-2: receive 1     => error: more bytes consumed than delivered
        CLOSE-WAIT: receive 1     => error: connection closing
        CLOSING: receive 1        => error: connection closing
        LAST-ACK: receive 1       => error: connection closing
        TIME-WAIT: receive 1      => error: connection closing
        CLOSED: receive 0         =>
        LISTEN: receive 0         =>
        SYN-SENT: receive 0       =>
        SYN-RECEIVED: receive 0   =>
        ESTABLISHED: receive 0    =>
        FIN-WAIT-1: receive 0     =>
        FIN-WAIT-2: receive 0     =>
        CLOSE-WAIT: receive 0     =>
        CLOSING: receive 0        =>
        LAST-ACK: receive 0       =>
        TIME-WAIT: receive 0      =>
        ",
    );
}

/// Ten bytes are delivered and not consumed, followed by the path to each state; and the error of an eleventh byte.
const WITH_TEN_BYTES: [(&str, &str); 7] = [
    ("ESTABLISHED", "more bytes consumed than delivered"),
    (
        "close
        --> <SEQ=100><ACK=310><CTL=FIN,ACK>
        FIN-WAIT-1",
        "more bytes consumed than delivered",
    ),
    (
        "close
        --> <SEQ=100><ACK=310><CTL=FIN,ACK>
        FIN-WAIT-1
        <-- <SEQ=310><ACK=101><CTL=ACK>
        FIN-WAIT-2",
        "more bytes consumed than delivered",
    ),
    (
        "<-- <SEQ=310><ACK=100><CTL=FIN,ACK>
        signal: Closing
        --> <SEQ=100><ACK=311><CTL=ACK>
        CLOSE-WAIT",
        "connection closing",
    ),
    (
        "close
        --> <SEQ=100><ACK=310><CTL=FIN,ACK>
        FIN-WAIT-1
        <-- <SEQ=310><ACK=100><CTL=FIN,ACK>
        signal: Closing
        --> <SEQ=101><ACK=311><CTL=ACK>
        CLOSING",
        "connection closing",
    ),
    (
        "<-- <SEQ=310><ACK=100><CTL=FIN,ACK>
        signal: Closing
        --> <SEQ=100><ACK=311><CTL=ACK>
        CLOSE-WAIT
        close
        --> <SEQ=100><ACK=311><CTL=FIN,ACK>
        LAST-ACK",
        "connection closing",
    ),
    (
        "close
        --> <SEQ=100><ACK=310><CTL=FIN,ACK>
        FIN-WAIT-1
        <-- <SEQ=310><ACK=101><CTL=FIN,ACK>
        signal: Closing
        --> <SEQ=101><ACK=311><CTL=ACK>
        TIME-WAIT",
        "connection closing",
    ),
];

#[test]
fn what_was_delivered_can_be_consumed_once_in_every_state() {
    for (way, error) in WITH_TEN_BYTES {
        let state = way.lines().last().unwrap_or_default();
        check(&format!(
            "
            ESTABLISHED
            <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>
            --> <SEQ=100><ACK=310><CTL=ACK>
            {way}
            receive 11   => error: {error}
            receive 4
            {state} UNREAD=6
            receive 7    => error: {error}
            receive 6
            {state} UNREAD=0
            receive 1    => error: {error}
            "
        ));
    }
}

#[test]
fn after_the_end_there_is_nothing_to_report_to() {
    check(
        "
        ESTABLISHED
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>
        --> <SEQ=100><ACK=310><CTL=ACK>
        <-- <SEQ=310><CTL=RST>
        signal: Reset
        CLOSED UNREAD=0
        receive 10   => error: connection does not exist
        receive 0
        CLOSED UNREAD=0
        ",
    );
}

/// A caller that reports the bytes its user has consumed need not check for zero.
#[test]
fn nothing_can_be_consumed_in_every_state_and_changes_nothing() {
    for state in State::ALL {
        let before = after(state.name());
        let mut connection = before.clone();
        assert_eq!(connection.receive(0), Ok(()), "{state}");
        assert_eq!(connection, before, "{state}");
    }
}

#[test]
fn a_window_that_opens_again_is_told() {
    check(
        "
        config receive_buffer=1000
        ESTABLISHED
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=1000>
        --> <SEQ=100><ACK=1300><CTL=ACK><WND=0>
        receive 499
        receive 1
        --> <SEQ=100><ACK=1300><CTL=ACK><WND=500>
        ESTABLISHED RCV.WND=500
        ",
    );
}
