//! Snapshots (feature `serde`): a value that is serialised and deserialised is the same value, and a connection lives on
//! as it would have. A damaged snapshot is an error, or a connection that survives whatever happens next.

#[allow(dead_code, reason = "`properties.rs` uses the rest")]
#[path = "properties/arcs.rs"]
mod arcs;
mod cases;
#[path = "snapshots/damaged.rs"]
mod damaged;
#[allow(dead_code, reason = "`properties.rs` uses the rest")]
#[path = "properties/events.rs"]
mod events;
#[path = "snapshots/faithful.rs"]
mod faithful;
#[path = "snapshots/moved.rs"]
mod moved;
#[path = "properties/numbers.rs"]
mod numbers;
#[path = "snapshots/plain.rs"]
mod plain;
#[path = "properties/policies.rs"]
mod policies;
#[path = "snapshots/refused.rs"]
mod refused;
#[allow(dead_code, reason = "`properties.rs` uses the rest")]
#[path = "properties/run.rs"]
mod run;
#[path = "properties/settings.rs"]
mod settings;
#[path = "snapshots/values.rs"]
mod values;
#[allow(dead_code, reason = "`properties.rs` uses the rest")]
#[path = "properties/watch.rs"]
mod watch;
