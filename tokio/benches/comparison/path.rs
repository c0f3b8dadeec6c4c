//! A path in user space between two devices: it forwards packets, delays, loses and reorders them.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::time::TimeSpec;

/// What the path does to packets.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Conditions {
    /// Each way.
    pub(crate) delay: Duration,
    /// Of 1,000 packets, as many are lost.
    pub(crate) loss: u32,
    /// Of 1,000 packets, as many are overtaken by the next one to three.
    pub(crate) reordering: u32,
    pub(crate) seed: u64,
}

/// The thread of a path. It ends when this is dropped.
pub(crate) struct Path {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<u64>>,
}

impl Path {
    /// Connects two devices, whose reads and writes do not block and take one packet each.
    pub(crate) fn start([a, b]: [File; 2], conditions: Conditions) -> Path {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let thread = thread::spawn(move || forward([&a, &b], conditions, &stopped));
        Path { stop, thread: Some(thread) }
    }

    /// Ends the path. Returns how many packets a device did not take.
    pub(crate) fn end(mut self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take().map_or(0, |thread| thread.join().expect("the path does not panic"))
    }
}

impl Drop for Path {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// So long the path sleeps at most, so that it sees when to stop.
const NAP: Duration = Duration::from_millis(2);

fn forward([a, b]: [&File; 2], conditions: Conditions, stop: &AtomicBool) -> u64 {
    let mut links = [Link::new(a, b, conditions, 1), Link::new(b, a, conditions, 2)];
    while !stop.load(Ordering::Relaxed) {
        let received = links.iter_mut().map(Link::receive).filter(|received| *received).count();
        links.iter_mut().for_each(Link::send);
        if received == 0 {
            let due = links.iter().filter_map(Link::due).min();
            let pause = due.map_or(NAP, |due| due.saturating_duration_since(Instant::now()).min(NAP));
            wait([a, b], pause);
        }
    }
    links.iter().map(|link| link.overflows).sum()
}

fn wait(devices: [&File; 2], pause: Duration) {
    let mut devices = devices.map(|device| PollFd::new(device.as_fd(), PollFlags::POLLIN));
    // An error is met again by the read.
    _ = ppoll(&mut devices, Some(TimeSpec::from_duration(pause)), None);
}

/// One direction of the path.
struct Link<'a> {
    input: &'a File,
    output: &'a File,
    conditions: Conditions,
    random: Random,
    /// The packets under way, and when they arrive.
    queue: VecDeque<(Instant, Vec<u8>)>,
    /// A packet that as many others overtake.
    held: Option<(u32, Vec<u8>)>,
    /// Buffers to use again.
    spare: Vec<Vec<u8>>,
    /// Packets that the output did not take.
    overflows: u64,
}

/// As many packets are read before the other direction has its turn.
const BATCH: usize = 32;

impl<'a> Link<'a> {
    fn new(input: &'a File, output: &'a File, conditions: Conditions, stream: u64) -> Link<'a> {
        let random = Random::new(conditions.seed, stream);
        let (queue, spare) = Default::default();
        Link { input, output, conditions, random, queue, held: None, spare, overflows: 0 }
    }

    /// Takes the packets that are there. Returns whether there were any.
    fn receive(&mut self) -> bool {
        let mut buffer = [0; 2_048];
        for number in 0..BATCH {
            // A device without a packet would block; one that is gone has no more.
            let Ok(length @ 1..) = self.input.read(&mut buffer) else { return number > 0 };
            if !self.random.happens(self.conditions.loss) {
                let mut packet = self.spare.pop().unwrap_or_default();
                packet.clear();
                packet.extend_from_slice(&buffer[..length]);
                self.queue(packet);
            }
        }
        true
    }

    fn queue(&mut self, packet: Vec<u8>) {
        let due = Instant::now() + self.conditions.delay;
        if self.held.is_none() && self.random.happens(self.conditions.reordering) {
            self.held = Some((1 + self.random.below(3), packet));
            return;
        }
        self.queue.push_back((due, packet));
        if let Some((others, _)) = &mut self.held {
            *others -= 1;
        }
        if let Some((_, late)) = self.held.take_if(|(others, _)| *others == 0) {
            self.queue.push_back((due, late));
        }
    }

    /// Sends the packets whose time has come.
    fn send(&mut self) {
        let now = Instant::now();
        while self.due().is_some_and(|due| due <= now)
            && let Some((_, packet)) = self.queue.pop_front()
        {
            self.overflows += u64::from(self.output.write(&packet).is_err());
            self.spare.push(packet);
        }
        // Where nothing comes after it, a packet is not held for ever.
        if self.queue.is_empty()
            && let Some((_, late)) = self.held.take()
        {
            self.queue.push_back((now + self.conditions.delay, late));
        }
    }

    fn due(&self) -> Option<Instant> {
        self.queue.front().map(|(due, _)| *due)
    }
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn new(seed: u64, stream: u64) -> Random {
        Random((seed << 8) | stream)
    }

    fn below(&mut self, bound: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) >> 32) as u32 % bound
    }

    /// Tells whether something happens that does so `of_thousand` times in 1,000.
    fn happens(&mut self, of_thousand: u32) -> bool {
        of_thousand > 0 && self.below(1_000) < of_thousand
    }
}
