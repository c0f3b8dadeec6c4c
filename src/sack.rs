//! The blocks of a SACK option (RFC 2018).

use core::fmt;
use core::ops::Deref;

use crate::SeqNumber;

/// A block of bytes that the receiver has queued beyond the acknowledgment number (RFC 2018 section 3).
///
/// The edges are as on the wire. A block of the peer may be empty, inverted or far away.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct SackBlock {
    /// The sequence number of the first byte of the block.
    pub left: SeqNumber,
    /// The sequence number that follows the last byte of the block.
    pub right: SeqNumber,
}

impl fmt::Debug for SackBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.left, self.right)
    }
}

/// The blocks of a SACK option, four at most, in the order of the option: the first contains the segment that arrived
/// last (RFC 2018 section 4), or is a duplicate (RFC 2883).
///
/// ```
/// use tcp_lifecycle::{SackBlock, SackBlocks, SeqNumber};
///
/// let block = |left, right| SackBlock { left: SeqNumber(left), right: SeqNumber(right) };
/// let mut blocks = SackBlocks::NONE;
/// blocks.push(block(500, 600));
/// blocks.push(block(300, 400));
/// assert_eq!(blocks[..], [block(500, 600), block(300, 400)]);
/// assert_eq!(blocks.wire_len(), 20);
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct SackBlocks {
    // A block is zero beyond the length, so that equal blocks compare equal.
    blocks: [SackBlock; SackBlocks::MOST],
    len: u8,
}

impl SackBlocks {
    /// The most blocks for which a header has room (RFC 2018 section 3).
    pub const MOST: usize = 4;

    /// No blocks, which is no option.
    pub const NONE: SackBlocks =
        SackBlocks { blocks: [SackBlock { left: SeqNumber(0), right: SeqNumber(0) }; SackBlocks::MOST], len: 0 };

    /// Adds a block after the others. A fifth block is dropped.
    #[inline]
    pub fn push(&mut self, block: SackBlock) {
        if let Some(place) = self.blocks.get_mut(usize::from(self.len)) {
            *place = block;
            self.len = self.len.wrapping_add(1);
        }
    }

    /// Drops all blocks after the first `most`.
    #[inline]
    pub fn truncate(&mut self, most: usize) {
        *self = self.iter().copied().take(most).collect();
    }

    /// Returns the length of the option in the header, in bytes, with the padding before it: 8 for each block and 4
    /// more, or nothing for no blocks. It adds to [`Options::wire_len`](crate::Options::wire_len). Both together have
    /// 40 bytes, so there are fewer than four blocks beside other options.
    #[inline]
    #[must_use]
    pub const fn wire_len(&self) -> usize {
        if self.len == 0 { 0 } else { (self.len as usize).wrapping_mul(8).wrapping_add(4) }
    }
}

impl fmt::Debug for SackBlocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

impl Deref for SackBlocks {
    type Target = [SackBlock];

    #[inline]
    fn deref(&self) -> &[SackBlock] {
        self.blocks.get(..usize::from(self.len)).unwrap_or(&[])
    }
}

/// Takes the first four blocks.
impl FromIterator<SackBlock> for SackBlocks {
    fn from_iter<I: IntoIterator<Item = SackBlock>>(blocks: I) -> SackBlocks {
        let mut taken = SackBlocks::NONE;
        blocks.into_iter().take(SackBlocks::MOST).for_each(|block| taken.push(block));
        taken
    }
}

impl<'a> IntoIterator for &'a SackBlocks {
    type Item = &'a SackBlock;
    type IntoIter = core::slice::Iter<'a, SackBlock>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for SackBlocks {
    /// Serialises a sequence of blocks.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.iter().as_slice().serialize(serializer)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for SackBlocks {
    /// Takes a sequence of at most four blocks.
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<SackBlocks, D::Error> {
        struct Blocks;

        impl<'de> serde::de::Visitor<'de> for Blocks {
            type Value = SackBlocks;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "at most {} SACK blocks", SackBlocks::MOST)
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut sequence: A) -> Result<SackBlocks, A::Error> {
                let mut blocks = SackBlocks::NONE;
                while let Some(block) = sequence.next_element()? {
                    if blocks.len() == SackBlocks::MOST {
                        return Err(serde::de::Error::invalid_length(SackBlocks::MOST.saturating_add(1), &self));
                    }
                    blocks.push(block);
                }
                Ok(blocks)
            }
        }

        deserializer.deserialize_seq(Blocks)
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for SackBlocks {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "{}", self.iter().as_slice());
    }
}
