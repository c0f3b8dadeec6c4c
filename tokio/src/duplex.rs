//! Two devices in memory, joined by a cable.

use std::io;
use std::task::{Context, Poll, ready};

use tokio::sync::Semaphore;
use tokio::sync::mpsc::{Receiver, channel};
use tokio_util::sync::PollSender;

use crate::Device;

/// One end of the cable that [`duplex`] makes.
#[derive(Debug)]
pub struct DuplexDevice {
    outgoing: PollSender<Vec<u8>>,
    incoming: Receiver<Vec<u8>>,
}

/// Makes two devices, of which each gets what the other sends: for tests of programs over a [`Stack`](crate::Stack),
/// without a TUN device and without privileges. The cable holds `packets` packets each way, one at least; while it is
/// full, the sender waits. Sending fails with [`BrokenPipe`](io::ErrorKind::BrokenPipe) once the other end is dropped.
///
/// ```
/// use tcp_lifecycle_tokio::{Stack, StackConfig, TcpListener, TcpStream, duplex};
/// use tokio::io::{AsyncReadExt, AsyncWriteExt};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let (a, b) = duplex(64);
/// let a = Stack::new(a, StackConfig::new("10.9.0.1".parse().unwrap()));
/// let b = Stack::new(b, StackConfig::new("10.9.0.2".parse().unwrap()));
///
/// let server = "10.9.0.2:7".parse().unwrap();
/// let mut listener = TcpListener::bind(&b, server)?;
/// let (client, accepted) = tokio::join!(TcpStream::connect(&a, server), listener.accept());
/// let (mut client, (mut stream, _peer)) = (client?, accepted?);
///
/// client.write_all(b"hello").await?;
/// client.shutdown().await?; // a half-close
/// let mut text = String::new();
/// stream.read_to_string(&mut text).await?;
/// assert_eq!(text, "hello");
/// # Ok(())
/// # }
/// ```
#[must_use]
pub fn duplex(packets: usize) -> (DuplexDevice, DuplexDevice) {
    let packets = packets.clamp(1, Semaphore::MAX_PERMITS);
    let ((to_b, from_a), (to_a, from_b)) = (channel(packets), channel(packets));
    let end = |outgoing, incoming| DuplexDevice { outgoing: PollSender::new(outgoing), incoming };
    (end(to_b, from_b), end(to_a, from_a))
}

impl Device for DuplexDevice {
    fn poll_recv(&mut self, context: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        // Nothing arrives any more once the other end is gone.
        let Some(packet) = ready!(self.incoming.poll_recv(context)) else { return Poll::Pending };
        let length = packet.len().min(buffer.len());
        buffer[..length].copy_from_slice(&packet[..length]);
        Poll::Ready(Ok(length))
    }

    fn poll_send(&mut self, context: &mut Context<'_>, packet: &[u8]) -> Poll<io::Result<()>> {
        let broken = |_| io::Error::from(io::ErrorKind::BrokenPipe);
        ready!(self.outgoing.poll_reserve(context)).map_err(broken)?;
        Poll::Ready(self.outgoing.send_item(packet.to_vec()).map_err(broken))
    }
}
