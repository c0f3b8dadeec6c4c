//! D3: a repeated FIN may be in the segment that acknowledges ours.

use tcp_lifecycle::sim::check;

const ACK: &str = "--> <SEQ=100><ACK=300><CTL=ACK>";

#[test]
fn in_closing_a_repeated_fin_that_acknowledges_ours_leads_to_time_wait() {
    for fin in
        ["<SEQ=299><ACK=100><CTL=FIN,ACK>   accepted", "<SEQ=289><ACK=100><CTL=FIN,ACK><DATA=10>   delivers nothing"]
    {
        check(&format!(
            "
            CLOSING
            + 500ms
            <-- {fin}
            {ACK}
            CLOSING -> TIME-WAIT
            TIME-WAIT SND.UNA=100 IN-FLIGHT=0 DEADLINE=4m
            + 2 MSL
            CLOSED
            "
        ));
    }
}

#[test]
fn in_last_ack_a_repeated_fin_that_acknowledges_ours_leads_to_closed() {
    for fin in
        ["<SEQ=299><ACK=100><CTL=FIN,ACK>   accepted", "<SEQ=289><ACK=100><CTL=FIN,ACK><DATA=10>   delivers nothing"]
    {
        check(&format!(
            "
            LAST-ACK
            <-- {fin}
            LAST-ACK -> CLOSED
            CLOSED DEADLINE=none
            "
        ));
    }
}

/// An acknowledgment short of our FIN counts as well, and the state stays.
#[test]
fn a_repeated_fin_may_acknowledge_payload_alone() {
    check(
        "
        CLOSE-WAIT RCV.NXT=301
        send 11
        --> <SEQ=100><ACK=301><CTL=ACK><DATA=11>
        <-- <SEQ=300><ACK=105><CTL=FIN,ACK>      accepted
        signal: Acknowledged 5
        --> <SEQ=111><ACK=301><CTL=ACK>
        CLOSE-WAIT SND.UNA=105
        ",
    );
    check(
        "
        ESTABLISHED
        send 10
        & close
        --> <SEQ=100><ACK=300><CTL=FIN,ACK><DATA=10>
        FIN-WAIT-1
        <-- <SEQ=300><ACK=100><CTL=FIN,ACK>
        signal: Closing
        --> <SEQ=111><ACK=301><CTL=ACK>
        CLOSING
        <-- <SEQ=300><ACK=105><CTL=FIN,ACK>      accepted
        signal: Acknowledged 5
        --> <SEQ=111><ACK=301><CTL=ACK>
        CLOSING SND.UNA=105
        <-- <SEQ=300><ACK=111><CTL=FIN,ACK>      accepted
        signal: Acknowledged 5
        --> <SEQ=111><ACK=301><CTL=ACK>
        TIME-WAIT
        ",
    );
}

#[test]
fn one_that_acknowledges_nothing_new_is_answered_and_that_is_all() {
    for state in ["CLOSING", "LAST-ACK"] {
        for ack in [99, 98] {
            check(&format!(
                "
                {state}
                <-- <SEQ=299><ACK={ack}><CTL=FIN,ACK>    refused
                {ACK}
                {state} SND.UNA=99
                "
            ));
        }
        check(&format!("{state}\n <-- <SEQ=299><ACK=101><CTL=FIN,ACK> refused\n {ACK}\n {state} SND.UNA=99"));
        check(&format!("{state}\n <-- <SEQ=299><CTL=FIN> refused\n {ACK}\n {state} SND.UNA=99"));
    }
}

#[test]
fn across_the_wrap_it_leads_on_too() {
    check(
        "
        CLOSING SND.NXT=0 RCV.NXT=0
        <-- <SEQ=4294967295><ACK=0><CTL=FIN,ACK>         accepted
        --> <SEQ=0><ACK=0><CTL=ACK>
        TIME-WAIT
        ",
    );
    check(
        "
        LAST-ACK SND.NXT=0 RCV.NXT=0
        <-- <SEQ=4294967295><ACK=0><CTL=FIN,ACK>         accepted
        CLOSED
        ",
    );
}

/// RFC 7323 section 5.3: an earlier timestamp is that of an old duplicate, whose acknowledgment must not count.
#[test]
fn with_timestamps_an_old_one_leads_nowhere() {
    let closing = "
        config timestamps=on
        open passive
        LISTEN
        <-- <SEQ=298><CTL=SYN><TS=7,0>
        --> <SEQ=100><ACK=299><CTL=SYN,ACK><TS=0,7>
        SYN-RECEIVED
        <-- <SEQ=299><ACK=101><CTL=ACK><TS=8,0>
        ESTABLISHED
        close
        --> <SEQ=101><ACK=299><CTL=FIN,ACK><TS=0,8>
        FIN-WAIT-1
        <-- <SEQ=299><ACK=101><CTL=FIN,ACK><TS=9,0>
        signal: Closing
        --> <SEQ=102><ACK=300><CTL=ACK><TS=0,9>
        CLOSING
    ";
    check(&format!(
        "{closing}
        <-- <SEQ=299><ACK=102><CTL=FIN,ACK><TS=8,0>      refused: OldTimestamp
        --> <SEQ=102><ACK=300><CTL=ACK><TS=0,9>
        CLOSING
        "
    ));
    check(&format!(
        "{closing}
        <-- <SEQ=299><ACK=102><CTL=FIN,ACK><TS=9,0>      accepted
        --> <SEQ=102><ACK=300><CTL=ACK><TS=0,9>
        TIME-WAIT
        "
    ));
}

/// Both events before one poll: the first leads to CLOSING, the repeat on from there.
#[test]
fn two_fins_before_one_poll_lead_as_far_as_the_second_says() {
    check(
        "
        FIN-WAIT-1
        <-- <SEQ=300><ACK=99><CTL=FIN,ACK>
        & <-- <SEQ=300><ACK=100><CTL=FIN,ACK>            accepted
        signal: Closing
        --> <SEQ=100><ACK=301><CTL=ACK>
        FIN-WAIT-1 -> CLOSING
        CLOSING -> TIME-WAIT
        ",
    );
}
