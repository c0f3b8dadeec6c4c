//! Lives of one pair of sockets, one after another, over a network that loses, duplicates and delays: each delivers its
//! own bytes, once and in order, although segments of the lives before still arrive.

use std::collections::BTreeMap;
use std::hash::RandomState;
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use tcp_lifecycle::endpoint::{Accept, Endpoint, EndpointConfig, EndpointEvent, Handle, ListenAddr};
use tcp_lifecycle::stream::{End, Event, StreamConfig};
use tcp_lifecycle::wire::Checksums;
use tcp_lifecycle::{Config, Instant};

use crate::cases::cases;
use crate::world::{SERVER, socket};

const CLIENT: &str = "192.0.2.1:50000";

/// The milliseconds after which a packet arrives, and those of its copy. Without the first, both are lost.
type Fate = (Option<u64>, Option<u64>);

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        1 => Just((None, None)),
        6 => (1..30_u64).prop_map(|first| (Some(first), None)),
        // A copy may arrive seconds later, in the next life.
        1 => (1..30_u64, 1..4_000_u64).prop_map(|(first, copy)| (Some(first), Some(copy))),
    ]
}

/// The client, the server, and the packets on their way.
struct World {
    now: Instant,
    hosts: [Endpoint<RandomState>; 2],
    /// By the time of arrival and a number: the host that it is for.
    flights: BTreeMap<(Instant, usize), (usize, Vec<u8>)>,
    fates: Vec<Fate>,
    sent: usize,
}

impl World {
    fn new(config: &StreamConfig, fates: Vec<Fate>) -> World {
        let endpoint = EndpointConfig { time_wait: config.tcp, ..EndpointConfig::default() };
        let mut hosts = [0; 2].map(|_| Endpoint::new(endpoint, RandomState::new()));
        hosts[1].listen(ListenAddr::Socket(socket(SERVER)), config, Accept::Established, 10).unwrap();
        World { now: Instant::ZERO, hosts, flights: BTreeMap::new(), fates, sent: 0 }
    }

    fn transmit(&mut self, side: usize) {
        let mut buffer = [0; 2_000];
        while let Some(transmit) = self.hosts[side].poll_transmit(self.now) {
            let length = transmit.emit(Checksums::Software, &mut buffer).unwrap();
            self.sent += 1;
            // Scattered, so that a pattern of retransmissions does not meet the same fate again and again.
            let (first, copy) = self.fates[(self.sent.wrapping_mul(0x9E37_79B9) >> 7) % self.fates.len()];
            for (millis, copy) in first.into_iter().zip([0]).chain(copy.into_iter().zip([1])) {
                let at = self.now + Duration::from_millis(millis);
                self.flights.insert((at, 2 * self.sent + copy), (1 - side, buffer[..length].to_vec()));
            }
        }
    }

    /// Hands in the next packet, or lets the next deadline pass.
    fn step(&mut self) {
        let arrival = self.flights.first_key_value().map(|((at, _), _)| *at);
        let deadlines = self.hosts.iter().filter_map(Endpoint::deadline);
        self.now = deadlines.chain(arrival).min().expect("an event").max(self.now);
        self.hosts.iter_mut().for_each(|host| host.timeout(self.now));
        while let Some(flight) = self.flights.first_entry().filter(|flight| flight.key().0 <= self.now) {
            let (to, packet) = flight.remove();
            let _ = self.hosts[to].packet_arrives(&packet, Checksums::Software, self.now);
        }
    }

    /// A life: the client writes its bytes and shuts down, the server sends its own and closes first. Returns what the
    /// server and the client have read.
    fn live(&mut self, config: &StreamConfig, bytes: [&[u8]; 2]) -> [Vec<u8>; 2] {
        let client = self.hosts[0].connect(socket(CLIENT), socket(SERVER), config, self.now).unwrap();
        let mut users: [Option<Handle>; 2] = [Some(client), None];
        let mut read = [Vec::new(), Vec::new()];
        let mut ends = [None; 2];
        self.hosts[0].stream_mut(client).unwrap().write(bytes[0], self.now).unwrap();
        self.transmit(0);
        while ends != [Some(End::Closed); 2] {
            assert!(ends.iter().flatten().all(|end| *end == End::Closed), "{ends:?}");
            self.step();
            for side in [0, 1] {
                self.transmit(side);
                while let Some(event) = self.hosts[side].poll_event(self.now) {
                    match event {
                        EndpointEvent::Incoming(listener) => {
                            let incoming = self.hosts[1].accept(listener).unwrap();
                            assert_eq!(users[1], None, "one connection");
                            users[1] = self.hosts[1].admit(incoming, self.now);
                        }
                        EndpointEvent::Stream(handle, Event::Ended(end)) if users[side] == Some(handle) => {
                            ends[side] = Some(end);
                            self.hosts[side].release(handle, self.now);
                        }
                        EndpointEvent::Stream(handle, event) if users[side] == Some(handle) => {
                            let stream = self.hosts[side].stream_mut(handle).unwrap();
                            let (front, back) = stream.readable();
                            let arrived = [front, back].concat();
                            stream.consume(arrived.len());
                            let was = read[1 - side].len();
                            read[1 - side].extend(arrived);
                            if side == 1 && was < bytes[0].len() && read[0].len() == bytes[0].len() {
                                stream.write(bytes[1], self.now).unwrap();
                                stream.shutdown(self.now);
                            } else if side == 0 && event == Event::EndOfStream {
                                stream.shutdown(self.now);
                            }
                        }
                        EndpointEvent::Stream(..) | _ => panic!("{event:?}"),
                    }
                    self.transmit(side);
                }
            }
        }
        read
    }
}

fn bytes(seed: usize, len: usize) -> Vec<u8> {
    (0..len).map(|index| ((index + seed) * 7 % 251) as u8).collect()
}

proptest! {
    #![proptest_config(cases(32))]

    #[test]
    fn each_life_delivers_its_own_bytes(
        fates in vec(fate(), 1..200),
        sizes in vec((1..20_000_usize, 1..20_000_usize), 1..5),
        timestamps: bool,
    ) {
        // Some packets have to get through.
        prop_assume!(fates.iter().filter(|(first, _)| first.is_none()).count() * 4 <= fates.len());
        // No end gives up because of losses, and a lost FIN comes again well within 2 MSL.
        let tcp = Config {
            timestamps,
            r2: Duration::MAX,
            syn_r2: Duration::MAX,
            user_timeout: None,
            rto_max: Duration::from_secs(2),
            ..Config::DEFAULT
        };
        let config = StreamConfig { tcp, ..StreamConfig::default() };
        let mut world = World::new(&config, fates);
        for (seed, &(request, response)) in sizes.iter().enumerate() {
            let sent = [bytes(seed, request), bytes(seed + 100, response)];
            let read = world.live(&config, [&sent[0], &sent[1]]);
            prop_assert!(read == sent, "life {seed}");
        }
    }
}
