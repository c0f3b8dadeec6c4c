//! Transfers of many bytes: after a half-close, into a closed window, over a bad network.

use tcp_lifecycle::{Open, Signal, State};

use crate::harness::{CONFIG, Case, bytes, the_kernel_connects, we_connect, with_kernel};
use crate::link::Fate;
use crate::peer::End;

const MANY: usize = 100_000;

#[test]
fn we_close_and_the_kernel_goes_on_sending() {
    with_kernel(CONFIG, |case| {
        we_connect(case);
        case.close();
        case.until("the kernel reads the end", |case| case.peer.end == Some(End::OfStream));
        case.until_we_are_in(State::FinWait2);

        case.peer.send(&bytes(MANY));
        case.until("we have read it all", |case| case.us.received.len() >= MANY);
        assert!(case.us.received == bytes(MANY));
        assert_eq!((case.us.state(), case.peer.state()), (State::FinWait2, Some(State::CloseWait)));

        case.peer.shutdown();
        case.until_we_are_in(State::Closed);
        case.until_the_kernel_is_in(None);
        assert_eq!(case.peer.error(), None);
        assert_eq!(case.us.path(), "SYN-SENT ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT CLOSED");
        assert_eq!(case.us.signals, [Signal::Closing]);
    });
}

#[test]
fn the_kernel_closes_and_we_go_on_sending() {
    with_kernel(CONFIG, |case| {
        the_kernel_connects(case);
        case.peer.shutdown();
        case.until_we_are_in(State::CloseWait);
        case.until_the_kernel_is_in(State::FinWait2);

        case.send(&bytes(MANY));
        case.until("the kernel has read it all", |case| case.peer.received.len() >= MANY);
        assert!(case.peer.received == bytes(MANY));
        case.until("it is acknowledged", |case| case.us.unacknowledged() == 0);
        assert_eq!((case.us.state(), case.peer.state()), (State::CloseWait, Some(State::FinWait2)));

        case.close();
        case.until_we_are_in(State::Closed);
        case.until("the kernel reads the end", |case| case.peer.end == Some(End::OfStream));
        assert_eq!(case.peer.state(), Some(State::TimeWait));
        assert_eq!(case.us.path(), "LISTEN SYN-RECEIVED ESTABLISHED CLOSE-WAIT LAST-ACK CLOSED");
    });
}

#[test]
fn we_close_with_bytes_still_to_send_and_the_fin_follows_them() {
    with_kernel(CONFIG, |case| {
        we_connect(case);
        case.send(&bytes(MANY));
        case.close();
        assert_eq!(case.us.state(), State::FinWait1);
        case.until("the kernel reads the end", |case| case.peer.end == Some(End::OfStream));
        assert!(case.peer.received == bytes(MANY));
        case.until_we_are_in(State::FinWait2);
        case.peer.shutdown();
        case.until_we_are_in(State::Closed);
        assert_eq!(case.us.path(), "SYN-SENT ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT CLOSED");
    });
}

#[test]
fn the_kernels_receiver_stalls_and_resumes() {
    with_kernel(CONFIG, |case| {
        case.peer.listen_with_receive_buffer(16_384);
        case.open(Open::Active);
        case.until("the kernel accepts", |case| case.peer.accept());
        case.peer.stalled = true;
        case.send(&bytes(MANY));
        case.until("the kernel closes its window", |case| case.us.connection.status().snd_wnd == Some(0));
        case.until("we have probed it three times", |case| {
            case.to_kernel.count(|segment| segment.payload_len() == 1) >= 3
        });
        assert_eq!(case.us.connection.status().snd_wnd, Some(0));
        assert_eq!((case.us.state(), case.peer.state()), (State::Established, Some(State::Established)));
        assert!(case.us.unacknowledged() > 0);

        case.peer.stalled = false;
        case.until("the kernel has read it all", |case| case.peer.received.len() >= MANY);
        assert!(case.peer.received == bytes(MANY));
        case.until("it is acknowledged", |case| case.us.unacknowledged() == 0);
        assert_eq!(case.us.path(), "SYN-SENT ESTABLISHED");
    });
}

#[test]
fn our_receiver_stalls_and_resumes() {
    with_kernel(CONFIG, |case| {
        the_kernel_connects(case);
        case.us.stalled = true;
        case.peer.send(&bytes(MANY));
        case.until("our window is closed", |case| case.us.connection.status().rcv_wnd == Some(0));
        let closed = case.us.connection.status().rcv_nxt.expect("a number, in ESTABLISHED");
        // The kernel probes with the number before RCV.NXT.
        case.until("the kernel has probed it twice", |case| {
            case.to_us.count(|segment| segment.seq() + 1 == closed && segment.len() == 0) >= 2
        });
        assert_eq!(case.us.connection.status().rcv_nxt, Some(closed));
        assert_eq!((case.us.state(), case.peer.state()), (State::Established, Some(State::Established)));

        // Its next probes stay unanswered: only our window update makes it send again.
        case.to_us.hold();
        case.us.stalled = false;
        let so_far = case.to_us.count(|segment| segment.payload_len() > 0);
        case.until("the kernel goes on", |case| case.to_us.count(|segment| segment.payload_len() > 0) > so_far);
        case.to_us.release();
        case.until("we have read it all", |case| case.us.received.len() >= MANY);
        assert!(case.us.received == bytes(MANY));
        assert_eq!(case.us.path(), "LISTEN SYN-RECEIVED ESTABLISHED");
    });
}

/// Sends `count` bytes each way, then we close and the kernel closes.
fn both_send(case: &mut Case, count: usize) {
    case.send(&bytes(count));
    case.peer.send(&bytes(count));
    case.until("both have read it all", |case| case.us.received.len() >= count && case.peer.received.len() >= count);
    case.close();
    case.until("the kernel reads the end", |case| case.peer.end.is_some());
    assert_eq!(case.peer.end, Some(End::OfStream));
    case.until_we_are_in(State::FinWait2);
    case.peer.shutdown();
    case.until_we_are_in(State::Closed);
    case.until_the_kernel_is_in(None);
    assert!(case.us.received == bytes(count));
    assert!(case.peer.received == bytes(count));
    assert_eq!(case.us.signals, [Signal::Closing]);
}

#[test]
fn a_mebibyte_each_way_arrives_over_a_network_that_loses_two_percent() {
    with_kernel(CONFIG, |case| {
        we_connect(case);
        case.to_kernel.deal(0x0BAD_CAB1E, &[(Fate::IsLost, 20)]);
        case.to_us.deal(0x5EED, &[(Fate::IsLost, 20)]);
        both_send(case, 1 << 20);
        assert!(case.to_kernel.met(Fate::IsLost) > 0 && case.to_us.met(Fate::IsLost) > 0);
        assert_eq!(case.us.path(), "SYN-SENT ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT CLOSED");
    });
}

#[test]
fn bytes_arrive_over_a_network_that_repeats_and_reorders() {
    with_kernel(CONFIG, |case| {
        the_kernel_connects(case);
        let fates = [(Fate::ArrivesTwice, 30), (Fate::IsOvertaken, 30), (Fate::IsLost, 5)];
        case.to_kernel.deal(0x0DD, &fates);
        case.to_us.deal(0x0E5E, &fates);
        both_send(case, 1 << 18);
        assert_eq!(case.us.path(), "LISTEN SYN-RECEIVED ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT CLOSED");
    });
}
