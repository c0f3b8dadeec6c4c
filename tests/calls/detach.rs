//! DETACH, in addition to the RFC's calls: the user leaves, as with the close(2) of a socket. RFC 9293 section 3.6.1
//! (MAY-1, SHLD-3); RFC 1122 section 4.2.2.13.

use tcp_lifecycle::sim::check;

use super::table::table;

#[test]
fn detach_state_by_state() {
    table(
        "
        CLOSED: detach         => error: connection does not exist
        LISTEN: detach         => LISTEN -> CLOSED; CLOSED DEADLINE=none
        SYN-SENT: detach       => SYN-SENT -> CLOSED; CLOSED ISS=none DEADLINE=none
        SYN-RECEIVED: detach   => <SEQ=100><ACK=300><CTL=FIN,ACK>; SYN-RECEIVED -> FIN-WAIT-1; FIN-WAIT-1 SND.NXT=101
        ESTABLISHED: detach    => <SEQ=100><ACK=300><CTL=FIN,ACK>; ESTABLISHED -> FIN-WAIT-1; FIN-WAIT-1 SND.NXT=101
        FIN-WAIT-1: detach     => FIN-WAIT-1 SND.NXT=100 DEADLINE=1s
        FIN-WAIT-2: detach     => FIN-WAIT-2 SND.NXT=100 DEADLINE=none
        CLOSE-WAIT: detach     => <SEQ=100><ACK=300><CTL=FIN,ACK>; CLOSE-WAIT -> LAST-ACK; LAST-ACK SND.NXT=101
        CLOSING: detach        => CLOSING SND.NXT=100 DEADLINE=1s
        LAST-ACK: detach       => LAST-ACK SND.NXT=100 DEADLINE=1s
        TIME-WAIT: detach      => TIME-WAIT SND.NXT=100 DEADLINE=4m
        ",
    );
}

/// STATUS shows it; a CLOSE alone does not detach.
#[test]
fn the_status_tells_who_is_gone() {
    check(
        "
        ESTABLISHED                             DETACHED=0
        close
        --> <SEQ=100><ACK=300><CTL=FIN,ACK>
        FIN-WAIT-1                              DETACHED=0
        detach
        FIN-WAIT-1                              DETACHED=1
        ",
    );
    check("config half_duplex_close=on\nFIN-WAIT-2 DETACHED=1");
}

#[test]
fn nobody_can_be_gone_twice_and_who_is_gone_calls_nothing_but_abort() {
    for (state, detach) in [
        ("SYN-RECEIVED", "detach\n--> <SEQ=100><ACK=300><CTL=FIN,ACK>\nFIN-WAIT-1"),
        ("SYN-RECEIVED", "send 10\ndetach\nSYN-RECEIVED UNSENT=10"),
        ("ESTABLISHED", "detach\n--> <SEQ=100><ACK=300><CTL=FIN,ACK>\nFIN-WAIT-1"),
        ("FIN-WAIT-1", "detach"),
        ("FIN-WAIT-2", "detach"),
        ("CLOSE-WAIT", "detach\n--> <SEQ=100><ACK=300><CTL=FIN,ACK>\nLAST-ACK"),
        ("CLOSING", "detach"),
        ("LAST-ACK", "detach"),
        ("TIME-WAIT", "detach"),
    ] {
        check(&format!(
            "
            {state}
            {detach}
            detach       => error: connection closing
            close        => error: connection closing
            send 1       => error: connection closing
            "
        ));
    }
}

#[test]
fn after_a_close_the_user_can_still_go() {
    check(
        "
        ESTABLISHED
        close
        & detach
        --> <SEQ=100><ACK=300><CTL=FIN,ACK>
        FIN-WAIT-1
        detach       => error: connection closing
        ",
    );
}

/// The queue is sent before the FIN, though no user waits for it.
#[test]
fn what_is_queued_is_sent_before_the_fin() {
    check(
        "
        ESTABLISHED SND.WND=0
        send 10
        detach
        FIN-WAIT-1 UNSENT=10
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=1000>
        --> <SEQ=100><ACK=300><CTL=FIN,PSH,ACK><DATA=10> bytes 0..10
        FIN-WAIT-1
        <-- <SEQ=300><ACK=111><CTL=FIN,ACK>
        signal: Acknowledged 10
        signal: Closing
        --> <SEQ=111><ACK=301><CTL=ACK>
        TIME-WAIT
        ",
    );
    check(
        "
        SYN-RECEIVED
        send 10
        detach
        <-- <SEQ=300><ACK=100><CTL=ACK>
        --> <SEQ=100><ACK=300><CTL=FIN,PSH,ACK><DATA=10> bytes 0..10
        SYN-RECEIVED -> ESTABLISHED
        ESTABLISHED -> FIN-WAIT-1
        ",
    );
}

/// Ten bytes were delivered and not consumed; followed by the path to each state.
const UNREAD: [(&str, u32); 6] = [
    ("ESTABLISHED", 100),
    ("close\n--> <SEQ=100><ACK=310><CTL=FIN,ACK>\nFIN-WAIT-1", 101),
    ("close\n--> <SEQ=100><ACK=310><CTL=FIN,ACK>\nFIN-WAIT-1\n<-- <SEQ=310><ACK=101><CTL=ACK>\nFIN-WAIT-2", 101),
    ("<-- <SEQ=310><ACK=100><CTL=FIN,ACK>\nsignal: Closing\n--> <SEQ=100><ACK=311><CTL=ACK>\nCLOSE-WAIT", 100),
    (
        "close
        --> <SEQ=100><ACK=310><CTL=FIN,ACK>
        FIN-WAIT-1
        <-- <SEQ=310><ACK=100><CTL=FIN,ACK>
        signal: Closing
        --> <SEQ=101><ACK=311><CTL=ACK>
        CLOSING",
        101,
    ),
    (
        "<-- <SEQ=310><ACK=100><CTL=FIN,ACK>
        signal: Closing
        --> <SEQ=100><ACK=311><CTL=ACK>
        CLOSE-WAIT
        close
        --> <SEQ=100><ACK=311><CTL=FIN,ACK>
        LAST-ACK",
        101,
    ),
];

/// RFC 1122 section 4.2.2.13: the peer is told that they are lost.
#[test]
fn with_bytes_unread_it_resets_at_once_in_every_state_that_has_a_peer() {
    for (way, seq) in UNREAD {
        check(&format!(
            "
            ESTABLISHED
            <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>
            --> <SEQ=100><ACK=310><CTL=ACK>
            receive 9
            {way}
            detach
            --> <SEQ={seq}><CTL=RST>
            CLOSED UNREAD=0 DEADLINE=none
            detach       => error: connection does not exist
            "
        ));
    }
}

#[test]
fn what_came_before_the_poll_is_unread_too() {
    check(
        "
        ESTABLISHED
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>
        & detach
        --> <SEQ=100><CTL=RST>
        CLOSED
        ",
    );
    check(
        "
        ESTABLISHED
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>
        & receive 10
        & detach
        --> <SEQ=100><ACK=310><CTL=FIN,ACK>
        FIN-WAIT-1
        ",
    );
}

/// The FIN is no byte that a user could read.
#[test]
fn a_fin_alone_is_nothing_unread() {
    check(
        "
        CLOSE-WAIT
        detach
        --> <SEQ=100><ACK=300><CTL=FIN,ACK>
        LAST-ACK
        <-- <SEQ=300><ACK=101><CTL=ACK>
        CLOSED
        ",
    );
}

/// 2 MSL protect later connections.
#[test]
fn in_time_wait_bytes_unread_reset_nothing() {
    check(
        "
        FIN-WAIT-2
        <-- <SEQ=300><ACK=100><CTL=FIN,ACK><DATA=10>
        signal: Closing
        --> <SEQ=100><ACK=311><CTL=ACK>
        TIME-WAIT UNREAD=10
        + 1m
        detach
        TIME-WAIT DEADLINE=3m
        <-- <SEQ=300><ACK=100><CTL=FIN,ACK><DATA=10>     delivers nothing
        --> <SEQ=100><ACK=311><CTL=ACK>
        + 2 MSL
        CLOSED
        ",
    );
}

/// As for an ABORT: SND.NXT, or the right edge of the peer's window where that comes first.
#[test]
fn its_reset_stands_where_that_of_an_abort_does() {
    check(
        "
        ESTABLISHED SND.NXT=4294967295 SND.WND=0
        <-- <SEQ=300><ACK=4294967295><CTL=ACK><DATA=10>
        --> <SEQ=4294967295><ACK=310><CTL=ACK>
        send 5
        + 1s
        --> <SEQ=4294967295><ACK=310><CTL=ACK><DATA=1>
        detach
        --> <SEQ=4294967295><CTL=RST>
        CLOSED
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
        <-- <SEQ=300><ACK=101><CTL=ACK><DATA=10><TS=8,0>
        --> <SEQ=101><ACK=310><CTL=ACK><TS=0,8>
        ESTABLISHED
        send 10
        --> <SEQ=101><ACK=310><CTL=ACK><DATA=10><TS=0,8>
        detach
        --> <SEQ=111><CTL=RST><TS=0,0>
        CLOSED
        ",
    );
}
