//! Which checksums the parser accepts. These tests need no kernel.

use tcp_lifecycle::{Control, Segment, SeqNumber};

use crate::harness::{OURS, THEIRS};
use crate::wire::{Packet, emit};

/// The offsets of the two checksums in a packet without IP options.
const IP: usize = 10;
const TCP: usize = 36;

fn ack(window: u16) -> Segment {
    Segment::new(SeqNumber(300), SeqNumber(100), Control::ACK).with_window(window)
}

fn checksum(packet: &[u8], at: usize) -> u16 {
    u16::from_be_bytes([packet[at], packet[at + 1]])
}

/// Every checksum that is accepted at this offset.
fn taken(packet: &[u8], at: usize, segment: Segment) -> Vec<u16> {
    let mut packet = packet.to_vec();
    let is_taken = |checksum: &u16| {
        packet[at..at + 2].copy_from_slice(&checksum.to_be_bytes());
        let parsed = Packet::parse(&packet);
        assert!(parsed.as_ref().is_none_or(|parsed| parsed.segment == segment));
        parsed.is_some()
    };
    (0..=u16::MAX).filter(is_taken).collect()
}

#[test]
fn a_tcp_checksum_of_zero_is_taken_in_both_forms_and_no_other() {
    let mut packets = (0..=u16::MAX).map(|window| (ack(window), emit(THEIRS, OURS, &ack(window), &[])));
    let (segment, zero) = packets.find(|(_, packet)| checksum(packet, TCP) == 0).expect("one in 65,535");
    assert_eq!(taken(&zero, TCP, segment), [0, u16::MAX]);
}

#[test]
fn any_other_tcp_checksum_is_taken_in_its_one_form() {
    let packet = emit(THEIRS, OURS, &ack(1_000), &[]);
    let right = checksum(&packet, TCP);
    assert_ne!(right, 0);
    assert_eq!(taken(&packet, TCP, ack(1_000)), [right]);
}

#[test]
fn an_ip_header_has_the_same_two_forms_of_zero() {
    let mut packet = emit(THEIRS, OURS, &ack(1_000), &[]);
    let right = checksum(&packet, IP);
    assert_eq!(taken(&packet, IP, ack(1_000)), [right]);
    // The identification is chosen so that the sum is zero.
    packet[4..6].copy_from_slice(&right.to_be_bytes());
    assert_eq!(taken(&packet, IP, ack(1_000)), [0, u16::MAX]);
}
