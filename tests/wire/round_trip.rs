//! Properties: what is emitted is parsed again, and of any bytes both parsers say the same.

use std::net::SocketAddr;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use tcp_lifecycle::wire::{Checksums, Ecn, Header, IcmpMessage, Packet, WireError};
use tcp_lifecycle::{Control, Options, SackBlock, SackBlocks, Segment, SeqNumber};

use crate::by_hand::{self, ICMP, TCP, is_unicast, repaired};
use crate::{emitted, parse};

fn socket_pairs() -> impl Strategy<Value = [SocketAddr; 2]> {
    let v4 = any::<[(u32, u16); 2]>().prop_map(|both| both.map(|(address, port)| (address.to_be_bytes(), port).into()));
    let v6 =
        any::<[(u128, u16); 2]>().prop_map(|both| both.map(|(address, port)| (address.to_be_bytes(), port).into()));
    prop_oneof![v4, v6].prop_filter("unicast", |both| both.iter().all(|socket: &SocketAddr| is_unicast(socket.ip())))
}

prop_compose! {
    fn options()(
        mss in option::of(any::<u16>()),
        scale in option::of(any::<u8>()),
        sack in any::<bool>(),
        timestamps in option::of(any::<(u32, u32)>()),
    ) -> Options {
        let options = if sack { Options::NONE.with_sack_permitted() } else { Options::NONE };
        let options = mss.map_or(options, |mss| options.with_mss(mss));
        let options = scale.map_or(options, |scale| options.with_window_scale(scale));
        timestamps.map_or(options, |(value, echo)| options.with_timestamps(value, echo))
    }
}

prop_compose! {
    fn segments()(
        (seq, ack, control, window, urgent) in any::<(u32, u32, u16, u16, u16)>(),
        options in options(),
    ) -> Segment {
        Segment::new(SeqNumber(seq), SeqNumber(ack), Control::from_bits_truncate(control))
            .with_window(window)
            .with_urgent(urgent)
            .with_options(options)
    }
}

fn sacks() -> impl Strategy<Value = SackBlocks> {
    let block = |(left, right)| SackBlock { left: SeqNumber(left), right: SeqNumber(right) };
    vec(any::<(u32, u32)>(), 0..5).prop_map(move |blocks| blocks.into_iter().map(block).collect())
}

prop_compose! {
    /// Headers, with their payload.
    fn headers()(
        [source, destination] in socket_pairs(),
        segment in segments(),
        sack in sacks(),
        ecn in prop_oneof![Just(Ecn::NotEct), Just(Ecn::Ect1), Just(Ecn::Ect0), Just(Ecn::Ce)],
        (dscp, hop_limit) in (0_u8..64, any::<u8>()),
        payload in vec(any::<u8>(), 0..100),
    ) -> (Header, Vec<u8>) {
        let segment = segment.with_payload(payload.len() as u16);
        (Header { source, destination, segment, sack, ecn, dscp, hop_limit }, payload)
    }
}

/// The header as it arrives: with the blocks that have found room.
fn as_it_arrives(header: &Header) -> Header {
    let mut header = *header;
    // Padding, kind and length take four bytes of forty, and a block eight.
    header.sack.truncate((36 - header.segment.options().wire_len()) / 8);
    header
}

/// Both parsers say the same of the bytes. If these are a packet, so are the bytes that come from it again.
fn check(bytes: &[u8]) -> Result<bool, TestCaseError> {
    let parsed = parse(bytes).ok();
    prop_assert_eq!(parsed, by_hand::segment(bytes));
    prop_assert_eq!(IcmpMessage::parse(bytes, Checksums::Software).ok(), by_hand::icmp(bytes));
    if let Some(Packet { header, payload }) = parsed {
        prop_assert_eq!(Packet::parse(bytes, Checksums::Offloaded), Ok(Packet { header, payload }));
        let packet = emitted(&header, payload);
        prop_assert_eq!(parse(&packet), Ok(Packet { header: as_it_arrives(&header), payload }));
    }
    Ok(parsed.is_some())
}

proptest! {
    #[test]
    fn what_is_emitted_is_parsed_again((header, payload) in headers(), rest in vec(any::<u8>(), 0..10)) {
        let packet = emitted(&header, &payload);
        let expected = Packet { header: as_it_arrives(&header), payload: &payload };
        prop_assert_eq!(parse(&packet), Ok(expected));
        prop_assert_eq!(by_hand::segment(&packet), Some(expected));
        // Emitting what was parsed gives the same bytes.
        prop_assert_eq!(emitted(&expected.header, &payload), &packet[..]);
        // Bytes after the end are of the link.
        let padded = [&packet[..], &rest].concat();
        prop_assert_eq!(parse(&padded), Ok(expected));
    }

    #[test]
    fn a_packet_is_the_same_wherever_its_payload_is_cut((header, payload) in headers(), cut in any::<usize>()) {
        let packet = emitted(&header, &payload);
        let (first, second) = payload.split_at(cut % (payload.len() + 1));
        for checksums in [Checksums::Software, Checksums::Offloaded] {
            let [mut whole, mut cut] = [[0; 300]; 2];
            prop_assert_eq!(header.emit([&payload, &[]], checksums, &mut whole), Ok(packet.len()));
            prop_assert_eq!(header.emit([first, second], checksums, &mut cut), Ok(packet.len()));
            prop_assert_eq!(whole, cut);
        }
    }

    #[test]
    fn a_packet_without_its_end_is_truncated((header, payload) in headers(), cut in any::<usize>()) {
        let packet = emitted(&header, &payload);
        prop_assert_eq!(parse(&packet[..cut % packet.len()]), Err(WireError::Truncated));
    }

    #[test]
    fn any_bytes_are_what_the_other_parser_says(mut bytes in vec(any::<u8>(), 0..120), version in 0_u8..8) {
        check(&bytes)?;
        if let Some(first) = bytes.first_mut() {
            *first = *first & 15 | version << 4;
            check(&bytes)?;
        }
    }

    #[test]
    fn one_bit_of_damage_to_what_a_checksum_covers_is_seen(
        bytes in vec(any::<u8>(), 0..120),
        offset in 5_u8..9,
        carries in prop_oneof![Just(TCP), Just(ICMP)],
        bit in any::<usize>(),
    ) {
        let mut packet = repaired(&bytes, carries);
        let Some((place, _)) = by_hand::behind_ip(&packet) else { return check(&packet).map(drop) };
        // Let it be a segment more often than random bytes are.
        if let Some(octet) = packet[place.clone()].get_mut(12) {
            *octet = *octet & 15 | offset << 4;
        }
        by_hand::seal(&mut packet);
        check(&packet)?;
        let bit = bit % (8 * place.len().max(1));
        if let Some(octet) = packet[place].get_mut(bit / 8) {
            *octet ^= 1 << (bit % 8);
            prop_assert!(!check(&packet)?);
            prop_assert_eq!(by_hand::icmp(&packet), None);
        }
    }
}
