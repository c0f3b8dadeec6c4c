//! Segments and ICMP errors as packets of IPv4 and IPv6.
//!
//! `by_hand.rs` is another parser, which the fuzz target uses too. `round_trip.rs` compares both on random headers and
//! random bytes. The other files have a table or a test for each rule.

#[path = "wire/by_hand.rs"]
mod by_hand;
#[path = "wire/checksums.rs"]
mod checksums;
#[path = "wire/emitting.rs"]
mod emitting;
#[path = "wire/icmp.rs"]
mod icmp;
#[path = "wire/ip.rs"]
mod ip;
#[path = "wire/layout.rs"]
mod layout;
#[path = "wire/malformed.rs"]
mod malformed;
#[path = "wire/options.rs"]
mod options;
#[path = "wire/round_trip.rs"]
mod round_trip;
#[path = "wire/sack.rs"]
mod sack;

use std::net::{IpAddr, SocketAddr};

use tcp_lifecycle::wire::{Checksums, Header, Packet, WireError};
use tcp_lifecycle::{Control, Segment, SeqNumber};

const BOTH: [(&str, &str); 2] =
    [("192.0.2.1:40000", "198.51.100.7:80"), ("[2001:db8::1]:40000", "[2001:db8:ffff::7]:80")];

/// An acknowledgment with payload, over IPv4 and over IPv6.
fn headers(payload: u16) -> [Header; 2] {
    let segment = Segment::new(SeqNumber(0x0102_0304), SeqNumber(0x0506_0708), Control::ACK)
        .with_window(0x1234)
        .with_payload(payload);
    BOTH.map(|(source, destination)| Header::new(socket(source), socket(destination), segment))
}

fn socket(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

/// The packet of a header.
#[track_caller]
fn emitted(header: &Header, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0xEE; header.packet_len()];
    assert_eq!(header.emit([payload, &[]], Checksums::Software, &mut packet), Ok(packet.len()));
    packet
}

fn parse(packet: &[u8]) -> Result<Packet<'_>, WireError> {
    Packet::parse(packet, Checksums::Software)
}

/// A packet of IPv4 with these options and this payload, its checksums right.
fn v4(options: &[u8], protocol: u8, payload: &[u8]) -> Vec<u8> {
    let header = 20 + options.len();
    let [high, low] = ((header + payload.len()) as u16).to_be_bytes();
    let mut packet = vec![0x40 | (header / 4) as u8, 0, high, low, 0, 0, 0x40, 0, 64, protocol, 0, 0];
    packet.extend([192, 0, 2, 1, 198, 51, 100, 7]);
    packet.extend(options);
    packet.extend(payload);
    by_hand::seal(&mut packet);
    packet
}

/// Extension headers of IPv6, each with its number, and its bytes after the number of the next one: first its length.
type Extensions<'a> = &'a [(u8, &'a [u8])];

/// The content of an extension header without options.
const NO_OPTIONS: &[u8] = &[0, 1, 4, 0, 0, 0, 0];

/// A packet of IPv6 with these extension headers.
fn v6(extensions: Extensions<'_>, protocol: u8, payload: &[u8]) -> Vec<u8> {
    let numbers = extensions.iter().map(|(number, _)| *number).chain([protocol]).collect::<Vec<_>>();
    let length = extensions.iter().map(|(_, bytes)| 1 + bytes.len()).sum::<usize>() + payload.len();
    let [high, low] = (length as u16).to_be_bytes();
    let mut packet = vec![0x60, 0, 0, 0, high, low, numbers[0], 64];
    for socket in [BOTH[1].0, BOTH[1].1].map(socket) {
        let IpAddr::V6(address) = socket.ip() else { panic!("{socket}") };
        packet.extend(address.octets());
    }
    for ((_, bytes), next) in extensions.iter().zip(&numbers[1..]) {
        packet.push(*next);
        packet.extend(*bytes);
    }
    packet.extend(payload);
    by_hand::seal(&mut packet);
    packet
}

/// A TCP header with these options, and payload; `v4` and `v6` add the checksum.
fn tcp(options: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut tcp = vec![0x9C, 0x40, 0, 80, 1, 2, 3, 4, 5, 6, 7, 8];
    tcp.extend([((20 + options.len()) * 4) as u8, 0x10, 0x12, 0x34, 0, 0, 0, 0]);
    tcp.extend(options);
    tcp.extend(payload);
    tcp
}
