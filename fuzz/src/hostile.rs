//! A peer that knows the numbers, with all laws of the property tests at once. `LAWS=Streams,Sanity` looks at these
//! alone.

use std::env;
use std::sync::LazyLock;

use crate::attack::{Law, attack};
use crate::run;

static LAWS: LazyLock<Vec<Law>> = LazyLock::new(|| {
    let asked = env::var("LAWS").unwrap_or_default();
    let is_asked = |law: &Law| asked.is_empty() || asked.split(',').any(|name| name == format!("{law:?}"));
    Law::ALL.iter().copied().filter(is_asked).collect()
});

pub fn run(bytes: &[u8]) {
    run::told(|| attack(bytes, &LAWS));
}
