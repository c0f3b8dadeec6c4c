//! What comes out of a stream: the events of the connection and its own, and segments with their bytes.

use core::ops::Range;

use super::counters::count;
use super::life::{Stream, end_of_bytes};
use super::log::LogEntry;
use super::output::{End, Event, Output, Pending, Transmit};
use crate::{Control, Ecn, Instant, SackBlocks, Segment, SeqNumber, Signal, State, Transition};

/// The length of all options together, in bytes.
const OPTIONS: usize = 40;
/// The most payload of a batch, in bytes: an IP packet with all headers has room for it.
const LARGEST_BATCH: u16 = 65_000;
/// A keep-alive probe may carry an octet that is no part of the stream.
const GARBAGE: &[u8] = &[0];

/// The next output of the connection, as the stream has taken it.
enum Step {
    Noted,
    Transmit(Dressed),
    Wait,
}

/// A segment with what its packet has beside it, and where its payload lies in the send queue.
#[derive(Debug)]
pub(crate) struct Dressed {
    segment: Segment,
    sack: SackBlocks,
    ecn: Ecn,
    payload: Range<usize>,
}

impl Dressed {
    /// Makes a segment that differs in its number, bits and length.
    fn alike(&self, seq: SeqNumber, control: Control, payload_len: u16) -> Segment {
        Segment::new(seq, self.segment.ack_number(), control)
            .with_window(self.segment.window())
            .with_options(self.segment.options())
            .with_payload(payload_len)
    }

    /// Returns whether a device that cuts both from one packet makes the same two segments: `next` has the next bytes,
    /// and differs in nothing but PSH and FIN. All but the last have `size` bytes.
    fn is_followed_by(&self, next: &crate::Transmit, size: u16) -> bool {
        let (control, len) = (next.segment.control(), next.segment.payload_len());
        let seq = self.segment.seq() + u32::from(self.segment.payload_len());
        self.segment.control() == Control::ACK
            && self.segment.payload_len().is_multiple_of(size)
            && self.segment.payload_len().checked_add(len).is_some_and(|len| len <= LARGEST_BATCH)
            && (1..=size).contains(&len)
            && self.payload.end == next.payload.start
            && (Control::ACK | Control::PSH | Control::FIN).contains(control)
            && next.segment == self.alike(seq, control, len)
    }
}

/// Returns the length of a payload that is no longer than a packet.
fn payload_len(payload: &Range<usize>) -> u16 {
    u16::try_from(payload.len()).unwrap_or(u16::MAX)
}

impl Stream {
    /// Returns the next output: events, segments, and then [`Output::Wait`]. What has been returned is committed: a
    /// segment that the caller cannot send is a lost segment.
    pub fn poll(&mut self, now: Instant) -> Output<'_> {
        let segment = loop {
            if let Some(event) = self.poll_event(now) {
                return Output::Event(event);
            }
            match self.advance(now) {
                Step::Noted => {}
                Step::Transmit(segment) => break segment,
                Step::Wait => return Output::Wait(self.deadline()),
            }
        };
        Output::Transmit(self.fill(segment))
    }

    /// Returns the next event alone, for a caller whose user takes events at another time than the device takes
    /// segments. See [`poll`](Self::poll).
    pub fn poll_event(&mut self, now: Instant) -> Option<Event> {
        // A segment may establish the connection and bring bytes: first comes `Connected`.
        if self.connection.has_transition() {
            return None;
        }
        let event = self.next_event()?;
        let now = self.connection.clock(now);
        self.note(now, || LogEntry::Event(event));
        Some(event)
    }

    /// Returns the next segment alone. After `None`, [`deadline`](Self::deadline) holds. See [`poll`](Self::poll).
    pub fn poll_transmit(&mut self, now: Instant) -> Option<Transmit<'_>> {
        let segment = self.next_segment(now)?;
        Some(self.fill(segment))
    }

    /// Returns the next segment, without its payload. Until [`fill`](Self::fill) the stream must not change.
    pub(crate) fn next_segment(&mut self, now: Instant) -> Option<Dressed> {
        loop {
            match self.advance(now) {
                Step::Noted => {}
                Step::Transmit(segment) => return Some(segment),
                Step::Wait => return None,
            }
        }
    }

    /// Returns the next segment, and with it as many as may follow it: at most `most`, alike except for their numbers,
    /// with payloads of one size. The second value is this size, if there are several.
    pub(crate) fn next_segments(&mut self, most: usize, now: Instant) -> Option<(Dressed, Option<u16>)> {
        let mut batch = self.next_segment(now)?;
        let size = batch.segment.payload_len();
        let is_plain = batch.segment.control() == Control::ACK && size > 0 && batch.sack.is_empty();
        let mut count = 1;
        while is_plain && count < most && self.append_next(&mut batch, size, now) {
            count = count.saturating_add(1);
        }
        Some((batch, Some(size).filter(|_| count > 1)))
    }

    /// Appends the next segment to a batch, if it belongs there.
    fn append_next(&mut self, batch: &mut Dressed, size: u16, now: Instant) -> bool {
        let has_lost = self.sender.as_ref().is_none_or(|sender| sender.recovery.board.has_lost());
        let has_blocks = self.receiver.as_ref().is_some_and(|receiver| receiver.queue.block_count() > 0);
        if has_lost || has_blocks {
            return false;
        }
        let status = self.connection.status();
        // A segment that does not belong there stays with the connection.
        let mut connection = self.connection.clone();
        let crate::Output::Transmit(next) = connection.poll(now) else { return false };
        let is_new = next.payload.start as u64 >= u64::from(status.in_flight);
        let ecn = if status.ecn && is_new { Ecn::Ect0 } else { Ecn::NotEct };
        if ecn != batch.ecn || !batch.is_followed_by(&next, size) {
            return false;
        }
        self.connection = connection;
        let control = next.segment.control();
        let Dressed { payload, .. } = self.sent(next, is_new, now);
        batch.payload.end = payload.end;
        batch.segment = batch.alike(batch.segment.seq(), control, payload_len(&batch.payload));
        true
    }

    /// Adds the payload.
    pub(crate) fn fill(&self, dressed: Dressed) -> Transmit<'_> {
        let Dressed { segment, sack, ecn, payload } = dressed;
        Transmit { segment, sack, ecn, payload: self.slices(payload, segment.payload_len()) }
    }

    /// Takes the next output of the connection.
    fn advance(&mut self, now: Instant) -> Step {
        let now = self.connection.clock(now);
        self.request_lost();
        self.reserve_options();
        let in_flight = self.connection.status().in_flight;
        match self.connection.poll(now) {
            crate::Output::Transition(transition) => {
                self.note(now, || LogEntry::Transition(transition));
                self.note_transition(transition, now);
                Step::Noted
            }
            crate::Output::Signal(signal) => {
                self.take_signal(signal, now);
                Step::Noted
            }
            crate::Output::Transmit(transmit) => {
                let is_new = transmit.payload.start as u64 >= u64::from(in_flight);
                Step::Transmit(self.sent(transmit, is_new, now))
            }
            crate::Output::Wait(_) => {
                self.rest(now);
                Step::Wait
            }
        }
    }

    /// Takes the transitions and signals of the connection that are due.
    pub(super) fn take_news(&mut self, now: Instant) {
        let now = self.connection.clock(now);
        while self.connection.has_transition_or_signal() {
            let _ = self.advance(now);
        }
    }

    /// Returns the next event that is due.
    fn next_event(&mut self) -> Option<Event> {
        let due = self.pending;
        let (bit, event) = if due.intersects(Pending::CONNECTED) {
            (Pending::CONNECTED, Event::Connected)
        } else if due.intersects(Pending::READABLE) {
            (Pending::READABLE, Event::Readable)
        } else if due.intersects(Pending::WRITABLE) {
            (Pending::WRITABLE, Event::Writable)
        } else if due.intersects(Pending::END_OF_STREAM) {
            (Pending::END_OF_STREAM, Event::EndOfStream)
        } else if due.intersects(Pending::URGENT) {
            (Pending::URGENT, Event::Urgent)
        } else if let Some(error) = self.soft_error.take() {
            (Pending::empty(), Event::SoftError(error))
        } else if due.intersects(Pending::RETRANSMITTING) {
            (Pending::RETRANSMITTING, Event::Retransmitting)
        } else if due.intersects(Pending::ENDED) && self.connection.is_drained() {
            (Pending::ENDED, Event::Ended(self.end?))
        } else {
            return None;
        };
        self.pending.remove(bit);
        Some(event)
    }

    fn note_transition(&mut self, transition: Transition, now: Instant) {
        let is_opening = |state| matches!(state, State::SynSent | State::SynReceived);
        let Transition { from, to } = transition;
        if (from, to) == (State::SynReceived, State::Listen) {
            // The connection has dropped what was queued for this peer.
            self.begin_life();
        } else if to == State::Closed {
            self.pending |= Pending::ENDED;
            let end = if self.pending.intersects(Pending::ABORTED) { End::Aborted } else { End::Closed };
            self.end.get_or_insert(end);
            self.stop();
        } else if is_opening(from) && !is_opening(to) {
            if to == State::Established {
                self.pending |= Pending::CONNECTED;
            }
            if self.pending.intersects(Pending::SHUT) {
                let _ = self.connection.close(now);
            }
            // What was written before belongs to a sender that did not know the peer's MSS, nor that it sends SACK.
            if self.sender.is_some() {
                self.sender(now).recovery = self.new_recovery(now);
                self.update_limit();
            }
        }
    }

    fn take_signal(&mut self, signal: Signal, now: Instant) {
        match signal {
            Signal::Acknowledged(bytes) => self.drop_acknowledged(bytes),
            Signal::Closing => self.pending |= Pending::AT_END | Pending::END_OF_STREAM,
            Signal::Urgent => self.pending |= Pending::URGENT,
            Signal::Retransmitting => self.pending |= Pending::RETRANSMITTING,
            Signal::SoftError(error) => self.soft_error = Some(error),
            Signal::RetransmissionTimeout => {
                let srtt = self.connection.status().srtt;
                count(&mut self.rare().timeouts);
                self.note(now, || LogEntry::RetransmissionTimeout);
                if let Some(sender) = &mut self.sender {
                    sender.recovery.timed_out(srtt, now);
                    sender.requested = None;
                    self.connection.take_over_recovery();
                    self.update_limit();
                }
                self.suspect_black_hole(now);
            }
            Signal::CongestionExperienced => {
                if let Some(sender) = &mut self.sender
                    && sender.recovery.congestion_experienced(now)
                {
                    self.connection.congestion_window_reduced();
                    self.update_limit();
                }
            }
            Signal::Refused => self.end_with(End::Refused),
            Signal::Reset => self.end_with(End::Reset),
            Signal::TimedOut => self.end_with(End::TimedOut),
            Signal::Unreachable(error) => self.end_with(End::Unreachable(error)),
        }
    }

    fn end_with(&mut self, end: End) {
        self.end = Some(end);
        self.pending |= Pending::ENDED;
        if let Some(receiver) = &mut self.receiver {
            receiver.queue.drop_kept();
        }
    }

    fn drop_acknowledged(&mut self, bytes: usize) {
        self.acknowledged = self.acknowledged.saturating_add(bytes as u64);
        let Some(sender) = &mut self.sender else { return };
        let bytes = bytes.min(sender.queue.len());
        sender.queue.drain(..bytes);
        if core::mem::take(&mut sender.is_blocked) {
            self.pending |= Pending::WRITABLE;
        }
    }

    /// Asks the connection to send the next lost segment again, once.
    fn request_lost(&mut self) {
        if let Some(sender) = &self.sender
            && let Some(range) = sender.recovery.next_resend()
            && sender.requested != Some(range.start)
        {
            self.request(range);
        }
    }

    /// Asks the connection to send `range` again. It counts from SND.UNA, before [`Signal::Acknowledged`] has been
    /// told.
    pub(super) fn request(&mut self, range: Range<u64>) {
        let start = range.start.saturating_sub(self.una) as usize;
        let end = range.end.saturating_sub(self.una) as usize;
        if let Some(sender) = &mut self.sender {
            sender.requested = Some(range.start);
            let _ = self.connection.retransmit(start..end);
        }
    }

    /// Lets the connection send what the congestion window has room for.
    pub(super) fn update_limit(&mut self) {
        let Some(sender) = &mut self.sender else { return };
        let room = if sender.recovery.board.has_lost() { 0 } else { sender.recovery.room() };
        let limit = sender.recovery.board.in_flight().saturating_add(room);
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        if limit != sender.limit {
            sender.limit = limit;
            self.connection.limit(limit);
        }
    }

    /// Keeps room for the SACK blocks in segments with payload.
    pub(super) fn reserve_options(&mut self) {
        let blocks = self.receiver.as_ref().map_or(0, |receiver| receiver.queue.block_count());
        let bytes = if blocks == 0 { 0 } else { blocks.saturating_mul(8).saturating_add(4) };
        let bytes = u8::try_from(bytes.min(28)).unwrap_or(0);
        if bytes != self.reserved {
            self.reserved = bytes;
            self.connection.reserve_options(bytes);
        }
    }

    /// Notes that a segment goes out, and adds what the connection does not know: SACK blocks, the ECN codepoint.
    fn sent(&mut self, transmit: crate::Transmit, is_new: bool, now: Instant) -> Dressed {
        let crate::Transmit { segment, payload } = transmit;
        let status = self.connection.status();
        let has = |bit| segment.control().contains(bit);
        let mut sack = SackBlocks::default();
        self.counts.sent = self.counts.sent.saturating_add(1);
        self.note(now, || LogEntry::Sent(segment));
        let fin = u64::from(has(Control::FIN));
        let mut has_resent = false;
        if let Some(sender) = &mut self.sender {
            let start = self.acknowledged.saturating_add(payload.start as u64);
            let end = self.acknowledged.saturating_add(payload.end as u64).saturating_add(fin);
            if start < end && !has(Control::SYN) {
                // A FIN alone counts from behind the last byte.
                let start = if payload.is_empty() { end.saturating_sub(fin) } else { start };
                let stamp = segment.options().timestamps().map(|(value, _)| value);
                if sender.recovery.sent(start..end, stamp, now) {
                    has_resent = true;
                }
                sender.requested = None;
            }
        }
        if has_resent {
            count(&mut self.rare().retransmissions);
        }
        if let Some(receiver) = &mut self.receiver
            && status.sack_permitted
            && has(Control::ACK)
            && !has(Control::RST)
            && !has(Control::SYN)
            && let Some(nxt) = end_of_bytes(&status)
        {
            sack = receiver.queue.take_blocks(nxt);
            let used = segment.options().wire_len();
            let room = if payload.is_empty() { OPTIONS.saturating_sub(used) } else { self.reserved.into() };
            sack.truncate(room.saturating_sub(4) / 8);
        }
        self.update_limit();
        let is_ect = status.ecn && is_new && !payload.is_empty() && status.snd_wnd != Some(0);
        let ecn = if is_ect { Ecn::Ect0 } else { Ecn::NotEct };
        Dressed { segment, sack, ecn, payload }
    }

    /// Returns the bytes of `range` in the send queue.
    fn slices(&self, range: Range<usize>, len: u16) -> [&[u8]; 2] {
        if range.is_empty() {
            // The octet of a keep-alive probe is not in the queue.
            return [if len == 1 { GARBAGE } else { &[] }, &[]];
        }
        let Some(sender) = &self.sender else { return [&[], &[]] };
        let (front, back) = sender.queue.as_slices();
        let split = front.len();
        let in_front = front.get(range.start.min(split)..range.end.min(split)).unwrap_or_default();
        let in_back = back.get(range.start.saturating_sub(split)..range.end.saturating_sub(split)).unwrap_or_default();
        [in_front, in_back]
    }

    /// Nothing is left to send: sets the timers.
    fn rest(&mut self, now: Instant) {
        let status = self.connection.status();
        if let Some(sender) = &mut self.sender {
            let recovery = &mut sender.recovery;
            let is_waiting = status.unsent > 0 || recovery.board.has_lost();
            if is_waiting && recovery.room() < u64::from(status.peer_mss.unwrap_or(0)) {
                recovery.note_limited();
            }
            recovery.rearm(status.srtt, status.timer, now);
        }
        self.note_idle(&status, now);
    }
}
