//! `into_time_wait`: returns the TIME-WAIT of the connection, or the connection itself.

use tcp_lifecycle::{Config, Instant, State};

use super::{NOW, after, drain, segment};

#[test]
fn a_drained_connection_in_time_wait_becomes_one() {
    let connection = after(&Config::DEFAULT, "TIME-WAIT");
    let time_wait = connection.time_wait().unwrap();
    assert_eq!(connection.into_time_wait(), Ok(time_wait));
}

#[test]
fn any_other_comes_back_as_it_was() {
    for state in State::ALL.into_iter().filter(|state| *state != State::TimeWait) {
        let connection = after(&Config::DEFAULT, state.name());
        assert_eq!(connection.clone().into_time_wait(), Err(connection), "{state}");
    }
}

/// Its ACK is still due.
#[test]
fn one_that_is_not_drained_comes_back() {
    let mut connection = after(&Config::DEFAULT, "TIME-WAIT");
    connection.segment_arrives(&segment("<SEQ=299><ACK=100><CTL=FIN,ACK>"), NOW).unwrap();
    let mut connection = connection.clone().into_time_wait().unwrap_err();
    assert_eq!(drain(&mut connection, NOW), ["<SEQ=100><ACK=300><CTL=ACK><WND=65535>"]);
    assert!(connection.into_time_wait().is_ok());
}

#[test]
fn it_begins_the_next_life_where_the_connection_would() {
    let connection = after(&Config::DEFAULT, "TIME-WAIT");
    let time_wait = connection.time_wait().unwrap();
    for (offset, millis) in [(99, 0), (77, 0), (99, 60_000), (100, 0), (101, 0)] {
        let now = Instant::from_micros(millis * 1_000);
        let mut again = connection.clone();
        again.set_isn_offset(offset);
        let next = time_wait.next_isn_offset(offset, now);
        assert!(next == again.next_isn_offset(now) && next > 0, "{offset} at {now}: {next}");
    }
}
