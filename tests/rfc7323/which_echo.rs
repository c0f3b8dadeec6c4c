//! Which timestamp to echo: RFC 7323 section 4.3. Last.ACK.sent lags behind RCV.NXT until the caller polls.

use crate::once_agreed;

/// (A) Of three segments before one ACK the first counts.
#[test]
fn a_delayed_ack_echoes_the_earliest_segment() {
    once_agreed(
        "
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10><TS=1001,20>
        & <-- <SEQ=310><ACK=100><CTL=ACK><DATA=10><TS=1002,20>
        & <-- <SEQ=320><ACK=100><CTL=ACK><DATA=10><TS=1003,20>
        --> <SEQ=100><ACK=330><CTL=ACK><TS=20,1001>
        <-- <SEQ=330><ACK=100><CTL=ACK><DATA=10><TS=1004,20>
        --> <SEQ=100><ACK=340><CTL=ACK><TS=20,1004>
        ",
    );
}

/// A bare ACK behind the payload does not replace it, nor does the FIN.
#[test]
fn what_follows_the_earliest_segment_does_not_count() {
    once_agreed(
        "
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10><TS=1001,20>
        & <-- <SEQ=310><ACK=100><CTL=ACK><TS=1002,20>
        & <-- <SEQ=310><ACK=100><CTL=FIN,ACK><TS=1003,20>
        signal: Closing
        --> <SEQ=100><ACK=311><CTL=ACK><TS=20,1001>
        CLOSE-WAIT
        ",
    );
}

/// Outgoing payload carries the ACK, so it sets Last.ACK.sent too.
#[test]
fn the_ack_that_rides_on_payload_is_the_last_ack_sent() {
    once_agreed(
        "
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10><TS=1001,20>
        & send 5
        & <-- <SEQ=310><ACK=100><CTL=ACK><DATA=10><TS=1002,20>
        --> <SEQ=100><ACK=320><CTL=ACK><DATA=5><TS=20,1001>
        <-- <SEQ=320><ACK=105><CTL=ACK><TS=1003,20>
        signal: Acknowledged 5
        send 5
        --> <SEQ=105><ACK=320><CTL=ACK><DATA=5><TS=20,1003>
        ",
    );
}

/// (B) and (C), as in the figure of section 4.3: C and E arrive before B and D, and are handed in again.
#[test]
fn a_hole_echoes_the_segment_before_it_and_filled_the_one_that_filled_it() {
    once_agreed(
        "
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10><TS=1001,20>                        # A
        --> <SEQ=100><ACK=310><CTL=ACK><TS=20,1001>
        <-- <SEQ=320><ACK=100><CTL=ACK><DATA=10><TS=1003,20>    delivers nothing    # C
        --> <SEQ=100><ACK=310><CTL=ACK><TS=20,1001>
        <-- <SEQ=310><ACK=100><CTL=ACK><DATA=10><TS=1002,20>                        # B
        & <-- <SEQ=320><ACK=100><CTL=ACK><DATA=10><TS=1002,20>                      # C, again
        --> <SEQ=100><ACK=330><CTL=ACK><TS=20,1002>
        <-- <SEQ=340><ACK=100><CTL=ACK><DATA=10><TS=1005,20>    delivers nothing    # E
        --> <SEQ=100><ACK=330><CTL=ACK><TS=20,1002>
        <-- <SEQ=330><ACK=100><CTL=ACK><DATA=10><TS=1004,20>                        # D
        --> <SEQ=100><ACK=340><CTL=ACK><TS=20,1004>
        ",
    );
}

/// 5.3: the payload that the caller kept was tested when it arrived. Handed in again, it has the timestamp of the
/// segment that filled the hole, which may be later than its own.
#[test]
fn payload_that_was_kept_is_not_old_when_it_is_handed_in_again() {
    once_agreed(
        "
        <-- <SEQ=310><ACK=100><CTL=ACK><DATA=10><TS=1001,20>    delivers nothing
        --> <SEQ=100><ACK=300><CTL=ACK><TS=20,1000>
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10><TS=1500,20>
        & <-- <SEQ=310><ACK=100><CTL=ACK><DATA=10><TS=1500,20>
        --> <SEQ=100><ACK=320><CTL=ACK><TS=20,1500>
        ",
    );
}

/// SEG.SEQ =< Last.ACK.sent: a bare ACK, and a segment whose left part is already known.
#[test]
fn every_acceptable_segment_at_or_left_of_the_last_ack_counts() {
    once_agreed(
        "
        <-- <SEQ=300><ACK=100><CTL=ACK><TS=1001,20>
        send 1
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=1><TS=20,1001>
        <-- <SEQ=300><ACK=101><CTL=ACK><DATA=10><TS=1002,20>
        signal: Acknowledged 1
        --> <SEQ=101><ACK=310><CTL=ACK><TS=20,1002>
        <-- <SEQ=300><ACK=101><CTL=ACK><DATA=15><TS=1003,20>    delivers 10..15
        --> <SEQ=101><ACK=315><CTL=ACK><TS=20,1003>
        ",
    );
}

/// 5.3, R2 before R3: the segment ends before the last acknowledgment, and is rejected before its timestamp is
/// recorded.
#[test]
fn a_segment_outside_the_window_does_not_count() {
    once_agreed(
        "
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10><TS=1001,20>
        --> <SEQ=100><ACK=310><CTL=ACK><TS=20,1001>
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=9><TS=1500,20>     refused: NotAcceptable
        --> <SEQ=100><ACK=310><CTL=ACK><TS=20,1001>
        ",
    );
}

/// The clock of the peer wraps: later is later modulo 2^32.
#[test]
fn the_comparison_is_modulo_two_to_the_thirty_second() {
    once_agreed(
        "
        <-- <SEQ=300><ACK=100><CTL=ACK><TS=2147484647,20>               # 1000 + 2^31 - 1
        <-- <SEQ=300><ACK=100><CTL=ACK><TS=4294967295,20>
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=1><TS=1,20>
        --> <SEQ=100><ACK=301><CTL=ACK><TS=20,1>
        <-- <SEQ=301><ACK=100><CTL=ACK><DATA=1><TS=4294967295,20>       refused: OldTimestamp
        --> <SEQ=100><ACK=301><CTL=ACK><TS=20,1>
        ",
    );
}
