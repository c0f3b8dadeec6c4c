//! Window scale, timestamps and SACK-permitted, as the kernel offers and answers them; and PAWS, with old duplicates
//! that the harness makes (RFC 7323, RFC 2018).

use tcp_lifecycle::{Config, Control, Options, Refusal, Segment, Signal, State};

use crate::device::{counted, set_policy};
use crate::harness::{CONFIG, Case, bytes, the_kernel_connects, we_connect, with_kernel};
use crate::link::{Flying, Link};
use crate::peer::End;

/// All options that can be agreed. The buffer needs a shift of five.
pub(crate) const ALL: Config = Config { receive_buffer: 1 << 20, timestamps: true, sack_permitted: true, ..CONFIG };
const OUR_SHIFT: u8 = 5;

const MANY: usize = 8 << 20;
/// More in flight than this exceeds an unscaled window.
pub(crate) const FIELD: u32 = 65_535;

/// The options of the first SYN on this link.
#[track_caller]
fn syn_of(link: &Link) -> Options {
    let syn = link.first(|segment| segment.control().contains(Control::SYN));
    syn.expect("a SYN").options()
}

/// Checks that both SYNs had every option, that both ends take them as agreed, and that each uses what the other
/// offered.
#[track_caller]
fn check_agreement(case: &Case) {
    let (ours, theirs) = (syn_of(&case.to_kernel), syn_of(&case.to_us));
    assert_eq!(ours.window_scale(), Some(OUR_SHIFT));
    assert!(theirs.window_scale().is_some_and(|shift| shift > 0), "{theirs:?}");
    assert!(ours.sack_permitted() && theirs.sack_permitted());
    assert!(ours.timestamps().is_some() && theirs.timestamps().is_some());
    let status = case.us.connection.status();
    assert_eq!((status.snd_scale, status.rcv_scale), (theirs.window_scale(), Some(OUR_SHIFT)));
    assert!(status.timestamps && status.sack_permitted);
}

/// The features that the transfer was seen to use.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) our_window: u32,
    pub(crate) in_flight: u32,
}

/// Sends `count` bytes each way at once, in pieces so small that neither user's queue grows long.
pub(crate) fn both_send(case: &mut Case, count: usize) -> Seen {
    const PIECE: usize = 1 << 18;
    let content = bytes(count);
    let mut seen = Seen::default();
    let (mut ours, mut theirs) = (content.chunks(PIECE), content.chunks(PIECE));
    case.until("both have read it all", |case| {
        if case.us.unacknowledged() < PIECE
            && let Some(piece) = ours.next()
        {
            case.send(piece);
        }
        if case.peer.has_sent()
            && let Some(piece) = theirs.next()
        {
            case.peer.send(piece);
        }
        let status = case.us.connection.status();
        seen.our_window = seen.our_window.max(status.snd_wnd.unwrap_or(0));
        seen.in_flight = seen.in_flight.max(status.in_flight);
        case.us.received.len() >= count && case.peer.received.len() >= count
    });
    assert!(case.us.received == content, "what we have read");
    assert!(case.peer.received == content, "what the kernel has read");
    case.until("it is acknowledged", |case| case.us.unacknowledged() == 0);
    seen
}

/// Checks that every segment but a reset has timestamps, in both directions, and none but the SYNs has another option.
#[track_caller]
fn check_options(link: &Link, timestamps: bool) {
    let odd = link.first(|segment| {
        let options = segment.options();
        let on_a_syn = segment.control().contains(Control::SYN);
        options.timestamps().is_some() != timestamps
            || (!on_a_syn && (options.window_scale().is_some() || options.sack_permitted()))
    });
    assert_eq!(odd, None);
}

/// With our acknowledgments held back, the kernel has more in flight than an unscaled window would allow, and nothing
/// beyond our window.
pub(crate) fn the_kernel_uses_our_scale(case: &mut Case) {
    let before = case.us.received.len();
    case.to_kernel.hold();
    case.peer.send(&bytes(MANY / 8));
    case.until("the kernel fills more than an unscaled window", |case| {
        case.us.received.len() - before > FIELD as usize
    });
    case.to_kernel.release();
    case.until("we have read it all", |case| case.us.received.len() - before >= MANY / 8);
    assert!(case.us.received[before..] == bytes(MANY / 8));
}

/// We close, then the kernel; no other signal reaches us.
pub(crate) fn both_close(case: &mut Case) {
    we_close_and_then_the_kernel(case);
    assert_eq!(case.us.signals, [Signal::Closing]);
}

pub(crate) fn we_close_and_then_the_kernel(case: &mut Case) {
    case.close();
    case.until("the kernel reads the end", |case| case.peer.end.is_some());
    assert_eq!(case.peer.end, Some(End::OfStream));
    case.until_we_are_in(State::FinWait2);
    case.peer.shutdown();
    case.until_we_are_in(State::Closed);
    case.until_the_kernel_is_in(None);
}

fn eight_mebibytes_each_way(case: &mut Case) {
    check_agreement(case);
    let seen = both_send(case, MANY);
    assert!(seen.our_window > FIELD, "the kernel's window was never more than {}", seen.our_window);
    assert!(seen.in_flight > FIELD, "never more than {} was in flight", seen.in_flight);
    the_kernel_uses_our_scale(case);
    both_close(case);
    check_options(&case.to_kernel, true);
    check_options(&case.to_us, true);
    // The MSS less the timestamps is left for the payload.
    assert_eq!(case.to_kernel.count(|segment| segment.payload_len() > 1448), 0);
    assert!(case.to_kernel.count(|segment| segment.payload_len() == 1448) > 1_000);
    assert_eq!(case.us.refusals.iter().filter(|refusal| **refusal == Refusal::NoTimestamp).count(), 0);
}

/// Gives the kernel a receive buffer that is worth a window scale from the start.
pub(crate) fn with_room(case: &mut Case, open: impl FnOnce(&mut Case)) {
    set_policy("tcp_rmem", "4096 4194304 6291456");
    open(case);
}

#[test]
fn the_kernel_answers_our_options_and_eight_mebibytes_go_each_way() {
    with_kernel(ALL, |case| {
        with_room(case, we_connect);
        eight_mebibytes_each_way(case);
        assert_eq!(case.us.path(), "SYN-SENT ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT CLOSED");
    });
}

#[test]
fn we_answer_the_kernels_options_and_eight_mebibytes_go_each_way() {
    with_kernel(ALL, |case| {
        with_room(case, the_kernel_connects);
        eight_mebibytes_each_way(case);
        assert_eq!(case.us.path(), "LISTEN SYN-RECEIVED ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT CLOSED");
    });
}

/// The kernel refuses the options, or we do: nothing is agreed, and nothing is scaled.
#[test]
fn what_the_kernel_does_not_want_is_not_used() {
    const POLICIES: [&str; 3] = ["tcp_window_scaling", "tcp_timestamps", "tcp_sack"];
    let refuse = || {
        for policy in POLICIES {
            set_policy(policy, "0");
        }
    };
    let check = |case: &mut Case| {
        let status = case.us.connection.status();
        assert_eq!((status.snd_scale, status.rcv_scale), (Some(0), Some(0)));
        assert!(!status.timestamps && !status.sack_permitted);
        both_send(case, 1 << 18);
        both_close(case);
        check_options(&case.to_us, false);
    };
    with_kernel(ALL, move |case| {
        refuse();
        we_connect(case);
        check(case);
    });
    with_kernel(ALL, move |case| {
        refuse();
        the_kernel_connects(case);
        check(case);
        check_options(&case.to_kernel, false);
    });
}

/// Sends a hundred bytes each way and keeps the first packet of each; later packets are some milliseconds younger.
fn keep_a_packet_each_way(case: &mut Case) -> (Flying, Flying) {
    let carries = |segment: &Segment| segment.payload_len() > 0;
    case.to_us.hold();
    case.peer.send(&bytes(100));
    case.until("the kernel's payload is on its way", |case| case.to_us.held(carries).is_some());
    let theirs = case.to_us.held(carries).expect("it is held").clone();
    case.to_us.release();
    case.to_kernel.hold();
    case.send(&bytes(100));
    let ours = case.to_kernel.held(carries).expect("it is held").clone();
    case.to_kernel.release();
    case.until("both have read it", |case| case.us.received.len() == 100 && case.peer.received.len() == 100);
    (theirs, ours)
}

/// The value of the newest timestamp on this link.
fn newest(link: &Link) -> u32 {
    let mut newest = 0;
    while let Some((value, _)) = link
        .first(|segment| segment.options().timestamps().is_some_and(|(value, _)| value > newest))
        .and_then(|segment| segment.options().timestamps())
    {
        newest = value;
    }
    newest
}

/// The same packet again, and the same packet with the expected numbers, as after a wrap: neither does any harm, at
/// either end.
#[test]
fn an_old_duplicate_is_refused_at_both_ends() {
    with_kernel(ALL, |case| {
        we_connect(case);
        let (theirs, ours) = keep_a_packet_each_way(case);
        let value = |segment: &Segment| segment.options().timestamps().expect("timestamps").0;
        let mut sent = 100;
        // Linux accepts a value that is older by one.
        while newest(&case.to_us) <= value(&theirs.segment).wrapping_add(5)
            || newest(&case.to_kernel) <= value(&ours.segment).wrapping_add(5)
        {
            sent += 100;
            let piece = bytes(sent);
            case.peer.send(&piece[sent - 100..]);
            case.send(&piece[sent - 100..]);
            case.until("both have read it", |case| case.us.received.len() == sent && case.peer.received.len() == sent);
        }
        case.until("it is acknowledged", |case| case.us.unacknowledged() == 0);

        let before = case.us.connection.status();
        let (nxt, rcv_nxt) = (before.snd_nxt.expect("SND.NXT"), before.rcv_nxt.expect("RCV.NXT"));
        case.us.refusals.clear();
        case.to_us.send(theirs.clone());
        case.to_us.send(theirs.at(rcv_nxt, nxt));
        case.until("both are refused", |case| case.us.refusals.len() == 2);
        assert_eq!(case.us.refusals, [Refusal::OldTimestamp; 2]);
        let after = case.us.connection.status();
        assert_eq!((after.snd_nxt, after.rcv_nxt, after.unread), (before.snd_nxt, before.rcv_nxt, 0));

        let refused = counted("PAWSEstab");
        case.to_kernel.send(ours.clone());
        case.to_kernel.send(ours.at(nxt, rcv_nxt));
        case.until("the kernel has refused both", |_| counted("PAWSEstab") >= refused + 2);
        assert_eq!((ours.segment.payload_len(), case.peer.received.len()), (100, sent));

        // The connection goes on.
        let piece = bytes(sent + 1_000);
        case.peer.send(&piece[sent..]);
        case.send(&piece[sent..]);
        case.until("both have read it", |case| {
            case.us.received.len() >= sent + 1_000 && case.peer.received.len() >= sent + 1_000
        });
        assert!(case.us.received == piece && case.peer.received == piece);
        both_close(case);
    });
}
