//! D4, D10, D11, the receiver's part of D17, D24, D28: segments at the edges of the window. D4 and D28 have more tests
//! in files of their own.

use tcp_lifecycle::sim::check;

/// Ten bytes are in flight.
const IN_FLIGHT: &str = "
    ESTABLISHED SND.WND=1000
    send 10
    --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
    ESTABLISHED SND.UNA=100 SND.NXT=110
";

/// The window is closed: ten bytes have been received and not consumed. Ten bytes of ours are in flight.
const CLOSED_WINDOW: &str = "
    config receive_buffer=10
    ESTABLISHED RCV.NXT=290 SND.WND=1000
    <-- <SEQ=290><ACK=100><CTL=ACK><DATA=10>
    --> <SEQ=100><ACK=300><CTL=ACK><WND=0>
    send 10
    --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
    ESTABLISHED RCV.WND=0
";

#[track_caller]
fn from(given: &str, rest: &str) {
    check(&format!("{given}\n{rest}"));
}

// D4
#[test]
fn before_the_handshake_is_verified_no_ack_left_of_the_window_counts() {
    check(
        "
        SYN-RECEIVED
        <-- <SEQ=298><ACK=100><CTL=ACK>                refused: NotAcceptable
        --> <SEQ=100><ACK=300><CTL=ACK>
        <-- <SEQ=299><ACK=100><CTL=ACK>                refused: NotAcceptable
        --> <SEQ=100><ACK=300><CTL=ACK>
        SYN-RECEIVED
        ",
    );
}

// D4
#[test]
fn an_ack_of_our_fin_left_of_the_window_counts_as_in_step_five() {
    check(
        "
        FIN-WAIT-1
        <-- <SEQ=299><ACK=100><CTL=ACK>                accepted
        --> <SEQ=100><ACK=300><CTL=ACK>
        FIN-WAIT-2
        ",
    );
    check(
        "
        LAST-ACK
        <-- <SEQ=299><ACK=100><CTL=ACK>                accepted
        CLOSED
        ",
    );
}

// D4
#[test]
fn ends_whose_windows_are_closed_and_whose_probes_crossed_get_on() {
    check(
        "
        config receive_buffer=11
        ESTABLISHED SND.WND=0 RCV.NXT=290
        <-- <SEQ=290><ACK=100><CTL=ACK><DATA=10>
        --> <SEQ=100><ACK=300><CTL=ACK><WND=1>
        send 5
        + 1s
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=1>        # our probe, on its way
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=1>        # and the peer's, which did not see ours
        --> <SEQ=100><ACK=301><CTL=ACK><WND=0>
        <-- <SEQ=300><ACK=101><CTL=ACK><WND=0>         accepted      # its answer, which did not see that one
        signal: Acknowledged 1
        --> <SEQ=101><ACK=301><CTL=ACK>
        ESTABLISHED SND.UNA=101
        ",
    );
}

// D10
#[test]
fn after_the_peers_fin_payload_is_ignored_but_its_ack_counts() {
    check(
        "
        CLOSE-WAIT
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        <-- <SEQ=300><ACK=105><CTL=ACK><DATA=10>       delivers nothing
        signal: Acknowledged 5
        <-- <SEQ=310><ACK=110><CTL=FIN,ACK><WND=77>    accepted
        signal: Acknowledged 5
        CLOSE-WAIT RCV.NXT=300 SND.WND=77
        ",
    );
    check(
        "
        CLOSING
        <-- <SEQ=300><ACK=100><CTL=FIN,ACK><DATA=10>   delivers nothing
        TIME-WAIT RCV.NXT=300
        ",
    );
    check(
        "
        LAST-ACK
        <-- <SEQ=300><ACK=100><CTL=FIN,ACK><DATA=10>   delivers nothing
        CLOSED
        ",
    );
}

// D10
#[test]
fn in_time_wait_what_comes_behind_the_fin_is_acknowledged_and_not_taken() {
    check(
        "
        config msl=1m
        TIME-WAIT
        + 30s
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>       refused
        --> <SEQ=100><ACK=300><CTL=ACK>
        <-- <SEQ=300><ACK=100><CTL=FIN,ACK>            refused
        --> <SEQ=100><ACK=300><CTL=ACK>
        TIME-WAIT RCV.NXT=300 DEADLINE=90s             # not restarted: it is no FIN of this connection
        ",
    );
}

// D11
#[test]
fn a_reset_is_tested_on_its_own_number_whatever_it_carries() {
    for (state, end) in [("ESTABLISHED", "signal: Reset\nCLOSED"), ("SYN-RECEIVED", "LISTEN")] {
        check(&format!(
            "
            {state}
            <-- <SEQ=295><CTL=RST><DATA=10>                refused: ResetOutsideWindow
            <-- <SEQ=299><CTL=SYN,RST>                     refused: ResetOutsideWindow
            <-- <SEQ=299><CTL=SYN,RST><DATA=10>            refused: ResetOutsideWindow
            <-- <SEQ=301><CTL=RST><DATA=10>                refused: ResetNotAtRcvNxt
            --> <SEQ=100><ACK=300><CTL=ACK>
            {state}
            <-- <SEQ=300><CTL=FIN,RST><DATA=10>            delivers nothing
            {end}
            "
        ));
    }
}

// D11
#[test]
fn with_a_closed_window_a_reset_counts_at_rcv_nxt_alone() {
    from(
        CLOSED_WINDOW,
        "
        <-- <SEQ=301><CTL=RST>                         refused: ResetOutsideWindow
        <-- <SEQ=299><CTL=RST>                         refused: ResetOutsideWindow
        <-- <SEQ=295><CTL=RST><DATA=10>                refused: ResetOutsideWindow
        <-- <SEQ=300><CTL=RST><DATA=10>                delivers nothing
        signal: Reset
        CLOSED
        ",
    );
}

// D17
#[test]
fn a_bare_ack_just_right_of_the_window_is_used_and_not_answered() {
    from(
        IN_FLIGHT,
        "
        <-- <SEQ=65835><ACK=105><CTL=ACK><WND=77>      accepted
        signal: Acknowledged 5
        ESTABLISHED SND.UNA=105 SND.WND=77
        <-- <SEQ=65836><ACK=110><CTL=ACK><WND=88>      refused: NotAcceptable
        --> <SEQ=110><ACK=300><CTL=ACK>
        <-- <SEQ=65835><ACK=110><CTL=ACK><DATA=1>      refused: NotAcceptable
        --> <SEQ=110><ACK=300><CTL=ACK>
        <-- <SEQ=65835><ACK=110><CTL=FIN,ACK>          refused: NotAcceptable
        --> <SEQ=110><ACK=300><CTL=ACK>
        ESTABLISHED SND.UNA=105 SND.WND=77
        ",
    );
}

// D17
#[test]
fn with_a_closed_window_a_bare_ack_behind_one_refused_byte_is_used_and_not_answered() {
    from(
        CLOSED_WINDOW,
        "
        <-- <SEQ=301><ACK=105><CTL=ACK><WND=77>        accepted
        signal: Acknowledged 5
        ESTABLISHED SND.UNA=105 SND.WND=77
        <-- <SEQ=302><ACK=110><CTL=ACK>                refused: NotAcceptable
        --> <SEQ=110><ACK=300><CTL=ACK>
        <-- <SEQ=301><ACK=110><CTL=ACK><DATA=1>        refused: NotAcceptable
        --> <SEQ=110><ACK=300><CTL=ACK>
        ESTABLISHED SND.UNA=105
        ",
    );
}

// D24
#[test]
fn of_a_segment_ahead_the_ack_and_the_window_count_and_text_and_fin_do_not() {
    from(
        IN_FLIGHT,
        "
        <-- <SEQ=310><ACK=105><CTL=ACK><DATA=10><WND=77>   delivers nothing
        signal: Acknowledged 5
        --> <SEQ=110><ACK=300><CTL=ACK>
        ESTABLISHED RCV.NXT=300 SND.WND=77
        <-- <SEQ=320><ACK=110><CTL=FIN,ACK><WND=88>        accepted
        signal: Acknowledged 5
        --> <SEQ=110><ACK=300><CTL=ACK>
        ESTABLISHED RCV.NXT=300 SND.WND=88
        ",
    );
    check(
        "
        FIN-WAIT-1
        <-- <SEQ=310><ACK=100><CTL=FIN,ACK><DATA=10>       delivers nothing
        --> <SEQ=100><ACK=300><CTL=ACK>
        FIN-WAIT-1 -> FIN-WAIT-2
        ",
    );
}

// D24
#[test]
fn of_a_probe_into_a_closed_window_the_ack_and_the_window_count() {
    from(
        CLOSED_WINDOW,
        "
        <-- <SEQ=300><ACK=105><CTL=ACK><DATA=1><WND=77>    delivers nothing
        signal: Acknowledged 5
        --> <SEQ=110><ACK=300><CTL=ACK><WND=0>
        ESTABLISHED RCV.NXT=300 SND.WND=77
        <-- <SEQ=300><ACK=110><CTL=FIN,ACK><DATA=1>        delivers nothing
        signal: Acknowledged 5
        --> <SEQ=110><ACK=300><CTL=ACK><WND=0>
        ESTABLISHED RCV.NXT=300
        ",
    );
}

// D28
#[test]
fn the_peers_fin_takes_no_buffer() {
    check(
        "
        config receive_buffer=1000
        ESTABLISHED
        <-- <SEQ=300><ACK=100><CTL=FIN,ACK><DATA=999>
        signal: Closing
        --> <SEQ=100><ACK=1300><CTL=ACK><WND=1>
        CLOSE-WAIT RCV.WND=1
        ",
    );
    check(
        "
        config receive_buffer=1000
        ESTABLISHED
        <-- <SEQ=300><ACK=100><CTL=FIN,ACK>
        signal: Closing
        --> <SEQ=100><ACK=301><CTL=ACK><WND=1000>
        CLOSE-WAIT RCV.WND=1000
        ",
    );
}
