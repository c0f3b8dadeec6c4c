//! The two sockets of a connection, in 36 bytes.

use core::fmt;
use core::net::{IpAddr, Ipv6Addr, SocketAddr};

/// The two sockets of a connection.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Pair {
    local: Socket,
    remote: Socket,
}

/// An address and a port. An IPv4 address is kept as its IPv4-mapped IPv6 address.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Socket {
    address: [u8; 16],
    port: u16,
}

impl Pair {
    pub(super) fn new(local: SocketAddr, remote: SocketAddr) -> Pair {
        Pair { local: local.into(), remote: remote.into() }
    }

    pub(super) fn local(&self) -> SocketAddr {
        self.local.into()
    }

    pub(super) fn remote(&self) -> SocketAddr {
        self.remote.into()
    }
}

/// The two sockets of a connection over IPv4, in 12 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct PairV4 {
    addresses: [[u8; 4]; 2],
    ports: [u16; 2],
}

impl Pair {
    /// Returns the sockets, if they are of IPv4.
    pub(super) fn v4(&self) -> Option<PairV4> {
        let address = |socket: &Socket| Ipv6Addr::from(socket.address).to_ipv4_mapped();
        let addresses = [address(&self.local)?.octets(), address(&self.remote)?.octets()];
        Some(PairV4 { addresses, ports: [self.local.port, self.remote.port] })
    }
}

impl From<PairV4> for Pair {
    fn from(pair: PairV4) -> Pair {
        let ([local, remote], [local_port, remote_port]) = (pair.addresses, pair.ports);
        Pair::new(SocketAddr::from((local, local_port)), SocketAddr::from((remote, remote_port)))
    }
}

impl fmt::Debug for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} - {}", self.local(), self.remote())
    }
}

impl From<SocketAddr> for Socket {
    fn from(socket: SocketAddr) -> Socket {
        let address = match socket.ip() {
            IpAddr::V4(address) => address.to_ipv6_mapped(),
            IpAddr::V6(address) => address,
        };
        Socket { address: address.octets(), port: socket.port() }
    }
}

impl From<Socket> for SocketAddr {
    fn from(socket: Socket) -> SocketAddr {
        SocketAddr::new(Ipv6Addr::from(socket.address).to_canonical(), socket.port)
    }
}
