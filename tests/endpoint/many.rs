//! Many connections at once, and one after another.

use std::time::Duration;

use tcp_lifecycle::Instant;
use tcp_lifecycle::endpoint::EndpointConfig;
use tcp_lifecycle::stream::{End, StreamConfig, WriteError};

use crate::world::World;

fn bytes(len: usize, seed: u32) -> Vec<u8> {
    (0..len as u32).map(|number| (number.wrapping_add(seed).wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

#[test]
fn two_hundred_clients_get_their_bytes_back_and_all_tables_are_empty_afterwards() {
    let mut world = World::new(EndpointConfig::default(), StreamConfig::default());
    world.listen(1_000);
    let clients: Vec<_> = (0..200).map(|seed| (world.connect(bytes(50_000, seed)), seed)).collect();
    world.run(Instant::ZERO + Duration::from_secs(10));
    for (client, seed) in clients {
        let user = &world.hosts[0].users[&client];
        assert!(user.read == bytes(50_000, seed));
        assert_eq!(user.end, Some(End::Closed));
    }
    assert_eq!(world.hosts[1].users.len(), 200);
    assert!(world.hosts[1].users.values().all(|user| user.end == Some(End::Closed)));
    assert_eq!(world.hosts[0].endpoint.len(), (0, 200));
    assert_eq!(world.hosts[1].endpoint.len(), (0, 0));
    world.run_for(Duration::from_secs(61));
    assert_eq!(world.hosts[0].endpoint.len(), (0, 0));
    assert_eq!(world.hosts[0].endpoint.deadline(), None);
}

#[test]
fn thousands_of_connections_one_after_another_from_few_ports() {
    let config = EndpointConfig { ephemeral_ports: (50_000, 50_099), ..EndpointConfig::default() };
    let mut world = World::new(config, StreamConfig::default());
    world.listen(10);
    for number in 0..3_000_u32 {
        let client = world.connect(number.to_be_bytes().to_vec());
        world.run_for(Duration::from_millis(5));
        let user = world.hosts[0].users.remove(&client).unwrap();
        assert_eq!(user.read, number.to_be_bytes());
        assert_eq!(user.end, Some(End::Closed), "{number}");
    }
    assert!(world.hosts[0].endpoint.len().1 <= 100);
}

#[test]
fn a_client_that_closes_before_the_connection_is_established_loses_nothing() {
    let mut world = World::new(EndpointConfig::default(), StreamConfig::default());
    world.listen(1);
    let client = world.connect(Vec::new());
    let stream = world.hosts[0].endpoint.stream_mut(client).unwrap();
    assert_eq!(stream.write(b"early", Instant::ZERO), Ok(5));
    stream.shutdown(Instant::ZERO);
    assert_eq!(stream.write(b"late", Instant::ZERO), Err(WriteError::ShutDown));
    world.run(Instant::ZERO + Duration::from_secs(10));
    let user = &world.hosts[0].users[&client];
    assert_eq!((user.read.as_slice(), user.end), (&b"early"[..], Some(End::Closed)));
}
