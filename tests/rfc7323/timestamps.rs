//! The timestamps option on every segment, or on none: RFC 7323 section 3.2; and the room that it takes from the
//! payload.

use core::time::Duration;

use tcp_lifecycle::sim::check;
use tcp_lifecycle::{Config, Refusal};

use crate::end::End;
use crate::once_agreed;

/// Payload, ACK, retransmission, probe, FIN, and the ACK of the peer's FIN.
#[test]
fn once_agreed_they_stand_on_every_segment() {
    once_agreed(
        "
        + 5ms
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10><TS=25,1000>
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10><TS=1025,1000>
        + 1ms
        <-- <SEQ=300><ACK=110><CTL=ACK><DATA=5><WND=0><TS=2000,1025>
        signal: Acknowledged 10
        --> <SEQ=110><ACK=305><CTL=ACK><TS=1026,2000>
        send 3
        + 1s
        --> <SEQ=110><ACK=305><CTL=ACK><DATA=1><TS=2026,2000>
        <-- <SEQ=305><ACK=111><CTL=ACK><WND=8000><TS=3000,2026>
        signal: Acknowledged 1
        --> <SEQ=111><ACK=305><CTL=ACK><DATA=2><TS=2026,3000>
        close
        --> <SEQ=113><ACK=305><CTL=FIN,ACK><TS=2026,3000>
        FIN-WAIT-1
        <-- <SEQ=305><ACK=114><CTL=FIN,ACK><TS=3001,2026>
        signal: Acknowledged 2
        signal: Closing
        --> <SEQ=114><ACK=306><CTL=ACK><TS=2026,3001>
        TIME-WAIT
        + 1s
        <-- <SEQ=305><ACK=114><CTL=FIN,ACK><TS=4001,2026>      accepted
        --> <SEQ=114><ACK=306><CTL=ACK><TS=3026,3001>
        ",
    );
}

/// A repeated SYN,ACK, a challenge ACK, and the FIN of a CLOSE in SYN-RECEIVED.
#[test]
fn they_stand_on_the_segments_of_syn_received() {
    check(
        "
        config timestamps=on
        ISS=99
        open passive
        LISTEN
        <-- <SEQ=299><CTL=SYN><TS=1000,0>
        --> <SEQ=99><ACK=300><CTL=SYN,ACK><TS=0,1000>
        SYN-RECEIVED                        TIMESTAMPS=1
        + 1s
        --> <SEQ=99><ACK=300><CTL=SYN,ACK><TS=1000,1000>
        <-- <SEQ=299><CTL=SYN><TS=1000,0>   refused: SynRepeated
        --> <SEQ=99><ACK=300><CTL=SYN,ACK><TS=1000,1000>
        close
        --> <SEQ=100><ACK=300><CTL=FIN,ACK><TS=1000,1000>
        FIN-WAIT-1
        ",
    );
}

/// TSval counts whole milliseconds. It is that of the moment at which `poll` returns the segment.
#[test]
fn the_value_is_the_clock_in_milliseconds() {
    let config = Config { timestamps: true, nagle: false, ..Config::DEFAULT };
    let mut end = End::established(&config, "<SEQ=299><ACK=100><CTL=SYN,ACK><WND=8000><TS=1000,0>");
    end.wait(Duration::from_micros(1_999));
    assert_eq!(end.send(1), "<SEQ=100><ACK=300><CTL=PSH,ACK><DATA=1><WND=65535><TS=1,1000>");
    assert_eq!(end.hand_in(&"<SEQ=300><ACK=100><CTL=ACK><DATA=1><WND=8000><TS=1000,0>".parse().unwrap()), Ok(0..1));
    end.wait(Duration::from_micros(1));
    assert_eq!(end.segments(), "<SEQ=101><ACK=301><CTL=ACK><WND=65534><TS=2,1000>");
    end.wait(Duration::from_secs(86_400 * 50));
    // 50 days and 2 ms, modulo 2^32 milliseconds.
    assert_eq!(end.send(1), "<SEQ=101><ACK=301><CTL=PSH,ACK><DATA=1><WND=65534><TS=25032706,1000>");
}

/// Only one end wants them: no segment has them, and those that arrive are ignored, old ones too.
#[test]
fn not_agreed_they_are_neither_sent_nor_looked_at() {
    let without = Config { nagle: false, ..Config::DEFAULT };
    let wants = Config { timestamps: true, ..without };
    for (config, options) in [(wants, ""), (without, "<TS=1000,0>"), (without, "")] {
        let mut end = End::established(&config, &format!("<SEQ=299><ACK=100><CTL=SYN,ACK><WND=8000>{options}"));
        let ack = "<CTL=ACK><WND=655";
        assert_eq!(
            end.arrives("<SEQ=300><ACK=100><CTL=ACK><DATA=5><WND=8000><TS=5000,0>"),
            format!("<SEQ=100><ACK=305>{ack}30>")
        );
        assert_eq!(
            end.arrives("<SEQ=305><ACK=100><CTL=ACK><DATA=5><WND=8000><TS=1,0>"),
            format!("<SEQ=100><ACK=310>{ack}25>")
        );
        assert_eq!(end.arrives("<SEQ=310><ACK=100><CTL=ACK><DATA=5><WND=8000>"), format!("<SEQ=100><ACK=315>{ack}20>"));
        assert_eq!(
            end.send(600),
            "<SEQ=100><ACK=315><CTL=ACK><DATA=536><WND=65520> <SEQ=636><ACK=315><CTL=PSH,ACK><DATA=64><WND=65520>"
        );
        // There the echo is no round-trip time: the timing of the segment counts.
        end.wait(Duration::from_millis(300));
        assert_eq!(end.arrives("<SEQ=315><ACK=700><CTL=ACK><WND=8000><TS=1,299>"), "");
        assert_eq!(end.connection.status().srtt.map(|srtt| srtt.as_millis()), Some(37), "an eighth of 300 ms");
        assert_eq!(end.abort(), "<SEQ=700><CTL=RST>");
    }
}

/// Payload, a bare ACK and a FIN are all dropped in silence, and no part of them is used.
#[test]
fn once_agreed_a_segment_without_them_is_dropped_in_silence() {
    once_agreed(
        "
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        <-- <SEQ=300><ACK=110><CTL=ACK><WND=9000>              refused: NoTimestamp
        <-- <SEQ=300><ACK=110><CTL=ACK><DATA=5>                refused: NoTimestamp
        <-- <SEQ=300><ACK=110><CTL=FIN,ACK>                    refused: RFC 7323 section 3.2
        <-- <SEQ=200><ACK=110><CTL=ACK><DATA=5>                refused: NoTimestamp     # nor is it told where we are
        <-- <SEQ=300><ACK=110><CTL=ACK><MSS=536><WS=0><SACK>   refused: NoTimestamp
        ESTABLISHED                     SND.UNA=100 RCV.NXT=300 SND.WND=8000
        <-- <SEQ=300><ACK=110><CTL=ACK><TS=1000,20>
        signal: Acknowledged 10
        ",
    );
}

#[test]
fn the_rule_holds_in_every_synchronized_state() {
    const SILENT: &str = "<-- <SEQ=300><ACK=100><CTL=ACK>   refused: NoTimestamp\n";
    check(&format!(
        "
        config timestamps=on
        ISS=99
        open passive
        LISTEN
        <-- <SEQ=299><CTL=SYN><TS=1000,0>
        --> <SEQ=99><ACK=300><CTL=SYN,ACK>
        SYN-RECEIVED
        {SILENT}
        SYN-RECEIVED
        "
    ));
    let close = "close\n --> <SEQ=100><ACK=300><CTL=FIN,ACK>\n FIN-WAIT-1\n";
    let fin_wait_2 = "<-- <SEQ=300><ACK=101><CTL=ACK><TS=1000,20>\n FIN-WAIT-2\n";
    let closing = "<-- <SEQ=300><ACK=100><CTL=FIN,ACK><TS=1000,20>\n signal: Closing\n --> <SEQ=101><ACK=301><CTL=ACK>\n CLOSING\n";
    let time_wait = "<-- <SEQ=300><ACK=101><CTL=FIN,ACK><TS=1000,20>\n signal: Closing\n --> <SEQ=101><ACK=301><CTL=ACK>\n TIME-WAIT\n";
    let close_wait = "<-- <SEQ=300><ACK=100><CTL=FIN,ACK><TS=1000,20>\n signal: Closing\n --> <SEQ=100><ACK=301><CTL=ACK>\n CLOSE-WAIT\n";
    let last_ack = "close\n --> <SEQ=100><ACK=301><CTL=FIN,ACK>\n LAST-ACK\n";
    for way in [
        close.to_owned(),
        format!("{close}{fin_wait_2}"),
        format!("{close}{closing}"),
        format!("{close}{time_wait}"),
        close_wait.to_owned(),
        format!("{close_wait}{last_ack}"),
    ] {
        once_agreed(&format!(
            "{way}
            <-- <SEQ=301><ACK=101><CTL=ACK>               refused: NoTimestamp
            <-- <SEQ=300><ACK=101><CTL=FIN,ACK>           refused: NoTimestamp
            "
        ));
    }
}

/// D26: a peer that has restarted without them is challenged, so that its reset can end the connection.
#[test]
fn a_syn_without_them_is_challenged() {
    once_agreed(
        "
        <-- <SEQ=7000><CTL=SYN>                 refused: SynChallenged
        --> <SEQ=100><ACK=300><CTL=ACK><TS=20,1000>
        ESTABLISHED
        <-- <SEQ=300><CTL=RST>
        signal: Reset
        CLOSED
        ",
    );
}

/// Outside the window the SYN draws an ACK, like any other.
#[test]
fn a_syn_without_them_outside_the_window_is_answered_too() {
    let config = Config { timestamps: true, ..Config::DEFAULT };
    let mut end = End::established(&config, "<SEQ=299><ACK=100><CTL=SYN,ACK><WND=8000><TS=1000,0>");
    let (refusal, answer) = end.refuses("<SEQ=2000000000><CTL=SYN>");
    assert_ne!(refusal, Refusal::NoTimestamp);
    assert_eq!(answer, "<SEQ=100><ACK=300><CTL=ACK><WND=65535><TS=0,1000>");
}

/// RFC 7323 3.2: a reset needs none.
#[test]
fn a_reset_without_them_resets() {
    once_agreed(
        "
        <-- <SEQ=301><CTL=RST>                  refused: ResetNotAtRcvNxt
        --> <SEQ=100><ACK=300><CTL=ACK>
        <-- <SEQ=300><CTL=RST>
        signal: Reset
        CLOSED
        ",
    );
}

/// The option and its padding take twelve bytes: RFC 9293 section 3.7.1, Eff.snd.MSS.
#[test]
fn twelve_bytes_of_each_segment_are_no_payload() {
    let exchange = |config: &str, mss: &str, payload: u32| {
        check(&format!(
            "
            config timestamps=on, nagle=off{config}
            ISS=99
            open active
            --> <SEQ=99><CTL=SYN>
            SYN-SENT
            <-- <SEQ=299><ACK=100><CTL=SYN,ACK><WND=8000>{mss}<TS=1000,0>
            --> <SEQ=100><ACK=300><CTL=ACK>
            ESTABLISHED                         PEER-MSS={payload}
            send {}
            --> <SEQ=100><ACK=300><CTL=ACK><DATA={payload}>
            --> <SEQ={}><ACK=300><CTL=PSH,ACK><DATA=1>
            ",
            payload + 1,
            payload + 100,
        ));
    };
    exchange("", "<MSS=1460>", 1448);
    exchange("", "", 524);
    exchange("", "<MSS=48>", 36);
    exchange(", max_segment=1020", "<MSS=1460>", 988);
    exchange(", max_segment=1020", "<MSS=500>", 488);
}

/// The MSS option states the size without options (RFC 6691), and without an agreement they take nothing.
#[test]
fn the_option_on_our_syn_is_not_made_smaller_for_them() {
    check(
        "
        config timestamps=on, mss=1460
        ISS=99
        open active
        --> <SEQ=99><CTL=SYN><MSS=1460>
        SYN-SENT
        <-- <SEQ=299><ACK=100><CTL=SYN,ACK><WND=8000><MSS=1000>
        --> <SEQ=100><ACK=300><CTL=ACK>
        ESTABLISHED                         PEER-MSS=1000 TIMESTAMPS=0
        ",
    );
}

/// A later, smaller bound on the segments limits the whole segment, too.
#[test]
fn twelve_bytes_of_a_bound_that_comes_later_are_no_payload() {
    let config = Config { timestamps: true, nagle: false, ..Config::DEFAULT };
    let mut end = End::established(&config, "<SEQ=299><ACK=100><CTL=SYN,ACK><WND=8000><TS=1000,0>");
    end.connection.configure(&Config { max_segment: 120, ..config });
    assert_eq!(
        end.send(89),
        "<SEQ=100><ACK=300><CTL=ACK><DATA=88><WND=65535><TS=0,1000> \
         <SEQ=188><ACK=300><CTL=PSH,ACK><DATA=1><WND=65535><TS=0,1000>"
    );
}
