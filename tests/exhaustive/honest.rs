//! S16 and S18: a segment of an honest end is refused only for a reason that the sender could not know.

use tcp_lifecycle::{Control, Instant, Refusal, Segment, SeqNumber, State, Status};

use crate::arcs::Cause;
use crate::laws::{Law, Laws};
use crate::world::{Bounds, End, Flight, World};

/// The kind of a segment, as its sender knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Plain,
    /// A reset that answers a segment of no connection.
    Answer,
    KeepAlive,
    /// New payload beyond the window.
    Probe,
    /// A segment without sequence space, at the edge of the window, while a probe beyond the edge is unacknowledged.
    BesideProbe,
    /// A segment without sequence space, and not at SND.NXT, because the peer has taken its window back.
    Aside,
}

impl Kind {
    /// The kind of a segment that is sent. `before` is the status before the event, `status` the status now.
    pub(crate) fn of(segment: &Segment, end: &mut End, cause: &Cause, before: &Status, status: &Status) -> Kind {
        let has = |bit| segment.control().contains(bit);
        let has_aborted = !matches!(before.state, State::Closed | State::Listen | State::SynSent | State::SynReceived)
            && status.state == State::Closed;
        if has(Control::RST) && !has_aborted {
            return Kind::Answer;
        }
        let known = if has(Control::RST) { before } else { status };
        let (Some(una), Some(nxt)) = (known.snd_una, known.snd_nxt) else { return Kind::Plain };
        if known.snd_una == known.iss {
            return Kind::Plain;
        }
        let (edge, behind) = (una + known.snd_wnd.unwrap_or_default(), segment.seq() + segment.len());
        let probes = segment.len() > 0 && edge.lt(behind);
        // The first transmission of the probe.
        end.probes |= probes && before.snd_nxt.is_none_or(|nxt| nxt.lt(behind));
        if *cause == Cause::Timeout && known.in_flight == 0 && segment.seq() + 1 == nxt {
            return Kind::KeepAlive;
        }
        match segment.len() {
            0 if segment.seq() == nxt => Kind::Plain,
            0 if end.probes && segment.seq() == edge => Kind::BesideProbe,
            0 => Kind::Aside,
            _ if probes && end.probes => Kind::Probe,
            _ => Kind::Plain,
        }
    }
}

/// Whether the network loses, duplicates or reorders.
fn is_faulty(bounds: &Bounds) -> bool {
    !bounds.in_order || bounds.budget.faults > 0
}

/// S16: whether this refusal has a good reason, given the status before the segment arrived.
pub(crate) fn is_explained(world: &World, before: &Status, flight: &Flight, refusal: Refusal, bounds: &Bounds) -> bool {
    let (segment, faulty) = (&flight.segment, is_faulty(bounds));
    let (Some(irs), Some(nxt), Some(iss)) = (before.irs, before.rcv_nxt, before.iss) else {
        // CLOSED and LISTEN expect no segment. SYN-SENT refuses one of another incarnation, or one that overtook the
        // SYN,ACK.
        let one_life = bounds.lives == 1 && bounds.budget.crashes == 0;
        return before.state != State::SynSent || faulty || !one_life;
    };
    let behind = segment.seq() + segment.len();
    if flight.is_rst() {
        let stays = before.state == State::TimeWait;
        return stays || flight.kind == Kind::Answer || flight.kind == Kind::BesideProbe || faulty;
    }
    if irs != flight.iss || segment.ack().is_some_and(|ack| ack - iss > 1 << 16) || flight.kind == Kind::KeepAlive {
        return true;
    }
    // RFC 5961 section 5.2: an acknowledgment that has been overtaken by more than a window.
    if refusal == Refusal::AckTooOld {
        return faulty && segment.ack().zip(before.snd_una).is_some_and(|(ack, una)| ack.lt(una));
    }
    if refusal == Refusal::OldTimestamp {
        return faulty && is_of_earlier(segment, world.now);
    }
    if segment.len() > 0 {
        return behind.le(nxt) && (faulty || world.disturbed);
    }
    let is_left = segment.seq().lt(nxt);
    let is_overtaken = faulty && (flight.kind == Kind::Plain || bounds.reads);
    is_left && (flight.kind == Kind::BesideProbe || is_overtaken)
}

/// S16 for an accepted segment: in order everything is accepted but the payload of a probe. A segment without sequence
/// space passes the acceptability test of the RFC.
pub(crate) fn check_taken(before: &Status, after: &Status, flight: &Flight, bounds: &Bounds, broken: &mut Laws) {
    let segment = &flight.segment;
    let (Some(irs), Some(nxt)) = (after.irs, after.rcv_nxt) else { return };
    if is_faulty(bounds) || irs != flight.iss || flight.is_rst() || flight.kind == Kind::KeepAlive {
        return;
    }
    let behind = segment.seq() + segment.len();
    if segment.len() == 0 {
        let in_window = before.rcv_nxt.zip(before.rcv_wnd).is_some_and(|(nxt, wnd)| segment.seq() - nxt < wnd);
        return broken.demand(Law::S16, segment.seq().le(nxt) || in_window);
    }
    let has_fin = segment.control().contains(Control::FIN);
    let fin = segment.seq() + u32::from(segment.payload_len());
    let finds_no_room = flight.kind == Kind::Probe && nxt.le(fin) && (nxt != fin || !has_fin);
    broken.demand(Law::S16, behind.le(nxt) || finds_no_room);
}

/// Whether the segment is older than now, by its timestamp: the millisecond in which it was sent.
pub(crate) fn is_of_earlier(segment: &Segment, now: Instant) -> bool {
    segment.options().timestamps().is_some_and(|(value, _)| u64::from(value) < now.as_micros() / 1_000)
}

/// S18
pub(crate) fn check_aborted(world: &mut World, bounds: &Bounds) {
    if is_faulty(bounds) || bounds.budget.crashes > 0 || !world.net.is_empty() {
        return;
    }
    for side in [0, 1] {
        let here = world.ends[side].connection.status();
        let aborted: Option<SeqNumber> = world.ends[1 - side].aborted;
        let stays = here.state != State::TimeWait && here.irs.is_some() && here.irs == aborted;
        world.broken.demand(Law::S18, !stays);
    }
}
