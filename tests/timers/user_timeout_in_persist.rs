//! By policy the user timeout bounds a persist whose probes are answered: RFC 9293 section 3.9.1.1, RFC 6429.

use core::time::Duration;

use tcp_lifecycle::sim::{Script, check};
use tcp_lifecycle::{Config, Connection, Control, Instant, Output, Segment, SeqNumber, Signal, State};

const PERSIST: Config =
    Config { user_timeout: Some(Duration::from_secs(30)), user_timeout_in_persist: true, r1: 0, ..Config::DEFAULT };

/// ESTABLISHED at time zero, with five bytes queued behind a window of zero.
#[track_caller]
fn behind_a_closed_window(config: &Config) -> Connection {
    Script::parse("ESTABLISHED SND.NXT=100 RCV.NXT=300 SND.WND=0\n send 5").unwrap().run(config).unwrap()
}

/// The time of the end, if each probe is answered and `una` advances by `advance` each time; at most an hour later.
#[track_caller]
fn answered_to_the_end(connection: &mut Connection, advance: u32) -> (Instant, Vec<Signal>) {
    let (mut now, mut una) = (Instant::ZERO, SeqNumber(100));
    let mut signals = Vec::new();
    while connection.state() != State::Closed && now < Instant::from_micros(3_600_000_000) {
        let Some(deadline) = connection.deadline() else { break };
        now = deadline;
        connection.timeout(now);
        let mut probed = false;
        loop {
            match connection.poll(now) {
                Output::Transmit(transmit) => probed |= transmit.segment.payload_len() > 0,
                Output::Signal(signal) => signals.push(signal),
                Output::Transition(_) => {}
                Output::Wait(_) => break,
            }
        }
        if probed {
            una += advance;
            let answer = Segment::new(SeqNumber(300), una, Control::ACK).with_window(0);
            connection.segment_arrives(&answer, now).unwrap();
            while !matches!(connection.poll(now), Output::Wait(_)) {}
        }
    }
    (now, signals)
}

/// The peer answers, and accepts nothing: it is given up after the user timeout, and not much later.
#[test]
fn a_peer_that_answers_and_takes_nothing_is_given_up_after_the_user_timeout() {
    let mut connection = behind_a_closed_window(&PERSIST);
    let (end, signals) = answered_to_the_end(&mut connection, 0);
    assert_eq!((connection.state(), signals.last()), (State::Closed, Some(&Signal::TimedOut)));
    assert!(Instant::from_micros(30_000_000) <= end && end <= Instant::from_micros(41_000_000), "{end}");
}

/// MUST-37: off by default.
#[test]
fn by_default_a_peer_that_answers_is_never_given_up() {
    const { assert!(!Config::DEFAULT.user_timeout_in_persist && Config::linux().user_timeout_in_persist) };
    let mut connection = behind_a_closed_window(&Config { user_timeout_in_persist: false, ..PERSIST });
    answered_to_the_end(&mut connection, 0);
    assert_eq!(connection.state(), State::Established);
}

/// Any progress counts: a peer that accepts a byte with each probe is not given up.
#[test]
fn a_peer_that_takes_the_probes_is_not_given_up() {
    let config = Config { user_timeout: Some(Duration::from_secs(15)), ..PERSIST };
    let script = "ESTABLISHED SND.NXT=100 RCV.NXT=300 SND.WND=0\n send 20";
    let mut connection = Script::parse(script).unwrap().run(&config).unwrap();
    let (end, _) = answered_to_the_end(&mut connection, 1);
    assert_eq!(connection.state(), State::Established);
    assert_eq!(connection.status().unsent + connection.status().in_flight, 0);
    assert!(end > Instant::from_micros(60_000_000), "{end}");
}

/// Without a user timeout there is nothing that could bound it.
#[test]
fn without_a_user_timeout_nothing_bounds_it() {
    let mut connection = behind_a_closed_window(&Config { user_timeout: None, ..PERSIST });
    answered_to_the_end(&mut connection, 0);
    assert_eq!(connection.state(), State::Established);
}

/// A closed window with nothing to send is no persist.
#[test]
fn an_idle_connection_is_not_bounded() {
    check("config user_timeout_in_persist=on, user_timeout=3s\nESTABLISHED SND.WND=0 DEADLINE=none\n+ 9h\nESTABLISHED");
}

/// The user timeout counts from the last progress, and the acknowledgment that closed the window is progress. A probe
/// is sent one timeout later, however long the loss before had lasted.
#[test]
fn an_acknowledgment_that_closes_the_window_is_progress() {
    check(
        "
        config r1=0, user_timeout=60s, user_timeout_in_persist=on, r2=none
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=10
        send 20
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        + 2s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        + 4s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        + 8s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        + 16s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        + 19s
        <-- <SEQ=300><ACK=110><CTL=ACK><WND=0>
        signal: Acknowledged 10
        ESTABLISHED                         DEADLINE=20s
        + 20s
        --> <SEQ=110><ACK=300><CTL=ACK><DATA=1>
        + 20s
        --> <SEQ=110><ACK=300><CTL=ACK><DATA=1>
        + 20s
        signal: TimedOut
        CLOSED
        ",
    );
}

/// Nothing was queued until now, and the window closes before the poll.
#[test]
fn what_is_queued_as_the_window_closes_is_probed_one_timeout_later() {
    for policies in ["user_timeout=30s, user_timeout_in_persist=on, r2=none", "user_timeout=none"] {
        check(&format!(
            "
            config {policies}
            ESTABLISHED                     SND.NXT=100 RCV.NXT=300 SND.WND=1000
            + 1h
            send 10
            & <-- <SEQ=300><ACK=100><CTL=ACK><WND=0>
            ESTABLISHED                     DEADLINE=1s
            + 1s
            --> <SEQ=100><ACK=300><CTL=ACK><DATA=1>
            "
        ));
    }
    // With a limit of zero the connection waits for the caller, for any time.
    check(
        "
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=1000
        limit 0
        send 10
        + 5s
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=0>
        ESTABLISHED                         DEADLINE=none
        ",
    );
}

/// A window that opens too little and closes again postpones the end no more than the probe does.
#[test]
fn a_window_that_toggles_does_not_put_off_the_end() {
    check(
        "
        config r1=0, rto_initial=32s, rto_min=32s, user_timeout=40s, user_timeout_in_persist=on, r2=none
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=1000
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=0>
        send 10
        ESTABLISHED                         DEADLINE=32s
        + 20s
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=1>
        ESTABLISHED                         DEADLINE=1s
        + 500ms
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=0>
        ESTABLISHED                         DEADLINE=19500ms
        ",
    );
}
