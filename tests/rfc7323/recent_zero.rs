//! A TS.Recent of zero counts as none: some ends send zero on their SYNs, and then start anywhere on their clock.

use tcp_lifecycle::sim::check;

#[test]
fn a_syn_ack_that_says_zero_makes_no_later_value_old() {
    for value in [1_u32, 5, 2_147_483_647, 2_147_483_648, 2_147_483_649, 3_000_000_000, 4_294_967_295] {
        check(&format!(
            "
            config timestamps=on
            ISS=99
            open active
            --> <SEQ=99><CTL=SYN><TS=0,0>
            SYN-SENT
            <-- <SEQ=299><ACK=100><CTL=SYN,ACK><TS=0,0>
            --> <SEQ=100><ACK=300><CTL=ACK><TS=0,0>
            ESTABLISHED                     TIMESTAMPS=1
            <-- <SEQ=300><ACK=100><CTL=ACK><DATA=5><TS={value},0>
            --> <SEQ=100><ACK=305><CTL=ACK><TS=0,{value}>
            <-- <SEQ=305><ACK=100><CTL=ACK><DATA=5><TS={},0>        refused: OldTimestamp
            --> <SEQ=100><ACK=305><CTL=ACK><TS=0,{value}>
            ",
            value.wrapping_sub(2),
        ));
    }
}

#[test]
fn a_syn_that_says_zero_makes_no_later_value_old() {
    for value in [1_u32, 2_147_483_649, 4_294_967_295] {
        for segment in ["<CTL=ACK>", "<CTL=ACK><DATA=5>"] {
            let taken = u32::from(segment.contains("DATA")) * 5;
            let answer =
                if taken > 0 { format!("--> <SEQ=100><ACK=305><CTL=ACK><TS=0,{value}>") } else { String::new() };
            check(&format!(
                "
                config timestamps=on
                ISS=99
                open passive
                LISTEN
                <-- <SEQ=299><CTL=SYN><TS=0,0>
                --> <SEQ=99><ACK=300><CTL=SYN,ACK><TS=0,0>
                SYN-RECEIVED                TIMESTAMPS=1
                <-- <SEQ=300><ACK=100>{segment}<TS={value},0>
                {answer}
                ESTABLISHED                 RCV.NXT={}
                send 1
                --> <SEQ=100><ACK={}><CTL=ACK><DATA=1><TS=0,{value}>
                ",
                300 + taken,
                300 + taken,
            ));
        }
    }
}

/// SYNs that cross.
#[test]
fn a_crossing_syn_that_says_zero_makes_no_later_value_old() {
    check(
        "
        config timestamps=on
        ISS=99
        open active
        --> <SEQ=99><CTL=SYN><TS=0,0>
        SYN-SENT
        <-- <SEQ=299><CTL=SYN><TS=0,0>
        --> <SEQ=99><ACK=300><CTL=SYN,ACK><TS=0,0>
        SYN-RECEIVED
        <-- <SEQ=299><ACK=100><CTL=SYN,ACK><TS=3000000000,0>
        ESTABLISHED
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=5><TS=3000000001,0>
        --> <SEQ=100><ACK=305><CTL=ACK><TS=0,3000000001>
        ",
    );
}

/// Zero counts as none each time: a clock that stands still at zero causes no refusal.
#[test]
fn a_peer_that_always_says_zero_is_served() {
    check(
        "
        config timestamps=on
        ISS=99
        open active
        --> <SEQ=99><CTL=SYN><TS=0,0>
        SYN-SENT
        <-- <SEQ=299><ACK=100><CTL=SYN,ACK><TS=0,0>
        --> <SEQ=100><ACK=300><CTL=ACK><TS=0,0>
        ESTABLISHED
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=5><TS=0,0>
        --> <SEQ=100><ACK=305><CTL=ACK><TS=0,0>
        <-- <SEQ=305><ACK=100><CTL=FIN,ACK><DATA=5><TS=0,0>
        signal: Closing
        --> <SEQ=100><ACK=311><CTL=ACK><TS=0,0>
        CLOSE-WAIT
        ",
    );
}

/// Once another value has arrived, zero is as old as the comparison says.
#[test]
fn a_zero_after_another_value_is_old() {
    check(
        "
        config timestamps=on
        ISS=99
        open active
        --> <SEQ=99><CTL=SYN><TS=0,0>
        SYN-SENT
        <-- <SEQ=299><ACK=100><CTL=SYN,ACK><TS=1000,0>
        --> <SEQ=100><ACK=300><CTL=ACK><TS=0,1000>
        ESTABLISHED
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=5><TS=0,0>         refused: OldTimestamp
        --> <SEQ=100><ACK=300><CTL=ACK><TS=0,1000>
        ",
    );
}
