//! Checksums: verified and computed here, or by the device.

use tcp_lifecycle::wire::{Checksums, Header, Packet, WireError};

use crate::by_hand::sum;
use crate::{emitted, headers, parse};

/// The offset of the checksum in an IPv4 header, and in a TCP header.
const IP: usize = 10;
const TCP: usize = 16;

/// The acknowledgment with this window, over IPv4 and over IPv6; and the offset of its checksum.
fn acks(window: u16) -> [(Header, Vec<u8>, usize); 2] {
    headers(0).map(|header| {
        let header = Header { segment: header.segment.with_window(window), ..header };
        let packet = emitted(&header, b"");
        let at = packet.len() - 20 + TCP;
        (header, packet, at)
    })
}

fn checksum(packet: &[u8], at: usize) -> u16 {
    u16::from_be_bytes([packet[at], packet[at + 1]])
}

/// Every checksum that is accepted at this offset; with another one the error is this.
fn taken(packet: &[u8], at: usize, header: &Header, error: WireError) -> Vec<u16> {
    let mut packet = packet.to_vec();
    let is_taken = |checksum: &u16| {
        packet[at..at + 2].copy_from_slice(&checksum.to_be_bytes());
        match parse(&packet) {
            Ok(parsed) => parsed.header == *header,
            Err(other) if other == error => false,
            Err(other) => panic!("{other}"),
        }
    };
    (0..=u16::MAX).filter(is_taken).collect()
}

#[test]
fn a_tcp_checksum_of_zero_is_taken_in_both_forms_and_no_other() {
    // MUST-3
    for version in [0, 1] {
        let mut packets = (0..=u16::MAX).map(|window| acks(window)[version].clone());
        let (header, packet, at) = packets.find(|(_, packet, at)| checksum(packet, *at) == 0).expect("one in 65,535");
        assert_eq!(taken(&packet, at, &header, WireError::TcpChecksum), [0, u16::MAX]);
    }
}

#[test]
fn any_other_tcp_checksum_is_taken_in_its_one_form() {
    for (header, packet, at) in acks(1_000) {
        let right = checksum(&packet, at);
        assert_ne!(right, 0);
        assert_eq!(taken(&packet, at, &header, WireError::TcpChecksum), [right]);
    }
}

#[test]
fn an_ip_header_has_the_same_two_forms_of_zero() {
    let [(header, mut packet, _), _] = acks(1_000);
    let right = checksum(&packet, IP);
    assert_eq!(taken(&packet, IP, &header, WireError::IpChecksum), [right]);
    // The identification is chosen so that the sum is zero.
    packet[4..6].copy_from_slice(&right.to_be_bytes());
    assert_eq!(taken(&packet, IP, &header, WireError::IpChecksum), [0, u16::MAX]);
}

#[test]
fn an_emitted_checksum_covers_the_pseudo_header_and_a_last_odd_byte() {
    // MUST-2
    for length in 0..20 {
        let payload = &b"0123456789abcdefghij"[..length];
        for header in headers(length as u16) {
            let packet = emitted(&header, payload);
            let (ip, addresses) = if header.source.is_ipv4() { (20, 12) } else { (40, 8) };
            let mut covered = packet[addresses..].to_vec();
            covered.extend(vec![0; length % 2]);
            covered.extend([0, 6]);
            covered.extend(((packet.len() - ip) as u16).to_be_bytes());
            assert_eq!(sum(&covered), u16::MAX);
            // One byte of the payload counts for itself and for its place.
            if let [.., odd, last] = payload {
                let mut damaged = packet.clone();
                let end = damaged.len();
                damaged[end - 2..].copy_from_slice(&[*last, *odd]);
                assert_eq!(parse(&damaged), Err(WireError::TcpChecksum));
            }
        }
    }
}

#[test]
fn a_checksum_is_right_at_every_length() {
    let payload: Vec<u8> = (0_u32..2_000).map(|number| (number.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    for length in (0..=payload.len()).step_by(7).chain([0xFF00].map(|_| payload.len())) {
        for header in headers(length as u16) {
            let packet = emitted(&header, &payload[..length]);
            assert_eq!(crate::by_hand::segment(&packet).map(|packet| packet.header), Some(header));
        }
    }
}

#[test]
fn a_sum_of_the_largest_words_carries_over() {
    for length in [1_459, 1_460, 65_000] {
        for header in headers(length) {
            let packet = emitted(&header, &vec![0xFF; length.into()]);
            assert_eq!(crate::by_hand::segment(&packet).map(|packet| packet.header), Some(header));
            assert_eq!(parse(&packet).map(|packet| packet.header), Ok(header));
        }
    }
}

#[test]
fn a_device_that_has_verified_a_checksum_is_trusted() {
    for (header, packet, at) in acks(1_000) {
        let mut damaged = packet;
        damaged[at] ^= 0xFF;
        assert_eq!(parse(&damaged), Err(WireError::TcpChecksum));
        let parsed = Packet::parse(&damaged, Checksums::Offloaded);
        assert_eq!(parsed.map(|packet| packet.header), Ok(header));
    }
}

#[test]
fn the_checksum_of_the_ip_header_is_verified_and_computed_here_all_the_same() {
    let [(header, packet, _), _] = acks(1_000);
    let mut offloaded = vec![0; 40];
    header.emit([b"", b""], Checksums::Offloaded, &mut offloaded).unwrap();
    assert_eq!(offloaded[..20], packet[..20]);
    offloaded[IP] ^= 1;
    assert_eq!(Packet::parse(&offloaded, Checksums::Offloaded), Err(WireError::IpChecksum));
}

#[test]
fn a_device_completes_the_sum_of_the_pseudo_header() {
    for length in [0, 1, 4] {
        for header in headers(length as u16) {
            let payload = &b"text"[..length];
            let mut packet = vec![0; header.packet_len()];
            header.emit([payload, b""], Checksums::Offloaded, &mut packet).unwrap();
            // The device sums from the TCP header on, as virtio specifies it (VIRTIO_NET_HDR_F_NEEDS_CSUM).
            let start = if header.source.is_ipv4() { 20 } else { 40 };
            let completed = !sum(&packet[start..]);
            packet[start + TCP..][..2].copy_from_slice(&completed.to_be_bytes());
            assert_eq!(packet, emitted(&header, payload));
        }
    }
}
