//! ICMP errors, as routers and hosts send them.

use tcp_lifecycle::wire::{Checksums, IcmpMessage, WireError};
use tcp_lifecycle::{IcmpError, SeqNumber};

use crate::by_hand::{DESTINATION, FRAGMENT, HOP_BY_HOP, ICMP, ICMPV6, ROUTE, TCP};
use crate::{BOTH, Extensions, NO_OPTIONS, emitted, headers, parse, socket, tcp, v4, v6};

/// An ICMP message: type, code, bytes 4 to 7, and the quoted packet.
fn icmp(kind: u8, code: u8, word: [u8; 4], quote: &[u8]) -> Vec<u8> {
    [&[kind, code, 0, 0][..], &word, quote].concat()
}

/// The packet of one of our segments, as far as an old router quotes it: the IP header, and 8 bytes.
fn quotes() -> [Vec<u8>; 2] {
    headers(0).map(|header| {
        let mut packet = emitted(&header, b"");
        packet.truncate(packet.len() - 12);
        packet
    })
}

/// The error of a message in a packet that a router has sent.
fn error_v4(kind: u8, code: u8, word: [u8; 4], quote: &[u8]) -> Result<IcmpMessage, WireError> {
    IcmpMessage::parse(&v4(&[], ICMP, &icmp(kind, code, word, quote)), Checksums::Software)
}

fn error_v6(kind: u8, code: u8, word: [u8; 4], quote: &[u8]) -> Result<IcmpMessage, WireError> {
    IcmpMessage::parse(&v6(&[], ICMPV6, &icmp(kind, code, word, quote)), Checksums::Software)
}

/// What a message about our segment says, over IPv4 or IPv6.
fn about_ours(version: usize, error: IcmpError, mtu: Option<u32>) -> IcmpMessage {
    let (source, destination) = BOTH[version];
    IcmpMessage { source: socket(source), destination: socket(destination), error, seq: SeqNumber(0x0102_0304), mtu }
}

const ZERO: [u8; 4] = [0; 4];

#[test]
fn each_error_of_ipv4_is_found() {
    let [quote, _] = quotes();
    let mut found = 0;
    for (kind, code) in (0..=255).flat_map(|kind| (0..=20).map(move |code| (kind, code))) {
        let said = error_v4(kind, code, ZERO, &quote);
        match IcmpError::of_v4(kind, code) {
            Some(error) => assert_eq!(said, Ok(about_ours(0, error, None)), "type {kind}, code {code}"),
            None => assert_eq!(said, Err(WireError::NotAnError { kind, code })),
        }
        found += usize::from(said.is_ok());
    }
    // Unreachable has 16 codes; three types have any code.
    assert_eq!(found, 16 + 3 * 21);
}

#[test]
fn each_error_of_ipv6_is_found() {
    let [_, quote] = quotes();
    let mut found = 0;
    for (kind, code) in (0..=255).flat_map(|kind| (0..=20).map(move |code| (kind, code))) {
        let said = error_v6(kind, code, [0, 0, 5, 0], &quote);
        let mtu = Some(1280).filter(|_| kind == 2);
        match IcmpError::of_v6(kind, code) {
            Some(error) => assert_eq!(said, Ok(about_ours(1, error, mtu)), "type {kind}, code {code}"),
            None => assert_eq!(said, Err(WireError::NotAnError { kind, code })),
        }
        found += usize::from(said.is_ok());
    }
    assert_eq!(found, 8 + 3 * 21);
}

#[test]
fn the_next_hops_mtu_is_told() {
    let [quote, _] = quotes();
    let mtu = |word| error_v4(3, 4, word, &quote).unwrap().mtu;
    assert_eq!(mtu([0, 0, 5, 0xDC]), Some(1500));
    assert_eq!(mtu([0xFF, 0xFF, 5, 0xDC]), Some(1500), "the first half is unused");
    assert_eq!(mtu([0, 0, 0xFF, 0xFF]), Some(65_535));
    // Routers older than RFC 1191, and MTUs that no link of IPv4 has.
    assert_eq!(mtu([0, 0, 0, 0]), None);
    assert_eq!([67, 68, 69].map(|mtu_of_link| mtu([0, 0, 0, mtu_of_link])), [Some(68), Some(68), Some(69)]);
}

#[test]
fn the_next_hops_mtu_of_ipv6_is_32_bits_and_not_below_the_least() {
    let [_, quote] = quotes();
    let mtu = |mtu: u32| error_v6(2, 0, mtu.to_be_bytes(), &quote).map(|message| message.mtu);
    for value in [1280, 1500, 65_536, u32::MAX] {
        assert_eq!(mtu(value), Ok(Some(value)));
    }
    for value in [0, 576, 1279] {
        assert_eq!(mtu(value), Err(WireError::MtuTooSmall));
    }
}

#[test]
fn other_errors_have_no_mtu() {
    let [quote, quote_v6] = quotes();
    assert_eq!(error_v4(3, 1, [0, 0, 5, 0xDC], &quote).unwrap().mtu, None);
    // A pointer, of 32 bits.
    assert_eq!(error_v6(4, 0, [0, 0, 5, 0xDC], &quote_v6).unwrap().mtu, None);
}

#[test]
fn eight_bytes_of_the_segment_are_enough_and_seven_are_too_few() {
    let quotes = quotes();
    for cut in 0..=quotes[0].len() {
        let expected =
            if cut == 28 { Ok(about_ours(0, IcmpError::TimeExceeded, None)) } else { Err(WireError::QuoteTruncated) };
        assert_eq!(error_v4(11, 0, ZERO, &quotes[0][..cut]), expected, "{cut} bytes");
    }
    for cut in 0..=quotes[1].len() {
        let expected =
            if cut == 48 { Ok(about_ours(1, IcmpError::TimeExceeded, None)) } else { Err(WireError::QuoteTruncated) };
        assert_eq!(error_v6(3, 0, ZERO, &quotes[1][..cut]), expected, "{cut} bytes");
    }
}

#[test]
fn the_rest_of_the_quote_does_not_matter() {
    let [quote, _] = quotes();
    for rest in [&[0xFF][..], &[0; 100], &[0xEE; 1000]] {
        let said = error_v4(3, 13, ZERO, &[&quote, rest].concat());
        assert_eq!(said, Ok(about_ours(0, IcmpError::Prohibited, None)));
    }
}

#[test]
fn a_quote_may_have_options_and_extension_headers() {
    let mut quote = v4(&[7, 7, 4, 1, 2, 3, 4, 0], TCP, &tcp(&[], b"text"));
    assert_eq!(error_v4(3, 3, ZERO, &quote), Ok(about_ours(0, IcmpError::PortUnreachable, None)));
    quote.truncate(36);
    assert_eq!(error_v4(3, 3, ZERO, &quote), Ok(about_ours(0, IcmpError::PortUnreachable, None)));
    quote.truncate(35);
    assert_eq!(error_v4(3, 3, ZERO, &quote), Err(WireError::QuoteTruncated));

    // The last two keep a receiver from going on. The router was none.
    let chains: [Extensions<'_>; 5] = [
        &[(HOP_BY_HOP, NO_OPTIONS)],
        &[(DESTINATION, NO_OPTIONS), (ROUTE, &[0, 4, 0, 0, 0, 0, 0])],
        &[(FRAGMENT, &[0, 0, 0, 1, 2, 3, 4])],
        &[(ROUTE, &[0, 4, 1, 0, 0, 0, 0])],
        &[(DESTINATION, NO_OPTIONS), (HOP_BY_HOP, &[0, 0xC2, 4, 0, 0, 0, 0])],
    ];
    for chain in chains {
        let quote = v6(chain, TCP, &tcp(&[], b"text"));
        let end = 48 + 8 * chain.len();
        for cut in [quote.len(), end] {
            let said = error_v6(1, 4, ZERO, &quote[..cut]);
            assert_eq!(said, Ok(about_ours(1, IcmpError::PortUnreachable, None)), "{chain:?}");
        }
        for cut in [40, 41, 47, end - 1] {
            assert_eq!(error_v6(1, 4, ZERO, &quote[..cut]), Err(WireError::QuoteTruncated), "{chain:?}");
        }
    }
}

#[test]
fn the_first_fragment_has_the_ports_and_a_later_one_has_not() {
    let [mut quote, _] = quotes();
    quote[6..8].copy_from_slice(&[0x20, 0]);
    assert_eq!(error_v4(11, 1, ZERO, &quote), Ok(about_ours(0, IcmpError::TimeExceeded, None)));
    for offset in [[0x20, 1], [0x1F, 0xFF], [0x01, 0]] {
        quote[6..8].copy_from_slice(&offset);
        assert_eq!(error_v4(11, 1, ZERO, &quote), Err(WireError::QuoteFragment));
    }
    let fragment = |offset: [u8; 2]| v6(&[(FRAGMENT, &[0, offset[0], offset[1], 0, 0, 0, 9])], TCP, &tcp(&[], b""));
    assert_eq!(error_v6(3, 1, ZERO, &fragment([0, 1])), Ok(about_ours(1, IcmpError::TimeExceeded, None)));
    assert_eq!(error_v6(3, 1, ZERO, &fragment([0, 8])), Err(WireError::QuoteFragment));
}

#[test]
fn a_router_may_have_changed_the_header_that_it_quotes() {
    let [mut quote, _] = quotes();
    (quote[1], quote[8], quote[10]) = (0xFF, 0, 0xAA);
    // Some say the length in the order of their own bytes.
    quote.swap(2, 3);
    assert_eq!(error_v4(11, 0, ZERO, &quote), Ok(about_ours(0, IcmpError::TimeExceeded, None)));
}

#[test]
fn an_error_about_another_protocol_is_not_for_tcp() {
    let [mut quote, mut quote_v6] = quotes();
    (quote[9], quote_v6[6]) = (17, 17);
    assert_eq!(error_v4(3, 3, ZERO, &quote), Err(WireError::QuoteProtocol(17)));
    assert_eq!(error_v6(1, 4, ZERO, &quote_v6), Err(WireError::QuoteProtocol(17)));
}

#[test]
fn a_quote_that_is_no_packet_of_this_version_is_malformed() {
    let [v4_quote, v6_quote] = quotes();
    assert_eq!(error_v4(3, 3, ZERO, &v6_quote), Err(WireError::QuoteMalformed));
    assert_eq!(error_v6(1, 4, ZERO, &[&v4_quote[..], &[0; 20]].concat()), Err(WireError::QuoteMalformed));
    let mut short = v4_quote.clone();
    short[0] = 0x44;
    assert_eq!(error_v4(3, 3, ZERO, &short), Err(WireError::QuoteMalformed));
    short[0] = 0x48;
    assert_eq!(error_v4(3, 3, ZERO, &short), Err(WireError::QuoteTruncated));
}

#[test]
fn a_message_without_its_header_is_truncated() {
    let [quote, _] = quotes();
    for cut in 0..8 {
        let message = icmp(3, 3, ZERO, &quote);
        let packet = v4(&[], ICMP, &message[..cut]);
        assert_eq!(IcmpMessage::parse(&packet, Checksums::Software), Err(WireError::IcmpTruncated));
        let packet = v6(&[], ICMPV6, &message[..cut]);
        assert_eq!(IcmpMessage::parse(&packet, Checksums::Software), Err(WireError::IcmpTruncated));
    }
}

#[test]
fn a_message_has_a_checksum_and_only_that_of_ipv6_covers_the_addresses() {
    let [quote, quote_v6] = quotes();
    let messages = [
        (v4(&[], ICMP, &icmp(3, 3, ZERO, &quote)), IcmpError::PortUnreachable),
        (v6(&[], ICMPV6, &icmp(1, 4, ZERO, &quote_v6)), IcmpError::PortUnreachable),
    ];
    for (version, (packet, error)) in messages.into_iter().enumerate() {
        assert_eq!(IcmpMessage::parse(&packet, Checksums::Software), Ok(about_ours(version, error, None)));
        let mut damaged = packet.clone();
        *damaged.last_mut().unwrap() ^= 1;
        assert_eq!(IcmpMessage::parse(&damaged, Checksums::Software), Err(WireError::IcmpChecksum));
        assert!(IcmpMessage::parse(&damaged, Checksums::Offloaded).is_ok());
    }
    let mut readdressed = v6(&[], ICMPV6, &icmp(1, 4, ZERO, &quote_v6));
    readdressed[39] ^= 1;
    assert_eq!(IcmpMessage::parse(&readdressed, Checksums::Software), Err(WireError::IcmpChecksum));
}

#[test]
fn the_other_versions_icmp_is_another_protocol() {
    let [quote, quote_v6] = quotes();
    let packet = v4(&[], ICMPV6, &icmp(1, 4, ZERO, &quote));
    assert_eq!(IcmpMessage::parse(&packet, Checksums::Software), Err(WireError::Protocol(ICMPV6)));
    let packet = v6(&[], ICMP, &icmp(3, 3, ZERO, &quote_v6));
    assert_eq!(IcmpMessage::parse(&packet, Checksums::Software), Err(WireError::Protocol(ICMP)));
}

#[test]
fn a_segment_is_no_icmp_message_and_a_message_no_segment() {
    for header in headers(0) {
        let packet = emitted(&header, b"");
        assert_eq!(IcmpMessage::parse(&packet, Checksums::Software), Err(WireError::Protocol(TCP)));
    }
    let [quote, _] = quotes();
    let packet = v4(&[], ICMP, &icmp(3, 3, ZERO, &quote));
    assert_eq!(parse(&packet), Err(WireError::Protocol(ICMP)));
}

#[test]
fn the_packet_around_a_message_is_checked_like_any_other() {
    let [quote, _] = quotes();
    let mut packet = v4(&[1, 1, 1, 1], ICMP, &icmp(3, 3, ZERO, &quote));
    assert!(IcmpMessage::parse(&packet, Checksums::Software).is_ok());
    packet[6] = 0x20;
    assert_eq!(IcmpMessage::parse(&packet, Checksums::Software), Err(WireError::IpChecksum));
    crate::by_hand::seal(&mut packet);
    assert_eq!(IcmpMessage::parse(&packet, Checksums::Software), Err(WireError::Fragment));
    assert_eq!(IcmpMessage::parse(&[], Checksums::Software), Err(WireError::Truncated));
}
