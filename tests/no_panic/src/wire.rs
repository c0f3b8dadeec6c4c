//! Packets, for any bytes.

use core::hint::black_box;
use core::net::SocketAddr;

use no_panic::no_panic;
use tcp_lifecycle::wire::{Checksums, EmitError, Header, IcmpMessage, Packet, WireError};
use tcp_lifecycle::{SackBlock, SackBlocks, Segment};

#[no_panic]
fn parse(bytes: &'static [u8], checksums: Checksums) -> Result<Packet<'static>, WireError> {
    Packet::parse(bytes, checksums)
}

#[no_panic]
fn icmp(bytes: &[u8], checksums: Checksums) -> Result<IcmpMessage, WireError> {
    IcmpMessage::parse(bytes, checksums)
}

#[no_panic]
fn header(source: SocketAddr, destination: SocketAddr, segment: Segment) -> Header {
    Header::new(source, destination, segment)
}

#[no_panic]
fn emit(header: &Header, payload: [&[u8]; 2], checksums: Checksums, buffer: &mut [u8]) -> Result<usize, EmitError> {
    header.emit(payload, checksums, buffer)
}

#[no_panic]
fn packet_len(header: &Header) -> usize {
    header.packet_len()
}

#[no_panic]
fn sack_blocks(blocks: &mut SackBlocks, block: SackBlock, most: usize) -> usize {
    blocks.push(block);
    blocks.truncate(most);
    blocks.wire_len() + blocks.len()
}

#[no_panic]
fn collected(blocks: &[SackBlock]) -> SackBlocks {
    blocks.iter().copied().collect()
}

pub(crate) fn keep() {
    black_box(parse as fn(&'static _, _) -> _);
    black_box(icmp as fn(&_, _) -> _);
    black_box(header as fn(_, _, _) -> _);
    black_box(emit as fn(&_, _, _, &mut _) -> _);
    black_box(packet_len as fn(&_) -> _);
    black_box(sack_blocks as fn(&mut _, _, _) -> _);
    black_box(collected as fn(&_) -> _);
}
