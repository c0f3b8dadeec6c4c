//! Several incarnations of one pair of sockets, one after the other, over a network that loses, duplicates and delays:
//! each delivers its own bytes, exactly once and in order.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use tcp_lifecycle::{Config, Instant, Segment, State};

use crate::cases::cases;
use crate::host::{PAIR, PLAIN, STAMPED, TWO_MSL, assert_nothing_but_time_wait, exchange, listening, peer};
use crate::socket::Socket;
use crate::table::{Outgoing, Table};

/// The fate of a packet.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Lost,
    Comes(u64),
    ComesTwice(u64, u64),
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        1 => Just(Fate::Lost),
        6 => (1..30_u64).prop_map(Fate::Comes),
        // A copy may arrive seconds later, in the next incarnation.
        1 => (1..30_u64, 1..4_000_u64).prop_map(|(first, second)| Fate::ComesTwice(first, second)),
    ]
}

type Packet = (Segment, Vec<u8>);

/// The network, the peer and the table; packets in flight are ordered by their time of arrival.
struct World {
    now: Instant,
    table: Table,
    /// Whether it is for the table or for the peer; the count separates packets of the same moment.
    on_the_way: BTreeMap<(Instant, usize), (bool, Packet)>,
    count: usize,
    fates: Vec<Fate>,
}

impl World {
    fn send(&mut self, to_table: bool, packet: Packet) {
        let fate = self.fates[scattered(self.count) % self.fates.len()];
        let (first, second) = match fate {
            Fate::Lost => (None, None),
            Fate::Comes(first) => (Some(first), None),
            Fate::ComesTwice(first, second) => (Some(first), Some(second)),
        };
        for millis in [first, second].into_iter().flatten() {
            self.count += 1;
            let at = self.now + Duration::from_millis(millis);
            self.on_the_way.insert((at, self.count), (to_table, packet.clone()));
        }
        self.count += 1;
    }

    fn take_from(&mut self, peer: &mut Socket) {
        for packet in peer.outgoing().collect::<Vec<_>>() {
            self.send(true, packet);
        }
        for Outgoing { segment, payload, .. } in self.table.outgoing() {
            self.send(false, (segment, payload));
        }
    }

    /// Handles the next event: a packet arrives, or a timeout is due.
    fn step(&mut self, peer: &mut Socket) {
        let arrival = self.on_the_way.keys().next().map(|&(at, _)| at);
        let due = [arrival, peer.deadline(), self.table.deadline()].into_iter().flatten().min();
        self.now = due.expect("something is always due until it is over").max(self.now);
        peer.timeout(self.now);
        self.table.timeout(self.now);
        while let Some(entry) = self.on_the_way.first_entry().filter(|entry| entry.key().0 <= self.now) {
            let (to_table, (segment, payload)) = entry.remove();
            let _ = if to_table {
                self.table.segment_arrives(PAIR, &segment, &payload, self.now)
            } else {
                peer.segment_arrives(&segment, &payload, self.now)
            };
        }
    }

    /// Plays a whole connection, from SYN to TIME-WAIT in the table. Returns the bytes that the two have received.
    fn live(&mut self, peer: &mut Socket, request: &[u8], response: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let (mut of_peer, mut of_table) = (Vec::new(), Vec::new());
        let (mut asked, mut answered) = (false, false);
        while peer.state() != State::Closed {
            self.take_from(peer);
            self.step(peer);
            of_peer.extend(peer.receive(self.now).unwrap());
            if !asked && peer.may_send() {
                peer.send(request, self.now).unwrap();
                asked = true;
            }
            if peer.peer_has_closed() && peer.may_send() {
                peer.close(self.now).unwrap();
            }
            for socket in self.table.sockets() {
                of_table.extend(socket.receive(self.now).unwrap());
                if !answered && socket.may_send() && of_table.len() >= request.len() {
                    socket.send(response, self.now).unwrap();
                    socket.close(self.now).unwrap();
                    answered = true;
                }
            }
        }
        assert_eq!(peer.failure(), None);
        (of_table, of_peer)
    }
}

/// Prevents a pattern of retransmissions from meeting the same fate again and again.
fn scattered(count: usize) -> usize {
    (count.wrapping_mul(0x9E37_79B9) >> 7) & 0xFFFF
}

fn bytes(seed: usize, len: usize) -> Vec<u8> {
    (0..len).map(|index| ((index + seed) * 7 % 251) as u8).collect()
}

/// Patient policies: no end gives up because of losses, and a lost FIN is retransmitted well within 2 MSL.
fn patient(config: &Config) -> Config {
    let rto_max = Duration::from_secs(2);
    Config { r2: Duration::MAX, user_timeout: None, rto_max, ..*config }
}

fn run(config: &Config, fates: Vec<Fate>, sizes: &[(usize, usize)]) {
    let mut world =
        World { now: Instant::ZERO, table: listening(config), on_the_way: BTreeMap::new(), count: 0, fates };
    for (seed, &(request, response)) in sizes.iter().enumerate() {
        let (request, response) = (bytes(seed, request), bytes(seed + 100, response));
        let mut peer = peer(config, 1_000_000 * (seed as u32 + 1), world.now);
        let received = world.live(&mut peer, &request, &response);
        assert_eq!(received, (request, response));
    }
    // After the last of them 2 MSL pass, and nothing is left.
    world.on_the_way.clear();
    let end = world.now + TWO_MSL + TWO_MSL;
    while let Some(deadline) = world.table.deadline() {
        assert!(deadline <= end);
        world.table.timeout(deadline);
        world.table.outgoing();
    }
    assert_nothing_but_time_wait(&mut world.table);
    let mut afresh = peer(config, 7, end);
    exchange(&mut world.table, PAIR, &mut afresh, end);
    assert_eq!(afresh.state(), State::Established);
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn each_life_delivers_its_own_bytes(
        fates in vec(fate(), 1..200),
        sizes in vec((1..20_000_usize, 1..20_000_usize), 1..5),
        stamped in any::<bool>(),
    ) {
        // Some packets have to get through.
        prop_assume!(fates.iter().filter(|fate| matches!(fate, Fate::Lost)).count() * 4 <= fates.len());
        run(&patient(if stamped { &STAMPED } else { &PLAIN }), fates, &sizes);
    }
}
