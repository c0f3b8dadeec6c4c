//! Why bytes are no segment, and why a segment is no packet.

/// The reason why a packet could not be parsed. Each variant is one rule.
///
/// The packet is dropped. [`Protocol`](WireError::Protocol) is for the caller to go on with the packet, and
/// [`Fragment`](WireError::Fragment) for the caller that reassembles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum WireError {
    /// The version of IP, which is not 4 or 6.
    #[error("version {0} of IP")]
    Version(u8),
    /// The packet is shorter than the IP header, or than the length in the IP header. An empty packet is, too.
    #[error("an IP packet without its end")]
    Truncated,
    /// A length in the IPv4 header is impossible: IHL is below five words, or Total Length is below the header's.
    #[error("an impossible length of the IP header")]
    IpLength,
    /// The checksum of the IPv4 header is wrong.
    #[error("a wrong checksum of the IP header")]
    IpChecksum,
    /// An extension header of IPv6, of this number, that ends the packet (RFC 8200): Hop-by-Hop Options that are not
    /// the first (section 4.1), an unknown option that says so (section 4.2), a route that is not at its end (section
    /// 4.4), or a header longer than the packet.
    #[error("IPv6 extension header {0} ends the packet")]
    ExtensionHeader(u8),
    /// A fragment (RFC 791 section 3.2, RFC 8200 section 4.5). A packet of IPv6 whose Fragment Header says that it is
    /// whole is none (RFC 6946).
    #[error("a fragment")]
    Fragment,
    /// The number of the protocol that the packet carries: for [`Packet::parse`](super::Packet::parse) not TCP, for
    /// [`IcmpMessage::parse`](super::IcmpMessage::parse) not ICMP in IPv4, or ICMPv6 in IPv6.
    #[error("protocol {0}")]
    Protocol(u8),
    /// The source or the destination is a multicast address, the limited broadcast address or the unspecified address.
    /// A segment never has such an address, and is dropped in silence (RFC 9293 section 3.9.2.3).
    #[error("a segment from or to an address that is not unicast")]
    NotUnicast,
    /// The segment is shorter than the 20 bytes of a TCP header.
    #[error("a TCP header without its end")]
    TcpTruncated,
    /// The Data Offset is below five words, or beyond the end of the segment.
    #[error("an impossible Data Offset")]
    DataOffset,
    /// The checksum of the segment is wrong.
    #[error("a wrong checksum of the segment")]
    TcpChecksum,
    /// The ICMP message is shorter than its 8 bytes of header.
    #[error("an ICMP header without its end")]
    IcmpTruncated,
    /// The checksum of the ICMP message is wrong.
    #[error("a wrong checksum of the ICMP message")]
    IcmpChecksum,
    /// The type and the code of an ICMP message that is not an error for TCP.
    #[error("ICMP type {kind}, code {code}: not an error for TCP")]
    NotAnError {
        /// The type.
        kind: u8,
        /// The code.
        code: u8,
    },
    /// A Packet Too Big of IPv6 whose MTU is below the 1280 bytes that each link has (RFC 8201 section 4).
    #[error("Packet Too Big for less than 1280 bytes")]
    MtuTooSmall,
    /// The ICMP error quotes less than the IP header and 8 bytes of the segment (RFC 792).
    #[error("an ICMP error that quotes too little")]
    QuoteTruncated,
    /// The ICMP error does not quote a packet of its own version of IP, or the length of the quoted header is
    /// impossible.
    #[error("an ICMP error that quotes no IP packet")]
    QuoteMalformed,
    /// The ICMP error quotes a fragment that is not the first, and has no TCP header.
    #[error("an ICMP error that quotes a later fragment")]
    QuoteFragment,
    /// The number of the protocol of the quoted packet, which is not TCP.
    #[error("an ICMP error about protocol {0}")]
    QuoteProtocol(u8),
}

/// The reason why a segment could not be emitted: a mistake of the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum EmitError {
    /// One address is of IPv4, the other of IPv6.
    #[error("addresses of two versions of IP")]
    AddressFamilies,
    /// The payload has another length than the segment says.
    #[error("a payload of another length than the segment's")]
    PayloadLength,
    /// The length field of IP ends at 65,535 bytes. In IPv4 it counts the IP header, in IPv6 it does not.
    #[error("a packet of more than 65,535 bytes")]
    PacketTooLong,
    /// The buffer is too small.
    #[error("a buffer of less than {needed} bytes")]
    BufferTooSmall {
        /// The length of the packet, in bytes.
        needed: usize,
    },
}
