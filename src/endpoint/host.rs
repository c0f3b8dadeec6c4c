//! The endpoint: its streams, and the order of their turns.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;
use core::fmt;
use core::hash::BuildHasher;
use core::net::{IpAddr, SocketAddr};

use super::deadlines::Deadlines;
use super::handle::{Handle, ListenerId};
use super::index::{Index, Paired};
use super::limiter::Limiter;
use super::listeners::Listeners;
use super::pair::Pair;
use super::ports::Ports;
use super::slab::Slab;
use super::time_waits::TimeWaits;
use crate::isn::IsnHash;
use crate::stream::{Event, Stream};
use crate::{Config, Instant, Segment, State, TimeWaitPolicy};

/// The policies of an [`Endpoint`].
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct EndpointConfig {
    /// The policies in TIME-WAIT, the same for all connections.
    pub time_wait: Config,
    /// The most connections in TIME-WAIT. One more ends the oldest.
    pub max_time_waits: usize,
    /// The most streams, those in the hands of listeners included.
    pub max_streams: usize,
    /// How many resets a second answer segments of nobody.
    pub resets_per_second: u32,
    /// The first and the last ephemeral port (RFC 6335 section 6).
    pub ephemeral_ports: (u16, u16),
}

impl Default for EndpointConfig {
    fn default() -> EndpointConfig {
        EndpointConfig {
            time_wait: Config::linux(),
            max_time_waits: 1 << 20,
            max_streams: 1 << 20,
            resets_per_second: 1_000,
            ephemeral_ports: (49_152, 65_535),
        }
    }
}

/// What [`Endpoint::poll_event`] tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum EndpointEvent {
    /// A connection waits at this listener: see [`Endpoint::accept`].
    Incoming(ListenerId),
    /// An event of a stream.
    Stream(Handle, Event),
}

/// The TCP of a host.
pub struct Endpoint<S> {
    pub(super) config: EndpointConfig,
    /// The addresses of the host; `None` if each address is.
    pub(super) addresses: Option<Vec<IpAddr>>,
    pub(super) key: S,
    pub(super) isn: IsnHash<S>,
    pub(super) slots: Slab<Slot>,
    pub(super) index: Index,
    pub(super) time_waits: TimeWaits,
    pub(super) listeners: Listeners<S>,
    pub(super) ports: Ports,
    pub(super) deadlines: Deadlines,
    pub(super) resets: Limiter,
    /// Segments that belong to no stream.
    pub(super) answers: VecDeque<(Pair, Segment)>,
    /// The streams that may have segments, in the order of their turns.
    pub(super) ready: VecDeque<u32>,
    /// The streams that may have events.
    eventful: VecDeque<u32>,
    /// The listeners that have a connection more.
    pub(super) incoming: VecDeque<ListenerId>,
    /// When the connections of released streams are aborted.
    pub(super) lingering: BTreeMap<u32, Instant>,
    lives: u32,
}

/// A stream, and what the endpoint knows of it.
pub(super) struct Slot {
    pub(super) life: u32,
    pub(super) pair: Pair,
    pub(super) stream: Stream,
    pub(super) filed: Option<Instant>,
    /// It is in `ready`, in `eventful`.
    pub(super) is_ready: bool,
    pub(super) is_eventful: bool,
    pub(super) owner: Owner,
}

/// In whose hands a stream is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// The handshake of a listener is not done.
    Handshake(ListenerId),
    /// It waits to be accepted.
    Backlog(ListenerId),
    User,
    /// The user is gone: the stream leaves with its connection.
    Nobody,
}

impl Paired for Slot {
    type Pair = Pair;

    fn pair(&self) -> Pair {
        self.pair
    }
}

/// The most answers that wait to be sent. What comes beyond is dropped, as by a network.
const MAX_ANSWERS: usize = 1_024;

impl<S: BuildHasher + Clone> Endpoint<S> {
    /// Makes an endpoint. `key` is a pseudorandom function under a secret key, such as the standard library's
    /// `RandomState`: for initial sequence numbers (RFC 6528), ports (RFC 6056), cookies (RFC 4987), and the table.
    #[must_use]
    pub fn new(config: EndpointConfig, key: S) -> Endpoint<S> {
        Endpoint {
            isn: IsnHash::new(key.clone()),
            slots: Slab::new(),
            index: Index::new(),
            time_waits: TimeWaits::new(TimeWaitPolicy::new(&config.time_wait), config.max_time_waits),
            listeners: Listeners::new(),
            ports: Ports::new(config.ephemeral_ports),
            deadlines: Deadlines::default(),
            resets: Limiter::new(config.resets_per_second),
            answers: VecDeque::new(),
            ready: VecDeque::new(),
            eventful: VecDeque::new(),
            incoming: VecDeque::new(),
            lingering: BTreeMap::new(),
            lives: 0,
            addresses: None,
            config,
            key,
        }
    }

    /// Names the addresses of the host, in place of those named before. Then a segment to another address has no effect
    /// and no answer, unless a listener at that very address or at [`ListenAddr::Any`](super::ListenAddr) takes it.
    /// Before the first call every address is the host's.
    pub fn set_addresses(&mut self, addresses: impl IntoIterator<Item = IpAddr>) {
        self.addresses = Some(addresses.into_iter().map(|address| address.to_canonical()).collect());
    }

    pub(super) fn is_ours(&self, address: IpAddr) -> bool {
        self.addresses.as_ref().is_none_or(|addresses| addresses.contains(&address))
    }

    /// Returns when to call [`timeout`](Self::timeout), unless another event comes first.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.deadlines.first().into_iter().chain(self.time_waits.deadline()).min()
    }

    /// Carries out the timeouts whose time has come.
    pub fn timeout(&mut self, now: Instant) {
        self.time_waits.timeout(now, &self.key);
        while let Some(number) = self.deadlines.pop(now) {
            let Some(slot) = self.slots.get_mut(number) else { continue };
            slot.filed = None;
            slot.stream.timeout(now);
            if self.lingering.get(&number).is_some_and(|until| *until <= now) {
                slot.stream.abort();
                self.lingering.remove(&number);
            }
            self.note_work(number);
        }
    }

    /// Returns the next event. Calls that the user makes upon it may draw segments, and those more events: go on until
    /// [`poll_transmit`](Self::poll_transmit) and this both return `None`.
    pub fn poll_event(&mut self, now: Instant) -> Option<EndpointEvent> {
        if let Some(listener) = self.incoming.pop_front() {
            return Some(EndpointEvent::Incoming(listener));
        }
        while let Some(&number) = self.eventful.front() {
            if let Some(slot) = self.slots.get_mut(number) {
                if let Some(event) = slot.stream.poll_event(now).filter(|_| slot.owner == Owner::User) {
                    return Some(EndpointEvent::Stream(Handle::new(number, slot.life), event));
                }
                slot.is_eventful = false;
            }
            self.eventful.pop_front();
        }
        None
    }

    /// Returns all connections: their sockets and states, those in TIME-WAIT and the listeners' included.
    pub fn connections(&self) -> impl Iterator<Item = (SocketAddr, SocketAddr, State)> {
        let streams = self.slots.iter().map(|slot| (slot.pair, slot.stream.state()));
        let waiting = self.time_waits.pairs().map(|pair| (pair, State::TimeWait));
        streams.chain(waiting).map(|(pair, state)| (pair.local(), pair.remote(), state))
    }

    /// Returns how many streams there are, and how many connections in TIME-WAIT.
    #[must_use]
    pub const fn len(&self) -> (usize, usize) {
        (self.slots.len(), self.time_waits.len())
    }

    /// Puts a stream in, and gives it a name.
    pub(super) fn insert(&mut self, pair: Pair, stream: Stream, owner: Owner) -> Handle {
        self.lives = self.lives.wrapping_add(1);
        let life = self.lives;
        let slot = Slot { life, pair, stream, filed: None, is_ready: false, is_eventful: false, owner };
        let number = self.slots.insert(slot);
        self.index.insert(number, &self.key, &self.slots);
        self.note_work(number);
        Handle::new(number, life)
    }

    pub(super) fn remove(&mut self, number: u32) {
        self.index.remove(number, &self.key, &self.slots);
        if let Some(slot) = self.slots.remove(number) {
            self.deadlines.file(number, slot.filed, None);
            self.lingering.remove(&number);
        }
    }

    /// Notes that a stream may have segments and events.
    pub(super) fn note_work(&mut self, number: u32) {
        let Some(slot) = self.slots.get_mut(number) else { return };
        if !slot.is_ready {
            slot.is_ready = true;
            self.ready.push_back(number);
        }
    }

    /// Notes that a stream may have events for the user.
    pub(super) fn note_events(&mut self, number: u32) {
        if let Some(slot) = self.slots.get_mut(number)
            && slot.owner == Owner::User
            && !slot.is_eventful
        {
            slot.is_eventful = true;
            self.eventful.push_back(number);
        }
    }

    pub(super) fn slot(&self, handle: Handle) -> Option<&Slot> {
        self.slots.get(handle.number()).filter(|slot| slot.life == handle.life())
    }

    pub(super) fn slot_mut(&mut self, handle: Handle) -> Option<&mut Slot> {
        self.slots.get_mut(handle.number()).filter(|slot| slot.life == handle.life())
    }

    pub(super) fn answer(&mut self, pair: Pair, segment: Segment) {
        if self.answers.len() < MAX_ANSWERS {
            self.answers.push_back((pair, segment));
        }
    }
}

impl<S> fmt::Debug for Endpoint<S> {
    /// Prints the sizes, but no key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("config", &self.config)
            .field("streams", &self.slots.len())
            .field("time_waits", &self.time_waits.len())
            .finish_non_exhaustive()
    }
}

// What `endpoint.rs` promises.
#[cfg(target_pointer_width = "64")]
const _: () = assert!(super::slab::size_of_entry::<Slot>() <= 384);
