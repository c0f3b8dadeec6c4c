//! Single variables of STATUS, RFC 9293 section 3.10.6.

use crate::machine::connection::Connection;
use crate::machine::seq::SeqNumber;
use crate::machine::state::State;
use crate::machine::tcb::{Rcv, Snd};

/// Single variables of [`status`](Connection::status), for callers that read one or two of them for each segment. A
/// variable that the state does not have is `None`, or zero for a count.
impl Connection {
    /// SND.UNA
    #[must_use]
    pub const fn snd_una(&self) -> Option<SeqNumber> {
        match self.tcb.snd() {
            Some(snd) => Some(snd.una),
            None => None,
        }
    }

    /// SND.NXT
    #[must_use]
    pub const fn snd_nxt(&self) -> Option<SeqNumber> {
        match self.tcb.snd() {
            Some(snd) => Some(snd.nxt),
            None => None,
        }
    }

    /// SND.WND, in bytes.
    #[must_use]
    pub const fn snd_wnd(&self) -> Option<u32> {
        match self.tcb.snd() {
            Some(snd) => Some(snd.wnd),
            None => None,
        }
    }

    /// RCV.NXT
    #[must_use]
    pub const fn rcv_nxt(&self) -> Option<SeqNumber> {
        match self.tcb.rcv() {
            Some(rcv) => Some(rcv.nxt),
            None => None,
        }
    }

    /// RCV.WND, in bytes, like [`Status::rcv_wnd`](crate::Status::rcv_wnd).
    #[must_use]
    pub fn rcv_wnd(&self) -> Option<u32> {
        self.tcb.rcv().map(Rcv::wnd)
    }

    /// Sequence numbers that are sent and not acknowledged: SND.NXT - SND.UNA.
    #[must_use]
    pub fn in_flight(&self) -> u32 {
        self.tcb.snd().map_or(0, Snd::in_flight)
    }

    /// Bytes of the send queue that have never been sent.
    #[must_use]
    pub fn unsent(&self) -> u32 {
        self.tcb.snd().map_or(0, Snd::unsent)
    }

    /// Bytes that were delivered, and that the user has not yet reported as consumed.
    #[must_use]
    pub fn unread(&self) -> u32 {
        self.tcb.rcv().map_or(0, Rcv::unread)
    }

    /// Returns whether [`send`](Self::send) is allowed: in SYN-SENT, SYN-RECEIVED, ESTABLISHED and CLOSE-WAIT, before
    /// CLOSE.
    #[must_use]
    pub fn may_send(&self) -> bool {
        match self.state() {
            State::SynSent | State::SynReceived | State::Established | State::CloseWait => {
                !self.tcb.snd().is_some_and(Snd::has_closed)
            }
            State::Closed
            | State::Listen
            | State::FinWait1
            | State::FinWait2
            | State::Closing
            | State::LastAck
            | State::TimeWait => false,
        }
    }
}
