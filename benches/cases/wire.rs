//! The cases of packets: a segment as bytes, over IPv4, with both checksums. The segment has timestamps if the policies
//! have them.

use std::hint::black_box;

use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire::{
    IpAddress, IpProtocol, Ipv4Address, Ipv4Packet, Ipv4Repr, TcpControl, TcpPacket, TcpRepr, TcpSeqNumber,
    TcpTimestampRepr,
};
use tcp_lifecycle::wire::{Checksums, Header, Packet};
use tcp_lifecycle::{Config, Control, Options, Segment, SeqNumber};

use super::Run;

/// A full segment beside timestamps.
const FULL: usize = 1448;
const US: Ipv4Address = Ipv4Address::new(10, 0, 0, 1);
const PEER: Ipv4Address = Ipv4Address::new(10, 0, 0, 2);

pub(crate) fn parse_ack(config: &Config) -> Run {
    parse(config, 0)
}

pub(crate) fn parse_full(config: &Config) -> Run {
    parse(config, FULL)
}

pub(crate) fn emit_ack(config: &Config) -> Run {
    emit(config, 0)
}

pub(crate) fn emit_full(config: &Config) -> Run {
    emit(config, FULL)
}

pub(crate) fn smoltcp_parse_ack(stamped: bool) -> Run {
    smoltcp_parse(stamped, 0)
}

pub(crate) fn smoltcp_parse_full(stamped: bool) -> Run {
    smoltcp_parse(stamped, FULL)
}

pub(crate) fn smoltcp_emit_ack(stamped: bool) -> Run {
    smoltcp_emit(stamped, 0)
}

pub(crate) fn smoltcp_emit_full(stamped: bool) -> Run {
    smoltcp_emit(stamped, FULL)
}

fn header(timestamps: bool, payload: usize) -> Header {
    let options = if timestamps { Options::NONE.with_timestamps(1, 2) } else { Options::NONE };
    let segment = Segment::new(SeqNumber(100), SeqNumber(300), Control::ACK)
        .with_window(60_000)
        .with_options(options)
        .with_payload(payload as u16);
    Header::new((US, 80).into(), (PEER, 50_000).into(), segment)
}

fn parse(config: &Config, payload: usize) -> Run {
    let packet = packet(config.timestamps, payload);
    Box::new(move |events| {
        for _ in 0..events {
            _ = black_box(&Packet::parse(black_box(&packet), Checksums::Software));
        }
    })
}

fn packet(timestamps: bool, payload: usize) -> Vec<u8> {
    let header = header(timestamps, payload);
    let mut packet = vec![0; header.packet_len()];
    header.emit([&vec![7; payload], &[]], Checksums::Software, &mut packet).expect("a packet");
    packet
}

fn emit(config: &Config, payload: usize) -> Run {
    let (header, payload, mut buffer) = (header(config.timestamps, payload), vec![7; payload], vec![0; 1500]);
    Box::new(move |events| {
        for _ in 0..events {
            let payload = [black_box(&payload[..]), &[]];
            _ = black_box(black_box(&header).emit(payload, Checksums::Software, black_box(&mut buffer)));
        }
    })
}

fn smoltcp_parse(stamped: bool, payload: usize) -> Run {
    let (packet, checksums) = (packet(stamped, payload), ChecksumCapabilities::default());
    Box::new(move |events| {
        for _ in 0..events {
            let ip = Ipv4Packet::new_checked(black_box(&packet)).expect("a packet");
            let repr = Ipv4Repr::parse(&ip, &checksums).expect("a header");
            let tcp = TcpPacket::new_checked(ip.payload()).expect("a segment");
            let (source, destination) = (IpAddress::Ipv4(repr.src_addr), IpAddress::Ipv4(repr.dst_addr));
            _ = black_box(&TcpRepr::parse(&tcp, &source, &destination, &checksums));
        }
    })
}

fn smoltcp_emit(stamped: bool, payload: usize) -> Run {
    let (payload, mut buffer) = (vec![7; payload], vec![0; 1500]);
    let (source, destination) = (IpAddress::Ipv4(US), IpAddress::Ipv4(PEER));
    let checksums = ChecksumCapabilities::default();
    Box::new(move |events| {
        for _ in 0..events {
            let tcp = TcpRepr {
                src_port: 80,
                dst_port: 50_000,
                control: TcpControl::None,
                seq_number: TcpSeqNumber(100),
                ack_number: Some(TcpSeqNumber(300)),
                window_len: 60_000,
                window_scale: None,
                max_seg_size: None,
                sack_permitted: false,
                sack_ranges: [None; 3],
                timestamp: stamped.then(|| TcpTimestampRepr::new(1, 2)),
                payload: black_box(&payload),
            };
            let ip = Ipv4Repr {
                src_addr: US,
                dst_addr: PEER,
                next_header: IpProtocol::Tcp,
                payload_len: tcp.buffer_len(),
                hop_limit: 64,
            };
            let packet = black_box(&mut buffer);
            ip.emit(&mut Ipv4Packet::new_unchecked(&mut packet[..]), &checksums);
            let tcp_bytes = &mut packet[ip.buffer_len()..][..ip.payload_len];
            tcp.emit(&mut TcpPacket::new_unchecked(tcp_bytes), &source, &destination, &checksums);
        }
    })
}
