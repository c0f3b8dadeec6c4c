//! One end whose segments are compared as they print, so that an option that must not be there fails too.

use core::ops::Range;
use core::time::Duration;

use tcp_lifecycle::{Config, Connection, Instant, Open, Output, Refusal, Segment, Transmit};

pub(crate) struct End {
    pub(crate) connection: Connection,
    now: Instant,
}

impl End {
    /// With 99 for its ISS.
    pub(crate) fn new(config: &Config) -> End {
        End { connection: Connection::new(config, 99), now: Instant::ZERO }
    }

    /// In ESTABLISHED after an active open that was answered with this.
    #[track_caller]
    pub(crate) fn established(config: &Config, syn_ack: &str) -> End {
        let mut end = End::new(config);
        end.open(Open::Active);
        end.arrives(syn_ack);
        end
    }

    /// OPEN, and the segments that come of it.
    #[track_caller]
    pub(crate) fn open(&mut self, open: Open) -> String {
        self.connection.open(open, self.now).expect("OPEN");
        self.segments()
    }

    #[track_caller]
    pub(crate) fn send(&mut self, bytes: usize) -> String {
        self.connection.send(bytes, self.now).expect("SEND");
        self.segments()
    }

    #[track_caller]
    pub(crate) fn receive(&mut self, bytes: usize) -> Vec<Segment> {
        self.connection.receive(bytes).expect("RECEIVE");
        self.drain()
    }

    #[track_caller]
    pub(crate) fn close(&mut self) -> String {
        self.connection.close(self.now).expect("CLOSE");
        self.segments()
    }

    #[track_caller]
    pub(crate) fn abort(&mut self) -> String {
        self.connection.abort().expect("ABORT");
        self.segments()
    }

    /// A segment that is not refused, and the segments that come of it.
    #[track_caller]
    pub(crate) fn arrives(&mut self, segment: &str) -> String {
        self.hand_in(&parsed(segment)).expect("it is not refused");
        self.segments()
    }

    /// A segment that is refused, and the segments that come of it.
    #[track_caller]
    pub(crate) fn refuses(&mut self, segment: &str) -> (Refusal, String) {
        let refusal = self.hand_in(&parsed(segment)).expect_err("it is refused");
        (refusal, self.segments())
    }

    pub(crate) fn hand_in(&mut self, segment: &Segment) -> Result<Range<usize>, Refusal> {
        self.connection.segment_arrives(segment, self.now)
    }

    /// Time passes without a timeout.
    pub(crate) fn wait(&mut self, time: Duration) {
        self.now = self.now + time;
    }

    /// The segments that are due, as they print, with a space between.
    pub(crate) fn segments(&mut self) -> String {
        self.drain().iter().map(Segment::to_string).collect::<Vec<_>>().join(" ")
    }

    pub(crate) fn drain(&mut self) -> Vec<Segment> {
        let mut segments = Vec::new();
        loop {
            match self.connection.poll(self.now) {
                Output::Transmit(Transmit { segment, .. }) => segments.push(segment),
                Output::Transition(_) | Output::Signal(_) => {}
                Output::Wait(_) => return segments,
            }
        }
    }
}

#[track_caller]
pub(crate) fn parsed(segment: &str) -> Segment {
    segment.parse().expect("a segment")
}
