//! TCP options as they arrive: `bytes => options`.

use tcp_lifecycle::{Options, SackBlock, SackBlocks, SeqNumber};

use crate::by_hand::TCP;
use crate::{parse, tcp, v4};

const MSS: [u8; 4] = [2, 4, 5, 0xB4];
const NONE: Options = Options::NONE;

/// The options of a segment that has these bytes; zeros fill the last word.
#[track_caller]
fn parsed(bytes: &[u8]) -> (Options, SackBlocks) {
    let mut options = bytes.to_vec();
    options.resize(bytes.len().next_multiple_of(4), 0);
    let packet = v4(&[], TCP, &tcp(&options, b"text"));
    let parsed = parse(&packet).unwrap();
    assert_eq!(parsed.payload, b"text");
    (parsed.header.segment.options(), parsed.header.sack)
}

/// These bytes are these options, and no SACK blocks.
#[track_caller]
fn check(bytes: &[u8], options: Options) {
    assert_eq!(parsed(bytes), (options, SackBlocks::NONE), "{bytes:?}");
}

fn block(left: u32, right: u32) -> SackBlock {
    SackBlock { left: SeqNumber(left), right: SeqNumber(right) }
}

#[test]
fn each_option_is_known_by_its_kind() {
    // MUST-4
    check(&[], NONE);
    check(&MSS, NONE.with_mss(1460));
    check(&[3, 3, 7], NONE.with_window_scale(7));
    check(&[4, 2], NONE.with_sack_permitted());
    check(&[8, 10, 0, 0, 0, 1, 0, 0, 0, 2], NONE.with_timestamps(1, 2));
    check(&[1, 1, 8, 10, 0xFF, 0, 0, 1, 0xFE, 0, 0, 2], NONE.with_timestamps(0xFF00_0001, 0xFE00_0002));
    check(&[1, 1, 1, 1], NONE);
    let (options, sack) = parsed(&[5, 10, 0xFF, 0, 0, 1, 0xFE, 0, 0, 2]);
    assert_eq!((options, &sack[..]), (NONE, &[block(0xFF00_0001, 0xFE00_0002)][..]));
}

#[test]
fn an_option_may_begin_at_any_octet() {
    // MUST-64
    for padding in 0..4 {
        let bytes = [&vec![1; padding][..], &MSS, &[4, 2], &[3, 3, 7]].concat();
        check(&bytes, NONE.with_mss(1460).with_sack_permitted().with_window_scale(7));
        let bytes = [&vec![1; padding][..], &[8, 10, 0, 0, 0, 1, 0, 0, 0, 2]].concat();
        check(&bytes, NONE.with_timestamps(1, 2));
    }
}

#[test]
fn options_end_at_the_end_of_options_or_of_the_header() {
    check(&[&[0][..], &MSS].concat(), NONE);
    check(&[&MSS[..], &[0, 3, 3, 7]].concat(), NONE.with_mss(1460));
    check(&[&[1; 36][..], &MSS].concat(), NONE.with_mss(1460));
}

#[test]
fn an_unknown_option_is_skipped_by_its_length() {
    // MUST-6, MUST-68
    for unknown in [
        &[254, 2][..],
        &[19, 18, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
        &[255, 3, 8],
        &[6, 6, 2, 4, 5, 0xB4],
    ] {
        check(&[unknown, &MSS].concat(), NONE.with_mss(1460));
    }
}

#[test]
fn an_option_of_another_length_than_its_kind_is_unknown() {
    for odd in [&[2, 3, 5][..], &[2, 5, 5, 0xB4, 0], &[3, 2], &[3, 4, 7, 7], &[4, 3, 0], &[8, 9, 0, 0, 0, 1, 0, 0, 0]] {
        check(&[odd, &[4, 2]].concat(), NONE.with_sack_permitted());
    }
    // SACK blocks of which there are none, or that are not whole.
    for odd in [&[5, 2][..], &[5, 9, 1, 2, 3, 4, 5, 6, 7], &[5, 11, 1, 2, 3, 4, 5, 6, 7, 8, 9]] {
        check(&[odd, &[4, 2]].concat(), NONE.with_sack_permitted());
    }
}

#[test]
fn an_impossible_length_ends_the_options_and_does_no_harm() {
    // MUST-7: zero, one, and beyond the end of the header.
    for impossible in [&[2, 0][..], &[254, 0], &[254, 1], &[1, 2, 1]] {
        check(&[&[3, 3, 7], impossible, &[4, 2]].concat(), NONE.with_window_scale(7));
    }
    check(&[1, 1, 2, 4], NONE);
    check(&[4, 2, 254, 3], NONE.with_sack_permitted());
    check(&[4, 2, 8, 10, 0, 0, 0, 0, 0, 0, 0, 1], NONE.with_sack_permitted().with_timestamps(0, 1));
    check(&[4, 2, 8, 11, 0, 0, 0, 0, 0, 0, 0, 1], NONE.with_sack_permitted());
    // A kind that is the last octet of the header.
    check(&[1, 1, 1, 254], NONE);
    check(&[1, 1, 1, 2], NONE);
}

#[test]
fn of_an_option_that_stands_twice_the_last_one_counts() {
    check(&[&MSS[..], &[2, 4, 1, 0]].concat(), NONE.with_mss(256));
    check(&[3, 3, 7, 3, 3, 14], NONE.with_window_scale(14));
    let stamp = |value| [8, 10, 0, 0, 0, value, 0, 0, 0, 0];
    check(&[stamp(1), stamp(2)].concat(), NONE.with_timestamps(2, 0));
}

#[test]
fn the_first_four_sack_blocks_are_taken_from_wherever_they_stand() {
    let bytes = |numbers: &[u8]| -> Vec<u8> {
        let blocks = numbers.iter().flat_map(|&number| [0, 0, 0, number, 0, 0, 1, number]);
        [5, numbers.len() as u8 * 8 + 2].into_iter().chain(blocks).collect()
    };
    let blocks = |numbers: &[u32]| numbers.iter().map(|&number| block(number, 256 + number)).collect::<SackBlocks>();
    assert_eq!(parsed(&bytes(&[1, 2, 3, 4])), (NONE, blocks(&[1, 2, 3, 4])));
    assert_eq!(parsed(&bytes(&[1])), (NONE, blocks(&[1])));
    assert_eq!(parsed(&[bytes(&[1, 2]), bytes(&[3, 4])].concat()), (NONE, blocks(&[1, 2, 3, 4])));
    let beside_timestamps = [&[1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2, 1, 1][..], &bytes(&[7, 8, 9])].concat();
    assert_eq!(parsed(&beside_timestamps), (NONE.with_timestamps(1, 2), blocks(&[7, 8, 9])));
}

#[test]
fn a_segment_without_syn_keeps_the_options_of_a_syn() {
    // The parser takes them as they stand; a connection ignores them.
    let packet = v4(&[], TCP, &tcp(&[2, 4, 5, 0xB4, 3, 3, 7, 1, 4, 2, 1, 1], b""));
    let segment = parse(&packet).unwrap().header.segment;
    assert_eq!(segment.options(), NONE.with_mss(1460).with_window_scale(7).with_sack_permitted());
    assert_eq!(segment.control(), tcp_lifecycle::Control::ACK);
}
