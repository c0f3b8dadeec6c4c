//! Segments and ICMP errors from and to packets of IPv4 and IPv6.
//!
//! [`Packet::parse`] takes a packet apart: the two sockets, the [`Segment`](crate::Segment), the payload.
//! [`Header::emit`] writes a packet into the caller's buffer. [`IcmpMessage::parse`] finds the connection that an ICMP
//! error is about. Nothing here allocates or panics, whatever the bytes.
//!
//! ```
//! use tcp_lifecycle::wire::{Checksums, Header, Packet, WireError};
//! use tcp_lifecycle::{Config, Connection, Instant, Open, Output};
//!
//! // What one end sends ...
//! let mut connection = Connection::new(&Config::DEFAULT, 100);
//! connection.open(Open::Active, Instant::ZERO)?;
//! let transmit = loop {
//!     if let Output::Transmit(transmit) = connection.poll(Instant::ZERO) {
//!         break transmit;
//!     }
//! };
//! let (local, remote) = ("192.0.2.1:40000".parse()?, "192.0.2.2:80".parse()?);
//! let header = Header::new(local, remote, transmit.segment);
//! let mut buffer = [0; 1500];
//! let payload = [&[] as &[u8], &[]]; // the SYN has none
//! let length = header.emit(payload, Checksums::Software, &mut buffer)?;
//!
//! // ... arrives at the other.
//! let packet = Packet::parse(&buffer[..length], Checksums::Software)?;
//! assert_eq!(packet.header, header);
//! assert_eq!(packet.header.segment.to_string(), "<SEQ=100><CTL=SYN><WND=65535><MSS=536>");
//!
//! buffer[30] ^= 1;
//! let damaged = Packet::parse(&buffer[..length], Checksums::Software);
//! assert_eq!(damaged, Err(WireError::TcpChecksum));
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```
//!
//! # Packets that arrive
//!
//! A packet is a whole IP packet without a link header, as a TUN device delivers it. [`WireError`] has a variant for
//! each reason why it holds no segment; the packet is then dropped in silence. After three of them a host can go on:
//!
//! * [`WireError::Protocol`]: the packet may hold an [`IcmpMessage`], or belongs to another part of the host.
//! * [`WireError::NotAnError`]: the packet holds another ICMP message, such as an echo request.
//! * [`WireError::Fragment`]: the host may reassemble the packet.
//!
//! A segment from or to an address that is not unicast is an error (RFC 9293 section 3.9.2.3; MUST-57, MUST-63). The
//! host still decides which destinations are its own, and knows the directed broadcast addresses of its networks.
//!
//! # Packets that are sent
//!
//! The options stand where Linux puts them, each at a whole word. [`Options::wire_len`](crate::Options::wire_len) is
//! their exact length, by which a connection has already reduced the payload. SACK blocks take
//! [`SackBlocks::wire_len`](crate::SackBlocks::wire_len) more, for which the caller leaves room beside payload.
//!
//! # From the RFC to the file
//!
//! | RFC | file |
//! |---|---|
//! | RFC 9293 3.1 header of TCP, pseudo header | `wire/packet.rs` |
//! | RFC 9293 3.2, RFC 7323, RFC 2018 options | `wire/options.rs` |
//! | RFC 791 IPv4, RFC 8200 IPv6, RFC 3168 ECN codepoint | `wire/ip.rs` |
//! | RFC 8200 4 extension headers | `wire/ip/extensions.rs` |
//! | RFC 792, RFC 4443 ICMP, RFC 1191, RFC 8201 path MTU | `wire/icmp.rs` |
//! | RFC 1071 checksum | `wire/checksum.rs` |

mod checksum;
mod error;
mod icmp;
mod ip;
mod options;
mod packet;
mod words;

pub use crate::Ecn;
pub use error::{EmitError, WireError};
pub use icmp::IcmpMessage;
pub use packet::{Checksums, Header, Packet};
