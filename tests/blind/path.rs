//! The path between the two ends, the same in both directions.

use std::collections::BTreeMap;
use std::time::Duration;

use tcp_lifecycle::Instant;

use crate::end::Packet;

/// The size of the IPv4 and TCP headers on the wire, in bytes.
const HEADERS: u64 = 40;
/// The bandwidth of the bottleneck, in bytes per second: 10 Mbit/s.
const BANDWIDTH: u64 = 1_250_000;
/// A segment that would wait longer at the bottleneck is dropped.
const QUEUE: Duration = Duration::from_millis(20);
const DELAY: Duration = Duration::from_millis(10);

#[derive(Debug)]
pub(crate) struct Path {
    /// When the bottleneck is free again, for each direction.
    free: [Instant; 2],
    /// Each segment on its way, with the end that it is for, by the time of arrival and a serial number.
    flights: BTreeMap<(Instant, u64), (usize, Packet)>,
    number: u64,
}

impl Path {
    pub(crate) fn new() -> Path {
        Path { free: [Instant::ZERO; 2], flights: BTreeMap::new(), number: 0 }
    }

    pub(crate) fn launch(&mut self, from: usize, packet: Packet, now: Instant) {
        let start = self.free[from].max(now);
        if start.saturating_duration_since(now) > QUEUE {
            return;
        }
        let bytes = HEADERS + packet.payload.len() as u64;
        self.free[from] = start + Duration::from_micros(bytes * 1_000_000 / BANDWIDTH);
        self.number += 1;
        self.flights.insert((self.free[from] + DELAY, self.number), (1 - from, packet));
    }

    pub(crate) fn next(&self) -> Option<Instant> {
        self.flights.first_key_value().map(|(&(at, _), _)| at)
    }

    pub(crate) fn arrival(&mut self) -> Option<(usize, Packet)> {
        self.flights.pop_first().map(|(_, flight)| flight)
    }
}
