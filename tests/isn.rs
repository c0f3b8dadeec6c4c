//! Initial sequence numbers, RFC 6528.

use std::collections::HashSet;
use std::hash::{BuildHasher, Hasher};
use std::net::SocketAddr;
use std::time::Duration;

use tcp_lifecycle::isn::IsnHash;
use tcp_lifecycle::{Config, Connection, Instant, Open, SeqNumber};

fn socket(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn iss(offset: u32, now: Instant) -> SeqNumber {
    let mut connection = Connection::new(&Config::DEFAULT, offset);
    connection.open(Open::Active, now).unwrap();
    connection.status().iss.unwrap()
}

#[test]
fn one_pair_of_sockets_has_one_offset_while_the_key_stays() {
    let isn = IsnHash::default();
    let (local, remote) = (socket("192.0.2.1:80"), socket("198.51.100.7:1025"));
    assert_eq!(isn.offset(local, remote), isn.offset(local, remote));
    assert_eq!(isn.clone().offset(local, remote), isn.offset(local, remote));
}

#[test]
fn each_address_and_each_port_counts() {
    let isn = IsnHash::default();
    let offsets: HashSet<u32> = [
        ("192.0.2.1:80", "198.51.100.7:1025"),
        ("192.0.2.2:80", "198.51.100.7:1025"),
        ("192.0.2.1:81", "198.51.100.7:1025"),
        ("192.0.2.1:80", "198.51.100.8:1025"),
        ("192.0.2.1:80", "198.51.100.7:1026"),
        ("198.51.100.7:1025", "192.0.2.1:80"),
        ("[2001:db8::1]:80", "[2001:db8::2]:1025"),
    ]
    .into_iter()
    .map(|(local, remote)| isn.offset(socket(local), socket(remote)))
    .collect();
    assert_eq!(offsets.len(), 7); // seven numbers of 32 bits collide once in two hundred million runs
}

#[test]
fn another_key_gives_other_offsets() {
    let (local, remote) = (socket("192.0.2.1:80"), socket("198.51.100.7:1025"));
    let offsets: HashSet<u32> = (0..8).map(|_| IsnHash::default().offset(local, remote)).collect();
    assert!(offsets.len() > 1);
}

#[test]
fn the_numbers_of_one_pair_of_sockets_advance_by_one_in_four_microseconds() {
    let offset = IsnHash::default().offset(socket("192.0.2.1:80"), socket("198.51.100.7:1025"));
    let now = Instant::from_micros(1_000_000);
    let later = now + Duration::from_secs(3_600);
    assert_eq!(iss(offset, Instant::ZERO), SeqNumber(offset));
    assert_eq!(iss(offset, later) - iss(offset, now), 900_000_000);
    assert!(iss(offset, now).lt(iss(offset, later)));
}

#[test]
fn the_key_is_not_printed() {
    assert_eq!(format!("{:?}", IsnHash::new(std::hash::RandomState::new())), "IsnHash { .. }");
}

/// Whatever half of the 64 bits a weak hash fills.
#[test]
fn all_bits_of_the_hash_count() {
    #[derive(Clone)]
    struct Weak(u32);
    struct Port(u64, u32);
    impl Hasher for Port {
        fn write(&mut self, bytes: &[u8]) {
            self.0 = bytes.iter().fold(self.0, |sum, byte| sum.wrapping_mul(31).wrapping_add((*byte).into()));
        }
        fn finish(&self) -> u64 {
            (self.0 & 0xFFFF) << self.1
        }
    }
    impl BuildHasher for Weak {
        type Hasher = Port;
        fn build_hasher(&self) -> Port {
            Port(0, self.0)
        }
    }
    for shift in [0, 8, 24, 32, 48] {
        let isn = IsnHash::new(Weak(shift));
        let offset = |port: &str| isn.offset(socket("192.0.2.1:80"), socket(port));
        assert_ne!(offset("198.51.100.7:1025"), offset("198.51.100.7:1026"), "{shift}");
    }
}
