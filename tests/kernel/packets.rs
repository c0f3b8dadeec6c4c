//! Segments as packets. The kernel lays out its packets as this crate does, down to each option.

use std::net::SocketAddr;

use tcp_lifecycle::Segment;
use tcp_lifecycle::wire::{Checksums, Header, Packet};

/// Parses a packet that carries a segment.
pub(crate) fn parse(bytes: &[u8]) -> Option<Packet<'_>> {
    Packet::parse(bytes, Checksums::Software).ok()
}

pub(crate) fn emit(source: SocketAddr, destination: SocketAddr, segment: &Segment, payload: &[u8]) -> Vec<u8> {
    emit_with(&Header::new(source, destination, *segment), payload)
}

pub(crate) fn emit_with(header: &Header, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0; header.packet_len()];
    header.emit([payload, &[]], Checksums::Software, &mut packet).expect("a packet");
    packet
}

/// The places of a packet where the kernel's may differ from ours: the identification, the checksum that covers it, and
/// the form of a TCP checksum that is zero; in IPv6 the flow label and that form.
const V4_DIFFERS: [usize; 6] = [4, 5, 10, 11, 36, 37];
const V6_DIFFERS: [usize; 5] = [1, 2, 3, 56, 57];

/// Checks that a segment of the kernel, taken apart and put together again, is the same packet.
#[track_caller]
pub(crate) fn check_layout(bytes: &[u8]) {
    let Some(packet) = parse(bytes) else { return };
    let differs = if packet.header.source.is_ipv4() { &V4_DIFFERS[..] } else { &V6_DIFFERS };
    let [theirs, ours] = [bytes, &emit_with(&packet.header, packet.payload)].map(|packet| {
        let mut packet = packet.to_vec();
        differs.iter().for_each(|&place| packet[place] = 0);
        packet
    });
    assert_eq!(theirs, ours, "{}", packet.header.segment);
}
