//! ICMP errors that the kernel sends as a router, about our segments (RFC 9293 section 3.9.2.2).

use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::{Duration, Instant as Clock};

use etherparse::{Icmpv4Slice, IpNumber, Ipv4Header, Ipv4Slice};
use tcp_lifecycle::{Config, Connection, IcmpError, Instant, Open, Output, Refusal, SeqNumber, Signal, State};

use crate::device::{Device, set_policy};
use crate::harness::{CONFIG, ISN_OFFSET, OURS, WATCHDOG, with_device};
use crate::wire::emit;

const NOW: Instant = Instant::ZERO;
/// The kernel has no route to this address.
const NOWHERE: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(192, 0, 2, 1), 1000);
/// An address behind our own device.
const NEIGHBOUR: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(10, 0, 0, 3), 1000);

/// The next ICMP error of the kernel, and the sequence number of ours that it quotes.
#[track_caller]
fn error_of(device: &Device) -> (IcmpError, SeqNumber) {
    let start = Clock::now();
    while start.elapsed() < WATCHDOG {
        match device.receive() {
            Some(packet) => {
                if let Some(error) = parse(&packet) {
                    return error;
                }
            }
            None => device.wait(Duration::from_millis(10)),
        }
    }
    panic!("the kernel says nothing");
}

fn parse(packet: &[u8]) -> Option<(IcmpError, SeqNumber)> {
    let ip = Ipv4Slice::from_slice(packet).ok()?;
    let icmp =
        Icmpv4Slice::from_slice(ip.payload().payload).ok().filter(|_| ip.payload_ip_number() == IpNumber::ICMP)?;
    // Type and code of RFC 792.
    let error = match (icmp.type_u8(), icmp.code_u8()) {
        (3, 0) => IcmpError::NetworkUnreachable,
        (11, 0) => IcmpError::TimeExceeded,
        other => panic!("not expected: {other:?}"),
    };
    // The quoted header, and at least eight bytes after it: the ports and the sequence number.
    let (_, quoted) = Ipv4Header::from_slice(icmp.payload()).expect("a quoted header");
    let seq = quoted[4..8].try_into().expect("four bytes");
    Some((error, SeqNumber(u32::from_be_bytes(seq))))
}

/// Our SYN on its way through the kernel, and the connection that sends it.
#[track_caller]
fn syn_to(remote: SocketAddrV4) -> (Connection, Vec<u8>) {
    let mut connection = Connection::new(&Config { r1: 3, ..CONFIG }, ISN_OFFSET);
    connection.open(Open::Active, NOW).expect("OPEN");
    assert!(matches!(connection.poll(NOW), Output::Transition(_)));
    let Output::Transmit(syn) = connection.poll(NOW) else { panic!("no SYN") };
    assert!(matches!(connection.poll(NOW), Output::Wait(Some(_))));
    (connection, emit(OURS, remote, &syn.segment, &[]))
}

/// The error is signalled, and does not end the connection (MUST-56): the SYN is retransmitted.
#[track_caller]
fn check_soft(mut connection: Connection, (error, quoted): (IcmpError, SeqNumber), expected: IcmpError) {
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
        device.send(&syn);
        check_soft(connection, error_of(&device), IcmpError::NetworkUnreachable);
    });
}

#[test]
fn a_segment_that_has_lived_too_long_is_a_soft_error() {
    with_device(|device| {
        set_policy("ip_forward", "1");
        let (connection, syn) = syn_to(NEIGHBOUR);
        let (mut header, rest) = Ipv4Header::from_slice(&syn).expect("an IP packet");
        header.time_to_live = 1;
        header.header_checksum = header.calc_header_checksum();
        device.send(&[&header.to_bytes()[..], rest].concat());
        check_soft(connection, error_of(&device), IcmpError::TimeExceeded);
    });
}
