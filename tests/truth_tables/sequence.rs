//! RFC 9293 section 3.10.7.4, first: Table 6 at each edge of the window, from 300 to 65834 and from 300 to 309.

use super::table::{RECEIVING, SYNCHRONIZED, table};

/// The window is closed: ten bytes have been received, none consumed, and RCV.NXT is 300.
const CLOSED_WINDOW: &str = "
    config receive_buffer=10
    ESTABLISHED RCV.NXT=290
    <-- <SEQ=290><ACK=100><CTL=ACK><DATA=10>
    --> <SEQ=100><ACK=300><CTL=ACK><WND=0>
    ESTABLISHED RCV.WND=0
";

#[test]
fn a_segment_without_length_must_lie_in_the_window() {
    for state in ["ESTABLISHED", "FIN-WAIT-2", "CLOSE-WAIT"] {
        table(
            state,
            "
            <SEQ=299><ACK=100><CTL=ACK>               refused: NotAcceptable => <SEQ=100><ACK=300><CTL=ACK>
            <SEQ=300><ACK=100><CTL=ACK>               accepted =>
            <SEQ=301><ACK=100><CTL=ACK>               accepted =>
            <SEQ=65834><ACK=100><CTL=ACK>             accepted =>
            <SEQ=65836><ACK=100><CTL=ACK>             refused: NotAcceptable => <SEQ=100><ACK=300><CTL=ACK>
            <SEQ=2147483947><ACK=100><CTL=ACK>        refused: NotAcceptable => <SEQ=100><ACK=300><CTL=ACK>
            <SEQ=2147483948><ACK=100><CTL=ACK>        refused: NotAcceptable => <SEQ=100><ACK=300><CTL=ACK>
            <SEQ=2147483949><ACK=100><CTL=ACK>        refused: NotAcceptable => <SEQ=100><ACK=300><CTL=ACK>
            ",
        );
    }
}

#[test]
fn a_segment_with_length_must_have_its_first_or_its_last_octet_in_the_window() {
    for state in RECEIVING {
        table(
            state,
            "
            <SEQ=299><ACK=99><CTL=ACK><DATA=1>       refused: NotAcceptable => <SEQ=100><ACK=300><CTL=ACK>
            <SEQ=290><ACK=99><CTL=ACK><DATA=10>      refused: NotAcceptable => <SEQ=100><ACK=300><CTL=ACK>
            <SEQ=290><ACK=99><CTL=ACK><DATA=11>      delivers 10..11 => <SEQ=100><ACK=301><CTL=ACK>
            <SEQ=300><ACK=99><CTL=ACK><DATA=1>       delivers 0..1 => <SEQ=100><ACK=301><CTL=ACK>
            <SEQ=301><ACK=99><CTL=ACK><DATA=1>       delivers nothing => <SEQ=100><ACK=300><CTL=ACK>
            <SEQ=65834><ACK=99><CTL=ACK><DATA=1>     delivers nothing => <SEQ=100><ACK=300><CTL=ACK>
            <SEQ=65834><ACK=99><CTL=ACK><DATA=99>    delivers nothing => <SEQ=100><ACK=300><CTL=ACK>
            <SEQ=65835><ACK=99><CTL=ACK><DATA=1>     refused: NotAcceptable => <SEQ=100><ACK=300><CTL=ACK>
            <SEQ=65835><ACK=99><CTL=FIN,ACK>         refused: NotAcceptable => <SEQ=100><ACK=300><CTL=ACK>
            <SEQ=299><ACK=99><CTL=FIN,ACK>           refused: NotAcceptable => <SEQ=100><ACK=300><CTL=ACK>
            <SEQ=290><ACK=99><CTL=FIN,ACK><DATA=9>   refused: NotAcceptable => <SEQ=100><ACK=300><CTL=ACK>
            ",
        );
    }
}

#[test]
fn the_window_wraps_with_the_numbers() {
    table(
        "ESTABLISHED   RCV.NXT=4294967295",
        "
        <SEQ=4294967294><ACK=100><CTL=ACK>            refused: NotAcceptable => <SEQ=100><ACK=4294967295><CTL=ACK>
        <SEQ=0><ACK=100><CTL=ACK>                     accepted =>
        <SEQ=65533><ACK=100><CTL=ACK>                 accepted =>
        <SEQ=65535><ACK=100><CTL=ACK>                 refused: NotAcceptable => <SEQ=100><ACK=4294967295><CTL=ACK>
        <SEQ=4294967295><ACK=100><CTL=ACK><DATA=10>   delivers 0..10 => <SEQ=100><ACK=9><CTL=ACK>
        <SEQ=4294967290><ACK=100><CTL=ACK><DATA=10>   delivers 5..10 => <SEQ=100><ACK=4><CTL=ACK>
        <SEQ=0><CTL=RST>                              refused: ResetNotAtRcvNxt => <SEQ=100><ACK=4294967295><CTL=ACK>
        ",
    );
}

#[test]
fn a_segment_that_covers_a_small_window_but_neither_begins_nor_ends_there_is_not_acceptable() {
    table(
        "config receive_buffer=10\nESTABLISHED",
        "
        <SEQ=299><ACK=100><CTL=ACK><DATA=12>          refused: NotAcceptable => <SEQ=100><ACK=300><CTL=ACK>
        <SEQ=299><ACK=100><CTL=ACK><DATA=11>          delivers 1..11 => <SEQ=100><ACK=310><CTL=ACK><WND=0>
        <SEQ=300><ACK=100><CTL=ACK><DATA=11>          delivers 0..10 => <SEQ=100><ACK=310><CTL=ACK><WND=0>
        <SEQ=309><ACK=100><CTL=ACK><DATA=11>          delivers nothing => <SEQ=100><ACK=300><CTL=ACK><WND=10>
        <SEQ=310><ACK=100><CTL=ACK><DATA=1>           refused: NotAcceptable => <SEQ=100><ACK=300><CTL=ACK>
        ",
    );
}

#[test]
fn a_closed_window_takes_no_text_but_acks_and_resets() {
    table(
        CLOSED_WINDOW,
        "
        <SEQ=300><ACK=100><CTL=ACK>                   accepted =>
        <SEQ=300><ACK=100><CTL=ACK><WND=5>            accepted => ESTABLISHED SND.WND=5
        <SEQ=302><ACK=100><CTL=ACK>                   refused: NotAcceptable => <SEQ=100><ACK=300><CTL=ACK><WND=0>
        <SEQ=299><ACK=100><CTL=ACK>                   refused: NotAcceptable => <SEQ=100><ACK=300><CTL=ACK><WND=0>
        <SEQ=299><ACK=100><CTL=ACK><DATA=1>           refused: NotAcceptable => <SEQ=100><ACK=300><CTL=ACK><WND=0>
        <SEQ=301><ACK=100><CTL=ACK><DATA=1>           refused: NotAcceptable => <SEQ=100><ACK=300><CTL=ACK><WND=0>
        <SEQ=300><ACK=100><CTL=ACK><DATA=1>           delivers nothing => <SEQ=100><ACK=300><CTL=ACK><WND=0>
        <SEQ=300><ACK=100><CTL=ACK><DATA=1><WND=5>    delivers nothing => <SEQ=100><ACK=300><CTL=ACK><WND=0>; ESTABLISHED SND.WND=5
        <SEQ=300><ACK=100><CTL=FIN,ACK>               => signal: Closing; <SEQ=100><ACK=301><CTL=ACK><WND=0>; CLOSE-WAIT RCV.NXT=301
        <SEQ=290><ACK=100><CTL=ACK><DATA=11>          refused: NotAcceptable => <SEQ=100><ACK=300><CTL=ACK><WND=0>
        <SEQ=300><CTL=SYN>                            refused => <SEQ=100><ACK=300><CTL=ACK>
        <SEQ=300><CTL=RST>                            => signal: Reset; CLOSED
        <SEQ=300><CTL=RST><DATA=1>                    delivers nothing => signal: Reset; CLOSED
        <SEQ=301><CTL=RST>                            refused: ResetOutsideWindow =>
        <SEQ=299><CTL=RST>                            refused: ResetOutsideWindow =>
        <SEQ=299><CTL=RST><DATA=1>                    refused: ResetOutsideWindow =>
        ",
    );
}

#[test]
fn in_every_state_a_segment_outside_the_window_is_acknowledged_and_dropped() {
    for state in SYNCHRONIZED {
        table(
            state,
            "
            <SEQ=65836><ACK=100><CTL=ACK>             refused: NotAcceptable => <SEQ=100><ACK=300><CTL=ACK>
            <SEQ=65835><ACK=100><CTL=ACK><DATA=5>     refused: NotAcceptable => <SEQ=100><ACK=300><CTL=ACK>
            <SEQ=200><ACK=99><CTL=ACK><DATA=50>       refused: NotAcceptable => <SEQ=100><ACK=300><CTL=ACK>
            <SEQ=200><CTL=><DATA=50>                  refused: NotAcceptable => <SEQ=100><ACK=300><CTL=ACK>
            <SEQ=200><CTL=FIN>                        refused: NotAcceptable => <SEQ=100><ACK=300><CTL=ACK>
            <SEQ=200><CTL=RST>                        refused: ResetOutsideWindow =>
            ",
        );
    }
}

#[test]
fn the_peers_fin_takes_no_room_in_the_window() {
    for state in ["CLOSE-WAIT", "CLOSING", "LAST-ACK"] {
        table(
            state, // the FIN was 299, and the window is still 65535
            "
            <SEQ=65834><CTL=RST>                      refused: ResetNotAtRcvNxt => <SEQ=100><ACK=300><CTL=ACK>
            <SEQ=65835><CTL=RST>                      refused: ResetOutsideWindow =>
            ",
        );
    }
}
