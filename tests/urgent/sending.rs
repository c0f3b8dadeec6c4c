//! SEND with the URGENT flag: SND.UP, and the urgent pointer of the segments.

use tcp_lifecycle::sim::check;

/// MUST-62: the pointer counts from SEG.SEQ to the byte behind the urgent bytes, in every segment until it is reached.
#[test]
fn every_segment_points_behind_the_urgent_bytes() {
    check(
        "
        config default_peer_mss=100, nagle=off
        ESTABLISHED SND.NXT=100 RCV.NXT=300 SND.UP=none
        send 50
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=50><URG=0>
        send urgent 120
        --> <SEQ=150><ACK=300><CTL=URG,ACK><DATA=100><URG=120>
        --> <SEQ=250><ACK=300><CTL=URG,ACK><DATA=20><URG=20>
        ESTABLISHED SND.UP=270
        send 10
        --> <SEQ=270><ACK=300><CTL=ACK><DATA=10><URG=0>
        ESTABLISHED SND.UP=270
        ",
    );
}

/// Normal and urgent payload share a segment; the pointer shows where the urgent bytes end.
#[test]
fn a_segment_may_hold_bytes_on_both_sides_of_the_pointer() {
    check(
        "
        config nagle=off
        ESTABLISHED SND.NXT=100 RCV.NXT=300
        limit 0
        send urgent 20
        --> <SEQ=100><ACK=300><CTL=URG,ACK><URG=20>
        send 30
        limit 1000
        --> <SEQ=100><ACK=300><CTL=URG,ACK><DATA=50><URG=20>
        ",
    );
}

/// Everything in the queue is urgent, including bytes that were queued before.
#[test]
fn what_was_queued_before_is_urgent_too() {
    check(
        "
        config default_peer_mss=100
        ESTABLISHED SND.NXT=100 RCV.NXT=300 SND.WND=0
        send 150
        send urgent 10
        --> <SEQ=100><ACK=300><CTL=URG,ACK><URG=160>
        ESTABLISHED SND.UP=260
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=1000>
        --> <SEQ=100><ACK=300><CTL=URG,ACK><DATA=100><URG=160>
        ESTABLISHED UNSENT=60
        ",
    );
}

#[test]
fn a_later_urgent_send_moves_the_pointer_on() {
    check(
        "
        config nagle=off
        ESTABLISHED SND.NXT=100 RCV.NXT=300
        send urgent 10
        --> <SEQ=100><ACK=300><CTL=URG,ACK><DATA=10><URG=10>
        ESTABLISHED SND.UP=110
        send 5
        --> <SEQ=110><ACK=300><CTL=ACK><DATA=5>
        send urgent 10
        --> <SEQ=115><ACK=300><CTL=URG,ACK><DATA=10><URG=10>
        ESTABLISHED SND.UP=125
        <-- <SEQ=300><ACK=110><CTL=ACK>
        signal: Acknowledged 10
        ESTABLISHED SND.UP=125
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=110><ACK=300><CTL=URG,ACK><DATA=15><URG=15>
        ",
    );
}

#[test]
fn a_retransmission_points_from_where_it_begins() {
    check(
        "
        config default_peer_mss=100, nagle=off
        ESTABLISHED SND.NXT=100 RCV.NXT=300
        send 50
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=50>
        send urgent 20
        --> <SEQ=150><ACK=300><CTL=URG,ACK><DATA=20><URG=20>
        send 30
        --> <SEQ=170><ACK=300><CTL=ACK><DATA=30>
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=URG,ACK><DATA=100><URG=70>
        <-- <SEQ=300><ACK=160><CTL=ACK>
        signal: Acknowledged 60
        + 2s
        signal: RetransmissionTimeout
        --> <SEQ=160><ACK=300><CTL=URG,ACK><DATA=40><URG=10>
        ",
    );
}

/// After the acknowledgment no segment has the pointer any more.
#[test]
fn it_ends_with_the_acknowledgment_of_the_last_urgent_byte() {
    for (ack, up, left) in [
        (101, "120", "<CTL=URG,ACK><DATA=29><URG=19>"),
        (119, "120", "<CTL=URG,ACK><DATA=11><URG=1>"),
        (120, "none", "<CTL=ACK><DATA=10><URG=0>"),
        (129, "none", "<CTL=ACK><DATA=1><URG=0>"),
    ] {
        let acknowledged = ack - 100;
        check(&format!(
            "
            config nagle=off
            ESTABLISHED SND.NXT=100 RCV.NXT=300
            send urgent 20
            --> <SEQ=100><ACK=300><CTL=URG,ACK><DATA=20><URG=20>
            send 10
            --> <SEQ=120><ACK=300><CTL=ACK><DATA=10><URG=0>
            <-- <SEQ=300><ACK={ack}><CTL=ACK>
            signal: Acknowledged {acknowledged}
            ESTABLISHED SND.UP={up}
            <-- <SEQ=300><ACK={ack}><CTL=ACK><DATA=1>
            --> <SEQ=130><ACK=301><CTL=ACK><URG=0>
            + 1s
            signal: RetransmissionTimeout
            --> <SEQ={ack}><ACK=301>{left}
            "
        ));
    }
}

/// MUST-31: of any length. The field has its largest value until the end is near enough.
#[test]
fn urgent_bytes_beyond_the_reach_of_the_field() {
    check(
        "
        config default_peer_mss=30000, nagle=off
        ESTABLISHED SND.NXT=100 RCV.NXT=300 SND.WND=60000
        send urgent 100000
        --> <SEQ=100><ACK=300><CTL=URG,ACK><DATA=30000><URG=65535>
        --> <SEQ=30100><ACK=300><CTL=URG,ACK><DATA=30000><URG=65535>
        ESTABLISHED SND.UP=100100
        <-- <SEQ=300><ACK=60100><CTL=ACK>
        signal: Acknowledged 60000
        --> <SEQ=60100><ACK=300><CTL=URG,ACK><DATA=30000><URG=40000>
        --> <SEQ=90100><ACK=300><CTL=URG,ACK><DATA=10000><URG=10000>
        <-- <SEQ=300><ACK=100099><CTL=ACK>
        signal: Acknowledged 39999
        ESTABLISHED SND.UP=100100
        <-- <SEQ=300><ACK=100100><CTL=ACK>
        signal: Acknowledged 1
        ESTABLISHED SND.UP=none
        ",
    );
    for (bytes, pointer) in [(65_534, 65_534), (65_535, 65_535), (65_536, 65_535), (65_537, 65_535), (200_000, 65_535)]
    {
        check(&format!(
            "
            ESTABLISHED SND.NXT=100 RCV.NXT=300 SND.WND=0
            send urgent {bytes}
            --> <SEQ=100><ACK=300><CTL=URG,ACK><URG={pointer}>
            "
        ));
    }
}

/// The peer is told although its window is closed, since its buffer may be full of bytes that its user should read.
#[test]
fn a_closed_window_does_not_keep_it_from_the_peer() {
    check(
        "
        ESTABLISHED SND.NXT=100 RCV.NXT=300 SND.WND=0
        send urgent 10
        --> <SEQ=100><ACK=300><CTL=URG,ACK><URG=10>
        ESTABLISHED DEADLINE=1s SND.UP=110
        + 1s
        --> <SEQ=100><ACK=300><CTL=URG,ACK><DATA=1><URG=10>
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=0>
        + 2s
        --> <SEQ=100><ACK=300><CTL=URG,ACK><DATA=1><URG=10>
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=100>
        --> <SEQ=100><ACK=300><CTL=URG,ACK><DATA=10><URG=10>
        ",
    );
}

/// Nagle's algorithm does not delay it either.
#[test]
fn what_nagle_holds_is_pointed_at() {
    check(
        "
        config nagle=on
        ESTABLISHED SND.NXT=100 RCV.NXT=300
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        send urgent 5
        --> <SEQ=110><ACK=300><CTL=URG,ACK><URG=5>
        <-- <SEQ=300><ACK=110><CTL=ACK>
        signal: Acknowledged 10
        --> <SEQ=110><ACK=300><CTL=URG,ACK><DATA=5><URG=5>
        ",
    );
}

/// The peer is told once: an unchanged pointer is not repeated without another reason to send.
#[test]
fn the_peer_is_told_once_by_an_ack() {
    check(
        "
        ESTABLISHED SND.NXT=100 RCV.NXT=300 SND.WND=0
        send urgent 10
        --> <SEQ=100><ACK=300><CTL=URG,ACK><URG=10>
        + 900ms
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=0>
        + 50ms
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=5><WND=0>
        --> <SEQ=100><ACK=305><CTL=URG,ACK><URG=10>
        ",
    );
}

/// Nothing queued, nothing in flight: nothing is urgent (RFC 9293: at least one octet must be sent with it).
#[test]
fn an_urgent_send_of_nothing_marks_what_is_queued() {
    check(
        "
        ESTABLISHED SND.NXT=100 RCV.NXT=300
        send urgent 0
        ESTABLISHED SND.UP=none DEADLINE=none
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10><URG=0>
        send urgent 0
        --> <SEQ=110><ACK=300><CTL=URG,ACK><URG=0>
        ESTABLISHED SND.UP=110
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=URG,ACK><DATA=10><URG=10>
        <-- <SEQ=300><ACK=110><CTL=ACK>
        signal: Acknowledged 10
        ESTABLISHED SND.UP=none
        ",
    );
}

#[test]
fn the_pointer_crosses_the_end_of_the_numbers() {
    check(
        "
        config default_peer_mss=100, nagle=off
        ESTABLISHED SND.NXT=4294967200 RCV.NXT=4294967295
        send urgent 150
        --> <SEQ=4294967200><ACK=4294967295><CTL=URG,ACK><DATA=100><URG=150>
        --> <SEQ=4><ACK=4294967295><CTL=URG,ACK><DATA=50><URG=50>
        ESTABLISHED SND.UP=54
        <-- <SEQ=4294967295><ACK=53><CTL=ACK>
        signal: Acknowledged 149
        ESTABLISHED SND.UP=54
        <-- <SEQ=4294967295><ACK=54><CTL=ACK>
        signal: Acknowledged 1
        ESTABLISHED SND.UP=none
        ",
    );
    check(
        "
        ESTABLISHED SND.NXT=4294967286 RCV.NXT=300
        send urgent 10
        --> <SEQ=4294967286><ACK=300><CTL=URG,ACK><DATA=10><URG=10>
        ESTABLISHED SND.UP=0
        <-- <SEQ=300><ACK=0><CTL=ACK>
        signal: Acknowledged 10
        ESTABLISHED SND.UP=none
        ",
    );
}

#[test]
fn timestamps_and_the_pointer_go_together() {
    check(
        "
        config timestamps=on
        open active
        --> <SEQ=100><CTL=SYN><TS=0,0>
        SYN-SENT
        <-- <SEQ=300><ACK=101><CTL=SYN,ACK><TS=7,0>
        --> <SEQ=101><ACK=301><CTL=ACK><TS=0,7>
        ESTABLISHED
        + 5ms
        send urgent 10
        --> <SEQ=101><ACK=301><CTL=URG,ACK><DATA=10><URG=10><TS=5,7>
        ",
    );
}
