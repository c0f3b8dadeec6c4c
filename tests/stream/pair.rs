//! Two streams over a network that does what the input says, with users that write and read as it says. Then the
//! network becomes perfect, and everything has to arrive.

use std::time::Duration;

use tcp_lifecycle::stream::{Checkpoint, End, Event, Stream, StreamConfig};
use tcp_lifecycle::{Config, Ecn, Instant, Open, State};

use super::attack::{Input, config};
use super::watched::{Sent, Watched};

/// A scheduler of two ends.
pub(crate) struct Pair {
    pub(crate) ends: [Watched; 2],
    /// To the end of this number, with the moment of arrival.
    flights: [Vec<(Instant, Sent)>; 2],
    pub(crate) now: Instant,
    /// The bytes that each user still writes before it shuts down.
    to_write: [usize; 2],
    at_end: [bool; 2],
    pub(crate) delay: Duration,
    configs: [StreamConfig; 2],
    /// How far the clock of each end is ahead of that of the pair.
    ahead: [Duration; 2],
    /// After each so many steps of the end one of the ends moves.
    pub(crate) moves_after: Option<usize>,
}

const SETUP: usize = 22;
const MOST_ACTS: usize = 300;
/// More steps than these are two ends that do not come to an end: each byte and each timeout may take some.
const MOST_STEPS: usize = 400_000;

/// Nothing but a loss of nearly everything ends a connection.
fn patient(stream: StreamConfig) -> StreamConfig {
    let tcp = Config {
        user_timeout: None,
        keep_alive: None,
        half_duplex_close: false,
        icmp_aborts: false,
        r2: Duration::MAX,
        syn_r2: Duration::MAX,
        receive_buffer: stream.tcp.receive_buffer.max(200),
        rto_max: Duration::from_secs(2),
        fin_wait_2_timeout: None,
        msl: Duration::from_secs(30),
        ..stream.tcp
    };
    StreamConfig { tcp, send_buffer: stream.send_buffer.max(1), ..stream }
}

/// Plays a schedule.
pub(crate) fn pair(bytes: &[u8]) {
    let (setup, acts) = bytes.split_at(bytes.len().min(SETUP));
    let (mut pair, to_write) = Pair::of(setup);
    let mut acts = Input::new(acts);
    for _ in 0..MOST_ACTS {
        if acts.is_empty() {
            break;
        }
        let (which, argument) = (acts.next(), acts.short());
        pair.act(usize::from(which & 1), which >> 1, argument);
    }
    pair.transfer(to_write);
}

impl Pair {
    /// Makes two ends that have been opened, and how many bytes each writes at the end.
    pub(crate) fn of(setup: &[u8]) -> (Pair, [usize; 2]) {
        let mut setup = Input::new(setup);
        let configs = [patient(config(&mut setup)), patient(config(&mut setup))];
        let isn = [100, u32::MAX - 20, u32::MAX - 5_000, 0][usize::from(setup.next() % 4)];
        let mut pair = Pair::new(&configs, [isn, isn.wrapping_add(7_000)]);
        let how = setup.next();
        pair.delay = Duration::from_millis(u64::from(setup.next() % 4) * 10);
        pair.open(how % 4 == 3);
        (pair, [usize::from(how) * 20, usize::from(how / 16) * 200])
    }

    pub(crate) fn new(configs: &[StreamConfig; 2], isns: [u32; 2]) -> Pair {
        Pair {
            ends: [Watched::new(&configs[0], isns[0]), Watched::new(&configs[1], isns[1])],
            flights: [Vec::new(), Vec::new()],
            now: Instant::ZERO,
            to_write: [0; 2],
            at_end: [false; 2],
            delay: Duration::ZERO,
            configs: *configs,
            ahead: [Duration::ZERO; 2],
            moves_after: None,
        }
    }

    /// An end goes on in another process, whose clock is this far ahead of that of the pair. `through` stores the
    /// checkpoint and reads it.
    pub(crate) fn moves(&mut self, side: usize, ahead: Duration, through: impl FnOnce(Checkpoint) -> Checkpoint) {
        let (end, config) = (&mut self.ends[side], &self.configs[side]);
        let checkpoint = through(end.stream.checkpoint(end.now));
        (self.ahead[side], end.now) = (ahead, self.now + ahead);
        end.stream = Stream::restore(checkpoint, config, end.now);
        self.drain(side);
    }

    /// The deadline of an end on the clock of the pair.
    fn deadline(&self, side: usize) -> Option<Instant> {
        let micros = self.ends[side].stream.deadline()?.as_micros();
        Some(Instant::from_micros(micros.saturating_sub(self.ahead[side].as_micros() as u64)))
    }

    pub(crate) fn open(&mut self, is_simultaneous: bool) {
        assert!(self.ends[0].open(Open::Active));
        assert!(self.ends[1].open(if is_simultaneous { Open::Active } else { Open::Passive }));
        self.drain(0);
        self.drain(1);
    }

    /// Each user writes so many bytes, and shuts down; then both have read to the end.
    pub(crate) fn transfer(&mut self, bytes: [usize; 2]) {
        self.to_write = bytes;
        self.finish();
    }

    pub(crate) fn drain(&mut self, side: usize) {
        let sent = self.ends[side].drain();
        self.launch(side, sent);
    }

    fn launch(&mut self, side: usize, sent: Vec<Sent>) {
        let arrival = self.now + self.delay;
        self.flights[1 - side].extend(sent.into_iter().map(|sent| (arrival, sent)));
    }

    pub(crate) fn deliver(&mut self, side: usize, place: usize) {
        let flights = &mut self.flights[side];
        if flights.is_empty() {
            return;
        }
        let (_, sent) = flights.remove(place % flights.len());
        self.ends[side].segment(&sent.segment, &sent.sack, sent.ecn, &sent.payload);
    }

    pub(crate) fn act(&mut self, side: usize, which: u8, argument: u16) {
        let place = usize::from(argument);
        match which % 24 {
            0..3 => drop(self.ends[side].write(place % 20_000)),
            3 | 4 => drop(self.ends[side].read(place)),
            5..9 => self.deliver(side, 0),
            9 => self.deliver(side, place),
            10 | 11 => {
                for _ in 0..place % 40 {
                    self.deliver(side, 0);
                    self.drain(side);
                }
            }
            12 | 13 => drop((!self.flights[side].is_empty()).then(|| self.flights[side].remove(0))),
            14 => {
                let place = place % self.flights[side].len().max(1);
                drop((!self.flights[side].is_empty()).then(|| self.flights[side].remove(place)));
            }
            15 => self.flights[side].truncate(place % 64),
            16 => {
                if let Some(copy) = self.flights[side].get(place % self.flights[side].len().max(1)).cloned() {
                    self.flights[side].push(copy);
                }
            }
            17 => {
                if let Some((_, sent)) = self.flights[side].first_mut()
                    && sent.ecn == Ecn::Ect0
                {
                    sent.ecn = Ecn::Ce;
                }
            }
            18 => self.flights[side].reverse(),
            19 => self.pass(Duration::from_micros(place as u64 * 10)),
            20 | 21 => self.expire(side),
            22 if argument.is_multiple_of(8) && self.is_synchronized(side) => self.ends[side].shutdown(),
            _ => {
                let segment = argument.max(600);
                self.ends[side].configure(|config| config.max_segment = segment);
            }
        }
        if which < 120 {
            self.drain(side);
        }
    }

    fn is_synchronized(&self, side: usize) -> bool {
        matches!(self.ends[side].state(), State::SynReceived | State::Established | State::CloseWait)
    }

    fn pass(&mut self, time: Duration) {
        self.now = self.now + time;
        self.ends.iter_mut().zip(self.ahead).for_each(|(end, ahead)| end.now = self.now + ahead);
    }

    fn expire(&mut self, side: usize) {
        if let Some(deadline) = self.deadline(side) {
            self.pass(deadline.saturating_duration_since(self.now));
            let sent = self.ends[side].check_timeout();
            self.launch(side, sent);
        }
    }

    fn finish(&mut self) {
        for step in 1..=MOST_STEPS {
            if !self.step() {
                return self.check_end();
            }
            if let Some(after) = self.moves_after
                && step.is_multiple_of(after)
            {
                let ahead = Duration::from_millis((step * 7_919 % 1_000_000) as u64);
                self.moves(step / after % 2, ahead, |checkpoint| checkpoint);
            }
        }
        let status = |side: usize| self.ends[side].stream.connection().status();
        panic!("no end: {:?} {:?}", status(0), status(1));
    }

    /// False if there is nothing more to do.
    fn step(&mut self) -> bool {
        for side in [0, 1] {
            self.use_stream(side);
        }
        let arrival = |side: usize| self.flights[side].iter().map(|(at, _)| *at).min();
        let deadline = |side: usize| self.deadline(side);
        let arrivals = [0, 1].into_iter().filter_map(|side| Some((arrival(side)?, 0, side)));
        let timers = [0, 1].into_iter().filter_map(|side| Some((deadline(side)?, 1, side)));
        match arrivals.chain(timers).min() {
            Some((at, 0, side)) => {
                self.pass(at.saturating_duration_since(self.now));
                let first = self.flights[side].iter().position(|(moment, _)| *moment == at);
                self.deliver(side, first.unwrap_or(0));
                self.drain(side);
                true
            }
            Some((_, _, side)) => {
                self.expire(side);
                true
            }
            None => false,
        }
    }

    fn use_stream(&mut self, side: usize) {
        let end = &mut self.ends[side];
        loop {
            match end.read(65_536) {
                Some(0) => break,
                Some(_) => {}
                None => {
                    self.at_end[side] = true;
                    break;
                }
            }
        }
        if self.is_synchronized(side) {
            let end = &mut self.ends[side];
            while self.to_write[side] > 0 {
                let taken = end.write(self.to_write[side].min(30_000));
                if taken == 0 {
                    break;
                }
                self.to_write[side] -= taken;
            }
            if self.to_write[side] == 0 || end.is_shut() {
                end.shutdown();
            }
        }
        self.drain(side);
    }

    fn check_end(&self) {
        let [a, b] = &self.ends;
        let ends = [a.stream.end(), b.stream.end()];
        let state = |end: &Watched| end.stream.connection().status();
        for (here, there) in [(a, b), (b, a)] {
            assert_eq!(here.state(), State::Closed, "{ends:?}\n{:?}\n{:?}", state(a), state(b));
            let is_whole = here.read_total() == there.written_total();
            let is_told = ends.iter().any(|end| *end != Some(End::Closed));
            assert!(is_whole || is_told, "{} of {} bytes", here.read_total(), there.written_total());
        }
        for end in &self.ends {
            assert!(matches!(end.events.last(), Some(Event::Ended(_))), "{:?}", end.events);
        }
    }
}
