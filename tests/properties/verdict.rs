//! Whether a segment has any effect, according to RFC 9293 section 3.10.7 and the decisions.

use tcp_lifecycle::{Control, Segment, SeqNumber, State, Status};

use super::Watched;

/// How far left of RCV.NXT an acknowledgment counts (D4).
const LEFT: u32 = 65_536;

/// The effect of a segment, unless it is refused for an old timestamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Taken,
    /// The segment lies outside the window. Its acknowledgment and window count, and nothing else does (D4).
    Acknowledgment,
    Refused,
    /// Either: it depends on whether a challenge ACK was sent, and nothing shows that.
    Either,
}

impl From<bool> for Verdict {
    fn from(taken: bool) -> Verdict {
        if taken { Verdict::Taken } else { Verdict::Refused }
    }
}

impl Watched {
    pub(super) fn verdict(&self, segment: &Segment, status: &Status) -> Verdict {
        let has = |bit| segment.control().contains(bit);
        match status.state {
            State::Closed => Verdict::Refused,
            // 3.10.7.2: a SYN without ACK and RST.
            State::Listen => Verdict::from(has(Control::SYN) && !has(Control::ACK) && !has(Control::RST)),
            // 3.10.7.3: an ACK, if there is one, acknowledges our SYN; and a reset must have one.
            State::SynSent => {
                let acknowledges = segment.ack() == status.snd_nxt && status.snd_nxt != status.iss;
                let by = if has(Control::RST) { has(Control::ACK) } else { has(Control::SYN) };
                Verdict::from(by && (acknowledges || !has(Control::ACK)))
            }
            State::SynReceived
            | State::Established
            | State::FinWait1
            | State::FinWait2
            | State::CloseWait
            | State::Closing
            | State::LastAck
            | State::TimeWait => self.verdict_of_known(segment, status, &Window::of(status)),
        }
    }

    /// 3.10.7.4: both ends know each other's numbers.
    fn verdict_of_known(&self, segment: &Segment, status: &Status, window: &Window) -> Verdict {
        let has = |bit| segment.control().contains(bit);
        if has(Control::RST) {
            return self.verdict_of_rst(segment, status, window);
        }
        // RFC 7323 section 3.2; D26.
        let tolerated = self.config.tolerate_missing_timestamps;
        if status.timestamps && segment.options().timestamps().is_none() && !has(Control::SYN) && !tolerated {
            return Verdict::Refused;
        }
        let opening = status.snd_una == status.iss;
        let known = opening && has(Control::SYN) && Some(segment.seq()) == status.irs;
        // D2: the SYN that is already known is trimmed.
        let cut = u32::from(known);
        let (seq, len) = (segment.seq() + cut, segment.len() - cut);
        if !window.accepts(seq, len, has(Control::FIN)) && !window.is_pushed_right(segment, status.state) {
            return self.verdict_outside(segment, status, window);
        }
        if has(Control::SYN) && !known {
            // D23 and RFC 5961 section 4.2; in TIME-WAIT D5.
            let listens = status.state == State::SynReceived && self.life.passive;
            let ends = listens || (!self.config.rfc5961 && status.state != State::TimeWait);
            return Verdict::from(ends && window.contains(segment.seq()));
        }
        let Some(ack) = segment.ack() else { return Verdict::Refused };
        if opening {
            // D9
            return Verdict::from(Some(ack) != status.snd_una && ack - status.iss.unwrap() <= status.in_flight);
        }
        // TIME-WAIT expects only an acknowledgment in order (D10).
        let expected = status.state != State::TimeWait || (segment.len() == 0 && segment.seq() == window.nxt);
        if expected { self.verdict_of_ack(ack, status) } else { Verdict::Refused }
    }

    /// Second, check the RST bit: RFC 5961 section 3.2, D11 and D14.
    fn verdict_of_rst(&self, segment: &Segment, status: &Status, window: &Window) -> Verdict {
        let exact = segment.seq() == window.nxt;
        let hits = exact || (window.contains(segment.seq()) && !self.config.rfc5961);
        if status.state != State::TimeWait || self.config.reset_in_time_wait {
            return Verdict::from(hits);
        }
        if exact && self.afresh { Verdict::Either } else { Verdict::Refused }
    }

    /// First, and not acceptable: a repeated FIN in TIME-WAIT (D3), or an acknowledgment that advances SND.UNA (D4).
    fn verdict_outside(&self, segment: &Segment, status: &Status, window: &Window) -> Verdict {
        let Some(ack) = segment.ack() else { return Verdict::Refused };
        let fin = segment.control().intersection(Control::FIN | Control::SYN) == Control::FIN;
        if status.state == State::TimeWait && fin && segment.seq() + segment.len() == window.nxt {
            return Verdict::from(self.is_in_range(segment, status));
        }
        let left = window.nxt - segment.seq();
        let una = status.snd_una.unwrap();
        let fresh = ack != una && ack - una <= status.in_flight && status.snd_una != status.iss;
        // A bare ACK that opens the window, of a peer whose probe was accepted.
        let newer = |(wl1, wl2): (SeqNumber, SeqNumber)| wl1.lt(segment.seq()) || (wl1 == segment.seq() && wl2.le(ack));
        let opens = status.snd_wnd == Some(0) && segment.window() > 0 && segment.len() == 0;
        let opens = opens && ack == una && status.snd_una != status.iss && status.state != State::TimeWait;
        let update = opens && self.life.window_from.is_none_or(newer);
        let counts = (fresh || update) && !segment.control().contains(Control::SYN) && left > 0 && left <= LEFT;
        if counts { Verdict::Acknowledgment } else { Verdict::Refused }
    }

    /// Fifth: SND.UNA - MAX.SND.WND =< SEG.ACK =< SND.NXT, the left half only with RFC 5961 section 5.2.
    fn verdict_of_ack(&self, ack: SeqNumber, status: &Status) -> Verdict {
        let una = status.snd_una.unwrap();
        if ack - una <= status.in_flight {
            return Verdict::Taken;
        }
        let old = una - ack;
        Verdict::from(old < 1 << 31 && (old <= self.most_window(status) || !self.config.rfc5961))
    }
}

/// The receive window that the peer has been told.
struct Window {
    nxt: SeqNumber,
    wnd: u32,
}

impl Window {
    fn of(status: &Status) -> Window {
        Window { nxt: status.rcv_nxt.unwrap(), wnd: status.rcv_wnd.unwrap() }
    }

    fn contains(&self, number: SeqNumber) -> bool {
        number - self.nxt < self.wnd
    }

    /// Table 6 and two exceptions. D24: of a segment with payload at RCV.NXT that finds the window closed, the other
    /// parts are used. D28: the FIN behind the last payload in the window may lie at its edge.
    fn accepts(&self, seq: SeqNumber, len: u32, fin: bool) -> bool {
        match (len, self.wnd) {
            (_, 0) => seq == self.nxt,
            (0, _) => self.contains(seq),
            (2.., _) if fin && self.contains(seq + (len - 2)) => true,
            (_, _) => self.contains(seq) || self.contains(seq + (len - 1)),
        }
    }

    /// D17: a bare ACK of a peer that has filled our window, or sent a probe behind it, all of which was lost.
    fn is_pushed_right(&self, segment: &Segment, state: State) -> bool {
        segment.len() == 0 && segment.seq() == self.nxt + self.wnd.max(1) && state != State::TimeWait
    }
}
