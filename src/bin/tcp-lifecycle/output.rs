//! What the commands print.

use tcp_lifecycle::sim::{Language, Scenario, ScriptError, Text};

/// How an exchange is printed.
#[derive(Clone, Copy)]
pub(crate) struct Style {
    pub(crate) language: Language,
    /// As a sequence diagram instead of a ladder.
    pub(crate) mermaid: bool,
}

/// The marks in the rows of a ladder, each with its meaning.
const LEGEND: [(&str, Text); 4] = [
    (
        "...",
        Text {
            english: "a segment on its way: it is sent in one row, and arrives in a later one, if it does",
            chinese: "在途的报文段：在一行发出，在后面的一行到达（如果到达）",
        },
    ),
    ("x", Text { english: "a segment that the network loses", chinese: "网络丢失的报文段" }),
    ("(again)", Text { english: "a copy that the network has made", chinese: "网络复制的报文段" }),
    (
        "(duplicate)",
        Text {
            english: "a segment that neither end has sent: an old duplicate, or a forged one",
            chinese: "双方都没有发送的报文段：旧的重复报文段，或伪造的报文段",
        },
    ),
];

/// Plays a scenario, and prints what happened between its two ends.
pub(crate) fn played(text: &str, style: Style) -> Result<String, ScriptError> {
    let mut scenario = Scenario::new();
    for line in text.lines() {
        match line.trim_start().strip_prefix("note ") {
            Some(note) => scenario.play(&format!("note {}", wrap(note)))?,
            None => scenario.play(line)?,
        }
    }
    let trace = scenario.pair().trace();
    if style.mermaid {
        return Ok(trace.mermaid().to_string());
    }
    let ladder = trace.to_string();
    let legend = legend(&ladder, style.language);
    Ok(ladder + &legend)
}

/// Explains the marks of a ladder. It is empty for a ladder without marks.
fn legend(ladder: &str, language: Language) -> String {
    let is_there = |mark: &str| ladder.split_whitespace().any(|word| word == mark);
    let mut legend = String::new();
    for (mark, meaning) in LEGEND.iter().filter(|(mark, _)| is_there(mark)) {
        let before = if legend.is_empty() { "\n" } else { "" };
        legend.push_str(&format!("{before}{mark:<11}  {}\n", meaning.get(language)));
    }
    legend
}

/// Breaks a text into lines that fit a terminal.
pub(crate) fn wrap(text: &str) -> String {
    textwrap::fill(text, 100)
}
