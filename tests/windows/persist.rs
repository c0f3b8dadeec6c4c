//! A window that closes over a flight, and events between the timeout and the poll: RFC 9293 sections 3.8.6.1 and
//! 3.8.3. D17, D20, D40.

use core::time::Duration;

use tcp_lifecycle::sim::{Script, check};
use tcp_lifecycle::{Config, Connection, Instant, Output, Signal};

const CLOSED: &str = "<-- <SEQ=300><ACK=100><CTL=ACK><WND=0>\n";
const PROBE: &str = "--> <SEQ=100><ACK=300><CTL=ACK><DATA=1>\n";

/// Five hundred bytes are retransmitted at 1, 3, 7, 15, 31 and 63 s, without an answer.
fn unanswered(policies: &str) -> String {
    let again = "--> <SEQ=100><ACK=300><CTL=PSH,ACK><DATA=500>\n";
    let mut script = format!(
        "config r1=0, nagle=off{policies}\nESTABLISHED SND.NXT=100 RCV.NXT=300 SND.WND=5000\nsend 500\n{again}"
    );
    for pause in [1, 2, 4, 8, 16, 32] {
        script += &format!("+ {pause}s\nsignal: RetransmissionTimeout\n{again}");
    }
    script
}

/// MUST-37: the peer answers again, and has no room. The earlier losses do not count as unanswered probes.
#[test]
fn losses_before_the_window_closed_do_not_count_as_probes() {
    for policies in ["", ", r2=none, user_timeout=96s", ", r2=none, user_timeout=none, r2_count=7"] {
        // The running timer is that of the user timeout.
        let (first, pause) = if policies.contains("=96s") { (1, 32) } else { (28, 60) };
        let mut script = format!("{}+ 32s\n{CLOSED}+ {first}s\n{PROBE}", unanswered(policies));
        for _ in 0..20 {
            script += &format!("{CLOSED}+ {pause}s\n{PROBE}");
        }
        check(&format!("{script}ESTABLISHED"));
    }
}

/// D20: three probes go unanswered, however much time had passed when the window closed, or when the user timeout
/// became shorter.
#[test]
fn three_probes_go_unanswered_before_the_end() {
    for policies in ["", ", r2=none, user_timeout=96s"] {
        let (first, pause) = if policies.is_empty() { (28, 60) } else { (1, 32) };
        let mut script = format!("{}+ 32s\n{CLOSED}+ {first}s\n{PROBE}", unanswered(policies));
        for _ in 0..2 {
            script += &format!("+ {pause}s\n{PROBE}");
        }
        check(&format!("{script}ESTABLISHED"));
    }
    check(&format!(
        "
        config r1=0, r2=none, user_timeout=none
        ESTABLISHED SND.NXT=100 RCV.NXT=300 SND.WND=0
        send 5
        + 1s
        {PROBE}
        + 2s
        {PROBE}{CLOSED}
        + 4s
        {PROBE}{CLOSED}
        + 8s
        {PROBE}{CLOSED}
        + 16s
        {PROBE}
        configure user_timeout=2s
        + 32s
        {PROBE}
        + 1s
        {PROBE}
        + 1s
        signal: TimedOut
        CLOSED
        "
    ));
}

/// A caller that considers everything lost at each timeout, before it polls.
#[test]
fn a_caller_that_sends_all_again_at_each_timeout_ends_nothing() {
    let script = "
        config r1=0, nagle=off
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=1000
        send 1000
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=536>
        --> <SEQ=636><ACK=300><CTL=PSH,ACK><DATA=464>
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=0>";
    let mut connection = Script::parse(script).unwrap().run(&Config::DEFAULT).unwrap();
    for _ in 0..30 {
        let now = connection.deadline().expect("a probe is due");
        connection.timeout(now);
        connection.retransmit(0..1000).unwrap();
        assert_eq!(segments(&mut connection, now), ["<SEQ=100><ACK=300><CTL=ACK><DATA=1><WND=65535>"]);
        arrives(&mut connection, now, "<SEQ=300><ACK=100><CTL=ACK><WND=0>");
        assert_eq!(segments(&mut connection, now), [""; 0]);
    }
}

fn segments(connection: &mut Connection, now: Instant) -> Vec<String> {
    let mut segments = Vec::new();
    loop {
        match connection.poll(now) {
            Output::Transmit(transmit) => segments.push(transmit.segment.to_string()),
            Output::Wait(_) => return segments,
            Output::Signal(Signal::TimedOut) => panic!("timed out at {now}"),
            Output::Transition(_) | Output::Signal(_) => {}
        }
    }
}

fn arrives(connection: &mut Connection, now: Instant, segment: &str) {
    connection.segment_arrives(&segment.parse().unwrap(), now).unwrap();
}

/// Two segments in flight, and the timer has fired.
fn fired(window: &str) -> (Connection, Instant) {
    let script = format!(
        "
        config r1=0, nagle=off
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=1000
        send 1000
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=536>
        --> <SEQ=636><ACK=300><CTL=PSH,ACK><DATA=464>
        <-- <SEQ=300><ACK=100><CTL=ACK>{window}"
    );
    let mut connection = Script::parse(&script).unwrap().run(&Config::DEFAULT).unwrap();
    let now = connection.deadline().unwrap();
    connection.timeout(now);
    (connection, now)
}

const FRONT: &str = "<SEQ=100><ACK=300><CTL=ACK><DATA=536><WND=65535>";

/// The window opens before the probe has been sent: the front is sent in its place, and the rest as after a timeout.
#[test]
fn a_window_that_opens_before_the_probe_is_polled_begins_a_recovery() {
    let (mut connection, now) = fired("<WND=0>");
    arrives(&mut connection, now, "<SEQ=300><ACK=100><CTL=ACK><WND=1000>");
    assert_eq!(segments(&mut connection, now), [FRONT]);
    assert_eq!(connection.status().rto, Some(Duration::from_secs(1)));
    arrives(&mut connection, now, "<SEQ=300><ACK=636><CTL=ACK><WND=1000>");
    assert_eq!(segments(&mut connection, now), ["<SEQ=636><ACK=300><CTL=PSH,ACK><DATA=464><WND=65535>"]);
}

/// The window closes before the second retransmission of the lost segment is sent. That segment is the first probe now,
/// and its answer counts as an answer to a probe.
#[test]
fn a_window_that_closes_before_what_is_lost_is_polled_is_probed() {
    let (mut connection, now) = fired("<WND=1000>");
    assert_eq!(segments(&mut connection, now), [FRONT]);
    let now = connection.deadline().unwrap();
    connection.timeout(now);
    arrives(&mut connection, now, "<SEQ=300><ACK=100><CTL=ACK><WND=0>");
    assert_eq!(segments(&mut connection, now), ["<SEQ=100><ACK=300><CTL=ACK><DATA=1><WND=65535>"]);
    assert_eq!(connection.status().retransmissions, 1);
    arrives(&mut connection, now, "<SEQ=300><ACK=100><CTL=ACK><WND=0>");
    assert_eq!(connection.status().retransmissions, 0);
    arrives(&mut connection, now, "<SEQ=300><ACK=100><CTL=ACK><WND=1000>");
    assert_eq!(segments(&mut connection, now), [FRONT]);
    assert_eq!(connection.status().rto, Some(Duration::from_secs(1)));
}

/// There is no recovery behind a refused probe: the caller's retransmission sends its range, and no more.
#[test]
fn behind_a_refused_probe_the_caller_sends_again_what_it_says() {
    let mut script = format!(
        "
        config r1=0, mss=536
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=0
        send 2680
        + 1s
        {PROBE}{CLOSED}
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=5000>
        "
    );
    for seq in [100, 636, 1172, 1708, 2244] {
        let control = if seq == 2244 { "PSH,ACK" } else { "ACK" };
        script += &format!("--> <SEQ={seq}><ACK=300><CTL={control}><DATA=536>\n");
    }
    script += "
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=5000>
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=5000>
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=5000>
        ESTABLISHED                         DUPLICATE-ACKS=3
        retransmit 0..536
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=536>
        <-- <SEQ=300><ACK=1172><CTL=ACK><WND=5000>      # what is missing next, the caller will say
        signal: Acknowledged 1072
        <-- <SEQ=300><ACK=2780><CTL=ACK><WND=5000>
        signal: Acknowledged 1608
        ESTABLISHED                         DEADLINE=none";
    check(&script);
}

/// MUST-38: the refused bytes are sent again, and no silly segment of new payload.
#[test]
fn behind_a_refused_probe_no_silly_segment_goes() {
    check(&format!(
        "
        config r1=0
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=5000
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=0>
        send 100
        + 1s
        {PROBE}
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=2>
        {PROBE}
        ESTABLISHED                         SND.NXT=101
        "
    ));
}

/// D4: our probe's byte was accepted, and its acknowledgment is in flight, when the peer's user reads. By D17 the
/// peer's window update has a number before the byte of its own probe, which we have received.
#[test]
fn a_window_update_from_before_the_probe_counts() {
    for octets in ["", "<DATA=5>"] {
        let (taken, update) = if octets.is_empty() { (1, "<SEQ=300>") } else { (5, "<SEQ=304>") };
        check(&format!(
            "
            config r1=0
            ESTABLISHED                     SND.NXT=100 RCV.NXT=300 SND.WND=0
            send 500
            <-- <SEQ=300><ACK=100><CTL=ACK><DATA={taken}><WND=0>
            --> <SEQ=100><ACK={nxt}><CTL=ACK>
            <-- {update}<ACK=100><CTL=ACK><WND=2000>
            --> <SEQ=100><ACK={nxt}><CTL=PSH,ACK><DATA=500>
            ESTABLISHED                     SND.WND=2000
            ",
            nxt = 300 + taken,
        ));
    }
    // An older update, or one that opens nothing, does not count.
    for update in ["<SEQ=299><ACK=100><CTL=ACK><WND=2000>", "<SEQ=300><ACK=100><CTL=ACK><WND=0>"] {
        check(&format!(
            "
            config r1=0
            ESTABLISHED                     SND.NXT=100 RCV.NXT=300 SND.WND=0
            send 500
            <-- <SEQ=300><ACK=100><CTL=ACK><DATA=1><WND=0>
            --> <SEQ=100><ACK=301><CTL=ACK>
            <-- {update} refused: NotAcceptable
            --> <SEQ=100><ACK=301><CTL=ACK>
            ESTABLISHED                     SND.WND=0
            "
        ));
    }
}
