//! The scoreboard: which segments in flight have arrived, which are lost (RFC 6675 section 3, RFC 8985 section 5).

use alloc::collections::VecDeque;
use core::ops::Range;

use rangemap::RangeSet;

use crate::Instant;

/// The segments between SND.UNA and SND.NXT.
///
/// Positions count the bytes of the stream from its first byte on; our FIN is the position behind the last byte.
///
/// ```text
///    una                                                   nxt
///     |  sacked  |  lost  |  in flight  |  sacked  |  ...   |
/// ```
#[derive(Clone, Debug, Default)]
pub(super) struct Scoreboard {
    una: u64,
    /// Each segment begins where the one before it ends.
    segments: VecDeque<Segment>,
    /// The positions that SACK blocks have reported, in whole segments.
    sacked: RangeSet<u64>,
    /// The positions that are lost and not sent again yet.
    lost: RangeSet<u64>,
    /// The segments that were sent again, in the order of sending: the number of the transmission, and where the
    /// segment ends.
    resent: VecDeque<(u64, u64)>,
    /// How many transmissions there were.
    transmissions: u64,
    /// Every segment before this position has a fate other than `InFlight`.
    scanned: u64,
    /// The bytes that are in the network: neither sacked nor lost.
    pipe: u64,
    /// The bytes that SACK blocks have reported.
    sacked_bytes: u64,
}

/// A segment in flight.
#[derive(Clone, Copy, Debug)]
struct Segment {
    end: u64,
    /// When it was last sent, and the number of that transmission. Of two in the same tick of the clock the numbers
    /// tell which came first.
    sent_at: Instant,
    transmission: u64,
    fate: Fate,
    /// It was sent more than once.
    resent: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    InFlight,
    Resent,
    Lost,
    Sacked,
}

/// A segment that has arrived, as an acknowledgment or a SACK block reports it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Delivered {
    pub(super) start: u64,
    pub(super) end: u64,
    /// When it was last sent, and the number of that transmission.
    pub(super) sent_at: Instant,
    pub(super) transmission: u64,
    /// It was sent more than once.
    pub(super) resent: bool,
}

impl Scoreboard {
    /// SND.UNA
    pub(super) fn una(&self) -> u64 {
        self.una
    }

    /// SND.NXT
    pub(super) fn nxt(&self) -> u64 {
        self.segments.back().map_or(self.una, |last| last.end)
    }

    /// Returns the bytes in the network: "pipe" of RFC 6675 section 4.
    pub(super) fn pipe(&self) -> u64 {
        self.pipe
    }

    pub(super) fn in_flight(&self) -> u64 {
        self.nxt().saturating_sub(self.una)
    }

    pub(super) fn len(&self) -> usize {
        self.segments.len()
    }

    pub(super) fn has_sacked(&self) -> bool {
        !self.sacked.is_empty()
    }

    pub(super) fn has_lost(&self) -> bool {
        !self.lost.is_empty()
    }

    /// Returns whether at least `count` segments are sacked, or together they cover the bytes of as many segments
    /// (`IsLost` of RFC 6675 section 4).
    pub(super) fn has_sacked_segments(&self, count: u64, mss: u64) -> bool {
        self.sacked.len() as u64 >= count || self.sacked_bytes > mss.saturating_mul(count.saturating_sub(1))
    }

    /// Notes that the positions of `range` are sent now, for the first time or again.
    pub(super) fn sent(&mut self, range: Range<u64>, now: Instant) {
        let nxt = self.nxt();
        if range.start < nxt {
            self.sent_again(range.start.max(self.una)..range.end.min(nxt), now);
        }
        if range.end > nxt {
            let (fate, resent) = (Fate::InFlight, false);
            let transmission = self.next_transmission();
            self.segments.push_back(Segment { end: range.end, sent_at: now, transmission, fate, resent });
            self.pipe = self.pipe.saturating_add(range.end.saturating_sub(nxt));
        }
    }

    fn next_transmission(&mut self) -> u64 {
        self.transmissions = self.transmissions.saturating_add(1);
        self.transmissions
    }

    fn sent_again(&mut self, range: Range<u64>, now: Instant) {
        if range.is_empty() {
            return;
        }
        self.split(range.start);
        self.split(range.end);
        self.lost.remove(range.clone());
        let transmission = self.next_transmission();
        let (first, mut start) = (self.index(range.start), range.start);
        for segment in self.segments.range_mut(first..) {
            if start >= range.end {
                break;
            }
            match segment.fate {
                Fate::Sacked => {
                    start = segment.end;
                    continue;
                }
                Fate::Lost => self.pipe = self.pipe.saturating_add(segment.end.saturating_sub(start)),
                Fate::InFlight | Fate::Resent => {}
            }
            (segment.fate, segment.resent) = (Fate::Resent, true);
            (segment.sent_at, segment.transmission) = (now, transmission);
            self.resent.push_back((transmission, segment.end));
            start = segment.end;
        }
        self.sweep_resent();
    }

    /// Drops the entries of segments that have been sent again once more or have arrived, when there are too many.
    fn sweep_resent(&mut self) {
        if self.resent.len() > self.segments.len().saturating_mul(2) {
            let segments = &self.segments;
            self.resent.retain(|&(transmission, end)| {
                let index = segments.partition_point(|segment| segment.end < end);
                let segment = segments.get(index);
                segment.is_some_and(|segment| segment.end == end && segment.transmission == transmission)
            });
        }
    }

    /// SND.UNA <- `una`. Calls `each` for every segment that has not been reported before.
    pub(super) fn acknowledge(&mut self, una: u64, mut each: impl FnMut(Delivered)) {
        let una = una.min(self.nxt());
        if una <= self.una {
            return;
        }
        self.split(una);
        while let Some(segment) = self.segments.front().copied()
            && segment.end <= una
        {
            self.segments.pop_front();
            let start = self.una;
            self.una = segment.end;
            if segment.fate == Fate::Sacked {
                self.sacked_bytes = self.sacked_bytes.saturating_sub(segment.end.saturating_sub(start));
            } else {
                self.leaves(segment, start);
                each(segment.delivered(start));
            }
        }
        for ranges in [&mut self.sacked, &mut self.lost] {
            if !ranges.is_empty() {
                ranges.remove(0..una);
            }
        }
        self.scanned = self.scanned.max(una);
    }

    /// Takes a SACK block. Segments that lie in it as a whole have arrived; `each` is called for those that have not
    /// been reported before.
    pub(super) fn sack(&mut self, block: Range<u64>, mut each: impl FnMut(Delivered)) {
        let first = self.segments.partition_point(|segment| segment.end <= block.start);
        // The block may begin within a segment, which then has not arrived as a whole.
        let first = if self.start_of(first) < block.start { first.saturating_add(1) } else { first };
        let behind = self.segments.partition_point(|segment| segment.end <= block.end);
        if first >= behind {
            return;
        }
        let whole = self.start_of(first)..self.start_of(behind);
        let gaps: alloc::vec::Vec<Range<u64>> = self.sacked.gaps(&whole).collect();
        for gap in gaps {
            let mut index = self.index(gap.start);
            let mut start = gap.start;
            while start < gap.end
                && let Some(segment) = self.segments.get_mut(index)
            {
                let before = *segment;
                segment.fate = Fate::Sacked;
                self.leaves(before, start);
                each(before.delivered(start));
                start = before.end;
                index = index.saturating_add(1);
            }
            self.sacked_bytes = self.sacked_bytes.saturating_add(gap.end.saturating_sub(gap.start));
            self.lost.remove(gap);
        }
        self.sacked.insert(whole);
    }

    /// Takes a segment out of the pipe, if it was in it.
    fn leaves(&mut self, segment: Segment, start: u64) {
        match segment.fate {
            Fate::InFlight | Fate::Resent => {
                self.pipe = self.pipe.saturating_sub(segment.end.saturating_sub(start));
            }
            Fate::Lost | Fate::Sacked => {}
        }
    }

    /// Marks as lost each segment for which `verdict` returns `Verdict::Lost`, in the order of sending, until another
    /// verdict. Returns how many bytes are lost, and the moment in `Verdict::Wait` that comes first.
    pub(super) fn detect_losses(&mut self, verdict: impl Fn(Instant, u64) -> Verdict) -> (u64, Option<Instant>) {
        let (mut lost, mut until) = (0_u64, None);
        let mut index = self.index(self.scanned);
        while let Some(segment) = self.segments.get(index).copied() {
            if segment.fate == Fate::InFlight {
                match verdict(segment.sent_at, segment.transmission) {
                    Verdict::Lost => lost = lost.saturating_add(self.lose(index)),
                    Verdict::Wait(moment) => {
                        until = Some(moment);
                        break;
                    }
                    Verdict::InFlight => break,
                }
            }
            self.scanned = segment.end;
            index = index.saturating_add(1);
        }
        while let Some(&(transmission, end)) = self.resent.front() {
            let index = self.segments.partition_point(|segment| segment.end < end);
            let segment = self.segments.get(index).filter(|segment| {
                segment.end == end && segment.fate == Fate::Resent && segment.transmission == transmission
            });
            if let Some(segment) = segment {
                match verdict(segment.sent_at, transmission) {
                    Verdict::Lost => lost = lost.saturating_add(self.lose(index)),
                    Verdict::Wait(moment) => {
                        until = Some(until.map_or(moment, |until: Instant| until.min(moment)));
                        break;
                    }
                    Verdict::InFlight => break,
                }
            }
            self.resent.pop_front();
        }
        (lost, until)
    }

    /// Marks the first segment as lost, unless it is. Returns how many bytes are newly lost.
    pub(super) fn lose_front(&mut self) -> u64 {
        match self.segments.front() {
            Some(Segment { fate: Fate::InFlight | Fate::Resent, .. }) => self.lose(0),
            Some(_) | None => 0,
        }
    }

    /// Marks everything that is in flight, and that was sent at `until` or before, as lost.
    pub(super) fn lose_all(&mut self, until: Instant) {
        for index in 0..self.segments.len() {
            if let Some(Segment { fate: Fate::InFlight | Fate::Resent, sent_at, .. }) = self.segments.get(index)
                && (*sent_at <= until || index == 0)
            {
                self.lose(index);
            }
        }
    }

    /// RFC 2018 section 8: a receiver may drop what it has reported. It has, if the first segment is reported and a
    /// timeout passes nevertheless; then nothing that was reported counts.
    pub(super) fn forget_if_reneged(&mut self) {
        if self.segments.front().is_none_or(|front| front.fate != Fate::Sacked) {
            return;
        }
        for segment in &mut self.segments {
            if segment.fate == Fate::Sacked {
                segment.fate = Fate::InFlight;
            }
        }
        self.pipe = self.pipe.saturating_add(self.sacked_bytes);
        self.sacked_bytes = 0;
        self.sacked.clear();
        self.scanned = self.una;
    }

    /// Takes back all marks of loss: the segments have not been lost, but were late.
    pub(super) fn find_all(&mut self) {
        let mut start = self.una;
        for segment in &mut self.segments {
            if segment.fate == Fate::Lost {
                segment.fate = if segment.resent { Fate::Resent } else { Fate::InFlight };
                if segment.resent {
                    self.resent.push_back((segment.transmission, segment.end));
                }
                self.pipe = self.pipe.saturating_add(segment.end.saturating_sub(start));
            }
            start = segment.end;
        }
        self.lost.clear();
        self.scanned = self.una;
    }

    fn lose(&mut self, index: usize) -> u64 {
        let start = self.start_of(index);
        let Some(segment) = self.segments.get_mut(index) else { return 0 };
        let before = *segment;
        segment.fate = Fate::Lost;
        self.leaves(before, start);
        self.lost.insert(start..before.end);
        before.end.saturating_sub(start)
    }

    /// Returns the first segment that is lost and not sent again yet (rule 1 of `NextSeg`, RFC 6675 section 4).
    pub(super) fn next_lost(&self) -> Option<Range<u64>> {
        let start = self.lost.first()?.start;
        let segment = self.segments.get(self.index(start))?;
        Some(start..segment.end)
    }

    /// Returns when the first segment in flight was last sent.
    pub(super) fn front_sent_at(&self) -> Option<Instant> {
        self.segments.front().map(|segment| segment.sent_at)
    }

    /// Returns the first segment in flight.
    pub(super) fn first(&self) -> Option<Range<u64>> {
        Some(self.una..self.segments.front()?.end)
    }

    /// Returns the last segment in flight.
    pub(super) fn last(&self) -> Option<Range<u64>> {
        let index = self.segments.len().checked_sub(1)?;
        Some(self.start_of(index)..self.nxt())
    }

    /// Forgets everything: the queue is empty, and begins at `una`.
    pub(super) fn reset(&mut self, una: u64) {
        *self = Scoreboard { una, scanned: una, ..Scoreboard::default() };
    }

    /// Returns the index of the segment that holds `position`.
    fn index(&self, position: u64) -> usize {
        self.segments.partition_point(|segment| segment.end <= position)
    }

    fn start_of(&self, index: usize) -> u64 {
        match index.checked_sub(1) {
            Some(before) => self.segments.get(before).map_or(self.nxt(), |segment| segment.end),
            None => self.una,
        }
    }

    /// Makes two segments out of the one that holds `position` in its middle.
    fn split(&mut self, position: u64) {
        let index = self.index(position);
        let start = self.start_of(index);
        if let Some(segment) = self.segments.get(index).copied()
            && start < position
        {
            self.segments.insert(index, Segment { end: position, ..segment });
            if segment.fate == Fate::Resent {
                self.resent.push_back((segment.transmission, position));
            }
        }
    }
}

/// What is known of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Lost,
    /// Lost if nothing is heard of it until then.
    Wait(Instant),
    InFlight,
}

impl Segment {
    fn delivered(self, start: u64) -> Delivered {
        let Segment { end, sent_at, transmission, resent, .. } = self;
        Delivered { start, end, sent_at, transmission, resent }
    }
}
