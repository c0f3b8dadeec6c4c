//! What is between two ends, and what they hand to it.

use std::vec::Vec;

use super::{Pair, Violation};
use crate::poll::{Output, Transmit};
use crate::segment::Segment;
use crate::sim::network::Flight;
use crate::sim::trace::What;
use crate::sim::{Side, after};
use crate::state::State;
use crate::time::Instant;

/// More outputs than this of one event are a connection that never waits.
const MOST_OUTPUTS: usize = 1_000_000;

/// The network, by hand. A segment in flight is named by its place in [`in_flight`](Pair::in_flight); where there is none
/// of this place, nothing happens, and the result is false.
impl Pair {
    /// It arrives now.
    pub fn deliver(&mut self, index: usize) -> bool {
        if index >= self.flights.len() {
            return false;
        }
        let flight = self.flights.remove(index);
        let to = flight.from.other();
        let now = self.now;
        let outcome = self.end_mut(to).connection.segment_arrives(&flight.segment, now);
        if let Ok(range) = &outcome {
            let [a, b] = &mut self.ends;
            let (sender, receiver) = match flight.from {
                Side::A => (a, b),
                Side::B => (b, a),
            };
            let sent = sender.sent_in(flight.life);
            if let Err(violation) = receiver.deliver(to, &flight, range.clone(), sent) {
                self.violate(violation);
            }
        }
        self.record_and_drain(to, What::Arrived(flight.number, flight.segment, outcome));
        true
    }

    /// It is lost.
    pub fn lose(&mut self, index: usize) -> bool {
        if index >= self.flights.len() {
            return false;
        }
        let flight = self.flights.remove(index);
        self.record(flight.from, What::Lost(flight.number, flight.segment));
        true
    }

    /// There is one more of it, behind all others.
    pub fn duplicate(&mut self, index: usize) -> bool {
        let Some(flight) = self.flights.get(index).cloned() else { return false };
        self.record(flight.from, What::Duplicated(flight.number, flight.segment));
        self.flights.push(flight);
        true
    }

    /// It waits until it is delivered by hand.
    pub fn hold(&mut self, index: usize) -> bool {
        let Some(flight) = self.flights.get_mut(index) else { return false };
        flight.arrives = None;
        true
    }

    /// A segment that `from` has not sent, an old one or a forged one, with as many bytes of payload as it says, goes on
    /// its way.
    pub fn inject(&mut self, from: Side, segment: Segment, payload: &[u8]) {
        let number = self.number;
        self.record(from, What::Injected(number, segment));
        self.launch(from, segment, payload.to_vec());
    }

    /// A segment goes on its way, and the network does with it what it does.
    fn launch(&mut self, from: Side, segment: Segment, payload: Vec<u8>) {
        let number = self.number;
        self.number = self.number.saturating_add(1);
        if self.random.happens(self.network.loss) {
            return self.record(from, What::Lost(number, segment));
        }
        let life = self.end(from).life();
        let arrives = self.arrival();
        let flight = Flight { from, segment, payload, arrives, number, life };
        if self.random.happens(self.network.duplication) {
            self.record(from, What::Duplicated(number, segment));
            let arrives = self.arrival();
            self.flights.push(Flight { arrives, ..flight.clone() });
        }
        self.flights.push(flight);
    }

    fn arrival(&mut self) -> Option<Instant> {
        let late = self.random.up_to(self.network.jitter);
        (!self.network.by_hand).then(|| after(self.now, self.network.delay.saturating_add(late)))
    }

    /// Polls until `Wait`, the rule of the contract.
    pub(super) fn drain(&mut self, side: Side) {
        for _ in 0..MOST_OUTPUTS {
            let now = self.now;
            let output = self.end_mut(side).connection.poll(now);
            match output {
                Output::Transition(transition) => {
                    if transition.to == State::Listen {
                        self.end_mut(side).begin_life();
                    }
                    self.record(side, What::Transition(transition));
                }
                Output::Signal(signal) => {
                    if !self.end_mut(side).signal(signal) {
                        self.violate(Violation::Acknowledged(side));
                    }
                    self.record(side, What::Signal(signal));
                }
                Output::Transmit(Transmit { segment, payload }) => match self.end(side).payload(&segment, payload) {
                    Some(payload) => {
                        self.record(side, What::Sent(self.number, segment));
                        self.launch(side, segment, payload);
                    }
                    None => self.violate(Violation::Payload(side, segment)),
                },
                Output::Wait(deadline) => {
                    if deadline != self.connection(side).deadline() {
                        self.violate(Violation::Deadline(side));
                    }
                    return;
                }
            }
        }
        self.violate(Violation::NeverWaits(side));
    }
}
