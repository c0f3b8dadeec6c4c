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

#[test]
fn in_closing_and_last_ack_a_fin_that_waits_for_payload_is_aborted_in_silence() {
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
        CLOSED DEADLINE=none
        ",
    );
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
