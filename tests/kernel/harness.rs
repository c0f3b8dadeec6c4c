//! A connection of this crate and the kernel, each at one end of a TUN device in a network namespace of their own.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Write};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::AsFd;
use std::time::{Duration, Instant as Clock};
use std::{fmt, fs, panic, path, thread};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sched::{CloneFlags, unshare};
use tcp_lifecycle::{Config, Connection, Instant, Open, Output, Refusal, Segment, Signal, State, Transition};
use tun_rs::{DeviceBuilder, SyncDevice};

use crate::link::{Fate, Flying, Link};
use crate::peer::Peer;
use crate::wire::{Packet, emit};

/// Our socket, and the kernel's.
pub(crate) const OURS: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(10, 0, 0, 2), 2000);
pub(crate) const THEIRS: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(10, 0, 0, 1), 1000);

/// RFC 9293 with minutes made milliseconds: the network between the ends takes microseconds.
pub(crate) const CONFIG: Config = Config {
    mss: 1460,
    msl: Duration::from_millis(50),
    rto_initial: Duration::from_millis(100),
    rto_min: Duration::from_millis(40),
    rto_max: Duration::from_millis(400),
    // A busy machine is no trouble on the network.
    r1: 0,
    ..Config::DEFAULT
};

/// The longest that any case may take, with room for a busy machine.
const WATCHDOG: Duration = Duration::from_secs(60);
/// How long the harness sleeps at most: what the kernel does without a packet is seen this late.
const NAP: Duration = Duration::from_millis(2);
/// Lines of the exchange that are kept for a case that fails.
const TRACE: usize = 120;

/// Plays one case on a thread and in a namespace of its own, which end with it.
#[track_caller]
pub(crate) fn with_kernel(config: Config, story: impl FnOnce(&mut Case) + Send + 'static) {
    let name = thread::current().name().unwrap_or("a case").to_owned();
    let skipped = format!("skipped {name}");
    let case = move || match Case::new(&config) {
        Ok(mut case) => story(&mut case),
        Err(why) if std::env::var_os("REQUIRE_KERNEL").is_some_and(|value| value == "1") => {
            panic!("REQUIRE_KERNEL=1, but {why}")
        }
        // Past the test runner, which keeps to itself what a passing test prints.
        Err(why) => io::stderr().write_all(format!("{skipped}: {why}\n").as_bytes()).expect("stderr"),
    };
    let thread = thread::Builder::new().name(name).spawn(case).expect("a thread");
    if let Err(panic) = thread.join() {
        panic::resume_unwind(panic);
    }
}

/// One connection, what its user has sent and received, and the network to the kernel.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) connection: Connection,
    pub(crate) peer: Peer,
    pub(crate) to_kernel: Link,
    pub(crate) to_us: Link,
    /// All that our user has consumed.
    pub(crate) received: Vec<u8>,
    /// All signals but the acknowledgments.
    pub(crate) signals: Vec<Signal>,
    /// Why segments had no effect.
    pub(crate) refusals: Vec<Refusal>,
    /// Our user consumes nothing.
    pub(crate) stalled: bool,
    unread: Vec<u8>,
    queue: Vec<u8>,
    transitions: Vec<(Transition, Instant)>,
    device: Device,
    start: Clock,
    trace: VecDeque<String>,
}

/// We connect, the kernel accepts.
#[track_caller]
pub(crate) fn we_connect(case: &mut Case) {
    case.peer.listen();
    case.open(Open::Active);
    case.until("the kernel accepts", |case| case.peer.accept());
    case.until_we_are_in(State::Established);
    assert_eq!(case.peer.state(), Some(State::Established));
}

/// The kernel connects, we accept.
#[track_caller]
pub(crate) fn the_kernel_connects(case: &mut Case) {
    case.open(Open::Passive);
    case.peer.connect();
    case.until_we_are_in(State::Established);
    case.until_the_kernel_is_in(State::Established);
    assert_eq!(case.peer.end, None);
}

/// Bytes that look like no other part of themselves.
pub(crate) fn bytes(count: usize) -> Vec<u8> {
    (0_u32..).flat_map(|number| number.wrapping_mul(2_654_435_761).to_be_bytes()).take(count).collect()
}

/// What our user asks for, and how it is seen to happen.
impl Case {
    pub(crate) fn open(&mut self, open: Open) {
        self.note(format_args!("OPEN {open:?}"));
        let now = self.now();
        self.connection.open(open, now).expect("OPEN");
        self.drain();
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.note(format_args!("SEND {}", bytes.len()));
        self.queue.extend_from_slice(bytes);
        let now = self.now();
        self.connection.send(bytes.len(), now).expect("SEND");
        self.drain();
    }

    pub(crate) fn close(&mut self) {
        self.note(format_args!("CLOSE"));
        let now = self.now();
        self.connection.close(now).expect("CLOSE");
        self.drain();
    }

    pub(crate) fn abort(&mut self) {
        self.note(format_args!("ABORT"));
        self.connection.abort().expect("ABORT");
        self.drain();
    }

    pub(crate) fn state(&self) -> State {
        self.connection.state()
    }

    /// The states that we have entered, in order, as the RFC spells them.
    #[track_caller]
    pub(crate) fn path(&self) -> String {
        let mut state = State::Closed;
        let mut names = Vec::new();
        for (transition, _) in &self.transitions {
            assert_eq!(transition.from, state, "a transition is missing before {transition}");
            state = transition.to;
            names.push(state.name());
        }
        assert_eq!(state, self.state(), "a transition is missing at the end");
        names.join(" ")
    }

    /// When we entered `state`, the last time.
    #[track_caller]
    pub(crate) fn entered(&self, state: State) -> Instant {
        let entry = self.transitions.iter().rfind(|(transition, _)| transition.to == state);
        entry.expect("we have been there").1
    }

    /// Bytes that we have sent and that the kernel has not acknowledged.
    pub(crate) fn unacknowledged(&self) -> usize {
        self.queue.len()
    }

    /// Lets time and packets pass until we are in `state`.
    #[track_caller]
    pub(crate) fn until_we_are_in(&mut self, state: State) {
        self.until(&format!("we are in {state}"), |case| case.state() == state);
    }

    /// Lets time and packets pass until the kernel's table says so.
    #[track_caller]
    pub(crate) fn until_the_kernel_is_in(&mut self, state: impl Into<Option<State>>) {
        let state = state.into();
        self.until(&format!("the kernel is in {state:?}"), |case| case.peer.state() == state);
    }

    /// Lets time and packets pass until `condition` holds.
    #[track_caller]
    pub(crate) fn until(&mut self, what: &str, mut condition: impl FnMut(&mut Case) -> bool) {
        while !condition(self) {
            if self.start.elapsed() > WATCHDOG {
                panic!("never: {what}. We are in {}, the kernel is in {:?}", self.state(), self.peer.state());
            }
            self.step();
        }
    }
}

/// The rule of the contract, and the network.
impl Case {
    fn new(config: &Config) -> Result<Case, String> {
        let device = Device::new()?;
        Ok(Case {
            connection: Connection::new(config, 0x5EED_0000),
            peer: Peer::default(),
            to_kernel: Link::new(),
            to_us: Link::new(),
            received: Vec::new(),
            signals: Vec::new(),
            refusals: Vec::new(),
            stalled: false,
            unread: Vec::new(),
            queue: Vec::new(),
            transitions: Vec::new(),
            device,
            start: Clock::now(),
            trace: VecDeque::new(),
        })
    }

    fn now(&self) -> Instant {
        Instant::ZERO + self.start.elapsed()
    }

    /// Moves what can be moved; if that is nothing, sleeps until a packet comes, a timeout, or for a nap.
    fn step(&mut self) {
        let mut moved = self.peer.step();
        while let Some(bytes) = self.device.receive() {
            moved = true;
            if let Some(packet) = Packet::parse(&bytes) {
                let segment = packet.segment;
                let fate = self.to_us.send(Flying { segment, bytes });
                self.note(format_args!("<-- {segment} {}", described(fate)));
            }
        }
        while let Some(packet) = self.to_us.arrival() {
            moved = true;
            self.arrives(&packet.bytes);
        }
        if self.connection.deadline().is_some_and(|deadline| deadline <= self.now()) {
            moved = true;
            let now = self.now();
            self.connection.timeout(now);
            self.drain();
        }
        self.consume();
        while let Some(packet) = self.to_kernel.arrival() {
            moved = true;
            self.device.send(&packet.bytes);
        }
        if !moved && !(self.to_us.settle() | self.to_kernel.settle()) {
            let now = self.now();
            let wait = self.connection.deadline().map_or(NAP, |deadline| deadline.saturating_duration_since(now));
            self.device.wait(wait.min(NAP));
        }
    }

    /// A packet has reached our host.
    fn arrives(&mut self, bytes: &[u8]) {
        let packet = Packet::parse(bytes).expect("it was parsed before");
        if packet.destination != OURS || packet.source != THEIRS {
            // A host without a connection (RFC 9293 section 3.10.7.1).
            if let Some(reset) = packet.segment.reset() {
                self.transmit(packet.destination, packet.source, &reset, &[]);
            }
            return;
        }
        let now = self.now();
        match self.connection.segment_arrives(&packet.segment, now) {
            Ok(range) => self.unread.extend_from_slice(&packet.payload[range]),
            Err(refusal) => {
                self.note(format_args!("    {refusal}"));
                self.refusals.push(refusal);
            }
        }
        self.consume();
        self.drain();
    }

    /// Our user takes what has been delivered.
    fn consume(&mut self) {
        if self.stalled || self.unread.is_empty() {
            return;
        }
        if self.state() != State::Closed {
            self.connection.receive(self.unread.len()).expect("RECEIVE");
        }
        self.received.append(&mut self.unread);
        self.drain();
    }

    /// After every event, poll until Wait.
    fn drain(&mut self) {
        loop {
            let now = self.now();
            match self.connection.poll(now) {
                Output::Transition(transition) => {
                    self.note(format_args!("    {transition}"));
                    self.transitions.push((transition, now));
                }
                Output::Signal(Signal::Acknowledged(bytes)) => drop(self.queue.drain(..bytes)),
                Output::Signal(signal) => {
                    self.note(format_args!("    {signal:?}"));
                    self.signals.push(signal);
                }
                Output::Transmit(transmit) => {
                    let payload = self.queue[transmit.payload].to_vec();
                    self.transmit(OURS, THEIRS, &transmit.segment, &payload);
                }
                Output::Wait(_) => return,
            }
        }
    }

    fn transmit(&mut self, source: SocketAddrV4, destination: SocketAddrV4, segment: &Segment, payload: &[u8]) {
        let bytes = emit(source, destination, segment, payload);
        let fate = self.to_kernel.send(Flying { segment: *segment, bytes });
        self.note(format_args!("--> {segment} {}", described(fate)));
    }

    fn note(&mut self, line: fmt::Arguments<'_>) {
        if self.trace.len() == TRACE {
            self.trace.pop_front();
        }
        self.trace.push_back(format!("{:>12} {line}", self.now().to_string()));
    }
}

impl Drop for Case {
    fn drop(&mut self) {
        if thread::panicking() {
            for line in &self.trace {
                eprintln!("{line}");
            }
        }
    }
}

fn described(fate: Fate) -> &'static str {
    match fate {
        Fate::Arrives => "",
        Fate::IsLost => "(lost)",
        Fate::IsOvertaken => "(overtaken)",
        Fate::ArrivesTwice => "(twice)",
    }
}

/// A TUN device in a namespace that ends with the thread.
struct Device(SyncDevice);

impl Device {
    fn new() -> Result<Device, String> {
        let missing = |what: &'static str| move |error| format!("{what}: {error}");
        if !path::Path::new("/dev/net/tun").exists() {
            return Err("there is no /dev/net/tun".to_owned());
        }
        unshare(CloneFlags::CLONE_NEWNET).map_err(|error| format!("no network namespace can be made: {error}"))?;
        let device = DeviceBuilder::new()
            .name("tun0")
            .mtu(1500)
            .ipv4(*THEIRS.ip(), 24, None)
            .build_sync()
            .map_err(missing("no TUN device can be made"))?;
        device.set_nonblocking(true).map_err(missing("the TUN device always blocks"))?;
        // The kernel's timeouts in proportion to ours. An older kernel has no such policies: 200 ms, and 2 min.
        let _ = fs::write("/proc/sys/net/ipv4/tcp_rto_min_us", "40000");
        let _ = fs::write("/proc/sys/net/ipv4/tcp_rto_max_ms", "1000");
        Ok(Device(device))
    }

    fn receive(&self) -> Option<Vec<u8>> {
        let mut buffer = vec![0; 65_536];
        match self.0.recv(&mut buffer) {
            Ok(length) => {
                buffer.truncate(length);
                Some(buffer)
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => None,
            Err(error) => panic!("the TUN device cannot be read: {error}"),
        }
    }

    fn send(&self, bytes: &[u8]) {
        let sent = self.0.send(bytes).expect("the TUN device can be written");
        assert_eq!(sent, bytes.len());
    }

    fn wait(&self, at_most: Duration) {
        let timeout = PollTimeout::try_from(at_most.as_millis() + 1).expect("a short time");
        poll(&mut [PollFd::new(self.0.as_fd(), PollFlags::POLLIN)], timeout).expect("poll");
    }
}

impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Device")
    }
}
