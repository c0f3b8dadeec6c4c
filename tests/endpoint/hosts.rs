//! Two hosts, their users and the network between them, made of bytes: connections open, fail and close in any order,
//! and packets are lost, doubled, overtaken and forged. The fuzz target `endpoint` plays the same.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasherDefault, DefaultHasher};
use std::net::SocketAddr;
use std::time::Duration;

use tcp_lifecycle::endpoint::{
    Accept, Endpoint, EndpointConfig, EndpointEvent, Handle, Incoming, ListenAddr, ListenerId,
};
use tcp_lifecycle::stream::{End, Event, StreamConfig};
use tcp_lifecycle::wire::{Checksums, Packet};
use tcp_lifecycle::{Config, Control, Instant, State};

type Key = BuildHasherDefault<DefaultHasher>;

const ADDRESSES: [[&str; 2]; 2] = [["192.0.2.1", "192.0.2.2"], ["2001:db8::1", "2001:db8::2"]];
const MOST_STREAMS: usize = 8;
const MOST_TIME_WAITS: usize = 4;
/// More segments than one event can draw.
const ENDLESS: usize = 3_000;
const ACT: usize = 4;
const MOST_ACTS: usize = 300;

/// A stream in the hands of a user.
#[derive(Debug)]
struct Held {
    handle: Handle,
    sockets: (SocketAddr, SocketAddr),
    written: u32,
    read: u32,
    is_at_end: bool,
    /// The user has called ABORT, or is gone: what arrives is nobody's.
    is_left: bool,
    end: Option<End>,
}

struct Host {
    endpoint: Endpoint<Key>,
    held: Vec<Held>,
    listener: Option<ListenerId>,
    /// How many connections the user has had under the same sockets.
    lives: HashMap<(SocketAddr, SocketAddr), u32>,
    /// Connections that the user keeps and has not answered.
    kept: Vec<Incoming>,
    /// The most segments that the device cuts from one packet.
    most: usize,
}

struct Hosts {
    now: Instant,
    hosts: [Host; 2],
    config: StreamConfig,
    accept: Accept,
    addresses: [&'static str; 2],
    /// The packets to each host.
    network: [VecDeque<Vec<u8>>; 2],
    /// How many packets the devices take.
    room: usize,
    /// Packets were forged: nothing is known of the bytes.
    is_forged: bool,
}

/// Plays what the bytes say, and checks all invariants.
pub(crate) fn hosts(bytes: &[u8]) {
    let (setup, acts) = bytes.split_at(bytes.len().min(ACT));
    let mut hosts = Hosts::new(setup);
    for act in acts.chunks(ACT).take(MOST_ACTS) {
        let byte = |index| act.get(index).copied().unwrap_or(0);
        hosts.act([byte(0), byte(1), byte(2), byte(3)]);
        hosts.settle();
    }
    hosts.come_to_an_end();
}

/// The byte at a position of the stream from one socket to another. No byte is zero.
fn byte(from: SocketAddr, to: SocketAddr, position: u32) -> u8 {
    let seed = u32::from(from.port()) << 16 | u32::from(to.port());
    ((seed ^ position).wrapping_mul(2_654_435_761) >> 24) as u8 % 255 + 1
}

impl Hosts {
    fn new(setup: &[u8]) -> Hosts {
        let is = |bit: u8| setup.first().is_some_and(|byte| byte & 1 << bit != 0);
        let endpoint = EndpointConfig {
            max_streams: MOST_STREAMS,
            max_time_waits: MOST_TIME_WAITS,
            ephemeral_ports: (50_000, 50_003),
            resets_per_second: if is(0) { 10 } else { 0 },
            time_wait: Config { msl: Duration::from_secs(1), ..Config::linux() },
        };
        let tcp = Config {
            timestamps: is(1),
            sack_permitted: is(2),
            ecn: is(3),
            mss: if is(4) { 1_440 } else { 300 },
            receive_buffer: 4_000,
            fin_wait_2_timeout: Some(Duration::from_secs(60)),
            msl: Duration::from_secs(1),
            ..Config::linux()
        };
        let config = StreamConfig { tcp, send_buffer: 5_000, max_receive_buffer: 20_000, ..StreamConfig::new() };
        let host = || Host {
            endpoint: Endpoint::new(endpoint, Key::default()),
            held: Vec::new(),
            listener: None,
            lives: HashMap::new(),
            kept: Vec::new(),
            most: if is(7) { 4 } else { 1 },
        };
        let mut hosts = Hosts {
            now: Instant::ZERO,
            hosts: [host(), host()],
            config,
            accept: if is(5) { Accept::Syn } else { Accept::Established },
            addresses: ADDRESSES[usize::from(is(6))],
            network: [VecDeque::new(), VecDeque::new()],
            room: usize::MAX,
            is_forged: false,
        };
        hosts.listen(1, 3);
        hosts
    }

    fn listen(&mut self, side: usize, backlog: usize) {
        let host = &mut self.hosts[side];
        if host.listener.is_none() {
            let address = ListenAddr::Port(80);
            host.listener = Some(host.endpoint.listen(address, &self.config, self.accept, backlog).unwrap());
        }
    }

    fn socket(&self, side: usize, port: u16) -> SocketAddr {
        SocketAddr::new(self.addresses[side].parse().unwrap(), port)
    }

    fn act(&mut self, [what, which, how, more]: [u8; ACT]) {
        let side = usize::from(what >> 7);
        let amount = usize::from(u16::from_le_bytes([how, more])) % 6_000;
        match what % 16 {
            0 | 1 => self.connect(side, [0, 50_000, 80, 7_000][usize::from(which % 4)]),
            2 | 3 => self.with_held(side, which, |held, host, now| host.write(held, amount, now)),
            4 => self.with_held(side, which, |held, host, _| host.read(held, amount)),
            5 => self.with_held(side, which, |held, host, now| host.stream(held, |stream| stream.shutdown(now))),
            6 => self.leave(side, which),
            7 => self.with_held(side, which, |held, host, _| {
                held.is_left = true;
                host.stream(held, |stream| stream.abort());
            }),
            8 | 9 => self.deliver(side, which.into(), false),
            10 => _ = self.take(side, which.into()),
            11 => self.deliver(side, which.into(), true),
            12 if which.is_multiple_of(2) => self.now = self.now + Duration::from_millis(amount as u64),
            12 => self.now = self.now.max(self.deadline().unwrap_or(self.now)),
            13 => self.answer(side, how),
            14 if which.is_multiple_of(4) => self.unlisten(side),
            14 => self.listen(side, usize::from(how % 4)),
            _ if which.is_multiple_of(3) => self.room = if how.is_multiple_of(2) { usize::MAX } else { how.into() },
            _ => self.forge(side, which, how, more),
        }
    }

    fn connect(&mut self, side: usize, port: u16) {
        let (local, remote) = (self.socket(side, port), self.socket(1 - side, 80));
        let host = &mut self.hosts[side];
        if let Ok(handle) = host.endpoint.connect(local, remote, &self.config, self.now) {
            host.hold(handle);
        }
    }

    fn with_held(&mut self, side: usize, which: u8, call: impl FnOnce(&mut Held, &mut Host, Instant)) {
        let host = &mut self.hosts[side];
        if !host.held.is_empty() {
            let index = usize::from(which) % host.held.len();
            let mut held = host.held.remove(index);
            call(&mut held, host, self.now);
            host.held.insert(index, held);
        }
    }

    fn leave(&mut self, side: usize, which: u8) {
        let host = &mut self.hosts[side];
        if !host.held.is_empty() {
            let held = host.held.swap_remove(usize::from(which) % host.held.len());
            host.endpoint.release(held.handle, self.now);
            assert!(host.endpoint.stream(held.handle).is_none_or(|stream| stream.queued() <= 5_000));
        }
    }

    fn answer(&mut self, side: usize, how: u8) {
        let host = &mut self.hosts[side];
        let Some(incoming) = host.kept.pop() else { return };
        match how % 8 {
            0 => host.endpoint.refuse(incoming),
            1 => host.endpoint.ignore(incoming),
            2 => host.kept.insert(0, incoming),
            _ => host.admit(incoming, self.now),
        }
    }

    fn unlisten(&mut self, side: usize) {
        let host = &mut self.hosts[side];
        if let Some(listener) = host.listener.take() {
            host.endpoint.unlisten(listener);
        }
    }

    fn take(&mut self, to: usize, which: usize) -> Option<Vec<u8>> {
        let network = &mut self.network[to];
        network.remove(which.checked_rem(network.len())?)
    }

    fn deliver(&mut self, to: usize, which: usize, stays: bool) {
        let Some(packet) = self.take(to, which) else { return };
        _ = self.hosts[to].endpoint.packet_arrives(&packet, Checksums::Software, self.now);
        if stays {
            self.network[to].push_back(packet);
        }
    }

    /// A packet like one that is on its way, with another number, flag, window or byte; or bytes that are no packet.
    fn forge(&mut self, to: usize, which: u8, how: u8, more: u8) {
        let Some(mut packet) = self.take(to, which.into()) else { return };
        self.is_forged = true;
        let mut forged = vec![0; 2_000];
        let length = match Packet::parse(&packet, Checksums::Software) {
            Ok(Packet { mut header, payload }) if !how.is_multiple_of(8) => {
                let segment = header.segment;
                let control = segment.control() ^ Control::from_bits_truncate(more.into());
                let seq = segment.seq() + u32::from(more) * u32::from(how & 16);
                let ack = segment.ack().map_or(segment.seq(), |ack| ack + u32::from(more) * u32::from(how & 32));
                header.segment =
                    tcp_lifecycle::Segment::new(seq, ack, if how & 64 == 0 { control } else { segment.control() })
                        .with_window(if how & 128 == 0 { segment.window() } else { more.into() })
                        .with_payload(segment.payload_len())
                        .with_options(segment.options());
                header.emit([payload, &[]], Checksums::Software, &mut forged).ok()
            }
            Ok(_) | Err(_) => None,
        };
        let packet = match length {
            Some(length) => &forged[..length],
            None => {
                let place = usize::from(more) % packet.len();
                packet[place] ^= how | 1;
                &packet[..]
            }
        };
        for checksums in [Checksums::Software, Checksums::Offloaded] {
            _ = self.hosts[to].endpoint.packet_arrives(packet, checksums, self.now);
        }
    }

    fn deadline(&self) -> Option<Instant> {
        self.hosts.iter().filter_map(|host| host.endpoint.deadline()).min()
    }

    /// Carries out what is due at both hosts.
    fn settle(&mut self) {
        let now = self.now;
        for (side, host) in self.hosts.iter_mut().enumerate() {
            for round in 0.. {
                assert!(
                    round < 4,
                    "a deadline that has passed again and again: {:?} at {now}",
                    host.endpoint.deadline()
                );
                if host.endpoint.deadline().is_some_and(|deadline| deadline <= now) {
                    host.endpoint.timeout(now);
                }
                let count = host.transmit(&mut self.network[1 - side], self.room, now);
                self.room -= if self.room == usize::MAX { 0 } else { count };
                // While the device was full, a deadline may have passed unseen.
                if self.room == 0 || host.endpoint.deadline().is_none_or(|deadline| deadline > now) {
                    break;
                }
            }
            host.take_events(now);
            if self.room > 0 {
                assert_eq!(host.transmit(&mut self.network[1 - side], self.room, now), 0, "events draw no segments");
            }
            host.check(self.is_forged);
        }
    }

    /// The users read everything and close, then they leave; the network is honest. Every connection ends, and nothing
    /// is left.
    fn come_to_an_end(&mut self) {
        self.room = usize::MAX;
        self.rest();
        self.compare();
        for side in 0..2 {
            self.unlisten(side);
            while !self.hosts[side].held.is_empty() {
                self.leave(side, 0);
            }
        }
        self.rest();
        for host in &self.hosts {
            assert_eq!(host.endpoint.len(), (0, 0), "{:?}", host.endpoint.connections().collect::<Vec<_>>());
        }
    }

    /// Runs until no packet, no timer and no connection that waits is left.
    fn rest(&mut self) {
        for round in 0.. {
            assert!(
                round < 20_000,
                "no end: {:?}",
                self.hosts.each_ref().map(|host| (host.endpoint.len(), &host.held))
            );
            (0..2).for_each(|side| self.finish(side));
            self.settle();
            let packets = self.network.each_ref().map(VecDeque::len);
            for (to, count) in packets.into_iter().enumerate() {
                (0..count).for_each(|_| self.deliver(to, 0, false));
            }
            self.settle();
            let is_done = packets == [0, 0] && self.hosts.iter().all(|host| host.kept.is_empty());
            if is_done {
                match self.deadline() {
                    Some(deadline) => self.now = self.now.max(deadline),
                    None => return,
                }
            }
        }
    }

    fn finish(&mut self, side: usize) {
        while let Some(incoming) = self.hosts[side].kept.pop() {
            self.hosts[side].admit(incoming, self.now);
        }
        for which in 0..self.hosts[side].held.len() {
            self.with_held(side, which as u8, |held, host, now| {
                host.read(held, usize::MAX);
                host.stream(held, |stream| stream.shutdown(now));
            });
        }
    }

    /// What one end has written the other has read, if the sockets had one connection alone.
    fn compare(&self) {
        if self.is_forged {
            return;
        }
        for one in &self.hosts[0].held {
            let (local, remote) = one.sockets;
            let had_one = |host: &Host, sockets| host.lives.get(&sockets) == Some(&1);
            let other = self.hosts[1].held.iter().find(|other| other.sockets == (remote, local));
            if let Some(other) = other
                && had_one(&self.hosts[0], (local, remote))
                && had_one(&self.hosts[1], (remote, local))
                && [one, other].iter().all(|end| end.end == Some(End::Closed) && !end.is_left)
            {
                assert_eq!((one.read, other.read), (other.written, one.written), "{one:?} {other:?}");
            }
        }
    }
}

impl Host {
    fn hold(&mut self, handle: Handle) {
        let sockets = self.endpoint.sockets(handle).unwrap();
        *self.lives.entry(sockets).or_default() += 1;
        self.held.push(Held { handle, sockets, written: 0, read: 0, is_at_end: false, is_left: false, end: None });
    }

    fn admit(&mut self, incoming: Incoming, now: Instant) {
        if let Some(handle) = self.endpoint.admit(incoming, now) {
            self.hold(handle);
        }
    }

    fn stream(&mut self, held: &Held, call: impl FnOnce(&mut tcp_lifecycle::stream::Stream)) {
        call(self.endpoint.stream_mut(held.handle).unwrap());
    }

    fn write(&mut self, held: &mut Held, amount: usize, now: Instant) {
        let (local, remote) = held.sockets;
        let bytes: Vec<u8> = (0..amount as u32).map(|offset| byte(local, remote, held.written + offset)).collect();
        let taken = self.endpoint.stream_mut(held.handle).unwrap().write(&bytes, now).unwrap_or(0);
        held.written += taken as u32;
    }

    fn read(&mut self, held: &mut Held, most: usize) {
        let mut buffer = vec![0; most.min(20_000)];
        let (local, remote) = held.sockets;
        let outcome = self.endpoint.stream_mut(held.handle).unwrap().read(&mut buffer);
        for &value in &buffer[..outcome.unwrap_or(0)] {
            if value != byte(remote, local, held.read) {
                // A forged byte: `check` decides whether there may be one.
                held.is_left = true;
                held.read |= 1 << 31;
            }
            held.read += 1;
        }
        let is_at_end = outcome == Ok(0) && most > 0;
        assert!(is_at_end || !held.is_at_end || most == 0, "bytes behind the end");
        held.is_at_end |= is_at_end;
    }

    /// Moves packets to the network, as many as fit.
    fn transmit(&mut self, network: &mut VecDeque<Vec<u8>>, room: usize, now: Instant) -> usize {
        let mut buffer = [0; 2_000];
        let mut count = 0;
        while count < room {
            let Some(batch) = self.endpoint.poll_transmit_batch(self.most.min(room - count), now) else { break };
            for transmit in batch.segments() {
                let length = transmit.emit(Checksums::Software, &mut buffer).unwrap();
                let packet = Packet::parse(&buffer[..length], Checksums::Software).unwrap();
                assert_eq!((packet.header.source, packet.header.destination), (transmit.local, transmit.remote));
                assert_eq!(packet.header.segment, transmit.segment);
                network.push_back(buffer[..length].to_vec());
                count += 1;
            }
            assert!(count < ENDLESS, "segments without an end");
        }
        count
    }

    fn take_events(&mut self, now: Instant) {
        for count in 0.. {
            assert!(count < ENDLESS, "events without an end");
            match self.endpoint.poll_event(now) {
                None => break,
                Some(EndpointEvent::Incoming(listener)) => {
                    if let Some(incoming) = self.endpoint.accept(listener) {
                        assert_eq!(incoming.listener(), listener);
                        self.kept.push(incoming);
                    }
                }
                Some(EndpointEvent::Stream(handle, event)) => {
                    let held = self.held.iter_mut().find(|held| held.handle == handle).expect("the stream of a user");
                    assert_eq!(held.end, None, "{event:?} after the end");
                    if let Event::Ended(end) = event {
                        held.end = Some(end);
                        assert_eq!(self.endpoint.stream(handle).unwrap().state(), State::Closed);
                    }
                }
                Some(_) => {}
            }
        }
    }

    fn check(&self, is_forged: bool) {
        let (streams, waiting) = self.endpoint.len();
        assert!(streams <= MOST_STREAMS && waiting <= MOST_TIME_WAITS, "{streams} {waiting}");
        assert_eq!(self.endpoint.connections().count(), streams + waiting);
        for held in &self.held {
            let stream = self.endpoint.stream(held.handle).expect("a stream stays until its user leaves");
            assert!(stream.queued() <= 5_000);
            assert!(stream.readable().0.len() + stream.readable().1.len() <= 20_000);
            assert!(is_forged || held.read < 1 << 31, "bytes of another stream, or in another order: {held:?}");
        }
    }
}
