//! One direction of the network between the two ends, and its faults.

use std::collections::VecDeque;
use std::fmt;
use std::net::SocketAddr;

use tcp_lifecycle::wire::{Header, Packet};
use tcp_lifecycle::{Control, Segment, SeqNumber};

use crate::packets::{emit, emit_with, parse};

/// A packet on its way.
#[derive(Clone, Debug)]
pub(crate) struct Flying {
    pub(crate) segment: Segment,
    pub(crate) bytes: Vec<u8>,
}

impl Flying {
    /// Makes a packet that neither end has sent.
    pub(crate) fn new(source: SocketAddr, destination: SocketAddr, segment: &Segment) -> Flying {
        Flying { segment: *segment, bytes: emit(source, destination, segment, &[]) }
    }

    pub(crate) fn source(&self) -> SocketAddr {
        parse(&self.bytes).expect("it was parsed before").header.source
    }

    /// The packet again, with its timestamps and payload, but with other sequence numbers: it looks like a duplicate
    /// from 4 GiB ago.
    pub(crate) fn at(&self, seq: SeqNumber, ack: SeqNumber) -> Flying {
        let Packet { header, payload } = parse(&self.bytes).expect("it was parsed before");
        let segment = Segment::new(seq, ack, header.segment.control())
            .with_window(header.segment.window())
            .with_options(header.segment.options())
            .with_payload(header.segment.payload_len());
        Flying { segment, bytes: emit_with(&Header { segment, ..header }, payload) }
    }
}

/// The fate of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Arrives,
    IsLost,
    /// The next packet arrives before it.
    IsOvertaken,
    ArrivesTwice,
}

/// One direction: packets enter at one end and leave at the other, unless they are held back or suffer a fault.
pub(crate) struct Link {
    fate: Box<dyn FnMut(&Segment) -> Fate>,
    treatment: Box<dyn FnMut(&mut Flying)>,
    flying: VecDeque<Flying>,
    overtaken: Option<Flying>,
    /// How many more packets may leave, if there is a bound.
    allowed: Option<usize>,
    sent: Vec<(Segment, Fate)>,
}

impl Link {
    pub(crate) fn new() -> Link {
        Link {
            fate: Box::new(|_| Fate::Arrives),
            treatment: Box::new(|_| {}),
            flying: VecDeque::new(),
            overtaken: None,
            allowed: None,
            sent: Vec::new(),
        }
    }

    /// Lets `fate` decide about each packet from now on.
    pub(crate) fn decide(&mut self, fate: impl FnMut(&Segment) -> Fate + 'static) {
        self.fate = Box::new(fate);
    }

    /// Lets `treatment` change each packet from now on, before its fate is decided.
    pub(crate) fn treat(&mut self, treatment: impl FnMut(&mut Flying) + 'static) {
        self.treatment = Box::new(treatment);
    }

    /// Loses the next packet that has all of `control`, and no other.
    pub(crate) fn lose_first(&mut self, control: Control) {
        let mut over = false;
        self.decide(move |segment| {
            if over || !segment.control().contains(control) {
                return Fate::Arrives;
            }
            over = true;
            Fate::IsLost
        });
    }

    /// Loses every packet from now on, until [`lose_none`](Link::lose_none).
    pub(crate) fn lose_all(&mut self) {
        self.decide(|_| Fate::IsLost);
    }

    pub(crate) fn lose_none(&mut self) {
        self.decide(|_| Fate::Arrives);
    }

    /// Draws fates at random, each with its frequency in a thousand packets; the same seed draws the same fates.
    pub(crate) fn deal(&mut self, mut seed: u64, fates: &[(Fate, u64)]) {
        let fates = fates.to_vec();
        self.decide(move |_| {
            let mut ticket = random(&mut seed) % 1000;
            for (fate, share) in &fates {
                if ticket < *share {
                    return *fate;
                }
                ticket -= share;
            }
            Fate::Arrives
        });
    }

    /// The number of such segments among all that were ever sent, lost or not.
    pub(crate) fn count(&self, like: impl Fn(&Segment) -> bool) -> usize {
        self.sent.iter().filter(|(segment, _)| like(segment)).count()
    }

    /// The control bits of all segments that were ever sent, in order.
    pub(crate) fn controls(&self) -> impl Iterator<Item = Control> {
        self.sent.iter().map(|(segment, _)| segment.control())
    }

    /// The first such segment that was ever sent.
    pub(crate) fn first(&self, like: impl Fn(&Segment) -> bool) -> Option<Segment> {
        self.sent.iter().map(|(segment, _)| *segment).find(|segment| like(segment))
    }

    /// The last such segment so far.
    pub(crate) fn last(&self, like: impl Fn(&Segment) -> bool) -> Option<Segment> {
        self.sent.iter().rev().map(|(segment, _)| *segment).find(|segment| like(segment))
    }

    /// The first such packet that is being held back.
    pub(crate) fn held(&self, like: impl Fn(&Segment) -> bool) -> Option<&Flying> {
        self.flying.iter().find(|packet| like(&packet.segment))
    }

    /// Removes the first packet with all of `control` that is being held back; it never arrives.
    #[track_caller]
    pub(crate) fn take_held(&mut self, control: Control) -> Flying {
        let place = self.flying.iter().position(|packet| packet.segment.control().contains(control));
        place.and_then(|place| self.flying.remove(place)).expect("no such packet is held back")
    }

    /// The number of packets with this fate.
    pub(crate) fn met(&self, fate: Fate) -> usize {
        self.sent.iter().filter(|(_, met)| *met == fate).count()
    }

    /// Holds every packet back until [`release`](Link::release).
    pub(crate) fn hold(&mut self) {
        self.allowed = Some(0);
    }

    /// Releases the packets that are held back, up to the first that has all of `control`.
    #[track_caller]
    pub(crate) fn release_through(&mut self, control: Control) {
        let before = self.flying.iter().position(|packet| packet.segment.control().contains(control));
        self.allowed = before.map(|before| before + 1);
        assert!(self.allowed.is_some(), "no such packet is held back");
    }

    pub(crate) fn release(&mut self) {
        self.allowed = None;
    }

    /// Whether a packet with all of `control` is being held back.
    pub(crate) fn holds(&self, control: Control) -> bool {
        self.allowed == Some(0) && self.flying.iter().any(|packet| packet.segment.control().contains(control))
    }

    /// Sends a packet; returns its fate.
    pub(crate) fn send(&mut self, mut packet: Flying) -> Fate {
        (self.treatment)(&mut packet);
        let fate = (self.fate)(&packet.segment);
        self.sent.push((packet.segment, fate));
        match fate {
            Fate::IsLost => {}
            Fate::IsOvertaken => {
                self.flying.extend(self.overtaken.replace(packet));
                return fate;
            }
            Fate::Arrives => self.flying.push_back(packet),
            Fate::ArrivesTwice => self.flying.extend([packet.clone(), packet]),
        }
        self.flying.extend(self.overtaken.take());
        fate
    }

    /// The next packet that arrives.
    pub(crate) fn arrival(&mut self) -> Option<Flying> {
        match &mut self.allowed {
            None => self.flying.pop_front(),
            Some(0) => None,
            Some(allowed) => self.flying.pop_front().inspect(|_| *allowed -= 1),
        }
    }

    /// Lets a packet arrive that waits to be overtaken, since no other follows; returns whether there was such a
    /// packet.
    pub(crate) fn settle(&mut self) -> bool {
        let waited = self.overtaken.is_some();
        self.flying.extend(self.overtaken.take());
        waited
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("flying", &self.flying).field("allowed", &self.allowed).finish_non_exhaustive()
    }
}

/// Marsaglia's xorshift; the seed must not be zero.
pub(crate) fn random(seed: &mut u64) -> u64 {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    *seed >> 11
}
