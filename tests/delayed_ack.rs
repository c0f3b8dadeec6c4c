//! Delayed acknowledgments, RFC 9293 section 3.8.6.3.

use tcp_lifecycle::sim::check;

#[test]
fn every_second_segment_is_acknowledged_at_once() {
    check(
        "
        config delayed_ack=200ms
        ESTABLISHED SND.NXT=100 RCV.NXT=300
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>
        ESTABLISHED DEADLINE=200ms
        + 100ms
        <-- <SEQ=310><ACK=100><CTL=ACK><DATA=10>
        --> <SEQ=100><ACK=320><CTL=ACK>
        ESTABLISHED DEADLINE=none
        <-- <SEQ=320><ACK=100><CTL=ACK><DATA=10>
        ESTABLISHED DEADLINE=200ms
        + 200ms
        --> <SEQ=100><ACK=330><CTL=ACK>
        <-- <SEQ=330><ACK=100><CTL=ACK><DATA=10>
        send 5
        --> <SEQ=100><ACK=340><CTL=ACK><DATA=5>
        ESTABLISHED DEADLINE=1s
        <-- <SEQ=350><ACK=100><CTL=ACK><DATA=10>      delivers 0..0
        --> <SEQ=105><ACK=340><CTL=ACK>
        ",
    );
}
