//! The checks themselves: they find each segment that an honest end never sends.

use tcp_lifecycle::{Control, Options, Segment, SeqNumber, Status};

use crate::exchange::deceive;
use crate::life::Life;
use crate::run::failure;

/// Both ends have sent, and are at rest.
const LIFE: &str = "
    A config receive_buffer=2000
    B config receive_buffer=2000
    A iss 100
    B iss 300
    B open passive
    A open active
    + 1s
    A send 10
    B send 10
";

const STAMPED: &str = "
    A config timestamps=on
    B config timestamps=on
    A iss 100
    B iss 300
    B open passive
    A open active
    + 1s
    A send 10
    B send 10
";

#[track_caller]
fn is_found(life: &str, segment: impl Fn(&Status, &Status) -> Segment) {
    let life: Life = life.parse().unwrap();
    assert!(failure(|| deceive(&life, &segment)).is_some(), "nothing was found");
}

#[track_caller]
fn is_fine(life: &str, segment: impl Fn(&Status, &Status) -> Segment) {
    let life: Life = life.parse().unwrap();
    assert_eq!(failure(|| deceive(&life, &segment)), None);
}

/// SND.NXT and RCV.NXT of A.
fn numbers(a: &Status) -> (SeqNumber, SeqNumber) {
    (a.snd_nxt.unwrap(), a.rcv_nxt.unwrap())
}

fn segment(a: &Status, ahead: i32, control: Control) -> Segment {
    let (nxt, ack) = numbers(a);
    Segment::new(SeqNumber(nxt.0.wrapping_add_signed(ahead)), ack, control).with_window(2_000)
}

#[test]
fn what_stands_at_snd_nxt_is_fine() {
    is_fine(LIFE, |a, _| segment(a, 0, Control::ACK));
    is_fine(LIFE, |a, _| segment(a, 0, Control::ACK).with_payload(5));
    is_fine(LIFE, |a, _| segment(a, 0, Control::RST));
}

#[test]
fn an_ack_left_of_the_window_is_found() {
    is_found(LIFE, |a, _| segment(a, -1, Control::ACK));
    is_found(LIFE, |a, _| segment(a, -10, Control::ACK));
}

#[test]
fn an_ack_at_the_right_edge_is_found() {
    is_found(LIFE, |a, b| segment(a, b.rcv_wnd.unwrap() as i32, Control::ACK));
    is_found(LIFE, |a, b| segment(a, b.rcv_wnd.unwrap() as i32 + 1, Control::ACK));
}

#[test]
fn a_reset_beside_rcv_nxt_is_found() {
    is_found(LIFE, |a, _| segment(a, 1, Control::RST));
    is_found(LIFE, |a, _| segment(a, -1, Control::RST));
    is_found(LIFE, |a, b| segment(a, b.rcv_wnd.unwrap() as i32, Control::RST));
}

#[test]
fn payload_that_was_acknowledged_is_found() {
    is_found(LIFE, |a, _| segment(a, -5, Control::ACK).with_payload(5));
}

#[test]
fn payload_beyond_the_window_or_behind_a_gap_is_found() {
    is_found(LIFE, |a, b| segment(a, b.rcv_wnd.unwrap() as i32, Control::ACK).with_payload(5));
    is_found(LIFE, |a, _| segment(a, 1, Control::ACK).with_payload(5));
}

#[test]
fn an_acknowledgment_of_what_was_not_sent_or_too_old_is_found() {
    is_found(LIFE, |a, _| Segment::new(numbers(a).0, numbers(a).1 + 1, Control::ACK));
    is_found(LIFE, |a, _| Segment::new(numbers(a).0, SeqNumber(numbers(a).1.0 - 70_000), Control::ACK));
}

#[test]
fn a_syn_is_found() {
    is_found(LIFE, |a, _| segment(a, 0, Control::SYN));
}

#[test]
fn a_segment_with_an_old_timestamp_or_none_is_found() {
    let stamped = |a: &Status, value| segment(a, 0, Control::ACK).with_options(Options::NONE.with_timestamps(value, 0));
    is_fine(STAMPED, |a, _| stamped(a, 5_000));
    is_found(STAMPED, |a, _| stamped(a, 1));
    is_found(STAMPED, |a, _| segment(a, 0, Control::ACK));
}
