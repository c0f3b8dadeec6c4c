//! After a retransmission timeout: D16.

use tcp_lifecycle::sim::{Script, check};
use tcp_lifecycle::{Config, Connection, Control, Instant, Output, Segment, SeqNumber};

/// Ten segments are in flight, the timer has fired, and the first has been retransmitted.
const TIMEOUT: &str = "
    config r1=0
    ESTABLISHED                         SND.NXT=100 RCV.NXT=300
    send 5360
    --> <SEQ=100><ACK=300><CTL=ACK><DATA=536>       bytes 0..536
    --> <SEQ=636><ACK=300><CTL=ACK><DATA=536>       bytes 536..1072
    --> <SEQ=1172><ACK=300><CTL=ACK><DATA=536>
    --> <SEQ=1708><ACK=300><CTL=ACK><DATA=536>
    --> <SEQ=2244><ACK=300><CTL=ACK><DATA=536>
    --> <SEQ=2780><ACK=300><CTL=ACK><DATA=536>
    --> <SEQ=3316><ACK=300><CTL=ACK><DATA=536>
    --> <SEQ=3852><ACK=300><CTL=ACK><DATA=536>
    --> <SEQ=4388><ACK=300><CTL=ACK><DATA=536>
    --> <SEQ=4924><ACK=300><CTL=PSH,ACK><DATA=536>  bytes 4824..5360
    + 1s
    signal: RetransmissionTimeout
    --> <SEQ=100><ACK=300><CTL=ACK><DATA=536>       bytes 0..536
    ESTABLISHED                         SND.UNA=100 SND.NXT=5460
";

#[track_caller]
fn after_the_timeout(script: &str) {
    check(&format!("{TIMEOUT}{script}"));
}

/// RFC 6298 5.4: only the earliest segment, however long it takes.
#[test]
fn the_front_alone_is_sent_again() {
    after_the_timeout(
        "
        + 2s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=536>       bytes 0..536
        + 4s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=536>       bytes 0..536
        ESTABLISHED                     SND.NXT=5460
        ",
    );
}

#[test]
fn each_acknowledgment_releases_twice_what_it_acknowledges() {
    after_the_timeout(
        "
        <-- <SEQ=300><ACK=636><CTL=ACK>
        signal: Acknowledged 536
        --> <SEQ=636><ACK=300><CTL=ACK><DATA=536>       bytes 0..536
        --> <SEQ=1172><ACK=300><CTL=ACK><DATA=536>      bytes 536..1072
        <-- <SEQ=300><ACK=1172><CTL=ACK>
        signal: Acknowledged 536
        --> <SEQ=1708><ACK=300><CTL=ACK><DATA=536>      bytes 536..1072
        --> <SEQ=2244><ACK=300><CTL=ACK><DATA=536>      bytes 1072..1608
        <-- <SEQ=300><ACK=1708><CTL=ACK>
        signal: Acknowledged 536
        --> <SEQ=2780><ACK=300><CTL=ACK><DATA=536>
        --> <SEQ=3316><ACK=300><CTL=ACK><DATA=536>
        <-- <SEQ=300><ACK=2780><CTL=ACK>
        signal: Acknowledged 1072
        --> <SEQ=3852><ACK=300><CTL=ACK><DATA=536>
        --> <SEQ=4388><ACK=300><CTL=ACK><DATA=536>
        --> <SEQ=4924><ACK=300><CTL=PSH,ACK><DATA=536>
        <-- <SEQ=300><ACK=5460><CTL=ACK>
        signal: Acknowledged 2680
        ESTABLISHED                     SND.UNA=5460 SND.NXT=5460 DEADLINE=none
        ",
    );
}

/// The others had arrived: none of them is retransmitted.
#[test]
fn an_acknowledgment_of_all_ends_it() {
    after_the_timeout(
        "
        <-- <SEQ=300><ACK=5460><CTL=ACK>
        signal: Acknowledged 5360
        ESTABLISHED                     DEADLINE=none
        send 1072
        --> <SEQ=5460><ACK=300><CTL=ACK><DATA=536>      bytes 0..536
        --> <SEQ=5996><ACK=300><CTL=ACK><DATA=536>      bytes 536..1072
        ",
    );
}

/// Payload that has arrived in the meantime is not retransmitted.
#[test]
fn an_acknowledgment_that_leaps_ahead_takes_the_next_segment_along() {
    after_the_timeout(
        "
        <-- <SEQ=300><ACK=4388><CTL=ACK>
        signal: Acknowledged 4288
        --> <SEQ=4388><ACK=300><CTL=ACK><DATA=536>      bytes 0..536
        --> <SEQ=4924><ACK=300><CTL=PSH,ACK><DATA=536>  bytes 536..1072
        ",
    );
}

/// The front is what was sent before: a FIN that was never sent is not added to it.
#[test]
fn a_fin_that_was_never_sent_does_not_ride_on_the_front() {
    check(
        "
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300
        send 10
        --> <SEQ=100><ACK=300><CTL=PSH,ACK><DATA=10>
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=PSH,ACK><DATA=10>
        close
        FIN-WAIT-1                          SND.NXT=110
        + 2s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=PSH,ACK><DATA=10>
        <-- <SEQ=300><ACK=110><CTL=ACK>
        signal: Acknowledged 10
        --> <SEQ=110><ACK=300><CTL=FIN,ACK>
        ",
    );
}

#[test]
fn a_duplicate_acknowledgment_releases_nothing() {
    after_the_timeout(
        "
        <-- <SEQ=300><ACK=100><CTL=ACK>
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=60000>
        <-- <SEQ=300><ACK=100><CTL=ACK>
        ESTABLISHED                     SND.UNA=100 DEADLINE=2s
        ",
    );
}

/// New payload and the FIN come after everything that was in flight, and use the same credit.
#[test]
fn new_payload_and_the_fin_wait_their_turn() {
    after_the_timeout(
        "
        send 2000
        close
        FIN-WAIT-1                      SND.NXT=5460 UNSENT=2000
        <-- <SEQ=300><ACK=636><CTL=ACK>
        signal: Acknowledged 536
        --> <SEQ=636><ACK=300><CTL=ACK><DATA=536>
        --> <SEQ=1172><ACK=300><CTL=ACK><DATA=536>
        FIN-WAIT-1                      SND.NXT=5460
        <-- <SEQ=300><ACK=1708><CTL=ACK>
        signal: Acknowledged 1072
        --> <SEQ=1708><ACK=300><CTL=ACK><DATA=536>
        --> <SEQ=2244><ACK=300><CTL=ACK><DATA=536>
        --> <SEQ=2780><ACK=300><CTL=ACK><DATA=536>
        --> <SEQ=3316><ACK=300><CTL=ACK><DATA=536>
        <-- <SEQ=300><ACK=2780><CTL=ACK>
        signal: Acknowledged 1072
        --> <SEQ=3852><ACK=300><CTL=ACK><DATA=536>
        --> <SEQ=4388><ACK=300><CTL=ACK><DATA=536>
        --> <SEQ=4924><ACK=300><CTL=ACK><DATA=536>
        --> <SEQ=5460><ACK=300><CTL=ACK><DATA=536>
        FIN-WAIT-1                      SND.NXT=5996 UNSENT=1464
        <-- <SEQ=300><ACK=5460><CTL=ACK>
        signal: Acknowledged 2680
        --> <SEQ=5996><ACK=300><CTL=ACK><DATA=536>      bytes 536..1072
        --> <SEQ=6532><ACK=300><CTL=ACK><DATA=536>
        --> <SEQ=7068><ACK=300><CTL=FIN,ACK><DATA=392>
        FIN-WAIT-1                      SND.NXT=7461
        ",
    );
}

/// A timeout during the recovery: again only the front is sent.
#[test]
fn a_second_timeout_begins_anew() {
    after_the_timeout(
        "
        <-- <SEQ=300><ACK=636><CTL=ACK>
        signal: Acknowledged 536
        --> <SEQ=636><ACK=300><CTL=ACK><DATA=536>
        --> <SEQ=1172><ACK=300><CTL=ACK><DATA=536>
        ESTABLISHED                     DEADLINE=2s
        + 2s
        signal: RetransmissionTimeout
        --> <SEQ=636><ACK=300><CTL=ACK><DATA=536>       bytes 0..536
        <-- <SEQ=300><ACK=1172><CTL=ACK>
        signal: Acknowledged 536
        --> <SEQ=1172><ACK=300><CTL=ACK><DATA=536>
        --> <SEQ=1708><ACK=300><CTL=ACK><DATA=536>
        ",
    );
}

#[test]
fn it_stays_within_the_limit() {
    after_the_timeout(
        "
        limit 1072
        <-- <SEQ=300><ACK=636><CTL=ACK>
        signal: Acknowledged 536
        --> <SEQ=636><ACK=300><CTL=ACK><DATA=536>
        --> <SEQ=1172><ACK=300><CTL=ACK><DATA=536>
        <-- <SEQ=300><ACK=1172><CTL=ACK>
        signal: Acknowledged 536
        --> <SEQ=1708><ACK=300><CTL=ACK><DATA=536>
        <-- <SEQ=300><ACK=1708><CTL=ACK>
        signal: Acknowledged 536
        --> <SEQ=2244><ACK=300><CTL=ACK><DATA=536>
        ",
    );
}

#[test]
fn it_stays_within_the_window() {
    after_the_timeout(
        "
        <-- <SEQ=300><ACK=636><CTL=ACK><WND=536>
        signal: Acknowledged 536
        --> <SEQ=636><ACK=300><CTL=ACK><DATA=536>
        <-- <SEQ=300><ACK=1172><CTL=ACK><WND=536>
        signal: Acknowledged 536
        --> <SEQ=1172><ACK=300><CTL=ACK><DATA=536>
        ",
    );
}

/// Unused credit accumulates: credit that the limit holds back can be used when the limit is lifted.
#[test]
fn what_was_not_used_may_be_used_later() {
    after_the_timeout(
        "
        limit 536
        <-- <SEQ=300><ACK=636><CTL=ACK>
        signal: Acknowledged 536
        --> <SEQ=636><ACK=300><CTL=ACK><DATA=536>
        <-- <SEQ=300><ACK=1172><CTL=ACK>
        signal: Acknowledged 536
        --> <SEQ=1172><ACK=300><CTL=ACK><DATA=536>
        limit 65535
        --> <SEQ=1708><ACK=300><CTL=ACK><DATA=536>
        --> <SEQ=2244><ACK=300><CTL=ACK><DATA=536>
        ",
    );
}

/// For any sizes of acknowledgments: at most twice the acknowledged amount is sent in addition to the front. In the end
/// everything is sent, without another timeout.
#[test]
fn acknowledgments_of_any_size_release_enough_and_not_too_much() {
    for step in [1, 7, 100, 300, 535, 536, 537, 1000, 1600] {
        let mut connection = Script::parse(TIMEOUT).unwrap().run(&Config::DEFAULT).unwrap();
        let now = Instant::from_micros(1_000_000);
        let (mut una, mut received, mut sent_again) = (100, 636, 0);
        while una < 5460 {
            una = (una + step).min(received);
            let ack = Segment::new(SeqNumber(300), SeqNumber(una), Control::ACK).with_window(u16::MAX);
            assert_eq!(connection.segment_arrives(&ack, now), Ok(0..0));
            for segment in drain(&mut connection, now) {
                assert!(segment.seq().0 <= received, "step {step}: nothing is left out: {segment}");
                received = received.max(segment.seq().0 + u32::from(segment.payload_len()));
                sent_again += u32::from(segment.payload_len());
            }
            assert!(sent_again <= 2 * (una - 100), "step {step}: {sent_again} bytes for {}", una - 100);
            assert!(una < received || una == 5460, "step {step}: it is stuck at {una}");
        }
        assert_eq!(connection.deadline(), None, "step {step}");
    }
}

/// The segments before `Wait`.
fn drain(connection: &mut Connection, now: Instant) -> Vec<Segment> {
    let mut segments = Vec::new();
    loop {
        match connection.poll(now) {
            Output::Transmit(transmit) => segments.push(transmit.segment),
            Output::Signal(_) | Output::Transition(_) => (),
            Output::Wait(_) => return segments,
        }
    }
}

/// New payload has been sent behind a recovery.
const RENEWING: &str = "
    config nagle=off
    ESTABLISHED             SND.NXT=100 RCV.NXT=300
    send 1072
    --> <SEQ=100><ACK=300><CTL=ACK><DATA=536>
    --> <SEQ=636><ACK=300><CTL=PSH,ACK><DATA=536>
    + 1s
    signal: RetransmissionTimeout
    --> <SEQ=100><ACK=300><CTL=ACK><DATA=536>
    send 536
    <-- <SEQ=300><ACK=636><CTL=ACK>
    signal: Acknowledged 536
    --> <SEQ=636><ACK=300><CTL=ACK><DATA=536>
    --> <SEQ=1172><ACK=300><CTL=PSH,ACK><DATA=536>
";

/// New payload has been sent behind a recovery, and is lost as well: the caller's retransmission is sent when it may.
#[test]
fn a_retransmission_asked_for_behind_new_payload_is_not_forgotten() {
    check(&format!(
        "{RENEWING}
        limit 536
        retransmit 536..1072
        <-- <SEQ=300><ACK=1172><CTL=ACK>
        signal: Acknowledged 536
        --> <SEQ=1172><ACK=300><CTL=PSH,ACK><DATA=536>
        ",
    ));
}

/// Karn, RFC 9293 section 3.8.1 (MUST-18): a segment that was sent twice is not timed.
#[test]
fn a_retransmission_asked_for_behind_new_payload_is_not_timed() {
    check(&format!(
        "{RENEWING}
        retransmit 536..1072
        --> <SEQ=1172><ACK=300><CTL=PSH,ACK><DATA=536>
        + 300ms
        <-- <SEQ=300><ACK=900><CTL=ACK>
        signal: Acknowledged 264
        send 100
        --> <SEQ=1708><ACK=300><CTL=PSH,ACK><DATA=100>
        + 10ms
        <-- <SEQ=300><ACK=1708><CTL=ACK>
        signal: Acknowledged 808
        ESTABLISHED                         RTO=2s
        ",
    ));
}

/// Half of the front is acknowledged, and new payload is sent behind it. The round-trip time was zero.
const HALF: &str = "
    config r1=0
    ESTABLISHED                         SND.NXT=100 RCV.NXT=300
    send 536
    --> <SEQ=100><ACK=300><CTL=PSH,ACK><DATA=536>
    + 1s
    signal: RetransmissionTimeout
    --> <SEQ=100><ACK=300><CTL=PSH,ACK><DATA=536>
    send 536
    <-- <SEQ=300><ACK=368><CTL=ACK>
    signal: Acknowledged 268
    --> <SEQ=636><ACK=300><CTL=PSH,ACK><DATA=536>
    + 40ms
    ESTABLISHED                         RTO=2s
";

/// RFC 6298 section 3: payload that is sent once behind it is timed again, an eighth of 40 ms; and no more credit is
/// needed.
#[test]
fn new_payload_behind_it_is_timed_and_ends_it() {
    let all = "
        send 1608
        --> <SEQ=1172><ACK=300><CTL=ACK><DATA=536>
        --> <SEQ=1708><ACK=300><CTL=ACK><DATA=536>
        --> <SEQ=2244><ACK=300><CTL=PSH,ACK><DATA=536>";
    check(&format!(
        "{HALF}
        <-- <SEQ=300><ACK=1172><CTL=ACK>
        signal: Acknowledged 804
        ESTABLISHED                     SRTT=5ms RTO=1s
        {all}
        "
    ));
    check(&format!(
        "{HALF}
        <-- <SEQ=300><ACK=636><CTL=ACK>
        signal: Acknowledged 268
        ESTABLISHED                     RTO=2s
        {all}
        <-- <SEQ=300><ACK=1172><CTL=ACK>
        signal: Acknowledged 536
        ESTABLISHED                     SRTT=5ms RTO=1s
        "
    ));
}
