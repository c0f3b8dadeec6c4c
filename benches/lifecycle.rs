//! Time for one event, of this crate and of smoltcp in the same run.

mod cases;
#[path = "cases/many.rs"]
mod many;

use cases::{CASES, EVENTS, POLICIES};
use criterion::{BatchSize, Criterion, Throughput};
use tcp_lifecycle::Config;

fn events(criterion: &mut Criterion) {
    for case in &CASES {
        let mut group = criterion.benchmark_group(case.name);
        group.throughput(Throughput::Elements(EVENTS as u64));
        // The sequence numbers advance with each event, so each batch starts from a connection that is prepared for it.
        for (name, config) in &POLICIES {
            group.bench_function(*name, |bencher| {
                bencher.iter_batched_ref(|| (case.lifecycle)(config), |run| run(EVENTS), BatchSize::LargeInput);
            });
        }
        for (name, stamped) in [("smoltcp", false), ("smoltcp-ts", true)] {
            let Some(prepare) = case.smoltcp else { continue };
            group.bench_function(name, |bencher| {
                bencher.iter_batched_ref(|| prepare(stamped), |run| run(EVENTS), BatchSize::LargeInput);
            });
        }
        group.finish();
    }
}

/// An ACK for a random connection of many: the time beside that of a bound in the same run.
fn many() {
    let policies = [Config::DEFAULT, Config { timestamps: true, ..Config::DEFAULT }];
    println!("an ACK for a random one of n, ns: the bound; Config::DEFAULT; with timestamps");
    for count in [1_000, 100_000, 1_000_000] {
        let [bound, default, timestamps] = many::nanoseconds(count, &policies)[..] else { panic!("three columns") };
        let [times, stamped] = [default / bound, timestamps / bound];
        println!("{count:>9} {bound:>8.1} {default:>8.1} (x {times:.1}) {timestamps:>8.1} (x {stamped:.1})");
    }
}

fn main() {
    if std::env::args().any(|argument| argument == "--bench") {
        many();
    }
    let mut criterion = Criterion::default().configure_from_args();
    events(&mut criterion);
    criterion.final_summary();
}
