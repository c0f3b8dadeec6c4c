//! The persist timer and its zero-window probes (RFC 9293 section 3.8.6.1), the override of silly-window avoidance
//! (section 3.8.6.2.1), and how long each of them waits (D20, D40, D42). The override is a timeout: it sends data that
//! silly-window avoidance has held back behind a small window.

use super::recovery::Recovery;
use super::snd::Snd;
use crate::machine::context::Context;
use crate::machine::outbox::Pending;
use crate::machine::time::{Instant, Span};

/// The least number of zero-window probes that go unanswered before the connection times out.
pub(crate) const MIN_PROBES: u8 = 3;

impl Snd {
    /// Returns whether the peer's window is closed, so that the timer sends zero-window probes.
    pub(crate) fn is_window_closed(&self) -> bool {
        !self.is_syn_unacknowledged() && self.wnd == 0
    }

    /// Returns whether the user timeout has to wait, since fewer than three zero-window probes have gone unanswered.
    /// With `user_timeout_in_persist` it does not wait.
    pub(crate) fn waits_for_probes(&self, context: &Context) -> bool {
        self.is_window_closed() && self.retransmissions < MIN_PROBES && !context.policy.bounds_persist()
    }

    /// Turns any recovery into probing: what the timer sends behind a closed window is a probe. Retransmissions from
    /// before the window closed do not count as probes.
    pub(crate) fn enter_probing(&mut self) {
        if !self.recovery.is_probing() {
            self.recovery = Recovery::Probing;
            self.retransmissions = 1;
        }
    }

    /// Handles a change of SND.WND from `was`. When the window opens, a refused probe is sent again at once (D40). When
    /// it closes, the first probe waits for the persist timer.
    #[cold]
    pub(super) fn window_changed(&mut self, was: u32, context: &mut Context) {
        let opened = was == 0;
        // A probe or an override that is due but not sent is withdrawn. The probe counts as sent, since its timeout has
        // raised the back-off.
        let is_due = (opened || (self.wnd == 0 && self.una == self.nxt)) && context.outbox.take(Pending::RETRANSMIT);
        let was_probed = opened && (self.recovery.is_probing() || is_due);
        if was_probed {
            // The peer's window update answers the probe (D40).
            self.recovery = Recovery::Untimed;
            self.backoff = 0;
            self.note_answer(context);
        }
        if self.una == self.nxt && self.nxt == self.last() {
            return;
        }
        context.outbox.request_data();
        if self.una == self.nxt {
            self.adjust_persist_timer(opened, context);
        } else if was_probed {
            // The probe was refused: it is sent again at once, and new data follows it. If more than the probe is in
            // flight, the peer has shrunk its window: one segment from the front is sent, as after a timeout (D17,
            // D40).
            self.recovery = if self.nxt - self.una == 1 {
                Recovery::Refused
            } else {
                Recovery::GoBackN { recover: self.nxt, cursor: self.una, credit: self.one_segment() }
            };
            self.arm_next_try(context);
        }
    }

    /// Adjusts the timer when the window changes while nothing is in flight. The first probe is sent one timeout after
    /// the window has closed (SHLD-29). If the window then opens by too little, an override takes the place of the
    /// probe. A window that keeps closing and opening puts off neither (D42). If no timer runs, the next poll starts
    /// it.
    fn adjust_persist_timer(&self, opened: bool, context: &mut Context) {
        if context.timer.is_none() {
            return;
        }
        if opened {
            context.timer = Instant::earliest(context.timer, self.override_at(context));
        } else if self.wnd == 0 {
            let pause = self.pause(context);
            let latest = context.after_progress(pause.saturating_mul(2));
            context.timer = Instant::earliest(self.next_try(pause, context), latest);
        }
    }

    /// Starts the persist timer, unless a timer runs. Nothing is in flight, and a closed or small window holds back the
    /// data. A closed window will be probed, and a small one overridden.
    pub(crate) fn start_persist_timer(&mut self, context: &mut Context) {
        if context.timer.is_some() {
            return;
        }
        self.restart_timer(context);
        if self.wnd > 0 {
            context.timer = self.override_at(context);
        } else if context.policy.bounds_persist() {
            self.arm_next_try(context);
        }
    }

    /// Returns when silly-window avoidance is overridden: after one RTO, within the 0.1 to 1.0 seconds of RFC 9293
    /// section 3.8.6.2.1.
    fn override_at(&self, context: &Context) -> Option<Instant> {
        context.now.after_millis(self.rto.millis(0, &context.policy).clamp(100, 1_000))
    }

    /// Restarts the timer on progress, or when there is something new to wait for. R1, R2, the user timeout and the RTO
    /// count from now. (The RTO is never longer than the user timeout.)
    #[cfg_attr(feature = "fast-path", inline(always))]
    pub(crate) fn restart_timer(&mut self, context: &mut Context) {
        match self.rto.short_millis(self.backoff, &context.policy) {
            Some(rto) if cfg!(feature = "fast-path") => self.restart_timer_with(rto, context),
            _ => self.restart_long_timer(context),
        }
    }

    /// Restarts the timer with a timeout that may be backed off, or longer than eight seconds.
    #[cold]
    #[cfg_attr(feature = "fast-path", inline(never))]
    fn restart_long_timer(&mut self, context: &mut Context) {
        self.restart_timer_with(self.rto.millis(self.backoff, &context.policy), context);
    }

    #[cfg_attr(feature = "fast-path", inline(always))]
    pub(crate) fn restart_timer_with(&mut self, rto: u64, context: &mut Context) {
        self.retransmissions = 0;
        context.note_progress();
        context.timer = context.now.after_millis(rto);
    }

    /// Sets the timer for the next retransmission or probe.
    pub(crate) fn arm_next_try(&mut self, context: &mut Context) {
        context.timer = self.next_try(self.pause(context), context);
    }

    /// Returns the time until the next try, in milliseconds: one RTO. Behind a closed window it is at most a third of
    /// the user timeout, so that three probes fit in. But it is never shorter than the RTO without its back-off (D20).
    fn pause(&self, context: &Context) -> u64 {
        let pause = self.rto.millis(self.backoff, &context.policy);
        if !self.is_window_closed() {
            return pause;
        }
        // From 2^32 ms on, which is 49 days, a quarter will do: it needs no 64-bit division.
        let timeout = context.policy.user_timeout.millis();
        let third =
            u32::try_from(timeout).map_or(timeout / 4, |timeout| u64::from(timeout.div_ceil(u32::from(MIN_PROBES))));
        pause.min(third.max(self.rto.millis(0, &context.policy)))
    }

    /// Returns the moment `pause` milliseconds from now, or the end of the user timeout if that is earlier. Behind a
    /// closed window the user timeout waits for three probes, and for the answer to the third.
    fn next_try(&self, pause: u64, context: &Context) -> Option<Instant> {
        let (at, limit) = (context.now.after_millis(pause), context.user_timeout());
        let waits = self.waits_for_probes(context) || limit.is_none_or(|limit| limit <= context.now);
        if waits { at } else { Instant::earliest(at, limit) }
    }

    /// Restarts the timer after a retransmission, whoever caused it: the next try is one timeout from now (RFC 6298
    /// section 5). After `r2` the timer is left alone. Otherwise a peer that repeats its SYN, or a caller that repeats
    /// a retransmission, could put off R2 indefinitely.
    #[cold]
    pub(crate) fn rearm_after_resend(&mut self, r2: Span, context: &mut Context) {
        if !context.is_past(r2) {
            self.arm_next_try(context);
        }
    }

    /// Handles the answer to a probe, which is progress. The timer keeps its time for the next probe. But if it was set
    /// to the end of the user timeout, it is set again.
    #[cold]
    pub(crate) fn probe_answered(&mut self, context: &mut Context) {
        let limit = context.user_timeout();
        self.note_answer(context);
        if context.timer == limit {
            self.arm_next_try(context);
        }
    }

    /// Notes progress, since the peer has answered a probe. With `user_timeout_in_persist` only an acknowledgment is
    /// progress.
    fn note_answer(&mut self, context: &mut Context) {
        self.retransmissions = 0;
        if !context.policy.bounds_persist() {
            context.note_progress();
        }
    }
}
