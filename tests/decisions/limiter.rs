//! D12: how many answers an attacker can draw.

use tcp_lifecycle::sim::{Script, check};
use tcp_lifecycle::{Config, Connection, Instant, Open, Output, Segment};

const ACK: &str = "--> <SEQ=100><ACK=300><CTL=ACK>";

/// Segments that are answered within the limiter.
const LIMITED: [&str; 9] = [
    "<SEQ=301><CTL=RST>",
    "<SEQ=300><CTL=SYN>",
    "<SEQ=298><CTL=SYN>",
    "<SEQ=300><CTL=SYN><DATA=10>",
    "<SEQ=298><CTL=FIN,SYN><DATA=10>",
    "<SEQ=298><ACK=100><CTL=ACK>",
    "<SEQ=70000><ACK=100><CTL=ACK>",
    "<SEQ=300><ACK=101><CTL=ACK>",
    "<SEQ=300><ACK=101><CTL=FIN,ACK><DATA=10>",
];

/// Segments near the window whose sender has not received our acknowledgment: it is repeated each time.
const EXEMPT: [&str; 3] = [
    "<SEQ=290><ACK=100><CTL=ACK><DATA=10>",
    "<SEQ=299><ACK=100><CTL=FIN,ACK>",
    "<SEQ=65835><ACK=100><CTL=ACK><DATA=10>",
];

fn answered(segment: &str, times: usize) -> String {
    format!("<-- {segment} refused\n{ACK}\n").repeat(times)
}

fn silent(segment: &str) -> String {
    format!("<-- {segment} refused\n")
}

// D12
#[test]
fn challenges_and_acks_to_unacceptable_segments_share_one_limiter() {
    for first in LIMITED {
        for second in LIMITED {
            check(&format!(
                "ESTABLISHED\n{}{}{}+ 499ms\n{}+ 1ms\n{}{}+ 5s\n{}{}",
                answered(first, 9),
                answered(second, 1),
                silent(first),
                silent(second),
                answered(second, 1),
                silent(first),
                answered(second, 10),
                silent(first),
            ));
        }
    }
}

// D12
#[test]
fn an_acknowledgment_that_was_lost_is_repeated_without_limit() {
    for segment in EXEMPT {
        check(&format!(
            "ESTABLISHED\n{}{}{}{}",
            answered(LIMITED[0], 10),
            silent(LIMITED[0]),
            answered(segment, 30),
            silent(LIMITED[5]),
        ));
        check(&format!(
            "ESTABLISHED\n{}{}{}",
            answered(segment, 30), // and they take no tokens
            answered(LIMITED[0], 10),
            silent(LIMITED[0]),
        ));
    }
}

// D12
#[test]
fn what_is_taken_is_acknowledged_without_limit() {
    check(&format!(
        "
        ESTABLISHED
        {}
        <-- <SEQ=310><ACK=100><CTL=ACK><DATA=10>   delivers nothing
        {ACK}
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=10>
        --> <SEQ=100><ACK=310><CTL=ACK>
        ",
        answered(LIMITED[0], 10)
    ));
}

// D6, D12
#[test]
fn the_syn_ack_that_goes_out_again_is_within_the_limiter() {
    let again = "<-- <SEQ=299><CTL=SYN> refused\n--> <SEQ=99><ACK=300><CTL=SYN,ACK>\n";
    check(&format!(
        "SYN-RECEIVED\n{}{}{}",
        again.repeat(10),
        silent("<SEQ=299><CTL=SYN>"),
        silent("<SEQ=301><CTL=RST>")
    ));
}

// D12
#[test]
fn the_limiter_is_a_policy() {
    check(&format!(
        "config challenge_limit=2, challenge_period=1s\nESTABLISHED\n{}{}+ 1s\n{}{}",
        answered(LIMITED[0], 2),
        silent(LIMITED[0]),
        answered(LIMITED[0], 2),
        silent(LIMITED[0]),
    ));
    check(&format!("config challenge_limit=0\nESTABLISHED\n{}{}", silent(LIMITED[0]), answered(EXEMPT[0], 2)));
}

// D12
#[test]
fn each_connection_has_a_limiter_of_its_own_and_each_life() {
    check(&format!(
        "
        ESTABLISHED
        {}{}
        abort
        --> <SEQ=100><CTL=RST>
        CLOSED
        ISS=99
        open active
        --> <SEQ=99><CTL=SYN>
        SYN-SENT
        <-- <SEQ=299><ACK=100><CTL=SYN,ACK>
        {ACK}
        ESTABLISHED
        {}
        ",
        answered(LIMITED[0], 10),
        silent(LIMITED[0]),
        answered(LIMITED[0], 10)
    ));
}

/// An answer that is due for another reason takes no tokens from the limiter.
#[test]
fn an_answer_that_is_due_already_is_free() {
    let config = Config { challenge_limit: 1, ..Config::DEFAULT };
    let bad: Segment = "<SEQ=5000000><ACK=100><CTL=ACK>".parse().unwrap();
    let text: Segment = "<SEQ=300><ACK=100><CTL=ACK><DATA=10>".parse().unwrap();
    let mut connection = Script::parse("ESTABLISHED SND.NXT=100 RCV.NXT=300").unwrap().run(&config).unwrap();
    connection.segment_arrives(&text, Instant::ZERO).unwrap();
    connection.segment_arrives(&bad, Instant::ZERO).unwrap_err();
    assert_eq!(sent(&mut connection), 1);
    connection.segment_arrives(&bad, Instant::ZERO).unwrap_err();
    assert_eq!(sent(&mut connection), 1);
    connection.segment_arrives(&bad, Instant::ZERO).unwrap_err();
    assert_eq!(sent(&mut connection), 0);

    let syn: Segment = "<SEQ=299><CTL=SYN>".parse().unwrap();
    let mut connection = Connection::new(&config, 0);
    connection.open(Open::Passive, Instant::ZERO).unwrap();
    connection.segment_arrives(&syn, Instant::ZERO).unwrap();
    connection.segment_arrives(&syn, Instant::ZERO).unwrap_err();
    assert_eq!(sent(&mut connection), 1);
    connection.segment_arrives(&syn, Instant::ZERO).unwrap_err();
    assert_eq!(sent(&mut connection), 1);
    connection.segment_arrives(&syn, Instant::ZERO).unwrap_err();
    assert_eq!(sent(&mut connection), 0);
}

/// The number of segments that are due.
fn sent(connection: &mut Connection) -> usize {
    let mut sent = 0;
    loop {
        match connection.poll(Instant::ZERO) {
            Output::Transmit(_) => sent += 1,
            Output::Transition(_) | Output::Signal(_) => {}
            Output::Wait(_) => return sent,
        }
    }
}
