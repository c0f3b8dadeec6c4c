//! What many connections cost an endpoint: bytes for each, and the time of a segment.
//!
//! `cargo bench --bench endpoint`; with `-- 100000` for as many. It runs on Linux, whose `/proc/self/statm` tells the
//! memory of the whole process: what a connection takes is what the process takes more.

use std::fs;
use std::hash::RandomState;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::time::{Duration, Instant as Clock};

use tcp_lifecycle::endpoint::{Accept, Endpoint, EndpointConfig, EndpointEvent, Handle, ListenAddr};
use tcp_lifecycle::stream::StreamConfig;
use tcp_lifecycle::{Control, Ecn, Instant, Segment, SeqNumber, State};

const PORT: u16 = 80;

struct Server {
    endpoint: Endpoint<RandomState>,
    now: Instant,
    /// By the number of the peer: the stream, and the number of our next byte.
    streams: Vec<(Handle, SeqNumber)>,
}

fn local() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::new(192, 0, 2, 2), PORT))
}

fn remote(number: u32) -> SocketAddr {
    SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::from(0x0A00_0000 + number / 50_000), 1_024 + (number % 50_000) as u16))
}

impl Server {
    fn new(most: usize) -> Server {
        let config = EndpointConfig { max_streams: most, max_time_waits: most, ..EndpointConfig::default() };
        let mut endpoint = Endpoint::new(config, RandomState::new());
        endpoint.listen(ListenAddr::Port(PORT), &StreamConfig::default(), Accept::Established, most).unwrap();
        Server { endpoint, now: Instant::ZERO, streams: Vec::with_capacity(most) }
    }

    fn arrives(&mut self, number: u32, segment: &Segment, payload: &[u8]) {
        _ = self.endpoint.segment_arrives((local(), remote(number)), segment, &[], Ecn::NotEct, payload, self.now);
    }

    fn drain(&mut self) -> Option<Segment> {
        let mut last = None;
        while let Some(transmit) = self.endpoint.poll_transmit(self.now) {
            last = Some(transmit.segment);
        }
        last
    }

    fn connect(&mut self, number: u32) {
        let syn = Segment::new(SeqNumber(300), SeqNumber(0), Control::SYN).with_window(1_000);
        self.arrives(number, &syn, &[]);
        let next = self.drain().unwrap().seq() + 1;
        self.arrives(number, &Segment::new(SeqNumber(301), next, Control::ACK).with_window(1_000), &[]);
        self.drain();
        while let Some(event) = self.endpoint.poll_event(self.now) {
            if let EndpointEvent::Incoming(listener) = event {
                let incoming = self.endpoint.accept(listener).unwrap();
                let handle = self.endpoint.admit(incoming, self.now).unwrap();
                self.streams.push((handle, next));
            }
        }
        self.drain();
    }

    /// A byte arrives, the user reads it, and an ACK goes out.
    fn byte(&mut self, number: u32, count: u32) {
        let (handle, next) = self.streams[number as usize];
        let segment = Segment::new(SeqNumber(301 + count), next, Control::ACK).with_window(1_000);
        self.arrives(number, &segment, &[7]);
        let mut buffer = [0; 16];
        assert_eq!(self.endpoint.stream_mut(handle).unwrap().read(&mut buffer), Ok(1));
        self.drain();
        while self.endpoint.poll_event(self.now).is_some() {}
    }

    fn rest(&mut self, time: Duration) {
        self.now = self.now + time;
        self.endpoint.timeout(self.now);
        self.drain();
        while self.endpoint.poll_event(self.now).is_some() {}
    }

    /// We close first, so that the connection ends in TIME-WAIT.
    fn close(&mut self, number: u32) {
        let (handle, next) = self.streams[number as usize];
        self.endpoint.release(handle, self.now);
        self.drain();
        let fin = Segment::new(SeqNumber(301), next + 1, Control::FIN | Control::ACK).with_window(1_000);
        self.arrives(number, &fin, &[]);
        self.drain();
    }
}

/// The memory of this process, in bytes.
fn memory() -> u64 {
    let statm = fs::read_to_string("/proc/self/statm").unwrap();
    statm.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 4_096
}

/// Nanoseconds for a byte on a random one of `count` connections: the least of some rounds.
fn time(server: &mut Server, count: u32, rounds: &mut u32) -> f64 {
    let mut state = 1_u32;
    let mut least = f64::MAX;
    let mut counts = vec![0_u32; count as usize];
    _ = rounds;
    for _ in 0..20 {
        let start = Clock::now();
        for _ in 0..2_000 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let number = ((u64::from(state) * u64::from(count)) >> 32) as u32;
            server.byte(number, counts[number as usize]);
            counts[number as usize] += 1;
        }
        least = least.min(start.elapsed().as_nanos() as f64 / 2_000.0);
    }
    least
}

fn main() {
    let most: u32 = std::env::args().filter_map(|argument| argument.parse().ok()).next().unwrap_or(1_000_000);
    let mut few = Server::new(1_000);
    (0..1_000).for_each(|number| few.connect(number));
    let at_few = time(&mut few, 1_000, &mut 0);

    let mut server = Server::new(most as usize);
    let before = memory();
    (0..most).for_each(|number| server.connect(number));
    let fresh = memory() - before;
    // The flows of the handshakes are dropped.
    server.rest(Duration::from_secs(5));
    let idle = memory() - before;
    println!(
        "{most} connections: {} bytes each, {} just after the handshake",
        idle / u64::from(most),
        fresh / u64::from(most)
    );
    let at_many = time(&mut server, most, &mut 0);
    println!(
        "a byte in, read, ACK out: {at_few:.0} ns at 1000, {at_many:.0} ns at {most}: {:.2} times",
        at_many / at_few
    );
    drop(server);

    let mut server = Server::new(most as usize);
    (0..most).for_each(|number| server.connect(number));
    server.rest(Duration::from_secs(5));
    let with_streams = memory();
    (0..most).for_each(|number| server.close(number));
    println!("{:?} streams and connections in TIME-WAIT", server.endpoint.len());
    assert!(server.endpoint.connections().all(|(_, _, state)| state == State::TimeWait));
    println!("TIME-WAIT: {} bytes each beside the streams", (memory() as i64 - with_streams as i64) / i64::from(most));
}
