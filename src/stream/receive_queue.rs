//! The receive queue: the bytes that the user can read, and bytes ahead of a gap.

use alloc::collections::VecDeque;
use core::fmt;
use core::ops::Range;

use rangemap::RangeSet;

use crate::{SackBlock, SackBlocks, SeqNumber};

/// The bytes that have arrived and are not read yet.
///
/// Positions count the bytes of the stream from its first byte on. Bytes ahead of a gap lie at their place, so that the
/// queue takes no more memory than the receive window.
///
/// ```text
///   read        nxt
///     |  in order | gap |  ahead  | gap |  ahead  |
/// ```
#[derive(Clone, Default)]
pub(super) struct ReceiveQueue {
    /// The bytes from `read` on; a gap holds zeros.
    bytes: VecDeque<u8>,
    read: u64,
    /// RCV.NXT
    nxt: u64,
    /// What lies ahead of the first gap.
    ahead: RangeSet<u64>,
    /// The position of the peer's FIN, if it has arrived ahead of a gap.
    fin: Option<u64>,
    /// One position in each of the last segments that came ahead of a gap, the newest first.
    recent: [Option<u64>; SackBlocks::MOST],
    /// The bytes of a duplicate, which the next acknowledgment reports (RFC 2883).
    duplicate: Option<Range<u64>>,
}

/// The most ranges that are kept ahead of gaps. What would make one more is dropped, and the peer sends it again.
const MAX_RANGES: usize = 1_024;

impl fmt::Debug for ReceiveQueue {
    /// Prints how many bytes can be read and what is kept, but not the bytes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReceiveQueue")
            .field("read", &self.read)
            .field("nxt", &self.nxt)
            .field("ahead", &self.ahead)
            .field("fin", &self.fin)
            .finish_non_exhaustive()
    }
}

impl ReceiveQueue {
    /// Makes an empty queue; the next byte is that of `position`.
    pub(super) fn at(position: u64) -> ReceiveQueue {
        ReceiveQueue { read: position, nxt: position, ..ReceiveQueue::default() }
    }

    /// Returns how many bytes the queue has memory for.
    pub(super) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// Returns how many bytes the user can read.
    pub(super) fn readable(&self) -> usize {
        to_usize(self.nxt.saturating_sub(self.read))
    }

    /// Returns whether anything is kept ahead of a gap.
    pub(super) fn has_gap(&self) -> bool {
        !self.ahead.is_empty() || self.fin.is_some()
    }

    /// Appends bytes that have arrived in order.
    pub(super) fn append(&mut self, payload: &[u8]) {
        let start = self.nxt;
        self.write(start, payload);
        self.nxt = start.saturating_add(payload.len() as u64);
        if !self.ahead.is_empty() {
            self.note_duplicate(self.first_known(start..self.nxt));
            self.ahead.remove(0..self.nxt);
        }
    }

    /// Keeps bytes that have arrived ahead of a gap (SHLD-31), and the position of a FIN behind them. What has arrived
    /// before is a duplicate.
    pub(super) fn keep(&mut self, start: u64, payload: &[u8], fin: bool) {
        let range = start..start.saturating_add(payload.len() as u64);
        if fin {
            self.fin = Some(range.end);
        }
        if range.is_empty() || (self.ahead.len() >= MAX_RANGES && !self.ahead.overlaps(&range)) {
            return;
        }
        let known = self.first_known(range.clone());
        self.note_duplicate(known.clone());
        if known == range {
            return;
        }
        self.write(start, payload);
        self.ahead.insert(range.clone());
        self.note_recent(start);
    }

    /// Returns the first part of `range` that has arrived before, ahead of a gap.
    fn first_known(&self, range: Range<u64>) -> Range<u64> {
        let known = self.ahead.overlapping(&range).next();
        known.map_or(0..0, |known| known.start.max(range.start)..known.end.min(range.end))
    }

    /// Notes that the bytes of `range` have arrived twice (RFC 2883).
    pub(super) fn note_duplicate(&mut self, range: Range<u64>) {
        if !range.is_empty() {
            self.duplicate = Some(range);
        }
    }

    /// Returns how many kept bytes have come next in order, and whether the FIN follows them; `None` if there is still
    /// a gap before them.
    pub(super) fn next_kept(&self) -> Option<(u64, bool)> {
        let end = self.ahead.get(&self.nxt).map_or(self.nxt, |range| range.end);
        let fin = self.fin == Some(end);
        (end > self.nxt || fin).then_some((end.saturating_sub(self.nxt), fin))
    }

    /// Takes `count` kept bytes as bytes in order. With zero, nothing but the FIN came next.
    pub(super) fn advance(&mut self, count: u64) {
        self.nxt = self.nxt.saturating_add(count);
        self.ahead.remove(0..self.nxt);
        if self.fin.is_some_and(|fin| fin <= self.nxt) {
            self.fin = None;
        }
    }

    /// Returns the bytes that the user can read, in up to two parts.
    pub(super) fn slices(&self) -> (&[u8], &[u8]) {
        let (front, back) = self.bytes.as_slices();
        let readable = self.readable();
        match front.split_at_checked(readable) {
            Some((front, _)) => (front, &[]),
            None => (front, back.get(..readable.saturating_sub(front.len())).unwrap_or(back)),
        }
    }

    /// Drops `count` bytes, which the user has read.
    pub(super) fn consume(&mut self, count: usize) {
        let count = count.min(self.readable());
        self.read = self.read.saturating_add(count as u64);
        self.bytes.drain(..count.min(self.bytes.len()));
    }

    /// Drops everything that is kept ahead of a gap: the connection has ended.
    pub(super) fn drop_kept(&mut self) {
        self.drop_ahead();
        self.duplicate = None;
    }

    /// Drops what lies behind the peer's FIN, which is no part of the stream.
    pub(super) fn drop_ahead(&mut self) {
        self.bytes.truncate(self.readable());
        self.ahead.clear();
        self.fin = None;
    }

    /// Returns the SACK blocks of the next acknowledgment, where `rcv_nxt` is RCV.NXT: a duplicate first (RFC 2883),
    /// then the ranges ahead of a gap, the last that changed first (RFC 2018 section 4).
    pub(super) fn take_blocks(&mut self, rcv_nxt: SeqNumber) -> SackBlocks {
        let mut blocks = SackBlocks::default();
        if self.duplicate.is_none() && self.ahead.is_empty() {
            return blocks;
        }
        let seq = |position: u64| rcv_nxt + position.wrapping_sub(self.nxt) as u32;
        // A FIN behind a range has arrived with it.
        let end = |end: u64| if self.fin == Some(end) { seq(end) + 1 } else { seq(end) };
        let block = |range: &Range<u64>| SackBlock { left: seq(range.start), right: end(range.end) };
        if let Some(duplicate) = &self.duplicate {
            blocks.push(block(duplicate));
            // The range of which the duplicate is a part.
            if let Some(range) = self.ahead.get(&duplicate.start) {
                blocks.push(block(range));
            }
        }
        for position in self.recent.iter().flatten() {
            if let Some(range) = self.ahead.get(position)
                && !blocks.contains(&block(range))
            {
                blocks.push(block(range));
            }
        }
        self.duplicate = None;
        blocks
    }

    /// Returns how many blocks the next acknowledgment has room to need.
    pub(super) fn block_count(&self) -> usize {
        usize::from(self.duplicate.is_some()).saturating_add(self.ahead.len()).min(SackBlocks::MOST)
    }

    fn note_recent(&mut self, position: u64) {
        let range = self.ahead.get(&position).cloned();
        let mut newest = [None; SackBlocks::MOST];
        let others = self.recent.iter().copied().flatten();
        // The ranges that the new bytes have joined are one now.
        let others = others.filter(|other| range.as_ref().is_none_or(|range| !range.contains(other)));
        for (slot, position) in newest.iter_mut().zip(core::iter::once(position).chain(others)) {
            *slot = Some(position);
        }
        self.recent = newest;
    }

    /// Writes bytes at their place.
    fn write(&mut self, start: u64, payload: &[u8]) {
        let at = to_usize(start.saturating_sub(self.read));
        if at > self.bytes.len() {
            self.bytes.resize(at, 0);
        }
        let over = self.bytes.len().saturating_sub(at).min(payload.len());
        let (known, new) = payload.split_at_checked(over).unwrap_or((payload, &[]));
        let (front, back) = self.bytes.as_mut_slices();
        match at.checked_sub(front.len()) {
            None => {
                let front = front.get_mut(at..).unwrap_or_default();
                let (first, second) = known.split_at_checked(front.len()).unwrap_or((known, &[]));
                copy(front, first);
                copy(back, second);
            }
            Some(at) => copy(back.get_mut(at..).unwrap_or_default(), known),
        }
        self.bytes.extend(new);
    }
}

/// Copies all of `from` to the begin of `to`, which is long enough.
fn copy(to: &mut [u8], from: &[u8]) {
    if let Some(to) = to.get_mut(..from.len()) {
        to.copy_from_slice(from);
    }
}

fn to_usize(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}
