//! The connections in TIME-WAIT. Each takes 32 bytes and an entry in two indexes, so that a host can hold many of them
//! for the full 2 MSL.

use std::collections::{BTreeSet, HashMap};

use tcp_lifecycle::{Config, Control, Instant, Output, Refusal, Segment, State, TimeWait};

use crate::table::Pair;

pub(crate) struct TimeWaits {
    /// The policies that all of the connections had.
    config: Config,
    lives: HashMap<Pair, TimeWait>,
    deadlines: BTreeSet<(Instant, Pair)>,
}

impl TimeWaits {
    pub(crate) fn new(config: &Config) -> TimeWaits {
        TimeWaits { config: *config, lives: HashMap::new(), deadlines: BTreeSet::new() }
    }

    pub(crate) fn insert(&mut self, pair: Pair, time_wait: TimeWait) {
        self.deadlines.extend(time_wait.deadline(&self.config).map(|deadline| (deadline, pair)));
        self.lives.insert(pair, time_wait);
    }

    /// Removes an entry that a new connection has replaced.
    pub(crate) fn remove(&mut self, pair: &Pair) {
        let deadline = self.lives.remove(pair).and_then(|time_wait| time_wait.deadline(&self.config));
        if let Some(deadline) = deadline {
            self.deadlines.remove(&(deadline, *pair));
        }
    }

    pub(crate) fn contains(&self, pair: &Pair) -> bool {
        self.lives.contains_key(pair)
    }

    /// Tells whether the SYN may start a new incarnation, and with which ISN offset: the given one or, if necessary,
    /// another.
    pub(crate) fn reopens(&self, pair: &Pair, syn: &Segment, isn_offset: u32, now: Instant) -> Option<u32> {
        self.lives.get(pair)?.reopens(syn, isn_offset, now, &self.config)
    }

    /// Whether there is a TIME-WAIT that expects such a segment: a retransmitted FIN, or an acknowledgment.
    pub(crate) fn expects(&self, pair: &Pair, segment: &Segment, now: Instant) -> bool {
        let takes = |life: &TimeWait| life.clone().segment_arrives(segment, now, &self.config).is_ok();
        !segment.control().contains(Control::RST) && self.lives.get(pair).is_some_and(takes)
    }

    /// Hands in a segment, and returns the answer.
    pub(crate) fn segment_arrives(
        &mut self,
        pair: Pair,
        segment: &Segment,
        now: Instant,
    ) -> (Result<(), Refusal>, Option<Segment>) {
        let arrives = |life: &mut TimeWait, config: &Config| life.segment_arrives(segment, now, config).map(drop);
        self.event(pair, now, arrives).unwrap_or((Ok(()), None))
    }

    /// Handles the timeouts. Before the deadline this does nothing.
    pub(crate) fn timeout(&mut self, now: Instant) {
        while let Some(&(deadline, pair)) = self.deadlines.first()
            && deadline <= now
        {
            self.event(pair, now, |life, config| life.timeout(now, config));
        }
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.deadlines.first().map(|&(deadline, _)| deadline)
    }

    /// Hands in one event, polls afterwards, and updates the indexes.
    fn event<T>(
        &mut self,
        pair: Pair,
        now: Instant,
        event: impl FnOnce(&mut TimeWait, &Config) -> T,
    ) -> Option<(T, Option<Segment>)> {
        let mut life = self.lives.get(&pair)?.clone();
        self.remove(&pair);
        let outcome = event(&mut life, &self.config);
        let mut answer = None;
        loop {
            match life.poll(now, &self.config) {
                Output::Transition(transition) => eprintln!("{} {transition}", pair.1),
                Output::Transmit(transmit) => answer = Some(transmit.segment),
                Output::Signal(_) => {}
                Output::Wait(_) => break,
            }
        }
        if life.state() == State::TimeWait {
            self.insert(pair, life);
        }
        Some((outcome, answer))
    }
}
