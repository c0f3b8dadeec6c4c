//! Collects the outputs of an event, and checks the contract of the subject.

use std::format;

use super::Player;
use super::put::{Put, PutSegment};
use crate::sim::bytes::{self, Marks};
use crate::sim::difference::{Difference, check_payload, describe};
use crate::sim::emitted::Emitted;
use crate::sim::subject::Subject;
use crate::{Instant, Output, Segment, State, Transition, Transmit};

/// The most outputs of one event, beside a segment for each byte that the script has sent. A subject with more never
/// waits.
const MOST_OUTPUTS: usize = 100_000;

impl<S: Subject> Player<'_, S> {
    pub(super) fn drain_if(&mut self, drain: bool) -> Result<(), Difference> {
        if drain {
            return self.drain();
        }
        self.look();
        Ok(())
    }

    /// Collects all outputs of the event.
    pub(super) fn drain(&mut self) -> Result<(), Difference> {
        self.look();
        self.collect()?;
        self.state = self.subject.tell_state();
        let marks = self.look();
        let now = self.now;
        if let Some(connection) = self.subject.connection_inside() {
            let left = connection.clone().poll(now);
            if !matches!(left, Output::Wait(_)) {
                return Err(Difference::new("poll() until Wait", format!("left behind: {}", describe(&left))));
            }
        }
        self.bytes.check_unread(&marks)
    }

    /// Follows the growth of the send queue.
    fn look(&mut self) -> Marks {
        let marks = self.marks();
        self.bytes.look(&marks);
        marks
    }

    fn marks(&mut self) -> Marks {
        match self.subject.connection_inside() {
            Some(connection) => Marks::of(&connection.status()),
            None => self.seen.marks(&self.bytes),
        }
    }

    fn collect(&mut self) -> Result<(), Difference> {
        let first = self.put_out.len();
        let most = MOST_OUTPUTS.saturating_add(self.asked);
        while self.put_out.len().saturating_sub(first) < most {
            let emitted = self.subject.outputs(self.now);
            let tells = |emitted: &Emitted| matches!(emitted, Emitted::Transition(_) | Emitted::Polled(..));
            if !emitted.iter().any(tells) {
                self.infer_transition();
            }
            if emitted.is_empty() {
                return Ok(());
            }
            for emitted in emitted {
                if let Emitted::Polled(Output::Wait(deadline), _) = emitted {
                    return self.wait(deadline);
                }
                self.take(emitted)?;
            }
        }
        Err(Difference::new("Wait", "outputs without end"))
    }

    /// The outputs of a connection that is polled end with the deadline.
    fn wait(&mut self, told: Option<Instant>) -> Result<(), Difference> {
        let deadline = self.subject.wakes_at();
        let said = || format!("{told:?} of Wait, {deadline:?} of next_timeout()");
        if told == deadline { Ok(()) } else { Err(Difference::new("one deadline", said())) }
    }

    /// Notes an output, and checks its bytes.
    fn take(&mut self, emitted: Emitted) -> Result<(), Difference> {
        let put = match emitted {
            Emitted::Transition(transition) | Emitted::Polled(Output::Transition(transition), _) => {
                Put::Transition(transition)
            }
            Emitted::Signal(signal) | Emitted::Polled(Output::Signal(signal), _) => Put::Signal(signal),
            Emitted::Segment(segment, payload) => {
                let own = segment.seq();
                let segment = self.translate(&segment);
                self.seen.outbound(&segment, own, &mut self.bytes);
                let range = self.subject.connection_inside().map(|connection| Marks::of(&connection.status()));
                let range = range.map(|marks| bytes::range(&segment, &marks));
                Put::Segment(PutSegment { segment, range, payload: Some(payload) })
            }
            Emitted::Polled(Output::Transmit(transmit), payload) => {
                let Transmit { segment, payload: range } = transmit.clone();
                self.note(describe(&Output::Transmit(transmit.clone())));
                check_payload(&transmit)?;
                return self.take_segment(PutSegment { segment, range: Some(range), payload });
            }
            // `collect` has taken it.
            Emitted::Polled(Output::Wait(_), _) => return Ok(()),
        };
        self.note(put.describe());
        match put {
            Put::Segment(segment) => self.take_segment(segment),
            Put::Transition(Transition { to, .. }) => {
                self.enter(to);
                self.put_out.push_back(put);
                Ok(())
            }
            Put::Signal(_) | Put::Change(_) => {
                self.put_out.push_back(put);
                Ok(())
            }
        }
    }

    fn take_segment(&mut self, put: PutSegment) -> Result<(), Difference> {
        if let Some(payload) = &put.payload {
            let marks = self.marks();
            self.bytes.check_sent(&put.segment, payload, &marks)?;
        }
        self.put_out.push_back(Put::Segment(put));
        Ok(())
    }

    /// Returns an outbound segment with the numbers of the script.
    fn translate(&mut self, segment: &Segment) -> Segment {
        if !self.tolerances.own_iss {
            return *segment;
        }
        self.numbers.learn(segment, self.iss);
        self.numbers.outbound(segment)
    }

    /// Adds the change of state of a subject that does not tell its transitions. Of several changes only the last state
    /// is known.
    fn infer_transition(&mut self) {
        let state = self.subject.tell_state();
        if let (Some(from), Some(to)) = (self.state, state)
            && from != to
        {
            let transition = Transition { from, to };
            self.note(transition);
            self.put_out.push_back(Put::Change(transition));
            self.enter(to);
        }
        self.state = state;
    }

    fn enter(&mut self, state: State) {
        self.state = Some(state);
        if matches!(state, State::Listen | State::Closed) {
            self.seen.end_life();
        }
    }
}
