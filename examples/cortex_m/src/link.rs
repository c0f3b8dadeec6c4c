//! The link between the two ends: a few packets in memory, each with a moment of arrival.

use core::fmt;
use core::time::Duration;

use cortex_m_semihosting::hprintln;
use tcp_lifecycle::{Instant, Segment};

use crate::MSS;

/// The time that a packet takes from one end to the other.
const DELAY: Duration = Duration::from_millis(10);
/// The most packets on the link.
const ROOM: usize = 8;
/// The packets that are lost, by their count from 1: the client's first payload, a part of the server's answer, and the
/// ACK of the server's FIN.
const LOST: [u32; 3] = [3, 12, 22];

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Client,
    Server,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Side::Client => "client",
            Side::Server => "server",
        })
    }
}

/// A segment with its payload. A device would write the bytes of IP packets here (feature `wire`).
#[derive(Clone, Copy)]
pub(crate) struct Packet {
    pub(crate) segment: Segment,
    payload: [u8; MSS],
}

impl Packet {
    pub(crate) fn payload(&self) -> &[u8] {
        self.payload.get(..self.segment.payload_len().into()).unwrap_or_default()
    }
}

pub(crate) struct Link {
    /// Each packet with the end that it goes to, and its moment of arrival; in the order of sending.
    packets: [Option<(Side, Instant, Packet)>; ROOM],
    sent: u32,
}

impl Link {
    pub(crate) const fn new() -> Link {
        Link { packets: [None; ROOM], sent: 0 }
    }

    /// Takes a segment that `from` sends. If the link is full, the segment is lost: TCP sends it again.
    pub(crate) fn transmit(&mut self, from: Side, segment: Segment, payload: &[u8], now: Instant) {
        self.sent += 1;
        let room = self.packets.iter_mut().find(|packet| packet.is_none());
        let (Some(room), false) = (room, LOST.contains(&self.sent)) else {
            return hprintln!("{:>9}  {}  {}  is lost", millis(now), from, segment);
        };
        let mut packet = Packet { segment, payload: [0; MSS] };
        if let Some(place) = packet.payload.get_mut(..payload.len()) {
            place.copy_from_slice(payload);
        }
        let to = if from == Side::Client { Side::Server } else { Side::Client };
        *room = Some((to, now + DELAY, packet));
    }

    /// The moment when the next packet arrives.
    pub(crate) fn next_arrival(&self) -> Option<Instant> {
        self.packets.iter().flatten().map(|(_, arrival, _)| *arrival).min()
    }

    /// Takes the first packet that has arrived, with the end that it goes to.
    pub(crate) fn arrived(&mut self, now: Instant) -> Option<(Side, Packet)> {
        let place =
            self.packets.iter().position(|packet| matches!(packet, Some((_, arrival, _)) if *arrival <= now))?;
        let (to, _, packet) = self.packets.get_mut(place)?.take()?;
        // The others move up, and so keep their order.
        self.packets.get_mut(place..)?.rotate_left(1);
        Some((to, packet))
    }
}

/// A moment, printed in milliseconds.
pub(crate) fn millis(now: Instant) -> impl fmt::Display {
    struct Millis(u64);

    impl fmt::Display for Millis {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            // Padded as a number; the unit follows.
            fmt::Display::fmt(&self.0, f)?;
            f.write_str(" ms")
        }
    }

    Millis(now.as_micros() / 1_000)
}
