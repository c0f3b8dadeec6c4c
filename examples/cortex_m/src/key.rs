//! The key of the initial sequence numbers.

use core::hash::BuildHasher;

use siphasher::sip::SipHasher24;

/// The secret key of a host for [`IsnHash`](tcp_lifecycle::isn::IsnHash): SipHash-2-4 under 128 bits.
pub(crate) struct SipKey([u8; 16]);

impl SipKey {
    /// Makes a key that is the same at each run, so that the output is the same too.
    ///
    /// A device fills the 16 bytes from its hardware random number generator, once after each reset, and keeps them
    /// secret. (RFC 6528 section 3. After a reset with a new key, RFC 9293 section 3.4.3 asks for a quiet time of one
    /// MSL.) A device without such a generator stores a key of its own in flash when it is made.
    pub(crate) const fn new(host: u8) -> SipKey {
        SipKey([host; 16])
    }
}

impl BuildHasher for SipKey {
    type Hasher = SipHasher24;

    fn build_hasher(&self) -> SipHasher24 {
        SipHasher24::new_with_key(&self.0)
    }
}
