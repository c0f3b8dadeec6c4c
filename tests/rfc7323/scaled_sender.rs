//! The peer's windows, scaled: RFC 7323 section 2.3.

use tcp_lifecycle::sim::check;
use tcp_lifecycle::{Config, Instant, Open, Output};

use crate::end::{End, parsed};

/// Both offer the option: the peer shifts by seven, and we by none.
const SHIFTED_BY_SEVEN: &str = "
    config window_scale=0
    ISS=99
    open active
    --> <SEQ=99><CTL=SYN><WS=0>
    SYN-SENT
    <-- <SEQ=299><ACK=100><CTL=SYN,ACK><WND=1000><WS=7>
    --> <SEQ=100><ACK=300><CTL=ACK>
    ESTABLISHED                         SND.SCALE=7 RCV.SCALE=0 SND.WND=1000
    ";

#[track_caller]
fn shifted_by_seven(script: &str) {
    check(&format!("{SHIFTED_BY_SEVEN}{script}"));
}

#[test]
fn every_window_behind_the_syn_is_shifted() {
    shifted_by_seven(
        "
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=1000>
        ESTABLISHED                     SND.WND=128000
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10><WND=65535>
        --> <SEQ=100><ACK=310><CTL=ACK>
        ESTABLISHED                     SND.WND=8388480
        <-- <SEQ=310><ACK=100><CTL=FIN,ACK><WND=3>
        signal: Closing
        --> <SEQ=100><ACK=311><CTL=ACK>
        CLOSE-WAIT                      SND.WND=384
        ",
    );
}

/// In each way that a window is set: with an acknowledgment, with payload, and by a segment left of the window.
#[test]
fn the_window_is_shifted_whatever_comes_with_it() {
    shifted_by_seven(
        "
        send 20
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=20>
        <-- <SEQ=300><ACK=110><CTL=ACK><WND=2>
        signal: Acknowledged 10
        ESTABLISHED                     SND.WND=256
        <-- <SEQ=300><ACK=120><CTL=ACK><DATA=5><WND=3>
        signal: Acknowledged 10
        --> <SEQ=120><ACK=305><CTL=ACK>
        ESTABLISHED                     SND.WND=384
        <-- <SEQ=305><ACK=120><CTL=ACK><WND=0>
        ESTABLISHED                     SND.WND=0
        <-- <SEQ=305><ACK=120><CTL=ACK><WND=1>
        ESTABLISHED                     SND.WND=128
        ",
    );
}

#[test]
fn the_window_of_the_acknowledgment_of_our_syn_is_shifted() {
    check(
        "
        config window_scale=0
        ISS=99
        open passive
        LISTEN
        <-- <SEQ=299><CTL=SYN><WND=1000><WS=4>
        --> <SEQ=99><ACK=300><CTL=SYN,ACK><WND=65535><WS=0>
        SYN-RECEIVED                        SND.SCALE=4
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=1000>
        ESTABLISHED                         SND.WND=16000
        ",
    );
}

/// The SYN is challenged, and its window is not used, scaled or not.
#[test]
fn a_syn_in_established_sets_no_window() {
    shifted_by_seven(
        "
        <-- <SEQ=300><ACK=100><CTL=SYN,ACK><WND=500><WS=2>   refused: SynChallenged
        --> <SEQ=100><ACK=300><CTL=ACK>
        ESTABLISHED                     SND.WND=1000 SND.SCALE=7
        ",
    );
}

/// RFC 7323 2.2: on a segment without SYN the option is ignored.
#[test]
fn the_option_on_a_segment_without_syn_is_ignored() {
    shifted_by_seven(
        "
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=100><WS=2>
        ESTABLISHED                     SND.WND=12800 SND.SCALE=7
        ",
    );
    check(
        "
        config window_scale=0
        ESTABLISHED                     SND.NXT=100 RCV.NXT=300 SND.SCALE=0
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=100><WS=2>
        ESTABLISHED                     SND.WND=100 SND.SCALE=0
        ",
    );
}

#[test]
fn what_is_sent_goes_as_far_as_the_scaled_window() {
    shifted_by_seven(
        "
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=4>       # more than half of the thousand before
        send 1000
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=512>    bytes 0..512
        <-- <SEQ=300><ACK=612><CTL=ACK><WND=1>       # and less
        signal: Acknowledged 512
        + 1s
        --> <SEQ=612><ACK=300><CTL=ACK><DATA=128>    bytes 0..128
        ESTABLISHED                     IN-FLIGHT=128 UNSENT=360
        ",
    );
}

/// RFC 5961 section 5.2: the largest window is in bytes too.
#[test]
fn an_old_acknowledgment_is_measured_by_the_scaled_window() {
    shifted_by_seven(
        "
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=1000>
        send 536
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=536>
        <-- <SEQ=300><ACK=636><CTL=ACK><WND=1000>
        signal: Acknowledged 536
        <-- <SEQ=300><ACK=4294839932><CTL=ACK><WND=1000>     accepted
        <-- <SEQ=300><ACK=4294839931><CTL=ACK><WND=1000>     refused: AckTooOld
        --> <SEQ=636><ACK=300><CTL=ACK>
        ",
    );
}

/// RFC 7323 2.4: the peer excludes the rounding of its field; payload that was within its window is still
/// retransmitted.
#[test]
fn what_the_rounding_of_the_window_takes_back_is_sent_again_all_the_same() {
    shifted_by_seven(
        "
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=1>
        send 120
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=120>
        <-- <SEQ=300><ACK=151><CTL=ACK><WND=0>                  # 51 were taken, and the rest would fit
        signal: Acknowledged 51
        + 1s
        --> <SEQ=151><ACK=300><CTL=PSH,ACK><DATA=69>
        <-- <SEQ=300><ACK=220><CTL=ACK><WND=0>
        signal: Acknowledged 69
        ",
    );
    shifted_by_seven(
        "
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=2>
        send 250
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=250>
        <-- <SEQ=300><ACK=105><CTL=ACK><WND=1>
        signal: Acknowledged 5
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=105><ACK=300><CTL=PSH,ACK><DATA=245>
        ",
    );
    // Here the peer has excluded more than its rounding, because it has no room.
    shifted_by_seven(
        "
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=3>
        send 300
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=300>
        <-- <SEQ=300><ACK=110><CTL=ACK><WND=1>
        signal: Acknowledged 10
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=110><ACK=300><CTL=ACK><DATA=128>
        ",
    );
}

#[test]
fn a_window_that_shrinks_by_its_rounding_does_no_harm() {
    shifted_by_seven(
        "
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=2>
        send 256
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=256>
        <-- <SEQ=300><ACK=101><CTL=ACK><WND=1>
        signal: Acknowledged 1
        ESTABLISHED                     SND.WND=128 IN-FLIGHT=255
        <-- <SEQ=300><ACK=356><CTL=ACK><WND=2>
        signal: Acknowledged 255
        ESTABLISHED                     SND.WND=256 IN-FLIGHT=0 DEADLINE=none
        ",
    );
}

/// With the largest shift and the largest field, everything but the rounding of a gibibyte is in flight at once.
#[test]
fn a_gibibyte_goes_out_at_once() {
    let config = Config { window_scale: Some(0), ..Config::DEFAULT };
    let mut end = End::new(&config);
    end.open(Open::Active);
    // A whole number of full segments fills the window to the last byte.
    end.arrives("<SEQ=299><ACK=100><CTL=SYN,ACK><WND=0><MSS=49152><WS=255>");
    end.arrives("<SEQ=300><ACK=100><CTL=ACK><WND=65535>");
    end.connection.send(1 << 30, Instant::ZERO).expect("SEND");
    let (mut sent, mut last) = (0_u32, 0..0);
    while let Output::Transmit(transmit) = end.connection.poll(Instant::ZERO) {
        sent += u32::from(transmit.segment.payload_len());
        last = transmit.payload;
    }
    assert_eq!((sent, last.end), (65_535 << 14, 65_535 << 14));
    assert_eq!(end.connection.status().in_flight, 65_535 << 14);
    let ack = parsed("<SEQ=300><ACK=100><CTL=ACK><WND=65535>");
    assert_eq!(end.hand_in(&ack), Ok(0..0));
}

/// The field is the same as that of the SYN,ACK, but the scaled window is larger: the payload that waited for it is
/// sent.
#[test]
fn the_same_field_behind_the_syn_is_a_larger_window() {
    shifted_by_seven(
        "
        send 1608
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=536>
        ESTABLISHED                     UNSENT=1072
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=1000>
        --> <SEQ=636><ACK=300><CTL=ACK><DATA=536>
        --> <SEQ=1172><ACK=300><CTL=ACK><DATA=536>
        ESTABLISHED                     SND.WND=128000 UNSENT=0
        ",
    );
}
