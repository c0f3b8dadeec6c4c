//! A connection and its `TimeWait` in parallel through the same events: the outputs are equal, except for the
//! documented differences.

use core::mem;
use core::time::Duration;

use tcp_lifecycle::{Connection, Control, Instant, Options, Output, Segment, SeqNumber, State, TimeWait};

use crate::reach::{Life, drain};

#[derive(Clone, Copy, Debug)]
pub(crate) enum Number {
    Any(u32),
    SndNxt(i32),
    /// Relative to the oldest that RFC 5961 allows, SND.NXT - MAX.SND.WND.
    Oldest(i32),
    Irs(i32),
    RcvNxt(i32),
    RcvEdge(i32),
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) seq: Number,
    pub(crate) ack: Number,
    pub(crate) control: Control,
    pub(crate) payload: u16,
    /// TSval, relative to the peer's, or absolute.
    pub(crate) time: Option<Result<i32, u32>>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Event {
    Segment(Shape),
    Reopens(Shape),
    /// Time advances by this much; in the next event alone it seems to be this many milliseconds earlier.
    Passes(Duration, u32),
    /// Time advances to the deadline, with this difference.
    ToDeadline(i32),
    Timeout,
    Poll,
    Drain,
}

/// The two, and the present time.
pub(crate) struct Twins {
    life: Life,
    connection: Connection,
    time_wait: TimeWait,
    now: Instant,
    back: Duration,
    /// Without an event for four and a half hours, a `TimeWait` loses track of its deadline.
    latest: Instant,
    /// RCV.NXT+RCV.WND as in the next ACK.
    edge: SeqNumber,
}

impl Twins {
    /// Makes the twins of a life. `before` happens to the connection alone. `None` if it does not reach TIME-WAIT.
    pub(crate) fn new(life: Life, before: &[Event]) -> Option<Twins> {
        let (mut connection, mut now) = life.reach();
        for event in before {
            match event {
                Event::Segment(shape) => {
                    let segment = shape.of(&life, &connection);
                    _ = connection.segment_arrives(&segment, now);
                    drain(&mut connection, now);
                }
                Event::Passes(duration, _) => now = now + *duration,
                Event::Reopens(_) | Event::ToDeadline(_) | Event::Timeout | Event::Poll | Event::Drain => {}
            }
        }
        let time_wait = connection.time_wait();
        assert_eq!(time_wait.is_some(), connection.state() == State::TimeWait);
        let edge = edge_of_next_ack(&connection, now);
        let latest = now + Duration::from_secs(4 * 3_600);
        Some(Twins { life, connection, time_wait: time_wait?, now, back: Duration::ZERO, latest, edge })
    }

    pub(crate) fn happens(&mut self, event: Event) {
        let back = mem::take(&mut self.back);
        let now = Instant::ZERO + self.now.saturating_duration_since(Instant::ZERO + back);
        let config = self.life.config;
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
                let before = self.time_wait.clone();
                let offset = self.time_wait.reopens(&syn, self.life.isn_offset, now, &config);
                assert!(offset == self.connection.reopens(&syn, now) || self.is_alike(&syn), "{syn}: {offset:?}");
                assert_eq!(self.time_wait, before);
            }
            Event::Passes(duration, back) => {
                self.now = (self.now + duration).min(self.latest);
                self.back = Duration::from_millis(u64::from(back));
            }
            Event::ToDeadline(millis) => self.go_to_deadline(millis),
            Event::Timeout => {
                self.connection.timeout(now);
                self.time_wait.timeout(now, &config);
            }
            Event::Poll => {
                self.poll(now);
            }
            Event::Drain => {
                while !matches!(self.poll(now), Output::Wait(_)) {}
                let before = self.time_wait.clone();
                self.poll(now);
                assert_eq!(self.time_wait, before, "nothing is left to change");
            }
        }
        assert_eq!(self.time_wait.state(), self.connection.state());
        assert_eq!(self.time_wait.deadline(&config), self.connection.deadline());
    }

    fn poll(&mut self, now: Instant) -> Output {
        let mut expected = self.connection.poll(now);
        // The caller answers a segment that arrives in CLOSED.
        while self.connection.state() == State::Closed && matches!(expected, Output::Transmit(_)) {
            expected = self.connection.poll(now);
        }
        assert_eq!(self.time_wait.poll(now, &self.life.config), expected);
        expected
    }

    fn go_to_deadline(&mut self, millis: i32) {
        let Some(deadline) = self.connection.deadline() else { return };
        let distance = Duration::from_millis(u64::from(millis.unsigned_abs()));
        let then = if millis < 0 {
            Instant::ZERO + deadline.saturating_duration_since(Instant::ZERO + distance)
        } else {
            deadline + distance
        };
        self.now = self.now.max(then).min(self.latest);
    }

    /// Excludes segments for which `TimeWait` gives no guarantee: a segment between the right edge that the peer was
    /// told and the next one, and a SYN that equals that of this incarnation in the lower half of its number.
    fn is_decidable(&self, segment: &Segment) -> bool {
        let status = self.connection.status();
        let (Some(nxt), Some(wnd)) = (status.rcv_nxt, status.rcv_wnd) else { return true };
        let (told, next) = (wnd, self.edge - nxt);
        let between = told.min(next).saturating_sub(1)..told.max(next).saturating_add(2);
        let behind = segment.seq() + segment.len();
        let in_doubt = |seq: SeqNumber| told != next && between.contains(&(seq - nxt));
        let numbers = [segment.seq(), segment.seq() + 1, behind, SeqNumber(behind.0.wrapping_sub(1))];
        !(numbers.into_iter().any(in_doubt) || self.is_alike(segment) || self.is_at_the_oldest(segment))
    }

    /// Whether the acknowledgment is nearly as old as MAX.SND.WND, of which a `TimeWait` keeps eight significant bits.
    fn is_at_the_oldest(&self, segment: &Segment) -> bool {
        let status = self.connection.status();
        let said = u64::from(self.life.peer_window) << status.snd_scale.unwrap_or(0);
        let windows = [said, u64::from(self.life.peer_window), u64::from(status.peer_mss.unwrap_or(0))];
        let age = segment.ack().zip(status.snd_una).map(|(ack, una)| u64::from(una - ack));
        windows.iter().any(|most| age.is_some_and(|age| age > *most && age <= most + (most >> 7)))
    }

    /// Whether it is a SYN with another number than that of this incarnation, but with the same lower half.
    fn is_alike(&self, segment: &Segment) -> bool {
        let alike = segment.seq().0 as u16 == self.life.irs as u16 && segment.seq().0 != self.life.irs;
        alike && segment.control().contains(Control::SYN)
    }
}

/// The edge in an ACK of a copy of the connection.
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

/// The peer's TSval.
pub(crate) const TIME: u32 = 3_000_000_000;

impl Shape {
    fn of(self, life: &Life, connection: &Connection) -> Segment {
        let options = match self.time {
            None => Options::NONE,
            Some(Ok(near)) => Options::NONE.with_timestamps(TIME.wrapping_add_signed(near), 1),
            Some(Err(any)) => Options::NONE.with_timestamps(any, 1),
        };
        let number = |number: Number| number.of(life, connection);
        Segment::new(number(self.seq), number(self.ack), self.control)
            .with_payload(self.payload)
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
        SeqNumber(from.0.wrapping_add_signed(delta))
    }
}
