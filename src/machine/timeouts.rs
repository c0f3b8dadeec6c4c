//! RFC 9293 section 3.10.8: timeouts.

use crate::machine::connection::Connection;
use crate::machine::context::Context;
use crate::machine::outbox::{End, Pending};
use crate::machine::tcb::{Flags, LEAST_PROBES, Origin, Phase, Recovery, Snd, Synchronized, Tcb};
use crate::machine::time::Span;

/// RFC 9293 section 3.8.4: keep-alive.
impl Synchronized {
    /// Nothing is in flight, nothing waits to be sent but for the caller's limit, and the policy is on (MUST-26): the
    /// timer, if it runs, is that of keep-alive.
    #[inline]
    pub(crate) fn is_kept_alive(&self, context: &Context) -> bool {
        if !context.policy.keeps_alive() {
            return false;
        }
        let phase = match self.phase {
            Phase::Established | Phase::CloseWait => true,
            // It has no end of its own.
            Phase::FinWait2 => {
                !self.snd.flags.intersects(Flags::DETACHED) || context.policy.fin_wait_2_timeout == Span::FOREVER
            }
            Phase::SynReceived(_) | Phase::FinWait1 | Phase::Closing | Phase::LastAck | Phase::TimeWait { .. } => false,
        };
        phase && self.rests(context)
    }

    /// Nothing is in flight, and nothing waits to be sent but for the caller's limit.
    #[inline(always)]
    fn rests(&self, context: &Context) -> bool {
        self.snd.una == self.snd.nxt && (self.snd.nxt == self.snd.last() || self.snd.is_paused(context))
    }

    /// A segment was accepted: the idle time restarts.
    #[inline]
    pub(crate) fn rearm_keep_alive(&mut self, context: &mut Context) {
        if self.is_kept_alive(context) {
            self.restart_keep_alive(context);
        }
    }

    /// The same in ESTABLISHED, with the policy on.
    #[inline(always)]
    pub(crate) fn rearm_keep_alive_in_established(&mut self, context: &mut Context) {
        if self.rests(context) {
            self.restart_keep_alive(context);
        }
    }

    #[inline(always)]
    fn restart_keep_alive(&mut self, context: &mut Context) {
        context.outbox.take(Pending::KEEP_ALIVE);
        self.snd.retransmissions = 0;
        context.timer = context.policy.keep_alive_idle.after(context.now);
    }

    /// A call that may end the rest, or begin one, and with it the timer of keep-alive.
    pub(crate) fn rearm_if_idle_changes<T>(
        &mut self,
        context: &mut Context,
        call: impl FnOnce(&mut Synchronized, &mut Context) -> T,
    ) -> T {
        let before = self.is_kept_alive(context);
        let outcome = call(self, context);
        if before != self.is_kept_alive(context) {
            self.snd.restart_idle(context);
        }
        outcome
    }
}

impl Connection {
    pub(crate) fn timeouts(&mut self) {
        let now = self.context.now;
        if self.context.outbox.ack_deadline(now).is_some_and(|deadline| deadline <= now) {
            self.context.outbox.stop_delaying_ack();
        }
        if self.context.timer.is_none_or(|timer| timer > now) {
            return;
        }
        match &self.tcb {
            Tcb::Synchronized(tcb) if tcb.is_kept_alive(&self.context) => self.keep_alive_timeout(),
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
        let context = &mut self.context;
        let probes = context.policy.keep_alive_probes;
        if probes > 0 && tcb.snd.retransmissions >= probes {
            return self.timed_out();
        }
        tcb.snd.retransmissions = tcb.snd.retransmissions.saturating_add(1);
        context.timer = context.policy.keep_alive_interval.after(context.now);
        context.outbox.request_keep_alive();
    }

    /// RETRANSMISSION TIMEOUT, and USER TIMEOUT.
    fn retransmission_timeout(&mut self) {
        let passive = self.tcb.is_passive_syn_received();
        let context = &mut self.context;
        let snd = match &mut self.tcb {
            Tcb::SynSent(tcb) => &mut tcb.snd,
            Tcb::Synchronized(tcb) => &mut tcb.snd,
            Tcb::Closed | Tcb::Listen => return,
        };
        if !snd.is_opening() && snd.is_paused(context) {
            context.timer = None;
            return;
        }
        // The override of silly-window avoidance (RFC 9293 3.8.6.2.1): nothing has been sent, and nothing is lost.
        if !snd.is_opening() && snd.wnd > 0 && snd.una == snd.nxt {
            context.timer = None;
            context.outbox.request_retransmission();
            return;
        }
        let persists = snd.persists();
        // The losses of before are no probes.
        if persists && !snd.recovery.is_probing() {
            snd.retransmissions = 0;
        }
        // MUST-37: as long as the peer answers probes nobody owes anything, however long the pause between two.
        if persists && snd.retransmissions == 0 && !context.policy.user_timeout_in_persist() {
            context.progress();
        }
        if snd.is_past_user_timeout(context) || snd.is_past_r2(passive, context) {
            return self.timed_out();
        }
        let before = snd.retransmissions;
        snd.retransmissions = before.saturating_add(1);
        // A user who has only listened has not heard of it (D18).
        if !passive && !persists {
            context.outbox.signal_retransmission_timeout();
        }
        // R1: the user is told, once (SHLD-9).
        if snd.retransmissions == context.policy.r1 && before < context.policy.r1 && !passive {
            context.outbox.signal_retransmitting();
        }
        snd.backoff = snd.backoff.saturating_add(1);
        snd.time_next_try(context);
        snd.send_front_again(context);
        if let Tcb::Synchronized(tcb) = &mut self.tcb {
            tcb.enter_last_ack(context);
        }
    }
}

impl Snd {
    /// The user timeout; but three probes of a closed window go unanswered before it (D20).
    fn is_past_user_timeout(&self, context: &Context) -> bool {
        context.is_past(context.policy.user_timeout) && !self.waits_for_probes(context)
    }

    /// RFC 9293 3.8.3: R2, as a time or as a count of retransmissions; for a SYN three minutes or more (MUST-20,
    /// MUST-22, MUST-23). The retransmissions of R1 come first, since R2 is greater (SHLD-10, D38), and behind a closed
    /// window three probes, of which two may be lost.
    fn is_past_r2(&self, passive: bool, context: &Context) -> bool {
        let policy = &context.policy;
        let (r2, count) = match (self.is_opening(), passive) {
            (true, true) => (policy.syn_r2, policy.syn_ack_r2_count.limit()),
            (true, false) => (policy.syn_r2, policy.syn_r2_count.limit()),
            (false, _) => (policy.r2, policy.r2_count.limit()),
        };
        let least = if self.persists() { policy.r1.max(LEAST_PROBES) } else { policy.r1 };
        // With the policy on, the user timeout bounds a persist.
        let is_past = context.is_past(r2) && !(self.persists() && policy.user_timeout_in_persist());
        self.retransmissions >= least && (is_past || count.is_some_and(|count| self.retransmissions >= count))
    }

    /// The timer of keep-alive stops, and with it a probe that has not gone out; `poll` starts it again, if there is no
    /// other to run.
    pub(crate) fn restart_idle(&mut self, context: &mut Context) {
        context.outbox.take(Pending::KEEP_ALIVE);
        self.retransmissions = 0;
        context.timer = None;
        context.outbox.request_data();
    }

    /// RFC 6298 section 5.4: the earliest segment that is unacknowledged goes out again, and nothing sent before now
    /// can be timed any more (Karn).
    fn send_front_again(&mut self, context: &mut Context) {
        let recovering = Recovery::GoBackN { recover: self.nxt, cursor: self.una, credit: 0 };
        if self.is_opening() {
            context.outbox.request_syn();
            // A FIN behind our SYN is lost with it: a peer in SYN-SENT cannot take it.
            self.recovery = if self.nxt - self.una > 1 { recovering } else { Recovery::Untimed };
            return;
        }
        context.outbox.request_retransmission();
        // With a closed window it is a probe (RFC 9293 3.8.6.1), and nothing follows it.
        if !self.persists() {
            self.recovery = recovering;
        } else {
            self.recovery.stop_timing();
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
