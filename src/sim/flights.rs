//! The segments on their way: in the order in which they were sent, and in that in which they arrive.

use core::mem;
use std::collections::BTreeSet;
use std::vec::Vec;

use super::network::Flight;
use crate::Instant;

/// What arrives next is found without a look at all the others, and most of what arrives is near the front.
#[derive(Clone, Debug, Default)]
pub(super) struct Flights {
    /// In the order in which they were sent, behind those that are `gone`.
    flights: Vec<Flight>,
    /// The place of each: they only grow.
    places: Vec<u64>,
    /// So many at the front have left. Only their room is still there.
    gone: usize,
    /// When each arrives, and of those at one time the first sent first: the time, the number, the place.
    arriving: BTreeSet<(Instant, u64, u64)>,
    next_place: u64,
}

/// So few that are gone are no waste.
const FEW: usize = 32;

impl Flights {
    pub(super) fn as_slice(&self) -> &[Flight] {
        self.flights.get(self.gone..).unwrap_or_default()
    }

    pub(super) fn get(&self, index: usize) -> Option<&Flight> {
        self.as_slice().get(index)
    }

    /// To change anything but when it arrives.
    pub(super) fn get_mut(&mut self, index: usize) -> Option<&mut Flight> {
        self.flights.get_mut(self.gone..)?.get_mut(index)
    }

    /// Behind all others.
    pub(super) fn push(&mut self, flight: Flight) {
        let place = self.next_place;
        self.next_place = place.saturating_add(1);
        if let Some(at) = flight.arrives {
            self.arriving.insert((at, flight.number, place));
        }
        self.flights.push(flight);
        self.places.push(place);
    }

    /// It does not arrive any more by itself; `None` if it would not have.
    pub(super) fn hold(&mut self, index: usize) -> Option<&Flight> {
        let place = self.place(index)?;
        let flight = self.get_mut(index)?;
        let key = (flight.arrives.take()?, flight.number, place);
        self.arriving.remove(&key);
        self.get(index)
    }

    pub(super) fn remove(&mut self, index: usize) -> Option<Flight> {
        let place = self.place(index)?;
        let at = self.gone.saturating_add(index);
        // Those before it move, and the room at the front is left over.
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

    /// When the next one arrives.
    pub(super) fn next_arrival(&self) -> Option<Instant> {
        self.arriving.first().map(|(at, ..)| *at)
    }

    /// The one that arrives next.
    pub(super) fn next(&self) -> Option<usize> {
        let (_, _, place) = self.arriving.first()?;
        self.places.get(self.gone..)?.binary_search(place).ok()
    }

    fn place(&self, index: usize) -> Option<u64> {
        self.places.get(self.gone..)?.get(index).copied()
    }
}
