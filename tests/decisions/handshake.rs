//! D1, D2, D6, D9, D13, D15, D18, D21, D23, D25: until the connection is established.

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

#[track_caller]
fn from(given: &str, rest: &str) {
    check(&format!("{given}\n{rest}"));
}

// D1
#[test]
fn the_first_ack_of_our_syn_sets_the_window_whatever_its_size() {
    check(
        "
        config nagle=off
        open active
        --> <SEQ=100><CTL=SYN>
        SYN-SENT
        <-- <SEQ=4000000000><ACK=101><CTL=SYN,ACK><WND=20>      # left of zero, where SND.WL1 might have begun
        --> <SEQ=101><ACK=4000000001><CTL=ACK>
        ESTABLISHED SND.WND=20
        send 20
        --> <SEQ=101><ACK=4000000001><CTL=ACK><DATA=20>
        send 1
        ESTABLISHED UNSENT=1
        ",
    );
    check(
        "
        open passive
        LISTEN
        <-- <SEQ=4000000000><CTL=SYN><WND=9000>
        --> <SEQ=100><ACK=4000000001><CTL=SYN,ACK>
        SYN-RECEIVED
        <-- <SEQ=4000000001><ACK=101><CTL=ACK><WND=20>
        ESTABLISHED SND.WND=20
        ",
    );
}

// D1
#[test]
fn a_window_older_than_the_ack_of_our_syn_does_not_count() {
    for given in ["SYN-RECEIVED", CROSSED_SYNS] {
        from(
            given,
            "
            <-- <SEQ=305><ACK=100><CTL=ACK><WND=20>
            ESTABLISHED SND.WND=20
            <-- <SEQ=304><ACK=100><CTL=ACK><WND=30>
            ESTABLISHED SND.WND=20
            <-- <SEQ=305><ACK=100><CTL=ACK><WND=40>
            ESTABLISHED SND.WND=40
            ",
        );
    }
    from(
        "SYN-SENT",
        "
        <-- <SEQ=299><ACK=100><CTL=SYN,ACK><WND=20>
        --> <SEQ=100><ACK=300><CTL=ACK>
        ESTABLISHED SND.WND=20
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=30>
        ESTABLISHED SND.WND=30
        ",
    );
}

// D1
#[test]
fn the_largest_window_counts_that_of_the_peers_syn_and_is_at_least_one_segment() {
    check(
        "
        open passive
        LISTEN
        <-- <SEQ=299><CTL=SYN><WND=9000>
        --> <SEQ=100><ACK=300><CTL=SYN,ACK>
        SYN-RECEIVED
        <-- <SEQ=300><ACK=101><CTL=ACK><WND=20>
        ESTABLISHED SND.WND=20
        <-- <SEQ=300><ACK=4294958397><CTL=ACK>      accepted      # 101 - 9000
        <-- <SEQ=300><ACK=4294958396><CTL=ACK>      refused: AckTooOld
        --> <SEQ=101><ACK=300><CTL=ACK>
        ",
    );
    check(
        "
        open active
        --> <SEQ=100><CTL=SYN>
        SYN-SENT
        <-- <SEQ=299><ACK=101><CTL=SYN,ACK><WND=20><MSS=1000>
        --> <SEQ=101><ACK=300><CTL=ACK>
        ESTABLISHED
        <-- <SEQ=300><ACK=4294966397><CTL=ACK>      accepted      # 101 - 1000
        <-- <SEQ=300><ACK=4294966396><CTL=ACK>      refused: AckTooOld
        --> <SEQ=101><ACK=300><CTL=ACK>
        ",
    );
}

// D2
#[test]
fn crossing_syns_establish_as_figure_7_prints_it() {
    check(
        "
        open active
        --> <SEQ=100><CTL=SYN>
        SYN-SENT
        <-- <SEQ=300><CTL=SYN>
        --> <SEQ=100><ACK=301><CTL=SYN,ACK>
        SYN-RECEIVED
        <-- <SEQ=300><ACK=101><CTL=SYN,ACK>
        ESTABLISHED SND.NXT=101 RCV.NXT=301 DEADLINE=none
        <-- <SEQ=300><ACK=101><CTL=SYN,ACK>          refused      # once more: our ACK may be lost
        --> <SEQ=101><ACK=301><CTL=ACK>
        ESTABLISHED
        ",
    );
}

// D2
#[test]
fn a_syn_ack_that_comes_again_is_acknowledged_again() {
    check(
        "
        SYN-SENT
        <-- <SEQ=299><ACK=100><CTL=SYN,ACK>
        --> <SEQ=100><ACK=300><CTL=ACK>
        ESTABLISHED
        <-- <SEQ=299><ACK=100><CTL=SYN,ACK>          refused
        --> <SEQ=100><ACK=300><CTL=ACK>
        close
        --> <SEQ=100><ACK=300><CTL=FIN,ACK>
        FIN-WAIT-1
        <-- <SEQ=299><ACK=100><CTL=SYN,ACK>          refused
        --> <SEQ=101><ACK=300><CTL=ACK>
        ",
    );
}

// D2
#[test]
fn what_a_syn_ack_carries_counts_once_its_syn_is_cut_off() {
    from(
        CROSSED_SYNS,
        "
        <-- <SEQ=299><ACK=100><CTL=SYN,ACK><DATA=10>
        --> <SEQ=100><ACK=310><CTL=ACK>
        ESTABLISHED RCV.NXT=310
        ",
    );
}

// D6
#[test]
fn a_syn_that_comes_again_gets_the_syn_ack_again_and_not_before_time_from_the_timer() {
    check(
        "
        open passive
        LISTEN
        <-- <SEQ=300><CTL=SYN>
        --> <SEQ=100><ACK=301><CTL=SYN,ACK><MSS=536>
        SYN-RECEIVED
        + 900ms
        <-- <SEQ=300><CTL=SYN>                       refused: SynRepeated
        --> <SEQ=100><ACK=301><CTL=SYN,ACK><MSS=536>
        SYN-RECEIVED SND.NXT=101
        + 999ms                                      # a whole RTO since it was sent last
        + 1ms
        --> <SEQ=100><ACK=301><CTL=SYN,ACK>
        ",
    );
}

// D6
#[test]
fn a_syn_ack_that_was_sent_twice_is_not_timed() {
    check(
        "
        SYN-RECEIVED
        + 900ms
        <-- <SEQ=299><CTL=SYN>                       refused: SynRepeated
        --> <SEQ=99><ACK=300><CTL=SYN,ACK>
        + 10ms
        <-- <SEQ=300><ACK=100><CTL=ACK>
        ESTABLISHED SRTT=none
        ",
    );
    check(
        "
        SYN-RECEIVED
        + 900ms
        <-- <SEQ=300><ACK=100><CTL=ACK>
        ESTABLISHED SRTT=900ms
        ",
    );
}

// D6
#[test]
fn a_peer_that_only_repeats_its_syn_does_not_put_off_r2() {
    let again = "+ 900ms\n<-- <SEQ=299><CTL=SYN> refused\n--> <SEQ=99><ACK=300><CTL=SYN,ACK>\n".repeat(200);
    check(&format!("config r1=0\nSYN-RECEIVED\n{again}+ 99ms\n+ 1ms\nSYN-RECEIVED -> LISTEN"));
}

// D9
#[test]
fn a_bad_ack_in_syn_received_is_reset_however_old_and_what_follows_it_is_not_processed() {
    for given in ["SYN-RECEIVED", CROSSED_SYNS] {
        for bad in [99, 101, 4_294_901_000, 2_147_483_748_u32] {
            from(
                given,
                &format!(
                    "
                    <-- <SEQ=300><ACK={bad}><CTL=FIN,ACK><DATA=10>   refused: AckInSynReceived
                    --> <SEQ={bad}><CTL=RST>
                    SYN-RECEIVED RCV.NXT=300
                    <-- <SEQ=300><ACK=100><CTL=ACK>
                    ESTABLISHED
                    "
                ),
            );
        }
    }
}

// D9
#[test]
fn an_ack_in_syn_received_of_what_is_queued_is_no_better() {
    from(
        "SYN-RECEIVED",
        "
        send 5
        <-- <SEQ=300><ACK=105><CTL=ACK>   refused: AckInSynReceived
        --> <SEQ=105><CTL=RST>
        SYN-RECEIVED                      SND.UNA=99 UNSENT=5
        ",
    );
}

// D13
#[test]
fn what_comes_on_a_syn_is_not_acknowledged_and_sent_again_by_the_peer() {
    check(
        "
        open passive
        LISTEN
        <-- <SEQ=299><CTL=FIN,SYN><DATA=10>          delivers nothing
        --> <SEQ=100><ACK=300><CTL=SYN,ACK>
        SYN-RECEIVED RCV.NXT=300
        <-- <SEQ=300><ACK=101><CTL=FIN,ACK><DATA=10>
        signal: Closing
        --> <SEQ=101><ACK=311><CTL=ACK>
        SYN-RECEIVED -> ESTABLISHED
        ESTABLISHED -> CLOSE-WAIT
        ",
    );
}

// D13
#[test]
fn what_comes_on_the_syn_ack_that_establishes_is_taken() {
    check(
        "
        SYN-SENT
        send 5
        <-- <SEQ=299><ACK=100><CTL=FIN,SYN,ACK><DATA=10>
        signal: Closing
        --> <SEQ=100><ACK=311><CTL=ACK><DATA=5>
        SYN-SENT -> ESTABLISHED
        ESTABLISHED -> CLOSE-WAIT
        CLOSE-WAIT RCV.NXT=311 UNREAD=10
        ",
    );
}

// D15
#[test]
fn the_reset_to_an_unacceptable_ack_carries_no_ack_and_a_reset_gets_none() {
    for state in ["CLOSED", "LISTEN", "SYN-SENT", "SYN-RECEIVED"] {
        check(&format!(
            "
            {state}
            <-- <SEQ=300><ACK=7777><CTL=FIN,ACK><DATA=10>   refused
            --> <SEQ=7777><CTL=RST>
            {state}
            <-- <SEQ=999999><ACK=7777><CTL=FIN,RST,ACK><DATA=10>   refused
            {state}
            "
        ));
    }
}

// D18
#[test]
fn a_passive_open_that_runs_into_r2_listens_again_without_a_word() {
    let syn_ack = "--> <SEQ=99><ACK=300><CTL=SYN,ACK>";
    check(&format!(
        "
        config r1=1
        SYN-RECEIVED
        send 10
        + 1s\n{syn_ack}\n+ 2s\n{syn_ack}\n+ 4s\n{syn_ack}\n+ 8s\n{syn_ack}\n+ 16s\n{syn_ack}\n+ 32s\n{syn_ack}
        + 1m\n{syn_ack}
        + 1m
        SYN-RECEIVED -> LISTEN
        LISTEN UNSENT=0 DEADLINE=none
        <-- <SEQ=899><CTL=SYN>
        --> <SEQ=100><ACK=900><CTL=SYN,ACK>
        SYN-RECEIVED
        "
    ));
}

// D18
#[test]
fn a_passive_open_that_runs_into_the_user_timeout_listens_again_without_a_word() {
    check(
        "
        config user_timeout=2s
        SYN-RECEIVED
        + 1s
        --> <SEQ=99><ACK=300><CTL=SYN,ACK>
        + 999ms
        + 1ms
        LISTEN DEADLINE=none
        ",
    );
}

// D18
#[test]
fn an_active_open_that_runs_into_the_same_is_told_so() {
    let config = "config user_timeout=4s, r1=1";
    from(
        &format!("{config}\n{CROSSED_SYNS}"),
        "
        + 1s
        signal: RetransmissionTimeout
        signal: Retransmitting
        --> <SEQ=99><ACK=300><CTL=SYN,ACK>
        + 2s
        signal: RetransmissionTimeout
        --> <SEQ=99><ACK=300><CTL=SYN,ACK>
        + 1s
        signal: TimedOut
        CLOSED
        ",
    );
}

// D21
#[test]
fn a_peers_maximum_segment_size_below_48_counts_as_48() {
    for mss in [1, 47, 48] {
        check(&format!(
            "
            config nagle=off
            open active
            --> <SEQ=100><CTL=SYN>
            SYN-SENT
            <-- <SEQ=299><ACK=101><CTL=SYN,ACK><MSS={mss}>
            --> <SEQ=101><ACK=300><CTL=ACK>
            ESTABLISHED PEER-MSS=48
            send 50
            --> <SEQ=101><ACK=300><CTL=ACK><DATA=48>
            --> <SEQ=149><ACK=300><CTL=ACK><DATA=2>
            "
        ));
    }
}

// D21
#[test]
fn our_own_bound_on_segments_holds_below_the_peers() {
    check(
        "
        config max_segment=120, nagle=off
        ESTABLISHED PEER-MSS=100
        send 150
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=100>
        --> <SEQ=200><ACK=300><CTL=ACK><DATA=50>
        ",
    );
}

// D21
#[test]
fn more_than_2_30_bytes_queued_are_insufficient_resources() {
    check(
        "
        ESTABLISHED SND.WND=0
        send 1073741825   => error: insufficient resources
        send 1073741824
        send 1            => error: insufficient resources
        ESTABLISHED UNSENT=1073741824
        ",
    );
}

// D23
#[test]
fn another_syn_in_the_window_sends_a_passive_open_back_to_listen_for_the_next() {
    check(
        "
        SYN-RECEIVED
        <-- <SEQ=1000><CTL=SYN>                      accepted
        SYN-RECEIVED -> LISTEN
        LISTEN DEADLINE=none
        <-- <SEQ=1000><CTL=SYN>                      # the same again, when its sender has heard nothing
        --> <SEQ=100><ACK=1001><CTL=SYN,ACK>
        SYN-RECEIVED IRS=1000
        ",
    );
}

// D25
#[test]
fn send_in_listen_is_an_error_and_an_active_open_names_the_peer() {
    check(
        "
        LISTEN
        send 10       => error: remote socket unspecified
        open active
        & send 10
        --> <SEQ=100><CTL=SYN>
        SYN-SENT UNSENT=10
        ",
    );
}
