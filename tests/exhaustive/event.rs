//! One event at one end: it is handed in, its outputs are handed on, and the laws are checked.

use core::ops::Range;

use tcp_lifecycle::{
    Connection, Control, IcmpError, Instant, Output, Refusal, Segment, SeqNumber, Signal, State, Status, Transition,
    Transmit,
};

use crate::arcs::{Cause, Turn, allows};
use crate::honest::{Kind, check_aborted, check_taken, is_explained, is_of_earlier};
use crate::laws::{Law, Laws};
use crate::world::{Bounds, End, Flight, World};

/// The signals that the user gets in one event.
pub(crate) type Told = Vec<Signal>;

/// The bound on outputs; a connection with more never waits.
const MOST_OUTPUTS: usize = 20;

/// The effects of one event.
struct Seen {
    cause: Cause,
    before: Status,
    after: Status,
    /// The user had closed before the event.
    closed: bool,
    /// The deadlines before and after.
    deadlines: [Option<Instant>; 2],
    transitions: Vec<Transition>,
    signals: Vec<Signal>,
    sent: Vec<Segment>,
}

/// Handles one event. Returns `None` if the call is an error.
pub(crate) fn happens(
    world: &mut World,
    side: usize,
    cause: Cause,
    flight: Option<&Flight>,
    bounds: &Bounds,
) -> Option<Told> {
    let now = world.now;
    let end = &mut world.ends[side];
    let before = end.connection.status();
    let deadline = end.connection.deadline();
    let outcome = carry_out(end, &cause, now, bounds)?;
    let mut broken = Laws::NONE;
    if let Ok(range) = &outcome {
        deliver(end, flight, range, &mut broken);
    }
    if !bounds.reads {
        let unread = end.connection.status().unread as usize;
        broken.demand(Law::S17, unread == 0 || end.connection.receive(unread).is_ok());
    }
    let begins = matches!(cause, Cause::Open(_));
    if let Cause::Open(open) = cause {
        end.passive = open == tcp_lifecycle::Open::Passive;
        end.begin();
    }
    end.sent += u8::from(matches!(cause, Cause::Send | Cause::Urge));
    if cause == Cause::Urge {
        end.urgent = end.sent;
    }
    end.closed |= cause == Cause::Close;
    end.probes &= end.connection.status().snd_una.is_none_or(|una| Some(una) == before.snd_una);
    if cause == Cause::Abort {
        end.aborted = before.iss;
    }
    let mut seen = Seen {
        cause,
        after: before.clone(),
        closed: world.ends[side].closed,
        before,
        deadlines: [deadline, None],
        transitions: Vec::new(),
        signals: Vec::new(),
        sent: Vec::new(),
    };
    drain(world, side, &mut seen, bounds, &mut broken);
    let end = &mut world.ends[side];
    seen.after = end.connection.status();
    seen.deadlines[1] = end.connection.deadline();
    note_end(end, &seen, begins);
    seen.check(end, now, bounds, &mut broken);
    match (outcome, flight) {
        (Err(refusal), Some(flight)) => {
            let perfect = bounds.in_order && !world.disturbed && !end.died && !world.ends[1 - side].died;
            let closed = seen.before.state == State::Closed;
            let explained = closed || (!perfect && is_explained(world, &seen.before, flight, refusal, bounds));
            broken.demand(Law::S16, explained);
        }
        (Ok(_), Some(flight)) => check_taken(&seen.before, &seen.after, flight, bounds, &mut broken),
        (_, None) => {}
    }
    check_fin(world, side, &seen, &mut broken);
    check_urgent(world, side, &mut broken);
    world.broken.add(broken);
    world.check_together();
    check_aborted(world, bounds);
    Some(seen.signals)
}

fn carry_out(end: &mut End, cause: &Cause, now: Instant, bounds: &Bounds) -> Option<Result<Range<usize>, Refusal>> {
    let connection = &mut end.connection;
    let called = match cause {
        Cause::Open(open) => connection.open(*open, now),
        Cause::Send => connection.send(1, now),
        Cause::Urge => connection.send_urgent(1, now),
        Cause::Receive => {
            let unread = connection.status().unread as usize;
            connection.receive(unread)
        }
        Cause::Close => connection.close(now),
        Cause::Abort => connection.abort(),
        Cause::Turn(turn) => return turned(connection, *turn, bounds).then_some(Ok(0..0)),
        Cause::Segment(segment) => return Some(connection.segment_arrives(segment, now)),
        Cause::Timeout => {
            connection.timeout(now);
            Ok(())
        }
    };
    called.is_ok().then_some(Ok(0..0))
}

/// Carries out the call. Returns false if it is an error.
fn turned(connection: &mut Connection, turn: Turn, bounds: &Bounds) -> bool {
    let status = connection.status();
    match turn {
        Turn::Hold => connection.limit(0),
        Turn::Free => connection.limit(u32::MAX),
        Turn::Repeat => return connection.retransmit(0..status.in_flight as usize).is_ok(),
        Turn::Configure => connection.configure(&bounds.other.unwrap_or(bounds.config)),
        Turn::Icmp => {
            return connection.icmp(IcmpError::NetworkUnreachable, status.snd_una.unwrap_or_default()).is_ok();
        }
    }
    true
}

/// S17: hands the payload of a segment to the user.
fn deliver(end: &mut End, flight: Option<&Flight>, range: &Range<usize>, broken: &mut Laws) {
    if range.is_empty() {
        return;
    }
    let of_this_life = |flight: &Flight| end.connection.status().irs == Some(flight.iss);
    let next = |flight: &Flight| usize::from(flight.start) + range.start == usize::from(end.received);
    let whole = |flight: &Flight| range.end <= usize::from(flight.segment.payload_len());
    broken.demand(Law::S17, flight.is_some_and(|flight| of_this_life(flight) && next(flight) && whole(flight)));
    end.received += range.len() as u8;
}

/// Polls until `Wait`.
fn drain(world: &mut World, side: usize, seen: &mut Seen, bounds: &Bounds, broken: &mut Laws) {
    let now = world.now;
    for _ in 0..MOST_OUTPUTS {
        let end = &mut world.ends[side];
        match end.connection.poll(now) {
            Output::Transition(transition) => {
                if transition.to == State::Listen {
                    end.begin();
                }
                seen.transitions.push(transition);
            }
            Output::Signal(signal) => {
                if let Signal::Acknowledged(bytes) = signal {
                    end.acknowledged += bytes as u8;
                    broken.demand(Law::S6, end.acknowledged <= end.sent);
                }
                seen.signals.push(signal);
            }
            Output::Transmit(transmit) => {
                let status = end.connection.status();
                check_transmit(end, &transmit, &status, seen, bounds, broken);
                let start = end.acknowledged + transmit.payload.start as u8;
                let iss = status.iss.or(seen.before.iss).unwrap_or_default();
                let kind = Kind::of(&transmit.segment, end, &seen.cause, &seen.before, &status);
                seen.sent.push(transmit.segment);
                world.net.push(Flight { to: 1 - side, iss, start, kind, segment: transmit.segment });
            }
            Output::Wait(deadline) => return broken.demand(Law::L4, deadline == end.connection.deadline()),
        }
    }
    broken.demand(Law::L4, false);
}

/// Whether this is the reset of an end that had a connection: at SND.NXT, or at the edge of the peer's window.
fn is_of_end(reset: &Segment, before: &Status) -> bool {
    let edge = before.snd_una.zip(before.snd_wnd).map(|(una, wnd)| una + wnd);
    Some(reset.seq()) == before.snd_nxt || Some(reset.seq()) == edge
}

/// Checks S5, S7, S12, S15, and the sender's part of S16, for one segment.
fn check_transmit(end: &End, transmit: &Transmit, status: &Status, seen: &Seen, bounds: &Bounds, broken: &mut Laws) {
    let Transmit { segment, payload } = transmit;
    let has = |bit| segment.control().contains(bit);
    if has(Control::RST) {
        let explained = match &seen.cause {
            Cause::Segment(cause) => cause.reset().as_ref() == Some(segment) || is_of_end(segment, &seen.before),
            Cause::Abort => is_of_end(segment, &seen.before),
            Cause::Open(_)
            | Cause::Send
            | Cause::Urge
            | Cause::Receive
            | Cause::Close
            | Cause::Turn(_)
            | Cause::Timeout => false,
        };
        return broken.demand(Law::S12, explained);
    }
    let (Some(iss), Some(una), Some(nxt)) = (status.iss, status.snd_una, status.snd_nxt) else {
        return broken.demand(Law::S12, false);
    };
    broken.demand(Law::S7, segment.ack() == status.rcv_nxt);
    if seen.cause == Cause::Timeout && status.in_flight == 0 && segment.seq() + 1 == nxt {
        // Keep-alive: the probe carries nothing new.
        let config = bounds.config_of(end);
        let rests = config.keep_alive.is_some() && (status.unsent == 0 || end.held);
        let len = u16::from(config.keep_alive_octet);
        return broken.demand(Law::S5, rests && !has(Control::FIN) && segment.payload_len() == len);
    }
    broken.demand(Law::S5, segment.seq().ge(una) && (segment.seq() + segment.len()).le(nxt));
    let behind = segment.seq() + segment.len() - una;
    // RFC 7323 section 2.4: bytes that the rounding of the window field has excluded may be sent again.
    let rounding = if segment.seq() == una { (1 << status.snd_scale.unwrap_or_default()) - 1 } else { 0 };
    // A FIN needs no window (D28). A segment without payload may lie at an edge that the peer has taken back (D17).
    let fin = iss + 1 + u32::from(end.sent);
    let fin = u32::from(segment.len() == 0 && end.closed && segment.seq() == fin + 1);
    let window = status.snd_wnd.unwrap_or_default() + rounding + fin;
    broken.demand(Law::S16, una == iss || behind <= window.max(1));
    let options = segment.options();
    broken.demand(Law::S15, has(Control::SYN) || (options.mss().is_none() && options.window_scale().is_none()));
    if has(Control::SYN) {
        return broken.demand(Law::S5, segment.seq() == iss && segment.len() == 1);
    }
    let bytes = payload.len();
    broken.demand(Law::S5, bytes == usize::from(segment.payload_len()));
    let start = usize::from(end.acknowledged) + payload.start;
    broken.demand(Law::S5, bytes == 0 || segment.seq() == iss + 1 + start as u32);
    broken.demand(Law::S5, start + bytes <= usize::from(end.sent));
    if has(Control::FIN) {
        let fin = segment.seq() + bytes as u32;
        broken.demand(Law::S5, end.closed && fin == iss + 1 + u32::from(end.sent));
        broken.demand(Law::S5, matches!(status.state, State::FinWait1 | State::Closing | State::LastAck));
    }
    let urgent = has(Control::URG).then(|| segment.seq() + u32::from(segment.urgent()));
    broken.demand(Law::S5, urgent.is_none_or(|up| end.urgent > 0 && up == iss + 1 + u32::from(end.urgent)));
}

/// Notes whether an incarnation has ended, and how.
fn note_end(end: &mut End, seen: &Seen, begins: bool) {
    let over = |state| matches!(state, State::Closed | State::Listen);
    if begins || seen.before.state == seen.after.state || !over(seen.after.state) {
        return;
    }
    let acknowledged = seen.cause.segment().is_some() && !seen.cause.is_rst();
    let graceful = (seen.before.state == State::TimeWait && seen.cause == Cause::Timeout)
        || (seen.before.state == State::LastAck && acknowledged);
    end.died |= !graceful;
    end.numbers += 1;
}

/// S17: the peer's FIN follows everything that the peer has sent.
fn check_fin(world: &World, side: usize, seen: &Seen, broken: &mut Laws) {
    let (here, there) = (&world.ends[side], &world.ends[1 - side]);
    let told = seen.signals.iter().filter(|signal| **signal == Signal::Closing).count();
    let open = |state| {
        matches!(state, State::SynSent | State::SynReceived | State::Established | State::FinWait1 | State::FinWait2)
    };
    let taken = open(seen.before.state)
        && matches!(seen.after.state, State::CloseWait | State::Closing | State::TimeWait | State::LastAck);
    broken.demand(Law::S13, told == usize::from(taken));
    let status = there.connection.status();
    if taken && status.iss.is_some() && status.iss == seen.after.irs {
        broken.demand(Law::S17, there.closed && here.received == there.sent);
    }
}

/// S17: the urgent data ends where the peer's user has said.
fn check_urgent(world: &World, side: usize, broken: &mut Laws) {
    let (here, there) = (world.ends[side].connection.status(), &world.ends[1 - side]);
    let (Some(up), Some(irs)) = (here.rcv_up, here.irs) else { return };
    if there.connection.status().iss == Some(irs) {
        broken.demand(Law::S17, up - irs <= 1 + u32::from(there.urgent));
    }
}

impl Seen {
    fn check(&self, end: &End, now: Instant, bounds: &Bounds, broken: &mut Laws) {
        self.check_transitions(bounds, broken);
        self.check_variables(end, broken);
        self.check_answers(now, broken);
        self.check_end(end, broken);
        self.check_time_wait(now, bounds, broken);
        self.check_deadline(end, now, bounds, broken);
    }

    /// S1, S9 and S10.
    fn check_transitions(&self, bounds: &Bounds, broken: &mut Laws) {
        let mut state = self.before.state;
        for (place, transition) in self.transitions.iter().enumerate() {
            broken.demand(Law::S1, transition.from == state && allows(*transition, &self.cause, place == 0));
            state = transition.to;
        }
        broken.demand(Law::S1, state == self.after.state);
        if state == self.before.state {
            return;
        }
        let Some(segment) = self.cause.segment() else { return };
        let has = |bit| segment.control().contains(bit);
        if self.before.state == State::SynSent {
            let acceptable = segment.ack().is_some_and(|ack| Some(ack) == self.before.snd_nxt);
            broken.demand(Law::S9, acceptable || (segment.ack().is_none() && has(Control::SYN) && !has(Control::RST)));
        }
        if self.before.state == State::Established {
            let at_rcv_nxt = |seq: SeqNumber| Some(seq) == self.before.rcv_nxt;
            let rst = has(Control::RST) && (at_rcv_nxt(segment.seq()) || !bounds.config.rfc5961);
            let fin = segment.seq() + u32::from(segment.payload_len());
            let all = has(Control::FIN) && self.after.rcv_nxt == Some(fin + 1);
            broken.demand(Law::S10, rst || all);
        }
    }

    /// S6: within one incarnation nothing moves back.
    fn check_variables(&self, end: &End, broken: &mut Laws) {
        let (before, after) = (&self.before, &self.after);
        if let (Some(iss), Some(una), Some(nxt)) = (after.iss, after.snd_una, after.snd_nxt) {
            broken.demand(Law::S6, una.le(nxt));
            let fin = u32::from(end.closed && una - iss == u32::from(end.sent) + 2);
            broken.demand(Law::S6, una == iss || una - iss == 1 + u32::from(end.acknowledged) + fin);
        }
        if before.iss.is_none() || before.iss != after.iss || (before.irs.is_some() && before.irs != after.irs) {
            return;
        }
        let edge = |status: &Status| status.rcv_nxt.zip(status.rcv_wnd).map(|(nxt, wnd)| nxt + wnd);
        let forward = |a: Option<SeqNumber>, b: Option<SeqNumber>| a.zip(b).is_none_or(|(a, b)| a.le(b));
        broken.demand(Law::S6, forward(before.snd_una, after.snd_una) && forward(before.snd_nxt, after.snd_nxt));
        broken.demand(Law::S6, forward(before.rcv_nxt, after.rcv_nxt) && forward(edge(before), edge(after)));
    }

    /// S4, and S12 where there is no connection.
    fn check_answers(&self, now: Instant, broken: &mut Laws) {
        let Some(segment) = self.cause.segment() else {
            let silent = self.after.iss.is_some() || self.sent.is_empty() || self.cause == Cause::Abort;
            return broken.demand(Law::S12, silent);
        };
        if self.cause.is_rst() {
            let reset = self.sent.iter().any(|sent| sent.control().contains(Control::RST));
            return broken.demand(Law::S4, !reset);
        }
        let pure = segment.len() == 0
            && Some(segment.seq()) == self.before.rcv_nxt
            && segment.ack().is_some()
            && segment.ack() == self.after.snd_una
            && !is_of_earlier(segment, now);
        broken.demand(Law::S4, !pure || self.sent.iter().all(|sent| sent.len() > 0));
        broken.demand(Law::S12, self.after.iss.is_some() || self.sent.len() <= 1);
    }

    /// S13 and S14.
    fn check_end(&self, end: &End, broken: &mut Laws) {
        let is_end = |signal: &&Signal| matches!(signal, Signal::Refused | Signal::Reset | Signal::TimedOut);
        let told: Vec<_> = self.signals.iter().filter(is_end).copied().collect();
        broken.demand(Law::S13, told == self.expected_end().into_iter().collect::<Vec<_>>());
        let passive = end.passive && self.before.state == State::SynReceived;
        if passive && self.cause.is_rst() && self.after.state != State::SynReceived {
            let silent = self.signals.is_empty() && self.sent.is_empty();
            let back = self.after.state == State::Listen && silent;
            broken.demand(Law::S14, if self.closed { self.after.state == State::Closed } else { back });
        }
    }

    fn expected_end(&self) -> Option<Signal> {
        let (before, after) = (&self.before, &self.after);
        if before.state == State::Closed || after.state != State::Closed {
            return None;
        }
        let before_handshake = before.snd_una == before.iss;
        match self.cause {
            Cause::Timeout => (before.state != State::TimeWait).then_some(Signal::TimedOut),
            Cause::Segment(_) if before.state == State::TimeWait => None,
            Cause::Segment(_) if self.cause.is_rst() && before_handshake => Some(Signal::Refused),
            Cause::Segment(_) if self.cause.is_rst() => Some(Signal::Reset),
            Cause::Segment(_)
            | Cause::Open(_)
            | Cause::Send
            | Cause::Urge
            | Cause::Receive
            | Cause::Close
            | Cause::Abort
            | Cause::Turn(_) => None,
        }
    }

    /// S11.
    fn check_time_wait(&self, now: Instant, bounds: &Bounds, broken: &mut Laws) {
        let anew = Some(now + 2 * bounds.config.msl);
        let [before, after] = self.deadlines;
        match (self.before.state, self.after.state) {
            (State::TimeWait, State::TimeWait) => {
                let repeated = self.cause.segment().is_some_and(|segment| {
                    let bits =
                        segment.control().intersection(Control::FIN | Control::SYN | Control::RST | Control::ACK);
                    bits == Control::FIN | Control::ACK && Some(segment.seq() + segment.len()) == self.before.rcv_nxt
                });
                let all = repeated && self.cause.segment().and_then(Segment::ack) == self.before.snd_nxt;
                broken
                    .demand(Law::S11, if all { after == anew } else { after == before || (repeated && after == anew) });
            }
            (_, State::TimeWait) => broken.demand(Law::S11, after == anew),
            (State::TimeWait, _) => {
                let over = self.cause == Cause::Timeout && before.is_some_and(|before| before <= now);
                // D14: a peer that has started a new incarnation is believed; so is a peer that answers a forged SYN,
                // since it looks the same.
                let afresh = bounds.lives > 1 || bounds.budget.crashes > 0 || bounds.budget.forged > 0;
                let exact = self.cause.segment().is_some_and(|segment| Some(segment.seq()) == self.before.rcv_nxt);
                let cured = self.cause.is_rst() && afresh && exact;
                broken.demand(Law::S11, over || self.cause == Cause::Abort || cured);
            }
            _ => {}
        }
    }

    /// L4.
    fn check_deadline(&self, end: &End, now: Instant, bounds: &Bounds, broken: &mut Laws) {
        let deadline = self.deadlines[1];
        broken.demand(Law::L4, self.cause != Cause::Timeout || deadline.is_none_or(|deadline| deadline > now));
        let status = &self.after;
        let config = bounds.config_of(end);
        let outstanding = status.in_flight > 0 || status.unsent > 0;
        // The connection waits for the caller. A timer that was running when the limit became zero may expire without
        // effect.
        let paused = end.held && status.in_flight == 0 && status.unsent > 0;
        let probes = config.keep_alive.is_some();
        let waits = match status.state {
            State::Closed | State::Listen => false,
            State::SynSent | State::SynReceived | State::TimeWait => true,
            State::FinWait2 => config.fin_wait_2_timeout.is_some() || probes,
            State::Established | State::CloseWait => (outstanding && !paused) || probes,
            State::FinWait1 | State::Closing | State::LastAck => !paused,
        };
        // An acknowledgment that was delayed before the policies changed still waits.
        let delays = bounds.config.delayed_ack.is_some() || config.delayed_ack.is_some();
        let idle = deadline.is_none() || delays || paused;
        broken.demand(Law::L4, if waits { deadline.is_some() } else { idle });
    }
}
