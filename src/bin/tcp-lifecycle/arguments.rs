//! The arguments of the command line.

use std::ffi::OsString;

use lexopt::{Arg, Parser, ValueExt};
use tcp_lifecycle::diagram::{self, Arc};
use tcp_lifecycle::sim::{LESSONS, Language, Lesson};

use crate::handshake::{self, Numbers};
use crate::hint::hint;
use crate::output::Style;
use crate::play::Kind;

/// What the program is asked to do.
pub(crate) enum Command {
    Help,
    Version,
    Handshake(Numbers, Style),
    Lessons(Language),
    Lesson(&'static Lesson, Style),
    /// The handshake, or a lesson, as the text of a scenario.
    Scenario(String),
    Play {
        file: OsString,
        kind: Option<Kind>,
        mermaid: bool,
    },
    Diagram(Drawing),
}

/// A drawing of the state diagram.
pub(crate) enum Drawing {
    Ascii,
    Mermaid(fn(&Arc) -> bool),
    Dot(fn(&Arc) -> bool),
}

const LONG_OPTIONS: [&str; 8] =
    ["--help", "--version", "--msl", "--language", "--as", "--mermaid", "--scenario", "--all"];

/// All options, and the words between them.
#[derive(Default)]
struct Given {
    words: Vec<OsString>,
    options: Vec<&'static str>,
    numbers: Numbers,
    language: Option<Language>,
    kind: Option<Kind>,
}

impl Given {
    fn style(&self) -> Style {
        Style { language: self.language(), mermaid: self.has("--mermaid") }
    }

    fn language(&self) -> Language {
        self.language.unwrap_or(Language::English)
    }

    fn has(&self, option: &str) -> bool {
        self.options.contains(&option)
    }

    /// Returns an error if an option was given that the command does not have, or if words are left.
    fn check(&self, command: &str, allowed: &[&str]) -> Result<(), lexopt::Error> {
        if let Some(option) = self.options.iter().find(|option| !allowed.contains(option)) {
            return Err(format!("{command} has no option {option}").into());
        }
        match self.words.first() {
            Some(word) => Err(lexopt::Error::UnexpectedArgument(word.clone())),
            None => Ok(()),
        }
    }
}

pub(crate) fn parse(mut parser: Parser) -> Result<Command, lexopt::Error> {
    let mut given = Given::default();
    while let Some(argument) = parser.next()? {
        let option = match argument {
            Arg::Value(word) => {
                given.words.push(word);
                continue;
            }
            Arg::Short('h') | Arg::Long("help") => return Ok(Command::Help),
            Arg::Short('V') | Arg::Long("version") => return Ok(Command::Version),
            Arg::Short('j') => {
                given.numbers.j = value(&mut parser, "-j", sequence_number)?;
                "-j"
            }
            Arg::Short('k') => {
                given.numbers.k = value(&mut parser, "-k", sequence_number)?;
                "-k"
            }
            Arg::Long("msl") => {
                given.numbers.msl = value(&mut parser, "--msl", handshake::msl)?;
                "--msl"
            }
            Arg::Long("language") => {
                given.language = Some(value(&mut parser, "--language", language)?);
                "--language"
            }
            Arg::Long("as") => {
                given.kind = Some(value(&mut parser, "--as", Kind::parse)?);
                "--as"
            }
            Arg::Long("mermaid") => "--mermaid",
            Arg::Long("scenario") => "--scenario",
            Arg::Long("all") => "--all",
            Arg::Short(letter) => return Err(format!("no option is called -{letter}").into()),
            Arg::Long(name) => {
                let option = format!("--{name}");
                return Err(format!("no option is called {option}{}", hint(&option, LONG_OPTIONS)).into());
            }
        };
        given.options.push(option);
    }
    command(given)
}

fn command(mut given: Given) -> Result<Command, lexopt::Error> {
    if given.words.is_empty() {
        return Ok(Command::Help);
    }
    let name = given.words.remove(0).string()?;
    let next = (!given.words.is_empty()).then(|| given.words.remove(0));
    let (allowed, command): (&[&str], _) = match (name.as_str(), next) {
        ("help", None) => (&[], Command::Help),
        ("handshake", None) if given.has("--scenario") => (
            &["-j", "-k", "--msl", "--language", "--scenario"],
            Command::Scenario(handshake::scenario(&given.numbers, given.language())),
        ),
        ("handshake", None) => {
            let numbers = std::mem::take(&mut given.numbers);
            (&["-j", "-k", "--msl", "--language", "--mermaid"], Command::Handshake(numbers, given.style()))
        }
        ("lesson" | "lessons", None) => (&["--language"], Command::Lessons(given.language())),
        ("lesson", Some(word)) => {
            let lesson = lesson(&word.string()?)?;
            match given.has("--scenario") {
                true => (&["--language", "--scenario"], Command::Scenario(lesson.script(given.language()))),
                false => (&["--language", "--mermaid"], Command::Lesson(lesson, given.style())),
            }
        }
        ("play", Some(file)) => {
            (&["--as", "--mermaid"], Command::Play { file, kind: given.kind, mermaid: given.has("--mermaid") })
        }
        ("play", None) => return Err("play what? A file is missing, or - for the standard input".into()),
        ("diagram", form) => {
            let form = form.map_or(Ok("ascii".to_owned()), ValueExt::string)?;
            let arcs: fn(&Arc) -> bool = if given.has("--all") { |_| true } else { diagram::is_in_figure };
            match form.as_str() {
                "ascii" => (&[], Command::Diagram(Drawing::Ascii)),
                "mermaid" => (&["--all"], Command::Diagram(Drawing::Mermaid(arcs))),
                "dot" => (&["--all"], Command::Diagram(Drawing::Dot(arcs))),
                _ => {
                    let hint = hint(&form, ["ascii", "mermaid", "dot"]);
                    return Err(format!("no drawing is called {form}: ascii, mermaid or dot{hint}").into());
                }
            }
        }
        ("handshake" | "help", Some(word)) => return Err(lexopt::Error::UnexpectedArgument(word)),
        _ => {
            let hint = hint(&name, ["handshake", "lesson", "play", "diagram", "help"]);
            return Err(format!("no command is called {name}: handshake, lesson, play or diagram{hint}").into());
        }
    };
    given.check(&name, allowed)?;
    Ok(command)
}

/// Reads the value of an option. The message of a mistake names the option.
fn value<T>(parser: &mut Parser, option: &str, read: impl Fn(&str) -> Result<T, String>) -> Result<T, lexopt::Error> {
    let value = parser.value()?.string()?;
    read(&value).map_err(|why| format!("{option} {value}: {why}").into())
}

fn sequence_number(text: &str) -> Result<u32, String> {
    text.parse().map_err(|_| format!("a sequence number is a number from 0 to {}", u32::MAX))
}

fn language(name: &str) -> Result<Language, String> {
    match name {
        "en" => Ok(Language::English),
        "zh" => Ok(Language::Chinese),
        _ => Err("the languages are en and zh".to_owned()),
    }
}

/// Finds a lesson by its number, counted from one, or by its name.
fn lesson(word: &str) -> Result<&'static Lesson, lexopt::Error> {
    let numbered = word.parse::<usize>().ok().and_then(|number| LESSONS.get(number.checked_sub(1)?));
    numbered.or_else(|| LESSONS.iter().find(|lesson| lesson.name == word)).ok_or_else(|| {
        let count = LESSONS.len();
        let hint = hint(word, LESSONS.iter().map(|lesson| lesson.name));
        format!("there is no lesson {word}: 1 to {count}, or a name that `tcp-lifecycle lesson` lists{hint}").into()
    })
}
