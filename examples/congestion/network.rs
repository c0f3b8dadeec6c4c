//! Two hosts with a bottleneck between them, in virtual time: bandwidth, delay, a bounded queue, and random loss.

use std::collections::BTreeMap;
use std::time::Duration;

use tcp_lifecycle::{CallError, Config, Connection, Instant, Open, Segment, State};

use crate::host::{Control, Host};

/// The size of the IPv4 and TCP headers on the wire, in bytes.
const HEADERS: u64 = 40;
/// The bound on events; two hosts that need more never come to rest.
const MOST_EVENTS: u32 = 5_000_000;

/// The path between two hosts, the same in both directions. Equal values always treat equal segments alike.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Path {
    /// The bandwidth of the bottleneck, in bytes per second.
    pub(crate) bandwidth: u64,
    /// The longest wait at the bottleneck; a segment that would wait longer is dropped.
    pub(crate) queue: Duration,
    /// The delay from the bottleneck to the other host.
    pub(crate) delay: Duration,
    /// The most that is added to the delay at random, so that segments are reordered.
    pub(crate) jitter: Duration,
    /// How many of a thousand segments are lost at random, acknowledgments as well as data.
    pub(crate) loss: u64,
    /// The seed of the random numbers.
    pub(crate) seed: u64,
}

/// Two hosts, and the segments on their way between them.
#[derive(Debug)]
pub(crate) struct Network {
    pub(crate) now: Instant,
    pub(crate) hosts: [Host; 2],
    path: Path,
    random: Random,
    /// When the bottleneck is free again, for each direction.
    free: [Instant; 2],
    /// Each segment on its way, with the host that it is for, by the time of arrival and a serial number.
    flights: BTreeMap<(Instant, u64), (usize, Segment, Vec<u8>)>,
    number: u64,
}

impl Network {
    /// Two hosts in CLOSED; `control` limits their sending.
    pub(crate) fn new(path: Path, config: &Config, control: &Control) -> Network {
        Network {
            now: Instant::ZERO,
            hosts: [100, 300].map(|isn_offset| Host::new(config, isn_offset, control.clone())),
            path,
            random: Random(path.seed),
            free: [Instant::ZERO; 2],
            flights: BTreeMap::new(),
            number: 0,
        }
    }

    /// Transfers `bytes`: the first host opens to the second, and both send their part and close. Returns when each
    /// host has received all that the other has sent.
    pub(crate) fn transfer(&mut self, bytes: [Vec<u8>; 2]) -> Result<(), CallError> {
        self.call(1, |connection, now| connection.open(Open::Passive, now))?;
        self.call(0, |connection, now| connection.open(Open::Active, now))?;
        self.run_while(|network| network.hosts.iter().any(|host| host.connection.state() != State::Established));
        for (host, bytes) in bytes.into_iter().enumerate() {
            let len = bytes.len();
            self.hosts[host].sent = bytes;
            self.call(host, |connection, now| connection.send(len, now))?;
            self.call(host, Connection::close)?;
        }
        self.run_while(|network| network.hosts.iter().any(|host| !host.has_received_fin()));
        Ok(())
    }

    fn call<T>(&mut self, host: usize, call: impl FnOnce(&mut Connection, Instant) -> T) -> T {
        let result = call(&mut self.hosts[host].connection, self.now);
        self.after_event(host);
        result
    }

    /// Runs while the condition holds and an event is pending.
    fn run_while(&mut self, condition: impl Fn(&Network) -> bool) {
        for _ in 0..MOST_EVENTS {
            if !condition(self) || !self.step() {
                return;
            }
        }
        panic!("the hosts never come to rest");
    }

    /// Handles the next event: an arriving segment, or a timer that fires before any arrives. Returns false if there is
    /// no event.
    fn step(&mut self) -> bool {
        let arrival = self.flights.first_key_value().map(|(&(at, _), _)| at);
        let deadlines = [0, 1].into_iter().filter_map(|host| Some((self.hosts[host].connection.deadline()?, host)));
        let timer = deadlines.min();
        if let Some(at) = arrival
            && timer.is_none_or(|(deadline, _)| at <= deadline)
            && let Some((_, (to, segment, payload))) = self.flights.pop_first()
        {
            self.now = at;
            self.hosts[to].segment_arrives(segment, payload, at);
            self.after_event(to);
        } else if let Some((deadline, host)) = timer {
            self.now = deadline.max(self.now);
            self.hosts[host].timeouts += 1;
            self.call(host, Connection::timeout);
        }
        arrival.is_some() || timer.is_some()
    }

    fn after_event(&mut self, from: usize) {
        for (segment, payload) in self.hosts[from].after_event(self.now) {
            self.launch(from, segment, payload);
        }
    }

    /// Sends a segment through the bottleneck, where it may be dropped or lost.
    fn launch(&mut self, from: usize, segment: Segment, payload: Vec<u8>) {
        let start = self.free[from].max(self.now);
        if start.saturating_duration_since(self.now) > self.path.queue {
            return;
        }
        let bytes = HEADERS + u64::from(segment.payload_len());
        let through = start + Duration::from_micros(bytes * 1_000_000 / self.path.bandwidth);
        self.free[from] = through;
        if self.random.below(1_000) < self.path.loss {
            return;
        }
        let late = Duration::from_micros(self.random.below(self.path.jitter.as_micros() as u64 + 1));
        self.number += 1;
        self.flights.insert((through + self.path.delay + late, self.number), (1 - from, segment, payload));
    }
}

/// A linear congruential generator, with Knuth's constants.
#[derive(Clone, Debug)]
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}
