//! Two stacks over a wire in memory: the calls of a user, without a kernel.

use std::io;
use std::task::{Context, Poll};
use std::time::Duration;

use tcp_lifecycle::State;
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

/// Two stacks, and a connection between them: the client's end, and the server's.
async fn connected() -> ([Stack; 2], TcpStream, TcpStream) {
    let (a, b) = stacks();
    let mut listener = TcpListener::bind(&b, "10.9.0.2:7".parse().unwrap()).unwrap();
    let to = "10.9.0.2:7".parse().unwrap();
    let (client, accepted) = tokio::join!(TcpStream::connect(&a, to), listener.accept());
    ([a, b], client.unwrap(), accepted.unwrap().0)
}

#[tokio::test]
async fn what_was_written_arrives_though_the_stack_is_dropped() {
    let (stacks, mut client, mut server) = connected().await;
    drop(stacks);
    client.write_all(&[7; 100_000]).await.unwrap();
    drop(client);
    let mut received = Vec::new();
    server.read_to_end(&mut received).await.unwrap();
    assert_eq!(received, [7; 100_000]);
}

/// A device whose end can be seen.
struct Watched {
    wire: Wire,
    _alive: std::sync::Arc<()>,
}

impl Device for Watched {
    fn poll_recv(&mut self, context: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        self.wire.poll_recv(context, buffer)
    }
    fn poll_send(&mut self, context: &mut Context<'_>, packet: &[u8]) -> Poll<io::Result<()>> {
        self.wire.poll_send(context, packet)
    }
}

#[tokio::test]
async fn the_host_ends_when_nobody_holds_it_and_nothing_is_left_to_send() {
    let (a, b) = wire();
    let device = std::sync::Arc::new(());
    let watched = Watched { wire: a, _alive: std::sync::Arc::clone(&device) };
    let a = Stack::new(watched, StackConfig::new("10.9.0.1".parse().unwrap()));
    let b = stack(b, "10.9.0.2");
    let mut listener = TcpListener::bind(&b, "10.9.0.2:7".parse().unwrap()).unwrap();
    let to = "10.9.0.2:7".parse().unwrap();
    let (client, accepted) = tokio::join!(TcpStream::connect(&a, to), listener.accept());
    let (mut server, _) = accepted.unwrap();
    drop((client.unwrap(), a));
    assert_eq!(server.read(&mut [0; 10]).await.unwrap(), 0);
    // The FIN is acknowledged: the task ends, though the server does not close.
    while std::sync::Arc::strong_count(&device) > 1 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_program_can_wait_until_everything_has_arrived() {
    stacks().0.wait_idle().await; // there is nothing yet
    let ([a, b], mut client, mut server) = connected().await;
    client.write_all(&[7; 100_000]).await.unwrap();
    let waiting = timeout(Duration::from_millis(50), a.wait_idle()).await;
    assert!(waiting.is_err()); // the client may still send
    client.shutdown().await.unwrap();
    let mut received = Vec::new();
    let (_, read) = tokio::join!(a.wait_idle(), server.read_to_end(&mut received));
    assert_eq!(read.unwrap(), 100_000);
    // A reset goes out before the host counts as idle.
    server.abort();
    b.wait_idle().await;
    assert_eq!(client.read(&mut [0; 10]).await.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn a_stream_that_lingers_for_no_time_is_reset_when_it_is_dropped() {
    let (_stacks, mut client, mut server) = connected().await;
    client.set_linger(Some(Duration::ZERO));
    drop(client);
    assert_eq!(server.read(&mut [0; 10]).await.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_lingers_is_reset_after_that_time() {
    let (stacks, mut client, mut server) = connected().await;
    client.set_linger(Some(Duration::from_secs(5)));
    drop(client);
    // The server gets the FIN, and never closes.
    assert_eq!(server.read(&mut [0; 10]).await.unwrap(), 0);
    tokio::time::sleep(Duration::from_millis(4_900)).await;
    assert_eq!(stacks[1].connections()[0].2, State::CloseWait);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(server.write(&[7]).await.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
}
