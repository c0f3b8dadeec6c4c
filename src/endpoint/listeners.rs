//! Listeners: where they listen, and the connections that wait to be accepted.

use alloc::collections::{BTreeMap, VecDeque};
use core::net::{IpAddr, SocketAddr};

use super::handle::{Handle, ListenerId};
use super::incoming::Incoming;
use super::pair::Pair;
use crate::listener::Listener;
use crate::stream::StreamConfig;
use crate::{Instant, Segment};

/// Where a listener listens. The most specific one gets a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ListenAddr {
    /// At an address and a port.
    Socket(SocketAddr),
    /// At a port of any address of the host ([`Endpoint::set_addresses`](super::Endpoint::set_addresses)).
    Port(u16),
    /// At any port of any address, those of other hosts included, as a proxy or a tunnel does.
    Any,
}

/// When a connection is handed to the user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Accept {
    /// When its handshake is done, as by `accept(2)`.
    #[default]
    Established,
    /// When its SYN arrives. The SYN,ACK goes out when the user accepts, and a reset if it refuses.
    Syn,
}

/// Why nobody can listen there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum ListenError {
    /// There is a listener at this address.
    #[error("address in use")]
    AddressInUse,
    /// Port 0 is none.
    #[error("port 0")]
    PortZero,
}

#[derive(Debug)]
pub(super) struct Listeners<S> {
    listening: BTreeMap<ListenerId, Listening<S>>,
    addresses: BTreeMap<(Option<IpAddr>, Option<u16>), ListenerId>,
    last: u32,
}

#[derive(Debug)]
pub(super) struct Listening<S> {
    address: ListenAddr,
    pub(super) machine: Listener<S>,
    pub(super) config: StreamConfig,
    pub(super) accept: Accept,
    backlog: usize,
    handshakes: usize,
    pub(super) queue: VecDeque<Incoming>,
}

impl<S> Listening<S> {
    /// Returns whether another handshake may begin.
    pub(super) fn has_room(&self) -> bool {
        self.handshakes.saturating_add(self.queue.len()) < self.backlog
    }

    /// Returns whether another connection may wait to be accepted.
    pub(super) fn has_room_in_queue(&self) -> bool {
        self.queue.len() < self.backlog
    }

    pub(super) fn handshake_begins(&mut self) {
        self.handshakes = self.handshakes.saturating_add(1);
    }
}

impl<S> Listeners<S> {
    pub(super) const fn new() -> Listeners<S> {
        Listeners { listening: BTreeMap::new(), addresses: BTreeMap::new(), last: 0 }
    }

    pub(super) fn insert(
        &mut self,
        address: ListenAddr,
        machine: Listener<S>,
        config: StreamConfig,
        accept: Accept,
        backlog: usize,
    ) -> Result<ListenerId, ListenError> {
        let place = place_of(address);
        if place.1 == Some(0) {
            return Err(ListenError::PortZero);
        }
        if self.addresses.contains_key(&place) {
            return Err(ListenError::AddressInUse);
        }
        self.last = self.last.wrapping_add(1);
        let id = ListenerId::new(self.last);
        self.addresses.insert(place, id);
        let listening = Listening { address, machine, config, accept, backlog, handshakes: 0, queue: VecDeque::new() };
        self.listening.insert(id, listening);
        Ok(id)
    }

    /// Takes a listener out; returns the connections that nobody has accepted.
    pub(super) fn remove(&mut self, id: ListenerId) -> VecDeque<Incoming> {
        let Some(listening) = self.listening.remove(&id) else { return VecDeque::new() };
        self.addresses.remove(&place_of(listening.address));
        listening.queue
    }

    pub(super) fn get_mut(&mut self, id: ListenerId) -> Option<&mut Listening<S>> {
        self.listening.get_mut(&id)
    }

    /// Returns the listener for segments to `local`, an address of the host or another.
    pub(super) fn at(&mut self, local: SocketAddr, is_ours: bool) -> Option<(ListenerId, &mut Listening<S>)> {
        let at_port = is_ours.then_some((None, Some(local.port())));
        let places = [Some((Some(local.ip()), Some(local.port()))), at_port, Some((None, None))];
        let id = places.iter().flatten().find_map(|place| self.addresses.get(place)).copied()?;
        Some((id, self.listening.get_mut(&id)?))
    }

    pub(super) fn handshake_ended(&mut self, id: ListenerId) {
        if let Some(listening) = self.listening.get_mut(&id) {
            listening.handshakes = listening.handshakes.saturating_sub(1);
        }
    }

    /// Puts a connection whose handshake is done into the queue of its listener. Returns false if that is gone.
    pub(super) fn offer(&mut self, id: ListenerId, handle: Handle, pair: Pair) -> bool {
        let Some(listening) = self.listening.get_mut(&id) else { return false };
        listening.queue.push_back(Incoming::established(id, handle, pair));
        true
    }

    /// Puts a SYN into the queue of its listener, unless the queue is full or has it.
    pub(super) fn offer_syn(&mut self, id: ListenerId, pair: Pair, syn: Segment, now: Instant) -> bool {
        let Some(listening) = self.listening.get_mut(&id) else { return false };
        let is_new = listening.has_room_in_queue() && !listening.queue.iter().any(|incoming| incoming.is_of(&pair));
        if is_new {
            listening.queue.push_back(Incoming::syn(id, pair, syn, now));
        }
        is_new
    }
}

fn place_of(address: ListenAddr) -> (Option<IpAddr>, Option<u16>) {
    match address {
        ListenAddr::Socket(socket) => (Some(socket.ip().to_canonical()), Some(socket.port())),
        ListenAddr::Port(port) => (None, Some(port)),
        ListenAddr::Any => (None, None),
    }
}
