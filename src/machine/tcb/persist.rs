//! Behind a closed window, or one too small: the persist timer and its probes (RFC 9293 section 3.8.6.1), the override
//! of silly-window avoidance (section 3.8.6.2.1), and how long either waits. D20, D40, D42.

use super::recovery::{Recovery, UNBOUNDED};
use super::snd::Snd;
use crate::machine::context::Context;
use crate::machine::outbox::Pending;
use crate::machine::time::{Instant, Span};

/// The probes of a closed window that go unanswered before the connection is given up.
pub(crate) const LEAST_PROBES: u8 = 3;

impl Snd {
    /// A closed window holds back what there is: the persist timer runs.
    pub(crate) fn persists(&self) -> bool {
        !self.is_opening() && self.wnd == 0
    }

    /// Fewer than three probes of a closed window have gone unanswered. A user timeout that bounds a persist does not
    /// wait for more.
    pub(crate) fn waits_for_probes(&self, context: &Context) -> bool {
        self.persists() && self.retransmissions < LEAST_PROBES && !context.policy.user_timeout_in_persist()
    }

    /// What the timer sends behind a closed window is a probe, whatever was going on; and the losses of before are
    /// none.
    pub(crate) fn probes(&mut self) {
        if !self.recovery.is_probing() {
            self.recovery = Recovery::Probing;
            self.retransmissions = 1;
        }
    }

    /// SND.WND was `was`. A window that opens lets a refused probe go again (D40); one that closes has it waited for.
    #[cold]
    pub(super) fn window_changed(&mut self, was: u32, context: &mut Context) {
        let opened = was == 0;
        // A probe, or an override, that has not gone out waits for the next timer.
        let is_due = (opened || (self.wnd == 0 && self.una == self.nxt)) && context.outbox.take(Pending::RETRANSMIT);
        let was_probed = opened && (self.recovery.is_probing() || is_due);
        if was_probed {
            // The peer has answered (D40).
            self.recovery = Recovery::Untimed;
            self.backoff = 0;
            self.note_answer(context);
        }
        if self.una == self.nxt && self.nxt == self.last() {
            return;
        }
        context.outbox.request_data();
        if self.una == self.nxt {
            self.time_what_is_held(opened, context);
        } else if was_probed {
            // The probe was refused: it is sent again at once, and with it what is new. Where the window was taken back
            // from more than that, the front alone goes, as after a timeout (D17).
            let credit = if self.nxt - self.una == 1 { UNBOUNDED } else { self.one_segment() };
            self.recovery = Recovery::GoBackN { recover: self.nxt, cursor: self.una, credit };
            self.time_next_try(context);
        }
    }

    /// Probing begins one timeout after the window has closed (SHLD-29), and an override takes its place if it opens by
    /// too little; but a window that closes and opens again and again puts off neither (D42). Where no timer runs, the
    /// next poll starts one.
    fn time_what_is_held(&self, opened: bool, context: &mut Context) {
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

    /// Nothing is in flight, and a window that is closed or too small holds back what there is. The one will be probed,
    /// the other overridden.
    pub(crate) fn start_persist_timer(&mut self, context: &mut Context) {
        if context.timer.is_some() {
            return;
        }
        self.restart_timer(context);
        if self.wnd > 0 {
            context.timer = self.override_at(context);
        } else if context.policy.user_timeout_in_persist() {
            self.time_next_try(context);
        }
    }

    /// When silly-window avoidance is overridden: RFC 9293 section 3.8.6.2.1 has 0.1 to 1.0 seconds.
    fn override_at(&self, context: &Context) -> Option<Instant> {
        context.now.after_millis(self.rto.millis(0, &context.policy).clamp(100, 1_000))
    }

    /// There is progress, or something new to wait for: R1, R2, the user timeout and the RTO count from here. (No RTO
    /// is longer than the user timeout.)
    #[cfg_attr(feature = "fast-path", inline(always))]
    pub(crate) fn restart_timer(&mut self, context: &mut Context) {
        self.restart_timer_with(self.rto.millis(self.backoff, &context.policy), context);
    }

    #[cfg_attr(feature = "fast-path", inline(always))]
    pub(crate) fn restart_timer_with(&mut self, rto: u64, context: &mut Context) {
        self.retransmissions = 0;
        context.progress();
        context.timer = context.now.after_millis(rto);
    }

    /// The timer for the next try.
    pub(crate) fn time_next_try(&mut self, context: &mut Context) {
        context.timer = self.next_try(self.pause(context), context);
    }

    /// One RTO, in milliseconds; but three probes of a closed window have room in the user timeout, unless that would
    /// bring them closer together than the RTO without its back-off (D20).
    fn pause(&self, context: &Context) -> u64 {
        let pause = self.rto.millis(self.backoff, &context.policy);
        if !self.persists() {
            return pause;
        }
        // Of a timeout of months a quarter does as well.
        let timeout = context.policy.user_timeout.millis();
        let third =
            u32::try_from(timeout).map_or(timeout / 4, |timeout| u64::from(timeout.div_ceil(u32::from(LEAST_PROBES))));
        pause.min(third.max(self.rto.millis(0, &context.policy)))
    }

    /// So many milliseconds from here, but no later than the user timeout. (Behind a closed window that waits for three
    /// probes, and for the answer to the third.)
    fn next_try(&self, pause: u64, context: &Context) -> Option<Instant> {
        let (at, limit) = (context.now.after_millis(pause), context.user_timeout());
        let waits = self.waits_for_probes(context) || limit <= Some(context.now);
        if waits { at } else { Instant::earliest(at, limit) }
    }

    /// What the timer is for has gone out again, whoever had it sent: the next try is one timeout from here (RFC 6298
    /// section 5). But a peer that repeats its SYN, or a caller that sends the same again and again, does not put off
    /// R2 indefinitely.
    #[cold]
    pub(crate) fn rearm_after_resend(&mut self, r2: Span, context: &mut Context) {
        if !context.is_past(r2) {
            self.time_next_try(context);
        }
    }

    /// A probe was answered: progress, for which the next one need not wait longer, unless it was the user timeout that
    /// was waited for.
    #[cold]
    pub(crate) fn probe_answered(&mut self, context: &mut Context) {
        let limit = context.user_timeout();
        self.note_answer(context);
        if context.timer == limit {
            self.time_next_try(context);
        }
    }

    /// The answer to a probe is progress, unless the user timeout bounds a persist: then nothing but an acknowledgment
    /// is.
    fn note_answer(&mut self, context: &mut Context) {
        self.retransmissions = 0;
        if !context.policy.user_timeout_in_persist() {
            context.progress();
        }
    }
}
