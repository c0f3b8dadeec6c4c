//! Requirements that no other test shows.

use tcp_lifecycle::sim::check;
use tcp_lifecycle::{Config, Connection, Control, Instant, KeepAlive, Open, Options, Output, Segment};

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
fn the_user_timeout_ends_close_wait_too() {
    check(
        "
        config user_timeout=2s
        CLOSE-WAIT
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        + 1s
        signal: RetransmissionTimeout
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

/// MUST-29. (A policy of one probe is the user's own departure.)
#[test]
fn one_probe_of_keep_alive_without_an_answer_is_no_dead_peer() {
    const { assert!(KeepAlive::DEFAULT.probes >= 2) };
    for (probes, then) in [(2, "signal: TimedOut\n CLOSED"), (0, "--> <SEQ=99><ACK=300><CTL=ACK>\n ESTABLISHED")] {
        check(&format!(
            "
            config keep_alive=2h 75s {probes}
            ESTABLISHED
            + 2h
            --> <SEQ=99><ACK=300><CTL=ACK>
            + 75s
            --> <SEQ=99><ACK=300><CTL=ACK>
            + 75s
            {then}
            "
        ));
    }
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
