//! `limit`, in addition to the RFC's calls: the bound of the caller's congestion window.

use tcp_lifecycle::sim::check;

#[test]
fn the_limit_bounds_what_is_in_flight() {
    check(
        "
        config nagle=off
        ESTABLISHED
        limit 1607
        send 3000
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=536> bytes 0..536
        --> <SEQ=636><ACK=300><CTL=ACK><DATA=536> bytes 536..1072
        ESTABLISHED UNSENT=1928       # one byte less than three segments
        limit 1608
        --> <SEQ=1172><ACK=300><CTL=ACK><DATA=536> bytes 1072..1608
        <-- <SEQ=300><ACK=635><CTL=ACK>
        signal: Acknowledged 535
        ESTABLISHED UNSENT=1392
        <-- <SEQ=300><ACK=636><CTL=ACK>
        signal: Acknowledged 1
        --> <SEQ=1708><ACK=300><CTL=ACK><DATA=536> bytes 1072..1608
        limit 100                     # less than what is in flight: nothing more for now
        <-- <SEQ=300><ACK=1708><CTL=ACK>
        signal: Acknowledged 1072
        ESTABLISHED IN-FLIGHT=536
        <-- <SEQ=300><ACK=2244><CTL=ACK>
        signal: Acknowledged 536
        --> <SEQ=2244><ACK=300><CTL=ACK><DATA=100> bytes 0..100
        limit 4294967295
        --> <SEQ=2344><ACK=300><CTL=ACK><DATA=536> bytes 100..636
        --> <SEQ=2880><ACK=300><CTL=ACK><DATA=220> bytes 636..856
        ESTABLISHED UNSENT=0
        ",
    );
}

#[test]
fn the_window_binds_where_the_limit_is_wider() {
    check(
        "
        config default_peer_mss=48, nagle=off
        ESTABLISHED SND.WND=96
        limit 800
        send 200
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=48>
        --> <SEQ=148><ACK=300><CTL=ACK><DATA=48>
        ESTABLISHED UNSENT=104
        ",
    );
}

#[test]
fn the_limit_holds_no_syn_and_no_fin() {
    check(
        "
        limit 0
        open active
        --> <SEQ=100><CTL=SYN>
        SYN-SENT
        <-- <SEQ=299><ACK=101><CTL=SYN,ACK>
        --> <SEQ=101><ACK=300><CTL=ACK>
        ESTABLISHED
        close
        --> <SEQ=101><ACK=300><CTL=FIN,ACK>
        FIN-WAIT-1
        ",
    );
}

#[test]
fn a_pause_by_limit_looks_like_no_dead_peer() {
    check(
        "
        ESTABLISHED
        limit 0
        send 10
        ESTABLISHED UNSENT=10
        + 1h
        limit 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10> bytes 0..10
        ",
    );
    check(
        "
        ESTABLISHED SND.WND=0
        limit 0
        send 10
        ESTABLISHED UNSENT=10
        + 1h                          # not even a probe
        limit 10
        + 1s
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=1> bytes 0..1
        ",
    );
}

#[test]
fn in_close_wait_a_limit_that_opens_lets_the_last_payload_and_the_fin_go() {
    check(
        "
        CLOSE-WAIT
        limit 4
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=4> bytes 0..4
        close
        CLOSE-WAIT
        limit 10
        --> <SEQ=104><ACK=300><CTL=FIN,ACK><DATA=6> bytes 4..10
        CLOSE-WAIT -> LAST-ACK
        ",
    );
}
