//! One connection with its bytes: queues, reassembly, SACK, loss recovery, congestion control.
//!
//! A [`Stream`] is a [`Connection`](crate::Connection) that holds the bytes of its user. Like the connection it does no
//! I/O and reads no clock: calls, segments and time go in; events and segments come out. It needs `alloc`, but not
//! `std`, and it cannot panic.
//!
//! # The loop
//!
//! The rule is that of the connection: **after every event, poll until [`Output::Wait`].** An event is a call of the
//! user, a segment that arrives, or a timeout.
//!
//! ```
//! use tcp_lifecycle::stream::{Event, Output, Stream, StreamConfig};
//! use tcp_lifecycle::{Ecn, Instant, Open, SackBlocks, Segment};
//!
//! /// The segments that a stream has for its peer, with their bytes.
//! fn drain(stream: &mut Stream, now: Instant) -> Vec<(Segment, SackBlocks, Vec<u8>)> {
//!     let mut segments = Vec::new();
//!     loop {
//!         match stream.poll(now) {
//!             Output::Event(event) => println!("{event:?}"), // Connected, Readable, ...
//!             Output::Transmit(transmit) => {
//!                 segments.push((transmit.segment, transmit.sack, transmit.payload.concat()));
//!             }
//!             Output::Wait(_deadline) => return segments, // call timeout() then
//!         }
//!     }
//! }
//!
//! let now = Instant::ZERO;
//! let config = StreamConfig::default();
//! let mut client = Stream::new(&config, 100); // 100: use a keyed hash of the two sockets
//! let mut server = Stream::new(&config, 300);
//! server.open(Open::Passive, now)?;
//! client.open(Open::Active, now)?;
//!
//! for _ in 0..4 {
//!     for (segment, sack, payload) in drain(&mut client, now) {
//!         let _ = server.segment_arrives(&segment, &sack, Ecn::NotEct, &payload, now);
//!     }
//!     for (segment, sack, payload) in drain(&mut server, now) {
//!         let _ = client.segment_arrives(&segment, &sack, Ecn::NotEct, &payload, now);
//!     }
//!     if client.counters().bytes_written == 0 {
//!         client.write(b"hello", now)?;
//!         client.shutdown(now); // a half-close: the client can still read
//!     }
//! }
//! let mut buffer = [0; 100];
//! assert_eq!(server.read(&mut buffer), Ok(5));
//! assert_eq!(&buffer[..5], b"hello");
//! assert_eq!(server.read(&mut buffer), Ok(0)); // the end of the stream
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```
//!
//! # What a stream does
//!
//! * **Bytes.** [`Stream::write`] takes what fits into the send queue; [`Stream::read`] gives what has arrived in
//!   order, and 0 at the end of the stream. The queues can be read in place: [`Stream::readable`],
//!   [`Stream::unacknowledged`].
//! * **Reassembly.** Payload ahead of a gap is kept, within the receive window. The ACKs have SACK blocks (RFC 2018),
//!   and report duplicates (RFC 2883).
//! * **Loss.** With SACK the losses are found by time, as in RACK-TLP (RFC 8985), which includes the rules of RFC 6675;
//!   without SACK by duplicate acknowledgments (RFC 6582). In fast recovery the window shrinks in proportion (RFC
//!   6937). A loss that proves to be none is taken back (RFC 3522, RFC 3708).
//! * **Congestion control.** [`congestion`] has NewReno and CUBIC, and the trait for others.
//! * **Sizes.** The receive buffer grows with what arrives, up to a bound. Segments shrink to the path MTU, by ICMP and
//!   where a path swallows full segments in silence.
//! * **Memory.** A stream takes [`size_of::<Stream>`](Stream) bytes, about 320, while nothing is queued, in flight or
//!   kept; the congestion controller stays for a retransmission timeout after that. A stream in use takes at most the
//!   send queue, the receive window, 64 bytes for each segment in flight, and about a kilobyte.
//!
//! # From the RFC to the file
//!
//! | RFC | file |
//! |---|---|
//! | RFC 2018, RFC 2883 the receiver of SACK | `receive_queue.rs` |
//! | RFC 6675 the scoreboard | `scoreboard.rs` |
//! | RFC 8985 RACK, TLP | `rack.rs` |
//! | RFC 6582, RFC 3522, RFC 3708 recovery | `recovery.rs` |
//! | RFC 6937 | `fast_recovery.rs` |
//! | RFC 5681, RFC 6928, RFC 3465 | `congestion/new_reno.rs` |
//! | RFC 9438; RFC 9406 | `congestion/cubic.rs`; `congestion/hystart.rs` |
//! | RFC 1191, RFC 8201, RFC 4821 | `path_mtu.rs` |

mod arrives;
mod calls;
mod config;
pub mod congestion;
mod counters;
mod fast_recovery;
mod flow;
mod life;
mod log;
mod output;
mod path_mtu;
mod poll;
mod rack;
mod receive_queue;
mod records;
mod recovery;
mod report;
mod scoreboard;
mod sizing;

pub use calls::{ReadError, WriteError};
pub use config::StreamConfig;
pub use counters::Counters;
pub use life::Stream;
pub use log::LogEntry;
pub use output::{End, Event, Output, Transmit};
