//! A second incarnation of the same connection: a SYN that arrives in TIME-WAIT opens it, RFC 9293 section 3.6.1
//! (MAY-2, SHLD-4) and RFC 6191. The TIME-WAIT of the first incarnation is kept until the second is established.

use tcp_lifecycle::sim::Side;
use tcp_lifecycle::{Connection, Control, Open, Segment, SeqNumber, State, Status};

use crate::life::{Act, Again};
use crate::watch::Watched;
use crate::world::{Happens, SIDES, USUAL, World, place};

#[derive(Debug, Default)]
pub(crate) struct Reopening {
    /// The end in CLOSED, whose peer is in TIME-WAIT, will open again, or has done so.
    is_planned: bool,
    has_begun: bool,
    /// The SYN has opened a second incarnation.
    is_open: bool,
    /// The TIME-WAIT of the first incarnation, while the second is half-open.
    standing_by: [Option<(Connection, Watched)>; 2],
    /// The number of signals that belong to the first incarnation.
    pub(crate) told_before: [usize; 2],
}

impl Reopening {
    /// Whether a second incarnation has begun at one end only.
    pub(crate) fn has_failed(&self) -> bool {
        self.has_begun && !self.is_open
    }

    /// Whether a second incarnation has begun at both ends.
    pub(crate) fn has_succeeded(&self) -> bool {
        self.is_open
    }

    pub(crate) fn forget(&mut self, side: Side) {
        self.standing_by[place(side)] = None;
    }
}

/// The end that opens again.
impl World<'_> {
    /// Plans the second OPEN, if it is due. Runs after every event.
    pub(crate) fn plan_again(&mut self) {
        let Some(Again { after, .. }) = self.life.again else { return };
        let is_closed =
            |side: &Side| (self.pair.state(*side), self.pair.state(side.other())) == (State::Closed, State::TimeWait);
        if !self.reopening.is_planned
            && let Some(side) = SIDES.into_iter().find(is_closed)
        {
            self.reopening.is_planned = true;
            self.plan(after, Happens::OpensAgain(side));
        }
    }

    pub(crate) fn open_again(&mut self, side: Side) {
        let Some(again) = self.life.again else { return };
        let (here, there) = (self.pair.status(side), self.pair.status(side.other()));
        if here.state != State::Closed || there.state != State::TimeWait {
            return;
        }
        // Bytes that arrived in the first incarnation are read before.
        if there.unread > 0 {
            return self.plan(100, Happens::OpensAgain(side));
        }
        if self.is_patient() {
            SIDES.into_iter().for_each(|side| self.check_graceful(side));
        }
        self.reopening.has_begun = true;
        self.reopening.told_before = SIDES.map(|side| self.pair.signals(side).len());
        self.repeat_fin(side);
        self.move_isn(side, again.back.wrapping_neg());
        self.act(side, &Act::Open(Open::Active));
        self.move_isn(side, again.back);
        self.act(side, &Act::Send(again.bytes[0]));
        match again.gives_up {
            Some(after) => self.plan(after, Happens::GivesUp(side)),
            None => self.plan(1_000, Happens::WindsUp(side)),
        }
    }
}

/// The previous incarnation of the end that opens again: a copy of its FIN is still in flight.
impl World<'_> {
    fn repeat_fin(&mut self, side: Side) {
        let Some((number, fin)) = self.fins[place(side)] else { return };
        let payload = self.pair.trace().payload(number).to_vec();
        let newest = |world: &Self| world.pair.in_flight().last().map(|flight| flight.number);
        let before = newest(self);
        self.pair.inject(side, fin, &payload);
        // The copy is absent if an outage swallowed it.
        if let Some(number) = newest(self).filter(|number| before.is_none_or(|before| before < *number)) {
            self.plan(USUAL + USUAL / 2, Happens::Arrives(number));
        }
    }
}

/// The end in TIME-WAIT.
impl World<'_> {
    /// Handles a segment that arrives: for the first incarnation, for the second, or to open the second.
    pub(crate) fn arrives(&mut self, number: u64) {
        let in_flight = self.pair.in_flight();
        let Some(index) = in_flight.iter().position(|flight| flight.number == number) else { return };
        let (to, segment, corrupted) =
            (in_flight[index].from.other(), in_flight[index].segment, in_flight[index].corrupted);
        let now = self.pair.now();
        if !corrupted && let Some(isn_offset) = self.may_reopen(to, &segment) {
            self.reopen(to, isn_offset);
            self.pair.deliver(index);
            self.look();
            return self.has_reopened(to);
        }
        let expects = |first: &Connection| first.clone().segment_arrives(&segment, now).is_ok();
        let stands_by = self.reopening.standing_by[place(to)].as_ref();
        let is_of_first = stands_by.is_some_and(|(first, _)| expects(first));
        if is_of_first && !corrupted && !segment.control().contains(Control::RST) {
            self.lived.stood_by += 1;
            self.swap(to);
            self.pair.deliver(index);
            self.look();
            return self.swap(to);
        }
        self.pair.deliver(index);
    }

    /// D31: a SYN may open a second incarnation if its sequence number or its timestamp is beyond those of the first.
    fn may_reopen(&mut self, side: Side, segment: &Segment) -> Option<u32> {
        let isn = self.life.again.map_or(0, |again| again.isn);
        self.move_isn(side, isn);
        let (connection, status) = (self.pair.connection(side), self.pair.status(side));
        let isn_offset = connection.reopens(segment, self.pair.now());
        self.move_isn(side, isn.wrapping_neg());
        let bits = segment.control().intersection(Control::SYN | Control::ACK | Control::RST | Control::FIN);
        if status.state != State::TimeWait || bits != Control::SYN {
            assert_eq!(isn_offset, None, "{segment} opens nothing in {}", status.state);
        } else if status.rcv_nxt.is_some_and(|nxt| nxt.lt(segment.seq())) {
            assert!(isn_offset.is_some(), "{segment} is beyond the first life");
        } else {
            assert!(
                isn_offset.is_none() || segment.options().timestamps().is_some(),
                "{segment} may be of the first life"
            );
        }
        isn_offset.filter(|_| self.life.again.is_some() && status.unread == 0)
    }

    /// D31 for hypothetical SYNs: in TIME-WAIT `reopens` answers for any of them, and changes nothing.
    pub(crate) fn check_reopens(&self, side: Side, status: &Status) {
        let (connection, now) = (self.pair.connection(side), self.pair.now());
        let Status { state: State::TimeWait, rcv_nxt: Some(rcv_nxt), snd_nxt: Some(snd_nxt), .. } = *status else {
            return;
        };
        let reopens = |seq, bits| connection.reopens(&Segment::new(seq, snd_nxt, bits), now);
        for bits in [Control::ACK, Control::RST, Control::FIN] {
            assert_eq!(reopens(rcv_nxt + 1, Control::SYN | bits), None, "not a SYN alone");
        }
        assert_eq!(reopens(rcv_nxt, Control::SYN), None, "not beyond the last number");
        let isn_offset = reopens(rcv_nxt + 1, Control::SYN).expect("beyond the last number");
        let iss = SeqNumber(isn_offset) + (now.as_micros() / 4) as u32;
        assert!(snd_nxt.lt(iss), "an ISS of the first life");
        // The SYN of this incarnation. (A SYN,ACK may have been retransmitted after the FIN, with a later timestamp.)
        let of_this_life = |syn: &Segment| connection.status().irs == Some(syn.seq()) && syn.ack().is_none();
        if let Some(syn) = self.syns[place(side.other())].filter(of_this_life) {
            assert_eq!(connection.reopens(&syn, now), None, "the SYN of the first life");
        }
    }

    /// Opens another connection, passive, and keeps the first.
    fn reopen(&mut self, side: Side, isn_offset: u32) {
        // Each attempt gets another offset, so that its segments can be told apart.
        let isn_offset = isn_offset.wrapping_add(1_000 * self.lived.restored as u32);
        let first = self.pair.connection(side).clone();
        let config = self.life.ends[place(side)].config;
        let opened = self.pair.call(side, "open passive, beside TIME-WAIT", |connection, now| {
            *connection = Connection::new(&config, isn_offset);
            connection.open(Open::Passive, now)
        });
        self.witness.keeps_alive[place(side)] = config.keep_alive.is_some();
        let mut watched = Watched::new(config, isn_offset);
        core::mem::swap(self.watched(side), &mut watched);
        self.pass();
        assert_eq!((opened, self.watched(side).open(Open::Passive)), (Ok(()), Ok(())));
        self.look();
        self.plan_end(side, &first);
        self.reopening.standing_by[place(side)] = Some((first, watched));
    }

    fn has_reopened(&mut self, side: Side) {
        let Some((first, _)) = &self.reopening.standing_by[place(side)] else { return };
        let (first, second): (Status, _) = (first.status(), self.pair.status(side));
        assert_eq!(second.state, State::SynReceived);
        let beyond = first.snd_nxt.zip(second.iss).is_some_and(|(nxt, iss)| nxt.lt(iss));
        assert!(beyond, "the second ISS is not beyond the first life");
        self.lived.reopened += 1;
        self.reopening.is_open = true;
        if let Some(again) = self.life.again {
            self.act(side, &Act::Send(again.bytes[1]));
        }
    }

    /// Finds out whether the SYN was an old duplicate, if that is known by now. Runs after every event.
    pub(crate) fn settle_reopening(&mut self) {
        for side in SIDES {
            match self.pair.state(side) {
                _ if self.reopening.standing_by[place(side)].is_none() => {}
                State::SynReceived => {}
                State::Closed | State::Listen => {
                    // Unless the peer is gone: an old SYN of this end may have misled it.
                    let alone = self.pair.state(side.other()) == State::Closed;
                    assert!(!self.is_patient() || alone, "the second life ends before it has begun");
                    self.lived.restored += 1;
                    self.swap(side);
                    self.reopening.forget(side);
                    self.reopening.is_open = false;
                }
                State::SynSent
                | State::Established
                | State::FinWait1
                | State::FinWait2
                | State::CloseWait
                | State::Closing
                | State::LastAck
                | State::TimeWait => self.reopening.forget(side),
            }
        }
    }

    /// Swaps the connection that is kept and the current one.
    fn swap(&mut self, side: Side) {
        let Some((mut connection, mut watched)) = self.reopening.standing_by[place(side)].take() else { return };
        self.pair.call(side, "the other life", |present, _| core::mem::swap(present, &mut connection));
        core::mem::swap(self.watched(side), &mut watched);
        self.look();
        self.reopening.standing_by[place(side)] = Some((connection, watched));
    }

    /// Ends the 2 MSL of the first incarnation while it is kept.
    pub(crate) fn first_times_out(&mut self, side: Side) {
        let Some((first, _)) = &self.reopening.standing_by[place(side)] else { return };
        if first.deadline().is_some_and(|deadline| deadline > self.pair.now()) {
            let first = first.clone();
            return self.plan_end(side, &first);
        }
        self.swap(side);
        self.watched(side).timeout();
        self.pair.call(side, "timeout", |connection, now| connection.timeout(now));
        self.look();
        assert_eq!(self.pair.state(side), State::Closed);
        self.swap(side);
        self.reopening.forget(side);
    }

    fn plan_end(&mut self, side: Side, first: &Connection) {
        if let Some(deadline) = first.deadline() {
            self.plan_at(deadline, Happens::FirstTimesOut(side));
        }
    }
}
