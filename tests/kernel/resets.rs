//! Connections that do not end gracefully: refused, aborted, reset.

use std::io::ErrorKind;
use std::net::SocketAddr;

use tcp_lifecycle::{Config, Control, Open, Segment, Signal, State};

use crate::harness::{CONFIG, OURS, the_kernel_connects, we_connect, with_kernel};
use crate::peer::End;

fn is_rst(segment: &Segment) -> bool {
    segment.control().contains(Control::RST)
}

#[test]
fn the_kernel_refuses_us() {
    with_kernel(CONFIG, |case| {
        case.open(Open::Active);
        case.until_we_are_in(State::Closed);
        assert_eq!(case.us.path(), "SYN-SENT CLOSED");
        assert_eq!(case.us.signals, [Signal::Refused]);
        assert_eq!(case.us.connection.deadline(), None);
        assert_eq!(case.peer.state(), None);
    });
}

#[test]
fn a_host_without_a_connection_refuses_the_kernel() {
    with_kernel(CONFIG, |case| {
        let nobody = SocketAddr::new(OURS.ip(), OURS.port() + 1);
        case.peer.connect_to(nobody);
        case.until("the kernel gives up", |case| case.peer.end.is_some());
        assert_eq!(case.peer.end, Some(End::Error(ErrorKind::ConnectionRefused)));
        assert_eq!(case.us.path(), "");
    });
}

#[test]
fn a_connection_in_closed_refuses_the_kernel() {
    with_kernel(CONFIG, |case| {
        case.peer.connect();
        case.until("the kernel gives up", |case| case.peer.end.is_some());
        assert_eq!(case.peer.end, Some(End::Error(ErrorKind::ConnectionRefused)));
        assert_eq!(case.peer.state(), None);
        assert_eq!(case.us.path(), "");
    });
}

#[test]
fn we_abort_and_the_kernel_reads_connection_reset() {
    with_kernel(CONFIG, |case| {
        we_connect(case);
        case.abort();
        assert_eq!(case.us.path(), "SYN-SENT ESTABLISHED CLOSED");
        case.until("the kernel reads the end", |case| case.peer.end.is_some());
        assert_eq!(case.peer.end, Some(End::Error(ErrorKind::ConnectionReset)));
        assert_eq!(case.peer.state(), None);
        assert_eq!(case.us.signals, []);
        assert_eq!(case.to_kernel.count(is_rst), 1, "the first one was good");
    });
}

#[test]
fn we_abort_with_bytes_in_flight_and_the_kernel_reads_connection_reset() {
    with_kernel(CONFIG, |case| {
        the_kernel_connects(case);
        case.peer.stalled = true;
        case.to_us.hold();
        case.send(b"never acknowledged");
        case.abort();
        case.until_the_kernel_is_in(None);
        case.peer.stalled = false;
        case.until("the kernel reads the end", |case| case.peer.end.is_some());
        assert_eq!(case.peer.end, Some(End::Error(ErrorKind::ConnectionReset)));
        assert_eq!(case.us.path(), "LISTEN SYN-RECEIVED ESTABLISHED CLOSED");
        assert_eq!(case.us.signals, []);
    });
}

#[test]
fn we_abort_after_a_half_close_and_the_connection_leaves_the_kernels_table() {
    with_kernel(CONFIG, |case| {
        we_connect(case);
        case.close();
        case.until_we_are_in(State::FinWait2);
        case.until_the_kernel_is_in(State::CloseWait);
        case.abort();
        case.until_the_kernel_is_in(None);
        assert_eq!(case.to_kernel.count(is_rst), 1, "the first one was good");
        assert_eq!(case.us.path(), "SYN-SENT ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 CLOSED");
    });
}

#[test]
fn the_kernel_closes_without_lingering_and_we_are_reset() {
    with_kernel(CONFIG, |case| {
        the_kernel_connects(case);
        case.peer.close_without_lingering();
        case.until_we_are_in(State::Closed);
        assert_eq!(case.us.path(), "LISTEN SYN-RECEIVED ESTABLISHED CLOSED");
        assert_eq!(case.us.signals, [Signal::Reset]);
        assert_eq!(case.us.connection.deadline(), None);
        assert_eq!(case.peer.state(), None);
        assert_eq!(case.to_us.count(is_rst), 1);
    });
}

#[test]
fn the_kernel_closes_without_lingering_after_our_fin_and_we_are_reset() {
    with_kernel(CONFIG, |case| {
        we_connect(case);
        case.close();
        case.until_we_are_in(State::FinWait2);
        case.peer.close_without_lingering();
        case.until_we_are_in(State::Closed);
        assert_eq!(case.us.path(), "SYN-SENT ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 CLOSED");
        assert_eq!(case.us.signals, [Signal::Reset]);
        assert_eq!(case.peer.state(), None);
    });
}

/// Half-duplex close (RFC 9293 section 3.6.1, MAY-1), as the kernel does it too.
#[test]
fn we_close_with_bytes_unread_and_the_kernel_reads_connection_reset() {
    with_kernel(Config { half_duplex_close: true, ..CONFIG }, |case| {
        we_connect(case);
        case.us.stalled = true;
        case.peer.send(b"never read");
        case.until("it is with us", |case| case.us.connection.status().unread == 10);
        case.close();
        assert_eq!(case.us.path(), "SYN-SENT ESTABLISHED CLOSED");
        assert_eq!(case.us.signals, []);
        case.until("the kernel reads the end", |case| case.peer.end.is_some());
        assert_eq!(case.peer.end, Some(End::Error(ErrorKind::ConnectionReset)));
        assert_eq!(case.peer.state(), None);
    });
}

#[test]
fn bytes_that_come_after_our_close_reset_the_kernel() {
    with_kernel(Config { half_duplex_close: true, ..CONFIG }, |case| {
        the_kernel_connects(case);
        case.close();
        case.until_we_are_in(State::FinWait2);
        case.peer.send(b"too late");
        case.until("the kernel reads the end", |case| case.peer.end == Some(End::OfStream));
        case.until_the_kernel_is_in(None);
        assert_eq!(case.us.path(), "LISTEN SYN-RECEIVED ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 CLOSED");
        assert_eq!(case.us.signals, [Signal::Reset]);
        assert!(case.us.received.is_empty());
        assert_eq!(case.peer.error(), Some(ErrorKind::BrokenPipe));
    });
}

#[test]
fn the_kernel_closes_with_bytes_unread_and_we_are_reset() {
    with_kernel(CONFIG, |case| {
        we_connect(case);
        case.peer.stalled = true;
        case.send(b"never read");
        case.until("it is acknowledged", |case| case.us.unacknowledged() == 0);
        case.peer.close();
        case.until_we_are_in(State::Closed);
        assert_eq!(case.us.path(), "SYN-SENT ESTABLISHED CLOSED");
        assert_eq!(case.us.signals, [Signal::Reset]);
        assert_eq!(case.peer.state(), None);
    });
}
