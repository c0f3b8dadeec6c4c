//! The expected outcome of a segment, and what the subject tells of it.

use std::format;

use crate::sim::difference::{Difference, check_outcome};
use crate::sim::line::Outcome;
use crate::sim::subject::Arrival;

/// Checks the outcome as far as the subject tells it. Returns the part that it does not tell, if there is one.
pub(super) fn check(payload: u16, outcome: &Outcome, came: &Arrival) -> Result<Option<&'static str>, Difference> {
    let number = match came {
        Arrival::Told(came) => return check_outcome(payload, outcome, came).map(|()| None),
        Arrival::Delivered(number) => Some(*number),
        Arrival::Untold => None,
    };
    let (expected, untold) = match outcome {
        Outcome::Whole if payload == 0 => (0, None),
        Outcome::Whole => (usize::from(payload), number.is_none().then_some("the delivery of the payload")),
        Outcome::Delivers(range) => (range.len(), Some("the range that is delivered")),
        Outcome::Accepted => return Ok(Some("whether the segment is accepted")),
        Outcome::Refused(_) => (0, Some("the reason of a refusal")),
    };
    match number {
        Some(number) if number != expected => {
            Err(Difference::new(format!("{expected} bytes delivered"), format!("{number} bytes")))
        }
        Some(_) | None => Ok(untold),
    }
}
