//! Properties of both ends together.

use tcp_lifecycle::sim::Side;
use tcp_lifecycle::{Signal, State, Status};

use crate::world::{SIDES, World, place};

impl World<'_> {
    /// S2, S7, and the agreement of both ends, after every event. (The pair itself compares the bytes: S17.)
    pub(crate) fn check(&self) {
        let quiet = self.pair.in_flight().is_empty();
        for side in SIDES {
            let (here, there) = (self.witness.last(place(side)), self.witness.last(place(side.other())));
            self.check_reopens(side, here);
            let half_open = here.state == State::Established && there.state != State::Established;
            assert!(!half_open || !self.rests(), "S2: ESTABLISHED against {} for ever", there.state);
            let apart = here.state == State::Established && matches!(there.state, State::SynSent | State::TimeWait);
            assert!(!(apart && quiet) || self.has_died, "S2: ESTABLISHED against {}", there.state);
            if is_peer_of(here, there) && is_peer_of(there, here) {
                self.check_agreement(side, here, there);
            }
        }
    }

    /// Whether nothing will happen unless the users act. Nothing is in flight, no timer runs, and no caller holds
    /// anything back, in a life that only the users' CLOSE ends.
    fn rests(&self) -> bool {
        let status = |side| self.pair.status(side);
        let is_timed = |side: Side| self.pair.connection(side).deadline().is_some() || status(side).unsent > 0;
        self.is_patient()
            && !self.has_died
            && !self.reopening.has_failed()
            && self.pair.in_flight().is_empty()
            && !SIDES.into_iter().any(is_timed)
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
            // (Not ECN: an end whose SYN was retransmitted without the offer marks no packet, and its peer may.)
            let agreed = |status: &Status| (status.timestamps, status.sack_permitted);
            assert_eq!(agreed(here), agreed(there), "timestamps and SACK are agreed");
            assert_eq!(here.snd_scale, there.rcv_scale, "the window scale is agreed");
        }
    }

    /// L1 to L3: both ends have come to CLOSED. Where only the users ended the connection, they have received
    /// everything and know it.
    pub(crate) fn check_end(&self) {
        for side in SIDES {
            assert_eq!(self.pair.state(side), State::Closed, "L1: {side} does not come to its end");
            if self.is_patient() && !self.reopening.has_failed() {
                self.check_graceful(side);
            }
        }
    }

    /// L2, at the end of each incarnation.
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

/// Whether the sequence numbers of the two ends belong to the same incarnation.
fn is_peer_of(here: &Status, there: &Status) -> bool {
    here.irs.is_some() && here.irs == there.iss
}
