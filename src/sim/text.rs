//! The common parts of all lines: numbers, ranges, lengths of time; and mistakes, with their place in a line.

use core::ops::Range;
use core::str::FromStr;
use core::time::Duration;
use std::format;
use std::string::String;

use super::hint::hint;
use crate::{Config, State};

/// The part of a text that is not understood, and the reason.
#[derive(Clone, Debug)]
pub(super) struct Mistake<'t> {
    at: &'t str,
    pub(super) why: String,
}

impl<'t> Mistake<'t> {
    pub(super) fn new(at: &'t str, why: impl Into<String>) -> Mistake<'t> {
        Mistake { at, why: why.into() }
    }

    /// Returns the column of the part in its line, in characters, counted from one.
    pub(super) fn column(&self, line: &str) -> usize {
        let before = self.at.as_ptr().addr().checked_sub(line.as_ptr().addr());
        let before = before.and_then(|bytes| line.get(..bytes)).unwrap_or_default();
        before.chars().count().saturating_add(1)
    }
}

pub(super) fn state(name: &str) -> Result<State, Mistake<'_>> {
    let name = name.trim();
    let hint = || hint(name, State::ALL.iter().map(|state| state.name()));
    let state = State::ALL.into_iter().find(|state| state.name() == name);
    state.ok_or_else(|| Mistake::new(name, format!("`{name}` is no state{}", hint())))
}

pub(super) fn number<T: FromStr>(text: &str) -> Result<T, Mistake<'_>> {
    let text = text.trim();
    text.parse().map_err(|_| Mistake::new(text, format!("`{text}` is no number, or too large a one")))
}

pub(super) fn range(text: &str) -> Result<Range<usize>, Mistake<'_>> {
    let text = text.trim();
    let (start, end) =
        text.split_once("..").ok_or_else(|| Mistake::new(text, format!("`{text}` is no range such as 0..10")))?;
    Ok(number(start)?..number(end)?)
}

/// A length of time, absolute or as a multiple of MSL.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Length {
    time: Duration,
    msl: u32,
}

impl Length {
    /// Parses `4m`, `1m 30s` or `2 MSL`.
    pub(super) fn parse(text: &str) -> Result<Length, Mistake<'_>> {
        if let Some(times) = text.trim().strip_suffix("MSL") {
            return Ok(Length { msl: number(times)?, ..Length::default() });
        }
        Ok(Length { time: duration(text)?, msl: 0 })
    }

    /// Finds a length of time that stands alone, or behind one other word: `5s`, `wait 5s`.
    pub(super) fn find(line: &str) -> Option<&str> {
        let behind = line.split_once(char::is_whitespace).map(|(_, behind)| behind.trim_start());
        [Some(line), behind].into_iter().flatten().find(|text| Length::parse(text).is_ok())
    }

    pub(super) fn with(self, config: &Config) -> Duration {
        self.time.saturating_add(config.msl.saturating_mul(self.msl))
    }
}

/// Parses `4m`, `1m 30s` or `1.5s`.
pub(super) fn duration(text: &str) -> Result<Duration, Mistake<'_>> {
    let mut sum = Duration::ZERO;
    let mut words = text.split_whitespace().peekable();
    if words.peek().is_none() {
        return Err(Mistake::new(text, "a length of time is missing"));
    }
    while let Some(word) = words.next() {
        let digits = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let Some(micros) = word.strip_prefix(digits).and_then(micros) else {
            let apart = words.peek().filter(|unit| word == digits && micros(unit).is_some());
            let hint = apart.map(|unit| format!("; did you mean `{word}{unit}`?")).unwrap_or_default();
            let why = format!("`{word}` is no length of time such as 200ms, 1.5s, 4m or 2h{hint}");
            return Err(Mistake::new(word, why));
        };
        let count: f64 = number(digits)?;
        if !(0.0..=1e9).contains(&count) {
            return Err(Mistake::new(word, format!("`{word}` is too long a time, or a negative one")));
        }
        sum = sum.saturating_add(Duration::from_micros((count * micros).round() as u64));
    }
    Ok(sum)
}

/// Returns the number of microseconds of a unit.
fn micros(unit: &str) -> Option<f64> {
    match unit {
        "us" => Some(1.0),
        "ms" => Some(1e3),
        "s" => Some(1e6),
        "m" => Some(60e6),
        "h" => Some(3600e6),
        _ => None,
    }
}
