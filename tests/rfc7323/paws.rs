//! Protection against wrapped sequences: RFC 7323 sections 5.2, 5.3 and 5.5.

use core::time::Duration;

use tcp_lifecycle::sim::check;
use tcp_lifecycle::{Config, Control, Open, Options, Refusal, Segment, SeqNumber};

use crate::end::End;
use crate::once_agreed;

/// R1: the segment draws an ACK, and no part of it is used: payload, FIN, acknowledgment, window.
#[test]
fn an_old_segment_is_acknowledged_and_dropped() {
    once_agreed(
        "
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        <-- <SEQ=300><ACK=110><CTL=FIN,ACK><DATA=5><WND=99><TS=999,20>     refused: OldTimestamp
        --> <SEQ=110><ACK=300><CTL=ACK><TS=20,1000>
        <-- <SEQ=300><ACK=110><CTL=ACK><WND=99><TS=999,20>                 refused: RFC 7323 section 5.3, R1
        --> <SEQ=110><ACK=300><CTL=ACK><TS=20,1000>
        ESTABLISHED                     SND.UNA=100 RCV.NXT=300 SND.WND=8000
        <-- <SEQ=300><ACK=110><CTL=FIN,ACK><DATA=5><WND=99><TS=1000,20>
        signal: Acknowledged 10
        signal: Closing
        --> <SEQ=110><ACK=306><CTL=ACK><TS=20,1000>
        CLOSE-WAIT                      SND.WND=99
        ",
    );
}

/// A timestamp is older if it is 1 to 2^31 - 1 less. Half the clock away is neither older nor newer, and is accepted.
#[test]
fn the_oldest_that_is_old_is_half_the_clock_away() {
    once_agreed(
        "
        <-- <SEQ=300><ACK=100><CTL=ACK><TS=2147484649,20>       refused: OldTimestamp
        --> <SEQ=100><ACK=300><CTL=ACK><TS=20,1000>
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=1><TS=2147484648,20>
        --> <SEQ=100><ACK=301><CTL=ACK>
        ",
    );
}

/// The test comes before that of the sequence number: a segment outside the window is refused as old first.
#[test]
fn it_is_tested_before_the_sequence_number() {
    once_agreed(
        "
        <-- <SEQ=200><ACK=100><CTL=ACK><DATA=50><TS=999,20>     refused: OldTimestamp
        --> <SEQ=100><ACK=300><CTL=ACK><TS=20,1000>
        <-- <SEQ=200><ACK=100><CTL=ACK><DATA=50><TS=1000,20>    refused: NotAcceptable
        --> <SEQ=100><ACK=300><CTL=ACK><TS=20,1000>
        <-- <SEQ=9000><CTL=SYN><TS=999,0>                       refused: OldTimestamp
        --> <SEQ=100><ACK=300><CTL=ACK><TS=20,1000>
        <-- <SEQ=9000><CTL=SYN><TS=1000,0>                      refused: SynChallenged
        --> <SEQ=100><ACK=300><CTL=ACK><TS=20,1000>
        ",
    );
}

/// D4 makes no exception: the acknowledgment of an old bare ACK left of the window does not count.
#[test]
fn an_old_ack_left_of_the_window_does_not_count() {
    once_agreed(
        "
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        <-- <SEQ=299><ACK=110><CTL=ACK><TS=999,20>              refused: OldTimestamp
        --> <SEQ=110><ACK=300><CTL=ACK>
        ESTABLISHED                     SND.UNA=100
        <-- <SEQ=299><ACK=110><CTL=ACK><TS=1000,20>             accepted
        signal: Acknowledged 10
        --> <SEQ=110><ACK=300><CTL=ACK>
        ",
    );
}

/// 5.2: a reset is never old.
#[test]
fn a_reset_with_an_old_timestamp_resets() {
    once_agreed("<-- <SEQ=300><CTL=RST><TS=1,20>\n signal: Reset\n CLOSED");
    once_agreed("<-- <SEQ=300><ACK=100><CTL=RST,ACK><TS=0,20>\n signal: Reset\n CLOSED");
    once_agreed(
        "
        <-- <SEQ=301><CTL=RST><TS=1,20>         refused: ResetNotAtRcvNxt
        --> <SEQ=100><ACK=300><CTL=ACK><TS=20,1000>
        <-- <SEQ=299><CTL=RST><TS=1,20>         refused: ResetOutsideWindow
        ESTABLISHED
        ",
    );
}

/// The answers are within the limiter, with payload or without; the next period allows new ones.
#[test]
fn the_answers_are_within_the_limiter() {
    let config = Config { timestamps: true, challenge_limit: 3, ..Config::DEFAULT };
    let mut end = End::established(&config, "<SEQ=299><ACK=100><CTL=SYN,ACK><WND=8000><TS=1000,0>");
    let old = "<SEQ=300><ACK=100><CTL=ACK><DATA=5><WND=8000><TS=999,0>";
    for _ in 0..3 {
        assert_eq!(
            end.refuses(old),
            (Refusal::OldTimestamp, "<SEQ=100><ACK=300><CTL=ACK><WND=65535><TS=0,1000>".to_owned())
        );
    }
    assert_eq!(end.refuses(old), (Refusal::OldTimestamp, String::new()));
    // They share the limiter with the challenge ACKs.
    assert_eq!(end.refuses("<SEQ=301><CTL=RST>"), (Refusal::ResetNotAtRcvNxt, String::new()));
    end.wait(Duration::from_secs(5));
    assert_eq!(
        end.refuses(old),
        (Refusal::OldTimestamp, "<SEQ=100><ACK=300><CTL=ACK><WND=65535><TS=5000,1000>".to_owned())
    );
}

#[test]
fn it_holds_in_every_synchronized_state() {
    let close = "close\n --> <SEQ=100><ACK=300><CTL=FIN,ACK>\n FIN-WAIT-1\n";
    let fin_wait_2 = "<-- <SEQ=300><ACK=101><CTL=ACK><TS=1000,20>\n FIN-WAIT-2\n";
    let closing = "<-- <SEQ=300><ACK=100><CTL=FIN,ACK><TS=1000,20>\n signal: Closing\n --> <SEQ=101><ACK=301><CTL=ACK>\n CLOSING\n";
    let time_wait = "<-- <SEQ=300><ACK=101><CTL=FIN,ACK><TS=1000,20>\n signal: Closing\n --> <SEQ=101><ACK=301><CTL=ACK>\n TIME-WAIT\n";
    let close_wait = "<-- <SEQ=300><ACK=100><CTL=FIN,ACK><TS=1000,20>\n signal: Closing\n --> <SEQ=100><ACK=301><CTL=ACK>\n CLOSE-WAIT\n";
    let last_ack = "close\n --> <SEQ=100><ACK=301><CTL=FIN,ACK>\n LAST-ACK\n";
    for (way, nxt, rcv) in [
        (close.to_owned(), 101, 300),
        (format!("{close}{fin_wait_2}"), 101, 300),
        (format!("{close}{closing}"), 101, 301),
        (format!("{close}{time_wait}"), 101, 301),
        (close_wait.to_owned(), 100, 301),
        (format!("{close_wait}{last_ack}"), 101, 301),
    ] {
        once_agreed(&format!(
            "{way}
            <-- <SEQ={rcv}><ACK={nxt}><CTL=FIN,ACK><TS=999,20>      refused: OldTimestamp
            --> <SEQ={nxt}><ACK={rcv}><CTL=ACK><TS=20,1000>
            "
        ));
    }
}

/// The ACK that would establish the connection is old: the connection stays in SYN-RECEIVED.
#[test]
fn it_holds_in_syn_received() {
    check(
        "
        config timestamps=on
        ISS=99
        open passive
        LISTEN
        <-- <SEQ=299><CTL=SYN><TS=1000,0>
        --> <SEQ=99><ACK=300><CTL=SYN,ACK><TS=0,1000>
        SYN-RECEIVED
        <-- <SEQ=300><ACK=100><CTL=ACK><TS=999,0>       refused: OldTimestamp
        --> <SEQ=100><ACK=300><CTL=ACK><TS=0,1000>
        SYN-RECEIVED
        <-- <SEQ=300><ACK=100><CTL=ACK><TS=1000,0>
        ESTABLISHED
        ",
    );
}

/// TIME-WAIT: an old FIN does not restart 2 MSL, a repeated FIN with a new timestamp does.
#[test]
fn an_old_fin_does_not_prolong_time_wait() {
    once_agreed(
        "
        close
        --> <SEQ=100><ACK=300><CTL=FIN,ACK>
        FIN-WAIT-1
        <-- <SEQ=300><ACK=101><CTL=FIN,ACK><TS=1020,20>
        signal: Closing
        --> <SEQ=101><ACK=301><CTL=ACK>
        TIME-WAIT
        + 1 MSL
        <-- <SEQ=300><ACK=101><CTL=FIN,ACK><TS=1019,20>         refused: OldTimestamp
        --> <SEQ=101><ACK=301><CTL=ACK>
        TIME-WAIT                       DEADLINE=120s
        <-- <SEQ=300><ACK=101><CTL=FIN,ACK><TS=1020,20>         accepted
        --> <SEQ=101><ACK=301><CTL=ACK>
        TIME-WAIT                       DEADLINE=240s
        ",
    );
}

/// 5.5: TS.Recent is valid for 24 days.
#[test]
fn ts_recent_counts_for_twenty_four_days() {
    once_agreed(
        "
        + 552h                                                      # 23 days
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=5><TS=999,20>          refused: OldTimestamp
        --> <SEQ=100><ACK=300><CTL=ACK>
        + 48h
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=5><TS=2147484700,20>   # more than 2^31 - 1 later: it looks older
        --> <SEQ=100><ACK=305><CTL=ACK><TS=2160000020,2147484700>
        <-- <SEQ=305><ACK=100><CTL=ACK><DATA=5><TS=2147484699,20>   refused: OldTimestamp
        --> <SEQ=100><ACK=305><CTL=ACK>
        ",
    );
}

/// The 24 days may begin anywhere on the clock, which has steps of 2 h 23 min.
#[test]
fn twenty_four_days_are_whole_ones() {
    for start in [1, 4_294, 8_569, 8_570, 8_581] {
        once_agreed(&format!(
            "
            + {start}s
            <-- <SEQ=300><ACK=100><CTL=ACK><DATA=5><TS=1000,20>
            --> <SEQ=100><ACK=305><CTL=ACK>
            + 576h
            <-- <SEQ=305><ACK=100><CTL=ACK><DATA=5><TS=999,20>          refused: OldTimestamp
            --> <SEQ=100><ACK=305><CTL=ACK>
            "
        ));
    }
}

/// Its age counts from the last segment that set or confirmed it, not from the handshake.
#[test]
fn each_segment_in_order_makes_ts_recent_young_again() {
    once_agreed(
        "
        + 480h
        <-- <SEQ=300><ACK=100><CTL=ACK><TS=1000,20>
        + 480h
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=5><TS=999,20>          refused: OldTimestamp
        --> <SEQ=100><ACK=300><CTL=ACK>
        + 120h
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=5><TS=999,20>
        --> <SEQ=100><ACK=305><CTL=ACK>
        ",
    );
}

/// The receiver of a peer that sends 4 GiB, and an old duplicate that fits the window exactly.
fn after_four_gibibytes(timestamps: bool) -> (End, Segment) {
    let config = Config { timestamps, receive_buffer: 1 << 20, ..Config::DEFAULT };
    let mut end = End::new(&config);
    end.open(Open::Active);
    let options = |millis| {
        if timestamps { Options::NONE.with_timestamps(millis, 0) } else { Options::NONE }
    };
    let syn_ack = Segment::new(SeqNumber(299), SeqNumber(100), Control::SYN | Control::ACK).with_window(8_000);
    end.hand_in(&syn_ack.with_options(options(1000).with_window_scale(0))).expect("the SYN,ACK");
    end.drain();
    let segment = |seq: u32, millis| {
        Segment::new(SeqNumber(seq), SeqNumber(100), Control::ACK)
            .with_payload(1 << 15)
            .with_window(8_000)
            .with_options(options(millis))
    };
    let first = segment(300, 1000);
    let mut seq = 300_u32;
    for count in 0..1 << 17 {
        assert_eq!(end.hand_in(&segment(seq, 1000 + count / 100)), Ok(0..1 << 15));
        end.receive(1 << 15);
        end.drain();
        seq = seq.wrapping_add(1 << 15);
    }
    assert_eq!(end.connection.status().rcv_nxt, Some(first.seq()), "the numbers have come round");
    (end, first)
}

/// The purpose of PAWS.
#[test]
fn an_old_duplicate_of_a_wrapped_sequence_is_refused() {
    let (mut end, first) = after_four_gibibytes(true);
    assert_eq!(end.hand_in(&first), Err(Refusal::OldTimestamp));
    assert_eq!(end.connection.status().rcv_nxt, Some(SeqNumber(300)));
    // Without timestamps nothing distinguishes the duplicate from the expected segment.
    let (mut end, first) = after_four_gibibytes(false);
    assert_eq!(end.hand_in(&first), Ok(0..1 << 15));
}
