//! Callers with a strange clock: it stands still, goes back, or leaps ahead. The acknowledgment is never lost.

use core::time::Duration;

use tcp_lifecycle::sim::Script;
use tcp_lifecycle::{Config, Connection, Instant, Output, Segment};

const DELAYED: Config = Config { delayed_ack: Some(Duration::from_millis(200)), ..Config::DEFAULT };

const fn millis(millis: u64) -> Instant {
    Instant::from_micros(millis * 1_000)
}

fn text(seq: u32) -> Segment {
    format!("<SEQ={seq}><ACK=100><CTL=ACK><DATA=10><WND=65535>").parse().unwrap()
}

/// A connection whose acknowledgment has waited since `start`.
#[track_caller]
fn waiting(start: Instant) -> Connection {
    let mut connection = Script::parse("ESTABLISHED SND.NXT=100 RCV.NXT=300").unwrap().run(&DELAYED).unwrap();
    connection.segment_arrives(&text(300), start).unwrap();
    assert_eq!(connection.poll(start), Output::Wait(Some(start + Duration::from_millis(200))));
    connection
}

/// The acknowledgment numbers that are due.
#[track_caller]
fn acks(connection: &mut Connection, now: Instant) -> Vec<u32> {
    let mut acks = Vec::new();
    while let Output::Transmit(transmit) = connection.poll(now) {
        acks.push(transmit.segment.ack().unwrap().0);
        assert!(acks.len() < 10, "{acks:?}");
    }
    acks
}

/// Every phase of any counter of milliseconds that the connection might keep.
#[test]
fn it_is_due_at_its_time_wherever_the_clock_stands() {
    for start in (0..140_000).step_by(37).chain([65_335, 65_336, 65_535, 65_536, 131_071]) {
        for start in [start, start + 4_294_967_000, start + 1_000_000_000_000] {
            let mut connection = waiting(millis(start));
            connection.timeout(millis(start + 199));
            assert_eq!(acks(&mut connection, millis(start + 199)), [], "{start}");
            assert_eq!(connection.deadline(), Some(millis(start + 200)), "{start}");
            connection.timeout(millis(start + 200));
            assert_eq!(acks(&mut connection, millis(start + 200)), [310], "{start}");
            assert_eq!(connection.deadline(), None, "{start}");
        }
    }
}

#[test]
fn a_clock_that_stands_still_or_goes_back_leaves_the_deadline_where_it_is() {
    for start in [1_000, 65_400, 65_536] {
        let mut connection = waiting(millis(start));
        for now in [start, start - 1, start - 700, 0] {
            connection.timeout(millis(now));
            assert_eq!(acks(&mut connection, millis(now)), []);
            assert_eq!(connection.deadline(), Some(millis(start + 200)));
        }
        // The second segment is acknowledged at once, even then.
        let mut second = connection.clone();
        second.segment_arrives(&text(310), millis(0)).unwrap();
        assert_eq!(acks(&mut second, millis(0)), [320]);
        connection.timeout(millis(start + 200));
        assert_eq!(acks(&mut connection, millis(start + 200)), [310]);
    }
}

/// For a caller that comes a minute, an hour, or a year late, the acknowledgment is due.
#[test]
fn a_clock_that_leaps_ahead_finds_it_due() {
    for late in [201, 500, 501, 700, 1_000, 60_000, 65_000, 70_000, 3_600_000, 86_400_000, 31_536_000_000_u64] {
        let mut connection = waiting(millis(1_000));
        let now = millis(1_000 + late);
        connection.timeout(now);
        assert_eq!(acks(&mut connection, now), [310], "{late} ms late");
        assert_eq!(connection.deadline(), None, "{late} ms late");
    }
}

/// It is sent at once, whatever the leap.
#[test]
fn after_any_leap_it_is_out() {
    for late in (200..200_000).step_by(53) {
        let mut connection = waiting(millis(1_000));
        let now = millis(1_000 + late);
        connection.timeout(now);
        assert_eq!(acks(&mut connection, now), [310], "{late}");
        assert_eq!(connection.deadline(), None, "{late}");
    }
}

/// A caller that polls and does not call `timeout`: a late deadline stays late.
#[test]
fn its_time_never_moves_ahead_again() {
    for late in (200..200_000).step_by(53) {
        let mut connection = waiting(millis(1_000));
        for now in [millis(1_000 + late), millis(1_000 + late + 65_300), millis(1_000 + 2 * late + 65_300)] {
            assert_eq!(acks(&mut connection, now), [], "{late}");
            assert!(connection.deadline() <= Some(now), "{late}");
        }
        let now = millis(1_000 + 3 * late + 65_300);
        connection.timeout(now);
        assert_eq!(acks(&mut connection, now), [310], "{late}");
    }
}

/// A call that fails changes nothing, whatever time it names.
#[test]
fn a_call_that_fails_does_not_move_it() {
    for late in [100, 200, 300, 65_700, 3_600_000] {
        let mut connection = waiting(millis(1_000));
        let before = connection.clone();
        connection.open(tcp_lifecycle::Open::Active, millis(1_000 + late)).unwrap_err();
        assert_eq!(connection, before, "{late}");
    }
}

/// Events other than `timeout` move the clock too; the acknowledgment stays due.
#[test]
fn other_events_after_its_time_do_not_lose_it() {
    for late in [200, 300, 60_000, 3_600_000] {
        let now = millis(1_000 + late);
        let ack = text(310).with_payload(0);
        let mut connection = waiting(millis(1_000));
        connection.segment_arrives(&ack, now).unwrap();
        let mut sent = acks(&mut connection, now);
        connection.timeout(now);
        sent.extend(acks(&mut connection, now));
        assert_eq!(sent, [310], "{late}");
        assert_eq!(connection.deadline(), None);

        let mut connection = waiting(millis(1_000));
        connection.send(5, now).unwrap();
        assert_eq!(acks(&mut connection, now), [310]);
        assert_eq!(connection.deadline(), Some(now + Duration::from_secs(1)));

        let mut connection = waiting(millis(1_000));
        connection.receive(10).unwrap();
        let mut sent = acks(&mut connection, now);
        connection.timeout(now);
        sent.extend(acks(&mut connection, now));
        assert_eq!(sent, [310], "{late}");
    }
}

/// At the end of time nothing overflows, and no timer fires without end.
#[test]
fn the_end_of_time() {
    let end = Instant::from_micros(u64::MAX);
    let mut connection = Script::parse("ESTABLISHED SND.NXT=100 RCV.NXT=300").unwrap().run(&DELAYED).unwrap();
    connection.segment_arrives(&text(300), end).unwrap();
    let mut sent = acks(&mut connection, end);
    connection.timeout(end);
    sent.extend(acks(&mut connection, end));
    assert!(sent.len() <= 1);
    connection.segment_arrives(&text(310), end).unwrap();
    connection.segment_arrives(&text(320), end).unwrap();
    assert_eq!(acks(&mut connection, end).last(), Some(&330));
}
