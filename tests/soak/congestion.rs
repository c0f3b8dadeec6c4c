//! Marks of congestion, and the reactions to them: RFC 3168 sections 6.1.2 to 6.1.6.

use tcp_lifecycle::sim::Side;
use tcp_lifecycle::{Control, Segment, SeqNumber, State};

use crate::life::Act;
use crate::world::{Happens, World, place};

/// The state of one end as a sender.
#[derive(Debug, Default)]
pub(crate) struct Congestion {
    /// The ISS of its incarnation, and the sequence number behind everything that it has sent.
    iss: Option<SeqNumber>,
    nxt: Option<SeqNumber>,
    /// The sequence number up to which a reduction of the window by its user counts.
    reduced: Option<SeqNumber>,
    /// The peer has received a mark. This end has neither been told nor announced a reduction since.
    unheard: bool,
}

impl World<'_> {
    /// Checks that a segment is ECN-capable exactly if it carries new payload into an open window, and ECN was agreed.
    pub(crate) fn note_sent(&mut self, side: Side, number: u64, segment: &Segment) {
        let status = self.pair.status(side);
        let (bits, behind) = (segment.control(), segment.seq() + segment.len());
        if bits.contains(Control::RST) {
            return;
        }
        let congestion = &mut self.congestion[place(side)];
        if bits.contains(Control::SYN) && congestion.iss != status.iss {
            (congestion.iss, congestion.nxt) = (status.iss, None);
        }
        let new = segment.payload_len() > 0 && congestion.nxt == Some(segment.seq());
        // The first incarnation may still be kept, in TIME-WAIT.
        if congestion.iss == status.iss && congestion.nxt.is_none_or(|nxt| nxt.lt(behind)) {
            congestion.nxt = Some(behind);
        }
        let may_be = new && status.ecn && status.snd_wnd > Some(0);
        let flight = self.pair.in_flight().iter().find(|flight| flight.number == number);
        assert!(flight.is_none_or(|flight| flight.ecn_capable == may_be), "{segment} may be marked: {may_be}");
        self.lived.reduced += u64::from(bits.contains(Control::CWR) && !bits.contains(Control::SYN));
        // A byte of the user's would be in flight.
        self.lived.octets += u64::from(segment.payload_len() == 1 && status.in_flight == 0);
    }

    /// Notes a segment that this end has accepted. CWR ends the echo; a mark on the same segment begins another.
    pub(crate) fn note_taken(&mut self, side: Side, segment: &Segment) {
        if segment.control().contains(Control::CWR) {
            self.congestion[place(side.other())].unheard = false;
        }
    }

    pub(crate) fn note_mark(&mut self, side: Side) {
        self.watched(side).congestion_experienced();
        let (here, there) = (self.pair.status(side), self.pair.status(side.other()));
        let counts = here.ecn && here.irs == there.iss && here.state != State::TimeWait;
        self.congestion[place(side.other())].unheard |= counts;
    }

    /// Notes that all payload of the peer has arrived: the peer has nothing left to reduce.
    pub(crate) fn note_time_wait(&mut self, side: Side) {
        self.congestion[place(side.other())].unheard = false;
    }

    /// Lets the user reduce the window, once for each window of data.
    pub(crate) fn note_echo(&mut self, side: Side) {
        self.lived.echoes += 1;
        let una = self.pair.status(side).snd_una;
        let congestion = &mut self.congestion[place(side)];
        congestion.unheard = false;
        if una.zip(congestion.reduced).is_none_or(|(una, reduced)| reduced.lt(una)) {
            self.plan(0, Happens::Reduces(side));
        }
    }

    pub(crate) fn reduce(&mut self, side: Side) {
        self.congestion[place(side)].reduced = self.pair.status(side).snd_nxt;
        self.act(side, &Act::Reduced);
    }

    /// Checks that no mark is lost, in a life that only the users end.
    pub(crate) fn check_echo(&self, side: Side) {
        assert!(!self.congestion[place(side)].unheard, "{side} does not hear of congestion");
    }
}
