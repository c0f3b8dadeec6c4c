//! All runs, and their table.

use core::fmt;
use std::collections::HashMap;
use std::time::Duration;

use tcp_lifecycle::Config;

use crate::attacker::{Knows, Random};
use crate::luck::Luck;
use crate::run::{Outcome, Plan, run};
use crate::scene::Scene;

const SYSTEMS: [(&str, Config); 3] =
    [("DEFAULT", Config::DEFAULT), ("linux()", Config::linux()), ("bsd()", Config::bsd())];
pub(crate) const RATES: [u64; 4] = [10, 100, 1_000, 10_000];

/// The extent of the runs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extent {
    /// All rates for every attacker; otherwise only the most telling ones.
    pub(crate) is_whole: bool,
    pub(crate) seed: u64,
}

impl Extent {
    /// The length of a scene. A transfer has four seconds, so that the first burst of challenge ACKs counts little.
    fn attack(self, scene: Scene) -> Duration {
        Duration::from_millis(match (self.is_whole, scene.receiver()) {
            (true, _) => 20_000,
            (false, Some(_)) => 4_000,
            (false, None) => 800,
        })
    }

    fn rates(self, scene: Scene, knows: Knows) -> &'static [u64] {
        match (self.is_whole, scene.receiver(), knows) {
            (true, _, _) | (false, None, Knows::Nothing) => &RATES,
            (false, Some(_), Knows::Nothing) => &[1_000, 10_000],
            (false, Some(_), _) if !matches!(scene, Scene::There | Scene::HalfClosed) => &[],
            (false, _, _) => &[1_000],
        }
    }
}

/// One run, and the same run without an attack.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    system: usize,
    pub(crate) plan: Plan,
    pub(crate) outcome: Outcome,
    pub(crate) unharmed: Outcome,
}

impl Row {
    /// The throughput in percent of that without an attack, where it counts and is not zero.
    pub(crate) fn throughput(&self) -> Option<u64> {
        self.plan.scene.receiver()?;
        (self.unharmed.delivered > 0)
            .then(|| (100 * self.outcome.delivered + self.unharmed.delivered / 2) / self.unharmed.delivered)
    }

    /// The time in TIME-WAIT in percent of 2 MSL.
    fn time_wait(&self) -> Option<u64> {
        let whole = 2 * self.plan.attack.as_millis() as u64;
        (self.plan.scene == Scene::TimeWait).then(|| 100 * self.outcome.time_wait.as_millis() as u64 / whole)
    }

    /// A cell of the table.
    fn cell(&self) -> String {
        let word = match (&self.outcome.fault, self.throughput().or(self.time_wait())) {
            (Some(fault), _) => fault.word.into(),
            (None, Some(percent)) => percent.to_string(),
            (None, None) => "lives".into(),
        };
        if self.outcome.is_within_limit() { word } else { word + "+" }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Row { system, plan, outcome, .. } = self;
        let (scene, knows) = (plan.scene.name(), plan.knows.name());
        write!(f, "{scene:<23} {:<8} {knows:<11} {:>6}/s: {:<7}", SYSTEMS[*system].0, plan.rate, self.cell())?;
        for answers in outcome.answers {
            write!(f, " {:>6} ACKs of {:>5}, {:>6} others;", answers.acks, answers.allowed, answers.others)?;
        }
        write!(
            f,
            " done in {:>6.2} s, else {:>6.2} s",
            outcome.done_in.as_secs_f64(),
            self.unharmed.done_in.as_secs_f64()
        )?;
        write!(f, "; lucky {:?} {}", outcome.lucky, outcome.fault.as_ref().map_or("", |fault| &fault.told))
    }
}

/// Every scene under every system, with every attacker.
pub(crate) fn rows(extent: Extent) -> Vec<Row> {
    // Each run has its own random numbers, independent of the other runs.
    let seed = |run: [u64; 4]| run.into_iter().fold(extent.seed, |seed, part| Random(seed ^ part).below(1 << 48));
    let mut unharmed = HashMap::new();
    let mut rows = Vec::new();
    for knows in Knows::ALL {
        for scene in Scene::ALL {
            for (system, (_, config)) in SYSTEMS.into_iter().enumerate() {
                for &rate in extent.rates(scene, knows) {
                    let attack = extent.attack(scene);
                    let seed = seed([knows as u64, scene as u64, system as u64, rate]);
                    let plan = Plan { scene, config, knows, rate, attack, seed };
                    let outcome = run(&plan);
                    let without = unharmed.entry((scene, system));
                    let unharmed = without.or_insert_with(|| run(&Plan { rate: 0, ..plan })).clone();
                    rows.push(Row { system, plan, outcome, unharmed });
                }
            }
        }
    }
    rows
}

/// The table: a row for each scene and attacker, a column for each system and rate, and the sums below.
pub(crate) fn table(rows: &[Row]) -> String {
    let mut text = format!("{:<23}", "");
    for (name, _) in SYSTEMS {
        text += &format!(" | {name:<27}");
    }
    text += &format!("\n{:<23}", "segments a second");
    for _ in SYSTEMS {
        text += " |";
        RATES.iter().for_each(|rate| text += &format!(" {rate:>6}"));
    }
    for knows in Knows::ALL {
        text += &format!("\n{}", knows.name());
        for scene in Scene::ALL {
            text += &format!("\n{:<23}", scene.name());
            for system in 0..SYSTEMS.len() {
                text += " |";
                for rate in RATES {
                    let is_here = |row: &&Row| {
                        let plan = &row.plan;
                        (plan.knows, plan.scene, row.system, plan.rate) == (knows, scene, system, rate)
                    };
                    let cell = rows.iter().find(is_here).map_or_else(String::new, Row::cell);
                    text += &format!(" {cell:>6}");
                }
            }
        }
    }
    text + "\n" + &sums(rows)
}

fn sums(rows: &[Row]) -> String {
    let attacks: u64 = rows.iter().flat_map(|row| row.outcome.answers).map(|answers| answers.attacks).sum();
    let mut text = format!("{} runs, {attacks} segments of the attacker", rows.len());
    for knows in Knows::ALL {
        text += &format!("\n{:<11} lucky:", knows.name());
        for luck in Luck::ALL {
            let of_him = rows.iter().filter(|row| row.plan.knows == knows);
            let count: u64 = of_him.map(|row| row.outcome.lucky[luck as usize]).sum();
            text += &format!(" {luck:?} {count}");
        }
    }
    text
}
