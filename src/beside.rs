//! The calls beside those of RFC 9293 section 3.10: the seams for loss detection and congestion control (section
//! 3.8.2), policies that change in the middle of a life, and a second life out of TIME-WAIT (section 3.6.1).

use core::ops::Range;

use crate::config::{Config, Policy};
use crate::connection::Connection;
use crate::error::CallError;
use crate::segment::Segment;
use crate::tcb::{Flags, Pace, Phase, Snd, Tcb};
use crate::time::Instant;

/// Beside the RFC's calls.
impl Connection {
    /// The F of the next initial sequence number; see [`new`](Self::new). In LISTEN it counts for the next SYN that
    /// arrives, so that it can be set for each peer.
    pub const fn set_isn_offset(&mut self, isn_offset: u32) {
        self.endpoint.isn_offset = isn_offset;
    }

    /// Other policies from now on. What the SYNs agreed stays, and a timer that runs goes on as it was set, but for
    /// that of keep-alive; an ACK that is delayed goes out at once where none is to be delayed any more; a timeout for
    /// FIN-WAIT-2, where there was none, counts from the last event that told the time. The window never moves back. A
    /// smaller `max_segment` bounds the segments of this life too, so that it can follow the path's MTU down.
    pub fn configure(&mut self, config: &Config) {
        if let Tcb::Synchronized(tcb) = &mut self.tcb {
            let before = self.endpoint.policy.keep_alive();
            tcb.rest_or_not(&mut self.endpoint, |tcb, endpoint| {
                endpoint.policy = Policy::new(config);
                tcb.snd.flags.set(Flags::WATCHED, endpoint.policy.watches());
            });
            if self.endpoint.policy.delayed_ack.is_zero() {
                self.endpoint.due.ack_no_later();
            }
            if before != self.endpoint.policy.keep_alive() {
                tcb.keep_alive_anew(&mut self.endpoint);
            }
            tcb.snd.mss = tcb.snd.mss.min(tcb.snd.most_payload(&self.endpoint));
            // What the old ones held back may go.
            if tcb.snd.nxt != tcb.snd.last() {
                self.endpoint.due.look();
            }
            if tcb.phase == Phase::FinWait2 && self.endpoint.timer.is_none() {
                self.endpoint.timer = self.endpoint.policy.fin_wait_2_timeout.after(self.endpoint.now);
            }
        } else {
            self.endpoint.policy = Policy::new(config);
        }
    }

    /// So many bytes of the send queue, counted from its front, are lost, as the caller's loss detection has it: they
    /// go out again, within the peer's window and the [`limit`](Self::limit). No round-trip time is taken of them
    /// (Karn), and where the front of the queue is among them, the next timeout is a whole one away (RFC 6298 section
    /// 5). A FIN goes with the bytes before it; alone, it is the one behind the last byte. Another call replaces what
    /// of the last one has not been handed out. After a retransmission timeout everything goes again in its order
    /// anyhow (RFC 6298 section 5.4), and the call lets as many bytes more go at once.
    ///
    /// # Errors
    ///
    /// [`CallError::ConnectionDoesNotExist`] in CLOSED, [`CallError::NotSent`] for bytes that have never been handed
    /// out.
    pub fn retransmit(&mut self, range: Range<usize>) -> Result<(), CallError> {
        let tcb = match &mut self.tcb {
            Tcb::Closed => return Err(CallError::ConnectionDoesNotExist),
            Tcb::Listen | Tcb::SynSent(_) | Tcb::Synchronized(_) if range.is_empty() => return Ok(()),
            Tcb::Listen | Tcb::SynSent(_) => return Err(CallError::NotSent),
            Tcb::Synchronized(tcb) => tcb,
        };
        let sent = tcb.snd.nxt.ahead_of(tcb.snd.front());
        match (u32::try_from(range.start), u32::try_from(range.end)) {
            (Ok(start), Ok(end)) if end <= sent => tcb.snd.resend(start, end),
            _ => return Err(CallError::NotSent),
        }
        self.endpoint.due.look();
        // What it has earned may let the rest of the queue go.
        tcb.enter_last_ack(&mut self.endpoint);
        Ok(())
    }

    /// The packet of the last segment came with a mark of congestion (the CE codepoint of RFC 3168 section 5): to be
    /// called after [`segment_arrives`](Self::segment_arrives) has taken it, and not where it was refused (section
    /// 6.1.5). Each segment from now on echoes it, until the peer says that it has reduced its window (section 6.1.3).
    /// Without ECN agreed ([`Status::ecn`](crate::Status::ecn)) it does nothing.
    pub fn congestion_experienced(&mut self) {
        self.mark(Flags::ECHO | Flags::UNTOLD);
    }

    /// The caller's congestion window has been reduced, for whatever reason, a timeout too: the next new payload says
    /// so (CWR of RFC 3168 section 6.1.2). Without ECN agreed it does nothing.
    pub fn congestion_window_reduced(&mut self) {
        self.mark(Flags::REDUCED);
    }

    fn mark(&mut self, flags: Flags) {
        if let Tcb::Synchronized(tcb) = &mut self.tcb
            && tcb.snd.flags.contains(Flags::ECN)
            // There is nobody left who would heed it.
            && !matches!(tcb.phase, Phase::TimeWait { .. })
        {
            tcb.snd.flags |= flags;
        }
    }

    /// In TIME-WAIT: whether this SYN may start a new life (RFC 9293 section 3.6.1, MAY-2, SHLD-4; RFC 6191). `Some` is
    /// the ISN offset for it, with which its initial sequence number exceeds every number of this life.
    ///
    /// It changes nothing. A caller that agrees opens another [`Connection`], passive, with that offset and hands the
    /// SYN to it; as long as that one is in SYN-RECEIVED it keeps this one, since the SYN may prove to be an old
    /// duplicate.
    #[must_use]
    pub fn reopens(&self, syn: &Segment, now: Instant) -> Option<u32> {
        match &self.tcb {
            Tcb::Synchronized(tcb) if tcb.accepts_anew(syn, &self.endpoint) => {
                Some(self.endpoint.isn_offset_beyond(tcb.snd.nxt, now))
            }
            Tcb::Synchronized(_) | Tcb::Closed | Tcb::Listen | Tcb::SynSent(_) => None,
        }
    }

    /// How many bytes past SND.UNA may be handed out, whatever the peer's window allows: the seam for a congestion
    /// window (RFC 9293 section 3.8.2, RFC 5681). `u32::MAX` at first; it stays in force until another one comes, in a
    /// next life too. It bounds payload, not SYN and FIN. Where it lets nothing go and nothing is in flight no timer
    /// runs: who waits for a moment of his own, as RFC 3168 section 6.1.2 has it for a window of one segment, times it
    /// himself.
    pub fn limit(&mut self, in_flight: u32) {
        match &mut self.tcb {
            Tcb::Synchronized(tcb) => {
                tcb.rest_or_not(&mut self.endpoint, |_, endpoint| endpoint.limit = in_flight);
                self.endpoint.due.look();
                tcb.enter_last_ack(&mut self.endpoint);
            }
            Tcb::Closed | Tcb::Listen | Tcb::SynSent(_) => self.endpoint.limit = in_flight,
        }
    }
}

impl Snd {
    /// So many bytes from the front of the queue are held for lost; a FIN that followed them went with them. (The FIN
    /// counts as one, behind the last byte.)
    fn resend(&mut self, start: u32, end: u32) {
        let (from, mut until) = (self.front() + start, self.front() + end);
        if until == self.end && self.nxt == self.last() {
            until = self.last();
        }
        self.pace = match self.pace {
            // All is being sent again as far as credit goes; this much more goes, and from here at the latest.
            Pace::Recovering { recover, cursor, credit } => {
                Pace::Recovering { recover, cursor: cursor.min(from), credit: credit.saturating_add(until - from) }
            }
            // What has gone out since belongs to it: it may be among them.
            Pace::Renewing { credit, .. } => {
                Pace::Recovering { recover: self.nxt, cursor: from, credit: credit.saturating_add(until - from) }
            }
            Pace::Untimed | Pace::Timed { .. } | Pace::Resending { .. } => Pace::Resending { cursor: from, until },
        };
    }
}
