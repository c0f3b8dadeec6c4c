//! Windows and segments: RFC 9293 sections 3.7.1 and 3.8.6.

mod cases;
#[path = "windows/crossing.rs"]
mod crossing;
#[path = "windows/cutting.rs"]
mod cutting;
#[path = "windows/probes.rs"]
mod probes;
#[path = "windows/receiver.rs"]
mod receiver;
#[path = "windows/shrinking.rs"]
mod shrinking;
