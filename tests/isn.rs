//! Initial sequence numbers, RFC 6528.

use std::collections::HashSet;
use std::hash::{BuildHasher, Hasher};
use std::net::{Ipv6Addr, SocketAddr, SocketAddrV6};
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

/// RFC 6528 section 3: F is a hash of addresses and ports only.
#[test]
fn the_flow_label_and_the_scope_of_an_ipv6_address_do_not_count() {
    let isn = IsnHash::default();
    let address: Ipv6Addr = "fe80::1".parse().unwrap();
    let local = |flow, scope| SocketAddr::from(SocketAddrV6::new(address, 80, flow, scope));
    let remote = |flow, scope| SocketAddr::from(SocketAddrV6::new(address, 1025, flow, scope));
    let (offset, times) = (isn.offset(local(0, 0), remote(0, 0)), isn.timestamp_offset(local(0, 0), remote(0, 0)));
    for (flow, scope) in [(1, 0), (0, 1), (0xF_FFFF, u32::MAX)] {
        assert_ne!(local(flow, scope), local(0, 0));
        for (local, remote) in [
            (local(flow, scope), remote(0, 0)),
            (local(0, 0), remote(flow, scope)),
            (local(flow, scope), remote(flow, scope)),
        ] {
            assert_eq!((isn.offset(local, remote), isn.timestamp_offset(local, remote)), (offset, times));
        }
    }
}

#[test]
fn an_ipv4_mapped_address_counts_as_the_ipv4_address_in_it() {
    let isn = IsnHash::default();
    let (local, remote) = (socket("192.0.2.1:80"), socket("198.51.100.7:1025"));
    let (mapped_local, mapped_remote) = (socket("[::ffff:192.0.2.1]:80"), socket("[::ffff:198.51.100.7]:1025"));
    for (one, other) in [(mapped_local, mapped_remote), (mapped_local, remote), (local, mapped_remote)] {
        assert_eq!(isn.offset(one, other), isn.offset(local, remote));
        assert_eq!(isn.timestamp_offset(one, other), isn.timestamp_offset(local, remote));
    }
    // An IPv4-compatible IPv6 address (deprecated) is a different address.
    assert_ne!(isn.offset(socket("[::192.0.2.1]:80"), remote), isn.offset(local, remote));
}

/// RFC 7323 section 7.1: both incarnations of a connection (RFC 6191) have the same offset; other connections have
/// others.
#[test]
fn one_pair_of_sockets_has_one_timestamp_offset_and_many_have_many() {
    let isn = IsnHash::default();
    let local = socket("192.0.2.1:80");
    let remote = |port| SocketAddr::from(([198, 51, 100, 7], port));
    assert_eq!(isn.timestamp_offset(local, remote(1025)), isn.clone().timestamp_offset(local, remote(1025)));
    let offsets: HashSet<u16> = (1_024..2_048).map(|port| isn.timestamp_offset(local, remote(port))).collect();
    assert!(offsets.len() > 980, "{}", offsets.len()); // eight pairs of 1,024 are equal on average
    for bit in 0..16 {
        let set = offsets.iter().filter(|&&offset| offset & (1 << bit) != 0).count();
        assert!((412..612).contains(&set), "bit {bit}: {set}"); // six standard deviations
    }
}

/// A peer can read the timestamp offset from a segment, and must not learn the F of its initial sequence number from
/// it.
#[test]
fn the_timestamp_offset_has_a_hash_of_its_own() {
    let isn = IsnHash::default();
    let local = socket("192.0.2.1:80");
    let alike = (1_024..5_120_u16)
        .map(|port| SocketAddr::from(([198, 51, 100, 7], port)))
        .filter(|&remote| {
            let (offset, times) = (isn.offset(local, remote), u32::from(isn.timestamp_offset(local, remote)));
            [offset & 0xFFFF, offset >> 16, (offset ^ (offset >> 16)) & 0xFFFF].contains(&times)
        })
        .count();
    assert!(alike < 8, "{alike}"); // about one of five runs has any
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

/// The hash counts in full: it makes no difference which half of the 64 bits a weak hash fills.
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
