//! The parts of D21 and D27 about the options of a SYN.

use tcp_lifecycle::sim::check;
use tcp_lifecycle::{Config, Connection, Control, Instant, Open, Output, Segment};

// D27
#[test]
fn the_maximum_segment_size_stands_on_every_syn_and_nowhere_else() {
    check(
        "
        config mss=700
        open active
        --> <SEQ=100><CTL=SYN><MSS=700>
        SYN-SENT
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=100><CTL=SYN><MSS=700>
        <-- <SEQ=299><CTL=SYN>
        --> <SEQ=100><ACK=300><CTL=SYN,ACK><MSS=700>
        SYN-RECEIVED
        ",
    );
    check(
        "
        config mss=700
        open passive
        LISTEN
        <-- <SEQ=299><CTL=SYN>
        --> <SEQ=100><ACK=300><CTL=SYN,ACK><MSS=700>
        SYN-RECEIVED
        + 1s
        --> <SEQ=100><ACK=300><CTL=SYN,ACK><MSS=700>
        ",
    );
}

// D27
#[test]
fn no_segment_but_a_syn_carries_a_maximum_segment_size() {
    let mut connection = Connection::new(&Config::DEFAULT, 99);
    let now = Instant::ZERO;
    connection.open(Open::Active, now).unwrap();
    let mut sent = segments(&mut connection);
    for segment in ["<SEQ=299><ACK=100><CTL=SYN,ACK><WND=1000>", "<SEQ=300><ACK=100><CTL=ACK><DATA=5><WND=1000>"] {
        connection.segment_arrives(&segment.parse().unwrap(), now).unwrap();
        sent.extend(segments(&mut connection));
    }
    connection.send(10, now).unwrap();
    connection.close(now).unwrap();
    sent.extend(segments(&mut connection));
    assert_eq!(sent.len(), 4);
    for segment in sent {
        let syn = segment.control().contains(Control::SYN);
        assert_eq!(segment.options().mss().is_some(), syn, "{segment}");
        assert_eq!(segment.options().window_scale(), None, "{segment}");
    }
}

fn segments(connection: &mut Connection) -> Vec<Segment> {
    let mut segments = Vec::new();
    loop {
        match connection.poll(Instant::ZERO) {
            Output::Transmit(transmit) => segments.push(transmit.segment),
            Output::Wait(_) => return segments,
            Output::Transition(_) | Output::Signal(_) => {}
        }
    }
}

// D27
#[test]
fn without_a_wish_the_scale_is_what_the_buffer_needs() {
    for (buffer, scale) in [
        (65_535, None),
        (65_536, Some(1)),
        (131_070, Some(1)),
        (131_072, Some(2)),
        (200_000, Some(2)),
        (1 << 30, Some(14)),
    ] {
        let mut connection = Connection::new(&Config { receive_buffer: buffer, ..Config::DEFAULT }, 99);
        connection.open(Open::Active, Instant::ZERO).unwrap();
        let syn = segments(&mut connection);
        assert_eq!(syn[0].options().window_scale(), scale, "for {buffer} bytes");
    }
}

/// A size of zero counts as no option: the default applies (RFC 9293 section 3.7.1, MUST-15).
#[test]
fn a_peers_maximum_segment_size_of_zero_is_no_option() {
    for (config, mss) in [("default_peer_mss=536", 536), ("default_peer_mss=1220", 1220), ("max_segment=120", 100)] {
        check(&format!(
            "
            config {config}
            open active
            --> <SEQ=100><CTL=SYN>
            SYN-SENT
            <-- <SEQ=299><ACK=101><CTL=SYN,ACK><MSS=0>
            --> <SEQ=101><ACK=300><CTL=ACK>
            ESTABLISHED PEER-MSS={mss}
            "
        ));
        check(&format!(
            "
            config {config}
            open passive
            LISTEN
            <-- <SEQ=299><CTL=SYN><MSS=0>
            --> <SEQ=100><ACK=300><CTL=SYN,ACK>
            SYN-RECEIVED
            <-- <SEQ=300><ACK=101><CTL=ACK>
            ESTABLISHED PEER-MSS={mss}
            "
        ));
        check(&format!(
            "
            config {config}
            open active
            --> <SEQ=100><CTL=SYN>
            SYN-SENT
            <-- <SEQ=299><CTL=SYN><MSS=0>
            --> <SEQ=100><ACK=300><CTL=SYN,ACK>
            SYN-RECEIVED
            <-- <SEQ=299><ACK=101><CTL=SYN,ACK><MSS=0>
            ESTABLISHED PEER-MSS={mss}
            "
        ));
    }
}
