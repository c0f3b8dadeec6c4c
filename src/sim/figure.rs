//! Scripts for two ends, row by row as in the RFC's figures.

mod row;

use core::str::FromStr;
use std::borrow::ToOwned;
use std::format;
use std::string::String;
use std::vec::Vec;

use self::row::{Fate, Origin, Passage, Row};
use super::Side;
use super::bytes;
use super::difference::Difference;
use super::excerpt::Excerpt;
use super::glue;
use super::line::{self, Line};
use super::player::Player;
use super::script::ScriptError;
use super::subject::{Played, Subject};
use crate::{Config, Connection, Segment};

/// An exchange between two connections, in the form of RFC 9293's Figures 6 to 13.
///
/// ```
/// tcp_lifecycle::sim::check_figure("
///     1. CLOSED                                                LISTEN
///     A: open active
///     2. SYN-SENT     --> <SEQ=100><CTL=SYN>               --> SYN-RECEIVED
///     3. ESTABLISHED  <-- <SEQ=300><ACK=101><CTL=SYN,ACK>  <-- SYN-RECEIVED
///     4. ESTABLISHED  --> <SEQ=101><ACK=301><CTL=ACK>      --> ESTABLISHED
/// ");
/// ```
///
/// A row has a segment in its middle, with arrows for its way through the network. At the left it has the state of A,
/// at the right the state of B, both after the row. A state may be left out. The table is for segments from A to B;
/// from B to A a row is the mirror image:
///
/// | row | |
/// |---|---|
/// | `SYN-SENT --> <..> --> SYN-RECEIVED` | A has sent this segment, and it arrives |
/// | `SYN-SENT --> <..> ...` | A has sent this segment, and the network holds it back |
/// | `SYN-SENT --> <..> x` | A has sent this segment, and the network loses it |
/// | `... <..> --> SYN-RECEIVED` | the segment that was held back arrives |
/// | `(again) ... <..> --> SYN-RECEIVED` | a copy arrives of a segment that A has sent before |
/// | `(duplicate) ... <..> --> SYN-RECEIVED` | an old duplicate arrives, a segment from before this exchange |
///
/// A segment may write its bytes: `<DATA="hello">`. The receiver gets the bytes that the sender has sent.
///
/// A row may begin with its number (`1.`, `2a.`). It may end with the outcome of the arriving segment, as in a
/// [`Script`](super::Script). A row of two states, without a segment, gives the states of both ends.
///
/// A line that begins with `A:` or `B:` is a line of a [`Script`](super::Script) for this end. It may be anything but
/// an arriving segment or time. One line may serve both ends, A first. `B: & close` is called before B is polled for
/// the event of the line above. `+ 4m` and `config ...` are for both ends. By default the initial sequence numbers are
/// 100 for A and 300 for B, and an end that begins in a given state has SND.NXT 100 or 300.
///
/// A figure is as strict as a script. Before the next event at an end, every output of this end must have been listed.
/// At the end of the figure the network may hold no segment back.
///
/// A figure can also be played between any two TCPs: see [`run_subjects`](Figure::run_subjects).
#[derive(Clone, Debug)]
pub struct Figure {
    text: Vec<String>,
    rows: Vec<(usize, Row)>,
}

impl Figure {
    /// Reads an exchange.
    ///
    /// # Errors
    ///
    /// Returns the first line that is not understood.
    pub fn parse(text: &str) -> Result<Figure, ScriptError> {
        let mut figure = Figure { text: text.lines().map(ToOwned::to_owned).collect(), rows: Vec::new() };
        for (number, whole) in (1..).zip(text.lines()) {
            let line = line::without_comment(whole);
            if !line.is_empty() {
                let rows = row::parse(line).map_err(|mistake| ScriptError::not_understood(whole, number, mistake))?;
                figure.rows.extend(rows.into_iter().map(|row| (number, row)));
            }
        }
        Ok(figure)
    }

    /// Plays the exchange between two connections with these policies, which its `config` lines may change. Returns A
    /// and B as they are at the end.
    ///
    /// # Errors
    ///
    /// Returns the first line that differs from the actual exchange.
    pub fn run(&self, config: &Config) -> Result<[Connection; 2], ScriptError> {
        let [a, b] = self.run_subjects(config, |_, config| glue::connection(config))?;
        Ok([a.subject, b.subject])
    }

    /// Plays the exchange between any two TCPs; see [`Subject`]. `make` makes each of them with its policies, in
    /// CLOSED, and again for each line `config` or `crash`. An enum makes two kinds of TCP one type. Returns A and B as
    /// they are at the end, and what could not be checked.
    ///
    /// # Errors
    ///
    /// Returns the first line that differs from the actual exchange, or that needs something that a subject does not
    /// have ([`is_not_supported`](ScriptError::is_not_supported)).
    pub fn run_subjects<S: Subject>(
        &self,
        config: &Config,
        make: impl Fn(Side, &Config) -> S,
    ) -> Result<[Played<S>; 2], ScriptError> {
        self.play(config, &make).map(|Stage { a, b, .. }| [a.end(), b.end()])
    }

    /// Plays the exchange as [`run`](Figure::run) does. Returns everything that happened, a line for each event.
    ///
    /// # Errors
    ///
    /// Returns the first line that differs from the actual exchange.
    pub fn exchange(&self, config: &Config) -> Result<Vec<String>, ScriptError> {
        self.play(config, &|_, config| glue::connection(config)).map(|stage| stage.log.lines())
    }

    fn play<'m, S: Subject>(
        &self,
        config: &Config,
        make: &'m impl Fn(Side, &Config) -> S,
    ) -> Result<Stage<'m, S>, ScriptError> {
        let mut stage = Stage::new(config, make);
        let mut last = 0;
        for ((number, row), next) in self.rows.iter().zip(self.rows.iter().skip(1).map(Some).chain([None])) {
            let drain = !matches!(next, Some((_, Row::Joined(..))));
            (stage.a.line, stage.b.line) = (*number, *number);
            let played = stage.play(row, drain);
            stage.take_logs();
            played.map_err(|difference| self.differs(*number, difference, &stage))?;
            last = *number;
        }
        let ended = stage.end();
        stage.take_logs();
        ended.map_err(|difference| self.differs(last, difference, &stage))?;
        Ok(stage)
    }

    fn differs<S>(&self, number: usize, difference: Difference, stage: &Stage<'_, S>) -> ScriptError {
        ScriptError::differs(&self.text, number, difference, stage.log.lines())
    }
}

impl FromStr for Figure {
    type Err = ScriptError;

    fn from_str(text: &str) -> Result<Figure, ScriptError> {
        Figure::parse(text)
    }
}

/// Plays a figure with the default policies, in a test.
///
/// # Panics
///
/// If the figure is not understood, or differs from the actual exchange. The message shows the exchange.
#[track_caller]
#[expect(clippy::panic, reason = "a test fails by panicking")]
pub fn check_figure(figure: &str) {
    if let Err(error) = Figure::parse(figure).and_then(|figure| figure.run(&Config::DEFAULT)) {
        panic!("{error}");
    }
}

/// The two ends, and the segments between them.
struct Stage<'m, S> {
    a: Player<'m, S>,
    b: Player<'m, S>,
    held: Vec<(Side, Sent)>,
    sent: Vec<(Side, Sent)>,
    /// Everything that happened, a line for each event.
    log: Excerpt,
}

/// A segment in the network, with its payload.
#[derive(Clone, Debug)]
struct Sent {
    segment: Segment,
    payload: Vec<u8>,
}

impl<'m, S: Subject> Stage<'m, S> {
    fn new(config: &Config, make: &'m impl Fn(Side, &Config) -> S) -> Stage<'m, S> {
        let a = Player::new(config, [100, 300], |config: &Config| make(Side::A, config));
        let b = Player::new(config, [300, 100], |config: &Config| make(Side::B, config));
        Stage { a, b, held: Vec::new(), sent: Vec::new(), log: Excerpt::default() }
    }

    fn player(&mut self, side: Side) -> &mut Player<'m, S> {
        match side {
            Side::A => &mut self.a,
            Side::B => &mut self.b,
        }
    }

    fn take_logs(&mut self) {
        for (side, player) in [(Side::A, &mut self.a), (Side::B, &mut self.b)] {
            self.log.append(core::mem::take(&mut player.log), &format!("{side}: "));
        }
    }

    fn play(&mut self, row: &Row, drain: bool) -> Result<(), Difference> {
        match row {
            Row::One(side, line) | Row::Joined(side, line) => self.player(*side).play(line, drain),
            Row::Both(line) => {
                self.a.play(line, true)?;
                self.b.play(line, true)
            }
            Row::States(a, b) => {
                self.a.play(&Line::State(*a, Vec::new()), true)?;
                self.b.play(&Line::State(*b, Vec::new()), true)
            }
            Row::Passage(passage) => self.pass(passage, drain),
        }
    }

    fn pass(&mut self, passage: &Passage, drain: bool) -> Result<(), Difference> {
        let sent = self.origin(passage)?;
        match passage.fate {
            Fate::Arrives => {
                self.player(passage.from.other()).arrives(&sent.segment, &sent.payload, &passage.outcome, drain)?;
            }
            Fate::Held => self.held.push((passage.from, sent)),
            Fate::Lost => {}
        }
        for (side, state) in [(Side::A, passage.a), (Side::B, passage.b)] {
            if let Some(state) = state {
                self.player(side).expect_state(state, &[]).map_err(|difference| difference.at(side))?;
            }
        }
        Ok(())
    }

    /// Returns the segment of a row from its origin. A segment that matches the row must be there.
    fn origin(&mut self, passage: &Passage) -> Result<Sent, Difference> {
        let (from, pattern) = (passage.from, &passage.pattern);
        let is_it = |(side, sent): &(Side, Sent)| *side == from && pattern.is_like(&sent.segment, &sent.payload);
        let none = |what: &str| Difference::new(pattern, format!("{from} has {what} no such segment"));
        match passage.origin {
            Origin::PutOut => {
                let put = self.player(from).expect_segment(pattern, None).map_err(|d| d.at(from))?;
                let payload = put.payload.unwrap_or_else(|| bytes::payload(&put.segment));
                let sent = Sent { segment: put.segment, payload };
                self.sent.push((from, sent.clone()));
                Ok(sent)
            }
            Origin::Held => {
                let index = self.held.iter().position(is_it).ok_or_else(|| none("in the network"))?;
                Ok(self.held.remove(index).1)
            }
            Origin::Again => {
                self.sent.iter().rfind(|sent| is_it(sent)).map(|sent| sent.1.clone()).ok_or_else(|| none("sent"))
            }
            Origin::Old => {
                let segment = pattern.with_window(self.player(from.other()).peer_window);
                let payload = pattern.payload().map_or_else(|| bytes::payload(&segment), <[u8]>::to_vec);
                Ok(Sent { segment, payload })
            }
        }
    }

    fn end(&mut self) -> Result<(), Difference> {
        self.a.settle().map_err(|difference| difference.at(Side::A))?;
        self.b.settle().map_err(|difference| difference.at(Side::B))?;
        match self.held.first() {
            Some((from, sent)) => Err(Difference::new("nothing in the network", format!("{} of {from}", sent.segment))),
            None => Ok(()),
        }
    }
}
