//! Rows of a truth table against smoltcp.

pub(crate) use super::original::{CROSSED_SYNS, RECEIVING, SYNCHRONIZED};
use super::original::{script, split};
use crate::report::case::Case;

#[track_caller]
pub(crate) fn table(given: &str, rows: &str) {
    let name = given.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ");
    for row in split(rows) {
        let row_of_one_blank = row.split_whitespace().collect::<Vec<_>>().join(" ");
        let script = script(given, row).unwrap_or_else(|why| panic!("{row}: {why}"));
        Case::of_script(&format!("{name}: {row_of_one_blank}"), &script).tell();
    }
}
