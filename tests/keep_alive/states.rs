//! The states with keep-alive: those that wait for the peer without a timer of their own.

use tcp_lifecycle::sim::check;

#[test]
fn established_close_wait_and_fin_wait_2_are_probed() {
    for (state, probe) in [
        ("ESTABLISHED", "<SEQ=99><ACK=300><CTL=ACK>"),
        ("CLOSE-WAIT", "<SEQ=99><ACK=300><CTL=ACK>"),
        ("FIN-WAIT-2", "<SEQ=99><ACK=300><CTL=ACK>"),
    ] {
        check(&format!(
            "
            config keep_alive=1m 10s 2
            {state} SND.NXT=100 RCV.NXT=300 DEADLINE=1m
            + 1m
            --> {probe}
            {state} DEADLINE=10s
            + 5s
            <-- <SEQ=300><ACK=100><CTL=ACK>
            {state} DEADLINE=1m
            + 1m
            --> {probe}
            + 10s
            --> {probe}
            + 10s
            {state} -> CLOSED
            signal: TimedOut
            "
        ));
    }
}

/// That policy ends FIN-WAIT-2, once the user is gone.
#[test]
fn fin_wait_2_with_a_timeout_of_its_own_is_not_probed() {
    check(
        "
        config keep_alive=1m 10s 2, fin_wait_2_timeout=5m
        FIN-WAIT-2
        detach
        FIN-WAIT-2 DEADLINE=5m
        + 5m
        CLOSED
        signal: TimedOut
        ",
    );
}

#[test]
fn while_the_user_is_there_fin_wait_2_is_probed_whatever_that_policy_says() {
    check(
        "
        config keep_alive=1m 10s 2, fin_wait_2_timeout=5m
        FIN-WAIT-2 DEADLINE=1m
        + 1m
        --> <SEQ=99><ACK=300><CTL=ACK>
        + 5s
        <-- <SEQ=300><ACK=100><CTL=ACK>
        FIN-WAIT-2 DEADLINE=1m
        + 1m
        --> <SEQ=99><ACK=300><CTL=ACK>
        + 10s
        --> <SEQ=99><ACK=300><CTL=ACK>
        + 10s
        CLOSED
        signal: TimedOut
        ",
    );
}

/// Retransmissions find out whether the peer is there.
#[test]
fn a_state_with_a_fin_or_syn_in_flight_only_retransmits() {
    let timeout = "signal: RetransmissionTimeout";
    for (state, told, again) in [
        ("SYN-SENT", timeout, "<SEQ=99><CTL=SYN>"),
        ("SYN-RECEIVED", "", "<SEQ=99><ACK=300><CTL=SYN,ACK>"),
        ("FIN-WAIT-1", timeout, "<SEQ=99><ACK=300><CTL=FIN,ACK>"),
        ("CLOSING", timeout, "<SEQ=99><ACK=300><CTL=FIN,ACK>"),
        ("LAST-ACK", timeout, "<SEQ=99><ACK=300><CTL=FIN,ACK>"),
    ] {
        check(&format!(
            "
            config keep_alive=100ms 100ms 2
            {state} SND.NXT=100 DEADLINE=1s
            + 1s
            {told}
            --> {again}
            {state} DEADLINE=2s
            + 2s
            {told}
            --> {again}
            {state} DEADLINE=4s
            "
        ));
    }
}

#[test]
fn listen_and_time_wait_are_not_probed() {
    check("config keep_alive=1s 1s 2\nLISTEN DEADLINE=none\n+ 100h\nLISTEN");
    check("config keep_alive=1s 1s 2\nTIME-WAIT DEADLINE=4m\n+ 4m\nCLOSED DEADLINE=none\n+ 10h");
}

#[test]
fn it_begins_as_the_handshake_is_over() {
    check(
        "
        config keep_alive=1m 10s 2
        open active
        --> <SEQ=100><CTL=SYN>
        SYN-SENT
        + 200ms
        <-- <SEQ=300><ACK=101><CTL=SYN,ACK>
        --> <SEQ=101><ACK=301><CTL=ACK>
        ESTABLISHED DEADLINE=1m
        + 1m
        --> <SEQ=100><ACK=301><CTL=ACK>
        ",
    );
    check(
        "
        config keep_alive=1m 10s 2
        open passive
        LISTEN
        <-- <SEQ=300><CTL=SYN>
        --> <SEQ=100><ACK=301><CTL=SYN,ACK>
        SYN-RECEIVED DEADLINE=1s
        + 200ms
        <-- <SEQ=301><ACK=101><CTL=ACK>
        ESTABLISHED DEADLINE=1m
        + 1m
        --> <SEQ=100><ACK=301><CTL=ACK>
        ",
    );
}

/// The FIN of the peer is a segment of the peer. Our own is in flight, and after its acknowledgment the connection
/// waits for the peer's.
#[test]
fn it_goes_on_from_state_to_state() {
    check(
        "
        config keep_alive=1m 10s 2
        ESTABLISHED SND.NXT=100 RCV.NXT=300
        + 50s
        close
        --> <SEQ=100><ACK=300><CTL=FIN,ACK>
        FIN-WAIT-1 DEADLINE=1s
        + 500ms
        <-- <SEQ=300><ACK=101><CTL=ACK>
        FIN-WAIT-2 DEADLINE=1m
        + 1m
        --> <SEQ=100><ACK=300><CTL=ACK>
        + 1s
        <-- <SEQ=300><ACK=101><CTL=FIN,ACK>
        signal: Closing
        --> <SEQ=101><ACK=301><CTL=ACK>
        TIME-WAIT DEADLINE=4m
        + 4m
        CLOSED
        ",
    );
    check(
        "
        config keep_alive=1m 10s 2
        ESTABLISHED SND.NXT=100 RCV.NXT=300
        + 1m
        --> <SEQ=99><ACK=300><CTL=ACK>
        + 5s
        <-- <SEQ=300><ACK=100><CTL=FIN,ACK>
        signal: Closing
        --> <SEQ=100><ACK=301><CTL=ACK>
        CLOSE-WAIT DEADLINE=1m
        + 1m
        --> <SEQ=99><ACK=301><CTL=ACK>
        + 10s
        --> <SEQ=99><ACK=301><CTL=ACK>
        close
        --> <SEQ=100><ACK=301><CTL=FIN,ACK>
        LAST-ACK DEADLINE=1s
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=301><CTL=FIN,ACK>
        <-- <SEQ=301><ACK=101><CTL=ACK>
        CLOSED DEADLINE=none
        ",
    );
}

/// If the peer is gone, FIN-WAIT-2 lasts without end in RFC 9293; keep-alive detects it.
#[test]
fn a_dead_peer_is_found_out_in_fin_wait_2() {
    let quiet = "ESTABLISHED\nclose\n--> <SEQ=100><ACK=300><CTL=FIN,ACK>\nFIN-WAIT-1\n<-- <SEQ=300><ACK=101><CTL=ACK>\nFIN-WAIT-2\n";
    check(&format!("{quiet}+ 100000h\nFIN-WAIT-2"));
    check(&format!(
        "config keep_alive=2h 75s 2
        {quiet}
        + 2h
        --> <SEQ=100><ACK=300><CTL=ACK>
        + 75s
        --> <SEQ=100><ACK=300><CTL=ACK>
        + 75s
        CLOSED
        signal: TimedOut"
    ));
}
