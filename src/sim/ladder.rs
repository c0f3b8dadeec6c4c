//! A trace as the RFC prints its figures: a ladder between the states of A and B.

use core::fmt;
use std::collections::BTreeSet;
use std::format;
use std::string::{String, ToString};
use std::vec;
use std::vec::Vec;

use super::Side;
use super::difference::describe_signal;
use super::trace::{Event, Trace, What};
use crate::{Instant, Segment, Signal, State};

impl fmt::Display for Trace {
    /// Prints a ladder: the time, the state of A, the segment with its arrows, the state of B. A row shows the state of
    /// an end to which something happened, as it is after the row. A segment stands in one row, at the time when it was
    /// sent, if nothing else happens to its receiver before it arrives. Otherwise it has a row for each end, with `...`
    /// for the network between them. `x` is a lost segment, with the remark `swallowed` for a black hole or a
    /// partition. A segment with a `bad checksum` arrives and is dropped. A segment that is `marked` has Congestion
    /// Experienced. `(again)` is a copy that the network made, `(duplicate)` the arrival of a segment that no end has
    /// sent. User calls, signals and timeouts stand in parentheses beside the state.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ladder::new(self).write(f)
    }
}

/// The parts of one row, from left to right.
#[derive(Default)]
struct Row<'t> {
    left: &'t str,
    departs: &'t str,
    middle: String,
    arrives: &'t str,
    right: &'t str,
    remark: &'t str,
}

impl Row<'_> {
    fn write(&self, f: &mut impl fmt::Write, time: &str, [clock, width]: [usize; 2]) -> fmt::Result {
        let Row { left, departs, middle, arrives, right, remark } = self;
        let middle = match left {
            // An event of B alone stands beside the state of B.
            &"" if departs.is_empty() => format!("{middle:>width$}"),
            _ => format!("{middle:<width$}"),
        };
        let row = format!("{time:>clock$}  {left:<12} {departs:<3} {middle} {arrives:<3} {right:<12}  {remark}");
        writeln!(f, "{}", row.trim_end())
    }
}

/// A line of a ladder.
enum Line<'t> {
    /// A row, with the time if it is a new one.
    Row(String, Row<'t>),
    Note(&'t str),
}

impl Line<'_> {
    fn clock_width(&self) -> usize {
        match self {
            Line::Row(time, _) => time.len(),
            Line::Note(_) => 0,
        }
    }
}

struct Ladder<'t> {
    events: &'t [Event],
    /// The end that a script plays. It has no state.
    played: Option<Side>,
    /// Whether an event already stands in the row of an earlier event.
    told: Vec<bool>,
    /// The first event of A, and the first of B, that may have no row yet. Both only advance: a ladder takes linear
    /// time.
    next: [usize; 2],
    #[cfg(test)]
    looks: usize,
    /// The segments that have arrived.
    arrived: BTreeSet<u64>,
    /// The segments that no end has sent.
    injected: BTreeSet<u64>,
}

impl<'t> Ladder<'t> {
    fn new(trace: &'t Trace) -> Ladder<'t> {
        let (events, told) = (trace.events.as_slice(), vec![false; trace.events.len()]);
        Ladder {
            events,
            played: trace.played,
            told,
            next: [0; 2],
            #[cfg(test)]
            looks: 0,
            arrived: BTreeSet::new(),
            injected: BTreeSet::new(),
        }
    }

    fn is_told(&self, index: usize) -> bool {
        self.told.get(index).is_some_and(|told| *told)
    }

    fn tell(&mut self, index: usize) {
        self.told.get_mut(index).into_iter().for_each(|told| *told = true);
    }

    fn state(&self, event: &Event) -> &'static str {
        if self.played == Some(event.side) { "" } else { event.state.name() }
    }

    fn write(&mut self, f: &mut impl fmt::Write) -> fmt::Result {
        let mut last = None;
        let mut lines = vec![Line::Row("time".to_string(), Row { left: "A", right: "B", ..Row::default() })];
        for (index, event) in self.events.iter().enumerate() {
            if self.is_told(index) {
                continue;
            }
            if let What::Note(note) = &event.what {
                lines.push(Line::Note(note));
                continue;
            }
            for row in self.rows(index, event) {
                let time = if last == Some(event.at) { String::new() } else { in_seconds(event.at) };
                last = Some(event.at);
                lines.push(Line::Row(time, row));
            }
        }
        // The longest time begins at the left margin.
        let clock = lines.iter().map(Line::clock_width).max().unwrap_or_default();
        let width = self.width();
        lines.iter().try_for_each(|line| match line {
            Line::Row(time, row) => row.write(f, time, [clock, width]),
            Line::Note(note) => writeln!(f, "\n{note}"),
        })
    }

    /// Returns the width of the middle column. It has room for the longest segment and for any call.
    fn width(&self) -> usize {
        let sent = |event: &&Event| matches!(event.what, What::Sent(..) | What::Injected(..));
        let segments = self.events.iter().filter(sent).filter_map(|event| event.what.segment());
        let segments = segments.map(|(_, segment)| in_figures(&segment).to_string().len());
        segments.max().unwrap_or_default().max(32)
    }

    fn rows(&mut self, index: usize, event: &'t Event) -> Vec<Row<'t>> {
        let mut rows = Vec::new();
        match &event.what {
            What::Start => rows.extend(self.start(index, event)),
            What::Call(call) => rows.push(beside(event, format!("({call})"))),
            What::Crashed => rows.push(beside(event, "(crash)".to_string())),
            What::Timeout(State::TimeWait) => rows.push(beside(event, "(2 MSL have passed)".to_string())),
            What::Timeout(_) => rows.push(beside(event, "(timeout)".to_string())),
            What::Signal(signal) => rows.extend(told_to_user(event, *signal)),
            What::Sent(number, segment) => rows.extend(self.sent(index, event, *number, segment)),
            What::Injected(number, _) => {
                self.injected.insert(*number);
            }
            What::Lost(_, segment) | What::Swallowed(_, segment) => {
                let row = passage(event.side, "", "...", segment, "x", "");
                rows.push(Row { remark: remark(&event.what), ..row });
            }
            What::Arrived(number, segment, _) | What::Corrupted(number, segment) => {
                let is_first = self.arrived.insert(*number);
                let origin = match self.injected.contains(number) {
                    true if is_first => "(duplicate)",
                    _ if is_first => "",
                    _ => "(again)",
                };
                rows.extend(self.arrival_of(index, origin, segment));
            }
            What::Transition(_)
            | What::Duplicated(..)
            | What::HeldBack(..)
            | What::Marked(..)
            | What::Reassembled(..)
            | What::Note(_) => {}
        }
        rows
    }

    /// Makes the row in which both ends begin.
    fn start(&mut self, index: usize, event: &'t Event) -> Option<Row<'t>> {
        let next = index.saturating_add(1);
        let other = self.events.get(next).filter(|other| other.what == What::Start)?;
        self.tell(next);
        Some(Row { left: self.state(event), right: self.state(other), ..Row::default() })
    }

    /// Makes the rows of a segment that was sent. Its loss or its arrival stands in the same row, if possible.
    fn sent(&mut self, index: usize, event: &'t Event, number: u64, segment: &'t Segment) -> Vec<Row<'t>> {
        let next = index.saturating_add(1);
        let is_loss = |what: &What| matches!(what, What::Lost(lost, _) | What::Swallowed(lost, _) if *lost == number);
        if let Some(loss) = self.events.get(next).filter(|next| is_loss(&next.what)) {
            self.tell(next);
            let row = passage(event.side, self.state(event), "-->", segment, "x", "");
            return Vec::from([Row { remark: remark(&loss.what), ..row }]);
        }
        let Some(arrival) = self.arrival(index, event.side, number) else {
            return Vec::from([passage(event.side, self.state(event), "-->", segment, "...", "")]);
        };
        self.arrived.insert(number);
        let mut rows = self.arrival_of(arrival, self.state(event), segment);
        if let Some(row) = rows.first_mut() {
            let arrow = arrow(event.side);
            (row.departs, row.arrives) = (arrow, arrow);
        }
        rows
    }

    /// Returns the index of the segment's arrival, if nothing happens to its receiver before.
    fn arrival(&mut self, index: usize, from: Side, number: u64) -> Option<usize> {
        let arrival = self.next_of(from.other(), index);
        let (What::Arrived(arrived, ..) | What::Corrupted(arrived, _)) = &self.events.get(arrival)?.what else {
            return None;
        };
        (*arrived == number).then_some(arrival)
    }

    /// Returns the first event of this end behind `index` that has no row yet.
    fn next_of(&mut self, side: Side, index: usize) -> usize {
        let [a, b] = self.next;
        let mut next = match side {
            Side::A => a,
            Side::B => b,
        };
        next = next.max(index.saturating_add(1));
        let is_it = |event: &Event| event.side == side && !matches!(event.what, What::Note(_));
        while self.events.get(next).is_some_and(|event| !is_it(event) || self.is_told(next)) {
            next = next.saturating_add(1);
            #[cfg(test)]
            {
                self.looks = self.looks.saturating_add(1);
            }
        }
        self.next = match side {
            Side::A => [next, b],
            Side::B => [a, next],
        };
        next
    }

    /// Makes the row of an arrival, and the rows of the signals that it causes.
    fn arrival_of(&mut self, index: usize, origin: &'t str, segment: &'t Segment) -> Vec<Row<'t>> {
        let mut rows = Vec::new();
        let Some(event) = self.events.get(index) else { return rows };
        self.tell(index);
        let row = passage(event.side.other(), origin, "...", segment, "-->", self.state(event));
        let next = self.events.get(index.saturating_add(1));
        let remark = match remark(&event.what) {
            remark if next.is_none_or(|next| !matches!(next.what, What::Marked(..))) => remark,
            "" => "marked",
            _ => "marked, refused",
        };
        rows.push(Row { remark, ..row });
        for (index, event) in self.events.iter().enumerate().skip(index.saturating_add(1)) {
            if let What::Signal(signal) = &event.what {
                rows.extend(told_to_user(event, *signal));
            } else if !matches!(event.what, What::Transition(_) | What::Marked(..) | What::Reassembled(..)) {
                break;
            }
            self.tell(index);
        }
        rows
    }
}

/// Returns the remark on the fate of a segment.
fn remark(what: &What) -> &'static str {
    match what {
        What::Swallowed(..) => "swallowed",
        What::Corrupted(..) => "bad checksum",
        What::Arrived(_, _, Err(_)) => "refused",
        What::Arrived(_, _, Ok(_))
        | What::Lost(..)
        | What::Start
        | What::Call(_)
        | What::Sent(..)
        | What::Injected(..)
        | What::Duplicated(..)
        | What::HeldBack(..)
        | What::Marked(..)
        | What::Reassembled(..)
        | What::Timeout(_)
        | What::Transition(_)
        | What::Signal(_)
        | What::Crashed
        | What::Note(_) => "",
    }
}

/// Makes the row of an event at one end alone.
fn beside<'t>(event: &Event, what: String) -> Row<'t> {
    let state = event.state.name();
    match event.side {
        Side::A => Row { left: state, middle: what, ..Row::default() },
        Side::B => Row { right: state, middle: what, ..Row::default() },
    }
}

/// Makes the row of a signal. `Acknowledged` has no row, since the segments show it.
fn told_to_user<'t>(event: &Event, signal: Signal) -> Option<Row<'t>> {
    let told = !matches!(signal, Signal::Acknowledged(_));
    told.then(|| beside(event, format!("({})", describe_signal(signal))))
}

fn arrow(from: Side) -> &'static str {
    match from {
        Side::A => "-->",
        Side::B => "<--",
    }
}

/// Makes the row of a segment between the two ends. `departs` and `arrives` are as for a segment to the right.
fn passage<'t>(
    from: Side,
    origin: &'t str,
    departs: &'t str,
    segment: &Segment,
    arrives: &'t str,
    state: &'t str,
) -> Row<'t> {
    let turned = |mark: &'t str| if mark == "-->" { arrow(from) } else { mark };
    let (departs, arrives) = (turned(departs), turned(arrives));
    let middle = in_figures(segment).to_string();
    match from {
        Side::A => Row { left: origin, departs, middle, arrives, right: state, remark: "" },
        Side::B => Row { left: state, departs: arrives, middle, arrives: departs, right: origin, remark: "" },
    }
}

/// `0.010s`
pub(super) fn in_seconds(at: Instant) -> String {
    let millis = at.as_micros() / 1_000;
    format!("{}.{:03}s", millis / 1_000, millis % 1_000)
}

/// Reduces a segment to SEQ, ACK, CTL and DATA, as in the RFC's figures.
fn in_figures(segment: &Segment) -> Segment {
    Segment::new(segment.seq(), segment.ack().unwrap_or_default(), segment.control())
        .with_payload(segment.payload_len())
}

#[cfg(test)]
mod tests {
    use std::boxed::Box;

    use super::*;
    use crate::Config;
    use crate::sim::{Network, Pair};

    /// Between a segment and its arrival lie all events of one burst.
    #[test]
    fn a_ladder_looks_at_each_event_once_for_each_end() -> Result<(), Box<dyn core::error::Error>> {
        let config = Config { max_segment: 1, ..Config::DEFAULT };
        let mut pair = Pair::new(&config, &config, Network { loss: 100, ..Network::PERFECT });
        pair.handshake()?;
        pair.send(Side::A, &[7; 10_000])?;
        pair.drive()?;
        let events = pair.trace().events().len();
        let (mut ladder, mut written) = (Ladder::new(pair.trace()), String::new());
        ladder.write(&mut written)?;
        assert!(written.lines().count() > 10_000, "{}", written.lines().count());
        assert!(ladder.looks <= events.saturating_mul(2), "{} of {events}", ladder.looks);
        Ok(())
    }
}
