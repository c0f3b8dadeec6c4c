//! The users of two ends, as a callback: for tests of a protocol over TCP.

use std::vec::Vec;

use super::Pair;
use crate::sim::Side;
use crate::sim::violation::Violation;
use crate::{Signal, State};

/// An event at one end that its user learns of; see [`Pair::drive_with`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UserEvent {
    /// The connection is open: the handshake is done.
    Connected(Side),
    /// These bytes were delivered. They have been read, unless the user has [stopped reading](Pair::stop_reading).
    Received(Side, Vec<u8>),
    /// The peer has closed, and has sent everything before that. The user may still send.
    PeerClosed(Side),
    /// The end is in CLOSED: by this signal, or `None` after a CLOSE at both ends, or by a call of the user.
    Ended(Side, Option<Signal>),
}

impl Pair {
    /// Drives the ends until nothing is in flight and no timer runs, as [`drive`](Self::drive) does. Calls `user` for
    /// every event that a user learns of, which may then send, close, or make any other call.
    ///
    /// ```
    /// use tcp_lifecycle::sim::{Network, Pair, Side, UserEvent};
    /// use tcp_lifecycle::{Config, Open};
    ///
    /// // A asks, B answers in capitals and closes, and A closes then.
    /// let mut pair = Pair::new(&Config::DEFAULT, &Config::DEFAULT, Network::faulty(7));
    /// pair.open(Side::B, Open::Passive)?;
    /// pair.open(Side::A, Open::Active)?;
    /// let mut answer = Vec::new();
    /// pair.drive_with(|pair, event| match event {
    ///     UserEvent::Connected(Side::A) => pair.send(Side::A, b"hello").unwrap(),
    ///     UserEvent::Received(Side::B, bytes) => {
    ///         pair.send(Side::B, &bytes.to_ascii_uppercase()).unwrap();
    ///         pair.close(Side::B).unwrap();
    ///     }
    ///     UserEvent::Received(Side::A, bytes) => answer.extend(bytes),
    ///     UserEvent::PeerClosed(Side::A) => pair.close(Side::A).unwrap(),
    ///     _ => {}
    /// })?;
    /// assert_eq!(answer, b"HELLO");
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    ///
    /// Events of one end come in the order of the variants of [`UserEvent`]. An event that happened before, such as the
    /// end of a [`handshake`](Self::handshake), is told at the beginning. No event is told twice. Bytes that are
    /// delivered together come as one event; as always with TCP, they need not be the bytes of one SEND.
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`drive`](Self::drive).
    pub fn drive_with(&mut self, mut user: impl FnMut(&mut Pair, UserEvent)) -> Result<(), Violation> {
        self.drive_on(
            |pair| {
                pair.tell_users(&mut user);
                true
            },
            Pair::progress,
        )
    }

    /// Tells the users everything that is new. A call of a user may have further events as its consequence.
    fn tell_users(&mut self, user: &mut impl FnMut(&mut Pair, UserEvent)) {
        while let Some(event) = Side::BOTH.into_iter().find_map(|side| self.news(side)) {
            user(self, event);
        }
    }

    /// Returns the next event of an end that its user does not know.
    fn news(&mut self, side: Side) -> Option<UserEvent> {
        let state = self.state(side);
        let end = self.end_mut(side);
        let told = &mut end.told;
        let is_open = !matches!(state, State::Closed | State::Listen | State::SynSent | State::SynReceived);
        if is_open && !told.connected {
            (told.connected, told.open) = (true, true);
            return Some(UserEvent::Connected(side));
        }
        let new = end.received.get(told.received..).unwrap_or_default();
        if !new.is_empty() {
            told.received = end.received.len();
            return Some(UserEvent::Received(side, new.to_vec()));
        }
        while let Some(signal) = end.signals.get(told.signals) {
            told.signals = told.signals.saturating_add(1);
            if *signal == Signal::Closing {
                return Some(UserEvent::PeerClosed(side));
            }
            if signal.is_end() {
                (told.open, told.connected) = (false, false);
                return Some(UserEvent::Ended(side, Some(*signal)));
            }
        }
        if state == State::Closed && told.open {
            (told.open, told.connected) = (false, false);
            return Some(UserEvent::Ended(side, None));
        }
        told.open |= state != State::Closed;
        None
    }
}
