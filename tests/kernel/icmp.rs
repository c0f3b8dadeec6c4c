//! ICMP errors that the kernel sends as a router, about our segments (RFC 9293 section 3.9.2.2).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::{Duration, Instant as Clock};

use tcp_lifecycle::wire::{Checksums, Header, IcmpMessage};
use tcp_lifecycle::{
    Config, Connection, Control, IcmpError, Instant, Open, Output, Refusal, Segment, SeqNumber, Signal, State,
};

use crate::device::{Device, ip, set_policy};
use crate::harness::{CONFIG, ISN_OFFSET, OURS, WATCHDOG, with, with_device};
use crate::ipv6;
use crate::packets::emit_with;

const NOW: Instant = Instant::ZERO;
/// The kernel has no route to this address.
const NOWHERE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 1000);
/// An address behind our own device.
const NEIGHBOUR: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 3)), 1000);

const NOWHERE_V6: SocketAddr = SocketAddr::new(IpAddr::V6(Ipv6Addr::new(0x2001, 0xDB8, 0, 0, 0, 0, 0, 1)), 1000);
const NEIGHBOUR_V6: SocketAddr = SocketAddr::new(IpAddr::V6(Ipv6Addr::new(0xFD00, 0, 0, 0, 0, 0, 0, 3)), 1000);

/// The next ICMP error of the kernel.
#[track_caller]
fn error_of(device: &Device) -> IcmpMessage {
    let start = Clock::now();
    while start.elapsed() < WATCHDOG {
        match device.receive().map(|packet| IcmpMessage::parse(&packet, Checksums::Software)) {
            Some(Ok(message)) => return message,
            Some(Err(_)) => {}
            None => device.wait(Duration::from_millis(10)),
        }
    }
    panic!("the kernel says nothing");
}

/// Our SYN on its way through the kernel, and the connection that sends it.
#[track_caller]
fn syn_to(remote: SocketAddr) -> (Connection, Header) {
    let mut connection = Connection::new(&Config { r1: 3, ..CONFIG }, ISN_OFFSET);
    connection.open(Open::Active, NOW).expect("OPEN");
    assert!(matches!(connection.poll(NOW), Output::Transition(_)));
    let Output::Transmit(syn) = connection.poll(NOW) else { panic!("no SYN") };
    assert!(matches!(connection.poll(NOW), Output::Wait(Some(_))));
    let ours = if remote.is_ipv4() { OURS } else { ipv6::OURS };
    (connection, Header::new(ours, remote, syn.segment))
}

/// The error is signalled, and does not end the connection (MUST-56): the SYN is retransmitted.
#[track_caller]
fn check_soft(mut connection: Connection, syn: &Header, message: IcmpMessage, expected: IcmpError) {
    assert_eq!((message.source, message.destination, message.mtu), (syn.source, syn.destination, None));
    let (error, quoted) = (message.error, message.seq);
    assert_eq!((error, quoted), (expected, SeqNumber(ISN_OFFSET)));
    assert_eq!(connection.icmp(error, quoted + 1), Err(Refusal::IcmpNotInFlight));
    assert_eq!(connection.icmp(error, quoted), Ok(()));
    assert_eq!(connection.poll(NOW), Output::Signal(Signal::SoftError(expected)));
    let Output::Wait(Some(deadline)) = connection.poll(NOW) else { panic!("more than a signal") };
    assert_eq!(connection.state(), State::SynSent);
    connection.timeout(deadline);
    assert_eq!(connection.poll(deadline), Output::Signal(Signal::RetransmissionTimeout));
    assert!(matches!(connection.poll(deadline), Output::Transmit(_)));
}

#[test]
fn no_route_to_the_peer_is_a_soft_error() {
    with_device(|device| {
        set_policy("ip_forward", "1");
        let (connection, syn) = syn_to(NOWHERE);
        device.send(&emit_with(&syn, &[]));
        check_soft(connection, &syn, error_of(&device), IcmpError::NetworkUnreachable);
    });
}

#[test]
fn a_segment_that_has_lived_too_long_is_a_soft_error() {
    with_device(|device| {
        set_policy("ip_forward", "1");
        let (connection, syn) = syn_to(NEIGHBOUR);
        device.send(&emit_with(&Header { hop_limit: 1, ..syn }, &[]));
        check_soft(connection, &syn, error_of(&device), IcmpError::TimeExceeded);
    });
}

#[test]
fn the_errors_of_a_router_of_ipv6_are_understood() {
    with(Device::with_ipv6, |device| {
        std::fs::write("/proc/sys/net/ipv6/conf/all/forwarding", "1").expect("a policy of the kernel");
        let (connection, syn) = syn_to(NOWHERE_V6);
        device.send(&emit_with(&syn, &[]));
        check_soft(connection, &syn, error_of(&device), IcmpError::NetworkUnreachable);
        let (connection, syn) = syn_to(NEIGHBOUR_V6);
        device.send(&emit_with(&Header { hop_limit: 1, ..syn }, &[]));
        check_soft(connection, &syn, error_of(&device), IcmpError::TimeExceeded);
    });
}

/// A full segment to this socket.
fn full(syn: &Header) -> (Header, Vec<u8>) {
    let segment = Segment::new(SeqNumber(ISN_OFFSET), SeqNumber(1), Control::ACK).with_payload(1400);
    (Header { segment, ..*syn }, vec![7; 1400])
}

#[test]
fn a_router_tells_the_mtu_of_the_next_hop() {
    with(Device::with_ipv6, |device| {
        set_policy("ip_forward", "1");
        std::fs::write("/proc/sys/net/ipv6/conf/all/forwarding", "1").expect("a policy of the kernel");
        for (route, remote, mtu) in [
            ("route add 192.0.2.0/24 dev tun0 mtu lock 1000", NOWHERE, 1000),
            ("-6 route add 2001:db8::/64 dev tun0 mtu 1300", NOWHERE_V6, 1300),
        ] {
            ip(route).expect("a route");
            let (header, payload) = full(&syn_to(remote).1);
            device.send(&emit_with(&header, &payload));
            let message = error_of(&device);
            assert_eq!((message.source, message.destination), (header.source, remote));
            assert_eq!((message.error, message.seq), (IcmpError::FragmentationNeeded, SeqNumber(ISN_OFFSET)));
            assert_eq!(message.mtu, Some(mtu));
        }
    });
}
