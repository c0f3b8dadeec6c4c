//! A segment in an IP packet.

use core::net::{IpAddr, Ipv4Addr, SocketAddr};

use etherparse::{IpNumber, TcpHeader, TcpSlice};

use super::checksum::{checksum, folded, is_intact, plus, sum};
use super::ip::{self, IpFields, IpPacket, V4_HEADER, V6_HEADER};
use super::words::Words;
use super::{EmitError, WireError, options};
use crate::{Control, Ecn, SackBlocks, Segment, SeqNumber};

/// The hop limit that RFC 1700 recommends, as Linux has it.
const HOP_LIMIT: u8 = 64;

/// Where the checksums of TCP and ICMP are verified and computed. The checksum of the IPv4 header covers few bytes, and
/// is verified and computed here in either case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Checksums {
    /// Here (MUST-2, MUST-3).
    Software,
    /// By the device: checksum offload.
    ///
    /// The checksum of a packet that arrives is not verified. With virtio this is right for a packet with
    /// `VIRTIO_NET_HDR_F_DATA_VALID`, and for one with `VIRTIO_NET_HDR_F_NEEDS_CSUM`, which comes from the same machine
    /// and has no checksum yet.
    ///
    /// A packet that is emitted has the sum of the pseudo header in the checksum field, folded and not complemented. A
    /// device completes it: it sums from the TCP header on, and writes the complement into the field. For virtio, and
    /// for a TUN device with `IFF_VNET_HDR`, the flag is `VIRTIO_NET_HDR_F_NEEDS_CSUM`, `csum_start` is 20 in IPv4 and
    /// 40 in IPv6, and `csum_offset` is 16.
    Offloaded,
}

/// A segment, and what its packet says beside it: the sockets, SACK blocks, fields of the IP header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Header {
    /// The socket that sends the segment. A parsed IPv6 address has neither a flow label nor a scope id.
    pub source: SocketAddr,
    /// The socket that receives the segment, of the same version of IP.
    pub destination: SocketAddr,
    /// The segment.
    pub segment: Segment,
    /// The blocks of the SACK option. If all options together take more than 40 bytes, the packet has only the first
    /// blocks: three beside timestamps, two beside all options of a SYN.
    pub sack: SackBlocks,
    /// The ECN codepoint (RFC 3168 section 5).
    pub ecn: Ecn,
    /// The differentiated services codepoint, 0 to 63 (RFC 2474 section 3). Higher bits are not sent.
    pub dscp: u8,
    /// The Time to Live of IPv4, the Hop Limit of IPv6.
    pub hop_limit: u8,
}

impl Header {
    /// Creates a header without SACK blocks, not ECN-capable, with DSCP 0 and hop limit 64.
    #[inline]
    #[must_use]
    pub const fn new(source: SocketAddr, destination: SocketAddr, segment: Segment) -> Header {
        let sack = SackBlocks::NONE;
        Header { source, destination, segment, sack, ecn: Ecn::NotEct, dscp: 0, hop_limit: HOP_LIMIT }
    }

    /// Returns the length of the packet in bytes, payload included.
    #[inline]
    #[must_use]
    pub fn packet_len(&self) -> usize {
        let sack = options::fitting(&self.segment.options(), &self.sack);
        self.len_with(&sack)
    }

    #[inline]
    fn len_with(&self, sack: &SackBlocks) -> usize {
        self.ip_header_len()
            .saturating_add(tcp_header_len(&self.segment, sack))
            .saturating_add(self.segment.payload_len().into())
    }

    #[inline]
    const fn ip_header_len(&self) -> usize {
        if self.source.is_ipv4() { V4_HEADER } else { V6_HEADER }
    }

    /// Writes the packet to the beginning of `buffer`, and returns its length. The payload is given in two parts, as a
    /// ring buffer has it; either may be empty.
    ///
    /// An IPv4 packet has no options, Don't Fragment, and the identification zero (RFC 6864 section 4.1). An IPv6
    /// packet has no extension headers, and the flow label zero.
    ///
    /// # Errors
    ///
    /// [`EmitError`]. The buffer is then unchanged.
    #[inline]
    pub fn emit(&self, payload: [&[u8]; 2], checksums: Checksums, buffer: &mut [u8]) -> Result<usize, EmitError> {
        let [first, second] = payload;
        if first.len().checked_add(second.len()) != Some(self.segment.payload_len().into()) {
            return Err(EmitError::PayloadLength);
        }
        let sack = options::fitting(&self.segment.options(), &self.sack);
        let needed = self.len_with(&sack);
        let counted = if self.source.is_ipv4() { needed } else { needed.saturating_sub(V6_HEADER) };
        let length = u16::try_from(counted).map_err(|_| EmitError::PacketTooLong)?;

        let split = buffer.get_mut(..needed).and_then(|packet| packet.split_at_mut_checked(self.ip_header_len()));
        let (ip, tcp) = split.ok_or(EmitError::BufferTooSmall { needed })?;
        let fields = IpFields { class: self.dscp << 2 | self.ecn as u8, hop_limit: self.hop_limit, length };
        match (self.source.ip(), self.destination.ip()) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => ip::emit_v4(source, destination, fields, ip),
            (IpAddr::V6(source), IpAddr::V6(destination)) => ip::emit_v6(source, destination, fields, ip),
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => return Err(EmitError::AddressFamilies),
        }
        self.emit_tcp(payload, &sack, checksums, tcp);
        Ok(needed)
    }

    /// Writes the segment. `tcp` has its length.
    #[inline]
    fn emit_tcp(&self, [first, second]: [&[u8]; 2], sack: &SackBlocks, checksums: Checksums, tcp: &mut [u8]) {
        let pseudo_header = ip::pseudo_header(self.source.ip(), self.destination.ip(), IpNumber::TCP, tcp.len());
        let Some((header, text)) = tcp.split_at_mut_checked(tcp_header_len(&self.segment, sack)) else { return };
        if let Some((place, rest)) = text.split_at_mut_checked(first.len())
            && let Some(rest) = rest.get_mut(..second.len())
        {
            place.copy_from_slice(first);
            rest.copy_from_slice(second);
        }
        let [offset, control] = (self.segment.control().bits() | (header.len() as u16) << 10).to_be_bytes();
        let mut words = Words::new(header);
        words.put(pair(self.source.port(), self.destination.port()));
        words.put(self.segment.seq().0.to_be_bytes());
        words.put(self.segment.ack().unwrap_or_default().0.to_be_bytes());
        let [high, low] = self.segment.window().to_be_bytes();
        words.put([offset, control, high, low]);
        words.put(pair(0, self.segment.urgent()));
        options::emit(&self.segment.options(), sack, &mut words);

        let field = match checksums {
            Checksums::Software => checksum(plus(plus(pseudo_header, words.sum()), sum(text))),
            Checksums::Offloaded => folded(pseudo_header),
        };
        if let Some([.., high, low]) = header.first_chunk_mut::<18>() {
            [*high, *low] = field;
        }
    }
}

#[inline]
const fn tcp_header_len(segment: &Segment, sack: &SackBlocks) -> usize {
    TcpHeader::MIN_LEN.saturating_add(segment.options().wire_len()).saturating_add(sack.wire_len())
}

#[inline]
const fn pair(first: u16, second: u16) -> [u8; 4] {
    ((first as u32) << 16 | second as u32).to_be_bytes()
}

/// A segment that has arrived, with its payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Packet<'a> {
    /// The segment and what its packet says beside it.
    pub header: Header,
    /// The payload. Its length is that in the segment.
    pub payload: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Parses an IP packet that carries a segment. Bytes after the end of the packet, such as the padding of Ethernet,
    /// are ignored.
    ///
    /// IPv4 options and IPv6 extension headers are skipped. Of a TCP option that stands twice the last one counts; an
    /// unknown TCP option is skipped, and a malformed one ends the options. Each segment has the options that stand
    /// on it: a [`Connection`](crate::Connection) itself ignores those that count on a SYN only.
    ///
    /// # Errors
    ///
    /// [`WireError`] for anything but a whole segment with right checksums and possible addresses. After
    /// [`WireError::Protocol`] the packet may be an [`IcmpMessage`](super::IcmpMessage).
    #[inline]
    pub fn parse(bytes: &'a [u8], checksums: Checksums) -> Result<Packet<'a>, WireError> {
        let ip = IpPacket::parse(bytes)?;
        if ip.protocol != IpNumber::TCP {
            return Err(WireError::Protocol(ip.protocol.0));
        }
        if !is_unicast(ip.source) || !is_unicast(ip.destination) {
            return Err(WireError::NotUnicast);
        }
        let tcp = TcpSlice::from_slice(ip.payload).map_err(|_| match ip.payload.len() {
            ..TcpHeader::MIN_LEN => WireError::TcpTruncated,
            TcpHeader::MIN_LEN.. => WireError::DataOffset,
        })?;
        if checksums == Checksums::Software && !is_intact(plus(ip.pseudo_header(), sum(ip.payload))) {
            return Err(WireError::TcpChecksum);
        }
        let header_len = usize::from(tcp.data_offset()) << 2;
        let (header, payload) = ip.payload.split_at_checked(header_len).ok_or(WireError::DataOffset)?;
        let (options, sack) = options::parse(header.get(TcpHeader::MIN_LEN..).unwrap_or(&[]));
        let segment =
            Segment::new(SeqNumber(tcp.sequence_number()), SeqNumber(tcp.acknowledgment_number()), control(header))
                .with_window(tcp.window_size())
                .with_urgent(tcp.urgent_pointer())
                .with_options(options)
                .with_payload(payload.len() as u16);
        let source = SocketAddr::new(ip.source, tcp.source_port());
        let destination = SocketAddr::new(ip.destination, tcp.destination_port());
        let (ecn, dscp) = (Ecn::of(ip.class), ip.class >> 2);
        let header = Header { source, destination, segment, sack, ecn, dscp, hop_limit: ip.hop_limit };
        Ok(Packet { header, payload })
    }
}

/// The control bits. The reserved bits before them are ignored (RFC 9293 section 3.1).
#[inline]
fn control(header: &[u8]) -> Control {
    let Some(&[.., offset, bits]) = header.first_chunk::<14>() else { return Control::empty() };
    Control::from_bits_truncate(u16::from_be_bytes([offset, bits]))
}

/// Whether a segment may have this address. The directed broadcast address of a network looks like any other: only a
/// host on the network knows it (RFC 1122 section 3.2.1.3).
#[inline]
const fn is_unicast(address: IpAddr) -> bool {
    !address.is_multicast() && !address.is_unspecified() && !matches!(address, IpAddr::V4(Ipv4Addr::BROADCAST))
}
