//! The difference between the expected and the actual output.

use core::ops::Range;
use std::format;
use std::string::{String, ToString};

use super::Side;
use super::line::Outcome;
use crate::{Output, Refusal, Signal, Transmit};

/// An expectation of a script, and the actual outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Difference {
    pub(super) expected: String,
    pub(super) came: String,
    /// The subject does not have what the script needs, so that nothing can be said about it.
    pub(super) is_not_supported: bool,
}

impl Difference {
    pub(super) fn new(expected: impl ToString, came: impl ToString) -> Difference {
        Difference { expected: expected.to_string(), came: came.to_string(), is_not_supported: false }
    }

    /// The subject has no such call or policy.
    pub(super) fn not_supported(what: impl ToString) -> Difference {
        Difference { is_not_supported: true, ..Difference::new(what, "not supported") }
    }

    /// Adds the end that the difference is about.
    pub(super) fn at(self, side: Side) -> Difference {
        let Difference { expected, came, is_not_supported } = self;
        Difference { expected: format!("{side}: {expected}"), came: format!("{side}: {came}"), is_not_supported }
    }
}

/// Returns an output as a script writes it.
pub(super) fn describe(output: &Output) -> String {
    match output {
        Output::Transition(transition) => transition.to_string(),
        Output::Signal(signal) => describe_signal(*signal),
        Output::Transmit(transmit) => format!("--> {}", transmit.segment),
        Output::Wait(deadline) => format!("{deadline:?}"),
    }
}

/// Returns a signal as a script writes it.
pub(super) fn describe_signal(signal: Signal) -> String {
    let name = format!("{signal:?}");
    format!("signal: {}", name.replace('(', " ").trim_end_matches(')'))
}

pub(super) fn check_payload(transmit: &Transmit) -> Result<(), Difference> {
    let len = usize::from(transmit.segment.payload_len());
    // The octet of a keep-alive probe is not in the send queue.
    if transmit.payload.len() == len || (len == 1 && transmit.payload.is_empty()) {
        return Ok(());
    }
    Err(Difference::new(format!("{len} bytes for {}", transmit.segment), format!("bytes {:?}", transmit.payload)))
}

pub(super) fn check_outcome(
    payload: u16,
    outcome: &Outcome,
    came: &Result<Range<usize>, Refusal>,
) -> Result<(), Difference> {
    let delivered = came.as_ref().map_or(0..0, Clone::clone);
    let whole = 0..usize::from(payload);
    let same = |range: &Range<usize>| delivered == *range || (delivered.is_empty() && range.is_empty());
    let (fits, expected) = match outcome {
        Outcome::Whole => (same(&whole), format!("delivers {whole:?}")),
        Outcome::Accepted => (came.is_ok(), "accepted".to_string()),
        Outcome::Delivers(range) => (came.is_ok() && same(range), format!("delivers {range:?}")),
        Outcome::Refused(why) => {
            (came.as_ref().is_err_and(|refusal| is_named(refusal, why)), format!("refused: {why}"))
        }
    };
    if fits {
        return Ok(());
    }
    Err(Difference::new(
        expected,
        match came {
            Ok(range) => format!("delivers {range:?}"),
            Err(refusal) => format!("refused: {refusal} ({refusal:?}: {})", refusal.citation()),
        },
    ))
}

/// Whether `why` is the citation, the message or the name of the refusal. An empty `why` fits every refusal.
fn is_named(refusal: &Refusal, why: &str) -> bool {
    why.is_empty() || why == refusal.citation() || why == refusal.to_string() || why == format!("{refusal:?}")
}
