//! Initial sequence numbers that nobody outside can compute, RFC 6528.

use core::fmt;
use core::hash::{BuildHasher, Hash};
use core::net::{IpAddr, SocketAddr};

/// The F of RFC 9293 section 3.4.1 and RFC 6528 section 3: a keyed hash of the two sockets of a connection (MUST-9).
///
/// The M, a clock of 4 microseconds, is added by the connection (MUST-8). As long as the key stays, the initial
/// sequence numbers of one pair of sockets advance with the clock, so that each life of a connection begins beyond the
/// last one. With another key they do not, and RFC 9293 section 3.4.3 asks for a quiet time of one MSL.
///
/// The hash covers the two addresses and the two ports, and nothing else (RFC 6528 section 3). The flow label of a
/// [`SocketAddrV6`](core::net::SocketAddrV6) belongs to a packet, not to a connection, and its scope id is known to one
/// part of a host and not to another: neither counts. A host that needs the zones of its link-local addresses kept
/// apart takes a key for each of them. An IPv4-mapped address counts as the IPv4 address in it: both stand for the same
/// packets, and sockets for both versions of IP name an IPv4 peer in the one way or the other.
///
/// The hash is that of a [`BuildHasher`]. It has to be a pseudorandom function under a secret key of 128 bits or more;
/// with the feature `std` the default is the standard library's `RandomState`, which is one.
///
/// ```
/// # #[cfg(feature = "std")] {
/// use tcp_lifecycle::isn::IsnHash;
/// use tcp_lifecycle::{Config, Connection};
///
/// let isn = IsnHash::default(); // one for the host, for as long as it runs
/// let local = "192.0.2.1:49152".parse().unwrap();
/// let remote = "198.51.100.7:80".parse().unwrap();
/// let connection = Connection::new(&Config::DEFAULT, isn.offset(local, remote));
/// # }
/// ```
#[derive(Clone)]
pub struct IsnHash<S> {
    key: S,
}

impl<S: BuildHasher> IsnHash<S> {
    /// Under the key that `key` holds.
    pub const fn new(key: S) -> IsnHash<S> {
        IsnHash { key }
    }

    /// The `isn_offset` for [`Connection::new`](crate::Connection::new) and
    /// [`Connection::set_isn_offset`](crate::Connection::set_isn_offset).
    pub fn offset(&self, local: SocketAddr, remote: SocketAddr) -> u32 {
        self.hash(Purpose::Isn, local, remote, ())
    }

    /// An offset for the timestamps of this pair of sockets, in units of 65,536 milliseconds: with it no peer reads
    /// from a TSval how many of these the host is up (RFC 7323 section 7.1).
    ///
    /// It stays the same from one life of a connection to the next one, as long as the key stays: timestamps of the
    /// next life are later ones, on which TIME-WAIT's reopening rests (RFC 6191). It has a hash of its own, and tells
    /// nothing of [`offset`](Self::offset).
    pub fn timestamp_offset(&self, local: SocketAddr, remote: SocketAddr) -> u16 {
        self.hash(Purpose::Timestamps, local, remote, ()) as u16
    }

    /// The hash of a pair of sockets, and of `more`, for one purpose.
    pub(crate) fn hash(&self, purpose: Purpose, local: SocketAddr, remote: SocketAddr, more: impl Hash) -> u32 {
        let hash = self.key.hash_one((purpose as u8, socket(local), socket(remote), more));
        (hash ^ (hash >> 32)) as u32
    }
}

/// What a hash is for. It is hashed too, so that a hash for one purpose tells nothing of those for the others.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    Isn,
    Timestamps,
    Cookie,
}

/// Address and port alone. An IPv4 address is hashed as the IPv6 address that it is mapped to.
fn socket(socket: SocketAddr) -> (u128, u16) {
    let address = match socket.ip() {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    };
    (address.to_bits(), socket.port())
}

#[cfg(feature = "std")]
impl Default for IsnHash<std::hash::RandomState> {
    /// Under a random key.
    fn default() -> Self {
        IsnHash::new(std::hash::RandomState::new())
    }
}

impl<S> fmt::Debug for IsnHash<S> {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IsnHash").finish_non_exhaustive()
    }
}
