//! TIME-WAIT, the policy for FIN-WAIT-2, and CLOSED.

use tcp_lifecycle::sim::check;

/// MUST-13.
#[test]
fn time_wait_lasts_two_msl() {
    for msl in ["1ms", "250ms", "1s", "30s", "2m", "1h"] {
        check(&format!("config msl={msl}\n TIME-WAIT\n + 2 MSL\n CLOSED DEADLINE=none\n + 9h\n CLOSED"));
    }
    check("TIME-WAIT DEADLINE=4m\n + 4m\n CLOSED");
}

#[test]
fn time_wait_lasts_two_msl_after_each_way_to_it() {
    check(
        "
        FIN-WAIT-1                          SND.NXT=101 RCV.NXT=300
        + 500ms
        <-- <SEQ=300><ACK=101><CTL=FIN,ACK>
        signal: Closing
        --> <SEQ=101><ACK=301><CTL=ACK>
        TIME-WAIT                           DEADLINE=4m
        + 2 MSL
        CLOSED
        ",
    );
    check(
        "
        FIN-WAIT-2                          SND.NXT=101 RCV.NXT=300
        + 1h
        <-- <SEQ=300><ACK=101><CTL=FIN,ACK>
        signal: Closing
        --> <SEQ=101><ACK=301><CTL=ACK>
        TIME-WAIT                           DEADLINE=4m
        + 2 MSL
        CLOSED
        ",
    );
    check(
        "
        CLOSING                             SND.NXT=101 RCV.NXT=301
        + 500ms
        <-- <SEQ=301><ACK=101><CTL=ACK>
        TIME-WAIT                           DEADLINE=4m
        + 2 MSL
        CLOSED
        ",
    );
}

/// D3: our ACK was lost.
#[test]
fn a_repeated_fin_restarts_two_msl() {
    check(
        "
        FIN-WAIT-2                          SND.NXT=101 RCV.NXT=300
        <-- <SEQ=300><ACK=101><CTL=FIN,ACK>
        signal: Closing
        --> <SEQ=101><ACK=301><CTL=ACK>
        TIME-WAIT
        + 3m
        <-- <SEQ=300><ACK=101><CTL=FIN,ACK>     accepted
        --> <SEQ=101><ACK=301><CTL=ACK>
        TIME-WAIT                           DEADLINE=4m
        + 2 MSL
        CLOSED
        ",
    );
    check(
        "
        FIN-WAIT-2                          SND.NXT=101 RCV.NXT=300
        <-- <SEQ=300><ACK=101><CTL=FIN,ACK><DATA=5>
        signal: Closing
        --> <SEQ=101><ACK=306><CTL=ACK>
        TIME-WAIT
        + 3m
        <-- <SEQ=300><ACK=101><CTL=FIN,ACK><DATA=5> delivers nothing
        --> <SEQ=101><ACK=306><CTL=ACK>
        TIME-WAIT                           DEADLINE=4m
        ",
    );
}

/// D3 and D14: only a FIN restarts it.
#[test]
fn nothing_else_restarts_two_msl_nor_ends_it() {
    check(
        "
        TIME-WAIT                           SND.NXT=101 RCV.NXT=301
        + 1m
        <-- <SEQ=301><ACK=101><CTL=ACK>
        <-- <SEQ=300><ACK=101><CTL=ACK>     refused
        --> <SEQ=101><ACK=301><CTL=ACK>
        <-- <SEQ=290><ACK=101><CTL=ACK><DATA=5> refused
        --> <SEQ=101><ACK=301><CTL=ACK>
        <-- <SEQ=301><CTL=RST>              refused
        <-- <SEQ=900><CTL=SYN>              refused
        --> <SEQ=101><ACK=301><CTL=ACK>
        TIME-WAIT                           DEADLINE=3m
        + 3m
        CLOSED
        ",
    );
}

#[test]
fn fin_wait_2_lasts_for_ever() {
    check("FIN-WAIT-2 DEADLINE=none\n + 10000h\n FIN-WAIT-2");
}

/// D20.
#[test]
fn the_policy_ends_a_fin_wait_2_that_nobody_waits_for() {
    check(
        "
        config fin_wait_2_timeout=60s
        FIN-WAIT-1                          SND.NXT=101 RCV.NXT=300
        detach
        + 500ms
        <-- <SEQ=300><ACK=101><CTL=ACK>
        FIN-WAIT-2                          DEADLINE=60s
        + 60s
        signal: TimedOut
        CLOSED                              DEADLINE=none
        ",
    );
}

/// D20: while somebody reads, FIN-WAIT-2 has no end. The time counts from when the user left.
#[test]
fn the_policy_of_fin_wait_2_counts_from_the_detach() {
    check(
        "
        config fin_wait_2_timeout=60s
        FIN-WAIT-2                          SND.NXT=101 RCV.NXT=300
        + 59s
        <-- <SEQ=300><ACK=101><CTL=ACK><DATA=10>
        --> <SEQ=101><ACK=310><CTL=ACK>
        + 1h
        receive 10
        detach
        FIN-WAIT-2                          DEADLINE=60s
        + 60s
        signal: TimedOut
        CLOSED
        ",
    );
}

#[test]
fn the_policy_of_fin_wait_2_is_of_no_other_state() {
    check("config fin_wait_2_timeout=1s\n ESTABLISHED DEADLINE=none\n + 1h\n ESTABLISHED");
    check("config fin_wait_2_timeout=1s\n CLOSE-WAIT DEADLINE=none\n + 1h\n CLOSE-WAIT");
    check("config fin_wait_2_timeout=1s\n TIME-WAIT DEADLINE=4m\n detach\n + 4m\n CLOSED");
    check(
        "
        config fin_wait_2_timeout=1s
        FIN-WAIT-2                          SND.NXT=101 RCV.NXT=300
        detach
        <-- <SEQ=300><ACK=101><CTL=FIN,ACK>
        signal: Closing
        --> <SEQ=101><ACK=301><CTL=ACK>
        TIME-WAIT                           DEADLINE=4m
        + 4m
        CLOSED
        ",
    );
}

#[test]
fn every_way_to_closed_stops_all_timers() {
    check(
        "
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        abort
        --> <SEQ=110><CTL=RST>
        CLOSED                              DEADLINE=none
        + 1h
        CLOSED
        ",
    );
    check(
        "
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        <-- <SEQ=300><CTL=RST>
        signal: Reset
        CLOSED                              DEADLINE=none
        ",
    );
    check("SYN-SENT DEADLINE=1s\n close\n CLOSED DEADLINE=none\n + 1h\n CLOSED");
    check("SYN-SENT DEADLINE=1s\n abort\n CLOSED DEADLINE=none");
    check("TIME-WAIT DEADLINE=4m\n abort\n CLOSED DEADLINE=none\n + 1h\n CLOSED");
    check("LAST-ACK SND.NXT=101 RCV.NXT=301\n <-- <SEQ=301><ACK=101><CTL=ACK>\n CLOSED DEADLINE=none");
    check("config fin_wait_2_timeout=1m\n FIN-WAIT-2\n abort\n --> <SEQ=100><CTL=RST>\n CLOSED DEADLINE=none");
}

#[test]
fn a_return_to_listen_stops_all_timers() {
    check("SYN-RECEIVED SND.NXT=101 RCV.NXT=301\n <-- <SEQ=301><CTL=RST>\n LISTEN DEADLINE=none\n + 1h\n LISTEN");
}

/// Everything that the previous incarnation has learnt about the peer is forgotten.
#[test]
fn a_new_life_begins_with_fresh_timers() {
    check(
        "
        config r1=0, syn_r2=1s
        open active
        --> <SEQ=100><CTL=SYN>
        SYN-SENT
        + 1s
        signal: TimedOut
        CLOSED
        open active
        --> <SEQ=100><CTL=SYN>
        SYN-SENT                            RTO=1s DEADLINE=1s RETRANSMISSIONS=0
        <-- <SEQ=300><ACK=101><CTL=SYN,ACK>
        --> <SEQ=101><ACK=301><CTL=ACK>
        ESTABLISHED                         RTO=1s
        ",
    );
}

/// RFC 9293 section 3.10.4, CLOSE-WAIT: during a recovery the CLOSE waits for the credit of the recovery.
#[test]
fn in_close_wait_a_retransmission_asked_for_may_let_the_close_go() {
    check(
        "
        config nagle=off
        CLOSE-WAIT                          SND.NXT=100 RCV.NXT=300
        send 1608
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=536>
        --> <SEQ=636><ACK=300><CTL=ACK><DATA=536>
        --> <SEQ=1172><ACK=300><CTL=PSH,ACK><DATA=536>
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=536>
        send 100
        <-- <SEQ=300><ACK=200><CTL=ACK>
        signal: Acknowledged 100
        close
        CLOSE-WAIT
        retransmit 0..1508
        LAST-ACK
        --> <SEQ=200><ACK=300><CTL=ACK><DATA=536>
        --> <SEQ=736><ACK=300><CTL=ACK><DATA=536>
        --> <SEQ=1272><ACK=300><CTL=FIN,PSH,ACK><DATA=536>
        <-- <SEQ=300><ACK=1809><CTL=ACK>
        signal: Acknowledged 1608
        CLOSED                              DEADLINE=none
        ",
    );
}

/// D27: the FIN is sent with the last payload. It needs credit too, and LAST-ACK begins with it, not before.
#[test]
fn in_close_wait_the_close_waits_until_the_fin_is_earned_too() {
    check(
        "
        config nagle=off
        CLOSE-WAIT                          SND.NXT=100 RCV.NXT=300
        send 1072
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=536>
        --> <SEQ=636><ACK=300><CTL=PSH,ACK><DATA=536>
        limit 1072
        send 1072
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=536>
        limit 100000
        close
        CLOSE-WAIT
        <-- <SEQ=300><ACK=636><CTL=ACK>
        signal: Acknowledged 536
        --> <SEQ=636><ACK=300><CTL=ACK><DATA=536>
        --> <SEQ=1172><ACK=300><CTL=ACK><DATA=536>
        <-- <SEQ=300><ACK=904><CTL=ACK>
        signal: Acknowledged 268
        CLOSE-WAIT                          SND.NXT=1708 UNSENT=536
        <-- <SEQ=300><ACK=905><CTL=ACK>
        LAST-ACK
        signal: Acknowledged 1
        --> <SEQ=1708><ACK=300><CTL=FIN,PSH,ACK><DATA=536>
        LAST-ACK                            SND.NXT=2245 UNSENT=0
        ",
    );
}

/// Everything has been sent once: the CLOSE waits for that, and not for the retransmissions.
#[test]
fn in_close_wait_a_close_does_not_wait_for_a_recovery() {
    check(
        "
        config nagle=off
        CLOSE-WAIT                          SND.NXT=100 RCV.NXT=300
        send 1072
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=536>
        --> <SEQ=636><ACK=300><CTL=PSH,ACK><DATA=536>
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=536>
        close
        LAST-ACK                            UNSENT=0
        <-- <SEQ=300><ACK=636><CTL=ACK>
        signal: Acknowledged 536
        --> <SEQ=636><ACK=300><CTL=FIN,PSH,ACK><DATA=536>
        <-- <SEQ=300><ACK=1173><CTL=ACK>
        signal: Acknowledged 536
        CLOSED                              DEADLINE=none
        ",
    );
}
