//! Limits by count in addition to the limits by time: `r2_count`, `syn_r2_count` and `syn_ack_r2_count`. RFC 9293
//! section 3.8.3 measures R1 and R2 in either unit.

use tcp_lifecycle::sim::check;

/// This many retransmissions, and one timeout more.
#[test]
fn payload_is_sent_again_so_often_and_given_up() {
    check(
        "
        config r1=1, r2_count=2
        ESTABLISHED
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        + 1s
        signal: RetransmissionTimeout
        signal: Retransmitting
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        + 2s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        + 4s
        signal: TimedOut
        CLOSED                              DEADLINE=none
        ",
    );
}

#[test]
fn a_fin_is_sent_again_so_often() {
    for state in ["FIN-WAIT-1", "CLOSING", "LAST-ACK"] {
        check(&format!(
            "
            config r1=0, r2_count=1, syn_r2_count=5, syn_ack_r2_count=5
            {state}
            + 1s
            signal: RetransmissionTimeout
            --> <SEQ=99><ACK=300><CTL=FIN,ACK>
            + 2s
            signal: TimedOut
            CLOSED
            "
        ));
    }
}

#[test]
fn a_syn_is_sent_again_so_often() {
    check(
        "
        config r1=0, r2_count=9, syn_r2_count=2, syn_ack_r2_count=9
        open active
        --> <SEQ=100><CTL=SYN>
        SYN-SENT
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=100><CTL=SYN>
        + 2s
        signal: RetransmissionTimeout
        --> <SEQ=100><CTL=SYN>
        + 4s
        signal: TimedOut
        CLOSED
        ",
    );
}

/// D18: back to LISTEN, in silence.
#[test]
fn a_syn_ack_is_sent_again_so_often() {
    check(
        "
        config r1=0, r2_count=9, syn_r2_count=9, syn_ack_r2_count=2
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

/// The limit that is reached first ends the connection.
#[test]
fn the_limit_by_time_holds_beside_that_by_count() {
    check(
        "
        config r1=0, r2=3s, r2_count=5
        ESTABLISHED
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        + 2s
        signal: TimedOut
        CLOSED
        ",
    );
    check(
        "
        config r1=0, syn_r2=1s, syn_r2_count=5
        SYN-SENT
        + 1s
        signal: TimedOut
        CLOSED
        ",
    );
}

/// By count alone, as in Linux: the time is unlimited.
#[test]
fn without_a_limit_by_time_the_count_ends_it() {
    check(
        "
        config r1=0, r2=none, user_timeout=none, rto_max=1s, r2_count=3
        ESTABLISHED
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        + 1s
        signal: RetransmissionTimeout
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

#[test]
fn progress_begins_the_count_again() {
    check(
        "
        config r1=0, rto_max=1s, r2_count=1
        ESTABLISHED
        send 20
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=20>
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=20>
        <-- <SEQ=300><ACK=110><CTL=ACK>
        signal: Acknowledged 10
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=110><ACK=300><CTL=ACK><DATA=10>
        + 1s
        signal: TimedOut
        CLOSED
        ",
    );
}

/// MUST-37: a peer that answers probes is never given up, however many there are.
#[test]
fn probes_that_are_answered_do_not_count() {
    let probe = "
        + 1s
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=1>
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=0>
    ";
    check(&format!(
        "config r1=0, rto_max=1s, r2_count=2\n ESTABLISHED SND.WND=0\n send 5\n {}\n ESTABLISHED",
        probe.repeat(10)
    ));
}

#[test]
fn none_is_no_limit_by_count() {
    check(
        "
        config r1=0, r2=2s, r2_count=none, syn_r2_count=none, syn_ack_r2_count=none
        ESTABLISHED
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        + 2s
        signal: TimedOut
        CLOSED
        ",
    );
}

/// RFC 6298 section 5.7 sets three seconds after a retransmitted SYN; a simulator has other times.
#[test]
fn the_timeout_after_a_lost_syn_is_a_policy() {
    for (policy, rto) in [("", "3s"), ("rto_after_syn_timeout=1s,", "1s"), ("rto_after_syn_timeout=5s,", "5s")] {
        check(&format!(
            "
            config {policy} r1=0
            SYN-SENT
            + 1s
            signal: RetransmissionTimeout
            --> <SEQ=99><CTL=SYN>
            <-- <SEQ=299><ACK=100><CTL=SYN,ACK>
            --> <SEQ=100><ACK=300><CTL=ACK>
            ESTABLISHED RTO={rto}
            send 10
            --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
            ESTABLISHED DEADLINE={rto}
            "
        ));
    }
}
