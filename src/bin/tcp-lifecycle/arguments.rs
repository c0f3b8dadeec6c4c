//! The arguments of the command line.

use std::ffi::OsString;

use lexopt::{Arg, Parser, ValueExt};
use tcp_lifecycle::diagram::{self, Arc};
use tcp_lifecycle::sim::{LESSONS, Language, Lesson};

use crate::handshake::Numbers;
use crate::output::Style;
use crate::play::Kind;

/// What the program is asked to do.
pub(crate) enum Command {
    Help,
    Version,
    Handshake(Numbers, Style),
    Lessons(Language),
    Lesson(&'static Lesson, Style),
    /// A lesson as the text of a scenario.
    Script(&'static Lesson, Language),
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
                given.numbers.j = parser.value()?.parse()?;
                "-j"
            }
            Arg::Short('k') => {
                given.numbers.k = parser.value()?.parse()?;
                "-k"
            }
            Arg::Long("msl") => {
                given.numbers.msl = parser.value()?.string()?;
                "--msl"
            }
            Arg::Long("language") => {
                given.language = Some(parser.value()?.parse_with(language)?);
                "--language"
            }
            Arg::Long("as") => {
                given.kind = Some(parser.value()?.parse_with(Kind::parse)?);
                "--as"
            }
            Arg::Long("mermaid") => "--mermaid",
            Arg::Long("script") => "--script",
            Arg::Long("all") => "--all",
            other @ (Arg::Short(_) | Arg::Long(_)) => return Err(other.unexpected()),
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
        ("handshake", None) => {
            let numbers = std::mem::take(&mut given.numbers);
            (&["-j", "-k", "--msl", "--language", "--mermaid"], Command::Handshake(numbers, given.style()))
        }
        ("lesson" | "lessons", None) => (&["--language"], Command::Lessons(given.language())),
        ("lesson", Some(word)) => {
            let lesson = lesson(&word.string()?)?;
            match given.has("--script") {
                true => (&["--language", "--script"], Command::Script(lesson, given.language())),
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
                _ => return Err(format!("no drawing is called {form}: ascii, mermaid or dot").into()),
            }
        }
        ("handshake" | "help", Some(word)) => return Err(lexopt::Error::UnexpectedArgument(word)),
        _ => return Err(format!("no command is called {name}: handshake, lesson, play or diagram").into()),
    };
    given.check(&name, allowed)?;
    Ok(command)
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
        format!("there is no lesson {word}: 1 to {count}, or a name that `tcp-lifecycle lesson` lists").into()
    })
}
