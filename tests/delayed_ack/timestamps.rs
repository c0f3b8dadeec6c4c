//! Which timestamp is echoed when acknowledgments are delayed, RFC 7323 section 4.3.

use tcp_lifecycle::sim::check;

const OPENED: &str = "
    config delayed_ack=200ms, timestamps=on
    open active
    --> <SEQ=100><CTL=SYN>
    SYN-SENT
    <-- <SEQ=300><ACK=101><CTL=SYN,ACK><TS=1000,0>
    --> <SEQ=101><ACK=301><CTL=ACK><TS=0,1000>
    ESTABLISHED TIMESTAMPS=1
    ";

/// (A): the earliest unacknowledged segment, so that the peer's round-trip time includes the delay.
#[test]
fn the_earliest_of_the_delayed_ones_is_echoed() {
    check(&format!(
        "{OPENED}
        <-- <SEQ=301><ACK=101><CTL=ACK><DATA=10><TS=2000,0>
        + 50ms
        <-- <SEQ=311><ACK=101><CTL=ACK><DATA=10><TS=2050,0>
        --> <SEQ=101><ACK=321><CTL=ACK><TS=50,2000>
        + 50ms
        <-- <SEQ=321><ACK=101><CTL=ACK><DATA=10><TS=2100,0>
        + 200ms
        --> <SEQ=101><ACK=331><CTL=ACK><TS=300,2100>
        <-- <SEQ=331><ACK=101><CTL=ACK><DATA=10><TS=2300,0>
        & <-- <SEQ=341><ACK=101><CTL=ACK><DATA=10><TS=2301,0>
        & <-- <SEQ=351><ACK=101><CTL=ACK><DATA=10><TS=2302,0>
        --> <SEQ=101><ACK=361><CTL=ACK><TS=300,2300>
        "
    ));
}

/// Last.ACK.sent is the acknowledgment of the last segment of any kind: payload or a bare ACK.
#[test]
fn an_ack_carried_by_payload_counts_as_sent() {
    check(&format!(
        "{OPENED}
        <-- <SEQ=301><ACK=101><CTL=ACK><DATA=10><TS=2000,0>
        send 5
        --> <SEQ=101><ACK=311><CTL=ACK><DATA=5><TS=0,2000>
        + 50ms
        <-- <SEQ=311><ACK=106><CTL=ACK><DATA=10><TS=2050,0>
        signal: Acknowledged 5
        + 200ms
        --> <SEQ=106><ACK=321><CTL=ACK><TS=250,2050>
        "
    ));
}

/// (B): a segment ahead of a gap is answered with the timestamp of the last segment that advanced RCV.NXT.
#[test]
fn ahead_of_a_gap_the_last_in_order_is_echoed() {
    check(&format!(
        "{OPENED}
        <-- <SEQ=301><ACK=101><CTL=ACK><DATA=10><TS=2000,0>
        + 50ms
        <-- <SEQ=321><ACK=101><CTL=ACK><DATA=10><TS=2050,0> delivers nothing
        --> <SEQ=101><ACK=311><CTL=ACK><TS=50,2000>
        <-- <SEQ=331><ACK=101><CTL=ACK><DATA=10><TS=2051,0> delivers nothing
        --> <SEQ=101><ACK=311><CTL=ACK><TS=50,2000>
        "
    ));
}

/// (C): the segment that fills the gap is the newest, and is echoed.
#[test]
fn what_fills_a_gap_is_echoed() {
    check(&format!(
        "{OPENED}
        <-- <SEQ=311><ACK=101><CTL=ACK><DATA=10><TS=2000,0> delivers nothing
        --> <SEQ=101><ACK=301><CTL=ACK><TS=0,1000>
        + 50ms
        <-- <SEQ=301><ACK=101><CTL=ACK><DATA=10><TS=2050,0>
        & <-- <SEQ=311><ACK=101><CTL=ACK><DATA=10><TS=2050,0>
        --> <SEQ=101><ACK=321><CTL=ACK><TS=50,2050>
        "
    ));
}

/// While an ACK waits, a bare ACK of the peer lies right of Last.ACK.sent: its timestamp is not stored.
#[test]
fn a_bare_ack_while_one_waits_is_not_echoed() {
    check(&format!(
        "{OPENED}
        <-- <SEQ=301><ACK=101><CTL=ACK><DATA=10><TS=2000,0>
        + 50ms
        <-- <SEQ=311><ACK=101><CTL=ACK><TS=2050,0>
        + 150ms
        --> <SEQ=101><ACK=311><CTL=ACK><TS=200,2000>
        <-- <SEQ=311><ACK=101><CTL=ACK><TS=2060,0>
        send 1
        --> <SEQ=101><ACK=311><CTL=ACK><DATA=1><TS=200,2060>
        "
    ));
}

/// A copy of the delayed segment, retransmitted with a later timestamp, spans Last.ACK.sent but is old. It is answered,
/// and its timestamp is not stored beyond the rules.
#[test]
fn a_segment_sent_again_while_its_ack_waits() {
    check(&format!(
        "{OPENED}
        <-- <SEQ=301><ACK=101><CTL=ACK><DATA=10><TS=2000,0>
        + 100ms
        <-- <SEQ=301><ACK=101><CTL=ACK><DATA=10><TS=2100,0> refused
        --> <SEQ=101><ACK=311><CTL=ACK>
        ESTABLISHED DEADLINE=none
        "
    ));
}
