//! MUST-24: on and off for each connection, at any time.

use tcp_lifecycle::sim::check;
use tcp_lifecycle::{Config, Instant, KeepAlive, State};

use super::end::{QUICK, QUICK_CONFIG, after, drain, expires, seconds, segment};

const ON: &Config = &QUICK_CONFIG;
const OFF: &Config = &Config::DEFAULT;

#[test]
fn switched_on_it_counts_from_then_or_from_the_last_segment() {
    let mut connection = after("ESTABLISHED", OFF);
    assert_eq!(connection.deadline(), None);
    connection.configure(ON);
    assert_eq!(drain(&mut connection, Instant::ZERO), []);
    assert_eq!(expires(&mut connection, seconds(60)).len(), 1);
}

#[test]
fn switched_on_the_next_wait_tells_the_deadline() {
    for state in ["ESTABLISHED", "CLOSE-WAIT", "FIN-WAIT-2"] {
        let mut connection = after(state, OFF);
        connection.configure(ON);
        assert_eq!(drain(&mut connection, Instant::ZERO), [], "{state}");
        assert_eq!(connection.deadline(), Some(seconds(60)), "{state}");
    }
}

#[test]
fn switched_off_there_are_no_more_probes() {
    for state in ["ESTABLISHED", "CLOSE-WAIT", "FIN-WAIT-2"] {
        let mut connection = after(state, ON);
        assert_eq!(connection.deadline(), Some(seconds(60)), "{state}");
        connection.configure(OFF);
        assert_eq!(connection.deadline(), None, "{state}");
        assert_eq!(drain(&mut connection, seconds(1)), [], "{state}");
        connection.timeout(seconds(100_000));
        assert_eq!(drain(&mut connection, seconds(100_000)), [], "{state}");
    }
}

#[test]
fn switched_off_between_probes_it_does_not_end() {
    let mut connection = after("ESTABLISHED", ON);
    for at in [60, 70, 80] {
        assert_eq!(expires(&mut connection, seconds(at)).len(), 1);
    }
    connection.configure(OFF);
    assert_eq!(drain(&mut connection, seconds(80)), []);
    connection.timeout(seconds(90));
    assert_eq!(drain(&mut connection, seconds(90)), []);
    assert_eq!((connection.state(), connection.deadline()), (State::Established, None));

    // Switched on again: all of its probes come, and only then the end.
    connection.configure(ON);
    drain(&mut connection, seconds(90));
    for at in [150, 160, 170] {
        assert_eq!(expires(&mut connection, seconds(at)).len(), 1, "{at}");
    }
    connection.timeout(seconds(180));
    drain(&mut connection, seconds(180));
    assert_eq!(connection.state(), State::Closed);
}

/// Keep-alive neither stops nor replaces the retransmission timer.
#[test]
fn a_change_while_payload_is_in_flight_leaves_the_timer_alone() {
    for (from, to) in [(OFF, ON), (ON, OFF), (ON, ON)] {
        let mut connection = after("ESTABLISHED\nsend 10\n--> <SEQ=100><ACK=300><CTL=ACK><DATA=10>", from);
        assert_eq!(connection.deadline(), Some(seconds(1)));
        connection.configure(to);
        assert_eq!(connection.deadline(), Some(seconds(1)));
        assert_eq!(drain(&mut connection, Instant::ZERO), []);
        assert_eq!(expires(&mut connection, seconds(1))[0].payload, 0..10);
        connection.segment_arrives(&segment("<SEQ=300><ACK=110><CTL=ACK><WND=9000>"), seconds(2)).unwrap();
        drain(&mut connection, seconds(2));
        assert_eq!(connection.deadline(), to.keep_alive.map(|_| seconds(62)));
    }
}

#[test]
fn a_change_leaves_the_timers_of_other_states_alone() {
    for state in ["SYN-SENT", "SYN-RECEIVED", "FIN-WAIT-1", "CLOSING", "LAST-ACK", "TIME-WAIT", "LISTEN", "CLOSED"] {
        for (from, to) in [(OFF, ON), (ON, OFF), (ON, ON)] {
            let mut connection = after(state, from);
            let deadline = connection.deadline();
            connection.configure(to);
            assert_eq!(connection.deadline(), deadline, "{state}");
            assert_eq!(drain(&mut connection, Instant::ZERO), [], "{state}");
            assert_eq!(connection.deadline(), deadline, "{state}");
        }
    }
}

/// FIN-WAIT-2 has one of the two: probes while the user is there, and afterwards the timer that the latest policies
/// name.
#[test]
fn fin_wait_2_changes_between_its_timeout_and_probes() {
    let own = &Config { fin_wait_2_timeout: Some(QUICK.idle * 5), ..QUICK_CONFIG };
    let mut connection = after("FIN-WAIT-2", OFF);
    connection.configure(own);
    drain(&mut connection, seconds(0));
    assert_eq!(connection.deadline(), Some(seconds(60)));

    let mut connection = after("FIN-WAIT-2\ndetach", ON);
    connection.configure(own);
    drain(&mut connection, seconds(0));
    assert_eq!(connection.deadline(), Some(seconds(300)));

    let mut connection = after("FIN-WAIT-2\ndetach", OFF);
    connection.configure(own);
    drain(&mut connection, seconds(0));
    assert_eq!(connection.deadline(), Some(seconds(300)));
    connection.timeout(seconds(300));
    drain(&mut connection, seconds(300));
    assert_eq!(connection.state(), State::Closed);
}

/// If a keep-alive policy changes, all times are the new ones.
#[test]
fn shorter_times_hold_at_once() {
    let short = &Config {
        keep_alive: Some(KeepAlive { idle: QUICK.idle / 2, interval: QUICK.interval / 2, probes: 2 }),
        ..Config::DEFAULT
    };
    let mut connection = after("ESTABLISHED", ON);
    connection.segment_arrives(&segment("<SEQ=300><ACK=100><CTL=ACK><WND=9000>"), seconds(10)).unwrap();
    drain(&mut connection, seconds(10));
    connection.configure(short);
    drain(&mut connection, seconds(10));
    assert_eq!(expires(&mut connection, seconds(40)).len(), 1);
    assert_eq!(expires(&mut connection, seconds(45)).len(), 1);
    connection.timeout(seconds(50));
    drain(&mut connection, seconds(50));
    assert_eq!(connection.state(), State::Closed);
}

#[test]
fn changes_over_and_over_neither_lose_the_timer_nor_fire_for_ever() {
    let mut connection = after("ESTABLISHED", ON);
    for step in 0..1_000 {
        let now = seconds(step);
        connection.configure(if step % 2 == 0 { OFF } else { ON });
        assert_eq!(drain(&mut connection, now), []);
        assert_eq!(connection.deadline().is_some(), step % 2 == 1);
        connection.timeout(now);
        assert_eq!(drain(&mut connection, now), []);
        assert!(connection.deadline().is_none_or(|deadline| deadline > now));
    }
}

/// Every segment counts from the moment when keep-alive is switched on, also those of header prediction.
#[test]
fn switched_on_segments_begin_the_idle_time_anew() {
    for (text, answers) in
        [("<SEQ=300><ACK=100><CTL=ACK><WND=9>", 0), ("<SEQ=300><ACK=100><CTL=ACK><DATA=9><WND=9>", 1)]
    {
        let mut connection = after("ESTABLISHED", OFF);
        connection.configure(ON);
        drain(&mut connection, seconds(0));
        connection.segment_arrives(&segment(text), seconds(30)).unwrap();
        assert_eq!(drain(&mut connection, seconds(30)).len(), answers);
        assert_eq!(connection.deadline(), Some(seconds(90)), "{text}");
    }
}

/// Switched on in SYN-SENT, it applies from the handshake on, and so do delayed acknowledgments.
#[test]
fn what_is_switched_on_in_syn_sent_sees_every_segment() {
    check(
        "
        open active
        --> <SEQ=100><CTL=SYN>
        SYN-SENT
        configure keep_alive=60s 10s 3, delayed_ack=200ms
        <-- <SEQ=300><ACK=101><CTL=SYN,ACK>
        --> <SEQ=101><ACK=301><CTL=ACK>
        ESTABLISHED DEADLINE=60s
        + 30s
        <-- <SEQ=301><ACK=101><CTL=ACK><DATA=10>
        ESTABLISHED DEADLINE=200ms
        + 200ms
        --> <SEQ=101><ACK=311><CTL=ACK>
        ESTABLISHED DEADLINE=59800ms
        ",
    );
}
