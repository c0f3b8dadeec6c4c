//! Lifecycle bugs of other stacks. Each was a real defect of a stack in use; the test names the project and the
//! reference, and plays the exchange that showed the bug.

#[path = "past_bugs/closing.rs"]
mod closing;
#[path = "past_bugs/opening.rs"]
mod opening;
#[path = "past_bugs/resets.rs"]
mod resets;

use tcp_lifecycle::sim::check;
