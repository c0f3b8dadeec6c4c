//! The cheap getters of a connection: each agrees with `status`, or with the outcome of a call.

use core::time::Duration;

use tcp_lifecycle::{Config, Connection, KeepAlive, Open, Output, State};

use super::{NOW, after, drain, segment};

/// Connections in every state, with bytes queued, in flight and unread where the state has them.
fn many() -> Vec<Connection> {
    let mut scripts: Vec<String> = State::ALL.map(|state| state.name().to_owned()).to_vec();
    scripts.extend(
        [
            "SYN-RECEIVED\n send 10",
            "SYN-RECEIVED\n send 10\n close",
            "CLOSE-WAIT SND.WND=0\n send 10\n close",
            "ESTABLISHED SND.WND=0\n send 10",
            "ESTABLISHED SND.NXT=4294967295 RCV.NXT=4294967290\n send 10
             --> <SEQ=4294967295><ACK=4294967290><CTL=ACK><DATA=10>
             <-- <SEQ=4294967290><ACK=2><CTL=ACK><DATA=20><WND=500>
             signal: Acknowledged 3
             --> <SEQ=9><ACK=14><CTL=ACK>",
        ]
        .map(str::to_owned),
    );
    scripts.iter().map(|script| after(&Config::DEFAULT, script)).collect()
}

#[test]
fn each_says_what_the_status_says() {
    for connection in many() {
        let status = connection.status();
        let what = connection.state();
        assert_eq!(connection.snd_una(), status.snd_una, "{what}");
        assert_eq!(connection.snd_nxt(), status.snd_nxt, "{what}");
        assert_eq!(connection.snd_wnd(), status.snd_wnd, "{what}");
        assert_eq!(connection.rcv_nxt(), status.rcv_nxt, "{what}");
        assert_eq!(connection.rcv_wnd(), status.rcv_wnd, "{what}");
        assert_eq!(connection.in_flight(), status.in_flight, "{what}");
        assert_eq!(connection.unsent(), status.unsent, "{what}");
        assert_eq!(connection.unread(), status.unread, "{what}");
    }
}

/// RFC 9293 section 3.10.2: where SEND is no error.
#[test]
fn a_user_may_send_where_send_is_carried_out() {
    for connection in many() {
        let mut twin = connection.clone();
        assert_eq!(connection.may_send(), twin.send(1, NOW).is_ok(), "{}", connection.state());
    }
}

#[test]
fn a_connection_is_drained_where_poll_would_say_wait() {
    for mut connection in many() {
        assert!(connection.is_drained(), "{}", connection.state());
        let before = connection.clone();
        let events: [fn(&mut Connection); 7] = [
            |connection| _ = connection.open(Open::Active, NOW),
            |connection| _ = connection.send(5, NOW),
            |connection| _ = connection.close(NOW),
            |connection| _ = connection.abort(),
            |connection| connection.acknowledge_now(),
            |connection| drop(connection.segment_arrives(&segment("<SEQ=310><ACK=100><CTL=ACK><DATA=10>"), NOW)),
            |connection| {
                if let Some(deadline) = connection.deadline() {
                    connection.timeout(deadline);
                }
            },
        ];
        for event in events {
            connection = before.clone();
            event(&mut connection);
            loop {
                let is_drained = connection.is_drained();
                let output = connection.poll(NOW);
                let is_wait = matches!(output, Output::Wait(_));
                assert!(!is_drained || is_wait, "{}: {output:?}", before.state());
                if is_wait {
                    assert!(connection.is_drained(), "{}", before.state());
                    break;
                }
            }
        }
    }
}

/// Times are stored as precisely as they are used: the policies that are read make the same connection again.
#[test]
fn the_policies_in_force_can_be_read() {
    for config in [Config::DEFAULT, Config::linux(), Config::bsd()] {
        let mut connection = Connection::new(&Config::DEFAULT, 0);
        connection.configure(&config);
        for read in [connection.config(), Connection::new(&config, 0).config()] {
            assert_eq!(Connection::new(&read, 0), Connection::new(&config, 0));
            assert_eq!((read.mss, read.receive_buffer, read.r1), (config.mss, config.receive_buffer, config.r1));
            assert_eq!((read.msl, read.user_timeout, read.nagle), (config.msl, config.user_timeout, config.nagle));
            assert_eq!(read.check(), Ok(()));
        }
    }
}

/// An absurd value is read as the nearest sensible value, which is in force.
#[test]
fn of_a_policy_without_sense_the_one_in_force_is_read() {
    assert_eq!(Connection::new(&Config { mss: 0, ..Config::DEFAULT }, 0).config().mss, 1);
    let delayed_ack = Some(Duration::from_secs(1));
    let read = Connection::new(&Config { delayed_ack, ..Config::DEFAULT }, 0).config();
    assert_eq!(read.delayed_ack, Some(Duration::from_millis(499)));
}

/// With a user timeout that is shorter than the retransmission timeout, the policies that are read are still valid.
#[test]
fn policies_with_a_short_user_timeout_are_read_as_some_that_make_sense() {
    let config = Config { user_timeout: Some(Duration::from_millis(100)), ..Config::DEFAULT };
    let read = Connection::new(&config, 0).config();
    assert_eq!(read.check(), Ok(()));
    assert_eq!(Connection::new(&read, 0), Connection::new(&config, 0));
}

/// A keep-alive with an unbounded idle time counts as none.
#[test]
fn a_keep_alive_without_a_beginning_is_read_as_none() {
    let keep_alive = Some(KeepAlive { idle: Duration::MAX, interval: Duration::from_secs(1), probes: 3 });
    let connection = Connection::new(&Config { keep_alive, ..Config::DEFAULT }, 0);
    assert_eq!(connection.config().keep_alive, None);
    assert_eq!(connection, Connection::new(&connection.config(), 0));
}

/// The time between two challenge ACKs is stored; the period that is read is a multiple of it.
#[test]
fn the_period_of_challenges_is_read_as_one_that_is_kept_the_same() {
    for millis in [1, 999, 8_190, 65_280, 65_535, 123_456_789] {
        for challenge_limit in [0, 1, 3, 255] {
            let challenge_period = Duration::from_millis(millis);
            let connection = Connection::new(&Config { challenge_limit, challenge_period, ..Config::DEFAULT }, 0);
            assert_eq!(connection, Connection::new(&connection.config(), 0), "{challenge_limit} in {millis} ms");
        }
    }
}

#[test]
fn they_are_those_of_the_life_and_of_the_next() {
    let mut connection = after(&Config::linux(), "ESTABLISHED\n <-- <SEQ=300><CTL=RST>\n signal: Reset\n CLOSED");
    let before = connection.config();
    assert_eq!(before, Connection::new(&Config::linux(), 0).config());
    connection.open(Open::Active, NOW).unwrap();
    drain(&mut connection, NOW);
    assert_eq!(connection.config(), before);
}

/// RFC 7323 section 2.2: an agreed shift count of zero differs from no agreement.
#[test]
fn whether_windows_are_scaled_is_told_apart_from_the_scale() {
    let with = |config: Config, option: &str| {
        let mut connection = after(&config, "open passive\n LISTEN");
        let syn = segment(&format!("<SEQ=299><CTL=SYN><WND=1000>{option}"));
        connection.segment_arrives(&syn, NOW).unwrap();
        let status = connection.status();
        (status.window_scaling, status.snd_scale, status.rcv_scale)
    };
    let zero = Config { window_scale: Some(0), ..Config::DEFAULT };
    assert_eq!(with(zero, "<WS=0>"), (true, Some(0), Some(0)));
    assert_eq!(with(zero, ""), (false, Some(0), Some(0)));
    assert_eq!(with(Config { window_scaling: false, ..zero }, "<WS=0>"), (false, Some(0), Some(0)));
    let large = Config { receive_buffer: 200_000, ..Config::DEFAULT };
    assert_eq!(with(large, "<WS=7>"), (true, Some(7), Some(2)));
    assert_eq!(with(Config { window_scaling: false, ..large }, "<WS=7>"), (false, Some(0), Some(0)));
}
