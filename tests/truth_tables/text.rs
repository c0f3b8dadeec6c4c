//! RFC 9293 section 3.10.7.4, seventh: the segment text.

use super::table::{RECEIVING, table};

#[test]
fn text_at_rcv_nxt_is_delivered_and_acknowledged() {
    for state in RECEIVING {
        table(
            state,
            "
            <SEQ=300><ACK=99><CTL=ACK><DATA=1>            delivers 0..1 => <SEQ=100><ACK=301><CTL=ACK><WND=65534>
            <SEQ=300><ACK=99><CTL=PSH,ACK><DATA=536>      delivers 0..536 => <SEQ=100><ACK=836><CTL=ACK><WND=64999>
            <SEQ=300><ACK=99><CTL=ACK><DATA=65535>        delivers 0..65535 => <SEQ=100><ACK=65835><CTL=ACK><WND=0>
            ",
        );
    }
}

#[test]
fn text_is_trimmed_at_the_left_edge() {
    for state in RECEIVING {
        table(
            state,
            "
            <SEQ=299><ACK=99><CTL=ACK><DATA=2>            delivers 1..2 => <SEQ=100><ACK=301><CTL=ACK>
            <SEQ=250><ACK=99><CTL=ACK><DATA=100>          delivers 50..100 => <SEQ=100><ACK=350><CTL=ACK>
            <SEQ=250><ACK=99><CTL=ACK><DATA=50>           refused: NotAcceptable => <SEQ=100><ACK=300><CTL=ACK>
            ",
        );
    }
}

#[test]
fn text_is_trimmed_at_the_right_edge() {
    for state in RECEIVING {
        let rows = "
            <SEQ=300><ACK=99><CTL=ACK><DATA=10>           delivers 0..10 => <SEQ=100><ACK=310><CTL=ACK><WND=0>
            <SEQ=300><ACK=99><CTL=ACK><DATA=11>           delivers 0..10 => <SEQ=100><ACK=310><CTL=ACK><WND=0>
            <SEQ=300><ACK=99><CTL=ACK><DATA=65535>        delivers 0..10 => <SEQ=100><ACK=310><CTL=ACK><WND=0>
            <SEQ=295><ACK=99><CTL=ACK><DATA=15>           delivers 5..15 => <SEQ=100><ACK=310><CTL=ACK><WND=0>
            ";
        table(&format!("config receive_buffer=10\n{state}"), rows);
    }
}

#[test]
fn text_ahead_of_rcv_nxt_is_answered_with_what_is_missing() {
    for state in RECEIVING {
        table(
            state,
            "
            <SEQ=301><ACK=99><CTL=ACK><DATA=1>            delivers nothing => <SEQ=100><ACK=300><CTL=ACK><WND=65535>
            <SEQ=836><ACK=99><CTL=ACK><DATA=536>          delivers nothing => <SEQ=100><ACK=300><CTL=ACK>
            <SEQ=310><ACK=99><CTL=FIN,ACK><DATA=10>       delivers nothing => <SEQ=100><ACK=300><CTL=ACK>
            ",
        );
    }
}

#[test]
fn the_gap_is_filled_by_the_caller_who_kept_what_was_ahead() {
    table(
        "
        ESTABLISHED
        <-- <SEQ=310><ACK=100><CTL=ACK><DATA=10>   delivers nothing
        --> <SEQ=100><ACK=300><CTL=ACK>
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>
        --> <SEQ=100><ACK=310><CTL=ACK>
        ",
        "
        <SEQ=310><ACK=100><CTL=ACK><DATA=10>              delivers 0..10 => <SEQ=100><ACK=320><CTL=ACK>
        ",
    );
}

#[test]
fn an_acknowledgment_rides_on_the_text_that_goes_out() {
    table(
        "
        ESTABLISHED SND.WND=0
        send 10
        ",
        "
        <SEQ=300><ACK=100><CTL=ACK><DATA=10><WND=100>     => <SEQ=100><ACK=310><CTL=ACK><DATA=10> bytes 0..10
        ",
    );
}

#[test]
fn after_the_peers_fin_text_is_ignored() {
    for state in ["CLOSE-WAIT", "CLOSING", "LAST-ACK"] {
        table(
            state,
            "
            <SEQ=300><ACK=99><CTL=ACK><DATA=10>           delivers nothing =>
            <SEQ=310><ACK=99><CTL=ACK><DATA=10>           delivers nothing =>
            <SEQ=295><ACK=99><CTL=ACK><DATA=10>           delivers nothing =>
            ",
        );
    }
}

#[test]
fn text_that_is_repeated_after_the_peers_fin_is_acknowledged() {
    for state in ["CLOSE-WAIT", "CLOSING", "LAST-ACK", "TIME-WAIT"] {
        table(
            state,
            "
            <SEQ=290><ACK=99><CTL=ACK><DATA=5>            refused: NotAcceptable => <SEQ=100><ACK=300><CTL=ACK>
            ",
        );
    }
}
