//! RFC 9293 section 3.10.8: timeouts.

use crate::connection::{Connection, Endpoint};
use crate::due::{End, What};
use crate::tcb::{Origin, Pace, Phase, Snd, Synchronized, Tcb};
use crate::time::{Instant, Span};

impl Endpoint {
    /// There is progress, or something new to wait for.
    #[inline]
    pub(crate) fn progress(&mut self) {
        self.since = self.now.as_millis_up();
    }

    /// Milliseconds since the last progress, modulo 2^32: after 49 days without any event they begin anew.
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

/// RFC 9293 section 3.8.6.3: acknowledgments may be delayed.
impl Endpoint {
    /// So much payload in order has come in one segment: an ACK, at once or within the time that the policy allows.
    /// What was put together on the way counts as the segments that it was (SHLD-19).
    pub(crate) fn acknowledge_text(&mut self, payload: u32) {
        let delay = self.policy.delayed_ack;
        if delay.is_zero() || payload >= 2 * u32::from(self.policy.mss) {
            self.due.ack();
        } else {
            self.due.ack_within(delay.millis(), self.now);
        }
    }
}

/// RFC 9293 section 3.8.4: keep-alive.
impl Synchronized {
    /// Nothing is in flight, nothing waits to be sent but for the caller's limit, and the policy is on (MUST-26): the
    /// timer, if it runs, is that of keep-alive.
    #[inline]
    pub(crate) fn is_kept_alive(&self, endpoint: &Endpoint) -> bool {
        if !endpoint.policy.keeps_alive() {
            return false;
        }
        let phase = match self.phase {
            Phase::Established | Phase::CloseWait => true,
            Phase::FinWait2 => endpoint.policy.fin_wait_2_timeout == Span::FOREVER,
            Phase::SynReceived(_) | Phase::FinWait1 | Phase::Closing | Phase::LastAck | Phase::TimeWait { .. } => false,
        };
        let rests = self.snd.una == self.snd.nxt && (self.snd.nxt == self.snd.last() || self.snd.is_paused(endpoint));
        phase && rests
    }

    /// Something has come: the idle time begins anew.
    #[inline]
    pub(crate) fn keep_alive_anew(&mut self, endpoint: &mut Endpoint) {
        if self.is_kept_alive(endpoint) {
            self.snd.rest_anew(endpoint);
        }
    }

    /// A call that may end the rest, or begin one, and with it the timer of keep-alive.
    pub(crate) fn rest_or_not<T>(
        &mut self,
        endpoint: &mut Endpoint,
        call: impl FnOnce(&mut Synchronized, &mut Endpoint) -> T,
    ) -> T {
        let before = self.is_kept_alive(endpoint);
        let outcome = call(self, endpoint);
        if before != self.is_kept_alive(endpoint) {
            self.snd.rest_anew(endpoint);
        }
        outcome
    }
}

impl Connection {
    pub(crate) fn timeouts(&mut self) {
        let now = self.endpoint.now;
        if self.endpoint.due.ack_deadline(now).is_some_and(|deadline| deadline <= now) {
            self.endpoint.due.ack_no_later();
        }
        if self.endpoint.timer.is_none_or(|timer| timer > now) {
            return;
        }
        match &self.tcb {
            Tcb::Synchronized(tcb) if tcb.is_kept_alive(&self.endpoint) => self.keep_alive_timeout(),
            Tcb::Synchronized(tcb) => match tcb.phase {
                // TIME-WAIT TIMEOUT
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

    /// A probe; after so many without an answer the connection is given up (MUST-29).
    fn keep_alive_timeout(&mut self) {
        let Tcb::Synchronized(tcb) = &mut self.tcb else { return };
        let endpoint = &mut self.endpoint;
        if tcb.snd.retransmissions >= endpoint.policy.keep_alive_probes {
            return self.timed_out();
        }
        tcb.snd.retransmissions = tcb.snd.retransmissions.saturating_add(1);
        endpoint.timer = endpoint.policy.keep_alive_interval.after(endpoint.now);
        endpoint.due.keep_alive();
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
        if endpoint.is_past(endpoint.policy.user_timeout) || (endpoint.is_past(r2) && snd.is_past_r1(endpoint)) {
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
    /// R2 is greater than R1, which is so many retransmissions at the RTO of the moment (SHLD-10): where a back-off
    /// from before is still in force, for want of a sample (Karn), R2 alone might end it all after one.
    fn is_past_r1(&self, endpoint: &Endpoint) -> bool {
        let before = self.backoff.saturating_sub(self.retransmissions);
        let r1 = self.rto.millis(before, &endpoint.policy).saturating_mul(u64::from(endpoint.policy.r1));
        before == 0 || u64::from(endpoint.idle()) >= r1
    }

    /// The timer of keep-alive stops, and with it a probe that has not gone out; `poll` starts it again, if there is no
    /// other to run.
    pub(crate) fn rest_anew(&mut self, endpoint: &mut Endpoint) {
        endpoint.due.take(What::KEEP_ALIVE);
        self.retransmissions = 0;
        endpoint.timer = None;
        endpoint.due.look();
    }

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
