//! Endpoints: two hosts, their users, and a hostile network. The invariants are those of the property tests.

#[path = "../../tests/endpoint/hosts.rs"]
mod hosts;

use crate::run;

pub fn run(bytes: &[u8]) {
    run::told(|| hosts::hosts(bytes));
}
