//! The API in addition to the RFC's calls: queries of a connection, and constructors of a connection.

#[path = "extensions/accept.rs"]
mod accept;
#[path = "extensions/detach.rs"]
mod detach;
#[path = "extensions/getters.rs"]
mod getters;
#[path = "extensions/isn.rs"]
mod isn;
#[path = "extensions/options.rs"]
mod options;
#[path = "extensions/recovery.rs"]
mod recovery;
#[path = "extensions/signals.rs"]
mod signals;
#[path = "extensions/time_wait.rs"]
mod time_wait;
#[path = "extensions/timestamps.rs"]
mod timestamps;

use tcp_lifecycle::sim::Script;
use tcp_lifecycle::{Config, Connection, Instant, Output, Segment};

const NOW: Instant = Instant::ZERO;

/// The connection after a script.
#[track_caller]
fn after(config: &Config, script: &str) -> Connection {
    Script::parse(script).and_then(|script| script.run(config)).unwrap_or_else(|error| panic!("{error}"))
}

#[track_caller]
fn segment(text: &str) -> Segment {
    text.parse().unwrap()
}

/// All outputs that are due: transitions, signals and segments, as they are printed.
fn drain(connection: &mut Connection, now: Instant) -> Vec<String> {
    let mut lines = Vec::new();
    loop {
        lines.push(match connection.poll(now) {
            Output::Transition(transition) => transition.to_string(),
            Output::Signal(signal) => format!("{signal:?}"),
            Output::Transmit(transmit) => transmit.segment.to_string(),
            Output::Wait(_) => return lines,
        });
    }
}
