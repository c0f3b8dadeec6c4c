//! Which segments are retransmitted, and when: RFC 6298 section 5.

use tcp_lifecycle::sim::check;

#[test]
fn a_syn_is_sent_again_after_one_second_and_then_twice_as_long_each_time() {
    check(
        "
        open active
        --> <SEQ=100><CTL=SYN><MSS=536>
        SYN-SENT                            RTO=1s DEADLINE=1s
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=100><CTL=SYN><MSS=536>
        SYN-SENT                            RTO=2s DEADLINE=2s RETRANSMISSIONS=1
        + 2s
        signal: RetransmissionTimeout
        --> <SEQ=100><CTL=SYN><MSS=536>
        SYN-SENT                            RTO=4s DEADLINE=4s RETRANSMISSIONS=2 SND.NXT=101
        ",
    );
}

#[test]
fn a_syn_ack_is_sent_again() {
    check(
        "
        open passive
        LISTEN
        ISS=300
        <-- <SEQ=100><CTL=SYN>
        --> <SEQ=300><ACK=101><CTL=SYN,ACK><MSS=536>
        SYN-RECEIVED                        DEADLINE=1s
        + 1s
        --> <SEQ=300><ACK=101><CTL=SYN,ACK><MSS=536>
        + 2s
        --> <SEQ=300><ACK=101><CTL=SYN,ACK><MSS=536>
        <-- <SEQ=101><ACK=301><CTL=ACK>
        ESTABLISHED                         SND.UNA=301 SND.NXT=301 DEADLINE=none
        ",
    );
}

#[test]
fn a_syn_ack_of_a_simultaneous_open_is_sent_again() {
    check(
        "
        open active
        --> <SEQ=100><CTL=SYN>
        SYN-SENT
        <-- <SEQ=300><CTL=SYN>
        --> <SEQ=100><ACK=301><CTL=SYN,ACK>
        SYN-RECEIVED                        DEADLINE=1s
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=301><CTL=SYN,ACK>
        ",
    );
}

/// RFC 6298 section 5: not earlier than one RTO after the previous transmission.
#[test]
fn a_syn_ack_is_not_sent_again_earlier_than_one_timeout_after_it_was_sent() {
    check(
        "
        open active
        --> <SEQ=100><CTL=SYN>
        SYN-SENT
        + 990ms
        <-- <SEQ=300><CTL=SYN>
        --> <SEQ=100><ACK=301><CTL=SYN,ACK>
        SYN-RECEIVED                        DEADLINE=1s
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=301><CTL=SYN,ACK>
        ",
    );
}

#[test]
fn what_the_caller_has_sent_again_waits_for_a_whole_timeout_too() {
    check(
        "
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300
        send 1072
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=536>
        --> <SEQ=636><ACK=300><CTL=PSH,ACK><DATA=536>
        + 600ms
        retransmit 536..1072
        --> <SEQ=636><ACK=300><CTL=PSH,ACK><DATA=536>
        ESTABLISHED                         DEADLINE=400ms
        + 300ms
        retransmit 0..536
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=536>
        ESTABLISHED                         DEADLINE=1s
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=536>
        ESTABLISHED                         DEADLINE=2s
        ",
    );
}

#[test]
fn what_the_limit_has_held_back_of_recovery_waits_for_a_whole_timeout_too() {
    check(
        "
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300
        send 1072
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=536>
        --> <SEQ=636><ACK=300><CTL=PSH,ACK><DATA=536>
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=536>
        limit 0
        <-- <SEQ=300><ACK=636><CTL=ACK>
        signal: Acknowledged 536
        ESTABLISHED                         DEADLINE=2s
        + 1500ms
        limit 536
        --> <SEQ=636><ACK=300><CTL=PSH,ACK><DATA=536>
        ESTABLISHED                         DEADLINE=2s
        ",
    );
}

/// Neither R2 nor the user timeout is postponed.
#[test]
fn a_caller_that_has_the_same_sent_again_and_again_does_not_put_off_the_end() {
    for (policy, left) in [("r1=0, r2=2s", "100ms"), ("r1=1, user_timeout=3s, r2=none", "300ms")] {
        check(&format!(
            "
            config {policy}
            ESTABLISHED                         SND.NXT=100 RCV.NXT=300
            send 10
            --> <SEQ=100><ACK=300><CTL=PSH,ACK><DATA=10>
            + 900ms
            retransmit 0..10
            --> <SEQ=100><ACK=300><CTL=PSH,ACK><DATA=10>
            + 900ms
            retransmit 0..10
            --> <SEQ=100><ACK=300><CTL=PSH,ACK><DATA=10>
            + 900ms
            retransmit 0..10
            --> <SEQ=100><ACK=300><CTL=PSH,ACK><DATA=10>
            ESTABLISHED                         DEADLINE={left}
            + {left}
            CLOSED
            signal: TimedOut
            "
        ));
    }
}

#[test]
fn payload_is_sent_again_and_rides_with_what_is_acknowledged_by_then() {
    check(
        "
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300
        send 10
        --> <SEQ=100><ACK=300><CTL=PSH,ACK><DATA=10>    bytes 0..10
        + 500ms
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=7>
        --> <SEQ=110><ACK=307><CTL=ACK>
        + 500ms
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=307><CTL=PSH,ACK><DATA=10>    bytes 0..10
        + 2s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=307><CTL=PSH,ACK><DATA=10>    bytes 0..10
        ESTABLISHED                         SND.UNA=100 SND.NXT=110 DEADLINE=4s
        ",
    );
}

#[test]
fn a_fin_is_sent_again_in_fin_wait_1_closing_and_last_ack() {
    check(
        "
        FIN-WAIT-1                          SND.NXT=101 RCV.NXT=300
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=FIN,ACK>
        + 2s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=FIN,ACK>
        FIN-WAIT-1                          SND.NXT=101
        ",
    );
    check(
        "
        CLOSING                             SND.NXT=101 RCV.NXT=301
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=301><CTL=FIN,ACK>
        + 2s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=301><CTL=FIN,ACK>
        CLOSING                             SND.NXT=101
        ",
    );
    check(
        "
        LAST-ACK                            SND.NXT=101 RCV.NXT=301
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=301><CTL=FIN,ACK>
        + 2s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=301><CTL=FIN,ACK>
        LAST-ACK                            SND.NXT=101
        ",
    );
}

#[test]
fn a_fin_that_rode_on_payload_rides_on_it_again() {
    check(
        "
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300
        send 10
        & close
        --> <SEQ=100><ACK=300><CTL=FIN,ACK><DATA=10>    bytes 0..10
        FIN-WAIT-1
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=FIN,ACK><DATA=10>    bytes 0..10
        <-- <SEQ=300><ACK=110><CTL=ACK>
        signal: Acknowledged 10
        + 2s
        signal: RetransmissionTimeout
        --> <SEQ=110><ACK=300><CTL=FIN,ACK>
        FIN-WAIT-1                          SND.UNA=110 SND.NXT=111
        ",
    );
}

/// RFC 6298 5.1: a running timer keeps its deadline.
#[test]
fn a_second_segment_does_not_restart_the_timer() {
    check(
        "
        config nagle=off
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        + 400ms
        send 10
        --> <SEQ=110><ACK=300><CTL=ACK><DATA=10>        bytes 10..20
        ESTABLISHED                         DEADLINE=600ms
        ",
    );
}

/// RFC 6298 5.3.
#[test]
fn an_acknowledgment_that_advances_restarts_the_timer_and_a_duplicate_does_not() {
    check(
        "
        config nagle=off
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        send 10
        --> <SEQ=110><ACK=300><CTL=ACK><DATA=10>
        + 400ms
        <-- <SEQ=300><ACK=110><CTL=ACK>
        signal: Acknowledged 10
        ESTABLISHED                         SND.UNA=110 DEADLINE=1s SRTT=50ms
        + 300ms
        <-- <SEQ=300><ACK=110><CTL=ACK>
        ESTABLISHED                         SND.UNA=110 DEADLINE=700ms
        ",
    );
}

/// RFC 6298 5.2.
#[test]
fn the_timer_is_off_when_all_is_acknowledged() {
    check(
        "
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        <-- <SEQ=300><ACK=110><CTL=ACK>
        signal: Acknowledged 10
        ESTABLISHED                         DEADLINE=none
        + 1h
        ESTABLISHED
        ",
    );
}

#[test]
fn a_fin_that_is_acknowledged_is_never_sent_again() {
    check(
        "
        FIN-WAIT-1                          SND.NXT=101 RCV.NXT=300
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=FIN,ACK>
        <-- <SEQ=300><ACK=101><CTL=ACK>
        FIN-WAIT-2                          DEADLINE=none
        + 1h
        FIN-WAIT-2
        ",
    );
}

/// RFC 6298 5.5 and 2.5.
#[test]
fn the_doubling_ends_at_the_greatest_timeout() {
    check(
        "
        config rto_max=3s, r2=none, user_timeout=none
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        + 2s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        + 3s
        signal: RetransmissionTimeout
        signal: Retransmitting
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        + 3s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        ESTABLISHED                         RTO=3s DEADLINE=3s RETRANSMISSIONS=4
        ",
    );
}
