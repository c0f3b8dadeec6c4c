//! R2 is greater than R1 (RFC 9293 section 3.8.3): whatever the times, a connection is given up only after the
//! retransmissions of R1, each with its timeout.

use tcp_lifecycle::sim::check;

/// The times of a simulator: the first timeout is later than R2.
#[test]
fn an_r2_before_the_first_timeout_waits_for_the_retransmissions_of_r1() {
    check(
        "
        config r1=3, r2=200ms, rto_initial=300ms, rto_min=300ms
        ESTABLISHED
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        + 300ms
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        + 600ms
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        + 1200ms
        signal: RetransmissionTimeout
        signal: Retransmitting
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        ESTABLISHED                         RETRANSMISSIONS=3 DEADLINE=2400ms
        + 2400ms
        signal: TimedOut
        CLOSED                              DEADLINE=none
        ",
    );
}

#[test]
fn an_r2_between_two_of_them_waits_too() {
    check(
        "
        config r1=3, r2=3s
        ESTABLISHED
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        + 2s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        + 4s
        signal: RetransmissionTimeout
        signal: Retransmitting
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        + 8s
        signal: TimedOut
        CLOSED
        ",
    );
}

/// The longest possible timeout, and the shortest R2.
#[test]
fn one_retransmission_of_r1_is_one_at_least() {
    for r2 in ["0s", "1us", "1s", "59s"] {
        check(&format!(
            "
            config r1=1, r2={r2}, rto_initial=60s, rto_min=60s
            ESTABLISHED
            send 10
            --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
            + 60s
            signal: RetransmissionTimeout
            signal: Retransmitting
            --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
            + 60s
            signal: TimedOut
            CLOSED
            "
        ));
    }
}

/// An R1 that is never signalled has no effect.
#[test]
fn without_r1_r2_ends_at_the_first_timeout_behind_it() {
    check(
        "
        config r1=0, r2=200ms, rto_initial=300ms, rto_min=300ms
        ESTABLISHED
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        + 300ms
        signal: TimedOut
        CLOSED
        ",
    );
}

#[test]
fn a_syn_has_its_retransmissions_too() {
    check(
        "
        config r1=2, syn_r2=500ms
        open active
        --> <SEQ=100><CTL=SYN>
        SYN-SENT
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=100><CTL=SYN>
        + 2s
        signal: RetransmissionTimeout
        signal: Retransmitting
        --> <SEQ=100><CTL=SYN>
        + 4s
        signal: TimedOut
        CLOSED
        ",
    );
}

/// D18: in silence.
#[test]
fn a_syn_ack_has_them_too() {
    check(
        "
        config r1=2, syn_r2=500ms
        SYN-RECEIVED
        + 1s
        --> <SEQ=99><ACK=300><CTL=SYN,ACK>
        + 2s
        --> <SEQ=99><ACK=300><CTL=SYN,ACK>
        + 4s
        LISTEN                              DEADLINE=none
        ",
    );
}

#[test]
fn a_fin_has_them_too() {
    for state in ["FIN-WAIT-1", "CLOSING", "LAST-ACK"] {
        check(&format!(
            "
            config r1=2, r2=500ms
            {state}
            + 1s
            signal: RetransmissionTimeout
            --> <SEQ=99><ACK=300><CTL=FIN,ACK>
            + 2s
            signal: RetransmissionTimeout
            signal: Retransmitting
            --> <SEQ=99><ACK=300><CTL=FIN,ACK>
            + 4s
            signal: TimedOut
            CLOSED
            "
        ));
    }
}

/// An acknowledgment restarts the count, so the next byte has its own retransmissions.
#[test]
fn after_progress_they_begin_again() {
    check(
        "
        config r1=1, r2=500ms, rto_max=2s
        ESTABLISHED
        send 20
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=20>
        + 1s
        signal: RetransmissionTimeout
        signal: Retransmitting
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=20>
        + 1s
        <-- <SEQ=300><ACK=110><CTL=ACK>
        signal: Acknowledged 10
        + 2s
        signal: RetransmissionTimeout
        signal: Retransmitting
        --> <SEQ=110><ACK=300><CTL=ACK><DATA=10>
        + 2s
        signal: TimedOut
        CLOSED
        ",
    );
}

/// The user timeout belongs to the user (section 3.9.1.1), and R1 does not postpone it.
#[test]
fn the_user_timeout_waits_for_none_of_them() {
    check(
        "
        config r1=3, user_timeout=2s
        ESTABLISHED
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        + 1s
        signal: TimedOut
        CLOSED
        ",
    );
}
