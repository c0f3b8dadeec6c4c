//! Many lives, and statistics about them.

use core::fmt;
use core::sync::atomic::{AtomicU64, Ordering};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::thread;
use std::time::Instant;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};

use crate::life::Life;
use crate::lives::any_life;
use crate::reasons::Reason;
use crate::run::failure;
use crate::words::kind;
use crate::world::{Lived, live};

/// The number in an environment variable, if it is set.
pub(crate) fn asked(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().unwrap_or_else(|_| panic!("{name}={value} is no number")))
}

/// Sums over all lives.
#[derive(Clone, Debug, Default)]
pub(crate) struct Report {
    pub(crate) lives: u64,
    /// Lives in which every byte had to arrive, and lives in which both ends were ESTABLISHED.
    pub(crate) patient: u64,
    pub(crate) established: u64,
    sent: u64,
    delivered: u64,
    lost: u64,
    swallowed: u64,
    damaged: u64,
    duplicated: u64,
    late: u64,
    marked: u64,
    echoes: u64,
    reduced: u64,
    octets: u64,
    second: u64,
    reopened: u64,
    restored: u64,
    stood_by: u64,
    virtual_seconds: f64,
    seconds: f64,
    reasons: [u64; Reason::COUNT],
}

impl Report {
    /// Whether every kind of event has happened in some life.
    pub(crate) fn has_all(&self) -> bool {
        let faults = [self.lost, self.swallowed, self.damaged, self.duplicated, self.late, self.marked];
        faults
            .into_iter()
            .chain([self.echoes, self.reduced, self.octets, self.second, self.restored, self.stood_by])
            .all(|count| count > 0)
    }

    fn add(&mut self, lived: &Lived) {
        let counts = lived.counts;
        self.lives += 1;
        self.patient += u64::from(lived.patient);
        self.established += u64::from(lived.established);
        self.sent += counts.sent;
        self.delivered += counts.delivered;
        self.lost += counts.lost;
        self.swallowed += counts.swallowed;
        self.damaged += counts.corrupted;
        self.duplicated += counts.duplicated;
        self.late += lived.late;
        self.marked += counts.marked;
        self.echoes += lived.echoes;
        self.reduced += lived.reduced;
        self.octets += lived.octets;
        self.second += u64::from(lived.second);
        self.reopened += lived.reopened;
        self.restored += lived.restored;
        self.stood_by += lived.stood_by;
        self.virtual_seconds += lived.virtual_time.as_secs_f64();
        self.add_reasons(&lived.reasons);
    }

    fn add_reasons(&mut self, reasons: &[u64; Reason::COUNT]) {
        for (all, more) in self.reasons.iter_mut().zip(reasons) {
            *all += more;
        }
    }

    fn merge(&mut self, other: &Report) {
        self.lives += other.lives;
        self.patient += other.patient;
        self.established += other.established;
        self.sent += other.sent;
        self.delivered += other.delivered;
        self.lost += other.lost;
        self.swallowed += other.swallowed;
        self.damaged += other.damaged;
        self.duplicated += other.duplicated;
        self.late += other.late;
        self.marked += other.marked;
        self.echoes += other.echoes;
        self.reduced += other.reduced;
        self.octets += other.octets;
        self.second += other.second;
        self.reopened += other.reopened;
        self.restored += other.restored;
        self.stood_by += other.stood_by;
        self.virtual_seconds += other.virtual_seconds;
        self.add_reasons(&other.reasons);
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { lives, patient, established, sent, delivered, .. } = self;
        let faults = self.lost + self.swallowed + self.damaged + self.duplicated + self.late + self.marked;
        writeln!(
            f,
            "lives       {lives:>12}, {established} of them established, in {patient} every byte had to arrive"
        )?;
        writeln!(f, "segments    {sent:>12} sent, {delivered} delivered")?;
        writeln!(f, "faults      {faults:>12}: {} lost, {} swallowed in a black hole,", self.lost, self.swallowed)?;
        let Report { damaged, duplicated, late, marked, .. } = self;
        writeln!(f, "{:>24} {damaged} damaged, {duplicated} duplicated, {late} late, {marked} marked", "")?;
        writeln!(f, "congestion  {:>12} marks heard of, {} windows reduced", self.echoes, self.reduced)?;
        let Report { second, reopened, restored, stood_by, .. } = self;
        writeln!(
            f,
            "TIME-WAIT   {reopened:>12} reopened, {restored} of them in vain, in {second} every byte had to arrive,"
        )?;
        writeln!(f, "{:>24} {stood_by} segments of the first life meanwhile", "")?;
        let given: Vec<_> =
            Reason::ALL.iter().zip(self.reasons).map(|(reason, count)| format!("{reason:?} {count}")).collect();
        writeln!(f, "refused     {:>12}: {}", self.reasons.iter().sum::<u64>(), given.join(", "))?;
        writeln!(f, "keep-alive  {:>12} probes with an octet", self.octets)?;
        writeln!(f, "time        {:>12.1} s, of TCP {:.1} days", self.seconds, self.virtual_seconds / 86_400.0)?;
        let rate = |count: &u64| *count as f64 / self.seconds.max(1e-9);
        write!(f, "rate        {:>12.0} lives and {:.0} segments a second", rate(lives), rate(sent))
    }
}

/// Failures by their kind: how often, and the report on the first.
type Failures = BTreeMap<String, (u64, String)>;

/// Plays `lives` lives. Each has a seed of its own, so that neither their number nor the number of threads changes any
/// of them. All failures are reported at the end, one of each kind.
pub(crate) fn soak(lives: u64, seed: u64, threads: u64) -> Report {
    let start = Instant::now();
    let (next, failures) = (AtomicU64::new(0), Mutex::new(Failures::new()));
    let work = || {
        let (any, mut report) = (any_life(), Report::default());
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= lives {
                return report;
            }
            report.add(&live_one(&any, seed, number, &failures));
            if number % 100_000 == 99_999 {
                println!("{:>10} lives, {:.0?}", number + 1, start.elapsed());
            }
        }
    };
    let mut report = Report::default();
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            report.merge(&worker.join().expect("a failure is no panic of the worker"));
        }
    });
    report.seconds = start.elapsed().as_secs_f64();
    let failures = failures.into_inner().expect("nobody panics while it is locked");
    let told: Vec<_> = failures.values().map(|(times, told)| format!("{times} times: {told}")).collect();
    assert!(told.is_empty(), "{report}\n\n{}", told.join("\n\n"));
    report
}

/// Plays the life of this number. If it fails, it shrinks, unless another has failed in the same way before.
fn live_one(any: &impl Strategy<Value = Life>, seed: u64, number: u64, failures: &Mutex<Failures>) -> Lived {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    bytes[8..16].copy_from_slice(&number.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let config = Config { failure_persistence: None, max_shrink_iters: 20_000, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, rng);
    let tree = any.new_tree(&mut runner).expect("lives are not filtered");
    let mut lived = Lived::default();
    let Some(told) = failure(|| lived = live(&tree.current())) else { return lived };
    let place = kind(&told);
    let mut lock = failures.lock().expect("nobody panics while it is locked");
    let (times, told) = lock.entry(place).or_default();
    *times += 1;
    if *times == 1 {
        *told = format!("life {number} of seed {seed}, shrunk:\n\n{}", shrunk(&mut runner, tree));
    }
    lived
}

/// The report on the shrunk life.
fn shrunk(runner: &mut TestRunner, tree: impl ValueTree<Value = Life>) -> String {
    let mut least = tree.current();
    failure(|| {
        let ran = runner.run_one(tree, |life| {
            live(&life);
            Ok(())
        });
        if let Err(TestError::Fail(_, life)) = ran {
            least = life;
        }
    });
    failure(|| _ = live(&least)).unwrap_or_default()
}
