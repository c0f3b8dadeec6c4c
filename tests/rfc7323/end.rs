//! One end whose segments are compared in their printed form, so that an unexpected option fails too.

use core::ops::Range;
use core::time::Duration;

use tcp_lifecycle::{Config, Connection, Instant, Open, Output, Refusal, Segment, Transmit};

pub(crate) struct End {
    pub(crate) connection: Connection,
    now: Instant,
}

impl End {
    /// An end with ISS 99.
    pub(crate) fn new(config: &Config) -> End {
        End { connection: Connection::new(config, 99), now: Instant::ZERO }
    }

    /// An end in ESTABLISHED after an active open that was answered with this SYN,ACK.
    #[track_caller]
    pub(crate) fn established(config: &Config, syn_ack: &str) -> End {
        let mut end = End::new(config);
        end.open(Open::Active);
        end.arrives(syn_ack);
        end
    }

    /// Calls OPEN; returns the segments that are sent.
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

    /// Hands in a segment that is not refused; returns the segments that are sent.
    #[track_caller]
    pub(crate) fn arrives(&mut self, segment: &str) -> String {
        self.hand_in(&parsed(segment)).expect("it is not refused");
        self.segments()
    }

    /// Hands in a segment that is refused; returns the refusal and the segments that are sent.
    #[track_caller]
    pub(crate) fn refuses(&mut self, segment: &str) -> (Refusal, String) {
        let refusal = self.hand_in(&parsed(segment)).expect_err("it is refused");
        (refusal, self.segments())
    }

    pub(crate) fn hand_in(&mut self, segment: &Segment) -> Result<Range<usize>, Refusal> {
        self.connection.segment_arrives(segment, self.now)
    }

    /// Lets time pass without a timeout.
    pub(crate) fn wait(&mut self, time: Duration) {
        self.now = self.now + time;
    }

    /// The segments that are due, printed with a space between.
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
