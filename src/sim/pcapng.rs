//! A trace as a capture file.

use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::time::Duration;
use std::borrow::Cow;
use std::io::{self, Write};
use std::string::ToString;
use std::vec::Vec;
use std::{format, vec};

use pcap_file::pcapng::blocks::enhanced_packet::{EnhancedPacketBlock, EnhancedPacketOption};
use pcap_file::pcapng::blocks::interface_description::{InterfaceDescriptionBlock, InterfaceDescriptionOption};
use pcap_file::pcapng::{PcapNgBlock, PcapNgWriter};
use pcap_file::{DataLink, Endianness, PcapError};

use super::Side;
use super::trace::{Event, Trace, What};
use crate::wire::{Checksums, Ecn, EmitError, Header};

/// Timestamps count units of 10^-9 seconds.
const NANOSECONDS: u8 = 9;

impl Trace {
    /// Writes a pcapng file, such as a capture at one end would produce. It has the segments that this end sent and the
    /// segments that arrived, as complete IPv4 packets with checksums. A segment that arrived damaged has a bad
    /// checksum. A segment that arrived marked has Congestion Experienced in the IP header. A segment that was refused
    /// has the reason as a comment.
    ///
    /// A is port 40000 of 192.0.2.1, B is port 9293 of 192.0.2.2. Virtual time begins in 1970.
    ///
    /// ```
    /// use tcp_lifecycle::Config;
    /// use tcp_lifecycle::sim::{Network, Pair, Side};
    ///
    /// let mut pair = Pair::new(&Config::DEFAULT, &Config::DEFAULT, Network::faulty(7));
    /// pair.handshake()?;
    /// let mut capture = Vec::new(); // or a file
    /// pair.trace().write_pcapng(Side::A, &mut capture)?;
    /// assert!(capture.starts_with(b"\x0a\x0d\x0d\x0a"));
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the writer; [`io::ErrorKind::InvalidInput`] for a segment too long for an IPv4 packet.
    pub fn write_pcapng(&self, at: Side, out: impl Write) -> io::Result<()> {
        let mut file = PcapNgWriter::with_endianness(out, Endianness::Little).map_err(io_error)?;
        let name = InterfaceDescriptionOption::IfName(Cow::Owned(at.to_string()));
        let options = Vec::from([name, InterfaceDescriptionOption::IfTsResol(NANOSECONDS)]);
        let interface = InterfaceDescriptionBlock { linktype: DataLink::IPV4, snaplen: 0, options };
        file.write_block(&interface.into_block()).map_err(io_error)?;
        let mut events = self.events().iter().filter(|event| event.side == at).peekable();
        while let Some(event) = events.next() {
            let (from, number, segment) = match &event.what {
                What::Sent(number, segment) => (at, *number, segment),
                What::Arrived(number, segment, _) | What::Corrupted(number, segment) => (at.other(), *number, segment),
                What::Start
                | What::Call(_)
                | What::Injected(..)
                | What::Lost(..)
                | What::Swallowed(..)
                | What::Duplicated(..)
                | What::HeldBack(..)
                | What::Marked(..)
                | What::Reassembled(..)
                | What::Timeout(_)
                | What::Transition(_)
                | What::Signal(_)
                | What::Crashed
                | What::Note(_) => continue,
            };
            let damage = u16::from(matches!(event.what, What::Corrupted(..)));
            let mut header = Header::new(socket(from), socket(from.other()), *segment);
            header.ecn = match events.peek() {
                Some(Event { what: What::Marked(..), .. }) => Ecn::Ce,
                Some(_) | None if self.ecn_capable.contains(&number) => Ecn::Ect0,
                Some(_) | None => Ecn::NotEct,
            };
            let packet = packet(&header, number, self.payload(number), damage)
                .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
            let block = EnhancedPacketBlock {
                interface_id: 0,
                timestamp: Duration::from_micros(event.at.as_micros()),
                original_len: packet.len() as u32,
                data: Cow::Owned(packet),
                options: comment(&event.what).into_iter().collect(),
            };
            file.write_block(&block.into_block()).map_err(io_error)?;
        }
        file.into_inner().flush()
    }
}

fn comment(what: &What) -> Option<EnhancedPacketOption<'static>> {
    let What::Arrived(_, _, Err(refusal)) = what else { return None };
    let why = format!("refused: {refusal} ({})", refusal.citation());
    Some(EnhancedPacketOption::Comment(Cow::Owned(why)))
}

/// The offsets of fields in a packet without IP options.
const IDENTIFICATION: usize = 4;
const IP_CHECKSUM: usize = 10;
const TCP_CHECKSUM: usize = 36;

/// Returns the packet of a segment. Copies of a segment are copies of its packet, with the same identification. The
/// checksum is wrong in the bits of `damage`.
fn packet(header: &Header, number: u64, payload: &[u8], damage: u16) -> Result<Vec<u8>, EmitError> {
    let mut packet = vec![0; header.packet_len()];
    header.emit([payload, &[]], Checksums::Software, &mut packet)?;
    let identification = number as u16;
    edit(&mut packet, IDENTIFICATION, |_zero| identification);
    edit(&mut packet, IP_CHECKSUM, |checksum| {
        // RFC 1624 section 3
        let (sum, carry) = (!checksum).overflowing_add(identification);
        !sum.wrapping_add(carry.into())
    });
    edit(&mut packet, TCP_CHECKSUM, |checksum| checksum ^ damage);
    Ok(packet)
}

fn edit(packet: &mut [u8], at: usize, change: impl FnOnce(u16) -> u16) {
    if let Some(field) = packet.get_mut(at..).and_then(|rest| rest.first_chunk_mut()) {
        *field = change(u16::from_be_bytes(*field)).to_be_bytes();
    }
}

/// Returns the socket of an end, with an address of those that RFC 5737 reserves for documentation.
const fn socket(side: Side) -> SocketAddr {
    let (host, port) = match side {
        Side::A => (1, 40_000),
        Side::B => (2, 9_293),
    };
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, host)), port)
}

fn io_error(error: PcapError) -> io::Error {
    if let PcapError::IoError(error) = error { error } else { io::Error::other(error) }
}
