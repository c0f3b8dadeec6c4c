//! The number of cases of a property, and their random numbers: the same in every run, unless the environment says
//! otherwise (`PROPTEST_CASES`, `PROPTEST_RNG_SEED`).

use proptest::test_runner::{Config, RngSeed};

pub(crate) fn cases(cases: u32) -> Config {
    let asked = |name| std::env::var_os(name).is_some();
    let default = Config { failure_persistence: None, ..Config::default() };
    Config {
        cases: if asked("PROPTEST_CASES") { default.cases } else { cases },
        rng_seed: if asked("PROPTEST_RNG_SEED") { default.rng_seed } else { RngSeed::Fixed(9293) },
        ..default
    }
}
