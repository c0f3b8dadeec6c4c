//! Several segments before the first is answered (RFC 9293 section 3.10.7.4, first: MUST-58, MUST-59).

use tcp_lifecycle::sim::check;

#[test]
/// In order, one ACK answers them all; ahead of a gap each has an ACK of its own.
fn one_ack_answers_them_all() {
    check(
        "
        ESTABLISHED
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>
        & <-- <SEQ=310><ACK=100><CTL=ACK><DATA=10>
        & <-- <SEQ=330><ACK=100><CTL=ACK><DATA=10>   delivers nothing
        & <-- <SEQ=290><ACK=100><CTL=ACK><DATA=10>   refused
        & <-- <SEQ=321><CTL=RST>                     refused
        --> <SEQ=100><ACK=320><CTL=ACK>
        --> <SEQ=100><ACK=320><CTL=ACK>
        ",
    );
}

#[test]
fn what_they_acknowledge_adds_up() {
    check(
        "
        ESTABLISHED
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        <-- <SEQ=300><ACK=103><CTL=ACK>
        & <-- <SEQ=300><ACK=107><CTL=ACK>
        signal: Acknowledged 7
        ",
    );
}

#[test]
fn the_last_of_several_resets_is_sent() {
    check(
        "
        CLOSED
        <-- <SEQ=300><CTL=SYN>                 refused
        & <-- <SEQ=300><ACK=7><CTL=ACK>        refused
        --> <SEQ=7><CTL=RST>
        <-- <SEQ=300><ACK=7><CTL=ACK>          refused
        & <-- <SEQ=300><CTL=SYN>               refused
        --> <SEQ=0><ACK=301><CTL=RST,ACK>
        ",
    );
}

#[test]
fn a_syn_ack_that_is_due_gives_way_to_an_ack_when_our_syn_is_acknowledged() {
    check(
        "
        SYN-RECEIVED
        <-- <SEQ=299><CTL=SYN>                 refused
        & <-- <SEQ=300><ACK=100><CTL=ACK>
        --> <SEQ=100><ACK=300><CTL=ACK>
        ESTABLISHED DEADLINE=none
        + 1h
        ",
    );
    check(
        "
        SYN-SENT
        <-- <SEQ=299><CTL=SYN>
        & <-- <SEQ=299><ACK=100><CTL=SYN,ACK>
        --> <SEQ=100><ACK=300><CTL=ACK>
        SYN-SENT -> SYN-RECEIVED
        SYN-RECEIVED -> ESTABLISHED
        + 1h
        ",
    );
}

#[test]
fn a_syn_ack_answers_what_an_ack_would() {
    check(
        "
        SYN-RECEIVED
        <-- <SEQ=301><CTL=RST>                 refused
        & <-- <SEQ=299><CTL=SYN>               refused
        --> <SEQ=99><ACK=300><CTL=SYN,ACK>
        ",
    );
}

#[test]
fn three_transitions_are_held_and_a_fourth_folds_into_the_third() {
    check(
        "
        LISTEN
        <-- <SEQ=299><CTL=SYN>
        & <-- <SEQ=300><CTL=RST>
        & <-- <SEQ=299><CTL=SYN>
        & <-- <SEQ=300><ACK=101><CTL=ACK>
        --> <SEQ=101><ACK=300><CTL=ACK>
        LISTEN -> SYN-RECEIVED
        SYN-RECEIVED -> LISTEN
        LISTEN -> ESTABLISHED
        ",
    );
    check(
        "
        LISTEN
        <-- <SEQ=299><CTL=SYN>
        & <-- <SEQ=300><CTL=RST>
        & <-- <SEQ=299><CTL=SYN>
        & <-- <SEQ=300><CTL=RST>
        LISTEN -> SYN-RECEIVED
        SYN-RECEIVED -> LISTEN
        ",
    );
}
