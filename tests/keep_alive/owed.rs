//! A probe satisfies nothing that is owed: no window holds it back, and its peer uses neither its acknowledgment nor
//! its window (RFC 9293 section 3.10.7.4, first). An ACK that is owed is sent in a segment of its own.

use core::time::Duration;

use tcp_lifecycle::sim::Script;
use tcp_lifecycle::{Config, Connection, Instant, Output};

/// The segments of a host that wakes twenty seconds late, with one more event before it polls.
fn late(policies: &str, script: &str, event: impl FnOnce(&mut Connection, Instant)) -> Vec<String> {
    let script = format!("config keep_alive=10s 1s 3{policies}\nESTABLISHED\n{script}");
    let mut connection = Script::parse(&script).unwrap().run(&Config::DEFAULT).unwrap();
    let now = connection.deadline().unwrap() + Duration::from_secs(20);
    connection.timeout(now);
    event(&mut connection, now);
    let mut segments = Vec::new();
    loop {
        match connection.poll(now) {
            Output::Transmit(transmit) => segments.push(transmit.segment.to_string()),
            Output::Wait(_) => return segments,
            Output::Transition(_) | Output::Signal(_) => {}
        }
    }
}

const TEN_BYTES: &str = "<SEQ=300><ACK=100><CTL=ACK><DATA=10>";

#[test]
fn a_delayed_ack_that_is_late_too_goes() {
    assert_eq!(
        late(", delayed_ack=40ms", &format!("<-- {TEN_BYTES}"), |_, _| {}),
        ["<SEQ=99><ACK=310><CTL=ACK><WND=65525>", "<SEQ=100><ACK=310><CTL=ACK><WND=65525>"]
    );
}

/// Otherwise the peer would wait for it until its own probe.
#[test]
fn a_window_that_opens_is_told() {
    assert_eq!(
        late(
            ", receive_buffer=1000, mss=100",
            "<-- <SEQ=300><ACK=100><CTL=ACK><DATA=1000>\n--> <SEQ=100><ACK=1300><CTL=ACK><WND=0>",
            |connection, _| connection.receive(1000).unwrap()
        ),
        ["<SEQ=99><ACK=1300><CTL=ACK>", "<SEQ=100><ACK=1300><CTL=ACK><WND=1000>"]
    );
}

#[test]
fn a_repeat_is_answered() {
    assert_eq!(
        late("", &format!("<-- {TEN_BYTES}\n--> <SEQ=100><ACK=310><CTL=ACK>"), |connection, now| {
            connection.segment_arrives(&TEN_BYTES.parse().unwrap(), now).unwrap_err();
        }),
        ["<SEQ=99><ACK=310><CTL=ACK><WND=65525>", "<SEQ=100><ACK=310><CTL=ACK><WND=65525>"]
    );
}

#[test]
fn what_the_caller_asks_for_goes() {
    assert_eq!(
        late("", "", |connection, _| connection.acknowledge_now()),
        ["<SEQ=99><ACK=300><CTL=ACK><WND=65535>", "<SEQ=100><ACK=300><CTL=ACK><WND=65535>"]
    );
}
