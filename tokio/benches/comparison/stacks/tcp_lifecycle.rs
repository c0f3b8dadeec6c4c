//! This crate, as it is by default.

use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll, ready};

use tcp_lifecycle_tokio::{Device, Stack, StackConfig, TcpListener};
use tokio::io::ReadBuf;
use tokio::net::UnixDatagram;

use crate::comparison::conversation::answer;

struct Wire(UnixDatagram);

impl Device for Wire {
    fn poll_recv(&mut self, context: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut buffer = ReadBuf::new(buffer);
        ready!(self.0.poll_recv(context, &mut buffer))?;
        Poll::Ready(Ok(buffer.filled().len()))
    }

    fn poll_send(&mut self, context: &mut Context<'_>, packet: &[u8]) -> Poll<io::Result<()>> {
        self.0.poll_send(context, packet).map_ok(|_| ())
    }
}

pub(crate) async fn serve(device: UnixDatagram, address: SocketAddr) -> io::Result<()> {
    let stack = Stack::new(Wire(device), StackConfig::new(address.ip()));
    let mut listener = TcpListener::bind(&stack, address)?;
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(answer(stream));
    }
}
