//! One honest end: a connection, its congestion controller, its user, and reassembly.

use std::ops::Range;
use std::sync::LazyLock;

use tcp_lifecycle::{
    Config, Connection, Control, Instant, Output, Segment, Signal, State, Status, Transition, Transmit,
};

use crate::reno::Reno;
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

#[derive(Debug)]
pub(crate) struct End {
    pub(crate) connection: Connection,
    reno: Reno,
    /// The bytes that the user has sent, and those of them that are acknowledged.
    pub(crate) sent: u64,
    acknowledged: u64,
    pub(crate) received: u64,
    /// A delivered byte differs from the byte that was sent.
    pub(crate) is_wrong: bool,
    /// Payload ahead of RCV.NXT, until the gap before it is filled.
    kept: Vec<(Segment, Vec<u8>)>,
    /// The user always has more to send.
    streams: bool,
    /// The user reads everything that is delivered.
    reads: bool,
    to_send: u32,
    closes: bool,
    has_closed: bool,
    pub(crate) death: Option<Death>,
    /// The previous state.
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
        End {
            connection: Connection::new(config, isn_offset),
            reno: Reno::new(),
            sent: 0,
            acknowledged: 0,
            received: 0,
            is_wrong: false,
            kept: Vec::new(),
            streams: false,
            reads: true,
            to_send: 0,
            closes: false,
            has_closed: false,
            death: None,
            left: State::Closed,
            closed_at: None,
            time_wait_at: None,
            max_snd_wnd: 0,
            max_rcv_wnd: 0,
        }
    }

    pub(crate) fn state(&self) -> State {
        self.connection.state()
    }

    pub(crate) fn view(&self) -> View {
        let status = self.connection.status();
        let max_snd_wnd = self.max_snd_wnd.max(status.snd_wnd.unwrap_or(0));
        let max_rcv_wnd = self.max_rcv_wnd.max(status.rcv_wnd.unwrap_or(0));
        View { status, max_snd_wnd, max_rcv_wnd }
    }

    pub(crate) fn act(&mut self, act: Act, now: Instant) {
        match act {
            Act::Open(open) => self.connection.open(open, now).expect("it is in CLOSED"),
            Act::Stream => self.streams = true,
            Act::Finish => self.streams = false,
            Act::Send(bytes) => self.to_send += bytes,
            Act::Close => self.closes = true,
            Act::Read(reads) => {
                self.reads = reads;
                let unread = if reads { self.connection.status().unread } else { 0 };
                // The connection may have died meanwhile.
                let _ = self.connection.receive(unread as usize);
            }
        }
    }

    /// Lets the user send and close as planned, once the connection is open.
    fn carry_on(&mut self, now: Instant) {
        if !matches!(self.state(), State::Established | State::CloseWait) || self.has_closed {
            return;
        }
        if self.streams && self.connection.status().unsent < QUEUED {
            self.to_send += QUEUED;
        }
        if self.to_send > 0 {
            self.connection.send(self.to_send as usize, now).expect("it is open");
            self.sent += u64::from(self.to_send);
            self.to_send = 0;
        }
        if self.closes {
            self.connection.close(now).expect("it is open");
            self.has_closed = true;
        }
    }

    /// Hands in the segment, and then each kept segment that has become the next in order.
    pub(crate) fn segment_arrives(&mut self, segment: Segment, payload: Vec<u8>, now: Instant) {
        let Ok(range) = self.connection.segment_arrives(&segment, now) else { return };
        let nxt = self.connection.status().rcv_nxt;
        if segment.len() > 0 && nxt.is_some_and(|nxt| segment.seq().gt(nxt)) {
            return self.kept.push((segment, payload));
        }
        self.deliver(&payload, range);
        while let Some((kept, payload)) = self.next_kept() {
            let again = Segment::new(kept.seq(), segment.ack().unwrap_or(kept.seq()), kept.control())
                .with_payload(kept.payload_len())
                .with_window(segment.window())
                .with_options(segment.options());
            if let Ok(range) = self.connection.segment_arrives(&again, now) {
                self.deliver(&payload, range);
            }
        }
    }

    fn next_kept(&mut self) -> Option<(Segment, Vec<u8>)> {
        if self.kept.is_empty() {
            return None;
        }
        let nxt = self.connection.status().rcv_nxt?;
        let next = self.kept.iter().position(|(segment, _)| segment.seq().le(nxt))?;
        Some(self.kept.swap_remove(next))
    }

    fn deliver(&mut self, payload: &[u8], range: Range<usize>) {
        let bytes = &payload[range];
        self.is_wrong |= bytes != bytes_at(self.received, bytes.len());
        self.received += bytes.len() as u64;
        if self.reads && !bytes.is_empty() {
            self.connection.receive(bytes.len()).expect("it was delivered");
        }
    }

    /// Runs after each event: the user, the congestion controller, then the polling that returns the segments to send.
    pub(crate) fn after_event(&mut self, now: Instant) -> Vec<(Segment, Vec<u8>)> {
        self.carry_on(now);
        self.reno.after_event(&mut self.connection, now);
        let mut segments = Vec::new();
        loop {
            match self.connection.poll(now) {
                Output::Signal(signal) => self.signal(signal, now),
                Output::Transition(transition) => self.transition(transition, now),
                Output::Transmit(Transmit { segment, payload }) => {
                    let first = self.acknowledged + payload.start as u64;
                    segments.push((segment, bytes_at(first, payload.len()).to_vec()));
                }
                Output::Wait(_) => break,
            }
        }
        let view = self.view();
        (self.max_snd_wnd, self.max_rcv_wnd) = (view.max_snd_wnd, view.max_rcv_wnd);
        segments
    }

    fn signal(&mut self, signal: Signal, now: Instant) {
        if let Signal::Acknowledged(bytes) = signal {
            self.acknowledged += bytes as u64;
        } else if matches!(signal, Signal::Refused | Signal::Reset | Signal::TimedOut | Signal::Unreachable(_)) {
            self.death = Some(Death { how: format!("{signal:?}"), left: self.left, at: now });
        }
    }

    fn transition(&mut self, transition: Transition, now: Instant) {
        let Transition { from, to } = transition;
        self.left = from;
        if to == State::TimeWait {
            self.time_wait_at = Some(now);
        } else if to == State::Closed {
            // If the end was not graceful, a signal follows.
            self.closed_at = Some(now);
        } else if (from, to) == (State::SynReceived, State::Listen) {
            self.death = Some(Death { how: "LISTEN".into(), left: from, at: now });
        }
    }
}

/// The `len` bytes of either stream from `place` on: they count from 0 to 254, and begin again.
fn bytes_at(place: u64, len: usize) -> &'static [u8] {
    static STREAM: LazyLock<Vec<u8>> = LazyLock::new(|| Vec::from_iter(0..FORGED).repeat(300));
    &STREAM[(place % u64::from(FORGED)) as usize..][..len]
}

/// Whether this is an ACK without payload and control bits: the answer to a segment that was refused.
pub(crate) fn is_bare_ack(segment: &Segment) -> bool {
    segment.len() == 0 && segment.control().intersection(Control::ACK | Control::RST) == Control::ACK
}
