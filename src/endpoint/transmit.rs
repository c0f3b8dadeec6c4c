//! Segments out: the answers to segments of nobody first, then each stream in its turn.

use core::hash::BuildHasher;
use core::net::SocketAddr;
use core::ops::Range;

use super::handle::{Handle, ListenerId};
use super::host::{Endpoint, Owner};
use crate::{Control, Ecn, Instant, SackBlocks, Segment, State};

/// A segment to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transmit<'a> {
    /// Our socket.
    pub local: SocketAddr,
    /// The peer's.
    pub remote: SocketAddr,
    /// The header.
    pub segment: Segment,
    /// The SACK blocks, to be added to the options of the segment. There is room for them.
    pub sack: SackBlocks,
    /// The ECN codepoint of the packet.
    pub ecn: Ecn,
    /// The payload, in two parts.
    pub payload: [&'a [u8]; 2],
    /// `Some` if these are several segments: the device cuts the payload into pieces of this many bytes; the last may
    /// be shorter. PSH and FIN belong to the last. See [`Endpoint::poll_transmit_batch`].
    pub segment_size: Option<u16>,
}

impl<'a> Transmit<'a> {
    /// Returns the segments one by one, for a device that does not cut.
    pub fn segments(&self) -> impl Iterator<Item = Transmit<'a>> + use<'a> {
        let whole = self.clone();
        let len = usize::from(whole.segment.payload_len());
        let size = whole.segment_size.map_or(len, usize::from).max(1);
        (0..len.div_ceil(size).max(1)).map(move |index| {
            let start = index.saturating_mul(size);
            if len <= size { whole.clone() } else { whole.piece(start..start.saturating_add(size).min(len)) }
        })
    }

    /// Returns the segment with the bytes of `range`.
    fn piece(&self, range: Range<usize>) -> Transmit<'a> {
        let whole = &self.segment;
        let is_last = range.end == usize::from(whole.payload_len());
        let of_last = if is_last { Control::empty() } else { Control::PSH | Control::FIN };
        let start = u32::try_from(range.start).unwrap_or(u32::MAX);
        let segment =
            Segment::new(whole.seq() + start, whole.ack().unwrap_or(whole.seq()), whole.control().difference(of_last))
                .with_window(whole.window())
                .with_options(whole.options())
                .with_payload(u16::try_from(range.len()).unwrap_or(u16::MAX));
        let [front, back] = self.payload;
        let cut = |bytes: &'a [u8], before: usize| {
            let place = |position: usize| position.saturating_sub(before).min(bytes.len());
            bytes.get(place(range.start)..place(range.end)).unwrap_or_default()
        };
        Transmit { segment, payload: [cut(front, 0), cut(back, front.len())], segment_size: None, ..self.clone() }
    }
}

#[cfg(feature = "wire")]
impl Transmit<'_> {
    /// Writes the packet; see [`Header::emit`](crate::wire::Header::emit).
    ///
    /// # Errors
    ///
    /// Those of [`Header::emit`](crate::wire::Header::emit).
    pub fn emit(&self, checksums: crate::wire::Checksums, buffer: &mut [u8]) -> Result<usize, crate::wire::EmitError> {
        let header = crate::wire::Header::new(self.local, self.remote, self.segment);
        let header = crate::wire::Header { sack: self.sack, ecn: self.ecn, ..header };
        header.emit(self.payload, checksums, buffer)
    }
}

impl<S: BuildHasher + Clone> Endpoint<S> {
    /// Returns the next segment to be sent: one of each stream in turn. A caller whose device is full does not call it,
    /// and nothing is lost. After `None`, [`deadline`](Self::deadline) holds.
    pub fn poll_transmit(&mut self, now: Instant) -> Option<Transmit<'_>> {
        self.poll_transmit_batch(1, now)
    }

    /// Returns the next segments of one stream: at most `most`, those that a device can cut from one packet
    /// (segmentation offload). In all else it is [`poll_transmit`](Self::poll_transmit).
    pub fn poll_transmit_batch(&mut self, most: usize, now: Instant) -> Option<Transmit<'_>> {
        if let Some((pair, segment)) = self.answers.pop_front() {
            let (local, remote) = (pair.local(), pair.remote());
            let (sack, ecn, payload) = (SackBlocks::NONE, Ecn::NotEct, [&[][..]; 2]);
            return Some(Transmit { local, remote, segment, sack, ecn, payload, segment_size: None });
        }
        let (number, (dressed, segment_size)) = loop {
            let number = self.ready.pop_front()?;
            let Some(slot) = self.slots.get_mut(number) else { continue };
            if let Some(segments) = slot.stream.next_segments(most, now) {
                self.ready.push_back(number);
                break (number, segments);
            }
            slot.is_ready = false;
            self.rest(number);
        };
        let slot = self.slots.get(number)?;
        let crate::stream::Transmit { segment, sack, ecn, payload } = slot.stream.fill(dressed);
        let (local, remote) = (slot.pair.local(), slot.pair.remote());
        Some(Transmit { local, remote, segment, sack, ecn, payload, segment_size })
    }

    /// A stream has nothing more to send for now. Files its deadline, tells of its events, and moves it to where its
    /// state belongs.
    fn rest(&mut self, number: u32) {
        let Some(slot) = self.slots.get_mut(number) else { return };
        let deadline = slot.stream.deadline().into_iter().chain(self.lingering.get(&number).copied()).min();
        slot.filed = self.deadlines.file(number, slot.filed, deadline);
        let state = slot.stream.state();
        match (slot.owner, state) {
            (Owner::Handshake(listener), State::Closed) => {
                self.listeners.handshake_ended(listener);
                return self.remove(number);
            }
            (Owner::Handshake(_), State::Listen | State::SynSent | State::SynReceived) => {}
            (Owner::Handshake(listener), _) => {
                self.listeners.handshake_ended(listener);
                self.offer(listener, number);
            }
            (Owner::Nobody, State::Closed) => return self.remove(number),
            // Its sockets are free: a new connection may have them before the user has left this one.
            (Owner::Backlog(_) | Owner::User, State::Closed) => self.index.remove(number, &self.key, &self.slots),
            (Owner::Backlog(_) | Owner::User | Owner::Nobody, _) => {}
        }
        if state == State::TimeWait {
            self.enter_time_wait(number);
        }
        self.note_events(number);
    }

    /// The handshake of a listener is done: the stream waits to be accepted. If the listener is gone, it is reset.
    fn offer(&mut self, listener: ListenerId, number: u32) {
        let Some(slot) = self.slots.get_mut(number) else { return };
        if self.listeners.offer(listener, Handle::new(number, slot.life), slot.pair) {
            slot.owner = Owner::Backlog(listener);
            self.incoming.push_back(listener);
        } else {
            slot.owner = Owner::Nobody;
            slot.stream.abort();
            self.note_work(number);
        }
    }

    /// Reduces a connection in TIME-WAIT to 32 bytes. Its stream stays until the user has left.
    fn enter_time_wait(&mut self, number: u32) {
        let Some(slot) = self.slots.get_mut(number) else { return };
        let Some(time_wait) = slot.stream.take_time_wait() else { return };
        let (pair, is_left) = (slot.pair, slot.owner == Owner::Nobody);
        slot.filed = self.deadlines.file(number, slot.filed, None);
        self.index.remove(number, &self.key, &self.slots);
        self.time_waits.insert(pair, time_wait, &self.key);
        if is_left {
            self.remove(number);
        }
    }
}
