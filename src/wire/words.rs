//! A header as it is written, in words of four bytes.

use core::slice::IterMut;

/// Writes a header word by word, and sums the words for the checksum.
pub(super) struct Words<'a> {
    rest: IterMut<'a, [u8; 4]>,
    sum: u64,
}

impl<'a> Words<'a> {
    #[inline]
    pub(super) fn new(header: &'a mut [u8]) -> Words<'a> {
        Words { rest: header.as_chunks_mut().0.iter_mut(), sum: 0 }
    }

    /// Writes the next word, if the header has room for it.
    #[inline]
    pub(super) fn put(&mut self, word: [u8; 4]) {
        if let Some(place) = self.rest.next() {
            *place = word;
            self.sum = self.sum.wrapping_add(u32::from_ne_bytes(word).into());
        }
    }

    /// Returns the sum of the words so far.
    #[inline]
    pub(super) const fn sum(&self) -> u64 {
        self.sum
    }
}
