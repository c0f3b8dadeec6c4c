//! One end under a script: what happens to it, what it puts out, and what of that no line has told of yet.

use core::ops::Range;
use core::time::Duration;
use std::boxed::Box;
use std::collections::VecDeque;
use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use super::after;
use super::difference::{Difference, check_outcome, check_payload, describe, is_transition};
use super::given;
use super::glue::Glue;
use super::line::{Call, Line, Outcome, Pattern};
use super::policy;
use super::variable::{self, Variable};
use crate::config::Config;
use crate::error::{CallError, Refusal};
use crate::icmp::IcmpError;
use crate::poll::Output;
use crate::segment::Segment;
use crate::seq::SeqNumber;
use crate::state::{State, Transition};
use crate::time::Instant;

/// A connection with what is around it, and the strict reader of what it puts out.
pub(super) struct Player<'m, G> {
    pub(super) glue: G,
    /// Makes it afresh.
    make: Box<dyn FnMut(&Config) -> G + 'm>,
    pub(super) config: Config,
    pub(super) now: Instant,
    /// The next initial sequence number, whenever it is chosen.
    pub(super) iss: u32,
    /// SND.NXT and RCV.NXT of a state that is given without them.
    pub(super) given: (u32, u32),
    /// The window of segments that do not write one: what the peer said last.
    pub(super) peer_window: u16,
    /// What was put out and no line has told of.
    put_out: VecDeque<Output>,
    /// How the state change of this event is being told.
    told: Told,
    /// Nothing has happened yet: a state that is written is given, not compared.
    fresh: bool,
    /// All that happened, a line each.
    pub(super) log: Vec<String>,
}

/// How the transitions of an event are told: by the state that they lead to, or one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Not,
    ByState,
    OneByOne,
}

/// More outputs than this of one event, beside a segment for each byte queued, are a connection that never waits.
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
            put_out: VecDeque::new(),
            told: Told::Not,
            fresh: true,
            log: Vec::new(),
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

    /// All that was put out has been told of: the next event may come.
    pub(super) fn settle(&mut self) -> Result<(), Difference> {
        self.fresh = false;
        let told = core::mem::replace(&mut self.told, Told::Not);
        if let Some(output) = self.put_out.iter().find(|output| told == Told::OneByOne || !is_transition(output)) {
            return Err(Difference::new("nothing more", describe(output)));
        }
        match (told, self.put_out.drain(..).next_back()) {
            (Told::Not, Some(Output::Transition(transition))) => {
                Err(Difference::new(format!("a line that tells the new state, {}", transition.to), "no such line"))
            }
            (_, _) => Ok(()),
        }
    }

    fn call(&mut self, call: &Call, error: Option<&str>, drain: bool) -> Result<(), Difference> {
        self.settle()?;
        self.choose_iss();
        self.note(call);
        let came = self.make_call(call);
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

    fn make_call(&mut self, call: &Call) -> Result<(), CallError> {
        let now = self.now;
        match call {
            Call::Open(open) => self.glue.open(*open, now)?,
            Call::Send(bytes) => self.glue.send(*bytes, now)?,
            Call::SendUrgent(bytes) => self.glue.send_urgent(*bytes, now)?,
            Call::Receive(bytes) => self.glue.receive(*bytes)?,
            Call::Close => self.glue.close(now)?,
            Call::Abort => self.glue.abort()?,
            Call::Limit(bytes) => self.glue.connection().limit(*bytes),
            Call::Retransmit(range) => self.glue.connection().retransmit(range.clone())?,
            Call::CongestionExperienced => self.glue.connection().congestion_experienced(),
            Call::CongestionWindowReduced => self.glue.connection().congestion_window_reduced(),
            Call::Configure(settings) => {
                policy::apply(settings, &mut self.config);
                self.glue.connection().configure(&self.config);
            }
            Call::Crash => self.glue = (self.make)(&self.config),
        }
        Ok(())
    }

    /// Hands in a segment of the peer.
    pub(super) fn arrives(&mut self, segment: &Segment, outcome: &Outcome, drain: bool) -> Result<(), Difference> {
        self.settle()?;
        self.choose_iss();
        self.peer_window = segment.window();
        self.note(format_args!("<-- {segment}"));
        let came = self.glue.segment_arrives(segment, self.now);
        self.becomes(segment.payload_len(), outcome, &came, drain)
    }

    fn icmp(&mut self, error: IcmpError, quoted: u32, outcome: &Outcome, drain: bool) -> Result<(), Difference> {
        self.settle()?;
        self.note(format_args!("icmp {error:?} {quoted}"));
        let came = self.glue.icmp(error, SeqNumber(quoted)).map(|()| 0..0);
        self.becomes(0, outcome, &came, drain)
    }

    /// What has arrived was taken, or refused, as it is written.
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

    /// Time passes. What a timer puts out must come at its end.
    fn pass(&mut self, length: Duration) -> Result<(), Difference> {
        self.settle()?;
        let (start, end) = (self.now, after(self.now, length));
        while let Some(deadline) = self.glue.next_timeout().filter(|deadline| *deadline <= end) {
            self.now = self.now.max(deadline);
            self.choose_iss();
            self.glue.timeout(self.now);
            self.drain()?;
            if let Some(output) = self.put_out.front().filter(|_| self.now < end) {
                let since = self.now.saturating_duration_since(start);
                return Err(Difference::new(
                    "nothing before the end",
                    format!("after {since:?}: {}", describe(output)),
                ));
            }
            if self.glue.next_timeout().is_some_and(|next| next <= self.now) {
                return Err(Difference::new("a deadline that moves on", format!("timeouts for ever at {}", self.now)));
            }
        }
        self.now = end;
        // Before the deadline it does nothing.
        self.glue.timeout(self.now);
        self.drain()
    }

    fn drain_if(&mut self, drain: bool) -> Result<(), Difference> {
        if drain { self.drain() } else { Ok(()) }
    }

    /// Polls until `Wait`, the rule of the contract.
    pub(super) fn drain(&mut self) -> Result<(), Difference> {
        let status = self.glue.connection().status();
        let queued = status.unsent.saturating_add(status.in_flight) as usize;
        for _ in 0..MOST_OUTPUTS.saturating_add(queued) {
            let output = self.glue.poll(self.now);
            match &output {
                Output::Wait(wait) => {
                    let deadline = self.glue.next_timeout();
                    let said = || format!("{wait:?} of Wait, {deadline:?} of deadline()");
                    return if *wait == deadline { Ok(()) } else { Err(Difference::new("one deadline", said())) };
                }
                Output::Transmit(transmit) => {
                    check_payload(transmit)?;
                    self.note(describe(&output));
                }
                Output::Transition(_) | Output::Signal(_) => self.note(describe(&output)),
            }
            self.put_out.push_back(output);
        }
        Err(Difference::new("Wait", "outputs without end"))
    }

    /// The initial sequence number is `iss`, whatever the clock says.
    fn choose_iss(&mut self) {
        let clock = (self.now.as_micros() / 4) as u32;
        self.glue.connection().set_isn_offset(self.iss.wrapping_sub(clock));
    }

    /// The next segment that was put out, which must be this one.
    pub(super) fn expect_segment(
        &mut self,
        pattern: &Pattern,
        bytes: Option<&Range<usize>>,
    ) -> Result<Segment, Difference> {
        let expected = || format!("--> {pattern}{}", bytes.map(|b| format!(" bytes {b:?}")).unwrap_or_default());
        match self.next_output(expected())? {
            Output::Transmit(transmit)
                if pattern.matches(&transmit.segment) && bytes.is_none_or(|bytes| *bytes == transmit.payload) =>
            {
                Ok(transmit.segment)
            }
            other @ (Output::Transmit(_) | Output::Signal(_) | Output::Transition(_) | Output::Wait(_)) => {
                Err(Difference::new(expected(), describe(&other)))
            }
        }
    }

    fn expect_signal(&mut self, signal: &str) -> Result<(), Difference> {
        let expected = format!("signal: {signal}");
        let output = self.next_output(&expected)?;
        let came = describe(&output);
        if came == expected { Ok(()) } else { Err(Difference::new(expected, came)) }
    }

    /// The next output that is not a transition; those before it are told by the state that they lead to.
    fn next_output(&mut self, expected: impl ToString) -> Result<Output, Difference> {
        let next = self.put_out.iter().position(|output| !is_transition(output));
        match next.and_then(|next| self.put_out.remove(next)) {
            Some(output) => Ok(output),
            None => Err(Difference::new(expected, "nothing")),
        }
    }

    fn expect_transition(&mut self, transition: Transition) -> Result<(), Difference> {
        self.told = Told::OneByOne;
        match self.put_out.pop_front() {
            Some(Output::Transition(came)) if came == transition => Ok(()),
            Some(other) => Err(Difference::new(transition, describe(&other))),
            None => Err(Difference::new(transition, "nothing")),
        }
    }

    pub(super) fn expect_state(&mut self, state: State, variables: &[Variable]) -> Result<(), Difference> {
        if self.fresh && state != State::Closed {
            given::reach(self, state, variables)?;
            self.put_out.clear();
            self.log.clear();
            self.note(format_args!("{state} is given"));
        }
        self.fresh = false;
        if self.told == Told::Not {
            self.told = Told::ByState;
        }
        let came = self.glue.connection().state();
        if came != state {
            return Err(Difference::new(state, came));
        }
        for variable in variables {
            let value = variable::look_up(&variable.name, self.glue.connection(), self.now);
            if value != Some(variable.value) {
                let came = value.map(|value| Variable { name: variable.name.clone(), value });
                return Err(Difference::new(variable, came.map_or("no such variable".to_string(), |v| v.to_string())));
            }
        }
        Ok(())
    }

    fn note(&mut self, what: impl ToString) {
        self.log.push(format!("{:>10}  {}", self.now.to_string(), what.to_string()));
    }
}
