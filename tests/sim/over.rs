//! Scripts for one end over a network: late segments are waited for, and the peer sends only what the script says.

use core::time::Duration;

use tcp_lifecycle::sim::{Network, Pair, Script, ScriptError, Side};
use tcp_lifecycle::{Config, Signal, State};

fn over(network: Network, script: &str) -> Result<Pair, ScriptError> {
    Script::parse(script)?.run_over(&Config::DEFAULT, network)
}

#[track_caller]
fn ends(network: Network, script: &str, state: State) -> Pair {
    let pair = over(network, script).unwrap();
    assert_eq!(pair.state(Side::A), state);
    assert_eq!(pair.violation(), None);
    pair
}

/// A network with this delay in each direction.
fn late(millis: u64) -> Network {
    Network { delay: Duration::from_millis(millis), ..Network::PERFECT }
}

const OPENS: &str = "
    open active
    --> <SEQ=100><CTL=SYN>
    <-- <SEQ=300><ACK=101><CTL=SYN,ACK>
    ESTABLISHED                                 SND.NXT=101 RCV.NXT=301
";

#[test]
fn what_is_said_takes_its_time() {
    let script = format!("{OPENS}\nsend 5\n+ 100ms\n<-- <SEQ=301><ACK=106><CTL=FIN,ACK>\nCLOSE-WAIT");
    let mut pair = ends(late(200), &script, State::CloseWait);
    let expected = "
  time  A                                                            B
0.000s  CLOSED
        SYN-SENT         (open active)
        SYN-SENT     --> <SEQ=100><CTL=SYN>                      -->
0.200s  ESTABLISHED  <-- <SEQ=300><ACK=101><CTL=SYN,ACK>         <--
0.400s  ESTABLISHED  --> <SEQ=101><ACK=301><CTL=ACK>             ...
        ESTABLISHED      (send 5)
";
    let ladder = format!("\n{}", pair.trace());
    assert!(ladder.starts_with(expected), "{ladder}");
    assert!(!ladder.contains("(again)") && !ladder.contains("(duplicate)"), "{ladder}");
    assert_eq!(pair.now(), tcp_lifecycle::Instant::from_micros(700_000), "100 ms and 200 ms after it was open");
    let diagram = pair.trace().mermaid().to_string();
    assert!(diagram.contains("B->>A: SEQ=300 ACK=101 CTL=SYN,ACK") && !diagram.contains("Note over B"), "{diagram}");
    // A trace that begins later does not know a state of the scripted peer either.
    pair.take_trace();
    pair.close(Side::A).unwrap();
    let ladder = pair.trace().to_string();
    assert!(ladder.contains("LAST-ACK") && !ladder.contains("CLOSED"), "{ladder}");
}

/// The peer answers only after the segment has arrived.
#[test]
fn what_the_network_loses_is_sent_again_until_the_peer_has_it() {
    let lossy = |seed| Network { loss: 500, ..Network::faulty(seed) };
    let script = "
        config r2=none, user_timeout=none
        ESTABLISHED
        send 5
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=5>
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=5>            # no ACK of it: once more
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=5>
        ESTABLISHED                                        UNSENT=0 IN-FLIGHT=5
    ";
    let mut lost = 0;
    for seed in 0..20 {
        let pair = ends(lossy(seed), script, State::Established);
        lost += pair.counts().lost;
        assert_eq!(pair.trace(), ends(lossy(seed), script, State::Established).trace());
    }
    assert!(lost > 20, "{lost}");
}

#[test]
fn the_payload_of_the_peer_is_the_low_octet_of_each_sequence_number() {
    let script = "
        ESTABLISHED                                        RCV.NXT=510
        <-- <SEQ=510><ACK=100><CTL=ACK><DATA=4>
        <-- <SEQ=512><ACK=100><CTL=ACK><DATA=4>
        ESTABLISHED                                        RCV.NXT=516 UNREAD=6
        receive 5
        ESTABLISHED                                        UNREAD=1
    ";
    let pair = ends(late(10), script, State::Established);
    assert_eq!(pair.received(Side::A), [254, 255, 0, 1, 2, 3]);
}

#[test]
fn every_initial_sequence_number_is_the_one_that_is_written() {
    let pair = ends(
        late(333),
        "
        ISS=400
        open passive
        LISTEN
        + 7s
        <-- <SEQ=300><CTL=SYN><WND=9>
        --> <SEQ=400><ACK=301><CTL=SYN,ACK>
        <-- <SEQ=301><ACK=401><CTL=ACK>
        LISTEN -> SYN-RECEIVED
        SYN-RECEIVED -> ESTABLISHED
        ESTABLISHED                                        SND.WND=9 ISS=400
        <-- <SEQ=301><CTL=RST>
        signal: Reset
        CLOSED
        ISS=500
        open active
        --> <SEQ=500><CTL=SYN>
        ",
        State::SynSent,
    );
    assert_eq!(pair.signals(Side::A), [Signal::Reset]);
}

#[test]
fn the_user_of_the_end_may_call_what_he_likes() {
    let pair = ends(
        late(10),
        "
        config nagle=off
        ESTABLISHED
        limit 3
        send 5
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=3>
        limit 100
        --> <SEQ=103><ACK=300><CTL=ACK><DATA=2>
        retransmit 0..3
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=3>
        retransmit 0..6                                    => error: bytes that have not been sent
        <-- <SEQ=300><ACK=105><CTL=ACK>
        signal: Acknowledged 5
        send urgent 2
        --> <SEQ=105><ACK=300><CTL=URG,ACK><DATA=2><URG=2>
        icmp TimeExceeded 105
        signal: SoftError TimeExceeded
        icmp TimeExceeded 7                                refused: IcmpNotInFlight
        configure mss=100
        congestion experienced
        abort
        --> <SEQ=107><CTL=RST>
        CLOSED
        close                                              => error: connection does not exist
        open active
        crash
        open active
        --> <SEQ=100><CTL=SYN><MSS=100>
        --> <SEQ=100><CTL=SYN><MSS=100>
        ",
        State::SynSent,
    );
    assert_eq!(pair.counts().injected, 0);
}

#[track_caller]
fn differs(script: &str, line: usize, expected: &str, came: &str) -> ScriptError {
    let error = over(Network::PERFECT, script).unwrap_err();
    assert_eq!((error.line(), error.difference()), (line, Some((expected, came))), "{error}");
    error
}

#[test]
fn what_never_comes_is_an_error_with_the_ladder_until_then() {
    let nothing = "nothing of the kind, and nothing more happens";
    let error = differs("open active\n--> <SEQ=101><CTL=SYN>", 2, "--> <SEQ=101><CTL=SYN>", nothing);
    assert!(error.exchange().iter().any(|row| row.contains("--> <SEQ=100><CTL=SYN> ")), "{error}");
    let own = "<SEQ=300><ACK=100><CTL=ACK>";
    differs(&format!("ESTABLISHED\n<-- {own}\n--> {own}"), 3, &format!("--> {own}"), nothing);
    differs("LISTEN\nsignal: Reset", 2, "signal: Reset", nothing);
    differs("LISTEN\nLISTEN -> CLOSED", 2, "LISTEN -> CLOSED", nothing);
    differs(
        "LISTEN\nopen active\nESTABLISHED UNSENT=1",
        3,
        "ESTABLISHED UNSENT=1",
        "CLOSED UNSENT=0, and nothing more happens",
    );
    differs("ESTABLISHED\nsend 16777217", 2, "at most 16777216 bytes at once", "send 16777217");
    differs("ESTABLISHED\nclose => error: connection closing", 2, "error: connection closing", "no error");
    // Each is signalled once.
    let reset = "ESTABLISHED\n<-- <SEQ=300><CTL=RST>\nsignal: Reset";
    ends(Network::PERFECT, reset, State::Closed);
    differs(&format!("{reset}\nsignal: Reset"), 4, "signal: Reset", nothing);
}

#[test]
fn what_says_nothing_over_a_network_is_an_error() {
    for line in [
        "& close",
        "config mss=100",
        "--> <SEQ=100><ACK=300><CTL=ACK><DATA=5> bytes 0..5",
        "<-- <SEQ=300><ACK=100><CTL=ACK> refused",
    ] {
        let error = over(Network::PERFECT, &format!("ESTABLISHED\nsend 5\n{line}")).unwrap_err();
        assert_eq!((error.line(), error.difference()), (3, None), "{error}");
        assert!(error.to_string().contains("over a network"), "{error}");
    }
}

#[test]
fn two_ends_may_have_urgent_bytes_too() {
    let mut pair = Pair::new(&Config::DEFAULT, &Config::DEFAULT, Network::PERFECT);
    pair.handshake().unwrap();
    pair.send(Side::A, b"all is ").unwrap();
    pair.send_urgent(Side::A, b"lost").unwrap();
    pair.settle().unwrap();
    assert_eq!((pair.received(Side::B), pair.signals(Side::B)), (&b"all is lost"[..], &[Signal::Urgent][..]));
}
