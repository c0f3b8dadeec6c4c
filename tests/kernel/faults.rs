//! Hundreds of connections at once, in both roles, over a network that loses, duplicates and reorders: every byte
//! arrives, no connection is stuck, and the two ends agree on how it ended.
//!
//! `KERNEL_SOAK=600` goes on for 600 seconds, with other seeds.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant as Clock};
use std::{env, panic};

use socket2::Socket;
use tcp_lifecycle::wire::Packet;
use tcp_lifecycle::{Config, Connection, Instant, KeepAlive, Open, Signal, State};

use crate::device::Device;
use crate::harness::{CONFIG, ISN_OFFSET, OURS, THEIRS, WATCHDOG, with_device};
use crate::link::{Fate, Flying, Link, random};
use crate::packets::{emit, parse};
use crate::peer::{End, Peer, bound, states};
use crate::us::Us;

/// The number of connections in each role.
const CONNECTIONS: u16 = 200;
/// The most bytes that a user sends.
const MOST: u64 = 40_000;
/// More bytes than can all be in flight.
const ENDLESS: u64 = 300_000;
/// The fates, each with its frequency in a thousand packets.
const FATES: [(Fate, u64); 3] = [(Fate::IsLost, 30), (Fate::ArrivesTwice, 30), (Fate::IsOvertaken, 30)];

/// 2 MSL are long enough for the kernel's retransmissions of its FIN.
const LONG: Config = Config { msl: Duration::from_secs(2), ..CONFIG };

/// Probes whenever a connection pauses; the kernel answers two a second.
const RESTLESS: KeepAlive =
    KeepAlive { idle: Duration::from_millis(50), interval: Duration::from_millis(100), probes: 250 };

/// Which user ends the connection, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Closer {
    /// We close after our last byte, the kernel when it has read the end.
    Us,
    /// The kernel closes after its last byte, we when we have read the end.
    Kernel,
    /// Each closes after its last byte.
    Both,
    /// We abort when the first byte has arrived, while the kernel has more to send than can be in flight.
    UsAborting,
    /// The kernel aborts likewise.
    KernelAborting,
}

/// The plan of the two users of a connection.
#[derive(Debug)]
struct Plan {
    closer: Closer,
    /// The bytes that they send.
    ours: Vec<u8>,
    theirs: Vec<u8>,
    /// How long after the handshake our user begins to read and write, and the kernel's user.
    our_pause: Duration,
    their_pause: Duration,
}

impl Plan {
    fn new(place: u32, seed: &mut u64) -> Plan {
        let mut below = |limit: u64| random(seed) % limit;
        let closer = match below(100) {
            0..30 => Closer::Us,
            30..60 => Closer::Kernel,
            60..90 => Closer::Both,
            90..95 => Closer::UsAborting,
            _ => Closer::KernelAborting,
        };
        // Zero, few, or many.
        let mut size = || match below(10) {
            0 => 0,
            1..4 => below(100),
            _ => below(MOST),
        };
        let (mut ours, mut theirs) = (size(), size());
        match closer {
            Closer::Us | Closer::Kernel | Closer::Both => {}
            Closer::UsAborting => theirs = ENDLESS,
            Closer::KernelAborting => ours = ENDLESS,
        }
        let mut pause = || Duration::from_millis(below(500));
        Plan {
            closer,
            ours: content(2 * place, ours),
            theirs: content(2 * place + 1, theirs),
            our_pause: pause(),
            their_pause: pause(),
        }
    }
}

/// Bytes that no other end sends.
fn content(end: u32, count: u64) -> Vec<u8> {
    let words = count as u32 / 4 + 1;
    let mut bytes = Vec::new();
    (0..words).for_each(|word| bytes.extend_from_slice(&(end << 20 | word).wrapping_mul(2_654_435_761).to_be_bytes()));
    bytes.truncate(count as usize);
    bytes
}

/// The progress of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    Begins,
    HasSent,
    HasEnded,
}

/// One connection: both ends of it, their users, and the network between them.
#[derive(Debug)]
struct Pair {
    plan: Plan,
    us: Us,
    our_user: Progress,
    peer: Peer,
    their_user: Progress,
    to_us: Link,
    to_kernel: Link,
    /// The time at which both users were able to act.
    established: Option<Instant>,
}

impl Pair {
    fn new(plan: Plan, peer: Peer, seed: &mut u64) -> Pair {
        let mut one_of = |values: [u32; 3]| values[random(seed) as usize % values.len()];
        let options = one_of([0, 1, 1]) == 1;
        let receive_buffer = one_of([8_000, 65_535, 1 << 20]);
        let config = Config {
            receive_buffer,
            timestamps: options,
            sack_permitted: options,
            nagle: one_of([0, 0, 1]) == 1,
            delayed_ack: [None, Some(Duration::from_millis(40))][one_of([0, 0, 1]) as usize],
            keep_alive: [None, Some(RESTLESS)][one_of([0, 0, 1]) as usize],
            ..LONG
        };
        let [mut to_us, mut to_kernel] = [Link::new(), Link::new()];
        to_us.deal(random(seed) + 1, &FATES);
        to_kernel.deal(random(seed) + 1, &FATES);
        Pair {
            plan,
            us: Us::new(Connection::new(&config, ISN_OFFSET)),
            our_user: Progress::Begins,
            peer,
            their_user: Progress::Begins,
            to_us,
            to_kernel,
            established: None,
        }
    }

    /// Lets the users and the network act at this moment; returns whether anything happened.
    fn step(&mut self, device: &Device, now: Instant) -> bool {
        let mut moved = self.peer.step();
        while let Some(packet) = self.to_us.arrival() {
            moved = true;
            let packet = parse(&packet.bytes).expect("it was parsed before");
            self.us.arrives(&packet.header.segment, packet.payload, now);
        }
        moved |= self.us.timeout(now);
        if self.established.is_none() && self.us.has_been_in(State::Established) && self.peer.is_connected() {
            self.established = Some(now);
        }
        if let Some(established) = self.established {
            self.we_act(established, now);
            self.the_kernel_acts(established, now);
        }
        while let Some((segment, payload)) = self.us.outgoing.pop_front() {
            let bytes = emit(self.peer.remote, self.peer.local, &segment, &payload);
            let fate = self.to_kernel.send(Flying { segment, bytes });
            self.us.note(now, format_args!("--> {segment} {fate:?}"));
        }
        while let Some(packet) = self.to_kernel.arrival() {
            moved = true;
            device.send(&packet.bytes);
        }
        moved || self.to_us.settle() | self.to_kernel.settle()
    }

    fn we_act(&mut self, established: Instant, now: Instant) {
        self.us.stalled = now < established + self.plan.our_pause;
        self.us.consume(now);
        let state = self.us.state();
        match self.our_user {
            Progress::Begins if state == State::Closed => self.our_user = Progress::HasEnded,
            Progress::Begins if !self.us.stalled => {
                self.us.send(&self.plan.ours, now);
                self.our_user = Progress::HasSent;
            }
            Progress::HasSent => {
                let ends = match self.plan.closer {
                    Closer::Us | Closer::Both => true,
                    Closer::Kernel => state == State::CloseWait,
                    Closer::UsAborting => !self.us.received.is_empty(),
                    Closer::KernelAborting => false,
                };
                if ends && self.plan.closer == Closer::UsAborting {
                    self.us.abort(now);
                } else if ends {
                    self.us.close(now);
                }
                if ends {
                    self.our_user = Progress::HasEnded;
                }
            }
            Progress::Begins | Progress::HasEnded => {}
        }
    }

    fn the_kernel_acts(&mut self, established: Instant, now: Instant) {
        self.peer.stalled = now < established + self.plan.their_pause;
        match self.their_user {
            Progress::Begins if !self.peer.stalled => {
                self.peer.send(&self.plan.theirs);
                self.their_user = Progress::HasSent;
            }
            Progress::HasSent => {
                let ends = match self.plan.closer {
                    Closer::Kernel | Closer::Both => self.peer.has_sent(),
                    Closer::Us => self.peer.has_sent() && self.peer.end.is_some(),
                    Closer::KernelAborting => !self.peer.received.is_empty(),
                    Closer::UsAborting => false,
                };
                if ends && self.plan.closer == Closer::KernelAborting {
                    self.peer.close_without_lingering();
                } else if ends {
                    self.peer.shutdown();
                }
                if ends {
                    self.their_user = Progress::HasEnded;
                }
            }
            Progress::Begins | Progress::HasEnded => {}
        }
    }

    /// Whether both ends are done, as far as their users can tell.
    fn is_over(&self) -> bool {
        let aborted = self.plan.closer == Closer::KernelAborting;
        self.established.is_some() && self.us.state() == State::Closed && (aborted || self.peer.end.is_some())
    }

    /// Checks that the end as each user sees it agrees with the kernel's table.
    #[track_caller]
    fn check(&self, kernel: Option<State>) {
        let Plan { ours, theirs, .. } = &self.plan;
        let path = self.us.path();
        let life = path.split_once("ESTABLISHED ").expect("it was established").1;
        match self.plan.closer {
            Closer::Us | Closer::Kernel | Closer::Both => {
                assert!(self.us.received == *theirs, "what we have read");
                assert!(self.peer.received == *ours, "what the kernel has read");
                assert_eq!((self.peer.end, self.peer.error()), (Some(End::OfStream), None));
                assert_eq!(self.us.signals, [Signal::Closing]);
            }
            Closer::UsAborting | Closer::KernelAborting => {
                assert!(theirs.starts_with(&self.us.received), "what we have read");
                assert!(ours.starts_with(&self.peer.received), "what the kernel has read");
                assert_eq!((life, kernel), ("CLOSED", None));
            }
        }
        match self.plan.closer {
            Closer::Us => {
                let paths = ["FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT CLOSED", "FIN-WAIT-1 TIME-WAIT CLOSED"];
                assert!(paths.contains(&life), "{life}");
                assert_eq!(kernel, None);
            }
            Closer::Kernel => assert_eq!((life, kernel), ("CLOSE-WAIT LAST-ACK CLOSED", Some(State::TimeWait))),
            // At least one end waits; the kernel does if it has closed before our FIN.
            Closer::Both if life.contains("LAST-ACK") || life.contains("CLOSING") => {
                assert_eq!(kernel, Some(State::TimeWait), "{life}");
            }
            Closer::Both => {
                assert!(life.ends_with("TIME-WAIT CLOSED"), "{life}");
                assert!([None, Some(State::TimeWait)].contains(&kernel), "{kernel:?}");
            }
            Closer::UsAborting => {
                assert_eq!(self.peer.end, Some(End::Error(ErrorKind::ConnectionReset)));
                assert_eq!(self.us.signals, []);
            }
            Closer::KernelAborting => assert_eq!(self.us.signals, [Signal::Reset]),
        }
    }
}

/// All connections, in both roles.
struct Crowd {
    device: Device,
    start: Clock,
    listener: Socket,
    pairs: Vec<Pair>,
    /// The index of each connection, by our socket and the kernel's.
    places: HashMap<(SocketAddr, SocketAddr), usize>,
}

impl Crowd {
    fn new(device: Device, mut seed: u64) -> Crowd {
        let listener = bound(THEIRS);
        listener.listen(i32::from(CONNECTIONS)).expect("listen");
        let mut crowd = Crowd { device, start: Clock::now(), listener, pairs: Vec::new(), places: HashMap::new() };
        for number in 0..CONNECTIONS {
            let (ours, theirs) =
                (SocketAddr::new(OURS.ip(), 20_000 + number), SocketAddr::new(THEIRS.ip(), 30_000 + number));
            crowd.add(Peer::new(THEIRS, ours), &mut seed);
            crowd.add(Peer::new(theirs, OURS), &mut seed);
        }
        crowd
    }

    fn add(&mut self, peer: Peer, seed: &mut u64) {
        let place = self.pairs.len();
        self.places.insert((peer.remote, peer.local), place);
        self.pairs.push(Pair::new(Plan::new(place as u32, seed), peer, seed));
    }

    /// Opens all at once: we open those to the kernel's listener, the kernel opens the others.
    fn open(&mut self) {
        self.start = Clock::now();
        let now = self.now();
        for pair in &mut self.pairs {
            if pair.peer.local == THEIRS {
                pair.us.open(Open::Active, now);
            } else {
                pair.us.open(Open::Passive, now);
                pair.peer.connect();
            }
        }
    }

    fn now(&self) -> Instant {
        Instant::ZERO + self.start.elapsed()
    }

    fn step(&mut self) {
        let now = self.now();
        let mut moved = false;
        while let Some(bytes) = self.device.receive() {
            moved = true;
            let Some(Packet { header, .. }) = parse(&bytes) else { continue };
            let (segment, sockets) = (header.segment, (header.destination, header.source));
            let pair = &mut self.pairs[self.places[&sockets]];
            let fate = pair.to_us.send(Flying { segment, bytes });
            pair.us.note(now, format_args!("<-- {segment} {fate:?}"));
        }
        while let Ok((socket, from)) = self.listener.accept() {
            let from = from.as_socket().expect("an address");
            self.pairs[self.places[&(from, THEIRS)]].peer.take(socket);
        }
        for pair in &mut self.pairs {
            moved |= pair.step(&self.device, now);
        }
        if !moved {
            self.device.wait(Duration::from_millis(1));
        }
    }

    /// Plays until every connection has ended, and checks each.
    fn play(mut self, seed: u64) -> Faults {
        self.open();
        while !self.pairs.iter().all(Pair::is_over) {
            if self.start.elapsed() > WATCHDOG {
                let stuck: Vec<_> = self.pairs.iter().filter(|pair| !pair.is_over()).collect();
                complain(seed, stuck[0]);
                panic!("{} connections are stuck", stuck.len());
            }
            self.step();
        }
        let table = states();
        let mut faults = Faults::default();
        for pair in &self.pairs {
            let kernel = table.get(&(pair.peer.local, pair.peer.remote)).copied();
            panic::catch_unwind(AssertUnwindSafe(|| pair.check(kernel))).unwrap_or_else(|panic| {
                complain(seed, pair);
                panic::resume_unwind(panic)
            });
            faults.count(&pair.to_us);
            faults.count(&pair.to_kernel);
        }
        faults
    }
}

fn complain(seed: u64, pair: &Pair) {
    let Plan { closer, ours, theirs, .. } = &pair.plan;
    let (socket, state) = (pair.peer.local, pair.us.state());
    eprintln!("seed {seed:#x}, {socket}, {closer:?}, {} and {} bytes, we are in {state}", ours.len(), theirs.len());
    pair.us.trace().for_each(|line| eprintln!("{line}"));
}

/// The faults that the network has caused.
#[derive(Clone, Copy, Debug, Default)]
struct Faults {
    packets: usize,
    lost: usize,
    repeated: usize,
    overtaken: usize,
}

impl Faults {
    fn count(&mut self, link: &Link) {
        self.lost += link.met(Fate::IsLost);
        self.repeated += link.met(Fate::ArrivesTwice);
        self.overtaken += link.met(Fate::IsOvertaken);
        self.packets += link.count(|_| true);
    }
}

#[test]
fn hundreds_of_connections_in_each_role_survive_loss_repetition_and_reordering() {
    let soak = env::var("KERNEL_SOAK").ok().map(|seconds| seconds.parse().expect("KERNEL_SOAK is in seconds"));
    let until = Clock::now() + Duration::from_secs(soak.unwrap_or(0));
    let mut seed = 0x00C0_FFEE;
    loop {
        with_device(move |device| {
            let faults = Crowd::new(device, seed).play(seed);
            println!("seed {seed:#x}: {} connections, {faults:?}", 2 * CONNECTIONS);
            let Faults { packets, lost, repeated, overtaken } = faults;
            assert!(lost.min(repeated).min(overtaken) > packets / 100, "{faults:?}");
        });
        if Clock::now() >= until {
            return;
        }
        seed += 1;
    }
}
