//! Whether a segment is worth sending: Nagle's algorithm (RFC 9293 section 3.7.4) and the sender's silly window
//! syndrome avoidance (section 3.8.6.2.1).

#[path = "nagle/beside.rs"]
mod beside;
mod cases;
#[path = "nagle/closing.rs"]
mod closing;
#[path = "nagle/holding.rs"]
mod holding;
#[path = "nagle/limited.rs"]
mod limited;
#[path = "nagle/overriding.rs"]
mod overriding;
#[path = "nagle/silly.rs"]
mod silly;
#[path = "nagle/silly_receiver.rs"]
mod silly_receiver;

use tcp_lifecycle::sim::Script;
use tcp_lifecycle::{Config, Connection, Instant, Output, Segment};

/// The connection after this exchange.
#[track_caller]
fn after(script: &str) -> Connection {
    Script::parse(script).and_then(|script| script.run(&Config::DEFAULT)).unwrap_or_else(|error| panic!("{error}"))
}

/// The segments that are sent, without their windows.
fn segments(connection: &mut Connection, now: Instant) -> Vec<String> {
    let mut segments = Vec::new();
    loop {
        match connection.poll(now) {
            Output::Transmit(transmit) => segments.push(transmit.segment.with_window(0).to_string()),
            Output::Transition(_) | Output::Signal(_) => {}
            Output::Wait(_) => return segments,
        }
    }
}

#[track_caller]
fn arrives(connection: &mut Connection, segment: &str, now: Instant) {
    let segment: Segment = segment.parse().unwrap();
    assert_eq!(connection.segment_arrives(&segment, now), Ok(0..0));
}
