//! The calls in addition to those of the RFC: `retransmit`, `configure`, `reopens`.

use std::time::Duration;

use tcp_lifecycle::sim::{Script, check};
use tcp_lifecycle::{CallError, Config, Connection, Instant, Open, Output, Segment, SeqNumber, State};

const NOW: Instant = Instant::ZERO;

#[track_caller]
fn after(config: &Config, script: &str) -> Connection {
    Script::parse(script).and_then(|script| script.run(config)).unwrap_or_else(|error| panic!("{error}"))
}

fn segment(text: &str) -> Segment {
    text.parse().unwrap()
}

/// The segments that are sent, in the RFC's notation, each with the range of the send queue that is its payload.
fn drain(connection: &mut Connection, now: Instant) -> Vec<String> {
    let mut lines = Vec::new();
    loop {
        match connection.poll(now) {
            Output::Transition(transition) => lines.push(transition.to_string()),
            Output::Signal(signal) => lines.push(format!("{signal:?}")),
            Output::Transmit(transmit) => {
                let window = transmit.segment.with_window(0);
                lines.push(format!("{window} {:?}", transmit.payload));
            }
            Output::Wait(_) => return lines,
        }
    }
}

/// A connection with three segments of 100 bytes in flight, and nothing more to send.
fn three_in_flight() -> Connection {
    after(
        &Config { default_peer_mss: 100, nagle: false, ..Config::DEFAULT },
        "
        ESTABLISHED SND.NXT=100 RCV.NXT=300
        send 300
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=100>
        --> <SEQ=200><ACK=300><CTL=ACK><DATA=100>
        --> <SEQ=300><ACK=300><CTL=PSH,ACK><DATA=100>
        ESTABLISHED SND.NXT=400
        ",
    )
}

#[test]
fn what_the_caller_holds_for_lost_goes_out_again_and_nothing_else() {
    let mut connection = three_in_flight();
    assert_eq!(connection.retransmit(100..200), Ok(()));
    assert_eq!(drain(&mut connection, NOW), ["<SEQ=200><ACK=300><CTL=ACK><DATA=100> 100..200"]);
    assert_eq!(connection.retransmit(0..300), Ok(()));
    assert_eq!(
        drain(&mut connection, NOW),
        [
            "<SEQ=100><ACK=300><CTL=ACK><DATA=100> 0..100",
            "<SEQ=200><ACK=300><CTL=ACK><DATA=100> 100..200",
            "<SEQ=300><ACK=300><CTL=PSH,ACK><DATA=100> 200..300",
        ]
    );
    assert_eq!(connection.status().snd_nxt, Some(SeqNumber(400)));
}

#[test]
fn new_payload_follows_what_is_sent_again() {
    let mut connection = three_in_flight();
    assert_eq!(connection.retransmit(0..100), Ok(()));
    assert_eq!(connection.send(50, NOW), Ok(()));
    assert_eq!(
        drain(&mut connection, NOW),
        ["<SEQ=100><ACK=300><CTL=ACK><DATA=100> 0..100", "<SEQ=400><ACK=300><CTL=PSH,ACK><DATA=50> 300..350",]
    );
}

#[test]
fn no_round_trip_time_is_taken_of_what_was_sent_twice() {
    let mut connection = three_in_flight();
    let before = connection.status().srtt;
    let later = NOW + Duration::from_millis(700);
    assert_eq!(connection.retransmit(0..100), Ok(()));
    drain(&mut connection, later);
    assert_eq!(connection.segment_arrives(&segment("<SEQ=300><ACK=400><CTL=ACK><WND=65535>"), later), Ok(0..0));
    assert_eq!(drain(&mut connection, later), ["Acknowledged(300)"]);
    assert_eq!(connection.status().srtt, before);
}

#[test]
fn an_acknowledgment_takes_back_what_need_not_go_again() {
    let mut connection = three_in_flight();
    assert_eq!(connection.retransmit(0..300), Ok(()));
    assert_eq!(connection.segment_arrives(&segment("<SEQ=300><ACK=300><CTL=ACK><WND=65535>"), NOW), Ok(0..0));
    assert_eq!(drain(&mut connection, NOW), ["Acknowledged(200)", "<SEQ=300><ACK=300><CTL=PSH,ACK><DATA=100> 0..100"]);
}

#[test]
fn the_limit_and_the_window_bind_what_is_sent_again() {
    let mut connection = three_in_flight();
    connection.limit(150);
    assert_eq!(connection.retransmit(0..300), Ok(()));
    assert_eq!(
        drain(&mut connection, NOW),
        ["<SEQ=100><ACK=300><CTL=ACK><DATA=100> 0..100", "<SEQ=200><ACK=300><CTL=ACK><DATA=50> 100..150"]
    );
    connection.limit(u32::MAX);
    assert_eq!(drain(&mut connection, NOW).len(), 2);
}

#[test]
fn a_fin_that_followed_what_is_lost_went_with_it() {
    let mut connection = after(
        &Config::DEFAULT,
        "
        ESTABLISHED SND.NXT=100 RCV.NXT=300
        send 10
        & close
        --> <SEQ=100><ACK=300><CTL=FIN,ACK><DATA=10>
        FIN-WAIT-1
        ",
    );
    assert_eq!(connection.retransmit(0..10), Ok(()));
    assert_eq!(drain(&mut connection, NOW), ["<SEQ=100><ACK=300><CTL=FIN,PSH,ACK><DATA=10> 0..10"]);
    assert_eq!(connection.retransmit(0..5), Ok(()));
    assert_eq!(drain(&mut connection, NOW), ["<SEQ=100><ACK=300><CTL=ACK><DATA=5> 0..5"]);
}

#[test]
fn a_fin_that_is_lost_alone_is_the_one_behind_the_last_byte() {
    let mut connection = after(
        &Config::DEFAULT,
        "
        ESTABLISHED SND.NXT=100 RCV.NXT=300
        send 10
        & close
        --> <SEQ=100><ACK=300><CTL=FIN,ACK><DATA=10>
        FIN-WAIT-1
        <-- <SEQ=300><ACK=110><CTL=ACK>
        signal: Acknowledged 10
        FIN-WAIT-1 IN-FLIGHT=1
        ",
    );
    assert_eq!(connection.retransmit(0..2), Err(CallError::NotSent));
    assert_eq!(connection.retransmit(0..1), Ok(()));
    assert_eq!(drain(&mut connection, NOW), ["<SEQ=110><ACK=300><CTL=FIN,ACK> 0..0"]);
}

#[test]
fn bytes_that_were_never_sent_cannot_be_sent_again() {
    let mut connection = three_in_flight();
    let before = connection.clone();
    for range in [0..301, 300..400, 0..usize::MAX] {
        assert_eq!(connection.retransmit(range), Err(CallError::NotSent));
    }
    assert_eq!(connection, before);
    assert_eq!(connection.retransmit(7..7), Ok(()));
    assert_eq!(connection, before);
    for open in [Open::Active, Open::Passive] {
        let mut connection = Connection::new(&Config::DEFAULT, 0);
        assert_eq!(connection.retransmit(0..0), Err(CallError::ConnectionDoesNotExist));
        connection.open(open, NOW).unwrap();
        let before = connection.clone();
        assert_eq!(connection.retransmit(0..1), Err(CallError::NotSent));
        assert_eq!(connection.retransmit(7..7), Ok(()));
        assert_eq!(connection, before);
    }
}

#[test]
fn policies_change_in_mid_life() {
    let mut connection = three_in_flight();
    connection.configure(&Config { r1: 1, ..Config::DEFAULT });
    let at = connection.deadline().unwrap();
    connection.timeout(at);
    assert_eq!(
        drain(&mut connection, at),
        ["RetransmissionTimeout", "Retransmitting", "<SEQ=100><ACK=300><CTL=ACK><DATA=100> 0..100"],
        "R1 after one retransmission"
    );
}

/// D20: a running timer keeps its deadline, and no state but FIN-WAIT-2 gets this timer.
#[test]
fn a_timeout_for_fin_wait_2_begins_there_alone_and_once() {
    let timeout = |seconds| Config { fin_wait_2_timeout: Some(Duration::from_secs(seconds)), ..Config::DEFAULT };
    let mut established = after(&Config::DEFAULT, "ESTABLISHED SND.NXT=100 RCV.NXT=300");
    established.configure(&timeout(10));
    assert_eq!(established.deadline(), None);
    let mut read = after(&Config::DEFAULT, "FIN-WAIT-2");
    read.configure(&timeout(10));
    assert_eq!(read.deadline(), None, "its user is there");
    let mut waiting = after(&Config { fin_wait_2_timeout: None, ..Config::DEFAULT }, "FIN-WAIT-2\ndetach");
    assert_eq!(waiting.deadline(), None);
    waiting.configure(&timeout(10));
    let deadline = waiting.deadline();
    assert_eq!(deadline, Some(NOW + Duration::from_secs(10)));
    waiting.configure(&timeout(99));
    assert_eq!(waiting.deadline(), deadline);
}

#[test]
fn a_smaller_segment_size_counts_at_once_and_a_smaller_buffer_takes_nothing_back() {
    let mut connection = three_in_flight();
    let window = connection.status().rcv_wnd;
    connection.configure(&Config { max_segment: 60, receive_buffer: 10, nagle: false, ..Config::DEFAULT });
    connection.send(50, NOW).unwrap();
    assert_eq!(
        drain(&mut connection, NOW),
        ["<SEQ=400><ACK=300><CTL=ACK><DATA=40> 300..340", "<SEQ=440><ACK=300><CTL=PSH,ACK><DATA=10> 340..350"]
    );
    assert_eq!(connection.status().rcv_wnd, window);
}

/// A connection in TIME-WAIT with SND.NXT 101 and RCV.NXT 301.
fn time_wait(config: &Config, options: &str) -> Connection {
    let script = "
        ESTABLISHED SND.NXT=100 RCV.NXT=300
        close
        --> <SEQ=100><ACK=300><CTL=FIN,ACK>
        FIN-WAIT-1
        <-- <SEQ=300><ACK=101><CTL=FIN,ACK>OPTIONS
        signal: Closing
        --> <SEQ=101><ACK=301><CTL=ACK>
        TIME-WAIT SND.NXT=101 RCV.NXT=301
        ";
    after(config, &script.replace("OPTIONS", options))
}

#[track_caller]
fn assert_reopens(connection: &Connection, syn: &str, now: Instant) {
    let before = connection.clone();
    let offset = connection.reopens(&segment(syn), now).expect("it may start a new life");
    assert_eq!(*connection, before, "it is a question");
    let mut next = Connection::new(&Config::DEFAULT, offset);
    next.open(Open::Passive, now).unwrap();
    next.segment_arrives(&segment(syn), now).unwrap();
    assert_eq!(next.state(), State::SynReceived);
    let (iss, nxt) = (next.status().iss.unwrap(), connection.status().snd_nxt.unwrap());
    assert!(nxt.lt(iss), "{iss} exceeds every number below {nxt}");
}

#[test]
fn a_syn_beyond_the_last_number_may_start_a_new_life() {
    let connection = time_wait(&Config::DEFAULT, "");
    for now in [NOW, Instant::from_micros(4_000), Instant::from_micros(u64::MAX / 2)] {
        assert_reopens(&connection, "<SEQ=302><CTL=SYN>", now);
        assert_reopens(&connection, "<SEQ=100000><CTL=SYN>", now);
    }
    for syn in ["<SEQ=301><CTL=SYN>", "<SEQ=300><CTL=SYN>", "<SEQ=299><CTL=SYN>", "<SEQ=4000000000><CTL=SYN>"] {
        assert_eq!(connection.reopens(&segment(syn), NOW), None, "{syn}");
    }
}

#[test]
fn nothing_but_a_bare_syn_may() {
    let connection = time_wait(&Config::DEFAULT, "");
    for text in [
        "<SEQ=400><ACK=101><CTL=SYN,ACK>",
        "<SEQ=400><CTL=FIN,SYN>",
        "<SEQ=400><CTL=SYN,RST>",
        "<SEQ=400><ACK=101><CTL=ACK>",
    ] {
        assert_eq!(connection.reopens(&segment(text), NOW), None, "{text}");
    }
    // The ECN bits and payload make no difference.
    assert!(connection.reopens(&segment("<SEQ=400><CTL=SYN,ECE,CWR><DATA=3>"), NOW).is_some());
}

#[test]
fn in_no_other_state_may_anything() {
    for state in ["CLOSED", "LISTEN", "SYN-SENT", "SYN-RECEIVED", "ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2", "LAST-ACK"]
    {
        let connection = after(&Config::DEFAULT, state);
        assert_eq!(connection.reopens(&segment("<SEQ=100000><CTL=SYN>"), NOW), None, "{state}");
    }
}

#[test]
fn the_present_offset_does_where_the_clock_has_gone_on() {
    let mut connection = time_wait(&Config::DEFAULT, "");
    connection.set_isn_offset(77);
    let later = NOW + Duration::from_secs(60); // fifteen million sequence numbers later
    assert_eq!(connection.reopens(&segment("<SEQ=400><CTL=SYN>"), later), Some(77));
    assert_eq!(connection.reopens(&segment("<SEQ=400><CTL=SYN>"), NOW), Some(102));
}

#[test]
fn in_recovery_what_is_held_for_lost_goes_out_beside_what_the_timer_sends_again() {
    let mut connection = three_in_flight();
    let at = connection.deadline().unwrap();
    connection.timeout(at);
    assert_eq!(drain(&mut connection, at), ["RetransmissionTimeout", "<SEQ=100><ACK=300><CTL=ACK><DATA=100> 0..100"]);
    assert_eq!(connection.retransmit(100..200), Ok(()));
    assert_eq!(drain(&mut connection, at), ["<SEQ=200><ACK=300><CTL=ACK><DATA=100> 100..200"]);
    assert_eq!(connection.retransmit(0..100), Ok(()));
    assert_eq!(drain(&mut connection, at), ["<SEQ=100><ACK=300><CTL=ACK><DATA=100> 0..100"]);
}

/// As [`time_wait`], with timestamps agreed; the peer's latest was 50.
fn time_wait_with_timestamps() -> Connection {
    after(
        &Config { timestamps: true, ..Config::DEFAULT },
        "
        ISS=100
        open active
        --> <SEQ=100><CTL=SYN>
        SYN-SENT
        <-- <SEQ=299><ACK=101><CTL=SYN,ACK><TS=40,0>
        --> <SEQ=101><ACK=300><CTL=ACK>
        ESTABLISHED
        close
        --> <SEQ=101><ACK=300><CTL=FIN,ACK>
        FIN-WAIT-1
        <-- <SEQ=300><ACK=102><CTL=FIN,ACK><TS=50,0>
        signal: Closing
        --> <SEQ=102><ACK=301><CTL=ACK>
        TIME-WAIT
        ",
    )
}

#[test]
fn with_timestamps_on_both_lives_a_later_one_is_enough_and_an_earlier_one_too_old() {
    let connection = time_wait_with_timestamps();
    for (syn, may) in [
        ("<SEQ=5><CTL=SYN><TS=51,0>", true),
        ("<SEQ=5><CTL=SYN><TS=50,0>", false),
        ("<SEQ=302><CTL=SYN><TS=50,0>", true),
        ("<SEQ=302><CTL=SYN><TS=49,0>", false),
        ("<SEQ=302><CTL=SYN>", true),
        ("<SEQ=301><CTL=SYN>", false),
    ] {
        assert_eq!(connection.reopens(&segment(syn), NOW).is_some(), may, "{syn}");
    }
}

#[test]
fn with_timestamps_on_the_new_life_alone_any_syn_will_do() {
    let mut connection = time_wait(&Config::DEFAULT, "");
    assert_eq!(connection.reopens(&segment("<SEQ=5><CTL=SYN><TS=1,0>"), NOW), None, "we would not have them");
    connection.configure(&Config { timestamps: true, ..Config::DEFAULT });
    assert_eq!(connection.reopens(&segment("<SEQ=299><CTL=SYN><TS=1,0>"), NOW), None, "that of this life");
    for value in [0, 1, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF_u32] {
        assert!(connection.reopens(&segment(&format!("<SEQ=5><CTL=SYN><TS={value},0>")), NOW).is_some(), "{value}");
    }
}

#[test]
fn the_present_offset_must_lead_beyond_snd_nxt() {
    let mut connection = time_wait(&Config::DEFAULT, "");
    connection.set_isn_offset(101);
    assert_eq!(connection.reopens(&segment("<SEQ=400><CTL=SYN>"), NOW), Some(102));
    connection.set_isn_offset(102);
    assert_eq!(connection.reopens(&segment("<SEQ=400><CTL=SYN>"), NOW), Some(102));
}

#[test]
fn status_counts_the_duplicate_acks_of_rfc_5681() {
    let counted = |segments: &str| {
        format!(
            "
            config default_peer_mss=100
            ESTABLISHED SND.NXT=100 RCV.NXT=300 DUPLICATE-ACKS=0
            send 300
            --> <SEQ=100><ACK=300><CTL=ACK><DATA=100>
            --> <SEQ=200><ACK=300><CTL=ACK><DATA=100>
            --> <SEQ=300><ACK=300><CTL=PSH,ACK><DATA=100>
            <-- <SEQ=300><ACK=100><CTL=ACK>
            <-- <SEQ=300><ACK=100><CTL=ACK>
            ESTABLISHED DUPLICATE-ACKS=2
            {segments}
            "
        )
    };
    check(&counted("<-- <SEQ=300><ACK=100><CTL=ACK>\nESTABLISHED DUPLICATE-ACKS=3"));
    // A segment with payload, a FIN or another window carries other news, so it is no duplicate ACK.
    check(&counted(
        "<-- <SEQ=300><ACK=100><CTL=ACK><DATA=1>
         --> <SEQ=400><ACK=301><CTL=ACK>
         ESTABLISHED DUPLICATE-ACKS=2",
    ));
    check(&counted(
        "<-- <SEQ=301><ACK=100><CTL=FIN,ACK>
         --> <SEQ=400><ACK=300><CTL=ACK>
         ESTABLISHED DUPLICATE-ACKS=2",
    ));
    check(&counted("<-- <SEQ=300><ACK=100><CTL=ACK><WND=9000>\nESTABLISHED DUPLICATE-ACKS=2"));
    // A segment that acknowledges new data, or older data than before, is no duplicate ACK.
    check(&counted(
        "<-- <SEQ=300><ACK=200><CTL=ACK>
         signal: Acknowledged 100
         ESTABLISHED DUPLICATE-ACKS=0",
    ));
    check(&counted("<-- <SEQ=300><ACK=99><CTL=ACK>\nESTABLISHED DUPLICATE-ACKS=2"));
    // Without anything in flight there is no duplicate ACK.
    check(&counted(
        "<-- <SEQ=300><ACK=400><CTL=ACK>
         signal: Acknowledged 300
         <-- <SEQ=300><ACK=400><CTL=ACK>
         ESTABLISHED DUPLICATE-ACKS=0",
    ));
}
