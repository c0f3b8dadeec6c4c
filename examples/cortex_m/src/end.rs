//! One end: a connection, the bytes of its user, and the user.

use cortex_m_semihosting::hprintln;
use tcp_lifecycle::{Connection, Instant, Open, Output, Signal, TimeWait};

use crate::CONFIG;
use crate::link::{Link, Packet, Side, millis};

/// The size of the send queue, in bytes.
const SEND_QUEUE: usize = 96;
/// The most bytes that an end receives.
const RECEIVED: usize = 320;

/// A connection, and in TIME-WAIT its 32 bytes.
enum Life {
    Connection(Connection),
    TimeWait(TimeWait),
}

pub(crate) struct End {
    side: Side,
    life: Life,
    /// The bytes that the peer has not acknowledged yet, from the front.
    queue: [u8; SEND_QUEUE],
    queued: usize,
    received: [u8; RECEIVED],
    count: usize,
    /// What the user has still to write.
    text: &'static [u8],
    /// The user may write: the client at once, the server after the end of the question.
    may_write: bool,
    has_closed: bool,
}

impl End {
    pub(crate) const fn new(side: Side, connection: Connection, text: &'static [u8]) -> End {
        End {
            side,
            life: Life::Connection(connection),
            queue: [0; SEND_QUEUE],
            queued: 0,
            received: [0; RECEIVED],
            count: 0,
            text,
            may_write: false,
            has_closed: false,
        }
    }

    pub(crate) const fn side(&self) -> Side {
        self.side
    }

    pub(crate) fn received(&self) -> &[u8] {
        self.received.get(..self.count).unwrap_or_default()
    }

    pub(crate) fn open(&mut self, open: Open, now: Instant) {
        self.may_write = open == Open::Active;
        if let Life::Connection(connection) = &mut self.life
            && let Err(error) = connection.open(open, now)
        {
            hprintln!("{}: {}", self.side, error);
        }
    }

    /// A segment arrives: the new part of its payload goes to the user.
    pub(crate) fn segment_arrives(&mut self, packet: &Packet, now: Instant) {
        let taken = match &mut self.life {
            Life::Connection(connection) => connection.segment_arrives(&packet.segment, now),
            Life::TimeWait(time_wait) => time_wait.segment_arrives(&packet.segment, now, &CONFIG),
        };
        let new = match taken {
            Ok(range) => packet.payload().get(range).unwrap_or_default(),
            Err(refusal) => return hprintln!("{:>9}  {}  refuses: {}", millis(now), self.side, refusal),
        };
        let Some(room) = self.received.get_mut(self.count..self.count + new.len()) else { return };
        room.copy_from_slice(new);
        self.count += new.len();
        // The user has consumed them, so the window opens again.
        if let Life::Connection(connection) = &mut self.life {
            let _ = connection.receive(new.len());
        }
    }

    pub(crate) fn timeout(&mut self, now: Instant) {
        match &mut self.life {
            Life::Connection(connection) => connection.timeout(now),
            Life::TimeWait(time_wait) => time_wait.timeout(now, &CONFIG),
        }
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        match &self.life {
            Life::Connection(connection) => connection.deadline(),
            Life::TimeWait(time_wait) => time_wait.deadline(&CONFIG),
        }
    }

    /// Carries out what an event has made due: outputs, and what the user does upon them.
    pub(crate) fn act(&mut self, now: Instant, link: &mut Link) {
        self.write(now);
        self.drain(now, link);
        // An acknowledgment makes room in the queue, the peer's FIN begins the answer.
        while self.write(now) {
            self.drain(now, link);
        }
        if let Life::Connection(connection) = &self.life
            && let Some(time_wait) = connection.time_wait()
        {
            hprintln!("{:>9}  {}  keeps {} bytes in TIME-WAIT", millis(now), self.side, size_of_val(&time_wait));
            self.life = Life::TimeWait(time_wait);
        }
    }

    /// The user writes what has room in the queue, and closes behind the last byte. Returns whether it has done
    /// anything.
    fn write(&mut self, now: Instant) -> bool {
        let Life::Connection(connection) = &mut self.life else { return false };
        if !self.may_write || self.has_closed {
            return false;
        }
        let bytes = self.text.len().min(SEND_QUEUE - self.queued);
        let (part, rest) = self.text.split_at(bytes);
        let Some(room) = self.queue.get_mut(self.queued..self.queued + bytes) else { return false };
        if bytes > 0 && connection.send(bytes, now).is_err() {
            return false;
        }
        room.copy_from_slice(part);
        self.queued += bytes;
        self.text = rest;
        self.has_closed = rest.is_empty() && connection.close(now).is_ok();
        bytes > 0 || self.has_closed
    }

    /// Polls until `Wait`.
    fn drain(&mut self, now: Instant, link: &mut Link) {
        loop {
            let output = match &mut self.life {
                Life::Connection(connection) => connection.poll(now),
                Life::TimeWait(time_wait) => time_wait.poll(now, &CONFIG),
            };
            match output {
                Output::Transition(transition) => hprintln!("{:>9}  {}  {}", millis(now), self.side, transition),
                Output::Signal(Signal::Acknowledged(bytes)) => {
                    self.queue.copy_within(bytes.min(self.queued)..self.queued, 0);
                    self.queued = self.queued.saturating_sub(bytes);
                }
                Output::Signal(Signal::Closing) => self.may_write = true,
                Output::Signal(signal) => hprintln!("{:>9}  {}  {:?}", millis(now), self.side, signal),
                Output::Transmit(transmit) => {
                    let payload = self.queue.get(transmit.payload).unwrap_or_default();
                    link.transmit(self.side, transmit.segment, payload, now);
                }
                Output::Wait(_) => return,
            }
        }
    }
}
