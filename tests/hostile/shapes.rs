//! The segments of a peer that sees all of our variables: any flags, and any number at or beside one of ours.

use tcp_lifecycle::{Connection, Control, Instant, Options, Segment, SeqNumber, Status};

use super::acts::ACT;
use super::policies::Offer;

/// A segment in relation to our variables, so that it can be sent again with the variables of another moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    bits: u8,
    seq: u8,
    ack: u8,
    window: u8,
    payload: u8,
    stamp: u8,
    urgent: u8,
}

/// The peer: its knowledge in addition to our variables.
#[derive(Debug)]
pub(super) struct Peer {
    /// The offers of its SYN.
    pub(super) offer: Offer,
    /// Our first and our last TSval that it has seen.
    first_said: Option<u32>,
    pub(super) last_said: u32,
    /// Our segments since the last act, for the honest peer.
    pub(super) heard: Vec<Segment>,
    /// The last of its TSvals that we have echoed.
    pub(super) echoed: u32,
    /// How far its clock of timestamps is ahead of the time, in milliseconds.
    pub(super) ahead: u32,
    /// Its last window, and the largest.
    window: u16,
    pub(super) most_window: u32,
}

impl Peer {
    pub(super) fn new(offer: Offer) -> Peer {
        Peer {
            offer,
            first_said: None,
            last_said: 0,
            heard: Vec::new(),
            echoed: 0,
            ahead: 3_000_000_000,
            window: offer.window,
            most_window: 0,
        }
    }

    pub(super) fn hear(&mut self, segment: &Segment) {
        self.heard.push(*segment);
        if let Some((value, echo)) = segment.options().timestamps() {
            self.first_said.get_or_insert(value);
            (self.last_said, self.echoed) = (value, echo);
        }
    }

    /// The TSval of an honest clock.
    pub(super) fn clock(&self, now: Instant) -> u32 {
        ((now.as_micros() / 1_000) as u32).wrapping_add(self.ahead)
    }
}

fn control(bits: u8) -> Control {
    let marks = match bits >> 4 {
        12 => Control::ECE,
        13 => Control::CWR,
        14 => Control::URG,
        _ => Control::empty(),
    };
    let control = match bits % 16 {
        0..=7 => Control::ACK,
        8 => Control::ACK | Control::PSH,
        9 | 10 => Control::ACK | Control::FIN,
        11 => Control::SYN,
        12 => Control::SYN | Control::ACK,
        13 => Control::RST,
        14 => Control::RST | Control::ACK,
        _ => Control::from_bits_truncate(u16::from(bits) * 7),
    };
    control | marks
}

impl Shape {
    pub(super) fn read([_, bits, seq, ack, window, payload, stamp, urgent]: [u8; ACT]) -> Shape {
        Shape { bits, seq, ack, window, payload, stamp, urgent }
    }

    /// A segment that differs from an honest one in its window and payload, or slightly in its numbers.
    pub(super) fn near(bytes: [u8; ACT]) -> Shape {
        let Shape { bits, seq, ack, .. } = Shape::read(bytes);
        // A FIN that has been accepted is repeated from one number to the left.
        let (bits, seq) = if bits < 200 { (0, seq % 8) } else { (9, 6 * (seq % 2)) };
        Shape { bits, seq, ack: ack % 8, stamp: 0, ..Shape::read(bytes) }
    }

    /// An honest SYN or SYN,ACK, or the ACK of one.
    pub(super) const SYN: Shape = Shape { bits: 11, ..Shape::ACK };
    pub(super) const SYN_ACK: Shape = Shape { bits: 12, ..Shape::ACK };
    pub(super) const FIN: Shape = Shape { bits: 9, ack: 0, ..Shape::ACK };
    pub(super) const FAR: Shape = Shape { bits: 9, seq: 0x9E, ..Shape::ACK };
    pub(super) const CLOSED: Shape = Shape { ack: 0, window: 0, ..Shape::ACK };
    pub(super) const OPEN: Shape = Shape { ack: 0, window: 15, ..Shape::ACK };
    pub(super) const ACK: Shape = Shape { bits: 0, seq: 0, ack: 4, window: 4, payload: 0, stamp: 0, urgent: 0 };

    pub(super) fn of(self, connection: &Connection, peer: &mut Peer, now: Instant) -> Segment {
        let status = connection.status();
        let mut control = control(self.bits);
        if control.contains(Control::SYN) && peer.offer.ecn {
            control |= if control.contains(Control::ACK) { Control::ECE } else { Control::ECE | Control::CWR };
        }
        let window = if control.contains(Control::SYN) { peer.offer.window } else { self.window(peer) };
        peer.window = window;
        let scale = if control.contains(Control::SYN) { 0 } else { status.snd_scale.unwrap_or(0) };
        peer.most_window = peer.most_window.max(u32::from(window) << scale);
        Segment::new(self.seq(&status), self.ack(&status, peer), control)
            .with_payload(self.payload(&status))
            .with_window(window)
            .with_urgent(u16::from(self.urgent % 64) * 5)
            .with_options(self.options(control, &status, peer, now))
    }

    fn seq(self, status: &Status) -> SeqNumber {
        let nxt = status.rcv_nxt.unwrap_or(SeqNumber(u32::MAX - 200));
        let edge = nxt + status.rcv_wnd.unwrap_or(0);
        match self.seq % 16 {
            0..=5 => nxt,
            6 => left(nxt, 1),
            7 => nxt + 1,
            8 => nxt + 100 * u32::from(self.seq >> 4),
            9 => left(edge, 1),
            10 => edge,
            11 => edge + 1,
            12 => left(nxt, 1 + 100 * u32::from(self.seq >> 4)),
            13 => left(nxt, 70_000),
            14 => nxt + (u32::from(self.seq >> 4) << 28),
            _ => status.irs.unwrap_or(nxt),
        }
    }

    fn ack(self, status: &Status, peer: &Peer) -> SeqNumber {
        let una = status.snd_una.unwrap_or_default();
        let nxt = status.snd_nxt.unwrap_or_default();
        match self.ack % 16 {
            0..=3 => una,
            4 | 5 => nxt,
            6 => una + 1.min(status.in_flight),
            7 => una + status.in_flight.min(status.peer_mss.unwrap_or(1).into()),
            8 => una + status.in_flight / 2,
            9 => nxt + 1,
            10 => left(una, 1),
            11 => left(una, peer.most_window),
            12 => left(una, peer.most_window + 1),
            13 => nxt + status.unsent,
            14 => una + (u32::from(self.ack >> 4) << 28),
            _ => status.iss.unwrap_or_default(),
        }
    }

    fn window(self, peer: &Peer) -> u16 {
        let high = u16::from(self.window >> 4);
        match self.window % 16 {
            0..=3 => 0,
            4 | 5 => peer.window,
            6 => 1,
            7 => high,
            8 => 100 * high,
            9 => peer.window.wrapping_add(1),
            10 => peer.window.saturating_sub(high),
            11 => 1_000 + 100 * high,
            12 => 4_000,
            13 => 20_000,
            _ => u16::MAX,
        }
    }

    fn payload(self, status: &Status) -> u16 {
        let window = status.rcv_wnd.unwrap_or(0).min(60_000) as u16;
        match self.payload % 16 {
            0..=8 => 0,
            9 | 10 => 1,
            11 => 100,
            12 => 536,
            13 => 1_460,
            14 => window,
            _ => window + 1,
        }
    }

    /// On a SYN, the options of the offer; otherwise timestamps where they were agreed, most often the right ones.
    fn options(self, control: Control, status: &Status, peer: &mut Peer, now: Instant) -> Options {
        let mut options = Options::NONE;
        let Offer { mss, scale, times, sack, .. } = peer.offer;
        if control.contains(Control::SYN) {
            options = mss.map_or(options, |mss| options.with_mss(mss));
            options = scale.map_or(options, |shift| options.with_window_scale(shift));
            options = if sack { options.with_sack_permitted() } else { options };
        }
        let stamped = if control.contains(Control::SYN) { times } else { status.timestamps };
        let (clock, said) = (peer.clock(now), peer.last_said);
        let (value, echo) = match self.stamp % 16 {
            9 => (clock.wrapping_sub(1_000), said),
            10 => {
                // From now on its clock is an hour ahead.
                peer.ahead = peer.ahead.wrapping_add(3_600_000);
                (peer.clock(now), said)
            }
            11 => return options,
            12 => (clock, 0),
            13 => (clock, said.wrapping_add(5_000)),
            14 => (clock, peer.first_said.unwrap_or(0)),
            15 if self.stamp >= 128 => return options.with_timestamps(clock, said),
            15 => (clock.wrapping_add(1 << 31), said.wrapping_sub(3_600_000)),
            _ => (clock, said),
        };
        if stamped { options.with_timestamps(value, echo) } else { options }
    }
}

pub(super) fn left(number: SeqNumber, count: u32) -> SeqNumber {
    number + 0_u32.wrapping_sub(count)
}
