//! What must hold of every segment that is handed out.

use tcp_lifecycle::{Config, Control, Options, Segment, SeqNumber, State, Status, Transmit};

use super::Watched;
use crate::arcs::Cause;

impl Watched {
    pub(super) fn check_transmit(&mut self, transmit: &Transmit, before: &Status) {
        let segment = &transmit.segment;
        assert_eq!(transmit.payload.len(), usize::from(segment.payload_len()));
        if segment.control().contains(Control::RST) {
            return self.check_reset(segment);
        }
        let status = self.connection.status();
        assert!(status.iss.is_some(), "a segment from {}", status.state); // S12
        assert!(
            segment.seq().ge(status.snd_una.unwrap()) && (segment.seq() + segment.len()).le(status.snd_nxt.unwrap())
        );
        assert_eq!(segment.ack(), status.rcv_nxt, "S7: every ACK is RCV.NXT");
        if segment.control().contains(Control::SYN) {
            return check_syn(segment, &status, &self.config);
        }
        self.check_window(segment, &status);
        let unacknowledged_syn = status.snd_una == status.iss;
        assert_eq!(segment.options(), Options::NONE, "S15: the MSS on SYNs only");
        let una = status.snd_una.unwrap();
        if segment.len() == 0 {
            let right = una + status.snd_wnd.unwrap();
            let nxt = status.snd_nxt.unwrap();
            assert_eq!(segment.seq(), if right.lt(nxt) && !unacknowledged_syn { right } else { nxt });
            return self.check_bare_ack(&status);
        }
        if segment.seq() == una {
            self.reopened = None;
        }
        // S5: every number has one meaning for ever.
        let front = status.iss.unwrap() + 1 + self.life.acknowledged;
        if segment.payload_len() > 0 {
            assert_eq!(segment.seq(), front + transmit.payload.start as u32);
            assert!(transmit.payload.end <= self.life.queue && !unacknowledged_syn);
            assert!(segment.payload_len() <= status.peer_mss.unwrap());
            let pushed = segment.control().contains(Control::PSH);
            assert_eq!(pushed, transmit.payload.end == self.life.queue);
            let behind = segment.seq() + u32::from(segment.payload_len());
            let fresh = behind.gt(before.snd_nxt.unwrap());
            assert!(!fresh || behind - una <= self.limit.max(u32::from(status.snd_wnd == Some(0))), "beyond the limit");
        }
        self.check_worth(segment, before, &status);
        if segment.control().contains(Control::FIN) {
            let fin = segment.seq() + u32::from(segment.payload_len());
            assert_eq!(fin, front + self.life.queue as u32, "the FIN is behind all payload");
            assert_eq!(*self.life.fin.get_or_insert(fin), fin, "one FIN, at one number");
            assert!(matches!(status.state, State::FinWait1 | State::Closing | State::LastAck));
        }
        let within = (segment.seq() + segment.len() - una) <= status.snd_wnd.unwrap().max(1);
        assert!(within || unacknowledged_syn, "beyond the peer's window");
    }

    /// RFC 9293 sections 3.7.4 and 3.8.6.2.1: payload that has never been sent is a full segment, or all there is, or all
    /// that the limit allows, or half of the largest window, and that with nothing in flight; or it had to go.
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
        let had_to = alone && self.causes.contains(&Cause::Timeout);
        assert!(full || had_to || (much && !waits), "not worth it: {segment} {before:?}");
    }

    /// S4: a reset is the answer to a segment that is none, or the user's ABORT.
    fn check_reset(&self, reset: &Segment) {
        let explained = self.causes.iter().any(|cause| match cause {
            Cause::Segment(segment) => segment.reset().as_ref() == Some(reset),
            Cause::Abort(Some(seq)) => *reset == Segment::new(*seq, SeqNumber(0), Control::RST),
            Cause::Abort(None)
            | Cause::Open(_)
            | Cause::Send
            | Cause::Receive
            | Cause::Close
            | Cause::Limit
            | Cause::Timeout => false,
        });
        assert!(explained, "{reset} after {:?}", self.causes);
    }

    /// S6, and no more is offered than can be stored.
    fn check_window(&mut self, segment: &Segment, status: &Status) {
        let wnd = status.rcv_wnd.unwrap();
        assert_eq!(u32::from(segment.window()), wnd >> status.rcv_scale.unwrap());
        assert!(wnd + status.unread <= self.config.receive_buffer.min(1 << 30), "a window without a buffer");
        let edge = status.rcv_nxt.unwrap() + wnd;
        assert!(self.life.edge.is_none_or(|last| last.le(edge)), "the right edge moved back");
        self.life.edge = Some(edge);
    }

    /// A bare ACK answers a segment, or opens the window. S4: a bare ACK in order has no answer.
    fn check_bare_ack(&self, status: &Status) {
        let in_order = |segment: &Segment| {
            segment.len() == 0
                && segment.control().contains(Control::ACK)
                && Some(segment.seq()) == status.rcv_nxt
                && segment.ack() == status.snd_una
                && !segment.control().contains(Control::RST)
        };
        let explained = self.causes.iter().any(|cause| match cause {
            Cause::Segment(segment) => !in_order(segment),
            Cause::Receive => true,
            // It stands for a SYN,ACK that was due when its acknowledgment came.
            Cause::Timeout => self.causes.len() > 1,
            Cause::Open(_) | Cause::Send | Cause::Close | Cause::Abort(_) | Cause::Limit => false,
        });
        assert!(explained, "an ACK after {:?}", self.causes);
    }
}

fn check_syn(segment: &Segment, status: &Status, config: &Config) {
    assert_eq!(segment.len(), 1);
    assert_eq!(Some(segment.seq()), status.iss);
    assert_eq!(status.snd_una, status.iss, "a SYN that was acknowledged is not sent again");
    assert_eq!(segment.options().mss(), Some(config.mss));
    if segment.options().window_scale().is_some() {
        assert!(config.window_scale.is_some() || config.receive_buffer > u32::from(u16::MAX));
    }
    let known = matches!(status.state, State::SynReceived | State::FinWait1);
    assert!(known || status.state == State::SynSent);
    assert_eq!(segment.control().contains(Control::ACK), known);
}
