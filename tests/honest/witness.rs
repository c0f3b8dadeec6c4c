//! A witness of both ends and of the network between them, which names the reason of every refusal.
//!
//! It records the knowledge of each end when it sent a segment, and which segments have arrived, in which order. A
//! refusal without a reason is a fault: of the end that sent the segment, or of the end that refused it.

use tcp_lifecycle::sim::{Event, Side, What};
use tcp_lifecycle::{Control, Refusal, Segment, SeqNumber, State, Status};

use crate::belief::Belief;
use crate::reasons::Reason;

/// How the network may treat segments, and therefore which reasons are possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ways {
    /// Each segment arrives once, in order, and before any retransmission timer may fire.
    Prompt,
    /// Each segment arrives once, in order.
    Ordered,
    /// Segments are lost, duplicated and reordered.
    Faulty,
}

/// The kind of a segment, as its sender knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Plain,
    /// A reset that answers the segment with this number, from an end without a connection for it.
    Answer(u64),
    /// The reset of an end that had a connection until then.
    Abort,
    KeepAlive,
    /// New payload beyond the window, by its sender's knowledge.
    Probe,
}

/// A segment, and its sender's knowledge.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sent {
    pub(crate) from: usize,
    /// Its number in the trace; for a copy, the number of the original.
    pub(crate) number: u64,
    pub(crate) segment: Segment,
    pub(crate) kind: Kind,
    /// Its ISS and IRS.
    pub(crate) iss: Option<SeqNumber>,
    pub(crate) irs: Option<SeqNumber>,
    pub(crate) una: SeqNumber,
    pub(crate) belief: Belief,
    /// It answers a segment that was refused, or brought nothing new.
    pub(crate) answers_old: bool,
    pub(crate) delivered: bool,
    /// When it arrived, something before it was missing, or it was refused because it had been overtaken.
    pub(crate) ahead: bool,
}

/// How the last incarnation of an end ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// No incarnation has ended.
    Never,
    /// Both FINs were acknowledged.
    Graceful,
    /// By a timer or a crash, without telling the peer.
    Silent,
    /// By a reset of this end, or by one that arrived.
    Reset,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cause {
    Call,
    Timeout,
    Segment { number: u64, is_old: bool },
}

#[derive(Debug)]
pub(crate) struct Witness {
    pub(crate) ways: Ways,
    /// By the number in the trace.
    pub(crate) sent: Vec<Option<Sent>>,
    pub(crate) last: [Status; 2],
    /// ISS and IRS of the present incarnation, or of the last.
    pub(crate) lives: [(Option<SeqNumber>, Option<SeqNumber>); 2],
    beliefs: [Belief; 2],
    /// The latest segment of each end that has arrived.
    pub(crate) newest: [Option<u64>; 2],
    causes: [Cause; 2],
    pub(crate) endings: [Ending; 2],
    /// Whether keep-alive is on.
    pub(crate) keeps_alive: [bool; 2],
    /// How often each reason was given.
    pub(crate) reasons: [u64; Reason::COUNT],
}

impl Witness {
    pub(crate) fn new(ways: Ways, last: [Status; 2], keeps_alive: [bool; 2]) -> Witness {
        Witness {
            ways,
            sent: Vec::new(),
            last,
            lives: [(None, None); 2],
            beliefs: [Belief::default(); 2],
            newest: [None; 2],
            causes: [Cause::Call; 2],
            endings: [Ending::Never; 2],
            keeps_alive,
            reasons: [0; Reason::COUNT],
        }
    }

    /// Processes the events of one step, and the status of the ends after it.
    pub(crate) fn look(&mut self, events: &[Event], status: impl Fn(Side) -> Status) {
        for side in [Side::A, Side::B] {
            if events.iter().any(|event| event.side == side) {
                let after = status(side);
                events.iter().filter(|event| event.side == side).for_each(|event| self.note_event(event, &after));
                self.settle(place(side), after);
            }
        }
    }

    fn note_event(&mut self, event: &Event, after: &Status) {
        let side = place(event.side);
        match &event.what {
            What::Call(_) => self.causes[side] = Cause::Call,
            What::Timeout(_) => self.causes[side] = Cause::Timeout,
            What::Crashed => {
                self.causes[side] = Cause::Timeout;
                self.endings[side] = Ending::Silent;
            }
            What::Arrived(number, segment, outcome) => {
                self.arrives(side, *number, segment, outcome.as_ref().err().copied());
                if outcome.is_ok() {
                    self.check_taken(side, *number, segment, after);
                }
                self.note_arrival(side, *number, segment, after);
            }
            What::Sent(number, segment) => {
                let sent = self.sends(side, *number, segment, after);
                self.note(*number, sent);
            }
            // A copy of a segment that was sent before; otherwise it stands for a segment that this end might send.
            What::Injected(number, segment) => {
                let of_it = |sent: &&Sent| sent.from == side && sent.segment == *segment;
                let copied = self.sent.iter().flatten().rev().find(of_it).copied();
                let sent = copied.unwrap_or_else(|| self.sends(side, *number, segment, after));
                self.note(*number, sent);
            }
            What::Start
            | What::Lost(..)
            | What::Swallowed(..)
            | What::Duplicated(..)
            | What::HeldBack(..)
            | What::Corrupted(..)
            | What::Marked(..)
            | What::Transition(_)
            | What::Signal(_)
            | What::Note(_)
            | _ => {}
        }
    }

    /// The status of an end after the last event that was processed.
    pub(crate) fn last(&self, side: usize) -> &Status {
        &self.last[side]
    }

    fn settle(&mut self, side: usize, after: Status) {
        let before = &self.last[side];
        let has_ended = |state| matches!(state, State::Closed | State::Listen);
        if has_ended(after.state) && !has_ended(before.state) {
            self.endings[side] = match (before.state, self.causes[side]) {
                (State::TimeWait, Cause::Timeout) => Ending::Graceful,
                (State::LastAck, Cause::Segment { number, .. }) if !self.is_reset(number) => Ending::Graceful,
                (_, Cause::Timeout) => Ending::Silent,
                _ => Ending::Reset,
            };
        }
        if after.iss.is_some() {
            self.lives[side] = (after.iss, after.irs);
        }
        self.last[side] = after;
    }

    fn is_reset(&self, number: u64) -> bool {
        self.get(number).is_some_and(|sent| sent.segment.control().contains(Control::RST))
    }

    pub(crate) fn get(&self, number: u64) -> Option<&Sent> {
        self.sent.get(number as usize)?.as_ref()
    }
}

/// Segments that are sent.
impl Witness {
    fn sends(&mut self, from: usize, number: u64, segment: &Segment, after: &Status) -> Sent {
        let before = &self.last[from];
        let kind = self.kind_of(from, segment, after);
        // The reset of an ABORT carries the knowledge of the moment before.
        let known = if kind == Kind::Abort || after.iss.is_none() { before } else { after };
        if kind != Kind::Abort {
            self.beliefs[from].sends(segment, self.causes[from] == Cause::Timeout, known);
        }
        let (iss, irs) = if known.iss.is_some() { (known.iss, known.irs) } else { self.lives[from] };
        let probes = kind == Kind::Plain && self.beliefs[from].is_probe(segment, known);
        Sent {
            from,
            number,
            segment: *segment,
            kind: if probes { Kind::Probe } else { kind },
            iss,
            irs,
            una: known.snd_una.unwrap_or_default(),
            belief: self.beliefs[from].at(segment, known),
            answers_old: matches!(self.causes[from], Cause::Segment { is_old: true, .. }),
            delivered: false,
            ahead: false,
        }
    }

    fn note(&mut self, number: u64, sent: Sent) {
        let place = number as usize;
        if self.sent.len() <= place {
            self.sent.resize(place + 1, None);
        }
        self.sent[place] = Some(sent);
    }

    fn kind_of(&self, from: usize, segment: &Segment, after: &Status) -> Kind {
        let before = &self.last[from];
        if segment.control().contains(Control::RST) {
            // An end that had a connection, and has none any more, has aborted it, for whatever reason.
            let aborts = !matches!(before.state, State::Closed | State::Listen | State::SynSent | State::SynReceived)
                && after.state == State::Closed;
            return match self.causes[from] {
                Cause::Segment { number, .. } if !aborts => Kind::Answer(number),
                Cause::Segment { .. } | Cause::Call | Cause::Timeout => Kind::Abort,
            };
        }
        let left_of_all = after.in_flight == 0 && after.snd_nxt == Some(segment.seq() + 1);
        let timed = self.causes[from] == Cause::Timeout && self.keeps_alive[from];
        if timed && left_of_all && segment.payload_len() <= 1 && !segment.control().contains(Control::FIN) {
            return Kind::KeepAlive;
        }
        Kind::Plain
    }
}

/// Segments that arrive.
impl Witness {
    fn arrives(&mut self, to: usize, number: u64, segment: &Segment, refusal: Option<Refusal>) {
        let nxt = self.last[to].rcv_nxt;
        let is_old = segment.len() > 0 && nxt.is_some_and(|nxt| (segment.seq() + segment.len()).le(nxt));
        self.causes[to] = Cause::Segment { number, is_old: refusal.is_some() || is_old };
        let Some(refusal) = refusal else { return };
        let Some(reason) = self.why(to, number, refusal) else {
            let [a, b] = &self.last;
            let sent = self.get(number);
            panic!(
                "{} refuses {segment}, and nothing on the way explains it: {refusal}\nA: {a:?}\nB: {b:?}\n{sent:?}",
                name(to),
            );
        };
        self.reasons[reason as usize] += 1;
        if let Some(Some(sent)) = self.sent.get_mut(number as usize) {
            sent.ahead |= reason == Reason::Overtaken;
        }
    }

    fn note_arrival(&mut self, to: usize, number: u64, segment: &Segment, after: &Status) {
        let (from, nxt) = (1 - to, self.last[to].rcv_nxt);
        let Some(Some(sent)) = self.sent.get_mut(number as usize) else { return };
        sent.delivered = true;
        sent.ahead |= nxt.is_none_or(|nxt| nxt.lt(segment.seq()));
        let sent = *sent;
        let excused = self.is_overtaken(&sent) || sent.belief.is_beside_probe;
        self.beliefs[to].hears(segment, excused, &self.last[to], after);
        self.newest[from] = self.newest[from].max(Some(sent.number));
    }

    /// In order everything of a segment is accepted, except the payload of a probe that finds no room. A segment
    /// without sequence space passes the acceptability test of the RFC.
    fn check_taken(&self, to: usize, number: u64, segment: &Segment, after: &Status) {
        let Some(sent) = self.get(number) else { return };
        let has = |bit| segment.control().contains(bit);
        let is_over = matches!(after.state, State::Closed | State::Listen | State::SynReceived);
        let of_this_life = after.irs == sent.iss && sent.iss.is_some();
        if self.ways == Ways::Faulty || is_over || !of_this_life || has(Control::RST) || sent.kind == Kind::KeepAlive {
            return;
        }
        let (Some(nxt), behind) = (after.rcv_nxt, segment.seq() + segment.len()) else { return };
        if segment.len() == 0 {
            let before = &self.last[to];
            let in_window = before.rcv_nxt.zip(before.rcv_wnd).is_some_and(|(nxt, wnd)| segment.seq() - nxt < wnd);
            assert!(
                segment.seq().le(nxt) || in_window,
                "{} takes {segment} out of mercy: RCV.NXT={} RCV.WND={:?}\n{sent:?}",
                name(to),
                nxt.0,
                before.rcv_wnd
            );
            return;
        }
        let fin = segment.seq() + u32::from(segment.payload_len());
        // The payload of a probe may find no room; its FIN needs none.
        let allowed = sent.kind == Kind::Probe && nxt.le(fin) && (nxt != fin || !has(Control::FIN));
        assert!(
            behind.le(nxt) || allowed,
            "{} does not take all of {segment}, which comes in order: RCV.NXT={}\n{sent:?}",
            name(to),
            nxt.0
        );
    }
}

fn place(side: Side) -> usize {
    usize::from(side == Side::B)
}

fn name(side: usize) -> &'static str {
    if side == 0 { "A" } else { "B" }
}
