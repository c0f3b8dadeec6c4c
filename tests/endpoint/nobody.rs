//! Segments, packets and errors for which there is no connection.

use std::time::Duration;

use tcp_lifecycle::endpoint::{Accept, EndpointConfig, ListenAddr, PacketError};
use tcp_lifecycle::wire::{Checksums, WireError};
use tcp_lifecycle::{Control, IcmpError, Refusal, SeqNumber};

use crate::peer::{Bench, plain, socket};

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

#[test]
fn a_host_that_has_named_its_addresses_does_not_answer_for_others() {
    let mut bench = Bench::new(EndpointConfig::default());
    bench.endpoint.set_addresses([socket("192.0.2.2:0").ip(), socket("[2001:db8::2]:0").ip()]);
    let mut listen = |place| bench.endpoint.listen(place, &plain(), Accept::Established, 10).unwrap();
    listen(ListenAddr::Port(80));
    listen(ListenAddr::Socket(socket("192.0.2.9:81")));
    let answer = |bench: &mut Bench, local: &str, segment: &str| {
        bench.local = socket(local);
        let outcome = bench.arrives("198.51.100.7:1025", segment);
        let sent = bench.sent();
        assert!(sent.len() <= 1);
        (outcome, sent.first().map(|(_, segment)| segment.control()))
    };
    let syn = "<SEQ=300><CTL=SYN><WND=1000>";
    let syn_ack = (Ok(()), Some(Control::SYN | Control::ACK));
    let reset = (Err(Refusal::NoConnection), Some(Control::RST | Control::ACK));
    let silence = (Err(Refusal::NoConnection), None);
    assert_eq!(answer(&mut bench, "192.0.2.2:80", syn), syn_ack);
    assert_eq!(answer(&mut bench, "[::ffff:192.0.2.2]:82", syn), reset);
    assert_eq!(answer(&mut bench, "192.0.2.2:81", syn), reset);
    assert_eq!(answer(&mut bench, "192.0.2.3:80", syn), silence);
    assert_eq!(answer(&mut bench, "192.0.2.3:82", syn), silence);
    assert_eq!(answer(&mut bench, "192.0.2.9:80", syn), silence);
    assert_eq!(answer(&mut bench, "192.0.2.9:81", syn), syn_ack, "somebody listens there");
    bench.endpoint.listen(ListenAddr::Any, &plain(), Accept::Established, 10).unwrap();
    assert_eq!(answer(&mut bench, "192.0.2.3:82", syn), syn_ack);
    assert_eq!(answer(&mut bench, "192.0.2.3:80", syn), syn_ack);
}
