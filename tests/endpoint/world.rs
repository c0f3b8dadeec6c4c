//! Two hosts with an endpoint each, and the packets between them.

use std::collections::{HashMap, VecDeque};
use std::hash::RandomState;
use std::net::SocketAddr;
use std::time::Duration;

use tcp_lifecycle::Instant;
use tcp_lifecycle::endpoint::{Accept, Endpoint, EndpointConfig, EndpointEvent, Handle, ListenAddr};
use tcp_lifecycle::stream::{End, Event, ReadError, StreamConfig};
use tcp_lifecycle::wire::Checksums;

pub(crate) const SERVER: &str = "192.0.2.2:80";
pub(crate) const CLIENT: &str = "192.0.2.1:0";

pub(crate) fn socket(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

/// What the user of a stream has done.
#[derive(Debug, Default)]
pub(crate) struct User {
    pub(crate) to_write: Vec<u8>,
    pub(crate) written: usize,
    pub(crate) read: Vec<u8>,
    pub(crate) is_shut: bool,
    pub(crate) at_end: bool,
    pub(crate) echoes: bool,
    pub(crate) end: Option<End>,
}

pub(crate) struct Host {
    pub(crate) endpoint: Endpoint<RandomState>,
    pub(crate) users: HashMap<Handle, User>,
    pub(crate) inbox: VecDeque<Vec<u8>>,
    /// The server echoes what it reads, and shuts down at the end.
    pub(crate) is_server: bool,
}

pub(crate) struct World {
    pub(crate) now: Instant,
    pub(crate) hosts: [Host; 2],
    pub(crate) config: StreamConfig,
}

impl World {
    pub(crate) fn new(endpoint: EndpointConfig, config: StreamConfig) -> World {
        let host = |is_server| Host {
            endpoint: Endpoint::new(endpoint, RandomState::new()),
            users: HashMap::new(),
            inbox: VecDeque::new(),
            is_server,
        };
        World { now: Instant::ZERO, hosts: [host(false), host(true)], config }
    }

    pub(crate) fn listen(&mut self, backlog: usize) {
        let address = ListenAddr::Socket(socket(SERVER));
        self.hosts[1].endpoint.listen(address, &self.config, Accept::Established, backlog).unwrap();
    }

    pub(crate) fn connect(&mut self, bytes: Vec<u8>) -> Handle {
        let host = &mut self.hosts[0];
        let handle = host.endpoint.connect(socket(CLIENT), socket(SERVER), &self.config, self.now).unwrap();
        host.users.insert(handle, User { to_write: bytes, ..User::default() });
        handle
    }

    /// Runs until nothing is left to do before `until`.
    pub(crate) fn run(&mut self, until: Instant) {
        loop {
            while self.turn(0) | self.turn(1) {}
            let next = self.hosts.iter().filter_map(|host| host.endpoint.deadline()).min();
            match next.filter(|next| *next <= until) {
                Some(next) => self.now = next.max(self.now),
                None => return,
            }
            for host in &mut self.hosts {
                host.endpoint.timeout(self.now);
            }
        }
    }

    pub(crate) fn run_for(&mut self, time: Duration) {
        let until = self.now + time;
        self.run(until);
        self.now = self.now.max(until);
    }

    /// Handles everything that is due at one host; returns whether there was anything.
    fn turn(&mut self, side: usize) -> bool {
        let mut busy = false;
        let now = self.now;
        let host = &mut self.hosts[side];
        while let Some(packet) = host.inbox.pop_front() {
            let _ = host.endpoint.packet_arrives(&packet, Checksums::Software, now);
            busy = true;
        }
        let mut buffer = [0; 2_000];
        loop {
            let mut packets = Vec::new();
            let host = &mut self.hosts[side];
            while let Some(transmit) = host.endpoint.poll_transmit(now) {
                let length = transmit.emit(Checksums::Software, &mut buffer).unwrap();
                packets.push(buffer[..length].to_vec());
            }
            busy |= !packets.is_empty();
            self.hosts[1 - side].inbox.extend(packets);
            let host = &mut self.hosts[side];
            let Some(event) = host.endpoint.poll_event(now) else { break };
            busy = true;
            match event {
                EndpointEvent::Incoming(listener) => {
                    if let Some(incoming) = host.endpoint.accept(listener)
                        && let Some(handle) = host.endpoint.admit(incoming, now)
                    {
                        host.users.insert(handle, User { echoes: host.is_server, ..User::default() });
                        host.serve(handle, now);
                    }
                }
                EndpointEvent::Stream(handle, Event::Ended(end)) => {
                    host.serve(handle, now);
                    host.users.get_mut(&handle).unwrap().end = Some(end);
                    host.endpoint.release(handle, now);
                }
                EndpointEvent::Stream(handle, _) => host.serve(handle, now),
                _ => {}
            }
        }
        busy
    }
}

impl Host {
    /// The user of a stream reads and writes what it can.
    fn serve(&mut self, handle: Handle, now: Instant) {
        let user = self.users.get_mut(&handle).unwrap();
        let Some(stream) = self.endpoint.stream_mut(handle) else { return };
        let mut buffer = [0; 4_096];
        loop {
            match stream.read(&mut buffer) {
                Ok(0) => {
                    user.at_end = true;
                    break;
                }
                Ok(bytes) => {
                    user.read.extend_from_slice(&buffer[..bytes]);
                    if user.echoes {
                        user.to_write.extend_from_slice(&buffer[..bytes]);
                    }
                }
                Err(ReadError::Blocked | ReadError::Ended(_)) | Err(_) => break,
            }
        }
        while user.written < user.to_write.len() {
            match stream.write(&user.to_write[user.written..], now) {
                Ok(0) | Err(_) => break,
                Ok(bytes) => user.written += bytes,
            }
        }
        if user.written == user.to_write.len() && !user.is_shut && (user.at_end || !user.echoes) {
            user.is_shut = true;
            stream.shutdown(now);
        }
    }
}
