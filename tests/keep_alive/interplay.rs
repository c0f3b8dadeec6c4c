//! Keep-alive together with other mechanisms: payload in flight, closed windows, timestamps, the other timers.

use tcp_lifecycle::sim::check;

/// MUST-26: only when nothing that was sent is outstanding.
#[test]
fn while_payload_is_in_flight_there_are_no_probes() {
    check(
        "
        config keep_alive=1500ms 1s 2, user_timeout=none
        ESTABLISHED SND.NXT=100 RCV.NXT=300
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        ESTABLISHED DEADLINE=2s
        + 2s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        ESTABLISHED DEADLINE=4s
        + 4s
        signal: RetransmissionTimeout
        signal: Retransmitting
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        ESTABLISHED DEADLINE=8s
        <-- <SEQ=300><ACK=110><CTL=ACK>
        signal: Acknowledged 10
        ESTABLISHED DEADLINE=1500ms
        + 1500ms
        --> <SEQ=109><ACK=300><CTL=ACK>
        ",
    );
}

/// An acknowledgment of a part is a segment of the peer, but the rest is still in flight.
#[test]
fn while_part_of_the_payload_is_in_flight_there_are_no_probes() {
    check(
        "
        config keep_alive=500ms 500ms 2
        ESTABLISHED SND.NXT=100 RCV.NXT=300
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        + 900ms
        <-- <SEQ=300><ACK=105><CTL=ACK>
        signal: Acknowledged 5
        ESTABLISHED DEADLINE=1s
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=105><ACK=300><CTL=ACK><DATA=5>
        ",
    );
}

/// A SEND between probes ends them: its payload is retransmitted, and R2 ends the connection.
#[test]
fn a_send_takes_the_place_of_the_probes() {
    check(
        "
        config keep_alive=1m 10s 2, rto_max=4s, r2=10s
        ESTABLISHED
        + 1m
        --> <SEQ=99><ACK=300><CTL=ACK>
        + 10s
        --> <SEQ=99><ACK=300><CTL=ACK>
        + 5s
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        ESTABLISHED DEADLINE=1s
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
        ESTABLISHED DEADLINE=4s
        + 4s
        CLOSED
        signal: TimedOut
        ",
    );
}

#[test]
fn after_the_payload_is_acknowledged_probes_are_counted_anew() {
    check(
        "
        config keep_alive=1m 10s 2
        ESTABLISHED
        + 1m
        --> <SEQ=99><ACK=300><CTL=ACK>
        + 10s
        --> <SEQ=99><ACK=300><CTL=ACK>
        + 5s
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        + 100ms
        <-- <SEQ=300><ACK=110><CTL=ACK>
        signal: Acknowledged 10
        ESTABLISHED DEADLINE=1m
        + 1m
        --> <SEQ=109><ACK=300><CTL=ACK>
        + 10s
        --> <SEQ=109><ACK=300><CTL=ACK>
        + 10s
        CLOSED
        signal: TimedOut
        ",
    );
}

/// A probe of a closed window is a retransmission (RFC 9293 section 3.8.6.1); as long as it is answered, probing goes
/// on.
#[test]
fn a_closed_window_is_probed_in_its_own_way() {
    check(
        "
        config keep_alive=1500ms 1s 2
        ESTABLISHED SND.WND=0 DEADLINE=1500ms
        send 10
        ESTABLISHED DEADLINE=1s
        + 1s
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=1> bytes 0..1
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=0>
        + 2s
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=1> bytes 0..1
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=0>
        + 4s
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=1> bytes 0..1
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=10>
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10> bytes 0..10
        <-- <SEQ=300><ACK=110><CTL=ACK><WND=0>
        signal: Acknowledged 10
        ESTABLISHED DEADLINE=1500ms
        + 1500ms
        --> <SEQ=109><ACK=300><CTL=ACK>
        ",
    );
}

/// A closed window with nothing to send is idle like any other.
#[test]
fn an_idle_connection_with_a_closed_window_is_probed() {
    check(
        "
        config keep_alive=1m 10s 2
        ESTABLISHED SND.WND=0
        + 1m
        --> <SEQ=99><ACK=300><CTL=ACK>
        + 1ms
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=0>
        ESTABLISHED DEADLINE=1m
        ",
    );
}

/// With our own window closed, the probe announces that, and an answer is still accepted.
#[test]
fn a_probe_with_our_own_window_closed() {
    check(
        "
        config keep_alive=1m 10s 2, receive_buffer=10
        ESTABLISHED
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>
        --> <SEQ=100><ACK=310><CTL=ACK><WND=0>
        + 1m
        --> <SEQ=99><ACK=310><CTL=ACK><WND=0>
        + 1ms
        <-- <SEQ=310><ACK=100><CTL=ACK>
        ESTABLISHED DEADLINE=1m
        ",
    );
}

/// The user timeout applies to data in flight: an idle connection outlives it, also while it is probed.
#[test]
fn the_user_timeout_does_not_count_probes() {
    check(
        "
        config keep_alive=5m 1m 5, user_timeout=2m
        ESTABLISHED DEADLINE=5m
        + 5m
        --> <SEQ=99><ACK=300><CTL=ACK>
        + 1m
        --> <SEQ=99><ACK=300><CTL=ACK>
        + 1m
        --> <SEQ=99><ACK=300><CTL=ACK>
        + 1m
        --> <SEQ=99><ACK=300><CTL=ACK>
        + 1m
        --> <SEQ=99><ACK=300><CTL=ACK>
        + 1m
        CLOSED
        signal: TimedOut
        ",
    );
}

/// Every segment carries the clock of its moment, and echoes the latest timestamp (RFC 7323 section 3.2).
#[test]
fn probes_carry_timestamps() {
    check(
        "
        config keep_alive=1m 10s 3, timestamps=on
        open active
        --> <SEQ=100><CTL=SYN><TS=0,0>
        SYN-SENT
        <-- <SEQ=300><ACK=101><CTL=SYN,ACK><TS=7000,0>
        --> <SEQ=101><ACK=301><CTL=ACK><TS=0,7000>
        ESTABLISHED TIMESTAMPS=1
        + 1m
        --> <SEQ=100><ACK=301><CTL=ACK><TS=60000,7000>
        + 1s
        <-- <SEQ=301><ACK=101><CTL=ACK><TS=68000,60000>
        ESTABLISHED DEADLINE=1m
        + 1m
        --> <SEQ=100><ACK=301><CTL=ACK><TS=121000,68000>
        ESTABLISHED RTO=1s
        ",
    );
}

/// RFC 7323 section 5: a segment that PAWS refuses is answered, and is no sign of life.
#[test]
fn what_paws_refuses_does_not_count() {
    check(
        "
        config keep_alive=1m 10s 3, timestamps=on
        open active
        --> <SEQ=100><CTL=SYN>
        SYN-SENT
        <-- <SEQ=300><ACK=101><CTL=SYN,ACK><TS=7000,0>
        --> <SEQ=101><ACK=301><CTL=ACK>
        ESTABLISHED
        + 30s
        <-- <SEQ=301><ACK=101><CTL=ACK><DATA=1><TS=6999,0> refused
        --> <SEQ=101><ACK=301><CTL=ACK>
        ESTABLISHED DEADLINE=30s
        ",
    );
}

/// The reset of an ABORT is at SND.NXT, not at the number of a probe.
#[test]
fn abort_and_close_between_probes() {
    let probed = "
        config keep_alive=1m 10s 3
        ESTABLISHED
        + 1m
        --> <SEQ=99><ACK=300><CTL=ACK>
        + 5s
        ";
    check(&format!("{probed} abort\n --> <SEQ=100><CTL=RST>\n CLOSED DEADLINE=none\n + 1h"));
    check(&format!("{probed} close\n --> <SEQ=100><ACK=300><CTL=FIN,ACK>\n FIN-WAIT-1 DEADLINE=1s"));
}

/// A FIN after probes is retransmitted as often as any other, and a FIN that a closed window holds back serves as a
/// probe.
#[test]
fn the_timer_of_a_fin_is_its_own() {
    check(
        "
        config keep_alive=1m 10s 3
        ESTABLISHED
        + 1m
        --> <SEQ=99><ACK=300><CTL=ACK>
        + 10s
        --> <SEQ=99><ACK=300><CTL=ACK>
        close
        --> <SEQ=100><ACK=300><CTL=FIN,ACK>
        FIN-WAIT-1 DEADLINE=1s
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=FIN,ACK>
        + 2s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=FIN,ACK>
        + 4s
        signal: RetransmissionTimeout
        signal: Retransmitting
        --> <SEQ=100><ACK=300><CTL=FIN,ACK>
        ",
    );
    check(
        "
        config keep_alive=1m 10s 3
        ESTABLISHED SND.WND=0
        + 30s
        close
        FIN-WAIT-1 DEADLINE=1s
        + 1s
        --> <SEQ=100><ACK=300><CTL=FIN,ACK>
        ",
    );
}

/// No window holds the probe back, and its peer uses neither its acknowledgment nor its window (3.10.7.4, first): an
/// ACK that is owed is sent in a segment of its own.
#[test]
fn a_probe_and_a_delayed_ack() {
    check(
        "
        config keep_alive=100ms 1s 2, delayed_ack=200ms
        ESTABLISHED
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>
        ESTABLISHED DEADLINE=100ms
        + 100ms
        --> <SEQ=99><ACK=310><CTL=ACK>
        ESTABLISHED DEADLINE=100ms
        + 100ms
        --> <SEQ=100><ACK=310><CTL=ACK>
        ESTABLISHED DEADLINE=900ms
        ",
    );
}

/// Payload that the caller's own limit holds back is not in flight: without probes a dead peer would never be detected.
#[test]
fn what_the_limit_holds_back_is_kept_alive() {
    check(
        "
        config keep_alive=1m 10s 2
        ESTABLISHED
        limit 0
        send 10
        ESTABLISHED DEADLINE=1m UNSENT=10
        + 1m
        --> <SEQ=99><ACK=300><CTL=ACK>
        + 10s
        --> <SEQ=99><ACK=300><CTL=ACK>
        + 5s
        limit 1000
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        ESTABLISHED DEADLINE=1s
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        limit 0
        ESTABLISHED DEADLINE=2s
        <-- <SEQ=300><ACK=110><CTL=ACK>
        signal: Acknowledged 10
        ESTABLISHED DEADLINE=1m
        send 10
        ESTABLISHED DEADLINE=1m
        + 1m
        --> <SEQ=109><ACK=300><CTL=ACK>
        + 10s
        --> <SEQ=109><ACK=300><CTL=ACK>
        + 10s
        CLOSED
        signal: TimedOut
        ",
    );
}

/// The limit replaces the closed window, and the other way round; each with its own timer.
#[test]
fn the_limit_and_a_closed_window_take_turns() {
    check(
        "
        config keep_alive=1m 10s 2
        ESTABLISHED SND.WND=0 DEADLINE=1m
        send 10
        ESTABLISHED DEADLINE=1s
        + 1s
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=1>
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=0>
        ESTABLISHED DEADLINE=2s
        ",
    );
    check(
        "
        config keep_alive=1m 10s 2
        ESTABLISHED SND.WND=0
        send 10
        + 500ms
        limit 0
        ESTABLISHED DEADLINE=1m
        + 30s
        limit 100
        ESTABLISHED DEADLINE=1s
        + 1s
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=1>
        ",
    );
}
/// MUST-26: the time counts from the last segment received. A call that changes nothing is no sign of the peer.
#[test]
fn calls_do_not_put_the_probes_off() {
    for call in ["limit 1000", "send 0", "receive 0"] {
        check(&format!(
            "
            config keep_alive=1m 10s 2
            ESTABLISHED
            + 30s
            {call}
            ESTABLISHED DEADLINE=30s
            + 30s
            --> <SEQ=99><ACK=300><CTL=ACK>
            + 5s
            {call}
            ESTABLISHED DEADLINE=5s
            + 5s
            --> <SEQ=99><ACK=300><CTL=ACK>
            {call}
            ESTABLISHED DEADLINE=10s
            + 10s
            CLOSED
            signal: TimedOut
            "
        ));
    }
}

/// The same for a SEND whose payload the caller's own limit holds back.
#[test]
fn a_send_that_the_limit_holds_back_does_not_put_the_probes_off() {
    check(
        "
        config keep_alive=1m 10s 2
        ESTABLISHED
        limit 0
        send 5
        + 1m
        --> <SEQ=99><ACK=300><CTL=ACK>
        + 5s
        send 5
        ESTABLISHED DEADLINE=5s
        ",
    );
}

/// D4: the acknowledgment of a bare ACK left of RCV.NXT counts, and the connection is idle from then on.
#[test]
fn an_acknowledgment_left_of_the_window_begins_the_rest() {
    check(
        "
        config keep_alive=1m 10s 3
        ESTABLISHED
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>
        --> <SEQ=100><ACK=310><CTL=ACK>
        send 10
        --> <SEQ=100><ACK=310><CTL=ACK><DATA=10>
        <-- <SEQ=300><ACK=110><CTL=ACK>                 accepted
        signal: Acknowledged 10
        --> <SEQ=110><ACK=310><CTL=ACK>
        ESTABLISHED DEADLINE=1m
        ",
    );
}

/// A CLOSE behind payload that the caller's limit holds back ends the idle time: the timer is that of the window probe.
#[test]
fn a_close_takes_its_timer_along() {
    check(
        "
        config keep_alive=2h 1m 3, nagle=off
        ESTABLISHED SND.WND=0
        limit 0
        send 1
        ESTABLISHED DEADLINE=2h
        close
        FIN-WAIT-1 DEADLINE=none
        limit 4294967295
        FIN-WAIT-1 DEADLINE=1s
        ",
    );
}
