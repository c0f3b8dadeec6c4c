//! The host: its endpoint, and the task that drives it.

use std::collections::HashMap;
use std::fmt;
use std::future::{Future, poll_fn};
use std::hash::RandomState;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};

use tcp_lifecycle::Instant;
use tcp_lifecycle::endpoint::{Endpoint, EndpointConfig, EndpointEvent, Handle, ListenerId};
use tcp_lifecycle::stream::{Event, StreamConfig};
use tcp_lifecycle::wire::Checksums;
use tokio::time::{Instant as Clock, Sleep};

use crate::Device;

/// The addresses and policies of a [`Stack`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StackConfig {
    /// The addresses of this host. The first of the peer's version of IP is the one that it connects from. Packets for
    /// others are dropped in silence, but for a listener at [`ListenAddr::Any`](tcp_lifecycle::endpoint::ListenAddr).
    pub addresses: Vec<IpAddr>,
    /// The largest packet, in bytes.
    pub mtu: u16,
    /// The policies of the endpoint.
    pub endpoint: EndpointConfig,
    /// The policies of the streams. `mss` and `max_segment` follow from the MTU.
    pub stream: StreamConfig,
}

impl StackConfig {
    /// A host with one address, on a device with an MTU of 1500 bytes.
    #[must_use]
    pub fn new(address: IpAddr) -> StackConfig {
        StackConfig {
            addresses: vec![address],
            mtu: 1_500,
            endpoint: EndpointConfig::default(),
            stream: StreamConfig::default(),
        }
    }

    /// Returns the policies of a stream over this version of IP.
    pub(crate) fn stream_to(&self, is_ipv4: bool) -> StreamConfig {
        let header = if is_ipv4 { 20 } else { 40 };
        let mut config = self.stream;
        config.tcp.max_segment = self.mtu.saturating_sub(header).max(21);
        config.tcp.mss = config.tcp.max_segment.saturating_sub(20);
        config
    }
}

/// A host with its own TCP, over a device. Clones are the same host.
///
/// When the last clone, and the last listener and stream of it, are dropped, the host goes on until the peers have
/// acknowledged all that was written, and each FIN. Then its task ends, and drops the device. A connection in TIME-WAIT
/// does not hold it. A runtime that is shut down ends the task at once: [`wait_idle`](Stack::wait_idle) before that.
#[derive(Clone)]
pub struct Stack {
    pub(crate) shared: Arc<Shared>,
    _users: Arc<Users>,
}

/// Those who hold the host: clones of the stack, listeners and streams.
struct Users {
    shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub(crate) config: StackConfig,
    epoch: Clock,
    state: Mutex<State>,
}

pub(crate) struct State {
    pub(crate) endpoint: Endpoint<RandomState>,
    pub(crate) streams: HashMap<Handle, Wakers>,
    pub(crate) listeners: HashMap<ListenerId, Option<Waker>>,
    driver: Option<Waker>,
    /// Those who wait until no connection can send any more.
    idle: Vec<Waker>,
    /// How often they were told.
    rests: u64,
    /// The device has failed.
    pub(crate) failed: Option<io::ErrorKind>,
}

/// Who waits for a stream.
#[derive(Debug, Default)]
pub(crate) struct Wakers {
    pub(crate) reader: Option<Waker>,
    pub(crate) writer: Option<Waker>,
}

impl Stack {
    /// Makes a host over `device`, and spawns the task that drives it.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime with a timer.
    #[must_use]
    pub fn new(device: impl Device, config: StackConfig) -> Stack {
        let mut endpoint = Endpoint::new(config.endpoint, RandomState::new());
        endpoint.set_addresses(config.addresses.iter().copied());
        let state = State {
            endpoint,
            streams: HashMap::new(),
            listeners: HashMap::new(),
            driver: None,
            idle: Vec::new(),
            rests: 0,
            failed: None,
        };
        let mtu = usize::from(config.mtu);
        let shared = Arc::new(Shared { config, epoch: Clock::now(), state: Mutex::new(state) });
        let users = Arc::new(Users { shared: Arc::clone(&shared) });
        let driver = Driver {
            shared: Arc::clone(&shared),
            users: Arc::downgrade(&users),
            device,
            inbox: vec![0; 65_536],
            outbox: vec![0; mtu.max(1_280)],
            pending: 0,
            sleep: Box::pin(tokio::time::sleep_until(Clock::now())),
            until: None,
        };
        tokio::spawn(driver);
        Stack { shared, _users: users }
    }

    /// Waits until no connection can send any more: each has ended, or its FIN and all before it are acknowledged. A
    /// program does so before its runtime ends; otherwise what was written last may be lost. A stream that is neither
    /// shut down nor dropped is waited for. It also returns when the device has failed.
    pub async fn wait_idle(&self) {
        let mut before = None;
        poll_fn(|context| {
            let mut state = self.shared.lock();
            let before = *before.get_or_insert(state.rests);
            if state.rests != before || state.failed.is_some() {
                return Poll::Ready(());
            }
            if !state.idle.iter().any(|waker| waker.will_wake(context.waker())) {
                state.idle.push(context.waker().clone());
            }
            state.wake_driver();
            Poll::Pending
        })
        .await;
    }

    /// Returns all connections: our socket, the peer's, and the state, those in TIME-WAIT included.
    #[must_use]
    pub fn connections(&self) -> Vec<(SocketAddr, SocketAddr, tcp_lifecycle::State)> {
        self.shared.lock().endpoint.connections().collect()
    }

    /// Returns the address from which the host reaches `remote`.
    pub(crate) fn address_for(&self, remote: SocketAddr) -> io::Result<IpAddr> {
        let addresses = &self.shared.config.addresses;
        let address = addresses.iter().find(|address| address.is_ipv4() == remote.is_ipv4()).copied();
        address.ok_or_else(|| io::Error::from(io::ErrorKind::AddrNotAvailable))
    }
}

impl Drop for Users {
    /// The driver ends when nobody holds the host, and nothing is left to send.
    fn drop(&mut self) {
        self.shared.lock().wake_driver();
    }
}

impl Shared {
    pub(crate) fn now(&self) -> Instant {
        Instant::ZERO + self.epoch.elapsed()
    }

    /// Locks the state. The user's closures run under the lock, before anything changes: one that panics leaves it
    /// whole.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Lets the driver look at what has changed.
    pub(crate) fn wake_driver(&mut self) {
        if let Some(driver) = self.driver.take() {
            driver.wake();
        }
    }

    /// Whether no connection can send any more.
    fn is_idle(&self) -> bool {
        use tcp_lifecycle::State::{Closed, FinWait2, TimeWait};

        let can_send = |state| !matches!(state, Closed | FinWait2 | TimeWait);
        self.endpoint.len().0 == 0 || !self.endpoint.connections().any(|(_, _, state)| can_send(state))
    }

    /// Wakes those whom an event concerns.
    fn tell(&mut self, event: EndpointEvent) {
        match event {
            EndpointEvent::Incoming(listener) => {
                if let Some(waker) = self.listeners.get_mut(&listener).and_then(Option::take) {
                    waker.wake();
                }
            }
            EndpointEvent::Stream(handle, event) => {
                let Some(wakers) = self.streams.get_mut(&handle) else { return };
                let (reader, writer) = match event {
                    Event::Readable | Event::EndOfStream => (true, false),
                    Event::Connected | Event::Writable => (false, true),
                    Event::Ended(_) => (true, true),
                    _ => (false, false),
                };
                let reader = wakers.reader.take_if(|_| reader);
                let writer = wakers.writer.take_if(|_| writer);
                reader.into_iter().chain(writer).for_each(Waker::wake);
            }
            _ => {}
        }
    }

    fn fail(&mut self, kind: io::ErrorKind) {
        self.failed = Some(kind);
        for wakers in self.streams.values_mut() {
            wakers.reader.take().into_iter().chain(wakers.writer.take()).for_each(Waker::wake);
        }
        self.listeners.values_mut().filter_map(Option::take).chain(self.idle.drain(..)).for_each(Waker::wake);
    }
}

impl fmt::Debug for Stack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stack").field("config", &self.shared.config).finish_non_exhaustive()
    }
}

/// The task that moves packets, time and events.
struct Driver<D> {
    shared: Arc<Shared>,
    users: Weak<Users>,
    device: D,
    inbox: Vec<u8>,
    outbox: Vec<u8>,
    /// The length of a packet in `outbox` that the device has not taken yet.
    pending: usize,
    sleep: Pin<Box<Sleep>>,
    until: Option<Instant>,
}

/// How many packets are read before others are sent. One acknowledgment answers them, so a sender with a small window
/// would wait for it if there were many.
const READS: usize = 8;
/// How many packets are sent before others are read.
const SENDS: usize = 16;

impl<D: Device> Future for Driver<D> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let shared = Arc::clone(&self.shared);
        let mut state = shared.lock();
        state.driver = Some(context.waker().clone());
        let has_more = match self.drive(&shared, &mut state, context) {
            Ok(has_more) => has_more,
            Err(error) => {
                state.fail(error.kind());
                return Poll::Ready(());
            }
        };
        if has_more {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let has_users = self.users.strong_count() > 0;
        if (!has_users || !state.idle.is_empty()) && self.pending == 0 && state.is_idle() {
            state.rests = state.rests.wrapping_add(1);
            state.idle.drain(..).for_each(Waker::wake);
            if !has_users {
                return Poll::Ready(());
            }
        }
        Poll::Pending
    }
}

impl<D: Device> Driver<D> {
    /// Does what can be done now. Returns whether there is more to do.
    fn drive(&mut self, shared: &Shared, state: &mut State, context: &mut Context<'_>) -> io::Result<bool> {
        let mut read = 0;
        while read < READS
            && let Poll::Ready(length) = self.device.poll_recv(context, &mut self.inbox)?
        {
            // What is no packet for us is dropped.
            let packet = self.inbox.get(..length).unwrap_or_default();
            let _ = state.endpoint.packet_arrives(packet, Checksums::Software, shared.now());
            read += 1;
        }
        if state.endpoint.deadline().is_some_and(|deadline| deadline <= shared.now()) {
            state.endpoint.timeout(shared.now());
        }
        let has_more = self.transmit(shared, state, context)?;
        while let Some(event) = state.endpoint.poll_event(shared.now()) {
            state.tell(event);
        }
        let is_late = self.sleep_until(state.endpoint.deadline(), shared, context);
        Ok(has_more || is_late || (read == READS && self.pending == 0))
    }

    /// Sends what the device takes, up to a batch. Returns whether there may be more.
    fn transmit(&mut self, shared: &Shared, state: &mut State, context: &mut Context<'_>) -> io::Result<bool> {
        for _ in 0..SENDS {
            if self.pending > 0 {
                let packet = self.outbox.get(..self.pending).unwrap_or_default();
                match self.device.poll_send(context, packet) {
                    Poll::Ready(sent) => sent?,
                    Poll::Pending => return Ok(false),
                }
                self.pending = 0;
            }
            let Some(transmit) = state.endpoint.poll_transmit(shared.now()) else { return Ok(false) };
            // A segment that does not fit into a packet is lost, as on any path.
            self.pending = transmit.emit(Checksums::Software, &mut self.outbox).unwrap_or(0);
        }
        Ok(true)
    }

    /// Sets the timer. Returns whether the moment has come already.
    fn sleep_until(&mut self, deadline: Option<Instant>, shared: &Shared, context: &mut Context<'_>) -> bool {
        let Some(deadline) = deadline else {
            self.until = None;
            return false;
        };
        if self.until != Some(deadline) {
            self.until = Some(deadline);
            let pause = deadline.saturating_duration_since(Instant::ZERO);
            self.sleep.as_mut().reset(shared.epoch + pause);
        }
        let is_late = self.sleep.as_mut().poll(context).is_ready();
        if is_late {
            self.until = None;
        }
        is_late
    }
}
