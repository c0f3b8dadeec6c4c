//! Traces as sequence diagrams.

use core::time::Duration;

use tcp_lifecycle::sim::{Network, Pair, Side};
use tcp_lifecycle::{Config, Open};

#[test]
fn a_diagram_shows_what_is_lost_refused_repeated_and_on_its_way() {
    let mut pair = Pair::new(&Config::DEFAULT, &Config::DEFAULT, Network::BY_HAND);
    pair.note("a handshake; and <more> of #1\nin two lines");
    pair.open(Side::A, Open::Active).unwrap();
    pair.corrupt(0);
    pair.deliver(0);
    pair.open(Side::B, Open::Passive).unwrap();
    pair.drive_for(Duration::from_secs(1)).unwrap();
    pair.duplicate(0);
    pair.deliver(0);
    pair.deliver(1);
    pair.deliver(0);
    pair.duplicate(0);
    pair.deliver(0);
    pair.deliver(1);
    pair.lose(0);
    pair.inject(Side::B, "<SEQ=301><ACK=101><CTL=ACK><DATA=1>".parse().unwrap(), b"x");
    pair.partition(pair.now()..);
    pair.send(Side::A, b"hello").unwrap();
    pair.crash(Side::B);
    let expected = "\
sequenceDiagram
    Note over A: CLOSED
    Note over B: CLOSED
    Note over A,B: a handshake#59; and #lt;more#gt; of #35;1<br/>in two lines
    Note left of A: open active
    Note over A: SYN-SENT
    A-xB: SEQ=100 CTL=SYN (bad checksum)
    Note right of B: open passive
    Note over B: LISTEN
    Note left of A: timeout at 1.000s
    Note left of A: signal: RetransmissionTimeout
    A->>B: SEQ=100 CTL=SYN
    Note over B: SYN-RECEIVED
    B->>A: SEQ=250300 ACK=101 CTL=SYN,ACK
    Note over A: ESTABLISHED
    A->>B: SEQ=100 CTL=SYN (refused: the peer's SYN again)
    A->>B: SEQ=101 ACK=250301 CTL=ACK
    Note over B: ESTABLISHED
    A->>B: SEQ=101 ACK=250301 CTL=ACK (again)
    B-xA: SEQ=250300 ACK=101 CTL=SYN,ACK (lost)
    Note left of A: send 5
    A-xB: SEQ=101 ACK=250301 CTL=PSH,ACK DATA=5 (swallowed)
    Note right of B: crash
    B--)A: SEQ=301 ACK=101 CTL=ACK DATA=1 (on its way)
";
    assert_eq!(pair.trace().mermaid().to_string(), expected);
}

/// A note ends with its line, and `%%{` begins a directive.
#[test]
fn a_note_cannot_end_the_diagram_that_it_stands_in() {
    let mut pair = Pair::new(&Config::DEFAULT, &Config::DEFAULT, Network::BY_HAND);
    pair.note("one\rtwo\r\nthree\n%%{init: {}}%%\u{2028}end\u{7}");
    pair.call(Side::A, "a\rcall", |_, _| ());
    let diagram = pair.trace().mermaid().to_string();
    let expected = "
    Note over A,B: one<br/>two<br/>three<br/>#37;#37;{init: {}}#37;#37;<br/>end\u{20}
    Note left of A: a<br/>call
";
    assert!(diagram.ends_with(expected), "{diagram}");
}

#[test]
fn what_the_user_is_told_stands_beside_the_end() {
    let mut pair = Pair::new(&Config::DEFAULT, &Config::DEFAULT, Network::PERFECT);
    pair.handshake().unwrap();
    pair.send(Side::A, b"acknowledged in silence").unwrap();
    pair.settle().unwrap();
    pair.abort(Side::B).unwrap();
    pair.settle().unwrap();
    let diagram = pair.trace().mermaid().to_string();
    let expected = "
    Note left of A: send 23
    A->>B: SEQ=101 ACK=2801 CTL=PSH,ACK DATA=23
    B->>A: SEQ=2801 ACK=124 CTL=ACK
    Note right of B: abort
    Note over B: CLOSED
    B->>A: SEQ=2801 CTL=RST
    Note over A: CLOSED
    Note left of A: signal: Reset
";
    assert!(diagram.ends_with(expected), "{diagram}");
}
