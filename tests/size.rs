//! The sizes of a connection and of a segment in memory.

use tcp_lifecycle::{Connection, Instant, Segment};

#[test]
fn a_connection_is_no_larger_than_208_bytes() {
    assert_eq!(size_of::<Connection>(), 208);
}
#[test]
fn a_segment_is_half_a_cache_line_without_padding() {
    assert_eq!(size_of::<Segment>(), 32);
}
#[test]
fn an_instant_that_may_be_never_is_no_larger() {
    assert_eq!(size_of::<Option<Instant>>(), 8);
}
