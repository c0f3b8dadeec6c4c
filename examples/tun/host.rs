//! The arguments, the host, and its user: a web server.

use std::error::Error;
use std::hash::RandomState;
use std::io::{self, ErrorKind};
use std::net::Ipv4Addr;
use std::os::fd::AsFd;

use lexopt::prelude::*;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use tcp_lifecycle::Instant;
use tcp_lifecycle::endpoint::{Accept, Endpoint, EndpointConfig, EndpointEvent, ListenAddr};
use tcp_lifecycle::stream::{Event, Stream, StreamConfig};
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
            Value(_) | Short(_) | Long(_) => return Err(argument.unexpected().into()),
        }
    }
    serve(Host::new(&device, address, verbose)?, port)
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

    /// Waits for the next event.
    fn next_event(&mut self) -> io::Result<EndpointEvent> {
        loop {
            self.transmit()?;
            if let Some(event) = self.endpoint.poll_event(self.now()) {
                return Ok(event);
            }
            self.wait()?;
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

    /// Sleeps until a packet arrives, or the deadline passes.
    fn wait(&self) -> io::Result<()> {
        let timeout = self.endpoint.deadline().map_or(PollTimeout::NONE, |deadline| {
            let wait = deadline.saturating_duration_since(self.now()).as_micros().div_ceil(1_000);
            PollTimeout::try_from(wait).unwrap_or(PollTimeout::MAX)
        });
        match poll(&mut [PollFd::new(self.device.as_fd(), PollFlags::POLLIN)], timeout) {
            Ok(_) | Err(Errno::EINTR) => Ok(()),
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
        let event = host.next_event()?;
        let now = host.now();
        match event {
            EndpointEvent::Incoming(_) => {
                host.endpoint.accept(listener).and_then(|incoming| host.endpoint.admit(incoming, now));
            }
            EndpointEvent::Stream(handle, Event::Ended(_)) => host.endpoint.release(handle, now),
            EndpointEvent::Stream(handle, event) => {
                host.endpoint.stream_mut(handle).into_iter().for_each(|stream| answer(stream, event, now));
            }
            _ => {}
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
