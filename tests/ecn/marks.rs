//! Marks, their echo, and the end of the echo: RFC 3168 sections 6.1.2 and 6.1.3.

use std::time::Duration;

use tcp_lifecycle::{Config, Connection, Control, Output, Segment, Signal};

use super::{NOW, WILLING, after, agreed, agreed_with, arrives, bits, drain, segment};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_mark_is_echoed_on_every_segment_until_the_peer_has_reduced_its_window() {
    let mut connection = agreed();
    connection.segment_arrives(&segment("<SEQ=300><ACK=100><CTL=ACK><DATA=10><WND=1000>"), NOW).unwrap();
    connection.congestion_experienced();
    assert_eq!(bits(&drain(&mut connection).0), [Control::ECE]);
    let acks = arrives(&mut connection, "<SEQ=310><ACK=100><CTL=ACK><DATA=10><WND=1000>").0;
    assert_eq!(bits(&acks), [Control::ECE]);
    connection.send(150, NOW).unwrap();
    assert_eq!(bits(&drain(&mut connection).0), [Control::ECE; 1]); // Nagle's algorithm holds the rest
    let acks = arrives(&mut connection, "<SEQ=320><ACK=200><CTL=ACK,CWR><DATA=10><WND=1000>").0;
    assert_eq!(bits(&acks), [Control::empty()]);
    // A mark on the packet with CWR starts another echo.
    connection.segment_arrives(&segment("<SEQ=330><ACK=250><CTL=ACK,CWR><DATA=10><WND=1000>"), NOW).unwrap();
    connection.congestion_experienced();
    assert_eq!(bits(&drain(&mut connection).0), [Control::ECE]);
}

/// Section 6.1.3: the ACK of several segments echoes a mark on any of them. A CWR among them answers an earlier mark
/// that the peer was already told of.
#[test]
fn a_mark_that_no_ack_has_told_of_outlasts_the_answer_to_another_one() {
    for delayed_ack in [None, Some(Duration::from_millis(200))] {
        for answer in ["ACK", "ACK,CWR"] {
            let mut connection = agreed_with(Config { delayed_ack, ..WILLING });
            let text = |connection: &mut Connection, seq: u32, control: &str| {
                let text = segment(&format!("<SEQ={seq}><ACK=100><CTL={control}><DATA=10><WND=1000>"));
                connection.segment_arrives(&text, NOW).unwrap();
            };
            text(&mut connection, 300, "ACK");
            connection.congestion_experienced();
            text(&mut connection, 310, answer);
            assert_eq!(bits(&drain(&mut connection).0), [Control::ECE]);
            // Now the peer has been told of it.
            text(&mut connection, 320, "ACK,CWR");
            text(&mut connection, 330, "ACK");
            assert_eq!(bits(&drain(&mut connection).0), [Control::empty()]);
        }
    }
}

#[test]
fn an_echo_is_signalled_and_the_first_new_payload_says_that_the_window_is_reduced() {
    let mut connection = agreed();
    connection.send(200, NOW).unwrap();
    assert_eq!(bits(&drain(&mut connection).0), [Control::empty(); 2]);
    assert_eq!(arrives(&mut connection, "<SEQ=300><ACK=200><CTL=ACK,ECE><WND=1000>"), (vec![], true));
    connection.congestion_window_reduced();
    // Neither an ACK nor a retransmission carries CWR, only new payload.
    let acks = arrives(&mut connection, "<SEQ=300><ACK=200><CTL=ACK><DATA=10><WND=1000>").0;
    assert_eq!(bits(&acks), [Control::empty()]);
    connection.retransmit(0..100).unwrap();
    assert_eq!(bits(&drain(&mut connection).0), [Control::empty()]);
    connection.send(200, NOW).unwrap();
    assert_eq!(bits(&drain(&mut connection).0), [Control::CWR, Control::empty()]);
    // Without new payload CWR waits.
    connection.congestion_window_reduced();
    assert_eq!(drain(&mut connection), (vec![], false));
    connection.send(100, NOW).unwrap();
    assert_eq!(bits(&drain(&mut connection).0), [Control::CWR]);
}

#[test]
fn without_the_agreement_marks_and_reductions_are_nobodys_business() {
    let mut connection = after(Config::DEFAULT, "ESTABLISHED");
    let before = connection.clone();
    connection.congestion_experienced();
    connection.congestion_window_reduced();
    assert_eq!(connection, before);
    let (segments, congestion) = arrives(&mut connection, "<SEQ=300><ACK=100><CTL=ACK,ECE><DATA=10><WND=1000>");
    assert_eq!((bits(&segments), congestion), (vec![Control::empty()], false));
}

/// A forged mark and a forged echo outside the window change nothing.
#[test]
fn a_refused_segment_says_nothing_of_congestion() {
    let mut connection = agreed();
    connection.send(100, NOW).unwrap();
    drain(&mut connection);
    assert!(connection.segment_arrives(&segment("<SEQ=90000><ACK=100><CTL=ACK,ECE,CWR><WND=1000>"), NOW).is_err());
    assert!(!drain(&mut connection).1);
}

/// A timeout reduces the caller's window as a mark does; the retransmissions do not carry CWR.
#[test]
fn after_a_timeout_the_first_new_payload_says_that_the_window_is_reduced() {
    let mut connection = agreed();
    connection.send(100, NOW).unwrap();
    assert_eq!(bits(&drain(&mut connection).0), [Control::empty()]);
    connection.timeout(NOW + SECOND);
    connection.congestion_window_reduced();
    assert_eq!(bits(&drain(&mut connection).0), [Control::empty()]);
    assert_eq!(arrives(&mut connection, "<SEQ=300><ACK=200><CTL=ACK><WND=1000>"), (vec![], false));
    connection.send(200, NOW).unwrap();
    assert_eq!(bits(&drain(&mut connection).0), [Control::CWR, Control::empty()]);
}

#[test]
fn the_fin_says_so_where_new_payload_comes_with_it() {
    let mut connection = agreed();
    connection.congestion_window_reduced();
    connection.close(NOW).unwrap();
    assert_eq!(bits(&drain(&mut connection).0), [Control::empty()]);

    let mut connection = agreed();
    connection.congestion_window_reduced();
    connection.send(150, NOW).unwrap();
    connection.close(NOW).unwrap();
    let segments = drain(&mut connection).0;
    assert_eq!(bits(&segments), [Control::CWR, Control::empty()]);
    assert!(segments[1].control().contains(Control::FIN));
}

#[test]
fn a_mark_is_echoed_on_the_fin_and_on_what_is_sent_again() {
    let mut connection = agreed();
    connection.congestion_experienced();
    connection.send(150, NOW).unwrap();
    connection.close(NOW).unwrap();
    assert_eq!(bits(&drain(&mut connection).0), [Control::ECE; 2]);
    connection.timeout(NOW + SECOND);
    assert_eq!(bits(&drain(&mut connection).0), [Control::ECE]);
}

#[test]
fn one_segment_can_say_both() {
    let mut connection = agreed();
    connection.congestion_experienced();
    connection.congestion_window_reduced();
    connection.send(200, NOW).unwrap();
    assert_eq!(bits(&drain(&mut connection).0), [Control::ECE | Control::CWR, Control::ECE]);
}

/// A connection whose peer has sent ten bytes, which were marked, and has received the echo.
fn marked_and_told() -> Connection {
    let mut connection = agreed();
    connection.segment_arrives(&segment("<SEQ=300><ACK=100><CTL=ACK><DATA=10><WND=1000>"), NOW).unwrap();
    connection.congestion_experienced();
    assert_eq!(bits(&drain(&mut connection).0), [Control::ECE]);
    connection
}

#[test]
fn one_segment_of_the_peer_can_say_both() {
    let mut connection = marked_and_told();
    let (segments, congestion) = arrives(&mut connection, "<SEQ=310><ACK=100><CTL=ACK,ECE,CWR><DATA=10><WND=1000>");
    assert_eq!((bits(&segments), congestion), (vec![Control::empty()], true));
}

#[test]
fn the_echo_ends_though_a_segment_before_the_one_that_says_so_is_missing() {
    let mut connection = marked_and_told();
    let (segments, _) = arrives(&mut connection, "<SEQ=320><ACK=100><CTL=ACK,CWR><DATA=10><WND=1000>");
    assert_eq!(bits(&segments), [Control::empty()]);
}

/// All segments before one poll bring one signal, and the next segment brings another, since only the caller knows what
/// a window of payload is.
#[test]
fn each_echo_is_signalled() {
    let mut connection = agreed();
    connection.send(300, NOW).unwrap();
    drain(&mut connection);
    for ack in ["<ACK=200>", "<ACK=300>"] {
        connection.segment_arrives(&segment(&format!("<SEQ=300>{ack}<CTL=ACK,ECE><WND=1000>")), NOW).unwrap();
    }
    let mut signals = vec![];
    while let Output::Signal(signal) = connection.poll(NOW) {
        signals.push(signal);
    }
    assert_eq!(signals, [Signal::Acknowledged(200), Signal::CongestionExperienced]);
    assert_eq!(arrives(&mut connection, "<SEQ=300><ACK=400><CTL=ACK,ECE><WND=1000>"), (vec![], true));
    let (acks, congestion) = arrives(&mut connection, "<SEQ=300><ACK=400><CTL=FIN,ACK,ECE><WND=1000>");
    assert_eq!((bits(&acks), congestion), (vec![Control::empty()], true));
}

#[test]
fn an_acknowledgment_that_waited_echoes_the_mark() {
    let config = Config { delayed_ack: Some(Duration::from_millis(200)), ..WILLING };
    let mut connection = agreed_with(config);
    connection.segment_arrives(&segment("<SEQ=300><ACK=100><CTL=ACK><DATA=10><WND=1000>"), NOW).unwrap();
    connection.congestion_experienced();
    assert_eq!(drain(&mut connection), (vec![], false));
    connection.timeout(NOW + SECOND / 5);
    assert_eq!(bits(&drain(&mut connection).0), [Control::ECE]);
}

#[test]
fn the_other_bits_and_the_options_stay_what_they_are() {
    let mut connection = agreed();
    connection.congestion_experienced();
    connection.congestion_window_reduced();
    connection.send_urgent(10, NOW).unwrap();
    connection.close(NOW).unwrap();
    let segments = drain(&mut connection).0;
    let all = Control::FIN | Control::PSH | Control::ACK | Control::URG | Control::ECE | Control::CWR;
    assert_eq!(segments.iter().map(Segment::control).collect::<Vec<_>>(), [all]);
    assert_eq!(segments[0].urgent(), 10);
}

/// RFC 3168 section 6.1.6: the receiver may drop the probe, and the peer would never get the CWR.
#[test]
fn a_probe_of_a_closed_window_says_nothing() {
    let mut connection = agreed();
    arrives(&mut connection, "<SEQ=300><ACK=100><CTL=ACK><WND=0>");
    connection.congestion_window_reduced();
    connection.send(200, NOW).unwrap();
    assert_eq!(drain(&mut connection), (vec![], false));
    connection.timeout(connection.deadline().unwrap());
    assert_eq!(bits(&drain(&mut connection).0), [Control::empty()]);
    let opened = arrives(&mut connection, "<SEQ=300><ACK=101><CTL=ACK><WND=1000>").0;
    assert_eq!(bits(&opened)[0], Control::CWR);
}

/// Only payload that is neither retransmitted nor a probe may be ECN-capable (RFC 3168 sections 6.1.5 and 6.1.6). Such
/// payload begins at the end of the flight, while the window is open.
#[test]
fn the_status_tells_before_each_poll_whether_payload_is_new() {
    let mut connection = agreed();
    connection.send(300, NOW).unwrap();
    assert_eq!(new_payload(&mut connection), [true; 3]);
    connection.timeout(NOW + SECOND);
    assert_eq!(new_payload(&mut connection), [false]);
    connection.send(100, NOW).unwrap();
    connection.segment_arrives(&segment("<SEQ=300><ACK=300><CTL=ACK><WND=1000>"), NOW).unwrap();
    assert_eq!(new_payload(&mut connection), [false, true]);
    connection.segment_arrives(&segment("<SEQ=300><ACK=500><CTL=ACK><WND=0>"), NOW).unwrap();
    connection.send(100, NOW).unwrap();
    assert_eq!(new_payload(&mut connection), [false; 0]);
    connection.timeout(connection.deadline().unwrap());
    assert_eq!(new_payload(&mut connection), [false], "a probe");
    connection.segment_arrives(&segment("<SEQ=300><ACK=500><CTL=ACK><WND=1000>"), NOW).unwrap();
    assert_eq!(new_payload(&mut connection), [false], "its byte again, and the rest with it");
}

/// Whether each segment with payload that is sent is new.
fn new_payload(connection: &mut Connection) -> Vec<bool> {
    let mut new = vec![];
    loop {
        let before = connection.status();
        match connection.poll(NOW) {
            Output::Transmit(transmit) if transmit.payload.is_empty() => {}
            Output::Transmit(transmit) => {
                let ends = u32::try_from(transmit.payload.start).unwrap() == before.in_flight;
                new.push(ends && before.snd_wnd != Some(0));
            }
            Output::Transition(_) | Output::Signal(_) => {}
            Output::Wait(_) => return new,
        }
    }
}

/// In TIME-WAIT the peer has nothing left to send, so the echo would have no effect.
#[test]
fn in_time_wait_no_mark_is_echoed() {
    for (earlier, later) in [(false, true), (true, false), (true, true)] {
        let mut connection = agreed();
        connection.close(NOW).unwrap();
        drain(&mut connection);
        if earlier {
            connection.congestion_experienced();
        }
        let fin = "<SEQ=300><ACK=101><CTL=FIN,ACK><WND=1000>";
        assert_eq!(bits(&arrives(&mut connection, fin).0), [Control::empty()]);
        assert_eq!(connection.state(), tcp_lifecycle::State::TimeWait);
        connection.segment_arrives(&segment(fin), NOW).unwrap();
        if later {
            connection.congestion_experienced();
        }
        assert_eq!(bits(&drain(&mut connection).0), [Control::empty()]);
    }
}

/// RFC 3168 section 6.1.1: the peer's SYN is retransmitted without the offer, and the pending echo is dropped.
#[test]
fn an_offer_that_is_taken_back_takes_the_echo_with_it() {
    let mut connection = Connection::new(&WILLING, 0);
    connection.open(tcp_lifecycle::Open::Passive, NOW).unwrap();
    arrives(&mut connection, "<SEQ=300><CTL=SYN,ECE,CWR><WND=1000>");
    connection.congestion_experienced();
    connection.congestion_window_reduced();
    connection.segment_arrives(&segment("<SEQ=300><CTL=SYN><WND=1000>"), NOW).unwrap_err();
    assert_eq!(bits(&drain(&mut connection).0), [Control::empty()]);
    let ack = connection.status().snd_nxt.unwrap();
    arrives(&mut connection, &format!("<SEQ=301><ACK={}><CTL=ACK><WND=1000>", ack.0));
    connection.send(10, NOW).unwrap();
    assert_eq!(bits(&drain(&mut connection).0), [Control::empty()]);
}
