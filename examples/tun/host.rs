//! The host: the table of connections, connected to the device and the clock.

use std::hash::{BuildHasher, RandomState};
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use tcp_lifecycle::wire::{Checksums, Header, Packet};
use tcp_lifecycle::{CallError, Config, Instant};
use tun_rs::{DeviceBuilder, SyncDevice};

use crate::socket::Socket;
use crate::table::{Outgoing, Table};

/// The policies for a link whose packets have at most `mtu` bytes. Packets have no IPv4 options, so the IPv4 header
/// takes 20 bytes and the TCP header 20 more. The connection itself allows for the timestamps option.
const fn config(mtu: u16) -> Config {
    Config {
        // The largest payload that the peer may send us.
        mss: mtu.saturating_sub(40),
        // The largest segment that we send, even if the peer would take more.
        max_segment: mtu.saturating_sub(20),
        // Large enough to need the window scale option.
        receive_buffer: 1 << 18,
        // Timestamps bring round-trip times of retransmitted segments, protection against old duplicates, and SYN
        // cookies that keep all options.
        timestamps: true,
        ..Config::DEFAULT
    }
}

/// The most packets that are taken in at once, so that timeouts and answers get their turn during a flood.
const MOST_PACKETS: usize = 64;

pub(crate) struct Host {
    device: SyncDevice,
    address: IpAddr,
    epoch: std::time::Instant,
    table: Table,
    verbose: bool,
}

impl Host {
    /// Creates a host with `address` behind a TUN device that has been set up.
    pub(crate) fn new(device: &str, address: Ipv4Addr, verbose: bool) -> io::Result<Host> {
        if !Path::new("/sys/class/net").join(device).exists() {
            return Err(io::Error::new(ErrorKind::NotFound, format!("no device {device}; --help says how to make it")));
        }
        let device = DeviceBuilder::new().name(device).inherit_enable_state().build_sync()?;
        device.set_nonblocking(true)?;
        let table = Table::new(&config(device.mtu()?));
        Ok(Host { device, address: address.into(), epoch: std::time::Instant::now(), table, verbose })
    }

    /// Accepts connections to this port from now on.
    pub(crate) fn listen(&mut self, port: u16) {
        self.table.listen(port);
    }

    /// Opens a connection to `remote`, from a port that the host chooses.
    pub(crate) fn connect(&mut self, remote: SocketAddr) -> Result<(), CallError> {
        let port = 49_152 | RandomState::new().hash_one(remote) as u16;
        self.table.connect((SocketAddr::new(self.address, port), remote), self.now())
    }

    pub(crate) fn sockets(&mut self) -> impl Iterator<Item = &mut Socket> {
        self.table.sockets()
    }

    pub(crate) fn now(&self) -> Instant {
        Instant::ZERO + self.epoch.elapsed()
    }

    /// Sends every segment that is due.
    pub(crate) fn transmit(&mut self) -> io::Result<()> {
        let mut buffer = [0; 65_536];
        for Outgoing { pair: (local, remote), segment, payload } in self.table.outgoing() {
            if self.verbose {
                eprintln!("{remote} --> {segment}");
            }
            let packet = Header::new(local, remote, segment).emit([&payload, &[]], Checksums::Software, &mut buffer);
            let length = packet.map_err(io::Error::other)?;
            // A busy device loses the packet, as any network may.
            match self.device.send(&buffer[..length]) {
                Err(error) if error.kind() != ErrorKind::WouldBlock => return Err(error),
                Ok(_) | Err(_) => {}
            }
        }
        Ok(())
    }

    /// Sleeps until a packet arrives, the earliest deadline passes, or `input` can be read; returns whether it can.
    pub(crate) fn wait(&self, input: Option<BorrowedFd<'_>>) -> io::Result<bool> {
        let timeout = self.table.deadline().map_or(PollTimeout::NONE, |deadline| {
            let wait = deadline.saturating_duration_since(self.now()).as_micros().div_ceil(1_000);
            PollTimeout::try_from(wait).unwrap_or(PollTimeout::MAX)
        });
        let mut files = vec![PollFd::new(self.device.as_fd(), PollFlags::POLLIN)];
        files.extend(input.map(|input| PollFd::new(input, PollFlags::POLLIN)));
        poll(&mut files, timeout)?;
        Ok(files.get(1).and_then(PollFd::any).unwrap_or(false))
    }

    /// Takes in the packets that have arrived, and then the timeouts that have expired. In this order an acknowledgment
    /// that is already here is in time.
    pub(crate) fn receive(&mut self) -> io::Result<()> {
        let mut buffer = [0; 65_536];
        for _ in 0..MOST_PACKETS {
            match self.device.recv(&mut buffer) {
                Ok(length) => self.packet_arrives(&buffer[..length]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        let now = self.now();
        self.table.timeout(now);
        Ok(())
    }

    fn packet_arrives(&mut self, bytes: &[u8]) {
        let Ok(Packet { header, payload }) = Packet::parse(bytes, Checksums::Software) else { return };
        let (local, remote, segment) = (header.destination, header.source, header.segment);
        if local.ip() != self.address || remote.ip() == self.address {
            return;
        }
        if self.verbose {
            eprintln!("{remote} <-- {segment}");
        }
        let now = self.now();
        match self.table.segment_arrives((local, remote), &segment, payload, now) {
            Err(refusal) if self.verbose => eprintln!("{remote} {refusal} ({})", refusal.citation()),
            Ok(()) | Err(_) => {}
        }
    }
}
