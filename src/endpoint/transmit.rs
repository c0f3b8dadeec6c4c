//! Segments out: the answers to segments of nobody first, then each stream in its turn.

use core::hash::BuildHasher;
use core::net::SocketAddr;

use super::handle::{Handle, ListenerId};
use super::host::{Endpoint, Owner};
use crate::{Ecn, Instant, SackBlocks, Segment, State};

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
        if let Some((pair, segment)) = self.answers.pop_front() {
            let (local, remote) = (pair.local(), pair.remote());
            let (sack, ecn, payload) = (SackBlocks::NONE, Ecn::NotEct, [&[][..]; 2]);
            return Some(Transmit { local, remote, segment, sack, ecn, payload });
        }
        let (number, dressed) = loop {
            let number = self.ready.pop_front()?;
            let Some(slot) = self.slots.get_mut(number) else { continue };
            if let Some(dressed) = slot.stream.next_segment(now) {
                self.ready.push_back(number);
                break (number, dressed);
            }
            slot.is_ready = false;
            self.rest(number);
        };
        let slot = self.slots.get(number)?;
        let crate::stream::Transmit { segment, sack, ecn, payload } = slot.stream.fill(dressed);
        Some(Transmit { local: slot.pair.local(), remote: slot.pair.remote(), segment, sack, ecn, payload })
    }

    /// A stream has nothing more to send for now. Files its deadline, tells of its events, and moves it to where its
    /// state belongs.
    fn rest(&mut self, number: u32) {
        let Some(slot) = self.slots.get_mut(number) else { return };
        slot.filed = self.deadlines.file(number, slot.filed, slot.stream.deadline());
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
