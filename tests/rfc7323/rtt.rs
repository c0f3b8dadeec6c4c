//! Round-trip times from echoes: RFC 7323 sections 4.1 and 4.2.

use tcp_lifecycle::sim::check;

use crate::once_agreed;

/// The SYN,ACK echoes our SYN, and the ACK of a SYN,ACK echoes that.
#[test]
fn the_first_sample_is_of_the_handshake() {
    once_agreed("ESTABLISHED SRTT=20ms RTTVAR=10ms RTO=1s");
    check(
        "
        config timestamps=on, rto_min=1ms
        ISS=99
        open passive
        LISTEN
        + 100ms
        <-- <SEQ=299><CTL=SYN><TS=1000,0>
        --> <SEQ=99><ACK=300><CTL=SYN,ACK><TS=100,1000>
        SYN-RECEIVED
        + 40ms
        <-- <SEQ=300><ACK=100><CTL=ACK><TS=1040,100>
        ESTABLISHED                         SRTT=40ms RTTVAR=20ms RTO=120ms
        ",
    );
}

/// 20 ms and then 100 ms, by RFC 6298 section 2.3: 7/8 * 20 + 1/8 * 100, 3/4 * 10 + 1/4 * 80.
#[test]
fn the_time_since_the_echoed_moment_is_a_sample() {
    once_agreed(
        "
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10><TS=20,1000>
        + 100ms
        <-- <SEQ=300><ACK=110><CTL=ACK><TS=1100,20>
        signal: Acknowledged 10
        ESTABLISHED                         SRTT=30ms RTTVAR=27500us
        ",
    );
}

/// RFC 7323 4.2: the weights of RFC 6298 assume one sample in a round trip. A flight of four, with 20 ms known before,
/// brings one sample of 100 ms, and not four.
#[test]
fn a_flight_is_one_sample_however_many_acks_it_gets() {
    once_agreed(
        "
        send 2096
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=524><TS=20,1000>
        --> <SEQ=624><ACK=300><CTL=ACK><DATA=524><TS=20,1000>
        --> <SEQ=1148><ACK=300><CTL=ACK><DATA=524><TS=20,1000>
        --> <SEQ=1672><ACK=300><CTL=PSH,ACK><DATA=524><TS=20,1000>
        + 100ms
        <-- <SEQ=300><ACK=624><CTL=ACK><TS=1100,20>
        signal: Acknowledged 524
        ESTABLISHED                         SRTT=30ms RTTVAR=27500us
        <-- <SEQ=300><ACK=1148><CTL=ACK><TS=1100,20>
        signal: Acknowledged 524
        <-- <SEQ=300><ACK=2196><CTL=ACK><TS=1100,20>
        signal: Acknowledged 1048
        ESTABLISHED                         SRTT=30ms RTTVAR=27500us
        send 10
        --> <SEQ=2196><ACK=300><CTL=ACK><DATA=10><TS=120,1100>
        + 30ms
        <-- <SEQ=300><ACK=2206><CTL=ACK><TS=1130,120>
        signal: Acknowledged 10
        ESTABLISHED                         SRTT=30ms RTTVAR=20625us
        ",
    );
}

/// While everything has been sent once, the segment is timed from its transmission to the ACK that covers it (D44). The
/// echo does not count.
#[test]
fn the_timing_of_the_segment_and_not_the_echo_counts() {
    once_agreed(
        "
        send 524
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=524><TS=20,1000>
        + 60ms
        send 524
        --> <SEQ=624><ACK=300><CTL=ACK><DATA=524><TS=80,1000>
        + 40ms
        <-- <SEQ=300><ACK=1148><CTL=ACK><TS=1100,80>
        signal: Acknowledged 1048
        ESTABLISHED                         SRTT=30ms RTTVAR=27500us        # a sample of 100 ms, and no other
        ",
    );
}

/// A retransmission can be measured, since the echo tells which transmission was answered; and the back-off ends. An
/// echo of the first transmission is no sample: the peer may have stored it while its ACK was lost.
#[test]
fn a_retransmission_is_measured() {
    const SENT_AGAIN: &str = "
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10><TS=20,1000>
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10><TS=1020,1000>
        ESTABLISHED                         RTO=2s
        + 100ms
        ";
    once_agreed(&format!(
        "{SENT_AGAIN}
        <-- <SEQ=300><ACK=110><CTL=ACK><TS=2000,1020>           # the second
        signal: Acknowledged 10
        ESTABLISHED                         SRTT=30ms RTTVAR=27500us RTO=1s
        "
    ));
    once_agreed(&format!(
        "{SENT_AGAIN}
        <-- <SEQ=300><ACK=110><CTL=ACK><TS=2000,20>             # the first
        signal: Acknowledged 10
        ESTABLISHED                         SRTT=20ms RTTVAR=10ms RTO=2s
        "
    ));
}

/// 4.1: only an ACK that advances SND.UNA brings a sample.
#[test]
fn an_ack_that_acknowledges_nothing_new_is_no_sample() {
    once_agreed(
        "
        send 20
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=20>
        + 100ms
        <-- <SEQ=300><ACK=100><CTL=ACK><TS=1100,20>
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=5><TS=1100,20>
        --> <SEQ=120><ACK=305><CTL=ACK>
        ESTABLISHED                         SRTT=20ms RTTVAR=10ms
        <-- <SEQ=305><ACK=120><CTL=ACK><TS=1100,20>
        signal: Acknowledged 20
        ESTABLISHED                         SRTT=30ms
        ",
    );
}

/// A TSval that we have not sent yet is no echo. A segment that was sent once is still measured; one that was
/// retransmitted is not (Karn).
#[test]
fn an_echo_from_the_future_is_ignored() {
    once_agreed(
        "
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        + 100ms
        <-- <SEQ=300><ACK=110><CTL=ACK><TS=1100,121>
        signal: Acknowledged 10
        ESTABLISHED                         SRTT=30ms RTTVAR=27500us
        send 10
        --> <SEQ=110><ACK=300><CTL=ACK><DATA=10><TS=120,1100>
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=110><ACK=300><CTL=ACK><DATA=10><TS=1120,1100>
        + 100ms
        <-- <SEQ=300><ACK=120><CTL=ACK><TS=2200,1221>
        signal: Acknowledged 10
        ESTABLISHED                         SRTT=30ms RTTVAR=27500us RTO=2s
        ",
    );
}

/// Our clock may wrap between a segment and its acknowledgment: 2^32 ms are 1193 h 2 m 47.296 s.
#[test]
fn the_clock_may_come_round() {
    once_agreed(
        "
        + 1193h 2m 47s
        + 256ms                                 # 2^32 - 20 ms
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10><TS=4294967276,1000>
        + 100ms
        <-- <SEQ=300><ACK=110><CTL=ACK><TS=1100,4294967276>
        signal: Acknowledged 10
        ESTABLISHED                         SRTT=30ms RTTVAR=27500us
        send 1
        --> <SEQ=110><ACK=300><CTL=ACK><DATA=1><TS=80,1100>
        ",
    );
}

/// After a retransmitted SYN the timeout restarts with three seconds (RFC 6298 5.7), whatever the echo says.
#[test]
fn after_a_syn_that_was_sent_again_the_timeout_begins_with_three_seconds() {
    check(
        "
        config timestamps=on
        ISS=99
        open active
        --> <SEQ=99><CTL=SYN><TS=0,0>
        SYN-SENT
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=99><CTL=SYN><TS=1000,0>
        + 30ms
        <-- <SEQ=299><ACK=100><CTL=SYN,ACK><TS=500,1000>
        --> <SEQ=100><ACK=300><CTL=ACK><TS=1030,500>
        ESTABLISHED                         SRTT=none RTO=3s
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10><TS=1030,500>
        + 40ms
        <-- <SEQ=300><ACK=110><CTL=ACK><TS=530,1030>
        signal: Acknowledged 10
        ESTABLISHED                         SRTT=40ms RTTVAR=20ms RTO=1s
        ",
    );
}

/// The acknowledgment of a FIN is measured like any other.
#[test]
fn the_acknowledgment_of_a_fin_is_a_sample() {
    once_agreed(
        "
        close
        --> <SEQ=100><ACK=300><CTL=FIN,ACK><TS=20,1000>
        FIN-WAIT-1
        + 100ms
        <-- <SEQ=300><ACK=101><CTL=ACK><TS=1100,20>
        FIN-WAIT-2                          SRTT=30ms
        ",
    );
}

/// Without an agreement, the SYN,ACK and the acknowledgment of a FIN are measured by the timing of the segment.
#[test]
fn not_agreed_an_echo_is_no_sample() {
    check(
        "
        ISS=99
        open active
        --> <SEQ=99><CTL=SYN>
        SYN-SENT
        + 80ms
        <-- <SEQ=299><ACK=100><CTL=SYN,ACK><TS=500,70>
        --> <SEQ=100><ACK=300><CTL=ACK>
        ESTABLISHED                         SRTT=80ms TIMESTAMPS=0
        close
        --> <SEQ=100><ACK=300><CTL=FIN,ACK>
        FIN-WAIT-1
        + 160ms
        <-- <SEQ=300><ACK=101><CTL=ACK><TS=500,70>
        FIN-WAIT-2                          SRTT=90ms
        ",
    );
}

/// Some ends that have nothing to echo send zero.
#[test]
fn an_echo_of_zero_is_no_sample() {
    once_agreed(
        "
        + 1h
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        + 100ms
        <-- <SEQ=300><ACK=110><CTL=ACK><TS=1100,0>
        signal: Acknowledged 10
        ESTABLISHED                         SRTT=30ms RTTVAR=27500us
        ",
    );
}
