//! The calls of the user.

use core::hash::BuildHasher;
use core::net::{IpAddr, SocketAddr};
use core::time::Duration;

use super::handle::{Handle, ListenerId};
use super::host::{Endpoint, Owner};
use super::incoming::{Incoming, Stage};
use super::listeners::{Accept, ListenAddr, ListenError};
use super::pair::Pair;
use crate::listener::{Arrival, Listener};
use crate::stream::{Stream, StreamConfig};
use crate::{Connection, Instant, Open, State};

/// Why there is no connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ConnectError {
    /// There is a connection from this socket to that.
    #[error("address in use")]
    AddressInUse,
    /// All ephemeral ports to that socket are in use.
    #[error("no ephemeral port is left")]
    NoPort,
    /// There are as many streams as there may be.
    #[error("too many streams")]
    TooManyStreams,
    /// The addresses are not of one version of IP, or not those of one host.
    #[error("no address of a host")]
    NotAHost,
}

/// Connections.
impl<S: BuildHasher + Clone> Endpoint<S> {
    /// Opens a connection from `local` to `remote` (RFC 9293 section 3.9.1.1, MUST-43, MUST-45, MUST-46). With port 0,
    /// an ephemeral port is chosen (RFC 6056).
    ///
    /// # Errors
    ///
    /// [`ConnectError`].
    pub fn connect(
        &mut self,
        local: SocketAddr,
        remote: SocketAddr,
        config: &StreamConfig,
        now: Instant,
    ) -> Result<Handle, ConnectError> {
        if local.is_ipv4() != remote.is_ipv4() || !is_host(local.ip()) || !is_host(remote.ip()) || remote.port() == 0 {
            return Err(ConnectError::NotAHost);
        }
        if self.slots.len() >= self.config.max_streams {
            return Err(ConnectError::TooManyStreams);
        }
        let local = SocketAddr::new(local.ip(), self.port_for(local, remote)?);
        let pair = Pair::new(local, remote);
        let isn_offset = self.isn.offset(local, remote);
        let mut connection = Connection::with_policy(config.policy(), isn_offset);
        connection.set_timestamp_offset(self.isn.timestamp_offset(local, remote));
        if let Some(number) = self.time_waits.find(&pair, &self.key) {
            // The numbers of the new life lie right of those of the old (RFC 9293 section 3.4.3).
            if let Some(last) = self.time_waits.get(number) {
                connection.set_isn_offset(last.next_isn_offset(isn_offset, now));
            }
            self.time_waits.remove(number, &self.key);
        }
        let mut stream = Stream::with_connection(connection, config);
        // A new connection is in CLOSED.
        let _ = stream.open(Open::Active, now);
        Ok(self.insert(pair, stream, Owner::User))
    }

    fn port_for(&mut self, local: SocketAddr, remote: SocketAddr) -> Result<u16, ConnectError> {
        let pair = |port| Pair::new(SocketAddr::new(local.ip(), port), remote);
        let (index, slots, time_waits, key) = (&self.index, &self.slots, &self.time_waits, &self.key);
        let is_unused = |port: u16| index.find(&pair(port), key, slots).is_none();
        if local.port() != 0 {
            return if is_unused(local.port()) { Ok(local.port()) } else { Err(ConnectError::AddressInUse) };
        }
        let is_free = |port: u16| is_unused(port) && time_waits.find(&pair(port), key).is_none();
        self.ports
            .choose(local.ip(), remote, key, is_free)
            // Better one in TIME-WAIT than none (RFC 6191).
            .or_else(|| self.ports.choose(local.ip(), remote, key, is_unused))
            .ok_or(ConnectError::NoPort)
    }

    /// Returns a stream, to look at it; `None` if it has left.
    #[must_use]
    pub fn stream(&self, handle: Handle) -> Option<&Stream> {
        self.slot(handle).map(|slot| &slot.stream)
    }

    /// Returns a stream, to call it. This is an event of the stream: poll after it. A stream that has ended is not
    /// opened again: its sockets are free for others. [`connect`](Self::connect) makes a new one.
    pub fn stream_mut(&mut self, handle: Handle) -> Option<&mut Stream> {
        self.slot(handle)?;
        self.note_work(handle.number());
        self.slot_mut(handle).map(|slot| &mut slot.stream)
    }

    /// Returns our socket and the peer's; `None` if the stream has left.
    #[must_use]
    pub fn sockets(&self, handle: Handle) -> Option<(SocketAddr, SocketAddr)> {
        self.slot(handle).map(|slot| (slot.pair.local(), slot.pair.remote()))
    }

    /// The user is done with a stream: [`Stream::detach`]. The stream leaves by itself when its connection has ended.
    /// That may take as long as the timeouts of its policies; see [`release_within`](Self::release_within).
    pub fn release(&mut self, handle: Handle, now: Instant) {
        if let Some(slot) = self.slot_mut(handle) {
            slot.owner = Owner::Nobody;
            slot.stream.detach(now);
            self.note_work(handle.number());
        }
    }

    /// Releases a stream, and aborts its connection if it has not ended after `linger`, at once with zero: `SO_LINGER`
    /// of a socket.
    pub fn release_within(&mut self, handle: Handle, linger: Duration, now: Instant) {
        let Some(slot) = self.slot_mut(handle) else { return };
        if linger.is_zero() {
            slot.stream.abort();
        } else {
            self.lingering.insert(handle.number(), now + linger);
        }
        self.release(handle, now);
    }
}

/// Listeners.
impl<S: BuildHasher + Clone> Endpoint<S> {
    /// Listens, beside the connections of the same port (RFC 9293 section 3.9.1.1, MUST-41, MUST-42). At most `backlog`
    /// connections are in their handshake or wait to be accepted. With more, a SYN is
    /// answered with a cookie (RFC 4987), or dropped under [`Accept::Syn`].
    ///
    /// # Errors
    ///
    /// [`ListenError`].
    pub fn listen(
        &mut self,
        address: ListenAddr,
        config: &StreamConfig,
        accept: Accept,
        backlog: usize,
    ) -> Result<ListenerId, ListenError> {
        let machine = Listener::with_policy(config.policy(), self.isn.clone());
        self.listeners.insert(address, machine, *config, accept, backlog)
    }

    /// Ends a listener. Connections that nobody has accepted are reset.
    pub fn unlisten(&mut self, listener: ListenerId) {
        for incoming in self.listeners.remove(listener) {
            self.refuse(incoming);
        }
    }

    /// Returns the next connection that waits at a listener, after [`EndpointEvent::Incoming`](super::EndpointEvent).
    pub fn accept(&mut self, listener: ListenerId) -> Option<Incoming> {
        self.listeners.get_mut(listener)?.queue.pop_front()
    }

    /// Takes a connection. `None` if it has ended in the meantime, if its SYN came twice and the user has taken it
    /// already, or if there are too many streams.
    pub fn admit(&mut self, incoming: Incoming, now: Instant) -> Option<Handle> {
        match incoming.stage {
            Stage::Established(handle) => {
                let slot = self.slot_mut(handle)?;
                slot.owner = Owner::User;
                self.note_events(handle.number());
                self.note_work(handle.number());
                Some(handle)
            }
            Stage::Syn(syn, _) => {
                // The peer has repeated its SYN, and another `Incoming` of it was admitted.
                let is_known = self.index.find(&incoming.pair, &self.key, &self.slots).is_some();
                if is_known || self.slots.len() >= self.config.max_streams {
                    return None;
                }
                let offset = self.reopens(incoming.pair, &syn, now);
                let listening = self.listeners.get_mut(incoming.listener)?;
                let (local, remote) = (incoming.local(), incoming.remote());
                let Arrival::Syn(syn) = listening.machine.segment_arrives(&syn, local, remote, now) else {
                    return None;
                };
                let connection = offset.map_or_else(|| syn.accept(), |offset| syn.accept_with(offset));
                let stream = Stream::with_connection(connection, &listening.config);
                Some(self.insert(incoming.pair, stream, Owner::User))
            }
        }
    }

    /// Refuses a connection, with a reset.
    pub fn refuse(&mut self, incoming: Incoming) {
        match incoming.stage {
            Stage::Established(handle) => {
                if let Some(slot) = self.slot_mut(handle) {
                    slot.owner = Owner::Nobody;
                    slot.stream.abort();
                    self.note_work(handle.number());
                }
            }
            Stage::Syn(syn, _) => {
                if let Some(reset) = syn.reset() {
                    self.answer(incoming.pair, reset);
                }
            }
        }
    }

    /// Drops a connection in silence.
    pub fn ignore(&mut self, incoming: Incoming) {
        if let Stage::Established(handle) = incoming.stage
            && self.slot(handle).is_some()
        {
            self.remove(handle.number());
        }
    }
}

/// Returns whether the address may be that of one host (RFC 9293 section 3.9.2.3).
fn is_host(address: IpAddr) -> bool {
    let is_broadcast = matches!(address, IpAddr::V4(address) if address.is_broadcast());
    !(address.is_multicast() || address.is_unspecified() || is_broadcast)
}

impl<S> Endpoint<S> {
    /// Returns the state of a stream; CLOSED if it has left.
    #[must_use]
    pub fn state(&self, handle: Handle) -> State {
        let slot = self.slots.get(handle.number()).filter(|slot| slot.life == handle.life());
        slot.map_or(State::Closed, |slot| slot.stream.state())
    }
}
