//! The passing of time between two ends.

use core::time::Duration;

use super::{Pair, Violation};
use crate::sim::trace::What;
use crate::sim::{Side, after};
use crate::time::Instant;

/// More steps than this are two ends that never come to rest.
const MOST_STEPS: usize = 1_000_000;

/// The passing of time.
impl Pair {
    /// Until nothing is in flight and no timer runs. An end in TIME-WAIT is driven to CLOSED.
    ///
    /// # Errors
    ///
    /// The first violation; likewise for the other ways to drive.
    pub fn drive(&mut self) -> Result<(), Violation> {
        self.drive_while(|_| true)
    }

    /// While this holds, and there is anything to happen.
    ///
    /// # Errors
    ///
    /// The first violation.
    pub fn drive_while(&mut self, mut condition: impl FnMut(&Pair) -> bool) -> Result<(), Violation> {
        for _ in 0..MOST_STEPS {
            if !condition(self) || !self.step()? {
                return self.check();
            }
        }
        Err(Violation::NeverRests)
    }

    /// Until nothing is in flight; timers whose time comes before fire.
    ///
    /// # Errors
    ///
    /// The first violation.
    pub fn settle(&mut self) -> Result<(), Violation> {
        self.drive_while(|pair| pair.flights.iter().any(|flight| flight.arrives.is_some()))
    }

    /// For so long.
    ///
    /// # Errors
    ///
    /// The first violation.
    pub fn drive_for(&mut self, time: Duration) -> Result<(), Violation> {
        self.drive_until(after(self.now, time))
    }

    /// Until then.
    ///
    /// # Errors
    ///
    /// The first violation.
    pub fn drive_until(&mut self, end: Instant) -> Result<(), Violation> {
        self.drive_while(|pair| pair.next_event().is_some_and(|next| next <= end))?;
        self.now = self.now.max(end);
        Ok(())
    }

    /// When the next segment arrives or the next timer fires.
    #[must_use]
    pub fn next_event(&self) -> Option<Instant> {
        let arrivals = self.flights.iter().filter_map(|flight| flight.arrives);
        let deadlines = self.ends.iter().filter_map(|end| end.connection.deadline());
        arrivals.chain(deadlines).min()
    }

    /// The next event: a segment arrives or, if none comes before, a timer fires. False if there is none.
    ///
    /// # Errors
    ///
    /// The first violation.
    pub fn step(&mut self) -> Result<bool, Violation> {
        self.check()?;
        let Some(next) = self.next_event() else { return Ok(false) };
        self.now = self.now.max(next);
        let arriving = self.flights.iter().enumerate().filter(|(_, flight)| flight.arrives == Some(next));
        if let Some((index, _)) = arriving.min_by_key(|(_, flight)| flight.number) {
            self.come_out(index);
        } else {
            let due = |side: &Side| self.connection(*side).deadline() == Some(next);
            if let Some(side) = [Side::A, Side::B].into_iter().find(due) {
                self.timeout(side);
            }
        }
        self.check()?;
        Ok(true)
    }

    fn check(&self) -> Result<(), Violation> {
        self.violation.clone().map_or(Ok(()), Err)
    }

    pub(super) fn violate(&mut self, violation: Violation) {
        self.violation.get_or_insert(violation);
    }

    fn timeout(&mut self, side: Side) {
        let now = self.now;
        let from = self.state(side);
        self.end_mut(side).connection.timeout(now);
        self.record_and_drain(side, What::Timeout(from));
        if self.connection(side).deadline().is_some_and(|next| next <= now) {
            self.violate(Violation::Stuck(side));
        }
    }
}
