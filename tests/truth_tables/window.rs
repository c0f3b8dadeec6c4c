//! RFC 9293 section 3.10.7.4, fifth: when a segment sets SND.WND, by SND.WL1 and SND.WL2.

use super::table::table;

/// Ten bytes in flight; the segment that last set the window had sequence number 305 and acknowledged 105.
const AHEAD: &str = "
    ESTABLISHED SND.WND=1000
    send 10
    --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
    <-- <SEQ=305><ACK=105><CTL=ACK><WND=600>
    signal: Acknowledged 5
    ESTABLISHED SND.WND=600 SND.UNA=105
";

#[test]
fn a_window_counts_if_its_segment_is_no_older_than_the_last_that_counted() {
    table(
        AHEAD,
        "
        <SEQ=305><ACK=105><CTL=ACK><WND=700>   => ESTABLISHED SND.WND=700
        <SEQ=306><ACK=105><CTL=ACK><WND=700>   => ESTABLISHED SND.WND=700
        <SEQ=305><ACK=110><CTL=ACK><WND=700>   => signal: Acknowledged 5; ESTABLISHED SND.WND=700
        <SEQ=305><ACK=105><CTL=ACK><WND=0>     => ESTABLISHED SND.WND=0
        # An older sequence number: the window counts where SND.UNA advances, and there alone.
        <SEQ=304><ACK=105><CTL=ACK><WND=700>   => ESTABLISHED SND.WND=600
        <SEQ=300><ACK=110><CTL=ACK><WND=700>   => signal: Acknowledged 5; ESTABLISHED SND.WND=700 SND.UNA=110
        # An older acknowledgment.
        <SEQ=305><ACK=104><CTL=ACK><WND=700>   => ESTABLISHED SND.WND=600
        <SEQ=306><ACK=104><CTL=ACK><WND=700>   => ESTABLISHED SND.WND=600
        # One that is refused.
        <SEQ=306><ACK=111><CTL=ACK><WND=700>   refused: AckOfUnsent => <SEQ=110><ACK=300><CTL=ACK>
        <SEQ=65836><ACK=105><CTL=ACK><WND=700> refused: NotAcceptable => <SEQ=110><ACK=300><CTL=ACK>
        <SEQ=306><CTL=SYN><WND=700>            refused: SynChallenged => <SEQ=110><ACK=300><CTL=ACK>
        ",
    );
}

#[test]
fn the_number_of_a_segment_that_was_trimmed_is_that_of_what_is_left_of_it() {
    table(
        "
        ESTABLISHED
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=600>
        ESTABLISHED SND.WND=600
        ",
        "
        <SEQ=295><ACK=100><CTL=ACK><DATA=10><WND=700>   delivers 5..10 => <SEQ=100><ACK=305><CTL=ACK>; ESTABLISHED SND.WND=700
        ",
    );
}

#[test]
fn a_window_counts_in_every_state_that_can_use_it() {
    for state in ["ESTABLISHED", "CLOSE-WAIT"] {
        table(
            state,
            &format!(
                "
                <SEQ=300><ACK=100><CTL=ACK><WND=7>   => {state} SND.WND=7
                <SEQ=300><ACK=99><CTL=ACK><WND=7>    => {state} SND.WND=65535 # not SND.UNA =< SEG.ACK
                "
            ),
        );
    }
    for state in ["FIN-WAIT-1", "CLOSING", "LAST-ACK"] {
        table(
            state, // its FIN is in flight, so that SND.UNA is 99
            &format!(
                "
                <SEQ=300><ACK=99><CTL=ACK><WND=7>    => {state} SND.WND=7
                <SEQ=300><ACK=98><CTL=ACK><WND=7>    => {state} SND.WND=65535
                "
            ),
        );
    }
}

#[test]
fn a_window_that_opens_lets_the_queue_go() {
    table(
        "
        config default_peer_mss=100
        ESTABLISHED SND.WND=400
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=0>
        send 250
        ESTABLISHED UNSENT=250
        ",
        "
        <SEQ=300><ACK=100><CTL=ACK><WND=99>    =>
        <SEQ=300><ACK=100><CTL=ACK><WND=100>   => <SEQ=100><ACK=300><CTL=ACK><DATA=100> bytes 0..100
        <SEQ=300><ACK=100><CTL=ACK><WND=249>   => <SEQ=100><ACK=300><CTL=ACK><DATA=100>; <SEQ=200><ACK=300><CTL=ACK><DATA=100>
        <SEQ=299><ACK=100><CTL=ACK><WND=250>   refused: NotAcceptable => <SEQ=100><ACK=300><CTL=ACK>
        ",
    );
    table(
        "
        ESTABLISHED SND.WND=0
        send 10
        ESTABLISHED UNSENT=10
        ",
        "
        <SEQ=300><ACK=100><CTL=ACK><WND=10>    => <SEQ=100><ACK=300><CTL=ACK><DATA=10> bytes 0..10
        ",
    );
}
