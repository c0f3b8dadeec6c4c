//! By policy a segment without the agreed timestamps is accepted, since middleboxes and old stacks send such segments.
//! D26.

use tcp_lifecycle::sim::check;
use tcp_lifecycle::{Config, Instant, Open, Refusal};

use crate::AGREED;
use crate::end::End;

#[track_caller]
fn tolerant(script: &str) {
    let agreed = AGREED.replace("config timestamps=on", "config timestamps=on, tolerate_missing_timestamps=on");
    check(&format!("{agreed}{script}"));
}

/// Every part of the segment is used, and TS.Recent stays; our segments have the option as before.
#[test]
fn payload_acknowledgment_window_and_fin_count() {
    tolerant(
        "
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10><TS=20,1000>
        <-- <SEQ=300><ACK=110><CTL=ACK><WND=9000>
        signal: Acknowledged 10
        ESTABLISHED                     SND.WND=9000 TIMESTAMPS=1
        <-- <SEQ=300><ACK=110><CTL=ACK><DATA=5>
        --> <SEQ=110><ACK=305><CTL=ACK><TS=20,1000>
        <-- <SEQ=305><ACK=110><CTL=FIN,ACK>
        signal: Closing
        --> <SEQ=110><ACK=306><CTL=ACK><TS=20,1000>
        CLOSE-WAIT
        ",
    );
}

/// Segments with the option are still tested.
#[test]
fn an_old_timestamp_is_refused_all_the_same() {
    tolerant(
        "
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=5>
        --> <SEQ=100><ACK=305><CTL=ACK><TS=20,1000>
        <-- <SEQ=305><ACK=100><CTL=ACK><DATA=5><TS=999,20>      refused: OldTimestamp
        --> <SEQ=100><ACK=305><CTL=ACK><TS=20,1000>
        <-- <SEQ=305><ACK=100><CTL=ACK><DATA=5><TS=1001,20>
        --> <SEQ=100><ACK=310><CTL=ACK><TS=20,1001>
        ",
    );
}

/// A retransmission and a keep-alive probe without them are answered as usual.
#[test]
fn what_is_answered_is_answered_without_them_too() {
    tolerant(
        "
        <-- <SEQ=299><ACK=100><CTL=ACK>                         refused: NotAcceptable
        --> <SEQ=100><ACK=300><CTL=ACK><TS=20,1000>
        <-- <SEQ=299><ACK=100><CTL=ACK><DATA=1>                 refused: NotAcceptable
        --> <SEQ=100><ACK=300><CTL=ACK><TS=20,1000>
        <-- <SEQ=301><ACK=100><CTL=ACK><DATA=1>                 delivers nothing
        --> <SEQ=100><ACK=300><CTL=ACK><TS=20,1000>
        ",
    );
}

/// The ACK of the handshake without them establishes.
#[test]
fn the_handshake_ends_without_them() {
    check(
        "
        config timestamps=on, tolerate_missing_timestamps=on
        ISS=99
        open passive
        LISTEN
        <-- <SEQ=299><CTL=SYN><TS=1000,0>
        --> <SEQ=99><ACK=300><CTL=SYN,ACK><TS=0,1000>
        SYN-RECEIVED
        + 40ms
        <-- <SEQ=300><ACK=100><CTL=ACK>
        ESTABLISHED                     TIMESTAMPS=1 SRTT=40ms
        ",
    );
}

/// This holds in every synchronized state that a segment can change.
#[test]
fn they_are_missed_in_no_state() {
    let close = "close\n --> <SEQ=100><ACK=300><CTL=FIN,ACK>\n FIN-WAIT-1\n";
    tolerant(&format!(
        "{close}
        <-- <SEQ=300><ACK=101><CTL=ACK>
        FIN-WAIT-2
        <-- <SEQ=300><ACK=101><CTL=FIN,ACK>
        signal: Closing
        --> <SEQ=101><ACK=301><CTL=ACK><TS=20,1000>
        TIME-WAIT
        + 1s
        <-- <SEQ=300><ACK=101><CTL=FIN,ACK>                     accepted
        --> <SEQ=101><ACK=301><CTL=ACK><TS=1020,1000>
        TIME-WAIT                       DEADLINE=4m
        "
    ));
    tolerant(&format!(
        "{close}
        <-- <SEQ=300><ACK=100><CTL=FIN,ACK>
        signal: Closing
        --> <SEQ=101><ACK=301><CTL=ACK>
        CLOSING
        <-- <SEQ=301><ACK=101><CTL=ACK>
        TIME-WAIT
        "
    ));
    tolerant(
        "
        <-- <SEQ=300><ACK=100><CTL=FIN,ACK>
        signal: Closing
        --> <SEQ=100><ACK=301><CTL=ACK>
        CLOSE-WAIT
        close
        --> <SEQ=100><ACK=301><CTL=FIN,ACK>
        LAST-ACK
        <-- <SEQ=301><ACK=101><CTL=ACK>
        CLOSED
        ",
    );
}

/// Karn: nothing tells which transmission was answered.
#[test]
fn without_an_echo_what_was_sent_again_is_no_sample() {
    tolerant(
        "
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        + 100ms
        <-- <SEQ=300><ACK=110><CTL=ACK>
        signal: Acknowledged 10
        ESTABLISHED                     SRTT=20ms RTTVAR=10ms RTO=2s
        ",
    );
}

/// A SYN is challenged in any case.
#[test]
fn a_syn_without_them_is_challenged_all_the_same() {
    tolerant(
        "
        <-- <SEQ=7000><CTL=SYN>                                 refused: SynChallenged
        --> <SEQ=100><ACK=300><CTL=ACK><TS=20,1000>
        ",
    );
}

/// The `TimeWait` of the same connection answers as the connection does.
#[test]
fn a_time_wait_takes_the_fin_without_them_too() {
    for (tolerate, taken) in [(true, Ok(0..0)), (false, Err(Refusal::NoTimestamp))] {
        let config = Config { timestamps: true, tolerate_missing_timestamps: tolerate, ..Config::DEFAULT };
        let mut end = End::new(&config);
        end.open(Open::Active);
        end.arrives("<SEQ=299><ACK=100><CTL=SYN,ACK><WND=8000><TS=1000,0>");
        end.close();
        end.arrives("<SEQ=300><ACK=101><CTL=FIN,ACK><TS=1000,0>");
        let mut time_wait = end.connection.time_wait().expect("TIME-WAIT");
        let fin = "<SEQ=300><ACK=101><CTL=FIN,ACK>".parse().unwrap();
        assert_eq!(time_wait.segment_arrives(&fin, Instant::ZERO, &config), taken);
    }
}

#[test]
fn both_systems_tolerate_it_and_the_rfc_does_not() {
    const { assert!(Config::linux().tolerate_missing_timestamps && Config::bsd().tolerate_missing_timestamps) };
    const { assert!(!Config::DEFAULT.tolerate_missing_timestamps) };
}
