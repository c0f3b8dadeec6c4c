//! The requirements of RFC 9293, each with its answer: two tables for human readers, and the checks that keep them
//! true.
//!
//! `requirements/rfc9293.md` has a row for each of the 119 requirements of Appendix B, `requirements/section_3_10.md`
//! one for each step of each state of section 3.10. An answer is
//!
//! * `done`, with the tests that show it, by name (with the module in front where two tests have the same name);
//! * `the caller's`, with the parts of the crate that help the caller with it;
//! * `left`, with the reason.

#[path = "requirements/checks.rs"]
mod checks;
#[path = "requirements/citations.rs"]
mod citations;
#[path = "requirements/scripts.rs"]
mod scripts;
#[path = "requirements/sources.rs"]
mod sources;
#[path = "requirements/steps.rs"]
mod steps;
#[path = "requirements/tables.rs"]
mod tables;
