//! Which segments are answered, and how often: probes, segments far from the window, segments at a gap, a repeated FIN.

use tcp_lifecycle::{Control, Instant, Refusal, Segment, SeqNumber, State, Status};

use super::shapes::left;
use super::{Arrival, Attack, Law};

#[derive(Debug, Default)]
pub(super) struct Answers {
    /// A token bucket of our own: when it was last used, and what it held then, in thousandths of an answer.
    held: Option<(Instant, u128)>,
    /// A duplicate ACK has told the peer of a gap at this number.
    gap: Option<SeqNumber>,
}

impl Attack {
    pub(super) fn check_answers(&mut self) {
        let status = self.connection.status();
        self.check_gap_is_told();
        if self.batch.calls == 0 && self.batch.firings == 0 && self.batch.arrived.len() == 1 {
            let arrival = self.batch.arrived[0].clone();
            self.check_probe(&arrival);
            self.check_far(&arrival);
            self.check_repeated_fin(&arrival);
        }
        if self.batch.calls == 0 && self.batch.arrived.len() == 1 {
            self.check_gap_is_filled();
        }
        self.note_gap(&status);
    }

    fn acknowledges(&self, nxt: Option<SeqNumber>) -> usize {
        self.batch.out.iter().filter(|out| out.ack().is_some() && out.ack() == nxt).count()
    }

    /// Checks `<SEQ=RCV.NXT-1>` with at most one octet.
    fn check_probe(&self, arrival: &Arrival) {
        let Arrival { segment, before, after, taken } = arrival;
        let Some(nxt) = before.rcv_nxt.filter(|_| is_served(before) && after.state == before.state) else { return };
        let probes = segment.control().difference(Control::PSH) == Control::ACK && segment.payload_len() <= 1;
        if probes && segment.seq() == left(nxt, 1) && acknowledges_sent(segment, before) && !is_stale(taken) {
            self.must(Law::Probes, self.acknowledges(after.rcv_nxt) > 0, || format!("{segment} is not answered"));
        }
    }

    /// Checks segments more than one receive buffer to the left, or more than one past the right edge: no
    /// acknowledgment of them can have been lost (D12).
    fn check_far(&mut self, arrival: &Arrival) {
        let Arrival { segment, before, taken, .. } = arrival;
        let (Some(nxt), Some(wnd)) = (before.rcv_nxt, before.rcv_wnd) else { return };
        let oldest = left(nxt, self.config.receive_buffer);
        let beyond = segment.seq().gt(nxt + wnd + 1);
        let behind = (segment.seq() + segment.len()).lt(oldest);
        let plain = !segment.control().intersects(Control::SYN | Control::RST);
        // A delayed ACK that is sent at the same time is no answer to the segment.
        let delays = self.config.delayed_ack.is_some();
        if !plain || !(beyond || behind) || delays || *taken != Err(Refusal::NotAcceptable) || self.batch.out.is_empty()
        {
            return;
        }
        let (limit, period) = (u128::from(self.config.challenge_limit), self.config.challenge_period.as_micros());
        // One more than the policy says, for rounding.
        let full = (limit + 1) * 1_000;
        let (at, held) = self.answers.held.unwrap_or((self.now, full));
        let passed = self.now.saturating_duration_since(at).as_micros();
        let held = full.min(held + passed * limit * 1_000 / period.max(1));
        self.must(Law::Limiter, held >= 1_000, || format!("{segment} is answered, after {limit} others"));
        self.answers.held = Some((self.now, held.saturating_sub(1_000)));
    }

    /// Checks a repeated FIN in CLOSING and LAST-ACK that acknowledges everything we have sent.
    fn check_repeated_fin(&self, arrival: &Arrival) {
        let Arrival { segment, before, after, taken } = arrival;
        let last = matches!(before.state, State::Closing | State::LastAck);
        let repeats = segment.control().difference(Control::PSH) == Control::FIN | Control::ACK
            && Some(segment.seq() + segment.len()) == before.rcv_nxt;
        let sent = self.life.iss.map(|iss| iss + 1 + self.life.given as u32 + 1);
        if last && repeats && segment.ack() == sent && before.snd_nxt == sent && !is_stale(taken) {
            self.must(Law::RepeatedFin, after.state != before.state, || format!("{segment} in {}", before.state));
        }
    }

    /// Checks that as many duplicate ACKs are sent as segments arrive ahead of the gap; three are enough (RFC 5681
    /// section 3.2). Outgoing payload acknowledges as well.
    fn check_gap_is_told(&self) {
        let batch = &self.batch.arrived;
        let bare = self.batch.out.iter().all(|out| out.len() == 0);
        if bare && batch.iter().all(is_ahead) && self.connection.state() == State::Established {
            let (told, nxt) = (batch.len().min(3), self.connection.status().rcv_nxt);
            let out = self.acknowledges(nxt);
            self.must(Law::Gaps, out >= told, || format!("{out} acknowledgments of {} segments", batch.len()));
        }
    }

    fn check_gap_is_filled(&self) {
        let Arrival { segment, before, after, taken } = &self.batch.arrived[0];
        let filled = self.answers.gap.is_some() && self.answers.gap == before.rcv_nxt;
        if filled && taken.as_ref().is_ok_and(|range| !range.is_empty()) && after.rcv_nxt.is_some() {
            let told = self.acknowledges(after.rcv_nxt) > 0;
            self.must(Law::Gaps, told, || format!("{segment} fills a gap, and is not acknowledged at once"));
        }
    }

    fn note_gap(&mut self, status: &Status) {
        if self.batch.arrived.last().is_some_and(is_ahead) {
            self.answers.gap = status.rcv_nxt;
        }
    }

    /// Checks that an answer to keep-alive from one number left of RCV.NXT counts as a sign of life.
    pub(super) fn note_sign_of_life(&self, Arrival { segment, before, after, taken }: &Arrival) {
        let rests = before.in_flight == 0 && before.unsent == 0 && before.retransmissions > 0;
        let open = matches!(before.state, State::Established | State::CloseWait);
        let answers = segment.control() == Control::ACK
            && segment.len() == 0
            && segment.ack() == before.snd_nxt
            && before.rcv_nxt.is_some_and(|nxt| segment.seq() == left(nxt, 1));
        if rests && open && answers && !is_stale(taken) {
            self.must(Law::Probes, after.retransmissions == 0, || format!("{segment} is no sign of life"));
        }
    }
}

/// Whether it carries payload ahead of RCV.NXT, within the window, and was not refused.
fn is_ahead(arrival: &Arrival) -> bool {
    let Arrival { segment, before, after, taken } = arrival;
    let ahead = before.rcv_nxt.zip(before.rcv_wnd).is_some_and(|(nxt, wnd)| {
        nxt.lt(segment.seq()) && segment.seq() - nxt < wnd && segment.payload_len() > 0 && after.rcv_nxt == Some(nxt)
    });
    let plain = !segment.control().intersects(Control::SYN | Control::RST | Control::FIN);
    ahead && plain && is_served(before) && taken.as_ref().is_ok_and(|range| range.is_empty())
}

/// Whether our SYN is acknowledged, and the connection is not in TIME-WAIT.
fn is_served(status: &Status) -> bool {
    let opening = status.snd_una == status.iss;
    !opening && !matches!(status.state, State::Closed | State::Listen | State::SynSent | State::TimeWait)
}

/// SND.UNA =< SEG.ACK =< SND.NXT
fn acknowledges_sent(segment: &Segment, status: &Status) -> bool {
    let (Some(ack), Some(una), Some(nxt)) = (segment.ack(), status.snd_una, status.snd_nxt) else { return false };
    una.le(ack) && ack.le(nxt)
}

fn is_stale(taken: &Result<core::ops::Range<usize>, Refusal>) -> bool {
    matches!(taken, Err(Refusal::OldTimestamp | Refusal::NoTimestamp))
}
