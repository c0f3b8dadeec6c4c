//! Many lives of two ends, with random policies, calls and network faults. In each life both ends are watched as in
//! `properties.rs`, and compared with each other.
//!
//! Every run plays a few hundred lives, and replays those that have failed before (`tests/soak/lives`). A million:
//!
//! ```text
//! SOAK_LIVES=1000000 cargo test --release --test soak -- --nocapture
//! ```
//!
//! `SOAK_SEED` chooses other lives. `SOAK_THREADS` sets the number of threads; with `SOAK_LIVES` the default is all
//! processors. `SOAK_KEPT` replays the lives of another directory in place of those that have failed before. A life
//! that fails shrinks, and is printed with its ladder. To keep it, put its text into a file of `tests/soak/lives`.

#[path = "soak/acts.rs"]
mod acts;
#[path = "soak/again.rs"]
mod again;
#[path = "properties/arcs.rs"]
mod arcs;
#[path = "honest/belief.rs"]
mod belief;
mod cases;
#[path = "soak/checks.rs"]
mod checks;
#[path = "soak/congestion.rs"]
mod congestion;
#[path = "soak/life.rs"]
mod life;
#[path = "soak/lives.rs"]
mod lives;
#[path = "soak/many.rs"]
mod many;
#[path = "properties/policies.rs"]
mod policies;
#[path = "honest/reasons.rs"]
mod reasons;
#[allow(dead_code, reason = "`properties.rs` uses the rest")]
#[path = "properties/run.rs"]
mod run;
#[path = "properties/settings.rs"]
mod settings;
#[allow(dead_code, reason = "`properties.rs` uses the rest")]
#[path = "properties/watch.rs"]
mod watch;
#[allow(dead_code, reason = "`honest.rs` uses the rest")]
#[path = "honest/witness.rs"]
mod witness;
#[path = "soak/words.rs"]
mod words;
#[path = "soak/world.rs"]
mod world;

use std::fs;
use std::path::{Path, PathBuf};

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use crate::life::Life;
use crate::many::{asked, soak};
use crate::run::{config, failure};

/// S1 to S17 and L1 to L4.
#[test]
fn all_lives_keep_all_that_is_promised() {
    let lives = asked("SOAK_LIVES");
    let all = || lives.map_or(1, |_| std::thread::available_parallelism().map_or(1, usize::from) as u64);
    let threads = asked("SOAK_THREADS").unwrap_or_else(all);
    let seed = asked("SOAK_SEED");
    let report = soak(lives.unwrap_or(300), seed.unwrap_or(9293), threads);
    println!("{report}");
    assert!(report.patient > 0 && report.established > 0, "{report}");
    // If the environment asks for a number or a seed, not every kind of event need happen.
    assert!(lives.is_some() || seed.is_some() || report.has_all(), "{report}");
}

/// Replays the lives that have failed before.
#[test]
fn lives_that_failed_before_are_lived_to_their_end() {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/soak/lives");
    let lives = std::env::var_os("SOAK_KEPT").map_or(kept, PathBuf::from);
    let mut failures = Vec::new();
    for entry in fs::read_dir(lives).unwrap() {
        let path = entry.unwrap().path();
        let life: Life = fs::read_to_string(&path).unwrap().parse().unwrap_or_else(|error| panic!("{path:?}: {error}"));
        if let Some(told) = failure(|| _ = world::live(&life)) {
            failures.push(format!("{}\n{told}", path.display()));
        }
    }
    assert!(failures.is_empty(), "{} fail:\n{}", failures.len(), failures.join("\n"));
}

/// A life that is written as text and parsed again is the same.
#[test]
fn a_life_is_what_is_written_of_it() {
    let mut runner = TestRunner::new(config(1));
    for _ in 0..100 {
        let life = lives::any_life().new_tree(&mut runner).unwrap().current();
        assert_eq!(life.to_string().parse(), Ok(life.clone()), "{life}");
    }
}
