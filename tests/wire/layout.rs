//! TCP options as they are sent: exact bytes, as Linux lays them out (`tcp_options_write`).

use tcp_lifecycle::wire::Header;
use tcp_lifecycle::{Control, Options, SackBlock, SackBlocks, Segment, SeqNumber};

use crate::{emitted, headers, parse};

const NONE: Options = Options::NONE;

const MSS: [u8; 4] = [2, 4, 5, 0xB4];
const TIMES: [u8; 8] = [1, 2, 3, 4, 5, 6, 7, 8];
const AFTER_NOPS: [u8; 4] = [1, 1, 8, 10];
const AFTER_SACK_PERMITTED: [u8; 4] = [4, 2, 8, 10];
const SACK_PERMITTED: [u8; 4] = [1, 1, 4, 2];
const SCALE: [u8; 4] = [1, 3, 3, 7];

const fn with_times(options: Options) -> Options {
    options.with_timestamps(0x0102_0304, 0x0506_0708)
}

fn blocks(count: u32) -> SackBlocks {
    (0..count).map(|number| SackBlock { left: SeqNumber(number), right: SeqNumber(256 + number) }).collect()
}

fn bytes_of(count: u8) -> Vec<u8> {
    (0..count).flat_map(|number| [0, 0, 0, number, 0, 0, 1, number]).collect()
}

/// The bytes of the options in a packet. Both versions of IP have the same ones.
#[track_caller]
fn sent(options: Options, sack: SackBlocks) -> Vec<u8> {
    let [v4, v6] = headers(0).map(|header| {
        let header = Header { segment: header.segment.with_options(options), sack, ..header };
        let packet = emitted(&header, b"");
        let tcp = packet[packet.len() - header.packet_len() + if header.source.is_ipv4() { 20 } else { 40 }..].to_vec();
        assert_eq!(usize::from(tcp[12] >> 4) * 4, tcp.len());
        tcp[20..].to_vec()
    });
    assert_eq!(v4, v6);
    v4
}

#[test]
fn each_set_of_options_stands_as_linux_puts_it() {
    let rows: [(Options, &[&[u8]]); 16] = [
        (NONE, &[]),
        (NONE.with_mss(1460), &[&MSS]),
        (NONE.with_window_scale(7), &[&SCALE]),
        (NONE.with_mss(1460).with_window_scale(7), &[&MSS, &SCALE]),
        (NONE.with_sack_permitted(), &[&SACK_PERMITTED]),
        (NONE.with_mss(1460).with_sack_permitted(), &[&MSS, &SACK_PERMITTED]),
        (NONE.with_window_scale(7).with_sack_permitted(), &[&SACK_PERMITTED, &SCALE]),
        (NONE.with_mss(1460).with_window_scale(7).with_sack_permitted(), &[&MSS, &SACK_PERMITTED, &SCALE]),
        (with_times(NONE), &[&AFTER_NOPS, &TIMES]),
        (with_times(NONE.with_mss(1460)), &[&MSS, &AFTER_NOPS, &TIMES]),
        (with_times(NONE.with_window_scale(7)), &[&AFTER_NOPS, &TIMES, &SCALE]),
        (with_times(NONE.with_mss(1460).with_window_scale(7)), &[&MSS, &AFTER_NOPS, &TIMES, &SCALE]),
        (with_times(NONE.with_sack_permitted()), &[&AFTER_SACK_PERMITTED, &TIMES]),
        (with_times(NONE.with_mss(1460).with_sack_permitted()), &[&MSS, &AFTER_SACK_PERMITTED, &TIMES]),
        (with_times(NONE.with_window_scale(7).with_sack_permitted()), &[&AFTER_SACK_PERMITTED, &TIMES, &SCALE]),
        (
            with_times(NONE.with_mss(1460).with_window_scale(7).with_sack_permitted()),
            &[&MSS, &AFTER_SACK_PERMITTED, &TIMES, &SCALE],
        ),
    ];
    for (options, words) in rows {
        let sent = sent(options, SackBlocks::NONE);
        assert_eq!(sent, words.concat(), "{options:?}");
        // The connection has left exactly this room.
        assert_eq!(sent.len(), options.wire_len());
    }
}

#[test]
fn sack_blocks_stand_last_after_two_nops() {
    for count in 1..=4_u8 {
        let expected = [&[1, 1, 5, count * 8 + 2][..], &bytes_of(count)].concat();
        assert_eq!(sent(NONE, blocks(count.into())), expected);
        assert_eq!(expected.len(), blocks(count.into()).wire_len());
    }
    let expected = [&AFTER_NOPS[..], &TIMES, &[1, 1, 5, 18], &bytes_of(2)].concat();
    assert_eq!(sent(with_times(NONE), blocks(2)), expected);
}

#[test]
fn the_first_blocks_are_sent_if_not_all_have_room() {
    let all = with_times(NONE.with_mss(1460).with_window_scale(7).with_sack_permitted());
    for (options, room) in [(NONE, 4), (NONE.with_mss(1), 4), (NONE.with_mss(1).with_window_scale(1), 3)] {
        assert_eq!(sent(options, blocks(4)).len(), options.wire_len() + blocks(room).wire_len());
    }
    for (options, room) in [(with_times(NONE), 3_u8), (all, 2)] {
        for count in 1..=4 {
            let fitting = room.min(count);
            let sent = sent(options, blocks(count.into()));
            assert_eq!(sent[options.wire_len()..], [&[1, 1, 5, fitting * 8 + 2][..], &bytes_of(fitting)].concat());
            assert!(sent.len() <= 40);
        }
    }
}

#[test]
fn after_the_options_there_is_nothing_but_payload() {
    // MUST-69: no padding is needed. The buffer is not clean.
    for header in headers(4) {
        let header = Header { segment: header.segment.with_options(NONE.with_window_scale(7)), ..header };
        let packet = emitted(&header, b"text");
        assert_eq!(packet[packet.len() - 8..], *b"\x01\x03\x03\x07text");
    }
}

#[test]
fn each_control_bit_stands_at_its_place() {
    let rows = [
        (Control::FIN, 0x0001),
        (Control::SYN, 0x0002),
        (Control::RST, 0x0004),
        (Control::PSH, 0x0008),
        (Control::ACK, 0x0010),
        (Control::URG, 0x0020),
        (Control::ECE, 0x0040),
        (Control::CWR, 0x0080),
        (Control::AE, 0x0100),
        (Control::all(), 0x01FF),
        (Control::empty(), 0),
    ];
    for (control, bits) in rows {
        for header in headers(0) {
            let header = Header { segment: Segment::new(SeqNumber(1), SeqNumber(2), control), ..header };
            let packet = emitted(&header, b"");
            let tcp = &packet[packet.len() - 20..];
            assert_eq!(u16::from_be_bytes([tcp[12], tcp[13]]), 0x5000 | bits, "{control:?}");
            assert_eq!(parse(&packet).map(|packet| packet.header), Ok(header));
        }
    }
}

#[test]
fn reserved_bits_that_arrive_are_ignored() {
    for header in headers(0) {
        let mut packet = emitted(&header, b"");
        let at = packet.len() - 20 + 12;
        packet[at] |= 0x0E;
        crate::by_hand::seal(&mut packet);
        assert_eq!(parse(&packet).map(|packet| packet.header), Ok(header));
    }
}

#[test]
fn the_fields_of_the_header_stand_where_the_rfc_draws_them() {
    let [header, _] = headers(0);
    let segment = Segment::new(SeqNumber(0x0102_0304), SeqNumber(0x0506_0708), Control::ACK | Control::URG)
        .with_window(0x090A)
        .with_urgent(0x0B0C);
    let packet = emitted(&Header { segment, ..header }, b"");
    assert_eq!(packet[20..36], [0x9C, 0x40, 0, 80, 1, 2, 3, 4, 5, 6, 7, 8, 0x50, 0x30, 9, 10]);
    assert_eq!(packet[38..], [11, 12]);
}

#[test]
fn without_an_ack_bit_the_acknowledgment_number_is_zero() {
    let [header, _] = headers(0);
    let segment = Segment::new(SeqNumber(1), SeqNumber(0x0506_0708), Control::SYN);
    let mut packet = emitted(&Header { segment, ..header }, b"");
    assert_eq!(packet[28..32], [0; 4]);
    // The number that arrives without an ACK bit means nothing.
    packet[28..32].copy_from_slice(&[9; 4]);
    crate::by_hand::seal(&mut packet);
    assert_eq!(parse(&packet).map(|packet| packet.header.segment), Ok(segment));
}
