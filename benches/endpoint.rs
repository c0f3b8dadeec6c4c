//! What many connections cost an endpoint: bytes for each, and the time of a segment.
//!
//! `cargo bench --bench endpoint`; with `-- 100000` for as many. It runs on Linux, whose `/proc/self/statm` tells the
//! memory of the whole process: what a connection takes is what the process takes more.

use std::collections::HashMap;
use std::fs;
use std::hash::RandomState;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::time::Instant as Clock;

use tcp_lifecycle::endpoint::{Accept, Endpoint, EndpointConfig, EndpointEvent, Handle, ListenAddr};
use tcp_lifecycle::stream::StreamConfig;
use tcp_lifecycle::{Control, Ecn, Instant, Segment, SeqNumber, State};

const PORT: u16 = 80;

struct Server {
    endpoint: Endpoint<RandomState>,
    now: Instant,
    /// By the number of the peer.
    peers: Vec<Peer>,
}

/// What the peer of a connection knows.
struct Peer {
    handle: Handle,
    snd_nxt: SeqNumber,
    rcv_nxt: SeqNumber,
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
        Server { endpoint, now: Instant::ZERO, peers: Vec::with_capacity(most) }
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
                self.peers.push(Peer { handle, snd_nxt: SeqNumber(301), rcv_nxt: next });
            }
        }
        self.drain();
    }

    /// A byte arrives, the user reads it, and an ACK goes out.
    fn byte(&mut self, number: u32) {
        let Peer { handle, snd_nxt, rcv_nxt } = &mut self.peers[number as usize];
        let (handle, segment) = (*handle, Segment::new(*snd_nxt, *rcv_nxt, Control::ACK).with_window(1_000));
        *snd_nxt += 1;
        self.arrives(number, &segment, &[7]);
        let mut buffer = [0; 16];
        assert_eq!(self.endpoint.stream_mut(handle).unwrap().read(&mut buffer), Ok(1));
        self.drain();
        while self.endpoint.poll_event(self.now).is_some() {}
    }

    /// We close first, so that the connection ends in TIME-WAIT.
    fn close(&mut self, number: u32) {
        let Peer { handle, snd_nxt, rcv_nxt } = self.peers[number as usize];
        self.endpoint.release(handle, self.now);
        self.drain();
        let fin = Segment::new(snd_nxt, rcv_nxt + 1, Control::FIN | Control::ACK).with_window(1_000);
        self.arrives(number, &fin, &[]);
        self.drain();
    }
}

/// The memory of this process, in bytes.
fn memory() -> u64 {
    let statm = fs::read_to_string("/proc/self/statm").unwrap();
    statm.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 4_096
}

/// Nanoseconds for `touch` on a random one of `count` connections: the least of some rounds.
fn time(count: u32, mut touch: impl FnMut(u32)) -> f64 {
    let mut state = 1_u32;
    let mut least = f64::MAX;
    for _ in 0..20 {
        let start = Clock::now();
        for _ in 0..2_000 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            touch(((u64::from(state) * u64::from(count)) >> 32) as u32);
        }
        least = least.min(start.elapsed().as_nanos() as f64 / 2_000.0);
    }
    least
}

/// The time to find a connection of as many bytes in a table, to change each of its cache lines, and to look at what
/// the benchmark itself knows of it: no TCP can do with less.
fn time_of_bound(count: u32) -> f64 {
    type Bytes = [u64; 48];
    let mut table: HashMap<(SocketAddr, SocketAddr), Box<Bytes>> = HashMap::with_capacity(count as usize);
    table.extend((0..count).map(|number| ((local(), remote(number)), Box::new([1; 48]))));
    let mut peers = vec![[1_u32; 4]; count as usize];
    time(count, |number| {
        let bytes = table.get_mut(&(local(), remote(number))).unwrap();
        bytes.iter_mut().step_by(8).for_each(|word| *word += 1);
        peers[number as usize][0] += 1;
    })
}

fn main() {
    let most: u32 = std::env::args().filter_map(|argument| argument.parse().ok()).next().unwrap_or(1_000_000);
    let mut server = Server::new(most as usize);
    let before = memory();
    (0..most).for_each(|number| server.connect(number));
    let own = (size_of::<Peer>() * most as usize) as u64;
    println!("{most} connections: {} bytes each", (memory() - before - own) / u64::from(most));
    let before = memory();
    (0..most).for_each(|number| server.close(number));
    assert_eq!(server.endpoint.len(), (0, most as usize));
    assert!(server.endpoint.connections().all(|(_, _, state)| state == State::TimeWait));
    println!("TIME-WAIT: {} bytes each", (memory() - before) / u64::from(most));
    drop(server);

    let few = 1_000;
    let mut server = Server::new(few as usize);
    (0..few).for_each(|number| server.connect(number));
    let (at_few, bound_at_few) = (time(few, |number| server.byte(number)), time_of_bound(few));
    let mut server = Server::new(most as usize);
    (0..most).for_each(|number| server.connect(number));
    let (at_many, bound_at_many) = (time(most, |number| server.byte(number)), time_of_bound(most));
    println!("a byte in, read, ACK out: {at_few:.0} ns at {few}, {at_many:.0} ns at {most}");
    println!("the bound: {bound_at_few:.0} ns at {few}, {bound_at_many:.0} ns at {most}");
    println!("beyond the bound: {:.2} times", (at_many - bound_at_many) / (at_few - bound_at_few));
}
