//! Explicit congestion notification: RFC 9293 section 3.8.2 (SHLD-8), RFC 3168 section 6.1.

use tcp_lifecycle::sim::{Script, check};
use tcp_lifecycle::{Config, Connection, Control, Instant, Output, Segment, Signal};

const NOW: Instant = Instant::ZERO;

#[test]
fn a_syn_offers_it_with_both_bits_and_a_syn_ack_accepts_it_with_one() {
    check(
        "
        config ecn=on
        ISS=99
        open active
        --> <SEQ=99><CTL=SYN,ECE,CWR>
        SYN-SENT                                ECN=0
        <-- <SEQ=299><ACK=100><CTL=SYN,ACK,ECE>
        --> <SEQ=100><ACK=300><CTL=ACK>
        ESTABLISHED                             ECN=1
        ",
    );
    check(
        "
        config ecn=on
        ISS=99
        open passive
        LISTEN
        <-- <SEQ=299><CTL=SYN,ECE,CWR>
        --> <SEQ=99><ACK=300><CTL=SYN,ACK,ECE>
        SYN-RECEIVED                            ECN=1
        <-- <SEQ=300><ACK=100><CTL=ACK>
        ESTABLISHED                             ECN=1
        ",
    );
}

#[test]
fn when_both_offer_it_at_once_it_is_agreed() {
    check(
        "
        config ecn=on
        ISS=99
        open active
        --> <SEQ=99><CTL=SYN,ECE,CWR>
        SYN-SENT
        <-- <SEQ=299><CTL=SYN,ECE,CWR>
        --> <SEQ=99><ACK=300><CTL=SYN,ACK,ECE>
        SYN-RECEIVED                            ECN=1
        ",
    );
}

/// Some hosts reflect the bits of a SYN, which is no acceptance (RFC 3168 section 6.1.1).
#[test]
fn any_other_bits_accept_nothing() {
    for bits in ["", ",CWR", ",ECE,CWR"] {
        check(&format!(
            "
            config ecn=on
            ISS=99
            open active
            --> <SEQ=99><CTL=SYN,ECE,CWR>
            SYN-SENT
            <-- <SEQ=299><ACK=100><CTL=SYN,ACK{bits}>
            --> <SEQ=100><ACK=300><CTL=ACK>
            ESTABLISHED                         ECN=0
            "
        ));
    }
    for bits in ["", ",ECE", ",CWR"] {
        check(&format!(
            "
            config ecn=on
            ISS=99
            open passive
            LISTEN
            <-- <SEQ=299><CTL=SYN{bits}>
            --> <SEQ=99><ACK=300><CTL=SYN,ACK>
            SYN-RECEIVED                        ECN=0
            "
        ));
    }
}

/// Without the policy a SYN that offers it is a SYN like any other, and the bits say nothing on any segment.
#[test]
fn switched_off_the_bits_do_no_harm() {
    check(
        "
        ISS=99
        open passive
        LISTEN
        <-- <SEQ=299><CTL=SYN,ECE,CWR>
        --> <SEQ=99><ACK=300><CTL=SYN,ACK>
        SYN-RECEIVED                            ECN=0
        <-- <SEQ=300><ACK=100><CTL=ACK,ECE><DATA=5>
        --> <SEQ=100><ACK=305><CTL=ACK>
        ESTABLISHED
        <-- <SEQ=305><ACK=100><CTL=FIN,ACK,ECE,CWR>
        signal: Closing
        --> <SEQ=100><ACK=306><CTL=ACK>
        CLOSE-WAIT                              ECN=0
        ",
    );
}

#[test]
fn the_offer_stands_when_the_policy_changes_before_the_answer() {
    let mut connection =
        after(Config { ecn: true, ..Config::DEFAULT }, "ISS=99\nopen active\n--> <SEQ=99><CTL=SYN,ECE,CWR>\nSYN-SENT");
    connection.configure(&Config::DEFAULT);
    assert_eq!(connection.segment_arrives(&segment("<SEQ=299><ACK=100><CTL=SYN,ACK,ECE>"), NOW), Ok(0..0));
    assert!(connection.status().ecn);
}

#[track_caller]
fn after(config: Config, script: &str) -> Connection {
    Script::parse(script).and_then(|script| script.run(&config)).unwrap_or_else(|error| panic!("{error}"))
}

fn segment(text: &str) -> Segment {
    text.parse().unwrap()
}

fn agreed() -> Connection {
    after(
        Config { ecn: true, default_peer_mss: 100, ..Config::DEFAULT },
        "
        ISS=99
        open active
        --> <SEQ=99><CTL=SYN,ECE,CWR>
        SYN-SENT
        <-- <SEQ=299><ACK=100><CTL=SYN,ACK,ECE><WND=1000>
        --> <SEQ=100><ACK=300><CTL=ACK>
        ESTABLISHED
        ",
    )
}

/// The segments that are put out, and whether the user hears of congestion.
fn drain(connection: &mut Connection) -> (Vec<Segment>, bool) {
    let (mut segments, mut congestion) = (vec![], false);
    loop {
        match connection.poll(NOW) {
            Output::Transition(_) => {}
            Output::Signal(signal) => congestion |= signal == Signal::CongestionExperienced,
            Output::Transmit(transmit) => segments.push(transmit.segment),
            Output::Wait(_) => return (segments, congestion),
        }
    }
}

fn arrives(connection: &mut Connection, text: &str) -> (Vec<Segment>, bool) {
    connection.segment_arrives(&segment(text), NOW).unwrap();
    drain(connection)
}

fn bits(segments: &[Segment]) -> Vec<Control> {
    segments.iter().map(|segment| segment.control() & (Control::ECE | Control::CWR)).collect()
}

#[test]
fn a_mark_is_echoed_on_every_segment_until_the_peer_has_reduced_its_window() {
    let mut connection = agreed();
    connection.segment_arrives(&segment("<SEQ=300><ACK=100><CTL=ACK><DATA=10><WND=1000>"), NOW).unwrap();
    connection.congestion_experienced();
    assert_eq!(bits(&drain(&mut connection).0), [Control::ECE]);
    let acks = arrives(&mut connection, "<SEQ=310><ACK=100><CTL=ACK><DATA=10><WND=1000>").0;
    assert_eq!(bits(&acks), [Control::ECE]);
    connection.send(150, NOW).unwrap();
    assert_eq!(bits(&drain(&mut connection).0), [Control::ECE; 1]); // the rest is Nagle's
    let acks = arrives(&mut connection, "<SEQ=320><ACK=200><CTL=ACK,CWR><DATA=10><WND=1000>").0;
    assert_eq!(bits(&acks), [Control::empty()]);
    // A mark on the very packet that says so counts anew.
    connection.segment_arrives(&segment("<SEQ=330><ACK=250><CTL=ACK,CWR><DATA=10><WND=1000>"), NOW).unwrap();
    connection.congestion_experienced();
    assert_eq!(bits(&drain(&mut connection).0), [Control::ECE]);
}

#[test]
fn an_echo_is_signalled_and_the_first_new_payload_says_that_the_window_is_reduced() {
    let mut connection = agreed();
    connection.send(200, NOW).unwrap();
    assert_eq!(bits(&drain(&mut connection).0), [Control::empty(); 2]);
    assert_eq!(arrives(&mut connection, "<SEQ=300><ACK=200><CTL=ACK,ECE><WND=1000>"), (vec![], true));
    connection.congestion_window_reduced();
    // Neither an ACK nor what is sent again: only new payload.
    let acks = arrives(&mut connection, "<SEQ=300><ACK=200><CTL=ACK><DATA=10><WND=1000>").0;
    assert_eq!(bits(&acks), [Control::empty()]);
    connection.retransmit(0..100).unwrap();
    assert_eq!(bits(&drain(&mut connection).0), [Control::empty()]);
    connection.send(200, NOW).unwrap();
    assert_eq!(bits(&drain(&mut connection).0), [Control::CWR, Control::empty()]);
    // With nothing new to send it waits.
    connection.congestion_window_reduced();
    assert_eq!(drain(&mut connection), (vec![], false));
    connection.send(100, NOW).unwrap();
    assert_eq!(bits(&drain(&mut connection).0), [Control::CWR]);
}

#[test]
fn without_the_agreement_marks_and_reductions_are_nobodys_business() {
    let mut connection = after(Config::DEFAULT, "ESTABLISHED");
    let before = connection.clone();
    connection.congestion_experienced();
    connection.congestion_window_reduced();
    assert_eq!(connection, before);
    let (segments, congestion) = arrives(&mut connection, "<SEQ=300><ACK=100><CTL=ACK,ECE><DATA=10><WND=1000>");
    assert_eq!((bits(&segments), congestion), (vec![Control::empty()], false));
}

/// A mark and an echo that somebody forges outside the window change nothing.
#[test]
fn a_refused_segment_says_nothing_of_congestion() {
    let mut connection = agreed();
    connection.send(100, NOW).unwrap();
    drain(&mut connection);
    assert!(connection.segment_arrives(&segment("<SEQ=90000><ACK=100><CTL=ACK,ECE,CWR><WND=1000>"), NOW).is_err());
    assert!(!drain(&mut connection).1);
}

/// Sent again, our SYN still offers it, and our SYN,ACK still accepts it.
#[test]
fn it_is_on_every_copy_of_a_syn() {
    check(
        "
        config ecn=on
        ISS=99
        open passive
        LISTEN
        <-- <SEQ=299><CTL=SYN,ECE,CWR>
        --> <SEQ=99><ACK=300><CTL=SYN,ACK,ECE>
        SYN-RECEIVED
        + 1s
        --> <SEQ=99><ACK=300><CTL=SYN,ACK,ECE>
        <-- <SEQ=299><CTL=SYN,ECE,CWR>          refused: SynRepeated
        --> <SEQ=99><ACK=300><CTL=SYN,ACK,ECE>
        ",
    );
}
