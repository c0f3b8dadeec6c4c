//! Compares a ladder with the ladder that a test expects.

use core::fmt::{self, Write};
use std::borrow::ToOwned;
use std::string::String;
use std::vec::Vec;

use super::excerpt::Excerpt;
use super::trace::Trace;

impl Trace {
    /// Compares the printed trace with an expected ladder. The comparison ignores the indentation of the ladder, empty
    /// lines before and after it, and blanks at the end of a row.
    ///
    /// # Errors
    ///
    /// Returns the first row that differs.
    pub fn compare(&self, ladder: &str) -> Result<(), LadderError> {
        let printed = std::format!("{self}");
        let (expected, came) = (Rows::of(ladder), Rows::of(&printed));
        let rows = expected.rows.len().max(came.rows.len());
        let Some(differs) = (0..rows).find(|row| expected.rows.get(*row) != came.rows.get(*row)) else { return Ok(()) };
        let row = |rows: &Rows<'_>| rows.rows.get(differs).map(|row| (*row).to_owned());
        let mut whole = Excerpt::default();
        // Writing to an `Excerpt` never fails.
        let _ = write!(whole, "{printed}");
        let line = expected.first.saturating_add(differs);
        Err(LadderError { line, expected: row(&expected), came: row(&came), ladder: whole.lines() })
    }
}

/// The rows of a ladder, without their common indentation.
struct Rows<'t> {
    /// The number of the first line that is not empty, counted from one.
    first: usize,
    rows: Vec<&'t str>,
}

impl Rows<'_> {
    fn of(text: &str) -> Rows<'_> {
        let is_empty = |line: &&str| line.trim().is_empty();
        let first = text.lines().take_while(is_empty).count();
        let mut rows: Vec<&str> = text.lines().skip(first).map(str::trim_end).collect();
        while rows.pop_if(|row| row.is_empty()).is_some() {}
        let blanks = |row: &str| row.len().saturating_sub(row.trim_start().len());
        let indent = rows.iter().filter(|row| !is_empty(row)).map(|row| blanks(row)).min().unwrap_or_default();
        let rows = rows.into_iter().map(|row| row.get(indent..).unwrap_or_default()).collect();
        Rows { first: first.saturating_add(1), rows }
    }
}

/// The first row in which a ladder differs from the expected ladder; see [`Trace::compare`].
///
/// `Display` prints the expected row, the actual row, and the actual ladder. `Debug` prints the same, for `unwrap`.
#[derive(Clone, PartialEq, Eq)]
pub struct LadderError {
    line: usize,
    expected: Option<String>,
    came: Option<String>,
    ladder: Vec<String>,
}

impl LadderError {
    /// Returns the line of the expected ladder, counted from one.
    #[must_use]
    pub fn line(&self) -> usize {
        self.line
    }

    /// Returns the expected row and the actual row; `None` behind the end of a ladder.
    #[must_use]
    pub fn difference(&self) -> (Option<&str>, Option<&str>) {
        (self.expected.as_deref(), self.came.as_deref())
    }
}

impl fmt::Display for LadderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or_end = |row: &Option<String>| row.clone().unwrap_or_else(|| "the end".to_owned());
        writeln!(f, "the ladder differs at line {}:", self.line)?;
        writeln!(
            f,
            "  expected  {}\n  came      {}\nthe ladder that came:",
            or_end(&self.expected),
            or_end(&self.came)
        )?;
        self.ladder.iter().try_for_each(|row| writeln!(f, "{row}"))
    }
}

impl fmt::Debug for LadderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl core::error::Error for LadderError {}

/// Compares a trace with an expected ladder, in a test; see [`Trace::compare`].
///
/// # Panics
///
/// If a row differs. The message shows the row and the actual ladder.
#[track_caller]
#[expect(clippy::panic, reason = "a test fails by panicking")]
pub fn check_ladder(trace: &Trace, ladder: &str) {
    if let Err(error) = trace.compare(ladder) {
        panic!("{error}");
    }
}
