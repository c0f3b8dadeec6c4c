//! Bugs of the reset: wrong numbers, resets in answer to resets, and blind resets that ended connections.

use tcp_lifecycle::sim::Script;
use tcp_lifecycle::{Config, Connection, Control, Instant, Output, Segment, SeqNumber};

use super::check;

/// smoltcp #338; picoTCP #142; gVisor 3dc3cffb2; Netstack3.
#[test]
fn a_reset_is_never_answered_with_a_reset() {
    let states = [
        "CLOSED",
        "LISTEN",
        "SYN-SENT",
        "SYN-RECEIVED",
        "ESTABLISHED",
        "FIN-WAIT-1",
        "FIN-WAIT-2",
        "CLOSE-WAIT",
        "CLOSING",
        "LAST-ACK",
        "TIME-WAIT",
    ];
    for state in states {
        let script = if state == "CLOSED" { String::new() } else { format!("{state}\n") };
        let connection = Script::parse(&script).unwrap().run(&Config::DEFAULT).unwrap();
        for control in [Control::RST, Control::RST | Control::ACK, Control::RST | Control::SYN | Control::ACK] {
            for (seq, ack) in (298..=302).flat_map(|seq| (98..=102).map(move |ack| (seq, ack))) {
                let segment = Segment::new(SeqNumber(seq), SeqNumber(ack), control).with_window(1000);
                let answers = answers(&connection, &segment);
                let reset = answers.iter().find(|answer| answer.control().contains(Control::RST));
                assert_eq!(reset, None, "{state}, {segment}");
            }
        }
    }
}

/// smoltcp #851, PR #1058; picoTCP #53.
#[test]
fn a_listener_leaves_alone_what_is_not_for_it_and_is_free_again_after_a_reset() {
    check(
        "
        open passive
        LISTEN
        <-- <SEQ=301><CTL=RST>                      refused: ResetInListen
        <-- <SEQ=301><ACK=101><CTL=RST,ACK>         refused: ResetInListen
        LISTEN
        <-- <SEQ=300><ACK=500><CTL=SYN,ACK>         refused: AckInListen
        --> <SEQ=500><CTL=RST>
        LISTEN
        <-- <SEQ=300><CTL=SYN>
        --> <SEQ=100><ACK=301><CTL=SYN,ACK>
        SYN-RECEIVED
        <-- <SEQ=301><CTL=RST>
        LISTEN                                      DEADLINE=none
        ISS=700
        <-- <SEQ=900><CTL=SYN>
        --> <SEQ=700><ACK=901><CTL=SYN,ACK>
        SYN-RECEIVED
        ",
    );
}

/// smoltcp #815; Zephyr #48465.
#[test]
fn a_peer_that_has_restarted_is_told_and_cured() {
    check(
        "
        ESTABLISHED                                 SND.NXT=100 RCV.NXT=300
        <-- <SEQ=4000><CTL=SYN>                     refused
        --> <SEQ=100><ACK=300><CTL=ACK>
        ESTABLISHED
        <-- <SEQ=300><CTL=RST>                      # the answer of SYN-SENT to that ACK
        signal: Reset
        CLOSED
        ",
    );
}

/// smoltcp #1097: an abort whose reset cannot leave. `poll` has returned the reset, and nothing more follows.
#[test]
fn an_abort_is_done_after_one_drain() {
    let mut connection = Script::parse("ESTABLISHED").unwrap().run(&Config::DEFAULT).unwrap();
    connection.abort().unwrap();
    assert!(matches!(connection.poll(Instant::ZERO), Output::Transition(_)));
    assert!(matches!(connection.poll(Instant::ZERO), Output::Transmit(_)));
    assert_eq!(connection.poll(Instant::ZERO), Output::Wait(None));
    assert_eq!(connection.poll(Instant::ZERO), Output::Wait(None));
}

/// gVisor PR #12567; smoltcp sends <CTL=RST,ACK> with an ACK of zero there.
#[test]
fn an_abort_in_syn_sent_is_silent() {
    check("open active\n --> <SEQ=100><CTL=SYN>\n SYN-SENT\n abort\n CLOSED\n + 1h\n CLOSED");
}

/// gVisor 484ef1208, #1132; lwIP #48170; smoltcp; Netstack3.
#[test]
fn a_blind_reset_in_the_window_is_challenged() {
    check(
        "
        ESTABLISHED                                 SND.NXT=100 RCV.NXT=300
        <-- <SEQ=301><CTL=RST>                      refused: ResetNotAtRcvNxt
        --> <SEQ=100><ACK=300><CTL=ACK>
        <-- <SEQ=65834><CTL=RST>                    refused: ResetNotAtRcvNxt
        --> <SEQ=100><ACK=300><CTL=ACK>
        <-- <SEQ=65835><CTL=RST>                    refused: ResetOutsideWindow
        <-- <SEQ=299><CTL=RST>                      refused: ResetOutsideWindow
        ESTABLISHED
        ",
    );
}

/// lwIP #34111; FreeRTOS #700; Zephyr PR #90087; demikernel.
#[test]
fn a_reset_carries_the_numbers_of_the_rfc() {
    let table = [
        ("<SEQ=900><CTL=SYN>", "<SEQ=0><ACK=901><CTL=RST,ACK>"),
        ("<SEQ=900><CTL=FIN>", "<SEQ=0><ACK=901><CTL=RST,ACK>"),
        ("<SEQ=900><CTL=SYN,FIN>", "<SEQ=0><ACK=902><CTL=RST,ACK>"),
        ("<SEQ=900><CTL=SYN,FIN><DATA=10>", "<SEQ=0><ACK=912><CTL=RST,ACK>"),
        ("<SEQ=900><CTL=PSH><DATA=10>", "<SEQ=0><ACK=910><CTL=RST,ACK>"),
        ("<SEQ=4294967295><CTL=SYN>", "<SEQ=0><ACK=0><CTL=RST,ACK>"),
        ("<SEQ=900><ACK=77><CTL=ACK>", "<SEQ=77><CTL=RST>"),
        ("<SEQ=900><ACK=77><CTL=SYN,ACK>", "<SEQ=77><CTL=RST>"),
        ("<SEQ=900><ACK=77><CTL=FIN,ACK><DATA=10>", "<SEQ=77><CTL=RST>"),
        ("<SEQ=900><ACK=0><CTL=ACK>", "<SEQ=0><CTL=RST>"),
    ];
    for (segment, reset) in table {
        check(&format!("<-- {segment}   refused\n --> {reset}\n CLOSED"));
        if segment.contains("ACK=") {
            check(&format!("LISTEN\n <-- {segment}   refused\n --> {reset}\n LISTEN"));
            check(&format!("SYN-SENT SND.NXT=101\n <-- {segment}   refused\n --> {reset}\n SYN-SENT"));
        }
    }
}

/// lwIP #26251; smoltcp.
#[test]
fn a_reset_does_not_end_time_wait_unless_the_policy_says_so() {
    check(
        "
        TIME-WAIT                                   SND.NXT=101 RCV.NXT=301
        <-- <SEQ=301><CTL=RST>                      refused: ResetInTimeWait
        TIME-WAIT                                   DEADLINE=4m
        ",
    );
    check(
        "
        config reset_in_time_wait=on
        TIME-WAIT                                   SND.NXT=101 RCV.NXT=301
        <-- <SEQ=302><CTL=RST>                      refused
        --> <SEQ=101><ACK=301><CTL=ACK>
        <-- <SEQ=301><CTL=RST>
        CLOSED
        ",
    );
}

/// Linux, CVE-2016-5696: one connection's use of the limiter is not visible at another.
#[test]
fn the_limiter_of_one_connection_is_not_that_of_another() {
    let established = Script::parse("ESTABLISHED SND.NXT=100 RCV.NXT=300").unwrap();
    let mut victim = established.run(&Config::DEFAULT).unwrap();
    let other = established.run(&Config::DEFAULT).unwrap();
    let blind = Segment::new(SeqNumber(301), SeqNumber(0), Control::RST);
    let mut challenges = 0;
    for _ in 0..100 {
        victim.segment_arrives(&blind, Instant::ZERO).unwrap_err();
        challenges += drain(&mut victim).len();
    }
    assert_eq!(challenges, usize::from(Config::DEFAULT.challenge_limit));
    assert_eq!(answers(&other, &blind).len(), 1);
}

/// The answers to a segment, in a copy of the connection.
fn answers(connection: &Connection, segment: &Segment) -> Vec<Segment> {
    let mut connection = connection.clone();
    let _ = connection.segment_arrives(segment, Instant::ZERO);
    drain(&mut connection)
}

/// The segments before `Wait`.
fn drain(connection: &mut Connection) -> Vec<Segment> {
    let mut segments = Vec::new();
    loop {
        match connection.poll(Instant::ZERO) {
            Output::Transmit(transmit) => segments.push(transmit.segment),
            Output::Transition(_) | Output::Signal(_) => (),
            Output::Wait(_) => return segments,
        }
    }
}
