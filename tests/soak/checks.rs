//! What must hold of both ends together.

use tcp_lifecycle::sim::Side;
use tcp_lifecycle::{Control, Refusal, Segment, Signal, State, Status};

use crate::world::{SIDES, World, place};

impl World<'_> {
    /// S2, S7, and what both have agreed on, after every event. (The pair itself compares the bytes: S17.)
    pub(crate) fn check(&self) {
        let quiet = self.pair.in_flight().is_empty();
        for side in SIDES {
            let (here, there) = (self.pair.status(side), self.pair.status(side.other()));
            self.check_reopens(side);
            let half_open = here.state == State::Established && there.state != State::Established;
            assert!(!half_open || !self.rests(), "S2: ESTABLISHED against {} for ever", there.state);
            let apart = here.state == State::Established && matches!(there.state, State::SynSent | State::TimeWait);
            assert!(!(apart && quiet) || self.has_died, "S2: ESTABLISHED against {}", there.state);
            if is_peer_of(&here, &there) && is_peer_of(&there, &here) {
                self.check_agreement(side, &here, &there);
            }
        }
    }

    /// Nothing is in flight or timed, and no caller holds anything back, though only the users' CLOSE ends a connection:
    /// nothing will happen unless they do something.
    fn rests(&self) -> bool {
        let status = |side| self.pair.status(side);
        let is_timed = |side: Side| self.pair.connection(side).deadline().is_some() || status(side).unsent > 0;
        self.is_patient()
            && !self.has_died
            && !self.reopening.has_failed()
            && self.pair.in_flight().is_empty()
            && !SIDES.into_iter().any(is_timed)
    }

    /// S16: of a peer in its one life nothing is refused but what is old, or finds no room. (Asked before it arrives.)
    pub(crate) fn check_refusal(&self, side: Side, segment: &Segment, refusal: Refusal) {
        let one_life = self.is_patient() && !self.has_died && self.life.again.is_none();
        let status = self.watched[place(side)].connection.status();
        let (Some(nxt), Some(wnd), true) = (status.rcv_nxt, status.rcv_wnd, one_life) else { return };
        if segment.control().contains(Control::RST) {
            return;
        }
        let behind = segment.seq() + segment.len();
        let is_known = behind.le(nxt) && (segment.len() > 0 || behind != nxt);
        // A probe of a closed window; or what is right of the edge that the peer believes in (a segment left of SND.WL1
        // acknowledges, and its window does not count).
        let new = if segment.seq().lt(nxt) { nxt } else { segment.seq() };
        let has_no_room = (nxt + wnd).le(new) && (segment.len() > 0 || segment.seq() != nxt);
        // Such a one again, whose front has been taken: it begins left of the window, and ends right of it.
        let has_no_room = has_no_room || (segment.seq().lt(nxt) && (nxt + wnd).lt(behind));
        // RFC 7323 section 5.3 and RFC 5961 section 5.2: what has been overtaken by far may look like another life.
        let may_look_old = matches!(refusal, Refusal::OldTimestamp | Refusal::AckTooOld);
        assert!(is_known || has_no_room || may_look_old, "S16: {side} refuses {segment}: {refusal}; {status:?}");
    }

    fn check_agreement(&self, side: Side, here: &Status, there: &Status) {
        if let (Some(rcv), Some(snd)) = (here.rcv_nxt, there.snd_nxt) {
            assert!(rcv.le(snd), "S7: RCV.NXT of {side} beyond its peer's SND.NXT");
        }
        if let (Some(una), Some(rcv)) = (here.snd_una, there.rcv_nxt) {
            assert!(una.le(rcv), "S7: SND.UNA of {side} beyond its peer's RCV.NXT");
        }
        if let Some(up) = here.rcv_up {
            let edge = self.watched[place(side.other())].urgent_edge();
            assert!(
                edge.is_some_and(|edge| up.le(edge)),
                "RCV.UP of {side} beyond what its peer's user sent as urgent"
            );
        }
        if here.snd_una != here.iss && there.snd_una != there.iss {
            let agreed = |status: &Status| (status.timestamps, status.sack_permitted, status.ecn);
            assert_eq!(agreed(here), agreed(there), "timestamps, SACK and ECN are agreed");
            assert_eq!(here.snd_scale, there.rcv_scale, "the window scale is agreed");
        }
    }

    /// L1 to L3: both ends have come to CLOSED; and where nothing but the users ended the connection, they have got all
    /// and know it.
    pub(crate) fn check_end(&self) {
        for side in SIDES {
            assert_eq!(self.pair.state(side), State::Closed, "L1: {side} does not come to its end");
            if self.is_patient() && !self.reopening.has_failed() {
                self.check_graceful(side);
            }
        }
    }

    /// L2, at the end of each life.
    pub(crate) fn check_graceful(&self, side: Side) {
        assert_eq!(self.pair.received(side).len(), self.pair.sent(side.other()).len(), "L2: bytes for {side}");
        assert!(self.pair.send_queue(side).is_empty(), "L2: {side} does not know that all has arrived");
        let ends = |signal: &&Signal| {
            use Signal::{Closing, Refused, Reset, TimedOut, Unreachable};
            matches!(signal, Closing | Refused | Reset | TimedOut | Unreachable(_))
        };
        let of_this_life = &self.pair.signals(side)[self.reopening.told_before[place(side)]..];
        let told: Vec<_> = of_this_life.iter().filter(ends).collect();
        assert_eq!(told, [&Signal::Closing], "L2: a graceful end of {side}");
        self.check_echo(side);
    }
}

/// Its numbers are those of this very peer.
fn is_peer_of(here: &Status, there: &Status) -> bool {
    here.irs.is_some() && here.irs == there.iss
}
