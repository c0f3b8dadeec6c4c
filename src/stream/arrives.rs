//! A segment arrives: payload into the receive queue, acknowledgments into the scoreboard.

use alloc::vec::Vec;
use core::ops::Range;

use super::counters::count;
use super::life::{Stream, end_of_bytes, has_taken_fin, position_of};
use super::log::LogEntry;
use super::output::Pending;
use super::recovery::Ack;
use crate::{Control, Ecn, Instant, Refusal, SackBlock, Segment, Status};

impl Stream {
    /// A segment arrives, with the blocks of its SACK option, the ECN codepoint of its packet, and its payload.
    ///
    /// # Errors
    ///
    /// Those of [`Connection::segment_arrives`](crate::Connection::segment_arrives): information, not failure.
    pub fn segment_arrives(
        &mut self,
        segment: &Segment,
        sack: &[SackBlock],
        ecn: Ecn,
        payload: &[u8],
        now: Instant,
    ) -> Result<(), Refusal> {
        let now = self.connection.clock(now);
        // No packet holds more.
        let payload = payload.get(..u16::MAX.into()).unwrap_or(payload);
        let segment = &segment.with_payload(u16::try_from(payload.len()).unwrap_or(u16::MAX));
        let before = self.connection.status();
        let outcome = self.connection.segment_arrives(segment, now);
        self.counts.received = self.counts.received.saturating_add(1);
        if let Err(refusal) = outcome {
            self.count_refusal(refusal);
        }
        let told = outcome.as_ref().map(|_| ()).map_err(|refusal| *refusal);
        self.note(now, || LogEntry::Arrived(*segment, told));
        if segment.len() > 0 {
            match &outcome {
                Ok(range) => self.take_payload(segment, payload, range.clone(), &before, now),
                Err(_) => self.note_duplicate(segment, &before, now),
            }
            if has_taken_fin(self.state())
                && let Some(receiver) = &mut self.receiver
                && receiver.queue.has_gap()
            {
                receiver.queue.drop_ahead();
            }
        }
        if ecn == Ecn::Ce && outcome.is_ok() {
            self.connection.congestion_experienced();
        }
        self.take_ack(segment, sack, &before, outcome.is_ok(), now);
        self.grow_receive_buffer(now);
        told
    }

    fn take_payload(&mut self, segment: &Segment, payload: &[u8], range: Range<usize>, before: &Status, now: Instant) {
        let new = payload.get(range.clone()).unwrap_or_default();
        if new.is_empty() {
            let is_ahead = end_of_bytes(before).is_some_and(|nxt| segment.seq().gt(nxt));
            return if is_ahead {
                self.keep(segment, payload, before, now)
            } else {
                self.note_duplicate(segment, before, now)
            };
        }
        let received = self.received;
        let queue = &mut self.receiver(now).queue;
        queue.append(new);
        let duplicate = received.saturating_sub(range.start as u64)..received;
        queue.note_duplicate(duplicate);
        self.received = received.saturating_add(new.len() as u64);
        self.pending |= Pending::READABLE;
        self.fill_gaps(segment, now);
    }

    /// Keeps the part of a segment ahead of a gap that lies in the window.
    fn keep(&mut self, segment: &Segment, payload: &[u8], before: &Status, now: Instant) {
        let (Some(nxt), Some(wnd)) = (before.rcv_nxt, before.rcv_wnd) else { return };
        let room = wnd.saturating_sub(segment.seq() - nxt) as usize;
        let fin = segment.control().contains(Control::FIN) && payload.len() < room;
        let payload = payload.get(..room).unwrap_or(payload);
        count(&mut self.rare().out_of_order);
        if let Some(start) = position_of(segment.seq(), nxt, self.received) {
            self.receiver(now).queue.keep(start, payload, fin);
        }
    }

    /// Hands in what was kept ahead of a gap, as far as `filler` has filled the gap.
    fn fill_gaps(&mut self, filler: &Segment, now: Instant) {
        loop {
            let Some(receiver) = &mut self.receiver else { return };
            let (Some((count, fin)), Some(nxt)) = (receiver.queue.next_kept(), self.connection.status().rcv_nxt) else {
                return;
            };
            let part = u16::try_from(count).unwrap_or(u16::MAX);
            let control = if fin && u64::from(part) == count { Control::FIN | Control::ACK } else { Control::ACK };
            let kept = Segment::new(nxt, nxt, control).with_payload(part);
            let kept = self.connection.reassembled(&kept, filler);
            match self.connection.segment_arrives(&kept, now) {
                Ok(range) if range.len() == usize::from(part) => {
                    receiver.queue.advance(part.into());
                    self.received = self.received.saturating_add(part.into());
                }
                Ok(_) | Err(_) => return,
            }
            // RFC 5681 section 4.2: the segment that fills a gap is acknowledged at once.
            self.connection.acknowledge_now();
        }
    }

    /// Notes what has arrived twice (RFC 2883).
    fn note_duplicate(&mut self, segment: &Segment, before: &Status, now: Instant) {
        let Some(nxt) = end_of_bytes(before) else { return };
        let (start, end) = (segment.seq(), segment.seq() + u32::from(segment.payload_len()));
        if segment.payload_len() == 0 || !before.sack_permitted || start.ge(nxt) {
            return;
        }
        if end.le(nxt) {
            count(&mut self.rare().duplicates);
        }
        let end = if end.gt(nxt) { nxt } else { end };
        if let (Some(start), Some(end)) = (position_of(start, nxt, self.received), position_of(end, nxt, self.received))
        {
            self.receiver(now).queue.note_duplicate(start..end);
        }
    }

    /// The window is never the bound for a user that reads.
    fn grow_receive_buffer(&mut self, now: Instant) {
        let srtt = self.connection.status().srtt;
        let Some(least) = self.sizing.least_buffer(srtt, now) else { return };
        let mut config = self.connection.config();
        if least > config.receive_buffer {
            config.receive_buffer = least;
            self.connection.configure(&config);
        }
    }

    fn take_ack(&mut self, segment: &Segment, sack: &[SackBlock], before: &Status, is_taken: bool, now: Instant) {
        let after = self.connection.status();
        let (Some(was), Some(una)) = (before.snd_una, after.snd_una) else { return };
        // The SYN is no position. (After 2^32 bytes SND.UNA comes by the ISS again.)
        let of_syn = u32::from(self.una == 0 && Some(was) == after.iss && was != una);
        self.una = self.una.saturating_add((una - was).saturating_sub(of_syn).into());
        let has_advanced = una != was;
        let position = self.una;
        let reserved = self.reserved.into();
        let Some(sender) = self.sender.as_mut().filter(|_| segment.ack().is_some() && (is_taken || has_advanced))
        else {
            return;
        };
        if let Some(mss) = after.peer_mss {
            sender.recovery.set_segment(mss.saturating_add(reserved));
        }
        let (mut blocks, mut duplicate) = (Vec::new(), None);
        if after.sack_permitted {
            for (index, block) in sack.iter().enumerate() {
                let (left, right) = (block.left, block.right);
                let nxt = una + after.in_flight;
                if !left.lt(right) {
                    continue;
                }
                let is_part = index == 0 && sack.get(1).is_some_and(|of| of.left.le(left) && right.le(of.right));
                let range = position_of(left, una, position).zip(position_of(right, una, position));
                // Edges far from SND.UNA may be in order as numbers, and not as positions.
                let Some((start, end)) = range.filter(|(start, end)| start < end) else { continue };
                if left.lt(una) || is_part {
                    // RFC 2883 section 4: the first block, at or left of SND.UNA, or a part of the second.
                    duplicate = duplicate.or_else(|| (index == 0).then_some(start..end));
                } else if right.le(nxt) {
                    blocks.push(start..end);
                }
            }
        }
        let ack = Ack {
            una: position,
            blocks: &blocks,
            duplicate,
            is_duplicate: after.duplicate_acks > before.duplicate_acks,
            echo: segment.options().timestamps().filter(|_| after.timestamps).map(|(_, echo)| echo),
            srtt: after.srtt,
            now,
        };
        let lost = sender.recovery.acknowledged(&ack);
        (sender.requested, sender.used) = (None, now);
        if lost > 0 {
            self.note(now, || LogEntry::Lost(lost));
        }
        self.update_limit();
    }
}
