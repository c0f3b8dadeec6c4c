//! Ephemeral ports, by algorithm 3 of RFC 6056 section 3.3.3.

use core::hash::BuildHasher;
use core::net::{IpAddr, SocketAddr};

/// The range of the ports, and the counter that all destinations share.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ports {
    first: u16,
    count: u16,
    next: u16,
}

/// Hashed too, so that a port reveals nothing of the other hashes.
const PURPOSE: u8 = b'p';

impl Ports {
    /// A range that is empty, or that begins with port 0, becomes one port.
    pub(super) const fn new((first, last): (u16, u16)) -> Ports {
        let first = if first == 0 { 1 } else { first };
        let last = if last < first { first } else { last };
        Ports { first, count: last.wrapping_sub(first).saturating_add(1), next: 0 }
    }

    /// Returns a port for connections from `local` to `remote` for which `is_free` holds; each port is tried once.
    pub(super) fn choose(
        &mut self,
        local: IpAddr,
        remote: SocketAddr,
        key: &impl BuildHasher,
        is_free: impl Fn(u16) -> bool,
    ) -> Option<u16> {
        let offset = key.hash_one((PURPOSE, local, remote.ip(), remote.port())) as u16;
        for _ in 0..self.count {
            let place = self.next.wrapping_add(offset).checked_rem(self.count)?;
            self.next = self.next.wrapping_add(1);
            let port = self.first.wrapping_add(place);
            if is_free(port) {
                return Some(port);
            }
        }
        None
    }
}
