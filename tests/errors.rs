//! ICMP errors (RFC 9293 section 3.9.2.2) and half-duplex close (section 3.6.1).

use tcp_lifecycle::sim::{Script, check};
use tcp_lifecycle::{
    Config, Connection, IcmpError, Instant, Open, Output, Refusal, SeqNumber, Signal, State, Transition,
};

const SOFT: [IcmpError; 7] = [
    IcmpError::NetworkUnreachable,
    IcmpError::HostUnreachable,
    IcmpError::FragmentationNeeded,
    IcmpError::SourceRouteFailed,
    IcmpError::Prohibited,
    IcmpError::TimeExceeded,
    IcmpError::ParameterProblem,
];
const HARD: [IcmpError; 2] = [IcmpError::ProtocolUnreachable, IcmpError::PortUnreachable];

#[track_caller]
fn after(config: &Config, script: &str) -> Connection {
    Script::parse(script).and_then(|script| script.run(config)).unwrap_or_else(|error| panic!("{error}"))
}

fn signals(connection: &mut Connection) -> Vec<Signal> {
    let mut signals = Vec::new();
    loop {
        match connection.poll(Instant::ZERO) {
            Output::Signal(signal) => signals.push(signal),
            Output::Transition(_) => {}
            Output::Transmit(transmit) => panic!("{}", transmit.segment),
            Output::Wait(_) => return signals,
        }
    }
}

/// One segment of ten bytes in flight, the numbers 100 to 109.
const IN_FLIGHT: &str = "
    ESTABLISHED SND.NXT=100 RCV.NXT=300
    send 10
    --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
    ";
const SYN_SENT: &str = "
    ISS=100
    open active
    --> <SEQ=100><CTL=SYN>
    SYN-SENT
    ";
const SYN_RECEIVED: &str = "
    ISS=100
    open passive
    LISTEN
    <-- <SEQ=299><CTL=SYN>
    --> <SEQ=100><ACK=300><CTL=SYN,ACK>
    SYN-RECEIVED
    ";

#[test]
fn a_soft_error_is_signalled_and_never_fatal() {
    for config in [Config::DEFAULT, Config { icmp_aborts: true, ..Config::DEFAULT }] {
        for script in [SYN_SENT, SYN_RECEIVED, IN_FLIGHT] {
            for error in SOFT {
                assert!(!error.is_hard());
                let mut connection = after(&config, script);
                let state = connection.state();
                assert_eq!(connection.icmp(error, SeqNumber(100)), Ok(()));
                assert_eq!(signals(&mut connection), [Signal::SoftError(error)]);
                assert_eq!(connection.state(), state);
            }
        }
    }
}

#[test]
fn a_hard_error_ends_the_connection_before_it_is_established() {
    for error in HARD {
        let mut connection = after(&Config::DEFAULT, SYN_SENT);
        assert_eq!(connection.icmp(error, SeqNumber(100)), Ok(()));
        assert_eq!(signals(&mut connection), [Signal::Unreachable(error)]);
        assert_eq!((connection.state(), connection.deadline()), (State::Closed, None));
    }
}

#[test]
fn a_hard_error_in_syn_received_goes_back_to_listen_in_silence() {
    let mut connection = after(&Config::DEFAULT, SYN_RECEIVED);
    assert_eq!(connection.icmp(IcmpError::PortUnreachable, SeqNumber(100)), Ok(()));
    assert_eq!(signals(&mut connection), []);
    assert_eq!((connection.state(), connection.deadline()), (State::Listen, None));
}

#[test]
fn a_hard_error_later_ends_the_connection_only_by_policy() {
    for error in HARD {
        let mut connection = after(&Config::DEFAULT, IN_FLIGHT);
        assert_eq!(connection.icmp(error, SeqNumber(109)), Ok(()));
        assert_eq!(signals(&mut connection), [Signal::SoftError(error)]);
        assert_eq!(connection.state(), State::Established);

        let mut connection = after(&Config { icmp_aborts: true, ..Config::DEFAULT }, IN_FLIGHT);
        assert_eq!(connection.icmp(IcmpError::TimeExceeded, SeqNumber(100)), Ok(()));
        assert_eq!(connection.icmp(error, SeqNumber(109)), Ok(()));
        assert_eq!(
            signals(&mut connection),
            [Signal::Unreachable(error)],
            "the end takes the place of what came before"
        );
        assert_eq!((connection.state(), connection.deadline()), (State::Closed, None));
    }
}

#[test]
fn a_number_that_is_not_in_flight_is_about_something_else() {
    for config in [Config::DEFAULT, Config { icmp_aborts: true, ..Config::DEFAULT }] {
        for script in [SYN_SENT, IN_FLIGHT, "ESTABLISHED SND.NXT=100 RCV.NXT=300", "CLOSED", "LISTEN"] {
            let mut connection = after(&config, script);
            let before = connection.clone();
            for quoted in [99, 110, 300, 100 + (1 << 31)] {
                let refused = connection.icmp(IcmpError::PortUnreachable, SeqNumber(quoted));
                assert_eq!(refused, Err(Refusal::IcmpNotInFlight), "{quoted} after {script}");
            }
            assert_eq!(connection, before);
        }
    }
}

#[test]
fn source_quench_is_discarded() {
    for script in [SYN_SENT, SYN_RECEIVED, IN_FLIGHT, "CLOSED", "LISTEN"] {
        let mut connection = after(&Config::DEFAULT, script);
        let before = connection.clone();
        assert_eq!(connection.icmp(IcmpError::SourceQuench, SeqNumber(100)), Ok(()));
        assert_eq!(connection, before);
    }
}

#[test]
fn a_close_with_bytes_unread_resets_where_the_policy_says_so() {
    check(
        "
        config half_duplex_close=on
        ESTABLISHED SND.NXT=100 RCV.NXT=300
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=5>
        --> <SEQ=100><ACK=305><CTL=ACK>
        receive 4
        close
        --> <SEQ=100><CTL=RST>
        CLOSED
        ",
    );
}

#[test]
fn a_close_with_all_read_is_graceful() {
    check(
        "
        config half_duplex_close=on
        ESTABLISHED SND.NXT=100 RCV.NXT=300
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=5>
        --> <SEQ=100><ACK=305><CTL=ACK>
        receive 5
        close
        --> <SEQ=100><ACK=305><CTL=FIN,ACK>
        FIN-WAIT-1
        <-- <SEQ=305><ACK=101><CTL=FIN,ACK>
        signal: Closing
        --> <SEQ=101><ACK=306><CTL=ACK>
        TIME-WAIT
        ",
    );
}

#[test]
fn bytes_after_a_close_reset_where_the_policy_says_so() {
    for (ack, state) in [(100, "FIN-WAIT-1"), (101, "FIN-WAIT-2")] {
        check(
            &"
            config half_duplex_close=on
            ESTABLISHED SND.NXT=100 RCV.NXT=300
            close
            --> <SEQ=100><ACK=300><CTL=FIN,ACK>
            FIN-WAIT-1
            <-- <SEQ=300><ACK=NUMBER><CTL=ACK>
            STATE
            <-- <SEQ=300><ACK=NUMBER><CTL=ACK><DATA=1>   delivers nothing
            signal: Reset
            --> <SEQ=101><CTL=RST>                       # as an ABORT's, whatever of ours has arrived
            CLOSED
            "
            .replace("NUMBER", &ack.to_string())
            .replace("STATE", state),
        );
    }
}

/// Payload that the user had read before the CLOSE is not lost when it is retransmitted, even together with the FIN.
#[test]
fn bytes_that_were_read_before_a_close_reset_nothing_when_they_come_again() {
    for (ack, next) in [(100, "CLOSING"), (101, "TIME-WAIT")] {
        check(&format!(
            "
            config half_duplex_close=on
            ESTABLISHED SND.NXT=100 RCV.NXT=300
            <-- <SEQ=300><ACK=100><CTL=ACK><DATA=5>
            --> <SEQ=100><ACK=305><CTL=ACK>
            receive 5
            close
            --> <SEQ=100><ACK=305><CTL=FIN,ACK>
            FIN-WAIT-1
            <-- <SEQ=300><ACK=100><CTL=ACK><DATA=5>          refused
            --> <SEQ=101><ACK=305><CTL=ACK>
            <-- <SEQ=300><ACK={ack}><CTL=FIN,ACK><DATA=5>    delivers nothing
            signal: Closing
            --> <SEQ=101><ACK=306><CTL=ACK>
            {next}
            "
        ));
    }
}

#[test]
fn without_the_policy_a_closed_end_goes_on_receiving() {
    check(
        "
        ESTABLISHED SND.NXT=100 RCV.NXT=300
        <-- <SEQ=300><ACK=100><CTL=ACK><DATA=5>
        --> <SEQ=100><ACK=305><CTL=ACK>
        close
        --> <SEQ=100><ACK=305><CTL=FIN,ACK>
        FIN-WAIT-1
        <-- <SEQ=305><ACK=101><CTL=ACK><DATA=1>
        --> <SEQ=101><ACK=306><CTL=ACK>
        FIN-WAIT-2
        ",
    );
}

/// RFC 792 and RFC 4443: the types and codes that a host parses from a packet.
#[test]
fn types_and_codes_of_both_versions_are_errors_for_tcp_or_none() {
    let v4 = |kind: u8, codes: std::ops::RangeInclusive<u8>| {
        codes.map(|code| IcmpError::of_v4(kind, code)).collect::<Vec<_>>()
    };
    let v6 = |kind: u8, codes: std::ops::RangeInclusive<u8>| {
        codes.map(|code| IcmpError::of_v6(kind, code)).collect::<Vec<_>>()
    };
    use IcmpError::*;
    assert_eq!(
        v4(3, 0..=6),
        [
            NetworkUnreachable,
            HostUnreachable,
            ProtocolUnreachable,
            PortUnreachable,
            FragmentationNeeded,
            SourceRouteFailed,
            NetworkUnreachable
        ]
        .map(Some)
    );
    assert_eq!(v4(3, 9..=13), [Prohibited, Prohibited, NetworkUnreachable, HostUnreachable, Prohibited].map(Some));
    assert_eq!(v4(3, 16..=16), [None]);
    assert_eq!((v4(4, 0..=0), v4(11, 0..=1)), (vec![Some(SourceQuench)], vec![Some(TimeExceeded); 2]));
    assert_eq!((v4(12, 0..=0), v4(0, 0..=0), v4(8, 0..=0)), (vec![Some(ParameterProblem)], vec![None], vec![None]));
    assert_eq!(
        v6(1, 0..=7),
        [
            NetworkUnreachable,
            Prohibited,
            NetworkUnreachable,
            HostUnreachable,
            PortUnreachable,
            Prohibited,
            Prohibited,
            SourceRouteFailed
        ]
        .map(Some)
    );
    assert_eq!((v6(2, 0..=0), v6(3, 0..=0)), (vec![Some(FragmentationNeeded)], vec![Some(TimeExceeded)]));
    // The error is soft, including the unknown next header (RFC 9293 section 3.9.2.2).
    assert_eq!(v6(4, 0..=2), vec![Some(ParameterProblem); 3]);
    assert_eq!((v6(128, 0..=0), v6(1, 8..=8)), (vec![None], vec![None]));
}

/// S14: a listener is told nothing about a peer that is gone, however late it polls.
#[test]
fn back_in_listen_no_soft_error_is_told() {
    let mut connection = Connection::new(&Config::DEFAULT, 0);
    connection.open(Open::Passive, Instant::ZERO).unwrap();
    connection.segment_arrives(&"<SEQ=5><CTL=SYN>".parse().unwrap(), Instant::ZERO).unwrap();
    while !matches!(connection.poll(Instant::ZERO), Output::Wait(_)) {}
    let iss = connection.status().iss.unwrap();
    connection.icmp(IcmpError::Prohibited, iss).unwrap();
    connection.icmp(IcmpError::PortUnreachable, iss).unwrap();
    let back = Transition { from: State::SynReceived, to: State::Listen };
    assert_eq!(connection.poll(Instant::ZERO), Output::Transition(back));
    assert_eq!(connection.poll(Instant::ZERO), Output::Wait(None));
}
