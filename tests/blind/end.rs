//! One honest end: a stream, which has congestion control and reassembly, and its user.

use std::sync::LazyLock;

use tcp_lifecycle::stream::congestion::NewReno;
use tcp_lifecycle::stream::{self, Event, Output, Stream, StreamConfig};
use tcp_lifecycle::{Config, Control, Ecn, Instant, SackBlocks, Segment, State, Status};

use crate::scene::Act;

/// A streaming user keeps at least this many bytes queued.
const QUEUED: u32 = 65_536;
/// The attacker's payload byte; the streams never contain it.
pub(crate) const FORGED: u8 = 255;

/// The end of a connection that was not graceful: its signal, the state that was left, and the time.
#[derive(Clone, Debug)]
pub(crate) struct Death {
    pub(crate) how: String,
    pub(crate) left: State,
    pub(crate) at: Instant,
}

/// A segment with what belongs to it.
#[derive(Clone, Debug)]
pub(crate) struct Packet {
    pub(crate) segment: Segment,
    pub(crate) sack: SackBlocks,
    pub(crate) ecn: Ecn,
    pub(crate) payload: Vec<u8>,
}

#[derive(Debug)]
pub(crate) struct End {
    pub(crate) stream: Stream,
    /// The bytes that the user has written, and those that it has read.
    pub(crate) sent: u64,
    pub(crate) received: u64,
    /// A delivered byte differs from the byte that was sent.
    pub(crate) is_wrong: bool,
    /// The user always has more to send.
    streams: bool,
    /// The user reads everything that has arrived.
    reads: bool,
    to_send: u32,
    closes: bool,
    has_closed: bool,
    pub(crate) death: Option<Death>,
    /// The present state, and the one before.
    state: State,
    left: State,
    pub(crate) closed_at: Option<Instant>,
    pub(crate) time_wait_at: Option<Instant>,
    max_snd_wnd: u32,
    max_rcv_wnd: u32,
}

/// The sequence numbers of an end, with the largest window that its peer has offered and the largest that it has
/// offered.
#[derive(Clone, Debug)]
pub(crate) struct View {
    pub(crate) status: Status,
    pub(crate) max_snd_wnd: u32,
    pub(crate) max_rcv_wnd: u32,
}

impl End {
    pub(crate) fn new(config: &Config, isn_offset: u32) -> End {
        let config = StreamConfig {
            tcp: *config,
            max_receive_buffer: config.receive_buffer,
            controller: NewReno::start,
            ..StreamConfig::default()
        };
        End {
            stream: Stream::new(&config, isn_offset),
            sent: 0,
            received: 0,
            is_wrong: false,
            streams: false,
            reads: true,
            to_send: 0,
            closes: false,
            has_closed: false,
            death: None,
            state: State::Closed,
            left: State::Closed,
            closed_at: None,
            time_wait_at: None,
            max_snd_wnd: 0,
            max_rcv_wnd: 0,
        }
    }

    pub(crate) fn state(&self) -> State {
        self.stream.state()
    }

    pub(crate) fn view(&self) -> View {
        let status = self.stream.connection().status();
        let max_snd_wnd = self.max_snd_wnd.max(status.snd_wnd.unwrap_or(0));
        let max_rcv_wnd = self.max_rcv_wnd.max(status.rcv_wnd.unwrap_or(0));
        View { status, max_snd_wnd, max_rcv_wnd }
    }

    pub(crate) fn act(&mut self, act: Act, now: Instant) {
        match act {
            Act::Open(open) => self.stream.open(open, now).expect("it is in CLOSED"),
            Act::Stream => self.streams = true,
            Act::Finish => self.streams = false,
            Act::Send(bytes) => self.to_send += bytes,
            Act::Close => self.closes = true,
            Act::Read(reads) => self.reads = reads,
        }
    }

    /// Lets the user read, and send and close as planned, once the connection is open.
    fn carry_on(&mut self, now: Instant) {
        if self.reads {
            self.read();
        }
        if !matches!(self.state(), State::Established | State::CloseWait) || self.has_closed {
            return;
        }
        if self.streams && self.stream.connection().status().unsent < QUEUED {
            self.to_send += QUEUED;
        }
        if self.to_send > 0 {
            let bytes = bytes_at(self.sent, self.to_send as usize);
            let written = self.stream.write(bytes, now).expect("it is open");
            self.sent += written as u64;
            self.to_send -= written as u32;
        }
        if self.closes && self.to_send == 0 {
            self.stream.shutdown(now);
            self.has_closed = true;
        }
    }

    fn read(&mut self) {
        let mut buffer = [0; 4_096];
        while let Ok(count @ 1..) = self.stream.read(&mut buffer) {
            self.is_wrong |= &buffer[..count] != bytes_at(self.received, count);
            self.received += count as u64;
        }
    }

    pub(crate) fn segment_arrives(&mut self, packet: &Packet, now: Instant) {
        let Packet { segment, sack, ecn, payload } = packet;
        let _ = self.stream.segment_arrives(segment, sack, *ecn, payload, now);
    }

    /// Runs after each event: the user, then the polling that returns what is to be sent.
    pub(crate) fn after_event(&mut self, now: Instant) -> Vec<Packet> {
        let mut packets = Vec::new();
        loop {
            self.carry_on(now);
            match self.stream.poll(now) {
                Output::Event(Event::Ended(end)) if end != stream::End::Closed => {
                    self.note_state(now);
                    self.death = Some(Death { how: format!("{end:?}"), left: self.left, at: now });
                }
                Output::Event(_) => {}
                Output::Transmit(transmit) => packets.push(Packet {
                    segment: transmit.segment,
                    sack: transmit.sack,
                    ecn: transmit.ecn,
                    payload: transmit.payload.concat(),
                }),
                Output::Wait(_) => break,
            }
            self.note_state(now);
        }
        self.note_state(now);
        let view = self.view();
        (self.max_snd_wnd, self.max_rcv_wnd) = (view.max_snd_wnd, view.max_rcv_wnd);
        packets
    }

    fn note_state(&mut self, now: Instant) {
        let (from, to) = (self.state, self.state());
        if from == to {
            return;
        }
        (self.left, self.state) = (from, to);
        if to == State::TimeWait {
            self.time_wait_at = Some(now);
        } else if to == State::Closed {
            // If the end was not graceful, an event follows.
            self.closed_at = Some(now);
        } else if (from, to) == (State::SynReceived, State::Listen) {
            self.death = Some(Death { how: "LISTEN".into(), left: from, at: now });
        }
    }
}

/// The `len` bytes of either stream from `place` on: they count from 0 to 254, and begin again.
fn bytes_at(place: u64, len: usize) -> &'static [u8] {
    static STREAM: LazyLock<Vec<u8>> = LazyLock::new(|| Vec::from_iter(0..FORGED).repeat(800));
    &STREAM[(place % u64::from(FORGED)) as usize..][..len]
}

/// Whether this is an ACK without payload and control bits: the answer to a segment that was refused.
pub(crate) fn is_bare_ack(segment: &Segment) -> bool {
    segment.len() == 0 && segment.control().intersection(Control::ACK | Control::RST) == Control::ACK
}
