//! Segments that carry the acknowledgment before its time, and other timers at the same time.

use tcp_lifecycle::sim::check;

#[test]
fn payload_and_fin_carry_it() {
    for (call, carries, state) in [
        ("send 5", "<SEQ=100><ACK=310><CTL=ACK><DATA=5>", "ESTABLISHED"),
        ("close", "<SEQ=100><ACK=310><CTL=FIN,ACK>", "FIN-WAIT-1"),
    ] {
        check(&format!(
            "
            config delayed_ack=200ms
            ESTABLISHED SND.NXT=100 RCV.NXT=300
            <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>
            + 100ms
            {call}
            --> {carries}
            {state} DEADLINE=1s
            + 1s
            signal: RetransmissionTimeout
            --> {carries}
            "
        ));
    }
}

/// The next payload after that counts as the first again.
#[test]
fn after_it_was_carried_the_next_one_waits_in_full() {
    check(
        "
        config delayed_ack=200ms
        ESTABLISHED
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>
        + 100ms
        send 5
        --> <SEQ=100><ACK=310><CTL=ACK><DATA=5>
        <-- <SEQ=310><ACK=105><CTL=ACK><DATA=10>
        signal: Acknowledged 5
        ESTABLISHED DEADLINE=200ms
        + 200ms
        --> <SEQ=105><ACK=320><CTL=ACK>
        ",
    );
}

/// D29: a window that opens far enough is announced, and the same segment acknowledges everything.
#[test]
fn a_window_update_carries_it() {
    check(
        "
        config delayed_ack=200ms, receive_buffer=1000
        ESTABLISHED
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=400>
        + 200ms
        --> <SEQ=100><ACK=700><CTL=ACK><WND=600>
        <-- <SEQ=700><ACK=100><CTL=ACK><DATA=400>
        ESTABLISHED DEADLINE=200ms
        receive 800
        --> <SEQ=100><ACK=1100><CTL=ACK><WND=1000>
        ESTABLISHED DEADLINE=none
        ",
    );
}

#[test]
fn a_small_gain_in_the_window_waits_with_it() {
    check(
        "
        config delayed_ack=200ms
        ESTABLISHED
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=1000>
        receive 1000
        ESTABLISHED DEADLINE=200ms
        + 200ms
        --> <SEQ=100><ACK=1300><CTL=ACK><WND=65535>
        ",
    );
}

/// Payload that the peer's window holds back carries nothing: the ACK is sent by itself.
#[test]
fn what_cannot_be_sent_carries_nothing() {
    check(
        "
        config delayed_ack=200ms
        ESTABLISHED SND.WND=0
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>
        send 5
        ESTABLISHED DEADLINE=200ms
        + 200ms
        --> <SEQ=100><ACK=310><CTL=ACK>
        ESTABLISHED DEADLINE=800ms
        + 800ms
        --> <SEQ=100><ACK=310><CTL=ACK><DATA=1>
        ",
    );
}

/// Nagle's algorithm and delayed ACKs meet: payload that Nagle's algorithm holds is sent once the flight is
/// acknowledged.
#[test]
fn payload_that_nagle_holds_carries_nothing() {
    check(
        "
        config delayed_ack=200ms, nagle=on
        ESTABLISHED
        send 5
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=5>
        send 5
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>
        ESTABLISHED DEADLINE=200ms
        + 200ms
        --> <SEQ=105><ACK=310><CTL=ACK>
        ESTABLISHED DEADLINE=800ms
        ",
    );
}

#[test]
fn a_retransmission_carries_it() {
    check(
        "
        config delayed_ack=200ms
        ESTABLISHED
        send 5
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=5>
        + 900ms
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>
        ESTABLISHED DEADLINE=100ms
        + 100ms
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=310><CTL=ACK><DATA=5>
        ESTABLISHED DEADLINE=2s
        + 2s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=310><CTL=ACK><DATA=5>
        ",
    );
}

/// Both are due at the same moment: one segment is sent.
#[test]
fn the_retransmission_timer_and_the_delayed_ack_at_the_same_moment() {
    check(
        "
        config delayed_ack=200ms
        ESTABLISHED
        send 5
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=5>
        + 800ms
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>
        ESTABLISHED DEADLINE=200ms
        + 200ms
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=310><CTL=ACK><DATA=5>
        ESTABLISHED DEADLINE=2s
        ",
    );
}

/// The delayed ACK does not disturb the timer that runs behind it.
#[test]
fn the_delayed_ack_before_the_retransmission_timer() {
    check(
        "
        config delayed_ack=200ms
        ESTABLISHED
        send 5
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=5>
        + 100ms
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>
        ESTABLISHED DEADLINE=200ms
        + 200ms
        --> <SEQ=105><ACK=310><CTL=ACK>
        ESTABLISHED DEADLINE=700ms
        + 700ms
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=310><CTL=ACK><DATA=5>
        ",
    );
}

#[test]
fn the_timeout_of_fin_wait_2_and_the_delayed_ack() {
    check(
        "
        config delayed_ack=200ms, fin_wait_2_timeout=1s
        FIN-WAIT-2 SND.NXT=100 RCV.NXT=300
        + 900ms
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>
        receive 10
        detach
        FIN-WAIT-2 DEADLINE=200ms
        + 200ms
        --> <SEQ=100><ACK=310><CTL=ACK>
        FIN-WAIT-2 DEADLINE=800ms
        + 800ms
        CLOSED DEADLINE=none
        signal: TimedOut
        + 1h
        ",
    );
}

/// A pending acknowledgment ends with the connection; a reset acknowledges nothing.
#[test]
fn the_end_of_the_connection_takes_it_along() {
    check(
        "
        config delayed_ack=200ms
        ESTABLISHED
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>
        abort
        --> <SEQ=100><CTL=RST>
        CLOSED DEADLINE=none
        + 1h
        ",
    );
    check(
        "
        config delayed_ack=200ms
        ESTABLISHED
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>
        <-- <SEQ=310><CTL=RST>
        signal: Reset
        CLOSED DEADLINE=none
        + 1h
        ",
    );
}
