//! Many connections: an ACK for a random one of them, beside the least that any TCP would have to do for it.

use std::hint::black_box;
use std::time::{Duration, Instant as Clock};

use tcp_lifecycle::{Config, Connection, Control, Instant, Open, Options, Output, Segment, SeqNumber};

/// How many events lie between two readings of the clock.
const SLICE: usize = 4096;
const SLICES: usize = 200;

/// The bound: the variables that a pure ACK in ESTABLISHED reads and writes, in one cache line. It is right for nothing
/// else.
#[derive(Clone)]
#[repr(align(64))]
struct Bound {
    is_established: bool,
    scale: u8,
    una: u32,
    nxt: u32,
    wnd: u32,
    wl1: u32,
    max_wnd: u32,
    rcv_nxt: u32,
    edge: u32,
    now: u64,
    deadline: u64,
}

impl Bound {
    fn of(connection: &Connection) -> Bound {
        let status = connection.status();
        let [una, nxt, rcv_nxt] = [status.snd_una, status.snd_nxt, status.rcv_nxt].map(|number| number.unwrap().0);
        Bound {
            is_established: true,
            scale: 0,
            una,
            nxt,
            wnd: status.snd_wnd.unwrap(),
            wl1: rcv_nxt,
            max_wnd: status.snd_wnd.unwrap(),
            rcv_nxt,
            edge: rcv_nxt.wrapping_add(status.rcv_wnd.unwrap()),
            now: 0,
            deadline: u64::MAX,
        }
    }

    /// Takes the ACK; when to come back.
    #[inline(never)]
    fn arrives(&mut self, segment: &Segment, now: Instant) -> Option<u64> {
        self.now = self.now.max(now.as_micros());
        let (seq, ack) = (segment.seq().0, segment.ack()?.0);
        let in_window = seq.wrapping_sub(self.rcv_nxt) <= self.edge.wrapping_sub(self.rcv_nxt);
        let in_range = ack.wrapping_sub(self.una) <= self.nxt.wrapping_sub(self.una);
        if self.is_established && in_window && in_range && (seq.wrapping_sub(self.wl1) as i32) >= 0 {
            self.una = ack;
            self.wnd = u32::from(segment.window()) << self.scale;
            self.wl1 = seq;
            self.max_wnd = self.max_wnd.max(self.wnd);
        }
        Some(self.deadline)
    }
}

/// In ESTABLISHED, after a handshake.
fn established(config: &Config) -> Connection {
    let mut connection = Connection::new(config, 100);
    connection.open(Open::Active, Instant::ZERO).expect("OPEN in CLOSED");
    while !matches!(connection.poll(Instant::ZERO), Output::Wait(_)) {}
    let syn = Segment::new(SeqNumber(300), SeqNumber(101), Control::SYN | Control::ACK).with_window(60_000);
    let syn = if config.timestamps { syn.with_options(Options::NONE.with_timestamps(1, 0)) } else { syn };
    connection.segment_arrives(&syn, Instant::ZERO).expect("a SYN,ACK");
    while !matches!(connection.poll(Instant::ZERO), Output::Wait(_)) {}
    connection
}

/// A pure ACK for it.
fn ack(connection: &Connection, config: &Config, now: Instant) -> Segment {
    let [seq, ack] = [connection.rcv_nxt(), connection.snd_nxt()].map(|number| number.expect("a connection"));
    let segment = Segment::new(seq, ack, Control::ACK).with_window(60_000);
    let stamp = (now.as_micros() / 1_000) as u32 + 1;
    if config.timestamps { segment.with_options(Options::NONE.with_timestamps(stamp, stamp)) } else { segment }
}

/// One event of this crate, with its poll.
#[inline(never)]
fn arrives(connection: &mut Connection, segment: &Segment, now: Instant) {
    black_box(connection.segment_arrives(segment, now).is_ok());
    while let output @ (Output::Transition(_) | Output::Signal(_) | Output::Transmit(_)) = connection.poll(now) {
        black_box(output);
    }
}

/// Nanoseconds an event, the least of many slices, for the bound and for each of the policies: the slices take turns, so
/// that a busy machine slows all of them.
pub(crate) fn nanoseconds(count: usize, policies: &[Config]) -> Vec<f64> {
    let models: Vec<Connection> = policies.iter().map(established).collect();
    let mut bounds = vec![Bound::of(&models[0]); count];
    let mut tables: Vec<Vec<Connection>> = models.iter().map(|model| vec![model.clone(); count]).collect();
    let mut least = vec![Duration::MAX; 1 + policies.len()];
    let mut now = Instant::ZERO;
    let mut random = 1_u64;
    for _ in 0..SLICES {
        now = now + Duration::from_millis(10);
        let places: Vec<usize> = (0..SLICE)
            .map(|_| {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (random >> 33) as usize % count
            })
            .collect();
        let segment = ack(&models[0], &policies[0], now);
        least[0] = least[0].min(timed(|| {
            for &place in &places {
                black_box(bounds[place].arrives(black_box(&segment), now));
            }
        }));
        for ((table, policies), least) in tables.iter_mut().zip(policies).zip(&mut least[1..]) {
            let segment = ack(&models[0], policies, now);
            *least = (*least).min(timed(|| {
                for &place in &places {
                    arrives(&mut table[place], black_box(&segment), now);
                }
            }));
        }
    }
    least.into_iter().map(|slice| slice.as_nanos() as f64 / SLICE as f64).collect()
}

fn timed(run: impl FnOnce()) -> Duration {
    let start = Clock::now();
    run();
    start.elapsed()
}
