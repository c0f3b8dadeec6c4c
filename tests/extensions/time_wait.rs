//! `into_time_wait`: returns the TIME-WAIT of the connection, or the connection itself.

use tcp_lifecycle::{Config, State};

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
