//! D3, D5, D14: which segments end TIME-WAIT, which prolong it, and which are answered there.

use tcp_lifecycle::sim::check;

/// TIME-WAIT has a minute and a half of its two minutes left; IRS is 298, the peer's FIN was 299.
const TIME_WAIT: &str = "
    config msl=1m
    TIME-WAIT
    + 30s
    TIME-WAIT DEADLINE=90s
";

const ACK: &str = "--> <SEQ=100><ACK=300><CTL=ACK>";

#[track_caller]
fn from(given: &str, rest: &str) {
    check(&format!("{given}\n{rest}"));
}

// D3
#[test]
fn a_fin_that_comes_again_restarts_2_msl_with_payload_or_without() {
    for fin in ["<SEQ=299><ACK=100><CTL=FIN,ACK>", "<SEQ=289><ACK=99><CTL=FIN,ACK><DATA=10>"] {
        from(
            TIME_WAIT,
            &format!(
                "
                <-- {fin}      delivers nothing
                {ACK}
                TIME-WAIT DEADLINE=2m
                + 119s
                <-- {fin}      delivers nothing
                {ACK}
                TIME-WAIT DEADLINE=2m
                + 2m
                CLOSED DEADLINE=none
                "
            ),
        );
    }
}

// D3
#[test]
fn a_fin_that_ends_elsewhere_does_not_restart_2_msl() {
    for fin in [
        "<SEQ=298><ACK=100><CTL=FIN,ACK>",
        "<SEQ=290><ACK=100><CTL=FIN,ACK><DATA=10>",
        "<SEQ=300><ACK=100><CTL=FIN,ACK>",
        "<SEQ=310><ACK=100><CTL=FIN,ACK>",
        "<SEQ=290><ACK=100><CTL=ACK><DATA=10>", // ends at RCV.NXT, but with payload
    ] {
        from(
            TIME_WAIT,
            &format!(
                "
                <-- {fin}      refused
                {ACK}
                TIME-WAIT DEADLINE=90s RCV.NXT=300
                "
            ),
        );
    }
}

// D3
#[test]
fn a_fin_without_an_ack_or_with_one_of_the_future_does_not_restart_2_msl() {
    for fin in ["<SEQ=299><CTL=FIN>", "<SEQ=299><ACK=101><CTL=FIN,ACK>", "<SEQ=299><ACK=4294901000><CTL=FIN,ACK>"] {
        from(
            TIME_WAIT,
            &format!(
                "
                <-- {fin}      refused
                {ACK}
                TIME-WAIT DEADLINE=90s
                "
            ),
        );
    }
}

// D3
#[test]
fn a_bare_ack_out_of_step_is_answered_in_time_wait_within_the_limiter() {
    for seq in [298, 301, 65_834, 65_835, 65_836, 4_000_000_000_u32] {
        let row = format!("<-- <SEQ={seq}><ACK=100><CTL=ACK>   refused\n");
        let answered = format!("{row}{ACK}\n");
        from(TIME_WAIT, &format!("{}{row}\nTIME-WAIT DEADLINE=90s", answered.repeat(10)));
    }
    from(TIME_WAIT, "<-- <SEQ=300><ACK=100><CTL=ACK>   accepted");
}

// D3
#[test]
fn the_other_states_after_the_peers_fin_acknowledge_it_again_too() {
    for state in ["CLOSE-WAIT", "CLOSING", "LAST-ACK"] {
        from(
            state,
            &format!(
                "
                <-- <SEQ=299><ACK=99><CTL=FIN,ACK>            refused
                {ACK}
                <-- <SEQ=289><ACK=99><CTL=FIN,ACK><DATA=10>   refused
                {ACK}
                {state}
                "
            ),
        );
    }
}

// D5
#[test]
fn a_syn_in_time_wait_is_challenged_and_prolongs_nothing() {
    for seq in [298, 299, 300, 301, 70_000, 2_147_483_948_u32] {
        from(
            TIME_WAIT,
            &format!(
                "
                <-- <SEQ={seq}><CTL=SYN>           refused
                {ACK}
                TIME-WAIT DEADLINE=90s
                "
            ),
        );
    }
}

// D14
#[test]
fn a_reset_does_not_cut_time_wait_short() {
    from(
        TIME_WAIT,
        "
        <-- <SEQ=300><CTL=RST>             refused: ResetInTimeWait
        <-- <SEQ=300><ACK=100><CTL=RST,ACK>    refused: ResetInTimeWait
        TIME-WAIT DEADLINE=90s
        + 90s
        CLOSED
        ",
    );
}

// D14
#[test]
fn a_peer_that_started_afresh_may_reset_time_wait_once_its_syn_was_challenged() {
    for seq in [5, 299, 300, 301, 70_000] {
        from(
            TIME_WAIT,
            &format!(
                "
                <-- <SEQ=300><CTL=RST>             refused: ResetInTimeWait
                <-- <SEQ={seq}><CTL=SYN>           refused
                {ACK}
                <-- <SEQ=299><CTL=RST>             refused: ResetOutsideWindow
                <-- <SEQ=301><CTL=RST>             refused
                "
            ),
        );
        from(
            TIME_WAIT,
            &format!(
                "
                <-- <SEQ={seq}><CTL=SYN>           refused
                {ACK}
                <-- <SEQ=300><CTL=RST>
                TIME-WAIT -> CLOSED
                CLOSED DEADLINE=none
                "
            ),
        );
    }
}

// D14
#[test]
fn a_repeat_of_the_syn_that_opened_this_life_is_no_fresh_start() {
    for syn in ["<SEQ=298><CTL=SYN>", "<SEQ=298><ACK=99><CTL=SYN,ACK>"] {
        from(
            TIME_WAIT,
            &format!(
                "
                <-- {syn}                          refused
                {ACK}
                <-- <SEQ=300><CTL=RST>             refused: ResetInTimeWait
                TIME-WAIT DEADLINE=90s
                "
            ),
        );
    }
}

/// D14: a peer that starts afresh sends a SYN without an ACK. A SYN,ACK is the answer of a listening peer to an old
/// duplicate of our own SYN, and that peer's honest reset must not cut TIME-WAIT short (RFC 1337).
#[test]
fn a_syn_ack_is_no_fresh_start() {
    for syn_ack in [
        "<SEQ=5000><ACK=99><CTL=SYN,ACK>",
        "<SEQ=5000><ACK=100><CTL=SYN,ACK>",
        "<SEQ=300><ACK=99><CTL=SYN,ACK>",
        "<SEQ=5000><ACK=99><CTL=FIN,SYN,ACK><DATA=10>",
    ] {
        from(
            TIME_WAIT,
            &format!(
                "
                <-- {syn_ack}                      refused
                {ACK}
                <-- <SEQ=300><CTL=RST>             refused: ResetInTimeWait
                <-- <SEQ=300><ACK=100><CTL=RST,ACK>    refused: ResetInTimeWait
                TIME-WAIT DEADLINE=90s
                <-- <SEQ=5000><CTL=SYN>            refused
                {ACK}
                <-- <SEQ=300><CTL=RST>
                CLOSED
                "
            ),
        );
    }
}

// D14
#[test]
fn a_syn_that_was_challenged_before_time_wait_does_not_count() {
    check(
        "
        FIN-WAIT-2
        <-- <SEQ=5000><CTL=SYN>            refused
        --> <SEQ=100><ACK=300><CTL=ACK>
        <-- <SEQ=300><ACK=100><CTL=FIN,ACK>
        signal: Closing
        --> <SEQ=100><ACK=301><CTL=ACK>
        TIME-WAIT
        <-- <SEQ=301><CTL=RST>             refused: ResetInTimeWait
        ",
    );
}

// D14
#[test]
fn a_syn_that_the_limiter_kept_unanswered_does_not_count() {
    let out_of_step = format!("<-- <SEQ=301><ACK=100><CTL=ACK> refused\n{ACK}\n").repeat(10);
    from(
        TIME_WAIT,
        &format!(
            "
            {out_of_step}
            <-- <SEQ=5000><CTL=SYN>            refused
            <-- <SEQ=300><CTL=RST>             refused: ResetInTimeWait
            "
        ),
    );
}

// D14
#[test]
fn by_policy_a_reset_ends_time_wait_as_rfc_9293_prints_it() {
    check(
        "
        config reset_in_time_wait=on
        TIME-WAIT
        <-- <SEQ=299><CTL=RST>             refused: ResetOutsideWindow
        <-- <SEQ=301><CTL=RST>             refused: ResetNotAtRcvNxt
        --> <SEQ=100><ACK=300><CTL=ACK>
        <-- <SEQ=300><CTL=RST>
        CLOSED
        ",
    );
}
