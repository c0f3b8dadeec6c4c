//! What one end believes of its peer's window, as a witness can tell.

use tcp_lifecycle::{Control, Segment, SeqNumber, Status};

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Belief {
    /// Its life, and the number behind all that it has sent in it.
    iss: Option<SeqNumber>,
    high: Option<SeqNumber>,
    /// The number behind a probe that it has sent beyond the window.
    probe: Option<SeqNumber>,
    /// The edge has moved back, because of a segment that was overtaken.
    pub(crate) is_taken_back: bool,
    /// The edge lies too far right, because of an acknowledgment whose window was not used.
    pub(crate) is_window_unused: bool,
    /// Of a segment without numbers: it stands at the edge of the window, and a probe beyond that is on its way.
    pub(crate) is_beside_probe: bool,
}

impl Belief {
    /// A segment goes out, perhaps because of a timer; `known` is what its sender knows then.
    pub(crate) fn sends(&mut self, segment: &Segment, is_timed: bool, known: &Status) {
        self.begin(known);
        if segment.len() == 0 {
            return;
        }
        let behind = segment.seq() + segment.len();
        let is_new = self.high.is_none_or(|high| high.lt(behind));
        if is_new {
            self.high = Some(behind);
        }
        // What the timer sends again behind a closed window is a probe too.
        let is_front = is_timed && known.snd_wnd == Some(0) && known.snd_una == Some(segment.seq());
        if (is_new || is_front) && edge(known).is_some_and(|edge| edge.lt(behind)) {
            self.probe = Some(behind);
        }
    }

    /// Whether it carries numbers that went out as a probe for the first time.
    pub(crate) fn is_probe(&self, segment: &Segment, known: &Status) -> bool {
        let behind = segment.seq() + segment.len();
        segment.len() > 0 && self.probe == Some(behind) && edge(known).is_some_and(|edge| edge.lt(behind))
    }

    /// What is believed as this segment goes out.
    pub(crate) fn at(mut self, segment: &Segment, known: &Status) -> Belief {
        let at_edge = edge(known) == Some(segment.seq());
        let awaits = self.probe.is_some_and(|probe| segment.seq().lt(probe));
        self.is_beside_probe = segment.len() == 0 && at_edge && awaits;
        self.is_taken_back &= at_edge;
        self
    }

    /// A segment has come. `excused` says that a later one of its sender has come before, or that its sender could
    /// not know better.
    pub(crate) fn hears(&mut self, segment: &Segment, excused: bool, before: &Status, after: &Status) {
        // The reset with which a life ends is sent with what it has believed.
        if after.iss.is_some() {
            self.begin(after);
        }
        let (Some(was), Some(is)) = (edge(before), edge(after)) else { return };
        if before.iss != after.iss || before.snd_una == before.iss {
            return;
        }
        self.is_taken_back |= is.lt(was) && excused;
        self.is_taken_back &= after.snd_nxt.is_some_and(|nxt| is.lt(nxt));
        let scale = if segment.control().contains(Control::SYN) { 0 } else { after.snd_scale.unwrap_or_default() };
        let Some(ack) = segment.ack().filter(|ack| Some(*ack) == after.snd_una) else { return };
        let told = ack + (u32::from(segment.window()) << scale);
        if is.le(told) {
            self.is_window_unused = false;
        } else if before.snd_una != after.snd_una && excused {
            self.is_window_unused = true;
        }
    }

    fn begin(&mut self, known: &Status) {
        if self.iss != known.iss {
            *self = Belief { iss: known.iss, ..Belief::default() };
        }
        self.probe = self.probe.filter(|probe| known.snd_una.is_some_and(|una| una.lt(*probe)));
    }
}

/// SND.UNA+SND.WND, once our SYN is acknowledged.
fn edge(status: &Status) -> Option<SeqNumber> {
    let una = status.snd_una.filter(|una| Some(*una) != status.iss)?;
    Some(una + status.snd_wnd?)
}
