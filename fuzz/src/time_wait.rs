//! A connection in TIME-WAIT and its [`TimeWait`] through the same events: what comes out is the same, but for what is
//! documented there.

use core::time::Duration;

use arbitrary::Arbitrary;
use tcp_lifecycle::{Config, Connection, Control, Instant, Options, Output, Segment, SeqNumber, State, TimeWait};

use crate::reach::{Life, Way, drain};
use crate::shapes::{Bits, Payload};

#[derive(Arbitrary, Debug)]
pub struct Input {
    policies: Policies,
    opened: u64,
    isn_offset: u32,
    irs: u32,
    peer_window: u16,
    peer_scale: Option<u8>,
    peer_times: bool,
    payload: u16,
    consumed: [u16; 2],
    way: Path,
    events: Vec<Event>,
}

#[derive(Arbitrary, Debug)]
struct Policies {
    mss: u16,
    receive_buffer: u32,
    scaled: bool,
    timestamps: bool,
    msl: u16,
    challenge_limit: u8,
    challenge_period: u16,
    rfc5961: bool,
    reset_in_time_wait: bool,
}

#[derive(Arbitrary, Debug)]
enum Path {
    FinWait2,
    FinWait1,
    Closing,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Number {
    Any(u32),
    SndNxt(i8),
    /// The oldest that RFC 5961 allows, SND.NXT - MAX.SND.WND.
    Oldest(i8),
    Irs(i8),
    RcvNxt(i8),
    RcvEdge(i8),
}

#[derive(Arbitrary, Debug)]
struct Shape {
    seq: Number,
    ack: Number,
    bits: Bits,
    payload: Payload,
    time: Option<Result<i8, u32>>,
}

#[derive(Arbitrary, Debug)]
enum Event {
    Segment(Shape),
    Reopens(Shape),
    Millis(u32),
    /// The deadline, so many milliseconds before or after it.
    ToDeadline(i8),
    Timeout,
    Poll,
    Drain,
}

/// The peer's TSval.
const TIME: u32 = 3_000_000_000;
const MOST_EVENTS: usize = 100;

impl Input {
    pub fn run(self) {
        let life = self.life();
        let (connection, now) = life.reach();
        let Some(time_wait) = connection.time_wait() else {
            return assert_ne!(connection.state(), State::TimeWait);
        };
        let edge = edge_of_next_ack(&connection, now);
        let latest = now + Duration::from_secs(4 * 3_600);
        let mut twins = Twins { life, connection, time_wait, now, latest, edge };
        for event in self.events.into_iter().take(MOST_EVENTS) {
            twins.happens(event);
        }
    }

    /// Whole milliseconds: those of a `TimeWait` are.
    fn life(&self) -> Life {
        let policies = &self.policies;
        let config = Config {
            mss: policies.mss.max(1),
            receive_buffer: policies.receive_buffer,
            window_scale: policies.scaled.then_some(0),
            timestamps: policies.timestamps,
            msl: Duration::from_millis(u64::from(policies.msl).max(1)),
            challenge_limit: policies.challenge_limit,
            // A longer one may end after 65 seconds.
            challenge_period: Duration::from_millis((policies.challenge_period % 60_001).into()),
            rfc5961: policies.rfc5961,
            reset_in_time_wait: policies.reset_in_time_wait,
            ..Config::DEFAULT
        };
        Life {
            config,
            opened: Instant::from_micros((self.opened >> 11) / 1_000 * 1_000),
            isn_offset: self.isn_offset,
            irs: self.irs,
            peer_window: self.peer_window.max(1),
            peer_scale: self.peer_scale,
            peer_time: self.peer_times.then_some(TIME),
            payload: self.payload,
            consumed: self.consumed[0],
            consumed_late: self.consumed[1],
            way: match self.way {
                Path::FinWait2 => Way::FinWait2,
                Path::FinWait1 => Way::FinWait1,
                Path::Closing => Way::Closing,
            },
        }
    }
}

/// The two, and the moment.
struct Twins {
    life: Life,
    connection: Connection,
    time_wait: TimeWait,
    now: Instant,
    /// Beyond four and a half hours a `TimeWait` that nobody has told of its deadline loses count.
    latest: Instant,
    /// RCV.NXT+RCV.WND as the next ACK has it.
    edge: SeqNumber,
}

impl Twins {
    fn happens(&mut self, event: Event) {
        let (now, config) = (self.now, self.life.config);
        match event {
            Event::Segment(shape) => {
                let segment = shape.of(&self.life, &self.connection);
                if self.is_decidable(&segment) {
                    let took = self.connection.segment_arrives(&segment, now);
                    assert_eq!(self.time_wait.segment_arrives(&segment, now, &config), took, "{segment}");
                }
            }
            Event::Reopens(shape) => {
                let syn = shape.of(&self.life, &self.connection);
                let offset = self.time_wait.reopens(&syn, self.life.isn_offset, now, &config);
                assert_eq!(offset, self.connection.reopens(&syn, now), "{syn}");
            }
            Event::Millis(millis) => self.now = (now + Duration::from_millis(millis.into())).min(self.latest),
            Event::ToDeadline(millis) => {
                if let Some(deadline) = self.connection.deadline() {
                    let micros = deadline.as_micros().saturating_add_signed(i64::from(millis) * 1_000);
                    self.now = now.max(Instant::from_micros(micros)).min(self.latest);
                }
            }
            Event::Timeout => {
                self.connection.timeout(now);
                self.time_wait.timeout(now, &config);
            }
            Event::Poll => drop(self.poll()),
            Event::Drain => while !matches!(self.poll(), Output::Wait(_)) {},
        }
        assert_eq!(self.time_wait.state(), self.connection.state());
        assert_eq!(self.time_wait.deadline(&config), self.connection.deadline());
    }

    fn poll(&mut self) -> Output {
        let mut expected = self.connection.poll(self.now);
        // What arrives in CLOSED is answered by the caller.
        while self.connection.state() == State::Closed && matches!(expected, Output::Transmit(_)) {
            expected = self.connection.poll(self.now);
        }
        assert_eq!(self.time_wait.poll(self.now, &self.life.config), expected);
        expected
    }

    /// What is not promised: a segment between the right edge that the peer was told and the next one, and a SYN that is
    /// like that of this life in the lower half of its number.
    fn is_decidable(&self, segment: &Segment) -> bool {
        let status = self.connection.status();
        let (Some(nxt), Some(wnd)) = (status.rcv_nxt, status.rcv_wnd) else { return true };
        let (told, next) = (wnd, self.edge - nxt);
        let between = told.min(next).saturating_sub(1)..told.max(next).saturating_add(1);
        let behind = segment.seq() + segment.len();
        let in_doubt = |seq: SeqNumber| told != next && between.contains(&(seq - nxt));
        let alike = segment.seq().0 as u16 == self.life.irs as u16 && segment.seq().0 != self.life.irs;
        let numbers = [segment.seq(), segment.seq() + 1, behind, SeqNumber(behind.0.wrapping_sub(1))];
        !(numbers.into_iter().any(in_doubt) || alike && segment.control().contains(Control::SYN))
    }
}

/// Told by an ACK to a twin that nobody else knows.
fn edge_of_next_ack(connection: &Connection, now: Instant) -> SeqNumber {
    let mut twin = connection.clone();
    let status = twin.status();
    let (Some(nxt), Some(scale)) = (status.rcv_nxt, status.rcv_scale) else { return SeqNumber(0) };
    let fin =
        Segment::new(SeqNumber(nxt.0.wrapping_sub(1)), status.snd_nxt.unwrap_or_default(), Control::FIN | Control::ACK)
            .with_options(Options::NONE.with_timestamps(TIME, 0));
    _ = twin.segment_arrives(&fin, now);
    nxt + drain(&mut twin, now).first().map_or(0, |ack| u32::from(ack.window()) << scale)
}

impl Shape {
    fn of(&self, life: &Life, connection: &Connection) -> Segment {
        let options = match self.time {
            None => Options::NONE,
            Some(Ok(near)) => Options::NONE.with_timestamps(TIME.wrapping_add_signed(near.into()), 1),
            Some(Err(any)) => Options::NONE.with_timestamps(any, 1),
        };
        let number = |number: Number| number.of(life, connection);
        Segment::new(number(self.seq), number(self.ack), self.bits.control())
            .with_payload(self.payload.bytes())
            .with_window(1)
            .with_options(options)
    }
}

impl Number {
    fn of(self, life: &Life, connection: &Connection) -> SeqNumber {
        let status = connection.status();
        let (snd_nxt, rcv_nxt) = (status.snd_nxt.unwrap_or_default(), status.rcv_nxt.unwrap_or_default());
        let most =
            (u32::from(life.peer_window) << status.snd_scale.unwrap_or(0)).max(u32::from(status.peer_mss.unwrap_or(0)));
        let (from, delta) = match self {
            Number::Any(number) => return SeqNumber(number),
            Number::SndNxt(delta) => (snd_nxt, delta),
            Number::Oldest(delta) => (SeqNumber(snd_nxt.0.wrapping_sub(most)), delta),
            Number::Irs(delta) => (SeqNumber(life.irs), delta),
            Number::RcvNxt(delta) => (rcv_nxt, delta),
            Number::RcvEdge(delta) => (rcv_nxt + status.rcv_wnd.unwrap_or(0), delta),
        };
        SeqNumber(from.0.wrapping_add_signed(delta.into()))
    }
}
