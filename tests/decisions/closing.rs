//! D7, D19, D20, D22, and CLOSE in CLOSE-WAIT: the ends of a connection.

use tcp_lifecycle::sim::check;

// D7
#[test]
fn abort_leads_to_closed_and_not_to_time_wait() {
    for state in ["SYN-RECEIVED", "ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2", "CLOSE-WAIT"] {
        check(&format!(
            "
            {state}
            abort
            --> <SEQ=100><CTL=RST>
            {state} -> CLOSED
            CLOSED DEADLINE=none
            "
        ));
    }
}

// D19
#[test]
fn an_end_is_graceful_only_if_our_fin_was_acknowledged() {
    for state in ["FIN-WAIT-1", "CLOSING", "LAST-ACK"] {
        check(&format!(
            "
            {state}
            <-- <SEQ=300><ACK=100><CTL=RST,ACK>     # what a reset acknowledges does not count
            signal: Reset
            CLOSED
            "
        ));
    }
    check(
        "
        LAST-ACK
        <-- <SEQ=300><ACK=100><CTL=ACK>
        CLOSED
        ",
    );
}

// D19
#[test]
fn refused_is_a_reset_before_our_syn_was_acknowledged_or_with_its_acknowledgment() {
    check(
        "
        SYN-SENT
        <-- <SEQ=0><ACK=100><CTL=RST,ACK>
        signal: Refused
        CLOSED
        ",
    );
    for reset in ["<SEQ=300><CTL=RST>", "<SEQ=300><ACK=100><CTL=RST,ACK>"] {
        check(&format!(
            "
            ISS=99
            open active
            --> <SEQ=99><CTL=SYN>
            SYN-SENT
            <-- <SEQ=299><CTL=SYN>
            --> <SEQ=99><ACK=300><CTL=SYN,ACK>
            SYN-RECEIVED
            <-- {reset}
            signal: Refused
            CLOSED
            "
        ));
        check(&format!(
            "
            SYN-RECEIVED
            close
            --> <SEQ=100><ACK=300><CTL=FIN,ACK>
            FIN-WAIT-1
            <-- {reset}
            signal: Refused
            CLOSED
            "
        ));
        check(&format!(
            "
            SYN-RECEIVED
            close
            --> <SEQ=100><ACK=300><CTL=FIN,ACK>
            FIN-WAIT-1
            <-- <SEQ=300><ACK=100><CTL=ACK>
            <-- {reset}
            signal: Reset
            CLOSED
            "
        ));
    }
}

// D19
#[test]
fn close_and_abort_in_listen_and_syn_sent_signal_nothing() {
    for state in ["LISTEN", "SYN-SENT"] {
        for call in ["close", "abort"] {
            check(&format!("{state}\n{call}\n{state} -> CLOSED\n+ 1h"));
        }
    }
}

// D20
#[test]
fn the_policy_for_fin_wait_2_counts_from_when_the_user_is_gone_and_ends_with_timed_out() {
    check(
        "
        config fin_wait_2_timeout=60s
        FIN-WAIT-2
        FIN-WAIT-2 DEADLINE=none
        + 50s
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>
        --> <SEQ=100><ACK=310><CTL=ACK>
        receive 10
        detach
        FIN-WAIT-2 DEADLINE=60s
        + 59s
        <-- <SEQ=310><ACK=100><CTL=ACK>            # no payload, and so no reason to wait longer
        FIN-WAIT-2 DEADLINE=1s
        + 1s
        signal: TimedOut
        CLOSED DEADLINE=none
        ",
    );
    check(
        "
        config fin_wait_2_timeout=60s
        FIN-WAIT-2
        detach
        + 50s
        <-- <SEQ=300><ACK=100><CTL=FIN,ACK>
        signal: Closing
        --> <SEQ=100><ACK=301><CTL=ACK>
        TIME-WAIT DEADLINE=4m
        ",
    );
}

// D20
#[test]
fn without_that_policy_fin_wait_2_lasts_for_ever() {
    check("FIN-WAIT-2\nFIN-WAIT-2 DEADLINE=none\n+ 1000h");
    check("config fin_wait_2_timeout=60s\nFIN-WAIT-2\nFIN-WAIT-2 DEADLINE=none\n+ 1000h"); // the user is there
    check("FIN-WAIT-2\ndetach\nFIN-WAIT-2 DEADLINE=none\n+ 1000h");
}

// D20
#[test]
fn neither_the_policy_for_fin_wait_2_nor_the_user_timeout_counts_elsewhere() {
    for state in ["ESTABLISHED", "CLOSE-WAIT"] {
        check(&format!("config fin_wait_2_timeout=60s, user_timeout=60s\n{state}\n{state} DEADLINE=none\n+ 1000h"));
    }
}

// D20
#[test]
fn the_user_timeout_runs_from_the_last_progress_and_not_from_idle_time() {
    check(
        "
        config user_timeout=3s, rto_initial=2s, rto_min=2s
        ESTABLISHED
        + 1h
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        + 1500ms
        <-- <SEQ=300><ACK=105><CTL=ACK>
        signal: Acknowledged 5
        + 1s
        <-- <SEQ=300><ACK=105><CTL=ACK>            # no progress
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=105><ACK=300><CTL=ACK><DATA=5>    # nor is this
        + 999ms
        + 1ms
        signal: TimedOut
        CLOSED DEADLINE=none
        ",
    );
}

// D20
#[test]
fn a_time_in_which_the_peer_answers_probes_does_not_count() {
    let mut script = String::from("ESTABLISHED SND.WND=0\nsend 5\n");
    for pause in [1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60] {
        script.push_str(&format!(
            "+ {pause}s\n--> <SEQ=100><ACK=300><CTL=ACK><DATA=1>\n<-- <SEQ=300><ACK=100><CTL=ACK><WND=0>\nESTABLISHED\n"
        ));
    }
    check(&script);
}

// D20
#[test]
fn an_answer_to_each_probe_holds_the_user_timeout_back_however_short_it_is() {
    let mut script = String::from("config user_timeout=6s\nESTABLISHED SND.WND=0\nsend 5\n");
    for pause in [1, 2, 2, 2, 2, 2, 2, 2] {
        script.push_str(&format!(
            "+ {pause}s\n--> <SEQ=100><ACK=300><CTL=ACK><DATA=1>\n<-- <SEQ=300><ACK=100><CTL=ACK><WND=0>\nESTABLISHED\n"
        ));
    }
    check(&script);
}

// D22
#[test]
fn a_fin_that_acknowledges_ours_leads_to_time_wait_in_one_transition() {
    check(
        "
        FIN-WAIT-1
        <-- <SEQ=300><ACK=100><CTL=FIN,ACK>
        signal: Closing
        --> <SEQ=100><ACK=301><CTL=ACK>
        FIN-WAIT-1 -> TIME-WAIT
        ",
    );
    check(
        "
        FIN-WAIT-1
        <-- <SEQ=300><ACK=100><CTL=ACK>
        & <-- <SEQ=300><ACK=100><CTL=FIN,ACK>
        signal: Closing
        --> <SEQ=100><ACK=301><CTL=ACK>
        FIN-WAIT-1 -> FIN-WAIT-2
        FIN-WAIT-2 -> TIME-WAIT
        ",
    );
}
