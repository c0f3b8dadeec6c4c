//! Patience is bounded: R2, the user timeout, and the wait for a closed window.
//!
//! The time runs while anything is unacknowledged, and restarts when something new is acknowledged. It also restarts
//! with the first unanswered probe of a closed window, and with the answer to one (MUST-37, D20). An answer is any
//! segment that is accepted after a timer has fired while the window is closed, or that opens the window. A window that
//! opens or closes between two timeouts is no progress.
//!
//! One timeout of slack is allowed, since R2 is checked when the retransmission timer fires. More slack is allowed for
//! the R1 retransmissions, which come before R2 (D38), and are late if a repeated SYN has postponed the timer.

use core::time::Duration;

use tcp_lifecycle::{Config, Control, Instant, Segment, State, Status};

use super::drive::is_retry;
use super::shapes::left;
use super::{Arrival, Attack, Law};

#[derive(Debug, Default)]
pub(super) struct Patience {
    /// Since when nothing new has been acknowledged.
    since: Option<Instant>,
    /// A timer has fired since, and no answer has arrived.
    unanswered: bool,
    /// The longest timeout in force since then, and how late the caller has been.
    rto: Duration,
    pub(super) late: Duration,
    /// The window has been closed all the time; and the number of probes sent.
    closed: bool,
    pub(super) probes: usize,
    /// The start of FIN-WAIT-2 without a user.
    alone: Option<Instant>,
}

/// How long a closed window whose probes are answered is waited for, if a policy bounds it.
pub(super) fn persists_at_most(config: &Config) -> Option<Duration> {
    config.user_timeout.filter(|_| config.user_timeout_in_persist)
}

impl Patience {
    pub(super) fn arrived(&mut self, arrival: &Arrival, now: Instant) {
        let Arrival { segment, before, after, taken } = arrival;
        let opened = before.snd_una == before.iss;
        if before.snd_una != after.snd_una {
            self.begin(after, now);
            self.closed = after.snd_wnd == Some(0) && !opened;
            self.probes = 0;
            return;
        }
        self.closed &= after.snd_wnd == Some(0);
        // A segment one number to the left, as of a keep-alive probe, may or may not count as an answer.
        let near = before.rcv_nxt.is_some_and(|nxt| segment.seq() == left(nxt, 1));
        let answers = segment.ack().is_some() && (taken.is_ok() || near) && !segment.control().contains(Control::RST);
        let is_closed = before.snd_wnd == Some(0) || after.snd_wnd == Some(0);
        if answers && is_closed && self.unanswered && !opened {
            self.begin(after, now);
        }
        if answers && taken.is_ok() {
            self.probes = 0;
        }
    }

    pub(super) fn fired(&mut self, before: &Status, after: &Status, now: Instant) {
        let tries = before.in_flight > 0 && is_retry(before, after) || before.unsent > 0;
        let probes = before.snd_wnd == Some(0) && before.snd_una != before.iss;
        if tries && probes && !self.unanswered {
            self.begin(after, now);
        }
        self.unanswered |= tries;
        self.rto = self.rto.max(before.rto.unwrap_or_default()).max(after.rto.unwrap_or_default());
    }

    pub(super) fn sent(&mut self, segment: &Segment, status: &Status) {
        if segment.len() > 0 && status.snd_una == Some(segment.seq()) && status.snd_wnd == Some(0) {
            self.probes += 1;
        }
    }

    fn begin(&mut self, status: &Status, now: Instant) {
        self.since = Some(now);
        self.unanswered = false;
        self.rto = status.rto.unwrap_or_default();
        self.late = Duration::ZERO;
    }

    pub(super) fn settle(&mut self, config: &Config, status: &Status, deadline: Option<Instant>, now: Instant) {
        if status.in_flight == 0 {
            self.since = None;
            self.late = Duration::ZERO;
        } else if self.since.is_none() {
            self.begin(status, now);
            self.closed = status.snd_wnd == Some(0) && status.snd_una != status.iss;
        }
        // The timer may still run with a back-off that has ended since.
        let running = deadline.map_or(Duration::ZERO, |at| at.saturating_duration_since(now)).min(config.rto_max);
        self.rto = self.rto.max(status.rto.unwrap_or_default()).max(running);
        if status.state != State::FinWait2 {
            self.alone = None;
        }
    }

    /// The unanswered probes of a window that has been closed since the last progress, if the caller was in time.
    pub(super) fn probes_before_end(&self, config: &Config) -> Option<usize> {
        let counts = self.since.is_some() && self.closed && self.late.is_zero() && persists_at_most(config).is_none();
        counts.then_some(self.probes)
    }

    /// The longest time without a new acknowledgment.
    fn limit(&self, config: &Config, status: &Status) -> Option<Duration> {
        let r2 = match (status.snd_una == status.iss, status.snd_wnd) {
            (true, _) => config.syn_r2,
            // Where the user timeout bounds a persist, R2 does not.
            (false, Some(0)) if persists_at_most(config).is_some() => Duration::MAX,
            (false, _) => config.r2,
        };
        let r1 = self.rto.saturating_mul(u32::from(config.r1) + 1);
        // Three probes of a closed window go unanswered first, one RTO apart, and the first after another (D20).
        let persists = status.snd_una != status.iss && status.snd_wnd == Some(0) && persists_at_most(config).is_none();
        let probes = if persists { self.rto.saturating_mul(4) } else { Duration::ZERO };
        let user_timeout = config.user_timeout.map(|timeout| timeout.max(probes));
        let least = user_timeout.unwrap_or(Duration::MAX).min(r2.saturating_add(r1));
        let slack = self.rto + self.late + Duration::from_secs(1);
        (least < Duration::MAX).then(|| least.saturating_add(slack))
    }
}

impl Attack {
    pub(super) fn check_patience(&mut self) {
        let status = self.connection.status();
        if let (Some(since), Some(limit)) = (self.patience.since, self.patience.limit(&self.config, &status)) {
            let waited = self.now.saturating_duration_since(since);
            self.must(Law::BoundedPatience, status.in_flight == 0 || waited <= limit, || {
                format!("{waited:?} without an acknowledgment of anything new, {limit:?} allowed, in {}", status.state)
            });
        }
        self.check_persist();
        self.check_fin_wait_2(&status);
    }

    /// Where the user timeout bounds a closed window too, only an acknowledgment is progress.
    fn check_persist(&self) {
        let (Some(most), Some(since)) = (persists_at_most(&self.config), self.life.progress) else { return };
        let waited = self.now.saturating_duration_since(since);
        // The timeout before the first probe, and one of slack.
        let slack = 2 * self.config.rto_max + self.life.late + Duration::from_secs(1);
        self.must(Law::BoundedPatience, waited <= most + slack, || format!("{waited:?} behind a closed window"));
    }

    /// Without a user, FIN-WAIT-2 lasts no longer than its policy says, whatever arrives.
    fn check_fin_wait_2(&mut self, status: &Status) {
        let (true, State::FinWait2, Some(timeout)) = (self.life.detached, status.state, self.config.fin_wait_2_timeout)
        else {
            return;
        };
        let since = *self.patience.alone.get_or_insert(self.now);
        let waited = self.now.saturating_duration_since(since);
        let limit = timeout + self.patience.late + Duration::from_secs(1);
        self.must(Law::BoundedPatience, waited <= limit, || format!("{waited:?} in FIN-WAIT-2, with nobody here"));
    }
}
