//! The headers of IPv4 (RFC 791) and IPv6 (RFC 8200).

mod extensions;

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use etherparse::err::ipv4::HeaderSliceError;
use etherparse::{IpNumber, Ipv4HeaderSlice, Ipv6Header, Ipv6HeaderSlice};

use super::WireError;
use super::checksum::{checksum, is_intact, plus, sum, sum_of};
use super::words::Words;
use crate::Ecn;

/// The lengths of the headers that are emitted, in bytes.
pub(super) const V4_HEADER: usize = 20;
pub(super) const V6_HEADER: usize = 40;

impl Ecn {
    /// Returns the codepoint in the lowest two bits of Type of Service or Traffic Class.
    #[inline]
    pub(super) const fn of(class: u8) -> Ecn {
        match class & 0b11 {
            0b00 => Ecn::NotEct,
            0b01 => Ecn::Ect1,
            0b10 => Ecn::Ect0,
            _ => Ecn::Ce,
        }
    }
}

/// An IP packet: the fields that a segment or an ICMP message needs.
pub(super) struct IpPacket<'a> {
    pub(super) source: IpAddr,
    pub(super) destination: IpAddr,
    /// Type of Service or Traffic Class.
    pub(super) class: u8,
    pub(super) hop_limit: u8,
    pub(super) protocol: IpNumber,
    pub(super) payload: &'a [u8],
}

impl IpPacket<'_> {
    /// Parses a packet that is whole. Bytes after its end are padding of the link.
    #[inline]
    pub(super) fn parse(bytes: &[u8]) -> Result<IpPacket<'_>, WireError> {
        match bytes.first().map(|first| first >> 4) {
            Some(4) => parse_v4(bytes),
            Some(6) => parse_v6(bytes),
            Some(version) => Err(WireError::Version(version)),
            None => Err(WireError::Truncated),
        }
    }

    /// Returns the sum of the pseudo header.
    #[inline]
    pub(super) fn pseudo_header(&self) -> u64 {
        pseudo_header(self.source, self.destination, self.protocol, self.payload.len())
    }
}

#[inline]
fn parse_v4(bytes: &[u8]) -> Result<IpPacket<'_>, WireError> {
    let header = Ipv4HeaderSlice::from_slice(bytes).map_err(|error| match error {
        HeaderSliceError::Len(_) => WireError::Truncated,
        HeaderSliceError::Content(_) => WireError::IpLength,
    })?;
    let packet = bytes.get(..header.total_len().into()).ok_or(WireError::Truncated)?;
    let payload = packet.get(header.slice().len()..).ok_or(WireError::IpLength)?;
    if !is_intact(sum(header.slice())) {
        return Err(WireError::IpChecksum);
    }
    if header.is_fragmenting_payload() {
        return Err(WireError::Fragment);
    }
    Ok(IpPacket {
        source: header.source_addr().into(),
        destination: header.destination_addr().into(),
        class: header.dcp().value() << 2 | header.ecn().value(),
        hop_limit: header.ttl(),
        protocol: header.protocol(),
        payload,
    })
}

#[inline]
fn parse_v6(bytes: &[u8]) -> Result<IpPacket<'_>, WireError> {
    let header = Ipv6HeaderSlice::from_slice(bytes).map_err(|_| WireError::Truncated)?;
    // A length of zero is no payload: there are no jumbograms here (RFC 2675).
    let behind = bytes.get(Ipv6Header::LEN..).and_then(|behind| behind.get(..header.payload_length().into()));
    let (protocol, payload) = extensions::skip(header.next_header(), behind.ok_or(WireError::Truncated)?)?;
    Ok(IpPacket {
        source: header.source_addr().into(),
        destination: header.destination_addr().into(),
        class: header.traffic_class(),
        hop_limit: header.hop_limit(),
        protocol,
        payload,
    })
}

/// The quoted packet of an ICMP error: the fields that a segment needs, and the bytes of the segment that are quoted.
pub(super) struct Quote<'a> {
    pub(super) source: IpAddr,
    pub(super) destination: IpAddr,
    pub(super) protocol: IpNumber,
    pub(super) payload: &'a [u8],
}

/// Parses the beginning of an IPv4 packet. Its checksum may be wrong, since routers have changed the header.
pub(super) fn quote_v4(bytes: &[u8]) -> Result<Quote<'_>, WireError> {
    let header = Ipv4HeaderSlice::from_slice(bytes).map_err(|error| match error {
        HeaderSliceError::Len(_) => WireError::QuoteTruncated,
        HeaderSliceError::Content(_) => WireError::QuoteMalformed,
    })?;
    if header.fragments_offset().value() != 0 {
        return Err(WireError::QuoteFragment);
    }
    Ok(Quote {
        source: header.source_addr().into(),
        destination: header.destination_addr().into(),
        protocol: header.protocol(),
        payload: bytes.get(header.slice().len()..).unwrap_or(&[]),
    })
}

/// Parses the beginning of an IPv6 packet.
pub(super) fn quote_v6(bytes: &[u8]) -> Result<Quote<'_>, WireError> {
    use etherparse::err::ipv6::HeaderSliceError;
    let header = Ipv6HeaderSlice::from_slice(bytes).map_err(|error| match error {
        HeaderSliceError::Len(_) => WireError::QuoteTruncated,
        HeaderSliceError::Content(_) => WireError::QuoteMalformed,
    })?;
    let behind = bytes.get(Ipv6Header::LEN..).unwrap_or(&[]);
    let (protocol, payload) = extensions::skip_quoted(header.next_header(), behind)?;
    let (source, destination) = (header.source_addr().into(), header.destination_addr().into());
    Ok(Quote { source, destination, protocol, payload })
}

/// Returns the sum of the pseudo header (RFC 9293 section 3.1, RFC 8200 section 8.1).
#[inline]
pub(super) fn pseudo_header(source: IpAddr, destination: IpAddr, protocol: IpNumber, length: usize) -> u64 {
    let numbers = sum_of([u32::from(protocol.0).to_be(), (length as u32).to_be()]);
    plus(plus(sum_of_address(source), sum_of_address(destination)), numbers)
}

#[inline]
fn sum_of_address(address: IpAddr) -> u64 {
    match address {
        IpAddr::V4(address) => u32::from_ne_bytes(address.octets()).into(),
        IpAddr::V6(address) => sum(&address.octets()),
    }
}

/// The fields of an emitted header that both versions of IP have.
pub(super) struct IpFields {
    /// Type of Service or Traffic Class.
    pub(super) class: u8,
    pub(super) hop_limit: u8,
    /// The length of the packet, in IPv6 without this header.
    pub(super) length: u16,
}

/// Writes an IPv4 header.
#[inline]
pub(super) fn emit_v4(source: Ipv4Addr, destination: Ipv4Addr, fields: IpFields, header: &mut [u8]) {
    let [high, low] = fields.length.to_be_bytes();
    let lengths = [0x45, fields.class, high, low];
    // RFC 6864 section 4.1: a packet with Don't Fragment needs no identification (MAY-4).
    let fragment = [0, 0, 0x40, 0];
    let (source, destination) = (source.octets(), destination.octets());
    let summed = [lengths, fragment, [fields.hop_limit, IpNumber::TCP.0, 0, 0], source, destination];
    let [high, low] = checksum(sum_of(summed.map(u32::from_ne_bytes)));
    let mut words = Words::new(header);
    for word in [lengths, fragment, [fields.hop_limit, IpNumber::TCP.0, high, low], source, destination] {
        words.put(word);
    }
}

/// Writes an IPv6 header.
#[inline]
pub(super) fn emit_v6(source: Ipv6Addr, destination: Ipv6Addr, fields: IpFields, header: &mut [u8]) {
    let [high, low] = fields.length.to_be_bytes();
    let mut words = Words::new(header);
    words.put([0x60 | fields.class >> 4, fields.class << 4, 0, 0]);
    words.put([high, low, IpNumber::TCP.0, fields.hop_limit]);
    for address in [source.octets(), destination.octets()] {
        address.as_chunks().0.iter().for_each(|word| words.put(*word));
    }
}
