//! What the user of a stream sees: its end, and events.

use tcp_lifecycle::stream::{End, Event, ReadError, StreamConfig, WriteError};
use tcp_lifecycle::{Control, Instant, State};

use crate::peer::{Peer, RTT, Setup, byte_at};
use crate::receiver::{arrives, arrives_with, read_all};

// The end of the stream

#[test]
fn after_the_end_of_the_stream_read_gives_zero_in_every_state() {
    let mut peer = Peer::open(Setup::default());
    arrives_with(&mut peer, 0..1_000, Control::FIN | Control::ACK);
    peer.nxt = 1_001;
    assert_eq!(read_all(&mut peer, 0), 1_000);
    for _ in 0..3 {
        assert_eq!(peer.stream.read(&mut [0; 10]), Ok(0));
    }
    peer.stream.shutdown(peer.now);
    assert_eq!(peer.drain(), "fin");
    assert_eq!(peer.stream.state(), State::LastAck);
    assert_eq!(peer.stream.read(&mut [0; 10]), Ok(0));
    peer.ack_bytes(1, &[]);
    assert_eq!((peer.stream.state(), peer.stream.end()), (State::Closed, Some(End::Closed)));
    for _ in 0..3 {
        assert_eq!(peer.stream.read(&mut [0; 10]), Ok(0));
    }
}

#[test]
fn a_reset_behind_the_end_of_the_stream_takes_nothing_away() {
    let mut peer = Peer::open(Setup::default());
    arrives_with(&mut peer, 0..1_000, Control::FIN | Control::ACK);
    assert_eq!(read_all(&mut peer, 0), 1_000);
    peer.nxt = 1_001;
    let _ = peer.arrives_with(1_001..1_001, Control::RST | Control::ACK);
    assert_eq!(peer.stream.end(), Some(End::Reset));
    assert_eq!(peer.stream.read(&mut [0; 10]), Ok(0));
}

/// The buffer of what had arrived ahead of a gap goes with the end, even if time has gone back since.
#[test]
fn after_a_reset_nothing_is_waited_for() {
    let mut peer = Peer::open(Setup::default());
    peer.wait(63);
    arrives_with(&mut peer, 500..600, Control::ACK);
    (peer.now, peer.nxt) = (Instant::ZERO, 0);
    let _ = peer.arrives_with(0..0, Control::RST | Control::ACK);
    assert_eq!((peer.stream.end(), peer.stream.deadline()), (Some(End::Reset), None));
}

#[test]
fn what_has_arrived_can_be_read_after_closed() {
    let mut peer = Peer::open(Setup::default());
    arrives_with(&mut peer, 0..1_000, Control::FIN | Control::ACK);
    peer.nxt = 1_001;
    peer.stream.shutdown(peer.now);
    peer.drain();
    peer.ack_bytes(1, &[]);
    assert_eq!(peer.stream.state(), State::Closed);
    peer.wait(100_000);
    assert_eq!(read_all(&mut peer, 0), 1_000);
    assert_eq!(peer.stream.read(&mut [0; 10]), Ok(0));
}

#[test]
fn a_reset_before_the_end_of_the_stream_is_an_error() {
    let mut peer = Peer::open(Setup::default());
    let _ = peer.arrives_with(0..0, Control::RST | Control::ACK);
    assert_eq!(peer.stream.end(), Some(End::Reset));
    assert_eq!(peer.stream.read(&mut [0; 10]), Err(ReadError::Ended(End::Reset)));
    assert_eq!(peer.stream.write(b"x", peer.now), Err(WriteError::Ended(End::Reset)));
    assert_eq!(peer.events, [Event::Ended(End::Reset)]);
}

// Events

#[test]
fn readable_comes_once_for_bytes_in_order_and_not_for_others() {
    let mut peer = Peer::open(Setup::default());
    arrives(&mut peer, 1_000..2_000);
    assert_eq!(peer.events, []);
    arrives(&mut peer, 0..1_000);
    assert_eq!(peer.events, [Event::Readable]);
    arrives(&mut peer, 0..1_000);
    peer.wait(1_000);
    assert_eq!(peer.events, [Event::Readable]);
    arrives(&mut peer, 2_000..2_001);
    assert_eq!(peer.events, [Event::Readable, Event::Readable]);
}

#[test]
fn writable_comes_once_after_a_write_that_did_not_fit() {
    let mut setup = Setup::default();
    setup.config = StreamConfig { send_buffer: 4_000, ..setup.config };
    let mut peer = Peer::open(setup);
    peer.write(2);
    peer.wait(RTT);
    peer.ack(1, &[]);
    assert_eq!(peer.events, [], "everything had room");
    let bytes: Vec<u8> = (2_000..8_000).map(byte_at).collect();
    assert_eq!(peer.stream.write(&bytes, peer.now), Ok(3_000));
    assert_eq!(peer.stream.write(&bytes[3_000..], peer.now), Ok(0));
    assert_eq!(peer.drain(), "2 3 4");
    assert_eq!(peer.events, []);
    peer.wait(RTT);
    peer.ack(2, &[]);
    assert_eq!(peer.events, [Event::Writable]);
    peer.ack(3, &[]);
    peer.ack(5, &[]);
    assert_eq!(peer.events, [Event::Writable], "once");
}

#[test]
fn a_life_has_each_event_once() {
    let mut peer = Peer::open(Setup::default());
    arrives_with(&mut peer, 0..10, Control::FIN | Control::ACK);
    peer.nxt = 11;
    read_all(&mut peer, 0);
    peer.stream.shutdown(peer.now);
    peer.stream.shutdown(peer.now);
    peer.drain();
    peer.ack_bytes(1, &[]);
    peer.wait(10_000);
    // The FIN and the acknowledgment again.
    let _ = peer.arrives_with(0..10, Control::FIN | Control::ACK);
    assert_eq!(peer.events, [Event::Readable, Event::EndOfStream, Event::Ended(End::Closed)]);
}
