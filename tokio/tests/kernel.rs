//! A stack behind a TUN device, with the kernel as its peer.
//!
//! It needs root and `/dev/net/tun`. Without them the tests say so and pass; with `REQUIRE_KERNEL=1` they fail.

#![cfg(target_os = "linux")]

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Shutdown, SocketAddr};
use std::time::Duration;
use std::{env, fs, path, thread};

use nix::sched::{CloneFlags, unshare};
use nix::sys::socket::{Backlog, listen};
use tcp_lifecycle_tokio::{Stack, StackConfig, TcpListener, TcpStream};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy, split};
use tokio::runtime::Builder;
use tokio::time::timeout;
use tun_rs::{AsyncDevice, DeviceBuilder};

const KERNEL: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 1);
const STACK: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 2);
const MEGABYTE: usize = 1 << 20;

/// Runs a test in a thread with a network namespace of its own, or says why it cannot. Its threads are in the same
/// namespace.
fn with_kernel<F: Future<Output = ()>>(test: impl FnOnce(Stack) -> F + Send + 'static) {
    let outcome = thread::spawn(move || -> Result<(), String> {
        if !path::Path::new("/dev/net/tun").exists() {
            return Err("there is no /dev/net/tun".to_owned());
        }
        unshare(CloneFlags::CLONE_NEWNET).map_err(|error| format!("no network namespace can be made: {error}"))?;
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let device = device().map_err(|error| format!("no TUN device can be made: {error}"))?;
            let test = test(Stack::new(device, StackConfig::new(IpAddr::V4(STACK))));
            timeout(Duration::from_secs(120), test).await.expect("the test takes no longer than two minutes");
            Ok(())
        })
    })
    .join()
    .unwrap();
    match outcome {
        Ok(()) => {}
        Err(missing) if env::var_os("REQUIRE_KERNEL").is_some() => panic!("{missing}"),
        Err(missing) => println!("not tested: {missing}"),
    }
}

fn device() -> std::io::Result<AsyncDevice> {
    DeviceBuilder::new().name("tun0").mtu(1_500).tx_queue_len(10_000).ipv4(KERNEL, 24, None).build_async()
}

fn bytes(seed: usize) -> Vec<u8> {
    (0..MEGABYTE).map(|number| ((number + seed).wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

/// The states of the kernel's connections in this namespace, but for those in TIME-WAIT and LISTEN.
fn kernel_connections() -> Vec<String> {
    let table = fs::read_to_string("/proc/thread-self/net/tcp").unwrap();
    let state = |line: &str| line.split_whitespace().nth(3).unwrap().to_owned();
    table.lines().skip(1).map(state).filter(|state| state != "06" && state != "0A").collect()
}

async fn until_idle(stack: &Stack) {
    for _ in 0..200 {
        if kernel_connections().is_empty() && stack.connections().iter().all(|(_, _, state)| state.is_over()) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{:?} {:?}", kernel_connections(), stack.connections());
}

trait IsOver {
    fn is_over(&self) -> bool;
}

impl IsOver for tcp_lifecycle::State {
    fn is_over(&self) -> bool {
        *self == tcp_lifecycle::State::TimeWait
    }
}

async fn echo(stack: Stack) {
    let mut listener = TcpListener::bind(&stack, SocketAddr::from((STACK, 7))).unwrap();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        tokio::spawn(async move {
            let (mut reader, mut writer) = split(stream);
            copy(&mut reader, &mut writer).await.unwrap();
            writer.shutdown().await.unwrap();
        });
    }
}

#[test]
fn two_hundred_clients_of_the_kernel_get_their_megabytes_back() {
    with_kernel(async |stack| {
        let server = tokio::spawn(echo(stack.clone()));
        tokio::task::yield_now().await;
        let clients = (0..200).map(|seed| {
            tokio::task::spawn_blocking(move || {
                let mut stream = std::net::TcpStream::connect((STACK, 7)).unwrap();
                let sent = bytes(seed);
                let mut writer = stream.try_clone().unwrap();
                let copy = sent.clone();
                let writing = thread::spawn(move || {
                    writer.write_all(&copy).unwrap();
                    writer.shutdown(Shutdown::Write).unwrap();
                });
                let mut read = Vec::new();
                stream.read_to_end(&mut read).unwrap();
                writing.join().unwrap();
                assert!(read == sent, "{} bytes of client {seed}", read.len());
            })
        });
        for client in clients.collect::<Vec<_>>() {
            client.await.unwrap();
        }
        until_idle(&stack).await;
        server.abort();
    });
}

#[test]
fn two_hundred_streams_get_their_megabytes_back_from_the_kernel() {
    with_kernel(async |stack| {
        let listener = std::net::TcpListener::bind((KERNEL, 7)).unwrap();
        // With fewer places, the kernel forgets and resets clients for which it has none.
        listen(&listener, Backlog::new(1_000).unwrap()).unwrap();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                thread::spawn(move || {
                    let mut writer = stream.try_clone().unwrap();
                    std::io::copy(&mut stream, &mut writer).unwrap();
                    writer.shutdown(Shutdown::Write).unwrap();
                });
            }
        });
        let clients = (0..200).map(|seed| {
            let stack = stack.clone();
            tokio::spawn(async move {
                let stream = TcpStream::connect(&stack, SocketAddr::from((KERNEL, 7))).await.unwrap();
                let (mut reader, mut writer) = split(stream);
                let sent = bytes(seed);
                let copy = sent.clone();
                let writing = tokio::spawn(async move {
                    writer.write_all(&copy).await.unwrap();
                    writer.shutdown().await.unwrap();
                });
                let mut read = Vec::new();
                reader.read_to_end(&mut read).await.unwrap();
                writing.await.unwrap();
                assert!(read == sent, "{} bytes of stream {seed}", read.len());
            })
        });
        for client in clients.collect::<Vec<_>>() {
            client.await.unwrap();
        }
        until_idle(&stack).await;
    });
}

#[test]
fn ten_thousand_connections_one_after_another_from_few_ports() {
    with_kernel(async |stack| {
        fs::write("/proc/sys/net/ipv4/ip_local_port_range", "50000 50099").unwrap();
        let mut listener = TcpListener::bind(&stack, SocketAddr::from((STACK, 7))).unwrap();
        // We close first, so that TIME-WAIT is ours, and each SYN opens a new life (RFC 6191).
        let server = tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let number = stream.read_u32().await.unwrap();
                stream.write_u32(number).await.unwrap();
            }
        });
        tokio::task::yield_now().await;
        let client = tokio::task::spawn_blocking(|| {
            for number in 0..10_000_u32 {
                let mut stream = std::net::TcpStream::connect((STACK, 7)).unwrap();
                stream.write_all(&number.to_be_bytes()).unwrap();
                let mut read = Vec::new();
                stream.read_to_end(&mut read).unwrap();
                assert_eq!(read, number.to_be_bytes());
            }
        });
        client.await.unwrap();
        until_idle(&stack).await;
        server.abort();
    });
}
