//! OPEN, RFC 9293 section 3.10.1.

use std::time::Duration;

use tcp_lifecycle::sim::check;
use tcp_lifecycle::{CallError, Config, Connection, Instant, Open, Segment, State};

use super::table::{after, drain, table};

#[test]
fn an_active_open_sends_a_syn() {
    table(
        "
        CLOSED: open active         => <SEQ=100><CTL=SYN>; SYN-SENT ISS=100 SND.UNA=100 SND.NXT=101 DEADLINE=1s
        LISTEN: open active         => <SEQ=100><CTL=SYN>; SYN-SENT ISS=100 SND.UNA=100 SND.NXT=101 DEADLINE=1s
        SYN-SENT: open active       => error: connection already exists
        SYN-RECEIVED: open active   => error: connection already exists
        ESTABLISHED: open active    => error: connection already exists
        FIN-WAIT-1: open active     => error: connection already exists
        FIN-WAIT-2: open active     => error: connection already exists
        CLOSE-WAIT: open active     => error: connection already exists
        CLOSING: open active        => error: connection already exists
        LAST-ACK: open active       => error: connection already exists
        TIME-WAIT: open active      => error: connection already exists
        ",
    );
}

#[test]
fn a_passive_open_listens_in_silence() {
    table(
        "
        CLOSED: open passive        => LISTEN ISS=none DEADLINE=none
        LISTEN: open passive        => error: connection already exists
        SYN-SENT: open passive      => error: connection already exists
        SYN-RECEIVED: open passive  => error: connection already exists
        ESTABLISHED: open passive   => error: connection already exists
        FIN-WAIT-1: open passive    => error: connection already exists
        FIN-WAIT-2: open passive    => error: connection already exists
        CLOSE-WAIT: open passive    => error: connection already exists
        CLOSING: open passive       => error: connection already exists
        LAST-ACK: open passive      => error: connection already exists
        TIME-WAIT: open passive     => error: connection already exists
        ",
    );
}

#[test]
fn a_listener_turned_active_is_a_client_like_any_other() {
    check(
        "
        LISTEN
        open active
        --> <SEQ=100><CTL=SYN>
        LISTEN -> SYN-SENT
        <-- <SEQ=299><CTL=SYN>
        --> <SEQ=100><ACK=300><CTL=SYN,ACK>
        SYN-SENT -> SYN-RECEIVED
        <-- <SEQ=300><CTL=RST>
        signal: Refused           # and not back to LISTEN
        CLOSED
        ",
    );
}

#[test]
fn open_before_the_last_life_is_drained_is_an_error() {
    for given in ["LISTEN", "SYN-SENT", "ESTABLISHED", "CLOSING"] {
        let mut connection = after(given);
        connection.abort().unwrap();
        let aborted = connection.clone();
        for open in [Open::Active, Open::Passive] {
            assert_eq!(connection.open(open, Instant::ZERO), Err(CallError::ConnectionAlreadyExists));
            assert_eq!(connection, aborted);
        }
        drain(&mut connection, Instant::ZERO);
        assert_eq!(connection.open(Open::Passive, Instant::ZERO), Ok(()));
    }
}

#[test]
fn a_closed_connection_that_is_drained_is_as_good_as_new() {
    let lives = [
        "LISTEN\nabort\nCLOSED",
        "SYN-SENT\nsend 10\nclose\nCLOSED",
        "SYN-SENT\n<-- <SEQ=0><ACK=100><CTL=RST,ACK>\nsignal: Refused\nCLOSED",
        "SYN-RECEIVED\nsend 10\nclose\nabort\n--> <SEQ=100><CTL=RST>\nCLOSED",
        "ESTABLISHED\n<-- <SEQ=301><CTL=RST> refused\n--> <SEQ=100><ACK=300><CTL=ACK>\nsend 1\n--> <SEQ=100><ACK=300><CTL=ACK><DATA=1>\n<-- <SEQ=300><CTL=RST>\nsignal: Reset\nCLOSED",
        "LAST-ACK\n<-- <SEQ=300><ACK=100><CTL=ACK>\nCLOSED",
    ];
    for life in lives {
        assert_eq!(after(life), Connection::new(&Config::DEFAULT, 0), "{life}");
    }
}

#[test]
fn a_second_life_knows_nothing_of_the_first() {
    check(
        "
        ESTABLISHED SND.WND=1072
        send 2000
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=536>
        --> <SEQ=636><ACK=300><CTL=ACK><DATA=536>
        close
        FIN-WAIT-1
        <-- <SEQ=300><CTL=RST>
        signal: Reset
        CLOSED ISS=none SND.NXT=none RCV.NXT=none UNSENT=0 IN-FLIGHT=0 DEADLINE=none
        + 10m
        ISS=5000
        open active
        --> <SEQ=5000><CTL=SYN>
        SYN-SENT UNSENT=0 RTO=1s SRTT=none RETRANSMISSIONS=0 DEADLINE=1s
        <-- <SEQ=8000><ACK=5001><CTL=SYN,ACK>
        --> <SEQ=5001><ACK=8001><CTL=ACK>
        ESTABLISHED UNSENT=0 DEADLINE=none
        send 10                   # the CLOSE of the first life is forgotten
        --> <SEQ=5001><ACK=8001><CTL=ACK><DATA=10> bytes 0..10
        ",
    );
}

#[test]
fn the_initial_sequence_number_is_a_clock_of_4_microseconds_and_the_offset() {
    for (micros, offset, iss) in [
        (0, 7, 7),
        (3, 7, 7),
        (4, 7, 8),
        (1_000_000, 7, 250_007),
        (4, u32::MAX, 0),
        (4 << 32, 7, 7),
        ((4 << 32) + 8, 7, 9),
    ] {
        let now = Instant::from_micros(micros);
        let mut connection = Connection::new(&Config::DEFAULT, offset);
        connection.open(Open::Active, now).unwrap();
        assert_eq!(connection.status().iss.unwrap().0, iss);
    }
}

#[test]
fn in_listen_each_syn_may_have_its_own_offset() {
    let syn: Segment = "<SEQ=299><CTL=SYN><WND=1000>".parse().unwrap();
    let reset: Segment = "<SEQ=300><CTL=RST>".parse().unwrap();
    let mut connection = Connection::new(&Config::DEFAULT, 1);
    connection.open(Open::Passive, Instant::ZERO).unwrap();
    drain(&mut connection, Instant::ZERO);
    for (offset, seconds) in [(1_000, 0), (2_000, 0), (2_000, 1), (50, 2)] {
        let now = Instant::ZERO + Duration::from_secs(seconds);
        connection.set_isn_offset(offset);
        assert_eq!(connection.segment_arrives(&syn, now), Ok(0..0));
        let iss = offset + seconds as u32 * 250_000;
        let syn_ack = format!("<SEQ={iss}><ACK=300><CTL=SYN,ACK>");
        assert_eq!(drain(&mut connection, now), ["LISTEN -> SYN-RECEIVED".to_owned(), syn_ack]);
        connection.set_isn_offset(77); // too late for this connection
        assert_eq!(connection.status().iss.unwrap().0, iss);
        assert_eq!(connection.segment_arrives(&reset, now), Ok(0..0));
        assert_eq!(drain(&mut connection, now), ["SYN-RECEIVED -> LISTEN"]);
        assert_eq!(connection.state(), State::Listen);
    }
}
