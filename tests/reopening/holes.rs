//! Segments ahead of RCV.NXT are kept, and handed in again once the gap is filled.

use tcp_lifecycle::{Config, Connection, Control, Instant, Open, Options, Output, Refusal, Segment, SeqNumber, State};

use crate::host::{PAIR, PLAIN, STAMPED, seconds};
use crate::reassembly::Reassembly;
use crate::socket::Socket;

/// The bytes of the peer, by their sequence numbers: its first is 301.
fn bytes(seq: u32, len: usize) -> Vec<u8> {
    (seq..).take(len).map(|seq| (seq % 251) as u8).collect()
}

/// A connection in ESTABLISHED with IRS=300 and ISS=100, whose peer counts its segments in TSval.
struct Receiver {
    socket: Socket,
    now: Instant,
    stamped: bool,
    tsval: u32,
    received: Vec<u8>,
}

impl Receiver {
    #[track_caller]
    fn new(config: &Config) -> Receiver {
        let mut connection = Connection::new(config, 100);
        connection.open(Open::Active, Instant::ZERO).unwrap();
        let socket = Socket::new(PAIR.1, connection, config, Instant::ZERO);
        let stamped = config.timestamps;
        let mut receiver = Receiver { socket, now: Instant::ZERO, stamped, tsval: 1_000, received: Vec::new() };
        let mut options = Options::NONE.with_mss(1_460);
        if stamped {
            options = options.with_timestamps(1_000, 0);
        }
        let syn_ack = Segment::new(SeqNumber(300), SeqNumber(101), Control::SYN | Control::ACK).with_window(1_000);
        receiver.socket.segment_arrives(&syn_ack.with_options(options), &[], Instant::ZERO).unwrap();
        receiver.sent();
        receiver
    }

    /// A segment as the peer sends it now.
    fn segment(&mut self, seq: u32, len: u16, control: Control) -> Segment {
        let segment = Segment::new(SeqNumber(seq), SeqNumber(101), control | Control::ACK);
        self.tsval += 1;
        let stamp = Options::NONE.with_timestamps(self.tsval, 0);
        segment.with_payload(len).with_options(if self.stamped { stamp } else { Options::NONE })
    }

    #[track_caller]
    fn arrives(&mut self, seq: u32, len: u16) {
        self.arrives_with(seq, len, Control::empty());
    }

    #[track_caller]
    fn arrives_with(&mut self, seq: u32, len: u16, control: Control) {
        let segment = self.segment(seq, len, control);
        assert_eq!(self.socket.segment_arrives(&segment, &bytes(seq, len.into()), self.now), Ok(()));
        self.received.extend(self.socket.receive(self.now).unwrap());
    }

    /// The acknowledgments that have been sent.
    fn sent(&mut self) -> Vec<u32> {
        self.socket.outgoing().map(|(segment, _)| segment.ack().map_or(0, |ack| ack.0)).collect()
    }

    #[track_caller]
    fn assert_received_up_to(&self, seq: u32) {
        assert_eq!(self.received, bytes(301, (seq - 301) as usize));
    }
}

#[test]
fn a_hole_that_is_filled_delivers_what_was_behind_it() {
    for config in [PLAIN, STAMPED] {
        let mut receiver = Receiver::new(&config);
        receiver.arrives(401, 100);
        receiver.arrives(501, 100);
        assert_eq!(receiver.sent(), [301, 301]);
        receiver.assert_received_up_to(301);
        receiver.arrives(301, 100);
        // One acknowledgment for all of it.
        assert_eq!(receiver.sent(), [601]);
        receiver.assert_received_up_to(601);
    }
}

#[test]
fn two_holes_are_filled_one_after_the_other() {
    for config in [PLAIN, STAMPED] {
        let mut receiver = Receiver::new(&config);
        for seq in [701, 401, 501] {
            receiver.arrives(seq, 100);
        }
        receiver.arrives(301, 100);
        receiver.assert_received_up_to(601);
        receiver.arrives(601, 100);
        receiver.assert_received_up_to(801);
        assert_eq!(receiver.sent(), [301, 301, 301, 601, 801]);
    }
}

/// A peer that retransmits may cut its segments differently.
#[test]
fn what_overlaps_is_delivered_once() {
    for config in [PLAIN, STAMPED] {
        let mut receiver = Receiver::new(&config);
        for (seq, len) in [(401, 100), (451, 100), (431, 30), (381, 200), (570, 31)] {
            receiver.arrives(seq, len);
        }
        receiver.arrives(301, 120);
        receiver.assert_received_up_to(601);
        // All of it again, without any effect.
        for (seq, len) in [(301, 120), (381, 200), (570, 31)] {
            let again = receiver.segment(seq, len, Control::empty());
            let outcome = receiver.socket.segment_arrives(&again, &bytes(seq, len.into()), receiver.now);
            assert_eq!(outcome, Err(Refusal::NotAcceptable));
        }
        assert_eq!(receiver.socket.received(), b"");
    }
}

#[test]
fn a_fin_behind_the_hole_waits_for_it() {
    for config in [PLAIN, STAMPED] {
        for fin_alone in [false, true] {
            let mut receiver = Receiver::new(&config);
            if fin_alone {
                receiver.arrives(401, 100);
                receiver.arrives_with(501, 0, Control::FIN);
            } else {
                receiver.arrives_with(401, 100, Control::FIN);
            }
            assert_eq!(receiver.socket.state(), State::Established);
            assert!(!receiver.socket.peer_has_closed());
            receiver.sent();
            receiver.arrives(301, 100);
            assert_eq!(receiver.socket.state(), State::CloseWait);
            assert!(receiver.socket.peer_has_closed());
            assert_eq!(receiver.sent(), [502]);
            receiver.assert_received_up_to(501);
        }
    }
}

/// The last segment before the FIN was lost, and we have closed already.
#[test]
fn a_fin_behind_the_hole_leads_to_time_wait() {
    for config in [PLAIN, STAMPED] {
        let mut receiver = Receiver::new(&config);
        receiver.socket.close(receiver.now).unwrap();
        assert_eq!(receiver.sent(), [301]);
        receiver.arrives_with(401, 0, Control::FIN);
        let filler = receiver.segment(301, 100, Control::empty());
        let filler =
            Segment::new(filler.seq(), SeqNumber(102), Control::ACK).with_options(filler.options()).with_payload(100);
        assert_eq!(receiver.socket.segment_arrives(&filler, &bytes(301, 100), receiver.now), Ok(()));
        assert_eq!(receiver.socket.state(), State::TimeWait);
        assert_eq!(receiver.socket.received(), bytes(301, 100));
    }
}

/// RFC 7323 section 5.3: with its own timestamp the segment would be an old duplicate by then.
#[test]
fn the_protection_against_old_duplicates_spares_what_is_handed_in_again() {
    let mut receiver = Receiver::new(&STAMPED);
    let ahead = receiver.segment(401, 100, Control::empty());
    assert_eq!(receiver.socket.segment_arrives(&ahead, &bytes(401, 100), receiver.now), Ok(()));
    // The gap is filled much later, by a retransmission.
    (receiver.now, receiver.tsval) = (seconds(30), 31_000);
    receiver.arrives(301, 50);
    receiver.sent();
    // With its original timestamp the segment is refused.
    let outcome = receiver.socket.segment_arrives(&ahead, &bytes(401, 100), receiver.now);
    assert_eq!(outcome, Err(Refusal::OldTimestamp));
    receiver.arrives(351, 50);
    receiver.assert_received_up_to(501);
}

/// The connection sees one long segment: the acknowledgment, window and options are those of the segment that came
/// last.
#[test]
fn what_is_handed_in_again_brings_the_news_of_the_segment_that_filled_the_gap() {
    let segment = |text: &str| text.parse::<Segment>().unwrap();
    let mut connection = Connection::new(&STAMPED, 100);
    connection.open(Open::Active, Instant::ZERO).unwrap();
    let drain = |connection: &mut Connection| while !matches!(connection.poll(Instant::ZERO), Output::Wait(_)) {};
    drain(&mut connection);
    let mut arrives = |segment: &Segment| connection.segment_arrives(segment, Instant::ZERO).unwrap().len();
    arrives(&segment("<SEQ=300><ACK=101><CTL=SYN,ACK><WND=1000><TS=1,0>"));
    let ahead = segment("<SEQ=401><ACK=101><CTL=PSH,ACK><DATA=100><WND=1000><TS=2,0>");
    assert_eq!(arrives(&ahead), 0);
    let filler = segment("<SEQ=301><ACK=101><CTL=ACK><DATA=100><WND=5000><TS=9,0>");
    assert_eq!(arrives(&filler), 100);

    let mut reassembly = Reassembly::new(1_000);
    reassembly.keep(&ahead, &bytes(401, 100));
    assert!(reassembly.next(SeqNumber(400), &filler).is_none());
    let (again, payload) = reassembly.next(SeqNumber(401), &filler).unwrap();
    assert_eq!(again, segment("<SEQ=401><ACK=101><CTL=ACK><DATA=100><WND=5000><TS=9,0>"));
    assert_eq!(payload, bytes(401, 100));
    assert!(reassembly.next(SeqNumber(401), &filler).is_none());
    // The segment is of no use any more.
    reassembly.keep(&ahead, &bytes(401, 100));
    assert!(reassembly.next(SeqNumber(501), &filler).is_none());
    assert_eq!(arrives(&again), 100);
    // The window of the filler counts, although a segment further ahead had arrived before.
    assert_eq!(connection.status().snd_wnd, Some(5_000));
}

#[test]
fn no_more_is_kept_than_there_is_room_for() {
    let filler = Segment::new(SeqNumber(301), SeqNumber(101), Control::ACK);
    let mut reassembly = Reassembly::new(10_000);
    for seq in (401..100_000).step_by(2) {
        let ahead = Segment::new(SeqNumber(seq), SeqNumber(101), Control::ACK).with_payload(1);
        reassembly.keep(&ahead, &bytes(seq, 1));
        assert!(reassembly.size() <= 10_000);
    }
    assert!(reassembly.size() > 9_900);
    // The segments that came first stay.
    assert_eq!(reassembly.next(SeqNumber(401), &filler).unwrap().1, bytes(401, 1));
    // Once RCV.NXT has passed them, they are dropped.
    assert!(reassembly.next(SeqNumber(100_000), &filler).is_none());
    assert_eq!(reassembly.size(), 0);
}

#[test]
fn a_duplicate_takes_no_room() {
    let mut reassembly = Reassembly::new(1_000);
    let keep = |reassembly: &mut Reassembly, seq: u32, len: u16| {
        let ahead = Segment::new(SeqNumber(seq), SeqNumber(101), Control::ACK).with_payload(len);
        reassembly.keep(&ahead, &bytes(seq, len.into()));
        reassembly.size()
    };
    let size = keep(&mut reassembly, 401, 100);
    assert_eq!(keep(&mut reassembly, 401, 100), size);
    assert_eq!(keep(&mut reassembly, 411, 90), size);
    // A longer segment replaces it, and a bare ACK is not kept.
    assert_eq!(keep(&mut reassembly, 391, 120), size + 20);
    assert_eq!(keep(&mut reassembly, 800, 0), size + 20);
}

/// Without room the segment is dropped, and the peer retransmits it.
#[test]
fn what_was_not_kept_is_taken_when_it_comes_again() {
    let small = Config { receive_buffer: 200, ..PLAIN };
    let mut receiver = Receiver::new(&small);
    for seq in (311..501).step_by(10) {
        receiver.arrives(seq, 10);
    }
    receiver.arrives(301, 10);
    let taken = receiver.sent().pop().unwrap();
    assert!(taken > 311 && taken < 501, "{taken}");
    receiver.assert_received_up_to(taken);
    receiver.arrives(taken, (501 - taken) as u16);
    receiver.assert_received_up_to(501);
}

/// D10: nothing follows the peer's FIN.
#[test]
fn after_the_fin_of_the_peer_nothing_is_delivered() {
    let mut receiver = Receiver::new(&PLAIN);
    receiver.arrives_with(301, 100, Control::FIN);
    receiver.arrives(502, 100);
    receiver.arrives(402, 100);
    receiver.assert_received_up_to(401);
    assert_eq!(receiver.socket.state(), State::CloseWait);
}
