//! The parser of the TUN example, beside another one that does all by hand; and what it took apart put together again.

use std::net::{Ipv4Addr, SocketAddrV4};

use arbitrary::Arbitrary;
use tcp_lifecycle::{Control, Options, Segment, SeqNumber};

use crate::shapes::Optional;
use parser::{Packet, emit};

#[path = "../../examples/tun/wire.rs"]
mod parser;

#[derive(Arbitrary, Debug)]
pub enum Input<'a> {
    Any(&'a [u8]),
    /// What lets any bytes get past the first checks is put right; and then, perhaps, one bit of this place is turned.
    Repaired {
        damage: Option<u16>,
        bytes: &'a [u8],
    },
    Built(Built<'a>),
}

#[derive(Arbitrary, Debug)]
pub struct Built<'a> {
    ports: [u16; 2],
    addresses: [u32; 2],
    seq: u32,
    ack: u32,
    bits: u16,
    window: u16,
    urgent: u16,
    optional: Optional,
    payload: &'a [u8],
}

/// All that is said of a packet: from where, to where, what, and with which payload.
type Told<'a> = (SocketAddrV4, SocketAddrV4, Segment, &'a [u8]);

const HEADER: usize = 20;

impl Input<'_> {
    pub fn run(self) {
        match self {
            Input::Any(bytes) => drop(check(bytes)),
            Input::Repaired { damage, bytes } => {
                let mut packet = repaired(bytes);
                let whole = check(&packet);
                assert_eq!(whole, (HEADER..=tcp(&packet).len()).contains(&offset(tcp(&packet))));
                let place = damage.map(|bit| (usize::from(bit / 8) % packet.len(), bit % 8));
                // With another length of its header it is another packet, perhaps a whole one.
                if let Some((place @ 1.., bit)) = place {
                    packet[place] ^= 1 << bit;
                    assert!(!check(&packet), "one bit of damage is seen");
                }
            }
            Input::Built(built) => built.run(),
        }
    }
}

impl Built<'_> {
    fn run(self) {
        let payload = &self.payload[..self.payload.len().min(65_000)];
        let end = |side: usize| SocketAddrV4::new(Ipv4Addr::from(self.addresses[side]), self.ports[side]);
        let control = Control::from_bits_truncate(self.bits);
        let segment = Segment::new(SeqNumber(self.seq), SeqNumber(self.ack), control)
            .with_window(self.window)
            .with_urgent(self.urgent)
            .with_options(self.optional.options())
            .with_payload(payload.len() as u16);
        let packet = emit(end(0), end(1), &segment, payload);
        assert_eq!(parsed(&packet), Some((end(0), end(1), segment, payload)));
        check(&packet);
    }
}

/// Both parsers say the same of it; and if that is a segment, what it is put together to again is the same.
fn check(bytes: &[u8]) -> bool {
    let told = parsed(bytes);
    assert_eq!(told, by_hand(bytes));
    if let Some((source, destination, segment, payload)) = told {
        let again = emit(source, destination, &segment, payload);
        assert_eq!(parsed(&again), told);
        assert_eq!(by_hand(&again), told);
    }
    told.is_some()
}

fn parsed(bytes: &[u8]) -> Option<Told<'_>> {
    Packet::parse(bytes).map(|packet| (packet.source, packet.destination, packet.segment, packet.payload))
}

/// RFC 791 section 3.1 and RFC 9293 section 3.1, field by field.
fn by_hand(bytes: &[u8]) -> Option<Told<'_>> {
    let header = usize::from(bytes.first()? & 15) * 4;
    if bytes.len() < HEADER || bytes[0] >> 4 != 4 || header < HEADER {
        return None;
    }
    let total = usize::from(word(bytes, 2));
    // More fragments, and the offset of this one; TCP is protocol 6.
    let whole = word(bytes, 6) & 0x3FFF == 0 && bytes[9] == 6;
    if !whole || total < header || total > bytes.len() || sum(&bytes[..header]) != u16::MAX {
        return None;
    }
    let tcp = &bytes[header..total];
    if tcp.len() < HEADER || !(HEADER..=tcp.len()).contains(&offset(tcp)) || tcp_sum(bytes, tcp) != u16::MAX {
        return None;
    }
    let address = |at: usize| Ipv4Addr::from(double(bytes, at));
    let payload = &tcp[offset(tcp)..];
    let control = Control::from_bits_truncate(word(tcp, 12) & 0x1FF);
    let segment = Segment::new(SeqNumber(double(tcp, 4)), SeqNumber(double(tcp, 8)), control)
        .with_window(word(tcp, 14))
        .with_urgent(word(tcp, 18))
        .with_options(options(&tcp[HEADER..offset(tcp)]))
        .with_payload(payload.len() as u16);
    let [source, destination] = [(12, 0), (16, 2)].map(|(at, port)| SocketAddrV4::new(address(at), word(tcp, port)));
    Some((source, destination, segment, payload))
}

/// RFC 9293 section 3.2: kind and length. What has another length than its kind has is as unknown.
fn options(mut bytes: &[u8]) -> Options {
    let mut options = Options::NONE;
    while let Some(&kind @ 1..) = bytes.first() {
        if kind == 1 {
            bytes = &bytes[1..];
            continue;
        }
        let Some((option, rest)) = bytes.get(1).and_then(|&length| bytes.split_at_checked(length.into())) else {
            break;
        };
        options = match *option {
            [2, 4, ..] => options.with_mss(word(option, 2)),
            [3, 3, shift] => options.with_window_scale(shift),
            [4, 2] => options.with_sack_permitted(),
            [8, 10, ..] => options.with_timestamps(double(option, 2), double(option, 6)),
            [] | [_] => break,
            [_, _, ..] => options,
        };
        bytes = rest;
    }
    options
}

fn word(bytes: &[u8], at: usize) -> u16 {
    u16::from_be_bytes([bytes[at], bytes[at + 1]])
}

fn double(bytes: &[u8], at: usize) -> u32 {
    u32::from(word(bytes, at)) << 16 | u32::from(word(bytes, at + 2))
}

/// Where the payload begins.
fn offset(tcp: &[u8]) -> usize {
    usize::from(tcp[12] >> 4) * 4
}

/// Of a packet whose lengths are right.
fn tcp(packet: &[u8]) -> &[u8] {
    &packet[usize::from(packet[0] & 15) * 4..]
}

/// RFC 1071: over what has a checksum that is right it is all ones.
fn sum(bytes: &[u8]) -> u16 {
    let words = bytes.chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0)));
    let sum: u32 = words.sum();
    let folded = (sum & 0xFFFF) + (sum >> 16);
    ((folded & 0xFFFF) + (folded >> 16)) as u16
}

/// With the pseudo header: addresses, protocol, length.
fn tcp_sum(packet: &[u8], tcp: &[u8]) -> u16 {
    let mut covered = packet[12..20].to_vec();
    covered.extend([0, 6]);
    covered.extend((tcp.len() as u16).to_be_bytes());
    covered.extend(tcp);
    sum(&covered)
}

/// A whole packet with right lengths and checksums, unless it says that its payload begins where it cannot.
fn repaired(bytes: &[u8]) -> Vec<u8> {
    let mut packet = bytes[..bytes.len().min(65_535)].to_vec();
    packet.resize(packet.len().max(2 * HEADER), 0);
    let words = usize::from(packet[0] & 15).clamp(5, (packet.len() - HEADER) / 4);
    packet[0] = 0x40 | words as u8;
    let total = (packet.len() as u16).to_be_bytes();
    packet[2..4].copy_from_slice(&total);
    packet[6] &= 0xC0;
    packet[7] = 0;
    packet[9] = 6;
    packet[10..12].fill(0);
    let checksum = !sum(&packet[..words * 4]);
    packet[10..12].copy_from_slice(&checksum.to_be_bytes());
    let at = words * 4 + 16;
    packet[at..at + 2].fill(0);
    let checksum = !tcp_sum(&packet, tcp(&packet));
    packet[at..at + 2].copy_from_slice(&checksum.to_be_bytes());
    packet
}
