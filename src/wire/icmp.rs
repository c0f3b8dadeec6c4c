//! ICMP errors in IP packets (RFC 792, RFC 4443).

use core::net::{IpAddr, SocketAddr};

use etherparse::IpNumber;

use super::checksum::{is_intact, plus, sum};
use super::ip::{self, IpPacket};
use super::{Checksums, WireError};
use crate::{IcmpError, SeqNumber};

/// An ICMP error about a segment that we have sent.
///
/// The error is for the connection with these sockets: [`Connection::icmp`](crate::Connection::icmp) takes `error` and
/// `seq`, and refuses a number that is not in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct IcmpMessage {
    /// The socket that sent the quoted segment: ours.
    pub source: SocketAddr,
    /// The socket for which the quoted segment was meant: the peer's.
    pub destination: SocketAddr,
    /// The error.
    pub error: IcmpError,
    /// SEG.SEQ of the quoted segment.
    pub seq: SeqNumber,
    /// The MTU of the next hop, with [`IcmpError::FragmentationNeeded`]: the length of the longest packet that it
    /// takes, in bytes, IP header included. In IPv6 it is at least 1280. In IPv4 it is at least 68 (RFC 1191 section
    /// 3); routers older than RFC 1191 do not tell it, and section 5 there says how to guess it.
    pub mtu: Option<u32>,
}

/// The least MTU of IPv4 and of IPv6, in bytes.
const V4_MTU: u16 = 68;
const V6_MTU: u32 = 1280;

impl IcmpMessage {
    /// Parses an IP packet that carries an ICMP error about a segment. The quoted packet may be cut off after 8 bytes
    /// of the segment: the ports and the sequence number.
    ///
    /// # Errors
    ///
    /// [`WireError`] for anything but an error about a segment. After [`WireError::NotAnError`] the packet is another
    /// ICMP message, such as an echo request.
    pub fn parse(bytes: &[u8], checksums: Checksums) -> Result<IcmpMessage, WireError> {
        let ip = IpPacket::parse(bytes)?;
        let pseudo_header = match ip.protocol {
            IpNumber::ICMP if ip.source.is_ipv4() => 0,
            IpNumber::IPV6_ICMP if ip.source.is_ipv6() => ip.pseudo_header(),
            other => return Err(WireError::Protocol(other.0)),
        };
        let Some((&[kind, code, _, _, m0, m1, m2, m3], quote)) = ip.payload.split_first_chunk() else {
            return Err(WireError::IcmpTruncated);
        };
        if checksums == Checksums::Software && !is_intact(plus(pseudo_header, sum(ip.payload))) {
            return Err(WireError::IcmpChecksum);
        }
        let is_v4 = ip.source.is_ipv4();
        let error = if is_v4 { IcmpError::of_v4(kind, code) } else { IcmpError::of_v6(kind, code) };
        let error = error.ok_or(WireError::NotAnError { kind, code })?;
        let is_too_big = error == IcmpError::FragmentationNeeded;
        let mtu = match ip.source {
            IpAddr::V4(_) if is_too_big => next_hop_v4(u16::from_be_bytes([m2, m3])),
            IpAddr::V6(_) if is_too_big => Some(next_hop_v6(u32::from_be_bytes([m0, m1, m2, m3]))?),
            IpAddr::V4(_) | IpAddr::V6(_) => None,
        };
        let quote = if is_v4 { ip::quote_v4(quote)? } else { ip::quote_v6(quote)? };
        if quote.protocol != IpNumber::TCP {
            return Err(WireError::QuoteProtocol(quote.protocol.0));
        }
        let Some(&[s0, s1, d0, d1, q0, q1, q2, q3]) = quote.payload.first_chunk() else {
            return Err(WireError::QuoteTruncated);
        };
        Ok(IcmpMessage {
            source: SocketAddr::new(quote.source, u16::from_be_bytes([s0, s1])),
            destination: SocketAddr::new(quote.destination, u16::from_be_bytes([d0, d1])),
            error,
            seq: SeqNumber(u32::from_be_bytes([q0, q1, q2, q3])),
            mtu,
        })
    }
}

/// RFC 1191 section 4: the field is zero in the messages of older routers.
fn next_hop_v4(mtu: u16) -> Option<u32> {
    (mtu != 0).then_some(mtu.max(V4_MTU).into())
}

/// RFC 8201 section 4: a message with less than the least MTU is discarded.
fn next_hop_v6(mtu: u32) -> Result<u32, WireError> {
    if mtu < V6_MTU { Err(WireError::MtuTooSmall) } else { Ok(mtu) }
}
