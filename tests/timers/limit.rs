//! `limit`: how many bytes beyond SND.UNA may be sent, and its effect on the timers.

use tcp_lifecycle::sim::{Script, check};
use tcp_lifecycle::{Config, Output, State};

#[test]
fn it_bounds_the_payload_in_flight() {
    check(
        "
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300
        limit 1072
        send 3000
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=536>       bytes 0..536
        --> <SEQ=636><ACK=300><CTL=ACK><DATA=536>       bytes 536..1072
        ESTABLISHED                         IN-FLIGHT=1072 UNSENT=1928
        <-- <SEQ=300><ACK=636><CTL=ACK>
        signal: Acknowledged 536
        --> <SEQ=1172><ACK=300><CTL=ACK><DATA=536>      bytes 536..1072
        limit 1608
        --> <SEQ=1708><ACK=300><CTL=ACK><DATA=536>      bytes 1072..1608
        limit 536
        <-- <SEQ=300><ACK=1172><CTL=ACK>
        signal: Acknowledged 536
        ESTABLISHED                         IN-FLIGHT=1072
        ",
    );
}

/// A caller that has paused its sender waits for nothing: nothing is in flight, so no timer runs.
#[test]
fn a_limit_of_zero_holds_payload_back_without_a_timer() {
    check(
        "
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300
        limit 0
        send 10
        ESTABLISHED                         SND.NXT=100 UNSENT=10 DEADLINE=none
        + 1h
        limit 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>        bytes 0..10
        ESTABLISHED                         DEADLINE=1s
        ",
    );
}

#[test]
fn a_limit_of_zero_does_not_hold_back_syn_and_fin() {
    check(
        "
        limit 0
        open active
        --> <SEQ=100><CTL=SYN>
        SYN-SENT
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=100><CTL=SYN>
        <-- <SEQ=300><ACK=101><CTL=SYN,ACK>
        --> <SEQ=101><ACK=301><CTL=ACK>
        ESTABLISHED
        close
        --> <SEQ=101><ACK=301><CTL=FIN,ACK>
        FIN-WAIT-1
        + 3s
        signal: RetransmissionTimeout
        --> <SEQ=101><ACK=301><CTL=FIN,ACK>
        ",
    );
}

/// The FIN stays behind all payload.
#[test]
fn the_fin_does_not_overtake_payload_that_is_held_back() {
    check(
        "
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300
        limit 0
        send 10
        close
        FIN-WAIT-1                          SND.NXT=100
        limit 10
        --> <SEQ=100><ACK=300><CTL=FIN,ACK><DATA=10>
        ",
    );
}

/// The connection no longer waits for the peer either, if it did.
#[test]
fn a_pause_before_a_closed_window_stops_the_timer() {
    check(
        "
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=0
        send 10
        ESTABLISHED                         DEADLINE=1s
        limit 0
        + 1h
        ESTABLISHED                         SND.NXT=100 DEADLINE=none
        limit 10
        ESTABLISHED                         DEADLINE=1s
        + 1s
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=1>
        ",
    );
}

/// Payload in flight was sent before: RFC 9293 section 3.10.8 demands its retransmission, and a dead peer is detected.
#[test]
fn a_limit_of_zero_does_not_hold_back_what_is_sent_again() {
    check(
        "
        config r1=0, r2=3s
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        limit 0
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        + 2s
        signal: TimedOut
        CLOSED
        ",
    );
}

/// The caller has paused, and the peer is not dead: without a probe that could be answered nobody is given up.
#[test]
fn a_pause_before_a_closed_window_does_not_time_out() {
    let script = "ESTABLISHED SND.WND=0\n limit 0\n send 10";
    let mut connection = Script::parse(script).unwrap().run(&Config::DEFAULT).unwrap();
    let mut probed = false;
    while let Some(now) = connection.deadline().filter(|deadline| deadline.as_micros() < 3_600_000_000) {
        connection.timeout(now);
        loop {
            match connection.poll(now) {
                Output::Transmit(_) => probed = true,
                Output::Transition(_) | Output::Signal(_) => (),
                Output::Wait(_) => break,
            }
        }
        if connection.state() == State::Closed {
            break;
        }
    }
    assert!(probed || connection.state() == State::Established, "given up in silence");
}
