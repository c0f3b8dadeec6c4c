//! Time for one event, this crate and smoltcp in the same run.

mod cases;

use cases::{CASES, EVENTS, POLICIES};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};

fn events(criterion: &mut Criterion) {
    for case in &CASES {
        let mut group = criterion.benchmark_group(case.name);
        group.throughput(Throughput::Elements(EVENTS as u64));
        // The numbers move on with each event: each batch starts afresh, from a connection prepared for it.
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

criterion_group!(benches, events);
criterion_main!(benches);
