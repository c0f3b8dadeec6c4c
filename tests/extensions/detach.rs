//! `Connection::detach` where a script cannot tell: the connection after a call that fails, and the TIME-WAIT of a
//! detached connection.

use tcp_lifecycle::{CallError, Config, Connection, Instant, Output, State};

use super::{NOW, after, drain, segment};

#[test]
fn a_detach_that_fails_changes_nothing() {
    let later = Instant::from_micros(5_000_000);
    let mut closed = Connection::new(&Config::DEFAULT, 0);
    let before = closed.clone();
    assert_eq!(closed.detach(later), Err(CallError::ConnectionDoesNotExist));
    assert_eq!(closed, before);
    for state in State::ALL {
        let mut connection = after(&Config::DEFAULT, state.name());
        if connection.detach(NOW).is_err() || connection.state() == State::Closed {
            continue;
        }
        drain(&mut connection, NOW);
        let before = connection.clone();
        assert_eq!(connection.detach(later), Err(CallError::ConnectionClosing), "{state}");
        assert_eq!(connection, before, "{state}");
    }
}

/// A host may keep the 32 bytes in place of the connection, with or without a user.
#[test]
fn a_time_wait_is_the_same_without_its_user() {
    let config = Config::DEFAULT;
    let stays = after(&config, "TIME-WAIT");
    let mut gone = stays.clone();
    assert_eq!(gone.detach(NOW), Ok(()));
    assert_eq!(drain(&mut gone, NOW), [""; 0]);
    let [mut stays, mut gone] = [stays, gone].map(|connection| connection.time_wait().unwrap());
    for text in ["<SEQ=299><ACK=100><CTL=FIN,ACK>", "<SEQ=300><ACK=100><CTL=ACK><DATA=10>", "<SEQ=5000><CTL=SYN>"] {
        let [a, b] = [&mut stays, &mut gone].map(|time_wait| {
            let arrives = time_wait.segment_arrives(&segment(text), NOW, &config);
            (arrives, time_wait.poll(NOW, &config))
        });
        assert_eq!(a, b, "{text}");
        assert!(matches!(a.1, Output::Transmit(_)), "{text}");
    }
}

#[test]
fn after_its_reset_the_connection_is_as_new() {
    let config = Config::DEFAULT;
    let mut connection = after(
        &config,
        "
        ESTABLISHED
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>
        --> <SEQ=100><ACK=310><CTL=ACK>
        ",
    );
    assert_eq!(connection.detach(NOW), Ok(()));
    assert_eq!(drain(&mut connection, NOW), ["ESTABLISHED -> CLOSED", "<SEQ=100><CTL=RST>"]);
    connection.set_isn_offset(0);
    assert_eq!(connection, Connection::new(&config, 0));
}
