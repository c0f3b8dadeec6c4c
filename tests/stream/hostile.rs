//! Attacks with a name, and what must come of them.

use std::time::Duration;

use tcp_lifecycle::stream::{End, Event, ReadError, StreamConfig};
use tcp_lifecycle::{Config, Control, Ecn, IcmpError, Instant, Options, Segment, State};

use crate::fight::{Fight, IRS, MSS, config, len};
use crate::monotonic;
use crate::watched::bytes;

#[test]
fn a_peer_that_reports_all_but_the_front_is_given_up() {
    let mut fight = Fight::begin(&config());
    fight.write(200_000);
    for _ in 0..10_000 {
        if fight.end().is_some() {
            break;
        }
        fight.after(10);
        let (una, nxt) = (fight.una(), fight.nxt());
        if fight.ack(una, &[(una + u32::from(MSS), nxt)]).is_empty() {
            fight.expire();
        }
    }
    assert_eq!(fight.end(), Some(End::TimedOut));
    assert!(fight.resent() < 150, "{} resent", fight.resent());
}

#[test]
fn what_a_peer_has_reported_and_dropped_costs_one_timeout() {
    let mut fight = Fight::begin(&config());
    fight.write(200_000);
    fight.after(10);
    let (una, nxt) = (fight.una(), fight.nxt());
    // All of it is reported, and then dropped.
    fight.ack(una, &[(una, nxt)]);
    let flight = nxt - una;
    assert!(flight >= 10_000);
    for _ in 0..30 {
        if fight.una() == nxt {
            break;
        }
        let sent = fight.expire();
        let mut have = fight.una();
        // An honest receiver from now on.
        let mut queue: std::collections::VecDeque<_> = sent.into();
        while let Some(sent) = queue.pop_front() {
            let end = sent.segment.seq() + sent.payload.len() as u32;
            if sent.segment.seq().le(have) && end.gt(have) {
                have = end;
                fight.after(1);
                queue.extend(fight.ack(have, &[]));
            }
        }
    }
    let timeouts = fight.watched.stream.counters().timeouts;
    assert!(timeouts <= 2, "{timeouts} timeouts for {flight} bytes");
}

#[test]
fn a_hole_is_repaired_once() {
    let mut fight = Fight::begin(&config());
    fight.write(10_000);
    fight.after(10);
    let (una, nxt) = (fight.una(), fight.nxt());
    // Each block begins and ends with a segment.
    let mut sent = Vec::new();
    for segments in 2..=9 {
        sent.extend(fight.ack(una, &[(una + 1_000, una + segments * 1_000)]));
    }
    assert_eq!(sent.len(), 1, "{sent:?}");
    assert_eq!((sent[0].segment.seq(), sent[0].payload.len()), (una, 1_000));
    fight.ack(nxt, &[]);
    assert_eq!((fight.resent(), fight.watched.stream.counters().timeouts), (1, 0));
}

#[test]
fn divided_acknowledgments_gain_no_more_than_one() {
    let window = |step: usize| {
        let mut fight = Fight::begin(&config());
        let mut sent = len(&fight.write(200_000));
        fight.after(10);
        let (una, nxt) = (fight.una(), fight.nxt());
        for ack in (1..=nxt - una).filter(|ack| *ack % step as u32 == 0) {
            sent += len(&fight.ack(una + ack, &[]));
        }
        sent
    };
    // RFC 3465: what counts is bytes.
    assert!(window(1) <= window(1_000) + usize::from(MSS), "{} {}", window(1), window(1_000));
}

#[test]
fn what_was_never_sent_is_not_acknowledged() {
    let mut fight = Fight::begin(&config());
    fight.write(200_000);
    let (una, nxt) = (fight.una(), fight.nxt());
    let queued = fight.watched.stream.queued();
    for ahead in [1, 1_000, 1 << 20, 1 << 30, u32::MAX >> 1] {
        fight.ack(nxt + ahead, &[(una, nxt + ahead)]);
        fight.ack(una, &[(nxt + ahead, nxt + ahead + 1_000), (nxt, una), (una + 5, una + 5)]);
    }
    assert_eq!((fight.una(), fight.nxt(), fight.watched.stream.queued()), (una, nxt, queued));
    assert_eq!(fight.resent(), 0);
}

#[test]
fn a_window_that_changes_with_each_acknowledgment_is_kept() {
    let mut fight = Fight::begin(&config());
    fight.write(100_000);
    let windows = [0, 1, u16::MAX];
    for round in 0..6_000 {
        fight.after(7);
        fight.window = windows[round % 3];
        let nxt = fight.nxt();
        fight.ack(nxt, &[]);
        if round % 50 == 0 {
            fight.expire();
        }
    }
    assert_eq!(fight.watched.stream.queued(), 0);
}

#[test]
fn a_peer_that_never_reads_is_probed_and_keeps_nothing_beyond_the_queue() {
    let mut fight = Fight::begin(&config());
    fight.window = 0;
    fight.write(300_000);
    let mut probes = 0;
    for _ in 0..50 {
        let nxt = fight.nxt();
        fight.ack(nxt, &[]);
        probes += len(&fight.expire());
        fight.write(300_000);
    }
    assert!(fight.watched.stream.deadline().is_some());
    assert!(probes < 100_000, "{probes}");
}

#[test]
fn probes_of_a_window_leave_no_timer_behind() {
    // The retransmission timer is shorter than that of a tail loss probe, and the caller is late.
    let tcp = Config { rto_min: Duration::from_millis(1), ..config().tcp };
    let mut fight = Fight::begin(&StreamConfig { tcp, ..config() });
    for _ in 0..20 {
        fight.write(1_000);
        fight.after(1);
        let nxt = fight.nxt();
        fight.ack(nxt, &[]);
    }
    fight.window = 0;
    let nxt = fight.nxt();
    fight.ack(nxt, &[]);
    fight.write(10);
    assert_eq!(len(&fight.expire()), 1);
    fight.after(1_000);
    assert_eq!(len(&fight.watched.check_timeout()), 1);
}

#[test]
fn a_user_that_never_reads_closes_the_window() {
    let mut fight = Fight::begin(&config());
    for position in (0..400_000).step_by(1_000) {
        fight.payload(position, 1_000, Control::empty());
    }
    let status = fight.watched.stream.connection().status();
    assert!(status.unread <= 100_000 && status.rcv_wnd == Some(0), "{status:?}");
}

/// The work on a segment depends on how many ranges are kept, by its logarithm; their number and the bytes are bounded.
#[test]
fn tiny_segments_at_alternating_offsets_are_kept_within_bounds() {
    let mut fight = Fight::begin(&config());
    let count = 32_000;
    for index in 0..count {
        // From the right to the left, so that each is a new range in front of the others.
        let segment = Segment::new(IRS + 1 + (2 * (count - index)), fight.nxt(), Control::ACK);
        let _ = fight.watched.stream.segment_arrives(&segment, &[], Ecn::NotEct, &[7], Instant::ZERO);
    }
    assert_eq!(fight.watched.stream.counters().out_of_order, count);
    let kept = format!("{:?}", fight.watched.stream);
    let ranges = kept.matches("..").count();
    assert!((1_000..1_100).contains(&ranges), "{ranges} ranges");
    assert!(kept.matches(", 0").count() < 110_000, "more bytes than the window");
}

#[test]
fn later_contents_do_not_change_what_has_arrived() {
    let mut fight = Fight::begin(&config());
    fight.payload(0, 100, Control::empty());
    fight.payload(200, 100, Control::empty());
    // Across what is in order and what is kept.
    fight.watched.is_forged = true;
    fight.forged(50, &[0xEE; 400]);
    let mut read = vec![0; 1_000];
    let count = fight.watched.stream.read(&mut read).unwrap();
    assert_eq!(count, 450);
    assert_eq!(read[..100], bytes(0, 100));
}

#[test]
fn bytes_behind_a_fin_are_none() {
    let mut fight = Fight::begin(&config());
    fight.payload(10, 5, Control::FIN);
    // The true FIN comes first, and then more payload.
    fight.payload(0, 3, Control::FIN);
    assert_eq!(fight.watched.state(), State::CloseWait);
    for position in [4, 5, 10, 300] {
        let sent = fight.payload(position, 50, Control::FIN);
        assert!(sent.iter().all(|sent| sent.sack.is_empty()), "{sent:?}");
    }
    assert_eq!(fight.watched.read(100), Some(3));
    assert_eq!(fight.watched.read(100), None);
    // Nothing is kept, so that the stream takes no memory.
    fight.after(100_000);
    fight.watched.check_timeout();
    assert!(!format!("{:?}", fight.watched.stream).contains("Flow"), "{:?}", fight.watched.stream);
}

#[test]
fn fins_at_different_places_end_the_stream_once() {
    let mut fight = Fight::begin(&config());
    for end in [400, 300, 250] {
        fight.payload(100, end - 100, Control::FIN);
    }
    fight.payload(0, 100, Control::empty());
    let mut read = 0;
    while let Some(bytes @ 1..) = fight.watched.read(1_000) {
        read += bytes;
    }
    assert!([250, 300, 400].contains(&read), "{read}");
    let ends = fight.watched.events.iter().filter(|event| **event == Event::EndOfStream).count();
    assert!(ends <= 1);
}

#[test]
fn a_reset_drops_what_was_kept_ahead_of_a_gap() {
    let mut fight = Fight::begin(&config());
    fight.payload(0, 10, Control::empty());
    fight.payload(500, 100, Control::empty());
    let reset = Segment::new(IRS + 11, fight.nxt(), Control::RST);
    fight.watched.segment(&reset, &[], Ecn::NotEct, &[]);
    fight.watched.drain();
    assert_eq!(fight.end(), Some(End::Reset));
    assert_eq!(fight.watched.read(100), Some(10));
    assert_eq!(fight.watched.stream.read(&mut [0; 10]), Err(ReadError::Ended(End::Reset)));
}

#[test]
fn timestamps_that_jump_do_not_stop_the_stream() {
    let tcp = Config { timestamps: true, ..config().tcp };
    let options = Options::NONE.with_mss(MSS).with_sack_permitted();
    let mut fight = Fight::new(&StreamConfig { tcp, ..config() }, 100, options.with_timestamps(5, 0));
    let mut position = 0;
    for value in [6_u32, 1 << 30, 1 << 31, (1 << 31) + 7, 3 << 30, u32::MAX, 3, 9] {
        let echo = value.wrapping_mul(77);
        let segment = Segment::new(IRS + 1 + position, fight.nxt(), Control::ACK)
            .with_window(1_000)
            .with_options(Options::NONE.with_timestamps(value, echo));
        if fight.watched.honest_segment(&segment, &[], Ecn::NotEct, 100) {
            position += 100;
        }
        fight.write(3_000);
        fight.watched.read(1_000);
    }
    assert!(position >= 600, "{position}");
    assert!(fight.end().is_none());
}

#[test]
fn an_mss_of_nothing_still_lets_bytes_through() {
    for (mss, most) in [(0, 536), (1, 48), (47, 48), (49, 49)] {
        let mut fight = Fight::new(&config(), 100, Options::NONE.with_mss(mss).with_sack_permitted());
        let sent = fight.write(10_000);
        assert_eq!(sent[0].payload.len(), most, "{mss}");
        // With SACK blocks the payload shrinks.
        fight.payload(1_000, 10, Control::empty());
        let nxt = fight.nxt();
        fight.after(10);
        assert!(len(&fight.ack(nxt, &[])) > 0);
    }
}

#[test]
fn news_of_an_mtu_that_is_large_enough_resends_nothing() {
    let mut fight = Fight::begin(&config());
    fight.write(200_000);
    let una = fight.una();
    for bytes in (1_100..u16::MAX).rev().step_by(7) {
        fight.watched.icmp(IcmpError::FragmentationNeeded, una, Some(bytes));
        fight.watched.drain();
        assert_eq!(fight.resent(), 0, "{bytes}");
    }
}

/// RFC 5927 section 7.
#[test]
fn a_storm_of_falling_mtus_resends_one_window_in_a_round_trip_time() {
    let mut fight = Fight::begin(&config());
    fight.write(200_000);
    let una = fight.una();
    let window = (fight.nxt() - una) as usize;
    let (mut steps, mut resent) = (0, 0);
    for bytes in (0..=u16::MAX).rev().step_by(100) {
        let before = fight.watched.stream.connection().status().peer_mss;
        fight.watched.icmp(IcmpError::FragmentationNeeded, una, Some(bytes));
        resent += len(&fight.watched.drain());
        steps += usize::from(fight.watched.stream.connection().status().peer_mss != before);
    }
    assert!(steps > 5, "{steps}");
    assert!(resent > 0 && resent <= window, "{resent} bytes in {steps} steps of {window}");
}

#[test]
fn time_does_not_go_back_for_a_controller() {
    for controller in [monotonic::cubic, monotonic::new_reno] {
        let mut fight = Fight::begin(&StreamConfig { controller, ..config() });
        fight.write(5_000);
        let una = fight.una();
        while fight.watched.stream.counters().timeouts == 0 {
            fight.expire();
        }
        fight.watched.now = Instant::ZERO;
        assert!(!fight.ack(una + 500, &[]).is_empty());
        // Long idle times count from the last event, too.
        fight.after(100_000);
        fight.ack(fight.nxt(), &[]);
        fight.after(100_000);
        fight.write(10);
        fight.watched.now = Instant::ZERO;
        fight.write(10);
    }
}
