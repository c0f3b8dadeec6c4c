//! The future of a state on a fair network: every segment arrives, every timer fires on time, and the users read
//! everything and make no other call.

use tcp_lifecycle::{SeqNumber, Signal, State};

use crate::arcs::{Cause, Turn};
use crate::laws::Law;
use crate::world::{Action, Bounds, End, World};

/// The bound on deliveries while time stands still; two ends with more would never stop.
const MOST_AT_ONCE: usize = 60;
/// After this many keep-alive probes in a row, at both ends and without anything else, nothing else will happen.
const ENOUGH_PROBES: usize = 8;
/// The bound on timeouts; an end with more waits without end.
const MOST_TIMEOUTS: usize = 60;

/// How the two ends come to rest.
pub(crate) struct Rest {
    pub(crate) world: World,
    /// The ends came to rest, and no law was broken on the way.
    pub(crate) reached: bool,
    /// The number of segments that were exchanged while time stood still kept within its bound.
    pub(crate) bounded: bool,
    pub(crate) way: Vec<Action>,
    /// The user was told that the connection was reset.
    pub(crate) reset: [bool; 2],
}

/// Lets the ends come to rest. Each step is recorded in `way`, so that a ladder can show it.
pub(crate) fn settle(world: &World, bounds: &Bounds) -> Rest {
    let mut rest = Rest { world: world.clone(), reached: false, bounded: true, way: Vec::new(), reset: [false; 2] };
    for side in [0, 1] {
        if rest.world.ends[side].held {
            rest.take(Action::At(side, Cause::Turn(Turn::Free)), bounds);
        }
    }
    let mut probes = 0;
    for _ in 0..MOST_TIMEOUTS {
        if !rest.empty_the_net(bounds) {
            return rest;
        }
        probes = if rest.is_probing(bounds) { probes + 1 } else { 0 };
        let Some((_, side)) = rest.world.next_timer().filter(|_| probes < ENOUGH_PROBES) else {
            rest.reached = true;
            return rest;
        };
        rest.take(Action::At(side, Cause::Timeout), bounds);
    }
    rest
}

impl Rest {
    /// Whether no timers but those of keep-alive are running.
    fn is_probing(&self, bounds: &Bounds) -> bool {
        self.world.ends.iter().all(|end| {
            let (status, probes) = (end.connection.status(), bounds.config_of(end).keep_alive.is_some());
            let rests = probes && status.in_flight == 0 && status.unsent == 0 && is_stable(status.state);
            end.connection.deadline().is_none() || rests
        })
    }

    fn take(&mut self, action: Action, bounds: &Bounds) {
        self.way.push(action);
        let to = if let Action::Deliver(place) = action { Some(self.world.net[place].to) } else { None };
        let told = self.world.act(&action, bounds).unwrap_or_default();
        if let Some(side) = to {
            self.reset[side] |= told.contains(&Signal::Reset);
        }
    }

    /// Delivers every segment in flight. Returns false if they never end, or if a law was broken.
    fn empty_the_net(&mut self, bounds: &Bounds) -> bool {
        for _ in 0..MOST_AT_ONCE {
            for side in [0, 1] {
                if self.world.ends[side].connection.status().unread > 0 {
                    self.take(Action::At(side, Cause::Receive), bounds);
                }
            }
            if !self.world.broken.is_empty() {
                return false;
            }
            if self.world.net.is_empty() {
                return true;
            }
            // The oldest first: the answers are placed behind the others.
            self.take(Action::Deliver(0), bounds);
        }
        self.bounded = false;
        false
    }
}

/// Whether nothing but a timer can happen next. Any other state leads to such states by deliveries that the model makes
/// too, so the properties of those states cover it.
fn is_still(world: &World) -> bool {
    world.net.is_empty() && world.broken.is_empty() && world.ends.iter().all(|end| end.connection.status().unread == 0)
}

/// Whether neither end holds numbers of an earlier or later incarnation of the other.
fn are_of_one_life(world: &World) -> bool {
    let [a, b] = [0, 1].map(|side| world.ends[side].connection.status());
    let agree = |iss: Option<SeqNumber>, irs: Option<SeqNumber>| iss.is_none() || irs.is_none() || iss == irs;
    let lives = world.ends[0].lives == world.ends[1].lives;
    lives && agree(a.iss, b.irs) && agree(b.iss, a.irs)
}

/// The future that a state must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Goal {
    /// S3
    Reset,
    /// S4
    Silence,
    /// L1
    Rest,
    /// L2
    Closed,
    /// L3
    Established,
}

impl Goal {
    /// The goal of a law about the future of a state.
    pub(crate) fn of(law: Law) -> Option<Goal> {
        const ALL: [(Law, Goal); 5] = [
            (Law::S3, Goal::Reset),
            (Law::S4, Goal::Silence),
            (Law::L1, Goal::Rest),
            (Law::L2, Goal::Closed),
            (Law::L3, Goal::Established),
        ];
        ALL.into_iter().find(|(of, _)| *of == law).map(|(_, goal)| goal)
    }

    /// Whether the goal is due in this state.
    fn is_due(self, world: &World) -> bool {
        let both = |holds: fn(&End) -> bool| world.ends.iter().all(holds);
        match self {
            Goal::Reset => forgotten(world).is_some(),
            Goal::Silence | Goal::Rest => true,
            Goal::Closed => both(|end| !end.died && end.closed) && are_of_one_life(world),
            Goal::Established => {
                both(|end| !end.died && !end.closed && end.connection.state() != State::Closed)
                    && are_of_one_life(world)
            }
        }
    }

    /// Whether the goal is reached at the end of the path from `world`.
    fn is_reached(self, world: &World, rest: &Rest) -> bool {
        let states = rest.world.states();
        let [a, b] = &rest.world.ends;
        match self {
            Goal::Reset => rest.reached && forgotten(world).is_none_or(|side| rest.reset[side]),
            Goal::Silence => rest.bounded,
            Goal::Rest => rest.reached && states.into_iter().all(is_stable),
            Goal::Closed => {
                let graceful = !a.died && !b.died && states == [State::Closed, State::Closed];
                rest.reached && graceful && a.received == b.sent && b.received == a.sent
            }
            Goal::Established => rest.reached && states == [State::Established, State::Established],
        }
    }
}

/// Whether the goal is reached from here.
pub(crate) fn reaches(goal: Goal, world: &World, bounds: &Bounds) -> bool {
    !is_still(world) || way_to_miss(goal, world, bounds).is_none()
}

/// The path from here on which the goal is missed.
pub(crate) fn way_to_miss(goal: Goal, world: &World, bounds: &Bounds) -> Option<Vec<Action>> {
    if !goal.is_due(world) {
        return None;
    }
    let (start, mut way) = match forgotten(world).filter(|_| goal == Goal::Reset) {
        Some(side) => exchange(world, side, bounds),
        None => (world.clone(), Vec::new()),
    };
    let rest = settle(&start, bounds);
    way.extend(&rest.way);
    (!goal.is_reached(world, &rest)).then_some(way)
}

/// Whether the state waits for a user, or for a peer that waits for its user.
fn is_stable(state: State) -> bool {
    matches!(state, State::Closed | State::Listen | State::Established | State::FinWait2 | State::CloseWait)
}

/// S3: the end that can still send to a peer that has no TCB.
fn forgotten(world: &World) -> Option<usize> {
    let [a, b] = world.states();
    let sends = |state| matches!(state, State::Established | State::CloseWait);
    let has_none = |state| matches!(state, State::Closed | State::Listen);
    if sends(a) && has_none(b) && !world.ends[0].closed {
        return Some(0);
    }
    (sends(b) && has_none(a) && !world.ends[1].closed).then_some(1)
}

/// Lets the user of one end send one byte.
fn exchange(world: &World, side: usize, bounds: &Bounds) -> (World, Vec<Action>) {
    let mut world = world.clone();
    let send = Action::At(side, Cause::Send);
    world.act(&send, bounds);
    (world, Vec::from([send]))
}
