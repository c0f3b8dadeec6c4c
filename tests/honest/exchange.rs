//! Two ends over a network that only delays, in virtual time, and the properties of both.

use core::time::Duration;
use std::collections::BTreeMap;

use tcp_lifecycle::sim::{Network, Pair, Side, What};
use tcp_lifecycle::{Config, Instant, Segment, SeqNumber, Signal, State, Status};

use crate::life::{Act, Fate, Life};
use crate::plan::{longest_delay, ways};
use crate::reasons::Reason;
use crate::run;
use crate::witness::{Ending, Ways, Witness};

const SIDES: [Side; 2] = [Side::A, Side::B];
/// The bound on events: two ends of which one probes the window of the other may go on without end.
const MOST: usize = 3_000;
/// The delay of a segment for which none is planned.
const USUAL: u64 = 10;
/// A user that waits this long, in milliseconds, does not read at all.
pub(crate) const NEVER: u64 = 1_000_000;

enum Happens {
    Step(usize),
    Arrives(u64),
    Reads(Side),
    /// The user closes; a user that still has a connection later aborts.
    Closes(Side),
    Aborts(Side),
}

struct Exchange<'l> {
    life: &'l Life,
    ways: Ways,
    pair: Pair,
    witness: Witness,
    seen: usize,
    sent: usize,
    agenda: BTreeMap<(Instant, u64), Happens>,
    planned: u64,
    /// When the last segment of each end arrives.
    arrival: [Instant; 2],
    reads: [bool; 2],
    configs: [Config; 2],
    /// The longest time for which each end may delay an acknowledgment.
    delays: [Duration; 2],
    /// The ISS of the incarnation that the user has aborted; and whether the user has closed the present one.
    aborted: [Option<SeqNumber>; 2],
    closed: [bool; 2],
}

/// Reports the life if anything panics.
impl Drop for Exchange<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            run::tell_last(format!("{}\n{}", self.life, self.pair.trace()));
        }
    }
}

/// Plays a life from the first step to the end; returns how often each reason was given.
pub(crate) fn live(life: &Life) -> [u64; Reason::COUNT] {
    let mut exchange = Exchange::new(life);
    let mut after = 0;
    for (index, step) in life.steps.iter().enumerate() {
        after += step.after;
        exchange.plan(after, Happens::Step(index));
    }
    for (side, wait) in [(Side::A, 20_000), (Side::B, 25_000)] {
        exchange.plan(after + wait, Happens::Closes(side));
        exchange.plan(after + 4 * wait, Happens::Aborts(side));
    }
    for _ in 0..MOST {
        if !exchange.happens_next() {
            break;
        }
        exchange.look();
        exchange.check();
    }
    exchange.witness.reasons
}

/// Injects a segment that A might send, between two ends at rest in ESTABLISHED. `segment` makes it from the status of
/// A and that of B.
pub(crate) fn deceive(life: &Life, segment: impl Fn(&Status, &Status) -> Segment) {
    let mut exchange = Exchange::new(life);
    let mut after = 0;
    for (index, step) in life.steps.iter().enumerate() {
        after += step.after;
        exchange.plan(after, Happens::Step(index));
    }
    while exchange.happens_next() {
        exchange.look();
        exchange.check();
    }
    let [a, b] = SIDES.map(|side| exchange.pair.status(side));
    assert_eq!((a.state, b.state), (State::Established, State::Established));
    let segment = segment(&a, &b);
    exchange.pair.inject(Side::A, segment, &vec![0; usize::from(segment.payload_len())]);
    exchange.look();
    _ = exchange.pair.deliver(0);
    exchange.look();
}

impl<'l> Exchange<'l> {
    fn new(life: &'l Life) -> Exchange<'l> {
        let [a, b] = &life.ends;
        let mut pair = Pair::new(&a.config, &b.config, Network::BY_HAND);
        for (side, end) in SIDES.into_iter().zip(&life.ends) {
            pair.stop_reading(side);
            pair.set_isn_offset(side, end.iss);
        }
        let ways = ways(life);
        let configs = [a.config, b.config];
        let keeps_alive = configs.map(|config| config.keep_alive.is_some());
        Exchange {
            life,
            ways,
            witness: Witness::new(ways, SIDES.map(|side| pair.status(side)), keeps_alive),
            pair,
            seen: 0,
            sent: 0,
            agenda: BTreeMap::new(),
            planned: 0,
            arrival: [Instant::ZERO; 2],
            reads: [false; 2],
            configs,
            delays: configs.map(|config| config.delayed_ack.unwrap_or_default()),
            aborted: [None; 2],
            closed: [false; 2],
        }
    }

    fn plan(&mut self, after: u64, happens: Happens) {
        self.plan_at(self.pair.now() + Duration::from_millis(after), happens);
    }

    fn plan_at(&mut self, at: Instant, happens: Happens) {
        self.planned += 1;
        self.agenda.insert((at, self.planned), happens);
    }

    /// Handles the next event. Returns false if there is none. Arrivals come before timers of the same moment.
    fn happens_next(&mut self) -> bool {
        let next = self.agenda.keys().next().map(|(at, _)| *at);
        match (self.pair.next_event(), next) {
            (Some(timer), next) if next.is_none_or(|next| timer < next) => {
                self.pair.step().unwrap_or_else(|violation| panic!("{violation}"));
            }
            (_, Some(next)) => {
                // A timer of this moment fires later.
                if self.pair.next_event().is_none_or(|timer| next < timer) {
                    self.pair.drive_until(next).unwrap_or_else(|violation| panic!("{violation}"));
                }
                if let Some((_, happens)) = self.agenda.pop_first() {
                    self.happens(happens);
                }
            }
            (_, None) => return false,
        }
        true
    }

    fn happens(&mut self, happens: Happens) {
        match happens {
            Happens::Step(index) => {
                let step = &self.life.steps[index];
                self.act(step.side, &step.act);
            }
            Happens::Arrives(number) => {
                let index = self.pair.in_flight().iter().position(|flight| flight.number == number);
                _ = self.pair.deliver(index.expect("nothing is lost"));
            }
            Happens::Reads(side) => {
                self.reads[place(side)] = false;
                self.pair.read(side, self.life.ends[place(side)].read.max(1));
            }
            Happens::Closes(side) => {
                self.act(side, &Act::Limit(u32::MAX));
                self.act(side, &Act::Close);
            }
            Happens::Aborts(side) => self.act(side, &Act::Abort),
        }
    }

    fn act(&mut self, side: Side, act: &Act) {
        let (at, status) = (place(side), self.pair.status(side));
        match act {
            Act::Open(open) => {
                if self.pair.open(side, *open).is_ok() {
                    (self.closed[at], self.aborted[at]) = (false, None);
                }
            }
            Act::Send(bytes) => {
                let start = self.pair.sent(side).len();
                let bytes: Vec<_> = (start..start + bytes).map(|at| (at * 3 % 251) as u8).collect();
                _ = self.pair.send(side, &bytes);
            }
            Act::Close => self.closed[at] |= self.pair.close(side).is_ok(),
            Act::Abort => {
                if self.pair.abort(side).is_ok() {
                    self.aborted[at] = status.iss;
                }
            }
            Act::Limit(bytes) => self.pair.call(side, &act.to_string(), |connection, _| connection.limit(*bytes)),
            Act::Configure(config) => {
                self.configs[at] = **config;
                self.delays[at] = self.delays[at].max(config.delayed_ack.unwrap_or_default());
                self.witness.keeps_alive[at] = config.keep_alive.is_some();
                self.pair.call(side, &act.to_string(), |connection, _| connection.configure(config));
            }
            Act::SendUrgent(_)
            | Act::Retransmit(..)
            | Act::Icmp(..)
            | Act::Marked
            | Act::Reduced
            | Act::Isn(_)
            | Act::Crash => unreachable!("{act} is not planned"),
        }
    }

    fn look(&mut self) {
        let events = &self.pair.trace().events()[self.seen..];
        let given_up = events.iter().find(|event| event.what == What::Signal(Signal::TimedOut)).map(|event| event.side);
        let numbers: Vec<_> = events
            .iter()
            .filter_map(|event| if let What::Sent(number, _) = event.what { Some((event.side, number)) } else { None })
            .collect();
        if let Some(side) = given_up {
            self.check_given_up(side);
        }
        self.witness.look(events, |side| self.pair.status(side));
        self.seen = self.pair.trace().events().len();
        for (side, number) in numbers {
            self.carry(side, number);
        }
        for side in SIDES {
            let end = &self.life.ends[place(side)];
            if !self.reads[place(side)] && end.wait < NEVER && self.pair.status(side).unread > 0 {
                self.reads[place(side)] = true;
                self.plan(end.wait, Happens::Reads(side));
            }
        }
    }

    /// Lets a segment that was sent arrive, no earlier than the previous segments of its sender.
    fn carry(&mut self, side: Side, number: u64) {
        let after = match self.life.fates.get(self.sent) {
            Some(Fate::After(after)) => *after,
            None => USUAL,
            Some(fate) => unreachable!("{fate} is not planned"),
        };
        self.sent += 1;
        let arrival = &mut self.arrival[place(side)];
        *arrival = (*arrival).max(self.pair.now() + Duration::from_millis(after));
        let at = *arrival;
        self.plan_at(at, Happens::Arrives(number));
    }
}

/// The properties.
impl Exchange<'_> {
    fn check(&self) {
        for side in SIDES {
            self.check_rtt(side);
            let state = self.pair.state(side);
            assert!(!(self.closed[place(side)] && state == State::Listen), "{side} has closed, and listens again");
            if self.pair.in_flight().is_empty() {
                self.check_peer(side);
            }
        }
    }

    /// With nothing in flight, an end whose peer has left their common incarnation has ended too, or is about to.
    fn check_peer(&self, side: Side) {
        let (here, there) = (self.pair.status(side), self.pair.status(side.other()));
        if matches!(here.state, State::Closed | State::Listen | State::TimeWait) {
            return;
        }
        let aborted = self.aborted[place(side.other())];
        assert!(aborted.is_none() || aborted != here.irs, "{side} is in {} after its peer's ABORT", here.state);
        let knows = |status: &Status| status.iss.is_some() && status.iss == here.irs && status.irs == here.iss;
        let silent = self.witness.endings[place(side.other())] == Ending::Silent;
        let is_timed = self.pair.connection(side).deadline().is_some();
        let alone = here.irs.is_some() && !knows(&there);
        assert!(!alone || silent || is_timed, "{side} waits in {} for nobody, and no timer runs", here.state);
    }

    /// No round trip takes longer than the longest delay there and back, and the delay of an acknowledgment.
    fn check_rtt(&self, side: Side) {
        let delay = Duration::from_millis(2 * longest_delay(self.life));
        let most = delay + self.delays[place(side.other())] + Duration::from_millis(2);
        let srtt = self.pair.status(side).srtt;
        assert!(srtt.is_none_or(|srtt| srtt <= most), "{side} has measured {srtt:?}, and {most:?} is the most");
    }

    /// MUST-37, MUST-29: no end gives up a peer that answers in time.
    fn check_given_up(&self, side: Side) {
        let before = self.witness.last(place(side));
        let there = self.pair.status(side.other());
        let idle = before.state == State::FinWait2 && self.configs[place(side)].fin_wait_2_timeout.is_some();
        let answers = there.irs.is_some() && there.irs == before.iss && there.iss == before.irs;
        assert!(
            self.ways != Ways::Prompt || idle || !answers,
            "{side} gives up its peer in {}, which has answered everything: {before:?}",
            before.state
        );
    }
}

fn place(side: Side) -> usize {
    usize::from(side == Side::B)
}
