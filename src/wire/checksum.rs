//! The checksum of IP, TCP and ICMP (RFC 1071).
//!
//! A sum is of 16-bit words in the byte order of the machine, modulo 2^64 - 1: the bytes of the folded sum are in the
//! order of the network nevertheless (RFC 1071 section 2).

/// Sums bytes. A last odd byte is the first of its word.
#[inline]
pub(super) fn sum(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    // A wide sum needs no carry from word to word.
    let sum = words.iter().fold(0_u128, |sum, word| sum.wrapping_add(u64::from_ne_bytes(*word).into()));
    let (four, rest) = rest.split_first_chunk().map_or((0, rest), |(word, rest)| (u32::from_ne_bytes(*word), rest));
    let (two, rest) = rest.split_first_chunk().map_or((0, rest), |(word, rest)| (u16::from_ne_bytes(*word), rest));
    let one = rest.first().map_or(0, |last| u16::from_ne_bytes([*last, 0]));
    plus(plus(sum as u64, (sum >> 64) as u64), sum_of([four, two.into(), one.into()]))
}

/// Sums a few words of 32 bits.
#[inline]
pub(super) fn sum_of<const N: usize>(words: [u32; N]) -> u64 {
    words.into_iter().fold(0, |sum, word| sum.wrapping_add(word.into()))
}

/// Adds two sums.
#[inline]
pub(super) const fn plus(one: u64, other: u64) -> u64 {
    let (sum, carry) = one.overflowing_add(other);
    sum.wrapping_add(carry as u64)
}

/// Returns the sum of 16-bit words, in the order of the network.
#[inline]
pub(super) const fn folded(sum: u64) -> [u8; 2] {
    // The upper half of the sum of both halves, twice; the lower half brings the carry.
    let sum = (sum.wrapping_add(sum.rotate_left(32)) >> 32) as u32;
    let sum = (sum.wrapping_add(sum.rotate_left(16)) >> 16) as u16;
    sum.to_ne_bytes()
}

/// Returns the checksum: the complement of the sum over everything that it covers, its own field taken as zero.
#[inline]
pub(super) const fn checksum(sum: u64) -> [u8; 2] {
    let [high, low] = folded(sum);
    [!high, !low]
}

/// Returns whether a checksum is right. The sum covers the checksum itself too; in this way both representations of
/// zero are accepted. Linux sends the second one through a TUN device.
#[inline]
pub(super) const fn is_intact(sum: u64) -> bool {
    matches!(folded(sum), [0xff, 0xff])
}
