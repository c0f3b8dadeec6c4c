//! Behind a closed window, or one too small: the persist timer and its probes (RFC 9293 section 3.8.6.1), the override
//! of silly-window avoidance (section 3.8.6.2.1), and how long either waits. D20, D40, D42.

use super::{Pace, Snd};
use crate::connection::Endpoint;
use crate::due::What;
use crate::time::{Instant, Span};

/// The probes of a closed window that go unanswered before the connection is given up.
pub(crate) const LEAST_PROBES: u8 = 3;

impl Snd {
    /// A closed window holds back what there is: the persist timer runs.
    pub(crate) fn persists(&self) -> bool {
        !self.is_opening() && self.wnd == 0
    }

    /// Fewer than three probes of a closed window have gone unanswered. A user timeout that bounds a persist does not
    /// wait for more.
    pub(crate) fn waits_for_probes(&self, endpoint: &Endpoint) -> bool {
        self.persists() && self.retransmissions < LEAST_PROBES && !endpoint.policy.user_timeout_in_persist()
    }

    /// What the timer sends behind a closed window is a probe, whatever was going on; and the losses of before are
    /// none.
    pub(crate) fn probes(&mut self) {
        if self.pace != Pace::Probing {
            self.pace = Pace::Probing;
            self.retransmissions = 1;
        }
    }

    /// SND.WND was `was`. A window that opens lets a refused probe go again (D40); one that closes has it waited for.
    #[cold]
    pub(super) fn window_changed(&mut self, was: u32, endpoint: &mut Endpoint) {
        let opened = was == 0;
        // A probe, or an override, that has not gone out waits for the next timer.
        let is_due = (opened || (self.wnd == 0 && self.una == self.nxt)) && endpoint.due.take(What::FRONT);
        let was_probed = opened && (self.pace == Pace::Probing || is_due);
        if was_probed {
            // The peer has answered (D40).
            self.pace = Pace::Untimed;
            self.backoff = 0;
            self.note_answer(endpoint);
        }
        if self.una == self.nxt && self.nxt == self.last() {
            return;
        }
        endpoint.due.look();
        if self.una == self.nxt {
            self.time_what_is_held(opened, endpoint);
        } else if was_probed {
            // The probe was refused: it is sent again at once, and with it what is new. Where the window was taken back
            // from more than that, the front alone goes, as after a timeout (D17).
            let credit = if self.nxt - self.una == 1 { u32::MAX } else { self.one_segment() };
            self.pace = Pace::Recovering { recover: self.nxt, cursor: self.una, credit };
            self.time_next_try(endpoint);
        }
    }

    /// Probing begins one timeout after the window has closed (SHLD-29), and an override takes its place if it opens by
    /// too little; but a window that closes and opens again and again puts off neither (D42). Where no timer runs, the
    /// next poll starts one.
    fn time_what_is_held(&self, opened: bool, endpoint: &mut Endpoint) {
        if endpoint.timer.is_none() {
            return;
        }
        if opened {
            endpoint.timer = Instant::earliest(endpoint.timer, self.override_at(endpoint));
        } else if self.wnd == 0 {
            let pause = self.pause(endpoint);
            let latest = endpoint.after_progress(pause.saturating_mul(2));
            endpoint.timer = Instant::earliest(self.next_try(pause, endpoint), latest);
        }
    }

    /// Nothing is in flight, and a window that is closed or too small holds back what there is. The one will be probed,
    /// the other overridden.
    pub(crate) fn hold(&mut self, endpoint: &mut Endpoint) {
        if endpoint.timer.is_some() {
            return;
        }
        self.restart_timer(endpoint);
        if self.wnd > 0 {
            endpoint.timer = self.override_at(endpoint);
        } else if endpoint.policy.user_timeout_in_persist() {
            self.time_next_try(endpoint);
        }
    }

    /// When silly-window avoidance is overridden: RFC 9293 section 3.8.6.2.1 has 0.1 to 1.0 seconds.
    fn override_at(&self, endpoint: &Endpoint) -> Option<Instant> {
        endpoint.now.after_millis(self.rto.millis(0, &endpoint.policy).clamp(100, 1_000))
    }

    /// There is progress, or something new to wait for: R1, R2, the user timeout and the RTO count from here. (No RTO
    /// is longer than the user timeout.)
    #[inline]
    pub(crate) fn restart_timer(&mut self, endpoint: &mut Endpoint) {
        self.retransmissions = 0;
        endpoint.progress();
        endpoint.timer = endpoint.now.after_millis(self.rto.millis(self.backoff, &endpoint.policy));
    }

    /// The timer for the next try.
    pub(crate) fn time_next_try(&mut self, endpoint: &mut Endpoint) {
        endpoint.timer = self.next_try(self.pause(endpoint), endpoint);
    }

    /// One RTO, in milliseconds; but three probes of a closed window have room in the user timeout, unless that would
    /// bring them closer together than the RTO without its back-off (D20).
    fn pause(&self, endpoint: &Endpoint) -> u64 {
        let pause = self.rto.millis(self.backoff, &endpoint.policy);
        if !self.persists() {
            return pause;
        }
        let third = endpoint.policy.user_timeout.millis().div_ceil(u64::from(LEAST_PROBES));
        pause.min(third.max(self.rto.millis(0, &endpoint.policy)))
    }

    /// So many milliseconds from here, but no later than the user timeout. (Behind a closed window that waits for three
    /// probes, and for the answer to the third.)
    fn next_try(&self, pause: u64, endpoint: &Endpoint) -> Option<Instant> {
        let (at, limit) = (endpoint.now.after_millis(pause), endpoint.user_timeout());
        let waits = self.waits_for_probes(endpoint) || limit <= Some(endpoint.now);
        if waits { at } else { Instant::earliest(at, limit) }
    }

    /// What the timer is for has gone out again, whoever had it sent: the next try is one timeout from here (RFC 6298
    /// section 5). But a peer that repeats its SYN, or a caller that sends the same again and again, does not put off
    /// R2 indefinitely.
    #[cold]
    pub(crate) fn time_again(&mut self, r2: Span, endpoint: &mut Endpoint) {
        if !endpoint.is_past(r2) {
            self.time_next_try(endpoint);
        }
    }

    /// A probe was answered: progress, for which the next one need not wait longer, unless it was the user timeout that
    /// was waited for.
    #[cold]
    pub(crate) fn probe_answered(&mut self, endpoint: &mut Endpoint) {
        let limit = endpoint.user_timeout();
        self.note_answer(endpoint);
        if endpoint.timer == limit {
            self.time_next_try(endpoint);
        }
    }

    /// The answer to a probe is progress, unless the user timeout bounds a persist: then nothing but an acknowledgment
    /// is.
    fn note_answer(&mut self, endpoint: &mut Endpoint) {
        self.retransmissions = 0;
        if !endpoint.policy.user_timeout_in_persist() {
            endpoint.progress();
        }
    }
}
