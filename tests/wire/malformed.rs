//! Bytes that hold no segment, each with the reason.

use tcp_lifecycle::wire::WireError;

use crate::by_hand::{DESTINATION, FRAGMENT, HOP_BY_HOP, ICMP, ROUTE, TCP, seal};
use crate::{Extensions, NO_OPTIONS, emitted, headers, parse, tcp, v4, v6};

/// What happens to a good packet, before the checksums are put right; and the error.
type Row = (&'static str, fn(&mut Vec<u8>), WireError);

const V4: [Row; 21] = [
    ("it is empty", |packet| packet.clear(), WireError::Truncated),
    ("its version is 0", |packet| packet[0] = 0x05, WireError::Version(0)),
    ("its version is 5", |packet| packet[0] = 0x55, WireError::Version(5)),
    ("its version is 15", |packet| packet[0] = 0xF5, WireError::Version(15)),
    ("it is one byte of a header", |packet| packet.truncate(1), WireError::Truncated),
    ("it ends one byte before the header does", |packet| packet.truncate(19), WireError::Truncated),
    ("its header is four words", |packet| packet[0] = 0x44, WireError::IpLength),
    ("its header has no words", |packet| packet[0] = 0x40, WireError::IpLength),
    (
        "its header is longer than the bytes",
        |packet| packet.splice(.., [0x4F; 59]).for_each(drop),
        WireError::Truncated,
    ),
    ("it is one byte longer than the bytes", |packet| packet[3] += 1, WireError::Truncated),
    ("it is longer than the bytes by far", |packet| packet[2] = 0xFF, WireError::Truncated),
    ("it is one byte shorter than its header", |packet| packet[3] = 19, WireError::IpLength),
    ("it has no length", |packet| packet[3] = 0, WireError::IpLength),
    ("more fragments follow", |packet| packet[6] |= 0x20, WireError::Fragment),
    ("it is a fragment from the middle", |packet| packet[6] |= 0x01, WireError::Fragment),
    ("it is the last fragment", |packet| packet[7] = 0x01, WireError::Fragment),
    ("it carries ICMP", |packet| packet[9] = 1, WireError::Protocol(1)),
    ("it carries UDP", |packet| packet[9] = 17, WireError::Protocol(17)),
    ("it carries an authentication header", |packet| packet[9] = 51, WireError::Protocol(51)),
    ("it ends with the IP header", |packet| packet[3] = 20, WireError::TcpTruncated),
    ("it ends one byte before the TCP header does", |packet| packet[3] = 39, WireError::TcpTruncated),
];

const V6: [Row; 11] = [
    ("it is one byte of a header", |packet| packet.truncate(1), WireError::Truncated),
    ("it ends one byte before the header does", |packet| packet.truncate(39), WireError::Truncated),
    ("it is one byte longer than the bytes", |packet| packet[5] += 1, WireError::Truncated),
    ("it is longer than the bytes by far", |packet| packet[4] = 0xFF, WireError::Truncated),
    ("it has no length, as a jumbogram", |packet| packet[5] = 0, WireError::TcpTruncated),
    ("it ends one byte before the TCP header does", |packet| packet[5] = 19, WireError::TcpTruncated),
    ("it carries ICMPv6", |packet| packet[6] = 58, WireError::Protocol(58)),
    ("it carries ICMP of IPv4", |packet| packet[6] = 1, WireError::Protocol(1)),
    ("nothing follows", |packet| packet[6] = 59, WireError::Protocol(59)),
    ("it carries an authentication header", |packet| packet[6] = 51, WireError::Protocol(51)),
    ("it carries an encrypted payload", |packet| packet[6] = 50, WireError::Protocol(50)),
];

/// The same for the segment in the packet, of either version of IP.
const SEGMENT: [Row; 4] = [
    ("its header has no words", |tcp| tcp[12] = 0x00, WireError::DataOffset),
    ("its header is four words", |tcp| tcp[12] = 0x40, WireError::DataOffset),
    ("its header is one word longer than the segment", |tcp| tcp[12] = 0x70, WireError::DataOffset),
    ("its header is longer than the segment by far", |tcp| tcp[12] = 0xF0, WireError::DataOffset),
];

#[test]
fn a_packet_that_holds_no_segment_says_why() {
    for (version, rows) in headers(4).into_iter().zip([&V4[..], &V6[..]]) {
        let packet = emitted(&version, b"text");
        for (what, change, error) in rows {
            let mut packet = packet.clone();
            change(&mut packet);
            if packet.len() > 20 {
                seal(&mut packet);
            }
            assert_eq!(parse(&packet), Err(*error), "{what}, IPv{}", packet.first().map_or(4, |first| first >> 4));
        }
    }
}

#[test]
fn a_segment_with_an_impossible_data_offset_says_so() {
    for (what, change, error) in SEGMENT {
        // Four bytes of options or of payload.
        let mut segment = tcp(&[], b"text");
        change(&mut segment);
        assert_eq!(parse(&v4(&[], TCP, &segment)), Err(error), "{what}");
        assert_eq!(parse(&v6(&[], TCP, &segment)), Err(error), "{what}");
    }
}

#[test]
fn a_data_offset_may_reach_to_the_end_of_the_segment() {
    let mut segment = tcp(&[], &[1; 40]);
    segment[12] = 0xF0;
    for packet in [v4(&[], TCP, &segment), v6(&[], TCP, &segment)] {
        assert_eq!(parse(&packet).unwrap().payload, b"");
    }
}

#[test]
fn a_segment_from_or_to_an_address_that_is_not_unicast_is_dropped() {
    // RFC 9293 section 3.9.2.3: MUST-57, MUST-63.
    for address in ["224.0.0.1:80", "239.255.255.255:80", "255.255.255.255:80", "0.0.0.0:80", "[ff02::1]:80", "[::]:80"]
    {
        let address = address.parse().unwrap();
        for mut header in headers(0) {
            if header.source.is_ipv4() != crate::SocketAddr::is_ipv4(&address) {
                continue;
            }
            let own = std::mem::replace(&mut header.source, address);
            assert_eq!(parse(&emitted(&header, b"")), Err(WireError::NotUnicast), "from {address}");
            (header.source, header.destination) = (own, address);
            assert_eq!(parse(&emitted(&header, b"")), Err(WireError::NotUnicast), "to {address}");
        }
    }
}

#[test]
fn an_address_beside_those_is_unicast() {
    for address in ["223.255.255.255:80", "240.0.0.1:80", "255.255.255.254:80", "127.0.0.1:80", "[fe80::1]:80"] {
        let address: std::net::SocketAddr = address.parse().unwrap();
        for mut header in headers(0).into_iter().filter(|header| header.source.is_ipv4() == address.is_ipv4()) {
            (header.source, header.destination) = (address, address);
            assert_eq!(parse(&emitted(&header, b"")).map(|packet| packet.header), Ok(header));
        }
    }
}

#[test]
fn extension_headers_that_end_a_packet_say_so() {
    let ends = WireError::ExtensionHeader;
    let rows: [(&str, Extensions<'_>, WireError); 13] = [
        ("hop-by-hop options come second", &[(DESTINATION, NO_OPTIONS), (HOP_BY_HOP, NO_OPTIONS)], ends(0)),
        ("hop-by-hop options come twice", &[(HOP_BY_HOP, NO_OPTIONS), (HOP_BY_HOP, NO_OPTIONS)], ends(0)),
        ("an unknown option discards", &[(HOP_BY_HOP, &[0, 0x40 | 30, 4, 0, 0, 0, 0])], ends(0)),
        ("an unknown option discards and tells", &[(DESTINATION, &[0, 0x80 | 30, 4, 0, 0, 0, 0])], ends(60)),
        (
            "a home address",
            &[(DESTINATION, &[2, 1, 2, 0, 0, 0xC9, 16, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16])],
            ends(60),
        ),
        ("a jumbo payload", &[(HOP_BY_HOP, &[0, 0xC2, 4, 0, 1, 0, 0])], ends(0)),
        ("an option is longer than its header", &[(DESTINATION, &[0, 30, 5, 0, 0, 0, 0])], ends(60)),
        ("an option has no length", &[(DESTINATION, &[0, 1, 3, 0, 0, 0, 30])], ends(60)),
        ("a route has segments left", &[(ROUTE, &[0, 4, 1, 0, 0, 0, 0])], ends(43)),
        ("a header is longer than the packet", &[(DESTINATION, &[9, 1, 4, 0, 0, 0, 0])], ends(60)),
        ("a fragment is the first", &[(FRAGMENT, &[0, 0, 1, 0, 0, 0, 9])], WireError::Fragment),
        ("a fragment is from the middle", &[(FRAGMENT, &[0, 1, 1, 0, 0, 0, 9])], WireError::Fragment),
        ("a fragment is the last", &[(FRAGMENT, &[0, 0, 8, 0, 0, 0, 9])], WireError::Fragment),
    ];
    for (what, extensions, error) in rows {
        assert_eq!(parse(&v6(extensions, TCP, &tcp(&[], b"text"))), Err(error), "{what}");
    }
}

#[test]
fn an_extension_header_without_its_end_says_so() {
    for (number, length) in [(HOP_BY_HOP, 7), (ROUTE, 1), (FRAGMENT, 7), (DESTINATION, 0)] {
        let packet = v6(&[], number, &[TCP, 0, 1, 4, 0, 0, 0][..length]);
        assert_eq!(parse(&packet), Err(WireError::ExtensionHeader(number)));
    }
}

#[test]
fn the_first_fault_is_told() {
    // Another protocol with a wrong checksum of the header, to a multicast address, without a TCP header.
    let mut packet = v4(&[], ICMP, b"");
    packet[16] = 224;
    assert_eq!(parse(&packet), Err(WireError::IpChecksum));
    seal(&mut packet);
    assert_eq!(parse(&packet), Err(WireError::Protocol(ICMP)));
    packet[9] = TCP;
    seal(&mut packet);
    assert_eq!(parse(&packet), Err(WireError::NotUnicast));
}

#[test]
fn an_error_prints_its_reason() {
    for (error, text) in [
        (WireError::Version(5), "version 5 of IP"),
        (WireError::Protocol(17), "protocol 17"),
        (WireError::ExtensionHeader(43), "IPv6 extension header 43 ends the packet"),
        (WireError::NotAnError { kind: 8, code: 0 }, "ICMP type 8, code 0: not an error for TCP"),
    ] {
        assert_eq!(error.to_string(), text);
    }
}
