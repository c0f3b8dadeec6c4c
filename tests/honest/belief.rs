//! The belief of one end about its peer's window, as far as a witness can tell.

use tcp_lifecycle::{Control, Segment, SeqNumber, Status};

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Belief {
    /// Its ISS, and the sequence number behind everything that it has sent.
    iss: Option<SeqNumber>,
    high: Option<SeqNumber>,
    /// The sequence number behind a probe that it has sent beyond the window.
    probe: Option<SeqNumber>,
    /// The edge has moved back because of a segment that was overtaken.
    pub(crate) is_taken_back: bool,
    /// The edge lies too far right because of an acknowledgment whose window was not used.
    pub(crate) is_window_unused: bool,
    /// For a segment without sequence space: it lies at the edge of the window, and a probe beyond the edge is in
    /// flight.
    pub(crate) is_beside_probe: bool,
}

impl Belief {
    /// Notes that a segment is sent, perhaps because of a timer; `known` is the sender's status at that moment.
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
        // A retransmission by the timer behind a closed window is a probe too.
        let is_front = is_timed && known.snd_wnd == Some(0) && known.snd_una == Some(segment.seq());
        if (is_new || is_front) && edge(known).is_some_and(|edge| edge.lt(behind)) {
            self.probe = Some(behind);
        }
    }

    /// Whether the segment carries numbers that were first sent as a probe.
    pub(crate) fn is_probe(&self, segment: &Segment, known: &Status) -> bool {
        let behind = segment.seq() + segment.len();
        segment.len() > 0 && self.probe == Some(behind) && edge(known).is_some_and(|edge| edge.lt(behind))
    }

    /// The belief with which this segment is sent.
    pub(crate) fn at(mut self, segment: &Segment, known: &Status) -> Belief {
        let at_edge = edge(known) == Some(segment.seq());
        let awaits = self.probe.is_some_and(|probe| segment.seq().lt(probe));
        self.is_beside_probe = segment.len() == 0 && at_edge && awaits;
        self.is_taken_back &= at_edge;
        self
    }

    /// Notes that a segment has arrived. `excused` means that a later segment of its sender has arrived before, or that
    /// its sender could not know better.
    pub(crate) fn hears(&mut self, segment: &Segment, excused: bool, before: &Status, after: &Status) {
        // The reset that ends an incarnation is sent with the belief of that incarnation.
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
