//! The same two sockets again while the last incarnation is in TIME-WAIT, at our end or at the kernel's (RFC 9293
//! section 3.6.1, MAY-2; RFC 6191).

use std::time::Duration;

use tcp_lifecycle::{Config, Connection, Control, Refusal, Segment, SeqNumber, Signal, State, Status};

use crate::closing::{both_talk, the_kernel_closes_first};
use crate::device::set_policy;
use crate::door::LastLife;
use crate::harness::{
    CONFIG, Case, ISN_OFFSET, OURS, THEIRS, bytes, the_kernel_connects, until_established, we_connect,
    we_connect_again, with_kernel,
};
use crate::link::Flying;
use crate::peer::Peer;

/// 2 MSL outlast the case.
const LONG: Config = Config { msl: Duration::from_secs(300), timestamps: true, ..CONFIG };
/// Sent much faster than the clock of the initial sequence numbers advances by as much.
const MANY: usize = 1 << 20;

/// How a connection in TIME-WAIT is kept.
type Keep = fn(Connection) -> LastLife;
const WHOLE: Keep = LastLife::Whole;
const COMPACT: Keep = |connection| LastLife::Compact(connection.time_wait().expect("a drained one in TIME-WAIT"));

/// We close first, so that we wait 2 MSL, and the kernel has nothing left.
fn we_wait(case: &mut Case) -> Status {
    case.close();
    case.until_we_are_in(State::FinWait2);
    case.until("the kernel reads the end", |case| case.peer.end.is_some());
    case.peer.shutdown();
    case.until_we_are_in(State::TimeWait);
    case.until_the_kernel_is_in(None);
    assert_eq!(case.peer.error(), None);
    case.us.connection.status()
}

/// The kernel's port is free, and it connects from there again.
fn the_kernel_connects_again(case: &mut Case, keep: Keep) {
    case.begin_another_life(keep);
    case.peer = Peer::new(THEIRS, OURS);
    case.peer.connect();
    until_established(case);
}

fn is_beyond(nxt: Option<SeqNumber>, first: Option<SeqNumber>) -> bool {
    nxt.zip(first).is_some_and(|(nxt, first)| nxt.lt(first))
}

/// Checks that all numbers of this incarnation are beyond those of the last, and that nothing is left of the last.
#[track_caller]
fn check_new_life(case: &Case, last: &Status) -> Status {
    let life = case.us.connection.status();
    assert!(is_beyond(last.snd_nxt, life.iss), "our ISS is an old number: {last:?} {life:?}");
    assert!(is_beyond(last.rcv_nxt, life.irs), "{last:?} {life:?}");
    assert!(case.door.last_life.is_none());
    life
}

/// Sets whether the kernel offers timestamps.
fn offer_timestamps(offer: bool) {
    set_policy("tcp_timestamps", if offer { "1" } else { "0" });
}

/// An incarnation with or without timestamps, followed by another with or without.
fn the_kernel_reopens(keep: Keep) {
    for (first, second) in [(true, true), (true, false), (false, true), (false, false)] {
        with_kernel(LONG, move |case| {
            offer_timestamps(first);
            the_kernel_connects(case);
            case.send(&bytes(MANY));
            case.until("the kernel has read it all", |case| case.peer.received.len() >= MANY);
            let last = we_wait(case);
            assert_eq!(last.timestamps, first);

            offer_timestamps(second);
            the_kernel_connects_again(case, keep);
            let life = check_new_life(case, &last);
            assert_eq!(life.timestamps, second);
            both_talk(case);
            the_kernel_closes_first(case);
        });
    }
}

#[test]
fn the_kernel_reopens_our_time_wait() {
    the_kernel_reopens(WHOLE);
}

#[test]
fn the_kernel_reopens_our_compact_time_wait() {
    the_kernel_reopens(COMPACT);
}

#[test]
fn five_lives_follow_each_other_at_one_port() {
    with_kernel(LONG, |case| {
        the_kernel_connects(case);
        both_talk(case);
        let mut last = we_wait(case);
        case.door.listen(true);
        for keep in [WHOLE, COMPACT, WHOLE, COMPACT] {
            the_kernel_connects_again(case, keep);
            let life = check_new_life(case, &last);
            let clock = case.us.entered(State::SynReceived).as_micros() / 4;
            assert_eq!(
                life.iss,
                Some(SeqNumber(ISN_OFFSET) + clock as u32),
                "the clock is beyond the last life already"
            );
            both_talk(case);
            last = we_wait(case);
            assert_eq!(case.us.signals, [Signal::Closing]);
        }
        assert_eq!(case.us.path(), "SYN-RECEIVED ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT");
    });
}

/// The kernel did not send the SYN that reopened: its reset ends the new incarnation, while 2 MSL go on.
#[test]
fn a_syn_that_the_kernel_never_sent_leaves_time_wait_as_it_was() {
    for keep in [WHOLE, COMPACT] {
        with_kernel(LONG, move |case| {
            the_kernel_connects(case);
            both_talk(case);
            let last = we_wait(case);
            case.door.listen(true);
            case.begin_another_life(keep);
            let until = case.door.deadline();

            // An old number, which the later timestamp makes acceptable.
            let seq = SeqNumber(last.rcv_nxt.expect("RCV.NXT").0.wrapping_sub(1_000));
            let value = last_value(case).wrapping_add(1);
            let syn = Segment::new(seq, SeqNumber(0), Control::SYN).with_window(1_000);
            let syn = syn.with_options(syn.options().with_timestamps(value, 0));
            case.to_us.send(Flying::new(THEIRS, OURS, &syn));
            case.until("the new life is over", |case| case.us.path() == "SYN-RECEIVED CLOSED");
            assert_eq!(case.us.signals, []);
            assert_eq!(case.door.deadline(), until);

            // The kernel's own SYN may reopen the TIME-WAIT that is left.
            case.peer = Peer::new(THEIRS, OURS);
            case.peer.connect();
            until_established(case);
            check_new_life(case, &last);
            both_talk(case);
            the_kernel_closes_first(case);
        });
    }
}

/// The newest TSval of the kernel.
fn last_value(case: &Case) -> u32 {
    let stamped = |segment: &Segment| segment.options().timestamps();
    let last = case.to_us.last(|segment| stamped(segment).is_some()).expect("a segment with timestamps");
    stamped(&last).expect("timestamps").0
}

fn is_rst(segment: &Segment) -> bool {
    segment.control().contains(Control::RST)
}

/// The kernel closes first, so that it waits 2 MSL, and we have nothing left.
fn the_kernel_waits(case: &mut Case) -> Status {
    we_connect(case);
    both_talk(case);
    let last = case.us.connection.status();
    the_kernel_closes_first(case);
    last
}

/// Checks that the kernel has accepted our SYN for a new incarnation, with an initial number beyond its last one.
#[track_caller]
fn check_life_of_the_kernel(case: &mut Case, last: &Status) {
    let life = case.us.connection.status();
    assert!(is_beyond(last.rcv_nxt, life.irs), "{last:?} {life:?}");
    both_talk(case);
    the_kernel_closes_first(case);
    assert_eq!(case.us.path(), "SYN-SENT ESTABLISHED CLOSE-WAIT LAST-ACK CLOSED");
}

#[test]
fn we_reopen_the_kernels_time_wait() {
    for timestamps in [true, false] {
        with_kernel(Config { timestamps, ..CONFIG }, |case| {
            let last = the_kernel_waits(case);
            case.begin_afresh(ISN_OFFSET);
            we_connect_again(case);
            assert!(is_beyond(last.snd_nxt, case.us.connection.status().iss), "the clock has gone on");
            assert_eq!(case.to_kernel.count(is_rst), 0, "the first SYN was good");
            check_life_of_the_kernel(case, &last);
        });
    }
}

/// A number of the last incarnation is no obstacle if a later timestamp distinguishes the two.
#[test]
fn a_later_timestamp_reopens_the_kernels_time_wait_whatever_the_number() {
    with_kernel(Config { timestamps: true, ..CONFIG }, |case| {
        let last = the_kernel_waits(case);
        case.begin_afresh(ISN_OFFSET.wrapping_sub(1 << 30));
        case.skip(Duration::from_millis(10));
        we_connect_again(case);
        assert_eq!(case.to_kernel.count(is_rst), 0, "the first SYN was good");
        check_life_of_the_kernel(case, &last);
    });
}

/// RFC 9293 Figure 9: the kernel answers an old number from TIME-WAIT, our reset ends that state, and our next SYN is
/// accepted.
#[test]
fn a_syn_with_an_old_number_is_cured_by_our_reset() {
    with_kernel(CONFIG, |case| {
        let last = the_kernel_waits(case);
        set_policy("tcp_rfc1337", "0");
        case.begin_afresh(ISN_OFFSET.wrapping_sub(1 << 30));
        we_connect_again(case);
        set_policy("tcp_rfc1337", "1");
        assert_eq!(case.us.refusals.first(), Some(&Refusal::AckInSynSent));
        let reset = case.to_kernel.first(is_rst).expect("a reset");
        // The kernel has acknowledged our FIN last.
        let old = last.snd_nxt.expect("SND.NXT") + 1;
        assert_eq!(reset, Segment::new(old, SeqNumber(0), Control::RST));
        assert!(case.to_kernel.count(|segment| segment.control() == Control::SYN) >= 3);
        check_life_of_the_kernel(case, &last);
    });
}
