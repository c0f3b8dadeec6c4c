//! The past bugs of other stacks.

#[path = "../../past_bugs/closing.rs"]
mod closing;
#[path = "../../past_bugs/opening.rs"]
mod opening;
#[path = "../../past_bugs/resets.rs"]
mod resets;

use super::case::Case;

#[track_caller]
fn check(script: &str) {
    let lines: Vec<&str> = script.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let first = lines.first().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    Case::of_script(&format!("{}; ...", first.unwrap_or_default()), script).tell();
}
