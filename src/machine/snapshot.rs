//! A connection out of a snapshot (feature `serde`). A snapshot may be damaged, or made by an attacker. So each
//! variable is checked against the others. No event can have led to the values that are refused here.

use serde::de::{Deserialize, Deserializer, Error};

use crate::machine::calls::MAX_QUEUED;
use crate::machine::config::MAX_BUFFER;
use crate::machine::connection::Connection;
use crate::machine::context::Context;
use crate::machine::extensions::MAX_RESERVED;
use crate::machine::outbox::Pending;
use crate::machine::rto::{LONGEST, Rto};
use crate::machine::seq::SeqNumber;
use crate::machine::state::State;
use crate::machine::tcb::{Flags, Phase, Rcv, Recovery, Snd, SynSent, Synchronized, Tcb};

/// The largest shift count of a window (RFC 7323 section 2.3).
const MAX_SCALE: u8 = 14;
/// The largest window that a segment can have, in bytes.
const MAX_WND: u32 = (u16::MAX as u32) << MAX_SCALE;

/// The fields of a [`Connection`], not checked yet.
#[derive(serde::Deserialize)]
#[serde(rename = "Connection")]
struct Unchecked {
    tcb: Tcb,
    context: Context,
}

impl<'de> Deserialize<'de> for Connection {
    /// # Errors
    ///
    /// Besides those of the format: no event can have led to these variables.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Connection, D::Error> {
        let Unchecked { tcb, context } = Unchecked::deserialize(deserializer)?;
        let connection = Connection { tcb, context };
        connection.verify().map_err(D::Error::custom)?;
        Ok(connection)
    }
}

type Checked = Result<(), &'static str>;

fn ensure(holds: bool, flaw: &'static str) -> Checked {
    if holds { Ok(()) } else { Err(flaw) }
}

/// `from =< number =< to`, for a stretch of any length.
fn is_within(from: SeqNumber, number: SeqNumber, to: SeqNumber) -> bool {
    number - from <= to - from
}

impl Connection {
    fn verify(&self) -> Checked {
        let state = self.state();
        self.context.verify(state)?;
        match &self.tcb {
            Tcb::Closed | Tcb::Listen => Ok(()),
            Tcb::SynSent(tcb) => tcb.verify(&self.context),
            Tcb::Synchronized(tcb) => tcb.verify(&self.context),
        }
    }
}

impl Context {
    fn verify(&self, state: State) -> Checked {
        ensure(self.outbox.is_sound(state), "no such output can be due")?;
        ensure(self.reserved <= MAX_RESERVED, "more is reserved than a header has room for")?;
        let has_duplicates = self.outbox.pending.intersects(Pending::DUPLICATE_ACKS);
        ensure(has_duplicates == (self.duplicate_acks > 0), "the number of duplicate ACKs is not that of the outbox")?;
        let is_idle = self.timer.is_none() && !self.outbox.pending.intersects(Pending::NEEDS_TCB);
        ensure(is_idle || !matches!(state, State::Closed | State::Listen), "a timer or a segment without a TCB")
    }
}

impl SynSent {
    fn verify(&self, context: &Context) -> Checked {
        self.snd.verify(context)?;
        ensure(self.snd.is_syn_unacknowledged() && !self.snd.has_closed(), "no send sequence space of SYN-SENT")?;
        ensure(self.offer.options.window_scale().is_none_or(|shift| shift <= MAX_SCALE), "a shift count above 14")
    }
}

impl Synchronized {
    fn verify(&self, context: &Context) -> Checked {
        let (snd, rcv) = (&self.snd, &self.rcv);
        snd.verify(context)?;
        rcv.verify(snd.flags)?;
        let (syn, fin) = (snd.is_syn_unacknowledged(), snd.has_closed());
        let fits = match self.phase {
            Phase::SynReceived(_) => syn,
            Phase::Established => !syn && !fin,
            Phase::CloseWait => !syn && !snd.fin_acknowledged(),
            Phase::FinWait1 => fin && !snd.fin_acknowledged(),
            Phase::Closing | Phase::LastAck => !syn && fin && !snd.fin_acknowledged(),
            Phase::FinWait2 | Phase::TimeWait { .. } => !syn && snd.fin_acknowledged(),
        };
        ensure(fits, "no send sequence space of this state")?;
        ensure(fin || !snd.flags.intersects(Flags::DETACHED), "the user is gone, and has not closed")
    }
}

impl Snd {
    fn verify(&self, context: &Context) -> Checked {
        ensure(Flags::all().contains(self.flags), "an unknown flag")?;
        let timed = self.flags.intersection(Flags::HAS_TIMED_POLICY);
        ensure(timed == Flags::of(&context.policy), "the flags are not those of the policies")?;
        ensure(self.mss > 0, "segments without room for payload")?;
        ensure(self.scale <= MAX_SCALE, "a shift count above 14")?;
        ensure(self.wnd <= self.max_wnd && self.max_wnd <= MAX_WND, "SND.WND is too large")?;
        // The SYN and the FIN are no bytes.
        ensure(self.last() - self.una <= MAX_QUEUED.saturating_add(2), "the send queue is too long")?;
        ensure(is_within(self.una, self.nxt, self.last()), "SND.NXT is neither in the queue nor at its end")?;
        let is_syn_first =
            self.una == self.iss && self.una != self.nxt && is_within(self.una + 1, self.end, self.last());
        ensure(!self.is_syn_unacknowledged() || is_syn_first, "the SYN is unacknowledged, and not the first")?;
        let is_urgent_ahead = self.up != self.una && is_within(self.una, self.up, self.last());
        ensure(!self.flags.intersects(Flags::URGENT) || is_urgent_ahead, "SND.UP is outside of the queue")?;
        ensure(self.is_recovery_sound(), "the recovery is not about what is in flight")?;
        match self.rto {
            Rto::Initial(_) => Ok(()),
            Rto::Measured { srtt, rttvar } => ensure(
                srtt.get() <= LONGEST && rttvar <= LONGEST,
                "a round-trip time of more than four and a half minutes",
            ),
        }
    }

    fn is_recovery_sound(&self) -> bool {
        let is_in_flight = |number| is_within(self.una, number, self.nxt);
        // SND.UNA < number =< SND.NXT
        let ends_in_flight = |number| number != self.una && is_in_flight(number);
        match self.recovery {
            Recovery::Untimed | Recovery::Probing => true,
            Recovery::Timed { end, .. } => ends_in_flight(end),
            Recovery::GoBackN { recover, cursor, .. } => ends_in_flight(recover) && is_in_flight(cursor),
            Recovery::PastRecover { recover, .. } => ends_in_flight(recover),
            Recovery::Requested { cursor, until } => ends_in_flight(until) && is_within(self.una, cursor, until),
            Recovery::Refused => self.nxt - self.una == 1,
        }
    }
}

impl Rcv {
    fn verify(&self, flags: Flags) -> Checked {
        ensure(self.scale <= MAX_SCALE, "a shift count above 14")?;
        ensure(self.edge - self.read <= MAX_BUFFER, "the receive window is too large")?;
        ensure(is_within(self.read, self.nxt, self.edge), "RCV.NXT is outside of the receive buffer")?;
        // The pointer of a segment in the window; behind a zero window, of a bare ACK at RCV.NXT+1 (D17).
        ensure(is_within(self.read, self.up, self.edge + 1 + u32::from(u16::MAX)), "RCV.UP is out of reach")?;
        let is_ahead = self.out_of_order_end != self.nxt && is_within(self.nxt, self.out_of_order_end, self.edge + 1);
        ensure(
            !flags.intersects(Flags::GAP) || is_ahead,
            "the end of what has arrived ahead of a gap lies outside of the window",
        )
    }
}
