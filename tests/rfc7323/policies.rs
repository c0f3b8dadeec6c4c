//! Absurd policies: each is named, and a connection with it still behaves sanely.

use tcp_lifecycle::{Config, ConfigError, Open};

use crate::end::{End, parsed};

const GIB: u32 = 1 << 30;

#[test]
fn a_shift_that_makes_each_window_read_zero_is_named() {
    let check = |receive_buffer, window_scale| Config { receive_buffer, window_scale, ..Config::DEFAULT }.check();
    assert_eq!(check(65_535, Some(0)), Ok(()));
    assert_eq!(check(65_535, Some(14)), Ok(()), "more than it needs");
    assert_eq!(check(1 << 10, Some(10)), Ok(()));
    assert_eq!(check(1 << 10, Some(11)), Err(ConfigError::WindowScale));
    assert_eq!(check(1 << 20, Some(15)), Err(ConfigError::WindowScale));
    assert_eq!(check(GIB, Some(14)), Ok(()));
    assert_eq!(check(GIB, Some(15)), Err(ConfigError::WindowScale));
    assert_eq!(check(GIB, None), Ok(()));
    assert_eq!(check(GIB + 1, None), Err(ConfigError::ReceiveBuffer));
    assert_eq!(check(u32::MAX, Some(255)), Err(ConfigError::ReceiveBuffer));
}

#[test]
fn a_shift_that_is_too_large_is_the_largest_that_is_not() {
    for (receive_buffer, asked, taken) in [
        (65_535, 1, 1),
        (65_535, 255, 14),
        (0, 14, 0),
        (1_000, 12, 9),
        (1 << 20, 6, 6),
        (1 << 20, 255, 14),
        (GIB, 15, 14),
        (GIB, 255, 14),
    ] {
        let config = Config { receive_buffer, window_scale: Some(asked), ..Config::DEFAULT };
        let syn = parsed(&End::new(&config).open(Open::Active));
        assert_eq!(syn.options().window_scale(), Some(taken), "{receive_buffer} {asked}");
    }
}

/// RFC 7323 2.3: no window may be 2^30 or more.
#[test]
fn a_buffer_beyond_a_gibibyte_is_one() {
    for receive_buffer in [GIB, GIB + 1, u32::MAX] {
        let config = Config { receive_buffer, ..Config::DEFAULT };
        let end = End::established(&config, "<SEQ=299><ACK=100><CTL=SYN,ACK><WND=100><WS=0>");
        assert_eq!(end.connection.status().rcv_wnd, Some(65_535 << 14));
    }
}

/// Timestamps take their twelve bytes from a payload that has less.
#[test]
fn with_timestamps_a_segment_still_carries_a_byte() {
    for max_segment in [0, 21, 25, 32] {
        let config = Config { max_segment, timestamps: true, ..Config::DEFAULT };
        let mut end = End::established(&config, "<SEQ=299><ACK=100><CTL=SYN,ACK><WND=3><TS=1000,0>");
        let segments = end.send(2);
        assert_eq!(
            segments,
            "<SEQ=100><ACK=300><CTL=ACK><DATA=1><WND=65535><TS=0,1000> \
             <SEQ=101><ACK=300><CTL=PSH,ACK><DATA=1><WND=65535><TS=0,1000>",
            "{max_segment}"
        );
    }
}
