//! One end as the peer, which is the harness, has seen it. The numbers of a script are relative to this view, and
//! answers are printed and compared relative to it.

use tcp_lifecycle::{Control, Options, Segment, SeqNumber};

use super::life::{Ack, Echo, Life, Piece, Seq, Stamp};

/// The initial sequence numbers in printed and compared segments, as in the RFC's figures: the end's, and the peer's.
pub(crate) const ISS: u32 = 100;
pub(crate) const PEER_ISS: u32 = 300;
/// The first timestamps in printed and compared segments.
const TS: u32 = 5_000;
const PEER_TS: u32 = 1_000;

/// The view before a step, in numbers relative to the initial ones.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Before {
    pub(crate) rcv_nxt: u32,
    edge: u32,
    pub(crate) una: u32,
    pub(crate) nxt: u32,
    window: u32,
    ts: Option<u32>,
    seq: u32,
    window_seq: u32,
}

/// One end, seen from outside.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    peer_iss: SeqNumber,
    peer_ts: u32,
    /// The end's initial sequence number, once its SYN was seen.
    iss: SeqNumber,
    /// Its SND.NXT.
    nxt: SeqNumber,
    /// The rightmost number at which a segment of the peer has begun, within the window.
    their_seq: SeqNumber,
    /// The latest timestamp that the peer has sent it.
    their_ts: Option<u32>,
    /// The highest acknowledgment that the peer has sent it.
    acked: SeqNumber,
    /// Its RCV.NXT, and the right edge of its window, as it has announced them.
    rcv_nxt: SeqNumber,
    has_acked: bool,
    edge: SeqNumber,
    /// Its first timestamp, and its last.
    ts: Option<(u32, u32)>,
    /// The timestamps of its SYNs, the first and the last.
    syn_ts: Option<(u32, u32)>,
    /// Whether it scales windows, and the peer's shift if so.
    scales: bool,
    shift: u8,
    /// The last window that it has accepted, and the number of that segment: its SND.WND and SND.WL1.
    their_window: u32,
    their_window_seq: SeqNumber,
    pub(crate) before: Before,
    /// How many more bytes it has received than the other end.
    pub(crate) drift: u32,
}

impl Seen {
    pub(crate) fn new(life: &Life) -> Seen {
        let (iss, peer_iss) = (SeqNumber(0x1000_0000), SeqNumber(life.peer_iss));
        Seen {
            peer_iss,
            peer_ts: life.peer_ts,
            iss,
            nxt: iss,
            their_seq: peer_iss,
            their_ts: None,
            acked: iss,
            rcv_nxt: peer_iss,
            has_acked: false,
            edge: peer_iss + 1_000,
            ts: None,
            syn_ts: None,
            scales: life.window_scaling,
            shift: 0,
            their_window: 0,
            their_window_seq: peer_iss,
            before: Before::default(),
            drift: 0,
        }
    }

    /// The segment of a script for this end, with a TSval of the peer's clock.
    pub(crate) fn resolve(&mut self, piece: &Piece, clock: u32) -> Segment {
        let seq = match piece.seq {
            Seq::Nxt(offset) => self.rcv_nxt + offset as u32,
            Seq::Edge(offset) => self.edge + offset as u32,
        };
        let ack = match piece.ack {
            Ack::Nothing => SeqNumber(0),
            Ack::Una(offset) => self.acked + offset as u32,
            Ack::Nxt(offset) => self.nxt + offset as u32,
        };
        let control = match piece.ack {
            Ack::Nothing => piece.control - Control::ACK,
            Ack::Una(_) | Ack::Nxt(_) => piece.control | Control::ACK,
        };
        let mut options = piece.options;
        let value = match piece.stamp {
            Stamp::Missing => None,
            Stamp::Fresh => Some(clock),
            Stamp::Older(by) => Some(clock.wrapping_sub(by)),
        };
        if let Some(value) = value {
            let last = self.ts.map_or(0, |(_, last)| last);
            let echo = match piece.echo {
                Echo::Last => last,
                Echo::Zero => 0,
                Echo::Off(by) => last.wrapping_add(by as u32),
            };
            let echo = if control.contains(Control::ACK) { echo } else { 0 };
            options = options.with_timestamps(value, echo);
        }
        let segment =
            Segment::new(seq, ack, control).with_window(piece.window).with_payload(piece.payload).with_options(options);
        self.note_sent(&segment);
        segment
    }

    /// A number that it has sent, relative to its first one.
    pub(crate) fn relative(&self, seq: SeqNumber) -> u32 {
        seq - self.iss
    }

    /// Starts a step, with this SND.UNA.
    pub(crate) fn begin(&mut self, una: u32) {
        self.before = Before {
            rcv_nxt: self.rcv_nxt - self.peer_iss,
            edge: self.edge - self.peer_iss,
            una,
            nxt: self.nxt - self.iss,
            window: self.their_window,
            seq: self.their_seq - self.peer_iss,
            window_seq: self.their_window_seq - self.peer_iss,
            ts: self.their_ts.map(|value| self.peer_stamp(value)),
        };
    }

    /// Whether the segment has a timestamp, and an earlier segment had a later one.
    pub(crate) fn has_old_stamp(&self, arrival: &Segment) -> bool {
        let values = arrival.options().timestamps().map(|(value, _)| value).zip(self.before.ts);
        values.is_some_and(|(value, before)| value.wrapping_sub(before) > 1 << 31)
    }

    /// The window that it had offered before the step.
    pub(crate) fn window_before(&self) -> u32 {
        self.before.edge.wrapping_sub(self.before.rcv_nxt)
    }

    pub(crate) fn take_window(&mut self, other: &Seen) {
        self.edge = self.rcv_nxt + other.window();
    }

    /// Whether the segment's window is smaller than the last one but not closed, and it begins no further right.
    pub(crate) fn shrinks(&self, arrival: &Segment) -> bool {
        let window = u32::from(arrival.window()) << self.shift;
        let seq = arrival.seq().0.wrapping_sub(PEER_ISS);
        window > 0 && window < self.before.window && self.before.seq.wrapping_sub(seq) < 1 << 31
    }

    /// Whether the segment's window is larger than the last one, or closed, and it begins no further left.
    pub(crate) fn widens_or_closes(&self, arrival: &Segment) -> bool {
        let window = u32::from(arrival.window()) << self.shift;
        let seq = arrival.seq().0.wrapping_sub(PEER_ISS);
        (window == 0 || window > self.before.window) && seq.wrapping_sub(self.before.window_seq) < 1 << 31
    }

    /// Whether the segment opens a closed window.
    pub(crate) fn opens(&self, arrival: &Segment) -> bool {
        self.before.window == 0 && arrival.window() > 0 && self.widens_or_closes(arrival)
    }

    /// The peer's windows are multiples of this.
    pub(crate) fn step(&self) -> u32 {
        1 << self.shift
    }

    /// Whether the segment echoes a timestamp of the end's SYN, or has none.
    pub(crate) fn echoes_syn(&self, arrival: &Segment) -> bool {
        match (arrival.options().timestamps(), self.syn_ts, self.ts) {
            (Some((_, echo)), Some((first, last)), Some((zero, _))) => {
                let echo = echo.wrapping_sub(TS).wrapping_add(zero);
                echo.wrapping_sub(first) <= last.wrapping_sub(first)
            }
            _ => true,
        }
    }

    /// Notes a segment that the peer sends it.
    fn note_sent(&mut self, segment: &Segment) {
        let control = segment.control();
        if control.contains(Control::SYN) && self.acked == self.iss {
            self.shift = segment.options().window_scale().filter(|_| self.scales).unwrap_or(0).min(14);
        }
        if let Some((value, _)) = segment.options().timestamps()
            && self.their_ts.is_none_or(|last| value.wrapping_sub(last) < 1 << 31)
        {
            self.their_ts = Some(value);
        }
        if self.their_seq.lt(segment.seq()) && segment.seq().le(self.edge) {
            self.their_seq = segment.seq();
        }
        self.note_acked(segment);
    }

    /// The same for a repeated segment: it may not have acknowledged anything the first time.
    pub(crate) fn note_acked(&mut self, segment: &Segment) {
        if let Some(ack) = segment.ack()
            && self.acked.lt(ack)
            && ack.le(self.nxt)
        {
            self.acked = ack;
        }
    }

    /// Notes a segment that it has accepted. As in RFC 9293, one that acknowledges more or is no older sets the window.
    pub(crate) fn note_taken(&mut self, segment: &Segment) {
        let is_syn = segment.control().contains(Control::SYN);
        let una = self.iss + self.before.una;
        if let Some(ack) = segment.ack()
            && (is_syn || una.lt(ack) || self.their_window_seq.le(segment.seq()))
        {
            let shift = if is_syn { 0 } else { self.shift };
            self.their_window = u32::from(segment.window()) << shift;
            self.their_window_seq = segment.seq();
        }
    }

    /// Notes a segment that it has sent to the peer.
    pub(crate) fn note(&mut self, segment: &Segment) {
        let control = segment.control();
        if control.contains(Control::RST) {
            return;
        }
        if control.contains(Control::SYN) && self.iss != segment.seq() {
            self.iss = segment.seq();
            self.nxt = self.iss;
            self.acked = self.iss;
            self.has_acked = false;
            self.ts = None;
            self.syn_ts = None;
        }
        let end = segment.seq() + segment.len();
        if self.nxt.lt(end) {
            self.nxt = end;
        }
        if let Some(ack) = segment.ack() {
            // The peer's first number is the one that was acknowledged, whatever it should have been.
            if !self.has_acked || self.rcv_nxt.lt(ack) {
                self.rcv_nxt = ack;
            }
            self.has_acked = true;
            self.edge = ack + u32::from(segment.window());
        }
        if let Some((value, _)) = segment.options().timestamps() {
            if control.contains(Control::SYN) {
                self.syn_ts = Some((self.syn_ts.map_or(value, |(first, _)| first), value));
            }
            self.ts = Some((self.ts.map_or(value, |(first, _)| first), value));
        }
    }

    /// Whether it has sent anything.
    pub(crate) fn has_been_open(&self) -> bool {
        self.nxt != self.iss
    }

    pub(crate) fn has_stamps(&self) -> bool {
        self.ts.is_some()
    }

    /// How many bytes may be sent to it.
    pub(crate) fn window(&self) -> u32 {
        self.edge - self.rcv_nxt
    }

    pub(crate) fn rcv_nxt(&self) -> u32 {
        self.rcv_nxt - self.peer_iss
    }

    /// An answer of this end in relative numbers.
    pub(crate) fn answer(&self, segment: &Segment) -> Segment {
        let control = segment.control();
        let seq = if control.contains(Control::RST) && segment.seq() == SeqNumber(0) {
            SeqNumber(0)
        } else {
            SeqNumber(ISS) + (segment.seq() - self.iss)
        };
        let ack = segment.ack().unwrap_or(SeqNumber(0));
        let ack = SeqNumber(PEER_ISS) + (ack - self.peer_iss) + 0_u32.wrapping_sub(self.drift);
        let options = segment.options();
        let mut relative = Options::NONE;
        if let Some(mss) = options.mss() {
            relative = relative.with_mss(mss);
        }
        if let Some(shift) = options.window_scale() {
            relative = relative.with_window_scale(shift);
        }
        if options.sack_permitted() {
            relative = relative.with_sack_permitted();
        }
        if let Some((value, echo)) = options.timestamps() {
            let value = self.ts.map_or(0, |(first, _)| value.wrapping_sub(first).wrapping_add(TS));
            relative = relative.with_timestamps(value, self.peer_stamp(echo));
        }
        Segment::new(seq, ack, control)
            .with_payload(segment.payload_len())
            .with_window(segment.window())
            .with_urgent(segment.urgent())
            .with_options(relative)
    }

    fn peer_stamp(&self, value: u32) -> u32 {
        if value == 0 { 0 } else { value.wrapping_sub(self.peer_ts).wrapping_add(PEER_TS) }
    }

    /// A segment of the peer in relative numbers, to be printed.
    pub(crate) fn arrival(&self, segment: &Segment) -> Segment {
        let ack = segment.ack().unwrap_or(SeqNumber(0));
        let mut options = segment.options();
        if let Some((value, echo)) = options.timestamps() {
            let echo = match self.ts {
                Some((first, _)) if echo != 0 => echo.wrapping_sub(first).wrapping_add(TS),
                Some(_) | None => echo,
            };
            options = options.with_timestamps(self.peer_stamp(value), echo);
        }
        Segment::new(
            SeqNumber(PEER_ISS) + (segment.seq() - self.peer_iss),
            SeqNumber(ISS) + (ack - self.iss),
            segment.control(),
        )
        .with_payload(segment.payload_len())
        .with_window(segment.window())
        .with_urgent(segment.urgent())
        .with_options(options)
    }
}
