//! The clock that the caller hands in, and `deadline()`.

use core::time::Duration;

use tcp_lifecycle::sim::Script;
use tcp_lifecycle::{Config, Connection, Control, Instant, Open, Output, Segment, SeqNumber, State};

const fn seconds(seconds: u64) -> Instant {
    Instant::from_micros(seconds * 1_000_000)
}

/// The connection after a script; the clock of the script begins at zero.
#[track_caller]
fn after(script: &str) -> Connection {
    Script::parse(script).unwrap().run(&Config::DEFAULT).unwrap()
}

#[test]
fn time_that_goes_back_stands_still() {
    let mut connection = Connection::new(&Config::DEFAULT, 100);
    connection.open(Open::Active, seconds(10)).unwrap();
    drain(&mut connection, seconds(3));
    assert_eq!(connection.deadline(), Some(seconds(11)));
    connection.timeout(seconds(4));
    assert_eq!(drain(&mut connection, seconds(5)), []);
    assert_eq!(connection.deadline(), Some(seconds(11)));

    let iss = connection.status().iss.unwrap();
    let syn_ack = Segment::new(SeqNumber(300), iss + 1, Control::SYN | Control::ACK).with_window(1000);
    assert_eq!(connection.segment_arrives(&syn_ack, seconds(2)), Ok(0..0));
    drain(&mut connection, seconds(1));
    assert!(connection.status().srtt <= Some(Duration::from_micros(1)), "it took no time");

    connection.send(10, seconds(6)).unwrap();
    drain(&mut connection, seconds(6));
    assert_eq!(connection.deadline(), Some(seconds(11)), "ten seconds, where it stands, and one");
    connection.timeout(seconds(11));
    assert_eq!(drain(&mut connection, seconds(0)).len(), 2, "the timeout is told, and it is sent again");
    assert_eq!(connection.deadline(), Some(seconds(13)));
}

#[test]
fn a_timeout_before_the_deadline_does_nothing() {
    for script in ["SYN-SENT", "SYN-RECEIVED", "FIN-WAIT-1", "TIME-WAIT", "LAST-ACK"] {
        let mut connection = after(script);
        let deadline = connection.deadline().expect(script);
        let before = connection.clone();
        connection.timeout(Instant::from_micros(deadline.as_micros() - 1));
        assert_eq!(connection, before, "{script}");
        assert_eq!(connection.poll(Instant::ZERO), Output::Wait(Some(deadline)), "{script}");
    }
}

#[test]
fn poll_lets_nothing_expire() {
    for script in ["SYN-SENT", "SYN-RECEIVED", "FIN-WAIT-1", "TIME-WAIT", "LAST-ACK"] {
        let mut connection = after(script);
        let (state, deadline) = (connection.state(), connection.deadline());
        assert_eq!(connection.poll(seconds(100_000)), Output::Wait(deadline), "{script}");
        assert_eq!(connection.state(), state, "{script}");
    }
}

/// A caller that comes late gets one timeout, not several: the next deadline counts from the moment of the call.
#[test]
fn a_late_timeout_is_one_timeout() {
    let mut connection = after("ESTABLISHED\n send 10\n --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>");
    connection.timeout(seconds(50));
    let outputs = drain(&mut connection, seconds(50));
    assert_eq!(outputs.len(), 2, "{outputs:?}");
    assert_eq!(connection.deadline(), Some(seconds(52)));
    assert_eq!(connection.status().retransmissions, 1);
}

/// At the end of time the clock saturates and does not overflow.
#[test]
fn the_end_of_time_does_not_overflow() {
    let end = Instant::from_micros(u64::MAX);
    let mut connection = Connection::new(&Config::DEFAULT, 100);
    connection.open(Open::Active, end).unwrap();
    drain(&mut connection, end);
    connection.timeout(end);
    drain(&mut connection, end);
    assert!(matches!(connection.state(), State::SynSent | State::Closed));
}

/// A caller that handles all expired deadlines comes to an end there too: no timer is still due when the clock cannot
/// advance any further.
#[test]
fn at_the_last_moment_what_is_due_comes_to_an_end() {
    let end = Instant::from_micros(u64::MAX);
    let waiting = [
        "SYN-SENT",
        "SYN-RECEIVED",
        "ESTABLISHED\n send 10\n --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>",
        "ESTABLISHED SND.WND=0\n send 10",
        "config keep_alive=1m 10s 2\n ESTABLISHED",
        "config delayed_ack=200ms\n ESTABLISHED\n <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>",
        "FIN-WAIT-1",
        "CLOSING",
        "LAST-ACK",
        "TIME-WAIT",
    ];
    let policies = ["", "config r2=none, syn_r2=none, user_timeout=none\n", "config msl=1000h\n"];
    for (script, policy) in waiting.into_iter().flat_map(|script| policies.map(|policy| (script, policy))) {
        for now in [end, Instant::from_micros(u64::MAX - 1)] {
            let mut connection = after(&format!("{policy}{script}"));
            for turn in 0.. {
                let Some(deadline) = connection.deadline().filter(|deadline| *deadline <= now) else { break };
                assert!(turn < 100, "{policy}{script}: {deadline} is past again and again");
                connection.timeout(now);
                drain(&mut connection, now);
            }
        }
    }
}

/// A connection that waits for the network has a timer running. A connection that waits for its user or its peer's user
/// has none.
#[test]
fn every_state_that_waits_for_the_network_has_a_deadline() {
    let waiting = [
        "SYN-SENT",
        "SYN-RECEIVED",
        "FIN-WAIT-1",
        "CLOSING",
        "LAST-ACK",
        "TIME-WAIT",
        "ESTABLISHED\n send 10\n --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>",
        "CLOSE-WAIT SND.NXT=100 RCV.NXT=300\n send 10\n --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>",
        "ESTABLISHED SND.WND=0\n send 10",
        "CLOSE-WAIT SND.WND=0\n send 10",
        "ESTABLISHED SND.WND=0\n close\n FIN-WAIT-1",
        "CLOSE-WAIT SND.WND=0\n close\n LAST-ACK",
        "CLOSE-WAIT SND.WND=0\n send 10\n close",
        "ESTABLISHED SND.WND=0\n send 10\n close\n FIN-WAIT-1",
    ];
    for script in waiting {
        let script = if script.ends_with("send 10\n close") && script.starts_with("CLOSE-WAIT") {
            format!("{script}\n CLOSE-WAIT")
        } else {
            script.to_string()
        };
        assert!(after(&script).deadline().is_some(), "{script}");
    }
    for script in ["", "LISTEN", "ESTABLISHED", "FIN-WAIT-2", "CLOSE-WAIT", "ESTABLISHED SND.WND=0"] {
        assert_eq!(after(script).deadline(), None, "{script}");
    }
}

/// Before it is drained, the deadline follows from the segments that were returned so far.
#[test]
fn the_deadline_is_what_wait_says() {
    let mut connection = after("ESTABLISHED\n send 10\n --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>");
    let ack = Segment::new(SeqNumber(300), SeqNumber(110), Control::ACK).with_window(1000);
    assert_eq!(connection.segment_arrives(&ack, seconds(0)), Ok(0..0));
    connection.close(seconds(0)).unwrap();
    assert_eq!(connection.deadline(), None);
    let outputs = drain(&mut connection, seconds(0));
    assert_eq!(outputs.len(), 3, "a transition, a signal, a FIN: {outputs:?}");
    assert_eq!(connection.deadline(), Some(seconds(1)));
    assert_eq!(connection.poll(seconds(0)), Output::Wait(Some(seconds(1))));
}

/// The outputs before `Wait`, whose deadline must equal `deadline()`.
#[track_caller]
fn drain(connection: &mut Connection, now: Instant) -> Vec<Output> {
    let mut outputs = Vec::new();
    loop {
        match connection.poll(now) {
            Output::Wait(deadline) => {
                assert_eq!(deadline, connection.deadline());
                return outputs;
            }
            output @ (Output::Transition(_) | Output::Signal(_) | Output::Transmit(_)) => outputs.push(output),
        }
    }
}
