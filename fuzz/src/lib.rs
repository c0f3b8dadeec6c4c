//! What the fuzz targets do. Each target is a file of `fuzz_targets` that hands its input to the module of its name.
//!
//! The invariants of `events`, `two_ends` and `hostile` are those of the property tests.

#![forbid(unsafe_code)]

#[path = "../../tests/properties/ahead.rs"]
mod ahead;
#[allow(dead_code)] // of what is shared with the property tests, some is for them alone
#[path = "../../tests/properties/arcs.rs"]
mod arcs;
#[path = "../../tests/hostile/attack.rs"]
mod attack;
#[allow(dead_code)] // as above
#[path = "../../tests/wire/by_hand.rs"]
mod by_hand;
pub mod endpoint;
pub mod events;
pub mod hostile;
pub mod listener;
#[path = "../../tests/properties/numbers.rs"]
mod numbers;
pub mod policies;
#[allow(dead_code)] // as above
#[path = "../../tests/time_wait/reach.rs"]
mod reach;
mod run;
pub mod script;
#[path = "../../tests/properties/settings.rs"]
mod settings;
mod shapes;
#[allow(dead_code)] // as above
#[path = "../../tests/properties/story.rs"]
mod story;
pub mod stream;
pub mod time_wait;
#[path = "../../tests/time_wait/twins.rs"]
mod twins;
pub mod two_ends;
#[allow(dead_code)] // as above
#[path = "../../tests/properties/watch.rs"]
mod watch;
pub mod wire;
