//! Which segments are acknowledged at once, and which can wait.

use tcp_lifecycle::sim::check;

/// MUST-40: no later than the policy says.
#[test]
fn text_in_order_waits_for_its_time_and_no_longer() {
    for state in ["ESTABLISHED", "FIN-WAIT-2"] {
        check(&format!(
            "
            config delayed_ack=200ms
            {state} SND.NXT=100 RCV.NXT=300 DEADLINE=none
            <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>
            {state} DEADLINE=200ms RCV.NXT=310
            + 199.999ms
            {state} DEADLINE=1us
            + 1us
            --> <SEQ=100><ACK=310><CTL=ACK>
            {state} DEADLINE=none
            + 1h
            "
        ));
    }
}

#[test]
fn by_default_text_is_acknowledged_at_once() {
    check(
        "
        ESTABLISHED
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>
        --> <SEQ=100><ACK=310><CTL=ACK>
        ESTABLISHED DEADLINE=none
        ",
    );
}

/// SHLD-19, for segments of any size.
#[test]
fn every_second_segment_is_acknowledged_at_once() {
    let pair = "
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>
        ESTABLISHED DEADLINE=200ms
        + 100ms
        <-- <SEQ=310><ACK=100><CTL=ACK><DATA=1>
        --> <SEQ=100><ACK=311><CTL=ACK>
        ESTABLISHED DEADLINE=none
        <-- <SEQ=311><ACK=100><CTL=ACK><DATA=536>
        ESTABLISHED DEADLINE=200ms
        + 150ms
        <-- <SEQ=847><ACK=100><CTL=ACK><DATA=536>
        --> <SEQ=100><ACK=1383><CTL=ACK>
        ESTABLISHED DEADLINE=none
        <-- <SEQ=1383><ACK=100><CTL=ACK><DATA=1>
        + 200ms
        --> <SEQ=100><ACK=1384><CTL=ACK>
        ";
    check(&format!("config delayed_ack=200ms\nESTABLISHED{pair}"));
}

/// SHLD-19: at least every second full segment, or twice as many bytes. (Receivers may merge segments before TCP.)
#[test]
fn what_was_put_together_on_the_way_is_acknowledged_at_once() {
    check(
        "
        config delayed_ack=200ms
        ESTABLISHED
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=1071>
        ESTABLISHED                         DEADLINE=200ms
        + 200ms
        --> <SEQ=100><ACK=1371><CTL=ACK>
        <-- <SEQ=1371><ACK=100><CTL=ACK><DATA=1072>
        --> <SEQ=100><ACK=2443><CTL=ACK>
        <-- <SEQ=2443><ACK=100><CTL=ACK><DATA=5360>
        --> <SEQ=100><ACK=7803><CTL=ACK>
        ESTABLISHED                         DEADLINE=none
        ",
    );
}

#[test]
fn of_segments_handed_in_before_polling_two_are_answered_at_once() {
    check(
        "
        config delayed_ack=200ms
        ESTABLISHED
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>
        & <-- <SEQ=310><ACK=100><CTL=ACK><DATA=10>
        --> <SEQ=100><ACK=320><CTL=ACK>
        ESTABLISHED DEADLINE=none
        <-- <SEQ=320><ACK=100><CTL=ACK><DATA=10>
        & <-- <SEQ=330><ACK=100><CTL=ACK><DATA=10>
        & <-- <SEQ=340><ACK=100><CTL=ACK><DATA=10>
        --> <SEQ=100><ACK=350><CTL=ACK>
        ESTABLISHED DEADLINE=none
        ",
    );
}

/// RFC 5681 section 4.2: a gap is reported at once, so that a loss is detected early.
#[test]
fn a_segment_ahead_of_a_gap_is_answered_at_once() {
    check(
        "
        config delayed_ack=200ms
        ESTABLISHED
        <-- <SEQ=310><ACK=100><CTL=ACK><DATA=10> delivers nothing
        --> <SEQ=100><ACK=300><CTL=ACK>
        ESTABLISHED DEADLINE=none
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=5>                  # a part of the gap
        --> <SEQ=100><ACK=305><CTL=ACK>
        ESTABLISHED DEADLINE=none
        <-- <SEQ=310><ACK=100><CTL=ACK><DATA=10> delivers nothing
        --> <SEQ=100><ACK=305><CTL=ACK>
        ESTABLISHED DEADLINE=none
        ",
    );
}

/// The caller hands in the kept payload after the segment that filled the gap: it is the second segment, and so is
/// acknowledged at once.
#[test]
fn a_gap_that_is_filled_is_acknowledged_at_once() {
    check(
        "
        config delayed_ack=200ms
        ESTABLISHED
        <-- <SEQ=310><ACK=100><CTL=ACK><DATA=10> delivers nothing
        --> <SEQ=100><ACK=300><CTL=ACK>
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>
        & <-- <SEQ=310><ACK=100><CTL=ACK><DATA=10>
        --> <SEQ=100><ACK=320><CTL=ACK>
        ESTABLISHED DEADLINE=none
        ",
    );
}

/// The segment was retransmitted because our ACK was lost, or too late.
#[test]
fn a_duplicate_is_answered_at_once() {
    check(
        "
        config delayed_ack=200ms
        ESTABLISHED
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>
        ESTABLISHED DEADLINE=200ms
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10> refused
        --> <SEQ=100><ACK=310><CTL=ACK>
        ESTABLISHED DEADLINE=none
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10> refused
        --> <SEQ=100><ACK=310><CTL=ACK>
        ESTABLISHED DEADLINE=none
        ",
    );
}

/// The peer has not received our ACK, or it came late.
#[test]
fn a_segment_of_which_only_the_end_is_new_is_answered_at_once() {
    check(
        "
        config delayed_ack=200ms
        ESTABLISHED
        <-- <SEQ=290><ACK=100><CTL=ACK><DATA=20> delivers 10..20
        --> <SEQ=100><ACK=310><CTL=ACK>
        ESTABLISHED DEADLINE=none
        ",
    );
}

/// The peer does not know our window.
#[test]
fn a_segment_of_which_only_the_front_fits_is_answered_at_once() {
    check(
        "
        config delayed_ack=200ms, receive_buffer=100
        ESTABLISHED
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=105> delivers 0..100
        --> <SEQ=100><ACK=400><CTL=ACK><WND=0>
        ESTABLISHED DEADLINE=none
        <-- <SEQ=400><ACK=100><CTL=ACK><DATA=1> delivers nothing
        --> <SEQ=100><ACK=400><CTL=ACK><WND=0>
        ESTABLISHED DEADLINE=none
        ",
    );
}

#[test]
fn a_fin_is_acknowledged_at_once() {
    for data in [0, 10] {
        let ack = 301 + data;
        check(&format!(
            "
            config delayed_ack=200ms
            ESTABLISHED
            <-- <SEQ=300><ACK=100><CTL=FIN,ACK><DATA={data}>
            signal: Closing
            --> <SEQ=100><ACK={ack}><CTL=ACK>
            CLOSE-WAIT DEADLINE=none
            "
        ));
    }
    check(
        "
        config delayed_ack=200ms
        ESTABLISHED
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>
        + 100ms
        <-- <SEQ=310><ACK=100><CTL=FIN,ACK>
        signal: Closing
        --> <SEQ=100><ACK=311><CTL=ACK>
        CLOSE-WAIT DEADLINE=none
        ",
    );
    check(
        "
        config delayed_ack=200ms
        FIN-WAIT-2
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>
        FIN-WAIT-2 DEADLINE=200ms
        <-- <SEQ=310><ACK=100><CTL=FIN,ACK>
        signal: Closing
        --> <SEQ=100><ACK=311><CTL=ACK>
        TIME-WAIT DEADLINE=4m
        ",
    );
}

/// The handshake does not wait. Payload on the ACK that ends it is treated as usual.
#[test]
fn a_syn_is_acknowledged_at_once() {
    check(
        "
        config delayed_ack=200ms
        open active
        --> <SEQ=100><CTL=SYN>
        SYN-SENT
        <-- <SEQ=300><ACK=101><CTL=SYN,ACK>
        --> <SEQ=101><ACK=301><CTL=ACK>
        ESTABLISHED DEADLINE=none
        ",
    );
    check(
        "
        config delayed_ack=200ms
        open passive
        LISTEN
        <-- <SEQ=300><CTL=SYN>
        --> <SEQ=100><ACK=301><CTL=SYN,ACK>
        SYN-RECEIVED DEADLINE=1s
        <-- <SEQ=301><ACK=101><CTL=ACK><DATA=10>
        ESTABLISHED DEADLINE=200ms
        + 200ms
        --> <SEQ=101><ACK=311><CTL=ACK>
        ",
    );
}

/// A refused segment is answered as usual, and the answer acknowledges everything received.
#[test]
fn a_challenge_takes_the_delayed_ack_with_it() {
    for arrives in ["<SEQ=311><CTL=RST>", "<SEQ=310><CTL=SYN>", "<SEQ=310><ACK=200><CTL=ACK>"] {
        check(&format!(
            "
            config delayed_ack=200ms
            ESTABLISHED
            <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>
            <-- {arrives} refused
            --> <SEQ=100><ACK=310><CTL=ACK>
            ESTABLISHED DEADLINE=none
            "
        ));
    }
}

/// A segment without text draws no ACK, neither now nor later, and does not affect the ACK that waits.
#[test]
fn a_segment_without_text_is_not_acknowledged() {
    check(
        "
        config delayed_ack=200ms
        ESTABLISHED
        <-- <SEQ=300><ACK=100><CTL=ACK>
        ESTABLISHED DEADLINE=none
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>
        + 50ms
        <-- <SEQ=310><ACK=100><CTL=ACK><WND=500>
        <-- <SEQ=310><ACK=100><CTL=ACK>
        ESTABLISHED DEADLINE=150ms
        + 150ms
        --> <SEQ=100><ACK=310><CTL=ACK>
        ",
    );
}
