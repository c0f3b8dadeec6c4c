//! RFC 9293 section 3.10.8: timeouts.

use crate::machine::connection::Connection;
use crate::machine::context::Context;
use crate::machine::outbox::{End, Pending};
use crate::machine::tcb::{Flags, MIN_PROBES, Origin, Phase, Recovery, Snd, Synchronized, Tcb};
use crate::machine::time::Span;

/// RFC 9293 section 3.8.4: keep-alive.
impl Synchronized {
    /// Returns whether keep-alive is on and the connection is idle, in a state that is probed (MUST-26, D39). Then
    /// nothing is in flight, and nothing but the caller's limit holds data back. If a timer runs then, it is the
    /// keep-alive timer.
    #[inline]
    pub(crate) fn is_kept_alive(&self, context: &Context) -> bool {
        if !context.policy.keeps_alive() {
            return false;
        }
        let phase = match self.phase {
            Phase::Established | Phase::CloseWait => true,
            // D39: FIN-WAIT-2 is probed only where it has no timeout of its own.
            Phase::FinWait2 => {
                !self.snd.flags.intersects(Flags::DETACHED) || context.policy.fin_wait_2_timeout == Span::FOREVER
            }
            Phase::SynReceived(_) | Phase::FinWait1 | Phase::Closing | Phase::LastAck | Phase::TimeWait { .. } => false,
        };
        phase && self.is_idle(context)
    }

    /// Returns whether nothing is in flight, and nothing waits to be sent, except data that the caller's limit holds
    /// back.
    #[inline(always)]
    fn is_idle(&self, context: &Context) -> bool {
        self.snd.una == self.snd.nxt && (self.snd.nxt == self.snd.last() || self.snd.is_held_by_limit(context))
    }

    /// Restarts the idle time, since a segment was accepted.
    #[inline]
    pub(crate) fn rearm_keep_alive(&mut self, context: &mut Context) {
        if self.is_kept_alive(context) {
            self.restart_keep_alive(context);
        }
    }

    /// Restarts the idle time in ESTABLISHED, with keep-alive on.
    #[inline(always)]
    pub(crate) fn rearm_keep_alive_in_established(&mut self, context: &mut Context) {
        if self.is_idle(context) {
            self.restart_keep_alive(context);
        }
    }

    #[inline(always)]
    fn restart_keep_alive(&mut self, context: &mut Context) {
        context.outbox.take(Pending::KEEP_ALIVE);
        self.snd.retransmissions = 0;
        context.timer = context.policy.keep_alive_idle.after(context.now);
    }

    /// Makes a call that may begin or end idleness. If it does, the keep-alive timer starts or stops.
    pub(crate) fn rearm_if_idle_changes<T>(
        &mut self,
        context: &mut Context,
        call: impl FnOnce(&mut Synchronized, &mut Context) -> T,
    ) -> T {
        let before = self.is_kept_alive(context);
        let outcome = call(self, context);
        if before != self.is_kept_alive(context) {
            self.snd.stop_keep_alive(context);
        }
        outcome
    }
}

impl Connection {
    /// Carries out the timeouts that are due.
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
                // D20: `fin_wait_2_timeout`.
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

    /// Ends the connection with a timeout. A passive SYN-RECEIVED, which any single SYN can cause, returns to LISTEN,
    /// and the user is not told (D18).
    fn timed_out(&mut self) {
        if self.tcb.is_passive_syn_received() {
            self.return_to_listen(End::TimedOut);
        } else {
            self.close_with(End::TimedOut);
        }
    }

    /// Requests a keep-alive probe. After `probes` unanswered probes the connection times out (MUST-29); zero is no
    /// limit.
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

    /// Handles RETRANSMISSION TIMEOUT and USER TIMEOUT.
    fn retransmission_timeout(&mut self) {
        let passive = self.tcb.is_passive_syn_received();
        let context = &mut self.context;
        let snd = match &mut self.tcb {
            Tcb::SynSent(tcb) => &mut tcb.snd,
            Tcb::Synchronized(tcb) => &mut tcb.snd,
            Tcb::Closed | Tcb::Listen => return,
        };
        if !snd.is_syn_unacknowledged() && snd.is_held_by_limit(context) {
            // The caller's next `limit` starts sending again.
            context.timer = None;
            return;
        }
        // The override of silly-window avoidance (RFC 9293 3.8.6.2.1): nothing is in flight, so nothing is lost.
        if !snd.is_syn_unacknowledged() && snd.wnd > 0 && snd.una == snd.nxt {
            context.timer = None;
            context.outbox.request_retransmission();
            return;
        }
        let is_window_closed = snd.is_window_closed();
        // Retransmissions from before the window closed do not count as probes.
        if is_window_closed && !snd.recovery.is_probing() {
            snd.retransmissions = 0;
        }
        // MUST-37: while the peer answers probes, no timeout counts, however long the pause between two probes.
        if is_window_closed && snd.retransmissions == 0 && !context.policy.bounds_persist() {
            context.note_progress();
        }
        if snd.is_past_user_timeout(context) || snd.is_past_r2(passive, context) {
            return self.timed_out();
        }
        let before = snd.retransmissions;
        snd.retransmissions = before.saturating_add(1);
        // After a passive OPEN the user has not been told of the connection yet (D18).
        if !passive && !is_window_closed {
            context.outbox.signal_retransmission_timeout();
        }
        // R1: the user is told, once (SHLD-9).
        if snd.retransmissions == context.policy.r1 && before < context.policy.r1 && !passive {
            context.outbox.signal_retransmitting();
        }
        snd.backoff = snd.backoff.saturating_add(1);
        snd.arm_next_try(context);
        snd.send_front_again(context);
        if let Tcb::Synchronized(tcb) = &mut self.tcb {
            tcb.enter_last_ack(context);
        }
    }
}

impl Snd {
    /// Returns whether the user timeout has passed. Behind a closed window three probes must go unanswered first (D20).
    fn is_past_user_timeout(&self, context: &Context) -> bool {
        context.is_past(context.policy.user_timeout) && !self.waits_for_probes(context)
    }

    /// Returns whether R2 is reached, as a time or as a count of retransmissions (RFC 9293 3.8.3, MUST-20, MUST-22).
    /// For a SYN, R2 is `syn_r2`, by default the three minutes of MUST-23. The retransmissions of R1 come first, since
    /// R2 is greater (RFC 9293 section 3.8.3, D38). Behind a closed window three probes come first, since two of them
    /// may be lost.
    fn is_past_r2(&self, passive: bool, context: &Context) -> bool {
        let policy = &context.policy;
        let (r2, count) = match (self.is_syn_unacknowledged(), passive) {
            (true, true) => (policy.syn_r2, policy.syn_ack_r2_count.limit()),
            (true, false) => (policy.syn_r2, policy.syn_r2_count.limit()),
            (false, _) => (policy.r2, policy.r2_count.limit()),
        };
        let least = if self.is_window_closed() { policy.r1.max(MIN_PROBES) } else { policy.r1 };
        // With `user_timeout_in_persist` the user timeout bounds the persist timer, and R2 as a time does not.
        let is_past = context.is_past(r2) && !(self.is_window_closed() && policy.bounds_persist());
        self.retransmissions >= least && (is_past || count.is_some_and(|count| self.retransmissions >= count))
    }

    /// Stops the keep-alive timer, and withdraws a probe that has not been sent. `poll` starts the timer again, if no
    /// other timer is needed.
    pub(crate) fn stop_keep_alive(&mut self, context: &mut Context) {
        context.outbox.take(Pending::KEEP_ALIVE);
        self.retransmissions = 0;
        context.timer = None;
        context.outbox.request_data();
    }

    /// Requests the retransmission of the segment at SND.UNA (RFC 6298 section 5.4). Nothing sent before now can be
    /// timed any more (Karn).
    fn send_front_again(&mut self, context: &mut Context) {
        let recovering = Recovery::GoBackN { recover: self.nxt, cursor: self.una, credit: 0 };
        if self.is_syn_unacknowledged() {
            context.outbox.request_syn();
            // A FIN behind our SYN is lost with it: a peer in SYN-SENT cannot take it.
            self.recovery = if self.nxt - self.una > 1 { recovering } else { Recovery::Untimed };
            return;
        }
        context.outbox.request_retransmission();
        // Behind a closed window the segment is a probe (RFC 9293 3.8.6.1), and nothing follows it.
        if !self.is_window_closed() {
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
