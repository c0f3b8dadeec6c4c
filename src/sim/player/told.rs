//! The strict check of the outputs: the lines of a script must list each of them.

use core::ops::Range;
use std::format;
use std::string::ToString;

use super::{Player, Told};
use crate::sim::difference::{Difference, describe, is_transition};
use crate::sim::glue::Glue;
use crate::sim::pattern::Pattern;
use crate::sim::variable::{self, Variable};
use crate::{Output, Segment, State, Transition};

impl<G: Glue> Player<'_, G> {
    /// Checks, before the next event, that the lines have listed all outputs.
    pub(in crate::sim) fn settle(&mut self) -> Result<(), Difference> {
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

    /// Takes the next output that is not a transition. It must be a segment that matches `pattern`, with the payload
    /// range `bytes` if that is given.
    pub(in crate::sim) fn expect_segment(
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

    pub(super) fn expect_signal(&mut self, signal: &str) -> Result<(), Difference> {
        let expected = format!("signal: {signal}");
        let output = self.next_output(&expected)?;
        let came = describe(&output);
        if came == expected { Ok(()) } else { Err(Difference::new(expected, came)) }
    }

    /// Takes the next output that is not a transition. The transitions before it stay: a line lists them by the state
    /// that they lead to.
    fn next_output(&mut self, expected: impl ToString) -> Result<Output, Difference> {
        let next = self.put_out.iter().position(|output| !is_transition(output));
        match next.and_then(|next| self.put_out.remove(next)) {
            Some(output) => Ok(output),
            None => Err(Difference::new(expected, "nothing")),
        }
    }

    pub(super) fn expect_transition(&mut self, transition: Transition) -> Result<(), Difference> {
        self.told = Told::OneByOne;
        match self.put_out.pop_front() {
            Some(Output::Transition(came)) if came == transition => Ok(()),
            Some(other) => Err(Difference::new(transition, describe(&other))),
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
}
