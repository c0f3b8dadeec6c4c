//! A trace as a sequence diagram in the language of Mermaid, which many forges and wikis draw.

use core::fmt;
use std::collections::BTreeSet;
use std::format;
use std::string::String;

use super::Side;
use super::difference::describe_signal;
use super::ladder::in_seconds;
use super::trace::{Event, Trace, What};
use crate::{Segment, Signal};

impl Trace {
    /// Returns the trace as a sequence diagram in the language of [Mermaid]. A segment is an arrow at the time of its
    /// arrival; `-x` is a lost segment, and `--)` a segment that is still in flight. States, calls, signals and
    /// timeouts are notes.
    ///
    /// ```
    /// use tcp_lifecycle::sim::{Network, Pair, Side};
    /// use tcp_lifecycle::{Config, Open};
    ///
    /// let mut pair = Pair::new(&Config::DEFAULT, &Config::DEFAULT, Network::BY_HAND);
    /// pair.open(Side::B, Open::Passive)?;
    /// pair.open(Side::A, Open::Active)?;
    /// pair.deliver(0);
    /// pair.lose(0);
    /// assert_eq!(pair.trace().mermaid().to_string(), "\
    /// sequenceDiagram
    ///     Note over A: CLOSED
    ///     Note over B: CLOSED
    ///     Note right of B: open passive
    ///     Note over B: LISTEN
    ///     Note left of A: open active
    ///     Note over A: SYN-SENT
    ///     A->>B: SEQ=100 CTL=SYN
    ///     Note over B: SYN-RECEIVED
    ///     B-xA: SEQ=300 ACK=101 CTL=SYN,ACK (lost)
    /// ");
    /// # Ok::<(), tcp_lifecycle::CallError>(())
    /// ```
    ///
    /// [Mermaid]: https://mermaid.js.org/syntax/sequenceDiagram.html
    #[must_use]
    pub const fn mermaid(&self) -> Mermaid<'_> {
        Mermaid { trace: self }
    }
}

/// A trace that prints as a sequence diagram; see [`Trace::mermaid`].
#[derive(Clone, Copy, Debug)]
pub struct Mermaid<'t> {
    trace: &'t Trace,
}

impl fmt::Display for Mermaid<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "sequenceDiagram")?;
        let mut diagram = Diagram::default();
        let mut events = self.trace.events().iter().peekable();
        while let Some(event) = events.next() {
            let marked = events.peek().is_some_and(|next| matches!(next.what, What::Marked(..)));
            if event.what == What::Start && self.trace.played == Some(event.side) {
                continue;
            }
            if let Some(line) = diagram.line(event, marked) {
                writeln!(f, "    {line}")?;
            }
        }
        for event in self.trace.events() {
            if let What::Sent(number, segment) | What::Injected(number, segment) = &event.what
                && !diagram.has_ended(*number)
            {
                writeln!(f, "    {}", arrow(event.side, "--)", segment, "on its way"))?;
            }
        }
        Ok(())
    }
}

/// The numbers of the segments whose arrival or loss has been drawn.
#[derive(Default)]
struct Diagram {
    arrived: BTreeSet<u64>,
    lost: BTreeSet<u64>,
}

impl Diagram {
    fn has_ended(&self, number: u64) -> bool {
        self.arrived.contains(&number) || self.lost.contains(&number)
    }

    /// Returns the line of an event, if the event has a line. `marked` says that a segment arrived with Congestion
    /// Experienced.
    fn line(&mut self, event: &Event, marked: bool) -> Option<String> {
        let Event { at, side, state, what } = event;
        Some(match what {
            What::Start => format!("Note over {side}: {state}"),
            What::Transition(transition) => format!("Note over {side}: {}", transition.to),
            What::Call(call) => beside(*side, call),
            What::Crashed => beside(*side, "crash"),
            What::Timeout(_) => beside(*side, &format!("timeout at {}", in_seconds(*at))),
            What::Signal(Signal::Acknowledged(_)) => return None,
            What::Signal(signal) => beside(*side, &describe_signal(*signal)),
            What::Lost(number, segment) => self.lost(*side, *number, segment, "lost"),
            What::Swallowed(number, segment) => self.lost(*side, *number, segment, "swallowed"),
            What::Corrupted(number, segment) => self.lost(side.other(), *number, segment, "bad checksum"),
            What::Arrived(number, segment, outcome) => {
                let again = !self.arrived.insert(*number);
                let remark = match outcome {
                    Err(refusal) => format!("refused: {refusal}"),
                    Ok(_) if again => String::from("again"),
                    Ok(_) => String::new(),
                };
                let between = if marked && !remark.is_empty() { ", " } else { "" };
                let mark = if marked { "marked" } else { "" };
                arrow(side.other(), "->>", segment, &format!("{mark}{between}{remark}"))
            }
            What::Note(note) => format!("Note over A,B: {}", escaped(note)),
            What::Sent(..)
            | What::Injected(..)
            | What::Duplicated(..)
            | What::HeldBack(..)
            | What::Reassembled(..)
            | What::Marked(..) => {
                return None;
            }
        })
    }

    fn lost(&mut self, from: Side, number: u64, segment: &Segment, how: &str) -> String {
        self.lost.insert(number);
        arrow(from, "-x", segment, how)
    }
}

fn arrow(from: Side, arrow: &str, segment: &Segment, remark: &str) -> String {
    let remark = if remark.is_empty() { String::new() } else { format!(" ({})", escaped(remark)) };
    format!("{from}{arrow}{}: {}{remark}", from.other(), in_words(segment))
}

fn beside(side: Side, what: &str) -> String {
    let place = match side {
        Side::A => "left of A",
        Side::B => "right of B",
    };
    format!("Note {place}: {}", escaped(what))
}

/// Writes SEQ, ACK, CTL and DATA without brackets, which Mermaid would take for HTML.
fn in_words(segment: &Segment) -> String {
    let ack = segment.ack().map(|ack| format!(" ACK={ack}")).unwrap_or_default();
    let data = match segment.payload_len() {
        0 => String::new(),
        bytes => format!(" DATA={bytes}"),
    };
    format!("SEQ={}{ack} CTL={}{data}", segment.seq(), segment.control())
}

/// Writes the special characters of the language as entities: `%%` begins a comment, and a line break ends a note.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.replace("\r\n", "\n").chars() {
        match character {
            '#' => escaped.push_str("#35;"),
            '%' => escaped.push_str("#37;"),
            ';' => escaped.push_str("#59;"),
            '<' => escaped.push_str("#lt;"),
            '>' => escaped.push_str("#gt;"),
            '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => escaped.push_str("<br/>"),
            _ if character.is_control() => escaped.push(' '),
            _ => escaped.push(character),
        }
    }
    escaped
}
