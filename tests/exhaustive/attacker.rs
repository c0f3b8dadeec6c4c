//! An attacker off the path: it knows the addresses and ports, and does not see the sequence numbers.

use std::cell::RefCell;
use std::collections::HashSet;

use tcp_lifecycle::{Control, Segment, SeqNumber, Signal, State, Status};

use crate::world::{Bounds, World, fingerprint};

/// Farther than any window of the models.
const FAR: u32 = 70_000;

/// The control bits that the attacker tries.
const CONTROLS: [Control; 11] = [
    Control::RST,
    Control::RST.union(Control::ACK),
    Control::SYN,
    Control::SYN.union(Control::ACK),
    Control::SYN.union(Control::FIN),
    Control::ACK,
    Control::FIN.union(Control::ACK),
    Control::FIN,
    Control::ACK.union(Control::URG),
    Control::ACK.union(Control::ECE),
    Control::empty(),
];

/// Sequence numbers at and beside the variables, and far from them.
fn seqs(status: &Status) -> [SeqNumber; 10] {
    let nxt = status.rcv_nxt.unwrap_or_default();
    let edge = nxt + status.rcv_wnd.unwrap_or_default();
    let half = nxt + (1 << 31);
    let irs = status.irs.unwrap_or_default();
    [nxt.back_by(FAR), irs, nxt.back_by(2), nxt.back_by(1), nxt, nxt + 1, edge, edge + 1, half, half.back_by(1)]
}

fn acks(status: &Status) -> [SeqNumber; 8] {
    let una = status.snd_una.unwrap_or_default();
    let nxt = status.snd_nxt.unwrap_or_default();
    [una.back_by(FAR), una.back_by(1), una, una + 1, nxt, nxt + 1, nxt + (1 << 31), una + (1 << 31)]
}

trait Back {
    fn back_by(self, count: u32) -> Self;
}

impl Back for SeqNumber {
    fn back_by(self, count: u32) -> SeqNumber {
        self + 0_u32.wrapping_sub(count)
    }
}

/// Every segment that the attacker tries at an end with these variables.
fn attempts(status: &Status) -> impl Iterator<Item = Segment> {
    let (seqs, acks) = (seqs(status), acks(status));
    let numbers = seqs.into_iter().flat_map(move |seq| acks.into_iter().map(move |ack| (seq, ack)));
    numbers.flat_map(move |(seq, ack)| {
        let shapes = CONTROLS.into_iter().flat_map(|control| [0, 1, 3].map(|payload| (control, payload)));
        // Without ACK, one acknowledgment number is enough.
        let once = move |control: &Control| control.contains(Control::ACK) || ack == acks[0];
        shapes.filter(move |(control, _)| once(control)).map(move |(control, payload)| {
            Segment::new(seq, ack, control).with_payload(payload).with_window(1).with_urgent(1)
        })
    })
}

/// Whether the attacker has guessed a number that the connection believes.
fn is_guess(segment: &Segment, status: &Status, passive: bool) -> bool {
    let (Some(una), Some(nxt)) = (status.snd_una, status.snd_nxt) else { return true };
    let has = |bit| segment.control().contains(bit);
    let fresh = segment.ack().is_some_and(|ack| una.lt(ack) && ack.le(nxt));
    let Some(rcv) = status.rcv_nxt else {
        // SYN-SENT: any SYN without ACK opens simultaneously.
        return fresh || (has(Control::SYN) && !has(Control::RST) && segment.ack().is_none());
    };
    if has(Control::RST) {
        return segment.seq() == rcv;
    }
    let wnd = status.rcv_wnd.unwrap_or_default();
    let in_window = segment.seq() - rcv < wnd;
    if has(Control::SYN) && status.state == State::SynReceived && passive && in_window {
        // D23
        return true;
    }
    let believed = segment.ack().is_some_and(|ack| ack.le(nxt) && una - ack < FAR - 1);
    let covers = segment.seq().le(rcv) && rcv.le(segment.seq() + segment.len());
    // D4, D17: an acknowledgment left of the window counts, and so does that of a bare ACK at the right edge.
    let left = !has(Control::SYN) && rcv - segment.seq() <= 1 << 16;
    let behind = segment.len() == 0 && segment.seq() == rcv + wnd.max(1);
    // Urgent data and the peer's echo of a mark are signalled to the user even from a segment ahead of RCV.NXT.
    let tells = segment.control().intersects(Control::URG | Control::ECE) && (in_window || behind);
    (fresh && (in_window || covers || left || behind)) || (believed && (covers || tells))
}

thread_local! {
    /// Fingerprints of the connections that have been checked already.
    static HARMLESS: RefCell<HashSet<u64>> = RefCell::default();
}

/// S8: no blind segment has an effect at either end.
pub(crate) fn is_harmless(world: &World) -> bool {
    [0, 1].into_iter().all(|side| {
        let end = &world.ends[side];
        let known = fingerprint(&(&end.connection, end.passive, world.now));
        if HARMLESS.with_borrow(|harmless| harmless.contains(&known)) {
            return true;
        }
        let harmless = harm(world, side).is_none();
        if harmless {
            HARMLESS.with_borrow_mut(|all| all.insert(known));
        }
        harmless
    })
}

/// A blind segment that has an effect at this end, if there is any.
pub(crate) fn harm(world: &World, side: usize) -> Option<Segment> {
    let end = &world.ends[side];
    let before = end.connection.status();
    before.iss?;
    let deadline = end.connection.deadline().filter(|_| before.state == State::TimeWait);
    attempts(&before).filter(|segment| !is_guess(segment, &before, end.passive)).find(|segment| {
        let mut connection = end.connection.clone();
        let delivered = connection.segment_arrives(segment, world.now).is_ok_and(|range| !range.is_empty());
        let after = connection.status();
        let same = before.state == after.state
            && (before.snd_una, before.snd_nxt, before.rcv_nxt) == (after.snd_una, after.snd_nxt, after.rcv_nxt)
            && (deadline.is_none() || deadline == connection.deadline());
        delivered || !same || wakes(&mut connection, world)
    })
}

fn wakes(connection: &mut tcp_lifecycle::Connection, world: &World) -> bool {
    use tcp_lifecycle::Output;
    let mut told: Option<Signal> = None;
    for _ in 0..10 {
        match connection.poll(world.now) {
            Output::Transition(_) => return true,
            Output::Signal(signal) => told = Some(signal),
            Output::Transmit(_) => {}
            Output::Wait(_) => return told.is_some(),
        }
    }
    true
}

/// A few of the segments that draw an answer, so that the model explores the effects of the answers.
pub(crate) fn forgeries(world: &World, side: usize, bounds: &Bounds) -> Vec<Segment> {
    let end = &world.ends[side];
    let status = end.connection.status();
    let (Some(una), Some(nxt)) = (status.snd_una, status.snd_nxt) else { return Vec::new() };
    let rcv = status.rcv_nxt.unwrap_or_default();
    let unsent = nxt + 1;
    let ack = Control::ACK;
    let mut forged = Vec::from([
        Segment::new(rcv, unsent, ack),
        Segment::new(rcv, unsent, ack | Control::FIN).with_payload(1),
        Segment::new(rcv, una.back_by(FAR), ack | Control::FIN),
        Segment::new(rcv + 1, una, Control::RST),
        Segment::new(rcv + FAR, una, ack),
        Segment::new(rcv + 1, una, Control::SYN),
        Segment::new(rcv, unsent, ack | Control::SYN),
        Segment::new(rcv + FAR, una, Control::SYN),
    ]);
    forged.retain(|segment| {
        !is_guess(segment, &status, end.passive || bounds.opens[side] == tcp_lifecycle::Open::Passive)
    });
    forged
}
