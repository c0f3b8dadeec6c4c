//! The network between the two, their users, and virtual time.

use core::time::Duration;
use std::collections::HashSet;
use std::thread;

use smoltcp::socket::tcp;
use tcp_lifecycle::{Config, Instant, Open, Signal, State};

use crate::peer::{Peer, Settings};
use crate::us::Us;
use crate::wire;

/// SplitMix64.
#[derive(Clone, Debug)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }

    pub(crate) fn happens(&mut self, per_thousand: u64) -> bool {
        self.below(1_000) < per_thousand
    }

    pub(crate) fn choose<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }
}

/// The faults of the network: how many of a thousand packets are lost, arrive twice, or have a bit flipped; how long a
/// packet takes, and how much longer at most.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Faults {
    pub(crate) loss: u64,
    pub(crate) duplication: u64,
    pub(crate) corruption: u64,
    pub(crate) delay: Duration,
    pub(crate) jitter: Duration,
}

impl Faults {
    pub(crate) const NONE: Faults =
        Faults { loss: 0, duplication: 0, corruption: 0, delay: Duration::from_millis(10), jitter: Duration::ZERO };
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Closes {
    /// As soon as everything has been written.
    First,
    /// When everything has been written, and everything up to the other's FIN has been read.
    Last,
    Never,
}

/// The behavior of the user of an end.
#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) stream: Vec<u8>,
    /// How many bytes are written at a time, how many are read, and the pause in between.
    pub(crate) write: usize,
    pub(crate) read: usize,
    pub(crate) pause: Duration,
    pub(crate) closes: Closes,
    /// Closes in SYN-RECEIVED, if that state is reached.
    pub(crate) eager: bool,
    /// Until then nothing is read.
    pub(crate) reads_from: Instant,
    pub(crate) aborts_at: Option<Instant>,
}

impl User {
    pub(crate) fn sends(bytes: usize, closes: Closes) -> User {
        User {
            stream: (0..bytes).map(|at| (at * 7 % 251) as u8).collect(),
            write: 3_000,
            read: 3_000,
            pause: Duration::from_millis(1),
            closes,
            eager: false,
            reads_from: Instant::ZERO,
            aborts_at: None,
        }
    }
}

/// The progress of a user.
#[derive(Debug)]
struct Progress {
    user: User,
    written: usize,
    received: Vec<u8>,
    closed: bool,
    next: Instant,
}

impl Progress {
    fn new(user: User) -> Progress {
        Progress { user, written: 0, received: Vec::new(), closed: false, next: Instant::ZERO }
    }

    /// The bytes to write next.
    fn chunk(&self) -> &[u8] {
        let rest = &self.user.stream[self.written..];
        &rest[..rest.len().min(self.user.write)]
    }

    fn wants_to_close(&self, has_read_all: bool) -> bool {
        let when = match self.user.closes {
            Closes::First => true,
            Closes::Last => has_read_all,
            Closes::Never => false,
        };
        when && !self.closed && self.written == self.user.stream.len()
    }

    fn reads(&self, now: Instant) -> usize {
        if now < self.user.reads_from { 0 } else { self.user.read }
    }
}

pub(crate) struct World {
    pub(crate) us: Us,
    pub(crate) peer: Peer,
    pub(crate) now: Instant,
    pub(crate) lost: usize,
    pub(crate) packets: usize,
    /// How often smoltcp had to be helped.
    pub(crate) helped: usize,
    /// The seed of all random numbers.
    pub(crate) seed: Option<u64>,
    /// The largest packet that the peer's link takes.
    mtu: usize,
    /// Each TSval of the peer's.
    echoes: HashSet<u32>,
    faults: Faults,
    random: Random,
    /// The time of arrival, whether it is for us, and the bytes. Of two at the same time the first entry comes first.
    flights: Vec<(Instant, bool, Vec<u8>)>,
    /// The packet that we have sent last.
    last: Vec<u8>,
    ours: Progress,
    theirs: Progress,
    trace: Vec<String>,
}

/// The bound on events; two ends with more make no progress.
const MOST: usize = 60_000;

impl World {
    pub(crate) fn new(us: Us, settings: &Settings, faults: Faults, ours: User, theirs: User) -> World {
        World {
            us,
            peer: Peer::new(settings),
            now: Instant::ZERO,
            lost: 0,
            packets: 0,
            helped: 0,
            seed: None,
            mtu: settings.mtu,
            echoes: HashSet::new(),
            faults,
            random: Random(settings.seed),
            flights: Vec::new(),
            last: Vec::new(),
            ours: Progress::new(ours),
            theirs: Progress::new(theirs),
            trace: Vec::new(),
        }
    }

    /// Two ends with the defaults over a network without faults, our end not yet open.
    pub(crate) fn plain(config: &Config, ours: User, theirs: User) -> World {
        World::new(Us::new(config, 100, false), &Settings::DEFAULT, Faults::NONE, ours, theirs)
    }

    /// One end listens, the other connects.
    pub(crate) fn open(&mut self, open: Open) {
        self.us.open(open, self.now);
        if open == Open::Active {
            self.peer.listen();
        } else {
            self.peer.connect();
        }
    }

    pub(crate) fn abort_at(&mut self, by_us: bool, at: Instant) {
        let aborts = if by_us { &mut self.ours } else { &mut self.theirs };
        aborts.user.aborts_at = Some(at);
        // Otherwise the other would wait for a FIN without end.
        let other = if by_us { &mut self.theirs } else { &mut self.ours };
        other.user.closes = Closes::First;
    }

    /// Runs until nothing is left to happen.
    pub(crate) fn run(&mut self) {
        self.run_while(|_| true);
    }

    /// The same, with help for smoltcp. Its timer stops when it would retransmit into a window that has closed in the
    /// meantime. It then waits for a segment, unless the network delivers the last one again.
    pub(crate) fn run_with_help(&mut self) {
        self.run();
        while self.peer.has_stopped(time_of(self.now)) {
            assert_eq!(self.us.connection.deadline(), None, "we have nothing to send either");
            assert!(self.helped < 20, "a peer that is beyond help");
            self.helped += 1;
            self.flights.push((self.now, false, self.last.clone()));
            self.run();
        }
    }

    /// Runs while this holds and an event is pending.
    pub(crate) fn run_while(&mut self, goes_on: impl Fn(&World) -> bool) {
        for _ in 0..MOST {
            self.launch();
            if !goes_on(self) || !self.step() {
                return;
            }
        }
        panic!("{} and {} do not come to an end", self.us.state(), self.peer.state());
    }

    /// Runs for this time.
    pub(crate) fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        for _ in 0..MOST {
            self.launch();
            if self.next().is_none_or(|next| next > end) {
                self.now = end;
                return;
            }
            self.step();
        }
        panic!("{} and {} do not come to rest", self.us.state(), self.peer.state());
    }

    fn next(&mut self) -> Option<Instant> {
        let flight = self.flights.iter().map(|(at, ..)| *at).min();
        let peer = self.peer.deadline(time_of(self.now)).map(|at| Instant::from_micros(at.total_micros() as u64));
        let times = [flight, peer, self.us.connection.deadline(), self.next_of_us(), self.next_of_peer()];
        times.into_iter().flatten().min()
    }

    /// The next time at which our user acts.
    fn next_of_us(&self) -> Option<Instant> {
        let (progress, us) = (&self.ours, &self.us);
        let reads = (us.unread() > 0).then(|| progress.next.max(progress.user.reads_from));
        let writes = us.may_send() && !progress.chunk().is_empty();
        let closes = us.may_close(progress.user.eager) && progress.wants_to_close(us.has_read_all());
        let acts = (writes || closes).then_some(progress.next);
        [reads, acts, progress.user.aborts_at].into_iter().flatten().min()
    }

    fn next_of_peer(&self) -> Option<Instant> {
        let (progress, peer) = (&self.theirs, &self.peer);
        let reads = (peer.socket().recv_queue() > 0).then(|| progress.next.max(progress.user.reads_from));
        let writes = peer.socket().can_send() && !progress.chunk().is_empty();
        let closes = peer.socket().may_send() && progress.wants_to_close(peer.has_read_all());
        let acts = (writes || closes).then_some(progress.next);
        [reads, acts, progress.user.aborts_at].into_iter().flatten().min()
    }

    /// Handles the next event. Returns false if there is none.
    fn step(&mut self) -> bool {
        let Some(next) = self.next() else { return false };
        self.now = self.now.max(next);
        if let Some(place) =
            (0..self.flights.len()).filter(|&i| self.flights[i].0 <= self.now).min_by_key(|&i| self.flights[i].0)
        {
            let (_, to_us, packet) = self.flights.remove(place);
            self.arrives(to_us, packet);
            return true;
        }
        self.us.timeout(self.now);
        if self.next_of_us().is_some_and(|at| at <= self.now) {
            self.our_user();
        }
        if self.next_of_peer().is_some_and(|at| at <= self.now) {
            self.their_user();
        }
        true
    }

    fn arrives(&mut self, to_us: bool, packet: Vec<u8>) {
        if !to_us {
            return self.peer.arrives(packet);
        }
        if let Some((segment, payload)) = wire::parse(&packet) {
            self.trace.push(format!("{} <-- {segment}", self.now));
            self.echoes.extend(segment.options().timestamps().map(|(value, _)| value));
            self.us.arrives(&segment, payload, self.now);
        }
    }

    fn our_user(&mut self) {
        let progress = &mut self.ours;
        progress.next = self.now + progress.user.pause;
        if progress.user.aborts_at.take_if(|at| *at <= self.now).is_some() {
            progress.closed = true;
            return self.us.abort(self.now);
        }
        progress.received.extend(self.us.receive(progress.reads(self.now), self.now));
        if self.us.may_send() && !progress.chunk().is_empty() {
            self.us.send(progress.chunk(), self.now);
            progress.written += progress.chunk().len();
        }
        if self.us.may_close(progress.user.eager) && progress.wants_to_close(self.us.has_read_all()) {
            progress.closed = true;
            self.us.close(self.now);
        }
    }

    fn their_user(&mut self) {
        let progress = &mut self.theirs;
        progress.next = self.now + progress.user.pause;
        if progress.user.aborts_at.take_if(|at| *at <= self.now).is_some() {
            progress.closed = true;
            return self.peer.abort();
        }
        progress.received.extend(self.peer.receive(progress.reads(self.now)));
        progress.written += self.peer.send(progress.chunk());
        if self.peer.socket().may_send() && progress.wants_to_close(self.peer.has_read_all()) {
            progress.closed = true;
            self.peer.close();
        }
    }

    /// Sends all segments of the two ends on their way.
    fn launch(&mut self) {
        for (segment, payload) in self.us.outgoing() {
            let fate = self.fate();
            self.trace.push(format!("{} --> {segment} {}", self.now, if fate.is_empty() { "x" } else { "" }));
            let packet = wire::emit(&segment, &payload);
            assert!(packet.len() <= self.mtu, "a packet of {} bytes", packet.len());
            if let Some((_, echo)) = segment.options().timestamps().filter(|_| segment.ack().is_some()) {
                assert!(self.echoes.contains(&echo), "an echo of {echo}");
            }
            self.launch_one(false, &packet, &fate);
            self.last = packet;
        }
        for packet in self.peer.poll(time_of(self.now)) {
            let fate = self.fate();
            self.launch_one(true, &packet, &fate);
        }
    }

    /// The arrival times of all copies of a packet.
    fn fate(&mut self) -> Vec<Duration> {
        self.packets += 1;
        let copies = 1 + usize::from(self.random.happens(self.faults.duplication));
        if self.random.happens(self.faults.loss) {
            self.lost += 1;
            return Vec::new();
        }
        let jitter = self.faults.jitter.as_micros() as u64 + 1;
        (0..copies).map(|_| self.faults.delay + Duration::from_micros(self.random.below(jitter))).collect()
    }

    fn launch_one(&mut self, to_us: bool, packet: &[u8], fate: &[Duration]) {
        for &delay in fate {
            let mut packet = packet.to_vec();
            if self.random.happens(self.faults.corruption) {
                let bit = self.random.below(packet.len() as u64 * 8) as usize;
                packet[bit / 8] ^= 1 << (bit % 8);
                self.lost += 1;
            }
            self.flights.push((self.now + delay, to_us, packet));
        }
    }

    pub(crate) fn nothing_is_in_flight(&self) -> bool {
        self.flights.is_empty()
    }

    pub(crate) fn delivered_to_us(&self) -> usize {
        self.ours.received.len()
    }

    pub(crate) fn delivered_to_peer(&self) -> usize {
        self.theirs.received.len()
    }

    /// Checks that each has received a prefix of what the other has sent.
    #[track_caller]
    pub(crate) fn check_contents(&self) {
        for (here, there) in [(&self.ours, &self.theirs), (&self.theirs, &self.ours)] {
            assert_eq!(there.user.stream.get(..here.received.len()), Some(&here.received[..]));
        }
    }

    /// Checks that both are CLOSED after a whole life, and have received everything.
    #[track_caller]
    pub(crate) fn check_graceful_end(&self) {
        assert_eq!((self.us.state(), self.peer.state()), (State::Closed, tcp::State::Closed));
        self.check_contents();
        assert_eq!(self.ours.received.len(), self.theirs.user.stream.len());
        assert_eq!(self.theirs.received.len(), self.ours.user.stream.len());
        let of_timers = [Signal::Retransmitting, Signal::RetransmissionTimeout];
        let told: Vec<_> = self.us.signals.iter().filter(|signal| !of_timers.contains(signal)).collect();
        // smoltcp ends TIME-WAIT after 10 seconds, and resets our FIN if its acknowledgment was lost.
        let late = self.peer.has_been_in(tcp::State::TimeWait) && told == [&Signal::Closing, &Signal::Reset];
        assert!(late || told == [&Signal::Closing], "{told:?}");
    }
}

impl Drop for World {
    /// Prints the exchange if a check has failed.
    fn drop(&mut self) {
        if thread::panicking() {
            let last = &self.trace[self.trace.len().saturating_sub(120)..];
            eprintln!("seed {:?}\n{}\nus: {}\npeer: {}", self.seed, last.join("\n"), self.us.path(), self.peer.path());
        }
    }
}

fn time_of(now: Instant) -> smoltcp::time::Instant {
    smoltcp::time::Instant::from_micros(now.as_micros() as i64)
}
