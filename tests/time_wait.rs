//! TIME-WAIT in 32 bytes behaves as the full connection does, in stories and at random.

#[path = "time_wait/at_random.rs"]
mod at_random;
mod cases;
#[path = "time_wait/reach.rs"]
mod reach;
#[path = "time_wait/reopening.rs"]
mod reopening;
#[path = "time_wait/stories.rs"]
mod stories;
#[path = "time_wait/twins.rs"]
mod twins;

use tcp_lifecycle::TimeWait;

#[test]
fn a_time_wait_is_half_a_cache_line() {
    assert_eq!(size_of::<TimeWait>(), 32);
}
