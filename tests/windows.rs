//! Windows and segments: RFC 9293 sections 3.7.1 and 3.8.6.

#[path = "windows/bounded.rs"]
mod bounded;
mod cases;
#[path = "windows/closed_by_scale.rs"]
mod closed_by_scale;
#[path = "windows/crossing.rs"]
mod crossing;
#[path = "windows/cutting.rs"]
mod cutting;
#[path = "windows/gaps.rs"]
mod gaps;
#[path = "windows/numbers.rs"]
mod numbers;
#[path = "windows/one_ahead.rs"]
mod one_ahead;
#[path = "windows/opening.rs"]
mod opening;
#[path = "windows/persist.rs"]
mod persist;
#[path = "windows/probes.rs"]
mod probes;
#[path = "windows/receiver.rs"]
mod receiver;
#[path = "windows/refused_by_none.rs"]
mod refused_by_none;
#[path = "windows/shrinking.rs"]
mod shrinking;
