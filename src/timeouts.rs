//! RFC 9293 section 3.10.8: timeouts.

use crate::connection::{Connection, Endpoint};
use crate::due::End;
use crate::tcb::{Origin, Pace, Phase, Snd, Tcb};
use crate::time::{Instant, Span};

impl Endpoint {
    /// There is progress, or something new to wait for.
    #[inline]
    pub(crate) fn progress(&mut self) {
        self.since = self.now.as_millis_up();
    }

    /// Milliseconds since the last progress; what is 49 days ago counts from there.
    fn idle(&self) -> u32 {
        self.now.as_millis_up().wrapping_sub(self.since)
    }

    /// So long ago was the last progress.
    pub(crate) fn is_past(&self, span: Span) -> bool {
        span.is_over(self.idle())
    }

    /// When the user timeout ends, counted from the last progress.
    pub(crate) fn user_timeout(&self) -> Option<Instant> {
        let since = self.now.as_micros().div_ceil(1_000).saturating_sub(u64::from(self.idle()));
        self.policy.user_timeout.after(Instant::ZERO.after_millis(since))
    }

    /// The 2 MSL of TIME-WAIT begin, or begin again.
    pub(crate) fn start_time_wait(&mut self) {
        let msl = self.policy.msl;
        self.timer = msl.after(self.now).and_then(|once| msl.after(once));
    }
}

impl Connection {
    pub(crate) fn timeouts(&mut self) {
        match &self.tcb {
            Tcb::Synchronized(tcb) => match tcb.phase {
                Phase::TimeWait { .. } => self.delete_tcb(),
                Phase::FinWait2 => self.timed_out(),
                Phase::SynReceived(_)
                | Phase::Established
                | Phase::FinWait1
                | Phase::CloseWait
                | Phase::Closing
                | Phase::LastAck => self.retransmission_timeout(),
            },
            Tcb::Closed | Tcb::Listen => {}
            Tcb::SynSent(_) => self.retransmission_timeout(),
        }
    }

    /// The connection is given up. One that only a SYN from somewhere has called into being goes back to LISTEN, and
    /// the user hears nothing of it (D18).
    fn timed_out(&mut self) {
        if self.tcb.is_passive_syn_received() {
            self.return_to_listen();
        } else {
            self.close_with(End::TimedOut);
        }
    }

    /// RETRANSMISSION TIMEOUT, and USER TIMEOUT.
    fn retransmission_timeout(&mut self) {
        let passive = self.tcb.is_passive_syn_received();
        let endpoint = &mut self.endpoint;
        let snd = match &mut self.tcb {
            Tcb::SynSent(tcb) => &mut tcb.snd,
            Tcb::Synchronized(tcb) => &mut tcb.snd,
            Tcb::Closed | Tcb::Listen => return,
        };
        if !snd.is_opening() && snd.is_paused(endpoint) {
            endpoint.timer = None;
            return;
        }
        // The override of silly-window avoidance (RFC 9293 3.8.6.2.1): nothing has been sent, and nothing is lost.
        if !snd.is_opening() && snd.wnd > 0 && snd.una == snd.nxt {
            endpoint.timer = None;
            endpoint.due.front();
            return;
        }
        // MUST-37: as long as the peer answers probes nobody owes anything, however long the pause between two.
        if !snd.is_opening() && snd.wnd == 0 && snd.retransmissions == 0 {
            endpoint.progress();
        }
        // RFC 9293 3.8.3: R2, three minutes or more for a SYN (MUST-20, MUST-22, MUST-23); and the user timeout.
        let r2 = if snd.is_opening() { endpoint.policy.syn_r2 } else { endpoint.policy.r2 };
        if endpoint.is_past(endpoint.policy.user_timeout) || endpoint.is_past(r2) {
            return self.timed_out();
        }
        let before = snd.retransmissions;
        snd.retransmissions = before.saturating_add(1);
        // R1: the user is told, once (SHLD-9).
        if snd.retransmissions == endpoint.policy.r1 && before < endpoint.policy.r1 && !passive {
            endpoint.due.retransmitting();
        }
        snd.backoff = snd.backoff.saturating_add(1);
        snd.time_next_try(endpoint);
        snd.send_front_again(endpoint);
        if let Tcb::Synchronized(tcb) = &mut self.tcb {
            tcb.enter_last_ack(endpoint);
        }
    }
}

impl Snd {
    /// RFC 6298 section 5.4: the earliest segment that is unacknowledged goes out again, and nothing sent before now
    /// can be timed any more (Karn).
    fn send_front_again(&mut self, endpoint: &mut Endpoint) {
        self.pace = Pace::Untimed;
        if self.is_opening() {
            endpoint.due.syn();
            return;
        }
        endpoint.due.front();
        // With a closed window it is a probe (RFC 9293 3.8.6.1), and nothing follows it.
        if self.wnd > 0 {
            self.pace = Pace::Recovering { recover: self.nxt, cursor: self.una, credit: 0 };
        }
    }
}

impl Tcb {
    fn is_passive_syn_received(&self) -> bool {
        match self {
            Tcb::Synchronized(tcb) => {
                matches!(tcb.phase, Phase::SynReceived(Origin::Passive | Origin::Listener))
            }
            Tcb::Closed | Tcb::Listen | Tcb::SynSent(_) => false,
        }
    }
}
