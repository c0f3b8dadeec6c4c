//! [`TimeWait`], with its own config or any other.

use core::hint::black_box;
use core::ops::Range;

use no_panic::no_panic;
use tcp_lifecycle::{Config, Instant, Output, Refusal, Segment, State, TimeWait};

#[no_panic]
fn state(time_wait: &TimeWait) -> State {
    time_wait.state()
}

#[no_panic]
fn segment_arrives(
    time_wait: &mut TimeWait,
    segment: &Segment,
    now: Instant,
    config: &Config,
) -> Result<Range<usize>, Refusal> {
    time_wait.segment_arrives(segment, now, config)
}

#[no_panic]
fn timeout(time_wait: &mut TimeWait, now: Instant, config: &Config) {
    time_wait.timeout(now, config);
}

#[no_panic]
fn poll(time_wait: &mut TimeWait, now: Instant, config: &Config) -> Output {
    time_wait.poll(now, config)
}

#[no_panic]
fn deadline(time_wait: &TimeWait, config: &Config) -> Option<Instant> {
    time_wait.deadline(config)
}

#[no_panic]
fn reopens(time_wait: &TimeWait, syn: &Segment, isn_offset: u32, now: Instant, config: &Config) -> Option<u32> {
    time_wait.reopens(syn, isn_offset, now, config)
}

pub(crate) fn keep() {
    black_box(state as fn(&_) -> _);
    black_box(segment_arrives as fn(&mut _, &_, _, &_) -> _);
    black_box(timeout as fn(&mut _, _, &_));
    black_box(poll as fn(&mut _, _, &_) -> _);
    black_box(deadline as fn(&_, &_) -> _);
    black_box(reopens as fn(&_, &_, _, _, &_) -> _);
}
