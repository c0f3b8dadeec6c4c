//! The windows that we offer, scaled: RFC 7323 sections 2.3 and 2.4.

use proptest::collection::vec;
use proptest::prelude::*;
use tcp_lifecycle::sim::check;
use tcp_lifecycle::{Config, Control, Open, Segment, SeqNumber};

use crate::cases::cases;
use crate::end::{End, parsed};

const MIB: &str = "
    config receive_buffer=1048576
    ISS=99
    open active
    --> <SEQ=99><CTL=SYN><WND=65535><WS=5>
    SYN-SENT
    ";

#[test]
fn every_window_behind_the_syn_is_shifted() {
    check(&format!(
        "{MIB}
        <-- <SEQ=299><ACK=100><CTL=SYN,ACK><WND=8000><WS=0>
        --> <SEQ=100><ACK=300><CTL=ACK><WND=32768>
        ESTABLISHED                         RCV.SCALE=5 RCV.WND=1048576
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10><WND=32768>
        <-- <SEQ=300><ACK=110><CTL=ACK><DATA=100>
        signal: Acknowledged 10
        --> <SEQ=110><ACK=400><CTL=ACK><WND=32764>      # 1048476 / 32, rounded down
        ESTABLISHED                         RCV.WND=1048476
        close
        --> <SEQ=110><ACK=400><CTL=FIN,ACK><WND=32764>
        FIN-WAIT-1
        "
    ));
}

/// Without the peer's option the window is limited to the largest value of the field.
#[test]
fn without_an_agreement_a_large_buffer_offers_what_the_field_can_say() {
    check(&format!(
        "{MIB}
        <-- <SEQ=299><ACK=100><CTL=SYN,ACK><WND=8000>
        --> <SEQ=100><ACK=300><CTL=ACK><WND=65535>
        ESTABLISHED                         RCV.SCALE=0 SND.SCALE=0 RCV.WND=65535 SND.WND=8000
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=1000><WND=9000>
        --> <SEQ=100><ACK=1300><CTL=ACK><WND=65535>
        ESTABLISHED                         RCV.WND=65535 SND.WND=9000
        "
    ));
}

/// This holds for the SYN,ACK and for its retransmission. The first ACK after them offers the whole buffer.
#[test]
fn the_window_of_a_syn_ack_is_not_shifted() {
    check(
        "
        config receive_buffer=1048576
        ISS=99
        open passive
        LISTEN
        <-- <SEQ=299><CTL=SYN><WND=1000><WS=0>
        --> <SEQ=99><ACK=300><CTL=SYN,ACK><WND=65535><WS=5>
        SYN-RECEIVED                        RCV.WND=65535 RCV.SCALE=5
        + 1s
        --> <SEQ=99><ACK=300><CTL=SYN,ACK><WND=65535><WS=5>
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=1>
        --> <SEQ=100><ACK=301><CTL=ACK><WND=32767>
        ESTABLISHED                         RCV.WND=1048544     # as the peer reads it
        ",
    );
}

/// In SYN-RECEIVED the window does not grow, and the field is already shifted.
#[test]
fn a_bare_ack_in_syn_received_is_shifted() {
    check(
        "
        config receive_buffer=1048576
        ISS=99
        open passive
        LISTEN
        <-- <SEQ=299><CTL=SYN><WND=1000><WS=0>
        --> <SEQ=99><ACK=300><CTL=SYN,ACK><WND=65535><WS=5>
        SYN-RECEIVED
        <-- <SEQ=90000><ACK=100><CTL=ACK>           refused: NotAcceptable
        --> <SEQ=100><ACK=300><CTL=ACK><WND=2047>
        ",
    );
}

/// Steps of four: after a byte the peer sees the edge three bytes further left. Payload within the earlier offer is
/// accepted.
#[test]
fn what_an_earlier_ack_has_offered_is_taken() {
    check(
        "
        config receive_buffer=131072
        ISS=99
        open active
        --> <SEQ=99><CTL=SYN><WND=65535><WS=2>
        SYN-SENT
        <-- <SEQ=299><ACK=100><CTL=SYN,ACK><WND=8000><WS=0>
        --> <SEQ=100><ACK=300><CTL=ACK><WND=32768>          # up to 131372
        ESTABLISHED
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=1>
        --> <SEQ=100><ACK=301><CTL=ACK><WND=32767>          # up to 131369
        <-- <SEQ=301><ACK=100><CTL=ACK><DATA=65535>
        & <-- <SEQ=65836><ACK=100><CTL=ACK><DATA=65535>
        & <-- <SEQ=131371><ACK=100><CTL=ACK><DATA=9>         delivers 0..1
        --> <SEQ=100><ACK=131372><CTL=ACK><WND=0>
        ESTABLISHED                         RCV.WND=0 UNREAD=131072
        ",
    );
}

/// A window smaller than one step of the field looks closed to the peer. Its probe is accepted, and reading opens the
/// window again.
#[test]
fn a_window_of_less_than_a_step_is_said_to_be_closed_and_opens_again() {
    check(
        "
        config receive_buffer=131072
        ISS=99
        open active
        --> <SEQ=99><CTL=SYN><WND=65535><WS=2>
        SYN-SENT
        <-- <SEQ=299><ACK=100><CTL=SYN,ACK><WND=8000><WS=0>
        --> <SEQ=100><ACK=300><CTL=ACK><WND=32768>
        ESTABLISHED
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=65535>
        --> <SEQ=100><ACK=65835><CTL=ACK><WND=16384>
        <-- <SEQ=65835><ACK=100><CTL=ACK><DATA=65534>
        --> <SEQ=100><ACK=131369><CTL=ACK><WND=0>
        ESTABLISHED                         RCV.WND=3
        <-- <SEQ=131369><ACK=100><CTL=ACK><DATA=1>
        --> <SEQ=100><ACK=131370><CTL=ACK><WND=0>
        receive 131070
        --> <SEQ=100><ACK=131370><CTL=ACK><WND=32768>
        ESTABLISHED                         RCV.WND=131072
        ",
    );
}

/// D29: an ACK of its own is sent once the window is at least double what the peer knows. A window of less than a step
/// counts as zero there.
#[test]
fn a_window_that_the_peer_takes_for_closed_opens_with_the_first_step_that_is_worth_it() {
    let config = Config { mss: 4, receive_buffer: (1 << 20) - 15, ..Config::DEFAULT };
    let mut end = End::established(&config, "<SEQ=299><ACK=100><CTL=SYN,ACK><WND=8000><WS=0>");
    let mut seq = 300;
    for payload in [65_535; 15].into_iter().chain([65_526]) {
        end.hand_in(&parsed(&format!("<SEQ={seq}><ACK=100><CTL=ACK><DATA={payload}>"))).expect("in the window");
        end.segments();
        seq += payload;
    }
    assert_eq!((end.connection.status().rcv_wnd, end.connection.status().rcv_scale), (Some(10), Some(4)));
    end.connection.receive(5).expect("five bytes wait");
    assert_eq!(end.segments(), "", "ten bytes are free, and five more are less than a step");
    end.connection.receive(1).expect("a byte waits");
    assert_eq!(end.segments(), format!("<SEQ=100><ACK={seq}><CTL=ACK><WND=1>"));
}

/// With a smaller shift than the buffer needs, the largest value of the field limits the window.
#[test]
fn a_small_shift_bounds_the_window() {
    let config = Config { receive_buffer: 1 << 20, window_scale: Some(2), ..Config::DEFAULT };
    let end = End::established(&config, "<SEQ=299><ACK=100><CTL=SYN,ACK><WND=100><WS=0>");
    assert_eq!(end.connection.status().rcv_wnd, Some(65_535 << 2));
}

/// Segments of 65,535 bytes arrive until the buffer is full; all are accepted, and no byte more.
#[test]
fn a_gibibyte_is_taken() {
    let config = Config { receive_buffer: 1 << 30, mss: 65_535, ..Config::DEFAULT };
    let mut end = End::new(&config);
    end.open(Open::Active);
    end.arrives("<SEQ=299><ACK=100><CTL=SYN,ACK><WND=100><WS=0>");
    assert_eq!(end.connection.status().rcv_wnd, Some(65_535 << 14));
    let mut seq = SeqNumber(300);
    for _ in 0..1 << 14 {
        let segment = Segment::new(seq, SeqNumber(100), Control::ACK).with_payload(65_535).with_window(100);
        assert_eq!(end.hand_in(&segment), Ok(0..65_535));
        seq += 65_535;
    }
    // The part that the rounding held back: a quarter of a segment.
    let segment = Segment::new(seq, SeqNumber(100), Control::ACK).with_payload(65_535).with_window(100);
    assert_eq!(end.connection.status().unread, 65_535 << 14);
    let taken = end.hand_in(&segment).expect("its ACK counts");
    assert!(taken.len() <= 1 << 14, "no more than the buffer: {taken:?}");
    let ack = end.drain();
    assert!(ack.iter().all(|ack| ack.window() <= 1), "{ack:?}");
    end.receive((65_535 << 14) + taken.len());
    assert_eq!(end.connection.status().rcv_wnd, Some(65_535 << 14));
}

#[derive(Clone, Debug)]
enum Event {
    Arrives(u16),
    Reads(u32),
}

fn event() -> impl Strategy<Value = Event> {
    let bytes = prop_oneof![2 => 1_u16..40, 2 => 1_u16..3_000, 1 => any::<u16>()];
    prop_oneof![2 => bytes.prop_map(Event::Arrives), 1 => (0_u32..200_000).prop_map(Event::Reads)]
}

proptest! {
    #![proptest_config(cases(300))]

    /// SHLD-14, RFC 7323 2.4: the right edge as the peer reads it moves back by less than a step of the field, and is
    /// never beyond the buffer. Everything up to the furthest edge is accepted.
    #[test]
    fn the_right_edge_moves_back_by_no_more_than_its_rounding(
        buffer in prop_oneof![65_536_u32..300_000, 300_000_u32..2_000_000, Just(1 << 30)],
        shift in prop_oneof![2 => Just(None), 1 => (0_u8..5).prop_map(Some)],
        events in vec(event(), 1..80),
    ) {
        let config = Config { receive_buffer: buffer, window_scale: shift, ..Config::DEFAULT };
        let mut end = End::new(&config);
        end.open(Open::Active);
        end.arrives("<SEQ=299><ACK=100><CTL=SYN,ACK><WND=100><WS=0>");
        let scale = end.connection.status().rcv_scale.unwrap();
        // Counted from the peer's first byte.
        let (mut arrived, mut read) = (0_u64, 0_u64);
        let mut furthest = 65_535_u64;
        for event in events {
            let segments = match event {
                Event::Arrives(bytes) => {
                    let bytes = u64::from(bytes).min(furthest - arrived) as u16;
                    let segment = Segment::new(SeqNumber(300) + arrived as u32, SeqNumber(100), Control::ACK);
                    let taken = end.hand_in(&segment.with_payload(bytes).with_window(100));
                    prop_assert_eq!(taken, Ok(0..usize::from(bytes)));
                    arrived += u64::from(bytes);
                    end.drain()
                }
                Event::Reads(bytes) => {
                    let bytes = u64::from(bytes).min(arrived - read);
                    read += bytes;
                    end.receive(bytes as usize)
                }
            };
            for segment in segments {
                prop_assert_eq!(segment.ack(), Some(SeqNumber(300) + arrived as u32));
                let edge = arrived + (u64::from(segment.window()) << scale);
                prop_assert!(edge + (1 << scale) > furthest, "back from {} to {}", furthest, edge);
                prop_assert!(edge <= read + u64::from(buffer), "beyond the buffer");
                furthest = furthest.max(edge);
            }
        }
    }
}

/// MUST-39 depends on the window that the peer knows: an RCV.WND of less than a step is announced as zero, and counts
/// as zero.
#[test]
fn what_lies_between_two_steps_does_not_keep_the_window_closed() {
    check(
        "
        config window_scale=9, receive_buffer=1000, mss=536
        ISS=99
        open active
        --> <SEQ=99><CTL=SYN><WND=1000><WS=9>
        SYN-SENT
        <-- <SEQ=299><ACK=100><CTL=SYN,ACK><WND=8000><WS=0>
        --> <SEQ=100><ACK=300><CTL=ACK><WND=1>
        ESTABLISHED
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=536>
        --> <SEQ=100><ACK=836><CTL=ACK><WND=0>
        receive 536
        --> <SEQ=100><ACK=836><CTL=ACK><WND=1>
        <-- <SEQ=836><ACK=100><CTL=ACK><DATA=1>
        --> <SEQ=100><ACK=837><CTL=ACK><WND=1>      # 511 would be none, and 999 are free
        receive 1
        <-- <SEQ=837><ACK=100><CTL=ACK><DATA=1>
        --> <SEQ=100><ACK=838><CTL=ACK><WND=1>
        ",
    );
}
