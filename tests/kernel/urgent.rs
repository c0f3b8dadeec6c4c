//! Urgent data: the mark of each end is where the other points to (RFC 9293 section 3.8.5).

use tcp_lifecycle::{Control, Segment, Signal};

use crate::harness::{CONFIG, the_kernel_connects, we_connect, with_kernel};
use crate::options::both_close;

fn is_urgent(segment: &Segment) -> bool {
    segment.control().contains(Control::URG)
}

/// The kernel takes the last urgent byte out of the stream, unless its user has asked for it in line.
#[test]
fn the_kernel_finds_the_urgent_byte_where_we_point() {
    with_kernel(CONFIG, |case| {
        we_connect(case);
        case.send(b"calm, ");
        case.send_urgent(b"then alarm!");
        case.send(b" And calm again.");
        case.until("the kernel has the urgent byte", |case| case.peer.urgent() == Some(b'!'));
        case.until("the kernel has read the rest", |case| case.peer.received == b"calm, then alarm And calm again.");
        case.until("it is acknowledged", |case| case.us.unacknowledged() == 0);
        assert!(case.to_kernel.count(is_urgent) > 0);
        assert_eq!(case.us.connection.status().snd_up, None);
        both_close(case);
    });
}

#[test]
fn we_are_told_of_the_kernels_urgent_byte() {
    with_kernel(CONFIG, |case| {
        the_kernel_connects(case);
        case.us.stalled = true;
        case.peer.send(b"calm, ");
        case.peer.send_urgent(b"then alarm!");
        case.peer.send(b" And calm again.");
        case.until("all of it has come", |case| case.us.connection.status().unread == 33);
        assert_eq!(case.us.signals, [Signal::Urgent]);
        assert_eq!(case.us.connection.status().urgent, 17);
        case.us.stalled = false;
        case.until("we have read it", |case| case.us.received == b"calm, then alarm! And calm again.");
        let status = case.us.connection.status();
        assert_eq!((status.urgent, status.rcv_up), (0, None));
        case.us.signals.clear();
        both_close(case);
    });
}
