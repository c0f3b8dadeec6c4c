//! Runs a property. A case that fails shrinks, and the shrunk case is reported as an exchange.

use core::cell::{Cell, RefCell};
use core::fmt::Debug;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, TestError, TestRunner};

use crate::cases::cases;

thread_local! {
    /// The reports of values that are dropped during a panic, and the message of the panic.
    static TOLD: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    /// The report is complete; later stories are ignored.
    static ENOUGH: Cell<bool> = const { Cell::new(false) };
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

pub(crate) fn config(count: u32) -> Config {
    Config { max_shrink_iters: 20_000, ..cases(count) }
}

/// Adds a story to the report on the present case, if it fails.
pub(crate) fn tell(story: impl ToString) {
    if !ENOUGH.get() {
        TOLD.with_borrow_mut(|told| told.push(story.to_string()));
    }
}

/// Adds a story to the report, and ignores all later ones.
pub(crate) fn tell_last(story: impl ToString) {
    tell(story);
    ENOUGH.set(true);
}

/// The panic message and the stories told with it; `None` without a panic.
pub(crate) fn failure(test: impl FnOnce()) -> Option<String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let hook = panic::take_hook();
        panic::set_hook(Box::new(move |info| if QUIET.get() { tell(info) } else { hook(info) }));
    });
    TOLD.take();
    let quiet = QUIET.replace(true);
    let ran = panic::catch_unwind(AssertUnwindSafe(test));
    QUIET.set(quiet);
    ENOUGH.set(false);
    let told = TOLD.take();
    ran.is_err().then(|| told.join("\n\n"))
}

/// Tests `cases` values; the first that fails shrinks as far as it still fails.
#[track_caller]
pub(crate) fn check<S>(cases: u32, values: &S, test: impl Fn(S::Value))
where
    S: Strategy,
    S::Value: Clone + Debug,
{
    let mut least = None;
    let failed = failure(|| {
        let ran = TestRunner::new(config(cases)).run(values, |value| {
            test(value);
            Ok(())
        });
        if let Err(TestError::Fail(_, value)) = ran {
            least = Some(value);
        }
    });
    if let Some(value) = least {
        let told = failure(|| test(value.clone())).unwrap_or_default();
        panic!("{told}");
    }
    assert_eq!(failed, None);
}
