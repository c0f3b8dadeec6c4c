//! The user timeout: RFC 9293 section 3.10.8, D18 and D20.

use core::time::Duration;

use tcp_lifecycle::sim::{Script, check};
use tcp_lifecycle::{Config, Connection, Control, Instant, Output, Segment, SeqNumber, Signal, State};

#[test]
fn it_ends_a_connection_whose_payload_makes_no_progress() {
    check(
        "
        config user_timeout=5s
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300
        + 1h
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        + 2s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        ESTABLISHED                         DEADLINE=2s
        + 2s
        signal: TimedOut
        CLOSED                              DEADLINE=none
        + 1h
        CLOSED
        ",
    );
}

#[test]
fn it_ends_an_attempt_to_open() {
    check(
        "
        config user_timeout=2500ms
        open active
        --> <SEQ=100><CTL=SYN>
        SYN-SENT
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=100><CTL=SYN>
        + 1500ms
        signal: TimedOut
        CLOSED                              DEADLINE=none
        ",
    );
}

#[test]
fn it_ends_the_wait_for_the_acknowledgment_of_a_fin() {
    for state in ["FIN-WAIT-1", "CLOSING", "LAST-ACK"] {
        check(&format!(
            "
            config user_timeout=2s
            {state}                         SND.NXT=101 RCV.NXT=301
            + 1s
            signal: RetransmissionTimeout
            --> <SEQ=100><ACK=301><CTL=FIN,ACK>
            + 1s
            signal: TimedOut
            CLOSED                          DEADLINE=none
            "
        ));
    }
}

/// D18.
#[test]
fn a_passive_syn_received_returns_to_listen() {
    check(
        "
        config user_timeout=2s
        open passive
        LISTEN
        <-- <SEQ=700><CTL=SYN>
        --> <SEQ=100><ACK=701><CTL=SYN,ACK>
        SYN-RECEIVED
        + 1s
        --> <SEQ=100><ACK=701><CTL=SYN,ACK>
        + 1s
        LISTEN                              DEADLINE=none
        <-- <SEQ=900><CTL=SYN>
        --> <SEQ=100><ACK=901><CTL=SYN,ACK>
        SYN-RECEIVED
        ",
    );
}

#[test]
fn it_never_ends_an_idle_connection() {
    for state in ["ESTABLISHED", "CLOSE-WAIT", "FIN-WAIT-2", "LISTEN"] {
        check(&format!("config user_timeout=1s\n {state} DEADLINE=none\n + 9h\n {state}"));
    }
}

#[test]
fn it_does_not_count_what_was_idle_before() {
    check(
        "
        config user_timeout=3s
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        + 500ms
        <-- <SEQ=300><ACK=110><CTL=ACK>
        signal: Acknowledged 10
        + 2s
        send 10
        --> <SEQ=110><ACK=300><CTL=ACK><DATA=10>
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=110><ACK=300><CTL=ACK><DATA=10>
        + 2s
        signal: TimedOut
        CLOSED
        ",
    );
}

#[test]
fn it_runs_from_the_last_progress() {
    check(
        "
        config user_timeout=2s, nagle=off
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300
        send 20
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=20>
        + 900ms
        <-- <SEQ=300><ACK=105><CTL=ACK>
        signal: Acknowledged 5
        + 900ms
        <-- <SEQ=300><ACK=110><CTL=ACK>
        signal: Acknowledged 5
        ESTABLISHED                         SND.UNA=110
        + 500ms
        send 10                             # no progress
        --> <SEQ=120><ACK=300><CTL=ACK><DATA=10>
        <-- <SEQ=300><ACK=110><CTL=ACK>     # none either
        + 500ms
        signal: RetransmissionTimeout
        --> <SEQ=110><ACK=300><CTL=ACK><DATA=20>
        + 1s
        signal: TimedOut
        CLOSED
        ",
    );
}

#[test]
fn five_minutes_are_the_default() {
    let mut script = String::from(
        "
        config r1=0, r2=none, rto_max=1s
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        ",
    );
    for _ in 0..299 {
        script += "+ 1s\n signal: RetransmissionTimeout\n --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>\n";
    }
    check(&(script + "+ 1s\n signal: TimedOut\n CLOSED"));
}

/// MUST-37. The exchange lasts far longer than the user timeout.
#[test]
fn a_peer_that_answers_probes_is_never_given_up() {
    let config = Config { user_timeout: Some(Duration::from_secs(5)), ..Config::DEFAULT };
    let (mut connection, mut now) = behind_a_closed_window(&config);
    for _ in 0..200 {
        now = connection.deadline().expect("a closed window is probed");
        connection.timeout(now);
        let [Output::Transmit(probe)] = &drain(&mut connection, now)[..] else { panic!("a probe at {now}") };
        assert_eq!((probe.segment.seq(), probe.segment.payload_len()), (SeqNumber(100), 1));
        now = now + Duration::from_millis(50);
        let answer = Segment::new(SeqNumber(300), SeqNumber(100), Control::ACK).with_window(0);
        assert_eq!(connection.segment_arrives(&answer, now), Ok(0..0));
        assert_eq!(drain(&mut connection, now), []);
    }
    assert!(now > Instant::from_micros(300_000_000), "the probes come later, up to a third of the user timeout");
    assert_eq!(connection.state(), State::Established);
}

/// SHLD-11: R2 counts from the first unanswered probe, not from the pause before it.
#[test]
fn one_lost_probe_does_not_end_a_connection() {
    let mut script = String::from("ESTABLISHED SND.NXT=100 RCV.NXT=300 SND.WND=0\n send 5\n");
    for pause in [1, 2, 4, 8, 16, 32, 60, 60] {
        script +=
            &format!("+ {pause}s\n --> <SEQ=100><ACK=300><CTL=ACK><DATA=1>\n <-- <SEQ=300><ACK=100><CTL=ACK><WND=0>\n");
    }
    script += "+ 60s\n --> <SEQ=100><ACK=300><CTL=ACK><DATA=1>     # lost\n";
    script += "+ 60s\n --> <SEQ=100><ACK=300><CTL=ACK><DATA=1>\n <-- <SEQ=300><ACK=100><CTL=ACK><WND=0>\n";
    script += "+ 60s\n --> <SEQ=100><ACK=300><CTL=ACK><DATA=1>\n ESTABLISHED";
    check(&script);
}

#[test]
fn a_peer_that_answers_no_probe_is_given_up_after_the_user_timeout() {
    let user_timeout = Duration::from_secs(10);
    let config = Config { user_timeout: Some(user_timeout), ..Config::DEFAULT };
    let (mut connection, sent) = behind_a_closed_window(&config);
    let (end, signals) = until_closed(&mut connection);
    assert_eq!(signals.last(), Some(&Signal::TimedOut));
    let first_probe = sent + Duration::from_secs(1);
    assert!(sent + user_timeout <= end && end <= first_probe + user_timeout, "{end}");
}

#[test]
fn a_peer_that_stops_answering_probes_is_given_up_after_the_user_timeout() {
    let user_timeout = Duration::from_secs(100);
    let config = Config { user_timeout: Some(user_timeout), r2: Duration::MAX, ..Config::DEFAULT };
    let (mut connection, mut now) = behind_a_closed_window(&config);
    for _ in 0..10 {
        now = connection.deadline().expect("a closed window is probed");
        connection.timeout(now);
        assert_eq!(drain(&mut connection, now).len(), 1);
        let answer = Segment::new(SeqNumber(300), SeqNumber(100), Control::ACK).with_window(0);
        assert_eq!(connection.segment_arrives(&answer, now), Ok(0..0));
        assert_eq!(drain(&mut connection, now), []);
    }
    let unanswered = connection.deadline().expect("the next probe");
    let (end, signals) = until_closed(&mut connection);
    assert_eq!(signals.last(), Some(&Signal::TimedOut));
    assert!(now + user_timeout <= end && end <= unanswered + user_timeout, "{end}");
}

/// SHLD-30: a byte that was never sent has a pause before its first probe. The pause does not count as time without an
/// answer, even if the user timeout is no longer than the pause.
#[test]
fn the_first_probe_of_a_byte_does_not_count_what_came_before_it() {
    for millis in [1_000, 1_001, 1_500] {
        let config = Config { r1: 0, user_timeout: Some(Duration::from_millis(millis)), ..Config::DEFAULT };
        let (mut connection, _) = behind_a_closed_window(&config);
        for taken in 0..4 {
            let now = connection.deadline().expect("a closed window is probed");
            connection.timeout(now);
            let [Output::Transmit(probe)] = &drain(&mut connection, now)[..] else { panic!("a probe at {now}") };
            assert_eq!((probe.segment.seq(), probe.segment.payload_len()), (SeqNumber(100 + taken), 1));
            let answer = Segment::new(SeqNumber(300), SeqNumber(101 + taken), Control::ACK).with_window(0);
            assert_eq!(connection.segment_arrives(&answer, now), Ok(0..0));
            assert_eq!(drain(&mut connection, now), [Output::Signal(Signal::Acknowledged(1))]);
        }
        assert_eq!(connection.state(), State::Established);
    }
}

/// SHLD-30: the next probe is due one timeout after the answer, not at the former end of the user timeout.
#[test]
fn an_answer_that_is_late_stops_the_user_timeout() {
    check(
        "
        config r1=0, user_timeout=12s
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=0
        send 5
        + 1s
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=1>
        + 2s
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=1>
        + 4s
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=1>
        + 4s
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=1>
        ESTABLISHED                         DEADLINE=2s
        + 1s
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=0>
        ESTABLISHED                         DEADLINE=4s
        ",
    );
}

/// The same for R2: 100 s without an answer.
#[test]
fn a_peer_that_answers_no_probe_is_given_up_after_r2() {
    let (mut connection, _) = behind_a_closed_window(&Config::DEFAULT);
    let (end, signals) = until_closed(&mut connection);
    assert_eq!(signals, [Signal::Retransmitting, Signal::TimedOut]);
    assert_eq!(end, Instant::from_micros(123_000_000), "probes at 1, 3, 7, 15, 31 and 63 s, and 60 s more");
}

/// ESTABLISHED at time zero, with five bytes queued behind a window of zero.
#[track_caller]
fn behind_a_closed_window(config: &Config) -> (Connection, Instant) {
    let script = "ESTABLISHED SND.NXT=100 RCV.NXT=300 SND.WND=0\n send 5\n ESTABLISHED DEADLINE=1s";
    (Script::parse(script).unwrap().run(config).unwrap(), Instant::ZERO)
}

/// The time of the end, if nothing arrives, and the signals until then.
#[track_caller]
fn until_closed(connection: &mut Connection) -> (Instant, Vec<Signal>) {
    let mut signals = Vec::new();
    for _ in 0..1000 {
        let now = connection.deadline().expect("it waits for the network");
        connection.timeout(now);
        signals.extend(drain(connection, now).into_iter().filter_map(|output| match output {
            Output::Signal(signal) => Some(signal),
            Output::Transition(_) | Output::Transmit(_) | Output::Wait(_) => None,
        }));
        if connection.state() == State::Closed {
            return (now, signals);
        }
    }
    panic!("it is never given up");
}

/// The outputs before `Wait`.
fn drain(connection: &mut Connection, now: Instant) -> Vec<Output> {
    core::iter::repeat_with(|| connection.poll(now)).take_while(|output| !matches!(output, Output::Wait(_))).collect()
}
