//! The arguments, the two processes, and a host that has one stream.

use std::error::Error;
use std::fs;
use std::io::{self, ErrorKind, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::fd::AsFd;
use std::time::Duration;

use lexopt::prelude::*;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use tcp_lifecycle::isn::IsnHash;
use tcp_lifecycle::stream::{Checkpoint, End, Event, Output, Stream, StreamConfig};
use tcp_lifecycle::wire::{Checksums, Header, Packet};
use tcp_lifecycle::{Instant, Open};
use tun_rs::{DeviceBuilder, SyncDevice};

/// The port of this host. A program with more connections would choose one at random (RFC 6056).
const PORT: u16 = 50_000;
/// The most packets that are taken in at once, so that timeouts and answers get their turn.
const MAX_BATCH: usize = 64;

pub(crate) fn run() -> Result<(), Box<dyn Error>> {
    let (mut device, mut address) = ("tun9".to_owned(), Ipv4Addr::new(10, 9, 0, 2));
    let mut command = Vec::new();
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Short('d') | Long("device") => device = parser.value()?.string()?,
            Short('a') | Long("address") => address = parser.value()?.parse()?,
            Short('h') | Long("help") => {
                print!("{}", crate::HELP);
                return Ok(());
            }
            Value(word) => command.push(word.string()?),
            Short(_) | Long(_) => return Err(argument.unexpected().into()),
        }
    }
    let device = open(&device)?;
    match command.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["begin", host, port, file, checkpoint] => {
            let remote = SocketAddr::new(host.parse()?, port.parse()?);
            begin(device, address.into(), remote, &fs::read(file)?, checkpoint)
        }
        ["resume", file, checkpoint] => resume(device, &fs::read(file)?, checkpoint),
        _ => Err("begin HOST PORT FILE CHECKPOINT, or resume FILE CHECKPOINT? See --help".into()),
    }
}

fn config(device: &SyncDevice) -> io::Result<StreamConfig> {
    let mut config = StreamConfig::default();
    config.tcp.max_segment = device.mtu()?.saturating_sub(20);
    config.tcp.mss = config.tcp.max_segment.saturating_sub(20);
    // The example does not wait for long in TIME-WAIT.
    config.tcp.msl = Duration::from_millis(100);
    Ok(config)
}

/// The first process.
fn begin(
    device: SyncDevice,
    address: IpAddr,
    remote: SocketAddr,
    file: &[u8],
    checkpoint: &str,
) -> Result<(), Box<dyn Error>> {
    let local = SocketAddr::new(address, PORT);
    let mut stream = Stream::new(&config(&device)?, IsnHash::default().offset(local, remote));
    let epoch = std::time::Instant::now();
    stream.open(Open::Active, Instant::ZERO)?;
    let mut host = Host { device, local, remote, epoch, stream };
    while host.stream.counters().bytes_acknowledged < file.len() as u64 / 2 {
        host.write(file)?;
        if let Some(end) = host.step()? {
            return Err(format!("too early: {end}").into());
        }
    }
    // The bytes that have arrived go to the user here, or to that of the next process.
    let stored = (host.local, host.remote, host.stream.checkpoint(host.now()));
    fs::write(checkpoint, postcard::to_allocvec(&stored)?)?;
    let counters = host.stream.counters();
    let (acknowledged, queued) = (counters.bytes_acknowledged, host.stream.queued());
    eprintln!("{acknowledged} bytes are acknowledged and {queued} are not: {:?}", stored.2.connection().state());
    Ok(())
}

/// The second process.
fn resume(device: SyncDevice, file: &[u8], checkpoint: &str) -> Result<(), Box<dyn Error>> {
    let (local, remote, checkpoint): (SocketAddr, SocketAddr, Checkpoint) =
        postcard::from_bytes(&fs::read(checkpoint)?)?;
    // The clock of this process begins at zero.
    let stream = Stream::restore(checkpoint, &config(&device)?, Instant::ZERO);
    let mut host = Host { device, local, remote, epoch: std::time::Instant::now(), stream };
    loop {
        host.write(file)?;
        match host.step()? {
            None => {}
            Some(End::Closed) => break,
            Some(end) => return Err(end.into()),
        }
    }
    let counters = host.stream.counters();
    eprintln!("{} bytes sent, {} bytes received", counters.bytes_acknowledged, counters.bytes_received);
    Ok(())
}

/// A host behind a TUN device, with one stream.
struct Host {
    device: SyncDevice,
    local: SocketAddr,
    remote: SocketAddr,
    epoch: std::time::Instant,
    stream: Stream,
}

impl Host {
    fn now(&self) -> Instant {
        Instant::ZERO + self.epoch.elapsed()
    }

    /// Writes as much of the file as there is room for. The counters say how much has been written by either process.
    fn write(&mut self, file: &[u8]) -> Result<(), Box<dyn Error>> {
        let now = self.now();
        let written = usize::try_from(self.stream.counters().bytes_written)?;
        let rest = file.get(written..).ok_or("another file than that of the checkpoint")?;
        if self.stream.is_shut_down() {
            return Ok(());
        }
        if rest.is_empty() {
            self.stream.shutdown(now);
        } else {
            self.stream.write(rest, now)?;
        }
        Ok(())
    }

    /// Sends what is due, waits for the next event, and takes it in. Returns how the connection has ended, if it has.
    fn step(&mut self) -> Result<Option<End>, Box<dyn Error>> {
        let mut buffer = [0; 65_536];
        while let Ok(length @ 1..) = self.stream.read(&mut buffer) {
            io::stdout().write_all(&buffer[..length])?;
        }
        let deadline = loop {
            match self.stream.poll(self.now()) {
                Output::Event(Event::Ended(end)) => return Ok(Some(end)),
                Output::Event(_) => return Ok(None),
                Output::Transmit(transmit) => {
                    let header = Header::new(self.local, self.remote, transmit.segment);
                    let header = Header { sack: transmit.sack, ecn: transmit.ecn, ..header };
                    let length = header.emit(transmit.payload, Checksums::Software, &mut buffer)?;
                    // A full device loses the packet, as any network may.
                    not_blocked(self.device.send(&buffer[..length]))?;
                }
                Output::Wait(deadline) => break deadline,
            }
        };
        self.wait(deadline)?;
        for _ in 0..MAX_BATCH {
            let Some(length) = not_blocked(self.device.recv(&mut buffer))? else { break };
            let Ok(Packet { header, payload }) = Packet::parse(&buffer[..length], Checksums::Software) else {
                continue;
            };
            if (header.source, header.destination) == (self.remote, self.local) {
                let now = self.now();
                // A refusal is information. The answer, if one is due, comes out of `poll`.
                let _ = self.stream.segment_arrives(&header.segment, &header.sack, header.ecn, payload, now);
            }
        }
        let now = self.now();
        self.stream.timeout(now);
        Ok(None)
    }

    fn wait(&self, deadline: Option<Instant>) -> io::Result<()> {
        let timeout = deadline.map_or(PollTimeout::NONE, |deadline| {
            let wait = deadline.saturating_duration_since(self.now()).as_micros().div_ceil(1_000);
            PollTimeout::try_from(wait).unwrap_or(PollTimeout::MAX)
        });
        match poll(&mut [PollFd::new(self.device.as_fd(), PollFlags::POLLIN)], timeout) {
            Ok(_) | Err(Errno::EINTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// Opens a TUN device that has been set up.
fn open(name: &str) -> io::Result<SyncDevice> {
    if nix::net::if_::if_nametoindex(name).is_err() {
        return Err(io::Error::new(ErrorKind::NotFound, format!("no device {name}; --help says how to make it")));
    }
    let device = DeviceBuilder::new().name(name).inherit_enable_state().build_sync()?;
    device.set_nonblocking(true)?;
    Ok(device)
}

/// `None` if the device has no packet, or no room for it.
fn not_blocked(outcome: io::Result<usize>) -> io::Result<Option<usize>> {
    match outcome {
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
        outcome => outcome.map(Some),
    }
}
