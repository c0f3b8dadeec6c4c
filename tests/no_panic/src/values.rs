//! The values that are handed in and out. Their printed forms are left out: the compiler cannot prove that the
//! formatting of `core` does not panic.

use core::hint::black_box;
use core::time::Duration;

use no_panic::no_panic;
use tcp_lifecycle::diagram::{self, Arc};
use tcp_lifecycle::{Config, ConfigError, Control, IcmpError, Instant, Options, Refusal, Segment, SeqNumber, State};

#[no_panic]
fn check(config: &Config) -> Result<(), ConfigError> {
    config.check()
}

#[no_panic]
fn systems() -> [Config; 2] {
    [Config::linux(), Config::bsd()]
}

#[no_panic]
fn is_hard(error: IcmpError) -> bool {
    error.is_hard()
}

#[no_panic]
fn icmp_error(kind: u8, code: u8) -> [Option<IcmpError>; 2] {
    [IcmpError::of_v4(kind, code), IcmpError::of_v6(kind, code)]
}

#[no_panic]
fn segment(seq: SeqNumber, ack: SeqNumber, control: Control, sizes: [u16; 3], options: Options) -> Segment {
    let [window, pointer, bytes] = sizes;
    Segment::new(seq, ack, control).with_window(window).with_urgent(pointer).with_options(options).with_payload(bytes)
}

#[no_panic]
fn seen(segment: &Segment) -> (SeqNumber, Option<SeqNumber>, Control, [u16; 3], Options, u32) {
    let sizes = [segment.window(), segment.urgent(), segment.payload_len()];
    (segment.seq(), segment.ack(), segment.control(), sizes, segment.options(), segment.len())
}

#[no_panic]
fn reset(segment: &Segment) -> Option<Segment> {
    segment.reset()
}

#[no_panic]
fn options(mss: u16, shift: u8, value: u32, echo: u32) -> Options {
    Options::NONE.with_mss(mss).with_window_scale(shift).with_sack_permitted().with_timestamps(value, echo)
}

#[no_panic]
fn options_seen(options: &Options) -> (Option<u16>, Option<u8>, bool) {
    (options.mss(), options.window_scale(), options.sack_permitted())
}

#[no_panic]
fn wire_len(options: &Options) -> usize {
    options.wire_len()
}

#[no_panic]
fn timestamps(options: &Options) -> Option<(u32, u32)> {
    options.timestamps()
}

#[no_panic]
fn seq_number(a: SeqNumber, b: SeqNumber, count: u32) -> (SeqNumber, u32, [bool; 4]) {
    (a + count, a - b, [a.lt(b), a.le(b), a.gt(b), a.ge(b)])
}

#[no_panic]
fn instant(micros: u64, earlier: Instant, duration: Duration) -> (Instant, Duration, u64) {
    let instant = Instant::from_micros(micros) + duration;
    (instant, instant.saturating_duration_since(earlier), instant.as_micros())
}

#[no_panic]
fn names(state: State, refusal: &Refusal) -> (&'static str, &'static str) {
    (state.name(), refusal.citation())
}

#[no_panic]
fn drawn(arc: &Arc) -> bool {
    diagram::is_in_figure(arc)
}

#[no_panic]
fn diagrams(chosen: fn(&Arc) -> bool) {
    black_box((diagram::mermaid(chosen), diagram::dot(chosen)));
}

pub(crate) fn keep() {
    black_box(check as fn(&_) -> _);
    black_box(systems as fn() -> _);
    black_box(is_hard as fn(_) -> _);
    black_box(icmp_error as fn(_, _) -> _);
    black_box(segment as fn(_, _, _, _, _) -> _);
    black_box(seen as fn(&_) -> _);
    black_box(reset as fn(&_) -> _);
    black_box(options as fn(_, _, _, _) -> _);
    black_box(options_seen as fn(&_) -> _);
    black_box(wire_len as fn(&_) -> _);
    black_box(timestamps as fn(&_) -> _);
    black_box(seq_number as fn(_, _, _) -> _);
    black_box(instant as fn(_, _, _) -> _);
    black_box(names as fn(_, &_) -> _);
    black_box(drawn as fn(&_) -> _);
    black_box(diagrams as fn(_));
}
