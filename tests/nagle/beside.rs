//! Nagle's algorithm with delayed ACKs and keep-alive, whose timers are separate from the override.

use tcp_lifecycle::sim::check;

/// Whatever is held, the acknowledgment is sent at its own time; and any segment that is sent carries it.
#[test]
fn what_is_held_keeps_no_acknowledgment_back() {
    check(
        "
        config delayed_ack=200ms
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>
        send 5
        ESTABLISHED                         UNSENT=5 DEADLINE=200ms
        + 200ms
        --> <SEQ=110><ACK=310><CTL=ACK>
        <-- <SEQ=310><ACK=110><CTL=ACK><DATA=10>
        signal: Acknowledged 10
        --> <SEQ=110><ACK=320><CTL=PSH,ACK><DATA=5>
        ",
    );
}

/// One timer does not replace the other.
#[test]
fn a_delayed_acknowledgment_is_not_the_override() {
    check(
        "
        config delayed_ack=400ms
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=1000
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10><WND=10>
        send 30
        ESTABLISHED                         UNSENT=30 DEADLINE=400ms
        + 400ms
        --> <SEQ=100><ACK=310><CTL=ACK>
        ESTABLISHED                         UNSENT=30 DEADLINE=600ms
        + 600ms
        --> <SEQ=100><ACK=310><CTL=ACK><DATA=10>
        ",
    );
}

#[test]
fn the_timer_of_keep_alive_gives_way_to_the_override() {
    check(
        "
        config keep_alive=2h 75s 9
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=1000
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=10>
        + 5s
        send 30
        ESTABLISHED                         DEADLINE=1s
        + 1s
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        <-- <SEQ=300><ACK=110><CTL=ACK><WND=20>
        signal: Acknowledged 10
        --> <SEQ=110><ACK=300><CTL=ACK><DATA=20>
        <-- <SEQ=300><ACK=130><CTL=ACK><WND=10>
        signal: Acknowledged 20
        ESTABLISHED                         DEADLINE=2h
        ",
    );
    check(
        "
        config keep_alive=2s 75s 9
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=1000
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=10>
        + 2s
        --> <SEQ=99><ACK=300><CTL=ACK>
        send 30
        ESTABLISHED                         DEADLINE=1s
        + 1s
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        ",
    );
}
