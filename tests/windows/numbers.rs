//! The sequence number of a bare ACK and of the user's reset, chosen so that an honest peer accepts it. D17.

use tcp_lifecycle::sim::check;

/// Both offer window scale: the peer shifts by seven, and we by none. 1,072 bytes fill its window, 101 to 1172.
const FILLED: &str = "
    config window_scale=0
    open active
    --> <SEQ=100><CTL=SYN><WS=0>
    SYN-SENT
    <-- <SEQ=299><ACK=101><CTL=SYN,ACK><WND=1072><WS=7>
    --> <SEQ=101><ACK=300><CTL=ACK>
    ESTABLISHED                         SND.SCALE=7 SND.WND=1072
    send 1072
    --> <SEQ=101><ACK=300><CTL=ACK><DATA=536>
    --> <SEQ=637><ACK=300><CTL=PSH,ACK><DATA=536>
    ESTABLISHED                         SND.NXT=1173
    ";

#[track_caller]
fn filled(script: &str) {
    check(&format!("{FILLED}{script}"));
}

/// One byte has been sent as a probe of the peer's closed window, and was refused.
#[track_caller]
fn refused_probe(state: &str, script: &str) {
    check(&format!(
        "
        {state}                             SND.NXT=100 RCV.NXT=300 SND.WND=0
        send 5
        + 1s
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=1>
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=0>
        {state}                             SND.UNA=100 SND.NXT=101
        {script}"
    ));
}

/// The peer expects 100: a reset at 101 would lie right of its window, and the peer's end would live on.
#[test]
fn an_abort_behind_a_refused_probe_carries_the_number_that_the_peer_awaits() {
    for state in ["ESTABLISHED", "CLOSE-WAIT"] {
        refused_probe(state, "abort\n--> <SEQ=100><CTL=RST>\nCLOSED DEADLINE=none");
    }
}

#[test]
fn an_abort_behind_a_probe_that_was_taken_carries_the_number_behind_it() {
    check(
        "
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=0
        send 5
        + 1s
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=1>
        <-- <SEQ=300><ACK=101><CTL=ACK><WND=0>
        signal: Acknowledged 1
        abort
        --> <SEQ=101><CTL=RST>
        CLOSED
        ",
    );
}

/// The FIN takes a number, but no buffer: a peer accepts it at a closed window (D28).
#[test]
fn an_abort_behind_a_fin_at_a_closed_window_carries_the_number_behind_the_fin() {
    check(
        "
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=0
        close
        FIN-WAIT-1
        + 1s
        --> <SEQ=100><ACK=300><CTL=FIN,ACK>
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10><WND=0>
        --> <SEQ=101><ACK=310><CTL=ACK>
        abort
        --> <SEQ=101><CTL=RST>
        CLOSED
        ",
    );
}

#[test]
fn an_abort_in_fin_wait_1_behind_a_refused_probe_carries_the_number_that_the_peer_awaits() {
    refused_probe("ESTABLISHED", "close\nFIN-WAIT-1\nabort\n--> <SEQ=100><CTL=RST>\nCLOSED");
}

/// RFC 9293 3.10.5: payload that was never sent is lost with the ABORT, so the peer is told.
#[test]
fn an_abort_in_closing_behind_a_refused_probe_carries_the_number_that_the_peer_awaits() {
    refused_probe(
        "ESTABLISHED",
        "
        close
        FIN-WAIT-1
        <-- <SEQ=300><ACK=100><CTL=FIN,ACK><WND=0>
        signal: Closing
        --> <SEQ=100><ACK=301><CTL=ACK>
        CLOSING
        abort
        --> <SEQ=100><CTL=RST>
        CLOSED
        ",
    );
}

/// 2^32 - 1 is the probe, and SND.NXT is 0.
#[test]
fn the_numbers_of_a_refused_probe_may_lie_on_both_sides_of_zero() {
    check(
        "
        ESTABLISHED                         SND.NXT=4294967295 RCV.NXT=4294967290 SND.WND=0
        send 5
        + 1s
        --> <SEQ=4294967295><ACK=4294967290><CTL=ACK><DATA=1>
        <-- <SEQ=4294967290><ACK=4294967295><CTL=ACK><DATA=10><WND=0>
        --> <SEQ=4294967295><ACK=4><CTL=ACK>
        ESTABLISHED                         SND.NXT=0
        abort
        --> <SEQ=4294967295><CTL=RST>
        CLOSED
        ",
    );
}

/// A thousand bytes are in flight, and the peer reduces its window to two hundred: its right edge is 300.
#[test]
fn an_abort_behind_a_window_that_was_taken_back_carries_its_right_edge() {
    for (state, wrap) in [("ESTABLISHED", 0_u32), ("CLOSE-WAIT", 0), ("ESTABLISHED", 4_294_966_796)] {
        let number = |number: u32| number.wrapping_add(wrap);
        check(&format!(
            "
            config nagle=off
            {state}                         SND.NXT={} RCV.NXT=300 SND.WND=1000
            send 1000
            --> <SEQ={}><ACK=300><CTL=ACK><DATA=536>
            --> <SEQ={}><ACK=300><CTL=ACK><DATA=464>
            <-- <SEQ=300><ACK={}><CTL=ACK><WND=200>
            abort
            --> <SEQ={}><CTL=RST>
            CLOSED
            ",
            number(100),
            number(100),
            number(636),
            number(100),
            number(300),
        ));
    }
}

#[test]
fn an_abort_within_the_window_carries_snd_nxt() {
    for window in [1_000, 1_001, 65_535] {
        check(&format!(
            "
            config nagle=off
            ESTABLISHED                     SND.NXT=100 RCV.NXT=300 SND.WND=1000
            send 1000
            --> <SEQ=100><ACK=300><CTL=ACK><DATA=536>
            --> <SEQ=636><ACK=300><CTL=ACK><DATA=464>
            <-- <SEQ=300><ACK=100><CTL=ACK><WND={window}>
            abort
            --> <SEQ=1100><CTL=RST>
            CLOSED
            "
        ));
    }
}

/// Without window scale one number is enough.
#[test]
fn a_window_that_is_one_byte_too_small_moves_both_numbers() {
    check(
        "
        config nagle=off
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=1000
        send 1000
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=536>
        --> <SEQ=636><ACK=300><CTL=ACK><DATA=464>
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10><WND=999>
        --> <SEQ=1099><ACK=310><CTL=ACK>
        abort
        --> <SEQ=1099><CTL=RST>
        CLOSED
        ",
    );
}

/// RFC 9293 3.6.1: bytes that are unread at CLOSE are lost, and the peer has to be told.
#[test]
fn the_reset_of_a_half_duplex_close_behind_a_refused_probe_is_one_that_the_peer_takes() {
    check(
        "
        config half_duplex_close=on
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=0
        send 5
        + 1s
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=1>
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10><WND=0>
        --> <SEQ=100><ACK=310><CTL=ACK>
        close
        --> <SEQ=100><CTL=RST>
        CLOSED
        ",
    );
    check(
        "
        config half_duplex_close=on
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=0
        close
        FIN-WAIT-1
        + 1s
        --> <SEQ=100><ACK=300><CTL=FIN,ACK>
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10><WND=0>     delivers nothing
        signal: Reset
        --> <SEQ=101><CTL=RST>
        CLOSED
        ",
    );
}

/// The window opens for the refused bytes, which have not been sent again: the number is that of an open window.
#[test]
fn a_reset_for_late_payload_behind_a_window_that_opens_carries_snd_nxt() {
    for window in [1, 2] {
        check(&format!(
            "
            config half_duplex_close=on
            ESTABLISHED                     SND.NXT=100 RCV.NXT=300 SND.WND=0
            send 1
            close
            FIN-WAIT-1
            + 1s
            --> <SEQ=100><ACK=300><CTL=PSH,ACK><DATA=1>
            <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10><WND={window}>  delivers nothing
            signal: Reset
            --> <SEQ=101><CTL=RST>
            CLOSED
            "
        ));
    }
}

/// The peer's field announces 4 * 128 of the 536 bytes that it still accepts: it has taken nothing back.
#[test]
fn the_rounding_of_the_peers_window_moves_no_number() {
    filled(
        "
        <-- <SEQ=300><ACK=637><CTL=ACK><DATA=10><WND=4>
        signal: Acknowledged 536
        --> <SEQ=1173><ACK=310><CTL=ACK>
        ESTABLISHED                     SND.WND=512
        <-- <SEQ=311><CTL=RST>          refused: ResetNotAtRcvNxt
        --> <SEQ=1173><ACK=310><CTL=ACK>
        abort
        --> <SEQ=1173><CTL=RST>
        CLOSED
        ",
    );
}

/// Less than one step of the scale is rounding: 1173 less the edge of 1046 is 127. At 1045 the window was taken back.
#[test]
fn one_step_of_the_scale_is_more_than_rounding() {
    filled(
        "
        <-- <SEQ=300><ACK=662><CTL=ACK><DATA=10><WND=3>
        signal: Acknowledged 561
        --> <SEQ=1173><ACK=310><CTL=ACK>
        abort
        --> <SEQ=1173><CTL=RST>
        CLOSED
        ",
    );
    filled(
        "
        <-- <SEQ=300><ACK=661><CTL=ACK><DATA=10><WND=3>
        signal: Acknowledged 560
        --> <SEQ=1045><ACK=310><CTL=ACK>
        abort
        --> <SEQ=1045><CTL=RST>
        CLOSED
        ",
    );
}

/// A window that rounds to zero is not closed if the peer has a hundred bytes of room.
#[test]
fn a_window_that_reads_zero_by_its_rounding_moves_no_number() {
    filled(
        "
        <-- <SEQ=300><ACK=1073><CTL=ACK><DATA=10><WND=0>
        signal: Acknowledged 972
        --> <SEQ=1173><ACK=310><CTL=ACK>
        abort
        --> <SEQ=1173><CTL=RST>
        CLOSED
        ",
    );
}

/// A probe is one byte, which is less than a step with window scale. The peer accepts bytes within its rounding.
#[test]
fn a_probe_of_a_scaled_window_is_within_its_rounding() {
    filled(
        "
        <-- <SEQ=300><ACK=1173><CTL=ACK><WND=0>
        signal: Acknowledged 1072
        send 5
        + 1s
        --> <SEQ=1173><ACK=300><CTL=ACK><DATA=1>
        <-- <SEQ=300><ACK=1174><CTL=ACK><DATA=10><WND=0>
        signal: Acknowledged 1
        --> <SEQ=1174><ACK=310><CTL=ACK>
        ",
    );
}

/// D4, D17: the ACK after the user's RECEIVE announces the window, and the peer must not refuse it either.
#[test]
fn an_update_of_our_window_is_not_lost_for_the_rounding_of_the_peers() {
    check(
        "
        config window_scale=0, receive_buffer=1000
        open active
        --> <SEQ=100><CTL=SYN><WS=0>
        SYN-SENT
        <-- <SEQ=299><ACK=101><CTL=SYN,ACK><WND=1072><WS=7>
        --> <SEQ=101><ACK=300><CTL=ACK>
        ESTABLISHED
        send 1072
        --> <SEQ=101><ACK=300><CTL=ACK><DATA=536>
        --> <SEQ=637><ACK=300><CTL=PSH,ACK><DATA=536>
        <-- <SEQ=300><ACK=637><CTL=ACK><DATA=1000><WND=4>
        signal: Acknowledged 536
        --> <SEQ=1173><ACK=1300><CTL=ACK><WND=0>
        receive 1000
        --> <SEQ=1173><ACK=1300><CTL=ACK><WND=1000>
        ",
    );
}

/// A delayed ACK has the number of the moment when it is sent.
#[test]
fn a_delayed_ack_follows_the_rule_when_it_goes_out() {
    let flight = "
        config delayed_ack=200ms, nagle=off
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=1000
        send 1000
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=536>
        --> <SEQ=636><ACK=300><CTL=ACK><DATA=464>
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10><WND=200>";
    check(&format!("{flight}\n+ 200ms\n--> <SEQ=300><ACK=310><CTL=ACK>"));
    check(&format!(
        "{flight}
        + 100ms
        <-- <SEQ=310><ACK=100><CTL=ACK><WND=1000>
        + 100ms
        --> <SEQ=1100><ACK=310><CTL=ACK>"
    ));
}

/// The window has opened again before the user aborts.
#[test]
fn several_events_before_one_poll_count_with_the_last_window() {
    refused_probe(
        "ESTABLISHED",
        "
        <-- <SEQ=300><ACK=101><CTL=ACK><WND=1000>
        & abort
        signal: Acknowledged 1
        --> <SEQ=101><CTL=RST>
        CLOSED
        ",
    );
}

/// With timestamps the reset has the TSval of the moment, and the same number.
#[test]
fn timestamps_change_no_number() {
    check(
        "
        config timestamps=on
        ISS=99
        open active
        --> <SEQ=99><CTL=SYN><TS=0,0>
        SYN-SENT
        <-- <SEQ=299><ACK=100><CTL=SYN,ACK><WND=0><TS=1000,0>
        --> <SEQ=100><ACK=300><CTL=ACK><TS=0,1000>
        ESTABLISHED
        send 5
        + 1s
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=1><TS=1000,1000>
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10><WND=0><TS=2000,0>
        --> <SEQ=100><ACK=310><CTL=ACK><TS=1000,2000>
        abort
        --> <SEQ=100><CTL=RST><TS=1000,0>
        CLOSED
        ",
    );
}

/// The peer knows of our FIN only by what it was sent: before our SYN is acknowledged the number is SND.NXT.
#[test]
fn before_our_syn_is_acknowledged_an_abort_carries_snd_nxt() {
    check("SYN-RECEIVED SND.NXT=100 SND.WND=0\nabort\n--> <SEQ=100><CTL=RST>\nCLOSED");
    check(
        "
        SYN-RECEIVED                        SND.NXT=100 RCV.NXT=300 SND.WND=0
        close
        --> <SEQ=100><ACK=300><CTL=FIN,ACK>
        FIN-WAIT-1                          SND.NXT=101
        abort
        --> <SEQ=101><CTL=RST>
        CLOSED
        ",
    );
}
