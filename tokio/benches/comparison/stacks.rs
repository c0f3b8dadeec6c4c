//! The stacks that are compared. The code around each is in a file of its own, whose lines are counted.

mod ipstack;
mod kernel;
mod smoltcp;
mod tcp_lifecycle;

use std::io;
use std::net::SocketAddr;

use tokio::net::UnixDatagram;

/// What serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Server {
    Kernel,
    TcpLifecycle,
    Smoltcp,
    Ipstack,
}

impl Server {
    pub(crate) const ALL: [Server; 4] = [Server::Kernel, Server::TcpLifecycle, Server::Smoltcp, Server::Ipstack];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Server::Kernel => "Linux",
            Server::TcpLifecycle => "tcp-lifecycle",
            Server::Smoltcp => "smoltcp",
            Server::Ipstack => "ipstack",
        }
    }

    /// The lines that a user of the stack writes for a server over a pair of sockets: neither blank nor comments.
    pub(crate) fn lines_of_code(self) -> usize {
        let source = match self {
            Server::Kernel => include_str!("stacks/kernel.rs"),
            Server::TcpLifecycle => include_str!("stacks/tcp_lifecycle.rs"),
            Server::Smoltcp => include_str!("stacks/smoltcp.rs"),
            Server::Ipstack => include_str!("stacks/ipstack.rs"),
        };
        source.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//")).count()
    }

    /// Accepts connections at `address`, and answers each. The kernel needs no `device`: it has that of its namespace.
    pub(crate) async fn serve(self, device: Option<UnixDatagram>, address: SocketAddr) -> io::Result<()> {
        match (self, device) {
            (Server::TcpLifecycle, Some(device)) => tcp_lifecycle::serve(device, address).await,
            (Server::Smoltcp, Some(device)) => smoltcp::serve(device).await,
            (Server::Ipstack, Some(device)) => ipstack::serve(device).await,
            (_, _) => kernel::serve(address).await,
        }
    }
}
