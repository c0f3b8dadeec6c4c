//! What a stream tells of itself: counters, refusals, the log.

use alloc::collections::VecDeque;

use super::counters::{Counters, Counts, RareCounts, count};
use super::life::Stream;
use super::log::{Log, LogEntry};
use super::records::Records;
use crate::{Instant, Refusal};

impl Stream {
    /// Returns what has gone in and out. The 32-bit counts stay at their largest value.
    #[must_use]
    pub fn counters(&self) -> Counters {
        let Counts { sent, received } = self.counts;
        let rare = self.records.as_ref().map_or_else(RareCounts::default, |records| records.counts);
        let RareCounts { retransmissions, timeouts, duplicates, out_of_order, refused } = rare;
        Counters {
            bytes_written: self.written,
            bytes_acknowledged: self.acknowledged,
            bytes_received: self.received,
            segments_sent: sent,
            segments_received: received,
            retransmissions,
            timeouts,
            duplicates,
            out_of_order,
            refused,
        }
    }
}

impl Stream {
    /// Returns why segments were refused, and how many for each reason.
    pub fn refusals(&self) -> impl Iterator<Item = (Refusal, u32)> {
        self.records.iter().flat_map(|records| records.refusals.iter().copied())
    }

    pub(super) fn rare(&mut self) -> &mut RareCounts {
        &mut self.records.get_or_insert_default().counts
    }

    pub(super) fn count_refusal(&mut self, refusal: Refusal) {
        count(&mut self.rare().refused);
        let refusals = &mut self.records.get_or_insert_default().refusals;
        match refusals.iter_mut().find(|(known, _)| *known == refusal) {
            Some((_, counter)) => count(counter),
            None => refusals.push((refusal, 1)),
        }
    }
}

/// The log.
impl Stream {
    /// Keeps a log of the last `most` entries from now on; with zero, none. By default there is none.
    pub fn keep_log(&mut self, most: usize) {
        if most > 0 || self.records.is_some() {
            self.records.get_or_insert_default().log = Log { entries: VecDeque::new(), most };
        }
    }

    /// Returns the entries of the log, the oldest first.
    pub fn log(&self) -> impl Iterator<Item = &(Instant, LogEntry)> {
        self.records.iter().flat_map(|records| &records.log.entries)
    }

    pub(super) fn note(&mut self, now: Instant, entry: impl FnOnce() -> LogEntry) {
        if let Some(Records { log, .. }) = self.records.as_deref_mut()
            && log.most > 0
        {
            if log.entries.len() >= log.most {
                log.entries.pop_front();
            }
            log.entries.push_back((now, entry()));
        }
    }
}
