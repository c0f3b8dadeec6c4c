//! The commands of the page.

use tcp_lifecycle::sim::Side;

use crate::explorer::Explorer;
use crate::view;

/// Where the RFCs contradict themselves or leave room.
const DECISIONS: &str = include_str!("../../src/decisions.md");

/// The answer to a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// JSON, or a text to save.
    Text(String),
    /// A file.
    Bytes(Vec<u8>),
}

/// Carries out a command. Its first line is a verb, the rest its text.
///
/// | verb | text | answer |
/// |---|---|---|
/// | `view` | | the [`view`](crate::view) of the explorer, JSON |
/// | `play` | lines of a scenario | the view |
/// | `load` | a whole scenario | the view |
/// | `lesson` | the name of a lesson, or nothing | the view, at the beginning |
/// | `undo`, `redo` | | the view |
/// | `go` | a number of entries | the view |
/// | `lessons`, `figure` | | the lessons, the arcs of Figure 5, JSON |
/// | `decisions` | | the decisions of the crate, Markdown |
/// | `ladder`, `mermaid` | | the exchange so far, as text |
/// | `pcapng` | `A` or `B` | a capture at this end |
///
/// Any other verb gets the view.
///
/// ```
/// use tcp_lifecycle_web::{Answer, Explorer, answer};
///
/// let mut explorer = Explorer::default();
/// answer(&mut explorer, "play\nB: open passive");
/// let Answer::Text(ladder) = answer(&mut explorer, "ladder") else { panic!() };
/// assert!(ladder.contains("(open passive)"));
/// ```
#[must_use]
pub fn answer(explorer: &mut Explorer, command: &str) -> Answer {
    let (verb, text) = command.split_once('\n').unwrap_or((command, ""));
    match verb {
        "play" => explorer.play(text),
        "load" => explorer.load(text),
        "lesson" => explorer.choose(text.trim()),
        "undo" => {
            explorer.undo();
        }
        "redo" => {
            explorer.redo();
        }
        "go" => explorer.go_to(text.trim().parse().unwrap_or(usize::MAX)),
        "lessons" => return Answer::Text(view::lessons().to_string()),
        "figure" => return Answer::Text(view::figure().to_string()),
        "decisions" => return Answer::Text(DECISIONS.to_string()),
        "ladder" => return Answer::Text(explorer.scenario().pair().trace().to_string()),
        "mermaid" => return Answer::Text(explorer.scenario().pair().trace().mermaid().to_string()),
        "pcapng" => return Answer::Bytes(capture(explorer, if text == "B" { Side::B } else { Side::A })),
        _ => {}
    }
    Answer::Text(view::view(explorer).to_string())
}

fn capture(explorer: &Explorer, at: Side) -> Vec<u8> {
    let mut capture = Vec::new();
    // Writing to memory fails only for a segment that is too long for IPv4. The capture then ends before it.
    let _ = explorer.scenario().pair().trace().write_pcapng(at, &mut capture);
    capture
}
