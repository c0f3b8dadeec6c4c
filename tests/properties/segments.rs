//! The properties of every segment that is sent.

use tcp_lifecycle::{Control, Options, Segment, SeqNumber, State, Status, Transmit};

use super::Watched;
use super::features::{ECN, offered_scale};
use super::life::Owed;
use crate::arcs::Cause;

impl Watched {
    pub(super) fn check_transmit(&mut self, transmit: &Transmit, before: &Status) {
        let segment = &transmit.segment;
        if segment.control().contains(Control::RST) {
            return self.check_reset(segment);
        }
        let status = self.connection.status();
        assert!(status.iss.is_some(), "a segment from {}", status.state); // S12
        assert_eq!(segment.ack(), status.rcv_nxt, "S7: every ACK is RCV.NXT");
        if segment.control().contains(Control::SYN) {
            self.pay(segment);
            return self.check_syn(segment, &status, before);
        }
        self.check_window(segment, &status);
        self.check_options(segment, &status);
        self.check_congestion(segment, before, &status);
        self.check_urgent(segment, &status);
        // No window restricts a keep-alive probe, and it counts as no owed ACK.
        if self.is_probe(transmit, &status) {
            return;
        }
        self.pay(segment);
        assert_eq!(transmit.payload.len(), usize::from(segment.payload_len()));
        if segment.len() > 0 {
            self.check_again(segment, before);
            self.note_flight(segment, before);
        }
        assert!(
            segment.seq().ge(status.snd_una.unwrap()) && (segment.seq() + segment.len()).le(status.snd_nxt.unwrap())
        );
        let unacknowledged_syn = status.snd_una == status.iss;
        let una = status.snd_una.unwrap();
        if segment.len() == 0 {
            assert_eq!(Some(segment.seq()), self.number(&status), "D17: {status:?}");
            return self.check_bare_ack();
        }
        // S5: every number always has the same meaning.
        let front = status.iss.unwrap() + 1 + self.life.acknowledged;
        let fresh = (segment.seq() + u32::from(segment.payload_len())).gt(before.snd_nxt.unwrap());
        if segment.payload_len() > 0 {
            assert_eq!(segment.seq(), front + transmit.payload.start as u32);
            assert!(transmit.payload.end <= self.life.queue && !unacknowledged_syn);
            assert!(segment.payload_len() <= status.peer_mss.unwrap());
            let pushed = segment.control().contains(Control::PSH);
            assert_eq!(pushed, transmit.payload.end == self.life.queue);
            let behind = segment.seq() + u32::from(segment.payload_len());
            assert!(!fresh || behind - una <= self.limit.max(u32::from(status.snd_wnd == Some(0))), "beyond the limit");
        }
        self.check_worth(segment, before, &status);
        if segment.control().contains(Control::FIN) {
            let fin = segment.seq() + u32::from(segment.payload_len());
            assert_eq!(fin, front + self.life.queue as u32, "the FIN is behind all payload");
            assert_eq!(*self.life.fin.get_or_insert(fin), fin, "one FIN, at one number");
            assert!(matches!(status.state, State::FinWait1 | State::Closing | State::LastAck));
        }
        // RFC 7323 section 2.4: bytes that the rounding of the window field has excluded may be sent again.
        let rounding = if !fresh { (1 << status.snd_scale.unwrap()) - 1 } else { 0 };
        let within = (segment.seq() + segment.len() - una) <= (status.snd_wnd.unwrap() + rounding).max(1);
        assert!(within || unacknowledged_syn, "beyond the peer's window");
    }

    /// RFC 9293 sections 3.7.4 and 3.8.6.2.1: payload that has never been sent is a full segment, or everything there
    /// is, or everything that the limit allows, or half of the largest window with nothing in flight; or the timer
    /// forced it out.
    fn check_worth(&self, segment: &Segment, before: &Status, after: &Status) {
        let payload = u32::from(segment.payload_len());
        if payload == 0 || Some(segment.seq()) != before.snd_nxt {
            return;
        }
        let alone = before.in_flight == 0;
        let limited = alone && Some(self.limit) < before.snd_wnd;
        let much = after.unsent == 0 || limited || payload >= self.life.most_window / 2;
        let waits = self.config.nagle && !alone && !self.life.closed;
        let full = Some(segment.payload_len()) == after.peer_mss;
        let had_to = alone && self.had_to;
        assert!(full || had_to || (much && !waits), "not worth it: {segment} {before:?}");
    }

    /// Notes that this segment carries an ACK, so that no other is owed, except those of segments ahead of a gap.
    fn pay(&mut self, segment: &Segment) {
        if let Some(ack) = segment.ack() {
            let duplicates = self.life.owed.duplicates;
            self.life.owed = Owed { duplicates, ..Owed::default() };
            self.life.recent.last_ack_sent = Some(ack);
        }
    }

    /// S4: a reset answers a segment of no connection, or is the user's ABORT.
    fn check_reset(&self, reset: &Segment) {
        let explained = self.causes.iter().any(|(cause, _)| match cause {
            Cause::Segment(segment) => answer(segment).as_ref() == Some(reset),
            Cause::Abort(Some((seq, timestamps))) | Cause::Late(Some((seq, timestamps))) => {
                let stamps = if *timestamps { Options::NONE.with_timestamps(self.stamp(), 0) } else { Options::NONE };
                *reset == Segment::new(*seq, SeqNumber(0), Control::RST).with_options(stamps)
            }
            Cause::Abort(None)
            | Cause::Late(None)
            | Cause::Detach
            | Cause::Acknowledge
            | Cause::Open(_)
            | Cause::Send
            | Cause::SendUrgent
            | Cause::Receive
            | Cause::Close
            | Cause::Limit
            | Cause::Retransmit
            | Cause::Configure
            | Cause::Mark
            | Cause::Icmp(_)
            | Cause::Timeout => false,
        });
        assert!(explained, "{reset} after {:?}", self.causes);
    }

    /// S6, and no more is offered than can be stored.
    fn check_window(&mut self, segment: &Segment, status: &Status) {
        let wnd = status.rcv_wnd.unwrap();
        assert_eq!(u32::from(segment.window()), (wnd >> status.rcv_scale.unwrap()).min(0xFFFF));
        let edge = status.rcv_nxt.unwrap() + wnd;
        let last = self.life.edge.unwrap_or(edge);
        assert!(last.le(edge), "the right edge moved back");
        // The FIN moves the edge, and takes no buffer (D28).
        let fin = u32::from(self.life.fin_taken(status));
        let more = (last + fin).lt(edge);
        assert!(!more || wnd + status.unread <= self.config.receive_buffer.min(1 << 30), "a window without a buffer");
        // RFC 9293 section 3.8.6.2.2: no silly window.
        let worth = u32::from(self.config.mss).min(self.config.receive_buffer / 2);
        let (nxt, scale) = (status.rcv_nxt.unwrap(), status.rcv_scale.unwrap());
        let told = nxt + (last.0.wrapping_sub(nxt.0) >> scale << scale);
        assert!(!more || edge - told >= worth, "a silly window");
        self.life.edge = Some(edge);
    }

    /// A bare ACK answers a segment, opens the window, or announces urgent data. S4: a bare ACK in order has no answer,
    /// and no segment has two.
    fn check_bare_ack(&mut self) {
        assert!(self.may_acknowledge > 0, "an ACK after {:?}", self.causes);
        self.may_acknowledge -= 1;
        self.life.owed.duplicates = self.life.owed.duplicates.saturating_sub(1);
    }

    /// Checks our SYN: its offers, or the part of the peer's offer that it accepts.
    fn check_syn(&mut self, segment: &Segment, status: &Status, before: &Status) {
        self.note_flight(segment, before);
        self.must_resend = None;
        assert_eq!(segment.len(), 1);
        assert_eq!(Some(segment.seq()), status.iss);
        assert_eq!(status.snd_una, status.iss, "a SYN that was acknowledged is not sent again");
        let known = matches!(status.state, State::SynReceived | State::FinWait1);
        assert!(known || status.state == State::SynSent);
        assert_eq!(segment.control().contains(Control::ACK), known);
        let options = segment.options();
        let config = if known { &self.config } else { &self.life.offer };
        assert_eq!(options.mss(), Some(config.mss));
        let scale = offered_scale(&self.life.offer);
        let accepts = |offer: bool, has: fn(&Segment) -> bool| offer && self.life.syn.as_ref().is_none_or(has);
        let scales = accepts(scale.is_some(), |syn| syn.options().window_scale().is_some());
        assert_eq!(options.window_scale(), scale.filter(|_| scales));
        let offer = &self.life.offer;
        let sack = accepts(offer.sack_permitted, |syn| syn.options().sack_permitted());
        assert_eq!(options.sack_permitted(), sack);
        let stamps = accepts(offer.timestamps, |syn| syn.options().timestamps().is_some());
        let echo = if known { self.life.recent.value } else { 0 };
        assert_eq!(options.timestamps(), stamps.then(|| (self.stamp(), echo)));
        let bits = segment.control().intersection(ECN);
        let ours = if known { Control::ECE } else { ECN };
        // RFC 3168 section 6.1.1.1: a retransmitted SYN does not offer ECN, since the offer may be why it was lost.
        let agreed = if known { self.life.ecn } else { offer.ecn && self.life.syns == 0 };
        self.life.syns += u32::from(!known);
        assert_eq!(bits, if agreed { ours } else { Control::empty() }, "ECN on a SYN");
    }
}

/// RFC 9293 section 3.10.7.1: the reset that the sender of the segment accepts; `None` for a reset. It echoes the
/// segment's timestamp, and has none of its own.
fn answer(segment: &Segment) -> Option<Segment> {
    let reset = match segment.ack() {
        Some(ack) => Segment::new(ack, SeqNumber(0), Control::RST),
        None => Segment::new(SeqNumber(0), segment.seq() + segment.len(), Control::RST | Control::ACK),
    };
    let stamped = |(value, _)| reset.with_options(Options::NONE.with_timestamps(0, value));
    let reset = segment.options().timestamps().map_or(reset, stamped);
    (!segment.control().contains(Control::RST)).then_some(reset)
}
