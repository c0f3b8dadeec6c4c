//! Files: scenarios, scripts and figures.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, Read};

use tcp_lifecycle::Config;
use tcp_lifecycle::sim::{Figure, Scenario, Script, ScriptError};

use crate::output;

/// The kinds of file.
#[derive(Clone, Copy, PartialEq, Eq)]
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
            _ => Err("the kinds are scenario, script and figure".to_owned()),
        }
    }
}

/// Plays a file. Returns what happened, or the first line that is wrong.
pub(crate) fn play(file: &OsString, kind: Option<Kind>, mermaid: bool) -> Result<String, String> {
    let name = file.display();
    let text = read(file).map_err(|error| format!("{name}: {error}"))?;
    let kind = kind.unwrap_or_else(|| guess(&text));
    let played = match kind {
        Kind::Scenario => Scenario::run(&text).map(|scenario| output::exchange(scenario.pair().trace(), mermaid)),
        Kind::Script | Kind::Figure if mermaid => return Err("only a scenario can be a sequence diagram".to_owned()),
        Kind::Script => Script::parse(&text).and_then(|script| script.exchange(&Config::DEFAULT)).map(lines),
        Kind::Figure => Figure::parse(&text).and_then(|figure| figure.exchange(&Config::DEFAULT)).map(lines),
    };
    played.map_err(|error| format!("{name}, as a {}: {error}", kind.name()))
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

/// Returns the kind whose notation the file follows for the most lines. If there are several, it is one whose error
/// knows what was meant.
fn guess(text: &str) -> Kind {
    let is_understood = |error: &ScriptError| error.difference().is_some();
    let understood = |error: Option<ScriptError>| match error {
        Some(error) if !is_understood(&error) => (error.line(), error.to_string().contains("did you mean")),
        _ => (usize::MAX, true),
    };
    let kinds = [
        (Kind::Scenario, understood(Scenario::run(text).err())),
        (Kind::Script, understood(Script::parse(text).err())),
        (Kind::Figure, understood(Figure::parse(text).err())),
    ];
    let best = kinds.iter().map(|(_, understood)| *understood).max();
    kinds.into_iter().find(|(_, understood)| Some(*understood) == best).map_or(Kind::Scenario, |(kind, _)| kind)
}
