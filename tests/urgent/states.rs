//! SEND with the URGENT flag in every state, and its later effects.

use tcp_lifecycle::sim::check;

#[test]
fn established_and_close_wait_send_it() {
    for state in ["ESTABLISHED", "CLOSE-WAIT"] {
        check(&format!(
            "
            {state} SND.NXT=100 RCV.NXT=300
            send urgent 10
            --> <SEQ=100><ACK=300><CTL=URG,ACK><DATA=10><URG=10>
            {state} SND.UP=110
            <-- <SEQ=300><ACK=110><CTL=ACK>
            signal: Acknowledged 10
            {state} SND.UP=none
            "
        ));
    }
}

/// The error is that of SEND; nothing has become urgent, and nothing is sent.
#[test]
fn elsewhere_it_is_an_error() {
    for (state, error) in [
        ("CLOSED", "connection does not exist"),
        ("LISTEN", "remote socket unspecified"),
        ("FIN-WAIT-1", "connection closing"),
        ("FIN-WAIT-2", "connection closing"),
        ("CLOSING", "connection closing"),
        ("LAST-ACK", "connection closing"),
        ("TIME-WAIT", "connection closing"),
    ] {
        check(&format!("{state}\nsend urgent 10 => error: {error}\n{state} SND.UP=none\n"));
        check(&format!("{state}\nsend urgent 0 => error: {error}\n{state} SND.UP=none\n"));
    }
}

#[test]
fn more_than_the_queue_may_hold_is_an_error_and_marks_nothing() {
    check(
        "
        ESTABLISHED SND.WND=0
        send urgent 2000000000 => error: insufficient resources
        ESTABLISHED SND.UP=none UNSENT=0
        send 5
        send urgent 1073741820 => error: insufficient resources
        ESTABLISHED SND.UP=none UNSENT=5
        send urgent 1073741819
        --> <SEQ=100><ACK=300><CTL=URG,ACK><URG=65535>
        ESTABLISHED SND.UP=1073741924 UNSENT=1073741824
        ",
    );
}

/// RFC 9293 3.10.2: queued until ESTABLISHED, and urgent then. A SYN has no pointer.
#[test]
fn before_the_handshake_is_over_it_waits() {
    check(
        "
        open active
        --> <SEQ=100><CTL=SYN>
        SYN-SENT
        send urgent 10
        SYN-SENT SND.UP=111 DEADLINE=1s
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=100><CTL=SYN><URG=0>
        <-- <SEQ=300><ACK=101><CTL=SYN,ACK>
        --> <SEQ=101><ACK=301><CTL=URG,ACK><DATA=10><URG=10>
        ESTABLISHED SND.UP=111
        ",
    );
    check(
        "
        open passive
        LISTEN
        <-- <SEQ=300><CTL=SYN>
        --> <SEQ=100><ACK=301><CTL=SYN,ACK><URG=0>
        SYN-RECEIVED
        send urgent 10
        SYN-RECEIVED SND.UP=111
        + 1s
        --> <SEQ=100><ACK=301><CTL=SYN,ACK><URG=0>
        <-- <SEQ=301><ACK=101><CTL=ACK>
        --> <SEQ=101><ACK=301><CTL=URG,ACK><DATA=10><URG=10>
        ESTABLISHED SND.UP=111
        ",
    );
}

/// Simultaneous open: the SYN,ACK that answers a SYN has no pointer either.
#[test]
fn crossing_syns() {
    check(
        "
        open active
        --> <SEQ=100><CTL=SYN>
        SYN-SENT
        send urgent 10
        <-- <SEQ=300><CTL=SYN>
        --> <SEQ=100><ACK=301><CTL=SYN,ACK><URG=0>
        SYN-RECEIVED SND.UP=111
        <-- <SEQ=301><ACK=101><CTL=ACK>
        --> <SEQ=101><ACK=301><CTL=URG,ACK><DATA=10><URG=10>
        ESTABLISHED
        ",
    );
}

/// The FIN comes behind the urgent bytes, and is not urgent.
#[test]
fn a_fin_rides_behind_urgent_bytes() {
    check(
        "
        ESTABLISHED SND.NXT=100 RCV.NXT=300 SND.WND=0
        send urgent 10
        --> <SEQ=100><ACK=300><CTL=URG,ACK><URG=10>
        close
        FIN-WAIT-1 SND.UP=110
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=100>
        --> <SEQ=100><ACK=300><CTL=FIN,URG,ACK><DATA=10><URG=10>
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=FIN,URG,ACK><DATA=10><URG=10>
        <-- <SEQ=300><ACK=110><CTL=ACK>
        signal: Acknowledged 10
        FIN-WAIT-1 SND.UP=none
        + 2s
        signal: RetransmissionTimeout
        --> <SEQ=110><ACK=300><CTL=FIN,ACK><URG=0>
        ",
    );
}

#[test]
fn a_reset_points_at_nothing_and_the_next_life_has_nothing_urgent() {
    check(
        "
        ESTABLISHED SND.NXT=100 RCV.NXT=300
        <-- <SEQ=300><ACK=100><CTL=URG,ACK><URG=50>
        signal: Urgent
        send urgent 10
        --> <SEQ=100><ACK=300><CTL=URG,ACK><DATA=10><URG=10>
        abort
        --> <SEQ=110><CTL=RST><URG=0>
        CLOSED SND.UP=none RCV.UP=none URGENT=0
        ISS=500
        open active
        --> <SEQ=500><CTL=SYN><URG=0>
        SYN-SENT SND.UP=none
        <-- <SEQ=900><ACK=501><CTL=SYN,ACK>
        --> <SEQ=501><ACK=901><CTL=ACK><URG=0>
        ESTABLISHED SND.UP=none RCV.UP=none URGENT=0
        ",
    );
}

/// While the caller's limit holds the urgent bytes back, every ACK has the pointer.
#[test]
fn the_limit_holds_payload_not_the_pointer() {
    check(
        "
        ESTABLISHED SND.NXT=100 RCV.NXT=300
        limit 0
        send urgent 10
        --> <SEQ=100><ACK=300><CTL=URG,ACK><URG=10>
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=1>
        --> <SEQ=100><ACK=301><CTL=URG,ACK><URG=10>
        limit 100
        --> <SEQ=100><ACK=301><CTL=URG,ACK><DATA=10><URG=10>
        ",
    );
}
