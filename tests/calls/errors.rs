//! A call that fails changes nothing: no variable, no time, no pending output.

use std::time::Duration;

use tcp_lifecycle::{CallError, Connection, Instant, Open, State};

use super::table::after;

type Call = fn(&mut Connection, Instant) -> Result<(), CallError>;

/// Each call, in a form that fails in some state.
const CALLS: [(&str, Call); 6] = [
    ("OPEN active", |connection, now| connection.open(Open::Active, now)),
    ("OPEN passive", |connection, now| connection.open(Open::Passive, now)),
    ("SEND", |connection, now| connection.send(usize::MAX, now)),
    ("RECEIVE", |connection, _| connection.receive(usize::MAX)),
    ("CLOSE", |connection, now| connection.close(now)),
    ("ABORT", |connection, _| connection.abort()),
];

/// Whether the call is carried out in this state; otherwise it is an error. Here SEND and RECEIVE always ask too much.
fn carried_out(state: State, call: &str) -> bool {
    match state {
        State::Closed => matches!(call, "OPEN active" | "OPEN passive"),
        State::Listen => matches!(call, "OPEN active" | "CLOSE" | "ABORT"),
        State::SynSent | State::SynReceived | State::Established | State::CloseWait => {
            matches!(call, "CLOSE" | "ABORT")
        }
        State::FinWait1 | State::FinWait2 | State::Closing | State::LastAck | State::TimeWait => call == "ABORT",
    }
}

#[test]
fn a_call_that_fails_changes_nothing_at_all() {
    for state in State::ALL {
        let before = after(state.name());
        for (name, call) in CALLS {
            let mut connection = before.clone();
            let result = call(&mut connection, Instant::ZERO + Duration::from_secs(3));
            assert_eq!(result.is_ok(), carried_out(state, name), "{name} in {state}: {result:?}");
            assert!(result.is_ok() || connection == before, "{name} in {state} has changed something");
        }
    }
}

#[test]
fn a_call_that_fails_takes_nothing_back_that_is_due() {
    let mut connection = after("ESTABLISHED");
    connection.close(Instant::ZERO).unwrap();
    let before = connection.clone();
    assert_eq!(connection.send(1, Instant::ZERO), Err(CallError::ConnectionClosing));
    assert_eq!(connection.close(Instant::ZERO), Err(CallError::ConnectionClosing));
    assert_eq!(connection.receive(1), Err(CallError::NotDelivered));
    assert_eq!(connection.open(Open::Active, Instant::ZERO), Err(CallError::ConnectionAlreadyExists));
    assert_eq!(connection, before);
}
