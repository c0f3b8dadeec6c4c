//! Plays a script against one end: hands in the events, and checks the outputs.

mod arrival;
mod drain;
mod numbers;
mod put;
mod seen;
mod told;

use core::time::Duration;
use std::boxed::Box;
use std::collections::VecDeque;
use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use self::numbers::Numbers;
use self::put::Put;
use self::seen::Seen;
use super::after;
use super::bytes::{self, Bytes};
use super::difference::Difference;
use super::excerpt::Excerpt;
use super::given::{Given, Step};
use super::line::{Call, Line, Outcome};
use super::octets::{self, Octets};
use super::policy::{self, Setting};
use super::subject::{Arrival, Failure, Played, Subject, Tolerances, Unchecked, UserCall};
use super::variable::Variable;
use crate::{Config, IcmpError, Instant, Segment, SeqNumber, State};

/// A subject, and the strict check of its outputs against the lines of a script.
pub(super) struct Player<'m, S> {
    pub(super) subject: S,
    /// Makes a new subject.
    make: Box<dyn FnMut(&Config) -> S + 'm>,
    pub(super) config: Config,
    pub(super) now: Instant,
    /// The next initial sequence number, whenever it is chosen.
    pub(super) iss: u32,
    /// The default SND.NXT and RCV.NXT of a script that begins with a state.
    given: (u32, u32),
    /// The window of the peer's last segment, for segments that do not write a window.
    pub(super) peer_window: u16,
    tolerances: Tolerances,
    /// The numbers of the subject, if it chooses its initial sequence numbers itself.
    numbers: Numbers,
    /// The variables of a subject without a connection inside.
    seen: Seen,
    /// The state after the previous event, if the subject tells it.
    state: Option<State>,
    bytes: Bytes,
    /// The number of bytes that all calls of SEND asked to send.
    asked: usize,
    /// The outputs that no line has listed yet.
    put_out: VecDeque<Put>,
    /// How the lines list the state change of this event.
    told: Told,
    /// Whether nothing has happened yet. A line with a state then sets the state, and is not compared.
    fresh: bool,
    /// The number of the line that is played.
    pub(super) line: usize,
    unchecked: Vec<Unchecked>,
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

impl<'m, S: Subject> Player<'m, S> {
    pub(super) fn new(
        config: &Config,
        [iss, peers_iss]: [u32; 2],
        mut make: impl FnMut(&Config) -> S + 'm,
    ) -> Player<'m, S> {
        let subject = make(config);
        Player {
            tolerances: subject.tolerances(),
            subject,
            make: Box::new(make),
            config: *config,
            now: Instant::ZERO,
            iss,
            given: (iss, peers_iss),
            peer_window: u16::MAX,
            numbers: Numbers::default(),
            seen: Seen::default(),
            state: Some(State::Closed),
            bytes: Bytes::default(),
            asked: 0,
            put_out: VecDeque::new(),
            told: Told::Not,
            fresh: true,
            line: 0,
            unchecked: Vec::new(),
            log: Excerpt::default(),
        }
    }

    /// Returns the subject at the end of the script.
    pub(super) fn end(self) -> Played<S> {
        Played { subject: self.subject, unchecked: self.unchecked }
    }

    /// Carries out one line. `drain` is false when the next line is joined to this one.
    pub(super) fn play(&mut self, line: &Line, drain: bool) -> Result<(), Difference> {
        match line {
            Line::Config(settings) => self.configure(settings),
            Line::Iss(iss) => {
                self.iss = *iss;
                Ok(())
            }
            Line::Call(call, error) => self.call(call, error.as_deref(), drain),
            Line::Arrives(pattern, outcome) => {
                let segment = pattern.with_window(self.peer_window);
                let payload = pattern.payload().map_or_else(|| bytes::payload(&segment), <[u8]>::to_vec);
                self.arrives(&segment, &payload, outcome, drain)
            }
            Line::Icmp(error, quoted, outcome) => self.icmp(*error, *quoted, outcome, drain),
            Line::Sends(pattern, bytes) => self.expect_segment(pattern, bytes.as_ref()).map(|_| ()),
            Line::Signal(signal) => self.expect_signal(signal),
            Line::Transition(transition) => self.expect_transition(*transition),
            Line::State(state, variables) => self.expect_state(*state, variables),
            Line::Time(length) => self.pass(length.with(&self.config)),
        }
    }

    /// Makes a subject with other policies.
    fn configure(&mut self, settings: &[Setting]) -> Result<(), Difference> {
        if !self.fresh {
            return Err(Difference::new("policies before the first event, or configure", "an event before"));
        }
        self.apply(settings)?;
        self.subject = (self.make)(&self.config);
        Ok(())
    }

    fn apply(&mut self, settings: &[Setting]) -> Result<(), Difference> {
        for setting in settings {
            let before = self.config;
            policy::apply(core::slice::from_ref(setting), &mut self.config);
            if self.config != before && !self.subject.supports(setting.name(), setting.value()) {
                return Err(Difference::not_supported(format!("the policy {setting}")));
            }
        }
        Ok(())
    }

    fn call(&mut self, call: &Call, error: Option<&str>, drain: bool) -> Result<(), Difference> {
        self.settle()?;
        self.prepare();
        self.note(call);
        let came = match self.make_call(call)? {
            Ok(()) => None,
            Err(Failure::Error(error)) => Some(error.to_string()),
            Err(Failure::Other(_)) if error.is_some() => {
                self.unchecked("the error of the call");
                error.map(ToString::to_string)
            }
            Err(Failure::Other(error)) => Some(error),
            Err(Failure::NotSupported) => return Err(Difference::not_supported(format!("the call {call}"))),
        };
        if came.as_deref() != error {
            let shown = |error: Option<&str>| error.map_or("no error".to_string(), |error| format!("error: {error}"));
            return Err(Difference::new(shown(error), shown(came.as_deref())));
        }
        self.drain_if(drain)
    }

    /// The outer error is a fault of the subject, the inner one the error of the call.
    fn make_call(&mut self, call: &Call) -> Result<Result<(), Failure>, Difference> {
        let made = match call {
            Call::Open(open) => {
                if self.subject.tell_state().is_none_or(|state| state == State::Closed) {
                    self.bytes.forget();
                    self.seen = Seen::default();
                }
                self.user(UserCall::Open(*open))
            }
            Call::Send(octets) => return Ok(self.send(octets, |bytes| UserCall::Send(bytes), UserCall::SendMany)),
            Call::SendUrgent(octets) => {
                return Ok(self.send(octets, |bytes| UserCall::SendUrgent(bytes), UserCall::SendManyUrgent));
            }
            Call::Receive(octets) => self.receive(octets)?,
            Call::Close => self.user(UserCall::Close),
            Call::Detach => self.user(UserCall::Detach),
            Call::Abort => self.user(UserCall::Abort),
            Call::AcknowledgeNow => self.user(UserCall::AcknowledgeNow),
            Call::Limit(bytes) => self.user(UserCall::Limit(*bytes)),
            Call::Retransmit(range) => self.user(UserCall::Retransmit(range.clone())),
            Call::CongestionExperienced => self.user(UserCall::CongestionExperienced),
            Call::CongestionWindowReduced => self.user(UserCall::CongestionWindowReduced),
            Call::Configure(settings) => {
                self.apply(settings)?;
                let config = self.config;
                self.user(UserCall::Configure(&config))
            }
            Call::Crash => {
                self.subject = (self.make)(&self.config);
                (self.state, self.seen) = (Some(State::Closed), Seen::default());
                Ok(None)
            }
        };
        Ok(made.map(|_| ()))
    }

    fn user(&mut self, call: UserCall<'_>) -> Result<Option<Vec<u8>>, Failure> {
        self.subject.user_call(call, self.now)
    }

    /// `known` makes the call with the bytes, `many` the call with their number alone.
    fn send(
        &mut self,
        octets: &Octets,
        known: fn(&[u8]) -> UserCall<'_>,
        many: fn(usize) -> UserCall<'static>,
    ) -> Result<(), Failure> {
        let number = octets.len();
        let result = match (octets.text(), self.bytes.next_sent(number)) {
            (Some(text), _) => self.user(known(text)),
            (None, Some(bytes)) => self.user(known(&bytes)),
            (None, None) => self.user(many(number)),
        };
        match octets.text().filter(|_| result.is_ok()) {
            Some(text) => self.bytes.sent_text(text),
            None => self.bytes.sent(if result.is_ok() { number } else { 0 }),
        }
        self.asked = self.asked.saturating_add(number);
        result.map(|_| ())
    }

    fn receive(&mut self, octets: &Octets) -> Result<Result<Option<Vec<u8>>, Failure>, Difference> {
        let received = self.user(UserCall::Receive(octets.len()));
        if let Ok(bytes) = &received {
            let stream = self.bytes.next_received(octets.text().map_or(0, <[u8]>::len));
            self.bytes.received(octets.len(), bytes.as_deref())?;
            if octets.text().is_some_and(|text| text != stream) {
                return Err(Difference::new(
                    format!("receive {octets}"),
                    format!("receive {}", octets::quoted(&stream)),
                ));
            }
        }
        Ok(received)
    }

    /// Hands in a segment of the peer.
    pub(super) fn arrives(
        &mut self,
        segment: &Segment,
        payload: &[u8],
        outcome: &Outcome,
        drain: bool,
    ) -> Result<(), Difference> {
        self.settle()?;
        self.prepare();
        self.peer_window = segment.window();
        self.note(format_args!("<-- {segment}"));
        let came = self.hand_in(segment, payload);
        self.becomes(segment.payload_len(), outcome, &came, drain)
    }

    fn hand_in(&mut self, segment: &Segment, payload: &[u8]) -> Arrival {
        let own = if self.tolerances.own_iss { self.numbers.inbound(segment) } else { *segment };
        let came = self.subject.segment_in(&own, payload, self.now);
        self.seen.inbound(segment, &self.bytes);
        if !matches!(came, Arrival::Told(Err(_))) && payload != bytes::payload(segment) {
            self.bytes.hear(segment, payload);
        }
        came
    }

    fn icmp(&mut self, error: IcmpError, quoted: u32, outcome: &Outcome, drain: bool) -> Result<(), Difference> {
        self.settle()?;
        self.prepare();
        self.note(format_args!("icmp {error:?} {quoted}"));
        let own = if self.tolerances.own_iss { self.numbers.own(SeqNumber(quoted)) } else { SeqNumber(quoted) };
        match self.subject.icmp_in(error, own, self.now) {
            Some(came) => self.becomes(0, outcome, &came, drain),
            None => Err(Difference::not_supported("an ICMP error")),
        }
    }

    /// Checks that the arrival was accepted or refused as the line says.
    fn becomes(&mut self, payload: u16, outcome: &Outcome, came: &Arrival, drain: bool) -> Result<(), Difference> {
        if let Arrival::Told(Err(refusal)) = came {
            self.note(format_args!("    refused: {refusal}"));
        }
        if let Some(untold) = arrival::check(payload, outcome, came)? {
            self.unchecked(untold);
        }
        self.drain_if(drain)
    }

    /// Lets time pass. Outputs of a timer must come at the end of this time.
    fn pass(&mut self, length: Duration) -> Result<(), Difference> {
        self.settle()?;
        let (start, end) = (self.now, after(self.now, length));
        while let Some(asked) = self.next_timeout(end)? {
            self.now = self.now.max(asked);
            self.prepare();
            self.subject.wake(self.now);
            self.drain()?;
            if let Some(output) = self.put_out.front().filter(|_| self.now < end) {
                let since = self.now.saturating_duration_since(start);
                return Err(Difference::new(
                    "nothing before the end",
                    format!("after {since:?}: {}", output.describe()),
                ));
            }
            let deadlines = [self.subject.wakes_at(), self.deadline_inside()];
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

    /// Returns when the subject next asks for a timeout, if not after `end`. It must not miss a deadline of the
    /// connection inside.
    fn next_timeout(&mut self, end: Instant) -> Result<Option<Instant>, Difference> {
        let asked = self.subject.wakes_at();
        let deadline = self.deadline_inside().filter(|deadline| *deadline <= end);
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

    fn deadline_inside(&mut self) -> Option<Instant> {
        self.subject.connection_inside()?.deadline()
    }

    /// Brings a new subject to a state.
    fn reach(&mut self, state: State, variables: &[Variable]) -> Result<(), Difference> {
        let given = Given::new(state, variables, self.given);
        self.peer_window = given.window;
        let iss = core::mem::replace(&mut self.iss, given.iss);
        let unreachable = |why: &dyn ToString| Difference::new("a state that can be reached", why.to_string());
        for step in given.steps {
            self.prepare();
            let made = match step {
                Step::Open(open) => self.user(UserCall::Open(open)),
                Step::Close => self.user(UserCall::Close),
                Step::Arrives(segment) => match self.hand_in(&segment, &[]) {
                    Arrival::Told(Err(refusal)) => return Err(unreachable(&refusal)),
                    Arrival::Told(Ok(_)) | Arrival::Delivered(_) | Arrival::Untold => Ok(None),
                },
            };
            match made {
                Ok(_) => {}
                Err(Failure::Error(error)) => return Err(unreachable(&error)),
                Err(Failure::Other(error)) => return Err(unreachable(&error)),
                Err(Failure::NotSupported) => {
                    return Err(Difference::not_supported(format!("a call that leads to {state}")));
                }
            }
            self.drain()?;
        }
        self.iss = iss;
        self.put_out.clear();
        self.log = Excerpt::default();
        Ok(())
    }

    /// Prepares an event: tells the subject the initial sequence number that it may choose.
    fn prepare(&mut self) {
        self.subject.set_iss(SeqNumber(self.iss), self.now);
    }

    fn unchecked(&mut self, what: impl Into<String>) {
        self.unchecked.push(Unchecked { line: self.line, what: what.into() });
    }

    fn note(&mut self, what: impl ToString) {
        self.log.push(format!("{:>10}  {}", self.now.to_string(), what.to_string()));
    }
}
