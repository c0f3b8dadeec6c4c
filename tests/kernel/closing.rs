//! One end opens, both talk, one closes and then the other; and both close at once.

use tcp_lifecycle::{Control, Open, Signal, State};

use crate::harness::{CONFIG, Case, the_kernel_connects, we_connect, with_kernel};
use crate::peer::End;

/// Sends a few bytes each way.
pub(crate) fn both_talk(case: &mut Case) {
    case.send(b"how is life?");
    case.until("the kernel reads our bytes", |case| case.peer.received == b"how is life?");
    case.peer.send(b"in order");
    case.until("we read the kernel's bytes", |case| case.us.received == b"in order");
    case.until("our bytes are acknowledged", |case| case.us.unacknowledged() == 0);
}

/// Our FIN comes first, then the kernel's; we wait 2 MSL.
pub(crate) fn we_close_first(case: &mut Case) {
    case.close();
    case.until("the kernel reads the end", |case| case.peer.end.is_some());
    assert_eq!(case.peer.end, Some(End::OfStream));
    assert_eq!(case.peer.state(), Some(State::CloseWait));
    case.until_we_are_in(State::FinWait2);

    case.peer.shutdown();
    case.until_the_kernel_is_in(None);
    assert_eq!(case.peer.error(), None, "our ACK ends LAST-ACK");
    case.until_we_are_in(State::Closed);
    assert_eq!(case.us.signals, [Signal::Closing]);
    assert_eq!(case.us.connection.deadline(), None);
}

/// The kernel's FIN comes first, then ours; the kernel waits 2 MSL.
pub(crate) fn the_kernel_closes_first(case: &mut Case) {
    case.peer.close();
    case.until_we_are_in(State::CloseWait);
    assert_eq!(case.us.signals, [Signal::Closing]);
    case.until_the_kernel_is_in(State::FinWait2);

    case.close();
    case.until_we_are_in(State::Closed);
    case.until_the_kernel_is_in(State::TimeWait);
    assert_eq!(case.us.signals, [Signal::Closing]);
    assert_eq!(case.us.connection.deadline(), None);
}

#[test]
fn we_connect_and_close_first() {
    with_kernel(CONFIG, |case| {
        we_connect(case);
        both_talk(case);
        we_close_first(case);
        assert_eq!(case.us.path(), "SYN-SENT ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT CLOSED");
    });
}

#[test]
fn we_connect_and_the_kernel_closes_first() {
    with_kernel(CONFIG, |case| {
        we_connect(case);
        both_talk(case);
        the_kernel_closes_first(case);
        assert_eq!(case.us.path(), "SYN-SENT ESTABLISHED CLOSE-WAIT LAST-ACK CLOSED");
    });
}

#[test]
fn the_kernel_connects_and_we_close_first() {
    with_kernel(CONFIG, |case| {
        the_kernel_connects(case);
        both_talk(case);
        we_close_first(case);
        assert_eq!(case.us.path(), "LISTEN SYN-RECEIVED ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT CLOSED");
    });
}

#[test]
fn the_kernel_connects_and_closes_first() {
    with_kernel(CONFIG, |case| {
        the_kernel_connects(case);
        both_talk(case);
        the_kernel_closes_first(case);
        assert_eq!(case.us.path(), "LISTEN SYN-RECEIVED ESTABLISHED CLOSE-WAIT LAST-ACK CLOSED");
    });
}

#[test]
fn both_open_at_once() {
    with_kernel(CONFIG, |case| {
        case.to_kernel.hold();
        case.to_us.hold();
        case.peer.connect();
        case.open(Open::Active);
        case.until("both SYNs are on their way", |case| {
            case.to_kernel.holds(Control::SYN) && case.to_us.holds(Control::SYN)
        });
        assert_eq!((case.us.state(), case.peer.state()), (State::SynSent, Some(State::SynSent)));

        case.to_kernel.release_through(Control::SYN);
        case.until_the_kernel_is_in(State::SynReceived);
        case.to_us.release_through(Control::SYN);
        case.until_we_are_in(State::SynReceived);
        assert_eq!(case.peer.state(), Some(State::SynReceived));

        case.to_kernel.release();
        case.to_us.release();
        case.until_we_are_in(State::Established);
        case.until_the_kernel_is_in(State::Established);
        both_talk(case);
        we_close_first(case);
        assert_eq!(case.us.path(), "SYN-SENT SYN-RECEIVED ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT CLOSED");
    });
}

#[test]
fn both_close_at_once() {
    with_kernel(CONFIG, |case| {
        we_connect(case);
        both_talk(case);
        case.to_kernel.hold();
        case.to_us.hold();
        case.close();
        case.peer.shutdown();
        case.until("both FINs are on their way", |case| {
            case.to_kernel.holds(Control::FIN) && case.to_us.holds(Control::FIN)
        });
        assert_eq!((case.us.state(), case.peer.state()), (State::FinWait1, Some(State::FinWait1)));

        case.to_us.release_through(Control::FIN);
        case.until_we_are_in(State::Closing);
        case.to_kernel.release_through(Control::FIN);
        case.until_the_kernel_is_in(State::Closing);
        assert_eq!(case.us.state(), State::Closing);
        case.until("the kernel reads the end", |case| case.peer.end.is_some());
        assert_eq!(case.peer.end, Some(End::OfStream));

        case.to_us.release();
        case.to_kernel.release();
        case.until_the_kernel_is_in(State::TimeWait);
        case.until_we_are_in(State::Closed);
        assert_eq!(case.us.path(), "SYN-SENT ESTABLISHED FIN-WAIT-1 CLOSING TIME-WAIT CLOSED");
        assert_eq!(case.us.signals, [Signal::Closing]);
    });
}
