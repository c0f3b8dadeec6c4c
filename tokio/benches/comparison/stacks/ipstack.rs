//! ipstack: it accepts connections to every address and port.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use ipstack::{IpStack, IpStackConfig, IpStackStream, TcpConfig, TcpOptions};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::UnixDatagram;

use crate::comparison::conversation::answer;

const MTU: u16 = 1_500;

struct Wire(UnixDatagram);

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.0.poll_recv(context, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, packet: &[u8]) -> Poll<io::Result<usize>> {
        self.0.poll_send(context, packet)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

pub(crate) async fn serve(device: UnixDatagram) -> io::Result<()> {
    // It has no window scaling: the windows are at most 65,535 bytes, whatever the buffers.
    let mut tcp = TcpConfig::default();
    tcp.max_unacked_bytes = 4 << 20;
    tcp.read_buffer_size = 6 << 20;
    tcp.options = Some(vec![TcpOptions::MaximumSegmentSize(MTU - 40)]);
    let mut config = IpStackConfig::default();
    config.mtu(MTU)?;
    config.with_tcp_config(tcp);
    let mut stack = IpStack::new(config, Wire(device));
    loop {
        if let IpStackStream::Tcp(stream) = stack.accept().await? {
            tokio::spawn(answer(stream));
        }
    }
}
