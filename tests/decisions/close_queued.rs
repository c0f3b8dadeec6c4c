//! D18, D23, D43 and the user's CLOSE: an end that would have returned to LISTEN has no user to listen for any more. It
//! ends in CLOSED, and the user is told as after an active OPEN.

use tcp_lifecycle::sim::{Script, check};
use tcp_lifecycle::{CallError, Config, Connection, Control, Instant, Open, Output, Segment, SeqNumber, State};

/// SYN-RECEIVED after a passive OPEN; ISS 99, IRS 299. The CLOSE waits for ten bytes, and the bytes for the handshake.
const QUEUED: &str = "
    SYN-RECEIVED
    send 10
    close
    SYN-RECEIVED UNSENT=10
";

#[track_caller]
fn from(given: &str, rest: &str) {
    check(&format!("{given}\n{rest}"));
}

const RESETS: [&str; 3] =
    ["<SEQ=300><CTL=RST>", "<SEQ=300><ACK=100><CTL=RST,ACK>", "<SEQ=300><CTL=RST><DATA=10>   delivers nothing"];

/// RFC 9293 section 3.10.7.4, second: "connection refused", as where the OPEN was active.
#[test]
fn a_reset_refuses_a_connection_whose_user_has_closed() {
    for reset in RESETS {
        from(
            QUEUED,
            &format!(
                "
                <-- {reset}
                signal: Refused
                SYN-RECEIVED -> CLOSED
                CLOSED UNSENT=0 IN-FLIGHT=0 DEADLINE=none
                + 1h
                send 1       => error: connection does not exist
                "
            ),
        );
    }
}

#[test]
fn without_a_close_a_reset_leads_back_to_listen_and_the_sends_are_dropped() {
    for reset in RESETS {
        from(
            "SYN-RECEIVED\n send 10",
            &format!(
                "
                <-- {reset}
                LISTEN UNSENT=0 DEADLINE=none
                ISS=700
                <-- <SEQ=899><CTL=SYN>
                --> <SEQ=700><ACK=900><CTL=SYN,ACK>
                SYN-RECEIVED UNSENT=0
                <-- <SEQ=900><ACK=701><CTL=ACK>
                ESTABLISHED UNSENT=0
                send 5
                --> <SEQ=701><ACK=900><CTL=ACK><DATA=5> bytes 0..5
                "
            ),
        );
    }
}

/// The end is the same if both events come before one poll.
#[test]
fn a_close_and_a_reset_before_one_poll_refuse_too() {
    check(
        "
        SYN-RECEIVED
        send 10
        & close
        & <-- <SEQ=300><CTL=RST>
        signal: Refused
        SYN-RECEIVED -> CLOSED
        CLOSED UNSENT=0 DEADLINE=none
        ",
    );
    check(
        "
        open passive
        & <-- <SEQ=299><CTL=SYN>
        & send 10
        & close
        & <-- <SEQ=300><CTL=RST>
        signal: Refused
        CLOSED -> LISTEN
        LISTEN -> SYN-RECEIVED
        SYN-RECEIVED -> CLOSED
        ",
    );
}

/// If the reset comes first, the CLOSE is a CLOSE in LISTEN.
#[test]
fn a_close_after_the_return_to_listen_ends_in_silence() {
    check(
        "
        SYN-RECEIVED
        send 10
        <-- <SEQ=300><CTL=RST>
        & close
        SYN-RECEIVED -> LISTEN
        LISTEN -> CLOSED
        CLOSED DEADLINE=none
        ",
    );
}

/// RFC 9293 section 3.10.7.4, fourth, "connection reset" as before RFC 5961. No reset is sent: a listener that takes
/// the place answers the SYN when it is retransmitted.
#[test]
fn another_syn_in_the_window_ends_it() {
    for config in ["rfc5961=on", "rfc5961=off"] {
        from(
            &format!("config {config}\n{QUEUED}"),
            "
            <-- <SEQ=1000><CTL=SYN>      accepted
            signal: Reset
            SYN-RECEIVED -> CLOSED
            CLOSED UNSENT=0 DEADLINE=none
            <-- <SEQ=1000><CTL=SYN>      refused
            --> <SEQ=0><ACK=1001><CTL=RST,ACK>
            ",
        );
    }
}

#[test]
fn without_a_close_another_syn_drops_the_sends() {
    from(
        "SYN-RECEIVED\n send 10",
        "
        <-- <SEQ=1000><CTL=SYN>          accepted
        LISTEN UNSENT=0 DEADLINE=none
        <-- <SEQ=1000><CTL=SYN>
        --> <SEQ=100><ACK=1001><CTL=SYN,ACK>
        SYN-RECEIVED UNSENT=0
        ",
    );
}

#[test]
fn r2_times_it_out() {
    from(
        &format!("config r1=0, syn_r2=3s\n{QUEUED}"),
        "
        + 1s
        --> <SEQ=99><ACK=300><CTL=SYN,ACK>
        + 2s
        signal: TimedOut
        SYN-RECEIVED -> CLOSED
        CLOSED UNSENT=0 DEADLINE=none
        + 1h
        ",
    );
    from(
        "config r1=0, syn_r2=3s\n SYN-RECEIVED\n send 10",
        "
        + 1s
        --> <SEQ=99><ACK=300><CTL=SYN,ACK>
        + 2s
        LISTEN UNSENT=0 DEADLINE=none
        ",
    );
}

#[test]
fn the_user_timeout_ends_it() {
    from(
        &format!("config r1=0, user_timeout=2s\n{QUEUED}"),
        "
        + 1s
        --> <SEQ=99><ACK=300><CTL=SYN,ACK>
        + 1s
        signal: TimedOut
        SYN-RECEIVED -> CLOSED
        CLOSED UNSENT=0 DEADLINE=none
        ",
    );
    from(
        "config r1=0, user_timeout=2s\n SYN-RECEIVED\n send 10",
        "
        + 1s
        --> <SEQ=99><ACK=300><CTL=SYN,ACK>
        + 1s
        LISTEN UNSENT=0 DEADLINE=none
        ",
    );
}

/// RFC 9293 section 3.9.2.2.
#[test]
fn a_hard_icmp_error_ends_it() {
    for error in ["ProtocolUnreachable", "PortUnreachable"] {
        from(
            QUEUED,
            &format!(
                "
                icmp {error} 99
                signal: Unreachable {error}
                SYN-RECEIVED -> CLOSED
                CLOSED UNSENT=0 DEADLINE=none
                "
            ),
        );
        from(&format!("SYN-RECEIVED\n send 10\n icmp {error} 99"), "LISTEN UNSENT=0 DEADLINE=none");
    }
}

#[test]
fn what_ends_nothing_takes_nothing_from_the_queue() {
    from(
        QUEUED,
        "
        <-- <SEQ=301><CTL=RST>                       refused: ResetNotAtRcvNxt
        --> <SEQ=100><ACK=300><CTL=ACK>
        <-- <SEQ=299><CTL=RST>                       refused: ResetOutsideWindow
        <-- <SEQ=299><CTL=SYN>                       refused: SynRepeated
        --> <SEQ=99><ACK=300><CTL=SYN,ACK>
        <-- <SEQ=300><ACK=7777><CTL=ACK>             refused: AckInSynReceived
        --> <SEQ=7777><CTL=RST>
        icmp TimeExceeded 99
        signal: SoftError TimeExceeded
        SYN-RECEIVED UNSENT=10
        <-- <SEQ=300><ACK=100><CTL=ACK>
        --> <SEQ=100><ACK=300><CTL=FIN,PSH,ACK><DATA=10> bytes 0..10
        SYN-RECEIVED -> ESTABLISHED
        ESTABLISHED -> FIN-WAIT-1
        ",
    );
}

/// With a CLOSE that found nothing queued the state is FIN-WAIT-1 (D8), and the end is the same.
#[test]
fn in_fin_wait_1_before_the_handshake_each_end_is_told_too() {
    for (arrives, signal) in [
        ("<-- <SEQ=300><CTL=RST>", "Refused"),
        ("icmp PortUnreachable 99", "Unreachable PortUnreachable"),
        ("+ 1s\n signal: RetransmissionTimeout\n --> <SEQ=99><ACK=300><CTL=SYN,ACK>\n + 2s", "TimedOut"),
    ] {
        check(&format!(
            "
            config r1=0, syn_r2=3s
            SYN-RECEIVED
            close
            --> <SEQ=100><ACK=300><CTL=FIN,ACK>
            FIN-WAIT-1
            {arrives}
            signal: {signal}
            CLOSED DEADLINE=none
            "
        ));
    }
}

/// Timestamps and scaled windows are agreed, and the sequence numbers are about to wrap.
#[test]
fn across_the_wrap_and_with_options_the_end_is_the_same() {
    for (arrives, signal) in [
        ("<-- <SEQ=0><CTL=RST>", "Refused"),
        ("<-- <SEQ=0><ACK=0><CTL=RST,ACK><TS=1,0>", "Refused"),
        ("<-- <SEQ=3000><CTL=SYN><TS=9,0>   accepted", "Reset"),
        ("icmp PortUnreachable 4294967295", "Unreachable PortUnreachable"),
    ] {
        check(&format!(
            "
            config timestamps=on, receive_buffer=200000
            ISS=4294967295
            open passive
            LISTEN
            <-- <SEQ=4294967295><CTL=SYN><WS=7><TS=1,0>
            --> <SEQ=4294967295><ACK=0><CTL=SYN,ACK><WS=2>
            SYN-RECEIVED
            send 10
            close
            {arrives}
            signal: {signal}
            CLOSED UNSENT=0 DEADLINE=none
            "
        ));
    }
}

/// An active OPEN never listens: its ends do not change.
#[test]
fn after_an_active_open_nothing_changes() {
    let crossed = "
        ISS=99
        open active
        --> <SEQ=99><CTL=SYN>
        SYN-SENT
        <-- <SEQ=299><CTL=SYN>
        --> <SEQ=99><ACK=300><CTL=SYN,ACK>
        SYN-RECEIVED
        send 10
        close
    ";
    from(crossed, "<-- <SEQ=300><CTL=RST>\n signal: Refused\n CLOSED UNSENT=0 DEADLINE=none");
    from(crossed, "icmp PortUnreachable 99\n signal: Unreachable PortUnreachable\n CLOSED UNSENT=0 DEADLINE=none");
    from(crossed, "<-- <SEQ=1000><CTL=SYN> refused\n --> <SEQ=100><ACK=300><CTL=ACK>\n SYN-RECEIVED UNSENT=10");
}

/// In the next incarnation the user has not closed.
#[test]
fn a_life_after_that_end_listens_again() {
    from(
        QUEUED,
        "
        <-- <SEQ=300><CTL=RST>
        signal: Refused
        CLOSED
        ISS=700
        open passive
        LISTEN
        <-- <SEQ=899><CTL=SYN>
        --> <SEQ=700><ACK=900><CTL=SYN,ACK>
        SYN-RECEIVED
        send 10
        <-- <SEQ=900><CTL=RST>
        LISTEN
        ",
    );
}

/// After the end all calls return their errors, and there is nothing to free before `Wait`.
#[test]
fn after_that_end_the_connection_is_as_new() {
    let mut connection = Script::parse(QUEUED).unwrap().run(&Config::DEFAULT).unwrap();
    let reset = Segment::new(SeqNumber(300), SeqNumber(0), Control::RST);
    connection.segment_arrives(&reset, Instant::ZERO).unwrap();
    while !matches!(connection.poll(Instant::ZERO), Output::Wait(_)) {}
    assert_eq!((connection.state(), connection.deadline()), (State::Closed, None));
    assert_eq!(connection.close(Instant::ZERO), Err(CallError::ConnectionDoesNotExist));
    connection.set_isn_offset(0);
    assert_eq!(connection, Connection::new(&Config::DEFAULT, 0));
    assert_eq!(connection.open(Open::Active, Instant::ZERO), Ok(()));
}
