//! The arguments, the host, and its two users: a server and a client.

use std::error::Error;
use std::fs::File;
use std::hash::RandomState;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, ToSocketAddrs};
use std::os::fd::{AsFd, BorrowedFd};

use lexopt::prelude::*;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use tcp_lifecycle::Instant;
use tcp_lifecycle::endpoint::{Accept, Endpoint, EndpointConfig, EndpointEvent, ListenAddr};
use tcp_lifecycle::stream::{End, Event, Stream, StreamConfig};
use tcp_lifecycle::wire::{Checksums, Packet};
use tun_rs::{DeviceBuilder, SyncDevice};

const PAGE: &[u8] =
    b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nLISTEN, SYN-RECEIVED, ESTABLISHED, and then FIN-WAIT-1.\n";
/// The longest request that the server accepts, in bytes.
const LONGEST_REQUEST: usize = 8_192;
/// The most packets that are taken in at once, so that timeouts and answers get their turn during a flood.
const MAX_BATCH: usize = 64;

pub(crate) fn run() -> Result<(), Box<dyn Error>> {
    let (mut device, mut address, mut port, mut verbose) = ("tun9".to_owned(), Ipv4Addr::new(10, 9, 0, 2), 80, false);
    let mut command = Vec::new();
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Short('d') | Long("device") => device = parser.value()?.string()?,
            Short('a') | Long("address") => address = parser.value()?.parse()?,
            Short('p') | Long("port") => port = parser.value()?.parse()?,
            Short('v') | Long("verbose") => verbose = true,
            Short('h') | Long("help") => {
                print!("{}", crate::HELP);
                return Ok(());
            }
            Value(word) => command.push(word.string()?),
            Short(_) | Long(_) => return Err(argument.unexpected().into()),
        }
    }
    match command.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["serve"] => serve(Host::new(&device, address, verbose)?, port),
        ["connect", host, port] => {
            let remote = (host, port.parse()?).to_socket_addrs()?.find(SocketAddr::is_ipv4);
            connect(Host::new(&device, address, verbose)?, remote.ok_or("the host has no IPv4 address")?)
        }
        _ => Err("serve, or connect HOST PORT? See --help".into()),
    }
}

struct Host {
    device: SyncDevice,
    address: Ipv4Addr,
    epoch: std::time::Instant,
    config: StreamConfig,
    endpoint: Endpoint<RandomState>,
    verbose: bool,
}

impl Host {
    /// Makes a host with `address` behind a TUN device that has been set up.
    fn new(name: &str, address: Ipv4Addr, verbose: bool) -> io::Result<Host> {
        if !std::path::Path::new("/sys/class/net").join(name).exists() {
            return Err(io::Error::new(ErrorKind::NotFound, format!("no device {name}; --help says how to make it")));
        }
        let device = DeviceBuilder::new().name(name).inherit_enable_state().build_sync()?;
        device.set_nonblocking(true)?;
        let mut config = StreamConfig::default();
        config.tcp.max_segment = device.mtu()?.saturating_sub(20);
        config.tcp.mss = config.tcp.max_segment.saturating_sub(20);
        let mut endpoint = Endpoint::new(EndpointConfig::default(), RandomState::new());
        endpoint.set_addresses([address.into()]);
        Ok(Host { device, address, epoch: std::time::Instant::now(), config, endpoint, verbose })
    }

    fn now(&self) -> Instant {
        Instant::ZERO + self.epoch.elapsed()
    }

    /// Waits for the next event. Returns `None` if `input` can be read before that.
    fn next_event(&mut self, input: Option<BorrowedFd<'_>>) -> io::Result<Option<EndpointEvent>> {
        loop {
            self.transmit()?;
            if let Some(event) = self.endpoint.poll_event(self.now()) {
                return Ok(Some(event));
            }
            if self.wait(input)? {
                return Ok(None);
            }
            self.receive()?;
        }
    }

    /// Sends every segment that is due.
    fn transmit(&mut self) -> io::Result<()> {
        let mut buffer = [0; 65_536];
        while let Some(transmit) = self.endpoint.poll_transmit(self.now()) {
            if self.verbose {
                eprintln!("{} --> {}", transmit.remote, transmit.segment);
            }
            let length = transmit.emit(Checksums::Software, &mut buffer).map_err(io::Error::other)?;
            // A full device loses the packet, as any network may.
            not_blocked(self.device.send(&buffer[..length]))?;
        }
        Ok(())
    }

    /// Sleeps until a packet arrives, the deadline passes, or `input` can be read; returns whether it can.
    fn wait(&self, input: Option<BorrowedFd<'_>>) -> io::Result<bool> {
        let timeout = self.endpoint.deadline().map_or(PollTimeout::NONE, |deadline| {
            let wait = deadline.saturating_duration_since(self.now()).as_micros().div_ceil(1_000);
            PollTimeout::try_from(wait).unwrap_or(PollTimeout::MAX)
        });
        let mut files = vec![PollFd::new(self.device.as_fd(), PollFlags::POLLIN)];
        files.extend(input.map(|input| PollFd::new(input, PollFlags::POLLIN)));
        match poll(&mut files, timeout) {
            Ok(_) => Ok(files.get(1).and_then(PollFd::any).unwrap_or(false)),
            Err(Errno::EINTR) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Takes in the packets that have arrived, and then the timeouts. In this order an acknowledgment that is already
    /// here is in time.
    fn receive(&mut self) -> io::Result<()> {
        let mut buffer = [0; 65_536];
        for _ in 0..MAX_BATCH {
            let Some(length) = not_blocked(self.device.recv(&mut buffer))? else { break };
            let packet = &buffer[..length];
            let outcome = self.endpoint.packet_arrives(packet, Checksums::Software, self.now());
            if self.verbose {
                let segment = Packet::parse(packet, Checksums::Software).map(|packet| packet.header.segment);
                eprintln!("<-- {} {outcome:?}", segment.map_or_else(|error| error.to_string(), |s| s.to_string()));
            }
        }
        self.endpoint.timeout(self.now());
        Ok(())
    }
}

/// `None` if the device has no packet, or no room for it.
fn not_blocked(outcome: io::Result<usize>) -> io::Result<Option<usize>> {
    match outcome {
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
        outcome => outcome.map(Some),
    }
}

fn serve(mut host: Host, port: u16) -> Result<(), Box<dyn Error>> {
    let listener = host.endpoint.listen(ListenAddr::Port(port), &host.config, Accept::Established, 128)?;
    eprintln!("http://{}:{port}/", host.address);
    loop {
        let event = host.next_event(None)?;
        let now = host.now();
        match event {
            Some(EndpointEvent::Incoming(_)) => {
                host.endpoint.accept(listener).and_then(|incoming| host.endpoint.admit(incoming, now));
            }
            Some(EndpointEvent::Stream(handle, Event::Ended(_))) => host.endpoint.release(handle, now),
            Some(EndpointEvent::Stream(handle, event)) => {
                host.endpoint.stream_mut(handle).into_iter().for_each(|stream| answer(stream, event, now));
            }
            Some(_) | None => {}
        }
    }
}

/// Waits for a whole request, answers it, and closes. The server ignores anything after the request.
fn answer(stream: &mut Stream, event: Event, now: Instant) {
    let (front, back) = stream.readable();
    let request = [front, back].concat();
    if stream.counters().bytes_written > 0 {
        stream.consume(request.len());
    } else if request.windows(4).any(|end| end == b"\r\n\r\n") {
        stream.consume(request.len());
        // A connection that has ended meanwhile takes no answer.
        let _ = stream.write(PAGE, now);
        stream.shutdown(now);
    } else if request.len() > LONGEST_REQUEST {
        stream.abort();
    } else if event == Event::EndOfStream {
        stream.shutdown(now);
    }
}

fn connect(mut host: Host, remote: SocketAddr) -> Result<(), Box<dyn Error>> {
    let local = SocketAddr::from((host.address, 0));
    let handle = host.endpoint.connect(local, remote, &host.config, host.now())?;
    let mut stdin = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    // `unwritten` has come from stdin, and waits for room in the send buffer.
    let (mut reads, mut unwritten, mut buffer) = (false, Vec::new(), [0; 16_384]);
    loop {
        let event = host.next_event((reads && unwritten.is_empty()).then(|| stdin.as_fd()))?;
        let now = host.now();
        let stream = host.endpoint.stream_mut(handle).ok_or("the stream has left")?;
        while let Ok(length @ 1..) = stream.read(&mut buffer) {
            io::stdout().write_all(&buffer[..length])?;
        }
        match event {
            Some(EndpointEvent::Stream(_, Event::Connected)) => reads = true,
            Some(EndpointEvent::Stream(_, Event::Ended(End::Closed))) => return Ok(()),
            Some(EndpointEvent::Stream(_, Event::Ended(end))) => return Err(format!("{end:?}").into()),
            Some(_) => {}
            None => match stdin.read(&mut buffer)? {
                0 => {
                    reads = false;
                    stream.shutdown(now);
                }
                length => unwritten.extend_from_slice(&buffer[..length]),
            },
        }
        if let Ok(written) = stream.write(&unwritten, now) {
            unwritten.drain(..written);
        }
    }
}
