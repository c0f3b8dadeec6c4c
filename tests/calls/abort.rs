//! ABORT, RFC 9293 section 3.10.5.

use tcp_lifecycle::sim::check;
use tcp_lifecycle::{Instant, Open};

use super::table::{after, drain, table};

#[test]
fn abort_state_by_state() {
    table(
        "
        CLOSED: abort         => error: connection does not exist
        LISTEN: abort         => LISTEN -> CLOSED; CLOSED DEADLINE=none
        SYN-SENT: abort       => SYN-SENT -> CLOSED; CLOSED DEADLINE=none
        SYN-RECEIVED: abort   => <SEQ=100><CTL=RST>; SYN-RECEIVED -> CLOSED; CLOSED DEADLINE=none
        ESTABLISHED: abort    => <SEQ=100><CTL=RST>; ESTABLISHED -> CLOSED; CLOSED DEADLINE=none
        FIN-WAIT-1: abort     => <SEQ=100><CTL=RST>; FIN-WAIT-1 -> CLOSED; CLOSED DEADLINE=none
        FIN-WAIT-2: abort     => <SEQ=100><CTL=RST>; FIN-WAIT-2 -> CLOSED; CLOSED DEADLINE=none
        CLOSE-WAIT: abort     => <SEQ=100><CTL=RST>; CLOSE-WAIT -> CLOSED; CLOSED DEADLINE=none
        CLOSING: abort        => CLOSING -> CLOSED; CLOSED DEADLINE=none
        LAST-ACK: abort       => LAST-ACK -> CLOSED; CLOSED DEADLINE=none
        TIME-WAIT: abort      => TIME-WAIT -> CLOSED; CLOSED DEADLINE=none
        ",
    );
}

#[test]
fn the_reset_stands_behind_all_that_was_sent_and_before_what_was_not() {
    check(
        "
        ESTABLISHED SND.WND=536
        send 600
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=536>
        abort
        --> <SEQ=636><CTL=RST>
        CLOSED UNSENT=0 IN-FLIGHT=0 DEADLINE=none
        + 1h
        ",
    );
}

/// RFC 9293 section 3.10.5 sends nothing in CLOSING and LAST-ACK, where everything has been sent and the connection is
/// nearly over. If something has not been sent, the peer would take the loss of payload for the loss of an ACK.
#[test]
fn in_closing_payload_or_a_fin_that_never_went_out_is_aborted_with_a_reset() {
    check(
        "
        ESTABLISHED SND.WND=0
        send 10
        close
        FIN-WAIT-1
        <-- <SEQ=300><ACK=100><CTL=FIN,ACK>
        signal: Closing
        --> <SEQ=100><ACK=301><CTL=ACK>
        CLOSING
        abort
        --> <SEQ=100><CTL=RST>
        CLOSED UNSENT=0 DEADLINE=none
        ",
    );
    check(
        "
        config default_peer_mss=48
        ESTABLISHED SND.WND=48
        send 54
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=48>
        close
        FIN-WAIT-1
        <-- <SEQ=300><ACK=100><CTL=FIN,ACK>
        signal: Closing
        --> <SEQ=148><ACK=301><CTL=ACK>
        CLOSING UNSENT=6
        abort
        --> <SEQ=148><CTL=RST>
        CLOSED UNSENT=0 DEADLINE=none
        ",
    );
    check(
        "
        ESTABLISHED
        limit 0
        send 10
        close
        FIN-WAIT-1
        <-- <SEQ=300><ACK=100><CTL=FIN,ACK>
        signal: Closing
        --> <SEQ=100><ACK=301><CTL=ACK>
        CLOSING UNSENT=10
        abort
        --> <SEQ=100><CTL=RST>
        CLOSED
        ",
    );
}

#[test]
fn in_last_ack_a_fin_that_never_went_out_is_aborted_with_a_reset() {
    check(
        "
        CLOSE-WAIT SND.WND=10
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        close                               # the window has no room for the FIN
        LAST-ACK
        abort
        --> <SEQ=110><CTL=RST>
        CLOSED DEADLINE=none
        ",
    );
    check(
        "
        config timestamps=on
        open passive
        LISTEN
        <-- <SEQ=299><CTL=SYN><TS=7,0>
        --> <SEQ=100><ACK=300><CTL=SYN,ACK><TS=0,7>
        SYN-RECEIVED
        <-- <SEQ=300><ACK=101><CTL=FIN,ACK><WND=0><TS=8,0>
        signal: Closing
        --> <SEQ=101><ACK=301><CTL=ACK>
        CLOSE-WAIT
        close
        LAST-ACK SND.NXT=101
        abort
        --> <SEQ=101><CTL=RST><TS=0,0>
        CLOSED
        ",
    );
}

/// The byte of a refused probe has not been received by the peer: the reset has the number of the window's edge.
#[test]
fn behind_a_refused_probe_the_reset_stands_where_the_peer_takes_it() {
    check(
        "
        ESTABLISHED SND.NXT=4294967295 SND.WND=0
        send 10
        close
        FIN-WAIT-1
        <-- <SEQ=300><ACK=4294967295><CTL=FIN,ACK><WND=0>
        signal: Closing
        --> <SEQ=4294967295><ACK=301><CTL=ACK>
        CLOSING
        + 1s
        --> <SEQ=4294967295><ACK=301><CTL=ACK><DATA=1>
        CLOSING SND.NXT=0
        abort
        --> <SEQ=4294967295><CTL=RST>
        CLOSED
        ",
    );
}

/// The FIN is due, so it has never been sent.
#[test]
fn a_close_that_was_never_polled_is_aborted_with_a_reset() {
    check(
        "
        CLOSE-WAIT
        close
        & abort
        --> <SEQ=100><CTL=RST>
        CLOSED DEADLINE=none
        ",
    );
    check(
        "
        ESTABLISHED
        close
        & <-- <SEQ=300><ACK=100><CTL=FIN,ACK>
        & abort
        signal: Closing
        --> <SEQ=100><CTL=RST>
        CLOSED DEADLINE=none
        ",
    );
}

/// Lost or not, everything was sent: ABORT is silent, as in the RFC.
#[test]
fn in_closing_and_last_ack_what_is_in_flight_is_aborted_in_silence() {
    check(
        "
        ESTABLISHED
        send 10
        & close
        --> <SEQ=100><ACK=300><CTL=FIN,ACK><DATA=10>
        FIN-WAIT-1
        <-- <SEQ=300><ACK=100><CTL=FIN,ACK>
        signal: Closing
        --> <SEQ=111><ACK=301><CTL=ACK>
        CLOSING
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=301><CTL=FIN,ACK><DATA=10>
        abort
        CLOSED DEADLINE=none
        ",
    );
    check(
        "
        CLOSE-WAIT
        send 10
        & close
        --> <SEQ=100><ACK=300><CTL=FIN,ACK><DATA=10>
        LAST-ACK
        <-- <SEQ=300><ACK=105><CTL=ACK><WND=0>       # half of it is taken, and the window is closed
        signal: Acknowledged 5
        abort
        CLOSED DEADLINE=none
        + 1h
        ",
    );
}

/// A pending reset answers a segment, whoever sent it. ABORT replaces it only with a reset of its own.
#[test]
fn a_reset_that_is_still_due_goes_out_unless_that_of_the_abort_takes_its_place() {
    for (state, reset) in [("LISTEN", 7777), ("SYN-SENT", 7777), ("SYN-RECEIVED", 100)] {
        check(&format!(
            "
            {state}
            <-- <SEQ=300><ACK=7777><CTL=ACK>     refused
            & abort
            --> <SEQ={reset}><CTL=RST>
            CLOSED DEADLINE=none
            "
        ));
    }
}

#[test]
fn what_was_due_before_the_abort_is_not_sent_after_it() {
    for (given, reset) in [("ESTABLISHED", Some("<SEQ=100><CTL=RST>")), ("TIME-WAIT", None)] {
        let mut connection = after(given);
        let text = "<SEQ=300><ACK=100><CTL=ACK><DATA=10>".parse().unwrap();
        connection.segment_arrives(&text, Instant::ZERO).unwrap_or_default();
        connection.abort().unwrap();
        let mut expected = vec![format!("{given} -> CLOSED")];
        expected.extend(reset.map(str::to_owned));
        assert_eq!(drain(&mut connection, Instant::ZERO), expected);
    }
}

#[test]
fn an_open_that_is_aborted_before_it_was_polled_sends_nothing() {
    let mut connection = after("CLOSED");
    connection.open(Open::Active, Instant::ZERO).unwrap();
    connection.abort().unwrap();
    assert_eq!(drain(&mut connection, Instant::ZERO), ["CLOSED -> SYN-SENT", "SYN-SENT -> CLOSED"]);
    assert_eq!(connection, after("CLOSED"));
}
