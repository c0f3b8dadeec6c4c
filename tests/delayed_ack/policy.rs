//! The delay itself, and changes of policy while an acknowledgment waits.

use core::time::Duration;

use tcp_lifecycle::sim::{Network, Pair, Script, Side, check};
use tcp_lifecycle::{Config, ConfigError, Connection, Instant, Output, Segment};

const DELAYED: Config = Config { delayed_ack: Some(Duration::from_millis(200)), ..Config::DEFAULT };
const AT_ONCE: Config = Config::DEFAULT;

const fn millis(millis: u64) -> Instant {
    Instant::from_micros(millis * 1_000)
}

fn text(seq: u32) -> Segment {
    format!("<SEQ={seq}><ACK=100><CTL=ACK><DATA=10><WND=65535>").parse().unwrap()
}

#[track_caller]
fn established(config: &Config) -> Connection {
    Script::parse("ESTABLISHED SND.NXT=100 RCV.NXT=300").unwrap().run(config).unwrap()
}

/// The number of segments that are due, and the deadline after them.
#[track_caller]
fn drain(connection: &mut Connection, now: Instant) -> (usize, Option<Instant>) {
    for segments in 0..10 {
        match connection.poll(now) {
            Output::Wait(deadline) => {
                assert_eq!(deadline, connection.deadline());
                return (segments, deadline);
            }
            Output::Transmit(transmit) => assert_eq!(transmit.segment.payload_len(), 0),
            other @ (Output::Transition(_) | Output::Signal(_)) => panic!("{other:?}"),
        }
    }
    panic!("outputs without end");
}

/// MUST-40: less than half a second, whatever was asked for.
#[test]
fn half_a_second_and_more_stand_as_a_millisecond_less() {
    for (asked, delay) in [(1, 1), (40, 40), (499, 499), (500, 499), (501, 499), (10_000, 499), (u64::MAX / 1_000, 499)]
    {
        let config = Config { delayed_ack: Some(Duration::from_millis(asked)), ..Config::DEFAULT };
        assert_eq!(config.check(), if asked > 500 { Err(ConfigError::DelayedAck) } else { Ok(()) }, "{asked}");
        for start in [0, 1, 499, 999, 1_000] {
            let start = Instant::from_micros(start);
            let mut connection = established(&config);
            connection.segment_arrives(&text(300), start).unwrap();
            let (segments, deadline) = drain(&mut connection, start);
            let waits = deadline.unwrap().saturating_duration_since(start);
            assert_eq!(segments, 0);
            assert!(waits >= Duration::from_millis(delay) && waits < Duration::from_millis(delay + 1), "{waits:?}");
            assert!(waits < Duration::from_millis(500));
        }
    }
}

#[test]
fn a_delay_of_zero_is_none() {
    check(
        "
        config delayed_ack=0s
        ESTABLISHED
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>
        --> <SEQ=100><ACK=310><CTL=ACK>
        ",
    );
}

#[test]
fn switched_on_in_mid_life_the_next_text_waits() {
    let mut connection = established(&AT_ONCE);
    connection.segment_arrives(&text(300), millis(0)).unwrap();
    assert_eq!(drain(&mut connection, millis(0)), (1, None));
    connection.configure(&DELAYED);
    assert_eq!(drain(&mut connection, millis(0)), (0, None));
    connection.segment_arrives(&text(310), millis(10)).unwrap();
    assert_eq!(drain(&mut connection, millis(10)), (0, Some(millis(210))));
}

#[test]
fn switched_off_in_mid_life_the_one_that_waits_goes_out_at_once() {
    let mut connection = established(&DELAYED);
    connection.segment_arrives(&text(300), millis(0)).unwrap();
    assert_eq!(drain(&mut connection, millis(0)), (0, Some(millis(200))));
    connection.configure(&AT_ONCE);
    assert_eq!(drain(&mut connection, millis(1)), (1, None));
    connection.timeout(millis(200));
    assert_eq!(drain(&mut connection, millis(200)), (0, None));

    // From now on each segment is acknowledged at once.
    connection.segment_arrives(&text(310), millis(300)).unwrap();
    assert_eq!(drain(&mut connection, millis(300)), (1, None));
    connection.segment_arrives(&text(320), millis(301)).unwrap();
    assert_eq!(drain(&mut connection, millis(301)), (1, None));
}

#[test]
fn a_longer_delay_does_not_hold_up_the_one_that_waits() {
    let longer = Config { delayed_ack: Some(Duration::from_millis(499)), ..Config::DEFAULT };
    let mut connection = established(&DELAYED);
    connection.segment_arrives(&text(300), millis(0)).unwrap();
    drain(&mut connection, millis(0));
    connection.configure(&longer);
    assert_eq!(drain(&mut connection, millis(0)), (0, Some(millis(200))));
    connection.timeout(millis(200));
    assert_eq!(drain(&mut connection, millis(200)), (1, None));
}

/// SHLD-18: fewer segments are sent; and everything arrives, whatever the network does.
#[test]
fn a_transfer_takes_about_half_of_the_acks() {
    let acks = |receiver: &Config| {
        let mut pair = Pair::new(&Config { nagle: false, ..AT_ONCE }, receiver, Network::PERFECT);
        pair.handshake().unwrap();
        let before = pair.trace().to_string().matches("<--").count();
        pair.send(Side::A, &[7; 100_000]).unwrap();
        pair.drive().unwrap();
        assert_eq!(pair.received(Side::B).len(), 100_000);
        pair.trace().to_string().matches("<--").count() - before
    };
    let (each, delayed) = (acks(&AT_ONCE), acks(&DELAYED));
    assert!(delayed * 10 <= each * 6 && delayed * 10 >= each * 4, "{delayed} of {each}");
}

#[test]
fn transfers_end_over_a_faulty_network() {
    for seed in 0..20 {
        let config = Config { timestamps: true, ..DELAYED };
        let mut pair = Pair::new(&config, &config, Network::faulty(seed));
        pair.handshake().unwrap();
        for side in [Side::A, Side::B] {
            pair.send(side, &[7; 20_000]).unwrap();
            pair.close(side).unwrap();
        }
        pair.drive().unwrap();
        assert_eq!((pair.received(Side::A).len(), pair.received(Side::B).len()), (20_000, 20_000), "{seed}");
    }
}
