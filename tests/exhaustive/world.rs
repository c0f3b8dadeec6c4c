//! One state of the models: two ends, the segments in flight between them, and the actions that may follow.

use std::hash::{DefaultHasher, Hash, Hasher};

use tcp_lifecycle::{Config, Connection, Control, Instant, Open, Output, Segment, SeqNumber, State};

use crate::arcs::{Cause, Turn};
use crate::event;
use crate::honest::Kind;
use crate::laws::{Law, Laws};

/// The bounds of a model.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) config: Config,
    /// The initial sequence numbers of the first incarnation.
    pub(crate) isn: [u32; 2],
    pub(crate) opens: [Open; 2],
    /// How often each end may be opened, and how many bytes its user may send in each incarnation, one at a time.
    pub(crate) lives: u8,
    pub(crate) bytes: [u8; 2],
    /// The users read by a separate action; otherwise they read at once.
    pub(crate) reads: bool,
    pub(crate) budget: Budget,
    /// With more segments in flight than this, nothing happens but arrivals and losses.
    pub(crate) in_flight: usize,
    /// Segments of one direction arrive in the order in which they were sent.
    pub(crate) in_order: bool,
    /// The ends are equal, so that a state and its mirror image are one state.
    pub(crate) mirrored: bool,
    /// The policies that the users may change to.
    pub(crate) other: Option<Config>,
    /// The calls in addition to those of RFC 9293 section 3.10 that the users make.
    pub(crate) turns: &'static [Turn],
    /// The users may mark what they send as urgent.
    pub(crate) urges: bool,
    /// A SYN that may start a new incarnation of a connection in TIME-WAIT does so.
    pub(crate) reopens: bool,
}

/// How many optional events are left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Budget {
    /// Losses and duplications.
    pub(crate) faults: u8,
    /// Timeouts, except the end of TIME-WAIT.
    pub(crate) timeouts: u8,
    pub(crate) aborts: u8,
    pub(crate) crashes: u8,
    /// Forged segments.
    pub(crate) forged: u8,
    /// Calls in addition to those of RFC 9293 section 3.10.
    pub(crate) turns: u8,
}

/// One state of a model.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct World {
    pub(crate) now: Instant,
    pub(crate) ends: [End; 2],
    pub(crate) net: Vec<Flight>,
    pub(crate) left: Budget,
    /// An event has happened that does not happen on a perfect network.
    pub(crate) disturbed: bool,
    pub(crate) broken: Laws,
}

/// One end, and the knowledge of its user.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct End {
    pub(crate) connection: Connection,
    /// In this incarnation: the bytes that the user has sent, those acknowledged, and those received.
    pub(crate) sent: u8,
    pub(crate) acknowledged: u8,
    pub(crate) received: u8,
    pub(crate) passive: bool,
    /// The user has closed.
    pub(crate) closed: bool,
    /// An incarnation has ended, not gracefully.
    pub(crate) died: bool,
    /// The limit is zero.
    pub(crate) held: bool,
    /// The other policies are in force.
    pub(crate) other: bool,
    /// In this incarnation: the number of bytes sent when the user last marked all of them as urgent.
    pub(crate) urgent: u8,
    /// A sequence number beyond the peer's window has been sent, and is unacknowledged.
    pub(crate) probes: bool,
    /// The ISS of the last incarnation that the user has aborted.
    pub(crate) aborted: Option<SeqNumber>,
    /// OPENs left, and initial sequence numbers used.
    pub(crate) lives: u8,
    pub(crate) numbers: u8,
}

/// A segment on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Flight {
    pub(crate) to: usize,
    /// The sender's ISS, and the position of the payload in the sender's stream.
    pub(crate) iss: SeqNumber,
    pub(crate) start: u8,
    pub(crate) kind: Kind,
    pub(crate) segment: Segment,
}

/// Everything that distinguishes two segments in flight.
type Key = (usize, u32, u32, Option<u32>, u16, u16, u16, u16, Option<(u32, u32)>, u8);

/// The next event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// A call at one end, or its timeout.
    At(usize, Cause),
    Crash(usize),
    /// The segment at this place arrives.
    Deliver(usize),
    /// The segment at this place arrives, and a copy stays in flight.
    Duplicate(usize),
    Lose(usize),
    /// A forged segment arrives.
    Forge(usize, Segment),
}

impl World {
    pub(crate) fn new(bounds: &Bounds) -> World {
        let end = |side: usize| End {
            connection: Connection::new(&bounds.config, bounds.isn[side]),
            sent: 0,
            acknowledged: 0,
            received: 0,
            passive: false,
            closed: false,
            died: false,
            held: false,
            other: false,
            urgent: 0,
            probes: false,
            aborted: None,
            lives: bounds.lives,
            numbers: 0,
        };
        World {
            now: Instant::ZERO,
            ends: [end(0), end(1)],
            net: Vec::new(),
            left: bounds.budget,
            disturbed: false,
            broken: Laws::NONE,
        }
    }

    pub(crate) fn states(&self) -> [State; 2] {
        [self.ends[0].connection.state(), self.ends[1].connection.state()]
    }

    /// The state after the action, and the signals to the user of that end. `None` if the call is an error.
    pub(crate) fn after(&self, action: &Action, bounds: &Bounds) -> Option<(World, event::Told)> {
        let mut world = self.clone();
        let told = world.act(action, bounds)?;
        Some((world, told))
    }

    pub(crate) fn act(&mut self, action: &Action, bounds: &Bounds) -> Option<event::Told> {
        match *action {
            Action::At(side, cause) => self.call(side, cause, bounds),
            Action::Crash(side) => {
                self.left.crashes -= 1;
                self.disturbed = true;
                let end = &mut self.ends[side];
                end.connection = Connection::new(&bounds.config, 0);
                end.died = true;
                end.numbers += 1;
                Some(Vec::new())
            }
            Action::Deliver(place) => {
                let flight = self.net.remove(place);
                self.arrive(&flight, bounds)
            }
            Action::Duplicate(place) => {
                self.left.faults -= 1;
                self.disturbed = true;
                let flight = self.net[place];
                self.arrive(&flight, bounds)
            }
            Action::Lose(place) => {
                self.left.faults -= 1;
                self.disturbed = true;
                self.net.remove(place);
                Some(Vec::new())
            }
            Action::Forge(side, segment) => {
                self.left.forged -= 1;
                self.disturbed = true;
                event::happens(self, side, Cause::Segment(segment), None, bounds)
            }
        }
    }

    fn call(&mut self, side: usize, cause: Cause, bounds: &Bounds) -> Option<event::Told> {
        let end = &mut self.ends[side];
        match cause {
            Cause::Timeout => {
                // The end of TIME-WAIT needs no budget: it comes once in an incarnation.
                if end.connection.state() != State::TimeWait {
                    self.left.timeouts = self.left.timeouts.saturating_sub(1);
                    self.disturbed = true;
                }
                self.now = self.now.max(end.connection.deadline()?);
            }
            Cause::Abort => {
                self.left.aborts -= 1;
                self.disturbed = true;
            }
            Cause::Open(_) => {
                end.connection.set_isn_offset(bounds.isn[side].wrapping_add(1_000 * u32::from(end.numbers)));
                end.lives -= 1;
            }
            Cause::Turn(turn) => {
                if turn != Turn::Free {
                    self.left.turns -= 1;
                }
                self.disturbed |= turn == Turn::Repeat;
                end.held = turn == Turn::Hold || end.held && turn != Turn::Free;
                end.other |= turn == Turn::Configure;
            }
            Cause::Send | Cause::Urge | Cause::Receive | Cause::Close | Cause::Segment(_) => {}
        }
        event::happens(self, side, cause, None, bounds)
    }

    pub(crate) fn arrive(&mut self, flight: &Flight, bounds: &Bounds) -> Option<event::Told> {
        let end = &mut self.ends[flight.to];
        if bounds.reopens
            && end.lives > 0
            && let Some(isn_offset) = end.connection.reopens(&flight.segment, self.now)
        {
            // TIME-WAIT is replaced by a later incarnation, and never by an old duplicate.
            let irs = end.connection.status().irs;
            self.broken.demand(Law::S11, irs.is_some_and(|irs| irs.lt(flight.iss)));
            end.connection = Connection::new(&bounds.config, isn_offset);
            end.connection.open(Open::Passive, self.now).ok()?;
            while !matches!(end.connection.poll(self.now), Output::Wait(_)) {}
            (end.passive, end.held, end.other) = (true, false, false);
            end.lives -= 1;
            end.numbers += 1;
            end.begin();
        }
        event::happens(self, flight.to, Cause::Segment(flight.segment), Some(flight), bounds)
    }

    /// The end whose timer fires next; the first end if both fire at the same time.
    pub(crate) fn next_timer(&self) -> Option<(Instant, usize)> {
        let deadline = |side: usize| self.ends[side].connection.deadline().map(|at| (at, side));
        [deadline(0), deadline(1)].into_iter().flatten().min()
    }

    /// Whether the timer of this end may fire now: no other deadline is earlier, and no segment outlives MSL.
    pub(crate) fn may_fire(&self, side: usize, bounds: &Bounds) -> bool {
        let Some(at) = self.ends[side].connection.deadline() else { return false };
        let earliest = self.next_timer().is_none_or(|(first, _)| at <= first || first <= self.now && at <= self.now);
        let passed = at.saturating_duration_since(self.now);
        earliest && (self.net.is_empty() || passed < bounds.config.msl)
    }

    /// Sorts the segments, so that only a relevant order distinguishes states.
    pub(crate) fn sort(&mut self, bounds: &Bounds) {
        if bounds.in_order {
            self.net.sort_by_key(|flight| flight.to);
        } else {
            self.net.sort_by_key(Flight::key);
        }
    }

    /// The representative of this state and its mirror image, and whether it is the image.
    pub(crate) fn canonical(mut self, bounds: &Bounds) -> (World, bool) {
        self.sort(bounds);
        if !bounds.mirrored {
            return (self, false);
        }
        let [a, b] = [0, 1].map(|side| fingerprint(&self.ends[side]));
        if a < b {
            return (self, false);
        }
        let image = self.image(bounds);
        let keys = |world: &World| world.net.iter().map(Flight::key).collect::<Vec<_>>();
        if a > b || keys(&image) < keys(&self) { (image, true) } else { (self, false) }
    }

    fn image(&self, bounds: &Bounds) -> World {
        let mut image = self.clone();
        image.ends.swap(0, 1);
        for flight in &mut image.net {
            flight.to = 1 - flight.to;
        }
        image.sort(bounds);
        image
    }

    /// Checks S2 and S7, which concern both ends together.
    pub(crate) fn check_together(&mut self) {
        let [a, b] = [0, 1].map(|side| self.ends[side].connection.status());
        for (here, there) in [(&a, &b), (&b, &a)] {
            if let (Some(irs), Some(iss), Some(rcv), Some(snd)) = (here.irs, there.iss, here.rcv_nxt, there.snd_nxt) {
                self.broken.demand(Law::S7, irs != iss || rcv.le(snd));
            }
        }
        if !self.net.is_empty() || self.ends[0].died || self.ends[1].died {
            return;
        }
        let rests = self.ends.iter().all(|end| end.connection.deadline().is_none() && !end.held);
        for (here, there) in [(a.state, b.state), (b.state, a.state)] {
            if here == State::Established {
                let never = matches!(there, State::SynSent | State::TimeWait);
                self.broken.demand(Law::S2, !never && (!rests || there == State::Established));
            }
        }
    }
}

impl End {
    /// Starts another incarnation.
    pub(crate) fn begin(&mut self) {
        (self.sent, self.acknowledged, self.received, self.urgent) = (0, 0, 0, 0);
        (self.closed, self.probes) = (false, false);
    }
}

impl Bounds {
    /// The policies that are in force at this end.
    pub(crate) fn config_of(&self, end: &End) -> &Config {
        self.other.as_ref().filter(|_| end.other).unwrap_or(&self.config)
    }
}

impl Flight {
    fn key(&self) -> Key {
        let Flight { to, iss, segment, kind, .. } = self;
        let (seq, ack) = (segment.seq().0, segment.ack().map(|ack| ack.0));
        let timestamps = segment.options().timestamps();
        (
            *to,
            iss.0,
            seq,
            ack,
            segment.control().bits(),
            segment.payload_len(),
            segment.window(),
            segment.urgent(),
            timestamps,
            *kind as u8,
        )
    }

    pub(crate) fn is_rst(&self) -> bool {
        self.segment.control().contains(Control::RST)
    }
}

/// A hash that is the same in every run.
pub(crate) fn fingerprint(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
