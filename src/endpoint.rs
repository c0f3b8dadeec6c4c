//! Many streams: the TCP of a host, sans-I/O.
//!
//! An [`Endpoint`] has a table of streams, ephemeral ports, listeners, deadlines, TIME-WAIT, and resets for segments of
//! nobody. Calls, packets and time go in; events and segments come out. It needs `alloc`, but not `std`.
//!
//! # The loop
//!
//! After each call, packet or timeout, take all segments ([`poll_transmit`](Endpoint::poll_transmit)), then all events
//! ([`poll_event`](Endpoint::poll_event)), and call [`timeout`](Endpoint::timeout) at the
//! [`deadline`](Endpoint::deadline). A device that is full takes no segment, and nothing is lost.
//!
//! Two hosts on one wire, of which one echoes:
//!
//! ```
//! # #[cfg(all(feature = "std", feature = "wire"))] {
//! use std::hash::RandomState;
//!
//! use tcp_lifecycle::Instant;
//! use tcp_lifecycle::endpoint::{Accept, Endpoint, EndpointConfig, EndpointEvent, ListenAddr};
//! use tcp_lifecycle::stream::{Event, StreamConfig};
//! use tcp_lifecycle::wire::Checksums;
//!
//! let now = Instant::ZERO;
//! let config = StreamConfig::default();
//! let endpoint = || Endpoint::new(EndpointConfig::default(), RandomState::new());
//! let (mut client, mut server) = (endpoint(), endpoint());
//! server.listen(ListenAddr::Port(7), &config, Accept::Established, 100)?;
//! let local = "192.0.2.1:0".parse()?; // port 0: an ephemeral port
//! let handle = client.connect(local, "192.0.2.2:7".parse()?, &config, now)?;
//!
//! let mut echo = [0; 100];
//! let mut buffer = [0; 1500];
//! for _ in 0..10 {
//!     while let Some(transmit) = client.poll_transmit(now) {
//!         let length = transmit.emit(Checksums::Software, &mut buffer)?;
//!         server.packet_arrives(&buffer[..length], Checksums::Software, now)?;
//!     }
//!     while let Some(event) = client.poll_event(now) {
//!         if event == EndpointEvent::Stream(handle, Event::Connected) {
//!             client.stream_mut(handle).unwrap().write(b"hello", now)?;
//!         }
//!     }
//!     while let Some(transmit) = server.poll_transmit(now) {
//!         let length = transmit.emit(Checksums::Software, &mut buffer)?;
//!         client.packet_arrives(&buffer[..length], Checksums::Software, now)?;
//!     }
//!     while let Some(event) = server.poll_event(now) {
//!         match event {
//!             EndpointEvent::Incoming(listener) => {
//!                 let incoming = server.accept(listener).unwrap();
//!                 server.admit(incoming, now);
//!             }
//!             EndpointEvent::Stream(peer, Event::Readable) => {
//!                 let stream = server.stream_mut(peer).unwrap();
//!                 let length = stream.read(&mut echo)?;
//!                 stream.write(&echo[..length], now)?;
//!             }
//!             _ => {}
//!         }
//!     }
//! }
//! assert_eq!(client.stream(handle).unwrap().readable().0, b"hello");
//! # }
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```
//!
//! # What is bounded
//!
//! | what | bound |
//! |---|---|
//! | streams | [`max_streams`](EndpointConfig::max_streams); 384 bytes each, the index, and the buffers of those in use (see [`stream`](crate::stream)) |
//! | connections in TIME-WAIT | [`max_time_waits`](EndpointConfig::max_time_waits); 56 bytes each over IPv4, 80 over IPv6, beside the index |
//! | handshakes, and connections that wait to be accepted | the backlog of each listener; beyond it cookies (RFC 4987), which take nothing |
//! | answers to segments of nobody | [`resets_per_second`](EndpointConfig::resets_per_second); 1,024 wait at most |
//!
//! An event costs the same for many streams as for few, except for the logarithm in the order of deadlines.

mod arrives;
mod calls;
mod deadlines;
mod handle;
mod host;
mod incoming;
mod index;
mod limiter;
mod listeners;
mod pair;
mod ports;
mod slab;
mod time_waits;
mod transmit;

#[cfg(feature = "wire")]
pub use arrives::PacketError;
pub use calls::ConnectError;
pub use handle::{Handle, ListenerId};
pub use host::{Endpoint, EndpointConfig, EndpointEvent};
pub use incoming::Incoming;
pub use listeners::{Accept, ListenAddr, ListenError};
pub use transmit::Transmit;
