//! Streams that rest, and streams that begin: what they keep in memory, and the initial window (RFC 5681 sections 3.1
//! and 4.1).

use tcp_lifecycle::{Config, Control};

use crate::peer::{Peer, RTT, SEGMENT, Setup};

#[test]
fn a_stream_that_has_sent_nothing_has_no_deadline() {
    let peer = Peer::open(Setup::default());
    assert_eq!(peer.stream.deadline(), None);
}

#[test]
fn a_stream_that_has_been_read_has_no_deadline() {
    let mut peer = Peer::open(Setup::default());
    for byte in 0..100 {
        peer.arrives_with(byte..byte + 1, Control::ACK).unwrap();
        assert_eq!(peer.stream.read(&mut [0; 10]), Ok(1));
        peer.drain();
        assert_eq!(peer.stream.deadline(), None);
    }
}

#[test]
fn a_stream_whose_bytes_are_acknowledged_keeps_its_congestion_window_for_an_rto() {
    let mut peer = Peer::open(Setup::default());
    let count = |segments: String| segments.split(' ').count();
    assert_eq!(count(peer.write(12)), 10);
    peer.wait(RTT);
    assert_eq!(peer.ack(10, &[]), "10 11");
    peer.wait(RTT);
    peer.ack(12, &[]);
    let deadline = peer.stream.deadline().expect("the end of the congestion window");
    assert_eq!(deadline.saturating_duration_since(peer.now).as_millis(), 1_000);
    assert_eq!(count(peer.write(30)), 18, "ten, and eight for one acknowledgment");
    peer.wait(RTT);
    peer.ack(30, &[]);
    peer.wait(RTT);
    peer.ack(42, &[]);
    peer.wait(1_000);
    assert_eq!(peer.stream.deadline(), None);
    assert_eq!(count(peer.write(30)), 10);
}

#[test]
fn after_a_lost_syn_the_initial_window_is_one_segment() {
    let mut peer = Peer::open(Setup { loses_syn: true, ..Setup::default() });
    assert_eq!(peer.write(4), "0");
    assert_eq!(peer.calls(), ["syn lost"]);
    peer.wait(RTT);
    // It is slow start from there.
    assert_eq!(peer.ack(1, &[]), "1 2");
    peer.wait(RTT);
    assert_eq!(peer.ack(3, &[]), "3");
    peer.wait(RTT);
    peer.ack(4, &[]);
    peer.wait(60_000);
    // A sender that is made anew begins as all do.
    assert_eq!(peer.write(20).split(' ').count(), 10);
    assert_eq!(peer.calls(), [""; 0]);
}

#[test]
fn the_receive_buffer_grows_although_the_user_reads_each_segment_at_once() {
    let mut setup = Setup { timestamps: true, ..Setup::default() };
    setup.config.tcp = Config { receive_buffer: 20_000, ..setup.config.tcp };
    let mut peer = Peer::open(setup);
    let mut at = 0;
    for _ in 0..4 {
        for _ in 0..18 {
            peer.arrives_with(at..at + SEGMENT, Control::ACK).unwrap();
            assert_eq!(peer.stream.read(&mut [0; 2_000]), Ok(SEGMENT as usize));
            peer.drain();
            at += SEGMENT;
        }
        peer.wait(RTT);
    }
    assert_eq!(peer.stream.connection().config().receive_buffer, 36_000);
}

#[test]
fn a_stream_prints_its_variables_but_not_its_bytes() {
    let mut peer = Peer::open(Setup::default());
    peer.write(100);
    peer.arrives_with(0..1_000, Control::ACK).unwrap();
    let text = format!("{:?}", peer.stream);
    assert!(text.contains("queued: 100000") && text.contains("nxt: 1000"), "{text}");
    assert!(text.len() < 6_000, "{} characters", text.len());
}
