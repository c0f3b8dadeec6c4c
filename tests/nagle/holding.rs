//! Nagle's algorithm: SHLD-7, MUST-17.

use tcp_lifecycle::sim::check;
use tcp_lifecycle::{Config, Instant};

use crate::{after, arrives, segments};

#[test]
fn what_is_small_waits_until_nothing_is_in_flight_and_goes_together() {
    check(
        "
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300
        send 10
        --> <SEQ=100><ACK=300><CTL=PSH,ACK><DATA=10>    bytes 0..10
        send 10
        send 20
        ESTABLISHED                         IN-FLIGHT=10 UNSENT=30 DEADLINE=1s
        <-- <SEQ=300><ACK=109><CTL=ACK>
        signal: Acknowledged 9
        ESTABLISHED                         IN-FLIGHT=1 UNSENT=30
        <-- <SEQ=300><ACK=110><CTL=ACK>
        signal: Acknowledged 1
        --> <SEQ=110><ACK=300><CTL=PSH,ACK><DATA=30>    bytes 0..30
        ",
    );
}

#[test]
fn it_holds_in_close_wait_too() {
    check(
        "
        CLOSE-WAIT                          SND.NXT=100 RCV.NXT=301
        send 10
        --> <SEQ=100><ACK=301><CTL=ACK><DATA=10>
        send 10
        CLOSE-WAIT                          UNSENT=10
        <-- <SEQ=301><ACK=110><CTL=ACK>
        signal: Acknowledged 10
        --> <SEQ=110><ACK=301><CTL=ACK><DATA=10>
        ",
    );
}

#[test]
fn full_segments_do_not_wait_and_what_is_left_of_them_does() {
    check(
        "
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        send 535
        ESTABLISHED                         UNSENT=535
        send 1
        --> <SEQ=110><ACK=300><CTL=PSH,ACK><DATA=536>   bytes 10..546
        send 1077
        --> <SEQ=646><ACK=300><CTL=ACK><DATA=536>       bytes 546..1082
        --> <SEQ=1182><ACK=300><CTL=ACK><DATA=536>      bytes 1082..1618
        ESTABLISHED                         UNSENT=5
        <-- <SEQ=300><ACK=1717><CTL=ACK>
        signal: Acknowledged 1617
        ESTABLISHED                         UNSENT=5 IN-FLIGHT=1
        <-- <SEQ=300><ACK=1718><CTL=ACK>
        signal: Acknowledged 1
        --> <SEQ=1718><ACK=300><CTL=PSH,ACK><DATA=5>    bytes 0..5
        ",
    );
}

#[test]
fn a_full_segment_is_what_the_options_leave_of_it() {
    let exchange = |bytes: u32, what_comes: &str| {
        check(&format!(
            "
            config timestamps=on
            ISS=99
            open active
            --> <SEQ=99><CTL=SYN>
            SYN-SENT
            <-- <SEQ=299><ACK=100><CTL=SYN,ACK><MSS=500><TS=1000,0>
            --> <SEQ=100><ACK=300><CTL=ACK>
            ESTABLISHED                     PEER-MSS=488
            send 10
            --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
            send {bytes}
            {what_comes}
            "
        ));
    };
    exchange(487, "ESTABLISHED UNSENT=487");
    exchange(488, "--> <SEQ=110><ACK=300><CTL=PSH,ACK><DATA=488>");
}

/// The peer's segments in the meantime are acknowledged at once, by an ACK that carries no payload.
#[test]
fn an_acknowledgment_that_is_due_does_not_take_it_along() {
    check(
        "
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        send 20
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=5>
        --> <SEQ=110><ACK=305><CTL=ACK>
        <-- <SEQ=305><ACK=110><CTL=ACK><DATA=5>
        signal: Acknowledged 10
        --> <SEQ=110><ACK=310><CTL=PSH,ACK><DATA=20>
        ",
    );
}

/// Bytes that are queued together are one queue: the first segment is full, or all there is.
#[test]
fn with_nothing_in_flight_nothing_waits() {
    check(
        "
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300
        send 1
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=1>
        <-- <SEQ=300><ACK=101><CTL=ACK>
        signal: Acknowledged 1
        send 300
        & send 300
        --> <SEQ=101><ACK=300><CTL=ACK><DATA=536>
        ESTABLISHED                         UNSENT=64
        ",
    );
}

/// MUST-17.
#[test]
fn switched_off_it_holds_nothing() {
    check(
        "
        config nagle=off
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300
        send 10
        --> <SEQ=100><ACK=300><CTL=PSH,ACK><DATA=10>
        send 1
        --> <SEQ=110><ACK=300><CTL=PSH,ACK><DATA=1>
        send 600
        --> <SEQ=111><ACK=300><CTL=ACK><DATA=536>
        --> <SEQ=647><ACK=300><CTL=PSH,ACK><DATA=64>
        ",
    );
}

/// Also during the connection: held payload is sent at the next poll, and that of the next SEND is held again.
#[test]
fn switched_off_in_mid_life_it_lets_go_what_it_held() {
    let mut connection =
        after("ESTABLISHED SND.NXT=100 RCV.NXT=300\n send 10\n --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>\n send 5");
    connection.configure(&Config { nagle: false, ..Config::DEFAULT });
    assert_eq!(segments(&mut connection, Instant::ZERO), ["<SEQ=110><ACK=300><CTL=PSH,ACK><DATA=5>"]);
    connection.send(3, Instant::ZERO).unwrap();
    assert_eq!(segments(&mut connection, Instant::ZERO), ["<SEQ=115><ACK=300><CTL=PSH,ACK><DATA=3>"]);
    connection.configure(&Config::DEFAULT);
    connection.send(2, Instant::ZERO).unwrap();
    assert_eq!(segments(&mut connection, Instant::ZERO), [""; 0]);
    arrives(&mut connection, "<SEQ=300><ACK=118><CTL=ACK><WND=65535>", Instant::ZERO);
    assert_eq!(segments(&mut connection, Instant::ZERO), ["<SEQ=118><ACK=300><CTL=PSH,ACK><DATA=2>"]);
}

/// With a smaller bound on segments the held payload may be a full segment.
#[test]
fn a_smaller_segment_size_lets_go_what_is_a_full_segment_by_it() {
    let mut connection =
        after("ESTABLISHED SND.NXT=100 RCV.NXT=300\n send 10\n --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>\n send 105");
    connection.configure(&Config { max_segment: 120, ..Config::DEFAULT });
    assert_eq!(segments(&mut connection, Instant::ZERO), ["<SEQ=110><ACK=300><CTL=ACK><DATA=100>"]);
}

/// The timer retransmits what was sent before, and nothing of the held payload.
#[test]
fn what_is_sent_again_takes_nothing_along_and_does_not_wait() {
    check(
        "
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300
        send 50
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=50>
        send 30
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=50>        bytes 0..50
        <-- <SEQ=300><ACK=150><CTL=ACK>
        signal: Acknowledged 50
        --> <SEQ=150><ACK=300><CTL=PSH,ACK><DATA=30>
        ",
    );
}

#[test]
fn what_the_caller_holds_for_lost_does_not_wait_and_what_follows_it_does() {
    let script = "
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300
        send 40
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=40>
        send 30
        ";
    let mut connection = after(script);
    assert_eq!(connection.retransmit(0..20), Ok(()));
    assert_eq!(segments(&mut connection, Instant::ZERO), ["<SEQ=100><ACK=300><CTL=ACK><DATA=20>"]);
    arrives(&mut connection, "<SEQ=300><ACK=140><CTL=ACK><WND=65535>", Instant::ZERO);
    assert_eq!(segments(&mut connection, Instant::ZERO), ["<SEQ=140><ACK=300><CTL=PSH,ACK><DATA=30>"]);
}

/// In recovery (D16): credit is left, everything has been retransmitted, and the last segment is unacknowledged.
const RECOVERING: &str = "
    ESTABLISHED                             SND.NXT=100 RCV.NXT=300
    send 300
    --> <SEQ=100><ACK=300><CTL=ACK><DATA=100>
    --> <SEQ=200><ACK=300><CTL=ACK><DATA=100>
    --> <SEQ=300><ACK=300><CTL=ACK><DATA=100>
    + 1s
    signal: RetransmissionTimeout
    --> <SEQ=100><ACK=300><CTL=ACK><DATA=100>
    <-- <SEQ=300><ACK=200><CTL=ACK>
    signal: Acknowledged 100
    --> <SEQ=200><ACK=300><CTL=ACK><DATA=100>
    --> <SEQ=300><ACK=300><CTL=ACK><DATA=100>
    <-- <SEQ=300><ACK=300><CTL=ACK>
    signal: Acknowledged 100
    ESTABLISHED                             SND.NXT=400 IN-FLIGHT=100
    ";

#[test]
fn in_recovery_what_is_fresh_and_small_waits_as_ever() {
    check(&format!(
        "
        config default_peer_mss=100
        {RECOVERING}
        send 99
        ESTABLISHED                         UNSENT=99
        send 2
        --> <SEQ=400><ACK=300><CTL=ACK><DATA=100>
        ESTABLISHED                         UNSENT=1
        "
    ));
    check(&format!(
        "
        config default_peer_mss=100, nagle=off
        {RECOVERING}
        send 99
        --> <SEQ=400><ACK=300><CTL=PSH,ACK><DATA=99>
        "
    ));
}

/// The timer fires, and everything is acknowledged before the poll: nothing is sent twice.
#[test]
fn an_acknowledgment_between_the_timer_and_the_poll_lets_it_go() {
    let mut connection =
        after("ESTABLISHED SND.NXT=100 RCV.NXT=300\n send 10\n --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>\n send 5");
    let now = connection.deadline().unwrap();
    connection.timeout(now);
    arrives(&mut connection, "<SEQ=300><ACK=110><CTL=ACK><WND=65535>", now);
    assert_eq!(segments(&mut connection, now), ["<SEQ=110><ACK=300><CTL=PSH,ACK><DATA=5>"]);
}
