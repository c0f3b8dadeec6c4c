//! Virtual time: drives two ends from event to event.

use core::time::Duration;

use super::Pair;
use crate::sim::trace::What;
use crate::sim::violation::Violation;
use crate::sim::{Side, after};
use crate::{Instant, State};

/// The most steps without progress. Two ends that take more never come to rest.
const MOST_STEPS: usize = 1_000_000;

/// Virtual time.
impl Pair {
    /// Drives the ends until nothing is in flight and no timer runs. An end in TIME-WAIT reaches CLOSED. A segment that
    /// waits for delivery by hand does not count as in flight.
    ///
    /// Ends with keep-alive never come to rest, nor does an end that probes a window which stays closed. Use
    /// [`drive_for`](Self::drive_for) for them.
    ///
    /// ```
    /// use core::time::Duration;
    /// use tcp_lifecycle::sim::{Network, Pair, Side};
    /// use tcp_lifecycle::{Config, KeepAlive, State};
    ///
    /// let config = Config { keep_alive: Some(KeepAlive::DEFAULT), ..Config::DEFAULT };
    /// let mut pair = Pair::new(&config, &config, Network::PERFECT);
    /// pair.handshake()?;
    /// pair.drive_for(Duration::from_secs(7 * 86_400))?; // drive() would not end
    /// assert_eq!(pair.state(Side::A), State::Established);
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns the first violation, as do the other ways to drive. Returns [`Violation::NeverRests`] after a million
    /// steps in which no state changed and no byte was delivered.
    pub fn drive(&mut self) -> Result<(), Violation> {
        self.drive_while(|_| true)
    }

    /// Drives the ends while `condition` holds and an event is due.
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`drive`](Self::drive).
    pub fn drive_while(&mut self, mut condition: impl FnMut(&Pair) -> bool) -> Result<(), Violation> {
        self.drive_on(|pair| condition(pair), Pair::progress)
    }

    /// Returns the states, and the numbers of bytes delivered.
    pub(super) fn progress(&self) -> [(State, usize); 2] {
        Side::BOTH.map(|side| (self.state(side), self.received(side).len()))
    }

    /// Drives the ends while `condition` holds and an event is due. Fails after `MOST_STEPS` steps in which `progress`
    /// stays the same.
    pub(super) fn drive_on<P: PartialEq>(
        &mut self,
        mut condition: impl FnMut(&mut Pair) -> bool,
        progress: impl Fn(&Pair) -> P,
    ) -> Result<(), Violation> {
        let (mut before, mut steps) = (progress(self), 0_usize);
        while steps < MOST_STEPS {
            if !condition(self) || !self.step()? {
                return self.check();
            }
            let now = progress(self);
            steps = if now == before { steps.saturating_add(1) } else { 0 };
            before = now;
        }
        Err(Violation::NeverRests)
    }

    /// Drives the ends until nothing is in flight. Timers that are due before then fire. A segment that waits for
    /// delivery by hand does not count as in flight.
    ///
    /// # Errors
    ///
    /// Returns the first violation.
    pub fn settle(&mut self) -> Result<(), Violation> {
        self.drive_while(|pair| pair.flights.next_arrival().is_some())
    }

    /// Drives the ends for `time`, as [`drive_until`](Self::drive_until) does.
    ///
    /// # Errors
    ///
    /// Returns the first violation.
    pub fn drive_for(&mut self, time: Duration) -> Result<(), Violation> {
        self.drive_until(after(self.now, time))
    }

    /// Drives the ends through all events up to and including `end`, in any number of steps. The time is then `end`.
    ///
    /// # Errors
    ///
    /// Returns the first violation. Returns [`Violation::NeverRests`] after a million steps at the same time.
    pub fn drive_until(&mut self, end: Instant) -> Result<(), Violation> {
        self.drive_on(|pair| pair.next_event().is_some_and(|next| next <= end), Pair::now)?;
        self.now = self.now.max(end);
        Ok(())
    }

    /// Returns the time at which the next segment arrives or the next timer fires.
    #[must_use]
    pub fn next_event(&self) -> Option<Instant> {
        let deadlines = self.ends.iter().filter_map(|end| end.connection.deadline());
        deadlines.chain(self.flights.next_arrival()).min()
    }

    /// Runs the next event: a segment arrives, or a timer fires. If both are due at the same time, the segment comes
    /// first. Returns false if no event is due.
    ///
    /// # Errors
    ///
    /// Returns the first violation.
    pub fn step(&mut self) -> Result<bool, Violation> {
        self.check()?;
        let Some(next) = self.next_event() else { return Ok(false) };
        self.now = self.now.max(next);
        if let Some(index) = self.flights.next().filter(|_| self.flights.next_arrival() == Some(next)) {
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
