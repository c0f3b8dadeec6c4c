//! Two stacks over a wire in memory: the calls of a user, without a kernel.

use std::io;
use std::task::{Context, Poll};
use std::time::Duration;

use tcp_lifecycle_tokio::{Device, Stack, StackConfig, TcpListener, TcpStream};
use tokio::io::{AsyncReadExt, AsyncWriteExt, split};
use tokio::sync::mpsc::{Receiver, channel};
use tokio::time::timeout;
use tokio_util::sync::PollSender;

/// One end of the wire. It holds a few packets; then it is full.
struct Wire {
    out: PollSender<Vec<u8>>,
    inbox: Receiver<Vec<u8>>,
}

impl Device for Wire {
    fn poll_recv(&mut self, context: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        match self.inbox.poll_recv(context) {
            Poll::Pending | Poll::Ready(None) => Poll::Pending,
            Poll::Ready(Some(packet)) => {
                buffer[..packet.len()].copy_from_slice(&packet);
                Poll::Ready(Ok(packet.len()))
            }
        }
    }

    fn poll_send(&mut self, context: &mut Context<'_>, packet: &[u8]) -> Poll<io::Result<()>> {
        let broken = |_| io::Error::from(io::ErrorKind::BrokenPipe);
        match self.out.poll_reserve(context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Err(error)) => Poll::Ready(Err(broken(error))),
            Poll::Ready(Ok(())) => Poll::Ready(self.out.send_item(packet.to_vec()).map_err(broken)),
        }
    }
}

fn wire() -> (Wire, Wire) {
    let ((to_b, from_a), (to_a, from_b)) = (channel(8), channel(8));
    let a = Wire { out: PollSender::new(to_b), inbox: from_b };
    let b = Wire { out: PollSender::new(to_a), inbox: from_a };
    (a, b)
}

fn stack(wire: Wire, address: &str) -> Stack {
    Stack::new(wire, StackConfig::new(address.parse().unwrap()))
}

fn stacks() -> (Stack, Stack) {
    let (a, b) = wire();
    (stack(a, "10.9.0.1"), stack(b, "10.9.0.2"))
}

/// The echo server of README.
mod echo {
    include!("../examples/echo/serve.rs");

    pub(crate) async fn run(device: impl Device) -> std::io::Result<()> {
        serve(device).await
    }
}

#[test]
fn readme_has_this_echo_server() {
    let readme = include_str!("../../README.md");
    let server = include_str!("../examples/echo/serve.rs");
    assert!(readme.contains(&format!("```rust,ignore\n{server}```")));
    assert!(server.lines().count() <= 30);
}

#[tokio::test]
async fn a_megabyte_comes_back_after_a_half_close() {
    let (a, b) = wire();
    let a = stack(a, "10.9.0.1");
    tokio::spawn(echo::run(b));
    tokio::task::yield_now().await;
    let stream = TcpStream::connect(&a, "10.9.0.2:7".parse().unwrap()).await.unwrap();
    let bytes: Vec<u8> = (0..1_000_000_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let (mut reader, mut writer) = split(stream);
    let sent = bytes.clone();
    let writing = tokio::spawn(async move {
        writer.write_all(&sent).await.unwrap();
        writer.shutdown().await.unwrap();
    });
    let mut read = Vec::new();
    timeout(Duration::from_secs(20), reader.read_to_end(&mut read)).await.unwrap().unwrap();
    assert!(read == bytes);
    writing.await.unwrap();
}

#[tokio::test]
async fn nobody_listens_there() {
    let (a, _b) = stacks();
    let error = TcpStream::connect(&a, "10.9.0.2:9".parse().unwrap()).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
}

#[tokio::test]
async fn an_abort_resets_the_peer() {
    let (a, b) = stacks();
    let mut listener = TcpListener::bind(&b, "10.9.0.2:7".parse().unwrap()).unwrap();
    let connecting = tokio::spawn(async move { TcpStream::connect(&a, "10.9.0.2:7".parse().unwrap()).await.unwrap() });
    let (mut server, peer) = listener.accept().await.unwrap();
    let client = connecting.await.unwrap();
    assert_eq!(peer, client.local_addr().unwrap());
    client.abort();
    let error = server.read_u8().await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
}
