//! A stream, and a peer that the test plays by hand: what arrives, with which SACK blocks, and when.
//!
//! Bytes count from zero in both directions. What the stream sends is listed by its numbers: `0 1 2` are three full
//! segments, `0..500` is a piece.

use std::cell::{Cell, RefCell};
use std::fmt::Write;
use std::ops::Range;
use std::time::Duration;

use tcp_lifecycle::stream::congestion::{Acknowledgment, Controller, NewReno};
use tcp_lifecycle::stream::{Event, Output, Stream, StreamConfig};
use tcp_lifecycle::{Config, Control, Ecn, Instant, Open, Options, Refusal, SackBlock, SackBlocks, Segment, SeqNumber};

/// The payload of a full segment.
pub(crate) const SEGMENT: u64 = 1_000;
/// The round-trip time of the SYN.
pub(crate) const RTT: u64 = 100;
const PEER_ISS: u32 = 300;
/// The peer scales its windows by 2^10.
const SHIFT: u8 = 10;

thread_local! {
    static WINDOW: Cell<u64> = const { Cell::new(10 * SEGMENT) };
    static CALLS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// NewReno, which has grown to the window of the test, and notes what it is told.
#[derive(Clone, Debug)]
struct Noted(NewReno);

impl Noted {
    fn start(segment: u16, _: Option<u32>) -> Box<dyn Controller> {
        let mut inner = NewReno::new(segment);
        let window = WINDOW.get() * u64::from(segment) / SEGMENT;
        while inner.window() < window {
            let missing = window - inner.window();
            inner.acknowledged(&Acknowledgment::new(Instant::ZERO, missing.min(SEGMENT)));
        }
        Box::new(Noted(inner))
    }
}

fn note(call: String) {
    CALLS.with_borrow_mut(|calls| calls.push(call));
}

impl Controller for Noted {
    fn window(&self) -> u64 {
        self.0.window()
    }

    fn slow_start_threshold(&self) -> Option<u64> {
        self.0.slow_start_threshold()
    }

    fn acknowledged(&mut self, ack: &Acknowledgment) {
        self.0.acknowledged(ack);
    }

    fn congested(&mut self, in_flight: u64, now: Instant) {
        self.0.congested(in_flight, now);
        note(format!("congested {}", self.0.window()));
    }

    fn timed_out(&mut self, in_flight: u64, again: bool, now: Instant) {
        self.0.timed_out(in_flight, again, now);
        note(format!("timed out{}", if again { " again" } else { "" }));
    }

    fn undo(&mut self) {
        self.0.undo();
        note(format!("undo {}", self.0.window()));
    }

    fn idled(&mut self, now: Instant) {
        self.0.idled(now);
    }

    fn syn_lost(&mut self) {
        self.0.syn_lost();
        CALLS.with_borrow_mut(|calls| calls.push("syn lost".to_owned()));
    }

    fn set_segment(&mut self, bytes: u16) {
        self.0.set_segment(bytes);
    }

    fn boxed(&self) -> Box<dyn Controller> {
        Box::new(self.clone())
    }
}

/// What the two ends agree on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setup {
    pub(crate) config: StreamConfig,
    pub(crate) sack: bool,
    pub(crate) timestamps: bool,
    pub(crate) ecn: bool,
    /// The first congestion window, in segments.
    pub(crate) window: u64,
    /// The first SYN is lost.
    pub(crate) loses_syn: bool,
}

impl Default for Setup {
    fn default() -> Setup {
        let tcp = Config { delayed_ack: None, ecn: true, ..StreamConfig::new().tcp };
        let config = StreamConfig { tcp, controller: Noted::start, ..StreamConfig::new() };
        Setup { config, sack: true, timestamps: false, ecn: false, window: 10, loses_syn: false }
    }
}

/// A segment of the stream.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) segment: Segment,
    pub(crate) sack: SackBlocks,
    pub(crate) payload: Vec<u8>,
}

#[derive(Debug)]
pub(crate) struct Peer {
    pub(crate) stream: Stream,
    pub(crate) now: Instant,
    pub(crate) events: Vec<Event>,
    /// Everything that the stream has sent.
    pub(crate) sent: Vec<Sent>,
    /// SEG.WND of the peer's segments, in units of 1,024 bytes.
    pub(crate) window: u16,
    /// TSecr of the peer's segments.
    pub(crate) echo: u32,
    /// The byte of the stream up to which the peer acknowledges.
    pub(crate) una: u64,
    /// The bytes that the peer has sent.
    pub(crate) nxt: u64,
    /// What the user has written.
    written: u64,
    iss: u32,
    timestamps: bool,
}

impl Peer {
    /// The stream connects; the SYN takes a round-trip time of 100 ms.
    #[track_caller]
    pub(crate) fn open(setup: Setup) -> Peer {
        WINDOW.set(setup.window * SEGMENT);
        CALLS.take();
        let mut config = setup.config;
        (config.tcp.timestamps, config.tcp.ecn) = (setup.timestamps, setup.ecn);
        let mut peer = Peer {
            stream: Stream::new(&config, 100),
            now: Instant::ZERO,
            events: Vec::new(),
            sent: Vec::new(),
            window: 1_000,
            echo: 0,
            una: 0,
            nxt: 0,
            written: 0,
            iss: 0,
            timestamps: setup.timestamps,
        };
        peer.stream.open(Open::Active, peer.now).unwrap();
        peer.drain();
        if setup.loses_syn {
            assert_eq!(peer.wait_for(), "syn");
        }
        let syn = peer.sent.first().expect("a SYN").segment;
        peer.iss = syn.seq().0;
        peer.echo = syn.options().timestamps().map_or(0, |(value, _)| value);
        peer.now = peer.now + Duration::from_millis(RTT);
        let mut options =
            Options::NONE.with_mss(1_000 + if setup.timestamps { 12 } else { 0 }).with_window_scale(SHIFT);
        if setup.sack {
            options = options.with_sack_permitted();
        }
        if setup.timestamps {
            options = options.with_timestamps(peer.stamp(), peer.echo);
        }
        let ece = if setup.ecn { Control::ECE } else { Control::empty() };
        let syn_ack = Segment::new(SeqNumber(PEER_ISS), SeqNumber(peer.iss + 1), Control::SYN | Control::ACK | ece)
            .with_window(65_000)
            .with_options(options);
        peer.stream.segment_arrives(&syn_ack, &[], Ecn::NotEct, &[], peer.now).unwrap();
        assert_eq!(peer.drain(), "ack", "the handshake");
        assert_eq!(peer.events, [Event::Connected]);
        peer.events.clear();
        // The SYN has no scaled window.
        assert_eq!(peer.ack(0, &[]), "", "a window");
        peer
    }

    fn stamp(&self) -> u32 {
        7_000 + (self.now.as_micros() / 1_000) as u32
    }

    /// The sequence number of a byte of the stream, and of one of the peer.
    fn seq(&self, byte: u64) -> SeqNumber {
        SeqNumber(self.iss.wrapping_add(1).wrapping_add(byte as u32))
    }

    pub(crate) fn peer_seq(byte: u64) -> SeqNumber {
        SeqNumber((PEER_ISS + 1).wrapping_add(byte as u32))
    }

    /// Polls until there is nothing left. Returns what is sent.
    pub(crate) fn drain(&mut self) -> String {
        let mut text = String::new();
        loop {
            match self.stream.poll(self.now) {
                Output::Event(event) => self.events.push(event),
                Output::Transmit(transmit) => {
                    let payload = transmit.payload.concat();
                    let sent = Sent { segment: transmit.segment, sack: transmit.sack, payload };
                    let separator = if text.is_empty() { "" } else { " " };
                    let _ = write!(text, "{separator}{}", self.describe(&sent));
                    self.sent.push(sent);
                }
                Output::Wait(_) => return text,
            }
        }
    }

    fn describe(&self, sent: &Sent) -> String {
        let Sent { segment, payload, .. } = sent;
        let mut text = String::new();
        let start = u64::from(segment.seq().0.wrapping_sub(self.iss.wrapping_add(1)));
        let len = payload.len() as u64;
        assert_eq!(usize::from(segment.payload_len()), payload.len(), "{segment}");
        for (byte, value) in (start..).zip(payload) {
            assert_eq!(*value, byte_at(byte), "byte {byte} of {segment}");
        }
        let control = segment.control();
        if control.contains(Control::SYN) {
            text.push_str("syn");
        } else if control.contains(Control::RST) {
            text.push_str("rst");
        } else if len == SEGMENT && start % SEGMENT == 0 {
            let _ = write!(text, "{}", start / SEGMENT);
        } else if len > 0 {
            let _ = write!(text, "{start}..{}", start + len);
        } else if !control.contains(Control::FIN) {
            text.push_str("ack");
        }
        if control.contains(Control::FIN) {
            text.push_str("fin");
        }
        if control.contains(Control::CWR) && !control.contains(Control::SYN) {
            text.push_str("cwr");
        }
        text
    }

    /// The user writes so many full segments.
    #[track_caller]
    pub(crate) fn write(&mut self, segments: u64) -> String {
        self.write_bytes(segments * SEGMENT)
    }

    #[track_caller]
    pub(crate) fn write_bytes(&mut self, bytes: u64) -> String {
        let bytes: Vec<u8> = (self.written..self.written + bytes).map(byte_at).collect();
        assert_eq!(self.stream.write(&bytes, self.now), Ok(bytes.len()));
        self.written += bytes.len() as u64;
        self.drain()
    }

    /// Time passes; timeouts are carried out when they are due. Returns what is sent.
    #[track_caller]
    pub(crate) fn wait(&mut self, millis: u64) -> String {
        let end = self.now + Duration::from_millis(millis);
        let mut text = Vec::new();
        for _ in 0..10_000 {
            let Some(deadline) = self.stream.deadline().filter(|&deadline| deadline <= end) else {
                self.now = end;
                return text.join(" ");
            };
            self.now = self.now.max(deadline);
            self.stream.timeout(self.now);
            text.extend(Some(self.drain()).filter(|text| !text.is_empty()));
        }
        panic!("a timeout again and again at {}", self.now);
    }

    /// Waits until the stream sends something; at most a minute.
    #[track_caller]
    pub(crate) fn wait_for(&mut self) -> String {
        for _ in 0..60_000 {
            let text = self.wait(1);
            if !text.is_empty() {
                return text;
            }
        }
        panic!("the stream is silent");
    }

    /// The peer acknowledges so many segments, with these SACK blocks, also in segments. Returns what is sent.
    #[track_caller]
    pub(crate) fn ack(&mut self, una: u64, sack: &[Range<u64>]) -> String {
        let blocks: Vec<_> = sack.iter().map(|block| block.start * SEGMENT..block.end * SEGMENT).collect();
        self.ack_bytes(una * SEGMENT, &blocks)
    }

    #[track_caller]
    pub(crate) fn ack_bytes(&mut self, una: u64, sack: &[Range<u64>]) -> String {
        self.una = una;
        let blocks: Vec<_> =
            sack.iter().map(|block| SackBlock { left: self.seq(block.start), right: self.seq(block.end) }).collect();
        let segment = self.segment(Control::ACK);
        let _ = self.stream.segment_arrives(&segment, &blocks, Ecn::NotEct, &[], self.now);
        self.drain()
    }

    /// The same with an echo of a congestion mark.
    #[track_caller]
    pub(crate) fn ack_with_echo(&mut self, una: u64) -> String {
        self.una = una * SEGMENT;
        let segment = self.segment(Control::ACK | Control::ECE);
        self.stream.segment_arrives(&segment, &[], Ecn::NotEct, &[], self.now).unwrap();
        self.drain()
    }

    /// A segment of the peer at SND.NXT of the peer, without payload.
    pub(crate) fn segment(&self, control: Control) -> Segment {
        self.segment_at(self.nxt, control)
    }

    fn segment_at(&self, byte: u64, control: Control) -> Segment {
        let segment = Segment::new(Peer::peer_seq(byte), self.seq(self.una), control).with_window(self.window);
        if self.timestamps {
            segment.with_options(Options::NONE.with_timestamps(self.stamp(), self.echo))
        } else {
            segment
        }
    }

    /// Bytes of the peer arrive. Returns what is sent.
    pub(crate) fn arrives_with(&mut self, bytes: Range<u64>, control: Control) -> Result<String, Refusal> {
        let segment = self.segment_at(bytes.start, control);
        self.nxt = self.nxt.max(bytes.end);
        let payload: Vec<u8> = bytes.map(byte_at).collect();
        let outcome = self.stream.segment_arrives(&segment, &[], Ecn::NotEct, &payload, self.now);
        let text = self.drain();
        outcome.map(|()| text)
    }

    /// What the controller was told since the last time.
    pub(crate) fn calls(&self) -> Vec<String> {
        CALLS.take()
    }

    /// TSval of the last segment of the stream that has bytes.
    pub(crate) fn last_stamp(&self) -> u32 {
        let last = self.sent.iter().rfind(|sent| !sent.payload.is_empty()).expect("a segment with bytes");
        last.segment.options().timestamps().expect("timestamps").0
    }
}

/// The bytes of both directions.
pub(crate) fn byte_at(byte: u64) -> u8 {
    (byte.wrapping_mul(2_654_435_761) >> 13) as u8
}
