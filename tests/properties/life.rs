//! What is remembered of one life, from the SYN on.

use tcp_lifecycle::{Config, Instant, Segment, SeqNumber, State, Status};

use super::estimate::Flights;
use super::recent::Recent;

#[derive(Debug, Default)]
pub(super) struct Life {
    /// Bytes in the user's send queue: given, and not signalled as acknowledged.
    pub(super) queue: usize,
    /// Bytes signalled as acknowledged.
    pub(super) acknowledged: u32,
    /// Where the FIN was.
    pub(super) fin: Option<SeqNumber>,
    /// RCV.NXT+RCV.WND as it was last advertised.
    pub(super) edge: Option<SeqNumber>,
    pub(super) closing: bool,
    /// The user has closed, or is gone.
    pub(super) closed: bool,
    pub(super) detached: bool,
    /// FIN-WAIT-2 ends then.
    pub(super) fin_wait_2: Option<Instant>,
    /// Up to here things may go out again.
    pub(super) again: Option<SeqNumber>,
    /// The largest window that the peer has said behind its SYN.
    pub(super) most_window: u32,
    /// Of the OPEN that began it.
    pub(super) passive: bool,
    /// The policies with which our SYN offers what it offers, and the peer's SYN.
    pub(super) offer: Config,
    pub(super) syn: Option<Segment>,
    /// A timeout has happened: up to here all is sent again as credit comes (D16).
    pub(super) recover: Option<SeqNumber>,
    /// How many SYNs have gone out in SYN-SENT.
    pub(super) syns: u32,
    pub(super) recent: Recent,
    /// SND.WL1 and SND.WL2.
    pub(super) window_from: Option<(SeqNumber, SeqNumber)>,
    /// Where the last segment ahead of RCV.NXT ends, as long as there is a gap.
    pub(super) ahead: Option<SeqNumber>,
    pub(super) flights: Flights,
    /// So many bytes from the first one on are urgent; and the peer is still to be told of it.
    pub(super) urgent: Option<u32>,
    pub(super) tell_urgent: bool,
    /// Both SYNs had the bits of ECN.
    pub(super) ecn: bool,
    /// A mark of congestion may be echoed, and must be; and the next new payload says that our window is reduced.
    pub(super) marked: bool,
    pub(super) must_echo: bool,
    /// No segment has gone out since the mark.
    pub(super) untold: bool,
    pub(super) reduced: bool,
    pub(super) owed: Owed,
    /// When a segment was accepted last, and when the last keep-alive probe since then was due.
    pub(super) heard: Option<Instant>,
    pub(super) probed: Option<Instant>,
}

/// The ACKs that the peer is owed.
#[derive(Debug, Default)]
pub(super) struct Owed {
    /// Segments with payload in order since the last ACK.
    pub(super) segments: u32,
    /// No later than this.
    pub(super) by: Option<Instant>,
    /// One that no policy delays.
    pub(super) at_once: bool,
    /// Those of segments ahead of a gap, each of its own.
    pub(super) duplicates: u8,
}

impl Life {
    pub(super) fn new(passive: bool, config: &Config) -> Life {
        Life { passive, offer: *config, ..Life::default() }
    }

    /// SEND with the URGENT flag has been called in this state: all that is queued is urgent.
    pub(super) fn note_urgent(&mut self, state: State) {
        if self.queue > 0 {
            self.urgent = Some(self.acknowledged + self.queue as u32);
            self.tell_urgent = matches!(state, State::Established | State::CloseWait);
        }
    }

    /// RCV.NXT has passed the peer's FIN.
    pub(super) fn fin_taken(&self, status: &Status) -> bool {
        matches!(status.state, State::CloseWait | State::Closing | State::LastAck | State::TimeWait)
    }

    /// The number behind the last urgent byte.
    pub(super) fn up(&self, iss: SeqNumber) -> Option<SeqNumber> {
        self.urgent.map(|urgent| iss + 1 + urgent)
    }
}
