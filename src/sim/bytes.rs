//! The bytes of a script: those that the user of a program sends, and those that the peer sends. They show whether the
//! program keeps the two streams apart and in order.

use core::ops::Range;
use std::collections::BTreeMap;
use std::format;
use std::vec::Vec;

use super::difference::Difference;
use crate::{Control, Segment, SeqNumber, State, Status};

/// The bytes of both streams of one connection.
#[derive(Clone, Debug, Default)]
pub(super) struct Bytes {
    iss: Option<SeqNumber>,
    irs: Option<SeqNumber>,
    /// The bytes that the script itself writes for the user, by their index among all bytes that the user has sent.
    written: BTreeMap<u32, u8>,
    /// The bytes of the peer that differ from [`payload`], by sequence number.
    heard: BTreeMap<u32, u8>,
    /// The sequence number behind the last byte of the send queue.
    end: SeqNumber,
    /// The number of bytes that the user has sent; `pending` of them are not in the connection's send queue yet.
    sent: u32,
    pending: u32,
    /// The places of the user's bytes in sequence space.
    stretches: Vec<Stretch>,
    /// The bytes that the program has sent on its own, by sequence number, as they first went out.
    learnt: BTreeMap<u32, u8>,
    /// The sequence number of the next byte that the user receives.
    next: SeqNumber,
}

/// The variables of a connection by which its bytes are followed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Marks {
    pub(super) state: Option<State>,
    pub(super) iss: Option<SeqNumber>,
    pub(super) irs: Option<SeqNumber>,
    pub(super) snd_una: Option<SeqNumber>,
    pub(super) snd_nxt: Option<SeqNumber>,
    pub(super) rcv_nxt: Option<SeqNumber>,
    pub(super) unsent: u32,
    pub(super) unread: u32,
}

impl Marks {
    pub(super) fn of(status: &Status) -> Marks {
        Marks {
            state: Some(status.state),
            iss: status.iss,
            irs: status.irs,
            snd_una: status.snd_una,
            snd_nxt: status.snd_nxt,
            rcv_nxt: status.rcv_nxt,
            unsent: status.unsent,
            unread: status.unread,
        }
    }

    /// Returns the sequence number of the first byte of the send queue.
    fn front(&self) -> Option<SeqNumber> {
        let una = self.snd_una?;
        Some(if self.iss? == una { una + 1 } else { una })
    }
}

/// Consecutive bytes of the user in the send queue.
#[derive(Clone, Debug)]
struct Stretch {
    start: SeqNumber,
    len: u32,
    /// The index of the first byte among all bytes that the user has sent.
    index: u32,
}

/// The most bytes that one SEND makes. For more than this the program only gets the number of bytes.
const MOST: usize = 1 << 24;

/// Returns a byte that differs from its neighbours, and from the bytes a power of two away.
fn octet(index: u32) -> u8 {
    (index.wrapping_mul(0x9e37_79b1) >> 24) as u8
}

/// Returns the payload of a segment of the peer.
pub(super) fn payload(segment: &Segment) -> Vec<u8> {
    let first = first_of(segment);
    (0..u32::from(segment.payload_len())).map(|index| octet((first + index).0)).collect()
}

/// Returns the sequence number of the first byte of payload.
fn first_of(segment: &Segment) -> SeqNumber {
    segment.seq() + u32::from(segment.control().contains(Control::SYN))
}

/// Returns the range of the send queue that a segment of the connection carries; empty for acknowledged payload.
pub(super) fn range(segment: &Segment, marks: &Marks) -> Range<usize> {
    let Some(front) = marks.front() else { return 0..0 };
    if first_of(segment).lt(front) {
        return 0..0;
    }
    let start = (first_of(segment) - front) as usize;
    start..start.saturating_add(usize::from(segment.payload_len()))
}

impl Bytes {
    /// Returns the next bytes that the user sends; `None` if they are more than `MOST`.
    pub(super) fn next_sent(&self, bytes: usize) -> Option<Vec<u8>> {
        (bytes <= MOST).then(|| (0..bytes as u32).map(|index| self.of_user(self.sent.wrapping_add(index))).collect())
    }

    /// Notes that the user has sent these bytes.
    pub(super) fn sent_text(&mut self, bytes: &[u8]) {
        let start = self.sent;
        self.written.extend((0..).zip(bytes).map(|(index, byte)| (start.wrapping_add(index), *byte)));
        self.sent(bytes.len());
    }

    /// Returns the payload of a segment of the subject, if its bytes are known.
    pub(super) fn payload_of(&self, segment: &Segment) -> Option<Vec<u8>> {
        let first = first_of(segment);
        (0..u32::from(segment.payload_len())).map(|index| self.at(first + index)).collect()
    }

    /// Returns the next bytes that the user receives.
    pub(super) fn next_received(&self, bytes: usize) -> Vec<u8> {
        (0..bytes as u32).map(|index| self.of_peer(self.next + index)).collect()
    }

    /// Returns the byte with this index among all bytes that the user sends.
    fn of_user(&self, index: u32) -> u8 {
        self.written.get(&index).copied().unwrap_or(octet(!index))
    }

    /// Notes that the peer has sent these bytes.
    pub(super) fn hear(&mut self, segment: &Segment, payload: &[u8]) {
        let places = (0..).zip(payload).map(|(index, byte)| ((first_of(segment) + index).0, *byte));
        self.heard.extend(places);
    }

    fn of_peer(&self, seq: SeqNumber) -> u8 {
        self.heard.get(&seq.0).copied().unwrap_or(octet(seq.0))
    }

    /// Returns the number of bytes that the user has sent, modulo 2^32.
    pub(super) fn sent_by_user(&self) -> u32 {
        self.sent
    }

    /// Notes that the user has sent this number of bytes.
    pub(super) fn sent(&mut self, bytes: usize) {
        let known = if bytes <= MOST { bytes as u32 } else { 0 };
        self.sent = self.sent.wrapping_add(known);
        self.pending = self.pending.saturating_add(known);
    }

    /// Forgets everything, as a new life of the connection begins.
    pub(super) fn forget(&mut self) {
        *self = Bytes::default();
    }

    /// Follows the growth of the send queue, by bytes that the user has sent or by bytes that the program sends on its
    /// own.
    pub(super) fn look(&mut self, marks: &Marks) {
        if let Some(irs) = marks.irs.filter(|irs| self.irs != Some(*irs)) {
            (self.irs, self.next) = (Some(irs), irs + 1);
        }
        let (Some(iss), Some(nxt)) = (marks.iss, marks.snd_nxt) else {
            (self.iss, self.pending) = (None, 0);
            return;
        };
        if self.iss != Some(iss) {
            (self.iss, self.end) = (Some(iss), iss + 1);
            self.stretches.clear();
            self.learnt.clear();
        }
        let end = nxt + marks.unsent;
        if !self.end.lt(end) {
            return;
        }
        let grown = end - self.end;
        if grown <= self.pending {
            self.lay(grown, self.sent.wrapping_sub(self.pending));
            self.pending = self.pending.saturating_sub(grown);
        } else {
            self.pending = 0;
        }
        self.end = end;
    }

    /// Appends bytes of the user to the send queue.
    fn lay(&mut self, len: u32, index: u32) {
        match self.stretches.last_mut() {
            Some(last) if last.start + last.len == self.end && last.index.wrapping_add(last.len) == index => {
                last.len = last.len.saturating_add(len);
            }
            Some(_) | None => self.stretches.push(Stretch { start: self.end, len, index }),
        }
    }

    /// Checks the bytes of an outbound segment. It skips acknowledged bytes, such as the octet of a keep-alive probe,
    /// since the peer discards them.
    pub(super) fn check_sent(&mut self, segment: &Segment, bytes: &[u8], marks: &Marks) -> Result<(), Difference> {
        if bytes.len() != usize::from(segment.payload_len()) {
            let expected = format!("{} bytes for {segment}", segment.payload_len());
            return Err(Difference::new(expected, format!("{} bytes", bytes.len())));
        }
        self.look(marks);
        let Some(una) = marks.snd_una else { return Ok(()) };
        for (index, came) in (0..).zip(bytes.iter().copied()) {
            let seq = first_of(segment) + index;
            if seq.lt(una) {
                continue;
            }
            let expected = self.at(seq).unwrap_or_else(|| *self.learnt.entry(seq.0).or_insert(came));
            if expected != came {
                let place = marks.front().map_or(0, |front| seq - front);
                return Err(differs("the send queue", place, seq, expected, came));
            }
        }
        Ok(())
    }

    fn at(&self, seq: SeqNumber) -> Option<u8> {
        let holds = |stretch: &&Stretch| stretch.start.le(seq) && seq - stretch.start < stretch.len;
        let stretch = self.stretches.iter().rfind(holds)?;
        Some(self.of_user(stretch.index.wrapping_add(seq - stretch.start)))
    }

    /// Checks the bytes that the user has received. `bytes` is `None` if the program keeps no bytes.
    pub(super) fn received(&mut self, number: usize, bytes: Option<&[u8]>) -> Result<(), Difference> {
        let first = self.next;
        self.next = first + number as u32;
        let Some(bytes) = bytes else { return Ok(()) };
        if bytes.len() != number {
            return Err(Difference::new(format!("{number} bytes for the user"), format!("{} bytes", bytes.len())));
        }
        for (index, came) in (0..).zip(bytes.iter().copied()) {
            let seq = first + index;
            if self.of_peer(seq) != came {
                return Err(differs("the receive queue", index, seq, self.of_peer(seq), came));
            }
        }
        Ok(())
    }

    /// Checks that the connection counts no byte as unread that the user has received.
    pub(super) fn check_unread(&self, marks: &Marks) -> Result<(), Difference> {
        let fin = matches!(marks.state, Some(State::CloseWait | State::Closing | State::LastAck | State::TimeWait));
        let Some(nxt) = marks.rcv_nxt.filter(|_| self.irs.is_some() && self.irs == marks.irs) else { return Ok(()) };
        let left = (nxt - self.next).saturating_sub(u32::from(fin));
        if self.next.le(nxt) && marks.unread > left {
            let expected = format!("UNREAD={left}, by receive() of what the user has");
            return Err(Difference::new(expected, format!("UNREAD={}", marks.unread)));
        }
        Ok(())
    }
}

/// `place` counts from zero, as a range of the send queue does in a script.
fn differs(queue: &str, place: u32, seq: SeqNumber, expected: u8, came: u8) -> Difference {
    let expected = format!("byte {expected:#04x} at place {place} of {queue} (SEQ={seq})");
    Difference::new(expected, format!("byte {came:#04x}"))
}
