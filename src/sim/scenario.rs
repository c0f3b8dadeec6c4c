//! Scenarios: two ends, and the network between them, operated by lines of text.

mod calls;
mod line;

use core::fmt::Write;
use core::time::Duration;
use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use self::line::{Choice, Fate, Line};
use super::difference::{Difference, check_outcome, describe_signal};
use super::excerpt::Excerpt;
use super::line::{Line as End, Outcome, Payload, without_comment};
use super::network::{Flight, Network};
use super::pair::Pair;
use super::pattern::Pattern;
use super::policy::{self, Setting};
use super::script::ScriptError;
use super::trace::What;
use super::variable::{self, Variable};
use super::{Side, after};
use crate::{Config, IcmpError, SeqNumber, State};

/// Two ends, and the network between them, operated by lines of text. No segment arrives unless a line delivers it, and
/// no time passes unless a line says so.
///
/// ```
/// use tcp_lifecycle::sim::{Scenario, Side};
///
/// let scenario = Scenario::run("
///     B: open passive
///     A: open active
///     inject A <SEQ=90><CTL=SYN>              # a SYN of an earlier life
///     deliver <SEQ=90><CTL=SYN>               # it overtakes the new one
///     B: SYN-RECEIVED                         RCV.NXT=91
///     deliver <SEQ=300><ACK=91><CTL=SYN,ACK>  refused: AckInSynSent
///     A: --> <SEQ=91><CTL=RST>
///     deliver <SEQ=91><CTL=RST>
///     B: LISTEN
///     deliver all                             # now the new SYN
///     A: ESTABLISHED                          SND.NXT=101 RCV.NXT=301
/// ")?;
/// println!("{}", scenario.pair().trace());
/// # Ok::<(), tcp_lifecycle::sim::ScriptError>(())
/// ```
///
/// | line | |
/// |---|---|
/// | `A: open active`, `B: send 10`, `B: close   => error: why` | a user call at one end: any call of a [`Script`](super::Script) |
/// | `A: send "hello"`, `A: receive "hello"` | the user sends these bytes; the user, who has stopped reading, must get these bytes |
/// | `A: stop reading`, `A: receive 10`, `A: start reading` | the user no longer consumes what is delivered, consumes some of it, consumes everything again |
/// | `B: crash` | the host forgets the connection |
/// | `B: answer with cookies` | in LISTEN the end answers each SYN with a cookie, as a listener without room ([`Listener`](crate::listener::Listener)) |
/// | `A: icmp PortUnreachable 100` | an ICMP error arrives |
/// | `A: ISS=100` | the initial sequence number of each life from now on. By default a clock chooses it, which is at 100 for A and at 300 for B in the beginning |
/// | `config msl=30s`, `A: config nagle=off` | policies of both ends or of one, before the first event |
/// | `deliver`, `deliver 2`, `deliver <SEQ=100><CTL=SYN>` | a segment arrives: the first in flight, the second, or the first like this |
/// | `lose`, `double`, `delay` | a segment is lost, is duplicated, falls behind the next one from the same end; each may choose a segment as `deliver` does |
/// | `deliver & B: close` | the user calls before the end has answered the segment, so that one segment may carry both answers |
/// | `deliver all` | all segments in flight arrive in their order, and all that they cause |
/// | `inject A <SEQ=90><CTL=SYN>` | a segment goes into the network that A has not sent: an old duplicate, or a forged one. Without WND its window is 65535 |
/// | `A: <-- <SEQ=300><CTL=RST>   refused: why` | such a segment arrives at A at once |
/// | `+ 1s`, `+ 2 MSL` | time passes, with all timers that fire; MSL is that of A |
/// | `+ next` | time passes until the next timer fires |
/// | `note text` | a remark in the trace |
///
/// | expectation | |
/// |---|---|
/// | `A: ESTABLISHED   SND.NXT=101 RCV.NXT=301` | the state of an end, and any of the variables of a [`Script`](super::Script) |
/// | `A: --> <SEQ=101><ACK=301><CTL=ACK>` | the last event has made A send this segment; `<DATA="hello">` compares its bytes, here and behind `deliver` |
/// | `A: signal: Closing`, `A: SYN-SENT -> ESTABLISHED` | the last event has led to this signal or transition |
///
/// An outcome may stand behind `deliver` and `<--`, as in a script: `refused: why`, `accepted`, `delivers 0..10`.
/// Unlike a script, a scenario need not list everything that happens. `#` begins a comment.
///
/// Where a line writes a number of bytes, the octets of the users count through the alphabet: `abc...zabc...`. Strings
/// have the escapes of a [`Script`](super::Script). `inject` and `<--` may write their bytes, too: `<DATA="hello">`.
#[derive(Clone, Debug)]
pub struct Scenario {
    pair: Pair,
    configs: [Config; 2],
    /// The lines so far.
    text: Vec<String>,
    /// Whether no event has happened yet.
    fresh: bool,
    /// The length of the trace before the last event.
    mark: usize,
}

/// The most segments that one line delivers, and the most timers that one line fires.
const MOST_EVENTS: usize = 10_000;

impl Default for Scenario {
    fn default() -> Self {
        Scenario::new()
    }
}

impl Scenario {
    /// Makes two ends in CLOSED, with the default policies.
    #[must_use]
    pub fn new() -> Scenario {
        let configs = [Config::DEFAULT; 2];
        Scenario { pair: pair(&configs), configs, text: Vec::new(), fresh: true, mark: 0 }
    }

    /// Plays all lines of a text.
    ///
    /// # Errors
    ///
    /// Returns the first line that is not understood, or that differs from what happens.
    pub fn run(text: &str) -> Result<Scenario, ScriptError> {
        let mut scenario = Scenario::new();
        text.lines().try_for_each(|line| scenario.play(line))?;
        Ok(scenario)
    }

    /// Plays one line. An empty line, or a line that is only a comment, does nothing.
    ///
    /// # Errors
    ///
    /// Returns an error if the line is not understood, or differs from what happens. The scenario then stays as it was
    /// before the line.
    pub fn play(&mut self, line: &str) -> Result<(), ScriptError> {
        let mut next = self.clone();
        next.text.push(line.to_string());
        let number = next.text.len();
        let parsed = match without_comment(line) {
            "" => None,
            written => {
                Some(line::parse(written).map_err(|mistake| ScriptError::not_understood(line, number, mistake))?)
            }
        };
        if let Some(parsed) = parsed {
            next.carry_out(parsed).map_err(|difference| {
                let mut ladder = Excerpt::default();
                // Writing to an `Excerpt` never fails.
                let _ = write!(ladder, "{}", next.pair.trace());
                ScriptError::differs(&next.text, number, difference, ladder.lines())
            })?;
        }
        *self = next;
        Ok(())
    }

    /// Returns the two ends, the network and the trace.
    #[must_use]
    pub fn pair(&self) -> &Pair {
        &self.pair
    }

    /// Returns the lines that were played.
    #[must_use]
    pub fn lines(&self) -> &[String] {
        &self.text
    }

    fn carry_out(&mut self, line: Line) -> Result<(), Difference> {
        match line {
            Line::Config(settings) => return self.config(&settings, &Side::BOTH),
            Line::At(side, End::Config(settings)) => return self.config(&settings, &[side]),
            Line::At(side, End::Iss(iss)) => {
                self.pair.set_iss(side, iss);
                return Ok(());
            }
            Line::At(side, End::State(state, variables)) => return self.expect_state(side, state, &variables),
            Line::At(side, End::Signal(signal)) => {
                let signal = format!("signal: {signal}");
                return self.expect(
                    side,
                    &signal,
                    |what| matches!(what, What::Signal(s) if describe_signal(*s) == signal),
                );
            }
            Line::At(side, End::Transition(transition)) => {
                return self.expect(side, &transition.to_string(), |what| *what == What::Transition(transition));
            }
            Line::At(side, End::Sends(pattern, payload)) => return self.expect_sent(side, &pattern, payload.as_ref()),
            Line::Note(note) => {
                self.pair.note(note);
                return Ok(());
            }
            Line::At(..)
            | Line::Reading(..)
            | Line::Cookies(_)
            | Line::Fate(..)
            | Line::DeliverAll
            | Line::Inject(..)
            | Line::DeliverAndCall(..)
            | Line::Time(_)
            | Line::NextTimer => {}
        }
        self.fresh = false;
        self.mark = self.pair.trace().events().len();
        let outcome = self.event(line);
        // An old segment that is taken for a new one is worth seeing. It is no reason to stop.
        if let Some(violation) = self.pair.take_violation() {
            self.pair.note(violation.to_string());
        }
        outcome
    }

    fn config(&mut self, settings: &[Setting], sides: &[Side]) -> Result<(), Difference> {
        if !self.fresh {
            return Err(Difference::new("policies before the first event, or configure", "an event before"));
        }
        for (side, config) in Side::BOTH.iter().zip(&mut self.configs) {
            if sides.contains(side) {
                policy::apply(settings, config);
            }
        }
        let before = self.pair.take_trace();
        self.pair = pair(&self.configs);
        for event in before.events {
            if let What::Note(note) = event.what {
                self.pair.note(note);
            }
        }
        Ok(())
    }

    fn event(&mut self, line: Line) -> Result<(), Difference> {
        match line {
            Line::At(side, End::Call(call, error)) => self.call(side, &call, error.as_deref()),
            Line::At(side, End::Arrives(pattern, outcome)) => {
                self.inject(side.other(), &pattern);
                let last = self.pair.in_flight().len().saturating_sub(1);
                self.deliver(last, Some(&outcome))
            }
            Line::At(side, End::Icmp(error, quoted, outcome)) => self.icmp(side, error, quoted, &outcome),
            Line::At(side, End::Time(_)) => Err(Difference::new("time at both ends", format!("time at {side}"))),
            Line::Reading(side, true) => {
                self.pair.start_reading(side);
                Ok(())
            }
            Line::Reading(side, false) => {
                self.pair.stop_reading(side);
                Ok(())
            }
            Line::Cookies(side) => {
                self.pair.answer_with_cookies(side);
                Ok(())
            }
            Line::Fate(fate, choice, outcome) => self.fate(fate, &choice, outcome.as_ref()),
            Line::DeliverAll => {
                for _ in 0..MOST_EVENTS {
                    if !self.pair.deliver(0) {
                        return Ok(());
                    }
                }
                Err(Difference::new("an end", format!("more than {MOST_EVENTS} segments")))
            }
            Line::DeliverAndCall(choice, outcome, side, call) => {
                self.pair.set_corked(side, true);
                let done = self.fate(Fate::Deliver, &choice, outcome.as_ref());
                let done = done.and_then(|()| self.call(side, &call, None));
                self.pair.set_corked(side, false);
                done
            }
            Line::Inject(from, pattern) => {
                self.inject(from, &pattern);
                Ok(())
            }
            Line::Time(length) => {
                let [config, _] = &self.configs;
                self.pass(length.with(config))
            }
            Line::NextTimer => {
                let next = self.pair.next_event().ok_or_else(|| Difference::new("a timer", "no timer runs"))?;
                self.pass(next.saturating_duration_since(self.pair.now()))
            }
            // `carry_out` has done the others.
            Line::At(..) | Line::Config(_) | Line::Note(_) => Ok(()),
        }
    }

    fn icmp(&mut self, side: Side, error: IcmpError, quoted: u32, outcome: &Outcome) -> Result<(), Difference> {
        let name = format!("icmp {error:?} {quoted}");
        let came = self.pair.call(side, &name, |end, _| end.icmp(error, SeqNumber(quoted)));
        check_outcome(0, outcome, &came.map(|()| 0..0))
    }

    fn inject(&mut self, from: Side, pattern: &Pattern) {
        let segment = pattern.with_window(u16::MAX);
        let payload = pattern.payload().map_or_else(|| letters(0, segment.payload_len().into()), <[u8]>::to_vec);
        self.pair.forge(from, segment, &payload);
    }

    fn fate(&mut self, fate: Fate, choice: &Choice, outcome: Option<&Outcome>) -> Result<(), Difference> {
        let flights = self.pair.in_flight();
        let chosen = match choice {
            Choice::Place(place) => place.checked_sub(1).filter(|index| *index < flights.len()),
            Choice::Like(pattern) => {
                flights.iter().position(|flight| pattern.is_like(&flight.segment, &flight.payload))
            }
        };
        let Some(index) = chosen else {
            let expected = match choice {
                Choice::Place(place) => format!("segment {place} in flight"),
                Choice::Like(pattern) => format!("{pattern} in flight"),
            };
            return Err(Difference::new(expected, in_flight(flights)));
        };
        let done = match fate {
            Fate::Deliver => return self.deliver(index, outcome),
            Fate::Lose => self.pair.lose(index),
            Fate::Double => self.pair.duplicate(index),
            Fate::Delay => self.pair.delay(index),
        };
        if done {
            Ok(())
        } else {
            Err(Difference::new("a next segment from the same end", in_flight(self.pair.in_flight())))
        }
    }

    fn deliver(&mut self, index: usize, outcome: Option<&Outcome>) -> Result<(), Difference> {
        self.pair.deliver(index);
        let Some(outcome) = outcome else { return Ok(()) };
        let arrived = self.pair.trace().events().get(self.mark..).unwrap_or_default().iter();
        let mut arrived = arrived.filter_map(|event| {
            let What::Arrived(_, segment, came) = &event.what else { return None };
            Some(check_outcome(segment.payload_len(), outcome, came))
        });
        arrived.next_back().unwrap_or(Ok(()))
    }

    fn pass(&mut self, time: Duration) -> Result<(), Difference> {
        let end = after(self.pair.now(), time);
        let broken = |violation| Difference::new("time", violation);
        for _ in 0..MOST_EVENTS {
            if self.pair.next_event().is_none_or(|next| next > end) {
                return self.pair.drive_until(end).map_err(broken);
            }
            self.pair.step().map_err(broken)?;
        }
        Err(Difference::new(format!("at most {MOST_EVENTS} timers in one step"), "more"))
    }

    fn expect_state(&self, side: Side, state: State, variables: &[Variable]) -> Result<(), Difference> {
        let now = self.pair.now();
        let connection = self.pair.connection(side);
        let is_so = |v: &Variable| variable::look_up(&v.name, connection, now) == Some(v.value);
        if connection.state() == state && variables.iter().all(is_so) {
            return Ok(());
        }
        let all = |state: State, variables: &[Variable]| {
            variables.iter().fold(state.to_string(), |all, variable| format!("{all} {variable}"))
        };
        let actual =
            |v: &Variable| Some(Variable { name: v.name.clone(), value: variable::look_up(&v.name, connection, now)? });
        let came: Vec<Variable> = variables.iter().filter_map(actual).collect();
        Err(Difference::new(all(state, variables), all(connection.state(), &came)).at(side))
    }

    /// Checks that the last event has made this end send a segment.
    fn expect_sent(&self, side: Side, pattern: &Pattern, payload: Option<&Payload>) -> Result<(), Difference> {
        let text = match payload {
            Some(Payload::Text(text)) => Some(text.as_slice()),
            Some(Payload::Range(_)) | None => pattern.payload(),
        };
        self.expect(side, &format!("--> {pattern}"), |what| {
            let What::Sent(number, segment) = what else { return false };
            pattern.matches(segment) && text.is_none_or(|text| text == self.pair.trace().payload(*number))
        })
    }

    /// Checks that the last event has led to something at this end.
    fn expect(&self, side: Side, expected: &str, is_it: impl Fn(&What) -> bool) -> Result<(), Difference> {
        let events = self.pair.trace().events().get(self.mark..).unwrap_or_default();
        let mut here = events.iter().filter(|event| event.side == side);
        if here.any(|event| is_it(&event.what)) {
            return Ok(());
        }
        Err(Difference::new(expected, "nothing of the kind by the last event").at(side))
    }
}

fn pair([a, b]: &[Config; 2]) -> Pair {
    Pair::new(a, b, Network::BY_HAND)
}

/// Returns octets of the alphabet, from this place in the stream.
fn letters(start: usize, bytes: usize) -> Vec<u8> {
    (b'a'..=b'z').cycle().skip(start % 26).take(bytes).collect()
}

/// Returns the segments in flight, for a message.
fn in_flight(flights: &[Flight]) -> String {
    let segments: Vec<String> = flights.iter().map(|flight| flight.segment.to_string()).collect();
    let only = match segments.len() {
        0 => return "no segment is in flight".to_string(),
        1 => "only 1 segment is".to_string(),
        many => format!("only {many} segments are"),
    };
    format!("{only} in flight: {}", segments.join(", "))
}
