//! RFC 5681 section 4.2: a segment that fills all or part of a gap is acknowledged at once, so that the sender's
//! recovery goes on. The machine remembers the highest number that the peer has sent, though it keeps no payload.

use tcp_lifecycle::sim::check;

/// A segment has arrived at 320, and twenty bytes before it are missing.
const GAP: &str = "
    config delayed_ack=200ms
    STATE
    <-- <SEQ=320><ACK=100><CTL=ACK><DATA=10>     delivers nothing
    --> <SEQ=100><ACK=300><CTL=ACK>
    STATE DEADLINE=none
";

#[track_caller]
fn behind_a_gap(rest: &str) {
    for state in ["ESTABLISHED", "FIN-WAIT-2"] {
        check(&format!("{GAP}{rest}").replace("STATE", state));
    }
}

#[test]
fn what_fills_a_part_of_a_gap_is_acknowledged_at_once() {
    behind_a_gap(
        "
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>
        --> <SEQ=100><ACK=310><CTL=ACK>
        STATE DEADLINE=none
        <-- <SEQ=310><ACK=100><CTL=ACK><DATA=5>
        --> <SEQ=100><ACK=315><CTL=ACK>
        STATE DEADLINE=none
        ",
    );
}

#[test]
fn what_fills_it_to_the_end_is_acknowledged_at_once() {
    behind_a_gap(
        "
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=20>
        --> <SEQ=100><ACK=320><CTL=ACK>
        STATE DEADLINE=none
        ",
    );
}

/// Either the caller keeps nothing, and the peer retransmits everything; or the caller keeps it, and hands it in.
#[test]
fn up_to_the_last_byte_seen_each_segment_is_acknowledged_at_once() {
    behind_a_gap(
        "
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=20>
        --> <SEQ=100><ACK=320><CTL=ACK>
        <-- <SEQ=320><ACK=100><CTL=ACK><DATA=5>
        --> <SEQ=100><ACK=325><CTL=ACK>
        <-- <SEQ=325><ACK=100><CTL=ACK><DATA=5>
        --> <SEQ=100><ACK=330><CTL=ACK>
        STATE DEADLINE=none
        ",
    );
    behind_a_gap(
        "
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=20>
        & <-- <SEQ=320><ACK=100><CTL=ACK><DATA=10>
        --> <SEQ=100><ACK=330><CTL=ACK>
        STATE DEADLINE=none
        ",
    );
}

#[test]
fn once_the_gap_lies_behind_payload_waits_again() {
    behind_a_gap(
        "
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=20>
        --> <SEQ=100><ACK=320><CTL=ACK>
        <-- <SEQ=320><ACK=100><CTL=ACK><DATA=1072>     # two full segments, which never wait
        --> <SEQ=100><ACK=1392><CTL=ACK>
        <-- <SEQ=1392><ACK=100><CTL=ACK><DATA=10>
        STATE DEADLINE=200ms
        + 200ms
        --> <SEQ=100><ACK=1402><CTL=ACK>
        ",
    );
}

/// The highest number counts, in whatever order the segments arrive.
#[test]
fn the_farthest_segment_ahead_counts() {
    behind_a_gap(
        "
        <-- <SEQ=350><ACK=100><CTL=ACK><DATA=10>     delivers nothing
        --> <SEQ=100><ACK=300><CTL=ACK>
        <-- <SEQ=310><ACK=100><CTL=ACK><DATA=10>     delivers nothing
        --> <SEQ=100><ACK=300><CTL=ACK>
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=30>
        --> <SEQ=100><ACK=330><CTL=ACK>
        <-- <SEQ=330><ACK=100><CTL=ACK><DATA=20>
        --> <SEQ=100><ACK=350><CTL=ACK>
        STATE DEADLINE=none
        ",
    );
}

/// An ACK that waits for payload before the gap is sent with the duplicate ACK, and is no longer due.
#[test]
fn an_ack_that_waits_goes_with_the_duplicate() {
    check(
        "
        config delayed_ack=200ms
        ESTABLISHED
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>
        ESTABLISHED DEADLINE=200ms
        <-- <SEQ=320><ACK=100><CTL=ACK><DATA=10>     delivers nothing
        --> <SEQ=100><ACK=310><CTL=ACK>
        ESTABLISHED DEADLINE=none
        <-- <SEQ=310><ACK=100><CTL=ACK><DATA=10>
        --> <SEQ=100><ACK=320><CTL=ACK>
        ",
    );
}

/// A FIN ahead reveals the gap as well.
#[test]
fn a_fin_ahead_of_a_gap_counts_as_payload_does() {
    check(
        "
        config delayed_ack=200ms
        ESTABLISHED
        <-- <SEQ=320><ACK=100><CTL=FIN,ACK>          accepted
        --> <SEQ=100><ACK=300><CTL=ACK>
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>
        --> <SEQ=100><ACK=310><CTL=ACK>
        ESTABLISHED DEADLINE=none
        ",
    );
}

/// Neither a segment without sequence space nor a refused segment reveals a gap.
#[test]
fn a_bare_ack_ahead_and_a_refused_segment_show_no_gap() {
    for arrives in [
        "<-- <SEQ=320><ACK=100><CTL=ACK>",
        "<-- <SEQ=65836><ACK=100><CTL=ACK><DATA=10> refused\n --> <SEQ=100><ACK=300><CTL=ACK>",
        "<-- <SEQ=320><ACK=101><CTL=ACK><DATA=10> refused\n --> <SEQ=100><ACK=300><CTL=ACK>",
        "<-- <SEQ=320><CTL=RST> refused\n --> <SEQ=100><ACK=300><CTL=ACK>",
    ] {
        check(&format!(
            "
            config delayed_ack=200ms
            ESTABLISHED
            {arrives}
            <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>
            ESTABLISHED DEADLINE=200ms
            "
        ));
    }
}

#[test]
fn a_gap_across_the_wrap_is_filled_at_once_too() {
    check(
        "
        config delayed_ack=200ms
        ESTABLISHED RCV.NXT=4294967290
        <-- <SEQ=4><ACK=100><CTL=ACK><DATA=10>               delivers nothing
        --> <SEQ=100><ACK=4294967290><CTL=ACK>
        <-- <SEQ=4294967290><ACK=100><CTL=ACK><DATA=6>
        --> <SEQ=100><ACK=0><CTL=ACK>
        <-- <SEQ=0><ACK=100><CTL=ACK><DATA=4>
        --> <SEQ=100><ACK=4><CTL=ACK>
        <-- <SEQ=4><ACK=100><CTL=ACK><DATA=5>
        --> <SEQ=100><ACK=9><CTL=ACK>
        ESTABLISHED DEADLINE=none
        ",
    );
}

/// RFC 7323 section 4.3: the ACK that fills a gap echoes the segment that filled it.
#[test]
fn with_timestamps_the_ack_echoes_the_segment_that_filled_the_gap() {
    check(
        "
        config timestamps=on, delayed_ack=200ms
        open passive
        LISTEN
        <-- <SEQ=299><CTL=SYN><TS=7,0>
        --> <SEQ=100><ACK=300><CTL=SYN,ACK><TS=0,7>
        SYN-RECEIVED
        <-- <SEQ=300><ACK=101><CTL=ACK><TS=8,0>
        ESTABLISHED
        <-- <SEQ=320><ACK=101><CTL=ACK><DATA=10><TS=9,0>     delivers nothing
        --> <SEQ=101><ACK=300><CTL=ACK><TS=0,8>
        <-- <SEQ=300><ACK=101><CTL=ACK><DATA=10><TS=10,0>
        --> <SEQ=101><ACK=310><CTL=ACK><TS=0,10>
        <-- <SEQ=310><ACK=101><CTL=ACK><DATA=10><TS=11,0>
        --> <SEQ=101><ACK=320><CTL=ACK><TS=0,11>
        ESTABLISHED DEADLINE=none
        ",
    );
}

/// The next connection begins without a gap.
#[test]
fn a_gap_is_forgotten_with_its_connection() {
    behind_a_gap(
        "
        <-- <SEQ=300><CTL=RST>
        signal: Reset
        CLOSED
        ISS=99
        open active
        --> <SEQ=99><CTL=SYN>
        SYN-SENT
        <-- <SEQ=299><ACK=100><CTL=SYN,ACK>
        --> <SEQ=100><ACK=300><CTL=ACK>
        ESTABLISHED
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>
        ESTABLISHED DEADLINE=200ms
        ",
    );
}
