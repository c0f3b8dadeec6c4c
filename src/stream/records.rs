//! What most streams never see: losses, refusals, a log.

use alloc::vec::Vec;

use super::counters::RareCounts;
use super::log::Log;
use crate::Refusal;

/// What most streams do not need.
#[derive(Clone, Debug, Default)]
pub(super) struct Records {
    pub(super) counts: RareCounts,
    pub(super) refusals: Vec<(Refusal, u32)>,
    pub(super) log: Log,
}

impl Records {
    /// A new life begins. The log goes on.
    pub(super) fn begin_life(&mut self) {
        self.counts = RareCounts::default();
        self.refusals.clear();
    }
}
