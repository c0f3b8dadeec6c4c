//! The two streams. The byte at each number is a function of the number, so that the right byte at a number is known.
//! Outgoing segments carry the same byte of the queue at the same number every time. Incoming bytes are handed to the
//! user in the order of their numbers. A loss is signalled as the end of the connection.

use core::time::Duration;

use tcp_lifecycle::{Control, Instant, SeqNumber, Signal, State, Status, Transition, Transmit};

use super::answers::Answers;
use super::drive::is_synchronized;
use super::patience::Patience;
use super::{Arrival, Attack, Law};

/// One incarnation: from OPEN, or LISTEN, to CLOSED.
#[derive(Debug)]
pub(super) struct Life {
    pub(super) shown: State,
    /// Bytes of our queue, counted from the beginning: queued, sent, acknowledged.
    pub(super) given: usize,
    handed: usize,
    acknowledged: usize,
    /// Bytes of the peer's stream that were delivered, and the numbers of its FINs.
    delivered: usize,
    fins: Vec<SeqNumber>,
    pub(super) iss: Option<SeqNumber>,
    irs: Option<SeqNumber>,
    /// The user has closed; the user has left.
    pub(super) closed: bool,
    pub(super) detached: bool,
    /// "Connection closing" was signalled.
    closing: bool,
    /// The end was the user's own call; or it was signalled.
    by_user: bool,
    pub(super) end: Option<Signal>,
    /// An ABORT has lost something, so that the peer must be told.
    owes_reset: bool,
    /// The time of the last new acknowledgment, or of the first thing to wait for since.
    pub(super) progress: Option<Instant>,
    /// How late the caller has been since.
    pub(super) late: Duration,
}

impl Default for Life {
    fn default() -> Life {
        Life {
            shown: State::Closed,
            given: 0,
            handed: 0,
            acknowledged: 0,
            delivered: 0,
            fins: Vec::new(),
            iss: None,
            irs: None,
            closed: false,
            detached: false,
            closing: false,
            by_user: false,
            end: None,
            owes_reset: false,
            progress: None,
            late: Duration::ZERO,
        }
    }
}

impl Life {
    pub(super) fn queued(&self) -> usize {
        self.given.saturating_sub(self.acknowledged)
    }
}

impl Attack {
    pub(super) fn begin_life(&mut self) {
        self.life = Life { shown: self.life.shown, ..Life::default() };
        self.repair.begin_life();
        self.patience = Patience::default();
        self.answers = Answers::default();
    }

    /// Notes the change of state by an event.
    pub(super) fn note_change(&mut self, before: &Status, by_user: bool) {
        let after = self.connection.status();
        self.life.iss = after.iss.or(self.life.iss);
        self.life.irs = after.irs.or(self.life.irs);
        if after.state == State::Closed && before.state != State::Closed {
            self.life.by_user = by_user;
        }
        if after.state == State::Listen && before.state == State::SynReceived {
            self.must(Law::Streams, !self.life.closed, || "back in LISTEN, for a user who has closed".to_string());
            self.begin_life();
        }
        let waits = after.in_flight > 0 || after.unsent > 0;
        if before.snd_una != after.snd_una || !waits {
            (self.life.progress, self.life.late) = (None, Duration::ZERO);
        }
        if waits {
            self.life.progress.get_or_insert(self.now);
        }
    }

    /// Notes whether the peer must be told of the end by this call: an ABORT, or a CLOSE that acts as one.
    pub(super) fn note_close(&mut self, before: &Status, called: bool) {
        let closed = self.connection.state() == State::Closed;
        let told = matches!(before.state, State::Established | State::FinWait1 | State::FinWait2 | State::CloseWait);
        // Where both sides have closed, the bytes that were never sent are lost.
        let never_sent = self.handed_less(before) && matches!(before.state, State::Closing | State::LastAck);
        self.life.owes_reset |= called && closed && (told || never_sent);
        self.life.closed |= called;
    }

    fn handed_less(&self, status: &Status) -> bool {
        let fin = self.life.iss.map(|iss| iss + 1 + self.life.given as u32 + 1);
        status.unsent > 0 || status.snd_nxt != fin
    }

    /// Checks that the next bytes of the peer's stream are delivered, and no others.
    pub(super) fn note_payload(&mut self, arrival: &Arrival) {
        let Arrival { segment, before, after, taken } = arrival;
        if segment.control().contains(Control::FIN) {
            self.life.fins.push(segment.seq() + (segment.len() - 1));
        }
        let (Ok(range), Some(irs)) = (taken, after.irs.or(before.irs)) else { return };
        if range.is_empty() {
            return;
        }
        let syn = u32::from(segment.control().contains(Control::SYN));
        let number = segment.seq() + syn + range.start as u32;
        let next = irs + 1 + self.life.delivered as u32;
        self.must(Law::Streams, number == next, || format!("{} was handed in where {} is next", number.0, next.0));
        let fits = range.end <= usize::from(segment.payload_len());
        self.must(Law::Streams, fits, || format!("{range:?} of {segment}"));
        self.life.delivered += range.len();
        let end = next + range.len() as u32;
        let edge = before.rcv_nxt.zip(before.rcv_wnd).map(|(nxt, wnd)| nxt + wnd);
        self.must(Law::Streams, edge.is_none_or(|edge| end.le(edge)), || "payload right of the window".to_string());
        let unread = after.unread;
        self.must(Law::Streams, unread <= self.config.receive_buffer, || format!("{unread} bytes unread"));
        self.must(Law::Streams, !self.life.closing, || "payload behind the FIN".to_string());
    }

    /// Checks that each number always carries the same byte of the queue, after the SYN and before the FIN.
    pub(super) fn check_numbers(&mut self, Transmit { segment, payload }: &Transmit) {
        let (Some(iss), false) = (self.life.iss, segment.control().contains(Control::RST)) else { return };
        let (start, end) = (self.life.acknowledged + payload.start, self.life.acknowledged + payload.end);
        if !payload.is_empty() {
            let number = iss + 1 + start as u32;
            self.must(Law::Streams, segment.seq() == number, || {
                format!("{segment} carries byte {start}, {}", number.0)
            });
            self.must(Law::Streams, end <= self.life.given, || format!("{segment} carries what nobody has sent"));
            self.must(Law::Streams, start <= self.life.handed, || format!("{segment} leaves a gap"));
            self.life.handed = self.life.handed.max(end);
        }
        if segment.control().contains(Control::SYN) {
            self.must(Law::Streams, segment.seq() == iss, || format!("{segment}: another ISS"));
        }
        if segment.control().contains(Control::FIN) {
            let fin = segment.seq() + (segment.len() - 1);
            let right = self.life.closed && fin == iss + 1 + self.life.given as u32;
            self.must(Law::Streams, right, || format!("{segment}: a FIN that is not behind all that was sent"));
        }
    }

    pub(super) fn note_transition(&mut self, transition: Transition) {
        let shown = self.life.shown;
        self.must(Law::Sanity, transition.from == shown, || format!("{transition}, from {shown}"));
        self.life.shown = transition.to;
    }

    pub(super) fn note_signal(&mut self, signal: Signal) {
        if let Signal::Acknowledged(bytes) = signal {
            self.life.acknowledged += bytes;
            let (acknowledged, handed) = (self.life.acknowledged, self.life.handed);
            self.must(Law::Streams, acknowledged <= handed, || format!("{acknowledged} of {handed} acknowledged"));
        }
        if signal == Signal::Closing {
            let fin = self.life.irs.map(|irs| irs + 1 + self.life.delivered as u32);
            let sent = fin.is_some_and(|fin| self.life.fins.contains(&fin));
            self.must(Law::Streams, sent, || "the end of a stream that has not ended".to_string());
            self.must(Law::Streams, !self.life.closing, || "a stream that ends twice".to_string());
            self.life.closing = true;
        }
        if matches!(signal, Signal::Refused | Signal::Reset | Signal::TimedOut | Signal::Unreachable(_)) {
            let closed = self.connection.state() == State::Closed;
            let first = self.life.end.is_none() && !self.life.by_user;
            self.must(Law::Sanity, closed && first, || format!("{signal:?} after {:?}", self.life.end));
            self.life.end = Some(signal);
            self.check_probes_before(signal);
        }
    }

    fn check_probes_before(&self, signal: Signal) {
        let probes = self.patience.probes_before_end(&self.config);
        let enough = signal != Signal::TimedOut || probes.is_none_or(|probes| probes >= 3);
        self.must(Law::ThreeProbes, enough, || format!("{probes:?} unanswered"));
    }

    pub(super) fn check_streams(&mut self) {
        let status = self.connection.status();
        if let (Some(una), Some(nxt), Some(iss)) = (status.snd_una, status.snd_nxt, status.iss) {
            let (acknowledged, handed) = (self.life.acknowledged as u32, self.life.handed as u32);
            let fin = u32::from(self.life.closed);
            let una_is_right = una == iss || una - (iss + 1) - acknowledged <= fin;
            self.must(Law::Streams, una_is_right, || format!("SND.UNA={} but {acknowledged} acknowledged", una.0));
            let nxt_is_right = nxt - (iss + 1) - handed <= fin;
            self.must(Law::Streams, nxt_is_right, || format!("SND.NXT={} but {handed} handed out", nxt.0));
            let unsent = self.life.given.saturating_sub(self.life.handed);
            self.must(Law::Streams, status.unsent as usize == unsent, || {
                format!("{} of {unsent} unsent", status.unsent)
            });
        }
        if let (true, Some(nxt), Some(irs)) = (is_synchronized(&status), status.rcv_nxt, status.irs) {
            let right = irs + 1 + self.life.delivered as u32 + u32::from(self.life.closing);
            self.must(Law::Streams, nxt == right, || format!("RCV.NXT={}, and {} was handed in", nxt.0, right.0));
        }
        self.check_end(&status);
    }

    fn check_end(&mut self, status: &Status) {
        let Life { given, acknowledged, closed, by_user, end, .. } = self.life;
        if status.state == State::Closed && self.life.iss.is_some() {
            let graceful = closed && given == acknowledged;
            self.must(Law::Streams, by_user || end.is_some() || graceful, || {
                format!("CLOSED with {acknowledged} of {given} acknowledged, and no end is signalled")
            });
        }
        if core::mem::take(&mut self.life.owes_reset) {
            let told = self.batch.out.iter().any(|segment| segment.control().contains(Control::RST));
            self.must(Law::Streams, told, || "an ABORT that the peer does not hear of".to_string());
        }
    }
}
