//! The life of one TCP connection as a pure, sans-I/O state machine: RFC 9293 section 3.10, exact.
//!
//! A [`Connection`] is in one of the eleven TCP states. Segments, user calls and time go in; state transitions, signals
//! and outbound segments come out. The connection does no I/O, reads no clock, draws no random number, allocates
//! nothing and holds no payload. It cannot panic: every segment and every call has an answer in every state.
//!
//! # The loop
//!
//! One rule: **after every event, poll until [`Output::Wait`].**
//!
//! 1. Wait for an event: a segment of the peer, a call of the user, or the deadline in `Wait`.
//! 2. Hand it in: [`segment_arrives`](Connection::segment_arrives), one of the calls, or
//!    [`timeout`](Connection::timeout). Report consumed bytes with [`receive`](Connection::receive); nothing else opens
//!    the receive window again.
//! 3. [`poll`](Connection::poll) until `Wait`, and carry out each output.
//!
//! Here two connections talk to each other without a network between them, from OPEN to CLOSED:
//!
//! ```
//! use tcp_lifecycle::{Config, Connection, Instant, Open, Output, Segment, State};
//!
//! /// Step 3: the segments that a connection has for its peer.
//! fn drain(connection: &mut Connection, now: Instant) -> Vec<Segment> {
//!     let mut segments = Vec::new();
//!     loop {
//!         match connection.poll(now) {
//!             // LISTEN -> SYN-RECEIVED
//!             Output::Transition(transition) => println!("{transition}"),
//!             // Acknowledged(5): drop them from the send queue.
//!             Output::Signal(signal) => println!("{signal:?}"),
//!             // With the bytes of transmit.payload.
//!             Output::Transmit(transmit) => segments.push(transmit.segment),
//!             // Call timeout() then.
//!             Output::Wait(_deadline) => return segments,
//!         }
//!     }
//! }
//!
//! /// Lets both ends talk until neither has anything to send. Returns the bytes that `b` got.
//! fn converse(a: &mut Connection, b: &mut Connection, now: Instant) -> usize {
//!     let mut received = 0;
//!     loop {
//!         let to_b = drain(a, now);
//!         for segment in &to_b {
//!             // Ok: the bytes of the payload that are new, in order. Err: why it had no effect.
//!             let new = b.segment_arrives(segment, now).map_or(0, |new| new.len());
//!             let _ = b.receive(new); // consumed at once
//!             received += new;
//!         }
//!         let to_a = drain(b, now);
//!         for segment in &to_a {
//!             let _ = a.segment_arrives(segment, now);
//!         }
//!         if to_b.is_empty() && to_a.is_empty() {
//!             return received;
//!         }
//!     }
//! }
//!
//! let now = Instant::ZERO;
//! let mut client = Connection::new(&Config::DEFAULT, 100); // 100: a keyed hash of the sockets
//! let mut server = Connection::new(&Config::DEFAULT, 300);
//! server.open(Open::Passive, now)?;
//! drain(&mut server, now);
//! client.open(Open::Active, now)?;
//! client.send(5, now)?; // five bytes are in the caller's send queue
//! assert_eq!(converse(&mut client, &mut server, now), 5);
//! assert_eq!([client.state(), server.state()], [State::Established; 2]);
//!
//! client.close(now)?; // the server gets Signal::Closing
//! converse(&mut client, &mut server, now);
//! assert_eq!([client.state(), server.state()], [State::FinWait2, State::CloseWait]);
//! server.close(now)?;
//! converse(&mut client, &mut server, now);
//! assert_eq!([client.state(), server.state()], [State::TimeWait, State::Closed]);
//!
//! let end = client.deadline().expect("2 MSL");
//! client.timeout(end);
//! drain(&mut client, end);
//! assert_eq!(client.state(), State::Closed);
//! # Ok::<(), tcp_lifecycle::CallError>(())
//! ```
//!
//! [`embedding`] explains the ways to put TCP under a program, what each takes in memory, what each policy is for, and
//! how to put a bare connection under a socket API. The examples `handshake`, `congestion`, `tun`, `migrate` and
//! `cortex_m` are in the folder `examples` of the repository.
//!
//! # The caller's part
//!
//! * Bytes: a send queue, of which the connection knows the length, and a receive queue, to which
//!   [`segment_arrives`](Connection::segment_arrives) says what to append.
//! * Packets, which the feature `wire` parses and writes.
//! * The table of connections by addresses and ports, the clock, and the choice of the ISN offset.
//! * Reassembly of segments out of order, and congestion control. The connection has the interface for both:
//!   [`Connection::segment_arrives`]; [`Connection::limit`] and [`Connection::retransmit`].
//!
//! # Features
//!
//! | feature | by default | what it brings |
//! |---|---|---|
//! | `fast-path` | on | header prediction, and code laid out for speed; the outcome is the same without |
//! | `timestamps` | on | RFC 7323's timestamps option |
//! | `ecn` | on | RFC 3168's explicit congestion notification |
//! | `urgent` | on | urgent payload, in and out |
//! | `keep-alive`, `delayed-ack` | on | the policies of these names |
//! | `wire` | off | segments and ICMP errors from and to packets of IPv4 and IPv6 |
//! | `std` | off | a default key for [`isn::IsnHash`] |
//! | `stream` | off | [`stream`]: a connection with its bytes, reassembly, SACK, loss recovery, congestion control; needs `alloc` |
//! | `endpoint` | off | [`endpoint`]: many streams, ports, listeners, timers, TIME-WAIT; needs `alloc` |
//! | `serde` | off | every value can be serialised, a [`Connection`] included |
//! | `defmt` | off | every value can be logged by `defmt` |
//! | `sim` | off | scripts, figures and scenarios in the RFC's notation, and a simulated network in virtual time, for tests |
//! | `pcapng` | off | `sim` and `wire`, and captures that Wireshark opens |
//! | `cli` | off | the program `tcp-lifecycle`: the handshake, lessons, files to play and the state diagram in a terminal |
//!
//! A small target leaves out the features that it does not use: the least program weighs 20 kB with the default
//! features and 13 kB without. A policy whose feature is off counts as off, and [`Config::check`] finds it.
//!
//! # From the RFC to the file
//!
//! `src/machine` is the machine alone, and imports nothing of its neighbours; the files below are in it. `src/wire` has
//! the packets, with a table of its own, and `src/sim` has the simulator. Both use the public interface of the machine.
//!
//! | RFC 9293 | file |
//! |---|---|
//! | 3.3.1 the variables, Figures 3 and 4 | [`tcb.rs`](../src/tcp_lifecycle/machine/tcb.rs.html), [`tcb/snd.rs`](../src/tcp_lifecycle/machine/tcb/snd.rs.html), [`tcb/rcv.rs`](../src/tcp_lifecycle/machine/tcb/rcv.rs.html) |
//! | 3.3.2 the states, Figure 5 | [`state.rs`](../src/tcp_lifecycle/machine/state.rs.html), [`diagram.rs`](../src/tcp_lifecycle/machine/diagram.rs.html) |
//! | 3.4 sequence numbers | [`seq.rs`](../src/tcp_lifecycle/machine/seq.rs.html), [`isn.rs`](../src/tcp_lifecycle/machine/isn.rs.html) |
//! | 3.1, 3.2 segments, options | [`segment.rs`](../src/tcp_lifecycle/machine/segment.rs.html), [`options.rs`](../src/tcp_lifecycle/machine/options.rs.html); what our SYN offers: [`tcb/offer.rs`](../src/tcp_lifecycle/machine/tcb/offer.rs.html) |
//! | 3.8.1 retransmission timeout (RFC 6298), and what is sent again | [`rto.rs`](../src/tcp_lifecycle/machine/rto.rs.html), [`tcb/recovery.rs`](../src/tcp_lifecycle/machine/tcb/recovery.rs.html) |
//! | 3.8.2 the interface for congestion control, ECN | [`extensions.rs`](../src/tcp_lifecycle/machine/extensions.rs.html): `limit`, `retransmit`, `congestion_experienced` |
//! | 3.8.3, 3.8.4, 3.10.8 timeouts, keep-alive | [`timeouts.rs`](../src/tcp_lifecycle/machine/timeouts.rs.html) |
//! | 3.8.6.1 zero-window probes | [`tcb/persist.rs`](../src/tcp_lifecycle/machine/tcb/persist.rs.html) |
//! | 3.8.6.3 delayed ACKs | [`context.rs`](../src/tcp_lifecycle/machine/context.rs.html), [`outbox.rs`](../src/tcp_lifecycle/machine/outbox.rs.html) |
//! | 3.7.4, 3.8.6 what is sent when: Nagle, windows | [`poll.rs`](../src/tcp_lifecycle/machine/poll.rs.html), [`poll/pieces.rs`](../src/tcp_lifecycle/machine/poll/pieces.rs.html) |
//! | 3.8.5 urgent data, and what else segments carry | [`poll/forms.rs`](../src/tcp_lifecycle/machine/poll/forms.rs.html) |
//! | 3.9.1 policies of the user | [`config.rs`](../src/tcp_lifecycle/machine/config.rs.html); of other systems: [`config/systems.rs`](../src/tcp_lifecycle/machine/config/systems.rs.html) |
//! | 3.9.2.2 ICMP | [`arrives/icmp.rs`](../src/tcp_lifecycle/machine/arrives/icmp.rs.html); the errors: [`icmp.rs`](../src/tcp_lifecycle/machine/icmp.rs.html) |
//! | 3.10 events | [`connection.rs`](../src/tcp_lifecycle/machine/connection.rs.html) |
//! | 3.10.1 to 3.10.5 OPEN, SEND, RECEIVE, CLOSE, ABORT | [`calls.rs`](../src/tcp_lifecycle/machine/calls.rs.html) |
//! | 3.10.6 STATUS | [`status.rs`](../src/tcp_lifecycle/machine/status.rs.html), [`variables.rs`](../src/tcp_lifecycle/machine/variables.rs.html) |
//! | 3.10.7 SEGMENT ARRIVES | [`arrives.rs`](../src/tcp_lifecycle/machine/arrives.rs.html) |
//! | 3.10.7.1 CLOSED | [`arrives/closed.rs`](../src/tcp_lifecycle/machine/arrives/closed.rs.html) |
//! | 3.10.7.2 LISTEN; for many peers at once (RFC 4987) | [`arrives/listen.rs`](../src/tcp_lifecycle/machine/arrives/listen.rs.html); [`listener.rs`](../src/tcp_lifecycle/machine/listener.rs.html), [`listener/accept.rs`](../src/tcp_lifecycle/machine/listener/accept.rs.html), [`listener/cookie.rs`](../src/tcp_lifecycle/machine/listener/cookie.rs.html) |
//! | 3.10.7.3 SYN-SENT | [`arrives/syn_sent.rs`](../src/tcp_lifecycle/machine/arrives/syn_sent.rs.html) |
//! | 3.10.7.4 the eight steps; the first of them | [`arrives/synchronized.rs`](../src/tcp_lifecycle/machine/arrives/synchronized.rs.html); [`arrives/acceptable.rs`](../src/tcp_lifecycle/machine/arrives/acceptable.rs.html) |
//! | 3.10.7.4, first, the idealized segment | [`arrives/idealized.rs`](../src/tcp_lifecycle/machine/arrives/idealized.rs.html) |
//! | 3.10.7.4, fifth, what an ACK changes | [`tcb/acknowledgment.rs`](../src/tcp_lifecycle/machine/tcb/acknowledgment.rs.html) |
//! | why a segment is refused | [`error.rs`](../src/tcp_lifecycle/machine/error.rs.html) |
//! | the clock and the timer; the outbox; outputs | [`time.rs`](../src/tcp_lifecycle/machine/time.rs.html), [`context.rs`](../src/tcp_lifecycle/machine/context.rs.html); [`outbox.rs`](../src/tcp_lifecycle/machine/outbox.rs.html); [`output.rs`](../src/tcp_lifecycle/machine/output.rs.html) |
//! | TIME-WAIT in 32 bytes | [`time_wait.rs`](../src/tcp_lifecycle/machine/time_wait.rs.html) |
//! | header prediction | [`prediction.rs`](../src/tcp_lifecycle/machine/prediction.rs.html), [`fast_path.rs`](../src/tcp_lifecycle/machine/fast_path.rs.html) |
//! | snapshots (feature `serde`), and another clock | [`snapshot.rs`](../src/tcp_lifecycle/machine/snapshot.rs.html), [`rebase.rs`](../src/tcp_lifecycle/machine/rebase.rs.html) |
//!
//! [`design`] explains how the parts work together. [`decisions`] says what the machine does where the RFCs contradict
//! themselves or leave room, and why. [`checks`] lists the checks and their figures.

#![no_std]
// The pages link to the items of every feature.
#![cfg_attr(
    not(all(feature = "endpoint", feature = "pcapng", feature = "serde")),
    allow(rustdoc::broken_intra_doc_links)
)]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![warn(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unreachable,
    clippy::unwrap_used
)]

#[cfg(feature = "stream")]
extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

mod ecn;
#[cfg(feature = "endpoint")]
pub mod endpoint;
mod machine;
mod sack;
#[cfg(feature = "sim")]
pub mod sim;
#[cfg(feature = "stream")]
pub mod stream;
#[cfg(feature = "wire")]
pub mod wire;

#[doc = include_str!("embedding.md")]
pub mod embedding {}

#[doc = include_str!("design.md")]
pub mod design {}

#[doc = include_str!("decisions.md")]
pub mod decisions {}

#[doc = include_str!("checks.md")]
pub mod checks {}

#[doc = include_str!("questions.md")]
pub mod questions {}

#[doc = include_str!("questions_zh.md")]
pub mod questions_zh {}

pub use ecn::Ecn;
pub use machine::{
    CallError, Config, ConfigError, Connection, Control, IcmpError, Instant, KeepAlive, Open, Options, Output,
    ParseSegmentError, Policy, Refusal, Segment, SeqNumber, Signal, State, Status, TimeWait, TimeWaitPolicy,
    Transition, Transmit, diagram, isn, listener,
};
pub use sack::{SackBlock, SackBlocks};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

#[cfg(doctest)]
#[doc = include_str!("../README.zh.md")]
struct ReadmeInChinese;
