//! Plays a life in virtual time: two ends over a simulated network, each of them watched.

use core::time::Duration;
use std::collections::BTreeMap;

use tcp_lifecycle::sim::{Counts, Network, Pair, Side, What};
use tcp_lifecycle::{Control, Instant, Output, Segment, Signal, State, Status, Transmit};

use crate::again::Reopening;
use crate::congestion::Congestion;
use crate::life::{Act, Fate, Life};
use crate::reasons::Reason;
use crate::run;
use crate::watch::Watched;
use crate::witness::{Ways, Witness};

/// The bound on events without a new acknowledgment; two ends with more make no progress.
const MOST: usize = 40_000;
pub(crate) const USUAL: u64 = 10;
pub(crate) const SIDES: [Side; 2] = [Side::A, Side::B];

pub(crate) enum Happens {
    /// The next step of the plan.
    Step(usize),
    Arrives(u64),
    Reads(Side),
    /// The user reduces the congestion window.
    Reduces(Side),
    /// The end whose peer is in TIME-WAIT opens again; it may abort at once.
    OpensAgain(Side),
    GivesUp(Side),
    /// The 2 MSL of the first incarnation end while it is kept.
    FirstTimesOut(Side),
    /// The user closes eventually.
    WindsUp(Side),
}

/// Statistics of a life.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Lived {
    pub(crate) counts: Counts,
    /// Segments that took longer than usual.
    pub(crate) late: u64,
    /// Echoes of marks that users were told of, and segments that announced a reduced window.
    pub(crate) echoes: u64,
    pub(crate) reduced: u64,
    /// Keep-alive probes with an octet.
    pub(crate) octets: u64,
    /// Every byte of a second incarnation had to arrive.
    pub(crate) second: bool,
    /// SYNs that opened a second incarnation, those that came to nothing, and segments for the first one meanwhile.
    pub(crate) reopened: u64,
    pub(crate) restored: u64,
    pub(crate) stood_by: u64,
    pub(crate) patient: bool,
    /// Both ends were ESTABLISHED.
    pub(crate) established: bool,
    pub(crate) virtual_time: Duration,
    /// How often each reason was given for a refusal.
    pub(crate) reasons: [u64; Reason::COUNT],
}

pub(crate) struct World<'l> {
    pub(crate) life: &'l Life,
    pub(crate) pair: Pair,
    pub(crate) watched: [Watched; 2],
    /// S16: names the reason of each refusal.
    pub(crate) witness: Witness,
    /// How much of the trace has been processed, and how many fates have been used.
    seen: usize,
    met: usize,
    agenda: BTreeMap<(Instant, u64), Happens>,
    planned: u64,
    reads: [bool; 2],
    /// The connection has died by an ABORT, a crash or an error; the other end may still have to find out.
    pub(crate) has_died: bool,
    patient: bool,
    isn_offsets: [u32; 2],
    pub(crate) congestion: [Congestion; 2],
    pub(crate) reopening: Reopening,
    /// The last SYN and the last FIN that each end has sent; of the FIN also the number in the trace.
    pub(crate) syns: [Option<Segment>; 2],
    pub(crate) fins: [Option<(u64, Segment)>; 2],
    pub(crate) lived: Lived,
}

/// Reports the life if anything panics.
impl Drop for World<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            run::tell_last(format!("{}\n{}", self.life, self.pair.trace()));
        }
    }
}

/// Plays a life from the first OPEN until nothing is left to happen.
pub(crate) fn live(life: &Life) -> Lived {
    let mut world = World::new(life);
    if world.comes_to_its_end() {
        world.check_end();
    }
    world.lived.counts = world.pair.counts();
    world.lived.reasons = world.witness.reasons;
    world.lived.patient = world.patient;
    world.lived.second = world.patient && world.reopening.has_succeeded();
    world.lived.virtual_time = world.pair.now().saturating_duration_since(Instant::ZERO);
    world.lived
}

impl<'l> World<'l> {
    fn new(life: &'l Life) -> World<'l> {
        let [a, b] = &life.ends;
        let mut pair = Pair::new(&a.config, &b.config, Network::BY_HAND);
        for (side, end) in SIDES.into_iter().zip(&life.ends) {
            pair.stop_reading(side);
            pair.set_isn_offset(side, end.iss);
        }
        let at = |millis| Instant::ZERO + Duration::from_millis(millis);
        for outage in &life.outages {
            pair.black_hole(outage.from, at(outage.start)..at(outage.end));
        }
        World {
            life,
            witness: Witness::new(
                Ways::Faulty,
                SIDES.map(|side| pair.status(side)),
                [a, b].map(|end| end.config.keep_alive.is_some()),
            ),
            pair,
            watched: [Watched::new(a.config, a.iss), Watched::new(b.config, b.iss)],
            seen: 0,
            met: 0,
            agenda: BTreeMap::new(),
            planned: 0,
            reads: [false; 2],
            has_died: false,
            patient: life.is_patient(),
            isn_offsets: [a.iss, b.iss],
            congestion: Default::default(),
            reopening: Reopening::default(),
            syns: [None; 2],
            fins: [None; 2],
            lived: Lived::default(),
        }
    }

    /// Handles all events up to the end. Returns false if the life may go on without end.
    fn comes_to_its_end(&mut self) -> bool {
        let mut after = 0;
        for (index, step) in self.life.steps.iter().enumerate() {
            after += step.after;
            self.plan(after, Happens::Step(index));
        }
        for side in SIDES {
            self.plan(after + 1_000, Happens::WindsUp(side));
        }
        let mut known = SIDES.map(|side| self.pair.status(side));
        let mut in_vain = 0;
        while in_vain < MOST {
            if !self.happens_next() {
                return true;
            }
            self.look();
            self.settle_reopening();
            self.plan_again();
            self.check();
            let now = SIDES.map(|side| self.pair.status(side));
            // A SYN that creates a connection again and again is no progress.
            let is_progress =
                |(before, now): (&Status, &Status)| before.iss == now.iss && before.snd_una != now.snd_una;
            in_vain = if known.iter().zip(&now).any(is_progress) { 0 } else { in_vain + 1 };
            known = now;
        }
        let [a, b] = SIDES.map(|side| self.pair.state(side));
        assert!(self.life.may_last(), "{a} and {b} do not come to an end");
        false
    }

    pub(crate) fn plan(&mut self, after: u64, happens: Happens) {
        self.plan_at(self.pair.now() + Duration::from_millis(after), happens);
    }

    pub(crate) fn plan_at(&mut self, at: Instant, happens: Happens) {
        self.planned += 1;
        self.agenda.insert((at, self.planned), happens);
    }

    /// Handles the next event. Returns false if there is none.
    fn happens_next(&mut self) -> bool {
        let next = self.agenda.keys().next().map(|(at, _)| *at);
        match (self.pair.next_event(), next) {
            (Some(timer), next) if next.is_none_or(|next| timer <= next) => {
                self.pair.step().unwrap_or_else(|violation| panic!("{violation}"));
            }
            (_, Some(next)) => {
                self.pair.drive_until(next).unwrap_or_else(|violation| panic!("{violation}"));
                self.pass();
                if let Some((_, happens)) = self.agenda.pop_first() {
                    self.happens(happens);
                }
            }
            (_, None) => return false,
        }
        true
    }

    /// Advances the watched ends to the time of the pair.
    pub(crate) fn pass(&mut self) {
        for watched in &mut self.watched {
            watched.pass(self.pair.now().saturating_duration_since(watched.now));
        }
    }

    fn happens(&mut self, happens: Happens) {
        match happens {
            Happens::Step(index) => {
                let step = &self.life.steps[index];
                self.step(step.side, &step.act);
            }
            Happens::Arrives(number) => self.arrives(number),
            Happens::Reads(side) => {
                self.reads[place(side)] = false;
                let unread = self.pair.status(side).unread as usize;
                let bytes = unread.min(self.life.ends[place(side)].read.max(1));
                if bytes > 0 {
                    self.pair.read(side, bytes);
                    self.watched(side).receive(bytes).expect("it is unread");
                }
            }
            Happens::Reduces(side) => self.reduce(side),
            Happens::OpensAgain(side) => self.open_again(side),
            Happens::GivesUp(side) => self.act(side, &Act::Abort),
            Happens::FirstTimesOut(side) => self.first_times_out(side),
            Happens::WindsUp(side) => self.wind_up(side),
        }
    }

    pub(crate) fn is_patient(&self) -> bool {
        self.patient
    }

    /// Moves the next initial sequence number forward.
    pub(crate) fn move_isn(&mut self, side: Side, forward: u32) {
        let offset = &mut self.isn_offsets[place(side)];
        *offset = offset.wrapping_add(forward);
        let offset = *offset;
        self.pair.set_isn_offset(side, offset);
        self.watched(side).connection.set_isn_offset(offset);
    }

    pub(crate) fn watched(&mut self, side: Side) -> &mut Watched {
        &mut self.watched[place(side)]
    }

    /// Removes the limit, then closes, as soon as CLOSE does not discard queued payload.
    fn wind_up(&mut self, side: Side) {
        let alone = matches!(self.pair.state(side.other()), State::Closed | State::Listen);
        match self.pair.state(side) {
            State::Closed => return,
            State::Listen if alone => self.act(side, &Act::Close),
            State::Established | State::CloseWait => {
                self.act(side, &Act::Limit(u32::MAX));
                self.act(side, &Act::Close);
            }
            // Nobody is left to send a FIN.
            State::FinWait2 if alone && self.has_died => self.act(side, &Act::Abort),
            State::FinWait1 | State::LastAck | State::Closing => self.act(side, &Act::Limit(u32::MAX)),
            State::Listen | State::SynSent | State::SynReceived | State::FinWait2 | State::TimeWait => {}
        }
        self.plan(1_000, Happens::WindsUp(side));
    }

    /// Hands every event of the pair to the watched ends too, and checks that their outputs are equal.
    pub(crate) fn look(&mut self) {
        self.pass();
        let events: Vec<_> = self.pair.trace().events()[self.seen..].to_vec();
        self.seen += events.len();
        let mut handed_out = [Vec::new(), Vec::new()];
        let mut touched = [false; 2];
        let mut taken = false;
        for event in &events {
            let (side, at) = (event.side, place(event.side));
            touched[at] = true;
            match &event.what {
                What::Timeout(_) => self.watched(side).timeout(),
                What::Arrived(_, segment, outcome) => {
                    assert_eq!(self.watched(side).segment(*segment), *outcome);
                    taken = outcome.is_ok();
                    if taken {
                        self.note_taken(side, segment);
                    }
                }
                What::Reassembled(_, segment, outcome) => {
                    assert_eq!(self.watched(side).segment(*segment), *outcome);
                }
                // The pair reports a mark to the connection if it accepted the segment that has just arrived.
                What::Marked(..) if taken => self.note_mark(side),
                What::Crashed => {
                    let end = &self.life.ends[at];
                    // A planned read finds nothing unread.
                    self.watched[at] = Watched::new(end.config, self.isn_offsets[at]);
                    self.has_died = true;
                    self.reopening.forget(side);
                    self.pass();
                }
                What::Transition(transition) => {
                    self.lived.established |= transition.to == State::Established;
                    // An end that gave up in SYN-RECEIVED may leave the other half-open.
                    self.has_died |= transition.from == State::SynReceived && transition.to == State::Listen;
                    if transition.to == State::TimeWait {
                        self.note_time_wait(side);
                    }
                    handed_out[at].push(Output::Transition(*transition));
                }
                What::Signal(signal) => {
                    use Signal::{Refused, Reset, TimedOut, Unreachable};
                    self.has_died |= matches!(signal, Refused | Reset | TimedOut | Unreachable(_));
                    if *signal == Signal::CongestionExperienced {
                        self.note_echo(side);
                    }
                    handed_out[at].push(Output::Signal(*signal));
                }
                What::Sent(number, segment) => {
                    handed_out[at].push(Output::Transmit(Transmit { segment: *segment, payload: 0..0 }));
                    self.note_sent(side, *number, segment);
                    if segment.control().contains(Control::SYN) {
                        self.syns[at] = Some(*segment);
                    } else if segment.control().contains(Control::FIN) {
                        self.fins[at] = Some((*number, *segment));
                    }
                    self.meet(*number);
                }
                What::Start
                | What::Call(_)
                | What::Injected(..)
                | What::Lost(..)
                | What::Swallowed(..)
                | What::Duplicated(..)
                | What::HeldBack(..)
                | What::Corrupted(..)
                | What::Marked(..)
                | What::Note(_)
                | _ => {}
            }
        }
        for (at, outputs) in handed_out.into_iter().enumerate().filter(|(at, _)| touched[*at]) {
            let watched: Vec<_> = self.watched[at].drain().into_iter().map(without_range).collect();
            assert_eq!(watched, outputs, "the same events, but another outcome");
        }
        self.witness.look(&events, |side| self.pair.status(side));
        self.seen = self.pair.trace().events().len();
        for side in SIDES {
            let at = place(side);
            if !self.reads[at] && self.pair.status(side).unread > 0 {
                self.reads[at] = true;
                self.plan(self.life.ends[at].wait, Happens::Reads(side));
            }
        }
    }

    /// Applies its fate to a segment that was sent.
    fn meet(&mut self, number: u64) {
        let fate = self.life.fates.get(self.met).cloned().unwrap_or(Fate::After(USUAL));
        self.met += 1;
        // The segment is absent if it was swallowed.
        let Some(index) = self.pair.in_flight().iter().position(|flight| flight.number == number) else { return };
        match fate {
            Fate::After(after) => {
                self.lived.late += u64::from(after > USUAL);
                self.plan(after, Happens::Arrives(number));
            }
            Fate::Lost => _ = self.pair.lose(index),
            Fate::Damaged(after) => {
                self.pair.corrupt(index);
                self.plan(after, Happens::Arrives(number));
            }
            Fate::Marked(after) => {
                self.pair.mark(index);
                self.plan(after, Happens::Arrives(number));
            }
            Fate::Twice(one, other) => {
                self.pair.duplicate(index);
                self.plan(one, Happens::Arrives(number));
                self.plan(other, Happens::Arrives(number));
            }
        }
    }
}

pub(crate) fn place(side: Side) -> usize {
    usize::from(side == Side::B)
}

/// A trace does not record which bytes of the queue a segment carries; the pair has checked those.
fn without_range(output: Output) -> Output {
    match output {
        Output::Transmit(transmit) => Output::Transmit(Transmit { payload: 0..0, ..transmit }),
        Output::Transition(_) | Output::Signal(_) | Output::Wait(_) => output,
    }
}
