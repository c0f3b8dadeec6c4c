//! Two streams with a path between them, in virtual time: bandwidth, a queue, delay, random loss, reordering.

use std::collections::BTreeMap;
use std::time::Duration;

use tcp_lifecycle::stream::{End, Event, Output, ReadError, Stream, StreamConfig};
use tcp_lifecycle::{Ecn, Instant, Open, SackBlocks, Segment, State};

/// A path, the same in both directions. Equal values always treat equal segments alike.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Path {
    /// Bytes per second.
    pub(crate) bandwidth: u64,
    /// The longest wait in the queue; a segment that would wait longer is dropped.
    pub(crate) queue: Duration,
    pub(crate) delay: Duration,
    /// Of ten thousand segments with payload, how many are lost, and how many are held back.
    pub(crate) loss: u64,
    pub(crate) reordered: u64,
    /// How long a segment is held back.
    pub(crate) held: Duration,
    pub(crate) seed: u64,
}

impl Default for Path {
    fn default() -> Path {
        Path {
            bandwidth: 12_500_000,
            queue: Duration::from_millis(20),
            delay: Duration::from_millis(5),
            loss: 0,
            reordered: 0,
            held: Duration::ZERO,
            seed: 1,
        }
    }
}

const HEADERS: u64 = 52;

#[derive(Clone, Debug)]
pub(crate) struct Packet {
    segment: Segment,
    sack: SackBlocks,
    ecn: Ecn,
    payload: Vec<u8>,
}

#[derive(Debug)]
pub(crate) struct Host {
    pub(crate) stream: Stream,
    /// What the user still has to write, then it shuts down.
    to_write: Vec<u8>,
    written: usize,
    is_shut: bool,
    pub(crate) read: Vec<u8>,
    pub(crate) events: Vec<Event>,
    /// Bytes of payload that were sent, again or not.
    pub(crate) sent: u64,
    at_end: bool,
}

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) now: Instant,
    pub(crate) hosts: [Host; 2],
    path: Path,
    random: u64,
    free: [Instant; 2],
    flights: BTreeMap<(Instant, u64), (usize, Packet)>,
    number: u64,
    pub(crate) trace: bool,
}

impl World {
    pub(crate) fn new(path: Path, configs: [&StreamConfig; 2]) -> World {
        let host = |config, isn| Host {
            stream: Stream::new(config, isn),
            to_write: Vec::new(),
            written: 0,
            is_shut: false,
            read: Vec::new(),
            events: Vec::new(),
            sent: 0,
            at_end: false,
        };
        World {
            now: Instant::ZERO,
            hosts: [host(configs[0], 100), host(configs[1], 300)],
            path,
            random: path.seed,
            free: [Instant::ZERO; 2],
            flights: BTreeMap::new(),
            number: 0,
            trace: false,
        }
    }

    /// The first host connects to the second; each writes its bytes and shuts down. Returns when both have read to the
    /// end.
    pub(crate) fn transfer(&mut self, bytes: [Vec<u8>; 2]) {
        let [first, second] = bytes;
        (self.hosts[0].to_write, self.hosts[1].to_write) = (first, second);
        self.hosts[1].stream.open(Open::Passive, self.now).unwrap();
        self.hosts[0].stream.open(Open::Active, self.now).unwrap();
        self.drain(1);
        self.drain(0);
        for _ in 0..50_000_000_u64 {
            if self.hosts.iter().all(|host| host.at_end) || !self.step() {
                return;
            }
        }
        panic!("the transfer does not end");
    }

    fn step(&mut self) -> bool {
        let arrival = self.flights.first_key_value().map(|(&(at, _), _)| at);
        let timer = [0, 1].into_iter().filter_map(|host| Some((self.hosts[host].stream.deadline()?, host))).min();
        if let Some(at) = arrival
            && timer.is_none_or(|(deadline, _)| at <= deadline)
        {
            let (_, (to, packet)) = self.flights.pop_first().unwrap();
            self.now = at;
            let Packet { segment, sack, ecn, payload } = packet;
            let outcome = self.hosts[to].stream.segment_arrives(&segment, &sack, ecn, &payload, at);
            if self.trace {
                println!("{at} {to} <- {segment} {:?} {outcome:?}", sack.len());
            }
            self.drain(to);
        } else if let Some((deadline, host)) = timer {
            self.now = deadline.max(self.now);
            if self.trace {
                println!("{} {host} timeout", self.now);
            }
            self.hosts[host].stream.timeout(self.now);
            self.drain(host);
        } else {
            return false;
        }
        true
    }

    fn drain(&mut self, from: usize) {
        loop {
            self.use_stream(from);
            let host = &mut self.hosts[from];
            match host.stream.poll(self.now) {
                Output::Event(event) => host.events.push(event),
                Output::Transmit(transmit) => {
                    let payload = transmit.payload.concat();
                    let packet = Packet { segment: transmit.segment, sack: transmit.sack, ecn: transmit.ecn, payload };
                    host.sent += packet.payload.len() as u64;
                    self.launch(from, packet);
                }
                Output::Wait(_) => return,
            }
        }
    }

    /// What the user does: it reads what there is, and writes what fits.
    fn use_stream(&mut self, from: usize) {
        let host = &mut self.hosts[from];
        let mut buffer = [0; 65_536];
        loop {
            match host.stream.read(&mut buffer) {
                Ok(0) => {
                    host.at_end = true;
                    break;
                }
                Ok(bytes) => host.read.extend_from_slice(&buffer[..bytes]),
                Err(ReadError::Blocked) => break,
                Err(ReadError::Ended(_)) | Err(_) => {
                    host.at_end = true;
                    break;
                }
            }
        }
        if matches!(host.stream.state(), State::Established | State::CloseWait) && !host.is_shut {
            while host.written < host.to_write.len() {
                let taken = host.stream.write(&host.to_write[host.written..], self.now).unwrap_or(0);
                if taken == 0 {
                    return;
                }
                host.written += taken;
            }
            host.is_shut = true;
            host.stream.shutdown(self.now);
        }
    }

    fn launch(&mut self, from: usize, packet: Packet) {
        let start = self.free[from].max(self.now);
        if start.saturating_duration_since(self.now) > self.path.queue {
            if self.trace {
                println!("{} {from} -> {} {} overflow", self.now, packet.segment, packet.sack.len());
            }
            return;
        }
        let bytes = HEADERS + packet.payload.len() as u64;
        let through = start + Duration::from_nanos(bytes * 1_000_000_000 / self.path.bandwidth);
        self.free[from] = through;
        let (mut lost, mut late) = (false, Duration::ZERO);
        if !packet.payload.is_empty() {
            lost = self.below(10_000) < self.path.loss;
            if self.below(10_000) < self.path.reordered {
                late = self.path.held;
            }
        }
        if self.trace {
            println!(
                "{} {from} -> {} {}{}",
                self.now,
                packet.segment,
                packet.sack.len(),
                if lost { " lost" } else { "" }
            );
        }
        if !lost {
            self.number += 1;
            self.flights.insert((through + self.path.delay + late, self.number), (1 - from, packet));
        }
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 33) % bound
    }

    pub(crate) fn ends(&self) -> [Option<End>; 2] {
        [0, 1].map(|host| self.hosts[host].stream.end())
    }
}
