//! The headers of IPv4 and IPv6.

use tcp_lifecycle::wire::{Ecn, Header};

use crate::by_hand::{DESTINATION, FRAGMENT, HOP_BY_HOP, ROUTE, TCP, seal};
use crate::{Extensions, NO_OPTIONS, emitted, headers, parse, tcp, v4, v6};

#[test]
fn an_ipv4_packet_is_atomic_and_has_no_options() {
    let [header, _] = headers(4);
    let packet = emitted(&header, b"text");
    // Version and length, class, length, identification, Don't Fragment, hop limit, protocol.
    assert_eq!(packet[..10], [0x45, 0, 0, 44, 0, 0, 0x40, 0, 64, 6]);
    assert_eq!(packet[12..20], [192, 0, 2, 1, 198, 51, 100, 7]);
}

#[test]
fn an_ipv6_packet_has_no_flow_label_and_no_extension_headers() {
    let [_, header] = headers(4);
    let packet = emitted(&header, b"text");
    assert_eq!(packet[..8], [0x60, 0, 0, 0, 0, 24, 6, 64]);
    assert_eq!(packet[8..12], [0x20, 0x01, 0x0D, 0xB8]);
    assert_eq!(packet[38..40], [0, 7]);
}

#[test]
fn the_class_is_the_codepoint_of_ecn_behind_that_of_differentiated_services() {
    for ecn in [Ecn::NotEct, Ecn::Ect1, Ecn::Ect0, Ecn::Ce] {
        for dscp in [0, 1, 46, 63] {
            let [v4, v6] = headers(0).map(|header| Header { ecn, dscp, ..header });
            let class = dscp << 2 | ecn as u8;
            assert_eq!(emitted(&v4, b"")[1], class);
            assert_eq!(emitted(&v6, b"")[..2], [0x60 | class >> 4, class << 4]);
        }
    }
    assert_eq!([Ecn::NotEct, Ecn::Ect1, Ecn::Ect0, Ecn::Ce].map(|ecn| ecn as u8), [0, 1, 2, 3]);
    assert_eq!(Ecn::default(), Ecn::NotEct);
}

#[test]
fn more_than_six_bits_of_a_codepoint_are_not_sent() {
    for header in headers(0) {
        let packet = emitted(&Header { dscp: 0b1100_0001, ecn: Ecn::Ect0, ..header }, b"");
        let parsed = parse(&packet).unwrap().header;
        assert_eq!((parsed.dscp, parsed.ecn), (1, Ecn::Ect0));
    }
}

#[test]
fn the_flow_label_that_arrives_is_ignored() {
    let [_, header] = headers(0);
    let mut packet = emitted(&header, b"");
    packet[1..4].copy_from_slice(&[0x0F, 0xFF, 0xFF]);
    assert_eq!(parse(&packet).map(|packet| packet.header), Ok(header));
}

#[test]
fn the_flow_label_and_the_scope_of_an_address_are_not_sent() {
    let [_, header] = headers(0);
    let mut labelled = header;
    for socket in [&mut labelled.source, &mut labelled.destination] {
        let std::net::SocketAddr::V6(socket) = socket else { panic!() };
        socket.set_flowinfo(0xABCDE);
        socket.set_scope_id(7);
    }
    assert_eq!(emitted(&labelled, b""), emitted(&header, b""));
}

#[test]
fn the_identification_and_the_reserved_bit_that_arrive_are_ignored() {
    let [header, _] = headers(0);
    let mut packet = emitted(&header, b"");
    packet[4..8].copy_from_slice(&[0x12, 0x34, 0x80, 0]);
    seal(&mut packet);
    assert_eq!(parse(&packet).map(|packet| packet.header), Ok(header));
}

#[test]
fn ipv4_options_are_skipped() {
    // MUST-50
    let segment = tcp(&[], b"text");
    for options in [&[7, 4, 4, 0][..], &[0x83, 7, 8, 192, 0, 2, 1, 0], &[0xFF; 40]] {
        let packet = v4(options, TCP, &segment);
        let parsed = parse(&packet).unwrap();
        assert_eq!(parsed, parse(&v4(&[], TCP, &segment)).unwrap());
        assert_eq!(parsed.payload, b"text");
    }
}

const ROUTE_AT_ITS_END: &[u8] = &[2, 4, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
const ATOMIC: &[u8] = &[0, 0, 0, 1, 2, 3, 4];

#[test]
fn ipv6_extension_headers_are_skipped() {
    let segment = tcp(&[], b"text");
    let bare = v6(&[], TCP, &segment);
    let chains: [Extensions<'_>; 9] = [
        &[(HOP_BY_HOP, NO_OPTIONS)],
        &[(HOP_BY_HOP, &[0, 5, 2, 0, 0, 1, 0])],
        &[(DESTINATION, &[0, 0, 0, 0, 0, 0, 0])],
        &[(DESTINATION, &[1, 0x3F, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])],
        &[(ROUTE, ROUTE_AT_ITS_END)],
        &[(ROUTE, &[0, 99, 0, 1, 2, 3, 4])],
        &[(FRAGMENT, ATOMIC)],
        &[(HOP_BY_HOP, NO_OPTIONS), (DESTINATION, NO_OPTIONS), (ROUTE, ROUTE_AT_ITS_END), (FRAGMENT, ATOMIC)],
        &[(FRAGMENT, ATOMIC), (DESTINATION, NO_OPTIONS), (DESTINATION, NO_OPTIONS), (ROUTE, ROUTE_AT_ITS_END)],
    ];
    for chain in chains {
        assert_eq!(parse(&v6(chain, TCP, &segment)), parse(&bare), "{chain:?}");
    }
    assert_eq!(parse(&bare).unwrap().payload, b"text");
}

#[test]
fn the_reserved_fields_of_an_atomic_fragment_are_ignored() {
    let segment = tcp(&[], b"text");
    let packet = v6(&[(FRAGMENT, &[0xFF, 0, 0b110, 1, 2, 3, 4])], TCP, &segment);
    assert_eq!(parse(&packet), parse(&v6(&[], TCP, &segment)));
}

#[test]
fn bytes_after_the_end_of_a_packet_are_padding() {
    for header in headers(0) {
        let mut packet = emitted(&header, b"");
        packet.resize(packet.len() + 46, 0xEE);
        let parsed = parse(&packet).unwrap();
        assert_eq!((parsed.header, parsed.payload), (header, &b""[..]));
    }
}
