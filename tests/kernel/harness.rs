//! A connection of this crate and the kernel, at the two ends of a TUN device in a network namespace of its own.

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant as Clock};
use std::{panic, thread};

use tcp_lifecycle::wire::{Ecn, Packet};
use tcp_lifecycle::{Config, Connection, Instant, Open, Segment, State};

use crate::device::Device;
use crate::door::{Answer, Door, LastLife};
use crate::link::{Fate, Flying, Link};
use crate::packets::{emit, parse};
use crate::peer::Peer;
use crate::us::Us;

/// Our socket, and the kernel's.
pub(crate) const OURS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2)), 2000);
pub(crate) const THEIRS: SocketAddr = SocketAddr::new(IpAddr::V4(THEIR_ADDRESS), 1000);
pub(crate) const THEIR_ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);

/// RFC 9293 with minutes replaced by milliseconds, since the network between the ends takes microseconds.
pub(crate) const CONFIG: Config = Config {
    mss: 1460,
    msl: Duration::from_millis(50),
    rto_initial: Duration::from_millis(100),
    rto_min: Duration::from_millis(40),
    rto_max: Duration::from_millis(400),
    // A busy machine must not look like trouble on the network.
    r1: 0,
    ..Config::DEFAULT
};

/// F of RFC 9293 section 3.4.1, the same for each incarnation.
pub(crate) const ISN_OFFSET: u32 = 0x5EED_0000;

/// The longest that any case may take, with room for a busy machine.
pub(crate) const WATCHDOG: Duration = Duration::from_secs(60);
/// The longest sleep of the harness: anything that the kernel does without a packet is noticed this late.
const NAP: Duration = Duration::from_millis(2);

/// Plays one case on a thread and in a namespace of its own, which end with the case.
#[track_caller]
pub(crate) fn with_kernel(config: Config, story: impl FnOnce(&mut Case) + Send + 'static) {
    with_device(move |device| story(&mut Case::new(config, device)));
}

/// The same with the bare device.
#[track_caller]
pub(crate) fn with_device(story: impl FnOnce(Device) + Send + 'static) {
    with(Device::new, story);
}

/// The same with a device of another kind.
#[track_caller]
pub(crate) fn with<D: 'static>(make: fn() -> Result<D, String>, story: impl FnOnce(D) + Send + 'static) {
    let name = thread::current().name().unwrap_or("a case").to_owned();
    let case = move || match make() {
        Ok(device) => story(device),
        Err(why) => skip(&why),
    };
    let thread = thread::Builder::new().name(name).spawn(case).expect("a thread");
    if let Err(panic) = thread.join() {
        panic::resume_unwind(panic);
    }
}

/// Reports that the case of this thread cannot be played; the case passes, unless the kernel is required.
pub(crate) fn skip(why: &str) {
    assert!(std::env::var_os("REQUIRE_KERNEL").is_none_or(|value| value != "1"), "REQUIRE_KERNEL=1, but {why}");
    let name = thread::current().name().unwrap_or("a case").to_owned();
    // Bypasses the test runner, which hides the output of a passing test.
    io::stderr().write_all(format!("skipped {name}: {why}\n").as_bytes()).expect("stderr");
}

/// Our end, the kernel's end, and the network between them.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) us: Us,
    pub(crate) peer: Peer,
    pub(crate) to_kernel: Link,
    pub(crate) to_us: Link,
    /// Answers at our port while our connection is in CLOSED.
    pub(crate) door: Door,
    config: Config,
    device: Device,
    start: Clock,
    skipped: Duration,
}

/// We connect, the kernel accepts.
#[track_caller]
pub(crate) fn we_connect(case: &mut Case) {
    case.peer.listen();
    we_connect_again(case);
}

/// The same where the kernel listens already.
#[track_caller]
pub(crate) fn we_connect_again(case: &mut Case) {
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
    until_established(case);
}

/// Lets both ends become established.
#[track_caller]
pub(crate) fn until_established(case: &mut Case) {
    case.until_we_are_in(State::Established);
    case.until_the_kernel_is_in(State::Established);
    assert_eq!(case.peer.end, None);
}

/// Bytes of which no part looks like another.
pub(crate) fn bytes(count: usize) -> Vec<u8> {
    (0_u32..).flat_map(|number| number.wrapping_mul(2_654_435_761).to_be_bytes()).take(count).collect()
}

/// The calls of our user, and the waits for their effects.
impl Case {
    pub(crate) fn open(&mut self, open: Open) {
        self.us.open(open, self.now());
        self.flush();
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.us.send(bytes, self.now());
        self.flush();
    }

    pub(crate) fn send_urgent(&mut self, bytes: &[u8]) {
        self.us.send_urgent(bytes, self.now());
        self.flush();
    }

    pub(crate) fn close(&mut self) {
        self.us.close(self.now());
        self.flush();
    }

    pub(crate) fn abort(&mut self) {
        self.us.abort(self.now());
        self.flush();
    }

    /// Puts our connection in TIME-WAIT aside, for another incarnation at the same port.
    #[track_caller]
    pub(crate) fn begin_another_life(&mut self, put_aside: impl FnOnce(Connection) -> LastLife) {
        assert_eq!(self.us.state(), State::TimeWait);
        self.door.last_life = Some(put_aside(self.us.connection.clone()));
        self.begin_afresh(ISN_OFFSET);
    }

    /// Starts our end again without any memory of the last connection.
    pub(crate) fn begin_afresh(&mut self, isn_offset: u32) {
        self.us.begin(Connection::new(&self.config, isn_offset), &[], self.now());
    }

    /// Lets time and packets pass until we are in `state`.
    #[track_caller]
    pub(crate) fn until_we_are_in(&mut self, state: State) {
        self.until(&format!("we are in {state}"), |case| case.us.state() == state);
    }

    /// Lets time and packets pass until the kernel's table shows `state`.
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
                panic!("never: {what}. We are in {}, the kernel is in {:?}", self.us.state(), self.peer.state());
            }
            self.step();
        }
    }

    /// Skips this much of our time. The kernel's time does not advance.
    pub(crate) fn skip(&mut self, time: Duration) {
        self.skipped += time;
    }

    /// Lets a segment that the kernel never sent reach us before anything else; returns our answers.
    pub(crate) fn inject_to_us(&mut self, segment: &Segment) -> Vec<Segment> {
        let now = self.now();
        self.us.note(now, format_args!("<-- {segment} (injected)"));
        self.us.arrives(segment, &[], now);
        let answers = self.us.outgoing.iter().map(|(segment, _)| *segment).collect();
        self.flush();
        answers
    }

    /// Sends the kernel a segment that we never sent.
    pub(crate) fn inject_to_kernel(&mut self, segment: &Segment) {
        self.us.note(self.now(), format_args!("--> {segment} (injected)"));
        self.device.send(&emit(OURS, THEIRS, segment, &[]));
    }
}

/// The polling after every event, and the network.
impl Case {
    fn new(config: Config, device: Device) -> Case {
        Case {
            us: Us::new(Connection::new(&config, ISN_OFFSET)),
            peer: Peer::new(THEIRS, OURS),
            to_kernel: Link::new(),
            to_us: Link::new(),
            door: Door::new(config),
            config,
            device,
            start: Clock::now(),
            skipped: Duration::ZERO,
        }
    }

    pub(crate) fn now(&self) -> Instant {
        Instant::ZERO + self.start.elapsed() + self.skipped
    }

    /// Moves everything that can move; if nothing can, sleeps until a packet, a timeout, or the end of a nap.
    fn step(&mut self) {
        let mut moved = self.peer.step();
        while let Some(bytes) = self.device.receive() {
            moved = true;
            if let Some(packet) = parse(&bytes) {
                let segment = packet.header.segment;
                let fate = self.to_us.send(Flying { segment, bytes });
                self.us.note(self.now(), format_args!("<-- {segment} {}", described(fate)));
            }
        }
        while let Some(packet) = self.to_us.arrival() {
            moved = true;
            self.arrives(&packet.bytes);
        }
        let now = self.now();
        moved |= self.us.timeout(now) | self.door.timeout(now);
        self.us.consume(now);
        self.flush();
        while let Some(packet) = self.to_kernel.arrival() {
            moved = true;
            self.device.send(&packet.bytes);
        }
        if !moved && !(self.to_us.settle() | self.to_kernel.settle()) {
            let deadlines = [self.us.connection.deadline(), self.door.deadline()];
            let wait = deadlines.into_iter().flatten().min().map(|deadline| deadline.saturating_duration_since(now));
            self.device.wait(wait.unwrap_or(NAP).min(NAP));
        }
    }

    /// Handles a packet that has reached our host.
    fn arrives(&mut self, bytes: &[u8]) {
        let Packet { header, payload } = parse(bytes).expect("it was parsed before");
        let (local, remote, now) = (header.destination, header.source, self.now());
        let is_ours = (local, remote) == (OURS, THEIRS);
        if is_ours && !(self.us.state() == State::Closed && self.door.is_open()) {
            if header.ecn == Ecn::Ce {
                self.us.arrives_marked(&header.segment, payload, now);
            } else {
                self.us.arrives(&header.segment, payload, now);
            }
            if self.us.state() == State::Established {
                // The new incarnation is established, so the last one is no longer needed.
                self.door.last_life = None;
            }
        } else {
            match self.door.arrives(&header.segment, local, remote, now) {
                Answer::Segments(segments) => {
                    segments.iter().for_each(|segment| self.transmit(local, remote, segment, &[]));
                }
                Answer::Life(connection, range) => {
                    assert!(is_ours, "a life for {remote}");
                    self.us.begin(*connection, &payload[range], now);
                }
            }
        }
        self.flush();
    }

    fn flush(&mut self) {
        while let Some((segment, payload)) = self.us.outgoing.pop_front() {
            self.transmit(OURS, THEIRS, &segment, &payload);
        }
    }

    fn transmit(&mut self, source: SocketAddr, destination: SocketAddr, segment: &Segment, payload: &[u8]) {
        let bytes = emit(source, destination, segment, payload);
        let fate = self.to_kernel.send(Flying { segment: *segment, bytes });
        self.us.note(self.now(), format_args!("--> {segment} {}", described(fate)));
    }
}

impl Drop for Case {
    fn drop(&mut self) {
        if thread::panicking() {
            self.us.trace().for_each(|line| eprintln!("{line}"));
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
