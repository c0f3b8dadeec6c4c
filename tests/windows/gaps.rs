//! Segments ahead of a gap: RFC 5681 section 4.2 demands a duplicate ACK for each, since the sender counts them.

use tcp_lifecycle::sim::{Script, check};
use tcp_lifecycle::{Config, Control, Instant, Output, Segment, SeqNumber};

const ACK: &str = "--> <SEQ=100><ACK=300><CTL=ACK>\n";

/// Segments of 10 bytes ahead of 300, all before one poll.
fn ahead(segments: u32) -> String {
    let segment = |n| format!("<-- <SEQ={}><ACK=100><CTL=ACK><DATA=10>  delivers nothing\n", 310 + 10 * n);
    (0..segments).map(segment).collect::<Vec<_>>().join("& ")
}

#[test]
fn as_many_duplicate_acks_go_out_as_segments_came() {
    for state in ["ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2"] {
        for segments in [1, 2, 3, 4, 10] {
            let given = if state == "FIN-WAIT-1" { "FIN-WAIT-1 SND.NXT=101" } else { state };
            let acks =
                ACK.repeat(segments as usize).replace("SEQ=100", if given == state { "SEQ=100" } else { "SEQ=101" });
            check(&format!("{given}\n{}{acks}{state} RCV.NXT=300", ahead(segments)));
        }
    }
}

#[test]
fn one_by_one_it_is_the_same() {
    check(&format!("ESTABLISHED\n{}ESTABLISHED RCV.NXT=300", format!("{}{ACK}", ahead(1)).repeat(5)));
}

/// The same segment twice counts as two segments: the network has delivered each.
#[test]
fn each_copy_counts_and_so_does_a_fin() {
    check(&format!(
        "
        ESTABLISHED
        <-- <SEQ=310><ACK=100><CTL=ACK><DATA=10>         delivers nothing
        & <-- <SEQ=310><ACK=100><CTL=ACK><DATA=10>       delivers nothing
        & <-- <SEQ=320><ACK=100><CTL=FIN,ACK>            accepted
        & <-- <SEQ=330><ACK=100><CTL=FIN,ACK><DATA=1>    delivers nothing
        {}
        ESTABLISHED RCV.NXT=300
        ",
        ACK.repeat(4)
    ));
}

/// A bare ACK takes no sequence number, so nothing is missing before it.
#[test]
fn a_bare_ack_ahead_calls_for_none() {
    check(&format!(
        "
        ESTABLISHED
        <-- <SEQ=310><ACK=100><CTL=ACK>
        & <-- <SEQ=310><ACK=100><CTL=ACK><DATA=10>       delivers nothing
        & <-- <SEQ=320><ACK=100><CTL=ACK>
        {ACK}
        ESTABLISHED
        "
    ));
}

/// The gap is filled in the same batch: no duplicate ACK has a gap to report.
#[test]
fn payload_in_order_behind_them_is_acknowledged_once_with_all() {
    check(&format!(
        "
        ESTABLISHED
        {}
        & <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>
        --> <SEQ=100><ACK=310><CTL=ACK>
        ESTABLISHED RCV.NXT=310
        ",
        ahead(3).trim_end()
    ));
    // The caller hands in again what it kept.
    check(&format!(
        "
        ESTABLISHED
        {}
        & <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>
        & <-- <SEQ=310><ACK=100><CTL=ACK><DATA=10>
        & <-- <SEQ=320><ACK=100><CTL=ACK><DATA=10>
        & <-- <SEQ=330><ACK=100><CTL=ACK><DATA=10>
        --> <SEQ=100><ACK=340><CTL=ACK>
        ESTABLISHED RCV.NXT=340
        ",
        ahead(3).trim_end()
    ));
}

#[test]
fn in_order_one_ack_answers_them_all() {
    check(
        "
        ESTABLISHED
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>
        & <-- <SEQ=310><ACK=100><CTL=ACK><DATA=10>
        & <-- <SEQ=320><ACK=100><CTL=ACK><DATA=10>
        & <-- <SEQ=330><ACK=100><CTL=FIN,ACK>
        signal: Closing
        --> <SEQ=100><ACK=331><CTL=ACK>
        CLOSE-WAIT
        ",
    );
}

#[test]
fn what_they_acknowledge_and_say_of_the_window_counts_each_time() {
    check(&format!(
        "
        ESTABLISHED SND.WND=1000
        send 20
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=20>
        <-- <SEQ=310><ACK=105><CTL=ACK><DATA=10><WND=900>    delivers nothing
        & <-- <SEQ=320><ACK=110><CTL=ACK><DATA=10><WND=800>  delivers nothing
        & <-- <SEQ=330><ACK=110><CTL=ACK><DATA=10><WND=700>  delivers nothing
        signal: Acknowledged 10
        {}
        ESTABLISHED SND.UNA=110 SND.WND=700
        ",
        "--> <SEQ=120><ACK=300><CTL=ACK>\n".repeat(3)
    ));
}

/// With timestamps each echoes that of the last segment in order (RFC 7323 section 4.3).
#[test]
fn with_timestamps_each_echoes_the_segment_before_the_gap() {
    check(&format!(
        "
        config timestamps=on, delayed_ack=200ms
        open passive
        LISTEN
        <-- <SEQ=299><CTL=SYN><TS=7,0>
        --> <SEQ=100><ACK=300><CTL=SYN,ACK><TS=0,7>
        SYN-RECEIVED
        <-- <SEQ=300><ACK=101><CTL=ACK><TS=8,0>
        ESTABLISHED
        <-- <SEQ=310><ACK=101><CTL=ACK><DATA=10><TS=9,0>     delivers nothing
        & <-- <SEQ=320><ACK=101><CTL=ACK><DATA=10><TS=10,0>  delivers nothing
        & <-- <SEQ=330><ACK=101><CTL=ACK><DATA=10><TS=11,0>  delivers nothing
        {}
        ESTABLISHED
        ",
        "--> <SEQ=101><ACK=300><CTL=ACK><TS=0,8>\n".repeat(3)
    ));
}

#[test]
fn delayed_acks_and_the_limiter_hold_none_of_them_back() {
    for config in ["delayed_ack=200ms", "challenge_limit=0", "challenge_limit=1, challenge_period=1h"] {
        check(&format!(
            "
            config {config}
            ESTABLISHED
            {}{}
            ESTABLISHED DEADLINE=none
            ",
            ahead(5),
            ACK.repeat(5)
        ));
    }
}

#[test]
fn across_the_wrap_as_many_go_out_too() {
    check(&format!(
        "
        ESTABLISHED RCV.NXT=4294967290 SND.NXT=4294967295
        <-- <SEQ=4294967295><ACK=4294967295><CTL=ACK><DATA=10>   delivers nothing
        & <-- <SEQ=9><ACK=4294967295><CTL=ACK><DATA=10>          delivers nothing
        & <-- <SEQ=19><ACK=4294967295><CTL=ACK><DATA=10>         delivers nothing
        {}
        ESTABLISHED
        ",
        "--> <SEQ=4294967295><ACK=4294967290><CTL=ACK>\n".repeat(3)
    ));
}

#[test]
fn an_end_takes_them_along() {
    check(&format!("ESTABLISHED\n{}& abort\n--> <SEQ=100><CTL=RST>\nCLOSED", ahead(3)));
    check(&format!("ESTABLISHED\n{}& <-- <SEQ=300><CTL=RST>\nsignal: Reset\nCLOSED", ahead(3)));
}

/// A caller without room stops polling. Segments that are in order by the time it polls again need no duplicate ACKs.
#[test]
fn those_not_yet_handed_out_are_taken_back_when_the_gap_is_filled() {
    let mut connection = Script::parse("ESTABLISHED SND.NXT=100 RCV.NXT=300").unwrap().run(&Config::DEFAULT).unwrap();
    let payload =
        |seq| Segment::new(SeqNumber(seq), SeqNumber(100), Control::ACK).with_payload(10).with_window(u16::MAX);
    let now = Instant::ZERO;
    for seq in [310, 320, 330] {
        assert_eq!(connection.segment_arrives(&payload(seq), now), Ok(0..0));
    }
    let mut acks = Vec::new();
    let mut poll = |connection: &mut tcp_lifecycle::Connection| match connection.poll(now) {
        Output::Transmit(transmit) => acks.push(transmit.segment.ack()),
        Output::Wait(_) => (),
        other @ (Output::Transition(_) | Output::Signal(_)) => panic!("{other:?}"),
    };
    poll(&mut connection);
    assert_eq!(connection.segment_arrives(&payload(300), now), Ok(0..10));
    for _ in 0..4 {
        poll(&mut connection);
    }
    assert_eq!(acks, [Some(SeqNumber(300)), Some(SeqNumber(310))]);
}

/// A FIN fills the gap alone: its ACK acknowledges everything.
#[test]
fn a_fin_that_fills_the_gap_drops_the_duplicates() {
    check(
        "
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300
        <-- <SEQ=310><ACK=100><CTL=ACK><DATA=10>    delivers nothing
        & <-- <SEQ=310><ACK=100><CTL=ACK><DATA=10>  delivers nothing
        & <-- <SEQ=300><ACK=100><CTL=FIN,ACK>
        signal: Closing
        --> <SEQ=100><ACK=301><CTL=ACK>
        CLOSE-WAIT
        ",
    );
}
