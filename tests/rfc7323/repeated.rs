//! Segments that are retransmitted because their acknowledgment was lost: RFC 7323 section 4.3, (2), and appendix D.
//! D30.
//!
//! The peer takes our answer to the retransmission for a measure of its round-trip time.

use tcp_lifecycle::sim::check;

use crate::once_agreed;

/// SEG.SEQ =< Last.ACK.sent, and SEG.TSval is not older: the answer echoes the second transmission.
#[test]
fn the_answer_echoes_the_segment_that_came_again() {
    once_agreed(
        "
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10><TS=1001,20>
        --> <SEQ=100><ACK=310><CTL=ACK><TS=20,1001>
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10><TS=2001,20>    refused: NotAcceptable
        --> <SEQ=100><ACK=310><CTL=ACK><TS=20,2001>
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10><TS=4001,20>    refused: NotAcceptable
        --> <SEQ=100><ACK=310><CTL=ACK><TS=20,4001>
        ",
    );
}

/// The retransmission may end at RCV.NXT with the last of several segments, and may contain all of them.
#[test]
fn what_ends_at_rcv_nxt_counts_wherever_it_begins() {
    once_agreed(
        "
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10><TS=1001,20>
        --> <SEQ=100><ACK=310><CTL=ACK>
        <-- <SEQ=310><ACK=100><CTL=ACK><DATA=10><TS=1001,20>
        --> <SEQ=100><ACK=320><CTL=ACK><TS=20,1001>
        <-- <SEQ=310><ACK=100><CTL=ACK><DATA=10><TS=2001,20>    refused
        --> <SEQ=100><ACK=320><CTL=ACK><TS=20,2001>
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=20><TS=4001,20>    refused
        --> <SEQ=100><ACK=320><CTL=ACK><TS=20,4001>
        <-- <SEQ=319><ACK=100><CTL=ACK><DATA=1><TS=4002,20>     refused
        --> <SEQ=100><ACK=320><CTL=ACK><TS=20,4002>
        ",
    );
}

/// A segment that ends before RCV.NXT is old, and does not answer our last acknowledgment.
#[test]
fn what_ends_left_of_rcv_nxt_does_not_count() {
    once_agreed(
        "
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10><TS=1001,20>
        --> <SEQ=100><ACK=310><CTL=ACK><TS=20,1001>
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=9><TS=2001,20>     refused: NotAcceptable
        --> <SEQ=100><ACK=310><CTL=ACK><TS=20,1001>
        <-- <SEQ=309><ACK=100><CTL=ACK><TS=2001,20>             refused: NotAcceptable
        --> <SEQ=100><ACK=310><CTL=ACK><TS=20,1001>
        ",
    );
}

/// SND.UNA - MAX.SND.WND =< SEG.ACK =< SND.NXT: 8,000 was the largest window.
#[test]
fn only_an_acceptable_acknowledgment_counts() {
    for (ack, echoed) in
        [("<ACK=100>", 2001), ("<ACK=4294959396>", 2001), ("<ACK=101>", 1001), ("<ACK=4294959395>", 1001)]
    {
        once_agreed(&format!(
            "
            <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10><TS=1001,20>
            --> <SEQ=100><ACK=310><CTL=ACK><TS=20,1001>
            <-- <SEQ=300>{ack}<CTL=ACK><DATA=10><TS=2001,20>    refused
            --> <SEQ=100><ACK=310><CTL=ACK><TS=20,{echoed}>
            "
        ));
    }
    once_agreed(
        "
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10><TS=1001,20>
        --> <SEQ=100><ACK=310><CTL=ACK><TS=20,1001>
        <-- <SEQ=300><CTL=PSH><DATA=10><TS=2001,20>             refused
        --> <SEQ=100><ACK=310><CTL=ACK><TS=20,1001>
        ",
    );
}

/// R1 is tested before.
#[test]
fn an_older_value_does_not_count() {
    once_agreed(
        "
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10><TS=1001,20>
        --> <SEQ=100><ACK=310><CTL=ACK><TS=20,1001>
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10><TS=1000,20>    refused: OldTimestamp
        --> <SEQ=100><ACK=310><CTL=ACK><TS=20,1001>
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10><TS=1001,20>    refused: NotAcceptable
        --> <SEQ=100><ACK=310><CTL=ACK><TS=20,1001>
        ",
    );
}

/// The value becomes TS.Recent: a segment with an earlier one is old from then on.
#[test]
fn what_the_repeat_has_brought_protects_too() {
    once_agreed(
        "
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10><TS=1001,20>
        --> <SEQ=100><ACK=310><CTL=ACK>
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10><TS=2001,20>    refused: NotAcceptable
        --> <SEQ=100><ACK=310><CTL=ACK><TS=20,2001>
        <-- <SEQ=310><ACK=100><CTL=ACK><DATA=10><TS=2000,20>    refused: OldTimestamp
        --> <SEQ=100><ACK=310><CTL=ACK><TS=20,2001>
        ",
    );
}

/// The sequence numbers and the peer's clock both wrap.
#[test]
fn the_numbers_may_lie_on_both_sides_of_zero() {
    check(
        "
        config timestamps=on
        ISS=99
        open active
        --> <SEQ=99><CTL=SYN>
        SYN-SENT
        <-- <SEQ=4294967289><ACK=100><CTL=SYN,ACK><TS=4294967290,0>
        --> <SEQ=100><ACK=4294967290><CTL=ACK>
        ESTABLISHED
        <-- <SEQ=4294967290><ACK=100><CTL=ACK><DATA=10><TS=4294967295,0>
        --> <SEQ=100><ACK=4><CTL=ACK><TS=0,4294967295>
        <-- <SEQ=4294967290><ACK=100><CTL=ACK><DATA=10><TS=1000,0>      refused: NotAcceptable
        --> <SEQ=100><ACK=4><CTL=ACK><TS=0,1000>
        ",
    );
}

/// A repeated FIN, with payload or alone, ends at RCV.NXT as payload does.
#[test]
fn a_repeated_fin_is_echoed_in_every_state_that_has_seen_one() {
    let close_wait = "<-- <SEQ=300><ACK=100><CTL=FIN,ACK><DATA=5><TS=1001,20>\n signal: Closing\n --> <SEQ=100><ACK=306><CTL=ACK>\n CLOSE-WAIT\n";
    let last_ack = "close\n --> <SEQ=100><ACK=306><CTL=FIN,ACK>\n LAST-ACK\n";
    let closing = "close\n --> <SEQ=100><ACK=300><CTL=FIN,ACK>\n FIN-WAIT-1\n <-- <SEQ=300><ACK=100><CTL=FIN,ACK><DATA=5><TS=1001,20>\n signal: Closing\n --> <SEQ=101><ACK=306><CTL=ACK>\n CLOSING\n";
    for (way, nxt) in
        [(close_wait.to_owned(), 100), (format!("{close_wait}{last_ack}"), 101), (closing.to_owned(), 101)]
    {
        once_agreed(&format!(
            "{way}
            <-- <SEQ=300><ACK=100><CTL=FIN,ACK><DATA=5><TS=2001,20>     refused
            --> <SEQ={nxt}><ACK=306><CTL=ACK><TS=20,2001>
            <-- <SEQ=305><ACK=100><CTL=FIN,ACK><TS=3001,20>             refused
            --> <SEQ={nxt}><ACK=306><CTL=ACK><TS=20,3001>
            <-- <SEQ=300><ACK=100><CTL=ACK><DATA=5><TS=4001,20>         refused     # ends before the FIN
            --> <SEQ={nxt}><ACK=306><CTL=ACK><TS=20,3001>
            "
        ));
    }
}

#[test]
fn repeated_payload_is_echoed_after_our_fin_too() {
    let fin_wait_1 = "close\n --> <SEQ=100><ACK=300><CTL=FIN,ACK>\n FIN-WAIT-1\n";
    let fin_wait_2 = "<-- <SEQ=300><ACK=101><CTL=ACK><TS=1000,20>\n FIN-WAIT-2\n";
    for (way, ack) in [(fin_wait_1.to_owned(), 100), (format!("{fin_wait_1}{fin_wait_2}"), 101)] {
        once_agreed(&format!(
            "{way}
            <-- <SEQ=300><ACK={ack}><CTL=ACK><DATA=10><TS=1001,20>
            --> <SEQ=101><ACK=310><CTL=ACK><TS=20,1001>
            <-- <SEQ=300><ACK={ack}><CTL=ACK><DATA=10><TS=2001,20>      refused
            --> <SEQ=101><ACK=310><CTL=ACK><TS=20,2001>
            "
        ));
    }
}

/// A probe with an octet that we already have ends at RCV.NXT too; a bare probe does not.
#[test]
fn a_probe_with_an_octet_is_echoed() {
    once_agreed(
        "
        + 1h
        <-- <SEQ=299><ACK=100><CTL=ACK><DATA=1><TS=3601000,20>  refused
        --> <SEQ=100><ACK=300><CTL=ACK><TS=3600020,3601000>
        <-- <SEQ=299><ACK=100><CTL=ACK><TS=3602000,20>          refused
        --> <SEQ=100><ACK=300><CTL=ACK><TS=3600020,3601000>
        ",
    );
}

/// While an ACK is delayed, the earliest segment that it answers counts (RFC 7323 4.3, A; D33).
#[test]
fn while_an_ack_is_delayed_no_repeat_counts() {
    let opened = "
        config delayed_ack=200ms, timestamps=on
        open active
        --> <SEQ=100><CTL=SYN>
        SYN-SENT
        <-- <SEQ=300><ACK=101><CTL=SYN,ACK><TS=1000,0>
        --> <SEQ=101><ACK=301><CTL=ACK><TS=0,1000>
        ESTABLISHED
        <-- <SEQ=301><ACK=101><CTL=ACK><DATA=10><TS=2000,0>
        + 100ms";
    check(&format!(
        "{opened}
        <-- <SEQ=301><ACK=101><CTL=ACK><DATA=10><TS=2100,0>     refused: NotAcceptable
        --> <SEQ=101><ACK=311><CTL=ACK><TS=100,2000>
        <-- <SEQ=301><ACK=101><CTL=ACK><DATA=10><TS=2200,0>     refused: NotAcceptable      # now none is
        --> <SEQ=101><ACK=311><CTL=ACK><TS=100,2200>
        "
    ));
    check(&format!(
        "{opened}
        + 100ms
        --> <SEQ=101><ACK=311><CTL=ACK><TS=200,2000>
        <-- <SEQ=301><ACK=101><CTL=ACK><DATA=10><TS=2200,0>     refused: NotAcceptable
        --> <SEQ=101><ACK=311><CTL=ACK><TS=200,2200>
        "
    ));
}

/// The twenty-four days of RFC 7323 5.5 count from the retransmission.
#[test]
fn a_repeat_makes_ts_recent_young_again() {
    once_agreed(
        "
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10><TS=1001,20>
        --> <SEQ=100><ACK=310><CTL=ACK>
        + 480h
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10><TS=2001,20>    refused: NotAcceptable
        --> <SEQ=100><ACK=310><CTL=ACK>
        + 480h
        <-- <SEQ=310><ACK=100><CTL=ACK><DATA=10><TS=2000,20>    refused: OldTimestamp
        --> <SEQ=100><ACK=310><CTL=ACK>
        ",
    );
}

/// A challenged SYN never counts, although it ends at or left of RCV.NXT.
#[test]
fn a_repeated_syn_does_not_count() {
    once_agreed(
        "
        <-- <SEQ=299><ACK=100><CTL=SYN,ACK><TS=2000,20>         refused
        --> <SEQ=100><ACK=300><CTL=ACK><TS=20,1000>
        ",
    );
}
