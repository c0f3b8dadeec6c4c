//! What the commands print.

use tcp_lifecycle::sim::{Language, Trace};

/// How an exchange is printed.
#[derive(Clone, Copy)]
pub(crate) struct Style {
    pub(crate) language: Language,
    /// As a sequence diagram instead of a ladder.
    pub(crate) mermaid: bool,
}

/// Prints what happened between two ends.
pub(crate) fn exchange(trace: &Trace, mermaid: bool) -> String {
    if mermaid { trace.mermaid().to_string() } else { trace.to_string() }
}

/// Breaks a text into lines that fit a terminal.
pub(crate) fn wrap(text: &str) -> String {
    textwrap::fill(text, 100)
}
