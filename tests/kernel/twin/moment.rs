//! One step at both ends: the parts that are compared, and the verdict.

use tcp_lifecycle::{Control, Options, Segment, SeqNumber, State};

use super::rules::{Effect, all};
use super::seen::{Before, ISS, PEER_ISS, Seen};

/// One step at both ends, in relative numbers.
#[derive(Debug)]
pub(crate) struct Moment<'a> {
    /// The state before the step.
    pub(crate) state: State,
    pub(crate) gone: bool,
    pub(crate) active: bool,
    /// Both ends have opened at once.
    pub(crate) crossed: bool,
    /// A timer of either end has fired.
    pub(crate) timed_out: bool,
    /// TS.Recent may differ.
    pub(crate) loose: bool,
    pub(crate) unread: bool,
    /// One end has received more than the other.
    pub(crate) drifts: bool,
    pub(crate) seen: &'a Seen,
    /// How many more bytes fit into the peer's window after the step.
    pub(crate) room: i64,
    /// The segment that arrived at the kernel.
    pub(crate) arrival: Option<Segment>,
    pub(crate) kernel: Vec<Segment>,
    pub(crate) twin: Vec<Segment>,
    /// The kernel's state after the step, and ours.
    pub(crate) states: (State, State),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Same,
    /// A difference without later effects.
    Allowed(&'static str),
    /// From here on the two may differ in everything.
    Apart(&'static str),
    /// From here on TS.Recent may differ.
    Echo(&'static str),
    Differs,
}

use Verdict::{Allowed, Apart, Differs, Echo, Same};

/// The parts of an answer that are compared.
fn compared(answer: &Segment) -> Segment {
    let mut control = answer.control();
    // PUSH is the sender's hint; the crate leaves it to its caller.
    control.remove(Control::PSH);
    let rst = is_rst(answer);
    // tcp_send_active_reset() sets an ACK on it, which 3.10.5 does not.
    if rst && answer.seq().0 != 0 {
        control.remove(Control::ACK);
    }
    // The buffers differ: of windows, only closed and open are compared.
    let window = if rst { 0 } else { answer.window().min(1) };
    // The clocks differ; and the kernel's resets without a connection have no timestamps (tcp_v4_send_reset()).
    let options = match answer.options().timestamps() {
        _ if rst => Options::NONE,
        Some((_, echo)) => answer.options().with_timestamps(1, echo),
        None => answer.options(),
    };
    let ack = answer.ack().unwrap_or(answer.seq());
    Segment::new(answer.seq(), ack, control)
        .with_payload(answer.payload_len())
        .with_window(window)
        .with_urgent(answer.urgent())
        .with_options(options)
}

fn comparable(answers: &[Segment]) -> Vec<Segment> {
    answers.iter().map(compared).collect()
}

/// The segment with the maximum segment size as its only option.
pub(crate) fn unadorned(answer: &Segment) -> Segment {
    let options = answer.options().mss().map_or(Options::NONE, |mss| Options::NONE.with_mss(mss));
    compared(answer).with_options(options)
}

pub(crate) fn is_rst(segment: &Segment) -> bool {
    segment.control().contains(Control::RST)
}

pub(crate) fn is_syn(segment: &Segment) -> bool {
    segment.control().contains(Control::SYN)
}

pub(crate) fn is_fin(segment: &Segment) -> bool {
    segment.control().contains(Control::FIN)
}

pub(crate) fn is_syn_ack(segment: &Segment) -> bool {
    segment.control().contains(Control::SYN | Control::ACK)
}

pub(crate) fn is_bare_ack(segment: &Segment) -> bool {
    segment.len() == 0 && segment.control().difference(Control::PSH) == Control::ACK
}

/// Runs of payload: the start and the end of each, with the other parts of its segments.
fn joined(answers: &[Segment]) -> Vec<(Segment, u32)> {
    let mut runs: Vec<(Segment, u32)> = Vec::new();
    for answer in answers {
        let length = u32::from(answer.payload_len());
        let head = answer.with_payload(0);
        match runs.last_mut() {
            Some((first, sum)) if *sum > 0 && length > 0 && first.seq() + *sum == answer.seq() && !is_fin(first) => {
                let all = first.control() | head.control();
                let ack = first.ack().unwrap_or(first.seq());
                *first = Segment::new(first.seq(), ack, all).with_window(first.window()).with_options(first.options());
                *sum += length;
            }
            Some(_) | None => runs.push((head, length)),
        }
    }
    runs
}

impl Moment<'_> {
    pub(crate) fn verdict(&self) -> Verdict {
        let mut rules = all().filter(|rule| (rule.holds)(self));
        let same = self.agree() && self.comparable(&self.kernel) == self.comparable(&self.twin);
        if let Some(rule) = rules.clone().find(|rule| rule.effect == Effect::PartsUnseen) {
            return Apart(rule.why);
        }
        if let Some(rule) = rules.clone().find(|rule| rule.effect == Effect::Echo)
            && self.agree()
            && without_echo(&self.kernel) == without_echo(&self.twin)
        {
            return Echo(rule.why);
        }
        if same {
            let later = rules.find(|rule| rule.effect == Effect::PartsLater);
            return later.map_or(Same, |rule| Apart(rule.why));
        }
        match rules.find(|rule| !matches!(rule.effect, Effect::Echo | Effect::PartsLater)) {
            Some(rule) if rule.effect == Effect::Nothing => Allowed(rule.why),
            Some(rule) => Apart(rule.why),
            None => Differs,
        }
    }

    /// Whether TS.Recent may differ from here on, while everything else is equal.
    pub(crate) fn loosens(&self) -> bool {
        all().any(|rule| rule.effect == Effect::Echo && (rule.holds)(self))
    }

    /// The parts of the answers that are compared in this step.
    pub(crate) fn comparable(&self, answers: &[Segment]) -> Vec<Segment> {
        if self.loose || self.loosens() { without_echo(answers) } else { comparable(answers) }
    }

    /// Whether both have sent the same payload, however it is cut.
    pub(crate) fn joins(&self, kernel: &[Segment], twin: &[Segment]) -> bool {
        joined(&self.comparable(kernel)) == joined(&self.comparable(twin))
    }

    /// Whether they differ only in which windows are closed.
    pub(crate) fn differ_by_windows(&self) -> bool {
        let open = |answer: Segment| answer.with_window(1);
        let opened = |answers| self.comparable(answers).into_iter().map(open).collect::<Vec<_>>();
        opened(&self.kernel) == opened(&self.twin)
    }

    pub(crate) fn agree(&self) -> bool {
        self.states.0 == self.states.1
    }

    pub(crate) fn arrives(&self, is_so: impl Fn(&Segment) -> bool) -> bool {
        self.arrival.as_ref().is_some_and(is_so)
    }

    pub(crate) fn is_synchronized(&self) -> bool {
        !matches!(self.state, State::Closed | State::Listen | State::SynSent | State::SynReceived)
    }

    /// Whether the kernel has a full socket, and not only a request socket of a passive open.
    pub(crate) fn has_full_socket(&self) -> bool {
        self.is_synchronized() || self.state == State::SynReceived && self.active
    }

    pub(crate) fn has_their_fin(&self) -> bool {
        matches!(self.state, State::CloseWait | State::Closing | State::LastAck)
    }

    /// How far right of the end's RCV.NXT the segment begins.
    pub(crate) fn offset(&self, arrival: &Segment) -> i64 {
        i64::from(arrival.seq().0.wrapping_sub(PEER_ISS).wrapping_sub(self.seen.before.rcv_nxt) as i32)
    }

    pub(crate) fn acknowledges_something(&self, arrival: &Segment) -> bool {
        let before = &self.seen.before;
        arrival.ack().is_some_and(|ack| {
            let ack = ack.0.wrapping_sub(ISS);
            (ack.wrapping_sub(before.una) as i32) > 0 && (before.nxt.wrapping_sub(ack) as i32) >= 0
        })
    }

    /// Whether the number is between SND.UNA and SND.NXT.
    pub(crate) fn is_in_flight(&self, seq: SeqNumber) -> bool {
        let Before { una, nxt, .. } = self.seen.before;
        seq.0.wrapping_sub(ISS).wrapping_sub(una) <= nxt.wrapping_sub(una)
    }

    pub(crate) fn has_good_ack(&self, arrival: &Segment) -> bool {
        let before = &self.seen.before;
        arrival.ack().is_some_and(|ack| [before.una, before.nxt].contains(&ack.0.wrapping_sub(ISS)))
    }

    pub(crate) fn has_old_ack(&self, arrival: &Segment) -> bool {
        arrival.ack().is_some_and(|ack| (ack.0.wrapping_sub(ISS).wrapping_sub(self.seen.before.una) as i32) < 0)
    }

    /// Whether one end has sent bare ACKs, and the other has not.
    pub(crate) fn differ_by_bare_acks(&self) -> bool {
        self.kernel.iter().chain(&self.twin).all(is_bare_ack) && self.kernel.len() != self.twin.len()
    }

    /// Whether the kernel's segments lie left of SND.NXT.
    pub(crate) fn sends_again(&self) -> bool {
        let is_again = |answer: &Segment| {
            answer.payload_len() > 0 && (answer.seq().0.wrapping_sub(ISS).wrapping_sub(self.seen.before.nxt) as i32) < 0
        };
        self.kernel.iter().any(is_again)
    }

    pub(crate) fn fills_the_window(&self) -> bool {
        let sum = |answers: &[Segment]| answers.iter().map(|answer| u32::from(answer.payload_len())).sum::<u32>();
        sum(&self.kernel) != sum(&self.twin) && self.room < 1_460
    }
}

fn without_echo(answers: &[Segment]) -> Vec<Segment> {
    let plain = |answer: Segment| match answer.options().timestamps() {
        Some(_) => answer.with_options(answer.options().with_timestamps(1, 1)),
        None => answer,
    };
    comparable(answers).into_iter().map(plain).collect()
}
