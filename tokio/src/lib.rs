//! TCP over any packet device, for tokio.
//!
//! A [`Stack`] is a host: it has addresses, and a [`Device`] that takes and gives IP packets, such as a TUN device. Its
//! [`TcpListener`] and [`TcpStream`] work like those of tokio. One task drives all connections.
//!
//! An echo server:
//!
//! ```no_run
//! use tcp_lifecycle_tokio::{Device, Stack, StackConfig, TcpListener};
//!
//! async fn serve(device: impl Device) -> std::io::Result<()> {
//!     let stack = Stack::new(device, StackConfig::new("10.9.0.2".parse().unwrap()));
//!     let mut listener = TcpListener::bind(&stack, "10.9.0.2:7".parse().unwrap())?;
//!     loop {
//!         let (stream, _peer) = listener.accept().await?;
//!         tokio::spawn(async move {
//!             let (mut reader, mut writer) = tokio::io::split(stream);
//!             tokio::io::copy(&mut reader, &mut writer).await?; // to the end of the stream
//!             tokio::io::AsyncWriteExt::shutdown(&mut writer).await
//!         });
//!     }
//! }
//! ```
//!
//! Dropping a [`TcpStream`] is `close(2)`: what is written still goes out, and bytes that nobody has read reset the
//! connection. [`TcpStream::abort`] resets it.

mod device;
mod listener;
mod stack;
mod stream;

pub use device::Device;
pub use listener::TcpListener;
pub use stack::{Stack, StackConfig};
pub use stream::TcpStream;
