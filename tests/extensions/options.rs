//! The number of bytes that options take in a header, which consists of 32-bit words (RFC 9293 section 3.1).

use tcp_lifecycle::Options;

#[test]
fn the_length_of_options_is_a_whole_number_of_words() {
    let none = Options::NONE;
    for (options, bytes) in [
        (none, 0_usize),
        (none.with_mss(536), 4),
        (none.with_window_scale(0), 4),
        (none.with_sack_permitted(), 4),
        (none.with_timestamps(0, 0), 12),
        (none.with_mss(1460).with_window_scale(7), 8),
        (none.with_mss(1460).with_sack_permitted(), 8),
        (none.with_window_scale(7).with_sack_permitted(), 8),
        (none.with_mss(1460).with_window_scale(7).with_sack_permitted(), 12),
        (none.with_sack_permitted().with_timestamps(1, 2), 12),
        (none.with_window_scale(7).with_timestamps(1, 2), 16),
        (none.with_mss(1460).with_timestamps(1, 2), 16),
        (none.with_mss(1460).with_window_scale(7).with_sack_permitted().with_timestamps(1, 2), 20),
    ] {
        assert_eq!(options.wire_len(), bytes, "{options:?}");
    }
}
