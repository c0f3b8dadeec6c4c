//! D28: the peer's FIN takes no buffer, so a full buffer is no reason to refuse it. Read literally, Table 6 refuses it,
//! since its number lies right of the window. The honest peer would retransmit it until the user reads.

use tcp_lifecycle::sim::check;

#[test]
fn a_fin_behind_payload_that_fills_the_window_is_taken() {
    for (state, next) in [("ESTABLISHED", "CLOSE-WAIT"), ("FIN-WAIT-2", "TIME-WAIT")] {
        check(&format!(
            "
            config receive_buffer=1000
            {state}
            <-- <SEQ=300><ACK=100><CTL=FIN,ACK><DATA=1000>
            signal: Closing
            --> <SEQ=100><ACK=1301><CTL=ACK><WND=0>
            {next} RCV.NXT=1301 RCV.WND=0 UNREAD=1000
            "
        ));
    }
    check(
        "
        config receive_buffer=1000
        FIN-WAIT-1
        <-- <SEQ=290><ACK=99><CTL=FIN,ACK><DATA=1010>    delivers 10..1010
        signal: Closing
        --> <SEQ=100><ACK=1301><CTL=ACK><WND=0>
        CLOSING
        ",
    );
}

/// Ten bytes fill the window, and nobody reads.
const CLOSED_WINDOW: &str = "
    config receive_buffer=10
    STATE RCV.NXT=290
    <-- <SEQ=290><ACK=100><CTL=ACK><DATA=10>
    --> <SEQ=100><ACK=300><CTL=ACK><WND=0>
    STATE RCV.WND=0
";

#[track_caller]
fn before_a_closed_window(state: &str, rest: &str) {
    check(&format!("{CLOSED_WINDOW}\n{rest}").replace("STATE", state));
}

#[test]
fn a_fin_alone_at_a_closed_window_is_taken() {
    for (state, next, again) in [("ESTABLISHED", "CLOSE-WAIT", "refused"), ("FIN-WAIT-2", "TIME-WAIT", "accepted")] {
        before_a_closed_window(
            state,
            &format!(
                "
                <-- <SEQ=300><ACK=100><CTL=FIN,ACK>
                signal: Closing
                --> <SEQ=100><ACK=301><CTL=ACK><WND=0>
                {next} RCV.NXT=301 UNREAD=10
                <-- <SEQ=300><ACK=100><CTL=FIN,ACK>      {again}     # our ACK was lost
                --> <SEQ=100><ACK=301><CTL=ACK><WND=0>
                {next} RCV.NXT=301 UNREAD=10
                "
            ),
        );
    }
}

#[test]
fn what_it_acknowledges_counts_with_it() {
    before_a_closed_window(
        "ESTABLISHED",
        "
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        <-- <SEQ=300><ACK=110><CTL=FIN,ACK><WND=77>
        signal: Acknowledged 10
        signal: Closing
        --> <SEQ=110><ACK=301><CTL=ACK><WND=0>
        CLOSE-WAIT SND.UNA=110 SND.WND=77
        ",
    );
}

/// The byte before the FIN is not accepted, and so neither is the FIN.
#[test]
fn behind_payload_that_does_not_fit_it_is_not_taken() {
    before_a_closed_window(
        "ESTABLISHED",
        "
        <-- <SEQ=300><ACK=100><CTL=FIN,ACK><DATA=1>      delivers nothing
        --> <SEQ=100><ACK=300><CTL=ACK><WND=0>
        <-- <SEQ=301><ACK=100><CTL=FIN,ACK>              refused
        --> <SEQ=100><ACK=300><CTL=ACK><WND=0>
        ESTABLISHED RCV.NXT=300
        ",
    );
    check(
        "
        config receive_buffer=1000
        ESTABLISHED
        <-- <SEQ=300><ACK=100><CTL=FIN,ACK><DATA=1001>   delivers 0..1000
        --> <SEQ=100><ACK=1300><CTL=ACK><WND=0>
        ESTABLISHED RCV.NXT=1300
        ",
    );
}

/// Table 6 holds for everything except the FIN alone.
#[test]
fn nothing_else_at_a_closed_window_is_taken() {
    before_a_closed_window(
        "ESTABLISHED",
        "
        <-- <SEQ=300><CTL=FIN>                           refused: NoAck
        <-- <SEQ=300><ACK=101><CTL=FIN,ACK>              refused: AckOfUnsent
        --> <SEQ=100><ACK=300><CTL=ACK><WND=0>
        <-- <SEQ=300><CTL=FIN,SYN>                       refused: SynChallenged
        --> <SEQ=100><ACK=300><CTL=ACK><WND=0>
        ESTABLISHED RCV.NXT=300
        <-- <SEQ=300><CTL=FIN,RST>
        signal: Reset
        CLOSED
        ",
    );
}

#[test]
fn with_no_buffer_at_all_a_fin_is_taken() {
    check(
        "
        config receive_buffer=0
        ESTABLISHED
        <-- <SEQ=300><ACK=100><CTL=FIN,ACK>
        signal: Closing
        --> <SEQ=100><ACK=301><CTL=ACK><WND=0>
        CLOSE-WAIT
        ",
    );
}

#[test]
fn payload_and_fin_before_one_poll_are_acknowledged_once() {
    check(
        "
        config receive_buffer=1000, delayed_ack=200ms
        ESTABLISHED
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=1000>
        & <-- <SEQ=1300><ACK=100><CTL=FIN,ACK>
        signal: Closing
        --> <SEQ=100><ACK=1301><CTL=ACK><WND=0>
        CLOSE-WAIT DEADLINE=none
        ",
    );
}

#[test]
fn across_the_wrap_the_edge_is_the_edge() {
    check(
        "
        config receive_buffer=10
        ESTABLISHED RCV.NXT=4294967286
        <-- <SEQ=4294967286><ACK=100><CTL=FIN,ACK><DATA=10>
        signal: Closing
        --> <SEQ=100><ACK=1><CTL=ACK><WND=0>
        CLOSE-WAIT RCV.NXT=1
        ",
    );
    check(
        "
        config receive_buffer=10
        ESTABLISHED RCV.NXT=4294967285
        <-- <SEQ=4294967285><ACK=100><CTL=ACK><DATA=10>
        --> <SEQ=100><ACK=4294967295><CTL=ACK><WND=0>
        <-- <SEQ=4294967295><ACK=100><CTL=FIN,ACK>
        signal: Closing
        --> <SEQ=100><ACK=0><CTL=ACK><WND=0>
        CLOSE-WAIT RCV.NXT=0
        ",
    );
}

/// With timestamps and scaled windows, the edge is that of the announced window, in bytes.
#[test]
fn with_options_the_edge_is_that_of_the_window_that_was_told() {
    check(
        "
        config timestamps=on, receive_buffer=131072
        open passive
        LISTEN
        <-- <SEQ=299><CTL=SYN><WS=7><TS=7,0>
        --> <SEQ=100><ACK=300><CTL=SYN,ACK><WND=65535><WS=2><TS=0,7>
        SYN-RECEIVED RCV.WND=65535
        <-- <SEQ=300><ACK=101><CTL=FIN,ACK><DATA=65535><TS=8,0>
        signal: Closing
        --> <SEQ=101><ACK=65836><CTL=ACK><TS=0,8>
        SYN-RECEIVED -> ESTABLISHED
        ESTABLISHED -> CLOSE-WAIT
        ",
    );
}
