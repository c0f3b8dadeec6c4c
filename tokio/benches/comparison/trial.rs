//! A client, a path and a server, each with a thread of its own.

use std::fs::{self, File};
use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixDatagram;
use std::path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use nix::sched::{CloneFlags, unshare};
use nix::sys::socket::{setsockopt, sockopt};
use tokio::runtime::Builder;
use tokio::sync::oneshot;
use tun_rs::DeviceBuilder;

use super::path::{Conditions, Path};
use super::stacks::Server;

pub(crate) const CLIENT: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 1);
pub(crate) const SERVER: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(10, 9, 0, 2), 7_000);

/// Runs a client of the kernel against `server` over a path. Returns what it returns, and how many packets a device
/// did not take.
pub(crate) fn trial<F: Future>(
    server: Server,
    conditions: Conditions,
    client: impl FnOnce() -> F + Send,
) -> (F::Output, u64)
where
    F::Output: Send,
{
    let server = Running::start(server);
    let client = || {
        let device = enter_namespace(CLIENT).expect("it has been tried before");
        // The client forgets a connection at once where it closes first, so that it can use the port again.
        set("tcp_max_tw_buckets", "0").expect("root may set it");
        let path = Path::start([device, server.device], conditions);
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        (runtime.block_on(client()), path)
    };
    let (outcome, path) = thread::scope(|scope| scope.spawn(client).join().expect("a client does not panic"));
    drop(server.stop);
    // The server ends before its device does: ipstack spins on a device that has ended.
    _ = server.ended.recv_timeout(Duration::from_secs(5));
    (outcome, path.end())
}

/// A server that runs.
struct Running {
    /// The path's end of its device.
    device: File,
    stop: oneshot::Sender<()>,
    /// Nothing comes, but it disconnects.
    ended: Receiver<()>,
}

impl Running {
    fn start(server: Server) -> Running {
        let ((device_sender, device), (stop, stopped), (alive, ended)) = (channel(), oneshot::channel(), channel());
        thread::spawn(move || {
            let _alive: Sender<()> = alive;
            let (ours, theirs) = if server == Server::Kernel {
                (enter_namespace(*SERVER.ip()).expect("it has been tried before"), None)
            } else {
                let (ours, theirs) = sockets().expect("root may make large buffers");
                (ours, Some(theirs))
            };
            // ipstack needs the runtime with worker threads; one of them does the work of each stack.
            let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
            runtime.block_on(async {
                let theirs = theirs.map(|socket| tokio::net::UnixDatagram::from_std(socket).unwrap());
                tokio::select! {
                    biased;
                    // To poll it once is to listen.
                    end = server.serve(theirs, SERVER.into()) => eprintln!("{} has stopped: {end:?}", server.name()),
                    _ = async { device_sender.send(ours).ok(); stopped.await } => {}
                }
            });
            runtime.shutdown_timeout(Duration::from_secs(1));
        });
        Running { device: device.recv().expect("the server has started"), stop, ended }
    }
}

/// Tells whether this machine can run a trial, or what it lacks.
pub(crate) fn requirements() -> Result<(), String> {
    if !path::Path::new("/dev/net/tun").exists() {
        return Err("there is no /dev/net/tun".to_owned());
    }
    let entered = thread::spawn(|| enter_namespace(CLIENT).map(drop)).join().expect("it does not panic");
    entered.map_err(|error| format!("no namespace with a TUN device can be made: {error}"))
}

/// Moves this thread into a network namespace of its own, with a TUN device.
fn enter_namespace(address: Ipv4Addr) -> io::Result<File> {
    unshare(CloneFlags::CLONE_NEWNET)?;
    let device =
        DeviceBuilder::new().name("tun0").mtu(1_500).tx_queue_len(10_000).ipv4(address, 24, None).build_sync()?;
    device.set_nonblocking(true)?;
    set("tcp_rmem", "4096 131072 6291456")?;
    set("tcp_wmem", "4096 16384 4194304")?;
    Ok(File::from(device.as_fd().try_clone_to_owned()?))
}

/// Sets a policy of the kernel in the namespace of this thread.
fn set(name: &str, value: &str) -> io::Result<()> {
    fs::write(format!("/proc/sys/net/ipv4/{name}"), value)
}

/// Lets the kernel use CUBIC for a socket, or for those that a listener accepts.
pub(crate) fn use_cubic(socket: &impl AsFd) -> io::Result<()> {
    Ok(setsockopt(socket, sockopt::TcpCongestion, &"cubic".into())?)
}

/// A pair of sockets for packets, with buffers that hold some thousands of them.
fn sockets() -> io::Result<(File, UnixDatagram)> {
    let (ours, theirs) = UnixDatagram::pair()?;
    for socket in [&ours, &theirs] {
        socket.set_nonblocking(true)?;
        setsockopt(socket, sockopt::SndBufForce, &(32 << 20))?;
        setsockopt(socket, sockopt::RcvBufForce, &(32 << 20))?;
    }
    Ok((File::from(OwnedFd::from(ours)), theirs))
}
