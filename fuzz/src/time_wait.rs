//! A connection in TIME-WAIT and its `TimeWait` through the same events, as the tests have it.

use core::time::Duration;

use arbitrary::Arbitrary;
use tcp_lifecycle::{Config, Instant};

use crate::reach::{Life, Way};
use crate::shapes::{Bits, Payload};
use crate::twins::{self, TIME, Twins};

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
    shrinks_by: u16,
    events: Vec<Event>,
}

#[derive(Arbitrary, Debug)]
struct Policies {
    mss: u16,
    receive_buffer: u32,
    scaled: bool,
    timestamps: bool,
    tolerant: bool,
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
    ToDeadline(i8),
    Timeout,
    Poll,
    Drain,
}

const MOST_EVENTS: usize = 100;

impl Input {
    pub fn run(self) {
        let Some(mut twins) = Twins::new(self.life(), &[]) else { return };
        for event in self.events.into_iter().take(MOST_EVENTS) {
            twins.happens(event.as_it_is());
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
            tolerate_missing_timestamps: policies.tolerant,
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
            opened: Instant::from_micros((self.opened >> 13) / 1_000 * 1_000),
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
            former_buffer: policies.receive_buffer.saturating_add(self.shrinks_by.into()),
        }
    }
}

impl Number {
    fn as_it_is(self) -> twins::Number {
        match self {
            Number::Any(number) => twins::Number::Any(number),
            Number::SndNxt(delta) => twins::Number::SndNxt(delta.into()),
            Number::Oldest(delta) => twins::Number::Oldest(delta.into()),
            Number::Irs(delta) => twins::Number::Irs(delta.into()),
            Number::RcvNxt(delta) => twins::Number::RcvNxt(delta.into()),
            Number::RcvEdge(delta) => twins::Number::RcvEdge(delta.into()),
        }
    }
}

impl Shape {
    fn as_it_is(&self) -> twins::Shape {
        twins::Shape {
            seq: self.seq.as_it_is(),
            ack: self.ack.as_it_is(),
            control: self.bits.control(),
            payload: self.payload.bytes(),
            time: self.time.map(|time| time.map(i32::from)),
        }
    }
}

impl Event {
    fn as_it_is(&self) -> twins::Event {
        match self {
            Event::Segment(shape) => twins::Event::Segment(shape.as_it_is()),
            Event::Reopens(shape) => twins::Event::Reopens(shape.as_it_is()),
            Event::Millis(millis) => twins::Event::Passes(Duration::from_millis((*millis).into()), 0),
            Event::ToDeadline(millis) => twins::Event::ToDeadline((*millis).into()),
            Event::Timeout => twins::Event::Timeout,
            Event::Poll => twins::Event::Poll,
            Event::Drain => twins::Event::Drain,
        }
    }
}
