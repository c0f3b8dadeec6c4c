//! Mistakes of the caller, and the buffer.

use tcp_lifecycle::wire::{Checksums, EmitError, Header};
use tcp_lifecycle::{Options, SackBlock, SackBlocks};

use crate::{emitted, headers, parse};

fn emit(header: &Header, payload: [&[u8]; 2], buffer: &mut [u8]) -> Result<usize, EmitError> {
    let before = buffer.to_vec();
    let emitted = header.emit(payload, Checksums::Software, buffer);
    if emitted.is_err() {
        assert_eq!(buffer, before, "unchanged");
    }
    emitted
}

#[test]
fn a_packet_fills_the_beginning_of_the_buffer_and_no_more() {
    for header in headers(4) {
        let mut buffer = [0xEE; 100];
        let length = emit(&header, [b"text", b""], &mut buffer).unwrap();
        assert_eq!(buffer[..length], emitted(&header, b"text"));
        assert!(buffer[length..].iter().all(|byte| *byte == 0xEE));
    }
}

#[test]
fn a_buffer_that_is_too_small_is_told_the_length() {
    for header in headers(4) {
        let needed = header.packet_len();
        for length in [0, 1, 19, 20, 39, 40, 43, needed - 1] {
            assert_eq!(emit(&header, [b"text", b""], &mut vec![0; length]), Err(EmitError::BufferTooSmall { needed }));
        }
        assert_eq!(emit(&header, [b"text", b""], &mut vec![0; needed]), Ok(needed));
    }
}

#[test]
fn the_length_of_a_packet_counts_everything() {
    let block = SackBlock::default();
    for (version, header) in headers(10).into_iter().enumerate() {
        let bare = [50, 70][version];
        assert_eq!(header.packet_len(), bare);
        let options = Options::NONE.with_timestamps(1, 2);
        let header = Header { segment: header.segment.with_options(options), ..header };
        assert_eq!(header.packet_len(), bare + 12);
        for (count, bytes) in [(1, 12), (2, 20), (3, 28), (4, 28)] {
            let sack: SackBlocks = [block; 4].into_iter().take(count).collect();
            assert_eq!(Header { sack, ..header }.packet_len(), bare + 12 + bytes, "{count} blocks");
        }
    }
}

#[test]
fn payload_of_another_length_than_the_segments_is_refused() {
    for header in headers(4) {
        for payload in
            [[&b""[..], b""], [b"tex", b""], [b"texts", b""], [b"", b"texts"], [b"te", b"x"], [b"text", b"s"]]
        {
            assert_eq!(emit(&header, payload, &mut [0; 100]), Err(EmitError::PayloadLength), "{payload:?}");
        }
        for payload in [[&b"text"[..], b""], [b"", b"text"], [b"te", b"xt"]] {
            assert_eq!(emit(&header, payload, &mut [0; 100]), Ok(header.packet_len()));
        }
    }
}

#[test]
fn addresses_of_two_versions_of_ip_are_refused() {
    let [v4, v6] = headers(0);
    for header in [Header { source: v6.source, ..v4 }, Header { source: v4.source, ..v6 }] {
        assert_eq!(emit(&header, [b"", b""], &mut [0; 100]), Err(EmitError::AddressFamilies));
    }
}

#[test]
fn a_packet_is_as_long_as_the_length_field_says_and_no_longer() {
    let payload = vec![7; 65_535];
    // In IPv6 the field does not count the header of 40 bytes.
    for (version, longest) in [(0, 65_535 - 40), (1, 65_535 - 20)] {
        let mut buffer = vec![0; 70_000];
        let [fits, exceeds] = [longest, longest + 1].map(|length| headers(length as u16)[version]);
        let length = emit(&fits, [&payload[..longest], b""], &mut buffer).unwrap();
        assert_eq!(length, [65_535, 65_575][version]);
        let parsed = parse(&buffer).unwrap();
        assert_eq!((parsed.header, parsed.payload), (fits, &payload[..longest]));
        let too_long = emit(&exceeds, [&payload[..=longest], b""], &mut buffer);
        assert_eq!(too_long, Err(EmitError::PacketTooLong));
    }
}

#[test]
fn an_error_prints_its_reason() {
    assert_eq!(EmitError::BufferTooSmall { needed: 40 }.to_string(), "a buffer of less than 40 bytes");
    assert_eq!(EmitError::PacketTooLong.to_string(), "a packet of more than 65,535 bytes");
}
