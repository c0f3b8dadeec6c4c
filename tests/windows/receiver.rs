//! The window that we offer: RFC 9293 section 3.8.6.2.2, D28 and D29.

use proptest::prelude::*;
use tcp_lifecycle::sim::{Script, check};
use tcp_lifecycle::{Config, Control, Instant, Output, Segment, SeqNumber};

use crate::cases::cases;

#[test]
fn a_syn_offers_the_whole_buffer() {
    check("config receive_buffer=2000\n open active\n --> <SEQ=100><CTL=SYN><WND=2000>\n SYN-SENT");
    check("config receive_buffer=100000\n open active\n --> <SEQ=100><CTL=SYN><WND=65535>\n SYN-SENT");
    check(
        "
        config receive_buffer=2000
        LISTEN
        <-- <SEQ=299><CTL=SYN>
        --> <SEQ=100><ACK=300><CTL=SYN,ACK><WND=2000>
        SYN-RECEIVED                        RCV.WND=2000
        ",
    );
}

#[test]
fn the_window_shrinks_as_payload_arrives() {
    check(
        "
        config receive_buffer=2000
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 RCV.WND=2000
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=500>
        --> <SEQ=100><ACK=800><CTL=ACK><WND=1500>
        <-- <SEQ=800><ACK=100><CTL=ACK><DATA=500>
        --> <SEQ=100><ACK=1300><CTL=ACK><WND=1000>
        ESTABLISHED                         RCV.NXT=1300 RCV.WND=1000 UNREAD=1000
        ",
    );
}

/// Bytes that the user consumes at once are offered again in the ACK of the same payload.
#[test]
fn payload_that_is_consumed_before_the_poll_does_not_shrink_the_window() {
    check(
        "
        config receive_buffer=2000
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=536>
        & receive 536
        --> <SEQ=100><ACK=836><CTL=ACK><WND=2000>
        ",
    );
}

/// MUST-39: the right edge stands still until it can move by a segment.
#[test]
fn the_right_edge_does_not_move_by_less_than_a_segment() {
    check(
        "
        config receive_buffer=2000, mss=500
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=499>
        & receive 499
        --> <SEQ=100><ACK=799><CTL=ACK><WND=1501>
        <-- <SEQ=799><ACK=100><CTL=ACK><DATA=100>
        --> <SEQ=100><ACK=899><CTL=ACK><WND=1401>
        <-- <SEQ=899><ACK=100><CTL=ACK><DATA=1>
        & receive 1
        --> <SEQ=100><ACK=900><CTL=ACK><WND=1900>   # 500 are free: 2000 less the 100 that are unread
        ",
    );
}

/// MUST-39: or by half of the buffer, where that is less.
#[test]
fn the_right_edge_moves_by_half_of_a_small_buffer() {
    check(
        "
        config receive_buffer=200
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=99>
        & receive 99
        --> <SEQ=100><ACK=399><CTL=ACK><WND=101>
        <-- <SEQ=399><ACK=100><CTL=ACK><DATA=1>
        & receive 1
        --> <SEQ=100><ACK=400><CTL=ACK><WND=200>
        ",
    );
}

/// D29.
#[test]
fn consuming_is_told_at_once_only_if_the_window_at_least_doubles() {
    let start = "
        config receive_buffer=2000
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=1000>
        --> <SEQ=100><ACK=1300><CTL=ACK><WND=1000>
    ";
    check(&format!("{start}\n receive 1000\n --> <SEQ=100><ACK=1300><CTL=ACK><WND=2000>"));
    check(&format!("{start}\n receive 999\n ESTABLISHED RCV.WND=1000 UNREAD=1"));
    check(&format!("{start}\n receive 999\n receive 1\n --> <SEQ=100><ACK=1300><CTL=ACK><WND=2000>"));
}

/// D29: smaller gains are announced with the next segment.
#[test]
fn a_smaller_gain_rides_on_the_next_segment() {
    check(
        "
        config receive_buffer=2000
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=900>
        --> <SEQ=100><ACK=1200><CTL=ACK><WND=1100>
        receive 900
        + 1m
        send 10
        --> <SEQ=100><ACK=1200><CTL=ACK><DATA=10><WND=2000>
        ",
    );
}

#[test]
fn a_closed_window_opens_with_the_first_segment_that_fits() {
    check(
        "
        config receive_buffer=2000
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=2000>
        --> <SEQ=100><ACK=2300><CTL=ACK><WND=0>
        receive 535
        ESTABLISHED                         RCV.WND=0
        receive 1
        --> <SEQ=100><ACK=2300><CTL=ACK><WND=536>
        ESTABLISHED                         RCV.WND=536
        <-- <SEQ=2300><ACK=100><CTL=ACK><DATA=536>
        --> <SEQ=100><ACK=2836><CTL=ACK><WND=0>
        ",
    );
}

/// A probe of the closed window draws the same window as an ACK under silly window avoidance.
#[test]
fn a_probe_is_answered_with_the_window_that_is_offered() {
    check(
        "
        config receive_buffer=2000
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=2000>
        --> <SEQ=100><ACK=2300><CTL=ACK><WND=0>
        receive 100
        <-- <SEQ=2300><ACK=100><CTL=ACK><DATA=1>    delivers nothing
        --> <SEQ=100><ACK=2300><CTL=ACK><WND=0>
        ",
    );
}

/// D28: the right edge moves along with RCV.NXT.
#[test]
fn the_fin_of_the_peer_takes_no_buffer() {
    check(
        "
        config receive_buffer=100
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300
        <-- <SEQ=300><ACK=100><CTL=FIN,ACK>
        signal: Closing
        --> <SEQ=100><ACK=301><CTL=ACK><WND=100>
        CLOSE-WAIT
        ",
    );
    check(
        "
        config receive_buffer=100
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300
        <-- <SEQ=300><ACK=100><CTL=FIN,ACK><DATA=60>
        signal: Closing
        --> <SEQ=100><ACK=361><CTL=ACK><WND=40>
        CLOSE-WAIT                          UNREAD=60
        receive 60                          # nothing more can come: no one waits for a larger window
        CLOSE-WAIT                          UNREAD=0
        ",
    );
}

#[test]
fn payload_beyond_the_window_is_cut_off() {
    check(
        "
        config receive_buffer=100
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300
        <-- <SEQ=300><ACK=100><CTL=FIN,ACK><DATA=150>   delivers 0..100
        --> <SEQ=100><ACK=400><CTL=ACK><WND=0>
        ESTABLISHED                         RCV.NXT=400
        ",
    );
}

/// A buffer of zero is a permanently closed window; resets and acknowledgments still count (MUST-66).
#[test]
fn a_buffer_of_zero_takes_nothing() {
    check(
        "
        config receive_buffer=0
        open active
        --> <SEQ=100><CTL=SYN><WND=0>
        SYN-SENT
        <-- <SEQ=300><ACK=101><CTL=SYN,ACK>
        --> <SEQ=101><ACK=301><CTL=ACK><WND=0>
        ESTABLISHED
        <-- <SEQ=301><ACK=101><CTL=ACK><DATA=1>     delivers nothing
        --> <SEQ=101><ACK=301><CTL=ACK><WND=0>
        send 10
        --> <SEQ=101><ACK=301><CTL=ACK><DATA=10><WND=0>
        <-- <SEQ=301><ACK=111><CTL=ACK>
        signal: Acknowledged 10
        <-- <SEQ=302><CTL=RST>                      refused
        <-- <SEQ=301><CTL=RST>
        signal: Reset
        CLOSED
        ",
    );
}

proptest! {
    #![proptest_config(cases(256))]

    /// SHLD-14: whatever arrives and is consumed, the ACK + WND that we send never moves back, and the buffer is never
    /// promised twice.
    #[test]
    fn the_right_edge_never_moves_back(
        buffer in 0u32..3000,
        steps in prop::collection::vec((0u16..700, 0usize..900, any::<bool>()), 1..60),
    ) {
        let config = Config { receive_buffer: buffer, ..Config::DEFAULT };
        let script = "ESTABLISHED SND.NXT=100 RCV.NXT=300";
        let mut connection = Script::parse(script).unwrap().run(&config).unwrap();
        let now = Instant::ZERO;
        let (mut next, mut edge, mut unread) = (300, 300 + buffer, 0);
        for (bytes, read, drain) in steps {
            let segment = Segment::new(SeqNumber(next), SeqNumber(100), Control::ACK).with_window(1000);
            let taken = connection.segment_arrives(&segment.with_payload(bytes), now).unwrap_or(0..0).len();
            next += u32::try_from(taken).unwrap();
            unread += taken;
            prop_assert!(unread <= buffer as usize);
            let read = read.min(unread);
            connection.receive(read).unwrap();
            unread -= read;
            for output in core::iter::repeat_with(|| connection.poll(now)).take(usize::from(drain) * 10) {
                match output {
                    Output::Transmit(transmit) => {
                        let offered = transmit.segment.ack().unwrap().0 + u32::from(transmit.segment.window());
                        prop_assert!(offered >= edge, "{} after {edge}", transmit.segment);
                        prop_assert!(offered - next + u32::try_from(unread).unwrap() <= buffer);
                        edge = offered;
                    }
                    Output::Wait(_) => break,
                    Output::Transition(_) | Output::Signal(_) => (),
                }
            }
        }
    }
}

/// RFC 7323 section 2.3: a window of less than one step of its field reads zero. A smaller buffer counts as one step.
#[test]
fn a_buffer_that_shrinks_still_covers_one_step_of_the_scale() {
    for (buffer, window, left) in [(1, 1, 4), (3, 1, 4), (4, 1, 4), (9, 2, 8), (0, 0, 0)] {
        check(&format!(
            "
            config receive_buffer=8, window_scale=2, mss=1
            LISTEN
            <-- <SEQ=299><CTL=SYN><WS=0>
            --> <SEQ=100><ACK=300><CTL=SYN,ACK><WND=8><MSS=1><WS=2>
            SYN-RECEIVED
            <-- <SEQ=300><ACK=101><CTL=ACK><DATA=8>
            ESTABLISHED
            --> <SEQ=101><ACK=308><CTL=ACK><WND=0>
            configure receive_buffer={buffer}, window_scale=0, mss=1
            receive 8
            {}
            ESTABLISHED                     RCV.WND={left}
            ",
            if window > 0 { format!("--> <SEQ=101><ACK=308><CTL=ACK><WND={window}>") } else { String::new() },
        ));
    }
}

/// The same if the policies change between our SYN and its answer; without the option in the answer a step is one byte.
#[test]
fn and_so_does_one_that_shrinks_before_the_answer_to_our_syn() {
    for (option, buffer) in [("<WS=0>", 4), ("", 1)] {
        check(&format!(
            "
            config receive_buffer=8, window_scale=2, mss=1
            open active
            --> <SEQ=100><CTL=SYN><WND=8><MSS=1><WS=2>
            SYN-SENT
            configure receive_buffer=1, window_scale=0, mss=1
            <-- <SEQ=299><ACK=101><CTL=SYN,ACK>{option}
            --> <SEQ=101><ACK=300><CTL=ACK>
            ESTABLISHED
            <-- <SEQ=300><ACK=101><CTL=ACK><DATA=8>
            --> <SEQ=101><ACK=308><CTL=ACK><WND=0>
            receive 8
            --> <SEQ=101><ACK=308><CTL=ACK><WND=1>
            ESTABLISHED                     RCV.WND={buffer}
            "
        ));
    }
}
