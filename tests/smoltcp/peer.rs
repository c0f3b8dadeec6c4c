//! The peer: a host of smoltcp's with one socket.

use std::cell::Cell;
use std::collections::VecDeque;
use std::mem;

use smoltcp::iface::{self, Interface, PollIngressSingleResult, SocketHandle, SocketSet};
use smoltcp::phy::{Device, DeviceCapabilities, Medium, RxToken, TxToken};
use smoltcp::socket::tcp::{Socket, SocketBuffer, State};
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::{HardwareAddress, IpAddress, IpCidr, IpEndpoint};

use crate::wire::{OUR_PORT, PEER, PEER_PORT, US};

thread_local! {
    /// smoltcp asks a function without arguments for its TSval.
    static MILLIS: Cell<u32> = const { Cell::new(0) };
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) seed: u64,
    /// The size of each buffer; one above 65,535 takes a window scale.
    pub(crate) buffer: usize,
    pub(crate) mtu: usize,
    pub(crate) timestamps: bool,
    pub(crate) nagle: bool,
    pub(crate) delayed_ack: bool,
    pub(crate) keep_alive: Option<Duration>,
}

impl Settings {
    pub(crate) const DEFAULT: Settings = Settings {
        seed: 1,
        buffer: 65_535,
        mtu: 1_500,
        timestamps: false,
        nagle: true,
        delayed_ack: false,
        keep_alive: None,
    };
}

/// Packets on their way in and out.
#[derive(Debug)]
struct Wire {
    mtu: usize,
    incoming: VecDeque<Vec<u8>>,
    outgoing: Vec<Vec<u8>>,
}

struct Rx(Vec<u8>);
struct Tx<'a>(&'a mut Vec<Vec<u8>>);

impl RxToken for Rx {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, read: F) -> R {
        read(&self.0)
    }
}

impl TxToken for Tx<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, write: F) -> R {
        let mut packet = vec![0; len];
        let written = write(&mut packet);
        self.0.push(packet);
        written
    }
}

impl Device for Wire {
    type RxToken<'a> = Rx;
    type TxToken<'a> = Tx<'a>;

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ip;
        capabilities.max_transmission_unit = self.mtu;
        capabilities
    }

    fn receive(&mut self, _: Instant) -> Option<(Rx, Tx<'_>)> {
        Some((Rx(self.incoming.pop_front()?), Tx(&mut self.outgoing)))
    }

    fn transmit(&mut self, _: Instant) -> Option<Tx<'_>> {
        Some(Tx(&mut self.outgoing))
    }
}

pub(crate) struct Peer {
    wire: Wire,
    interface: Interface,
    sockets: SocketSet<'static>,
    handle: SocketHandle,
    /// The states that were seen, and when each was first seen.
    states: Vec<(State, Instant)>,
}

impl Peer {
    pub(crate) fn new(settings: &Settings) -> Peer {
        let mut wire = Wire { mtu: settings.mtu, incoming: VecDeque::new(), outgoing: Vec::new() };
        let mut config = iface::Config::new(HardwareAddress::Ip);
        config.random_seed = settings.seed;
        let mut interface = Interface::new(config, &mut wire, Instant::ZERO);
        interface.update_ip_addrs(|addresses| {
            addresses.push(IpCidr::new(IpAddress::Ipv4(PEER), 24)).expect("room for an address");
        });
        let buffer = || SocketBuffer::new(vec![0; settings.buffer]);
        let mut socket = Socket::new(buffer(), buffer());
        socket.set_nagle_enabled(settings.nagle);
        if !settings.delayed_ack {
            socket.set_ack_delay(None);
        }
        socket.set_keep_alive(settings.keep_alive);
        if settings.timestamps {
            socket.set_tsval_generator(Some(|| MILLIS.get()));
        }
        let mut sockets = SocketSet::new(Vec::new());
        let handle = sockets.add(socket);
        Peer { wire, interface, sockets, handle, states: vec![(State::Closed, Instant::ZERO)] }
    }

    pub(crate) fn socket(&self) -> &Socket<'static> {
        self.sockets.get(self.handle)
    }

    fn socket_mut(&mut self) -> &mut Socket<'static> {
        self.sockets.get_mut(self.handle)
    }

    pub(crate) fn state(&self) -> State {
        self.socket().state()
    }

    pub(crate) fn has_been_in(&self, state: State) -> bool {
        self.states.iter().any(|(seen, _)| *seen == state)
    }

    /// The states that were seen, as smoltcp spells them.
    pub(crate) fn path(&self) -> String {
        self.states.iter().skip(1).map(|(state, _)| state.to_string()).collect::<Vec<_>>().join(" ")
    }

    pub(crate) fn listen(&mut self) {
        self.try_listen().expect("a closed socket");
    }

    pub(crate) fn connect(&mut self) {
        self.try_connect().expect("a closed socket");
    }

    pub(crate) fn try_listen(&mut self) -> Result<(), String> {
        self.socket_mut().listen(PEER_PORT).map_err(|error| error.to_string())
    }

    pub(crate) fn try_connect(&mut self) -> Result<(), String> {
        let socket: &mut Socket<'_> = self.sockets.get_mut(self.handle);
        let remote = IpEndpoint::new(US.into(), OUR_PORT);
        let local = IpEndpoint::new(PEER.into(), PEER_PORT);
        socket.connect(self.interface.context(), remote, local).map_err(|error| error.to_string())
    }

    /// Writes these bytes; returns how many smoltcp has taken.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> usize {
        if self.socket().may_send() { self.socket_mut().send_slice(bytes).expect("may_send") } else { 0 }
    }

    /// Reads at most this many bytes that have arrived.
    pub(crate) fn receive(&mut self, most: usize) -> Vec<u8> {
        let mut bytes = vec![0; most];
        let received = self.socket_mut().recv_slice(&mut bytes).unwrap_or(0);
        bytes.truncate(received);
        bytes
    }

    /// Whether our FIN has arrived, and everything before it has been read.
    pub(crate) fn has_read_all(&self) -> bool {
        let after_fin = [State::CloseWait, State::Closing, State::LastAck, State::TimeWait];
        after_fin.contains(&self.state()) && self.socket().recv_queue() == 0
    }

    pub(crate) fn close(&mut self) {
        self.socket_mut().close();
    }

    pub(crate) fn abort(&mut self) {
        self.socket_mut().abort();
    }

    pub(crate) fn arrives(&mut self, packet: Vec<u8>) {
        self.wire.incoming.push_back(packet);
    }

    /// Hands in a packet, without sending anything that is not an immediate answer.
    pub(crate) fn take_in(&mut self, packet: Vec<u8>, now: Instant) {
        MILLIS.set(now.total_millis() as u32);
        self.note(now);
        self.arrives(packet);
        while self.interface.poll_ingress_single(now, &mut self.wire, &mut self.sockets)
            != PollIngressSingleResult::None
        {}
        self.note(now);
    }

    /// Handles the last event; returns the packets to send.
    pub(crate) fn poll(&mut self, now: Instant) -> Vec<Vec<u8>> {
        MILLIS.set(now.total_millis() as u32);
        self.note(now);
        for _ in 0..1_000 {
            self.interface.poll(now, &mut self.wire, &mut self.sockets);
            self.note(now);
            if self.deadline(now).is_none_or(|deadline| deadline > now) {
                return mem::take(&mut self.wire.outgoing);
            }
        }
        panic!("smoltcp polls for ever in {}", self.state());
    }

    fn note(&mut self, now: Instant) {
        let state = self.state();
        if self.states.last().is_none_or(|(last, _)| *last != state) {
            self.states.push((state, now));
        }
    }

    /// Whether it has something to send, and no timer.
    pub(crate) fn has_stopped(&mut self, now: Instant) -> bool {
        self.state() != State::Closed && self.socket().send_queue() > 0 && self.deadline(now).is_none()
    }

    pub(crate) fn deadline(&mut self, now: Instant) -> Option<Instant> {
        self.interface.poll_at(now, &self.sockets)
    }
}
