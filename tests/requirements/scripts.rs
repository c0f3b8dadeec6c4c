//! What no other test shows.

use tcp_lifecycle::sim::{Script, check};
use tcp_lifecycle::{Config, Connection, Control, Instant, KeepAlive, Open, Options, Output, Segment, SeqNumber};

const SYNCHRONIZED: [&str; 7] =
    ["ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2", "CLOSE-WAIT", "CLOSING", "LAST-ACK", "TIME-WAIT"];

/// SHLD-27, SHLD-28, MAY-16.
#[test]
fn bytes_of_several_sends_go_in_one_segment_with_one_psh() {
    check(
        "
        ESTABLISHED
        send 5
        & send 6
        & send 7
        --> <SEQ=100><ACK=300><CTL=PSH,ACK><DATA=18>    bytes 0..18
        ",
    );
    check(
        "
        ESTABLISHED                         SND.WND=0
        send 572
        send 500
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=1072>
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=536>       bytes 0..536
        --> <SEQ=636><ACK=300><CTL=PSH,ACK><DATA=536>   bytes 536..1072
        ",
    );
}

/// MAY-12. The largest window was 65535, and SND.NXT is 100.
#[test]
fn an_acknowledgment_out_of_range_is_challenged_in_every_synchronized_state() {
    for state in SYNCHRONIZED {
        for ack in [101, 100 + (1 << 31), 100_u32.wrapping_sub(65_537)] {
            check(&format!(
                "
                {state}
                <-- <SEQ=300><ACK={ack}><CTL=ACK><DATA=10>      refused
                --> <SEQ=100><ACK=300><CTL=ACK>
                {state}                     RCV.NXT=300 SND.NXT=100
                "
            ));
        }
    }
}

#[test]
fn in_fin_wait_2_a_window_counts_too() {
    check(
        "
        FIN-WAIT-2
        <-- <SEQ=300><ACK=100><CTL=ACK><WND=7>
        FIN-WAIT-2                          SND.WND=7
        <-- <SEQ=300><ACK=99><CTL=ACK><WND=8>
        FIN-WAIT-2                          SND.WND=7
        ",
    );
}

#[test]
fn in_fin_wait_1_an_acknowledgment_rides_on_the_text_that_goes_out() {
    check(
        "
        ESTABLISHED                         SND.WND=0
        send 10
        close
        FIN-WAIT-1
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10><WND=100>
        --> <SEQ=100><ACK=310><CTL=FIN,ACK><DATA=10>    bytes 0..10
        FIN-WAIT-1
        ",
    );
}

#[test]
fn in_close_wait_the_fin_rides_on_the_last_payload_too() {
    check(
        "
        config default_peer_mss=100
        CLOSE-WAIT
        send 200
        & close
        CLOSE-WAIT -> LAST-ACK
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=100>               bytes 0..100
        --> <SEQ=200><ACK=300><CTL=FIN,PSH,ACK><DATA=100>       bytes 100..200
        ",
    );
}

#[test]
fn urg_changes_nothing_after_the_peers_fin() {
    for state in ["CLOSE-WAIT", "CLOSING", "LAST-ACK", "TIME-WAIT"] {
        check(&format!(
            "
            {state}
            <-- <SEQ=300><ACK=99><CTL=ACK,URG><URG=10>
            {state}                         RCV.NXT=300
            "
        ));
    }
}

#[test]
fn the_user_timeout_ends_close_wait_too() {
    check(
        "
        config user_timeout=2s
        CLOSE-WAIT
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        + 1s
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        + 1s
        signal: TimedOut
        CLOSED                              DEADLINE=none
        ",
    );
}

#[test]
fn the_user_timeout_does_not_cut_time_wait_short() {
    check("config user_timeout=1s\n TIME-WAIT DEADLINE=4m\n + 4m\n CLOSED");
}

/// MUST-65, with all options agreed: payload, a retransmission, an ACK, a FIN, a challenge, the reset of an ABORT.
#[test]
fn behind_the_syns_timestamps_are_the_only_option() {
    let config = Config { timestamps: true, sack_permitted: true, receive_buffer: 1 << 20, ..Config::DEFAULT };
    let mut connection = Connection::new(&config, 99);
    connection.open(Open::Active, Instant::ZERO).unwrap();
    let mut sent = drain(&mut connection, Instant::ZERO);
    let syn = sent[0].options();
    assert_eq!((syn.mss(), syn.window_scale(), syn.sack_permitted()), (Some(536), Some(5), true));
    connection.send(10, Instant::ZERO).unwrap();
    for segment in [
        "<SEQ=299><ACK=100><CTL=SYN,ACK><WND=1000><MSS=536><WS=2><SACK><TS=1,0>",
        "<SEQ=300><ACK=100><CTL=ACK><DATA=5><WND=1000><TS=2,0>",
        "<SEQ=301><CTL=SYN><WND=1000><TS=3,0>",
    ] {
        let _ = connection.segment_arrives(&segment.parse().unwrap(), Instant::ZERO);
        sent.extend(drain(&mut connection, Instant::ZERO));
    }
    let late = connection.deadline().unwrap();
    connection.timeout(late);
    sent.extend(drain(&mut connection, late));
    let ack: Segment = "<SEQ=305><ACK=110><CTL=ACK><WND=1000><TS=4,0>".parse().unwrap();
    connection.segment_arrives(&ack, late).unwrap();
    connection.close(late).unwrap();
    sent.extend(drain(&mut connection, late));
    connection.abort().unwrap();
    sent.extend(drain(&mut connection, late));
    assert_eq!(sent.len(), 7, "{sent:?}");
    for segment in &sent[1..] {
        let (value, echo) = segment.options().timestamps().unwrap();
        assert_eq!(segment.options(), Options::default().with_timestamps(value, echo), "{segment}");
    }
    assert_eq!(sent[6].control(), Control::RST);
}

/// MUST-24, MUST-25, MUST-27, MUST-28.
#[test]
fn keep_alive_is_off_unless_asked_for_and_then_waits_for_two_hours() {
    for state in ["ESTABLISHED", "CLOSE-WAIT", "FIN-WAIT-2"] {
        check(&format!("{state} DEADLINE=none\n + 1000h\n {state}"));
    }
    let config = Config { keep_alive: Some(KeepAlive::DEFAULT), ..Config::DEFAULT };
    assert_eq!(config.check(), Ok(()));
    Script::parse("ESTABLISHED DEADLINE=2h\n + 2h\n --> <SEQ=99><ACK=300><CTL=ACK>").unwrap().run(&config).unwrap();
    check("config keep_alive=7s 75s 9\n ESTABLISHED DEADLINE=7s\n + 7s\n --> <SEQ=99><ACK=300><CTL=ACK>");
    let mut connection = Script::parse("ESTABLISHED DEADLINE=none").unwrap().run(&Config::DEFAULT).unwrap();
    connection.configure(&config);
    drain(&mut connection, Instant::ZERO);
    assert_eq!(connection.deadline(), Some(Instant::ZERO + KeepAlive::DEFAULT.idle));
    connection.configure(&Config::DEFAULT);
    drain(&mut connection, Instant::ZERO);
    assert_eq!(connection.deadline(), None);
}

/// MUST-26: neither while anything is outstanding, nor earlier than the idle time after anything has come.
#[test]
fn no_probe_of_keep_alive_goes_while_anything_is_outstanding() {
    check(
        "
        config keep_alive=2s 1s 2
        ESTABLISHED
        + 1999ms
        <-- <SEQ=300><ACK=100><CTL=ACK>                 # even an ACK that says nothing
        ESTABLISHED                         DEADLINE=2s
        + 1999ms
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        + 1s
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        + 2s
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        <-- <SEQ=300><ACK=110><CTL=ACK>
        signal: Acknowledged 10
        ESTABLISHED                         DEADLINE=2s
        + 2s
        --> <SEQ=109><ACK=300><CTL=ACK>
        ",
    );
}

/// MUST-29: not even where the policy asks for one probe.
#[test]
fn one_probe_of_keep_alive_without_an_answer_is_no_dead_peer() {
    for probes in [0, 1, 2] {
        check(&format!(
            "
            config keep_alive=2h 75s {probes}
            ESTABLISHED
            + 2h
            --> <SEQ=99><ACK=300><CTL=ACK>
            + 75s
            --> <SEQ=99><ACK=300><CTL=ACK>
            + 75s
            signal: TimedOut
            CLOSED
            "
        ));
    }
}

/// SHLD-12, MAY-6. The octet is none of the send queue.
#[test]
fn a_probe_of_keep_alive_carries_nothing_or_one_octet_of_garbage() {
    check("config keep_alive=2h 75s 9\n ESTABLISHED\n + 2h\n --> <SEQ=99><ACK=300><CTL=ACK>   bytes 0..0");
    let config = Config { keep_alive: Some(KeepAlive::DEFAULT), keep_alive_octet: true, ..Config::DEFAULT };
    let mut connection = Script::parse("ESTABLISHED DEADLINE=2h").unwrap().run(&config).unwrap();
    let now = connection.deadline().unwrap();
    connection.timeout(now);
    let Output::Transmit(probe) = connection.poll(now) else { panic!("a probe") };
    assert_eq!((probe.segment.seq(), probe.segment.payload_len(), probe.payload), (SeqNumber(99), 1, 0..0));
    assert_eq!(drain(&mut connection, now), []);
    let status = connection.status();
    assert_eq!((status.snd_nxt, status.in_flight), (Some(SeqNumber(100)), 0));
}

/// MUST-40: whatever the policy asks for.
#[test]
fn no_acknowledgment_waits_half_a_second() {
    for (delay, waits) in [("200ms", "200ms"), ("499ms", "499ms"), ("500ms", "499ms"), ("10s", "499ms")] {
        check(&format!(
            "
            config delayed_ack={delay}
            ESTABLISHED
            <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>
            + {waits}
            --> <SEQ=100><ACK=310><CTL=ACK>
            "
        ));
    }
}

/// MUST-31: longer than the pointer reaches, and longer than one call says.
#[test]
fn urgent_data_may_be_of_any_length() {
    check(
        "
        config nagle=off
        ESTABLISHED                         SND.WND=1072
        send urgent 70000
        --> <SEQ=100><ACK=300><CTL=URG,ACK><DATA=536><URG=65535>
        --> <SEQ=636><ACK=300><CTL=URG,ACK><DATA=536><URG=65535>
        ESTABLISHED                         SND.UP=70100
        send urgent 70000
        --> <SEQ=1172><ACK=300><CTL=URG,ACK><URG=65535>
        ESTABLISHED                         SND.UP=140100
        ",
    );
    check(
        "
        ESTABLISHED
        <-- <SEQ=300><ACK=100><CTL=URG,ACK><DATA=10><URG=65535>
        signal: Urgent
        --> <SEQ=100><ACK=310><CTL=ACK>
        <-- <SEQ=310><ACK=100><CTL=URG,ACK><DATA=10><URG=65535>
        signal: Urgent
        --> <SEQ=100><ACK=320><CTL=ACK>
        ESTABLISHED                         RCV.UP=65845 URGENT=65545
        ",
    );
}

/// MUST-32, MUST-33: once for each time the pointer comes or moves on.
#[test]
fn the_user_is_told_of_urgent_data_in_each_state_that_receives() {
    for state in ["ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2"] {
        check(&format!(
            "
            {state}                         URGENT=0
            <-- <SEQ=300><ACK=99><CTL=URG,ACK><URG=5>
            signal: Urgent
            {state}                         RCV.UP=305 URGENT=5
            <-- <SEQ=300><ACK=99><CTL=URG,ACK><URG=5>
            <-- <SEQ=300><ACK=99><CTL=URG,ACK><URG=4>
            <-- <SEQ=300><ACK=99><CTL=URG,ACK><URG=6><DATA=3>
            signal: Urgent
            --> <SEQ=100><ACK=303><CTL=ACK>
            receive 3
            {state}                         RCV.UP=306 URGENT=3
            "
        ));
    }
}

/// MUST-66.
#[test]
fn with_a_closed_window_urg_counts_too() {
    check(
        "
        config receive_buffer=10
        ESTABLISHED                         RCV.NXT=290
        <-- <SEQ=290><ACK=100><CTL=ACK><DATA=10>
        --> <SEQ=100><ACK=300><CTL=ACK><WND=0>
        <-- <SEQ=300><ACK=100><CTL=URG,ACK><URG=7>
        signal: Urgent
        ESTABLISHED                         RCV.UP=307
        <-- <SEQ=300><ACK=100><CTL=URG,ACK><DATA=1><URG=8>      delivers nothing
        signal: Urgent
        --> <SEQ=100><ACK=300><CTL=ACK><WND=0>
        ESTABLISHED                         RCV.UP=308
        ",
    );
}

/// MUST-30, MUST-62: SND.UP is behind the last byte, and the peer learns of it although its window is closed.
#[test]
fn urgent_data_is_announced_in_each_state_that_sends() {
    for state in ["ESTABLISHED", "CLOSE-WAIT"] {
        check(&format!(
            "
            {state}                         SND.WND=0 SND.UP=none
            send 4
            send urgent 6
            --> <SEQ=100><ACK=300><CTL=URG,ACK><URG=10>
            {state}                         SND.UP=110
            <-- <SEQ=300><ACK=100><CTL=ACK><WND=100>
            --> <SEQ=100><ACK=300><CTL=URG,ACK><DATA=10><URG=10>        bytes 0..10
            send 5
            <-- <SEQ=300><ACK=110><CTL=ACK><WND=100>
            signal: Acknowledged 10
            --> <SEQ=110><ACK=300><CTL=ACK><DATA=5><URG=0>
            {state}                         SND.UP=none
            "
        ));
    }
}

/// MUST-17: from one moment to the next, and of this connection alone.
#[test]
fn nagles_algorithm_is_switched_off_in_mid_life() {
    let script = "ESTABLISHED\n send 5\n --> <SEQ=100><ACK=300><CTL=ACK><DATA=5>\n send 6\n ESTABLISHED UNSENT=6";
    let mut connection = Script::parse(script).unwrap().run(&Config::DEFAULT).unwrap();
    let mut other = connection.clone();
    connection.configure(&Config { nagle: false, ..Config::DEFAULT });
    let sent = drain(&mut connection, Instant::ZERO);
    assert_eq!(sent.iter().map(Segment::payload_len).collect::<Vec<_>>(), [6]);
    assert_eq!(drain(&mut other, Instant::ZERO), []);
}

/// The segments before `Wait`.
fn drain(connection: &mut Connection, now: Instant) -> Vec<Segment> {
    let mut segments = Vec::new();
    loop {
        match connection.poll(now) {
            Output::Transmit(transmit) => segments.push(transmit.segment),
            Output::Transition(_) | Output::Signal(_) => {}
            Output::Wait(_) => return segments,
        }
    }
}
