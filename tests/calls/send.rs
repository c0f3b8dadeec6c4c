//! SEND, RFC 9293 section 3.10.2.

use tcp_lifecycle::sim::check;
use tcp_lifecycle::{CallError, Connection, Instant};

use super::table::{after, table};

const MOST: usize = 1 << 30;

#[test]
fn send_state_by_state() {
    table(
        "
        CLOSED: send 10         => error: connection does not exist
        LISTEN: send 10         => error: remote socket unspecified
        SYN-SENT: send 10       => SYN-SENT UNSENT=10 SND.NXT=100
        SYN-RECEIVED: send 10   => SYN-RECEIVED UNSENT=10 SND.NXT=100
        ESTABLISHED: send 10    => <SEQ=100><ACK=300><CTL=PSH,ACK><DATA=10> bytes 0..10; ESTABLISHED UNSENT=0 SND.NXT=110 IN-FLIGHT=10 DEADLINE=1s
        FIN-WAIT-1: send 10     => error: connection closing
        FIN-WAIT-2: send 10     => error: connection closing
        CLOSE-WAIT: send 10     => <SEQ=100><ACK=300><CTL=PSH,ACK><DATA=10> bytes 0..10; CLOSE-WAIT UNSENT=0 SND.NXT=110 IN-FLIGHT=10 DEADLINE=1s
        CLOSING: send 10        => error: connection closing
        LAST-ACK: send 10       => error: connection closing
        TIME-WAIT: send 10      => error: connection closing
        ESTABLISHED: send 0     => ESTABLISHED SND.NXT=100 DEADLINE=none
        ",
    );
}

#[test]
fn what_is_queued_before_the_handshake_is_sent_behind_it() {
    check(
        "
        SYN-SENT
        send 10
        <-- <SEQ=299><ACK=100><CTL=SYN,ACK>
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10> bytes 0..10   # with the acknowledgment of the SYN
        ESTABLISHED
        ",
    );
    check(
        "
        SYN-RECEIVED
        send 10
        <-- <SEQ=300><ACK=100><CTL=ACK>
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10> bytes 0..10
        ESTABLISHED
        ",
    );
}

#[test]
fn the_queue_is_cut_into_segments_within_the_window() {
    check(
        "
        config nagle=off
        ESTABLISHED SND.WND=1607                                     # one byte less than three segments
        send 2000
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=536>  bytes 0..536
        --> <SEQ=636><ACK=300><CTL=ACK><DATA=536>  bytes 536..1072
        ESTABLISHED UNSENT=928 SND.NXT=1172
        <-- <SEQ=300><ACK=636><CTL=ACK><WND=1464>
        signal: Acknowledged 536
        --> <SEQ=1172><ACK=300><CTL=ACK><DATA=536> bytes 536..1072   # counted from the new front
        --> <SEQ=1708><ACK=300><CTL=PSH,ACK><DATA=392> bytes 1072..1464
        ESTABLISHED UNSENT=0 SND.NXT=2100
        ",
    );
}

#[test]
fn more_than_2_30_bytes_are_too_many() {
    let now = Instant::ZERO;
    for given in ["SYN-SENT", "SYN-RECEIVED", "ESTABLISHED SND.WND=0", "CLOSE-WAIT SND.WND=0"] {
        let mut connection = after(given);
        refuses(&mut connection, MOST + 1);
        connection.send(MOST - 1, now).unwrap();
        refuses(&mut connection, 2);
        connection.send(1, now).unwrap();
        assert_eq!(connection.status().unsent, 1 << 30);
        refuses(&mut connection, 1);
        refuses(&mut connection, usize::MAX);
        refuses(&mut connection, usize::MAX - MOST + 1);
        assert_eq!(connection.send(0, now), Ok(()));
    }
}

#[test]
fn what_is_in_flight_is_still_in_the_queue() {
    let mut connection = after("ESTABLISHED\nsend 10\n--> <SEQ=100><ACK=300><CTL=ACK><DATA=10>");
    refuses(&mut connection, MOST - 9);
    let ack = "<SEQ=300><ACK=104><CTL=ACK>".parse().unwrap();
    connection.segment_arrives(&ack, Instant::ZERO).unwrap();
    refuses(&mut connection, MOST - 5);
    assert_eq!(connection.send(MOST - 6, Instant::ZERO), Ok(()));
}

#[track_caller]
fn refuses(connection: &mut Connection, bytes: usize) {
    let before = connection.clone();
    assert_eq!(connection.send(bytes, Instant::from_micros(5)), Err(CallError::InsufficientResources));
    assert_eq!(*connection, before);
}
