//! What the property tests have to tell when an invariant is broken. libFuzzer stops at once when something panics; with
//! `STORY=1` it lets them tell first.

use std::panic::{self, AssertUnwindSafe};
use std::{env, process};

pub(crate) fn tell(story: impl ToString) {
    eprintln!("{}", story.to_string());
}

pub(crate) fn told(run: impl FnOnce()) {
    if env::var_os("STORY").is_none() {
        return run();
    }
    drop(panic::take_hook());
    if panic::catch_unwind(AssertUnwindSafe(run)).is_err() {
        process::abort();
    }
}
