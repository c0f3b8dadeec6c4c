//! The calls of a caller with a loss recovery of its own: RFC 8985 section 7.3, RFC 6675 section 5.1.

use std::time::Duration;

use tcp_lifecycle::{CallError, Config, Connection, Control, Instant, Segment, SeqNumber, State};

use super::{after, drain, segment};

/// With an RTO of exactly a second, as long as no round trip is timed.
const CONFIG: Config =
    Config { rto_initial: Duration::from_secs(1), rto_min: Duration::from_secs(1), ..Config::DEFAULT };

fn at(millis: u64) -> Instant {
    Instant::from_micros(millis * 1_000)
}

/// 30 bytes in three segments are in flight, sent at time zero.
#[track_caller]
fn in_flight(config: &Config) -> Connection {
    let script = "ESTABLISHED\n send 10\n --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>\n send 10\n \
        --> <SEQ=110><ACK=300><CTL=ACK><DATA=10>\n send 10\n --> <SEQ=120><ACK=300><CTL=ACK><DATA=10>";
    // A segment has room for 10 bytes.
    after(&Config { nagle: false, max_segment: 30, ..*config }, script)
}

#[test]
fn a_probe_puts_off_the_timeout_by_one_rto() {
    let mut connection = in_flight(&CONFIG);
    assert_eq!(connection.deadline(), Some(at(1_000)));
    connection.restart_retransmission_timer(at(900));
    assert_eq!(drain(&mut connection, at(900)), [""; 0]);
    assert_eq!(connection.deadline(), Some(at(1_900)));
    connection.timeout(at(1_899));
    assert_eq!(drain(&mut connection, at(1_899)), [""; 0]);
    connection.timeout(at(1_900));
    assert_eq!(
        drain(&mut connection, at(1_900)),
        ["RetransmissionTimeout", "<SEQ=100><ACK=300><CTL=ACK><DATA=10><WND=65535>"]
    );
}

#[test]
fn a_timeout_that_is_due_is_put_off_too() {
    let mut connection = in_flight(&CONFIG);
    connection.restart_retransmission_timer(at(1_000));
    connection.timeout(at(1_000));
    assert_eq!(drain(&mut connection, at(1_000)), [""; 0]);
    assert_eq!(connection.deadline(), Some(at(2_000)));
}

#[test]
fn r2_comes_in_time_however_often_the_timer_is_restarted() {
    let mut connection = in_flight(&Config { r2: Duration::from_secs(100), ..CONFIG });
    for tenth in 0..10_000 {
        let now = at(tenth * 100);
        connection.restart_retransmission_timer(now);
        connection.timeout(now);
        let lines = drain(&mut connection, now);
        if connection.state() == State::Closed {
            assert!(lines.contains(&"TimedOut".to_owned()), "{lines:?}");
            // The retransmissions of R1 come first, after 1, 2, 4 and 8 seconds.
            assert!((at(100_000)..=at(116_000)).contains(&now), "{now}");
            return;
        }
    }
    panic!("the connection goes on and on");
}

#[test]
fn the_user_timeout_comes_in_time_too() {
    let mut connection = in_flight(&Config { user_timeout: Some(Duration::from_secs(5)), ..CONFIG });
    for tenth in 0..50 {
        connection.restart_retransmission_timer(at(tenth * 100));
        connection.timeout(at(tenth * 100));
        drain(&mut connection, at(tenth * 100));
        assert_eq!(connection.state(), State::Established);
    }
    assert_eq!(connection.deadline(), Some(at(5_000)));
}

#[test]
fn without_bytes_in_flight_the_call_does_nothing() {
    for state in [
        "CLOSED",
        "LISTEN",
        "SYN-SENT",
        "SYN-RECEIVED",
        "LISTEN\n <-- <SEQ=300><CTL=SYN><WND=1000>\n SYN-RECEIVED\n --> <SEQ=100><ACK=301><CTL=SYN,ACK>",
        "ESTABLISHED",
        "FIN-WAIT-2",
        "CLOSE-WAIT",
        "TIME-WAIT",
        // A closed window: with bytes that wait, and with a probe in flight.
        "ESTABLISHED\n <-- <SEQ=300><ACK=100><CTL=ACK><WND=0>\n send 10",
        "ESTABLISHED\n <-- <SEQ=300><ACK=100><CTL=ACK><WND=0>\n send 10\n + 1s\n --> <SEQ=100><ACK=300><CTL=ACK><DATA=1>",
    ] {
        let mut connection = after(&CONFIG, state);
        let mut untouched = connection.clone();
        let now = at(500_000).min(connection.deadline().unwrap_or(at(1)));
        connection.restart_retransmission_timer(now);
        assert_eq!(connection.deadline(), untouched.deadline(), "{state}");
        assert_eq!(connection.status(), untouched.status(), "{state}");
        assert_eq!(drain(&mut connection, now), drain(&mut untouched, now), "{state}");
    }
}

#[test]
fn a_fin_in_flight_is_timed_again() {
    let mut connection = after(&CONFIG, "FIN-WAIT-1");
    let deadline = connection.deadline().unwrap();
    connection.restart_retransmission_timer(deadline);
    assert!(connection.deadline().unwrap() >= deadline + Duration::from_secs(1));
}

/// RFC 6298 section 5.4, and D16: without the call each ACK after a timeout draws more.
#[test]
fn after_a_timeout_that_is_taken_over_only_what_is_named_is_sent_again() {
    let again = |number: u32| {
        let control = if number == 120 { "PSH,ACK" } else { "ACK" };
        format!("<SEQ={number}><ACK=300><CTL={control}><DATA=10><WND=65535>")
    };
    for taken_over in [false, true] {
        let mut connection = in_flight(&CONFIG);
        connection.timeout(at(1_000));
        if taken_over {
            connection.take_over_recovery();
        }
        // The front goes out, whoever recovers.
        assert_eq!(drain(&mut connection, at(1_000)), ["RetransmissionTimeout".to_owned(), again(100)]);
        connection.segment_arrives(&segment("<SEQ=300><ACK=110><CTL=ACK><WND=1000>"), at(1_100)).unwrap();
        let drawn = drain(&mut connection, at(1_100));
        let acknowledged = "Acknowledged(10)".to_owned();
        if !taken_over {
            assert_eq!(drawn, [acknowledged, again(110), again(120)]);
            continue;
        }
        assert_eq!(drawn, [acknowledged]);
        connection.retransmit(10..20).unwrap();
        assert_eq!(drain(&mut connection, at(1_100)), [again(120)]);
    }
}

#[test]
fn without_a_timeout_there_is_nothing_to_take_over() {
    for script in ["CLOSED", "LISTEN", "SYN-SENT", "ESTABLISHED\n send 10\n --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>"] {
        let mut connection = after(&CONFIG, script);
        let before = connection.status();
        connection.take_over_recovery();
        assert_eq!(connection.status(), before);
    }
    // What the caller has named before goes out all the same.
    let mut connection = in_flight(&CONFIG);
    connection.retransmit(10..20).unwrap();
    connection.take_over_recovery();
    assert_eq!(drain(&mut connection, at(1)), ["<SEQ=110><ACK=300><CTL=ACK><DATA=10><WND=65535>"]);
    assert_eq!(connection.retransmit(10..31), Err(CallError::NotSent));
}

#[test]
fn reserved_options_make_the_payload_shorter_until_they_are_given_back() {
    let mut connection = after(&Config { nagle: false, ..CONFIG }, "ESTABLISHED");
    let mut sent = |reserved, bytes| {
        connection.reserve_options(reserved);
        connection.send(bytes, at(0)).unwrap();
        let lines = drain(&mut connection, at(0));
        let length = |line: &String| line.split("<DATA=").nth(1)?.split('>').next()?.parse::<usize>().ok();
        lines.iter().filter_map(length).collect::<Vec<_>>()
    };
    assert_eq!(sent(0, 1_072), [536, 536]);
    assert_eq!(sent(12, 1_048), [524, 524]);
    assert_eq!(sent(12, 524), [524], "the same once more");
    assert_eq!(sent(28, 508), [508]);
    assert_eq!(sent(255, 1_016), [508, 508], "no more than 28");
    assert_eq!(sent(0, 536), [536]);
}

#[test]
fn before_the_handshake_nothing_can_be_reserved() {
    for state in ["CLOSED", "LISTEN", "SYN-SENT"] {
        let mut connection = after(&CONFIG, state);
        let untouched = connection.clone();
        connection.reserve_options(12);
        assert_eq!(connection, untouched, "{state}");
    }
}

#[test]
fn a_loss_that_is_reported_many_times_is_a_loss() {
    let script = "CLOSED\nopen passive\nLISTEN\n<-- <SEQ=300><CTL=SYN><MSS=65535><WS=14>\nSYN-RECEIVED\n\
                  --> <SEQ=100><ACK=301><CTL=SYN,ACK><WND=65535><MSS=65495><WS=14>\n";
    let config = Config { nagle: false, mss: 65_495, window_scale: Some(14), ..CONFIG };
    let mut connection = after(&config, script);
    let now = at(0);
    drain(&mut connection, now);
    let ack = Segment::new(SeqNumber(301), SeqNumber(101), Control::ACK).with_window(1 << 12);
    connection.segment_arrives(&ack, now).unwrap();
    drain(&mut connection, now);
    connection.send(1 << 26, now).unwrap();
    let sent = drain(&mut connection, now).len();
    connection.timeout(connection.deadline().unwrap());
    // Together far more than 2^32 bytes.
    for _ in 0..100 {
        connection.retransmit(0..1 << 26).unwrap();
    }
    let again = drain(&mut connection, at(1_000));
    assert_eq!(again.len(), sent + 1, "the signal, and everything again: {:?}", again.get(..3));
}

#[test]
fn a_caller_that_takes_over_leaves_the_refused_probe_to_the_connection() {
    let script = "ESTABLISHED SND.NXT=100 RCV.NXT=300 SND.WND=0\nsend 5\n+ 1s\n\
                  --> <SEQ=100><ACK=300><CTL=ACK><DATA=1>\n";
    let mut connection = after(&CONFIG, script);
    let update = Segment::new(SeqNumber(300), SeqNumber(100), Control::ACK).with_window(1_000);
    connection.segment_arrives(&update, at(1_000)).unwrap();
    connection.take_over_recovery();
    assert_eq!(drain(&mut connection, at(1_000)), ["<SEQ=100><ACK=300><CTL=PSH,ACK><DATA=5><WND=65535>"]);
}
