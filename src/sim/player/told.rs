//! The strict check of the outputs: the lines of a script must list each of them.

use std::format;
use std::string::ToString;

use super::put::{Put, PutSegment};
use super::{Player, Told};
use crate::sim::difference::Difference;
use crate::sim::line::Payload;
use crate::sim::octets::quoted;
use crate::sim::pattern::{OPTIONS, Pattern};
use crate::sim::subject::Subject;
use crate::sim::variable::{Value, Variable};
use crate::{SeqNumber, State, Transition};

/// The variables that are sequence numbers of the subject.
const OWN_NUMBERS: [&str; 4] = ["ISS", "SND.UNA", "SND.NXT", "SND.UP"];

impl<S: Subject> Player<'_, S> {
    /// Checks, before the next event, that the lines have listed all outputs.
    pub(in crate::sim) fn settle(&mut self) -> Result<(), Difference> {
        self.fresh = false;
        let told = core::mem::replace(&mut self.told, Told::Not);
        if self.tolerances.extra_acks {
            self.put_out.retain(|put| !put.is_pure_ack());
        }
        if let Some(put) = self.put_out.iter().find(|put| told == Told::OneByOne || !put.is_transition()) {
            return Err(Difference::new("nothing more", put.describe()));
        }
        match (told, self.put_out.drain(..).next_back()) {
            (Told::Not, Some(Put::Transition(transition) | Put::Change(transition))) => {
                Err(Difference::new(format!("a line that tells the new state, {}", transition.to), "no such line"))
            }
            (_, _) => Ok(()),
        }
    }

    /// Takes the next output that is not a transition. It must be a segment that matches `pattern`, with this payload
    /// if one is given. Returns it with its payload, if that is known.
    pub(in crate::sim) fn expect_segment(
        &mut self,
        pattern: &Pattern,
        payload: Option<&Payload>,
    ) -> Result<PutSegment, Difference> {
        let range = match payload {
            Some(Payload::Range(range)) => Some(range.clone()),
            Some(Payload::Text(_)) | None => None,
        };
        let expected =
            || format!("--> {pattern}{}", range.as_ref().map(|b| format!(" bytes {b:?}")).unwrap_or_default());
        let tolerated = self.tolerated(pattern);
        let is_it = |put: &PutSegment| {
            let is_range = |range| put.range.as_ref().is_none_or(|came| came == range);
            tolerated.matches(&put.segment) && range.as_ref().is_none_or(is_range)
        };
        if self.tolerances.extra_acks {
            self.skip_acks(is_it);
        }
        let mut put = match self.next_output(expected())? {
            Put::Segment(put) if is_it(&put) => put,
            other @ (Put::Segment(_) | Put::Signal(_) | Put::Transition(_) | Put::Change(_)) => {
                return Err(Difference::new(expected(), other.describe()));
            }
        };
        if range.is_some() && put.range.is_none() {
            self.unchecked("the range of the send queue");
        }
        put.payload = put.payload.or_else(|| self.bytes.payload_of(&put.segment));
        let text = match payload {
            Some(Payload::Text(text)) => Some(text.as_slice()),
            Some(Payload::Range(_)) | None => pattern.payload(),
        };
        match (text, &put.payload) {
            (Some(text), Some(came)) if text != came => {
                Err(Difference::new(format!("bytes {}", quoted(text)), format!("bytes {}", quoted(came))))
            }
            (Some(_), None) => {
                self.unchecked("the bytes of the segment");
                Ok(put)
            }
            (_, _) => Ok(put),
        }
    }

    /// Drops the segments with nothing but an ACK before the next segment that is expected.
    fn skip_acks(&mut self, is_it: impl Fn(&PutSegment) -> bool) {
        let counts =
            |put: &Put| !put.is_transition() && (!put.is_pure_ack() || matches!(put, Put::Segment(s) if is_it(s)));
        let Some(mut next) = self.put_out.iter().position(counts) else { return };
        self.put_out.retain(|put| {
            let is_before = next > 0;
            next = next.saturating_sub(1);
            !is_before || put.is_transition()
        });
    }

    /// Returns the pattern without the fields that are not compared.
    fn tolerated(&mut self, pattern: &Pattern) -> Pattern {
        let mut pattern = pattern.clone();
        for (is_tolerated, fields, name) in [
            (self.tolerances.windows, &["WND"][..], "WND"),
            (self.tolerances.options, &OPTIONS[..], "the options of the segment"),
        ] {
            if is_tolerated {
                let (without, had) = pattern.without(fields);
                pattern = without;
                if had {
                    self.unchecked(name);
                }
            }
        }
        pattern
    }

    pub(super) fn expect_signal(&mut self, signal: &str) -> Result<(), Difference> {
        let expected = format!("signal: {signal}");
        if self.tolerances.signals {
            self.unchecked(expected);
            return Ok(());
        }
        let came = self.next_output(&expected)?.describe();
        if came == expected { Ok(()) } else { Err(Difference::new(expected, came)) }
    }

    /// Takes the next output that is not a transition. The transitions before it stay: a line lists them by the state
    /// that they lead to.
    fn next_output(&mut self, expected: impl ToString) -> Result<Put, Difference> {
        let next = self.put_out.iter().position(|put| !put.is_transition());
        match next.and_then(|next| self.put_out.remove(next)) {
            Some(put) => Ok(put),
            None => Err(Difference::new(expected, "nothing")),
        }
    }

    pub(super) fn expect_transition(&mut self, transition: Transition) -> Result<(), Difference> {
        self.told = Told::OneByOne;
        if self.subject.tell_state().is_none() {
            self.unchecked(transition.to_string());
            return Ok(());
        }
        match self.put_out.pop_front() {
            Some(Put::Transition(came) | Put::Change(came)) if came == transition => Ok(()),
            // A line for a state in between, which the subject has left already.
            Some(Put::Change(came)) if came.from == transition.from && came.to != transition.from => {
                self.unchecked(transition.to_string());
                self.put_out.push_front(Put::Change(Transition { from: transition.to, to: came.to }));
                Ok(())
            }
            Some(other) => Err(Difference::new(transition, other.describe())),
            None => Err(Difference::new(transition, "nothing")),
        }
    }

    pub(in crate::sim) fn expect_state(&mut self, state: State, variables: &[Variable]) -> Result<(), Difference> {
        if self.fresh && state != State::Closed {
            self.reach(state, variables)?;
            self.note(format_args!("{state} is given"));
        }
        self.fresh = false;
        if self.told == Told::Not {
            self.told = Told::ByState;
        }
        match self.subject.tell_state() {
            Some(came) if came != state => return Err(Difference::new(state, came)),
            Some(_) => {}
            None => self.unchecked(state.to_string()),
        }
        for variable in variables {
            let value = self.variable(&variable.name);
            match value {
                Some(value) if value == variable.value => {}
                Some(value) => {
                    return Err(Difference::new(variable, Variable { name: variable.name.clone(), value }));
                }
                None => self.unchecked(variable.name.clone()),
            }
        }
        Ok(())
    }

    /// Returns a variable with the numbers of the script.
    fn variable(&mut self, name: &str) -> Option<Value> {
        let value = self.subject.tell_variable(name, self.now);
        match value {
            Some(Value::Number(number)) if self.tolerances.own_iss && OWN_NUMBERS.contains(&name) => {
                Some(Value::Number(self.numbers.number(SeqNumber(number as u32)).0.into()))
            }
            other => other,
        }
    }
}
