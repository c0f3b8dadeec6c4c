//! The path to a state as a ladder: one line for each action, with the states of both ends after it.

use core::fmt::Write;

use tcp_lifecycle::{Open, Signal};

use crate::arcs::{Cause, Turn};
use crate::fair::Goal;
use crate::honest::Kind;
use crate::laws::Law;
use crate::world::{Action, Bounds, Flight, World};
use crate::{attacker, fair};

/// The ladder of these actions. If they do not break the law themselves, the continuation that breaks it follows.
pub(crate) fn ladder(actions: &[Action], law: Option<Law>, bounds: &Bounds) -> String {
    let mut ladder = Ladder { text: String::new(), bounds, mirrored: false };
    let (mut world, mirrored) = World::new(bounds).canonical(bounds);
    ladder.mirrored = mirrored;
    _ = writeln!(ladder.text, "{:>9}  {:<12} {:<64} B", "time", "A", "");
    ladder.row(&world, "", "", "");
    for action in actions {
        world = ladder.step(&world, action);
    }
    let Some(law) = law else { return ladder.text };
    if world.broken.is_empty() {
        ladder.then(world, law);
    } else {
        ladder.broken(&world);
    }
    ladder.text
}

struct Ladder<'b> {
    text: String,
    bounds: &'b Bounds,
    /// The state stands for its mirror image.
    mirrored: bool,
}

impl Ladder<'_> {
    fn row(&mut self, world: &World, time: &str, what: &str, told: &str) {
        let [mut a, mut b] = world.states();
        if self.mirrored {
            core::mem::swap(&mut a, &mut b);
        }
        let row = format!("{time:>9}  {a:<12} {what:<64} {b:<12} {told}");
        _ = writeln!(self.text, "{}", row.trim_end());
    }

    fn name(&self, side: usize) -> &'static str {
        if (side == 0) == self.mirrored { "B" } else { "A" }
    }

    /// Takes one action, as the model does.
    fn step(&mut self, world: &World, action: &Action) -> World {
        let what = self.describe(world, action);
        let (after, told) = world.after(action, self.bounds).expect("what the model has done");
        let told: Vec<_> = told.iter().map(describe_signal).collect();
        let time = format!("{:.3}s", after.now.as_micros() as f64 / 1e6);
        self.row(&after, &time, &what, &told.join(", "));
        let (after, image) = after.canonical(self.bounds);
        self.mirrored ^= image;
        after
    }

    fn describe(&self, world: &World, action: &Action) -> String {
        let flight = |place: usize, mark: &str| self.flight(&world.net[place], mark);
        match action {
            Action::At(side, cause) => format!("{}: {}", self.name(*side), describe_call(cause)),
            Action::Crash(side) => format!("{}: (crash)", self.name(*side)),
            Action::Deliver(place) => flight(*place, ""),
            Action::Duplicate(place) => flight(*place, " (and again later)"),
            Action::Lose(place) => flight(*place, " (lost)"),
            Action::Forge(side, segment) => {
                let forged = Flight { to: *side, iss: segment.seq(), start: 0, kind: Kind::Plain, segment: *segment };
                self.flight(&forged, " (forged)")
            }
        }
    }

    fn flight(&self, flight: &Flight, mark: &str) -> String {
        let arrow = if self.name(flight.to) == "B" { "-->" } else { "<--" };
        format!("{arrow} {}{mark}", flight.segment)
    }

    fn then(&mut self, mut world: World, law: Law) {
        if law == Law::S8 {
            for side in [0, 1] {
                if let Some(segment) = attacker::harm(&world, side) {
                    let forged = Flight { to: side, iss: segment.seq(), start: 0, kind: Kind::Plain, segment };
                    let what = self.flight(&forged, " (forged, and believed)");
                    self.row(&world, "", &what, "");
                }
            }
            return;
        }
        let way = Goal::of(law).and_then(|goal| fair::way_to_miss(goal, &world, self.bounds));
        let Some(way) = way else { return };
        self.text.push_str("and then, on a fair network:\n");
        // On this path the ends keep their sides, and the segments their order.
        for action in &way {
            let what = self.describe(&world, action);
            let Some((after, told)) = world.after(action, self.bounds) else { return };
            let told: Vec<_> = told.iter().map(describe_signal).collect();
            let time = format!("{:.3}s", after.now.as_micros() as f64 / 1e6);
            self.row(&after, &time, &what, &told.join(", "));
            world = after;
        }
        self.broken(&world);
    }

    fn broken(&mut self, world: &World) {
        for law in world.broken.iter() {
            _ = writeln!(self.text, "broken: {}", law.name());
        }
    }
}

fn describe_call(cause: &Cause) -> &'static str {
    match cause {
        Cause::Open(Open::Active) => "open active",
        Cause::Open(_) => "open passive",
        Cause::Send => "send 1",
        Cause::Urge => "send 1 urgent",
        Cause::Receive => "receive",
        Cause::Close => "close",
        Cause::Abort => "abort",
        Cause::Turn(Turn::Hold) => "limit 0",
        Cause::Turn(Turn::Free) => "limit none",
        Cause::Turn(Turn::Repeat) => "retransmit",
        Cause::Turn(Turn::Configure) => "configure",
        Cause::Turn(Turn::Icmp) => "icmp network unreachable",
        Cause::Segment(_) => "segment",
        Cause::Timeout => "(timeout)",
    }
}

fn describe_signal(signal: &Signal) -> String {
    format!("{signal:?}")
}
