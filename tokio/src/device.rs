//! What takes and gives packets.

use std::io;
use std::task::{Context, Poll};

/// A device for IP packets, without link headers.
///
/// With the feature `tun-rs`, an asynchronous TUN device of that crate is one. This is another, which sends the packets
/// through UDP:
///
/// ```
/// use std::io;
/// use std::task::{Context, Poll, ready};
/// use tcp_lifecycle_tokio::Device;
/// use tokio::io::ReadBuf;
/// use tokio::net::UdpSocket;
///
/// struct Tunnel(UdpSocket);
///
/// impl Device for Tunnel {
///     fn poll_recv(
///         &mut self,
///         context: &mut Context<'_>,
///         buffer: &mut [u8],
///     ) -> Poll<io::Result<usize>> {
///         let mut buffer = ReadBuf::new(buffer);
///         ready!(self.0.poll_recv(context, &mut buffer))?;
///         Poll::Ready(Ok(buffer.filled().len()))
///     }
///     fn poll_send(
///         &mut self,
///         context: &mut Context<'_>,
///         packet: &[u8],
///     ) -> Poll<io::Result<()>> {
///         self.0.poll_send(context, packet).map_ok(|_| ())
///     }
/// }
/// ```
pub trait Device: Send + Unpin + 'static {
    /// Reads one packet into `buffer`, and returns its length. If there is none, the waker of `context` is woken once
    /// there may be one.
    fn poll_recv(&mut self, context: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>>;

    /// Writes one packet. If there is no room, the waker of `context` is woken once there may be; the same packet is
    /// then written again.
    fn poll_send(&mut self, context: &mut Context<'_>, packet: &[u8]) -> Poll<io::Result<()>>;
}

#[cfg(feature = "tun-rs")]
impl Device for tun_rs::AsyncDevice {
    fn poll_recv(&mut self, context: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        tun_rs::AsyncDevice::poll_recv(self, context, buffer)
    }

    fn poll_send(&mut self, context: &mut Context<'_>, packet: &[u8]) -> Poll<io::Result<()>> {
        tun_rs::AsyncDevice::poll_send(self, context, packet).map_ok(|_| ())
    }
}
