//! Properties: what must hold whatever happens, at random.
//!
//! The random numbers are the same in every run. `PROPTEST_CASES` asks for more cases, `PROPTEST_RNG_SEED` for others.

#[path = "properties/arcs.rs"]
mod arcs;
#[path = "properties/events.rs"]
mod events;
#[path = "properties/limiter.rs"]
mod limiter;
#[path = "properties/network.rs"]
mod network;
#[path = "properties/one_end.rs"]
mod one_end;
#[path = "properties/seq.rs"]
mod seq;
#[path = "properties/two_ends.rs"]
mod two_ends;
#[path = "properties/watch.rs"]
mod watch;

use proptest::test_runner::{Config, RngSeed};

/// So many cases, unless the environment says otherwise.
fn config(cases: u32) -> Config {
    let asked = |name| std::env::var_os(name).is_some();
    let default = Config { failure_persistence: None, ..Config::default() };
    Config {
        cases: if asked("PROPTEST_CASES") { default.cases } else { cases },
        rng_seed: if asked("PROPTEST_RNG_SEED") { default.rng_seed } else { RngSeed::Fixed(9293) },
        ..default
    }
}
