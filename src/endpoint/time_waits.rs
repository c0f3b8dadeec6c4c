//! Connections in TIME-WAIT, in 32 bytes each, and the order in which they end.

use core::hash::{BuildHasher, Hash};
use core::num::NonZeroU32;

use super::index::{Index, Paired};
use super::pair::{Pair, PairV4};
use super::slab::Slab;
use crate::{Instant, TimeWait, TimeWaitPolicy};

/// All connections in TIME-WAIT. Those of IPv4 have a table of their own, in which the sockets take 12 bytes and not
/// 36.
#[derive(Debug)]
pub(super) struct TimeWaits {
    pub(super) policy: TimeWaitPolicy,
    v4: Chain<PairV4>,
    v6: Chain<Pair>,
    most: usize,
}

/// The name of a connection in TIME-WAIT.
#[derive(Clone, Copy, Debug)]
pub(super) enum Waiter {
    V4(u32),
    V6(u32),
}

impl TimeWaits {
    pub(super) const fn new(policy: TimeWaitPolicy, most: usize) -> TimeWaits {
        TimeWaits { policy, v4: Chain::new(), v6: Chain::new(), most }
    }

    pub(super) const fn len(&self) -> usize {
        self.v4.entries.len().saturating_add(self.v6.entries.len())
    }

    pub(super) fn pairs(&self) -> impl Iterator<Item = Pair> {
        let v4 = self.v4.entries.iter().map(|link| Pair::from(link.pair));
        v4.chain(self.v6.entries.iter().map(|link| link.pair))
    }

    pub(super) fn find(&self, pair: &Pair, key: &impl BuildHasher) -> Option<Waiter> {
        match pair.v4() {
            Some(pair) => self.v4.index.find(&pair, key, &self.v4.entries).map(Waiter::V4),
            None => self.v6.index.find(pair, key, &self.v6.entries).map(Waiter::V6),
        }
    }

    pub(super) fn get(&self, waiter: Waiter) -> Option<&TimeWait> {
        match waiter {
            Waiter::V4(number) => self.v4.entries.get(number).map(|link| &link.time_wait),
            Waiter::V6(number) => self.v6.entries.get(number).map(|link| &link.time_wait),
        }
    }

    pub(super) fn get_mut(&mut self, waiter: Waiter) -> Option<&mut TimeWait> {
        match waiter {
            Waiter::V4(number) => self.v4.entries.get_mut(number).map(|link| &mut link.time_wait),
            Waiter::V6(number) => self.v6.entries.get_mut(number).map(|link| &mut link.time_wait),
        }
    }

    /// Adds a connection, in place of another under the same sockets. If there are too many, the oldest goes.
    pub(super) fn insert(&mut self, pair: Pair, time_wait: TimeWait, key: &impl BuildHasher) {
        if let Some(known) = self.find(&pair, key) {
            self.remove(known, key);
        }
        if self.len() >= self.most && !self.v4.drop_first(key) && !self.v6.drop_first(key) {
            return;
        }
        match pair.v4() {
            Some(pair) => self.v4.push(pair, time_wait, key),
            None => self.v6.push(pair, time_wait, key),
        }
    }

    pub(super) fn remove(&mut self, waiter: Waiter, key: &impl BuildHasher) {
        match waiter {
            Waiter::V4(number) => self.v4.remove(number, key),
            Waiter::V6(number) => self.v6.remove(number, key),
        }
    }

    /// The 2 MSL have begun again: the connection goes behind the others.
    pub(super) fn restarted(&mut self, waiter: Waiter) {
        match waiter {
            Waiter::V4(number) => self.v4.move_to_end(number),
            Waiter::V6(number) => self.v6.move_to_end(number),
        }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        let ends = [self.v4.end_of_first(self.policy), self.v6.end_of_first(self.policy)];
        ends.into_iter().flatten().min()
    }

    /// Ends those whose time has come.
    pub(super) fn timeout(&mut self, now: Instant, key: &impl BuildHasher) {
        while self.v4.end_of_first(self.policy).is_some_and(|end| end <= now) && self.v4.drop_first(key) {}
        while self.v6.end_of_first(self.policy).is_some_and(|end| end <= now) && self.v6.drop_first(key) {}
    }
}

/// Connections in the order in which they end. They have one MSL, so that is the order in which their 2 MSL began.
#[derive(Debug)]
struct Chain<P> {
    entries: Slab<Link<P>>,
    index: Index,
    first: Option<u32>,
    last: Option<u32>,
}

#[derive(Debug)]
struct Link<P> {
    time_wait: TimeWait,
    pair: P,
    before: Neighbour,
    after: Neighbour,
}

/// The number of the entry before or after another, or none. It is no `Option<u32>`, which takes 8 bytes; and zero is
/// left, to mark the vacant entries of the slab.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Neighbour(NonZeroU32);

impl Neighbour {
    const NONE: Neighbour = Neighbour(NonZeroU32::MAX);

    fn new(number: u32) -> Neighbour {
        NonZeroU32::new(number.wrapping_add(1)).map_or(Neighbour::NONE, Neighbour)
    }

    fn number(self) -> Option<u32> {
        Some(self.0.get().wrapping_sub(1)).filter(|_| self != Neighbour::NONE)
    }
}

impl<P: Copy + Eq + Hash> Paired for Link<P> {
    type Pair = P;

    fn pair(&self) -> P {
        self.pair
    }
}

impl<P> Chain<P> {
    const fn new() -> Chain<P> {
        Chain { entries: Slab::new(), index: Index::new(), first: None, last: None }
    }

    fn end_of_first(&self, policy: TimeWaitPolicy) -> Option<Instant> {
        let first = self.entries.get(self.first?)?;
        // A connection whose time has no end would be in nobody's way.
        first.time_wait.deadline(policy)
    }
}

impl<P: Copy + Eq + Hash> Chain<P> {
    fn push(&mut self, pair: P, time_wait: TimeWait, key: &impl BuildHasher) {
        let number = self.entries.insert(Link { time_wait, pair, before: Neighbour::NONE, after: Neighbour::NONE });
        self.index.insert(number, key, &self.entries);
        self.link(number);
    }

    fn remove(&mut self, number: u32, key: &impl BuildHasher) {
        self.index.remove(number, key, &self.entries);
        self.unlink(number);
        self.entries.remove(number);
    }

    fn drop_first(&mut self, key: &impl BuildHasher) -> bool {
        let first = self.first;
        if let Some(number) = first {
            self.remove(number, key);
        }
        first.is_some()
    }

    fn move_to_end(&mut self, number: u32) {
        self.unlink(number);
        self.link(number);
    }

    /// Puts an entry at the end of the order.
    fn link(&mut self, number: u32) {
        let last = self.last.replace(number);
        if let Some(link) = self.entries.get_mut(number) {
            (link.before, link.after) = (last.map_or(Neighbour::NONE, Neighbour::new), Neighbour::NONE);
        }
        self.set_after(last, Neighbour::new(number));
    }

    /// Takes an entry out of the order.
    fn unlink(&mut self, number: u32) {
        let Some(&Link { before, after, .. }) = self.entries.get(number) else { return };
        self.set_after(before.number(), after);
        match after.number().and_then(|after| self.entries.get_mut(after)) {
            Some(link) => link.before = before,
            None => self.last = before.number(),
        }
    }

    /// Puts `after` behind the entry `number`, or at the beginning.
    fn set_after(&mut self, number: Option<u32>, after: Neighbour) {
        match number.and_then(|number| self.entries.get_mut(number)) {
            Some(link) => link.after = after,
            None => self.first = after.number(),
        }
    }
}

// What `endpoint.rs` promises.
#[cfg(target_pointer_width = "64")]
const _: () =
    assert!(super::slab::size_of_entry::<Link<PairV4>>() <= 56 && super::slab::size_of_entry::<Link<Pair>>() <= 80);
