//! The models: all possible next events of each state, and the properties of each state.

use std::sync::atomic::{AtomicBool, Ordering};

use stateright::{Model, Property};
use tcp_lifecycle::{Connection, State};

use crate::arcs::{Cause, Turn};
use crate::fair::Goal;
use crate::laws::Law;
use crate::world::{Action, Bounds, End, World};
use crate::{attacker, fair};

/// Two ends within bounds.
pub(crate) struct Lives {
    pub(crate) bounds: Bounds,
    /// Properties in addition to the laws.
    pub(crate) more: Vec<Property<Lives>>,
    /// A property has been found broken. Only the first path to it counts, which is the shortest.
    found: AtomicBool,
}

impl Lives {
    pub(crate) const fn new(bounds: Bounds, more: Vec<Property<Lives>>) -> Lives {
        Lives { bounds, more, found: AtomicBool::new(false) }
    }

    /// Whether a property holds, or an earlier violation was found.
    pub(crate) fn finds(&self, holds: bool) -> bool {
        holds || self.found.swap(true, Ordering::Relaxed)
    }
}

impl Model for Lives {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        Vec::from([World::new(&self.bounds).canonical(&self.bounds).0])
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        if !world.broken.is_empty() {
            return;
        }
        self.travels(world, actions);
        if world.net.len() > self.bounds.in_flight {
            return;
        }
        for side in [0, 1] {
            self.calls(world, side, actions);
            let state = world.ends[side].connection.state();
            let paid = world.left.timeouts > 0 || state == State::TimeWait;
            if paid && world.may_fire(side, &self.bounds) {
                actions.push(Action::At(side, Cause::Timeout));
            }
            if world.left.crashes > 0 && state != State::Closed {
                actions.push(Action::Crash(side));
            }
            if world.left.forged > 0 {
                actions
                    .extend(attacker::forgeries(world, side, &self.bounds).into_iter().map(|s| Action::Forge(side, s)));
            }
        }
    }

    fn next_state(&self, world: &World, action: Action) -> Option<World> {
        world.after(&action, &self.bounds).map(|(world, _)| world.canonical(&self.bounds).0)
    }

    fn properties(&self) -> Vec<Property<Lives>> {
        let laws = Law::ALL.into_iter().map(|law| Property::always(law.name(), condition(law)));
        laws.chain(self.more.iter().cloned()).collect()
    }
}

impl Lives {
    /// Adds the possible fates of the segments in flight.
    fn travels(&self, world: &World, actions: &mut Vec<Action>) {
        let net = &world.net;
        for (place, flight) in net.iter().enumerate() {
            let previous = place.checked_sub(1).map(|previous| &net[previous]);
            let same = if self.bounds.in_order {
                previous.is_some_and(|previous| previous.to == flight.to)
            } else {
                previous == Some(flight)
            };
            if same {
                continue;
            }
            actions.push(Action::Deliver(place));
            if world.left.faults > 0 {
                actions.push(Action::Lose(place));
                actions.push(Action::Duplicate(place));
            }
        }
    }

    /// Adds the calls that are valid.
    fn calls(&self, world: &World, side: usize, actions: &mut Vec<Action>) {
        let end = &world.ends[side];
        let mut call = |cause| actions.push(Action::At(side, cause));
        let state = end.connection.state();
        if state == State::Closed {
            if end.lives > 0 {
                call(Cause::Open(self.bounds.opens[side]));
            }
            return;
        }
        let sends = matches!(state, State::SynSent | State::SynReceived | State::Established | State::CloseWait);
        if sends && !end.closed && end.sent < self.bounds.bytes[side] {
            call(Cause::Send);
            if self.bounds.urges {
                call(Cause::Urge);
            }
        }
        if !end.closed {
            call(Cause::Close);
        }
        if self.bounds.reads && end.connection.status().unread > 0 {
            call(Cause::Receive);
        }
        if world.left.aborts > 0 {
            call(Cause::Abort);
        }
        self.turns(world, end).for_each(|turn| call(Cause::Turn(turn)));
    }

    fn turns<'w>(&'w self, world: &'w World, end: &'w End) -> impl Iterator<Item = Turn> + 'w {
        let status = end.connection.status();
        let paid = self.bounds.turns.iter().copied().filter(move |turn| {
            world.left.turns > 0
                && match turn {
                    Turn::Hold => !end.held,
                    Turn::Repeat => status.in_flight > 0 && status.snd_una != status.iss,
                    Turn::Icmp => status.in_flight > 0,
                    Turn::Configure => !end.other,
                    Turn::Free => false,
                }
        });
        paid.chain(end.held.then_some(Turn::Free))
    }
}

/// A property of `stateright` is a function without captured variables.
fn condition(law: Law) -> fn(&Lives, &World) -> bool {
    macro_rules! conditions {
        ($($law:ident)*) => {
            match law {
                $(Law::$law => |lives, world| lives.finds(holds(Law::$law, lives, world)),)*
            }
        };
    }
    conditions!(S1 S2 S3 S4 S5 S6 S7 S8 S9 S10 S11 S12 S13 S14 S15 S16 S17 S18 S19 L1 L2 L3 L4)
}

/// Whether the law holds for this state, and for the event that led to it.
fn holds(law: Law, lives: &Lives, world: &World) -> bool {
    if world.broken.contains(law) {
        return false;
    }
    if law == Law::S19 {
        return world.ends.iter().all(|end| comes_back(&end.connection));
    }
    if let Some(goal) = Goal::of(law) {
        return fair::reaches(goal, world, &lives.bounds);
    }
    law != Law::S8 || lives.bounds.budget.forged == 0 || !world.broken.is_empty() || attacker::is_harmless(world)
}

fn comes_back(connection: &Connection) -> bool {
    let mut room = [0; 512];
    let stored = postcard::to_slice(connection, &mut room).expect("a connection takes less");
    postcard::from_bytes(stored).as_ref() == Ok(connection)
}
