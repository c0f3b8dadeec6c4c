//! The life of a connection, told in short exchanges.

use tcp_lifecycle::sim::{check, check_figure};

#[test]
fn a_handshake_of_three_messages_opens_a_connection() {
    check_figure(
        "
        CLOSED                                               LISTEN
        A: open active
        SYN-SENT     --> <SEQ=100><CTL=SYN>              --> SYN-RECEIVED
        ESTABLISHED  <-- <SEQ=300><ACK=101><CTL=SYN,ACK> <-- SYN-RECEIVED
        ESTABLISHED  --> <SEQ=101><ACK=301><CTL=ACK>     --> ESTABLISHED
        A: ESTABLISHED ISS=100 IRS=300 SND.UNA=101 SND.NXT=101 RCV.NXT=301 DEADLINE=none
        B: ESTABLISHED ISS=300 IRS=100 SND.UNA=301 SND.NXT=301 RCV.NXT=101 DEADLINE=none
        ",
    );
}

#[test]
fn the_handshake_survives_the_loss_of_each_of_its_messages() {
    check_figure(
        "
        A: open active     B: LISTEN
        SYN-SENT     --> <SEQ=100><CTL=SYN>              x   LISTEN
        + 1s
        A: signal: RetransmissionTimeout
        SYN-SENT     --> <SEQ=100><CTL=SYN>              --> SYN-RECEIVED
        SYN-SENT     x   <SEQ=300><ACK=101><CTL=SYN,ACK> <-- SYN-RECEIVED
        + 1s
        ESTABLISHED  <-- <SEQ=300><ACK=101><CTL=SYN,ACK> <-- SYN-RECEIVED
        ESTABLISHED  --> <SEQ=101><ACK=301><CTL=ACK>     x   SYN-RECEIVED
        + 2s
        ESTABLISHED  <-- <SEQ=300><ACK=101><CTL=SYN,ACK> <-- SYN-RECEIVED  refused: NotAcceptable
        ESTABLISHED  --> <SEQ=101><ACK=301><CTL=ACK>     --> ESTABLISHED
        A: ESTABLISHED DEADLINE=none     B: ESTABLISHED DEADLINE=none
        ",
    );
}

/// A connection whose first SYN is held up in the network, from its opening to the 2 MSL at A.
const LIFE_WITH_A_SYN_HELD_UP: &str = "
        A: open active     B: LISTEN
        SYN-SENT     --> <SEQ=100><CTL=SYN>              ... LISTEN
        + 1s
        A: signal: RetransmissionTimeout
        SYN-SENT     --> <SEQ=100><CTL=SYN>              --> SYN-RECEIVED
        ESTABLISHED  <-- <SEQ=300><ACK=101><CTL=SYN,ACK> <-- SYN-RECEIVED
        ESTABLISHED  --> <SEQ=101><ACK=301><CTL=ACK>     --> ESTABLISHED
        A: close
        FIN-WAIT-1   --> <SEQ=101><ACK=301><CTL=FIN,ACK> --> CLOSE-WAIT
        B: signal: Closing
        FIN-WAIT-2   <-- <SEQ=301><ACK=102><CTL=ACK>     <-- CLOSE-WAIT
        B: close
        TIME-WAIT    <-- <SEQ=301><ACK=102><CTL=FIN,ACK> <-- LAST-ACK
        A: signal: Closing
        TIME-WAIT    --> <SEQ=102><ACK=302><CTL=ACK>     --> CLOSED
        B: ISS=900
        B: open passive
        B: LISTEN
        ";

/// With a two-way handshake B would be ESTABLISHED here, alone, and would wait without end. B's SYN,ACK asks A.
#[test]
fn a_syn_that_was_held_up_until_after_the_release_does_not_establish() {
    check_figure(&format!(
        "{LIFE_WITH_A_SYN_HELD_UP}
        + 2 MSL
        A: CLOSED
        CLOSED       ... <SEQ=100><CTL=SYN>              --> SYN-RECEIVED
        CLOSED       <-- <SEQ=900><ACK=101><CTL=SYN,ACK> <-- SYN-RECEIVED  refused: NoConnection
        CLOSED       --> <SEQ=101><CTL=RST>              --> LISTEN
        "
    ));
}

#[test]
fn a_syn_that_was_held_up_until_time_wait_does_not_establish_either() {
    check_figure(&format!(
        "{LIFE_WITH_A_SYN_HELD_UP}
        TIME-WAIT    ... <SEQ=100><CTL=SYN>              --> SYN-RECEIVED
        TIME-WAIT    <-- <SEQ=900><ACK=101><CTL=SYN,ACK> <-- SYN-RECEIVED  refused: SynChallenged
        TIME-WAIT    --> <SEQ=102><ACK=302><CTL=ACK>     --> SYN-RECEIVED  refused: AckInSynReceived
        TIME-WAIT    <-- <SEQ=302><CTL=RST>              <-- SYN-RECEIVED  refused: ResetInTimeWait
        "
    ));
}

#[test]
fn a_copy_of_the_syn_in_an_open_connection_changes_nothing() {
    check_figure(
        "
        A: open active     B: LISTEN
        SYN-SENT     --> <SEQ=100><CTL=SYN>              --> SYN-RECEIVED
        ESTABLISHED  <-- <SEQ=300><ACK=101><CTL=SYN,ACK> <-- SYN-RECEIVED
        ESTABLISHED  --> <SEQ=101><ACK=301><CTL=ACK>     --> ESTABLISHED
        (again)      ... <SEQ=100><CTL=SYN>              --> ESTABLISHED  refused
        ESTABLISHED  <-- <SEQ=301><ACK=101><CTL=ACK>     <-- ESTABLISHED
        ",
    );
}

#[test]
fn the_fin_takes_one_sequence_number() {
    check(
        "
        ESTABLISHED                                             SND.NXT=100 RCV.NXT=300
        close
        --> <SEQ=100><ACK=300><CTL=FIN,ACK>
        FIN-WAIT-1                                              SND.NXT=101
        <-- <SEQ=300><ACK=100><CTL=ACK>                         # of what lies before the FIN
        FIN-WAIT-1                                              SND.UNA=100
        <-- <SEQ=300><ACK=101><CTL=ACK>                         # of the FIN
        FIN-WAIT-2                                              SND.UNA=101
        ",
    );
}

#[test]
fn the_fin_comes_behind_the_last_byte_and_is_never_counted_as_one() {
    check(
        "
        ESTABLISHED                                             SND.NXT=100 RCV.NXT=300
        & send 10
        & close
        --> <SEQ=100><ACK=300><CTL=FIN,PSH,ACK><DATA=10>        bytes 0..10
        FIN-WAIT-1                                              SND.NXT=111
        <-- <SEQ=300><ACK=110><CTL=ACK>                         # of the ten bytes
        signal: Acknowledged 10
        FIN-WAIT-1                                              SND.UNA=110
        <-- <SEQ=300><ACK=111><CTL=ACK>
        FIN-WAIT-2
        ",
    );
}

#[test]
fn the_other_direction_flows_on_after_a_fin() {
    check_figure(
        "
        ESTABLISHED                                                   ESTABLISHED
        A: close
        FIN-WAIT-1   --> <SEQ=100><ACK=300><CTL=FIN,ACK>          --> CLOSE-WAIT
        B: signal: Closing
        FIN-WAIT-2   <-- <SEQ=300><ACK=101><CTL=ACK>              <-- CLOSE-WAIT
        B: send 10
        FIN-WAIT-2   <-- <SEQ=300><ACK=101><CTL=ACK><DATA=10>     <-- CLOSE-WAIT
        FIN-WAIT-2   --> <SEQ=101><ACK=310><CTL=ACK>              --> CLOSE-WAIT
        B: signal: Acknowledged 10
        A: send 10  => error: connection closing
        B: & send 20
        B: & close
        TIME-WAIT    <-- <SEQ=310><ACK=101><CTL=FIN,ACK><DATA=20> <-- LAST-ACK
        A: signal: Closing
        TIME-WAIT    --> <SEQ=101><ACK=331><CTL=ACK>              --> CLOSED
        B: signal: Acknowledged 20
        ",
    );
}

#[test]
fn a_close_takes_four_messages() {
    check_figure(
        "
        ESTABLISHED                                           ESTABLISHED
        A: close
        A: ESTABLISHED -> FIN-WAIT-1
        FIN-WAIT-1   --> <SEQ=100><ACK=300><CTL=FIN,ACK>  --> CLOSE-WAIT
        B: ESTABLISHED -> CLOSE-WAIT
        B: signal: Closing
        FIN-WAIT-2   <-- <SEQ=300><ACK=101><CTL=ACK>      <-- CLOSE-WAIT
        A: FIN-WAIT-1 -> FIN-WAIT-2
        B: close
        B: CLOSE-WAIT -> LAST-ACK
        TIME-WAIT    <-- <SEQ=300><ACK=101><CTL=FIN,ACK>  <-- LAST-ACK
        A: FIN-WAIT-2 -> TIME-WAIT
        A: signal: Closing
        TIME-WAIT    --> <SEQ=101><ACK=301><CTL=ACK>      --> CLOSED
        B: LAST-ACK -> CLOSED
        ",
    );
}

#[test]
fn a_close_takes_three_messages_where_the_fin_goes_with_the_ack() {
    check_figure(
        "
        ESTABLISHED                                           ESTABLISHED
        A: close
        FIN-WAIT-1   --> <SEQ=100><ACK=300><CTL=FIN,ACK>  --> CLOSE-WAIT
        B: & close
        B: ESTABLISHED -> CLOSE-WAIT
        B: CLOSE-WAIT -> LAST-ACK
        B: signal: Closing
        TIME-WAIT    <-- <SEQ=300><ACK=101><CTL=FIN,ACK>  <-- LAST-ACK
        A: FIN-WAIT-1 -> TIME-WAIT
        A: signal: Closing
        TIME-WAIT    --> <SEQ=101><ACK=301><CTL=ACK>      --> CLOSED
        A: TIME-WAIT DEADLINE=4m
        ",
    );
}

#[test]
fn both_closing_at_once_meet_in_closing() {
    check_figure(
        "
        ESTABLISHED                                           ESTABLISHED
        A: close
        FIN-WAIT-1   --> <SEQ=100><ACK=300><CTL=FIN,ACK>  ... ESTABLISHED
        B: close
        CLOSING      <-- <SEQ=300><ACK=100><CTL=FIN,ACK>  <-- FIN-WAIT-1
        A: signal: Closing
        CLOSING      ... <SEQ=100><ACK=300><CTL=FIN,ACK>  --> CLOSING
        B: signal: Closing
        CLOSING      ... <SEQ=301><ACK=101><CTL=ACK>      <-- CLOSING
        CLOSING      --> <SEQ=101><ACK=301><CTL=ACK>      --> TIME-WAIT
        TIME-WAIT    <-- <SEQ=301><ACK=101><CTL=ACK>      ... TIME-WAIT
        + 2 MSL
        CLOSED                                                CLOSED
        ",
    );
}

#[test]
fn closing_is_left_by_the_acknowledgment_of_the_fin_alone() {
    check(
        "
        CLOSING                                                 SND.UNA=99 SND.NXT=100 RCV.NXT=300
        <-- <SEQ=300><ACK=99><CTL=ACK>
        CLOSING
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=99><ACK=300><CTL=FIN,ACK>                      # it is repeated here too
        <-- <SEQ=300><ACK=100><CTL=ACK>
        TIME-WAIT                                               DEADLINE=4m
        ",
    );
}

#[test]
fn the_last_ack_is_lost_and_2_msl_are_counted_afresh() {
    check_figure(
        "
        ESTABLISHED                                           ESTABLISHED
        A: close
        FIN-WAIT-1   --> <SEQ=100><ACK=300><CTL=FIN,ACK>  --> CLOSE-WAIT
        B: signal: Closing
        FIN-WAIT-2   <-- <SEQ=300><ACK=101><CTL=ACK>      <-- CLOSE-WAIT
        B: close
        TIME-WAIT    <-- <SEQ=300><ACK=101><CTL=FIN,ACK>  <-- LAST-ACK
        A: signal: Closing
        TIME-WAIT    --> <SEQ=101><ACK=301><CTL=ACK>      x   LAST-ACK
        + 1s
        A: TIME-WAIT DEADLINE=239s
        B: signal: RetransmissionTimeout
        TIME-WAIT    <-- <SEQ=300><ACK=101><CTL=FIN,ACK>  <-- LAST-ACK
        A: TIME-WAIT DEADLINE=240s
        TIME-WAIT    --> <SEQ=101><ACK=301><CTL=ACK>      --> CLOSED
        + 2 MSL
        A: CLOSED
        ",
    );
}

#[test]
fn fin_wait_2_waits_for_ever() {
    check(
        "
        FIN-WAIT-2                                              DEADLINE=none
        + 100000h
        FIN-WAIT-2
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>
        --> <SEQ=100><ACK=310><CTL=ACK>
        ",
    );
}

#[test]
fn a_policy_ends_fin_wait_2_once_the_user_is_gone() {
    check(
        "
        config fin_wait_2_timeout=60s
        FIN-WAIT-2                                              DEADLINE=none
        + 59s
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>                # the user is there, and reads
        --> <SEQ=100><ACK=310><CTL=ACK>
        receive 10
        detach
        + 59999ms
        FIN-WAIT-2                                              DEADLINE=1ms
        + 1ms
        signal: TimedOut
        CLOSED
        ",
    );
}

#[test]
fn time_wait_lasts_for_2_msl_from_whatever_state_it_is_entered() {
    for msl in [500, 30_000, 60_000, 120_000, 300_000] {
        let nearly = 2 * msl - 1;
        for (state, segment) in [
            ("FIN-WAIT-1", "<SEQ=300><ACK=100><CTL=FIN,ACK>"),
            ("FIN-WAIT-2", "<SEQ=300><ACK=100><CTL=FIN,ACK>"),
            ("CLOSING", "<SEQ=300><ACK=100><CTL=ACK>"),
        ] {
            let answer = match state {
                "CLOSING" => "",
                _ => "signal: Closing\n--> <SEQ=100><ACK=301><CTL=ACK>",
            };
            check(&format!(
                "
                config msl={msl}ms
                {state}
                <-- {segment}
                {answer}
                TIME-WAIT
                + {nearly}ms
                TIME-WAIT
                + 1ms
                TIME-WAIT -> CLOSED
                "
            ));
        }
    }
}
