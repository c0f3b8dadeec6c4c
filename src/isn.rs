//! Initial sequence numbers that nobody outside can compute, RFC 6528.

use core::fmt;
use core::hash::{BuildHasher, Hash};
use core::net::SocketAddr;

/// The F of RFC 9293 section 3.4.1 and RFC 6528 section 3: a keyed hash of the two sockets of a connection (MUST-9).
///
/// The M, a clock of 4 microseconds, is added by the connection (MUST-8). As long as the key stays, the initial
/// sequence numbers of one pair of sockets advance with the clock, so that each life of a connection begins beyond the
/// last one. With another key they do not, and RFC 9293 section 3.4.3 asks for a quiet time of one MSL.
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
        self.hash((local, remote))
    }

    pub(crate) fn hash(&self, of: impl Hash) -> u32 {
        let hash = self.key.hash_one(of);
        (hash ^ (hash >> 32)) as u32
    }
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
