//! D8, and its effect on D1, D2 and D6: CLOSE before our SYN is acknowledged.

use tcp_lifecycle::sim::check;

/// SYN-RECEIVED after an active OPEN; ISS 99, IRS 299.
const CROSSED_SYNS: &str = "
    ISS=99
    open active
    --> <SEQ=99><CTL=SYN>
    SYN-SENT
    <-- <SEQ=299><CTL=SYN>
    --> <SEQ=99><ACK=300><CTL=SYN,ACK>
    SYN-RECEIVED
";

/// CLOSE before the peer has acknowledged our SYN, 99; our FIN is 100.
const CLOSED_IN_SYN_RECEIVED: &str = "
    SYN-RECEIVED SND.WND=0
    close
    --> <SEQ=100><ACK=300><CTL=FIN,ACK>
    FIN-WAIT-1 SND.UNA=99 SND.NXT=101
";

#[track_caller]
fn from(given: &str, rest: &str) {
    check(&format!("{given}\n{rest}"));
}

// D1
#[test]
fn after_a_close_in_syn_received_the_ack_of_our_syn_sets_the_window_too() {
    from(
        CLOSED_IN_SYN_RECEIVED,
        "
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=20>
        FIN-WAIT-1 SND.WND=20
        ",
    );
    from(
        CLOSED_IN_SYN_RECEIVED,
        "
        <-- <SEQ=300><ACK=100><CTL=FIN,ACK><WND=30>
        signal: Closing
        --> <SEQ=101><ACK=301><CTL=ACK>
        CLOSING SND.WND=30
        ",
    );
}

// D6, D8
#[test]
fn a_syn_that_comes_again_after_close_gets_the_syn_ack_again() {
    from(
        CLOSED_IN_SYN_RECEIVED,
        "
        <-- <SEQ=299><CTL=SYN>                       refused: SynRepeated
        --> <SEQ=99><ACK=300><CTL=SYN,ACK>
        FIN-WAIT-1 SND.NXT=101
        ",
    );
}

// D8
#[test]
fn the_fin_of_a_close_in_syn_received_stands_behind_the_syn_and_waits_for_no_window() {
    from(
        CLOSED_IN_SYN_RECEIVED,
        "
        <-- <SEQ=300><ACK=100><CTL=ACK>              # the SYN alone: not our FIN
        FIN-WAIT-1 SND.UNA=100
        <-- <SEQ=300><ACK=101><CTL=ACK>
        FIN-WAIT-2 SND.UNA=101 DEADLINE=none
        ",
    );
    from(
        CLOSED_IN_SYN_RECEIVED,
        "
        <-- <SEQ=300><ACK=101><CTL=ACK>
        FIN-WAIT-1 -> FIN-WAIT-2
        ",
    );
    from(
        CLOSED_IN_SYN_RECEIVED,
        "
        <-- <SEQ=300><ACK=101><CTL=FIN,ACK>
        signal: Closing
        --> <SEQ=101><ACK=301><CTL=ACK>
        FIN-WAIT-1 -> TIME-WAIT
        ",
    );
}

// D8
#[test]
fn after_that_close_the_front_that_is_sent_again_is_the_syn_ack() {
    from(
        CLOSED_IN_SYN_RECEIVED,
        "
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=99><ACK=300><CTL=SYN,ACK>
        ",
    );
}

/// D8, D16: the FIN was sent once, and was lost with the SYN,ACK or before it. Once the peer knows our SYN, nothing
/// delays the FIN.
#[test]
fn a_fin_behind_a_syn_ack_that_timed_out_goes_again_as_soon_as_the_syn_is_acknowledged() {
    for (given, arrives) in [
        (CLOSED_IN_SYN_RECEIVED.to_owned(), "<SEQ=300><ACK=100><CTL=ACK><WND=1000>"),
        (CLOSED_IN_SYN_RECEIVED.to_owned(), "<SEQ=300><ACK=100><CTL=ACK><WND=1>"),
        (
            format!("{CROSSED_SYNS}\nclose\n--> <SEQ=100><ACK=300><CTL=FIN,ACK>\nFIN-WAIT-1"),
            "<SEQ=300><ACK=100><CTL=ACK>",
        ),
        (
            format!("{CROSSED_SYNS}\nclose\n--> <SEQ=100><ACK=300><CTL=FIN,ACK>\nFIN-WAIT-1"),
            "<SEQ=299><ACK=100><CTL=SYN,ACK>",
        ),
    ] {
        from(
            &given,
            &format!(
                "
                + 1s
                signal: RetransmissionTimeout
                --> <SEQ=99><ACK=300><CTL=SYN,ACK>
                + 100ms
                <-- {arrives}      accepted
                --> <SEQ=100><ACK=300><CTL=FIN,ACK>
                FIN-WAIT-1 SND.UNA=100 SND.NXT=101
                <-- <SEQ=300><ACK=101><CTL=ACK>
                FIN-WAIT-2
                "
            ),
        );
    }
}

/// The FIN did arrive, with the SYN,ACK or behind it.
#[test]
fn a_fin_that_is_acknowledged_with_the_syn_does_not_go_again() {
    from(
        CLOSED_IN_SYN_RECEIVED,
        "
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=99><ACK=300><CTL=SYN,ACK>
        <-- <SEQ=300><ACK=101><CTL=ACK>
        FIN-WAIT-2 DEADLINE=none
        ",
    );
}

/// While our SYN is unacknowledged, the R2 of a SYN counts: three minutes (MUST-23), not the R2 of payload.
#[test]
fn while_the_syn_is_unacknowledged_r2_is_that_of_a_syn() {
    let mut script = format!("config r1=0\n{CLOSED_IN_SYN_RECEIVED}");
    for pause in [1, 2, 4, 8, 16, 32, 60] {
        script += &format!("+ {pause}s\nsignal: RetransmissionTimeout\n--> <SEQ=99><ACK=300><CTL=SYN,ACK>\n");
    }
    check(&(script + "+ 60s\nsignal: TimedOut\nCLOSED DEADLINE=none"));
    check(&format!(
        "
        config r1=0, r2=3s
        {CLOSED_IN_SYN_RECEIVED}
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=1000>
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=FIN,ACK>
        + 2s
        signal: TimedOut
        CLOSED
        "
    ));
}

// D8
#[test]
fn before_the_handshake_is_verified_nobodys_payload_is_taken() {
    for bad in [98, 99, 102, 4_294_901_000_u32] {
        from(
            CLOSED_IN_SYN_RECEIVED,
            &format!(
                "
                <-- <SEQ=300><ACK={bad}><CTL=ACK><DATA=10>       refused: AckInSynReceived
                --> <SEQ={bad}><CTL=RST>
                FIN-WAIT-1 RCV.NXT=300
                <-- <SEQ=300><ACK={bad}><CTL=FIN,ACK>            refused: AckInSynReceived
                --> <SEQ={bad}><CTL=RST>
                FIN-WAIT-1 RCV.NXT=300
                "
            ),
        );
    }
}

// D8, D2
#[test]
fn after_that_close_the_peers_syn_ack_counts_as_its_ack() {
    from(
        &format!("{CROSSED_SYNS}\nclose\n--> <SEQ=100><ACK=300><CTL=FIN,ACK>\nFIN-WAIT-1"),
        "
        <-- <SEQ=299><ACK=100><CTL=SYN,ACK>          accepted
        FIN-WAIT-1 SND.UNA=100
        <-- <SEQ=300><ACK=101><CTL=ACK>
        FIN-WAIT-2
        ",
    );
}

// D8
#[test]
fn before_the_handshake_is_verified_the_window_does_not_grow() {
    check(
        "
        config receive_buffer=200000
        open passive
        LISTEN
        <-- <SEQ=299><CTL=SYN><WS=0>
        --> <SEQ=100><ACK=300><CTL=SYN,ACK><WND=65535><WS=2>
        SYN-RECEIVED RCV.WND=65535
        close
        --> <SEQ=101><ACK=300><CTL=FIN,ACK><WND=16383>     # of 4 bytes each
        FIN-WAIT-1 RCV.WND=65535
        <-- <SEQ=300><ACK=102><CTL=ACK><DATA=8>
        --> <SEQ=102><ACK=308><CTL=ACK><WND=49998>
        FIN-WAIT-2 RCV.WND=199992
        ",
    );
}
