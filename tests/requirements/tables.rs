//! Parses the two tables from the Markdown that people read.

use std::collections::HashSet;

/// The answer to a requirement or a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Done,
    Callers,
    Left,
}

/// A row: the cells before the answer, and the cell behind it.
#[derive(Debug)]
pub(crate) struct Row {
    /// The heading above it, up to the first space.
    pub(crate) heading: String,
    pub(crate) cells: Vec<String>,
    pub(crate) answer: Answer,
    pub(crate) because: String,
}

/// The rows of requirements: the id, the sections, the demand.
#[track_caller]
pub(crate) fn requirements() -> Vec<Row> {
    rows(include_str!("rfc9293.md"), 3)
}

/// The rows of steps: the states, the step, the effect. The heading is the section.
#[track_caller]
pub(crate) fn steps() -> Vec<Row> {
    rows(include_str!("section_3_10.md"), 3)
}

/// The rows of all tables in a text, each with `before` cells before the answer.
#[track_caller]
fn rows(text: &str, before: usize) -> Vec<Row> {
    let mut heading = "";
    let mut rows = Vec::new();
    let below = text.lines().skip(1).chain([""]);
    for (line, below) in text.lines().zip(below) {
        if let Some(title) = line.strip_prefix("## ") {
            heading = title.split(' ').next().unwrap_or_default();
        }
        let head = below.starts_with("|--");
        if line.starts_with("| ") && !head {
            rows.push(row(heading, line, before).unwrap_or_else(|why| panic!("{why}: {line}")));
        }
    }
    rows
}

/// Parses one row.
pub(crate) fn row(heading: &str, line: &str, before: usize) -> Result<Row, String> {
    let line = line.strip_prefix("| ").and_then(|line| line.strip_suffix(" |")).ok_or("not between `| ` and ` |`")?;
    let mut cells: Vec<String> = line.split(" | ").map(|cell| cell.trim().to_owned()).collect();
    if cells.len() != before + 2 {
        return Err(format!("{} cells and not {}", cells.len(), before + 2));
    }
    if cells.iter().any(String::is_empty) {
        return Err("an empty cell".to_owned());
    }
    let because = cells.remove(before + 1);
    let answer = match cells.remove(before).as_str() {
        "done" => Answer::Done,
        "the caller's" => Answer::Callers,
        "left" => Answer::Left,
        other => return Err(format!("`{other}` is no answer")),
    };
    Ok(Row { heading: heading.to_owned(), cells, answer, because })
}

impl Row {
    /// The names between backticks in the cell behind the answer.
    pub(crate) fn names(&self) -> Vec<&str> {
        self.because.split('`').skip(1).step_by(2).collect()
    }

    /// The fault of the names, if there is one: a name must be a test if the answer is `done`, and else occur in the
    /// source.
    pub(crate) fn fault(&self, tests: &HashSet<String>, source: &HashSet<&str>) -> Option<String> {
        let names = self.names();
        if self.answer != Answer::Done {
            let unknown = names.into_iter().find(|name| !is_in(source, name))?;
            return Some(format!("`{unknown}` is nowhere in the source"));
        }
        if names.is_empty() {
            return Some("no test is named".to_owned());
        }
        names.into_iter().find_map(|name| match resolve(name, tests)[..] {
            [_] => None,
            [] => Some(format!("there is no test `{name}`")),
            [..] => Some(format!("more than one test is `{name}`: put the module before it")),
        })
    }
}

/// The tests of that name, with or without the modules before it.
pub(crate) fn resolve<'t>(name: &str, tests: &'t HashSet<String>) -> Vec<&'t String> {
    let behind = format!("::{name}");
    tests.iter().filter(|test| *test == name || test.ends_with(&behind)).collect()
}

/// Whether each part of a name such as `Config::mss` is a word of the source, or the name is a file such as
/// `src/endpoint.rs`.
fn is_in(source: &HashSet<&str>, name: &str) -> bool {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(name).is_file();
    file || name.split("::").all(|part| source.contains(part))
}

/// The words of a source, including names.
pub(crate) fn words_of(source: &str) -> HashSet<&str> {
    source.split(|letter: char| !(letter.is_alphanumeric() || letter == '_')).collect()
}
