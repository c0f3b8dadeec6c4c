//! Two ends with a bottleneck between them, in virtual time: bandwidth, a bounded queue, delay, and random loss.

use std::collections::BTreeMap;
use std::time::Duration;

use tcp_lifecycle::Instant;

use crate::ends::{End, Packet, Streamed};

/// The bandwidth of the bottleneck, in bytes per second.
const BANDWIDTH: u64 = 10_000_000;
/// The longest wait at the bottleneck; a segment that would wait longer is dropped.
const QUEUE: Duration = Duration::from_millis(10);
/// How many of a thousand segments are lost at random, acknowledgments as well as data.
const LOSS: u64 = 10;
/// The IPv4 and TCP headers with timestamps, in bytes.
const HEADERS: u64 = 52;

pub(crate) struct Network<S> {
    pub(crate) now: Instant,
    sender: S,
    receiver: Streamed,
    /// The delay from the bottleneck to the other end.
    delay: Duration,
    random: u64,
    /// When the bottleneck is free again, for each direction.
    free: [Instant; 2],
    /// Each segment on its way, with the end that it is for, by the time of arrival and a serial number.
    flights: BTreeMap<(Instant, u64), (usize, Packet)>,
    number: u64,
}

impl<S: End> Network<S> {
    pub(crate) fn new(sender: S, receiver: Streamed, delay: Duration, seed: u64) -> Network<S> {
        let (now, free) = (Instant::ZERO, [Instant::ZERO; 2]);
        Network { now, sender, receiver, delay, random: seed, free, flights: BTreeMap::new(), number: 0 }
    }

    /// Runs until the receiver has read this many bytes.
    pub(crate) fn transfer(&mut self, bytes: usize) {
        self.transmit(0);
        while self.receiver.read < bytes {
            self.step();
        }
    }

    fn end(&mut self, end: usize) -> &mut dyn End {
        if end == 0 { &mut self.sender } else { &mut self.receiver }
    }

    /// Handles the next event: a segment arrives, or a timer fires before that.
    fn step(&mut self) {
        let arrival = self.flights.first_key_value().map(|(&(at, _), _)| at);
        let timers = [0, 1].into_iter().filter_map(|end| Some((self.end(end).deadline()?, end)));
        let timer = timers.min().filter(|(deadline, _)| arrival.is_none_or(|at| *deadline < at));
        if let Some((deadline, end)) = timer {
            self.now = deadline.max(self.now);
            let now = self.now;
            self.end(end).timeout(now);
            self.transmit(end);
        } else if let Some(((at, _), (end, packet))) = self.flights.pop_first() {
            self.now = at;
            self.end(end).segment_arrives(&packet, at);
            self.transmit(end);
        }
    }

    /// Sends segments through the bottleneck, where they may be dropped or lost.
    fn transmit(&mut self, from: usize) {
        let now = self.now;
        for packet in self.end(from).drain(now) {
            let start = self.free[from].max(now);
            if start.saturating_duration_since(now) > QUEUE {
                continue;
            }
            let bytes = HEADERS + packet.2.len() as u64;
            self.free[from] = start + Duration::from_micros(bytes * 1_000_000 / BANDWIDTH);
            // A linear congruential generator, with Knuth's constants.
            self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            if (self.random >> 33) % 1_000 >= LOSS {
                self.number += 1;
                self.flights.insert((self.free[from] + self.delay, self.number), (1 - from, packet));
            }
        }
    }
}
