//! A closed window: RFC 9293 section 3.8.6.1, D17 and D24.

use tcp_lifecycle::sim::check;

/// SHLD-29, SHLD-30.
#[test]
fn a_closed_window_is_probed_with_one_byte_after_one_timeout_and_then_twice_as_late_each_time() {
    let mut script = String::from(
        "
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=0
        send 5
        ESTABLISHED                         SND.NXT=100 UNSENT=5 DEADLINE=1s
        ",
    );
    for pause in ["1s", "2s", "4s", "8s", "16s", "32s", "60s", "60s", "60s"] {
        script += &format!(
            "
            + {pause}
            --> <SEQ=100><ACK=300><CTL=ACK><DATA=1>     bytes 0..1
            <-- <SEQ=300><ACK=100><CTL=ACK><WND=0>
            ESTABLISHED                     SND.NXT=101 SND.UNA=100
            "
        );
    }
    check(&script);
}

#[test]
fn the_pause_between_probes_has_the_ceiling_of_the_timeout() {
    check(
        "
        config rto_max=3s
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=0
        send 5
        + 1s
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=1>
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=0>
        + 2s
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=1>
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=0>
        + 3s
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=1>
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=0>
        + 3s
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=1>
        ",
    );
}

/// SHLD-29: the pause counts from the moment when there is something to send.
#[test]
fn a_closed_window_with_nothing_to_send_is_not_probed() {
    check(
        "
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=0 DEADLINE=none
        + 1h
        send 5
        ESTABLISHED                         DEADLINE=1s
        + 1s
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=1>
        ",
    );
}

#[test]
fn a_window_that_opens_before_the_probe_lets_all_go() {
    check(
        "
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=0
        send 5
        + 500ms
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=1000>
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=5>     bytes 0..5
        ESTABLISHED                         DEADLINE=1s
        ",
    );
}

/// D17: at once, not after another timeout.
#[test]
fn the_byte_that_was_refused_goes_out_again_as_soon_as_the_window_opens() {
    check(
        "
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=0
        send 5
        + 1s
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=1>     bytes 0..1
        + 50ms
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=0>
        + 200ms
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=1000>
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=5>     bytes 0..5
        ESTABLISHED                         SND.NXT=105 DEADLINE=1s
        <-- <SEQ=300><ACK=105><CTL=ACK>
        signal: Acknowledged 5
        ESTABLISHED                         DEADLINE=none
        ",
    );
}

/// The queue may be one byte long: then the probe has sent all of it, and is refused just the same.
#[test]
fn a_probe_that_was_the_whole_queue_goes_out_again_too() {
    check(
        "
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=0
        send 1
        + 1s
        --> <SEQ=100><ACK=300><CTL=PSH,ACK><DATA=1>
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=0>
        + 200ms
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=1000>
        --> <SEQ=100><ACK=300><CTL=PSH,ACK><DATA=1> bytes 0..1
        ",
    );
}

/// Karn: sent again alone, the probe gives no round-trip time. New payload with it does.
#[test]
fn a_refused_probe_that_goes_again_alone_gives_no_round_trip_time() {
    for (bytes, psh, srtt) in [(1, "PSH,", "1us"), (5, "", "3750us")] {
        check(&format!(
            "
            ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=0
            send {bytes}
            + 1s
            --> <SEQ=100><ACK=300><CTL={psh}ACK><DATA=1>
            + 50ms
            <-- <SEQ=300><ACK=100><CTL=ACK><WND=0>
            + 200ms
            <-- <SEQ=300><ACK=100><CTL=ACK><WND=1000>
            --> <SEQ=100><ACK=300><CTL=PSH,ACK><DATA={bytes}> bytes 0..{bytes}
            + 30ms
            <-- <SEQ=300><ACK={}><CTL=ACK><WND=1000>
            signal: Acknowledged {bytes}
            ESTABLISHED                         SRTT={srtt}
            ",
            100 + bytes
        ));
    }
}

/// A caller that considers the refused probe lost changes nothing: it is about to go, with the new payload.
#[test]
fn a_refused_probe_is_in_hand_already() {
    check(
        "
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=0
        send 5
        + 1s
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=1>
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=1000>
        & retransmit 0..1
        --> <SEQ=100><ACK=300><CTL=PSH,ACK><DATA=5> bytes 0..5
        ",
    );
}

#[test]
fn a_probe_that_is_taken_is_followed_by_what_the_window_allows() {
    check(
        "
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=0
        send 5
        + 1s
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=1>     bytes 0..1
        <-- <SEQ=300><ACK=101><CTL=ACK><WND=1000>
        signal: Acknowledged 1
        --> <SEQ=101><ACK=300><CTL=ACK><DATA=4>     bytes 0..4
        ",
    );
}

/// The next probe is the next byte.
#[test]
fn a_probe_that_is_taken_while_the_window_stays_closed_is_followed_by_another() {
    check(
        "
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=0
        send 5
        + 1s
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=1>     bytes 0..1
        <-- <SEQ=300><ACK=101><CTL=ACK><WND=0>
        signal: Acknowledged 1
        + 2s
        --> <SEQ=101><ACK=300><CTL=ACK><DATA=1>     bytes 0..1
        ",
    );
}

#[test]
fn a_fin_alone_probes_a_closed_window_too() {
    check(
        "
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=0
        close
        FIN-WAIT-1                          SND.NXT=100 DEADLINE=1s
        + 1s
        --> <SEQ=100><ACK=300><CTL=FIN,ACK>
        FIN-WAIT-1                          SND.NXT=101 DEADLINE=2s
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=0>
        + 2s
        --> <SEQ=100><ACK=300><CTL=FIN,ACK>
        <-- <SEQ=300><ACK=101><CTL=ACK><WND=0>
        FIN-WAIT-2                          DEADLINE=none
        ",
    );
}

/// A FIN that was refused is sent again as a byte is.
#[test]
fn a_fin_that_was_refused_goes_out_again_as_soon_as_the_window_opens() {
    check(
        "
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=0
        close
        FIN-WAIT-1
        + 1s
        --> <SEQ=100><ACK=300><CTL=FIN,ACK>
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=0>
        + 100ms
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=1>
        --> <SEQ=100><ACK=300><CTL=FIN,ACK>
        ",
    );
}

/// A probe with the last payload allows LAST-ACK to begin; the FIN is still behind the window.
#[test]
fn a_close_behind_a_closed_window_ends_in_order() {
    check(
        "
        CLOSE-WAIT                          SND.NXT=100 RCV.NXT=301 SND.WND=0
        send 2
        & close
        CLOSE-WAIT                          DEADLINE=1s
        + 1s
        --> <SEQ=100><ACK=301><CTL=ACK><DATA=1>
        <-- <SEQ=301><ACK=100><CTL=ACK><WND=3>
        --> <SEQ=100><ACK=301><CTL=FIN,ACK><DATA=2>     bytes 0..2
        LAST-ACK
        <-- <SEQ=301><ACK=103><CTL=ACK>
        signal: Acknowledged 2
        CLOSED
        ",
    );
}

/// The last byte is a probe, so everything has been cut into segments: LAST-ACK is entered before the probe is sent.
#[test]
fn a_probe_that_is_the_last_byte_begins_last_ack() {
    check(
        "
        CLOSE-WAIT                          SND.NXT=100 RCV.NXT=301 SND.WND=0
        send 1
        & close
        CLOSE-WAIT
        + 1s
        CLOSE-WAIT -> LAST-ACK
        --> <SEQ=100><ACK=301><CTL=ACK><DATA=1>
        <-- <SEQ=301><ACK=101><CTL=ACK><WND=10>
        signal: Acknowledged 1
        --> <SEQ=101><ACK=301><CTL=FIN,ACK>
        ",
    );
}

/// D17: an ACK at SND.NXT would lie right of the peer's window, and the peer would refuse it.
#[test]
fn an_ack_behind_a_probe_carries_the_number_at_the_edge_of_the_window() {
    check(
        "
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=0
        send 5
        + 1s
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=1>
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10><WND=0>
        --> <SEQ=100><ACK=310><CTL=ACK>
        abort
        --> <SEQ=100><CTL=RST>              # and so would a reset
        CLOSED
        ",
    );
}

/// D17, on receipt: a peer without that rule answers from behind its own probe, or from the edge of our window.
#[test]
fn a_bare_ack_at_the_right_edge_of_our_window_counts_and_is_not_answered() {
    check(
        "
        config receive_buffer=1000
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        <-- <SEQ=1300><ACK=105><CTL=ACK><WND=77>    accepted
        signal: Acknowledged 5
        ESTABLISHED                         SND.UNA=105 SND.WND=77
        <-- <SEQ=1301><ACK=110><CTL=ACK><WND=88>    refused
        --> <SEQ=110><ACK=300><CTL=ACK>
        ESTABLISHED                         SND.UNA=105 SND.WND=77
        ",
    );
}

#[test]
fn a_bare_ack_behind_the_peers_probe_counts_and_is_not_answered() {
    check(
        "
        config receive_buffer=1000
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=1000>
        --> <SEQ=110><ACK=1300><CTL=ACK><WND=0>
        <-- <SEQ=1301><ACK=105><CTL=ACK><WND=77>    accepted
        signal: Acknowledged 5
        ESTABLISHED                         SND.UNA=105 SND.WND=77
        <-- <SEQ=1302><ACK=110><CTL=ACK><WND=88>    refused
        --> <SEQ=110><ACK=1300><CTL=ACK><WND=0>
        ESTABLISHED                         SND.UNA=105 SND.WND=77
        ",
    );
}

/// D17 is about bare ACKs: payload, FIN and SYN at the edge are refused and answered.
#[test]
fn anything_else_at_the_right_edge_is_refused() {
    for segment in
        ["<SEQ=1300><ACK=105><CTL=ACK><DATA=1>", "<SEQ=1300><ACK=105><CTL=FIN,ACK>", "<SEQ=1300><ACK=105><CTL=SYN,ACK>"]
    {
        check(&format!(
            "
            config receive_buffer=1000
            ESTABLISHED                     SND.NXT=100 RCV.NXT=300
            send 10
            --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
            <-- {segment}                   refused
            --> <SEQ=110><ACK=300><CTL=ACK>
            ESTABLISHED                     SND.UNA=100
            "
        ));
    }
}

/// D24.
#[test]
fn the_acknowledgment_of_a_segment_ahead_counts_but_not_its_payload_and_fin() {
    check(
        "
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        <-- <SEQ=310><ACK=110><CTL=FIN,ACK><DATA=10><WND=77>    delivers nothing
        signal: Acknowledged 10
        --> <SEQ=110><ACK=300><CTL=ACK>
        ESTABLISHED                         SND.UNA=110 SND.WND=77 RCV.NXT=300
        ",
    );
}

/// D24, MUST-66.
#[test]
fn the_acknowledgment_of_payload_before_our_closed_window_counts() {
    check(
        "
        config receive_buffer=1000
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=1000>
        --> <SEQ=110><ACK=1300><CTL=ACK><WND=0>
        <-- <SEQ=1300><ACK=110><CTL=ACK><DATA=1><WND=77>        delivers nothing
        signal: Acknowledged 10
        --> <SEQ=110><ACK=1300><CTL=ACK><WND=0>
        ESTABLISHED                         SND.UNA=110 SND.WND=77 RCV.NXT=1300
        ",
    );
}

/// D40: the acknowledgment of the last probe opens the window, or a segment after it does.
#[test]
fn a_window_that_opens_ends_the_back_off_when_nothing_is_left_to_send() {
    let probed = "
        config r1=0
        ESTABLISHED                                     SND.NXT=100 RCV.NXT=300 SND.WND=0
        send 1
        + 1s
        --> <SEQ=100><ACK=300><CTL=PSH,ACK><DATA=1>
        + 2s
        --> <SEQ=100><ACK=300><CTL=PSH,ACK><DATA=1>
        + 4s
        --> <SEQ=100><ACK=300><CTL=PSH,ACK><DATA=1>
        ESTABLISHED                                     RTO=8s";
    for opens in [
        "<-- <SEQ=300><ACK=101><CTL=ACK><WND=1000>
         signal: Acknowledged 1",
        "<-- <SEQ=300><ACK=101><CTL=ACK><WND=0>
         signal: Acknowledged 1
         ESTABLISHED                                    RTO=8s
         <-- <SEQ=300><ACK=101><CTL=ACK><WND=1000>",
        "<-- <SEQ=300><ACK=101><CTL=ACK><WND=0>
         signal: Acknowledged 1
         <-- <SEQ=300><ACK=101><CTL=ACK><DATA=1><WND=1000>
         --> <SEQ=101><ACK=301><CTL=ACK>",
    ] {
        check(&format!("{probed}\n{opens}\nESTABLISHED RTO=1s"));
    }
}

/// The probe was the last of the queue: nothing is waited for, whatever the peer repeats.
#[test]
fn a_probe_that_was_taken_and_was_the_last_leaves_no_timer() {
    for policy in ["user_timeout=none", "user_timeout=60s"] {
        check(&format!(
            "
            config {policy}
            ESTABLISHED                     SND.NXT=100 RCV.NXT=300 SND.WND=0
            send 1
            + 1s
            --> <SEQ=100><ACK=300><CTL=PSH,ACK><DATA=1>
            <-- <SEQ=300><ACK=101><CTL=ACK><WND=0>
            signal: Acknowledged 1
            <-- <SEQ=300><ACK=101><CTL=ACK><WND=0>
            ESTABLISHED                     DEADLINE=none
            "
        ));
    }
}
