//! What a connection and a segment weigh.

use tcp_lifecycle::{Connection, Instant, Segment};

#[test]
fn a_connection_fits_in_three_cache_lines() {
    assert_eq!(size_of::<Connection>(), 192);
}
#[test]
fn a_segment_is_half_a_cache_line_without_padding() {
    assert_eq!(size_of::<Segment>(), 32);
}
#[test]
fn an_instant_that_may_be_never_is_no_larger() {
    assert_eq!(size_of::<Option<Instant>>(), 8);
}
