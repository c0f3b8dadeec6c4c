//! RFC 9293 section 3.10.7.4, eighth: the FIN bit.

use super::table::table;

/// Each state, an acknowledgment that does not cover our FIN, and the state after the peer's FIN.
const PEER_CLOSES: [(&str, u32, &str); 4] = [
    ("ESTABLISHED", 100, "CLOSE-WAIT"),
    ("FIN-WAIT-1", 99, "CLOSING"),
    ("FIN-WAIT-1", 100, "TIME-WAIT"),
    ("FIN-WAIT-2", 100, "TIME-WAIT"),
];

#[test]
fn the_peers_fin_is_acknowledged_and_the_user_is_told() {
    for (state, ack, next) in PEER_CLOSES {
        table(
            state,
            &format!(
                "
                <SEQ=300><ACK={ack}><CTL=FIN,ACK>            => signal: Closing; <SEQ=100><ACK=301><CTL=ACK><WND=65535>; {state} -> {next}; {next} RCV.NXT=301
                <SEQ=300><ACK={ack}><CTL=FIN,PSH,ACK>        => signal: Closing; <SEQ=100><ACK=301><CTL=ACK>; {next}
                <SEQ=300><ACK={ack}><CTL=FIN,ACK><DATA=10>   delivers 0..10 => signal: Closing; <SEQ=100><ACK=311><CTL=ACK><WND=65525>; {next} RCV.NXT=311
                <SEQ=295><ACK={ack}><CTL=FIN,ACK><DATA=10>   delivers 5..10 => signal: Closing; <SEQ=100><ACK=306><CTL=ACK>; {next} RCV.NXT=306
                <SEQ=290><ACK={ack}><CTL=FIN,ACK><DATA=10>   delivers 10..10 => signal: Closing; <SEQ=100><ACK=301><CTL=ACK>; {next} RCV.NXT=301
                "
            ),
        );
    }
}

#[test]
fn a_fin_behind_something_missing_is_not_taken() {
    for state in ["ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2"] {
        table(
            state,
            &format!(
                "
                <SEQ=301><ACK=99><CTL=FIN,ACK>            accepted => <SEQ=100><ACK=300><CTL=ACK>; {state} RCV.NXT=300
                <SEQ=310><ACK=99><CTL=FIN,ACK><DATA=10>   delivers nothing => <SEQ=100><ACK=300><CTL=ACK>; {state} RCV.NXT=300
                "
            ),
        );
    }
}

#[test]
fn a_fin_beyond_the_window_is_trimmed() {
    table(
        "config receive_buffer=10\nESTABLISHED",
        "
        <SEQ=300><ACK=100><CTL=FIN,ACK><DATA=9>           delivers 0..9 => signal: Closing; <SEQ=100><ACK=310><CTL=ACK>; CLOSE-WAIT RCV.NXT=310
        <SEQ=300><ACK=100><CTL=FIN,ACK><DATA=10>          delivers 0..10 => signal: Closing; <SEQ=100><ACK=311><CTL=ACK>; CLOSE-WAIT RCV.NXT=311
        <SEQ=300><ACK=100><CTL=FIN,ACK><DATA=11>          delivers 0..10 => <SEQ=100><ACK=310><CTL=ACK>; ESTABLISHED RCV.NXT=310
        <SEQ=300><ACK=100><CTL=FIN,ACK><DATA=20>          delivers 0..10 => <SEQ=100><ACK=310><CTL=ACK>; ESTABLISHED RCV.NXT=310
        ",
    );
}

#[test]
fn every_way_into_time_wait_starts_2_msl_and_stops_the_other_timers() {
    for (state, ack) in [("FIN-WAIT-1", 100), ("FIN-WAIT-2", 100)] {
        table(
            &format!("config msl=30s\n{state}"),
            &format!(
                "<SEQ=300><ACK={ack}><CTL=FIN,ACK>   => signal: Closing; <SEQ=100><ACK=301><CTL=ACK>; TIME-WAIT DEADLINE=1m; + 59.999s; + 1ms; CLOSED DEADLINE=none"
            ),
        );
    }
    table(
        "config msl=30s\nCLOSING",
        "<SEQ=300><ACK=100><CTL=ACK>   => TIME-WAIT DEADLINE=1m; + 59.999s; + 1ms; CLOSED DEADLINE=none",
    );
}

#[test]
fn a_second_fin_behind_the_first_changes_nothing() {
    for state in ["CLOSE-WAIT", "CLOSING", "LAST-ACK"] {
        table(
            state,
            &format!(
                "
                <SEQ=300><ACK=99><CTL=FIN,ACK>            accepted => {state} RCV.NXT=300
                <SEQ=300><ACK=99><CTL=FIN,ACK><DATA=10>   delivers nothing => {state} RCV.NXT=300
                "
            ),
        );
    }
}

#[test]
fn the_same_fin_again_is_acknowledged_again() {
    for state in ["CLOSE-WAIT", "CLOSING", "LAST-ACK"] {
        table(
            state, // its FIN was 299
            "
            <SEQ=299><ACK=99><CTL=FIN,ACK>            refused: NotAcceptable => <SEQ=100><ACK=300><CTL=ACK>
            <SEQ=289><ACK=99><CTL=FIN,ACK><DATA=10>   refused: NotAcceptable => <SEQ=100><ACK=300><CTL=ACK>
            ",
        );
    }
    table(
        "config msl=30s\nTIME-WAIT\n+ 10s",
        "
        <SEQ=299><ACK=100><CTL=FIN,ACK>               accepted => <SEQ=100><ACK=300><CTL=ACK>; TIME-WAIT DEADLINE=1m RCV.NXT=300
        <SEQ=289><ACK=100><CTL=FIN,ACK><DATA=10>      delivers nothing => <SEQ=100><ACK=300><CTL=ACK>; TIME-WAIT DEADLINE=1m RCV.NXT=300
        ",
    );
}
