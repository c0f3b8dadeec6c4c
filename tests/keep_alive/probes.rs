//! When probes are sent, their form, and the end.

use core::time::Duration;

use tcp_lifecycle::sim::{Script, check};
use tcp_lifecycle::{Config, Connection, Control, Instant, KeepAlive, Output, Segment, SeqNumber};

#[test]
fn it_is_off_by_default() {
    assert_eq!(Config::DEFAULT.keep_alive, None);
    check(
        "
        ESTABLISHED DEADLINE=none
        + 100000h
        ESTABLISHED DEADLINE=none
        ",
    );
}

/// MUST-28: two hours or more by default.
#[test]
fn by_default_an_idle_time_of_two_hours_goes_before_the_first_probe() {
    assert!(KeepAlive::DEFAULT.idle >= Duration::from_secs(2 * 60 * 60));
    assert_eq!(KeepAlive::default(), KeepAlive::DEFAULT);
    check(
        "
        config keep_alive=on
        ESTABLISHED DEADLINE=2h
        + 2h
        --> <SEQ=99><ACK=300><CTL=ACK>
        ESTABLISHED DEADLINE=75s
        ",
    );
}

/// A probe is a bare ACK with an old number: the peer knows everything in it, and it takes no sequence number.
#[test]
fn a_probe_lies_one_left_of_snd_nxt_and_changes_no_variable() {
    check(
        "
        config keep_alive=1m 10s 3, receive_buffer=1000
        ESTABLISHED SND.NXT=0 RCV.NXT=0 SND.WND=500
        <-- <SEQ=0><ACK=0><CTL=ACK><DATA=100>
        --> <SEQ=0><ACK=100><CTL=ACK><WND=900>
        + 1m
        --> <SEQ=4294967295><ACK=100><CTL=ACK><WND=900><URG=0>
        ESTABLISHED SND.UNA=0 SND.NXT=0 RCV.NXT=100 SND.WND=500 IN-FLIGHT=0 RTO=1s
        ",
    );
}

#[test]
fn as_many_as_were_asked_for_go_unanswered_and_one_interval_later_it_is_over() {
    for probes in [1, 2, 3, 9, 255] {
        let mut script = format!("config keep_alive=1m 10s {probes}\nESTABLISHED\n+ 50s\n");
        for _ in 0..probes {
            script += "+ 10s\n--> <SEQ=99><ACK=300><CTL=ACK>\nESTABLISHED DEADLINE=10s\n";
        }
        script += "+ 10s\nESTABLISHED -> CLOSED\nsignal: TimedOut\nCLOSED DEADLINE=none\n";
        check(&script);
    }
}

/// MUST-29: one lost probe, or one lost answer, does not make the peer dead.
#[test]
fn the_last_probe_may_be_answered_until_its_interval_is_over() {
    check(
        "
        config keep_alive=1m 10s 2
        ESTABLISHED
        + 1m
        --> <SEQ=99><ACK=300><CTL=ACK>
        + 10s
        --> <SEQ=99><ACK=300><CTL=ACK>
        + 9.999999s
        <-- <SEQ=300><ACK=100><CTL=ACK>
        ESTABLISHED DEADLINE=1m
        ",
    );
}

#[test]
fn probes_are_counted_anew_after_an_answer() {
    let round = "
        + 1m
        --> <SEQ=99><ACK=300><CTL=ACK>
        + 10s
        --> <SEQ=99><ACK=300><CTL=ACK>
        + 10s
        --> <SEQ=99><ACK=300><CTL=ACK>
        + 5s
        <-- <SEQ=300><ACK=100><CTL=ACK>
        ESTABLISHED DEADLINE=1m
        ";
    let end = "
        + 1m
        --> <SEQ=99><ACK=300><CTL=ACK>
        + 10s
        --> <SEQ=99><ACK=300><CTL=ACK>
        + 10s
        --> <SEQ=99><ACK=300><CTL=ACK>
        + 10s
        CLOSED
        signal: TimedOut
        ";
    check(&format!("config keep_alive=1m 10s 3\nESTABLISHED\n{}{end}", round.repeat(5)));
}

#[test]
fn payload_of_the_peer_is_an_answer_too() {
    check(
        "
        config keep_alive=1m 10s 2
        ESTABLISHED
        + 1m
        --> <SEQ=99><ACK=300><CTL=ACK>
        + 4s
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>
        --> <SEQ=100><ACK=310><CTL=ACK>
        ESTABLISHED DEADLINE=1m
        ",
    );
}

/// A peer that has forgotten the connection resets it (RFC 9293 section 3.10.7.1).
#[test]
fn a_reset_is_the_answer_of_a_peer_that_started_afresh() {
    check(
        "
        config keep_alive=1m 10s 2
        ESTABLISHED
        + 1m
        --> <SEQ=99><ACK=300><CTL=ACK>
        + 10ms
        <-- <SEQ=300><CTL=RST>
        signal: Reset
        CLOSED DEADLINE=none
        ",
    );
}

/// MUST-26: the idle time counts from the last segment of the peer, whatever it carried.
#[test]
fn every_segment_of_the_peer_begins_the_idle_time_anew() {
    for (arrives, comes) in [
        ("<SEQ=300><ACK=100><CTL=ACK>", ""),
        ("<SEQ=300><ACK=100><CTL=ACK><WND=3000>", ""),
        ("<SEQ=300><ACK=100><CTL=ACK><DATA=10>", "--> <SEQ=100><ACK=310><CTL=ACK>"),
        ("<SEQ=300><ACK=100><CTL=URG,ACK><URG=5>", "signal: Urgent"),
        ("<SEQ=400><ACK=100><CTL=ACK><DATA=10> delivers nothing", "--> <SEQ=100><ACK=300><CTL=ACK>"),
    ] {
        check(&format!(
            "
            config keep_alive=1m 10s 2
            ESTABLISHED
            + 59.999999s
            <-- {arrives}
            {comes}
            ESTABLISHED DEADLINE=1m
            + 59.999999s
            ESTABLISHED DEADLINE=1us
            "
        ));
    }
}

/// A refused segment proves nothing: anybody could have sent it.
#[test]
fn a_refused_segment_does_not_count() {
    for (arrives, comes) in [
        ("<SEQ=66000><ACK=100><CTL=ACK>", "--> <SEQ=100><ACK=300><CTL=ACK>"),
        ("<SEQ=300><ACK=101><CTL=ACK>", "--> <SEQ=100><ACK=300><CTL=ACK>"),
        ("<SEQ=301><CTL=RST>", "--> <SEQ=100><ACK=300><CTL=ACK>"),
        ("<SEQ=300><CTL=SYN>", "--> <SEQ=100><ACK=300><CTL=ACK>"),
        ("<SEQ=70000><CTL=RST>", ""),
        ("<SEQ=300><CTL=>", ""),
    ] {
        check(&format!(
            "
            config keep_alive=1m 10s 2
            ESTABLISHED
            + 50s
            <-- {arrives} refused
            {comes}
            ESTABLISHED DEADLINE=10s
            + 10s
            --> <SEQ=99><ACK=300><CTL=ACK>
            + 5s
            <-- {arrives} refused
            {comes}
            ESTABLISHED DEADLINE=5s
            + 5s
            --> <SEQ=99><ACK=300><CTL=ACK>
            + 10s
            CLOSED
            signal: TimedOut
            "
        ));
    }
}

/// A caller that comes late gets one timeout, and the next probe counts from that moment.
#[test]
fn a_late_timeout_is_one_probe() {
    use super::end::{QUICK_CONFIG, after, drain, seconds};

    let mut connection = after("ESTABLISHED", &QUICK_CONFIG);
    connection.timeout(seconds(10_000));
    assert_eq!(drain(&mut connection, seconds(10_000)).len(), 1);
    assert_eq!(connection.deadline(), Some(seconds(10_010)));
}

/// MUST-27: the user may ask for any time, including a time that is longer than the clock can count.
#[test]
fn the_idle_time_may_be_a_millisecond_a_year_or_for_ever() {
    check(
        "
        config keep_alive=1ms 1ms 2
        ESTABLISHED
        + 1ms
        --> <SEQ=99><ACK=300><CTL=ACK>
        + 1ms
        --> <SEQ=99><ACK=300><CTL=ACK>
        + 1ms
        CLOSED
        signal: TimedOut
        ",
    );
    check("config keep_alive=8000h 8000h 2\nESTABLISHED\n+ 7990h\nESTABLISHED\n+ 10h\n--> <SEQ=99><ACK=300><CTL=ACK>");
    check("config keep_alive=800000h 1s 2\nESTABLISHED DEADLINE=none\n+ 200000h\n");
}

/// MUST-26: a probe that is due and has not been sent is dropped, once the peer has been heard, or the user has
/// something to send.
#[test]
fn a_probe_that_nobody_has_polled_gives_way() {
    let idle = Duration::from_secs(60);
    let keep_alive = Some(KeepAlive { idle, interval: Duration::from_secs(10), probes: 2 });
    let config = Config { keep_alive, ..Config::DEFAULT };
    let connection = Script::parse("ESTABLISHED SND.NXT=100 RCV.NXT=300").unwrap().run(&config).unwrap();
    let due = Instant::ZERO + idle;
    let probed = |then: &dyn Fn(&mut Connection)| {
        let mut connection = connection.clone();
        connection.timeout(due);
        then(&mut connection);
        let mut probes = 0;
        while let Output::Transmit(transmit) = connection.poll(due) {
            probes += usize::from(transmit.segment.seq() == SeqNumber(99));
        }
        (probes, connection.deadline())
    };
    assert_eq!(probed(&|_| ()), (1, Some(due + Duration::from_secs(10))));
    let ack = Segment::new(SeqNumber(300), SeqNumber(100), Control::ACK).with_window(1_000);
    let heard = |connection: &mut Connection| assert!(connection.segment_arrives(&ack, due).is_ok());
    assert_eq!(probed(&heard), (0, Some(due + idle)));
    let sends = |connection: &mut Connection| connection.send(1, due).unwrap();
    assert_eq!(probed(&sends), (0, Some(due + Duration::from_secs(1))));
}
