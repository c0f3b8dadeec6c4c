//! `wire`, beside another parser that does all by hand; and what it took apart put together again.

use std::net::SocketAddr;

use arbitrary::Arbitrary;
use tcp_lifecycle::wire::{Checksums, Ecn, Header, IcmpMessage, Packet};
use tcp_lifecycle::{Control, SackBlock, Segment, SeqNumber};

use crate::by_hand::{self, ICMP, TCP, behind_ip, is_unicast, repaired};
use crate::shapes::Optional;

#[derive(Arbitrary, Debug)]
pub enum Input<'a> {
    Any(&'a [u8]),
    /// What lets any bytes get past the first checks is put right; and then, perhaps, one bit is turned of what the
    /// checksum of the segment or of the ICMP message covers.
    Repaired {
        is_segment: bool,
        damage: Option<u16>,
        bytes: &'a [u8],
    },
    Built(Built<'a>),
}

#[derive(Arbitrary, Debug)]
pub struct Built<'a> {
    ports: [u16; 2],
    addresses: Addresses,
    seq: u32,
    ack: u32,
    bits: u16,
    window: u16,
    urgent: u16,
    optional: Optional,
    sack: [Option<(u32, u32)>; 5],
    ecn: u8,
    dscp: u8,
    hop_limit: u8,
    payload: &'a [u8],
    cut: u16,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Addresses {
    V4([u32; 2]),
    V6([u128; 2]),
}

impl Input<'_> {
    pub fn run(self) {
        match self {
            Input::Any(bytes) => drop(check(bytes)),
            Input::Repaired { is_segment, damage, bytes } => {
                let mut packet = repaired(bytes, if is_segment { TCP } else { ICMP });
                check(&packet);
                let (Some(bit), Some((place, _))) = (damage, behind_ip(&packet)) else { return };
                if let bits @ 1.. = 8 * place.len() {
                    let bit = usize::from(bit) % bits;
                    packet[place.start + bit / 8] ^= 1 << (bit % 8);
                    assert_eq!(check(&packet), Found::Nothing, "one bit of damage is seen");
                }
            }
            Input::Built(built) => built.run(),
        }
    }
}

impl Built<'_> {
    fn run(self) {
        let payload = &self.payload[..self.payload.len().min(65_000)];
        let sockets: [SocketAddr; 2] = match self.addresses {
            Addresses::V4(addresses) => [0, 1].map(|end| (addresses[end].to_be_bytes(), self.ports[end]).into()),
            Addresses::V6(addresses) => [0, 1].map(|end| (addresses[end].to_be_bytes(), self.ports[end]).into()),
        };
        let segment = Segment::new(SeqNumber(self.seq), SeqNumber(self.ack), Control::from_bits_truncate(self.bits))
            .with_window(self.window)
            .with_urgent(self.urgent)
            .with_options(self.optional.options())
            .with_payload(payload.len() as u16);
        let block = |(left, right)| SackBlock { left: SeqNumber(left), right: SeqNumber(right) };
        let header = Header {
            sack: self.sack.into_iter().flatten().map(block).collect(),
            ecn: [Ecn::NotEct, Ecn::Ect1, Ecn::Ect0, Ecn::Ce][usize::from(self.ecn % 4)],
            dscp: self.dscp % 64,
            hop_limit: self.hop_limit,
            ..Header::new(sockets[0], sockets[1], segment)
        };
        let packet = emit(&header, payload, self.cut.into());
        if sockets.iter().all(|socket| is_unicast(socket.ip())) {
            let packet = Packet::parse(&packet, Checksums::Software);
            assert_eq!(packet, Ok(Packet { header: as_it_arrives(&header), payload }));
        }
        check(&packet);
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Found {
    Segment,
    Error,
    Nothing,
}

/// Both parsers say the same of the bytes. If these are a segment, the packet that comes from it has the same segment.
fn check(bytes: &[u8]) -> Found {
    let parsed = Packet::parse(bytes, Checksums::Software).ok();
    let error = IcmpMessage::parse(bytes, Checksums::Software).ok();
    assert_eq!(parsed, by_hand::segment(bytes));
    assert_eq!(error, by_hand::icmp(bytes));
    let trusting = Packet::parse(bytes, Checksums::Offloaded).ok();
    assert!(parsed.is_none() || parsed == trusting);
    if let Some(Packet { header, payload }) = parsed {
        let again = emit(&header, payload, payload.len() / 2);
        let arrived = Some(Packet { header: as_it_arrives(&header), payload });
        assert_eq!(Packet::parse(&again, Checksums::Software).ok(), arrived);
        assert_eq!(by_hand::segment(&again), arrived);
        // Once more, and it is the same bytes.
        assert_eq!(emit(&as_it_arrives(&header), payload, 0), again);
    }
    match (parsed, error) {
        (Some(_), None) => Found::Segment,
        (None, Some(_)) => Found::Error,
        (None, None) => Found::Nothing,
        (Some(_), Some(_)) => panic!("a segment and an ICMP error at once"),
    }
}

fn emit(header: &Header, payload: &[u8], cut: usize) -> Vec<u8> {
    let (first, second) = payload.split_at(cut.min(payload.len()));
    let mut packet = vec![0xEE; header.packet_len()];
    assert_eq!(header.emit([first, second], Checksums::Software, &mut packet), Ok(packet.len()));
    let mut small = vec![0xEE; packet.len() - 1];
    assert!(header.emit([first, second], Checksums::Software, &mut small).is_err());
    packet
}

/// The header with the SACK blocks that have found room.
fn as_it_arrives(header: &Header) -> Header {
    let mut header = *header;
    header.sack.truncate((36 - header.segment.options().wire_len()) / 8);
    header
}
