//! Round-trip times and the timeout that follows from them: RFC 6298 sections 2 and 3.

use core::time::Duration;

use tcp_lifecycle::sim::{Script, check};
use tcp_lifecycle::{Config, Connection, Control, Instant, Open, Output, Segment, SeqNumber};

#[test]
fn the_timeout_before_any_sample_is_the_initial_one() {
    check(
        "
        config rto_initial=1500ms
        open active
        --> <SEQ=100><CTL=SYN>
        SYN-SENT                            RTO=1500ms SRTT=none RTTVAR=none
        + 1500ms
        signal: RetransmissionTimeout
        --> <SEQ=100><CTL=SYN>
        ",
    );
}

/// RFC 6298 2.2: R = 800 ms, so SRTT = 800, RTTVAR = 400, RTO = 800 + 4 * 400.
#[test]
fn the_first_sample_is_of_the_syn() {
    check(
        "
        open active
        --> <SEQ=100><CTL=SYN>
        SYN-SENT
        + 800ms
        <-- <SEQ=300><ACK=101><CTL=SYN,ACK>
        --> <SEQ=101><ACK=301><CTL=ACK>
        ESTABLISHED                         SRTT=800ms RTTVAR=400ms RTO=2400ms
        ",
    );
}

#[test]
fn the_first_sample_of_a_passive_open_is_of_the_syn_ack() {
    check(
        "
        open passive
        LISTEN
        ISS=300
        + 5s
        <-- <SEQ=100><CTL=SYN>
        --> <SEQ=300><ACK=101><CTL=SYN,ACK>
        SYN-RECEIVED
        + 600ms
        <-- <SEQ=101><ACK=301><CTL=ACK>
        ESTABLISHED                         SRTT=600ms RTTVAR=300ms RTO=1800ms
        ",
    );
}

/// RFC 6298 2.3. R' = 1600: RTTVAR = 3/4 * 400 + 1/4 * |800 - 1600| = 500, then SRTT = 7/8 * 800 + 1/8 * 1600 = 900.
/// R' = 100: RTTVAR = 3/4 * 500 + 1/4 * |900 - 100| = 575, then SRTT = 7/8 * 900 + 1/8 * 100 = 800.
#[test]
fn later_samples_are_smoothed_the_variation_first() {
    check(
        "
        open active
        --> <SEQ=100><CTL=SYN>
        SYN-SENT
        + 800ms
        <-- <SEQ=300><ACK=101><CTL=SYN,ACK>
        --> <SEQ=101><ACK=301><CTL=ACK>
        ESTABLISHED
        send 10
        --> <SEQ=101><ACK=301><CTL=ACK><DATA=10>
        ESTABLISHED                         DEADLINE=2400ms
        + 1600ms
        <-- <SEQ=301><ACK=111><CTL=ACK>
        signal: Acknowledged 10
        ESTABLISHED                         SRTT=900ms RTTVAR=500ms RTO=2900ms
        send 10
        --> <SEQ=111><ACK=301><CTL=ACK><DATA=10>
        + 100ms
        <-- <SEQ=301><ACK=121><CTL=ACK>
        signal: Acknowledged 10
        ESTABLISHED                         SRTT=800ms RTTVAR=575ms RTO=3100ms
        ",
    );
}

/// RFC 6298 2.4: 100 + 4 * 50 ms are 300 ms.
#[test]
fn the_timeout_has_a_floor() {
    let script = "
        open active
        --> <SEQ=100><CTL=SYN>
        SYN-SENT
        + 100ms
        <-- <SEQ=300><ACK=101><CTL=SYN,ACK>
        --> <SEQ=101><ACK=301><CTL=ACK>
    ";
    check(&format!("{script}\n ESTABLISHED SRTT=100ms RTTVAR=50ms RTO=1s"));
    check(&format!("config rto_min=200ms\n {script}\n ESTABLISHED SRTT=100ms RTTVAR=50ms RTO=300ms"));
    check(&format!("config rto_min=400ms\n {script}\n ESTABLISHED SRTT=100ms RTTVAR=50ms RTO=400ms"));
}

/// RFC 6298 2.5: 25 + 4 * 12.5 s are 75 s.
#[test]
fn the_timeout_has_a_ceiling() {
    check(
        "
        config rto_initial=30s
        open active
        --> <SEQ=100><CTL=SYN>
        SYN-SENT
        + 25s
        <-- <SEQ=300><ACK=101><CTL=SYN,ACK>
        --> <SEQ=101><ACK=301><CTL=ACK>
        ESTABLISHED                         SRTT=25s RTTVAR=12.5s RTO=60s
        ",
    );
}

/// RFC 6298 section 4: a variance that has shrunk to zero counts as one tick of the clock.
#[test]
fn the_timeout_is_longer_than_a_round_trip_that_never_varies() {
    let config = Config { rto_min: Duration::from_millis(1), ..Config::DEFAULT };
    let mut connection = Connection::new(&config, 100);
    let mut now = Instant::ZERO;
    connection.open(Open::Active, now).unwrap();
    drain(&mut connection, now);
    let trip = Duration::from_micros(900_000);
    now = now + trip;
    let syn_ack = Segment::new(SeqNumber(300), SeqNumber(101), Control::SYN | Control::ACK).with_window(1000);
    assert_eq!(connection.segment_arrives(&syn_ack, now), Ok(0..0));
    drain(&mut connection, now);
    for byte in 0..100 {
        connection.send(1, now).unwrap();
        drain(&mut connection, now);
        now = now + trip;
        let ack = Segment::new(SeqNumber(301), SeqNumber(102 + byte), Control::ACK).with_window(1000);
        assert_eq!(connection.segment_arrives(&ack, now), Ok(0..0));
        drain(&mut connection, now);
    }
    let status = connection.status();
    assert_eq!(status.srtt, Some(trip));
    assert!(status.rttvar < Some(Duration::from_micros(100)), "{status:?}");
    assert!(status.rto > Some(trip), "{status:?}");

    let script = "
        open active
        --> <SEQ=100><CTL=SYN>
        SYN-SENT
        <-- <SEQ=300><ACK=101><CTL=SYN,ACK>
        --> <SEQ=101><ACK=301><CTL=ACK>
        ESTABLISHED
    ";
    let connection = Script::parse(script).unwrap().run(&config).unwrap();
    let status = connection.status();
    assert!(status.srtt <= Some(Duration::from_micros(1)), "{status:?}");
    assert_eq!(status.rttvar, Some(Duration::ZERO));
    assert!(status.rto > Some(Duration::ZERO));
}

/// RFC 6298 section 3, Karn: it is not known which transmission is acknowledged.
#[test]
fn what_was_sent_twice_gives_no_sample_and_the_long_timeout_is_kept_until_one_comes() {
    check(
        "
        open active
        --> <SEQ=100><CTL=SYN>
        SYN-SENT
        + 400ms
        <-- <SEQ=300><ACK=101><CTL=SYN,ACK>
        --> <SEQ=101><ACK=301><CTL=ACK>
        ESTABLISHED                         SRTT=400ms RTTVAR=200ms RTO=1200ms
        send 10
        --> <SEQ=101><ACK=301><CTL=ACK><DATA=10>
        + 1200ms
        signal: RetransmissionTimeout
        --> <SEQ=101><ACK=301><CTL=ACK><DATA=10>
        + 10ms
        <-- <SEQ=301><ACK=111><CTL=ACK>
        signal: Acknowledged 10
        ESTABLISHED                         SRTT=400ms RTTVAR=200ms RTO=2400ms DEADLINE=none
        send 10
        --> <SEQ=111><ACK=301><CTL=ACK><DATA=10>
        ESTABLISHED                         DEADLINE=2400ms
        + 400ms
        <-- <SEQ=301><ACK=121><CTL=ACK>
        signal: Acknowledged 10
        ESTABLISHED                         SRTT=400ms RTTVAR=150ms RTO=1s
        ",
    );
}

/// Bytes that were sent once, behind a retransmitted front, are acknowledged together with the front.
#[test]
fn what_was_sent_before_the_timeout_gives_no_sample_when_it_is_acknowledged_with_the_front() {
    check(
        "
        open active
        --> <SEQ=100><CTL=SYN>
        SYN-SENT
        + 200ms
        <-- <SEQ=300><ACK=101><CTL=SYN,ACK>
        --> <SEQ=101><ACK=301><CTL=ACK>
        ESTABLISHED                         SRTT=200ms RTTVAR=100ms RTO=1s
        send 536
        --> <SEQ=101><ACK=301><CTL=ACK><DATA=536>
        send 536
        --> <SEQ=637><ACK=301><CTL=ACK><DATA=536>
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=101><ACK=301><CTL=ACK><DATA=536>
        + 500ms
        <-- <SEQ=301><ACK=1173><CTL=ACK>
        signal: Acknowledged 1072
        ESTABLISHED                         SRTT=200ms RTTVAR=100ms RTO=2s
        ",
    );
}

/// The window has closed over the segment, so that it is retransmitted as a probe.
#[test]
fn what_was_sent_again_as_a_probe_gives_no_sample() {
    check(
        "
        open active
        --> <SEQ=100><CTL=SYN>
        SYN-SENT
        + 200ms
        <-- <SEQ=300><ACK=101><CTL=SYN,ACK>
        --> <SEQ=101><ACK=301><CTL=ACK>
        ESTABLISHED                         SRTT=200ms
        send 1
        --> <SEQ=101><ACK=301><CTL=ACK><DATA=1>
        <-- <SEQ=301><ACK=101><CTL=ACK><WND=0>
        + 1s
        --> <SEQ=101><ACK=301><CTL=ACK><DATA=1>
        <-- <SEQ=301><ACK=102><CTL=ACK><WND=0>
        signal: Acknowledged 1
        ESTABLISHED                         SRTT=200ms RTTVAR=100ms
        ",
    );
}

/// The timed segment has to be acknowledged as a whole.
#[test]
fn an_acknowledgment_of_a_part_gives_no_sample() {
    check(
        "
        open active
        --> <SEQ=100><CTL=SYN>
        SYN-SENT
        + 200ms
        <-- <SEQ=300><ACK=101><CTL=SYN,ACK>
        --> <SEQ=101><ACK=301><CTL=ACK>
        ESTABLISHED
        send 10
        --> <SEQ=101><ACK=301><CTL=ACK><DATA=10>
        + 400ms
        <-- <SEQ=301><ACK=106><CTL=ACK>
        signal: Acknowledged 5
        ESTABLISHED                         SRTT=200ms RTTVAR=100ms
        + 200ms
        <-- <SEQ=301><ACK=111><CTL=ACK>
        signal: Acknowledged 5
        ESTABLISHED                         SRTT=250ms RTTVAR=175ms
        ",
    );
}

#[test]
fn a_syn_that_was_sent_twice_gives_no_sample() {
    check(
        "
        open active
        --> <SEQ=100><CTL=SYN>
        SYN-SENT
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=100><CTL=SYN>
        + 100ms
        <-- <SEQ=300><ACK=101><CTL=SYN,ACK>
        --> <SEQ=101><ACK=301><CTL=ACK>
        ESTABLISHED                         SRTT=none RTTVAR=none
        ",
    );
}

/// RFC 6298 5.7.
#[test]
fn after_a_timeout_of_the_syn_the_timeout_of_what_is_sent_first_is_three_seconds() {
    check(
        "
        open active
        --> <SEQ=100><CTL=SYN>
        SYN-SENT
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=100><CTL=SYN>
        + 100ms
        <-- <SEQ=300><ACK=101><CTL=SYN,ACK>
        --> <SEQ=101><ACK=301><CTL=ACK>
        ESTABLISHED                         RTO=3s
        send 10
        --> <SEQ=101><ACK=301><CTL=ACK><DATA=10>
        + 3s
        signal: RetransmissionTimeout
        --> <SEQ=101><ACK=301><CTL=ACK><DATA=10>
        ESTABLISHED                         RTO=6s
        ",
    );
}

/// RFC 6298 5.7: three seconds, whatever the backed-off timeout was; also for a SYN,ACK; and only until a sample.
#[test]
fn after_many_timeouts_of_the_syn_ack_it_is_three_seconds_too_until_a_sample() {
    check(
        "
        SYN-RECEIVED                        SND.NXT=101 RCV.NXT=300
        + 1s
        --> <SEQ=100><ACK=300><CTL=SYN,ACK>
        + 2s
        --> <SEQ=100><ACK=300><CTL=SYN,ACK>
        + 4s
        --> <SEQ=100><ACK=300><CTL=SYN,ACK>
        SYN-RECEIVED                        RTO=8s
        <-- <SEQ=300><ACK=101><CTL=ACK>
        ESTABLISHED                         RTO=3s SRTT=none
        send 10
        --> <SEQ=101><ACK=300><CTL=ACK><DATA=10>
        + 200ms
        <-- <SEQ=300><ACK=111><CTL=ACK>
        signal: Acknowledged 10
        ESTABLISHED                         RTO=1s SRTT=200ms
        ",
    );
}

/// Polls until `Wait`.
fn drain(connection: &mut Connection, now: Instant) {
    while !matches!(connection.poll(now), Output::Wait(_)) {}
}
