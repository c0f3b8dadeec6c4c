//! The life of a TCP connection in a terminal: the handshake, lessons, files to play, the state diagram.

mod arguments;
mod handshake;
#[path = "../../sim/hint.rs"]
mod hint;
mod lesson;
mod output;
mod play;

use std::io::{self, Write};
use std::process::ExitCode;

use tcp_lifecycle::diagram;

use crate::arguments::{Command, Drawing};

const HELP: &str = "\
The life of a TCP connection (RFC 9293), played in memory and in virtual time.

tcp-lifecycle handshake [-j N] [-k N] [--msl 2m]   a whole life, explained: SYN j, ack j+1, SYN k, ack k+1, FIN n, ...
tcp-lifecycle lesson                               lists the lessons
tcp-lifecycle lesson 6                             plays a lesson, by its number or its name
tcp-lifecycle lesson half-close --scenario         prints the lesson as a scenario, to change it and play it
tcp-lifecycle play FILE                            plays a file; - is the standard input
tcp-lifecycle diagram                              the state diagram, RFC 9293 Figure 5
tcp-lifecycle diagram mermaid|dot [--all]          the same for Mermaid or Graphviz; --all: with resets and timeouts

--language zh   in Chinese
--mermaid       an exchange as a sequence diagram of Mermaid
--scenario      the handshake, or a lesson, as a scenario
--as KIND       the kind of FILE; by default the kind that can be read

FILE is of one of three kinds. https://docs.rs/tcp-lifecycle/latest/tcp_lifecycle/sim explains their notations.
  scenario      two ends, and the network between them: A: open active; deliver; A: ESTABLISHED
  script        one end, whose peer the script plays: open active; --> <SEQ=100><CTL=SYN>; SYN-SENT
  figure        two ends, row by row as in the RFC: SYN-SENT --> <SEQ=100><CTL=SYN> --> SYN-RECEIVED
";

fn main() -> ExitCode {
    let command = match arguments::parse(lexopt::Parser::from_env()) {
        Ok(command) => command,
        Err(error) => {
            eprintln!("tcp-lifecycle: {error}\nTry tcp-lifecycle --help");
            return ExitCode::from(2);
        }
    };
    let text = match command {
        Command::Help => Ok(HELP.to_owned()),
        Command::Version => Ok(format!("tcp-lifecycle {}\n", env!("CARGO_PKG_VERSION"))),
        Command::Handshake(numbers, style) => handshake::play(&numbers, style),
        Command::Lessons(language) => Ok(lesson::list(language)),
        Command::Lesson(lesson, style) => lesson::play(lesson, style),
        Command::Scenario(text) => Ok(text),
        Command::Play { file, kind, mermaid } => play::play(&file, kind, mermaid),
        Command::Diagram(drawing) => Ok(draw(drawing)),
    };
    match text {
        Ok(text) => print(&text),
        Err(error) => {
            eprintln!("tcp-lifecycle: {error}");
            ExitCode::FAILURE
        }
    }
}

fn draw(drawing: Drawing) -> String {
    match drawing {
        Drawing::Ascii => diagram::FIGURE.to_owned(),
        Drawing::Mermaid(arcs) => diagram::mermaid(arcs).to_string(),
        Drawing::Dot(arcs) => diagram::dot(arcs).to_string(),
    }
}

/// Prints a text. A reader that leaves early, such as `head`, is no error.
fn print(text: &str) -> ExitCode {
    let mut output = io::stdout().lock();
    match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            eprintln!("tcp-lifecycle: {error}");
            ExitCode::FAILURE
        }
        _ => ExitCode::SUCCESS,
    }
}
