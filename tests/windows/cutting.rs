//! How the send queue is cut into segments: RFC 9293 sections 3.7.1 and 3.9.1.2, D21 and D27.

use tcp_lifecycle::sim::{Script, check};
use tcp_lifecycle::{Config, Connection, Control, Instant, Open, Options, Output, Segment, SeqNumber, Transmit};

/// The segments of a queue of `bytes` bytes, none of which waits for an acknowledgment.
#[track_caller]
fn cut(config: &Config, peer_mss: Option<u16>, window: u16, bytes: usize) -> Vec<Transmit> {
    let now = Instant::ZERO;
    let mut connection = Connection::new(&Config { nagle: false, ..*config }, 100);
    connection.open(Open::Active, now).unwrap();
    drain(&mut connection);
    let options = peer_mss.map_or(Options::default(), |mss| Options::default().with_mss(mss));
    let syn_ack = Segment::new(SeqNumber(300), SeqNumber(101), Control::SYN | Control::ACK)
        .with_window(window)
        .with_options(options);
    assert_eq!(connection.segment_arrives(&syn_ack, now), Ok(0..0));
    drain(&mut connection);
    connection.send(bytes, now).unwrap();
    drain(&mut connection)
}

fn drain(connection: &mut Connection) -> Vec<Transmit> {
    let mut transmits = Vec::new();
    loop {
        match connection.poll(Instant::ZERO) {
            Output::Transmit(transmit) => transmits.push(transmit),
            Output::Transition(_) | Output::Signal(_) => (),
            Output::Wait(_) => return transmits,
        }
    }
}

fn sizes(transmits: &[Transmit]) -> Vec<u16> {
    transmits.iter().map(|transmit| transmit.segment.payload_len()).collect()
}

/// MUST-14.
#[test]
fn our_maximum_segment_size_goes_on_every_syn() {
    check("config mss=1460\n open active\n --> <SEQ=100><CTL=SYN><MSS=1460>\n SYN-SENT");
    check(
        "config mss=99\n LISTEN\n <-- <SEQ=300><CTL=SYN>\n --> <SEQ=100><ACK=301><CTL=SYN,ACK><MSS=99>\n SYN-RECEIVED",
    );
    check(
        "SYN-SENT SND.NXT=101\n <-- <SEQ=300><CTL=SYN>\n --> <SEQ=100><ACK=301><CTL=SYN,ACK><MSS=536>\n SYN-RECEIVED",
    );
}

#[test]
fn the_peers_maximum_segment_size_is_obeyed() {
    assert_eq!(sizes(&cut(&Config::DEFAULT, Some(100), 1000, 250)), [100, 100, 50]);
    assert_eq!(sizes(&cut(&Config::DEFAULT, Some(1460), 10_000, 3000)), [1460, 1460, 80]);
}

/// MUST-15.
#[test]
fn a_peer_that_says_none_has_the_default() {
    assert_eq!(sizes(&cut(&Config::DEFAULT, None, 10_000, 1100)), [536, 536, 28]);
    let ipv6 = Config { default_peer_mss: 1220, ..Config::DEFAULT };
    assert_eq!(sizes(&cut(&ipv6, None, 10_000, 1221)), [1220, 1]);
}

/// D21.
#[test]
fn a_maximum_segment_size_below_48_counts_as_48() {
    for mss in [1, 47, 48] {
        assert_eq!(sizes(&cut(&Config::DEFAULT, Some(mss), 1000, 100)), [48, 48, 4], "{mss}");
    }
    assert_eq!(sizes(&cut(&Config::DEFAULT, Some(49), 1000, 100)), [49, 49, 2]);
}

/// MMS_S bounds the segment, including its header; the peer's size still counts if it is smaller.
#[test]
fn a_segment_is_never_larger_than_our_own_bound() {
    let config = Config { max_segment: 120, ..Config::DEFAULT };
    assert_eq!(sizes(&cut(&config, Some(1460), 1000, 250)), [100, 100, 50]);
    assert_eq!(sizes(&cut(&config, None, 1000, 250)), [100, 100, 50]);
    assert_eq!(sizes(&cut(&config, Some(60), 1000, 100)), [60, 40]);
    assert_eq!(
        sizes(&cut(&Config { mss: 60, ..Config::DEFAULT }, Some(1460), 1000, 100)),
        [100],
        "mss is of what we take"
    );
}

/// MUST-65: only SYNs carry the option; elsewhere it is ignored.
#[test]
fn the_option_counts_on_a_syn_only() {
    check(
        "
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 PEER-MSS=536
        <-- <SEQ=300><ACK=100><CTL=ACK><MSS=100>
        send 536
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=536>
        ESTABLISHED                         PEER-MSS=536
        ",
    );
    for transmit in cut(&Config::DEFAULT, None, 1000, 1000) {
        assert_eq!(transmit.segment.options(), Options::default());
    }
}

#[test]
fn the_size_of_a_syn_in_listen_and_of_a_crossing_syn_counts_too() {
    check(
        "
        config nagle=off
        LISTEN
        <-- <SEQ=300><CTL=SYN><MSS=100>
        --> <SEQ=100><ACK=301><CTL=SYN,ACK>
        SYN-RECEIVED                        PEER-MSS=100
        <-- <SEQ=301><ACK=101><CTL=ACK>
        ESTABLISHED                         PEER-MSS=100
        send 150
        --> <SEQ=101><ACK=301><CTL=ACK><DATA=100>
        --> <SEQ=201><ACK=301><CTL=ACK><DATA=50>
        ",
    );
    check(
        "
        SYN-SENT                            SND.NXT=101
        <-- <SEQ=300><CTL=SYN><MSS=100>
        --> <SEQ=100><ACK=301><CTL=SYN,ACK>
        SYN-RECEIVED                        PEER-MSS=100
        ",
    );
}

#[test]
fn the_window_is_never_overrun() {
    assert_eq!(sizes(&cut(&Config::DEFAULT, Some(100), 250, 250)), [100, 100, 50]);
    assert_eq!(sizes(&cut(&Config::DEFAULT, Some(100), 249, 250)), [100, 100]);
    assert_eq!(sizes(&cut(&Config::DEFAULT, Some(100), 300, 1000)), [100, 100, 100]);
    assert_eq!(sizes(&cut(&Config::DEFAULT, Some(100), 299, 1000)), [100, 100]);
    assert_eq!(sizes(&cut(&Config::DEFAULT, Some(100), 100, 1000)), [100]);
    assert_eq!(sizes(&cut(&Config::DEFAULT, Some(100), 0, 1000)), []);
}

/// MUST-61.
#[test]
fn psh_is_on_the_last_of_the_queue_only() {
    let pushed = |transmits: &[Transmit]| -> Vec<bool> {
        transmits.iter().map(|transmit| transmit.segment.control().contains(Control::PSH)).collect()
    };
    assert_eq!(pushed(&cut(&Config::DEFAULT, Some(100), 1000, 300)), [false, false, true]);
    assert_eq!(pushed(&cut(&Config::DEFAULT, Some(100), 1000, 50)), [true]);
    assert_eq!(pushed(&cut(&Config::DEFAULT, Some(100), 300, 350)), [false, false, false], "50 are still to come");
}

#[test]
fn psh_is_not_on_a_front_that_is_sent_again_unless_it_is_the_last() {
    let script = "ESTABLISHED SND.NXT=100\n send 600\n --> <SEQ=100><ACK=300><CTL=ACK><DATA=536>
        --> <SEQ=636><ACK=300><CTL=PSH,ACK><DATA=64>";
    let config = Config { nagle: false, ..Config::DEFAULT };
    let mut connection = Script::parse(script).unwrap().run(&config).unwrap();
    connection.timeout(connection.deadline().unwrap());
    let [front] = &drain(&mut connection)[..] else { panic!("the front alone") };
    assert_eq!(front.segment.control(), Control::ACK);
    let ack = Segment::new(SeqNumber(300), SeqNumber(636), Control::ACK).with_window(1000);
    assert_eq!(connection.segment_arrives(&ack, Instant::ZERO), Ok(0..0));
    let [last] = &drain(&mut connection)[..] else { panic!("the last") };
    assert_eq!(last.segment.control(), Control::PSH | Control::ACK);
}

#[test]
fn payload_counts_from_the_front_of_the_queue() {
    check(
        "
        config default_peer_mss=100, nagle=off
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=300
        send 480
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=100>   bytes 0..100
        --> <SEQ=200><ACK=300><CTL=ACK><DATA=100>   bytes 100..200
        --> <SEQ=300><ACK=300><CTL=ACK><DATA=100>   bytes 200..300
        <-- <SEQ=300><ACK=170><CTL=ACK><WND=330>
        signal: Acknowledged 70
        --> <SEQ=400><ACK=300><CTL=ACK><DATA=100>   bytes 230..330
        <-- <SEQ=300><ACK=450><CTL=ACK><WND=330>
        signal: Acknowledged 280
        --> <SEQ=500><ACK=300><CTL=PSH,ACK><DATA=80> bytes 50..130
        + 1s
        signal: RetransmissionTimeout
        --> <SEQ=450><ACK=300><CTL=ACK><DATA=100>   bytes 0..100
        ",
    );
}

/// D27.
#[test]
fn the_fin_rides_on_the_last_payload() {
    check(
        "
        config default_peer_mss=100
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300
        send 200
        & close
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=100>
        --> <SEQ=200><ACK=300><CTL=FIN,PSH,ACK><DATA=100>   bytes 100..200
        FIN-WAIT-1                          SND.NXT=301
        ",
    );
}

/// The FIN takes a sequence number, and the window counts it.
#[test]
fn a_fin_that_does_not_fit_into_the_window_waits() {
    check(
        "
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=10
        send 10
        & close
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>
        FIN-WAIT-1                          SND.NXT=110
        <-- <SEQ=300><ACK=105><CTL=ACK><WND=10>
        signal: Acknowledged 5
        --> <SEQ=110><ACK=300><CTL=FIN,ACK>
        FIN-WAIT-1                          SND.NXT=111
        ",
    );
}

/// Whether the FIN was sent is recorded separately: this acknowledgment covers payload only.
#[test]
fn a_fin_that_was_not_sent_is_not_acknowledged() {
    check(
        "
        config default_peer_mss=48
        ESTABLISHED                         SND.NXT=100 RCV.NXT=300 SND.WND=48
        send 96
        & close
        --> <SEQ=100><ACK=300><CTL=ACK><DATA=48>
        FIN-WAIT-1
        <-- <SEQ=300><ACK=148><CTL=ACK><WND=48>
        signal: Acknowledged 48
        --> <SEQ=148><ACK=300><CTL=ACK><DATA=48>
        FIN-WAIT-1                          SND.NXT=196
        <-- <SEQ=300><ACK=196><CTL=ACK><WND=48>
        signal: Acknowledged 48
        --> <SEQ=196><ACK=300><CTL=FIN,ACK>
        FIN-WAIT-1                          SND.NXT=197
        ",
    );
}

/// Payload that was queued before ESTABLISHED is sent with the ACK of the handshake.
#[test]
fn what_is_queued_early_waits_for_the_handshake() {
    check(
        "
        SYN-SENT                            SND.NXT=101
        send 10
        <-- <SEQ=300><ACK=101><CTL=SYN,ACK>
        --> <SEQ=101><ACK=301><CTL=ACK><DATA=10>    bytes 0..10
        ESTABLISHED
        ",
    );
    check(
        "
        SYN-RECEIVED                        SND.NXT=101 RCV.NXT=301
        send 10
        <-- <SEQ=301><ACK=101><CTL=ACK>
        --> <SEQ=101><ACK=301><CTL=ACK><DATA=10>    bytes 0..10
        ESTABLISHED
        ",
    );
}

/// The longest possible queue causes no overflow.
#[test]
fn the_longest_queue_is_cut_like_any_other() {
    let script = "ESTABLISHED SND.NXT=100 SND.WND=1000\n send 1073741824";
    let error = Script::parse(script).unwrap().run(&Config::DEFAULT).unwrap_err();
    assert!(error.to_string().contains("DATA=536"), "{error}");
    check(
        "ESTABLISHED\n limit 0\n send 1073741824\n send 1 => error: insufficient resources\n ESTABLISHED UNSENT=1073741824",
    );
}
