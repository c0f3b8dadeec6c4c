//! Bugs of the close: FINs that were lost, withheld, sent without end or taken for acknowledged.

use super::check;

/// smoltcp #470, PR #477 (24f94d24); Zephyr PR #70507; demikernel.
#[test]
fn an_ack_of_payload_alone_does_not_end_last_ack() {
    check(
        "
        CLOSE-WAIT                          SND.NXT=100 RCV.NXT=301
        send 10
        --> <SEQ=100><ACK=301><CTL=ACK><DATA=10>
        close
        --> <SEQ=110><ACK=301><CTL=FIN,ACK>
        LAST-ACK
        <-- <SEQ=301><ACK=110><CTL=ACK>
        signal: Acknowledged 10
        LAST-ACK                            SND.UNA=110 SND.NXT=111
        <-- <SEQ=301><ACK=111><CTL=ACK>
        CLOSED
        ",
    );
    check(
        "
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        close
        --> <SEQ=110><ACK=300><CTL=FIN,ACK>
        FIN-WAIT-1
        <-- <SEQ=300><ACK=100><CTL=FIN,ACK>
        signal: Closing
        --> <SEQ=111><ACK=301><CTL=ACK>
        CLOSING
        <-- <SEQ=301><ACK=110><CTL=ACK>
        signal: Acknowledged 10
        CLOSING                             SND.UNA=110 SND.NXT=111
        <-- <SEQ=301><ACK=111><CTL=ACK>
        TIME-WAIT
        ",
    );
}

/// smoltcp PR #279, #398 (2219af77).
#[test]
fn the_peers_fin_before_ours_was_sent_does_not_swallow_it() {
    check(
        "
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=0
        send 10
        close
        FIN-WAIT-1                          SND.NXT=100
        <-- <SEQ=300><ACK=100><CTL=FIN,ACK><WND=1000>
        signal: Closing
        --> <SEQ=100><ACK=301><CTL=FIN,ACK><DATA=10>    bytes 0..10
        CLOSING                             SND.NXT=111
        <-- <SEQ=301><ACK=111><CTL=ACK>
        signal: Acknowledged 10
        TIME-WAIT
        ",
    );
    check(
        "
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300
        send 10
        & close
        & <-- <SEQ=300><ACK=100><CTL=FIN,ACK>
        signal: Closing
        --> <SEQ=100><ACK=301><CTL=FIN,ACK><DATA=10>
        CLOSING                             SND.NXT=111
        ",
    );
}

/// smoltcp #1026 (b38faa58); demikernel #1537.
#[test]
fn a_fin_is_sent_again_in_closing() {
    check(
        "
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300
        close
        --> <SEQ=100><ACK=300><CTL=FIN,ACK>
        FIN-WAIT-1
        <-- <SEQ=300><ACK=100><CTL=FIN,ACK>
        signal: Closing
        --> <SEQ=101><ACK=301><CTL=ACK>
        CLOSING
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=301><CTL=FIN,ACK>
        <-- <SEQ=301><ACK=101><CTL=ACK>
        TIME-WAIT
        ",
    );
}

/// smoltcp #111, PR #112 (fcffa6a5); lwIP #28288, #28054.
#[test]
fn a_fin_ahead_of_missing_payload_does_not_count() {
    check(
        "
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300
        <-- <SEQ=310><ACK=100><CTL=FIN,ACK><DATA=10>    delivers nothing
        --> <SEQ=100><ACK=300><CTL=ACK>
        ESTABLISHED                         RCV.NXT=300
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>        delivers 0..10
        --> <SEQ=100><ACK=310><CTL=ACK>
        ESTABLISHED                         RCV.NXT=310
        <-- <SEQ=310><ACK=100><CTL=FIN,ACK><DATA=10>    delivers 0..10
        signal: Closing
        --> <SEQ=100><ACK=321><CTL=ACK>
        CLOSE-WAIT
        ",
    );
}

/// smoltcp PR #977 (bde1a1ee).
#[test]
fn a_fin_on_a_segment_that_is_partly_old_counts() {
    check(
        "
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>
        --> <SEQ=100><ACK=310><CTL=ACK>
        <-- <SEQ=300><ACK=100><CTL=FIN,ACK><DATA=25>    delivers 10..25
        signal: Closing
        --> <SEQ=100><ACK=326><CTL=ACK>
        CLOSE-WAIT
        ",
    );
    check(
        "
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>
        --> <SEQ=100><ACK=310><CTL=ACK>
        <-- <SEQ=300><ACK=100><CTL=FIN,ACK><DATA=10>    delivers nothing
        signal: Closing
        --> <SEQ=100><ACK=311><CTL=ACK>
        CLOSE-WAIT
        ",
    );
}

/// smoltcp 65e58931, b7a14980; Zephyr PR #46407.
#[test]
fn payload_and_fin_in_fin_wait_2_are_acknowledged() {
    check(
        "
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300
        close
        --> <SEQ=100><ACK=300><CTL=FIN,ACK>
        FIN-WAIT-1
        <-- <SEQ=300><ACK=101><CTL=ACK>
        FIN-WAIT-2
        <-- <SEQ=300><ACK=101><CTL=PSH,ACK><DATA=10>
        --> <SEQ=101><ACK=310><CTL=ACK>
        <-- <SEQ=310><ACK=101><CTL=PSH,ACK><DATA=10>
        --> <SEQ=101><ACK=320><CTL=ACK>
        <-- <SEQ=320><ACK=101><CTL=PSH,ACK><DATA=10>
        --> <SEQ=101><ACK=330><CTL=ACK>
        FIN-WAIT-2
        <-- <SEQ=330><ACK=101><CTL=FIN,ACK>
        signal: Closing
        --> <SEQ=101><ACK=331><CTL=ACK>
        TIME-WAIT
        ",
    );
}

/// smoltcp 1cd88421, f9f3ab82.
#[test]
fn write_and_close_in_one_tick_send_both() {
    check(
        "
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300
        send 700
        & close
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=536>
        --> <SEQ=636><ACK=300><CTL=FIN,PSH,ACK><DATA=164>
        FIN-WAIT-1
        <-- <SEQ=300><ACK=801><CTL=ACK>
        signal: Acknowledged 700
        FIN-WAIT-2
        ",
    );
    check(
        "
        SYN-SENT                            SND.NXT=101
        send 10
        <-- <SEQ=300><ACK=101><CTL=SYN,ACK>
        & close
        --> <SEQ=101><ACK=301><CTL=FIN,ACK><DATA=10>
        FIN-WAIT-1
        ",
    );
    check(
        "
        SYN-RECEIVED                        SND.NXT=101 RCV.NXT=301
        send 10
        & close
        SYN-RECEIVED
        <-- <SEQ=301><ACK=101><CTL=ACK>
        SYN-RECEIVED -> ESTABLISHED
        ESTABLISHED -> FIN-WAIT-1
        --> <SEQ=101><ACK=301><CTL=FIN,ACK><DATA=10>
        ",
    );
}

/// smoltcp 5f3296c5; Zephyr #37842, PR #96166; picoTCP #527.
#[test]
fn a_fin_that_acknowledges_ours_leads_to_time_wait_whatever_it_carries() {
    for (segment, next) in [
        ("<SEQ=300><ACK=101><CTL=FIN,ACK>", 301),
        ("<SEQ=300><ACK=101><CTL=FIN,PSH,ACK><DATA=10>", 311),
        ("<SEQ=300><ACK=101><CTL=FIN,PSH,ACK,URG><DATA=10>", 311),
    ] {
        check(&format!(
            "
            ESTABLISHED                     SND.NXT=100 RCV.NXT=300
            close
            --> <SEQ=100><ACK=300><CTL=FIN,ACK>
            FIN-WAIT-1
            <-- {segment}
            FIN-WAIT-1 -> TIME-WAIT
            signal: Closing
            --> <SEQ=101><ACK={next}><CTL=ACK>
            "
        ));
    }
}

/// smoltcp 1a810294, 5cb2dcd1; Zephyr #61181.
#[test]
fn a_fin_that_is_acknowledged_is_silent_for_ever() {
    check(
        "
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300
        close
        --> <SEQ=100><ACK=300><CTL=FIN,ACK>
        FIN-WAIT-1
        <-- <SEQ=300><ACK=101><CTL=ACK>
        FIN-WAIT-2
        + 100h
        <-- <SEQ=300><ACK=101><CTL=FIN,ACK>
        signal: Closing
        --> <SEQ=101><ACK=301><CTL=ACK>
        TIME-WAIT
        + 2 MSL
        CLOSED
        + 100h
        ",
    );
}

/// gVisor #13393, PR #13401 (bcb259a28).
#[test]
fn close_with_a_full_window_moves_on_and_an_ack_of_payload_is_not_one_of_the_fin() {
    check(
        "
        config default_peer_mss=48
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=48
        send 53
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=48>
        close
        FIN-WAIT-1                          SND.NXT=148 UNSENT=5
        <-- <SEQ=300><ACK=148><CTL=ACK><WND=5>
        signal: Acknowledged 48
        --> <SEQ=148><ACK=300><CTL=ACK><DATA=5>
        FIN-WAIT-1                          SND.NXT=153
        <-- <SEQ=300><ACK=153><CTL=ACK><WND=5>
        signal: Acknowledged 5
        --> <SEQ=153><ACK=300><CTL=FIN,ACK>
        FIN-WAIT-1                          SND.NXT=154
        <-- <SEQ=300><ACK=154><CTL=ACK><WND=5>
        FIN-WAIT-2
        ",
    );
}

/// gVisor 27e2c4ddc, 1fdefd41c.
#[test]
fn last_ack_ends_with_the_ack_of_our_fin_and_tells_its_transition() {
    check(
        "
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300
        <-- <SEQ=300><ACK=100><CTL=FIN,ACK>
        signal: Closing
        --> <SEQ=100><ACK=301><CTL=ACK>
        CLOSE-WAIT
        close
        CLOSE-WAIT -> LAST-ACK
        --> <SEQ=100><ACK=301><CTL=FIN,ACK>
        <-- <SEQ=301><ACK=100><CTL=ACK>
        LAST-ACK
        <-- <SEQ=301><ACK=101><CTL=ACK>
        LAST-ACK -> CLOSED
        ",
    );
}

/// Mirage PR #489.
#[test]
fn time_wait_has_a_timer_whichever_way_it_was_reached() {
    check(
        "FIN-WAIT-1 SND.NXT=101\n <-- <SEQ=300><ACK=101><CTL=FIN,ACK>\n signal: Closing
        --> <SEQ=101><ACK=301><CTL=ACK>\n TIME-WAIT DEADLINE=4m",
    );
    check(
        "FIN-WAIT-2 SND.NXT=101\n <-- <SEQ=300><ACK=101><CTL=FIN,ACK>\n signal: Closing
        --> <SEQ=101><ACK=301><CTL=ACK>\n TIME-WAIT DEADLINE=4m",
    );
    check("CLOSING SND.NXT=101 RCV.NXT=301\n <-- <SEQ=301><ACK=101><CTL=ACK>\n TIME-WAIT DEADLINE=4m");
}

/// Zephyr #46350, #8188.
#[test]
fn a_fin_that_is_lost_is_sent_again_until_the_connection_closes() {
    check(
        "
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300
        close
        --> <SEQ=100><ACK=300><CTL=FIN,ACK>             # lost
        FIN-WAIT-1
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=FIN,ACK>
        <-- <SEQ=300><ACK=101><CTL=FIN,ACK>
        signal: Closing
        --> <SEQ=101><ACK=301><CTL=ACK>
        TIME-WAIT
        + 2 MSL
        CLOSED
        ",
    );
}

/// utcp #24.
#[test]
fn the_retransmission_timer_runs_in_close_wait() {
    check(
        "
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>        # lost
        <-- <SEQ=300><ACK=100><CTL=FIN,ACK>
        signal: Closing
        --> <SEQ=110><ACK=301><CTL=ACK>
        CLOSE-WAIT                          DEADLINE=1s
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=301><CTL=ACK><DATA=10>
        ",
    );
}
