//! Keep-alive, RFC 9293 section 3.8.4.

use tcp_lifecycle::sim::check;

#[test]
fn probes_go_out_after_the_idle_time_and_an_answer_begins_it_anew() {
    check(
        "
        config keep_alive=2h 75s 3
        ESTABLISHED SND.NXT=100 RCV.NXT=300 DEADLINE=2h
        + 1h
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>
        --> <SEQ=100><ACK=310><CTL=ACK>
        ESTABLISHED DEADLINE=2h
        + 2h
        --> <SEQ=99><ACK=310><CTL=ACK>
        ESTABLISHED DEADLINE=75s
        + 10ms
        <-- <SEQ=310><ACK=100><CTL=ACK>
        ESTABLISHED DEADLINE=2h
        send 5
        --> <SEQ=100><ACK=310><CTL=ACK><DATA=5>
        ESTABLISHED DEADLINE=1s
        + 10ms
        <-- <SEQ=310><ACK=105><CTL=ACK>
        signal: Acknowledged 5
        ESTABLISHED DEADLINE=2h
        + 2h
        --> <SEQ=104><ACK=310><CTL=ACK>
        + 75s
        --> <SEQ=104><ACK=310><CTL=ACK>
        + 75s
        --> <SEQ=104><ACK=310><CTL=ACK>
        + 75s
        ESTABLISHED -> CLOSED
        signal: TimedOut
        ",
    );
}
