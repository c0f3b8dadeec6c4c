//! A receiver without silly window avoidance: it announces every byte that its user has read.

use core::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use tcp_lifecycle::{Config, Connection, Control, Instant, Open, Output, Segment, SeqNumber, Transmit};

use crate::cases::cases;

const IRS: SeqNumber = SeqNumber(300);

/// The sender, and the data by which its segments are judged.
#[derive(Debug)]
struct Sender {
    connection: Connection,
    now: Instant,
    nagle: bool,
    closed: bool,
    most_window: u32,
    /// The timer has fired since the last drain.
    fired: bool,
    overrides: u64,
}

/// The receiver: its buffer, and the payload that has arrived.
#[derive(Debug)]
struct Receiver {
    buffer: u32,
    unread: u32,
    nxt: SeqNumber,
    received: u32,
    fin: bool,
}

impl Receiver {
    fn acknowledgment(&self) -> Segment {
        Segment::new(IRS + 1, self.nxt, Control::ACK).with_window((self.buffer - self.unread) as u16)
    }

    fn takes(&mut self, transmit: &Transmit) {
        let (segment, bytes) = (&transmit.segment, u32::from(transmit.segment.payload_len()));
        let free = self.buffer - self.unread;
        // A probe of a closed window is refused.
        if segment.seq() != self.nxt || bytes > free {
            return;
        }
        self.unread += bytes;
        self.received += bytes;
        self.fin |= segment.control().contains(Control::FIN);
        self.nxt += segment.len();
    }

    fn reads(&mut self, bytes: u32) {
        self.unread -= bytes.min(self.unread);
    }
}

impl Sender {
    fn established(nagle: bool, receiver: &Receiver) -> Sender {
        let now = Instant::ZERO;
        let mut connection = Connection::new(&Config { nagle, ..Config::DEFAULT }, 99);
        connection.open(Open::Active, now).unwrap();
        let syn_ack = Segment::new(IRS, SeqNumber(100), Control::SYN | Control::ACK);
        let most_window = receiver.buffer;
        let mut sender = Sender { connection, now, nagle, closed: false, most_window, fired: false, overrides: 0 };
        sender.drain();
        sender.arrives(&syn_ack.with_window(receiver.buffer as u16));
        sender.drain();
        sender
    }

    fn arrives(&mut self, segment: &Segment) {
        self.connection.segment_arrives(segment, self.now).unwrap();
    }

    /// Every segment that is sent, each judged.
    fn drain(&mut self) -> Vec<Transmit> {
        let mut transmits = Vec::new();
        loop {
            let before = self.connection.status();
            match self.connection.poll(self.now) {
                Output::Transmit(transmit) => {
                    if transmit.segment.payload_len() > 0 && Some(transmit.segment.seq()) == before.snd_nxt {
                        self.judge(&transmit);
                    }
                    transmits.push(transmit);
                }
                Output::Transition(_) | Output::Signal(_) => {}
                Output::Wait(_) => break,
            }
        }
        self.fired = false;
        transmits
    }

    /// Judges payload that is sent for the first time: it is full, or all there is, or half of the largest window, or
    /// the timer forced it out.
    fn judge(&mut self, transmit: &Transmit) {
        let after = self.connection.status();
        let bytes = u32::from(transmit.segment.payload_len());
        let full = bytes == u32::from(after.peer_mss.unwrap());
        let worth_it = full || after.unsent == 0 || bytes >= self.most_window / 2;
        let alone = after.in_flight == transmit.segment.len();
        let waits = self.nagle && !self.closed && !full && !alone;
        if !worth_it {
            assert!(self.fired && alone, "a silly segment: {transmit:?}");
            self.overrides += 1;
        }
        assert!(!waits, "a small segment beside what is in flight: {transmit:?}");
        assert_eq!(after.retransmissions, 0);
    }

    fn timer(&mut self) {
        self.fired = true;
        self.connection.timeout(self.now);
    }
}

/// Sends these writes to a receiver that reads `read` bytes at a time and announces them.
fn run(nagle: bool, buffer: u32, writes: &[u16], read: u32, pause: Duration) -> u64 {
    let mut receiver = Receiver { buffer, unread: 0, nxt: SeqNumber(100), received: 0, fin: false };
    let mut sender = Sender::established(nagle, &receiver);
    let all: u32 = writes.iter().map(|bytes| u32::from(*bytes)).sum();
    let mut writes = writes.iter();
    for _ in 0..200_000 {
        match writes.next() {
            Some(bytes) => sender.connection.send(usize::from(*bytes), sender.now).unwrap(),
            None if !sender.closed => {
                sender.closed = true;
                sender.connection.close(sender.now).unwrap();
            }
            None => {}
        }
        for transmit in sender.drain() {
            receiver.takes(&transmit);
            sender.arrives(&receiver.acknowledgment());
        }
        if receiver.fin {
            assert_eq!(receiver.received, all);
            assert!(sender.overrides <= sender.now.as_micros() / 1_000_000, "one in a second at most");
            return sender.overrides;
        }
        sender.now = sender.now + pause;
        if sender.connection.deadline().is_some_and(|deadline| deadline <= sender.now) {
            sender.timer();
        } else {
            receiver.reads(read);
            sender.arrives(&receiver.acknowledgment());
        }
    }
    panic!("it does not come to an end: {sender:?} {receiver:?}");
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn no_silly_segment_but_by_the_timer(
        nagle: bool,
        buffer in 536_u32..3_000,
        writes in vec(1_u16..1_500, 1..8),
        read in prop_oneof![Just(1_u32), 1_u32..200],
        pause in 1_u64..50,
    ) {
        run(nagle, buffer, &writes, read, Duration::from_millis(pause));
    }
}

/// Makes sure that the property is not empty: with a reader this slow the override is needed, and with a fast one it is
/// not.
#[test]
fn the_override_is_for_a_reader_that_is_slower_than_the_timer() {
    let pause = Duration::from_millis(20);
    assert!(run(true, 1_000, &[4_000], 1, pause) > 10);
    assert_eq!(run(true, 1_000, &[4_000], 20, pause), 0);
}
