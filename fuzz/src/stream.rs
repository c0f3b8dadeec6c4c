//! Streams: one against a hostile peer, or two over a hostile network. The invariants are those of the property tests.

#[allow(dead_code)] // of what is shared with the tests, some is for them alone
#[path = "../../tests/stream/attack.rs"]
mod attack;
#[path = "../../tests/stream/monotonic.rs"]
mod monotonic;
#[allow(dead_code)] // as above
#[path = "../../tests/stream/pair.rs"]
mod pair;
#[allow(dead_code)] // as above
#[path = "../../tests/stream/watched.rs"]
mod watched;

use crate::run;

/// The first byte tells which of the two.
pub fn run(bytes: &[u8]) {
    run::told(|| match bytes.split_first() {
        Some((0..128, bytes)) => attack::attack(bytes),
        Some((_, bytes)) => pair::pair(bytes),
        None => {}
    });
}
