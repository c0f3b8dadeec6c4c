//! After DETACH nobody reads: the effect of payload, and the time when FIN-WAIT-2 is given up.

use tcp_lifecycle::sim::check;

/// The user has left, and our FIN, 100, is acknowledged or not.
const FIN_WAIT_1: &str = "
    ESTABLISHED
    detach
    --> <SEQ=100><ACK=300><CTL=FIN,ACK>
    FIN-WAIT-1
";
const FIN_WAIT_2: &str = "
    ESTABLISHED
    close
    --> <SEQ=100><ACK=300><CTL=FIN,ACK>
    FIN-WAIT-1
    <-- <SEQ=300><ACK=101><CTL=ACK>
    FIN-WAIT-2
    detach
";

#[track_caller]
fn from(given: &str, rest: &str) {
    check(&format!("{given}\n{rest}"));
}

/// RFC 9293 section 3.6.1 (SHLD-3).
#[test]
fn payload_resets_the_connection() {
    for (given, ack) in [(FIN_WAIT_1, 100), (FIN_WAIT_1, 101), (FIN_WAIT_2, 101)] {
        for payload in ["<CTL=ACK><DATA=1>", "<CTL=FIN,ACK><DATA=10>", "<CTL=PSH,ACK><DATA=1000>"] {
            from(
                given,
                &format!(
                    "
                    <-- <SEQ=300><ACK={ack}>{payload}    delivers nothing
                    signal: Reset
                    --> <SEQ=101><CTL=RST>
                    CLOSED UNREAD=0 DEADLINE=none
                    "
                ),
            );
        }
    }
}

/// Payload ahead of a gap is lost too: no user will ever read it.
#[test]
fn payload_ahead_of_a_gap_resets_it_too() {
    from(
        FIN_WAIT_2,
        "
        <-- <SEQ=310><ACK=101><CTL=ACK><DATA=10>     delivers nothing
        signal: Reset
        --> <SEQ=101><CTL=RST>
        CLOSED
        ",
    );
}

#[test]
fn payload_of_which_the_end_alone_is_new_resets_it_too() {
    from(
        FIN_WAIT_2,
        "
        <-- <SEQ=290><ACK=101><CTL=ACK><DATA=11>     delivers nothing
        signal: Reset
        --> <SEQ=101><CTL=RST>
        CLOSED
        ",
    );
}

/// A retransmission of payload that was read in time is no loss.
#[test]
fn payload_that_was_read_before_is_acknowledged_again() {
    let read = "
        ESTABLISHED
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>
        --> <SEQ=100><ACK=310><CTL=ACK>
        receive 10
        detach
        --> <SEQ=100><ACK=310><CTL=FIN,ACK>
        FIN-WAIT-1
    ";
    from(
        read,
        "
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>         refused
        --> <SEQ=101><ACK=310><CTL=ACK>
        FIN-WAIT-1
        ",
    );
    from(
        read,
        "
        <-- <SEQ=300><ACK=101><CTL=FIN,ACK><DATA=10>     delivers nothing
        signal: Closing
        --> <SEQ=101><ACK=311><CTL=ACK>
        TIME-WAIT
        ",
    );
}

#[test]
fn a_fin_or_an_ack_resets_nothing() {
    from(
        FIN_WAIT_1,
        "
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=10>
        FIN-WAIT-1
        <-- <SEQ=300><ACK=100><CTL=FIN,ACK>
        signal: Closing
        --> <SEQ=101><ACK=301><CTL=ACK>
        CLOSING
        <-- <SEQ=301><ACK=101><CTL=ACK>
        TIME-WAIT
        ",
    );
    from(
        FIN_WAIT_2,
        "
        <-- <SEQ=300><ACK=101><CTL=FIN,ACK>
        signal: Closing
        --> <SEQ=101><ACK=301><CTL=ACK>
        TIME-WAIT
        ",
    );
}

/// Payload of a segment that is refused before the seventh step does not count.
#[test]
fn payload_that_is_not_acceptable_resets_nothing() {
    for (payload, refused) in [
        ("<SEQ=65836><ACK=101><CTL=ACK><DATA=10>", "NotAcceptable"),
        ("<SEQ=300><ACK=102><CTL=ACK><DATA=10>", "AckOfUnsent"),
        ("<SEQ=300><CTL=SYN><DATA=10>", "SynChallenged"),
    ] {
        from(
            FIN_WAIT_2,
            &format!(
                "
                <-- {payload}    refused: {refused}
                --> <SEQ=101><ACK=300><CTL=ACK>
                FIN-WAIT-2
                "
            ),
        );
    }
}

/// Before the handshake is verified, payload may come from anybody. With the ACK of our SYN, it comes from the peer.
#[test]
fn payload_with_the_ack_of_our_syn_resets_what_waited_for_it() {
    check(
        "
        SYN-RECEIVED
        send 10
        detach
        <-- <SEQ=300><ACK=7777><CTL=ACK><DATA=10>        refused: AckInSynReceived
        --> <SEQ=7777><CTL=RST>
        SYN-RECEIVED
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>         delivers nothing
        signal: Reset
        --> <SEQ=100><CTL=RST>
        CLOSED UNSENT=0
        ",
    );
    check(
        "
        SYN-RECEIVED
        detach
        --> <SEQ=100><ACK=300><CTL=FIN,ACK>
        FIN-WAIT-1
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>         delivers nothing
        signal: Reset
        --> <SEQ=101><CTL=RST>
        CLOSED
        ",
    );
}

/// Nothing can follow a FIN (D10).
#[test]
fn after_the_peers_fin_payload_resets_nothing() {
    check(
        "
        CLOSE-WAIT SND.WND=0
        send 10
        detach
        CLOSE-WAIT UNSENT=10
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>         delivers nothing
        CLOSE-WAIT
        ",
    );
    for state in ["CLOSING", "LAST-ACK"] {
        check(&format!("{state}\n detach\n <-- <SEQ=300><ACK=99><CTL=ACK><DATA=10> delivers nothing\n {state}"));
    }
}

/// As for an ABORT: our probe was refused, and the peer would refuse a reset behind it.
#[test]
fn its_reset_stands_where_that_of_an_abort_does() {
    check(
        "
        ESTABLISHED SND.NXT=4294967295 SND.WND=0
        send 5
        detach
        FIN-WAIT-1
        + 1s
        --> <SEQ=4294967295><ACK=300><CTL=ACK><DATA=1>
        <-- <SEQ=300><ACK=4294967295><CTL=ACK><DATA=10>  delivers nothing
        signal: Reset
        --> <SEQ=4294967295><CTL=RST>
        CLOSED
        ",
    );
}

#[test]
fn the_next_life_has_a_user_again() {
    from(
        FIN_WAIT_2,
        "
        <-- <SEQ=300><ACK=101><CTL=ACK><DATA=10>         delivers nothing
        signal: Reset
        --> <SEQ=101><CTL=RST>
        CLOSED
        ISS=500
        open active
        --> <SEQ=500><CTL=SYN>
        SYN-SENT
        <-- <SEQ=299><ACK=501><CTL=SYN,ACK>
        --> <SEQ=501><ACK=300><CTL=ACK>
        ESTABLISHED
        close
        --> <SEQ=501><ACK=300><CTL=FIN,ACK>
        FIN-WAIT-1
        <-- <SEQ=300><ACK=502><CTL=ACK><DATA=10>
        --> <SEQ=502><ACK=310><CTL=ACK>
        FIN-WAIT-2 UNREAD=10
        ",
    );
}

/// D20: from the entry to FIN-WAIT-2, or from the DETACH if that comes later.
#[test]
fn fin_wait_2_is_given_up_once_the_user_is_gone() {
    from(
        &format!("config fin_wait_2_timeout=60s\n{FIN_WAIT_1}"),
        "
        + 500ms
        <-- <SEQ=300><ACK=101><CTL=ACK>
        FIN-WAIT-2 DEADLINE=60s
        + 60s
        signal: TimedOut
        CLOSED DEADLINE=none
        ",
    );
    check(
        "
        config fin_wait_2_timeout=60s
        FIN-WAIT-2 DEADLINE=none
        + 1h
        detach
        FIN-WAIT-2 DEADLINE=60s
        + 60s
        signal: TimedOut
        CLOSED DEADLINE=none
        ",
    );
}

/// Otherwise a peer that only acknowledges could keep the connection for any time.
#[test]
fn no_ack_puts_the_end_of_fin_wait_2_off() {
    from(
        &format!("config fin_wait_2_timeout=60s\n{FIN_WAIT_2}"),
        "
        + 59s
        <-- <SEQ=300><ACK=101><CTL=ACK>
        <-- <SEQ=300><ACK=101><CTL=ACK><WND=10>
        <-- <SEQ=299><ACK=101><CTL=ACK>                  refused
        --> <SEQ=101><ACK=300><CTL=ACK>
        <-- <SEQ=310><ACK=101><CTL=ACK>
        <-- <SEQ=5000><CTL=SYN>                          refused
        --> <SEQ=101><ACK=300><CTL=ACK>
        FIN-WAIT-2 DEADLINE=1s
        + 1s
        signal: TimedOut
        CLOSED
        ",
    );
}

#[test]
fn while_the_user_is_there_fin_wait_2_waits_for_the_peer() {
    check(
        "
        config fin_wait_2_timeout=60s
        FIN-WAIT-2 DEADLINE=none
        + 10h
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>
        --> <SEQ=100><ACK=310><CTL=ACK>
        FIN-WAIT-2 UNREAD=10 DEADLINE=none
        + 10h
        ",
    );
}

#[test]
fn the_peers_fin_ends_the_wait_in_time() {
    from(
        &format!("config fin_wait_2_timeout=60s\n{FIN_WAIT_2}"),
        "
        + 59s
        <-- <SEQ=300><ACK=101><CTL=FIN,ACK>
        signal: Closing
        --> <SEQ=101><ACK=301><CTL=ACK>
        TIME-WAIT DEADLINE=4m
        ",
    );
}

/// There is no user who could be told of a dead peer.
#[test]
fn keep_alive_gives_way_to_the_end_of_fin_wait_2() {
    check(
        "
        config keep_alive=1m 10s 2, fin_wait_2_timeout=5m
        FIN-WAIT-2 DEADLINE=1m
        + 30s
        detach
        FIN-WAIT-2 DEADLINE=5m
        + 5m
        signal: TimedOut
        CLOSED
        ",
    );
}

/// RFC 9293 section 3.6.1 (MAY-1): with the policy a CLOSE is a DETACH.
#[test]
fn by_policy_a_close_is_a_detach() {
    check(
        "
        config half_duplex_close=on, fin_wait_2_timeout=60s
        ESTABLISHED
        close
        --> <SEQ=100><ACK=300><CTL=FIN,ACK>
        FIN-WAIT-1
        detach       => error: connection closing
        <-- <SEQ=300><ACK=101><CTL=ACK>
        FIN-WAIT-2 DEADLINE=60s
        + 10s
        <-- <SEQ=300><ACK=101><CTL=ACK>
        FIN-WAIT-2 DEADLINE=50s
        <-- <SEQ=300><ACK=101><CTL=ACK><DATA=1>          delivers nothing
        signal: Reset
        --> <SEQ=101><CTL=RST>
        CLOSED
        ",
    );
    check(
        "
        config half_duplex_close=on
        ESTABLISHED
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>
        & close
        --> <SEQ=100><CTL=RST>
        CLOSED
        ",
    );
}
