//! `Signal::RetransmissionTimeout`: a congestion controller has to know of each timeout (RFC 5681 section 3.1), and
//! cannot tell from the segments which of them the timer has retransmitted.

use tcp_lifecycle::sim::{Script, check};
use tcp_lifecycle::{Config, Output, Signal};

#[test]
fn each_time_that_the_timer_sends_something_again_it_is_told() {
    for (given, again) in [
        ("SYN-SENT", "<SEQ=99><CTL=SYN>"),
        ("ESTABLISHED\n send 10\n --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>", "<SEQ=100><ACK=300><CTL=ACK><DATA=10>"),
        ("FIN-WAIT-1", "<SEQ=99><ACK=300><CTL=FIN,ACK>"),
        ("CLOSE-WAIT\n send 10\n --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>", "<SEQ=100><ACK=300><CTL=ACK><DATA=10>"),
        ("CLOSING", "<SEQ=99><ACK=300><CTL=FIN,ACK>"),
        ("LAST-ACK", "<SEQ=99><ACK=300><CTL=FIN,ACK>"),
    ] {
        check(&format!(
            "
            config r1=0
            {given}
            + 1s
            signal: RetransmissionTimeout
            --> {again}
            + 2s
            signal: RetransmissionTimeout
            --> {again}
            + 4s
            signal: RetransmissionTimeout
            --> {again}
            "
        ));
    }
}

#[test]
fn of_an_active_open_the_syn_ack_is_told_and_of_a_passive_one_it_is_not() {
    check(
        "
        config r1=0
        ISS=99
        open active
        --> <SEQ=99><CTL=SYN>
        SYN-SENT
        <-- <SEQ=299><CTL=SYN>
        --> <SEQ=99><ACK=300><CTL=SYN,ACK>
        SYN-RECEIVED
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=99><ACK=300><CTL=SYN,ACK>
        ",
    );
    check("SYN-RECEIVED\n + 1s\n --> <SEQ=99><ACK=300><CTL=SYN,ACK>\n SYN-RECEIVED");
}

/// The signal comes after the acknowledgment and before R1.
#[test]
fn it_stands_between_what_was_acknowledged_and_r1() {
    let script = "config r1=1, nagle=off\n ESTABLISHED\n send 10\n --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        send 10\n --> <SEQ=110><ACK=300><CTL=ACK><DATA=10>";
    let mut connection = Script::parse(script).unwrap().run(&Config::DEFAULT).unwrap();
    let now = connection.deadline().unwrap();
    connection.timeout(now);
    connection.segment_arrives(&"<SEQ=300><ACK=110><CTL=ACK><WND=1000>".parse().unwrap(), now).unwrap();
    let signals: Vec<Signal> = core::iter::repeat_with(|| connection.poll(now))
        .take_while(|output| !matches!(output, Output::Wait(_)))
        .filter_map(|output| match output {
            Output::Signal(signal) => Some(signal),
            Output::Transition(_) | Output::Transmit(_) | Output::Wait(_) => None,
        })
        .collect();
    let names: Vec<String> = signals.iter().map(|signal| format!("{signal:?}")).collect();
    assert_eq!(names, ["Acknowledged(10)", "RetransmissionTimeout", "Retransmitting"]);
}

#[test]
fn a_probe_of_a_closed_window_is_no_retransmission() {
    check(
        "
        config r1=0
        ESTABLISHED SND.WND=0
        send 5
        + 1s
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=1>
        + 2s
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=1>
        ESTABLISHED
        ",
    );
    check(
        "
        config r1=0
        ESTABLISHED SND.WND=0
        close
        FIN-WAIT-1
        + 1s
        --> <SEQ=100><ACK=300><CTL=FIN,ACK>
        + 2s
        --> <SEQ=100><ACK=300><CTL=FIN,ACK>
        ",
    );
}

/// New payload, a retransmission that the caller asked for, and a delayed ACK are no timeouts.
#[test]
fn nothing_but_the_retransmission_timer_tells_it() {
    check(
        "
        config nagle=off, delayed_ack=200ms, keep_alive=1m 10s 3
        ESTABLISHED SND.WND=1000
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        retransmit 0..10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        <-- <SEQ=300><ACK=110><CTL=ACK><DATA=5><WND=10>
        signal: Acknowledged 10
        + 200ms
        --> <SEQ=110><ACK=305><CTL=ACK>
        send 30
        + 1s
        --> <SEQ=110><ACK=305><CTL=ACK><DATA=10>             # the override of silly-window avoidance
        <-- <SEQ=305><ACK=120><CTL=ACK><WND=1000>
        signal: Acknowledged 10
        --> <SEQ=120><ACK=305><CTL=ACK><DATA=20>
        <-- <SEQ=305><ACK=140><CTL=ACK>
        signal: Acknowledged 20
        + 1m
        --> <SEQ=139><ACK=305><CTL=ACK>                      # keep-alive
        ",
    );
}

/// The end of the connection is signalled instead.
#[test]
fn where_nothing_is_sent_again_it_is_not_told() {
    check(
        "
        config r1=0, r2=1s
        ESTABLISHED
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        + 1s
        signal: TimedOut
        CLOSED
        ",
    );
}
