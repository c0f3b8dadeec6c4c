//! The override of silly window avoidance. Without it, the connection to a peer that has shrunk its buffer would wait
//! without end.

use core::time::Duration;

use tcp_lifecycle::sim::check;
use tcp_lifecycle::{Connection, Instant};

use crate::{after, arrives, segments};

/// Thirty bytes are queued, nothing is in flight, and the window has shrunk from a thousand to ten.
const HELD: &str = "
    ESTABLISHED                             SND.NXT=100 RCV.NXT=300 SND.WND=1000
    <-- <SEQ=300><ACK=100><CTL=ACK><WND=10>
    send 30
    ESTABLISHED                             SND.NXT=100 IN-FLIGHT=0 UNSENT=30 DEADLINE=1s
    ";

#[track_caller]
fn held(config: &str, script: &str) {
    check(&format!("{config}\n{HELD}\n{script}"));
}

/// The timer fires after this exchange, and this segment arrives before the poll.
#[track_caller]
fn fired(script: &str, segment: &str) -> (Connection, Instant) {
    let mut connection = after(script);
    let now = connection.deadline().unwrap();
    connection.timeout(now);
    arrives(&mut connection, segment, now);
    (connection, now)
}

#[test]
fn after_one_timeout_what_fits_goes() {
    held(
        "",
        "
        + 1s
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>        bytes 0..10
        ESTABLISHED                         IN-FLIGHT=10 UNSENT=20 DEADLINE=1s
        <-- <SEQ=300><ACK=110><CTL=ACK><WND=12>
        signal: Acknowledged 10
        ESTABLISHED                         IN-FLIGHT=0 UNSENT=20 DEADLINE=1s
        + 1s
        --> <SEQ=110><ACK=300><CTL=ACK><DATA=12>        bytes 0..12
        <-- <SEQ=300><ACK=122><CTL=ACK><WND=10>
        signal: Acknowledged 12
        --> <SEQ=122><ACK=300><CTL=PSH,ACK><DATA=8>     bytes 0..8
        <-- <SEQ=300><ACK=130><CTL=ACK><WND=10>
        signal: Acknowledged 8
        ESTABLISHED                         DEADLINE=none
        ",
    );
}

/// Nothing was lost: no retransmission, no R1, no back-off; and afterwards the segment is treated like any other.
#[test]
fn it_is_no_retransmission() {
    held(
        "config r1=1",
        "
        + 1s
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        ESTABLISHED                         RETRANSMISSIONS=0 RTO=1s DEADLINE=1s
        + 1s
        signal: RetransmissionTimeout
        signal: Retransmitting
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        ESTABLISHED                         RETRANSMISSIONS=1 RTO=2s DEADLINE=2s
        <-- <SEQ=300><ACK=110><CTL=ACK><WND=1000>
        signal: Acknowledged 10
        --> <SEQ=110><ACK=300><CTL=ACK><DATA=20>
        ",
    );
}

/// The segment is sent for the first time, so its round-trip time counts.
#[test]
fn it_is_timed() {
    held(
        "",
        "
        + 1s
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        + 80ms
        <-- <SEQ=300><ACK=110><CTL=ACK><WND=1000>
        signal: Acknowledged 10
        --> <SEQ=110><ACK=300><CTL=ACK><DATA=20>
        ESTABLISHED                         SRTT=10ms
        ",
    );
}

/// R2 and the user timeout count from the moment when something is sent.
#[test]
fn the_time_before_it_counts_for_no_end() {
    for policy in ["r2=1500ms", "user_timeout=1500ms"] {
        let mut script = String::new();
        for seq in [100, 110] {
            script += &format!(
                "
                + 1s
                --> <SEQ={seq}><ACK=300><CTL=ACK><DATA=10>
                <-- <SEQ=300><ACK={}><CTL=ACK><WND=10>
                signal: Acknowledged 10
                send 10
                ",
                seq + 10
            );
        }
        script += "
            + 1s
            --> <SEQ=120><ACK=300><CTL=ACK><DATA=10>
            + 1s
            signal: RetransmissionTimeout
            --> <SEQ=120><ACK=300><CTL=ACK><DATA=10>
            ESTABLISHED                     RETRANSMISSIONS=1
            ";
        held(&format!("config {policy}"), &script);
    }
}

/// Neither a SEND nor a window that is still too small postpones the override.
#[test]
fn it_counts_from_the_moment_at_which_the_window_was_too_small() {
    held(
        "",
        "
        + 400ms
        send 30
        ESTABLISHED                         DEADLINE=600ms
        + 300ms
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=15>
        ESTABLISHED                         DEADLINE=300ms
        + 200ms
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=5><WND=12>
        --> <SEQ=100><ACK=305><CTL=ACK>
        ESTABLISHED                         DEADLINE=100ms
        + 100ms
        --> <SEQ=100><ACK=305><CTL=ACK><DATA=12>
        ",
    );
}

#[test]
fn a_window_that_opens_before_it_lets_all_go_and_the_timer_is_that_of_the_segment() {
    for (config, arrives, ack) in [
        ("r1=1", "<CTL=ACK>", 300),
        ("r1=1", "<CTL=ACK><DATA=5>", 305),
        ("r1=1, delayed_ack=400ms", "<CTL=ACK><DATA=5>", 305),
    ] {
        held(
            &format!("config {config}"),
            &format!(
                "
                + 900ms
                <-- <SEQ=300><ACK=100>{arrives}<WND=1000>
                --> <SEQ=100><ACK={ack}><CTL=PSH,ACK><DATA=30>
                ESTABLISHED                 DEADLINE=1s RETRANSMISSIONS=0
                + 1s
                signal: RetransmissionTimeout
                signal: Retransmitting
                --> <SEQ=100><ACK={ack}><CTL=PSH,ACK><DATA=30>
                "
            ),
        );
    }
}

/// The back-off does not apply to it: three timeouts have raised the retransmission timeout to eight seconds.
#[test]
fn it_takes_a_second_at_most() {
    check(
        "
        config r1=0
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=1000
        send 5
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=5>
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=5>
        + 2s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=5>
        + 4s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=5>
        <-- <SEQ=300><ACK=105><CTL=ACK><WND=10>
        signal: Acknowledged 5
        send 30
        ESTABLISHED                         RTO=8s DEADLINE=1s
        + 1s
        --> <SEQ=105><ACK=300><CTL=ACK><DATA=10>
        ESTABLISHED                         DEADLINE=8s
        ",
    );
    held("config rto_initial=3s, rto_min=3s", "");
    // At least a tenth of a second.
    check(
        "config rto_initial=5ms, rto_min=5ms\n ESTABLISHED SND.WND=1000\n <-- <SEQ=300><ACK=100><CTL=ACK><WND=10>\n send 30\n ESTABLISHED DEADLINE=100ms",
    );
    check(
        "config rto_min=300ms\n ESTABLISHED SND.WND=1000\n <-- <SEQ=300><ACK=100><CTL=ACK><WND=10>\n send 30\n ESTABLISHED DEADLINE=300ms",
    );
}

/// SHLD-29: the first probe comes one timeout after the window has closed, whatever timer was running before.
#[test]
fn a_window_that_closes_meanwhile_is_probed_one_timeout_later() {
    held(
        "",
        "
        + 900ms
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=0>
        ESTABLISHED                         DEADLINE=1s
        + 600ms
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=0>
        + 400ms
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=1>
        ",
    );
    // That timeout may be more than a second.
    held(
        "config rto_initial=3s, rto_min=3s",
        "
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=0>
        ESTABLISHED                         DEADLINE=3s
        ",
    );
}

/// If the window closes altogether, the segment is a probe, which is a retransmission.
#[test]
fn a_window_that_closes_is_probed_instead() {
    held(
        "",
        "
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=0>
        ESTABLISHED                         DEADLINE=1s
        + 1s
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=1>
        ESTABLISHED                         RETRANSMISSIONS=1 DEADLINE=2s
        ",
    );
}

/// A closed window that opens a little ends the probing; from then on the override is due.
#[test]
fn a_closed_window_that_opens_too_little_is_overridden() {
    check(
        "
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=1000
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=0>
        send 30
        + 1s
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=1>
        <-- <SEQ=300><ACK=101><CTL=ACK><WND=0>
        signal: Acknowledged 1
        + 700ms
        <-- <SEQ=300><ACK=101><CTL=ACK><WND=10>
        ESTABLISHED                         RETRANSMISSIONS=0 DEADLINE=1s
        + 1s
        --> <SEQ=101><ACK=300><CTL=ACK><DATA=10>
        ESTABLISHED                         RETRANSMISSIONS=0 DEADLINE=1s
        ",
    );
}

/// Nothing is in flight any more, and the window is too small: the timer starts then.
#[test]
fn it_runs_from_the_acknowledgment_that_leaves_nothing_in_flight() {
    check(
        "
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=1000
        send 5
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=5>
        send 30
        + 300ms
        <-- <SEQ=300><ACK=105><CTL=ACK><WND=10>
        signal: Acknowledged 5
        ESTABLISHED                         IN-FLIGHT=0 DEADLINE=1s
        ",
    );
}

/// The window opens after the timer has fired and before the poll: no small segment is sent any more.
#[test]
fn a_window_that_opens_between_the_timer_and_the_poll_counts() {
    let script = format!("config default_peer_mss=100\n{HELD}\n send 100");
    let (mut connection, now) = fired(&script, "<SEQ=300><ACK=100><CTL=ACK><WND=1000>");
    assert_eq!(segments(&mut connection, now), ["<SEQ=100><ACK=300><CTL=ACK><DATA=100>"]);
    assert_eq!(connection.status().unsent, 30);
}

/// The window closes after the timer has fired and before the poll: the first probe comes one timeout later (SHLD-29).
#[test]
fn a_window_that_closes_between_the_timer_and_the_poll_lets_nothing_go() {
    let (mut connection, now) = fired(HELD, "<SEQ=300><ACK=100><CTL=ACK><WND=0>");
    assert_eq!(segments(&mut connection, now), [""; 0]);
    let probe = now + Duration::from_secs(1);
    assert_eq!(connection.deadline(), Some(probe));
    connection.timeout(probe);
    assert_eq!(segments(&mut connection, probe), ["<SEQ=100><ACK=300><CTL=ACK><DATA=1>"]);
}

/// The same for a window that opens a little after a probe has become due, and before it is sent.
#[test]
fn a_window_that_opens_too_little_before_the_probe_is_polled_is_waited_for() {
    let script = "ESTABLISHED SND.NXT=100 RCV.NXT=300 SND.WND=1000\n <-- <SEQ=300><ACK=100><CTL=ACK><WND=0>\n send 30";
    let (mut connection, now) = fired(script, "<SEQ=300><ACK=100><CTL=ACK><WND=10>");
    assert_eq!(segments(&mut connection, now), [""; 0]);
    let status = connection.status();
    assert_eq!((status.retransmissions, status.rto), (0, Some(Duration::from_secs(1))));
    let override_at = now + Duration::from_secs(1);
    assert_eq!(connection.deadline(), Some(override_at));
    connection.timeout(override_at);
    assert_eq!(segments(&mut connection, override_at), ["<SEQ=100><ACK=300><CTL=ACK><DATA=10>"]);
}

/// The retransmission that the timer has released is acknowledged before the poll: only the rest is sent, if any.
#[test]
fn an_acknowledgment_between_the_timer_and_the_poll_counts() {
    let rows = [(105, Some("<SEQ=105><ACK=300><CTL=PSH,ACK><DATA=25>")), (130, None)];
    for (config, (ack, what_comes)) in
        ["", "config delayed_ack=200ms"].into_iter().flat_map(|config| rows.map(|row| (config, row)))
    {
        let (mut connection, now) = fired(
            &format!(
                "{config}\n ESTABLISHED SND.NXT=100 RCV.NXT=300\n send 30\n --> <SEQ=100><ACK=300><CTL=PSH,ACK><DATA=30>"
            ),
            &format!("<SEQ=300><ACK={ack}><CTL=ACK><WND=1000>"),
        );
        assert_eq!(segments(&mut connection, now), Vec::from_iter(what_comes));
        assert_eq!(connection.deadline().is_some(), what_comes.is_some());
    }
}

/// The whole flight is acknowledged, and the window is too small for more: the timer has not released the rest.
#[test]
fn an_acknowledgment_of_all_between_the_timer_and_the_poll_is_no_override() {
    for (ack, window, beginning) in [
        (200, 10, "SND.WND=100\n send 130\n --> <SEQ=100><ACK=300><CTL=ACK><DATA=100>"),
        // A probe, which is finally answered.
        (101, 0, "SND.WND=0\n send 30\n + 1s\n --> <SEQ=100><ACK=300><CTL=ACK><DATA=1>"),
    ] {
        let script = format!("ESTABLISHED SND.NXT=100 RCV.NXT=300 {beginning}");
        let (mut connection, now) = fired(&script, &format!("<SEQ=300><ACK={ack}><CTL=ACK><WND={window}>"));
        assert_eq!(segments(&mut connection, now), [""; 0]);
        let again = now + connection.status().rto.unwrap().min(Duration::from_secs(if window > 0 { 1 } else { 60 }));
        assert_eq!(connection.deadline(), Some(again));
    }
}

/// A back-off may still be in force, since segments that were sent twice are not measured (Karn). It does not apply to
/// the override: nothing is in flight that the peer would have to answer.
#[test]
fn the_timer_of_the_override_takes_no_back_off() {
    check(
        "
        config r1=0, rto_initial=200ms, rto_min=200ms
        ESTABLISHED
        send 100
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=100>
        + 200ms
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=100>
        + 400ms
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=100>
        <-- <SEQ=300><ACK=200><CTL=ACK><WND=10>
        signal: Acknowledged 100
        send 100
        ESTABLISHED                         IN-FLIGHT=0 RTO=800ms DEADLINE=200ms
        + 200ms
        --> <SEQ=200><ACK=300><CTL=ACK><DATA=10>
        ",
    );
}
