//! Acts, decoded from bytes: acts of the peer, of our user, of the network and of the clock. Each act is eight bytes,
//! so that a small change of the input is a small change of the attack.

use core::time::Duration;

use tcp_lifecycle::Open;

use super::shapes::Shape;

pub(crate) const ACT: usize = 8;

#[derive(Clone, Copy, Debug)]
pub(super) enum Act {
    /// The peer sends a segment.
    Segment(Shape),
    /// The peer sends the last `shapes` again, `times` times, each time with the current numbers and after a pause.
    Again {
        shapes: usize,
        times: usize,
        pause: Duration,
    },
    /// The peer's window closes and opens, `times` times, without a new acknowledgment.
    Toggle {
        times: usize,
        pause: Duration,
    },
    /// FINs far from the window.
    Flood {
        times: usize,
        pause: Duration,
    },
    /// The peer sends its last segment again, unchanged.
    Repeat,
    /// An ICMP error, and how far right of SND.UNA the quoted number lies.
    Icmp(usize, u32),
    /// Time passes; every timer fires at its deadline.
    Pass(Duration),
    /// Time passes, and the caller looks at the clock only at the end.
    Oversleep(Duration),
    /// The timer fires this many times.
    Expire(usize),
    Open(Open),
    Send(usize),
    SendUrgent(usize),
    Receive(usize),
    ReceiveAll,
    Close,
    Detach,
    Abort,
    CongestionExperienced,
    CongestionWindowReduced,
}

impl Act {
    /// Decodes an act, and whether the caller polls after it. (A caller may hand in several segments before it polls.)
    pub(super) fn read(bytes: [u8; ACT]) -> (Act, bool) {
        let [kind, which, argument, scale, ..] = bytes;
        let act = match kind {
            0..=63 => Act::Segment(Shape::near(bytes)),
            64..=111 => Act::Segment(Shape::read(bytes)),
            112..=116 => Act::Toggle { times: 4 * usize::from(argument), pause: pause(scale) },
            117..=119 => Act::Flood { times: argument.into(), pause: pause(scale) },
            120..=127 => {
                Act::Again { shapes: usize::from(which % 4) + 1, times: usize::from(argument), pause: pause(scale) }
            }
            128..=135 => Act::Repeat,
            136..=139 => Act::Icmp(which.into(), argument.into()),
            140..=159 => Act::Pass(length(argument)),
            160..=163 => Act::Oversleep(length(argument)),
            164..=187 => Act::Expire(usize::from(argument % 8) + 1),
            188..=211 => Act::Send(usize::from(argument) << (scale % 7)),
            212..=235 => user(which, argument, scale),
            236..=255 => Act::Receive(usize::from(argument) << (scale % 7)),
        };
        let drains = !matches!(act, Act::Segment(_) | Act::Repeat) || bytes[7] < 192;
        (act, drains)
    }
}

/// The pauses between two segments of an attack, in milliseconds: some below a timeout, some above.
const PAUSES: [u64; 10] = [0, 1, 10, 190, 190, 490, 900, 900, 5_000, 29_000];

fn pause(byte: u8) -> Duration {
    Duration::from_millis(PAUSES[usize::from(byte) % PAUSES.len()])
}

fn user(which: u8, argument: u8, scale: u8) -> Act {
    match which % 16 {
        0..=2 => Act::Close,
        3 | 4 => Act::Detach,
        5 => Act::Abort,
        6 => Act::Open(Open::Active),
        7 => Act::Open(Open::Passive),
        8 | 9 => Act::SendUrgent(usize::from(argument)),
        10 => Act::CongestionExperienced,
        11 => Act::CongestionWindowReduced,
        12 | 13 => Act::ReceiveAll,
        _ => Act::Send(usize::from(argument) << (scale % 7)),
    }
}

/// From zero to four and a half hours, in quarters of a power of two milliseconds.
fn length(byte: u8) -> Duration {
    let (power, quarters) = (u32::from(byte / 4) % 24, u64::from(byte % 4));
    if byte < 4 { Duration::from_millis(quarters) } else { Duration::from_millis((4 + quarters) << power >> 1) }
}

/// The bytes of an attack, in order; zero after the last.
pub(super) struct Bytes<'a>(pub(super) &'a [u8]);

impl Bytes<'_> {
    pub(super) fn next(&mut self) -> u8 {
        let (first, rest) = self.0.split_first().unwrap_or((&0, &[]));
        self.0 = rest;
        *first
    }

    pub(super) fn is(&mut self) -> bool {
        self.next() & 1 == 1
    }

    pub(super) fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[usize::from(self.next()) % all.len()]
    }
}
