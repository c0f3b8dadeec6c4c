//! Lines for the calls in addition to the RFC's, and the data in an error for a program.

use tcp_lifecycle::sim::{Script, check, check_with};
use tcp_lifecycle::{Config, Connection, State};

use super::{differs, error_of};

#[test]
fn what_is_lost_goes_out_again_when_the_caller_says_so() {
    check(
        "
        ESTABLISHED
        send 20
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=20>      bytes 0..20
        retransmit 5..10
        --> <SEQ=105><ACK=300><CTL=ACK><DATA=5>       bytes 5..10
        retransmit 15..21                             => error: bytes that have not been sent
        ",
    );
    differs("ESTABLISHED\nretransmit 0..1", 2, "no error", "error: bytes that have not been sent");
}

#[test]
fn an_icmp_error_arrives() {
    check(
        "
        SYN-SENT                       ISS=99
        icmp PortUnreachable 100       refused: IcmpNotInFlight
        icmp TimeExceeded 99
        signal: SoftError TimeExceeded
        icmp PortUnreachable 99        accepted
        signal: Unreachable PortUnreachable
        CLOSED
        ",
    );
    let not_in_flight = "refused: an ICMP error about nothing in flight (IcmpNotInFlight: RFC 5927 section 4.1)";
    differs("SYN-SENT\nicmp TimeExceeded 7", 2, "accepted", not_in_flight);
    differs("SYN-SENT\nicmp SourceQuench 99 refused", 2, "refused: ", "delivers 0..0");
}

#[test]
fn an_icmp_error_can_be_joined_to_other_events() {
    check(
        "
        SYN-SENT
        send 5
        & icmp PortUnreachable 99
        signal: Unreachable PortUnreachable
        CLOSED
        ",
    );
    check(
        "
        SYN-SENT
        icmp PortUnreachable 99
        & open active                  => error: connection already exists
        signal: Unreachable PortUnreachable
        CLOSED
        ",
    );
}

#[test]
fn policies_may_change_in_mid_life() {
    check(
        "
        config nagle=on
        ESTABLISHED
        send 10
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        send 10                                       # Nagle's algorithm
        configure nagle=off, msl=1m
        --> <SEQ=110><ACK=300><CTL=ACK><DATA=10>
        <-- <SEQ=300><ACK=120><CTL=FIN,ACK>
        signal: Acknowledged 20
        signal: Closing
        --> <SEQ=120><ACK=301><CTL=ACK>
        CLOSE-WAIT
        ",
    );
    check(
        "
        FIN-WAIT-2                                    SND.NXT=101
        configure msl=1m
        <-- <SEQ=300><ACK=101><CTL=FIN,ACK>
        signal: Closing
        --> <SEQ=101><ACK=301><CTL=ACK>
        TIME-WAIT                                     DEADLINE=2m
        + 2 MSL
        CLOSED
        ",
    );
    differs("ESTABLISHED\nconfig msl=1m", 2, "policies before the first event, or configure", "an event before");
}

#[test]
fn keep_alive_is_a_policy_with_three_values() {
    check(
        "
        config keep_alive=1m 10s 2
        ESTABLISHED                                   DEADLINE=1m
        + 1m
        --> <SEQ=99><ACK=300><CTL=ACK>
        + 10s
        --> <SEQ=99><ACK=300><CTL=ACK>
        + 10s
        signal: TimedOut
        CLOSED
        ",
    );
    check(
        "
        ESTABLISHED                                   DEADLINE=none
        configure keep_alive=on
        ESTABLISHED                                   DEADLINE=2h
        configure keep_alive=1m 10s 2
        ESTABLISHED                                   DEADLINE=1m
        configure keep_alive=none
        ESTABLISHED                                   DEADLINE=none
        ",
    );
}

/// The output of a test that fails.
#[test]
fn a_script_that_differs_ends_a_test_with_the_exchange_until_then() {
    let script = "ESTABLISHED\nconfigure nagle=off, mss=100\nCLOSED";
    let error = error_of(script);
    assert_eq!(error.exchange(), ["       0ns  ESTABLISHED is given", "       0ns  configure nagle=off, mss=100"]);
    assert_eq!(format!("{error:?}"), error.to_string());
    let told = |test: fn(&str)| {
        let panic = std::panic::catch_unwind(|| test(script)).unwrap_err();
        panic.downcast_ref::<String>().cloned()
    };
    assert_eq!(told(check), Some(error.to_string()));
    let with = |script: &str| check_with(|config: &Config| Connection::new(config, 0), script);
    assert_eq!(told(with), Some(error.to_string()));
}

#[test]
fn an_error_can_be_read_by_a_program_and_tells_why_a_segment_was_refused() {
    let error = error_of("ESTABLISHED\n<-- <SEQ=301><CTL=RST> refused\nESTABLISHED");
    assert_eq!(error.line(), 3);
    assert_eq!(error.difference(), Some(("nothing more", "--> <SEQ=100><ACK=300><CTL=ACK><WND=65535>")));
    let exchange = [
        "       0ns  ESTABLISHED is given",
        "       0ns  <-- <SEQ=301><CTL=RST><WND=65535>",
        "       0ns      refused: a reset in the receive window, not at RCV.NXT",
        "       0ns  --> <SEQ=100><ACK=300><CTL=ACK><WND=65535>",
    ];
    assert_eq!(error.exchange(), exchange);
}

#[test]
fn every_variable_can_be_written() {
    let script = "
        config mss=1000, timestamps=on, sack_permitted=on, window_scale=2, receive_buffer=200000
        open active
        --> <SEQ=100><CTL=SYN>
        SYN-SENT     IRS=none RCV.NXT=none
        <-- <SEQ=300><ACK=101><CTL=SYN,ACK><WND=500><MSS=600><WS=1><SACK><TS=7,0>
        --> <SEQ=101><ACK=301><CTL=ACK>
        ESTABLISHED  ISS=100 IRS=300 SND.UNA=101 SND.NXT=101 SND.WND=500 SND.UP=none SND.SCALE=1
        ESTABLISHED  RCV.NXT=301 RCV.UP=none RCV.SCALE=2 UNSENT=0 IN-FLIGHT=0 UNREAD=0 URGENT=0
        ESTABLISHED  PEER-MSS=588 RETRANSMISSIONS=0 DUPLICATE-ACKS=0 RTO=1s TIMESTAMPS=1 SACK=1 DEADLINE=none
        send urgent 5
        --> <SEQ=101><ACK=301><CTL=URG,ACK><DATA=5><URG=5>
        ESTABLISHED  SND.UP=106 IN-FLIGHT=5 TIMER=1s DEADLINE=1s
        <-- <SEQ=301><ACK=101><CTL=URG,ACK><DATA=5><URG=3><TS=8,0>
        signal: Urgent
        --> <SEQ=106><ACK=306><CTL=URG,ACK>
        ESTABLISHED  RCV.UP=304 URGENT=3 UNREAD=5";
    let connection = Script::parse(script).and_then(|script| script.run(&Config::DEFAULT)).unwrap();
    assert_eq!(connection.state(), State::Established);
    check("CLOSED ISS=none RTO=none SRTT=none RTTVAR=none RCV.WND=none");
}

#[test]
fn marks_of_congestion_come_with_a_segment_and_go_out_with_payload() {
    check(
        "
        config ecn=on
        open active
        --> <SEQ=100><CTL=SYN,ECE,CWR>
        SYN-SENT                                      ECN=0
        <-- <SEQ=300><ACK=101><CTL=SYN,ACK,ECE>
        --> <SEQ=101><ACK=301><CTL=ACK>
        ESTABLISHED                                   ECN=1
        <-- <SEQ=301><ACK=101><CTL=ACK><DATA=5>
        & congestion experienced
        --> <SEQ=101><ACK=306><CTL=ACK,ECE>
        <-- <SEQ=306><ACK=101><CTL=ACK,CWR><DATA=5>
        --> <SEQ=101><ACK=311><CTL=ACK>
        congestion window reduced
        send 5
        --> <SEQ=101><ACK=311><CTL=ACK,CWR><DATA=5>
        ",
    );
}

#[test]
fn an_option_that_must_not_be_there_is_written_as_none() {
    let opens = |config: &str, segment: &str| format!("config {config}\nopen active\n--> {segment}\nSYN-SENT");
    check(&opens("timestamps=off", "<SEQ=100><CTL=SYN><MSS=536><WS=none><SACK=none><TS=none>"));
    for (config, field, there) in [
        ("timestamps=off", "<MSS=none>", "<MSS=536>"),
        ("receive_buffer=100000, window_scale=1", "<WS=none>", "<WS=1>"),
        ("sack_permitted=on", "<SACK=none>", "<SACK>"),
        ("timestamps=on", "<TS=none>", "<TS=0,0>"),
    ] {
        let error = error_of(&opens(config, &format!("<SEQ=100><CTL=SYN>{field}")));
        let (expected, came) = error.difference().unwrap();
        assert_eq!((error.line(), expected), (3, &*format!("--> <SEQ=100><CTL=SYN>{field}")));
        assert!(came.ends_with(there), "{came}");
    }
    check("ESTABLISHED\nsend 1\n--> <SEQ=100><ACK=300><CTL=ACK><DATA=1><MSS=none>");
    check("LISTEN\n<-- <SEQ=7><CTL=SYN><TS=none>\n--> <SEQ=100><ACK=8><CTL=SYN,ACK><TS=none>\nSYN-RECEIVED");
    let both = Script::parse("--> <SEQ=100><CTL=SYN><WS=none><WS=1>").unwrap_err();
    assert!(both.to_string().contains("<WS=none> beside an option WS"), "{both}");
}

/// One byte each, as many as a scaled window holds.
#[test]
fn one_event_may_put_out_any_number_of_segments_of_what_is_queued() {
    let script = "
        config receive_buffer=100000, window_scale=1, max_segment=1
        open active
        --> <SEQ=100><CTL=SYN>
        SYN-SENT
        limit 0
        send 100001
        <-- <SEQ=300><ACK=101><CTL=SYN,ACK><WS=14>
        --> <SEQ=101><ACK=301><CTL=ACK>
        ESTABLISHED                               UNSENT=100001
        <-- <SEQ=301><ACK=101><CTL=ACK>
        limit 100001
        ESTABLISHED                               SND.NXT=100102 UNSENT=0 IN-FLIGHT=100001";
    differs(script, 13, "nothing more", "--> <SEQ=101><ACK=301><CTL=ACK><DATA=1>");
}
