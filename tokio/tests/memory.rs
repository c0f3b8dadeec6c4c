//! Two stacks over a cable in memory: the calls of a user, without a kernel.

use std::io;
use std::task::{Context, Poll};
use std::time::Duration;

use tcp_lifecycle::State;
use tcp_lifecycle_tokio::{Device, DuplexDevice, Stack, StackConfig, TcpListener, TcpStream, duplex};
use tokio::io::{AsyncReadExt, AsyncWriteExt, split};
use tokio::time::timeout;

fn stack(device: DuplexDevice, address: &str) -> Stack {
    Stack::new(device, StackConfig::new(address.parse().unwrap()))
}

fn stacks() -> (Stack, Stack) {
    let (a, b) = duplex(8);
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
    let (a, b) = duplex(8);
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
    device: DuplexDevice,
    _alive: std::sync::Arc<()>,
}

impl Device for Watched {
    fn poll_recv(&mut self, context: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        self.device.poll_recv(context, buffer)
    }
    fn poll_send(&mut self, context: &mut Context<'_>, packet: &[u8]) -> Poll<io::Result<()>> {
        self.device.poll_send(context, packet)
    }
}

#[tokio::test]
async fn the_host_ends_when_nobody_holds_it_and_nothing_is_left_to_send() {
    let (a, b) = duplex(8);
    let alive = std::sync::Arc::new(());
    let watched = Watched { device: a, _alive: std::sync::Arc::clone(&alive) };
    let a = Stack::new(watched, StackConfig::new("10.9.0.1".parse().unwrap()));
    let b = stack(b, "10.9.0.2");
    let mut listener = TcpListener::bind(&b, "10.9.0.2:7".parse().unwrap()).unwrap();
    let to = "10.9.0.2:7".parse().unwrap();
    let (client, accepted) = tokio::join!(TcpStream::connect(&a, to), listener.accept());
    let (mut server, _) = accepted.unwrap();
    drop((client.unwrap(), a));
    assert_eq!(server.read(&mut [0; 10]).await.unwrap(), 0);
    // The FIN is acknowledged: the task ends, though the server does not close.
    while std::sync::Arc::strong_count(&alive) > 1 {
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

#[test]
fn a_cable_holds_so_many_packets() {
    let mut context = Context::from_waker(std::task::Waker::noop());
    for (asked, holds) in [(0, 1), (1, 1), (3, 3)] {
        let (mut a, mut b) = duplex(asked);
        for number in 0..holds {
            assert!(matches!(a.poll_send(&mut context, &[number; 4]), Poll::Ready(Ok(()))));
        }
        assert!(a.poll_send(&mut context, &[9; 4]).is_pending());
        let mut buffer = [0; 4];
        for number in 0..holds {
            assert!(matches!(b.poll_recv(&mut context, &mut buffer), Poll::Ready(Ok(4))));
            assert_eq!(buffer, [number; 4]);
        }
        assert!(b.poll_recv(&mut context, &mut buffer).is_pending());
        assert!(matches!(a.poll_send(&mut context, &[9; 4]), Poll::Ready(Ok(()))));
        // As much as the buffer has room for.
        assert!(matches!(b.poll_recv(&mut context, &mut buffer[..2]), Poll::Ready(Ok(2))));
    }
    let _ = duplex(usize::MAX);
}

#[test]
fn a_cable_without_its_other_end_is_broken() {
    let mut context = Context::from_waker(std::task::Waker::noop());
    let (mut a, b) = duplex(8);
    drop(b);
    assert!(a.poll_recv(&mut context, &mut [0; 4]).is_pending());
    let Poll::Ready(Err(error)) = a.poll_send(&mut context, &[0; 4]) else { panic!("it is broken") };
    assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
}

/// The traits of `embedded-io-async`, by the adapter of that project.
#[tokio::test]
async fn a_stream_has_the_traits_of_embedded_io_async() {
    use embedded_io_adapters::tokio_1::FromTokio;
    use embedded_io_async::{Read, Write};

    let (_stacks, client, server) = connected().await;
    let (mut client, mut server) = (FromTokio::new(client), FromTokio::new(server));
    client.write_all(b"hello").await.unwrap();
    client.flush().await.unwrap();
    let mut text = [0; 5];
    server.read_exact(&mut text).await.unwrap();
    assert_eq!(&text, b"hello");
}
