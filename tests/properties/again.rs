//! Retransmissions and their reasons: the timer has fired, the caller considers the segment lost, or a window has
//! opened that had refused it. Also the sequence number of a bare ACK or a reset, which depends on them (D17).

use tcp_lifecycle::{Segment, SeqNumber, State, Status};

use super::Watched;

/// The number of probes of a closed window that go unanswered before the connection is given up.
const LEAST_PROBES: u8 = 3;

/// Whether our SYN is unacknowledged.
pub(super) fn is_opening(status: &Status) -> bool {
    status.iss.is_some() && status.snd_una == status.iss
}

impl Watched {
    /// How much of the payload in flight lies right of the peer's window. (A FIN needs no window, D28.)
    fn beyond(&self, status: &Status) -> u32 {
        let end = status.iss.unwrap() + 1 + self.life.acknowledged + self.life.queue as u32;
        let (una, nxt) = (status.snd_una.unwrap(), status.snd_nxt.unwrap());
        let payload = if end.lt(nxt) { end } else { nxt };
        if una.lt(payload) { (payload - una).saturating_sub(status.snd_wnd.unwrap_or(0)) } else { 0 }
    }

    /// Whether that is no more than the rounding of the window field (RFC 7323 section 2.3).
    fn is_rounding(&self, status: &Status) -> bool {
        self.beyond(status) >> status.snd_scale.unwrap_or(0) == 0
    }

    /// The number of the first byte in the user's send queue.
    pub(super) fn front(&self) -> Option<SeqNumber> {
        let status = self.connection.status();
        status.snd_una.map(|una| una + u32::from(is_opening(&status)))
    }

    /// Notes that the timer has expired: its effect is signalled, and the front is retransmitted.
    pub(super) fn note_retransmission(&mut self, before: &Status, after: &Status) {
        if after.in_flight == 0 || after.state != before.state {
            return;
        }
        // Behind a window that has closed since, earlier losses do not count as probes.
        let counts = after.retransmissions == before.retransmissions.saturating_add(1)
            || (after.retransmissions == 1 && after.snd_wnd == Some(0));
        assert!(counts, "the timer has fired, and it was not counted");
        self.note_lost(after.snd_nxt.unwrap());
        self.life.recover = after.snd_nxt;
        self.must_resend = after.snd_una;
        // Behind a closed window the retransmission is a probe. A user that has only listened is not told (D18).
        let passive = after.state == State::SynReceived && self.life.passive;
        self.timeout_is_told |= !passive && (is_opening(after) || after.snd_wnd > Some(0));
        let count = match (is_opening(after), self.life.passive) {
            // No longer once a CLOSE has led to FIN-WAIT-1, which does not know who opened.
            (true, true) if after.state == State::SynReceived => self.config.syn_ack_r2_count,
            (true, true) => self.config.syn_r2_count,
            (true, false) => self.config.syn_r2_count,
            (false, _) => self.config.r2_count,
        };
        let most = count.map(|count| count.max(self.config.r1).max(LEAST_PROBES));
        assert!(most.is_none_or(|most| after.retransmissions <= most) || self.configured, "R2 as a count");
    }

    /// Checks a timeout that has ended the connection, or the opening of a listener: R1's retransmissions come first
    /// (D38).
    pub(super) fn check_timed_out(&self, before: &Status) {
        let opening = is_opening(before);
        let fin_wait_2 = before.state == State::FinWait2 && self.life.fin_wait_2.is_some();
        if fin_wait_2 || before.state == State::TimeWait || self.configured {
            return;
        }
        // A FIN that has not been sent yet waits for a window, as payload does.
        let has_fin = matches!(before.state, State::FinWait1 | State::Closing | State::LastAck);
        let rests = !opening && before.in_flight == 0 && if before.unsent == 0 { !has_fin } else { self.limit == 0 };
        if rests {
            let probes = self.config.keep_alive.expect("an end without a reason").probes;
            return assert!(probes > 0 && before.retransmissions >= probes, "keep-alive gives up too early");
        }
        if self.config.user_timeout.is_none() {
            let persists = !opening && before.snd_wnd == Some(0);
            let least = if persists { self.config.r1.max(LEAST_PROBES) } else { self.config.r1 };
            assert!(before.retransmissions >= least, "R2 before R1: {before:?}");
        }
    }

    /// Notes that everything up to here may be retransmitted.
    pub(super) fn note_lost(&mut self, until: SeqNumber) {
        self.life.again = Some(self.life.again.map_or(until, |again| if again.lt(until) { until } else { again }));
    }

    /// Checks a segment with sequence space that is sent.
    pub(super) fn check_again(&mut self, segment: &Segment, before: &Status) {
        let (una, nxt) = (before.snd_una.unwrap(), before.snd_nxt.unwrap());
        if before.snd_wnd == Some(0) && segment.seq() == una && !is_opening(before) {
            // A segment sent by the timer is a probe. A caller's retransmission that the rounding has excluded is no
            // probe.
            let is_timed = self.must_resend == Some(una);
            self.probe_is_out |= before.in_flight == 0 || is_timed || !self.is_rounding(before);
        }
        if segment.seq() == una {
            (self.must_resend, self.reopened) = (None, None);
        }
        if segment.seq().lt(nxt) {
            let end = segment.seq() + segment.len();
            let end = if end.lt(nxt) { end } else { nxt };
            let allowed = self.life.again.is_some_and(|again| end.le(again));
            assert!(allowed, "sent again without a reason: {segment}");
        }
    }

    /// Notes that the window has changed, or that an acknowledgment has arrived.
    pub(super) fn note_window(&mut self, before: &Status, after: &Status) {
        let opens = before.snd_wnd == Some(0) && after.snd_wnd > Some(0) && !is_opening(before);
        if before.snd_una != after.snd_una {
            (self.must_resend, self.reopened) = (None, None);
            // A peer that accepts the probe also accepts less than one step of its window.
            self.probe_is_out &= after.in_flight >> after.snd_scale.unwrap_or(0) > 0;
        }
        if opens && self.probe_is_out && after.in_flight > 0 {
            self.note_lost(after.snd_nxt.unwrap());
            self.life.recover = after.snd_nxt;
            self.reopened = after.snd_una.filter(|una| Some(*una) == before.snd_una);
        }
        self.probe_is_out &= after.in_flight > 0 && after.snd_wnd == Some(0);
        // With another window the retransmission is due at another moment.
        self.must_resend = self.must_resend.filter(|_| before.snd_wnd == after.snd_wnd && after.in_flight > 0);
    }

    /// D17: the number of a bare ACK and of the user's reset. It is SND.NXT, or the right edge of the peer's window
    /// where payload has been sent right of it, by more than the rounding of its field, or as a probe that the peer has
    /// refused.
    pub(super) fn number(&self, status: &Status) -> Option<SeqNumber> {
        let (una, nxt) = (status.snd_una?, status.snd_nxt?);
        let refused = !self.is_rounding(status) || (self.probe_is_out && status.snd_wnd == Some(0));
        Some(if refused && self.beyond(status) > 0 && !is_opening(status) { una + status.snd_wnd? } else { nxt })
    }

    /// The number of a reset that is sent now, and whether it has timestamps.
    pub(super) fn reset_number(&self) -> Option<(SeqNumber, bool)> {
        let status = self.connection.status();
        self.number(&status).map(|seq| (seq, status.timestamps))
    }
}
