//! RFC 9293 section 3.10.8: timeouts.

use crate::connection::{Connection, Endpoint};
use crate::due::{End, What};
use crate::tcb::{Flags, LEAST_PROBES, Origin, Pace, Phase, Snd, Synchronized, Tcb};
use crate::time::{Instant, Span};

impl Endpoint {
    /// There is progress, or something new to wait for.
    #[inline]
    pub(crate) fn progress(&mut self) {
        self.since = self.now.as_millis_up();
    }

    /// Milliseconds since the last progress, modulo 2^32: after 49 days without any event they wrap to zero.
    fn idle(&self) -> u32 {
        self.now.as_millis_up().wrapping_sub(self.since)
    }

    /// So long ago was the last progress.
    pub(crate) fn is_past(&self, span: Span) -> bool {
        span.is_over(self.idle())
    }

    /// When the user timeout ends, counted from the last progress.
    pub(crate) fn user_timeout(&self) -> Option<Instant> {
        self.policy.user_timeout.after(self.last_progress())
    }

    /// So many milliseconds after the last progress.
    pub(crate) fn after_progress(&self, millis: u64) -> Option<Instant> {
        self.last_progress().after_millis(millis)
    }

    fn last_progress(&self) -> Instant {
        let millis = self.now.as_micros().div_ceil(1_000).saturating_sub(u64::from(self.idle()));
        Instant::from_micros(millis.saturating_mul(1_000))
    }

    /// The 2 MSL of TIME-WAIT begin, or begin again.
    pub(crate) fn start_time_wait(&mut self) {
        let msl = self.policy.msl;
        self.timer = msl.after(self.now).and_then(|once| msl.after(once));
    }
}

/// RFC 9293 section 3.8.6.3: acknowledgments may be delayed; RFC 5681 section 4.2: those at a gap are not.
impl Endpoint {
    /// A segment ahead of a gap has come: an ACK of its own, since the peer counts them (RFC 5681 section 3.2). It
    /// stands for the delayed ACK of what came before.
    pub(crate) fn duplicate_ack(&mut self) {
        if self.due.take(What::DELAYED_ACK) {
            return self.due.ack();
        }
        self.duplicate_acks = self.duplicate_acks.saturating_add(1);
        self.due.duplicate_acks();
    }

    /// RCV.NXT has advanced: one ACK tells it all.
    pub(crate) fn drop_duplicate_acks(&mut self) {
        self.duplicate_acks = 0;
        self.due.take(What::DUPLICATE_ACKS);
    }

    /// One of them goes out, if there is one.
    pub(crate) fn take_duplicate_ack(&mut self) -> bool {
        let due = self.duplicate_acks > 0;
        self.duplicate_acks = self.duplicate_acks.saturating_sub(1);
        if self.duplicate_acks == 0 {
            self.due.take(What::DUPLICATE_ACKS);
        }
        due
    }

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
            // It has no end of its own.
            Phase::FinWait2 => {
                !self.snd.flags.contains(Flags::DETACHED) || endpoint.policy.fin_wait_2_timeout == Span::FOREVER
            }
            Phase::SynReceived(_) | Phase::FinWait1 | Phase::Closing | Phase::LastAck | Phase::TimeWait { .. } => false,
        };
        let rests = self.snd.una == self.snd.nxt && (self.snd.nxt == self.snd.last() || self.snd.is_paused(endpoint));
        phase && rests
    }

    /// A segment was accepted: the idle time restarts.
    pub(crate) fn rearm_keep_alive(&mut self, endpoint: &mut Endpoint) {
        if self.is_kept_alive(endpoint) {
            self.snd.restart_idle(endpoint);
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
            self.snd.restart_idle(endpoint);
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
            self.return_to_listen(End::TimedOut);
        } else {
            self.close_with(End::TimedOut);
        }
    }

    /// A probe; after `probes` of them without an answer the connection is given up (MUST-29).
    fn keep_alive_timeout(&mut self) {
        let Tcb::Synchronized(tcb) = &mut self.tcb else { return };
        let endpoint = &mut self.endpoint;
        let probes = endpoint.policy.keep_alive_probes;
        if probes > 0 && tcb.snd.retransmissions >= probes {
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
        let persists = snd.persists();
        // The losses of before are no probes.
        if persists && snd.pace != Pace::Probing {
            snd.retransmissions = 0;
        }
        // MUST-37: as long as the peer answers probes nobody owes anything, however long the pause between two.
        if persists && snd.retransmissions == 0 && !endpoint.policy.user_timeout_in_persist() {
            endpoint.progress();
        }
        if snd.is_past_user_timeout(endpoint) || snd.is_past_r2(passive, endpoint) {
            return self.timed_out();
        }
        let before = snd.retransmissions;
        snd.retransmissions = before.saturating_add(1);
        // A user who has only listened has not heard of it (D18).
        if !passive && !persists {
            endpoint.due.retransmission_timeout();
        }
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
    /// The user timeout; but three probes of a closed window go unanswered before it (D20).
    fn is_past_user_timeout(&self, endpoint: &Endpoint) -> bool {
        endpoint.is_past(endpoint.policy.user_timeout) && !self.waits_for_probes(endpoint)
    }

    /// RFC 9293 3.8.3: R2, as a time or as a count of retransmissions; for a SYN three minutes or more (MUST-20,
    /// MUST-22, MUST-23). The retransmissions of R1 come first, since R2 is greater (SHLD-10, D38), and behind a closed
    /// window three probes, of which two may be lost.
    fn is_past_r2(&self, passive: bool, endpoint: &Endpoint) -> bool {
        let policy = &endpoint.policy;
        let (r2, count) = match (self.is_opening(), passive) {
            (true, true) => (policy.syn_r2, policy.syn_ack_r2_count.limit()),
            (true, false) => (policy.syn_r2, policy.syn_r2_count.limit()),
            (false, _) => (policy.r2, policy.r2_count.limit()),
        };
        let least = if self.persists() { policy.r1.max(LEAST_PROBES) } else { policy.r1 };
        // With the policy on, the user timeout bounds a persist.
        let is_past = endpoint.is_past(r2) && !(self.persists() && policy.user_timeout_in_persist());
        self.retransmissions >= least && (is_past || count.is_some_and(|count| self.retransmissions >= count))
    }

    /// The timer of keep-alive stops, and with it a probe that has not gone out; `poll` starts it again, if there is no
    /// other to run.
    pub(crate) fn restart_idle(&mut self, endpoint: &mut Endpoint) {
        endpoint.due.take(What::KEEP_ALIVE);
        self.retransmissions = 0;
        endpoint.timer = None;
        endpoint.due.look();
    }

    /// RFC 6298 section 5.4: the earliest segment that is unacknowledged goes out again, and nothing sent before now
    /// can be timed any more (Karn).
    fn send_front_again(&mut self, endpoint: &mut Endpoint) {
        let recovering = Pace::Recovering { recover: self.nxt, cursor: self.una, credit: 0 };
        if self.is_opening() {
            endpoint.due.syn();
            // A FIN behind our SYN is lost with it: a peer in SYN-SENT cannot take it.
            self.pace = if self.nxt - self.una > 1 { recovering } else { Pace::Untimed };
            return;
        }
        endpoint.due.front();
        // With a closed window it is a probe (RFC 9293 3.8.6.1), and nothing follows it.
        if !self.persists() {
            self.pace = recovering;
        } else if self.is_steady() {
            self.pace = Pace::Untimed;
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
