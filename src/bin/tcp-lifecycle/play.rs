//! Files: scenarios, scripts and figures.

use std::cmp::Reverse;
use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read};

use tcp_lifecycle::Config;
use tcp_lifecycle::sim::{Figure, Language, Scenario, Script, ScriptError};

use crate::hint::hint;
use crate::output::{self, Style};

/// The kinds of file. Each is a notation.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    /// Two ends, and the network between them, operated by hand.
    Scenario,
    /// One end, whose peer the script plays.
    Script,
    /// Two ends, row by row as in the RFC's figures.
    Figure,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Scenario => "scenario",
            Kind::Script => "script",
            Kind::Figure => "figure",
        }
    }

    pub(crate) fn parse(name: &str) -> Result<Kind, String> {
        match name {
            "scenario" => Ok(Kind::Scenario),
            "script" => Ok(Kind::Script),
            "figure" => Ok(Kind::Figure),
            _ => {
                let hint = hint(name, ["scenario", "script", "figure"]);
                Err(format!("the kinds are scenario, script and figure{hint}"))
            }
        }
    }

    /// Returns the mistake in a line, if this kind of file does not have such a line.
    fn mistake(self, line: &str) -> Option<ScriptError> {
        let error = match self {
            Kind::Scenario => Scenario::new().play(line).err(),
            Kind::Script => Script::parse(line).err(),
            Kind::Figure => Figure::parse(line).err(),
        };
        error.filter(|error| error.difference().is_none())
    }
}

/// Plays a file. Returns what happened, or the first line that is wrong.
pub(crate) fn play(file: &OsStr, kind: Option<Kind>, mermaid: bool) -> Result<String, String> {
    let name = file.display();
    let text = read(file).map_err(|error| format!("{name}: {error}"))?;
    if text.lines().all(|line| line.trim().is_empty() || line.trim().starts_with('#')) {
        return Err(format!("{name}: nothing is in it to play"));
    }
    let known = kind.unwrap_or_else(|| guess(&text));
    let played = match known {
        Kind::Scenario => output::played(&text, Style { language: Language::English, mermaid }),
        Kind::Script | Kind::Figure if mermaid => {
            return Err(format!("{name}: only a scenario can be a sequence diagram"));
        }
        Kind::Script => Script::parse(&text).and_then(|script| script.exchange(&Config::DEFAULT)).map(lines),
        Kind::Figure => Figure::parse(&text).and_then(|figure| figure.exchange(&Config::DEFAULT)).map(lines),
    };
    played.map_err(|error| {
        let is_guess = kind.is_none() && error.difference().is_none();
        let other = if is_guess { "\nIs it another kind of file? See --as in tcp-lifecycle --help" } else { "" };
        format!("{name}: as a {}, {error}{other}", known.name())
    })
}

fn read(file: &OsStr) -> io::Result<String> {
    if file == "-" {
        let mut text = String::new();
        io::stdin().lock().read_to_string(&mut text)?;
        return Ok(text);
    }
    fs::read_to_string(file)
}

fn lines(exchange: Vec<String>) -> String {
    exchange.into_iter().map(|line| line + "\n").collect()
}

/// Returns the kind whose notation the file follows in the most lines. Among several it is a kind whose first mistake
/// has a hint, or else stands the furthest in its line.
fn guess(text: &str) -> Kind {
    let rank = |kind: &Kind| {
        let mistakes: Vec<ScriptError> = text.lines().filter_map(|line| kind.mistake(line)).collect();
        let first = mistakes.first().map(|first| (first.to_string().contains("did you mean"), first.column()));
        (Reverse(mistakes.len()), first)
    };
    // Of equal kinds the last is chosen.
    [Kind::Figure, Kind::Scenario, Kind::Script].into_iter().max_by_key(rank).unwrap_or(Kind::Scenario)
}
