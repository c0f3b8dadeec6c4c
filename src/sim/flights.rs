//! The segments in flight, in the order of sending and in the order of arrival.

use core::mem;
use std::collections::BTreeSet;
use std::vec::Vec;

use super::network::Flight;
use crate::Instant;

/// The segments in flight. The next arrival is found without a search through all; most arrivals are near the front.
#[derive(Clone, Debug, Default)]
pub(super) struct Flights {
    /// The segments in the order of sending, behind `gone` entries that are unused.
    flights: Vec<Flight>,
    /// The place of each entry in `flights`: a number that only grows.
    places: Vec<u64>,
    /// The number of unused entries at the front, whose segments have left.
    gone: usize,
    /// The arrivals in their order: time, number and place of each segment. Of two at one time, the segment that was
    /// sent first arrives first.
    arriving: BTreeSet<(Instant, u64, u64)>,
    next_place: u64,
}

/// The number of unused entries that is always tolerated.
const FEW: usize = 32;

impl Flights {
    pub(super) fn as_slice(&self) -> &[Flight] {
        self.flights.get(self.gone..).unwrap_or_default()
    }

    pub(super) fn get(&self, index: usize) -> Option<&Flight> {
        self.as_slice().get(index)
    }

    /// Gives access to a segment, to change anything but its time of arrival.
    pub(super) fn get_mut(&mut self, index: usize) -> Option<&mut Flight> {
        self.flights.get_mut(self.gone..)?.get_mut(index)
    }

    /// Adds a segment behind all others.
    pub(super) fn push(&mut self, flight: Flight) {
        let place = self.next_place;
        self.next_place = place.saturating_add(1);
        if let Some(at) = flight.arrives {
            self.arriving.insert((at, flight.number, place));
        }
        self.flights.push(flight);
        self.places.push(place);
    }

    /// Holds a segment until it is delivered by hand. Returns `None` if it is held already, or does not exist.
    pub(super) fn hold(&mut self, index: usize) -> Option<&Flight> {
        let place = self.place(index)?;
        let flight = self.get_mut(index)?;
        let key = (flight.arrives.take()?, flight.number, place);
        self.arriving.remove(&key);
        self.get(index)
    }

    /// Exchanges two segments. Returns false if one of them does not exist, or has a time of arrival.
    pub(super) fn swap(&mut self, one: usize, other: usize) -> bool {
        let waits = |index| self.get(index).is_some_and(|flight| flight.arrives.is_none());
        let is_possible = waits(one) && waits(other);
        if is_possible {
            self.flights.swap(self.gone.saturating_add(one), self.gone.saturating_add(other));
        }
        is_possible
    }

    pub(super) fn remove(&mut self, index: usize) -> Option<Flight> {
        let place = self.place(index)?;
        let at = self.gone.saturating_add(index);
        // The segments before it move up by one entry, and the entry at the front becomes unused.
        self.flights.get_mut(self.gone..=at)?.rotate_right(1);
        self.places.get_mut(self.gone..=at)?.rotate_right(1);
        let first = self.flights.get_mut(self.gone)?;
        let payload = mem::take(&mut first.payload);
        let flight = Flight { payload, ..first.clone() };
        self.gone = self.gone.saturating_add(1);
        if self.gone > FEW.max(self.as_slice().len()) {
            self.flights.drain(..self.gone);
            self.places.drain(..self.gone);
            self.gone = 0;
        }
        if let Some(at) = flight.arrives {
            self.arriving.remove(&(at, flight.number, place));
        }
        Some(flight)
    }

    /// Returns the time of the next arrival.
    pub(super) fn next_arrival(&self) -> Option<Instant> {
        self.arriving.first().map(|(at, ..)| *at)
    }

    /// Returns the index of the segment that arrives next.
    pub(super) fn next(&self) -> Option<usize> {
        let (_, _, place) = self.arriving.first()?;
        self.places.get(self.gone..)?.binary_search(place).ok()
    }

    fn place(&self, index: usize) -> Option<u64> {
        self.places.get(self.gone..)?.get(index).copied()
    }
}
