//! D4: a segment left of the window is old, but its acknowledgment may be the newest there is. Its sender retransmits
//! payload whose ACK was lost, or probes with an octet that we have, and acknowledges at the same time what has
//! arrived.

use tcp_lifecycle::sim::check;

/// Ten bytes are in flight.
const IN_FLIGHT: &str = "
    ESTABLISHED SND.WND=1000
    send 10
    --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
    ESTABLISHED SND.UNA=100 SND.NXT=110
";

#[track_caller]
fn from(given: &str, rest: &str) {
    check(&format!("{given}\n{rest}"));
}

#[test]
fn whatever_it_carries_it_acknowledges_says_the_window_and_is_answered() {
    for segment in [
        "<SEQ=299><ACK=105><CTL=ACK><WND=77>            accepted",
        "<SEQ=299><ACK=105><CTL=ACK><DATA=1><WND=77>    delivers nothing", // a keep-alive probe with the octet
        "<SEQ=290><ACK=105><CTL=ACK><DATA=10><WND=77>   delivers nothing",
        "<SEQ=200><ACK=105><CTL=PSH,ACK><DATA=50><WND=77>   delivers nothing",
        "<SEQ=298><ACK=105><CTL=FIN,ACK><WND=77>        accepted",
        "<SEQ=4294902060><ACK=105><CTL=ACK><WND=77>     accepted", // 65,536 numbers to the left
        "<SEQ=4294902060><ACK=105><CTL=ACK><DATA=1><WND=77>     delivers nothing",
    ] {
        from(
            IN_FLIGHT,
            &format!(
                "
                <-- {segment}
                signal: Acknowledged 5
                --> <SEQ=110><ACK=300><CTL=ACK>
                ESTABLISHED SND.UNA=105 SND.WND=77 RCV.NXT=300
                "
            ),
        );
    }
}

#[test]
fn without_news_nothing_of_it_is_used() {
    for segment in [
        "<SEQ=299><ACK=100><CTL=ACK><WND=77>",
        "<SEQ=299><ACK=99><CTL=ACK><DATA=1><WND=77>",
        "<SEQ=290><ACK=111><CTL=ACK><DATA=10><WND=77>", // never sent
        "<SEQ=290><CTL=><DATA=10><WND=77>",
        "<SEQ=290><ACK=105><CTL=SYN,ACK><WND=77>",
        "<SEQ=4294902059><ACK=105><CTL=ACK><WND=77>", // 65,537 numbers to the left
        "<SEQ=4294902059><ACK=105><CTL=ACK><DATA=10><WND=77>",
        "<SEQ=65836><ACK=105><CTL=ACK><DATA=10><WND=77>", // right of the window
    ] {
        from(
            IN_FLIGHT,
            &format!(
                "
                <-- {segment}      refused
                --> <SEQ=110><ACK=300><CTL=ACK>
                ESTABLISHED SND.UNA=100 SND.WND=1000
                "
            ),
        );
    }
    from(IN_FLIGHT, "<-- <SEQ=299><ACK=105><CTL=RST,ACK> refused\n ESTABLISHED SND.UNA=100");
}

/// RFC 9293 section 3.10.7.4, fifth: a window that opens releases the queue.
#[test]
fn its_window_lets_the_queue_go() {
    check(
        "
        config nagle=off
        ESTABLISHED SND.WND=10
        send 20
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        <-- <SEQ=290><ACK=110><CTL=ACK><DATA=10><WND=10>     delivers nothing
        signal: Acknowledged 10
        --> <SEQ=110><ACK=300><CTL=ACK><DATA=10>
        ESTABLISHED UNSENT=0
        ",
    );
}

/// A window of zero counts too, and the next probe is due one timeout later.
#[test]
fn it_may_close_the_window() {
    from(
        IN_FLIGHT,
        "
        <-- <SEQ=299><ACK=110><CTL=ACK><DATA=1><WND=0>       delivers nothing
        signal: Acknowledged 10
        --> <SEQ=110><ACK=300><CTL=ACK>
        ESTABLISHED SND.WND=0
        send 5
        + 1s
        --> <SEQ=110><ACK=300><CTL=ACK><DATA=1>
        ",
    );
}

/// A window that is newer by SND.WL1 is not replaced by a segment that acknowledges nothing.
#[test]
fn a_probe_with_an_old_octet_ends_a_stall() {
    check(
        "
        ESTABLISHED SND.WND=0
        send 5
        + 1s
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=1>
        + 500ms
        <-- <SEQ=299><ACK=101><CTL=ACK><DATA=1><WND=1000>    delivers nothing
        signal: Acknowledged 1
        --> <SEQ=101><ACK=300><CTL=ACK><DATA=4> bytes 0..4
        ESTABLISHED UNSENT=0
        ",
    );
}

#[test]
fn an_ack_of_our_fin_counts_as_in_step_five() {
    for segment in ["<SEQ=299><ACK=100><CTL=ACK><DATA=1>", "<SEQ=290><ACK=100><CTL=ACK><DATA=10>"] {
        check(&format!(
            "
            FIN-WAIT-1
            <-- {segment}    delivers nothing
            --> <SEQ=100><ACK=300><CTL=ACK>
            FIN-WAIT-2
            "
        ));
    }
    for (state, next) in [("CLOSING", "TIME-WAIT DEADLINE=4m"), ("LAST-ACK", "CLOSED DEADLINE=none")] {
        let answer = if state == "CLOSING" { "--> <SEQ=100><ACK=300><CTL=ACK>" } else { "" };
        check(&format!(
            "
            {state}
            <-- <SEQ=290><ACK=100><CTL=ACK><DATA=5>      delivers nothing
            {answer}
            {next}
            "
        ));
    }
}

/// Its sender knew the timestamps of that moment, so an earlier one makes the segment old (RFC 7323 section 5.3).
#[test]
fn with_timestamps_it_must_be_no_older_than_the_last_in_order() {
    let agreed = "
        config timestamps=on
        open passive
        LISTEN
        <-- <SEQ=299><CTL=SYN><TS=7,0>
        --> <SEQ=100><ACK=300><CTL=SYN,ACK><TS=0,7>
        SYN-RECEIVED
        <-- <SEQ=300><ACK=101><CTL=ACK><TS=8,0>
        ESTABLISHED
        send 10
        --> <SEQ=101><ACK=300><CTL=ACK><DATA=10><TS=0,8>
    ";
    from(
        agreed,
        "
        <-- <SEQ=299><ACK=106><CTL=ACK><DATA=1><WND=77><TS=8,0>  delivers nothing
        signal: Acknowledged 5
        --> <SEQ=111><ACK=300><CTL=ACK><TS=0,8>
        ESTABLISHED SND.WND=77
        ",
    );
    from(
        agreed,
        "
        <-- <SEQ=299><ACK=106><CTL=ACK><DATA=1><WND=77><TS=7,0>  refused: OldTimestamp
        --> <SEQ=111><ACK=300><CTL=ACK><TS=0,8>
        ESTABLISHED SND.UNA=101 SND.WND=65535
        ",
    );
}

/// Its window is scaled like any other (RFC 7323 section 2.3).
#[test]
fn its_window_is_scaled() {
    check(
        "
        config receive_buffer=200000
        open passive
        LISTEN
        <-- <SEQ=299><CTL=SYN><WS=4>
        --> <SEQ=100><ACK=300><CTL=SYN,ACK><WS=2>
        SYN-RECEIVED
        <-- <SEQ=300><ACK=101><CTL=ACK><WND=100>
        ESTABLISHED SND.WND=1600
        send 10
        --> <SEQ=101><ACK=300><CTL=ACK><DATA=10>
        <-- <SEQ=299><ACK=106><CTL=ACK><DATA=1><WND=7>       delivers nothing
        signal: Acknowledged 5
        --> <SEQ=111><ACK=300><CTL=ACK>
        ESTABLISHED SND.WND=112
        ",
    );
}

#[test]
fn across_the_wrap_it_is_the_same() {
    check(
        "
        ESTABLISHED SND.NXT=4294967290 RCV.NXT=5
        send 10
        --> <SEQ=4294967290><ACK=5><CTL=ACK><DATA=10>
        <-- <SEQ=4294967291><ACK=0><CTL=ACK><DATA=10><WND=77>    delivers nothing
        signal: Acknowledged 6
        --> <SEQ=4><ACK=5><CTL=ACK>
        ESTABLISHED SND.UNA=0 SND.WND=77
        ",
    );
}

/// Several segments before one poll all count, and one ACK answers them.
#[test]
fn several_before_one_poll_count_each() {
    from(
        IN_FLIGHT,
        "
        <-- <SEQ=290><ACK=103><CTL=ACK><DATA=5><WND=77>      delivers nothing
        & <-- <SEQ=295><ACK=106><CTL=ACK><DATA=5><WND=66>    delivers nothing
        signal: Acknowledged 6
        --> <SEQ=110><ACK=300><CTL=ACK>
        ESTABLISHED SND.UNA=106 SND.WND=66
        ",
    );
}

#[test]
fn before_the_handshake_is_verified_it_does_not_count() {
    check(
        "
        SYN-RECEIVED
        <-- <SEQ=299><ACK=100><CTL=ACK><DATA=1>              refused: NotAcceptable
        --> <SEQ=100><ACK=300><CTL=ACK>
        SYN-RECEIVED
        ",
    );
}
