//! TCP over any packet device, for tokio.
//!
//! A [`Stack`] is a host: it has addresses, and a [`Device`] that takes and gives IP packets, such as a TUN device. Its
//! [`TcpListener`] and [`TcpStream`] work like those of tokio. One task drives all connections.
//!
//! With the feature `tun-rs` an asynchronous device of that crate is a [`Device`]. Any other packet device is one with
//! two methods: see [`Device`]. [`duplex`] makes two devices in memory, for tests. The runtime needs a timer
//! (`enable_time`, `enable_all` or `#[tokio::main]`). Before it ends, [`Stack::wait_idle`] waits until what was written
//! has arrived.
//!
//! An echo server:
//!
//! ```no_run
#![doc = include_str!("../examples/echo/serve.rs")]
//! ```
//!
//! A library that asks for the traits of `embedded-io-async` takes a [`TcpStream`] in the adapter of that project,
//! `embedded_io_adapters::tokio_1::FromTokio`.
//!
//! Dropping a [`TcpStream`] is `close(2)`: what is written still goes out, and bytes that nobody has read reset the
//! connection. [`TcpStream::abort`] resets it.

mod device;
mod duplex;
mod listener;
mod stack;
mod stream;

pub use device::Device;
pub use duplex::{DuplexDevice, duplex};
pub use listener::TcpListener;
pub use stack::{Stack, StackConfig};
pub use stream::TcpStream;
pub use tcp_lifecycle;
