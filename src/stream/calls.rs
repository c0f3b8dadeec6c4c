//! The calls of the user.

use core::time::Duration;

use super::life::Stream;
use super::output::{End, Pending};
use crate::{CallError, Instant, Open, State, Status};

/// Why bytes cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum WriteError {
    /// The stream has not been opened.
    #[error("not connected")]
    NotConnected,
    /// The user has shut the stream down.
    #[error("the stream is shut down")]
    ShutDown,
    /// The connection has ended.
    #[error("the connection has ended: {0}")]
    Ended(End),
}

/// Why no bytes can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ReadError {
    /// No bytes have arrived yet: read again after [`Event::Readable`](super::Event::Readable).
    #[error("no bytes yet")]
    Blocked,
    /// The connection has ended before the end of the stream.
    #[error("the connection has ended: {0}")]
    Ended(End),
}

/// The calls of the user.
impl Stream {
    /// OPEN, RFC 9293 section 3.10.1. A stream that has ended can be opened again, once
    /// [`Event::Ended`](super::Event::Ended) has been told. Then nothing is left of its former life: what was not read
    /// is lost, and the counters begin at zero.
    ///
    /// # Errors
    ///
    /// Those of [`Connection::open`](crate::Connection::open).
    pub fn open(&mut self, open: Open, now: Instant) -> Result<(), CallError> {
        let begins = self.state() == State::Closed;
        if begins && self.pending.intersects(Pending::ENDED) {
            return Err(CallError::ConnectionAlreadyExists);
        }
        self.connection.open(open, now)?;
        if begins {
            self.begin_life();
        }
        Ok(())
    }

    /// Puts bytes into the send queue. Returns how many: fewer than given, or none, if the queue is full. Then
    /// [`Event::Writable`](super::Event::Writable) tells when there is room again.
    ///
    /// # Errors
    ///
    /// [`WriteError`].
    pub fn write(&mut self, bytes: &[u8], now: Instant) -> Result<usize, WriteError> {
        if let Some(end) = self.end {
            return Err(WriteError::Ended(end));
        }
        if self.pending.intersects(Pending::SHUT) {
            return Err(WriteError::ShutDown);
        }
        if self.state() == State::Closed && self.pending.intersects(Pending::ABORTED) {
            return Err(WriteError::Ended(End::Aborted));
        }
        if matches!(self.state(), State::Closed | State::Listen) {
            return Err(WriteError::NotConnected);
        }
        let now = self.connection.clock(now);
        let room = (self.send_buffer as usize).saturating_sub(self.queued());
        let (taken, rest) = bytes.split_at_checked(room).unwrap_or((bytes, &[]));
        self.sender(now).is_blocked |= !rest.is_empty();
        if taken.is_empty() || self.connection.send(taken.len(), now).is_err() {
            return Ok(0);
        }
        self.written = self.written.saturating_add(taken.len() as u64);
        let rto = self.connection.status().rto.unwrap_or(Duration::MAX);
        let sender = self.sender(now);
        sender.queue.extend(taken);
        sender.recovery.restart_after_idle(rto, now);
        self.update_limit();
        Ok(taken.len())
    }

    /// Returns the bytes that wait to be sent or acknowledged, in up to two parts.
    #[must_use]
    pub fn unacknowledged(&self) -> (&[u8], &[u8]) {
        self.sender.as_ref().map_or((&[], &[]), |sender| sender.queue.as_slices())
    }

    /// Returns how many bytes wait to be sent or acknowledged. A user that writes less than fits, by a bound of its
    /// own, gets no [`Event::Writable`](super::Event::Writable): that comes after [`write`](Self::write) has taken less
    /// than it was given.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.sender.as_ref().map_or(0, |sender| sender.queue.len())
    }

    /// Copies bytes that have arrived into `into`, and takes them out of the receive queue. Returns how many; zero is
    /// the end of the stream.
    ///
    /// # Errors
    ///
    /// [`ReadError`].
    pub fn read(&mut self, into: &mut [u8]) -> Result<usize, ReadError> {
        let (front, back) = self.readable();
        let (first, second) = into.split_at_mut(front.len().min(into.len()));
        let (from_front, from_back) = (front.get(..first.len()), back.get(..second.len().min(back.len())));
        let mut read = 0_usize;
        if let Some(bytes) = from_front {
            first.copy_from_slice(bytes);
            read = bytes.len();
        }
        if let Some(bytes) = from_back
            && let Some(second) = second.get_mut(..bytes.len())
        {
            second.copy_from_slice(bytes);
            read = read.saturating_add(bytes.len());
        }
        if read > 0 || into.is_empty() {
            self.consume(read);
            return Ok(read);
        }
        match self.end {
            _ if self.pending.intersects(Pending::AT_END) => Ok(0),
            Some(End::Closed) => Ok(0),
            Some(end) => Err(ReadError::Ended(end)),
            None => Err(ReadError::Blocked),
        }
    }

    /// Returns the bytes that can be read, in up to two parts, without taking them.
    #[must_use]
    pub fn readable(&self) -> (&[u8], &[u8]) {
        self.receiver.as_ref().map_or((&[], &[]), |receiver| receiver.queue.slices())
    }

    /// Takes `bytes` bytes out of the receive queue, at most those that can be read.
    pub fn consume(&mut self, bytes: usize) {
        if let Some(receiver) = &mut self.receiver {
            let bytes = bytes.min(receiver.queue.readable());
            receiver.queue.consume(bytes);
            self.sizing.add(bytes);
            // In CLOSED there is no window to open.
            let _ = self.connection.receive(bytes);
        }
    }

    /// CLOSE, RFC 9293 section 3.10.4: a half-close. What is queued goes out, then a FIN; bytes may still arrive. The
    /// second time, and after the end, it does nothing. In SYN-SENT it waits until the connection is established, where
    /// CLOSE would delete the connection.
    pub fn shutdown(&mut self, now: Instant) {
        if self.state() == State::SynSent {
            self.pending |= Pending::SHUT;
            return;
        }
        let before = self.connection.status();
        if self.connection.close(now).is_ok() {
            self.note_shut(&before);
        }
    }

    /// Returns whether the user has called [`shutdown`](Self::shutdown) or [`detach`](Self::detach).
    #[must_use]
    pub fn is_shut_down(&self) -> bool {
        self.pending.intersects(Pending::SHUT)
    }

    /// The user is gone: [`Connection::detach`](crate::Connection::detach). The second time, and after the end, it does
    /// nothing. If bytes are unread, it is [`abort`](Self::abort).
    pub fn detach(&mut self, now: Instant) {
        let before = self.connection.status();
        if self.connection.detach(now).is_ok() {
            self.note_shut(&before);
        }
    }

    fn note_shut(&mut self, before: &Status) {
        self.pending |= Pending::SHUT;
        // Unread bytes are lost.
        if self.state() == State::Closed && before.unread > 0 {
            self.pending |= Pending::ABORTED;
        }
    }

    /// ABORT, RFC 9293 section 3.10.5. After the end it does nothing.
    pub fn abort(&mut self) {
        if self.connection.abort().is_ok() {
            self.pending |= Pending::ABORTED;
        }
    }

    /// Carries out the timeouts whose time has come. Before the deadline it does nothing.
    pub fn timeout(&mut self, now: Instant) {
        let now = self.connection.clock(now);
        let status = self.connection.status();
        if let Some(sender) = &mut self.sender {
            if let Some(probe) = sender.recovery.timeout(status.unsent > 0, status.srtt, now) {
                // RFC 8985 section 7.3: the probe goes in place of a timeout.
                self.connection.restart_retransmission_timer(now);
                if !probe.is_empty() {
                    self.request(probe);
                }
            }
            self.update_limit();
        }
        self.connection.timeout(now);
        self.drop_idle(now);
    }
}
