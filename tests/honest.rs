//! Honest ends agree. Over a network that only delays, an end refuses a segment of the other only for a reason that the
//! sender could not know; each such reason has a name. `HONEST_LIVES` sets the number of lives.

#[path = "honest/belief.rs"]
mod belief;
mod cases;
#[path = "honest/exchange.rs"]
mod exchange;
#[allow(dead_code, reason = "`soak.rs` uses the rest")]
#[path = "soak/life.rs"]
mod life;
#[path = "honest/plan.rs"]
mod plan;
#[path = "honest/reasons.rs"]
mod reasons;
#[allow(dead_code, reason = "`properties.rs` uses the rest")]
#[path = "properties/run.rs"]
mod run;
#[path = "properties/settings.rs"]
mod settings;
#[path = "honest/teeth.rs"]
mod teeth;
#[allow(dead_code, reason = "`soak.rs` uses the rest")]
#[path = "honest/witness.rs"]
mod witness;
#[path = "soak/words.rs"]
mod words;

use std::fs;
use std::path::Path;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{TestError, TestRunner};

use crate::life::Life;
use crate::reasons::Reason;
use crate::run::{config, failure};
use crate::words::kind;

/// All kinds of failures are reported, each shrunk.
#[test]
fn over_a_network_that_only_delays_no_segment_is_refused_without_a_reason() {
    let lives = std::env::var("HONEST_LIVES").map_or(400, |lives| lives.parse().expect("a number"));
    let mut runner = TestRunner::new(config(1));
    let (mut told, mut places, mut reasons) = (Vec::new(), Vec::new(), [0; Reason::COUNT]);
    for number in 0..lives {
        let tree = plan::any_life().new_tree(&mut runner).expect("lives are not filtered");
        let mut given = [0; Reason::COUNT];
        let Some(story) = failure(|| given = exchange::live(&tree.current())) else {
            (0..Reason::COUNT).for_each(|reason| reasons[reason] += given[reason]);
            continue;
        };
        let place = kind(&story);
        if places.contains(&place) {
            continue;
        }
        places.push(place.clone());
        told.push(format!("life {number}:\n{}", shrunk(&mut runner, tree, &place)));
    }
    for (reason, count) in Reason::ALL.into_iter().zip(reasons) {
        println!("{reason:?} {count}");
    }
    assert!(told.is_empty(), "{}", told.join("\n\n"));
}

/// The report on the smallest life that fails in the same way.
fn shrunk(runner: &mut TestRunner, tree: impl ValueTree<Value = Life>, place: &str) -> String {
    let mut least = tree.current();
    failure(|| {
        let ran = runner.run_one(tree, |life| {
            let story = failure(|| _ = exchange::live(&life));
            assert!(story.is_none_or(|story| kind(&story) != place));
            Ok(())
        });
        if let Err(TestError::Fail(_, life)) = ran {
            least = life;
        }
    });
    failure(|| _ = exchange::live(&least)).unwrap_or_default()
}

/// Replays the lives that have failed before.
#[test]
fn lives_that_failed_before_do_not_fail_again() {
    let lives = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/honest/lives");
    let mut told = Vec::new();
    for entry in fs::read_dir(lives).expect("there are some") {
        let path = entry.expect("it is readable").path();
        let text = fs::read_to_string(&path).expect("it is text");
        let life: Life = text.parse().unwrap_or_else(|error| panic!("{path:?}: {error}"));
        told.extend(failure(|| _ = exchange::live(&life)).map(|story| format!("{}\n{story}", path.display())));
    }
    assert!(told.is_empty(), "{}", told.join("\n\n"));
}
