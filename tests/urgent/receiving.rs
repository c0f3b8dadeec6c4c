//! Urgent bytes of the peer: RCV.UP, the signal, and their number (MUST-32, MUST-33, MUST-66).

use tcp_lifecycle::sim::check;

const STATES: [&str; 3] = ["ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2"];

/// MUST-32: when there was nothing urgent before, and whenever the pointer advances.
#[test]
fn the_user_is_told_once_for_each_advance() {
    for state in STATES {
        let fin = u32::from(state == "FIN-WAIT-1");
        let una = 100 - fin;
        check(&format!(
            "
            config rto_initial=60s, rto_min=60s
            {state} SND.NXT=100 RCV.NXT=300 URGENT=0 RCV.UP=none
            <-- <SEQ=300><ACK={una}><CTL=URG,ACK><URG=20><DATA=10>
            signal: Urgent
            --> <SEQ=100><ACK=310><CTL=ACK>
            {state} URGENT=20 RCV.UP=320
            <-- <SEQ=310><ACK={una}><CTL=URG,ACK><URG=10><DATA=5>
            --> <SEQ=100><ACK=315><CTL=ACK>
            <-- <SEQ=315><ACK={una}><CTL=URG,ACK><URG=6>
            signal: Urgent
            {state} URGENT=21 RCV.UP=321
            <-- <SEQ=315><ACK={una}><CTL=URG,ACK><URG=5>
            <-- <SEQ=315><ACK={una}><CTL=ACK>
            {state} URGENT=21 RCV.UP=321
            "
        ));
    }
}

/// Two advances before the poll bring one signal; the variables show the number of bytes.
#[test]
fn advances_that_come_together_are_one_signal() {
    check(
        "
        ESTABLISHED SND.NXT=100 RCV.NXT=300
        <-- <SEQ=300><ACK=100><CTL=URG,ACK><URG=20><DATA=10>
        & <-- <SEQ=310><ACK=100><CTL=URG,ACK><URG=30><DATA=10>
        signal: Urgent
        --> <SEQ=100><ACK=320><CTL=ACK>
        ESTABLISHED URGENT=40 RCV.UP=340
        ",
    );
}

/// MUST-33: the number of bytes left to read, including those that have not arrived yet.
#[test]
fn consuming_leaves_urgent_mode_at_the_pointer() {
    check(
        "
        ESTABLISHED SND.NXT=100 RCV.NXT=300
        <-- <SEQ=300><ACK=100><CTL=URG,ACK><URG=10><DATA=30>
        signal: Urgent
        --> <SEQ=100><ACK=330><CTL=ACK>
        ESTABLISHED URGENT=10 RCV.UP=310 UNREAD=30
        receive 9
        ESTABLISHED URGENT=1 RCV.UP=310
        receive 1
        ESTABLISHED URGENT=0 RCV.UP=none UNREAD=20
        receive 20
        ESTABLISHED URGENT=0 RCV.UP=none
        <-- <SEQ=330><ACK=100><CTL=ACK><DATA=10>
        --> <SEQ=100><ACK=340><CTL=ACK>
        ESTABLISHED URGENT=0 RCV.UP=none
        <-- <SEQ=340><ACK=100><CTL=URG,ACK><URG=1>
        signal: Urgent
        ESTABLISHED URGENT=11 RCV.UP=341
        ",
    );
}

/// 3.10.7.4, sixth: only a pointer in advance of the data consumed is signalled.
#[test]
fn what_was_consumed_is_not_signalled_again() {
    check(
        "
        ESTABLISHED SND.NXT=100 RCV.NXT=300
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=30>
        --> <SEQ=100><ACK=330><CTL=ACK>
        receive 20
        <-- <SEQ=330><ACK=100><CTL=URG,ACK><URG=0>
        signal: Urgent
        ESTABLISHED URGENT=10 RCV.UP=330
        receive 10
        ESTABLISHED URGENT=0 RCV.UP=none
        <-- <SEQ=330><ACK=100><CTL=URG,ACK><URG=0>
        ESTABLISHED URGENT=0 RCV.UP=none
        ",
    );
}

/// The same segment again is out of the window, and has no effect.
#[test]
fn a_duplicate_is_not_signalled() {
    check(
        "
        ESTABLISHED SND.NXT=100 RCV.NXT=300
        <-- <SEQ=300><ACK=100><CTL=URG,ACK><URG=10><DATA=10>
        signal: Urgent
        --> <SEQ=100><ACK=310><CTL=ACK>
        <-- <SEQ=300><ACK=100><CTL=URG,ACK><URG=10><DATA=10> refused
        --> <SEQ=100><ACK=310><CTL=ACK>
        receive 10
        <-- <SEQ=300><ACK=100><CTL=URG,ACK><URG=10><DATA=10> refused
        --> <SEQ=100><ACK=310><CTL=ACK>
        ESTABLISHED URGENT=0 RCV.UP=none
        ",
    );
}

/// The pointer does not recede, whatever a segment says (RFC 9293: be robust).
#[test]
fn the_pointer_never_moves_back() {
    check(
        "
        ESTABLISHED SND.NXT=100 RCV.NXT=300
        <-- <SEQ=300><ACK=100><CTL=URG,ACK><URG=100>
        signal: Urgent
        <-- <SEQ=300><ACK=100><CTL=URG,ACK><URG=50>
        <-- <SEQ=300><ACK=100><CTL=URG,ACK><URG=0>
        <-- <SEQ=310><ACK=100><CTL=URG,ACK><URG=90>
        ESTABLISHED URGENT=100 RCV.UP=400
        <-- <SEQ=310><ACK=100><CTL=URG,ACK><URG=91>
        signal: Urgent
        ESTABLISHED URGENT=101 RCV.UP=401
        ",
    );
}

/// The pointer may arrive before the bytes that it points to: that is its purpose.
#[test]
fn a_segment_ahead_of_a_gap_tells_it() {
    check(
        "
        ESTABLISHED SND.NXT=100 RCV.NXT=300
        <-- <SEQ=400><ACK=100><CTL=URG,ACK><URG=10><DATA=10> delivers nothing
        signal: Urgent
        --> <SEQ=100><ACK=300><CTL=ACK>
        ESTABLISHED URGENT=110 RCV.UP=410
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=100>
        & <-- <SEQ=400><ACK=100><CTL=URG,ACK><URG=10><DATA=10>
        --> <SEQ=100><ACK=410><CTL=ACK>
        receive 110
        ESTABLISHED URGENT=0 RCV.UP=none
        ",
    );
}

/// MUST-66: also with the window closed, when it is most needed.
#[test]
fn a_closed_window_lets_it_pass() {
    for data in ["", "<DATA=1> delivers nothing"] {
        let answer = if data.is_empty() { "" } else { "--> <SEQ=100><ACK=310><CTL=ACK><WND=0>" };
        check(&format!(
            "
            config receive_buffer=10
            ESTABLISHED SND.NXT=100 RCV.NXT=300
            <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>
            --> <SEQ=100><ACK=310><CTL=ACK><WND=0>
            <-- <SEQ=310><ACK=100><CTL=URG,ACK><URG=5>{data}
            signal: Urgent
            {answer}
            ESTABLISHED URGENT=15 RCV.UP=315 UNREAD=10
            "
        ));
    }
    check(
        "config receive_buffer=0\nESTABLISHED\n<-- <SEQ=300><ACK=100><CTL=URG,ACK><URG=5>\nsignal: Urgent\nESTABLISHED URGENT=5",
    );
}

/// A pointer of zero, to bytes that have been consumed: no signal.
#[test]
fn a_pointer_of_zero_says_nothing_new() {
    for state in STATES {
        let una = if state == "FIN-WAIT-1" { 99 } else { 100 };
        check(&format!("{state}\n<-- <SEQ=300><ACK={una}><CTL=URG,ACK><URG=0>\n{state} URGENT=0 RCV.UP=none"));
    }
    check(
        "
        ESTABLISHED
        <-- <SEQ=300><ACK=100><CTL=URG,ACK><URG=0><DATA=10>
        --> <SEQ=100><ACK=310><CTL=ACK>
        ESTABLISHED URGENT=0 RCV.UP=none
        ",
    );
}

/// A pointer beyond the window, and beyond everything the peer has sent, is believed, and does no harm.
#[test]
fn a_pointer_far_ahead_is_believed() {
    check(
        "
        config receive_buffer=1000
        ESTABLISHED SND.NXT=100 RCV.NXT=300
        <-- <SEQ=1299><ACK=100><CTL=URG,ACK><URG=65535>
        signal: Urgent
        ESTABLISHED URGENT=66534 RCV.UP=66834
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=1000>
        --> <SEQ=100><ACK=1300><CTL=ACK><WND=0>
        receive 1000
        --> <SEQ=100><ACK=1300><CTL=ACK><WND=1000>
        ESTABLISHED URGENT=65534
        ",
    );
}

#[test]
fn the_pointer_crosses_the_end_of_the_numbers() {
    check(
        "
        ESTABLISHED SND.NXT=100 RCV.NXT=4294967290
        <-- <SEQ=4294967290><ACK=100><CTL=URG,ACK><URG=20><DATA=10>
        signal: Urgent
        --> <SEQ=100><ACK=4><CTL=ACK>
        ESTABLISHED URGENT=20 RCV.UP=14
        receive 10
        ESTABLISHED URGENT=10 RCV.UP=14
        <-- <SEQ=4><ACK=100><CTL=URG,ACK><URG=10>
        <-- <SEQ=4><ACK=100><CTL=URG,ACK><URG=11>
        signal: Urgent
        ESTABLISHED URGENT=11 RCV.UP=15
        ",
    );
}

/// The field means nothing without its bit.
#[test]
fn without_the_bit_the_field_is_ignored() {
    check(
        "
        ESTABLISHED
        <-- <SEQ=300><ACK=100><CTL=ACK><URG=20><DATA=10>
        --> <SEQ=100><ACK=310><CTL=ACK>
        ESTABLISHED URGENT=0 RCV.UP=none
        ",
    );
}

/// 3.10.7.4, sixth: after the peer's FIN a pointer is ignored.
#[test]
fn after_the_fin_of_the_peer_it_is_ignored() {
    for (state, una) in [("CLOSE-WAIT", 100), ("CLOSING", 99), ("LAST-ACK", 99)] {
        check(&format!(
            "
            {state} SND.NXT=100 RCV.NXT=300
            <-- <SEQ=300><ACK={una}><CTL=URG,ACK><URG=20> accepted
            {state} URGENT=0 RCV.UP=none
            "
        ));
    }
    check(
        "
        TIME-WAIT SND.NXT=100 RCV.NXT=300
        <-- <SEQ=300><ACK=100><CTL=URG,ACK><URG=20> accepted
        TIME-WAIT URGENT=0 RCV.UP=none
        ",
    );
}

/// The segment with the FIN may have a pointer, since the sixth step comes before the eighth. The FIN is no byte to
/// read.
#[test]
fn the_segment_with_the_fin_may_point() {
    check(
        "
        ESTABLISHED SND.NXT=100 RCV.NXT=300
        <-- <SEQ=300><ACK=100><CTL=FIN,URG,ACK><URG=10><DATA=10>
        signal: Urgent
        signal: Closing
        --> <SEQ=100><ACK=311><CTL=ACK>
        CLOSE-WAIT URGENT=10 RCV.UP=310 UNREAD=10
        receive 9
        CLOSE-WAIT URGENT=1 RCV.UP=310 UNREAD=1
        receive 1
        CLOSE-WAIT URGENT=0 RCV.UP=none UNREAD=0
        ",
    );
}

/// Bytes that were urgent before the FIN stay urgent after it, until they are read.
#[test]
fn the_fin_leaves_what_is_urgent_as_it_is() {
    for (state, after) in [("ESTABLISHED", "CLOSE-WAIT"), ("FIN-WAIT-2", "TIME-WAIT")] {
        check(&format!(
            "
            {state} SND.NXT=100 RCV.NXT=300
            <-- <SEQ=300><ACK=100><CTL=URG,ACK><URG=7><DATA=10>
            signal: Urgent
            --> <SEQ=100><ACK=310><CTL=ACK>
            receive 4
            {state} URGENT=3 RCV.UP=307
            <-- <SEQ=310><ACK=100><CTL=FIN,ACK><DATA=5>
            signal: Closing
            --> <SEQ=100><ACK=316><CTL=ACK>
            {after} URGENT=3 RCV.UP=307 UNREAD=11
            receive 3
            {after} URGENT=0 RCV.UP=none UNREAD=8
            receive 8
            {after} URGENT=0 RCV.UP=none UNREAD=0
            "
        ));
    }
    check(
        "
        ESTABLISHED
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>
        --> <SEQ=100><ACK=310><CTL=ACK>
        <-- <SEQ=310><ACK=100><CTL=FIN,ACK>
        signal: Closing
        --> <SEQ=100><ACK=311><CTL=ACK>
        CLOSE-WAIT URGENT=0 RCV.UP=none UNREAD=10
        receive 10
        CLOSE-WAIT URGENT=0 RCV.UP=none UNREAD=0
        ",
    );
}

/// A pointer beyond the FIN points to bytes that will never arrive: no user is to wait for them.
#[test]
fn nothing_behind_the_fin_is_urgent() {
    for (fin, urgent) in [
        ("<SEQ=300><ACK=100><CTL=FIN,URG,ACK><URG=100><DATA=10>", 10),
        ("<SEQ=300><ACK=100><CTL=FIN,URG,ACK><URG=1>", 0),
    ] {
        let unread = urgent;
        let ack = 301 + unread;
        check(&format!(
            "
            ESTABLISHED
            <-- {fin}
            signal: Urgent
            signal: Closing
            --> <SEQ=100><ACK={ack}><CTL=ACK>
            CLOSE-WAIT URGENT={urgent} UNREAD={unread}
            receive {unread}
            CLOSE-WAIT URGENT=0 RCV.UP=none UNREAD=0
            "
        ));
    }
    check(
        "
        ESTABLISHED
        <-- <SEQ=300><ACK=100><CTL=URG,ACK><URG=65535><DATA=10>
        signal: Urgent
        --> <SEQ=100><ACK=310><CTL=ACK>
        ESTABLISHED URGENT=65535
        <-- <SEQ=310><ACK=100><CTL=FIN,ACK>
        signal: Closing
        --> <SEQ=100><ACK=311><CTL=ACK>
        CLOSE-WAIT URGENT=10 RCV.UP=310 UNREAD=10
        ",
    );
}

/// A segment that is refused in steps one to five has no effect, nor has one before the handshake is complete.
#[test]
fn a_refused_segment_points_at_nothing() {
    for (arrives, answer) in [
        ("<SEQ=290><ACK=100><CTL=URG,ACK><URG=100>", "--> <SEQ=100><ACK=300><CTL=ACK>"),
        ("<SEQ=70000><ACK=100><CTL=URG,ACK><URG=100>", "--> <SEQ=100><ACK=300><CTL=ACK>"),
        ("<SEQ=300><ACK=500><CTL=URG,ACK><URG=100>", "--> <SEQ=100><ACK=300><CTL=ACK>"),
        ("<SEQ=300><CTL=URG><URG=100>", ""),
        ("<SEQ=301><CTL=RST,URG><URG=100>", "--> <SEQ=100><ACK=300><CTL=ACK>"),
        ("<SEQ=300><CTL=SYN,URG><URG=100>", "--> <SEQ=100><ACK=300><CTL=ACK>"),
    ] {
        check(&format!("ESTABLISHED\n<-- {arrives} refused\n{answer}\nESTABLISHED URGENT=0 RCV.UP=none"));
    }
    check(
        "
        open passive
        LISTEN
        <-- <SEQ=300><CTL=SYN,URG><URG=20>
        --> <SEQ=100><ACK=301><CTL=SYN,ACK>
        SYN-RECEIVED URGENT=0 RCV.UP=none
        ",
    );
}

/// On the segment that completes the handshake the pointer counts as usual (3.10.7.3: "continue at the sixth step").
#[test]
fn on_the_last_segment_of_the_handshake_it_counts() {
    check(
        "
        SYN-RECEIVED SND.NXT=100 RCV.NXT=300
        <-- <SEQ=300><ACK=100><CTL=URG,ACK><URG=5><DATA=10>
        SYN-RECEIVED -> ESTABLISHED
        signal: Urgent
        --> <SEQ=100><ACK=310><CTL=ACK>
        ESTABLISHED URGENT=5 RCV.UP=305
        ",
    );
    check(
        "
        SYN-SENT SND.NXT=100
        <-- <SEQ=299><ACK=100><CTL=SYN,URG,ACK><URG=6><DATA=10>
        signal: Urgent
        --> <SEQ=100><ACK=310><CTL=ACK>
        ESTABLISHED URGENT=5 RCV.UP=305
        ",
    );
}

/// Acknowledgment and window of a segment with a pointer are used as of any other.
#[test]
fn a_segment_that_points_is_a_segment() {
    check(
        "
        ESTABLISHED SND.NXT=100 RCV.NXT=300
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        <-- <SEQ=300><ACK=110><CTL=URG,ACK><URG=5><DATA=3><WND=777>
        signal: Acknowledged 10
        signal: Urgent
        --> <SEQ=110><ACK=303><CTL=ACK>
        ESTABLISHED SND.UNA=110 SND.WND=777 URGENT=5
        ",
    );
}

/// The peer's FIN takes a sequence number, and no byte: the number of urgent bytes and RCV.UP stay.
#[test]
fn a_fin_does_not_change_how_much_is_urgent() {
    check(
        "
        ESTABLISHED
        <-- <SEQ=300><ACK=100><CTL=URG,ACK><URG=10><DATA=10>
        signal: Urgent
        --> <SEQ=100><ACK=310><CTL=ACK>
        ESTABLISHED                     URGENT=10 RCV.UP=310
        <-- <SEQ=310><ACK=100><CTL=FIN,ACK>
        signal: Closing
        --> <SEQ=100><ACK=311><CTL=ACK>
        CLOSE-WAIT                      URGENT=10 RCV.UP=310
        receive 9
        CLOSE-WAIT                      URGENT=1 RCV.UP=310
        receive 1
        CLOSE-WAIT                      URGENT=0 RCV.UP=none
        ",
    );
}

/// Nothing can be urgent behind the FIN, whatever the pointer says.
#[test]
fn a_pointer_beyond_the_fin_ends_at_it() {
    check(
        "
        ESTABLISHED
        <-- <SEQ=300><ACK=100><CTL=FIN,URG,ACK><URG=100><DATA=10>
        signal: Urgent
        signal: Closing
        --> <SEQ=100><ACK=311><CTL=ACK>
        CLOSE-WAIT                      URGENT=10 RCV.UP=310
        receive 10
        CLOSE-WAIT                      URGENT=0 RCV.UP=none
        ",
    );
}

/// The SYN,ACK that establishes may carry the pointer, and nothing else.
#[test]
fn a_syn_ack_without_payload_may_say_where_the_urgent_payload_ends() {
    check(
        "
        SYN-SENT SND.NXT=101
        <-- <SEQ=300><ACK=101><CTL=SYN,URG,ACK><URG=5>
        SYN-SENT -> ESTABLISHED
        signal: Urgent
        --> <SEQ=101><ACK=301><CTL=ACK>
        ESTABLISHED RCV.UP=305 URGENT=4
        ",
    );
}
