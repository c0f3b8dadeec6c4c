//! RFC 9293 section 3.10.7.4, fifth: the ACK field, state by state.

use super::table::{SYNCHRONIZED, table};

/// Ten bytes are in flight: SND.UNA 100, SND.NXT 110, and MAX.SND.WND 65535.
const IN_FLIGHT: [&str; 2] = [
    "
    ESTABLISHED
    send 10
    --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
    ",
    "
    CLOSE-WAIT
    send 10
    --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
    ",
];

/// Ten bytes and our FIN are in flight: SND.UNA 100, SND.NXT 111.
const CLOSED_IN_FLIGHT: &str = "
    ESTABLISHED
    send 10
    --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
    close
    --> <SEQ=110><ACK=300><CTL=FIN,ACK>
    FIN-WAIT-1
";

#[test]
fn without_an_ack_a_segment_is_dropped() {
    for state in SYNCHRONIZED {
        table(
            state,
            "
            <SEQ=300><CTL=>                       refused: NoAck =>
            <SEQ=300><CTL=PSH><DATA=10>           refused: NoAck =>
            <SEQ=300><CTL=FIN>                    refused: NoAck =>
            <SEQ=300><CTL=URG><URG=1>             refused: NoAck =>
            ",
        );
    }
}

#[test]
fn an_ack_may_be_as_old_as_the_largest_window_and_no_older_and_not_of_the_future() {
    for given in IN_FLIGHT {
        table(
            given,
            "
            <SEQ=300><ACK=4294901860><CTL=ACK>                refused: AckTooOld => <SEQ=110><ACK=300><CTL=ACK>
            <SEQ=300><ACK=4294901860><CTL=FIN,ACK><DATA=10>   refused: AckTooOld => <SEQ=110><ACK=300><CTL=ACK>
            <SEQ=300><ACK=4294901861><CTL=ACK>                accepted =>
            <SEQ=300><ACK=99><CTL=ACK>                        accepted =>
            <SEQ=300><ACK=100><CTL=ACK>                       accepted =>
            <SEQ=300><ACK=101><CTL=ACK>                       accepted => signal: Acknowledged 1
            <SEQ=300><ACK=109><CTL=ACK>                       accepted => signal: Acknowledged 9
            <SEQ=300><ACK=110><CTL=ACK>                       accepted => signal: Acknowledged 10
            <SEQ=300><ACK=111><CTL=ACK>                       refused: AckOfUnsent => <SEQ=110><ACK=300><CTL=ACK>
            <SEQ=300><ACK=111><CTL=FIN,ACK><DATA=10>          refused: AckOfUnsent => <SEQ=110><ACK=300><CTL=ACK>
            <SEQ=310><ACK=111><CTL=ACK>                       refused: AckOfUnsent => <SEQ=110><ACK=300><CTL=ACK>
            <SEQ=300><ACK=2147483747><CTL=ACK>                refused: AckOfUnsent => <SEQ=110><ACK=300><CTL=ACK>
            ",
        );
    }
}

#[test]
fn the_largest_window_is_the_largest_that_the_peer_ever_offered_and_at_least_one_segment() {
    table(
        "
        ESTABLISHED SND.WND=1000
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=2000>
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=500>
        ESTABLISHED SND.WND=500
        ",
        "
        <SEQ=300><ACK=4294965396><CTL=ACK>        accepted =>
        <SEQ=300><ACK=4294965395><CTL=ACK>        refused: AckTooOld => <SEQ=100><ACK=300><CTL=ACK>
        ",
    );
    table(
        "ESTABLISHED SND.WND=0", // the peer's maximum segment size is 536
        "
        <SEQ=300><ACK=4294966860><CTL=ACK>        accepted =>
        <SEQ=300><ACK=4294966859><CTL=ACK>        refused: AckTooOld => <SEQ=100><ACK=300><CTL=ACK>
        ",
    );
}

#[test]
fn without_rfc_5961_an_old_ack_is_ignored_and_the_text_behind_it_is_not() {
    table(
        "config rfc5961=off\nESTABLISHED",
        "
        <SEQ=300><ACK=4294901760><CTL=ACK>                accepted =>
        <SEQ=300><ACK=4294901760><CTL=ACK><DATA=10>       delivers 0..10 => <SEQ=100><ACK=310><CTL=ACK>
        <SEQ=300><ACK=2147483749><CTL=ACK><DATA=10>       delivers 0..10 => <SEQ=100><ACK=310><CTL=ACK>
        <SEQ=300><ACK=101><CTL=ACK><DATA=10>              refused: AckOfUnsent => <SEQ=100><ACK=300><CTL=ACK>
        ",
    );
}

#[test]
fn a_duplicate_ack_does_not_keep_text_and_fin_out() {
    table(
        IN_FLIGHT[0],
        "
        <SEQ=300><ACK=100><CTL=ACK><DATA=10>      delivers 0..10 => <SEQ=110><ACK=310><CTL=ACK>; ESTABLISHED SND.UNA=100
        <SEQ=300><ACK=99><CTL=ACK><DATA=10>       delivers 0..10 => <SEQ=110><ACK=310><CTL=ACK>; ESTABLISHED SND.UNA=100
        <SEQ=300><ACK=99><CTL=FIN,ACK>            => signal: Closing; <SEQ=110><ACK=301><CTL=ACK>; CLOSE-WAIT SND.UNA=100
        <SEQ=300><ACK=105><CTL=FIN,ACK><DATA=10>  delivers 0..10 => signal: Acknowledged 5; signal: Closing; <SEQ=110><ACK=311><CTL=ACK>; CLOSE-WAIT SND.UNA=105
        ",
    );
}

#[test]
fn fin_wait_1_is_left_when_the_fin_is_acknowledged_and_not_before() {
    table(
        CLOSED_IN_FLIGHT,
        "
        <SEQ=300><ACK=100><CTL=ACK>               accepted =>
        <SEQ=300><ACK=105><CTL=ACK>               => signal: Acknowledged 5
        <SEQ=300><ACK=110><CTL=ACK>               => signal: Acknowledged 10; FIN-WAIT-1 SND.UNA=110
        <SEQ=300><ACK=111><CTL=ACK>               => signal: Acknowledged 10; FIN-WAIT-2 SND.UNA=111 DEADLINE=none
        <SEQ=300><ACK=112><CTL=ACK>               refused: AckOfUnsent => <SEQ=111><ACK=300><CTL=ACK>
        <SEQ=300><ACK=111><CTL=ACK><DATA=10>      delivers 0..10 => signal: Acknowledged 10; <SEQ=111><ACK=310><CTL=ACK>; FIN-WAIT-2
        <SEQ=310><ACK=111><CTL=ACK>               => signal: Acknowledged 10; FIN-WAIT-2
        ",
    );
}

#[test]
fn fin_wait_2_acknowledges_nothing_more() {
    table(
        "FIN-WAIT-2",
        "
        <SEQ=300><ACK=99><CTL=ACK>                accepted =>
        <SEQ=300><ACK=100><CTL=ACK>               accepted =>
        <SEQ=300><ACK=101><CTL=ACK>               refused: AckOfUnsent => <SEQ=100><ACK=300><CTL=ACK>
        ",
    );
}

#[test]
fn closing_goes_to_time_wait_when_the_fin_is_acknowledged_and_not_before() {
    table(
        &format!(
            "
            {CLOSED_IN_FLIGHT}
            <-- <SEQ=300><ACK=100><CTL=FIN,ACK>
            signal: Closing
            --> <SEQ=111><ACK=301><CTL=ACK>
            CLOSING
            "
        ),
        "
        <SEQ=301><ACK=100><CTL=ACK>               accepted =>
        <SEQ=301><ACK=110><CTL=ACK>               => signal: Acknowledged 10; CLOSING SND.UNA=110
        <SEQ=301><ACK=111><CTL=ACK>               => signal: Acknowledged 10; TIME-WAIT DEADLINE=4m
        <SEQ=301><ACK=112><CTL=ACK>               refused: AckOfUnsent => <SEQ=111><ACK=301><CTL=ACK>
        <SEQ=301><ACK=112><CTL=ACK><DATA=1>       refused: AckOfUnsent => <SEQ=111><ACK=301><CTL=ACK>
        ",
    );
}

#[test]
fn last_ack_is_left_when_the_fin_is_acknowledged_and_not_before() {
    table(
        "
        CLOSE-WAIT
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        close
        --> <SEQ=110><ACK=300><CTL=FIN,ACK>
        LAST-ACK
        ",
        "
        <SEQ=300><ACK=100><CTL=ACK>               accepted =>
        <SEQ=300><ACK=105><CTL=ACK>               => signal: Acknowledged 5
        <SEQ=300><ACK=110><CTL=ACK>               => signal: Acknowledged 10; LAST-ACK SND.UNA=110
        <SEQ=300><ACK=111><CTL=ACK>               => signal: Acknowledged 10; LAST-ACK -> CLOSED; CLOSED DEADLINE=none
        <SEQ=300><ACK=112><CTL=ACK>               refused: AckOfUnsent => <SEQ=111><ACK=300><CTL=ACK>
        ",
    );
}

#[test]
fn time_wait_is_silent_to_an_ack_in_order() {
    table(
        "TIME-WAIT",
        "
        <SEQ=300><ACK=100><CTL=ACK>               accepted => TIME-WAIT DEADLINE=4m
        <SEQ=300><ACK=99><CTL=ACK>                accepted =>
        <SEQ=300><ACK=101><CTL=ACK>               refused: AckOfUnsent => <SEQ=100><ACK=300><CTL=ACK>
        ",
    );
}
