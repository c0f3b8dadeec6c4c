//! Marks of congestion, and what comes of them: RFC 3168 sections 6.1.2 to 6.1.6.

use tcp_lifecycle::sim::Side;
use tcp_lifecycle::{Control, Segment, SeqNumber, State};

use crate::life::Act;
use crate::world::{Happens, World, place};

/// What one end as a sender has to do with it.
#[derive(Debug, Default)]
pub(crate) struct Congestion {
    /// Its life, and the number behind all that it has sent in it.
    iss: Option<SeqNumber>,
    nxt: Option<SeqNumber>,
    /// Its user has reduced the window, which counts for all that was sent before.
    reduced: Option<SeqNumber>,
    /// Its peer has taken a mark, and it has neither heard of it nor said since that the window is reduced.
    unheard: bool,
}

impl World<'_> {
    /// It may be marked just if it is new payload into an open window, and ECN was agreed.
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
        // The first life may still stand by, in TIME-WAIT.
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

    /// A segment has been taken here. One that says that the window is reduced ends the echo; a mark on it begins
    /// another.
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

    /// All of the peer's payload has come here: the peer has nothing left to reduce.
    pub(crate) fn note_time_wait(&mut self, side: Side) {
        self.congestion[place(side.other())].unheard = false;
    }

    /// The user reduces the window, once for each window of data.
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

    /// Where nothing but the users ends the connection, no mark is lost.
    pub(crate) fn check_echo(&self, side: Side) {
        assert!(!self.congestion[place(side)].unheard, "{side} does not hear of congestion");
    }
}
