//! `set_timestamp_offset`: by RFC 7323 section 7.1 TSval should not reveal the uptime of the host.

use core::time::Duration;

use tcp_lifecycle::{Config, Connection, Control, Instant, Open, Options, Output, Segment, SeqNumber};

use super::after;

const CONFIG: Config = Config { timestamps: true, ..Config::DEFAULT };

#[track_caller]
fn sent(connection: &mut Connection, now: Instant) -> Segment {
    loop {
        match connection.poll(now) {
            Output::Transmit(transmit) => return transmit.segment,
            Output::Transition(_) | Output::Signal(_) => (),
            Output::Wait(_) => panic!("no segment"),
        }
    }
}

/// TSval is the clock in milliseconds and 65,536 times the offset.
#[test]
fn the_offset_is_in_the_upper_half_of_every_value() {
    for (offset, millis) in [(0, 7), (1, 7), (0xFFFF, 7), (0x8000, 70_000), (0xFFFF, 70_000)] {
        let now = Instant::ZERO + Duration::from_millis(millis);
        let expected = (millis as u32).wrapping_add(u32::from(offset) << 16);
        let mut connection = Connection::new(&CONFIG, 99);
        connection.set_timestamp_offset(offset);
        connection.open(Open::Active, now).unwrap();
        let syn = sent(&mut connection, now);
        assert_eq!(syn.options().timestamps(), Some((expected, 0)), "{offset} at {now}");
        let syn_ack = Segment::new(SeqNumber(299), syn.seq() + 1, Control::SYN | Control::ACK)
            .with_window(1000)
            .with_options(Options::NONE.with_timestamps(5, expected));
        connection.segment_arrives(&syn_ack, now).unwrap();
        assert_eq!(sent(&mut connection, now).options().timestamps(), Some((expected, 5)));
        connection.abort().unwrap();
        assert_eq!(sent(&mut connection, now).options().timestamps().map(|(value, _)| value), Some(expected));
    }
}

/// The echo is of our own values: the round-trip time is measured as without an offset.
#[test]
fn the_round_trip_time_is_the_same_with_any_offset() {
    let measured = |offset| {
        let mut connection = after(&CONFIG, "");
        connection.set_timestamp_offset(offset);
        connection.open(Open::Active, Instant::ZERO).unwrap();
        let syn = sent(&mut connection, Instant::ZERO);
        let (value, _) = syn.options().timestamps().unwrap();
        let then = Instant::ZERO + Duration::from_millis(300);
        let syn_ack = Segment::new(SeqNumber(299), syn.seq() + 1, Control::SYN | Control::ACK)
            .with_window(1000)
            .with_options(Options::NONE.with_timestamps(5, value));
        connection.segment_arrives(&syn_ack, then).unwrap();
        connection.status().srtt
    };
    for offset in [1, 0x7FFF, 0x8000, 0xFFFF] {
        assert_eq!(measured(offset), measured(0), "{offset}");
    }
    assert!(measured(0).is_some());
}

/// The offset is zero at first, so that a script is exact; the next incarnation keeps the offset that was set.
#[test]
fn it_is_zero_at_first_and_stays_what_it_was_set_to() {
    let mut connection = Connection::new(&CONFIG, 99);
    connection.open(Open::Active, Instant::ZERO).unwrap();
    assert_eq!(sent(&mut connection, Instant::ZERO).options().timestamps(), Some((0, 0)));
    connection.abort().unwrap();
    while !matches!(connection.poll(Instant::ZERO), Output::Wait(_)) {}
    connection.set_timestamp_offset(3);
    for _ in 0..2 {
        connection.open(Open::Active, Instant::ZERO).unwrap();
        assert_eq!(sent(&mut connection, Instant::ZERO).options().timestamps(), Some((3 << 16, 0)));
        connection.abort().unwrap();
        while !matches!(connection.poll(Instant::ZERO), Output::Wait(_)) {}
    }
}
