//! Segments, packets and errors for which there is no connection.

use std::time::Duration;

use tcp_lifecycle::endpoint::{EndpointConfig, PacketError};
use tcp_lifecycle::wire::{Checksums, WireError};
use tcp_lifecycle::{IcmpError, Refusal, SeqNumber};

use crate::peer::{Bench, socket};

const PEER: &str = "198.51.100.7:1025";

#[test]
fn a_segment_of_nobody_is_answered_with_a_reset() {
    let mut bench = Bench::new(EndpointConfig::default());
    assert_eq!(bench.arrives(PEER, "<SEQ=300><CTL=SYN>"), Err(Refusal::NoConnection));
    assert_eq!(bench.sends().to_string(), "<SEQ=0><ACK=301><CTL=RST,ACK>");
    assert_eq!(bench.arrives(PEER, "<SEQ=300><ACK=9><CTL=ACK>"), Err(Refusal::NoConnection));
    assert_eq!(bench.sends().to_string(), "<SEQ=9><CTL=RST>");
    assert_eq!(bench.arrives(PEER, "<SEQ=300><CTL=RST>"), Err(Refusal::ResetWithoutConnection));
    assert_eq!(bench.sent(), []);
}

#[test]
fn resets_are_limited() {
    let config = EndpointConfig { resets_per_second: 10, ..EndpointConfig::default() };
    let mut bench = Bench::new(config);
    let flood = |bench: &mut Bench| {
        for _ in 0..1_000 {
            let _ = bench.arrives(PEER, "<SEQ=300><CTL=SYN>");
        }
        bench.sent().len()
    };
    assert_eq!(flood(&mut bench), 10);
    assert_eq!(flood(&mut bench), 0);
    bench.pass(Duration::from_millis(300));
    assert_eq!(flood(&mut bench), 3);
    bench.pass(Duration::from_secs(3_600));
    assert_eq!(flood(&mut bench), 10);
}

#[test]
fn the_answers_that_wait_are_bounded() {
    let config = EndpointConfig { resets_per_second: u32::MAX, ..EndpointConfig::default() };
    let mut bench = Bench::new(config);
    for _ in 0..10_000 {
        let _ = bench.arrives(PEER, "<SEQ=300><CTL=SYN>");
    }
    assert_eq!(bench.sent().len(), 1_024);
}

#[test]
fn an_error_about_nobody_is_refused() {
    let mut bench = Bench::new(EndpointConfig::default());
    let sockets = (bench.local, socket(PEER));
    let outcome = bench.endpoint.icmp_arrives(sockets, IcmpError::PortUnreachable, SeqNumber(1), None, bench.now);
    assert_eq!(outcome, Err(Refusal::IcmpNotInFlight));
}

#[test]
fn a_packet_that_is_none_is_refused() {
    let mut bench = Bench::new(EndpointConfig::default());
    for packet in [&[][..], &[0x45], &[0xFF; 60]] {
        let outcome = bench.endpoint.packet_arrives(packet, Checksums::Software, bench.now);
        assert!(matches!(outcome, Err(PacketError::Wire(error)) if !matches!(error, WireError::Protocol(_))));
    }
    assert_eq!((bench.sent(), bench.endpoint.deadline()), (vec![], None));
}
