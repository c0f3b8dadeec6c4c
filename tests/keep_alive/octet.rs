//! MAY-6: a probe with one octet of garbage, for peers that do not answer a segment without payload.

use tcp_lifecycle::{Config, Connection, Instant, Status};

use super::end::{QUICK_CONFIG, after, drain, expires, seconds, segment};

const OCTET: Config = Config { keep_alive_octet: true, ..QUICK_CONFIG };

/// Expects one probe with an octet that is no byte of the send queue.
#[track_caller]
fn probes(connection: &mut Connection, now: Instant, expected: &str) {
    let transmits = expires(connection, now);
    assert_eq!(transmits.len(), 1, "{transmits:?}");
    let probe = &transmits[0];
    assert_eq!(probe.segment.payload_len(), 1);
    assert!(probe.payload.is_empty(), "{:?}", probe.payload);
    let expected = segment(expected);
    assert_eq!(
        (probe.segment.seq(), probe.segment.ack(), probe.segment.control()),
        (expected.seq(), expected.ack(), expected.control())
    );
}

/// The variables that the octet must not change.
fn variables(connection: &Connection) -> Status {
    let mut status = connection.status();
    (status.retransmissions, status.timer) = (0, None);
    status
}

/// SHLD-12: without payload by default.
#[test]
fn by_default_a_probe_has_no_payload() {
    const { assert!(!Config::DEFAULT.keep_alive_octet) };
    let mut connection = after("ESTABLISHED", &QUICK_CONFIG);
    let transmits = expires(&mut connection, seconds(60));
    assert_eq!((transmits[0].segment.payload_len(), transmits[0].payload.len()), (0, 0));
}

#[test]
fn the_octet_takes_no_number_and_is_never_sent_again_as_payload() {
    for state in ["ESTABLISHED", "CLOSE-WAIT", "FIN-WAIT-2"] {
        let mut connection = after(state, &OCTET);
        let before = variables(&connection);
        probes(&mut connection, seconds(60), "<SEQ=99><ACK=300><CTL=ACK>");
        assert_eq!(variables(&connection), before);
        probes(&mut connection, seconds(70), "<SEQ=99><ACK=300><CTL=ACK>");
        // The peer has the octet already, and acknowledges that.
        connection.segment_arrives(&segment("<SEQ=300><ACK=100><CTL=ACK><WND=65535>"), seconds(71)).unwrap();
        assert_eq!(drain(&mut connection, seconds(71)), []);
        assert_eq!(variables(&connection), before);
        probes(&mut connection, seconds(131), "<SEQ=99><ACK=300><CTL=ACK>");
    }
}

#[test]
fn unanswered_it_ends_as_without() {
    let mut connection = after("ESTABLISHED", &OCTET);
    for at in [60, 70, 80] {
        probes(&mut connection, seconds(at), "<SEQ=99><ACK=300><CTL=ACK>");
    }
    connection.timeout(seconds(90));
    let outputs = format!("{:?}", drain(&mut connection, seconds(90)));
    assert!(outputs.contains("TimedOut") && !outputs.contains("Transmit"), "{outputs}");
    assert_eq!(connection.deadline(), None);
}

#[test]
fn payload_sent_between_probes_begins_at_the_front_of_the_queue() {
    let mut connection = after("ESTABLISHED", &OCTET);
    probes(&mut connection, seconds(60), "<SEQ=99><ACK=300><CTL=ACK>");
    connection.send(5, seconds(61)).unwrap();
    let outputs = format!("{:?}", drain(&mut connection, seconds(61)));
    assert!(outputs.contains("payload: 0..5"), "{outputs}");
    connection.segment_arrives(&segment("<SEQ=300><ACK=105><CTL=ACK><WND=65535>"), seconds(62)).unwrap();
    drain(&mut connection, seconds(62));
    probes(&mut connection, seconds(122), "<SEQ=104><ACK=300><CTL=ACK>");
}

#[test]
fn the_octet_is_a_policy_that_may_change() {
    let mut connection = after("ESTABLISHED", &QUICK_CONFIG);
    connection.configure(&OCTET);
    drain(&mut connection, Instant::ZERO);
    probes(&mut connection, seconds(60), "<SEQ=99><ACK=300><CTL=ACK>");
    connection.configure(&QUICK_CONFIG);
    drain(&mut connection, seconds(60));
    let at = connection.deadline().unwrap();
    assert_eq!(expires(&mut connection, at)[0].segment.payload_len(), 0);
}

/// The octet works in scripts and over a simulated network too.
#[test]
fn a_simulated_network_carries_it() {
    tcp_lifecycle::sim::check(
        "
        config keep_alive=1m 10s 3, keep_alive_octet=on
        ESTABLISHED
        + 1m
        --> <SEQ=99><ACK=300><CTL=ACK><DATA=1>      bytes 0..0
        <-- <SEQ=300><ACK=100><CTL=ACK>
        ESTABLISHED DEADLINE=1m
        ",
    );
}
