//! Streams: bytes over a path that loses, delays and reorders, in virtual time.

#![allow(clippy::single_range_in_vec_init, reason = "one SACK block is a list of one range")]

#[path = "stream/any_order.rs"]
mod any_order;
#[path = "stream/at_random.rs"]
mod at_random;
#[path = "stream/attack.rs"]
mod attack;
mod cases;
#[path = "stream/checkpoint.rs"]
mod checkpoint;
#[path = "stream/controllers.rs"]
mod controllers;
#[path = "stream/cubic.rs"]
mod cubic;
#[path = "stream/fight.rs"]
mod fight;
#[path = "stream/first_flight.rs"]
mod first_flight;
#[path = "stream/hostile.rs"]
mod hostile;
#[path = "stream/hystart.rs"]
mod hystart;
#[path = "stream/idle.rs"]
mod idle;
#[path = "stream/lives.rs"]
mod lives;
#[path = "stream/monotonic.rs"]
mod monotonic;
#[path = "stream/pair.rs"]
mod pair;
#[path = "stream/path.rs"]
mod path;
#[path = "stream/peer.rs"]
mod peer;
#[path = "stream/probe.rs"]
mod probe;
#[path = "stream/prr.rs"]
mod prr;
#[path = "stream/receiver.rs"]
mod receiver;
#[path = "stream/recovery.rs"]
mod recovery;
#[path = "stream/seen.rs"]
mod seen;
#[path = "stream/spurious.rs"]
mod spurious;
#[path = "stream/transfer.rs"]
mod transfer;
#[path = "stream/undo.rs"]
mod undo;
#[path = "stream/watched.rs"]
mod watched;
#[path = "stream/without_sack.rs"]
mod without_sack;
