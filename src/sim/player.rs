//! Plays a script against one end: hands in the events, and checks the outputs.

mod told;

use core::ops::Range;
use core::time::Duration;
use std::boxed::Box;
use std::collections::VecDeque;
use std::format;
use std::string::ToString;
use std::vec::Vec;

use super::after;
use super::bytes::{self, Bytes};
use super::difference::{Difference, check_outcome, check_payload, describe};
use super::excerpt::Excerpt;
use super::given::{Given, Step};
use super::glue::{Emitted, Glue};
use super::line::{Call, Line, Outcome};
use super::policy;
use super::variable::Variable;
use crate::{CallError, Config, IcmpError, Instant, Output, Refusal, Segment, SeqNumber, State, Transition, Transmit};

/// A program around a connection, and the strict check of its outputs against the lines of a script.
pub(super) struct Player<'m, G> {
    pub(super) glue: G,
    /// Makes a new program.
    make: Box<dyn FnMut(&Config) -> G + 'm>,
    pub(super) config: Config,
    pub(super) now: Instant,
    /// The next initial sequence number, whenever it is chosen.
    pub(super) iss: u32,
    /// The default SND.NXT and RCV.NXT of a script that begins with a state.
    given: (u32, u32),
    /// The window of the peer's last segment, for segments that do not write a window.
    pub(super) peer_window: u16,
    /// The state after the previous event.
    state: State,
    bytes: Bytes,
    /// The outputs that no line has listed yet.
    put_out: VecDeque<Output>,
    /// How the lines list the state change of this event.
    told: Told,
    /// Whether nothing has happened yet. A line with a state then sets the state, and is not compared.
    fresh: bool,
    /// Everything that happened, a line for each event.
    pub(super) log: Excerpt,
}

/// How the lines list the transitions of an event: by the state that they lead to, or one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Not,
    ByState,
    OneByOne,
}

/// The most outputs of one event, beside a segment for each queued byte. A connection with more never waits.
const MOST_OUTPUTS: usize = 100_000;

impl<'m, G: Glue> Player<'m, G> {
    pub(super) fn new(
        config: &Config,
        [iss, peers_iss]: [u32; 2],
        mut make: impl FnMut(&Config) -> G + 'm,
    ) -> Player<'m, G> {
        Player {
            glue: make(config),
            make: Box::new(make),
            config: *config,
            now: Instant::ZERO,
            iss,
            given: (iss, peers_iss),
            peer_window: u16::MAX,
            state: State::Closed,
            bytes: Bytes::default(),
            put_out: VecDeque::new(),
            told: Told::Not,
            fresh: true,
            log: Excerpt::default(),
        }
    }

    /// Carries out one line. `drain` is false when the next line is joined to this one.
    pub(super) fn play(&mut self, line: &Line, drain: bool) -> Result<(), Difference> {
        match line {
            Line::Config(_) if !self.fresh => {
                Err(Difference::new("policies before the first event, or configure", "an event before"))
            }
            Line::Config(settings) => {
                policy::apply(settings, &mut self.config);
                self.glue = (self.make)(&self.config);
                Ok(())
            }
            Line::Iss(iss) => {
                self.iss = *iss;
                Ok(())
            }
            Line::Call(call, error) => self.call(call, error.as_deref(), drain),
            Line::Arrives(pattern, outcome) => self.arrives(&pattern.with_window(self.peer_window), outcome, drain),
            Line::Icmp(error, quoted, outcome) => self.icmp(*error, *quoted, outcome, drain),
            Line::Sends(pattern, bytes) => self.expect_segment(pattern, bytes.as_ref()).map(|_| ()),
            Line::Signal(signal) => self.expect_signal(signal),
            Line::Transition(transition) => self.expect_transition(*transition),
            Line::State(state, variables) => self.expect_state(*state, variables),
            Line::Time(length) => self.pass(length.with(&self.config)),
        }
    }

    fn call(&mut self, call: &Call, error: Option<&str>, drain: bool) -> Result<(), Difference> {
        self.settle()?;
        self.prepare();
        self.note(call);
        let came = self.make_call(call)?;
        let differs = match (&came, error) {
            (Ok(()), None) => false,
            (Err(came), Some(error)) => came.to_string() != error,
            (Ok(()), Some(_)) | (Err(_), None) => true,
        };
        if differs {
            let expected = error.map_or("no error".to_string(), |error| format!("error: {error}"));
            return Err(Difference::new(
                expected,
                came.map_or_else(|e| format!("error: {e}"), |()| "no error".to_string()),
            ));
        }
        self.drain_if(drain)
    }

    fn make_call(&mut self, call: &Call) -> Result<Result<(), CallError>, Difference> {
        let now = self.now;
        let mut result = Ok(());
        match call {
            Call::Open(open) => {
                if self.glue.connection().state() == State::Closed {
                    self.bytes.forget();
                }
                result = self.glue.open(*open, now);
            }
            Call::Send(number) => {
                result = match self.bytes.next_sent(*number) {
                    Some(bytes) => self.glue.send_bytes(&bytes, now),
                    None => self.glue.send(*number, now),
                };
                self.bytes.sent(if result.is_ok() { *number } else { 0 });
            }
            Call::SendUrgent(number) => {
                result = match self.bytes.next_sent(*number) {
                    Some(bytes) => self.glue.send_urgent_bytes(&bytes, now),
                    None => self.glue.send_urgent(*number, now),
                };
                self.bytes.sent(if result.is_ok() { *number } else { 0 });
            }
            Call::Receive(number) => match self.glue.receive_bytes(*number) {
                Ok(bytes) => self.bytes.received(*number, bytes.as_deref())?,
                Err(error) => result = Err(error),
            },
            Call::Close => result = self.glue.close(now),
            Call::Detach => result = self.glue.detach(now),
            Call::Abort => result = self.glue.abort(),
            Call::AcknowledgeNow => self.glue.call(&mut |connection| connection.acknowledge_now()),
            Call::Limit(bytes) => self.glue.call(&mut |connection| connection.limit(*bytes)),
            Call::Retransmit(range) => {
                self.glue.call(&mut |connection| result = connection.retransmit(range.clone()));
            }
            Call::CongestionExperienced => self.glue.call(&mut |connection| connection.congestion_experienced()),
            Call::CongestionWindowReduced => self.glue.call(&mut |connection| connection.congestion_window_reduced()),
            Call::Configure(settings) => {
                policy::apply(settings, &mut self.config);
                let config = self.config;
                self.glue.call(&mut |connection| connection.configure(&config));
            }
            Call::Crash => {
                self.glue = (self.make)(&self.config);
                self.state = State::Closed;
            }
        }
        Ok(result)
    }

    /// Hands in a segment of the peer.
    pub(super) fn arrives(&mut self, segment: &Segment, outcome: &Outcome, drain: bool) -> Result<(), Difference> {
        self.settle()?;
        self.prepare();
        self.peer_window = segment.window();
        self.note(format_args!("<-- {segment}"));
        let came = self.glue.payload_arrives(segment, &bytes::payload(segment), self.now);
        self.becomes(segment.payload_len(), outcome, &came, drain)
    }

    fn icmp(&mut self, error: IcmpError, quoted: u32, outcome: &Outcome, drain: bool) -> Result<(), Difference> {
        self.settle()?;
        self.prepare();
        self.note(format_args!("icmp {error:?} {quoted}"));
        let came = self.glue.icmp(error, SeqNumber(quoted)).map(|()| 0..0);
        self.becomes(0, outcome, &came, drain)
    }

    /// Checks that the arrival was accepted or refused as the line says.
    fn becomes(
        &mut self,
        payload: u16,
        outcome: &Outcome,
        came: &Result<Range<usize>, Refusal>,
        drain: bool,
    ) -> Result<(), Difference> {
        if let Err(refusal) = came {
            self.note(format_args!("    refused: {refusal}"));
        }
        check_outcome(payload, outcome, came)?;
        self.drain_if(drain)
    }

    /// Lets time pass. Outputs of a timer must come at the end of this time.
    fn pass(&mut self, length: Duration) -> Result<(), Difference> {
        self.settle()?;
        let (start, end) = (self.now, after(self.now, length));
        while let Some(asked) = self.next_timeout(end)? {
            self.now = self.now.max(asked);
            self.prepare();
            self.glue.timeout(self.now);
            self.drain()?;
            if let Some(output) = self.put_out.front().filter(|_| self.now < end) {
                let since = self.now.saturating_duration_since(start);
                return Err(Difference::new(
                    "nothing before the end",
                    format!("after {since:?}: {}", describe(output)),
                ));
            }
            let deadlines = [self.glue.next_timeout(), self.glue.connection().deadline()];
            if let Some(late) = deadlines.into_iter().flatten().find(|next| *next <= self.now) {
                return Err(Difference::new(
                    "timeout() to move the deadline on",
                    format!("it is {late} at {}", self.now),
                ));
            }
        }
        self.now = end;
        Ok(())
    }

    /// Returns when the glue next asks for a timeout, if not after `end`. The glue must not miss a deadline of the
    /// connection.
    fn next_timeout(&mut self, end: Instant) -> Result<Option<Instant>, Difference> {
        let asked = self.glue.next_timeout();
        let deadline = self.glue.connection().deadline().filter(|deadline| *deadline <= end);
        match (deadline, asked) {
            (Some(deadline), None) => {
                Err(Difference::new(format!("timeout() at {deadline}, by next_timeout()"), "next_timeout() is none"))
            }
            (Some(deadline), Some(asked)) if asked > deadline => Err(Difference::new(
                format!("timeout() at {deadline}, by next_timeout()"),
                format!("next_timeout() is {asked}"),
            )),
            (Some(_) | None, asked) => Ok(asked.filter(|asked| *asked <= end)),
        }
    }

    fn drain_if(&mut self, drain: bool) -> Result<(), Difference> {
        if drain {
            return self.drain();
        }
        self.bytes.look(&self.glue.connection().status());
        Ok(())
    }

    /// Collects all outputs of the event.
    fn drain(&mut self) -> Result<(), Difference> {
        self.bytes.look(&self.glue.connection().status());
        match self.glue.emitted() {
            Some(emitted) => self.take(emitted)?,
            None => self.poll()?,
        }
        let status = self.glue.connection().status();
        self.state = status.state;
        self.bytes.look(&status);
        let left = self.glue.connection().clone().poll(self.now);
        if !matches!(left, Output::Wait(_)) {
            return Err(Difference::new("poll() until Wait", format!("left behind: {}", describe(&left))));
        }
        self.bytes.check_unread(&status)
    }

    /// Polls until `Wait`, as the contract demands.
    fn poll(&mut self) -> Result<(), Difference> {
        let status = self.glue.connection().status();
        let queued = status.unsent.saturating_add(status.in_flight) as usize;
        for _ in 0..MOST_OUTPUTS.saturating_add(queued) {
            let output = self.glue.poll(self.now);
            match &output {
                Output::Wait(wait) => {
                    let deadline = self.glue.next_timeout();
                    let said = || format!("{wait:?} of Wait, {deadline:?} of next_timeout()");
                    return if *wait == deadline { Ok(()) } else { Err(Difference::new("one deadline", said())) };
                }
                Output::Transmit(transmit) => {
                    self.note(describe(&output));
                    check_payload(transmit)?;
                    self.check_bytes(transmit)?;
                }
                Output::Transition(_) | Output::Signal(_) => self.note(describe(&output)),
            }
            self.put_out.push_back(output);
        }
        Err(Difference::new("Wait", "outputs without end"))
    }

    fn check_bytes(&mut self, transmit: &Transmit) -> Result<(), Difference> {
        if transmit.payload.is_empty() {
            return Ok(());
        }
        let Some(bytes) = self.glue.payload(transmit.payload.clone()) else { return Ok(()) };
        let status = self.glue.connection().status();
        self.bytes.check_sent(&transmit.segment, &bytes, &status)
    }

    /// Takes the outputs of a glue that has polled by itself. Of its transitions only the last state is known.
    fn take(&mut self, emitted: Vec<Emitted>) -> Result<(), Difference> {
        let status = self.glue.connection().status();
        let transition = Transition { from: self.state, to: status.state };
        if transition.from != transition.to {
            self.note(transition);
            self.put_out.push_back(Output::Transition(transition));
        }
        for emitted in emitted {
            let output = match &emitted {
                Emitted::Signal(signal) => Output::Signal(*signal),
                Emitted::Segment(segment, _) => {
                    Output::Transmit(Transmit { segment: *segment, payload: bytes::range(segment, &status) })
                }
            };
            self.note(describe(&output));
            if let Emitted::Segment(segment, bytes) = &emitted {
                self.bytes.check_sent(segment, bytes, &status)?;
            }
            self.put_out.push_back(output);
        }
        Ok(())
    }

    /// Brings a new connection to a state.
    fn reach(&mut self, state: State, variables: &[Variable]) -> Result<(), Difference> {
        let given = Given::new(state, variables, self.given);
        self.peer_window = given.window;
        self.glue.clock(self.now);
        self.glue.connection().set_isn_offset(given.iss);
        let unreachable = |why: &dyn ToString| Difference::new("a state that can be reached", why.to_string());
        for step in given.steps {
            match step {
                Step::Open(open) => self.glue.open(open, self.now).map_err(|error| unreachable(&error))?,
                Step::Close => self.glue.close(self.now).map_err(|error| unreachable(&error))?,
                Step::Arrives(segment) => {
                    let arrived = self.glue.payload_arrives(&segment, &[], self.now);
                    arrived.map(|_| ()).map_err(|refusal| unreachable(&refusal))?;
                }
            }
            self.drain()?;
        }
        self.put_out.clear();
        self.log = Excerpt::default();
        Ok(())
    }

    /// Prepares an event. Sets the clock, and the ISN offset by which the initial sequence number is `iss` at this
    /// time.
    fn prepare(&mut self) {
        self.glue.clock(self.now);
        let clock = (self.now.as_micros() / 4) as u32;
        self.glue.connection().set_isn_offset(self.iss.wrapping_sub(clock));
    }

    fn note(&mut self, what: impl ToString) {
        self.log.push(format!("{:>10}  {}", self.now.to_string(), what.to_string()));
    }
}
