//! The transmission control block, RFC 9293 section 3.3.1: the variables, each where the RFC gives it a meaning.

mod offer;
mod persist;
mod rcv;
mod recovery;
mod snd;

pub(crate) use offer::Offer;
pub(crate) use persist::LEAST_PROBES;
pub(crate) use rcv::Rcv;
pub(crate) use recovery::Recovery;
pub(crate) use snd::{Flags, Snd};

use crate::machine::context::Context;
use crate::machine::segment::{Control, Segment};
use crate::machine::seq::SeqNumber;
use crate::machine::state::State;

/// What there is of a connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Tcb {
    /// CLOSED: no TCB.
    Closed,
    /// LISTEN: no sequence numbers yet.
    Listen,
    /// SYN-SENT: our numbers, none of the peer's.
    SynSent(SynSent),
    /// SYN-RECEIVED and beyond: both.
    Synchronized(Synchronized),
}

impl Tcb {
    pub(crate) const fn state(&self) -> State {
        match self {
            Tcb::Closed => State::Closed,
            Tcb::Listen => State::Listen,
            Tcb::SynSent(_) => State::SynSent,
            Tcb::Synchronized(tcb) => tcb.phase.state(),
        }
    }

    pub(crate) const fn snd(&self) -> Option<&Snd> {
        match self {
            Tcb::Closed | Tcb::Listen => None,
            Tcb::SynSent(tcb) => Some(&tcb.snd),
            Tcb::Synchronized(tcb) => Some(&tcb.snd),
        }
    }

    pub(crate) const fn rcv(&self) -> Option<&Rcv> {
        match self {
            Tcb::Closed | Tcb::Listen | Tcb::SynSent(_) => None,
            Tcb::Synchronized(tcb) => Some(&tcb.rcv),
        }
    }

    /// RCV.NXT has passed the peer's FIN.
    pub(crate) fn has_taken_fin(&self) -> bool {
        match self.state() {
            State::CloseWait | State::Closing | State::LastAck | State::TimeWait => true,
            State::Closed
            | State::Listen
            | State::SynSent
            | State::SynReceived
            | State::Established
            | State::FinWait1
            | State::FinWait2 => false,
        }
    }

    pub(crate) fn is_of_listener(&self) -> bool {
        matches!(self, Tcb::Synchronized(tcb) if tcb.phase == Phase::SynReceived(Origin::Listener))
    }
}

/// What a connection in SYN-RECEIVED came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Origin {
    /// An active OPEN.
    Active,
    /// A passive OPEN, to whose LISTEN it may return.
    Passive,
    /// A [`Listener`](crate::listener::Listener), which is somewhere else: there is no LISTEN to return to.
    Listener,
}

/// The states from SYN-RECEIVED on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Phase {
    /// With what it came from (MUST-11).
    SynReceived(Origin),
    Established,
    FinWait1,
    FinWait2,
    CloseWait,
    Closing,
    LastAck,
    TimeWait {
        /// A SYN of a peer that started afresh has been challenged here (D14).
        challenged: bool,
    },
}

impl Phase {
    pub(crate) const fn state(self) -> State {
        match self {
            Phase::SynReceived(_) => State::SynReceived,
            Phase::Established => State::Established,
            Phase::FinWait1 => State::FinWait1,
            Phase::FinWait2 => State::FinWait2,
            Phase::CloseWait => State::CloseWait,
            Phase::Closing => State::Closing,
            Phase::LastAck => State::LastAck,
            Phase::TimeWait { .. } => State::TimeWait,
        }
    }
}

/// A connection that knows its own numbers, and has told them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SynSent {
    pub(crate) snd: Snd,
    pub(crate) offer: Offer,
}

/// A connection that knows both sequence number spaces.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Synchronized {
    pub(crate) phase: Phase,
    /// When the bucket of challenges will be full again, in milliseconds modulo 2^32 (RFC 5961 section 7). One for each
    /// connection, since a shared one would tell an attacker of the others.
    pub(crate) challenges_full_at: u32,
    pub(crate) snd: Snd,
    pub(crate) rcv: Rcv,
}

impl Synchronized {
    #[inline]
    pub(crate) fn new(origin: Origin, mut snd: Snd, offer: &Offer, syn: &Segment, context: &Context) -> Synchronized {
        snd.agree(offer, syn, context);
        Synchronized {
            phase: Phase::SynReceived(origin),
            challenges_full_at: context.now.as_millis_low(),
            rcv: Rcv::new(syn, offer, snd.flags, context),
            snd,
        }
    }

    /// The peer sends its SYN again, and our SYN,ACK goes again: an option that the peer does not offer any more is not
    /// agreed (D6).
    pub(crate) fn take_back(&mut self, syn: &Segment) {
        self.snd.take_back_ecn(syn);
        let options = syn.options();
        if options.timestamps().is_none() {
            self.snd.flags.remove(Flags::TIMESTAMPS);
        }
        if !options.sack_permitted() {
            self.snd.flags.remove(Flags::SACK);
        }
        if options.window_scale().is_none() {
            self.snd.flags.remove(Flags::SCALE);
            (self.snd.scale, self.rcv.scale) = (0, 0);
        }
    }

    /// Whether one more challenge may go out: a bucket of `challenge_limit` tokens, empty to full in
    /// `challenge_period`.
    pub(crate) fn may_challenge(&mut self, context: &Context) -> bool {
        let (token, bucket) = context.policy.challenges();
        let now = context.now.as_millis_low();
        let owed = self.challenges_full_at.wrapping_sub(now);
        // What lies more than one bucket ahead lies behind.
        let owed = if owed > bucket { token } else { owed.wrapping_add(token) };
        if owed > bucket {
            return false;
        }
        self.challenges_full_at = now.wrapping_add(owed);
        true
    }

    /// Milliseconds until the bucket of challenges is full.
    pub(crate) fn challenges_owed(&self, context: &Context) -> u32 {
        let owed = self.challenges_full_at.wrapping_sub(context.now.as_millis_low());
        if owed > context.policy.challenges().1 { 0 } else { owed }
    }

    /// A segment ahead of RCV.NXT has come, which ends here.
    pub(crate) fn note_ahead(&mut self, end: SeqNumber) {
        self.rcv.ahead = if self.snd.flags.intersects(Flags::GAP) { self.rcv.ahead.max(end) } else { end };
        self.snd.flags |= Flags::GAP;
    }

    /// RCV.NXT has passed what came ahead of it.
    pub(crate) fn close_gap(&mut self) {
        if self.snd.flags.intersects(Flags::GAP) && self.rcv.ahead.le(self.rcv.nxt) {
            self.snd.flags.remove(Flags::GAP);
            self.rcv.ahead = SeqNumber(0);
        }
    }

    pub(crate) fn enter(&mut self, phase: Phase, context: &mut Context) {
        context.outbox.record_transition(self.phase.state(), phase.state());
        self.phase = phase;
    }

    /// TIME-WAIT: whether a SYN is of a new life and no old duplicate, RFC 6191 section 2: by its timestamp, or else by
    /// its number (D31).
    pub(crate) fn accepts_reopening(&self, syn: &Segment, context: &Context) -> bool {
        let is_time_wait = matches!(self.phase, Phase::TimeWait { .. });
        let bare = Control::SYN | Control::ACK | Control::RST | Control::FIN;
        if !is_time_wait || syn.control().intersection(bare) != Control::SYN {
            return false;
        }
        let beyond = self.rcv.nxt.lt(syn.seq());
        let before = self.snd.flags.intersects(Flags::TIMESTAMPS);
        match syn.options().timestamps().filter(|_| context.policy.timestamps()) {
            // Zero is none (D30).
            Some((value, _)) if before && self.rcv.ts_recent != 0 => {
                let (value, recent) = (SeqNumber(value), SeqNumber(self.rcv.ts_recent));
                recent.lt(value) || (recent == value && beyond)
            }
            // Timestamps on the new life alone: of the last one it can only be the SYN, whose offer we had not taken.
            Some(_) if !before => syn.seq() != self.rcv.irs,
            Some(_) | None => beyond,
        }
    }

    /// FIN-WAIT-2. The transition is what acknowledges the user's CLOSE.
    pub(crate) fn enter_fin_wait_2(&mut self, context: &mut Context) {
        self.enter(Phase::FinWait2, context);
        context.timer = None;
        self.time_fin_wait_2(context);
    }

    /// Once the user is gone FIN-WAIT-2 lasts as long as the policy says, from here (D20).
    pub(crate) fn time_fin_wait_2(&mut self, context: &mut Context) {
        if self.snd.flags.intersects(Flags::DETACHED)
            && let Some(end) = context.policy.fin_wait_2_timeout.after(context.now)
        {
            context.timer = Some(end);
        }
    }

    /// TIME-WAIT: 2 MSL begin (MUST-13), and nothing else is timed any more.
    pub(crate) fn enter_time_wait(&mut self, context: &mut Context) {
        self.enter(Phase::TimeWait { challenged: false }, context);
        // Nobody is left whose window could be reduced.
        self.snd.flags.remove(Flags::ECHO | Flags::ECHO_UNSENT);
        context.start_time_wait();
    }
}
