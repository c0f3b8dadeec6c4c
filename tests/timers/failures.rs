//! Excessive retransmission: R1 and R2 of RFC 9293 section 3.8.3.

use core::time::Duration;

use tcp_lifecycle::sim::{Script, check};
use tcp_lifecycle::{Config, Instant, Output, Signal};

/// The timeout of 1 s doubles up to 60 s: retransmissions at 1, 3, 7, 15, 31 and 63 s. R2 is 100 s, so the end is at
/// 123 s.
#[test]
fn payload_is_sent_seven_times_and_given_up_after_r2() {
    check(
        "
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        + 2s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        + 4s
        signal: RetransmissionTimeout
        signal: Retransmitting              # R1: the third retransmission
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        + 8s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        + 16s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        + 32s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        ESTABLISHED                         DEADLINE=60s RETRANSMISSIONS=6
        + 60s
        signal: TimedOut
        CLOSED                              DEADLINE=none
        + 1h
        CLOSED
        ",
    );
}

/// MUST-23: three minutes. Retransmissions are at 1, 3, 7, 15, 31, 63 and 123 s; the end is at 183 s.
#[test]
fn a_syn_is_sent_eight_times_and_given_up_after_its_own_r2() {
    check(
        "
        open active
        --> <SEQ=100><CTL=SYN>
        SYN-SENT
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=100><CTL=SYN>
        + 2s
        signal: RetransmissionTimeout
        --> <SEQ=100><CTL=SYN>
        + 4s
        signal: RetransmissionTimeout
        signal: Retransmitting
        --> <SEQ=100><CTL=SYN>
        + 8s
        signal: RetransmissionTimeout
        --> <SEQ=100><CTL=SYN>
        + 16s
        signal: RetransmissionTimeout
        --> <SEQ=100><CTL=SYN>
        + 32s
        signal: RetransmissionTimeout
        --> <SEQ=100><CTL=SYN>
        + 60s
        signal: RetransmissionTimeout
        --> <SEQ=100><CTL=SYN>
        + 60s
        signal: TimedOut
        CLOSED                              DEADLINE=none
        ",
    );
}

/// D18: in silence, and R1 is not signalled.
#[test]
fn a_passive_syn_received_returns_to_listen_after_r2() {
    check(
        "
        open passive
        LISTEN
        <-- <SEQ=700><CTL=SYN>
        --> <SEQ=100><ACK=701><CTL=SYN,ACK>
        SYN-RECEIVED
        + 1s
        --> <SEQ=100><ACK=701><CTL=SYN,ACK>
        + 2s
        --> <SEQ=100><ACK=701><CTL=SYN,ACK>
        + 4s
        --> <SEQ=100><ACK=701><CTL=SYN,ACK>
        + 8s
        --> <SEQ=100><ACK=701><CTL=SYN,ACK>
        + 16s
        --> <SEQ=100><ACK=701><CTL=SYN,ACK>
        + 32s
        --> <SEQ=100><ACK=701><CTL=SYN,ACK>
        + 60s
        --> <SEQ=100><ACK=701><CTL=SYN,ACK>
        ISS=400
        + 60s
        LISTEN                              DEADLINE=none
        <-- <SEQ=900><CTL=SYN>              # another peer finds the listener as it was
        --> <SEQ=400><ACK=901><CTL=SYN,ACK>
        SYN-RECEIVED                        DEADLINE=1s RETRANSMISSIONS=0
        ",
    );
}

/// D6: each SYN,ACK that the peer's SYN draws is another try, and does not restart the count.
#[test]
fn a_peer_that_repeats_its_syn_does_not_put_off_r2() {
    let mut script = String::from(
        "
        config r1=0, syn_r2=5s
        open passive
        LISTEN
        <-- <SEQ=700><CTL=SYN>
        --> <SEQ=100><ACK=701><CTL=SYN,ACK>
        SYN-RECEIVED
        ",
    );
    for _ in 0..6 {
        script += "
            + 900ms
            <-- <SEQ=700><CTL=SYN>          refused: SynRepeated
            --> <SEQ=100><ACK=701><CTL=SYN,ACK>
            SYN-RECEIVED
        ";
    }
    check(&(script + "+ 100ms\n LISTEN"));
}

#[test]
fn an_active_syn_received_times_out() {
    check(
        "
        config r1=0, syn_r2=5s
        open active
        --> <SEQ=100><CTL=SYN>
        SYN-SENT
        <-- <SEQ=300><CTL=SYN>
        --> <SEQ=100><ACK=301><CTL=SYN,ACK>
        SYN-RECEIVED
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=301><CTL=SYN,ACK>
        + 2s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=301><CTL=SYN,ACK>
        + 4s
        signal: TimedOut
        CLOSED
        ",
    );
}

/// D19: our FIN was not acknowledged, so the end is not graceful.
#[test]
fn a_fin_that_nobody_acknowledges_times_out() {
    for state in ["FIN-WAIT-1", "CLOSING", "LAST-ACK"] {
        check(&format!(
            "
            config r1=0, r2=3s
            {state}                         SND.NXT=101 RCV.NXT=301
            + 1s
            signal: RetransmissionTimeout
            --> <SEQ=100><ACK=301><CTL=FIN,ACK>
            + 2s
            signal: TimedOut
            CLOSED                          DEADLINE=none
            + 1h
            "
        ));
    }
}

/// D16: R2 is checked when the timer fires, and is reached once that much time has passed.
#[test]
fn r2_is_reached_by_the_first_timer_that_fires_at_it_or_later() {
    let script = |r2: &str| {
        format!(
            "
            config r1=0, r2={r2}
            ESTABLISHED                     SND.NXT=100 RCV.NXT=300
            send 10
            --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
            + 1s
            signal: RetransmissionTimeout
            --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
            + 2s
            "
        )
    };
    let end = "signal: TimedOut\n CLOSED";
    check(&format!("{}\n {end}", script("3s")));
    check(&format!("{}\n {end}", script("1500ms")));
    check(&format!("{}\n signal: RetransmissionTimeout\n --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>", script("3001ms")));
}

/// MUST-20: R1 counts retransmissions of the same segment. An acknowledgment of new data restarts the count.
#[test]
fn progress_begins_r1_and_r2_anew() {
    check(
        "
        config r1=2, r2=6s, rto_max=2s
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300
        send 20
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=20>
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=20>
        + 2s
        signal: RetransmissionTimeout
        signal: Retransmitting
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=20>
        ESTABLISHED                         RETRANSMISSIONS=2
        + 1s
        <-- <SEQ=300><ACK=110><CTL=ACK>
        signal: Acknowledged 10
        ESTABLISHED                         RETRANSMISSIONS=0 RTO=2s
        + 2s
        signal: RetransmissionTimeout
        --> <SEQ=110><ACK=300><CTL=ACK><DATA=10>
        + 2s
        signal: RetransmissionTimeout
        signal: Retransmitting
        --> <SEQ=110><ACK=300><CTL=ACK><DATA=10>
        + 2s
        signal: TimedOut
        CLOSED
        ",
    );
}

/// SHLD-9: signalled once.
#[test]
fn r1_is_told_once_and_zero_is_never() {
    let retransmissions = |r1: u8, told: &str| {
        format!(
            "
            config r1={r1}, rto_max=1s
            ESTABLISHED                     SND.NXT=100 RCV.NXT=300
            send 10
            --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
            + 1s
            signal: RetransmissionTimeout
            {told}
            --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
            + 1s
            signal: RetransmissionTimeout
            --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
            + 1s
            signal: RetransmissionTimeout
            --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
            + 1s
            signal: RetransmissionTimeout
            --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
            "
        )
    };
    check(&retransmissions(1, "signal: Retransmitting"));
    check(&retransmissions(0, ""));
}

/// MUST-21: R2 may be infinite.
#[test]
fn an_r2_of_forever_never_ends_a_connection() {
    let mut script = String::from(
        "
        config r1=0, r2=none, user_timeout=none, rto_max=1s
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        ",
    );
    for _ in 0..1000 {
        script += "+ 1s\n signal: RetransmissionTimeout\n --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>\n";
    }
    check(&script);
}

#[test]
fn a_syn_r2_of_forever_never_ends_an_attempt() {
    let mut script = String::from(
        "
        config r1=0, syn_r2=none, user_timeout=none, rto_max=1s
        open active
        --> <SEQ=100><CTL=SYN>
        SYN-SENT
        ",
    );
    for _ in 0..1000 {
        script += "+ 1s\n signal: RetransmissionTimeout\n --> <SEQ=100><CTL=SYN>\n";
    }
    check(&script);
}

/// MUST-23: the R2 of payload is not that of a SYN.
#[test]
fn each_r2_counts_for_its_own() {
    check(
        "
        config r1=0, r2=1s, syn_r2=3s
        open active
        --> <SEQ=100><CTL=SYN>
        SYN-SENT
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=100><CTL=SYN>
        <-- <SEQ=300><ACK=101><CTL=SYN,ACK>
        --> <SEQ=101><ACK=301><CTL=ACK>
        ESTABLISHED
        send 10
        --> <SEQ=101><ACK=301><CTL=ACK><DATA=10>
        + 3s
        signal: TimedOut
        CLOSED
        ",
    );
}

/// A back-off that was kept from before (Karn) does not let R2 come after one retransmission: R2 is greater than R1.
#[test]
fn a_back_off_from_before_leaves_time_for_r1() {
    check(
        "
        config user_timeout=none, default_peer_mss=100
        ESTABLISHED
        send 100
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=100>
        send 100
        --> <SEQ=200><ACK=300><CTL=ACK><DATA=100>
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=100>
        + 2s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=100>
        + 4s
        signal: RetransmissionTimeout
        signal: Retransmitting
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=100>
        + 8s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=100>
        + 16s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=100>
        + 32s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=100>
        <-- <SEQ=300><ACK=200><CTL=ACK>
        signal: Acknowledged 100
        --> <SEQ=200><ACK=300><CTL=ACK><DATA=100>
        ESTABLISHED                             RTO=60s
        + 60s
        signal: RetransmissionTimeout
        --> <SEQ=200><ACK=300><CTL=ACK><DATA=100>
        + 60s
        signal: RetransmissionTimeout
        --> <SEQ=200><ACK=300><CTL=ACK><DATA=100>
        + 60s
        signal: RetransmissionTimeout
        signal: Retransmitting
        --> <SEQ=200><ACK=300><CTL=ACK><DATA=100>
        + 60s
        ESTABLISHED -> CLOSED
        signal: TimedOut
        ",
    );
}

/// SHLD-9: once, also when the counter saturates.
#[test]
fn the_largest_r1_is_signalled_once() {
    let config = Config {
        r1: u8::MAX,
        r2: Duration::MAX,
        user_timeout: None,
        rto_max: Duration::from_secs(1),
        ..Config::DEFAULT
    };
    let mut connection = Script::parse("ESTABLISHED SND.NXT=100 RCV.NXT=300").unwrap().run(&config).unwrap();
    connection.send(1, Instant::ZERO).unwrap();
    let (mut now, mut signals) = (Instant::ZERO, Vec::new());
    for fired in 0..400 {
        connection.timeout(now);
        now = loop {
            match connection.poll(now) {
                Output::Wait(deadline) => break deadline.unwrap(),
                Output::Signal(signal) => signals.push((fired, signal)),
                Output::Transition(_) | Output::Transmit(_) => {}
            }
        };
    }
    signals.retain(|(_, signal)| *signal != Signal::RetransmissionTimeout);
    assert_eq!(signals, [(255, Signal::Retransmitting)]);
}
