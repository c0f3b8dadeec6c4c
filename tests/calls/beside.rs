//! `limit`, beside the RFC's calls: what the caller's congestion window allows.

use tcp_lifecycle::sim::check;

#[test]
fn the_limit_bounds_what_is_in_flight() {
    check(
        "
        ESTABLISHED
        limit 800
        send 2000
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=536> bytes 0..536
        --> <SEQ=636><ACK=300><CTL=ACK><DATA=264> bytes 536..800
        ESTABLISHED UNSENT=1200
        <-- <SEQ=300><ACK=636><CTL=ACK>
        signal: Acknowledged 536
        --> <SEQ=900><ACK=300><CTL=ACK><DATA=536> bytes 264..800
        limit 900
        --> <SEQ=1436><ACK=300><CTL=ACK><DATA=100> bytes 800..900
        limit 100                     # less than what is in flight: nothing more for now
        <-- <SEQ=300><ACK=1436><CTL=ACK>
        signal: Acknowledged 800
        ESTABLISHED IN-FLIGHT=100
        <-- <SEQ=300><ACK=1536><CTL=ACK>
        signal: Acknowledged 100
        --> <SEQ=1536><ACK=300><CTL=ACK><DATA=100> bytes 0..100
        limit 4294967295
        --> <SEQ=1636><ACK=300><CTL=ACK><DATA=464> bytes 100..564
        ESTABLISHED UNSENT=0
        ",
    );
}

#[test]
fn the_window_binds_where_the_limit_is_wider() {
    check(
        "
        ESTABLISHED SND.WND=10
        limit 800
        send 20
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        ESTABLISHED UNSENT=10
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
