//! A flood of SYNs at a listener without room: the cost of one segment, with the standard library's keyed hash.

use std::hash::RandomState;
use std::hint::black_box;
use std::net::SocketAddr;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tcp_lifecycle::isn::IsnHash;
use tcp_lifecycle::listener::{Arrival, Listener};
use tcp_lifecycle::{Config, Control, Instant, Options, Segment, SeqNumber};

const CONFIG: Config =
    Config { mss: 1460, receive_buffer: 1 << 20, timestamps: true, sack_permitted: true, ..Config::DEFAULT };
const NOW: Instant = Instant::from_micros(100_000_000);

fn local() -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], 80))
}

/// Another peer each time.
fn peer(number: u32) -> SocketAddr {
    let [a, b, c, d] = number.wrapping_mul(2_654_435_761).to_be_bytes();
    SocketAddr::from(([10, a, b, c], 1_024 + u16::from(d)))
}

fn syn(number: u32) -> Segment {
    let options = Options::NONE.with_mss(1_460).with_window_scale(7).with_sack_permitted().with_timestamps(9, 0);
    Segment::new(SeqNumber(number), SeqNumber(0), Control::SYN).with_window(65_535).with_options(options)
}

fn cookie(listener: &Listener<RandomState>, number: u32) -> Option<Segment> {
    match listener.segment_arrives(&syn(number), local(), peer(number), NOW) {
        Arrival::Syn(syn) => Some(syn.cookie()),
        Arrival::Completed { .. } | Arrival::Refused { .. } => None,
    }
}

/// The ACK of a cookie.
fn ack(listener: &Listener<RandomState>, number: u32) -> Segment {
    let (seq, value) = cookie(listener, number)
        .and_then(|syn_ack| Some((syn_ack.seq(), syn_ack.options().timestamps()?.0)))
        .expect("a SYN with timestamps is answered with a cookie that has them");
    Segment::new(SeqNumber(number) + 1, seq + 1, Control::ACK)
        .with_window(500)
        .with_options(Options::NONE.with_timestamps(10, value))
}

fn flood(criterion: &mut Criterion) {
    let listener = Listener::new(&CONFIG, IsnHash::default());
    let mut group = criterion.benchmark_group("flood");
    group.throughput(Throughput::Elements(1));

    let mut number = 0_u32;
    group.bench_function("SYN answered with a cookie", |bencher| {
        bencher.iter(|| {
            number = number.wrapping_add(1);
            cookie(&listener, black_box(number))
        });
    });
    group.bench_function("SYN accepted", |bencher| {
        bencher.iter(|| {
            number = number.wrapping_add(1);
            match listener.segment_arrives(&syn(black_box(number)), local(), peer(number), NOW) {
                Arrival::Syn(syn) => Some(syn.accept()),
                Arrival::Completed { .. } | Arrival::Refused { .. } => None,
            }
        });
    });
    // The same forgery, during a flood of SYNs, and at a listener that has sent no cookie lately.
    let valid = ack(&listener, 7);
    let quiet = Listener::new(&CONFIG, IsnHash::default());
    assert!(
        completes(&listener, &valid, 7) && !completes(&quiet, &valid, 7),
        "only cookies that were sent are believed"
    );
    for (name, listener) in [("forged ACK", &listener), ("forged ACK, no cookie sent", &quiet)] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                number = number.wrapping_add(1);
                listener.segment_arrives(black_box(&valid), local(), peer(number), NOW)
            });
        });
    }
    group.bench_function("valid ACK", |bencher| {
        bencher.iter(|| listener.segment_arrives(black_box(&valid), local(), peer(7), NOW));
    });
    group.finish();
    forge(&quiet, &valid);
}

/// A peer that forges ACKs while no cookie is outstanding achieves nothing.
fn forge(quiet: &Listener<RandomState>, like: &Segment) {
    let guesses = 10_000_000_u32;
    let completed = (0..guesses)
        .filter(|guess| {
            let number = SeqNumber(guess.wrapping_mul(2_654_435_761)); // takes every number in turn
            let forged = Segment::new(like.seq(), number, Control::ACK).with_options(like.options());
            completes(quiet, &forged, 7)
        })
        .count();
    assert_eq!(completed, 0, "of {guesses} forged ACKs");
}

fn completes(listener: &Listener<RandomState>, segment: &Segment, number: u32) -> bool {
    matches!(listener.segment_arrives(segment, local(), peer(number), NOW), Arrival::Completed { .. })
}

criterion_group!(benches, flood);
criterion_main!(benches);
