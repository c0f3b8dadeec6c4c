//! The transmission control block (TCB) of RFC 9293 section 3.3.1. Each variable exists only in the states in which the
//! RFC gives it a meaning.

mod acknowledgment;
mod offer;
mod persist;
mod rcv;
mod recovery;
mod snd;

pub(crate) use offer::Offer;
pub(crate) use persist::MIN_PROBES;
pub(crate) use rcv::{Rcv, Told};
pub(crate) use recovery::Recovery;
pub(crate) use snd::{Flags, Snd};

use crate::machine::context::Context;
use crate::machine::segment::{Control, Segment};
use crate::machine::seq::SeqNumber;
use crate::machine::state::State;

/// The TCB of a connection, by state.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) enum Tcb {
    /// CLOSED: no TCB.
    Closed,
    /// LISTEN: no sequence numbers yet.
    Listen,
    /// SYN-SENT: our sequence numbers are known, the peer's are not.
    SynSent(SynSent),
    /// SYN-RECEIVED and all later states: both sequence spaces are known. (RFC 9293 section 3.5.2 does not count
    /// SYN-RECEIVED as synchronized.)
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

    /// Returns whether RCV.NXT has passed the peer's FIN.
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

    /// Returns whether the connection is in SYN-RECEIVED and came from a listener.
    pub(crate) fn is_of_listener(&self) -> bool {
        matches!(self, Tcb::Synchronized(tcb) if tcb.phase == Phase::SynReceived(Origin::Listener))
    }
}

/// How a connection came into SYN-RECEIVED.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) enum Origin {
    /// An active OPEN.
    Active,
    /// A passive OPEN: the connection may return to LISTEN.
    Passive,
    /// A [`Listener`](crate::listener::Listener): a separate object, so the connection has no LISTEN to return to.
    Listener,
}

/// The states from SYN-RECEIVED on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) enum Phase {
    /// Holds how the connection came here (MUST-11).
    SynReceived(Origin),
    Established,
    FinWait1,
    FinWait2,
    CloseWait,
    Closing,
    LastAck,
    TimeWait {
        /// Whether the SYN of a restarted peer has been challenged in this TIME-WAIT (D14).
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

/// The TCB in SYN-SENT: the send sequence space, and the offer of our SYN.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct SynSent {
    pub(crate) snd: Snd,
    pub(crate) offer: Offer,
}

/// The TCB from SYN-RECEIVED on: both sequence spaces.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Synchronized {
    pub(crate) phase: Phase,
    /// When the token bucket of challenge ACKs will be full again, in milliseconds modulo 2^32 (RFC 5961 section 7).
    /// Each connection has its own bucket: a shared one would reveal other connections to an attacker.
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

    /// Withdraws each agreed option that a repeated SYN of the peer no longer offers (D6). Our SYN,ACK, sent again,
    /// leaves these options out.
    pub(crate) fn withdraw_options(&mut self, syn: &Segment) {
        self.snd.withdraw_ecn(syn);
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

    /// Takes a token for a challenge ACK; returns `false` if the bucket is empty. The bucket holds `challenge_limit`
    /// tokens, and fills from empty within `challenge_period`.
    pub(crate) fn take_challenge_token(&mut self, context: &Context) -> bool {
        let (token, bucket) = context.policy.challenges();
        let now = context.now.as_millis_low();
        let owed = self.challenges_full_at.wrapping_sub(now);
        // The clock wraps: a moment more than one bucket ahead is in the past, so the bucket is full.
        let owed = if owed > bucket { token } else { owed.wrapping_add(token) };
        if owed > bucket {
            return false;
        }
        self.challenges_full_at = now.wrapping_add(owed);
        true
    }

    /// Returns the milliseconds until the bucket of challenge ACKs is full.
    pub(crate) fn challenges_owed(&self, context: &Context) -> u32 {
        let owed = self.challenges_full_at.wrapping_sub(context.now.as_millis_low());
        if owed > context.policy.challenges().1 { 0 } else { owed }
    }

    /// Records that a segment has arrived ahead of RCV.NXT; `end` is the number behind it.
    pub(crate) fn note_out_of_order(&mut self, end: SeqNumber) {
        self.rcv.out_of_order_end =
            if self.snd.flags.intersects(Flags::GAP) { self.rcv.out_of_order_end.max(end) } else { end };
        self.snd.flags |= Flags::GAP;
    }

    /// Ends the gap once RCV.NXT has reached the end of everything that arrived ahead of it.
    pub(crate) fn close_gap(&mut self) {
        if self.snd.flags.intersects(Flags::GAP) && self.rcv.out_of_order_end.le(self.rcv.nxt) {
            self.snd.flags.remove(Flags::GAP);
            self.rcv.out_of_order_end = SeqNumber(0);
        }
    }

    pub(crate) fn enter(&mut self, phase: Phase, context: &mut Context) {
        context.outbox.record_transition(self.phase.state(), phase.state());
        self.phase = phase;
    }

    /// Returns whether a SYN in TIME-WAIT starts a new incarnation of the connection, and is no old duplicate (RFC 6191
    /// section 2). The timestamps decide, or else the sequence number (D31).
    pub(crate) fn accepts_reopening(&self, syn: &Segment, context: &Context) -> bool {
        let is_time_wait = matches!(self.phase, Phase::TimeWait { .. });
        let tested = Control::SYN | Control::ACK | Control::RST | Control::FIN;
        if !is_time_wait || syn.control().intersection(tested) != Control::SYN {
            return false;
        }
        let beyond = self.rcv.nxt.lt(syn.seq());
        let had_timestamps = self.snd.flags.intersects(Flags::TIMESTAMPS);
        match syn.options().timestamps().filter(|_| context.policy.timestamps()) {
            // A TS.Recent of zero means that there is none (D30).
            Some((value, _)) if had_timestamps && self.rcv.ts_recent != 0 => {
                let (value, recent) = (SeqNumber(value), SeqNumber(self.rcv.ts_recent));
                recent.lt(value) || (recent == value && beyond)
            }
            // Only the new incarnation has timestamps: any SYN will do, except the SYN of the old incarnation. That SYN
            // may have offered timestamps that were not agreed.
            Some(_) if !had_timestamps => syn.seq() != self.rcv.irs,
            Some(_) | None => beyond,
        }
    }

    /// Enters FIN-WAIT-2. The transition tells the user that its CLOSE is acknowledged.
    pub(crate) fn enter_fin_wait_2(&mut self, context: &mut Context) {
        self.enter(Phase::FinWait2, context);
        context.timer = None;
        self.start_fin_wait_2_timer(context);
    }

    /// Starts the timeout of FIN-WAIT-2, if the user has detached and the policy has a timeout (D20).
    pub(crate) fn start_fin_wait_2_timer(&mut self, context: &mut Context) {
        if self.snd.flags.intersects(Flags::DETACHED)
            && let Some(end) = context.policy.fin_wait_2_timeout.after(context.now)
        {
            context.timer = Some(end);
        }
    }

    /// Enters TIME-WAIT and starts its timer of 2 MSL (MUST-13). No other timer runs from now on.
    pub(crate) fn enter_time_wait(&mut self, context: &mut Context) {
        self.enter(Phase::TimeWait { challenged: false }, context);
        // The peer sends no new data any more, and has no congestion window to reduce.
        self.snd.flags.remove(Flags::ECHO | Flags::ECHO_UNSENT);
        context.start_time_wait();
    }
}
