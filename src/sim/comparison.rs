//! Compares a ladder with the ladder that a test expects.

use core::fmt::{self, Write};
use std::borrow::ToOwned;
use std::string::String;
use std::vec::Vec;

use super::excerpt::Excerpt;
use super::trace::Trace;

impl Trace {
    /// Compares the printed trace with an expected ladder, row by row and word by word. The number of blanks does not
    /// count, so that the ladder may be indented, and its columns may be as wide as they like. Empty lines do not count
    /// either.
    ///
    /// # Errors
    ///
    /// Returns the first row that differs.
    pub fn compare(&self, ladder: &str) -> Result<(), LadderError> {
        let printed = std::format!("{self}");
        let (mut expected, mut came) = (rows(ladder), rows(&printed));
        loop {
            let (expected, came) = match (expected.next(), came.next()) {
                (None, None) => return Ok(()),
                (Some((_, expected)), Some((_, came))) if words(expected).eq(words(came)) => continue,
                rows => rows,
            };
            let mut whole = Excerpt::default();
            // Writing to an `Excerpt` never fails.
            let _ = write!(whole, "{printed}");
            // Behind the last row of the expected ladder.
            let end = rows(ladder).last().map_or(1, |(line, _)| line.saturating_add(1));
            let row = |row: Option<(usize, &str)>| row.map(|(_, row)| row.trim().to_owned());
            let line = expected.map_or(end, |(line, _)| line);
            return Err(LadderError { line, expected: row(expected), came: row(came), ladder: whole.lines() });
        }
    }
}

/// Returns the lines that are not empty, with their numbers, counted from one.
fn rows(text: &str) -> impl Iterator<Item = (usize, &str)> {
    (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty())
}

fn words(row: &str) -> impl Iterator<Item = &str> {
    row.split_whitespace()
}

/// The first row in which a ladder differs from the expected ladder; see [`Trace::compare`].
///
/// `Display` prints the expected row and the actual row with single blanks, a mark under the first word that differs,
/// and the actual ladder. `Debug` prints the same, for `unwrap`.
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
        let row = |row: &Option<String>| {
            let words: Vec<&str> = row.as_deref().map(words).into_iter().flatten().collect();
            if row.is_none() { "the end".to_owned() } else { words.join(" ") }
        };
        let (expected, came) = (row(&self.expected), row(&self.came));
        let same = words(&expected).zip(words(&came)).take_while(|(expected, came)| expected == came);
        let before: usize = same.map(|(word, _)| word.chars().count().saturating_add(1)).sum();
        writeln!(f, "the ladder differs at line {}:\n  expected  {expected}\n  came      {came}", self.line)?;
        writeln!(f, "{:before$}            ^\nthe ladder that came:", "")?;
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
