//! What no other test shows.

use tcp_lifecycle::sim::check;

const SYNCHRONIZED: [&str; 7] =
    ["ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2", "CLOSE-WAIT", "CLOSING", "LAST-ACK", "TIME-WAIT"];

/// SHLD-27, SHLD-28, MAY-16.
#[test]
fn bytes_of_several_sends_go_in_one_segment_with_one_psh() {
    check(
        "
        ESTABLISHED
        send 5
        & send 6
        & send 7
        --> <SEQ=100><ACK=300><CTL=PSH,ACK><DATA=18>    bytes 0..18
        ",
    );
    check(
        "
        ESTABLISHED                         SND.WND=0
        send 500
        send 500
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=1000>
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=536>       bytes 0..536
        --> <SEQ=636><ACK=300><CTL=PSH,ACK><DATA=464>   bytes 536..1000
        ",
    );
}

/// MAY-12. The largest window was 65535, and SND.NXT is 100.
#[test]
fn an_acknowledgment_out_of_range_is_challenged_in_every_synchronized_state() {
    for state in SYNCHRONIZED {
        for ack in [101, 100 + (1 << 31), 100_u32.wrapping_sub(65_537)] {
            check(&format!(
                "
                {state}
                <-- <SEQ=300><ACK={ack}><CTL=ACK><DATA=10>      refused
                --> <SEQ=100><ACK=300><CTL=ACK>
                {state}                     RCV.NXT=300 SND.NXT=100
                "
            ));
        }
    }
}

#[test]
fn in_fin_wait_2_a_window_counts_too() {
    check(
        "
        FIN-WAIT-2
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=7>
        FIN-WAIT-2                          SND.WND=7
        <-- <SEQ=300><ACK=99><CTL=ACK><WND=8>
        FIN-WAIT-2                          SND.WND=7
        ",
    );
}

#[test]
fn in_fin_wait_1_an_acknowledgment_rides_on_the_text_that_goes_out() {
    check(
        "
        ESTABLISHED                         SND.WND=0
        send 10
        close
        FIN-WAIT-1
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10><WND=100>
        --> <SEQ=100><ACK=310><CTL=FIN,ACK><DATA=10>    bytes 0..10
        FIN-WAIT-1
        ",
    );
}

#[test]
fn urg_changes_nothing_after_the_peers_fin() {
    for state in ["CLOSE-WAIT", "CLOSING", "LAST-ACK", "TIME-WAIT"] {
        check(&format!(
            "
            {state}
            <-- <SEQ=300><ACK=99><CTL=ACK,URG><URG=10>
            {state}                         RCV.NXT=300
            "
        ));
    }
}

#[test]
fn the_user_timeout_ends_close_wait_too() {
    check(
        "
        config user_timeout=2s
        CLOSE-WAIT
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        + 1s
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        + 1s
        signal: TimedOut
        CLOSED                              DEADLINE=none
        ",
    );
}

#[test]
fn the_user_timeout_does_not_cut_time_wait_short() {
    check("config user_timeout=1s\n TIME-WAIT DEADLINE=4m\n + 4m\n CLOSED");
}
