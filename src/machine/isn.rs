//! Initial sequence numbers that an attacker cannot predict (RFC 6528).

use core::fmt;
use core::hash::{BuildHasher, Hash};
use core::net::{IpAddr, SocketAddr};

/// The F of RFC 9293 section 3.4.1 and RFC 6528 section 3: a keyed hash of the two sockets of a connection (MUST-9).
///
/// The connection adds M, a clock that ticks every 4 microseconds (MUST-8). As long as the key stays, the initial
/// sequence numbers of one pair of sockets advance with the clock, so each life of a connection begins beyond the last.
/// With another key they do not, and RFC 9293 section 3.4.3 asks for a quiet time of one MSL.
///
/// The hash covers the two addresses and the two ports, and nothing else (RFC 6528 section 3). It leaves out the flow
/// label of a [`SocketAddrV6`](core::net::SocketAddrV6), which belongs to a packet, not to a connection. It leaves out
/// the scope id too, since not every part of a host knows it. A host that must keep the zones of its link-local
/// addresses apart uses a key for each zone. An IPv4-mapped address counts as the IPv4 address in it: both stand for
/// the same packets, and a dual-stack socket may name an IPv4 peer either way.
///
/// The hash is that of a [`BuildHasher`], which must be a pseudorandom function under a secret key of 128 bits or more.
/// With the feature `std` the default is such a function: the standard library's `RandomState`.
///
/// ```
/// # #[cfg(feature = "std")] {
/// use tcp_lifecycle::isn::IsnHash;
/// use tcp_lifecycle::{Config, Connection};
///
/// let isn = IsnHash::default(); // one for the whole host, as long as it runs
/// let local = "192.0.2.1:49152".parse().unwrap();
/// let remote = "198.51.100.7:80".parse().unwrap();
/// let connection = Connection::new(&Config::DEFAULT, isn.offset(local, remote));
/// # }
/// ```
///
/// Without `std`, SipHash-2-4 of the crate `siphasher` is such a function. The program fills the key from a random
/// number generator of the hardware, once after each start. `examples/cortex_m` does the same:
///
/// ```
/// use core::hash::BuildHasher;
/// use siphasher::sip::SipHasher24; // siphasher = { version = "1", default-features = false }
/// use tcp_lifecycle::isn::IsnHash;
///
/// struct SipKey([u8; 16]);
///
/// impl BuildHasher for SipKey {
///     type Hasher = SipHasher24;
///
///     fn build_hasher(&self) -> SipHasher24 {
///         SipHasher24::new_with_key(&self.0)
///     }
/// }
///
/// # let random_bytes = || [7; 16];
/// let isn = IsnHash::new(SipKey(random_bytes()));
/// # let local = "192.0.2.1:49152".parse().unwrap();
/// # let remote = "198.51.100.7:80".parse().unwrap();
/// let isn_offset = isn.offset(local, remote);
/// ```
#[derive(Clone)]
pub struct IsnHash<S> {
    key: S,
}

impl<S: BuildHasher> IsnHash<S> {
    /// Creates a hash under the key that `key` holds.
    pub const fn new(key: S) -> IsnHash<S> {
        IsnHash { key }
    }

    /// Returns the `isn_offset` for [`Connection::new`](crate::Connection::new) and
    /// [`Connection::set_isn_offset`](crate::Connection::set_isn_offset).
    pub fn offset(&self, local: SocketAddr, remote: SocketAddr) -> u32 {
        self.hash(Purpose::Isn, local, remote, ())
    }

    /// Returns an offset for the timestamps of this pair of sockets, in units of 65,536 milliseconds. It keeps a peer
    /// from reading in a TSval for how many of these units the host has been up (RFC 7323 section 7.1).
    ///
    /// As long as the key stays, the offset is the same for each life of a connection. So the timestamps of the next
    /// life are later than those of the last, and a peer in TIME-WAIT can tell the two lives apart (RFC 6191). The
    /// offset comes from a separate hash, and reveals nothing of [`offset`](Self::offset).
    pub fn timestamp_offset(&self, local: SocketAddr, remote: SocketAddr) -> u16 {
        self.hash(Purpose::Timestamps, local, remote, ()) as u16
    }

    /// Hashes a pair of sockets, and `more`, for one purpose.
    pub(crate) fn hash(&self, purpose: Purpose, local: SocketAddr, remote: SocketAddr, more: impl Hash) -> u32 {
        let hash = self.key.hash_one((purpose as u8, socket(local), socket(remote), more));
        (hash ^ (hash >> 32)) as u32
    }
}

/// The purpose of a hash. It is hashed too, so that a hash for one purpose reveals nothing of those for the others.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    Isn,
    Timestamps,
    Cookie,
}

/// Returns the address and the port alone. An IPv4 address becomes its IPv4-mapped IPv6 address.
fn socket(socket: SocketAddr) -> (u128, u16) {
    let address = match socket.ip() {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    };
    (address.to_bits(), socket.port())
}

#[cfg(feature = "std")]
impl Default for IsnHash<std::hash::RandomState> {
    /// Creates a hash under a random key.
    fn default() -> Self {
        IsnHash::new(std::hash::RandomState::new())
    }
}

impl<S> fmt::Debug for IsnHash<S> {
    /// Prints the name of the type, but not the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IsnHash").finish_non_exhaustive()
    }
}
