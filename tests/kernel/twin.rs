//! The same life for the kernel and for a connection with `Config::linux()`: the same segments, calls and pauses, at
//! random. After each step the answers and the states of the two are compared.
//!
//! The peer of both is the harness. Its numbers are relative to what each end has sent, and so are the numbers that are
//! compared and printed: the end's ISS is 100, the peer's 300. The kernel has answered by the time that its device has
//! taken the packet, so the harness does not wait. To pass time, our timer fires when the kernel's does. A life in
//! which the machine was too slow for that is discarded.
//!
//! `rules.rs` lists the allowed differences, each with its reason. Any other difference is printed with the shortest
//! life that shows it, as a script in the RFC's notation, and fails the test.
//!
//! `KERNEL_SOAK=600` goes on for 600 seconds, with other seeds; `TWIN_SEED` is the first of them. The test needs `ip`
//! of iproute2.

use std::collections::BTreeMap;
use std::env;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant as Clock};

use crate::device::Device;
use crate::harness::{skip, with};

#[path = "twin/calls.rs"]
mod calls;
#[path = "twin/ends.rs"]
mod ends;
#[path = "twin/generate.rs"]
mod generate;
#[path = "twin/kinds.rs"]
mod kinds;
#[path = "twin/life.rs"]
mod life;
#[path = "twin/moment.rs"]
mod moment;
#[path = "twin/play.rs"]
mod play;
#[path = "twin/rules.rs"]
mod rules;
#[path = "twin/seen.rs"]
mod seen;
#[path = "twin/world.rs"]
mod world;

use life::Life;
use world::{Difference, Played, World};

/// The duration in seconds, without `KERNEL_SOAK`.
const SHORT: u64 = 50;
/// The number of lives in one namespace; then a new namespace follows.
const LIVES: u64 = 1_000;
/// One life in this many has pauses in which timers fire.
const WITH_PAUSES: u64 = 50;
/// The most kinds of difference that are printed.
const MOST: usize = 50;

/// The results so far.
#[derive(Debug, Default)]
struct Tally {
    same: u64,
    slow: u64,
    /// By kind: how often, and the shortest life.
    differences: BTreeMap<String, (u64, Vec<String>)>,
    allowed: BTreeMap<&'static str, usize>,
}

impl Tally {
    fn play(&mut self, world: &mut World, life: &Life) {
        match world.play(life) {
            Played::Same => self.same += 1,
            Played::Slow => self.slow += 1,
            Played::Differs(difference) => {
                if let Some((times, _)) = self.differences.get_mut(&difference.kind) {
                    *times += 1;
                } else if repeats(world, life, &difference) {
                    let difference = shrink(world, life, difference);
                    self.differences.insert(difference.kind, (1, difference.script));
                } else {
                    // An unpredictable timer of the kernel, or a busy machine.
                    self.slow += 1;
                }
            }
        }
    }

    fn print(&self) {
        println!("{} lives were the same, {} did not count", self.same, self.slow);
        self.allowed.iter().for_each(|(why, times)| println!("{times:6} times: {why}"));
        let mut differences: Vec<_> = self.differences.iter().collect();
        differences.sort_by_key(|(_, (times, _))| u64::MAX - times);
        for (kind, (times, script)) in differences.into_iter().take(MOST) {
            println!("\n=== {times} times: {kind}");
            script.iter().for_each(|line| println!("{line}"));
        }
    }
}

fn repeats(world: &mut World, life: &Life, difference: &Difference) -> bool {
    let mut again = || match world.play(life) {
        Played::Differs(other) => other.kind == difference.kind,
        Played::Same | Played::Slow => false,
    };
    again() && again()
}

/// Removes steps while the difference remains.
fn shrink(world: &mut World, life: &Life, difference: Box<Difference>) -> Box<Difference> {
    let (mut life, mut difference) = (life.clone(), difference);
    life.steps.truncate(difference.step + 1);
    let mut place = 0;
    while place < life.steps.len() {
        let mut shorter = life.clone();
        shorter.steps.remove(place);
        match world.play(&shorter) {
            Played::Differs(same) if same.kind == difference.kind => {
                (life, difference, place) = (shorter, same, 0);
            }
            Played::Differs(_) | Played::Same | Played::Slow => place += 1,
        }
    }
    difference
}

fn number(name: &str) -> Option<u64> {
    env::var(name).ok().map(|value| value.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

#[test]
fn the_kernel_and_its_twin_answer_alike() {
    let until = Clock::now() + Duration::from_secs(number("KERNEL_SOAK").unwrap_or(SHORT));
    let mut seed = number("TWIN_SEED").unwrap_or(0);
    let all = Arc::new(Mutex::new(None));
    while Clock::now() < until {
        let total = Arc::clone(&all);
        with(Device::with_small_table, move |device| {
            let mut world = match World::new(device) {
                Ok(world) => world,
                Err(why) => return skip(&why),
            };
            let mut total = total.lock().expect("one thread at a time");
            let tally = total.get_or_insert_with(Tally::default);
            for seed in seed..seed + LIVES {
                if Clock::now() < until {
                    tally.play(&mut world, &Life::new(seed, seed % WITH_PAUSES == 0));
                }
            }
            world.allowed.into_iter().for_each(|(why, times)| *tally.allowed.entry(why).or_default() += times);
        });
        if all.lock().expect("no thread is left").is_none() {
            // The case was skipped.
            return;
        }
        seed += LIVES;
    }
    let all = all.lock().expect("no thread is left");
    let tally = all.as_ref().expect("there was a device");
    tally.print();
    if tally.same == 0 {
        skip("the machine is too slow for it: none of the lives counted");
    }
    assert!(tally.differences.is_empty(), "{} kinds of difference", tally.differences.len());
}
