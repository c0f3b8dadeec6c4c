//! The reasons for which a segment of an honest end is refused.

use tcp_lifecycle::{Control, Refusal, State};

use crate::witness::{Ending, Kind, Sent, Ways, Witness};

/// Why a segment of an honest end was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reason {
    /// The network has delivered the same segment before.
    Duplicate,
    /// All its numbers had been delivered, and its sender did not know that.
    Repeated,
    /// Its numbers were sent as a probe of a closed window before, and were accepted; its sender did not know that.
    ProbeRepeated,
    /// A later segment of the same end has arrived before it.
    Overtaken,
    /// A keep-alive probe: it lies left of the window on purpose, so that it is answered.
    KeepAlive,
    /// It has no sequence space and lies before its sender's own probe, which was accepted without its sender knowing.
    /// Or it is a reset behind a probe that was refused.
    BesideProbe,
    /// It has no sequence space, and lies at the edge that its sender has learnt from an overtaken segment.
    WindowTakenBack,
    /// It ends beyond the window: its sender has used an acknowledgment without the window in the same segment.
    WindowNotUsed,
    /// It belongs to another incarnation of its sender or of its receiver.
    OtherLife,
    /// A SYN that no end expects.
    NotOpen,
    /// The receiver has ended this incarnation, and the sender did not know that.
    NobodyThere,
    /// A reset, and the receiver has ended this incarnation too.
    ResetsCross,
    /// The answer to an old segment, whose sender has ended meanwhile.
    AnswerToOld,
    /// A FIN, or payload before it: the acknowledgment of everything was lost, and the receiver has ended.
    FinUnacknowledged,
    /// A reset that answers a segment; the sender of that segment has accepted something since.
    AnswerOvertaken,
    /// A reset behind a gap that a loss has left.
    Gap,
    /// A reset in TIME-WAIT (RFC 1337).
    TimeWaitStays,
    /// SYN-SENT: the SYN,ACK before it was lost.
    SynMissing,
}

impl Reason {
    pub(crate) const COUNT: usize = Reason::ALL.len();
    pub(crate) const ALL: [Reason; 18] = [
        Reason::Duplicate,
        Reason::Repeated,
        Reason::ProbeRepeated,
        Reason::Overtaken,
        Reason::KeepAlive,
        Reason::BesideProbe,
        Reason::WindowTakenBack,
        Reason::WindowNotUsed,
        Reason::OtherLife,
        Reason::NotOpen,
        Reason::NobodyThere,
        Reason::ResetsCross,
        Reason::AnswerToOld,
        Reason::FinUnacknowledged,
        Reason::AnswerOvertaken,
        Reason::Gap,
        Reason::TimeWaitStays,
        Reason::SynMissing,
    ];
}

/// Finding the reasons.
impl Witness {
    pub(crate) fn why(&self, to: usize, number: u64, refusal: Refusal) -> Option<Reason> {
        let (sent, before) = (self.get(number)?, &self.last[to]);
        if sent.delivered {
            return Some(Reason::Duplicate);
        }
        match before.state {
            State::Closed | State::Listen => self.why_without_connection(to, sent),
            State::SynSent => self.why_in_syn_sent(to, sent),
            _ if self.is_of_other_life(to, sent) => Some(Reason::OtherLife),
            _ if sent.segment.control().contains(Control::RST) => self.why_reset(to, sent),
            State::SynReceived
            | State::Established
            | State::FinWait1
            | State::FinWait2
            | State::CloseWait
            | State::Closing
            | State::LastAck
            | State::TimeWait => self.why_segment(to, sent, refusal),
        }
    }

    fn is_of_other_life(&self, to: usize, sent: &Sent) -> bool {
        let here = &self.last[to];
        if let Kind::Answer(question) = sent.kind {
            return self.get(question).is_some_and(|question| question.iss != here.iss);
        }
        (here.irs.is_some() && sent.iss != here.irs) || (sent.irs.is_some() && sent.irs != here.iss)
    }

    fn why_without_connection(&self, to: usize, sent: &Sent) -> Option<Reason> {
        let bits = sent.segment.control().intersection(Control::SYN | Control::ACK | Control::RST);
        if bits == Control::SYN {
            return Some(Reason::NotOpen);
        }
        let of_last = sent.irs == self.lives[to].0;
        match (sent.kind, self.endings[to]) {
            (Kind::Answer(_), _) | (Kind::Abort, Ending::Silent | Ending::Reset) => Some(Reason::ResetsCross),
            (_, Ending::Never) => None,
            _ if !of_last => Some(Reason::OtherLife),
            (_, Ending::Silent | Ending::Reset) => Some(Reason::NobodyThere),
            (_, Ending::Graceful) if self.ways == Ways::Prompt => None,
            (_, Ending::Graceful) if sent.answers_old => Some(Reason::AnswerToOld),
            (_, Ending::Graceful) if self.ways == Ways::Ordered => None,
            (_, Ending::Graceful) if sent.segment.len() > 0 && sent.una.le(sent.segment.seq()) => {
                Some(Reason::FinUnacknowledged)
            }
            (_, Ending::Graceful) => self.is_overtaken(sent).then_some(Reason::Overtaken),
        }
    }

    /// Whether a segment that was sent later has arrived.
    pub(crate) fn is_overtaken(&self, sent: &Sent) -> bool {
        self.newest[sent.from].is_some_and(|newest| sent.number < newest)
    }

    fn why_in_syn_sent(&self, to: usize, sent: &Sent) -> Option<Reason> {
        let here = &self.last[to];
        let answers_other = matches!(sent.kind, Kind::Answer(question)
            if self.get(question).is_some_and(|question| question.iss != here.iss));
        if answers_other || (sent.irs.is_some() && sent.irs != here.iss) {
            return Some(Reason::OtherLife);
        }
        (self.ways == Ways::Faulty && sent.irs == here.iss).then_some(Reason::SynMissing)
    }

    fn why_reset(&self, to: usize, sent: &Sent) -> Option<Reason> {
        let here = &self.last[to];
        let (nxt, seq) = (here.rcv_nxt?, sent.segment.seq());
        if here.state == State::TimeWait {
            return Some(Reason::TimeWaitStays);
        }
        if let Kind::Answer(question) = sent.kind {
            let asked = self.get(question)?.segment.ack();
            return (asked != Some(nxt)).then_some(Reason::AnswerOvertaken);
        }
        if seq.lt(nxt) {
            return self.why_left(sent);
        }
        // The missing numbers were sent, and have not arrived, or have arrived too early.
        let covers = |sent: &&Sent| {
            let (seq, behind) = (sent.segment.seq(), sent.segment.seq() + sent.segment.len());
            seq.le(nxt) && nxt.lt(behind)
        };
        let of_this = |other: &&Sent| other.from == sent.from && other.iss == sent.iss;
        let mut missing = self.sent.iter().flatten().filter(of_this).filter(covers).peekable();
        // A refused probe that is to be retransmitted into a window that has opened (D17).
        if here.rcv_wnd > Some(0) && missing.clone().any(|sent| sent.kind == Kind::Probe) {
            return Some(Reason::BesideProbe);
        }
        let is_gap = missing.peek().is_some() && missing.any(|sent| !sent.delivered || sent.ahead);
        (self.ways == Ways::Faulty && is_gap).then_some(Reason::Gap)
    }

    /// The reason for a segment without sequence space left of RCV.NXT.
    fn why_left(&self, sent: &Sent) -> Option<Reason> {
        if sent.belief.is_beside_probe {
            return Some(Reason::BesideProbe);
        }
        if self.ways != Ways::Faulty {
            return None;
        }
        if sent.belief.is_taken_back {
            return Some(Reason::WindowTakenBack);
        }
        self.is_overtaken(sent).then_some(Reason::Overtaken)
    }

    fn why_segment(&self, to: usize, sent: &Sent, refusal: Refusal) -> Option<Reason> {
        let here = &self.last[to];
        let (nxt, wnd, segment) = (here.rcv_nxt?, here.rcv_wnd?, &sent.segment);
        let behind = segment.seq() + segment.len();
        if sent.kind == Kind::KeepAlive {
            return Some(Reason::KeepAlive);
        }
        if matches!(refusal, Refusal::OldTimestamp | Refusal::AckTooOld) {
            return (self.ways == Ways::Faulty && self.is_overtaken(sent)).then_some(Reason::Overtaken);
        }
        if segment.len() > 0 && behind.le(nxt) && sent.una.le(segment.seq()) {
            if self.was_probe(sent) {
                return Some(Reason::ProbeRepeated);
            }
            return (self.ways != Ways::Prompt).then_some(Reason::Repeated);
        }
        if segment.len() == 0 && segment.seq().lt(nxt) {
            return self.why_left(sent);
        }
        let beyond = (nxt + wnd).lt(behind) && sent.belief.is_window_unused;
        (self.ways == Ways::Faulty && beyond).then_some(Reason::WindowNotUsed)
    }

    /// Whether its first number was sent as a probe.
    fn was_probe(&self, sent: &Sent) -> bool {
        let seq = sent.segment.seq();
        let before = self.sent.iter().flatten().filter(|other| other.from == sent.from && other.iss == sent.iss);
        before.rev().any(|other| {
            let behind = other.segment.seq() + other.segment.len();
            other.kind == Kind::Probe && other.segment.seq().le(seq) && seq.lt(behind) && !core::ptr::eq(other, sent)
        })
    }
}
