//! The host: the device, the table of connections, the clock.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use tcp_lifecycle::{CallError, Config, Connection, Instant, Open};
use tun_rs::{DeviceBuilder, SyncDevice};

use crate::socket::Socket;
use crate::wire::{Packet, emit};

/// What fits into a packet of 1500 bytes.
const CONFIG: Config = Config { mss: 1460, max_segment: 1480, ..Config::DEFAULT };
/// The most connections that peers can call into being.
const MOST_CONNECTIONS: usize = 1_024;

/// The two sockets, ours first.
type Pair = (SocketAddrV4, SocketAddrV4);

pub(crate) struct Host {
    device: SyncDevice,
    address: Ipv4Addr,
    epoch: std::time::Instant,
    secret: RandomState,
    sockets: HashMap<Pair, Socket>,
    listens_at: Option<u16>,
    verbose: bool,
}

impl Host {
    /// A host with `address` behind a TUN device that has been set up.
    pub(crate) fn new(device: &str, address: Ipv4Addr, verbose: bool) -> io::Result<Host> {
        if !Path::new("/sys/class/net").join(device).exists() {
            return Err(io::Error::new(ErrorKind::NotFound, format!("no device {device}; --help says how to make it")));
        }
        let device = DeviceBuilder::new().name(device).inherit_enable_state().build_sync()?;
        device.set_nonblocking(true)?;
        Ok(Host {
            device,
            address,
            epoch: std::time::Instant::now(),
            secret: RandomState::new(),
            sockets: HashMap::new(),
            listens_at: None,
            verbose,
        })
    }

    /// From now on connections to this port are accepted.
    pub(crate) fn listen(&mut self, port: u16) {
        self.listens_at = Some(port);
    }

    /// A connection to `remote`, from a port of the host's choice.
    pub(crate) fn connect(&mut self, remote: SocketAddrV4) -> Result<(), CallError> {
        let port = 49_152 | self.secret.hash_one(remote) as u16;
        self.open(SocketAddrV4::new(self.address, port), remote, Open::Active)
    }

    fn open(&mut self, local: SocketAddrV4, remote: SocketAddrV4, open: Open) -> Result<(), CallError> {
        // RFC 9293 section 3.4.1: ISN = M + F, and F is a keyed hash that nobody outside can guess.
        let isn_offset = self.secret.hash_one((local, remote)) as u32;
        let mut socket = Socket::new(local, remote, Connection::new(&CONFIG, isn_offset), self.verbose);
        socket.open(open, self.now())?;
        self.sockets.insert((local, remote), socket);
        Ok(())
    }

    pub(crate) fn sockets(&mut self) -> impl Iterator<Item = &mut Socket> {
        self.sockets.values_mut()
    }

    pub(crate) fn now(&self) -> Instant {
        Instant::ZERO + self.epoch.elapsed()
    }

    /// Sends what is to be sent, and frees the connections that are over.
    pub(crate) fn transmit(&mut self) -> io::Result<()> {
        for socket in self.sockets.values_mut() {
            while let Some(packet) = socket.next_packet() {
                transmit(&self.device, &packet)?;
            }
        }
        self.sockets.retain(|_, socket| !socket.is_over());
        Ok(())
    }

    /// Sleeps until a packet comes, or the earliest deadline, or `input` can be read; says whether it can.
    pub(crate) fn wait(&self, input: Option<BorrowedFd<'_>>) -> io::Result<bool> {
        let deadline = self.sockets.values().filter_map(Socket::deadline).min();
        let timeout = deadline.map_or(PollTimeout::NONE, |deadline| {
            let wait = deadline.saturating_duration_since(self.now()).as_micros().div_ceil(1_000);
            PollTimeout::try_from(wait).unwrap_or(PollTimeout::MAX)
        });
        let mut files = vec![PollFd::new(self.device.as_fd(), PollFlags::POLLIN)];
        files.extend(input.map(|input| PollFd::new(input, PollFlags::POLLIN)));
        poll(&mut files, timeout)?;
        Ok(files.get(1).and_then(PollFd::any).unwrap_or(false))
    }

    /// Takes in every packet that has come, and the timeouts whose time has come.
    pub(crate) fn receive(&mut self) -> io::Result<()> {
        let mut buffer = [0; 65_536];
        loop {
            match self.device.recv(&mut buffer) {
                Ok(length) => self.packet_arrives(&buffer[..length])?,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        let now = self.now();
        for socket in self.sockets.values_mut() {
            socket.timeout(now);
        }
        Ok(())
    }

    fn packet_arrives(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Some(packet) = Packet::parse(bytes).filter(|packet| *packet.destination.ip() == self.address) else {
            return Ok(());
        };
        let (local, remote) = (packet.destination, packet.source);
        if !self.sockets.contains_key(&(local, remote)) {
            if self.listens_at != Some(local.port()) {
                return self.refuse(&packet);
            }
            if self.sockets.len() == MOST_CONNECTIONS {
                return Ok(()); // The peer will send its SYN again.
            }
            // A connection in LISTEN for each that knocks. If that was no SYN, it answers what RFC 9293 3.10.7.2 says,
            // stays in LISTEN, and so is over.
            self.open(local, remote, Open::Passive).map_err(io::Error::other)?;
        }
        let now = self.now();
        if let Some(socket) = self.sockets.get_mut(&(local, remote)) {
            socket.segment_arrives(&packet, now);
        }
        Ok(())
    }

    /// RFC 9293 section 3.10.7.1: there is no connection.
    fn refuse(&self, packet: &Packet<'_>) -> io::Result<()> {
        match packet.segment.reset() {
            Some(reset) => transmit(&self.device, &emit(packet.destination, packet.source, &reset, &[])),
            None => Ok(()),
        }
    }
}

/// A device that is busy loses the packet, as any network may.
fn transmit(device: &SyncDevice, packet: &[u8]) -> io::Result<()> {
    match device.send(packet) {
        Err(error) if error.kind() != ErrorKind::WouldBlock => Err(error),
        Ok(_) | Err(_) => Ok(()),
    }
}
