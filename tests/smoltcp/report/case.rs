//! One script that smoltcp plays, and the outcome.

use std::{env, fmt, thread};

use tcp_lifecycle::sim::{Figure, Script, ScriptError, Side};
use tcp_lifecycle::{Config, Connection};

use super::classes::class_of;
use super::either::Either;
use super::host::{Host, POLICIES};

/// Set in the process that collects the cases.
pub(crate) const COLLECT: &str = "SMOLTCP_COLLECT_CASES";

/// What a line of a collected case begins with.
const MARK: &str = "CASE";

#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// The test that plays it.
    pub(crate) test: String,
    /// The row of a table, or the beginning of the script.
    pub(crate) what: String,
    pub(crate) outcome: Outcome,
}

#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    /// Everything is as the script says, but for this number of things that smoltcp does not tell.
    Same { unchecked: usize },
    /// smoltcp has no such call or policy.
    Skipped(String),
    /// The first difference: the line, the segments and calls before it, the expected output and the actual one.
    Differs { line: String, last: String, expected: String, came: String },
}

/// In one line, without the test.
impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.what)?;
        let Outcome::Differs { last, expected, came, .. } = &self.outcome else { return Ok(()) };
        let event = last.trim_start_matches("<-- ");
        if !self.what.contains(event) {
            write!(f, "  [after {last}]")?;
        }
        write!(f, "  [expected {expected}]  [came {came}]")
    }
}

impl Case {
    /// Plays a script.
    pub(crate) fn of_script(what: &str, script: &str) -> Case {
        let parsed = Script::parse(script).unwrap_or_else(|error| panic!("{error}"));
        if script.contains("<DATA=65535>") {
            return Case::new(what, Outcome::Skipped("a segment that no packet holds".to_owned()));
        }
        let played = parsed.run_subject(&POLICIES, Host::new);
        let outcome = played.map(|played| played.unchecked.len()).map_err(|error| (error, script));
        Case::new(what, Outcome::of(outcome))
    }

    /// Plays a figure, with smoltcp at both ends, or at one.
    pub(crate) fn of_figure(what: &str, figure: &str) -> Vec<Case> {
        let parsed = Figure::parse(figure).unwrap_or_else(|error| panic!("{error}"));
        [("both ends", &Side::BOTH[..]), ("A", &[Side::A]), ("B", &[Side::B])]
            .map(|(name, sides)| {
                let make = |side, config: &Config| match sides.contains(&side) {
                    true => Either::Theirs(Box::new(Host::new(config))),
                    false => Either::Ours(Box::new(Connection::new(config, 0))),
                };
                let played = parsed.run_subjects(&POLICIES, make);
                let outcome = played.map(|played| played.iter().map(|end| end.unchecked.len()).sum());
                Case::new(&format!("{what}, smoltcp at {name}"), Outcome::of(outcome.map_err(|error| (error, figure))))
            })
            .into()
    }

    fn new(what: &str, outcome: Outcome) -> Case {
        let test = thread::current().name().unwrap_or_default().trim_start_matches("report::").to_owned();
        Case { test, what: what.to_owned(), outcome }
    }

    /// Prints the case for the report; or else checks that the report has a place for it.
    #[track_caller]
    pub(crate) fn tell(&self) {
        if env::var_os(COLLECT).is_some() {
            let fields = match &self.outcome {
                Outcome::Same { unchecked } => vec!["same".to_owned(), unchecked.to_string()],
                Outcome::Skipped(why) => vec!["skipped".to_owned(), why.clone()],
                Outcome::Differs { line, last, expected, came } => {
                    vec!["differs".to_owned(), line.clone(), last.clone(), expected.clone(), came.clone()]
                }
            };
            println!("\n{MARK}\t{}\t{}\t{}", self.test, self.what, fields.join("\t"));
        } else if matches!(self.outcome, Outcome::Differs { .. }) {
            assert!(class_of(self).is_some(), "a difference of no class: {}: {self}", self.test);
        }
    }

    /// Reads a line that [`tell`](Case::tell) has printed.
    pub(crate) fn read(line: &str) -> Option<Case> {
        let fields: Vec<String> = line.split('\t').map(str::to_owned).collect();
        let outcome = match fields.get(3..)? {
            [kind, unchecked] if kind == "same" => Outcome::Same { unchecked: unchecked.parse().ok()? },
            [kind, why] if kind == "skipped" => Outcome::Skipped(why.clone()),
            [kind, line, last, expected, came] if kind == "differs" => Outcome::Differs {
                line: line.clone(),
                last: last.clone(),
                expected: expected.clone(),
                came: came.clone(),
            },
            _ => panic!("{line}"),
        };
        (fields[0] == MARK).then(|| Case { test: fields[1].clone(), what: fields[2].clone(), outcome })
    }
}

impl Outcome {
    fn of(played: Result<usize, (ScriptError, &str)>) -> Outcome {
        match played {
            Ok(unchecked) => Outcome::Same { unchecked },
            Err((error, _)) if error.is_not_supported() => {
                Outcome::Skipped(error.difference().map(|(what, _)| what.to_owned()).unwrap_or_default())
            }
            Err((error, script)) => {
                let (expected, came) = error.difference().expect("it was understood");
                let lines: Vec<&str> = script.lines().map(str::trim).collect();
                let line = lines[error.line() - 1].to_owned();
                let is_event = |line: &&&str| {
                    let expectations = ["-->", "signal", "A: signal", "B: signal", "config"];
                    let is_state = line.chars().take(3).all(|c| c.is_ascii_uppercase() || c == '-');
                    !line.is_empty() && !is_state && !expectations.iter().any(|start| line.starts_with(start))
                };
                // What was put out too much, or in a figure too little, belongs to an event before the line.
                let is_last = lines[error.line()..].iter().all(|line| line.is_empty());
                let is_before = (expected == "nothing more" && !is_last) || expected.contains(": --> ");
                let before = &lines[..error.line() - usize::from(is_before)];
                let last = before.iter().rev().find(is_event).map_or("the given state", |line| line);
                let last = last.split_whitespace().collect::<Vec<_>>().join(" ");
                Outcome::Differs { line, last, expected: expected.into(), came: came.into() }
            }
        }
    }
}
