//! The deadlines of all streams, in order.

use alloc::collections::BTreeSet;

use crate::Instant;

/// When to look at which stream. A stream has one entry at most, and only if it has a deadline.
///
/// A deadline that moves to a later time, as the retransmission timer does with each acknowledgment, leaves the entry
/// alone. When the entry comes up, it is filed again.
#[derive(Debug, Default)]
pub(super) struct Deadlines {
    entries: BTreeSet<(Instant, u32)>,
}

impl Deadlines {
    /// Files the deadline of a stream, whose entry is `filed`. Returns the entry.
    pub(super) fn file(&mut self, number: u32, filed: Option<Instant>, deadline: Option<Instant>) -> Option<Instant> {
        match (filed, deadline) {
            (Some(filed), Some(deadline)) if filed <= deadline => return Some(filed),
            (Some(filed), None) => {
                self.entries.remove(&(filed, number));
                return None;
            }
            (Some(filed), Some(_)) => _ = self.entries.remove(&(filed, number)),
            (None, _) => {}
        }
        if let Some(deadline) = deadline {
            self.entries.insert((deadline, number));
        }
        deadline
    }

    pub(super) fn first(&self) -> Option<Instant> {
        self.entries.first().map(|(moment, _)| *moment)
    }

    /// Takes out the next entry whose time has come.
    pub(super) fn pop(&mut self, now: Instant) -> Option<u32> {
        if self.first()? > now {
            return None;
        }
        self.entries.pop_first().map(|(_, number)| number)
    }
}
