//! The bytes of a script: what the user of a program sends and what the peer sends, and whether the program keeps them
//! apart and in order.

use core::ops::Range;
use std::collections::BTreeMap;
use std::format;
use std::vec::Vec;

use super::difference::Difference;
use crate::{Control, Segment, SeqNumber, State, Status};

/// The bytes on both streams of one connection.
#[derive(Clone, Debug, Default)]
pub(super) struct Bytes {
    iss: Option<SeqNumber>,
    irs: Option<SeqNumber>,
    /// The end of the send queue.
    end: SeqNumber,
    /// How many bytes the user has sent, and how many of them are not in the send queue of the connection yet.
    sent: u32,
    pending: u32,
    /// Where in sequence space the bytes of the user are.
    stretches: Vec<Stretch>,
    /// Bytes that the program has sent without its user, as they went out first.
    learnt: BTreeMap<u32, u8>,
    /// The next byte that the user receives.
    next: SeqNumber,
}

/// Bytes of the user that follow each other in the send queue.
#[derive(Clone, Debug)]
struct Stretch {
    start: SeqNumber,
    len: u32,
    /// Which byte of the user is the first.
    index: u32,
}

/// More bytes than this are not made: the program gets their number alone.
const MOST: usize = 1 << 24;

/// A byte that differs from its neighbours, and from those a power of two away.
fn octet(index: u32) -> u8 {
    (index.wrapping_mul(0x9e37_79b1) >> 24) as u8
}

/// The payload of a segment of the peer.
pub(super) fn payload(segment: &Segment) -> Vec<u8> {
    let first = first_of(segment);
    (0..u32::from(segment.payload_len())).map(|index| octet((first + index).0)).collect()
}

/// The sequence number of the first byte of payload.
fn first_of(segment: &Segment) -> SeqNumber {
    segment.seq() + u32::from(segment.control().contains(Control::SYN))
}

/// Where in the send queue the payload of a segment of the connection is; nothing for what is acknowledged.
pub(super) fn range(segment: &Segment, status: &Status) -> Range<usize> {
    let (Some(una), Some(iss)) = (status.snd_una, status.iss) else { return 0..0 };
    let front = if una == iss { una + 1 } else { una };
    if first_of(segment).lt(front) {
        return 0..0;
    }
    let start = (first_of(segment) - front) as usize;
    start..start.saturating_add(usize::from(segment.payload_len()))
}

impl Bytes {
    /// The next bytes that the user sends; `None` for too many.
    pub(super) fn next_sent(&self, bytes: usize) -> Option<Vec<u8>> {
        (bytes <= MOST).then(|| (0..bytes as u32).map(|index| octet(!self.sent.wrapping_add(index))).collect())
    }

    /// The user has sent them.
    pub(super) fn sent(&mut self, bytes: usize) {
        let known = if bytes <= MOST { bytes as u32 } else { 0 };
        self.sent = self.sent.wrapping_add(known);
        self.pending = self.pending.saturating_add(known);
    }

    /// A life begins.
    pub(super) fn forget(&mut self) {
        *self = Bytes::default();
    }

    /// The send queue grows by the bytes that the user has sent; or else by bytes that the program sends by itself.
    pub(super) fn look(&mut self, status: &Status) {
        if let Some(irs) = status.irs.filter(|irs| self.irs != Some(*irs)) {
            (self.irs, self.next) = (Some(irs), irs + 1);
        }
        let (Some(iss), Some(nxt)) = (status.iss, status.snd_nxt) else {
            (self.iss, self.pending) = (None, 0);
            return;
        };
        if self.iss != Some(iss) {
            (self.iss, self.end) = (Some(iss), iss + 1);
            self.stretches.clear();
            self.learnt.clear();
        }
        let end = nxt + status.unsent;
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

    /// Bytes of the user follow the end of the send queue.
    fn lay(&mut self, len: u32, index: u32) {
        match self.stretches.last_mut() {
            Some(last) if last.start + last.len == self.end && last.index.wrapping_add(last.len) == index => {
                last.len = last.len.saturating_add(len);
            }
            Some(_) | None => self.stretches.push(Stretch { start: self.end, len, index }),
        }
    }

    /// A segment goes out with these bytes. Those that are acknowledged nobody reads, such as the octet of a keep-alive
    /// probe.
    pub(super) fn check_sent(&mut self, segment: &Segment, bytes: &[u8], status: &Status) -> Result<(), Difference> {
        if bytes.len() != usize::from(segment.payload_len()) {
            let expected = format!("{} bytes for {segment}", segment.payload_len());
            return Err(Difference::new(expected, format!("{} bytes", bytes.len())));
        }
        self.look(status);
        let Some(una) = status.snd_una else { return Ok(()) };
        for (index, came) in (0..).zip(bytes.iter().copied()) {
            let seq = first_of(segment) + index;
            if seq.lt(una) {
                continue;
            }
            let expected = self.at(seq).unwrap_or_else(|| *self.learnt.entry(seq.0).or_insert(came));
            if expected != came {
                return Err(differs("the send queue", seq, expected, came));
            }
        }
        Ok(())
    }

    fn at(&self, seq: SeqNumber) -> Option<u8> {
        let holds = |stretch: &&Stretch| stretch.start.le(seq) && seq - stretch.start < stretch.len;
        let stretch = self.stretches.iter().rfind(holds)?;
        Some(octet(!stretch.index.wrapping_add(seq - stretch.start)))
    }

    /// The user has received this number of bytes, and these if the program keeps any.
    pub(super) fn received(&mut self, number: usize, bytes: Option<&[u8]>) -> Result<(), Difference> {
        let first = self.next;
        self.next = first + number as u32;
        let Some(bytes) = bytes else { return Ok(()) };
        if bytes.len() != number {
            return Err(Difference::new(format!("{number} bytes for the user"), format!("{} bytes", bytes.len())));
        }
        for (index, came) in (0..).zip(bytes.iter().copied()) {
            let seq = first + index;
            if octet(seq.0) != came {
                return Err(differs("the receive queue", seq, octet(seq.0), came));
            }
        }
        Ok(())
    }

    /// The connection counts no bytes as unread that the user has received.
    pub(super) fn check_unread(&self, status: &Status) -> Result<(), Difference> {
        let fin = matches!(status.state, State::CloseWait | State::Closing | State::LastAck | State::TimeWait);
        let Some(nxt) = status.rcv_nxt.filter(|_| self.irs.is_some() && self.irs == status.irs) else { return Ok(()) };
        let left = (nxt - self.next).saturating_sub(u32::from(fin));
        if self.next.le(nxt) && status.unread > left {
            let expected = format!("UNREAD={left}, by receive() of what the user has");
            return Err(Difference::new(expected, format!("UNREAD={}", status.unread)));
        }
        Ok(())
    }
}

fn differs(queue: &str, seq: SeqNumber, expected: u8, came: u8) -> Difference {
    Difference::new(format!("byte {expected:#04x} at {seq} of {queue}"), format!("byte {came:#04x}"))
}
