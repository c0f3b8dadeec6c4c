//! One segment of the handshake or of the close is lost, and retransmitted by the end that has to.

use std::time::Duration;

use tcp_lifecycle::{Config, Control, Segment, State};

use crate::closing::{both_talk, the_kernel_closes_first, we_close_first};
use crate::harness::{CONFIG, the_kernel_connects, we_connect, with_kernel};
use crate::link::Fate;
use crate::peer::End;

fn is_syn(segment: &Segment) -> bool {
    segment.control().contains(Control::SYN)
}

fn is_fin(segment: &Segment) -> bool {
    segment.control().contains(Control::FIN)
}

#[test]
fn our_syn_is_lost() {
    with_kernel(CONFIG, |case| {
        case.to_kernel.lose_first(Control::SYN);
        we_connect(case);
        assert!(case.to_kernel.count(is_syn) >= 2);
        assert!(case.us.timeouts >= 1);
        both_talk(case);
        assert_eq!(case.us.path(), "SYN-SENT ESTABLISHED");
    });
}

#[test]
fn the_kernels_syn_is_lost() {
    with_kernel(CONFIG, |case| {
        case.to_us.lose_first(Control::SYN);
        the_kernel_connects(case);
        assert!(case.to_us.count(is_syn) >= 2);
        both_talk(case);
        assert_eq!(case.us.path(), "LISTEN SYN-RECEIVED ESTABLISHED");
    });
}

#[test]
fn our_syn_ack_is_lost() {
    with_kernel(CONFIG, |case| {
        case.to_kernel.lose_first(Control::SYN);
        the_kernel_connects(case);
        assert!(case.to_kernel.count(is_syn) >= 2);
        assert_eq!(case.us.timeouts, 0, "nobody is told of what a peer of unknown honesty has caused");
        both_talk(case);
        assert_eq!(case.us.path(), "LISTEN SYN-RECEIVED ESTABLISHED");
    });
}

#[test]
fn the_kernels_syn_ack_is_lost() {
    with_kernel(CONFIG, |case| {
        case.to_us.lose_first(Control::SYN);
        we_connect(case);
        assert!(case.to_us.count(is_syn) >= 2);
        both_talk(case);
        assert_eq!(case.us.path(), "SYN-SENT ESTABLISHED");
    });
}

#[test]
fn our_fin_is_lost() {
    with_kernel(CONFIG, |case| {
        the_kernel_connects(case);
        case.to_kernel.lose_first(Control::FIN);
        we_close_first(case);
        assert!(case.to_kernel.count(is_fin) >= 2);
        assert!(case.us.timeouts >= 1);
        assert_eq!(case.us.path(), "LISTEN SYN-RECEIVED ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT CLOSED");
    });
}

#[test]
fn the_kernels_fin_is_lost() {
    with_kernel(CONFIG, |case| {
        we_connect(case);
        case.to_us.lose_first(Control::FIN);
        the_kernel_closes_first(case);
        assert!(case.to_us.count(is_fin) >= 2);
        assert_eq!(case.us.path(), "SYN-SENT ESTABLISHED CLOSE-WAIT LAST-ACK CLOSED");
    });
}

#[test]
fn our_last_ack_is_lost() {
    // 2 MSL are long enough for the kernel's retransmitted FIN.
    let config = Config { msl: Duration::from_secs(1), ..CONFIG };
    with_kernel(config, move |case| {
        we_connect(case);
        case.close();
        case.until_we_are_in(State::FinWait2);
        case.until("the kernel reads the end", |case| case.peer.end == Some(End::OfStream));

        case.to_kernel.lose_all();
        case.peer.shutdown();
        case.until_we_are_in(State::TimeWait);
        assert_eq!(case.peer.state(), Some(State::LastAck));
        case.to_kernel.lose_none();
        case.until_the_kernel_is_in(None);
        assert_eq!(case.peer.error(), None, "our second ACK ends LAST-ACK");
        assert!(case.to_us.count(is_fin) >= 2);
        assert_eq!(case.us.state(), State::TimeWait);
        let once = case.us.entered(State::TimeWait) + 2 * config.msl;
        assert!(case.us.connection.deadline() > Some(once), "the repeated FIN starts 2 MSL afresh");

        case.until_we_are_in(State::Closed);
        assert_eq!(case.us.path(), "SYN-SENT ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT CLOSED");
    });
}

#[test]
fn the_kernels_last_ack_is_lost() {
    with_kernel(CONFIG, |case| {
        the_kernel_connects(case);
        case.peer.shutdown();
        case.until_we_are_in(State::CloseWait);
        case.until_the_kernel_is_in(State::FinWait2);

        case.to_us.lose_all();
        case.close();
        case.until_the_kernel_is_in(State::TimeWait);
        case.until("the kernel's ACK is lost", |case| case.to_us.met(Fate::IsLost) > 0);
        assert_eq!(case.us.state(), State::LastAck);
        case.to_us.lose_none();
        case.until_we_are_in(State::Closed);
        assert!(case.to_kernel.count(is_fin) >= 2);
        assert!(case.us.timeouts >= 1);
        assert_eq!(case.us.path(), "LISTEN SYN-RECEIVED ESTABLISHED CLOSE-WAIT LAST-ACK CLOSED");
        assert_eq!(case.peer.state(), Some(State::TimeWait));
    });
}
