//! Explicit congestion notification with the kernel (RFC 3168): which end offers it and which accepts, and marks that
//! the network sets on the way.

use tcp_lifecycle::wire::{Ecn, Header, Packet};
use tcp_lifecycle::{Config, Control, Open, Segment, SeqNumber, Signal, State};

use crate::device::set_policy;
use crate::harness::{CONFIG, Case, THEIRS, bytes, the_kernel_connects, until_established, we_connect, with_kernel};
use crate::link::{Fate, Flying, Link};
use crate::options::{both_close, we_close_and_then_the_kernel};
use crate::packets::{emit_with, parse};

const WILLING: Config = Config { ecn: true, ..CONFIG };

/// Both bits on a SYN offer ECN, ECE alone on a SYN,ACK accepts it.
const OFFERED: Control = Control::ECE.union(Control::CWR);
const ACCEPTED: Control = Control::ECE;
const NEITHER: Control = Control::empty();

/// A number of bytes above one full segment, and below two.
const PIECE: usize = 2_000;

fn codepoint(packet: &Flying) -> Ecn {
    parse(&packet.bytes).expect("it was parsed before").header.ecn
}

fn set_codepoint(packet: &mut Flying, ecn: Ecn) {
    let Packet { header, payload } = parse(&packet.bytes).expect("it was parsed before");
    packet.bytes = emit_with(&Header { ecn, ..header }, payload);
}

fn carries(segment: &Segment) -> bool {
    segment.payload_len() > 0
}

/// The bits of ECN on the first SYN of a connection, or on its first SYN,ACK.
#[track_caller]
fn bits_of_first(link: &Link, control: Control) -> Control {
    let first = link.controls().find(|bits| bits.difference(OFFERED) == control);
    first.expect("such a segment").intersection(OFFERED)
}

/// Checks whether both ends take ECN as agreed; for the kernel, its packets with payload show it.
#[track_caller]
fn check_agreement(case: &mut Case, agreed: bool) {
    assert_eq!(case.us.connection.status().ecn, agreed);
    case.to_us.hold();
    case.peer.send(b"capable?");
    case.until("the kernel's payload is on its way", |case| case.to_us.held(carries).is_some());
    let theirs = codepoint(case.to_us.held(carries).expect("it is held"));
    assert_eq!(theirs, if agreed { Ecn::Ect0 } else { Ecn::NotEct });
    case.to_us.release();
    case.send(b"who knows");
    case.until("both have read it", |case| case.us.received == b"capable?" && case.peer.received == b"who knows");
    case.until("it is acknowledged", |case| case.us.unacknowledged() == 0);
    both_close(case);
}

/// Checks the bits of our SYN, and of the kernel's SYN,ACK.
#[track_caller]
fn check_our_offer(case: &mut Case, offered: Control, accepted: Control) {
    assert_eq!(bits_of_first(&case.to_kernel, Control::SYN), offered);
    assert_eq!(bits_of_first(&case.to_us, Control::SYN | Control::ACK), accepted);
    check_agreement(case, accepted == ACCEPTED);
}

/// Checks the bits of the kernel's SYN, and of our SYN,ACK.
#[track_caller]
fn check_the_kernels_offer(case: &mut Case, offered: Control, accepted: Control) {
    assert_eq!(bits_of_first(&case.to_us, Control::SYN), offered);
    assert_eq!(bits_of_first(&case.to_kernel, Control::SYN | Control::ACK), accepted);
    check_agreement(case, accepted == ACCEPTED);
}

#[test]
fn we_offer_it_and_the_kernel_accepts_unless_it_is_told_not_to() {
    for (policy, accepted) in [("0", NEITHER), ("1", ACCEPTED), ("2", ACCEPTED)] {
        with_kernel(WILLING, move |case| {
            set_policy("tcp_ecn", policy);
            we_connect(case);
            check_our_offer(case, OFFERED, accepted);
        });
    }
}

#[test]
fn the_kernel_offers_it_and_we_accept() {
    for (policy, offered) in [("0", NEITHER), ("1", OFFERED), ("2", NEITHER)] {
        let accepted = if offered == OFFERED { ACCEPTED } else { NEITHER };
        with_kernel(WILLING, move |case| {
            set_policy("tcp_ecn", policy);
            the_kernel_connects(case);
            check_the_kernels_offer(case, offered, accepted);
        });
    }
}

#[test]
fn without_the_policy_we_neither_offer_nor_accept() {
    with_kernel(CONFIG, |case| {
        set_policy("tcp_ecn", "1");
        the_kernel_connects(case);
        check_the_kernels_offer(case, OFFERED, NEITHER);
    });
    with_kernel(CONFIG, |case| {
        set_policy("tcp_ecn", "1");
        we_connect(case);
        check_our_offer(case, NEITHER, NEITHER);
    });
}

/// A cookie has no room for ECN.
#[test]
fn a_listener_accepts_it_with_room_and_not_by_cookie() {
    for (has_room, accepted) in [(true, ACCEPTED), (false, NEITHER)] {
        with_kernel(WILLING, move |case| {
            set_policy("tcp_ecn", "1");
            case.door.listen(has_room);
            case.peer.connect();
            until_established(case);
            check_the_kernels_offer(case, OFFERED, accepted);
        });
    }
}

#[test]
fn both_offer_it_at_once() {
    with_kernel(WILLING, |case| {
        set_policy("tcp_ecn", "1");
        case.to_kernel.hold();
        case.to_us.hold();
        case.peer.connect();
        case.open(Open::Active);
        case.until("both SYNs are on their way", |case| {
            case.to_kernel.holds(Control::SYN) && case.to_us.holds(Control::SYN)
        });
        case.to_kernel.release_through(Control::SYN);
        case.until_the_kernel_is_in(State::SynReceived);
        case.to_us.release_through(Control::SYN);
        case.until_we_are_in(State::SynReceived);
        case.to_kernel.release();
        case.to_us.release();
        until_established(case);
        for link in [&case.to_kernel, &case.to_us] {
            assert_eq!(bits_of_first(link, Control::SYN), OFFERED);
            assert_eq!(bits_of_first(link, Control::SYN | Control::ACK), ACCEPTED);
        }
        check_agreement(case, true);
    });
}

/// An unanswered SYN is retransmitted without the offer (RFC 3168 section 6.1.1.1), and we answer that SYN.
#[test]
fn the_kernel_falls_back_when_its_offer_is_lost() {
    with_kernel(WILLING, |case| {
        set_policy("tcp_ecn", "1");
        case.to_us.lose_first(Control::SYN);
        the_kernel_connects(case);
        assert_eq!(case.to_us.count(|segment| segment.control() == Control::SYN | OFFERED), 1);
        assert_eq!(case.to_us.count(|segment| segment.control() == Control::SYN), 1);
        assert_eq!(bits_of_first(&case.to_kernel, Control::SYN | Control::ACK), NEITHER);
        check_agreement(case, false);
    });
}

/// Our answers to the offer are lost, and the retransmitted SYN is without it: the offer is withdrawn (RFC 3168 section
/// 6.1.1).
#[test]
fn the_kernel_falls_back_when_our_acceptance_is_lost() {
    with_kernel(WILLING, |case| {
        set_policy("tcp_ecn", "1");
        case.to_kernel
            .decide(|segment| if segment.control().contains(ACCEPTED) { Fate::IsLost } else { Fate::Arrives });
        the_kernel_connects(case);
        assert_eq!(case.to_us.count(|segment| segment.control() == Control::SYN | OFFERED), 1);
        assert_eq!(bits_of_first(&case.to_kernel, Control::SYN | Control::ACK), ACCEPTED);
        check_agreement(case, false);
    });
}

/// Marks the next packet with payload on this link.
fn mark_next(link: &mut Link) {
    mark(link, |number| number == 0);
}

/// Marks packets with payload on this link, chosen by their number. Our packets become ECN-capable on the way. Of the
/// kernel's packets, retransmissions are not ECN-capable (RFC 3168 section 6.1.5).
fn mark(link: &mut Link, marks: impl Fn(usize) -> bool + 'static) {
    let mut number = 0;
    link.treat(move |packet| {
        if !carries(&packet.segment) || (packet.source() == THEIRS && codepoint(packet) == Ecn::NotEct) {
            return;
        }
        set_codepoint(packet, if marks(number) { Ecn::Ce } else { Ecn::Ect0 });
        number += 1;
    });
}

/// Checks that ECE is set on every segment up to some point, and on none after it.
#[track_caller]
fn check_echoes(bits: &[Control]) {
    let echoes = bits.iter().take_while(|bits| **bits == Control::ECE).count();
    assert!(echoes < bits.len(), "it never ends: {bits:?}");
    assert!(bits[echoes..].iter().all(|bits| bits.is_empty()), "{bits:?}");
}

/// The bits of ECN on all segments after the first `before`.
fn bits_behind(link: &Link, before: usize) -> Vec<Control> {
    link.controls().skip(before).map(|control| control & OFFERED).collect()
}

/// The kernel sends the next piece of `content`.
#[track_caller]
fn piece_to_us(case: &mut Case, content: &[u8]) {
    let before = case.us.received.len();
    case.peer.send(&content[before..before + PIECE]);
    case.until("we have read the piece", |case| case.us.received.len() == before + PIECE);
}

/// We send the next piece of `content`.
#[track_caller]
fn piece_to_the_kernel(case: &mut Case, content: &[u8]) {
    let before = case.peer.received.len();
    case.send(&content[before..before + PIECE]);
    case.until("the kernel has read the piece", |case| case.peer.received.len() == before + PIECE);
    case.until("it is acknowledged", |case| case.us.unacknowledged() == 0);
}

#[test]
fn a_mark_on_the_kernels_packet_is_echoed_until_the_kernel_has_reduced_its_window() {
    const ROUNDS: usize = 3;
    with_kernel(WILLING, |case| {
        set_policy("tcp_ecn", "1");
        the_kernel_connects(case);
        let content = bytes((1 + 3 * ROUNDS) * PIECE);
        piece_to_us(case, &content);
        assert!(bits_behind(&case.to_kernel, 1).iter().all(|bits| bits.is_empty()));
        for _ in 0..ROUNDS {
            let (theirs, ours) = (case.to_us.controls().count(), case.to_kernel.controls().count());
            mark_next(&mut case.to_us);
            for _ in 0..3 {
                piece_to_us(case, &content);
            }
            let reduced = bits_behind(&case.to_us, theirs);
            assert_eq!(reduced.iter().filter(|bits| **bits == Control::CWR).count(), 1, "{reduced:?}");
            let echoed = bits_behind(&case.to_kernel, ours);
            assert_eq!(echoed.first(), Some(&Control::ECE));
            check_echoes(&echoed);
        }
        assert!(case.us.received == content);
        assert_eq!(case.us.signals, [], "it was the kernel's window that was to be reduced");
        both_close(case);
    });
}

#[test]
fn a_mark_on_our_packet_is_signalled_until_we_have_reduced_our_window() {
    const ROUNDS: usize = 3;
    with_kernel(WILLING, |case| {
        set_policy("tcp_ecn", "1");
        we_connect(case);
        let content = bytes((1 + 3 * ROUNDS) * PIECE);
        piece_to_the_kernel(case, &content);
        assert_eq!(case.us.signals, []);
        for _ in 0..ROUNDS {
            mark_next(&mut case.to_kernel);
            // The kernel sets ECE until it hears that we have reduced our window.
            for _ in 0..2 {
                piece_to_the_kernel(case, &content);
                assert!(!case.us.signals.is_empty());
                assert!(case.us.signals.iter().all(|signal| *signal == Signal::CongestionExperienced));
                case.us.signals.clear();
            }
            let (theirs, ours) = (case.to_us.controls().count(), case.to_kernel.controls().count());
            case.us.connection.congestion_window_reduced();
            piece_to_the_kernel(case, &content);
            let reduced = bits_behind(&case.to_kernel, ours);
            assert_eq!(reduced[0], Control::CWR);
            assert!(reduced[1..].iter().all(|bits| bits.is_empty()), "{reduced:?}");
            check_echoes(&bits_behind(&case.to_us, theirs));
            case.us.signals.clear();
        }
        assert!(case.peer.received == content);
        assert_eq!(case.to_us.controls().filter(|control| control.contains(Control::CWR)).count(), 0);
        both_close(case);
    });
}

/// Both ways at once, with one packet in forty marked each way: both ends reduce their window once for each window of
/// payload.
#[test]
fn marks_both_ways_in_a_long_transfer() {
    const MANY: usize = 2 << 20;
    const LEAST: u32 = 4 * 1460;
    with_kernel(WILLING, |case| {
        set_policy("tcp_ecn", "1");
        the_kernel_connects(case);
        for link in [&mut case.to_kernel, &mut case.to_us] {
            mark(link, |number| number % 40 == 39);
        }
        let content = bytes(MANY);
        case.send(&content);
        case.peer.send(&content);
        let (mut reductions, mut reduced_at) = (0, None::<SeqNumber>);
        case.until("both have read it all", |case| {
            let status = case.us.connection.status();
            let (una, nxt) = (status.snd_una.expect("SND.UNA"), status.snd_nxt.expect("SND.NXT"));
            let congestion = case.us.signals.contains(&Signal::CongestionExperienced);
            case.us.signals.clear();
            if congestion && reduced_at.is_none_or(|at| at.lt(una)) {
                case.us.connection.limit((status.in_flight / 2).max(LEAST));
                case.us.connection.congestion_window_reduced();
                (reductions, reduced_at) = (reductions + 1, Some(nxt));
            }
            case.us.received.len() >= MANY && case.peer.received.len() >= MANY
        });
        assert!(case.us.received == content, "what we have read");
        assert!(case.peer.received == content, "what the kernel has read");
        assert!(reductions > 10, "{reductions} reductions");
        let cwr = |link: &Link| link.controls().filter(|control| control.contains(Control::CWR)).count() - 1;
        assert!(cwr(&case.to_us) > 10, "{} reductions of the kernel", cwr(&case.to_us));
        we_close_and_then_the_kernel(case);
    });
}
