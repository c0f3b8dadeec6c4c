//! The network between two ends, and the segments that they send into it.

use core::ops::{Range, RangeBounds};
use std::vec::Vec;

use super::Pair;
use crate::sim::network::{Flight, Outage};
use crate::sim::trace::What;
use crate::sim::violation::Violation;
use crate::sim::{Side, after};
use crate::{Instant, Output, Segment, State, Transmit};

/// The most outputs of one event, beside a segment for each queued byte. A connection with more never waits.
const MOST_OUTPUTS: usize = 1_000_000;

/// Outages: times in which the network lets nothing through. A segment that would enter or leave the network in an
/// outage is lost. A segment that is delivered by hand still arrives. Several outages may be planned, also ahead of
/// time.
impl Pair {
    /// Drops all segments of `from` within `during`. The other direction is not affected.
    ///
    /// ```
    /// use core::time::Duration;
    /// use tcp_lifecycle::Config;
    /// use tcp_lifecycle::sim::{Network, Pair, Side};
    ///
    /// let mut pair = Pair::new(&Config::DEFAULT, &Config::DEFAULT, Network::PERFECT);
    /// pair.handshake()?;
    /// pair.black_hole(Side::A, pair.now()..pair.now() + Duration::from_secs(10));
    /// pair.send(Side::A, b"hello")?;
    /// pair.drive_for(Duration::from_secs(10))?;
    /// assert_eq!(pair.received(Side::B), b"");
    /// assert_eq!(pair.counts().swallowed, 4); // the segment, and again after 1, 3 and 7 seconds
    /// pair.drive_for(Duration::from_secs(6))?; // after 15
    /// assert_eq!(pair.received(Side::B), b"hello");
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    pub fn black_hole(&mut self, from: Side, during: impl RangeBounds<Instant>) {
        self.outages.push(Outage::new(from, &during));
    }

    /// Drops all segments of both ends within `during`.
    pub fn partition(&mut self, during: impl RangeBounds<Instant>) {
        for from in [Side::A, Side::B] {
            self.outages.push(Outage::new(from, &during));
        }
    }
}

/// The network, by hand. `index` is the place of a segment in [`in_flight`](Pair::in_flight). If there is no segment at
/// this place, nothing happens, and the result is false.
impl Pair {
    /// Delivers a segment now. A damaged segment is dropped.
    pub fn deliver(&mut self, index: usize) -> bool {
        let Some(flight) = self.flights.remove(index) else { return false };
        let to = flight.from.other();
        self.keep(flight.number, &flight.payload, flight.ecn_capable);
        if flight.corrupted {
            self.record(to, What::Corrupted(flight.number, flight.segment));
            return true;
        }
        if self.end(to).is_played {
            let whole = 0..usize::from(flight.segment.payload_len());
            self.record(to, What::Arrived(flight.number, flight.segment, Ok(whole)));
            return true;
        }
        let now = self.now;
        let outcome = self.end_mut(to).segment_arrives(&flight, now);
        if let Ok(range) = &outcome {
            self.give(&flight, range.clone());
            // RFC 3168 section 6.1.5: the mark of a refused segment is ignored.
            if flight.marked {
                self.end_mut(to).connection.congestion_experienced();
            }
        }
        let reassembled = if outcome.is_ok() { self.reassemble(&flight) } else { Vec::new() };
        self.record(to, What::Arrived(flight.number, flight.segment, outcome));
        if flight.marked {
            self.record(to, What::Marked(flight.number, flight.segment));
        }
        reassembled.into_iter().for_each(|what| self.record(to, what));
        for answer in core::mem::take(&mut self.end_mut(to).answers) {
            self.say(to, answer, Vec::new());
        }
        self.drain(to);
        true
    }

    /// Appends the delivered bytes of a segment to the receive queue.
    fn give(&mut self, flight: &Flight, range: Range<usize>) {
        let to = flight.from.other();
        let [a, b] = &mut self.ends;
        let (sender, receiver) = match flight.from {
            Side::A => (a, b),
            Side::B => (b, a),
        };
        let sent = (!sender.is_played && !flight.forged).then(|| sender.sent_in(flight.life));
        if let Err(violation) = receiver.deliver(to, flight, range, sent) {
            self.violate(violation);
        }
    }

    /// Keeps a segment that lies ahead of a gap. If the segment fills a gap, hands in the kept segments behind the gap.
    fn reassemble(&mut self, flight: &Flight) -> Vec<What> {
        let mut reassembled = Vec::new();
        let (to, now) = (flight.from.other(), self.now);
        if let Some(rcv_nxt) = self.connection(to).rcv_nxt() {
            self.end_mut(to).reassembly.keep(flight, rcv_nxt);
        }
        loop {
            let end = self.end_mut(to);
            let Some(kept) = end.reassembly.next(&end.connection, &flight.segment) else { break };
            let outcome = end.segment_arrives(&kept, now);
            if let Ok(range) = &outcome {
                self.give(&kept, range.clone());
            }
            reassembled.push(What::Reassembled(kept.number, kept.segment, outcome));
        }
        reassembled
    }

    /// Loses a segment.
    pub fn lose(&mut self, index: usize) -> bool {
        let Some(flight) = self.flights.remove(index) else { return false };
        self.record(flight.from, What::Lost(flight.number, flight.segment));
        true
    }

    /// Adds a copy of a segment, at the end of [`in_flight`](Pair::in_flight).
    pub fn duplicate(&mut self, index: usize) -> bool {
        let Some(flight) = self.flights.get(index).cloned() else { return false };
        self.record(flight.from, What::Duplicated(flight.number, flight.segment));
        self.flights.push(flight);
        true
    }

    /// Damages a segment on its way: it arrives with a bad checksum.
    pub fn corrupt(&mut self, index: usize) -> bool {
        let Some(flight) = self.flights.get_mut(index) else { return false };
        flight.corrupted = true;
        true
    }

    /// Marks a segment with Congestion Experienced. Returns false if the segment may not be marked; see
    /// [`ecn_capable`](Flight::ecn_capable).
    pub fn mark(&mut self, index: usize) -> bool {
        let Some(flight) = self.flights.get_mut(index) else { return false };
        flight.marked |= flight.ecn_capable;
        flight.marked
    }

    /// Holds a segment until it is delivered by hand.
    pub fn hold(&mut self, index: usize) -> bool {
        if let Some(flight) = self.flights.hold(index) {
            let (from, number, segment) = (flight.from, flight.number, flight.segment);
            self.record(from, What::HeldBack(number, segment));
        }
        self.flights.get(index).is_some()
    }

    /// Moves a segment behind the next one from the same end. Both must wait for delivery by hand; otherwise, or if
    /// there is no next one, nothing happens, and the result is false.
    ///
    /// ```
    /// use tcp_lifecycle::sim::{Network, Pair, Side};
    /// use tcp_lifecycle::{Config, Open};
    ///
    /// let mut pair = Pair::new(&Config::DEFAULT, &Config::DEFAULT, Network::BY_HAND);
    /// pair.open(Side::B, Open::Passive)?;
    /// pair.open(Side::A, Open::Active)?;
    /// pair.inject(Side::A, "<SEQ=90><CTL=SYN>".parse()?, &[]); // a SYN of an earlier life
    /// assert!(pair.delay(0));
    /// pair.deliver(0); // the old SYN arrives first
    /// assert_eq!(pair.in_flight()[0].segment.seq().0, 100);
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    pub fn delay(&mut self, index: usize) -> bool {
        let Some(flight) = self.flights.get(index) else { return false };
        let (from, number, segment) = (flight.from, flight.number, flight.segment);
        let behind = self.in_flight().iter().enumerate().skip(index.saturating_add(1));
        let next = behind.filter(|(_, other)| other.from == from).map(|(next, _)| next).next();
        let moved = next.is_some_and(|next| self.flights.swap(index, next));
        if moved {
            self.record(from, What::HeldBack(number, segment));
        }
        moved
    }

    /// Puts a segment into the network that `from` has not sent, such as an old duplicate or a forged segment. The
    /// length of `payload` must be the one in the segment.
    pub fn inject(&mut self, from: Side, segment: Segment, payload: &[u8]) {
        let number = self.number;
        self.record(from, What::Injected(number, segment));
        self.launch(from, segment, payload.to_vec(), false);
    }

    /// Puts a forged segment into the network. Its payload is not compared with the bytes that `from` has sent.
    pub(in crate::sim) fn forge(&mut self, from: Side, segment: Segment, payload: &[u8]) {
        let (number, last) = (self.number, self.in_flight().len());
        self.inject(from, segment, payload);
        let flight = self.flights.get_mut(last).filter(|flight| flight.number == number);
        flight.into_iter().for_each(|flight| flight.forged = true);
    }

    /// Puts a segment of a script into the network. The script plays `from`.
    pub(in crate::sim) fn say(&mut self, from: Side, segment: Segment, payload: Vec<u8>) {
        self.record(from, What::Sent(self.number, segment));
        self.launch(from, segment, payload, false);
    }

    /// Adds the payload of a segment to the trace, if recording is on. It may have been off when the segment was sent.
    fn keep(&mut self, number: u64, payload: &[u8], ecn_capable: bool) {
        if self.recording {
            self.trace.keep(number, payload, ecn_capable);
        }
    }

    /// Puts a segment into the network, with the faults that the network chooses for it.
    fn launch(&mut self, from: Side, segment: Segment, payload: Vec<u8>, ecn_capable: bool) {
        let number = self.number;
        self.number = self.number.saturating_add(1);
        self.keep(number, &payload, ecn_capable);
        if self.is_cut_off(from) {
            return self.record(from, What::Swallowed(number, segment));
        }
        if self.random.happens(self.network.loss) {
            return self.record(from, What::Lost(number, segment));
        }
        let life = self.end(from).life();
        let (corrupted, marked, forged) = (false, false, false);
        let arrives = None;
        let flight = Flight { from, segment, payload, arrives, corrupted, ecn_capable, marked, number, life, forged };
        let first = self.on_its_way(flight);
        if self.random.happens(self.network.duplication) {
            self.record(from, What::Duplicated(number, segment));
            let again = self.on_its_way(first.clone());
            self.flights.push(again);
        }
        self.flights.push(first);
    }

    /// Chooses when a segment arrives, whether it is damaged, and whether it is marked.
    fn on_its_way(&mut self, flight: Flight) -> Flight {
        let late = self.random.up_to(self.network.jitter);
        let mut takes = self.network.delay.saturating_add(late);
        if self.random.happens(self.network.reordering) {
            self.record(flight.from, What::HeldBack(flight.number, flight.segment));
            takes = takes.saturating_add(self.network.hold_back);
        }
        let corrupted = self.random.happens(self.network.corruption);
        let marked = flight.ecn_capable && self.random.happens(self.network.marking);
        let arrives = (!self.network.by_hand).then(|| after(self.now, takes));
        Flight { arrives, corrupted, marked, ..flight }
    }

    /// Returns the offset of new payload in the send queue, or `None` if no payload may be marked. Only new payload may
    /// be marked (RFC 3168 sections 6.1.4 to 6.1.6; see [`Status::ecn`](crate::Status::ecn)).
    fn ecn_capable_from(&self, side: Side) -> Option<usize> {
        let status = self.status(side);
        let is_open = status.snd_wnd.is_some_and(|window| window > 0);
        (status.ecn && is_open).then_some(status.in_flight as usize)
    }

    fn is_cut_off(&self, from: Side) -> bool {
        self.outages.iter().any(|outage| outage.swallows(from, self.now))
    }

    /// Takes a segment out of the network at its time of arrival. It is delivered, unless an outage swallows it.
    pub(super) fn come_out(&mut self, index: usize) {
        if !self.flights.get(index).is_some_and(|flight| self.is_cut_off(flight.from)) {
            self.deliver(index);
        } else if let Some(flight) = self.flights.remove(index) {
            self.record(flight.from, What::Swallowed(flight.number, flight.segment));
        }
    }

    /// Polls until `Wait`, as the contract requires.
    pub(in crate::sim) fn drain(&mut self, side: Side) {
        if self.end(side).corked {
            return;
        }
        let status = self.status(side);
        let queued = status.unsent.saturating_add(status.in_flight) as usize;
        for _ in 0..MOST_OUTPUTS.saturating_add(queued) {
            let now = self.now;
            let ecn_capable_from = self.ecn_capable_from(side);
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
                Output::Transmit(Transmit { segment, payload }) => {
                    let ecn_capable = !payload.is_empty() && Some(payload.start) == ecn_capable_from;
                    match self.end(side).payload(&segment, payload) {
                        Some(payload) => {
                            self.record(side, What::Sent(self.number, segment));
                            self.launch(side, segment, payload, ecn_capable);
                        }
                        None => self.violate(Violation::Payload(side, segment)),
                    }
                }
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
